"""The exact curated loop in ball arithmetic: trajectories that are surely right, for checking the fast ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flint import arb, ctx, fmpq

from bounds.errors import EnclosureError
from verify.models.curated.arguments import Exact, as_count, as_draws, as_law, as_ratio, as_rewards
from verify.models.curated.integral import node_range


@dataclass(frozen=True)
class EnclosedTrajectory:
    """Balls that surely contain an exact trajectory.

    Parameters
    ----------
    masses : tuple of tuples of flint.arb
        ``masses[t][i]`` encloses the mass of atom i in generation t.
    y : tuple of flint.arb
        ``y = e^r``, enclosed.
    bits : int
        Working precision; compute with the balls inside ``flint.ctx.workprec(bits)`` to keep their digits.

    Examples
    --------
    >>> enclosed_loop([0.5, 0.5], [0.0, 1.0], 3, 1.0, 2, digits=20).masses[2][0].rel_accuracy_bits() > 66
    True
    """

    masses: tuple[tuple[Any, ...], ...]
    y: tuple[Any, ...]
    bits: int


def enclosed_loop(
    p0: Sequence[Exact],
    rewards: Sequence[Exact],
    K: int | float,
    lam: Exact,
    generations: int,
    p_ref: Sequence[Exact] | None = None,
    digits: int = 30,
) -> EnclosedTrajectory:
    """Exact trajectory of `curated_loop` in ball arithmetic: every mass enclosed to the digits asked for.

    Parameters
    ----------
    p0 : sequence of m numbers
        First model; floats and fractions are taken exactly, then divided by their exact sum.
    rewards : sequence of m numbers
        Rewards r, nats, taken exactly.
    K, lam, generations
        As in `curated_loop`; lam may be a Fraction.
    p_ref : sequence of m numbers, optional
        Real law, taken as p0 is; ``p0`` by default.
    digits : int, default 30
        Relative accuracy of every positive mass, in decimal digits.

    Returns
    -------
    EnclosedTrajectory
        Balls (python-flint ``arb``) around the masses of generations 0 to T.

    Raises
    ------
    ArgumentError
        If an argument is outside its domain.
    EnclosureError
        If the digits are not reached at the largest precision tried.

    Notes
    -----
    ferbach2024, equation of the retraining step. The balls are rigorous: tails and aliasing of the quadrature are added
    as intervals.

    Examples
    --------
    >>> from flint import arb, ctx
    >>> step = enclosed_loop([0.5, 0.5], [0, 1], 2, float("inf"), 1, digits=40)  # 1/4 + 1/2 y/(1+y)
    >>> with ctx.workprec(step.bits):
    ...     truth = arb(1) / 4 + arb(1).exp() / (1 + arb(1).exp()) / 2
    ...     step.masses[1][1].overlaps(truth), abs(step.masses[1][1] - truth) < 1e-40
    (True, True)
    """
    draws, ratio = as_draws(K), as_ratio(lam)
    steps, wanted = as_count(generations, "generations", 0), as_count(digits, "digits", 1)
    atoms = as_rewards([float(v) for v in rewards]).size
    reference = p0 if p_ref is None else p_ref
    for name, law in (("p0", p0), ("p_ref", reference)):
        as_law([float(v) for v in law], atoms, name)
    start, ref = (
        [_exact(v) / _exact(sum((Fraction(x) for x in law), start=Fraction(0))) for v in law] for law in (p0, reference)
    )
    r = [_exact(v) for v in rewards]
    bits = math.ceil(3.33 * wanted) + 40 + math.ceil(math.log2(draws) if draws != math.inf else 0) + 4 * steps
    for _ in range(5):
        with ctx.workprec(bits):
            path = _enclosed_path(start, r, draws, ratio, steps, ref, bits)
            y = tuple(arb(x).exp() for x in r)
        accuracy = min((v.rel_accuracy_bits() for row in path for v in row if not v.is_zero()), default=bits)
        if accuracy >= 3.33 * wanted:
            return EnclosedTrajectory(tuple(tuple(row) for row in path), y, bits)
        bits *= 2
    raise EnclosureError(f"{wanted} digits not reached at {bits // 2} bits; ask for fewer digits or generations")


def _enclosed_path(
    p0: list[Any], r: list[Any], K: int | float, lam: Exact, steps: int, p_ref: list[Any], bits: int
) -> list[list[Any]]:
    ref = [arb(v) for v in p_ref]
    path = [[arb(v) for v in p0]]
    flat = max(r) == min(r)
    rule = None if K in (1, math.inf) or flat else _ball_rule(r, int(K), bits)
    y = [arb(x).exp() for x in r]
    share = arb(1) if lam == math.inf else arb(_exact(lam)) / (1 + arb(_exact(lam)))
    for _ in range(steps):
        p = path[-1]
        if rule is not None:
            weights = rule.curation_weights(p)
        elif math.isinf(K) and not flat:
            mean = sum((a * b for a, b in zip(p, y, strict=True)), start=arb(0))
            weights = [v / mean for v in y]
        else:
            weights = [arb(1)] * len(p)
        path.append([(1 - share) * a + share * b * w for a, b, w in zip(ref, p, weights, strict=True)])
    return path


def _exact(value: Exact) -> Any:
    fraction = Fraction(value)
    return fmpq(fraction.numerator, fraction.denominator)


@dataclass(frozen=True)
class _BallRule:
    """The quadrature of `integral` in balls: tails and aliasing are added to the result as intervals."""

    K: int
    y: tuple[Any, ...]
    weights: tuple[Any, ...]
    decay: tuple[tuple[Any, ...], ...]
    lost: tuple[tuple[Any, ...], ...]
    tails: Any
    aliasing: Any

    def curation_weights(self, p: Sequence[Any]) -> list[Any]:
        sums = [arb(0)] * len(p)
        for weight, decay, lost in zip(self.weights, self.decay, self.lost, strict=True):
            # Either form of M is an enclosure; the one without cancellation is the tight one.
            kept = sum((a * b for a, b in zip(p, decay, strict=True)), start=arb(0))
            if float(kept.mid()) > 0.5:
                kept = 1 - sum((a * b for a, b in zip(p, lost, strict=True)), start=arb(0))
            power = weight * kept ** (self.K - 1)
            sums = [s + power * d for s, d in zip(sums, decay, strict=True)]
        return [self.K * y * (s + self.tails) / self.aliasing for y, s in zip(self.y, sums, strict=True)]


def _ball_rule(r: Sequence[Any], K: int, bits: int) -> _BallRule:
    """Quadrature whose tails and aliasing stay below 2^-bits, relatively; call at working precision."""
    top = max(range(len(r)), key=lambda i: r[i])
    bottom = min(range(len(r)), key=lambda i: r[i])
    step = math.pi**2 / (bits * math.log(2.0) + 8.0)
    nodes = node_range(K, float(r[top] - r[bottom]), step, -bits * math.log(2.0))
    h = arb(step)
    y = [arb(x - r[top]).exp() for x in r]
    u = [(h * j).exp() for j in nodes]
    floor = K * y[bottom]
    # Below the first node: h sum u_j (e^..<=1). Above the last, where u e^(-us) falls: int e^(-us) du.
    left = u[0] * h / h.expm1()
    right = (-u[-1] * floor).exp() / floor
    b = 2 * arb.pi() / h
    alias = 3 * (2 * arb.pi() * b).sqrt() * (-arb.pi() * b / 2).exp()
    return _BallRule(
        K=K,
        y=tuple(y),
        weights=tuple(h * v for v in u),
        decay=tuple(tuple((-v * a).exp() for a in y) for v in u),
        lost=tuple(tuple(-(-v * a).expm1() for a in y) for v in u),
        tails=arb(0).union(left + right),
        aliasing=(1 - alias).union(1 + alias),
    )

"""Kernel density estimates retrained on their own draws: explicit bounds for normal and normal-mixture data.

Notation: ``phi_l`` is the l-fold self-convolution of the normal kernel of bandwidth h, ``q = 1 - alpha``, and ``m_t = E p_t``.
A normal law convolved with ``phi_l`` gains the variance ``l h^2``, and ``phi_l^2 = (4 pi h^2 l)^(-d/2) N(0, h^2 l/2)``, so that
every convolution in the proofs is a mixture of normal laws.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from sympy import Abs, Integer, Max, Min, Rational, Sum, Symbol, exp, floor, gamma, pi, sqrt

from bounds.errors import ArgumentError
from bounds.functions import Recurrence, geometric_sum
from bounds.integrals.integral import TailedIntegral
from bounds.numerals import read_number
from bounds.papers.fu2024.paper import FU2024
from bounds.quantities import EXPECTED_TOTAL_VARIATION, Direction, Mode, Standing
from bounds.sources import Source
from bounds.symbols import C, alpha, d, h, lam, n, sigma, t
from bounds.theorem import Regime, Structured, Theorem

_u, _X = Symbol("u", real=True), Symbol("X", positive=True)
_i, _j, _l = (Symbol(name, integer=True, nonnegative=True) for name in ("i", "j", "l"))
_k = Symbol("k", integer=True, nonnegative=True)
_mean, _squares, _order = Symbol("m", real=True), Symbol("S", real=True), Symbol("o", integer=True)


@dataclass(frozen=True)
class _Data:
    """A real law: a mixture on the line, or a centred isotropic normal law seen along a radius.

    Parameters
    ----------
    parts : tuple of (weight, mean, standard deviation)
    dimension : sympy expression
    radial : bool
        Whether the variable is the distance from the centre.
    """

    parts: tuple[tuple[Any, Any, Any], ...]
    dimension: Any
    radial: bool

    def density(self, added: Any) -> Any:
        """Return the density after a normal law of the variance given has been added."""
        return sum(
            weight
            * (2 * pi * (std**2 + added)) ** (-self.dimension / 2)
            * exp(-((_u - mean) ** 2) / (2 * (std**2 + added)))
            for weight, mean, std in self.parts
        )

    def half_l1(self, magnitude: Any, fluctuations: Any) -> Any:
        """Integrate half of a function of the form ``sqrt((m_t - p_0)^2 + V)``.

        Parameters
        ----------
        magnitude : sympy expression
            The function.
        fluctuations : sympy expression
            At least the total mass of V, in units of ``(4 pi h^2)^(-d/2)``.
        """
        widest = sqrt(Max(*(std**2 for _, _, std in self.parts)) + t * h**2)
        means = [mean for _, mean, _ in self.parts]
        tail = 2 ** (self.dimension / 2) * (
            exp(-(_X**2) / 4)
            + sqrt(fluctuations) / 2 * (2 * widest**2 / h**2) ** (self.dimension / 4) * exp(-(_X**2) / 8)
        )
        surface, left = Integer(1), Min(*means) - widest * _X
        if self.radial:
            left = Integer(0)
            surface = 2 * pi ** (self.dimension / 2) / gamma(self.dimension / 2) * _u ** (self.dimension - 1)
        return TailedIntegral(
            surface * magnitude / 2,
            _u,
            left,
            Max(*means) + widest * _X,
            _X,
            tail,
            sqrt(self.dimension),
            [(mean, std) for _, mean, std in self.parts],
        )

    def smoothed(self, steps: Any) -> Any:
        """Return the density of the real law after so many smoothings."""
        return self.density(steps * h**2)


_LINE = _Data(((1, 0, sigma),), Integer(1), radial=True)
_ISOTROPIC = _Data(((1, 0, sigma),), d, radial=True)
_SPACES = (("line", _LINE), ("isotropic", _ISOTROPIC))


def _mixture(law: Any) -> _Data:
    """Read a mixture of normal laws by its weights, means and standard deviations."""
    try:
        columns = [list(getattr(law, name)) for name in ("weights", "means", "stds")]
    except (AttributeError, TypeError):
        raise ArgumentError(
            f"law = {law!r}; give a normal mixture, that is an object with weights, means and stds"
        ) from None
    if len({len(column) for column in columns}) != 1 or not columns[0]:
        raise ArgumentError("law: weights, means and stds must have the same length, at least 1")
    exact = [[_rational(value, "law") for value in column] for column in columns]
    if min(exact[0]) <= 0 or abs(sum(exact[0]) - 1) > Rational(1, 10**9) or min(exact[2]) <= 0:
        raise ArgumentError("law: weights must be positive and sum to 1, and stds positive")
    total = sum(exact[0])
    parts = zip((weight / total for weight in exact[0]), exact[1], exact[2], strict=True)
    return _Data(tuple(parts), Integer(1), radial=False)


def _rational(value: object, name: str) -> Any:
    number = read_number(value, name)
    if not isinstance(number, Fraction):
        raise ArgumentError(f"{name} holds {value}; its numbers must be finite")
    return Rational(number.numerator, number.denominator)


def _bias(data: _Data, share: Any, rest: Any) -> Any:
    """``m_t - p_0``, where ``m_t`` has ``share rest^(l-1)`` of the law smoothed l < t times, and ``rest^(t-1)`` of l = t.

    The widest normal factor is taken out, so that little cancels where the kernel is narrow.
    """
    return sum(
        weight * exp(-((_u - mean) ** 2) / (2 * (std**2 + t * h**2))) * _ratios(data, mean, std, share, rest)
        for weight, mean, std in data.parts
    ) / (2 * pi) ** (data.dimension / 2)


def _ratios(data: _Data, mean: Any, std: Any, share: Any, rest: Any) -> Any:
    widest = std**2 + t * h**2

    def quotient(order: Any) -> Any:
        variance = std**2 + order * h**2
        falling = exp(-((_u - mean) ** 2) * (t - order) * h**2 / (2 * variance * widest))
        return variance ** (-data.dimension / 2) * falling

    smoothed = Sum(share * rest ** (_l - 1) * quotient(_l), (_l, 1, t - 1)) + rest ** (t - 1) * quotient(t)
    return smoothed - quotient(Integer(0))


def _root(bias: Any, variance: Any) -> Any:
    return sqrt(bias**2 + variance)


def _fresh_moment(data: _Data) -> Any:
    """``V_t``, collected by the added variance ``i h^2/2`` of its normal parts."""
    order = _i - 2 * _j
    coefficient = Sum(
        _rest_power(2 * _i - 3 * _j - 2) * order ** (-data.dimension / 2),
        (_j, Max(0, _i - t + 1), floor((_i - 1) / 2)),
    )
    inner = alpha * Sum(coefficient * data.density(h**2 * _i / 2), (_i, 1, 2 * t - 3))
    outer = Sum(
        _rest_power(t + _l - 2) * _l ** (-data.dimension / 2) * data.density(h**2 * (2 * t - _l) / 2), (_l, 1, t)
    )
    return (4 * pi * h**2) ** (-data.dimension / 2) * (inner + outer)


def _rest_power(exponent: Any) -> Any:
    return (1 - alpha) ** exponent


def _fresh(data: _Data) -> tuple[Any, Any]:
    """Return the bound by second moments and the sharper one, for fresh real data."""
    q, bias = 1 - alpha, _bias(data, alpha, 1 - alpha)
    moment = _fresh_moment(data)
    fluctuations = geometric_sum(q**2, t) / n
    plain = _root(bias, moment / n)
    # One pass from l = t-1 down to 1 gives every smoothed mean phi_l * m_{t-l}.
    here = data.smoothed(_order)
    sharp = Recurrence(
        _root(bias, Max(moment - _squares, 0) / n),
        (_mean, _squares, _order),
        (data.smoothed(t), q ** (2 * (t - 1)) * data.smoothed(t) ** 2, t - 1),
        (
            alpha * here + q * _mean,
            _squares + q ** (2 * (_order - 1)) * (alpha * here**2 + q * _mean**2),
            _order - 1,
        ),
        t - 1,
    )
    return data.half_l1(plain, fluctuations), data.half_l1(sharp, fluctuations)


def _fresh_regimes(data: _Data, **choices: str) -> tuple[Regime, ...]:
    plain, sharp = _fresh(data)
    return _named(plain, form="second_moment", **choices), _named(sharp, form="variance", **choices)


def _named(expression: Any, **choices: str) -> Regime:
    return Regime(tuple(choices.items()), expression)


def _product(data: _Data, first: Any, second: Any) -> Any:
    """``phi_l phi_m`` convolved with the real law."""
    together = first + second
    return (2 * pi * h**2 * together) ** (-data.dimension / 2) * data.density(h**2 * first * second / together)


def _square_smoothed(data: _Data, order: Any, generation: Any, share: Any, rest: Any) -> Any:
    """``phi_l^2`` convolved with ``m_k``."""
    head = (4 * pi * h**2 * order) ** (-data.dimension / 2)
    parts = Sum(share * rest ** (_j - 1) * data.density(h**2 * (_j + order / 2)), (_j, 1, generation - 1)) + rest ** (
        generation - 1
    ) * data.density(h**2 * (generation + order / 2))
    return head * parts


def _sum_squared(data: _Data, last: Any, rest: Any) -> Any:
    """``(sum over l <= last of rest^(l-1) phi_l)^2`` convolved with the real law."""
    equal = Sum(rest ** (2 * _l - 2) * _product(data, _l, _l), (_l, 1, last))
    unequal = Sum(Sum(rest ** (_l + _k - 2) * _product(data, _l, _k), (_k, 1, _l - 1)), (_l, 1, last))
    return equal + 2 * unequal


def _partly_reused(data: _Data) -> Any:
    """The first alpha n of the n real points of generation 1 reused."""
    q = 1 - alpha
    moment = (
        alpha * _sum_squared(data, t, q)
        + q ** (2 * t - 1) * _product(data, t, t)
        + Sum(q ** (2 * _l - 1) * _square_smoothed(data, _l, t - _l, alpha, q), (_l, 1, t - 1))
    )
    bias = _bias(data, alpha, q)
    mass = alpha * geometric_sum(q, t) ** 2 + q * geometric_sum(q**2, t)
    return data.half_l1(_root(bias, moment / n), mass / n)


def _wholly_reused(data: _Data) -> Any:
    """All n real points reused, joined by lam n synthetic ones."""
    share, q = 1 / (1 + lam), lam / (1 + lam)
    moment = (
        share**2 * _sum_squared(data, t - 1, q)
        + 2 * share * Sum(q ** (_l + t - 2) * _product(data, _l, t), (_l, 1, t - 1))
        + q ** (2 * (t - 1)) * _product(data, t, t)
        + share * Sum(q ** (2 * _l - 1) * _square_smoothed(data, _l, t - _l, share, q), (_l, 1, t - 1))
    )
    bias = _bias(data, share, q)
    return data.half_l1(_root(bias, moment / n), (1 + share * q * geometric_sum(q**2, t)) / n)


def _reused_regimes(data: _Data, **choices: str) -> tuple[Regime, ...]:
    return (
        _named(_partly_reused(data), reused="share", **choices),
        _named(_wholly_reused(data), reused="all", **choices),
    )


def _lower(data: _Data) -> Any:
    return data.half_l1(Abs(_bias(data, alpha, 1 - alpha)), Integer(0))


def _lower_regimes(data: _Data, **choices: str) -> tuple[Regime, ...]:
    return (_named(_lower(data), **choices),)


def _law(regimes: Callable[[_Data], tuple[Regime, ...]]) -> Structured:
    def narrow(theorem: Theorem, arguments: Mapping[str, object]) -> tuple[Theorem, dict[str, object]]:
        left = dict(arguments)
        found = regimes(_mixture(left.pop("law")))
        default = tuple(pair for pair in theorem.default if pair[0] != "space")
        narrowed = replace(theorem, regimes=found, default=default, structured=())
        if not found[0].choices:
            narrowed = replace(narrowed, regimes=(), expression=found[0].expression)
        return narrowed, left

    return Structured(
        "law", "a normal mixture on the line (weights, means, stds) as the real law, in place of sigma", narrow
    )


_KERNEL = "every generation is the density estimate of its training set with the normal kernel of bandwidth h"
_STRATIFIED = "a generation after the first has exactly its share of real points and draws the rest from the one before"

KDE_LOOP = Theorem(
    id="fu2024.kde_loop",
    statement=(
        "Explicit bound for a kernel density estimate retrained on a share alpha of fresh real data and its own draws: half "
        "the integral of the root of squared bias plus variance. The real law is centred normal with standard deviation "
        "sigma, on the line or isotropic in d dimensions, or the normal mixture given as `law`."
    ),
    quantity=EXPECTED_TOTAL_VARIATION,
    direction=Direction.UPPER,
    mode=Mode.EXPECTATION,
    hypotheses=(t >= 1,),
    regimes=tuple(one for space, data in _SPACES for one in _fresh_regimes(data, space=space)),
    default=(("form", "second_moment"), ("space", "line")),
    source=Source(FU2024, "results for kernel density estimation"),
    standing=Standing.DERIVED,
    assumptions=(_KERNEL, _STRATIFIED, "the real points are fresh in every generation"),
    structured=(_law(_fresh_regimes),),
)

KDE_LOOP_REUSED = Theorem(
    id="fu2024.kde_loop_reused",
    statement=(
        "The same with reused real data: of the n real points of generation 1 the first alpha n enter every generation, or "
        "all n do, joined by lam n synthetic ones. The formula for fresh data is false here."
    ),
    quantity=EXPECTED_TOTAL_VARIATION,
    direction=Direction.UPPER,
    mode=Mode.EXPECTATION,
    hypotheses=(t >= 1,),
    regimes=tuple(one for space, data in _SPACES for one in _reused_regimes(data, space=space)),
    default=(("reused", "share"), ("space", "line")),
    source=Source(FU2024, "results for kernel density estimation, with reused real data"),
    standing=Standing.DERIVED,
    assumptions=(_KERNEL, _STRATIFIED, "generation 1 is trained on n real points"),
    structured=(_law(_reused_regimes),),
)

KDE_LOOP_LOWER = Theorem(
    id="fu2024.kde_loop_lower",
    statement=(
        "No kernel density loop comes closer to the real law than its mean density does, however large the samples: half the "
        "L1 distance between the two. It holds for fresh and for reused real data."
    ),
    quantity=replace(EXPECTED_TOTAL_VARIATION, trivial=Integer(0)),
    direction=Direction.LOWER,
    mode=Mode.EXPECTATION,
    hypotheses=(t >= 1,),
    regimes=tuple(one for space, data in _SPACES for one in _lower_regimes(data, space=space)),
    default=(("space", "line"),),
    source=Source(FU2024, "results for kernel density estimation"),
    standing=Standing.DERIVED,
    assumptions=(_KERNEL, "of the training set of a generation after the first the share alpha is real"),
    structured=(_law(_lower_regimes),),
)

KDE_RATE = Theorem(
    id="fu2024.kde_rate",
    statement="One generation of kernel density estimation at the best bandwidth errs by n^(-2/(4+d)), up to a constant C.",
    quantity=EXPECTED_TOTAL_VARIATION,
    direction=Direction.UPPER,
    mode=Mode.EXPECTATION,
    expression=C * n ** (-Rational(2) / (4 + d)),
    source=Source(FU2024, "one-generation rate of kernel density estimation"),
    standing=Standing.RESTATED,
    assumptions=(
        "the bandwidth is of the order n^(-1/(4+d))",
        "the density has an integrable second derivative and an integrable square root",
        "C depends on the density and the kernel, not on n",
    ),
)

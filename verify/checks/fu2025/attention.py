"""Stability of an attention head in context, attacked by an adversary, and of loops that feed on its outputs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
from sympy import Rational, exp

from bounds import Theorem
from bounds.papers import fu2025 as theory
from bounds.symbols import Gamma, t
from verify.check import Check, Control, Effort, Setting, plant
from verify.evidence import BoundedSample, Computed, Evidence
from verify.models.attention import (
    LARGEST_NOISE,
    Circumstances,
    ContextLoop,
    CoupledLoops,
    TokenMove,
    averaging_joint_tv,
    first_joint_tv,
    later_joint_tv,
    noisy_loops,
    random_loops,
    single_token_tv,
    worst_loop,
    worst_move,
)
from verify.models.normal import mean_shift_tv

_ROUNDING = 1e-13
_STARTS, _STEPS = 12, 150
# A move this small leaves the adversary next to the derivative, where the constant of the head is attained.
_SMALL = Fraction(1, 1000)
# How far an output stays from the ends of [-1, 1], in standard deviations of its noise.
_ROOM = 10


def _computed(value: float) -> Computed:
    # Feasible up to rounding: tokens and matrices may exceed norm 1 in the last digit.
    return Computed(value, _ROUNDING * (1 + 10 * value))


# --- one move of one token --------------------------------------------------------------------------------------------


def _move_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    moves = [(Fraction(2, 5), 6, _SMALL), (Fraction(1), 5, _SMALL), (Fraction(2), 40, _SMALL)]  # w below x_0
    moves += [(Fraction(1, 2), 8, Fraction(1, 2)), (Fraction(1, 3), 4, Fraction(2)), (Fraction(0), 5, Fraction(1))]
    moves += [(Fraction(1), 2, _SMALL), (Fraction(2), 5, _SMALL)]  # and beyond it
    while len(moves) < effort.settings:
        size, scale = int(rng.integers(1, 40)), Fraction(int(rng.integers(0, 30)), 10)
        moves.append((scale, size, Fraction(int(rng.integers(1, 9)), int(rng.choice([4, 40, 4000])))))
    return [_move_setting(scale, size, distance, int(rng.integers(1, 4))) for scale, size, distance in moves]


def _move_setting(scale: Fraction, size: int, distance: Fraction, d: int) -> Setting:
    where = "the bound is attained by small moves" if _attained(scale, size) else "no weight and distance fit together"
    label = f"Gamma = {scale}, n = {size}, D = {distance}, d = {d}: {where}"
    return Setting(label, {"Gamma": scale, "n": size, "D": distance}, d)


def _attained(scale: Fraction, size: int) -> bool:
    return 4 * scale <= (1 + 2 * scale) * (1 + (size - 1) * math.exp(-2 * scale))


def _measure_move(setting: Setting, effort: Effort, rng: np.random.Generator) -> Evidence:
    size, scale, distance = (setting.arguments[name] for name in ("n", "Gamma", "D"))
    return _computed(worst_move(rng, size, setting.world, float(scale), float(distance), _STARTS, _STEPS).displacement)


def _query_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    sizes = [int(n) for n in 2 * rng.integers(20, 60, size=2)]
    return [
        Setting(f"n = {n}, the query is the token", {"Gamma": Fraction(1, 2), "n": n, "D": Fraction(1, 4)})
        for n in sizes
    ]


def _measure_query(setting: Setting, effort: Effort, rng: np.random.Generator) -> Evidence:
    """Move a token that is the query too, between two halves of the context: the weights turn, by no less for large n."""
    n, scale, distance = (setting.arguments[name] for name in ("n", "Gamma", "D"))
    sides = np.concatenate([[0.0], np.where(np.arange(n - 1) % 2, 1.0, -1.0)])[:, None]
    shift = np.array([float(distance)])
    return _computed(TokenMove(sides, shift, np.zeros(1), float(scale) * np.eye(1), np.eye(1), shift).displacement)


# --- loops ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AttentionLoop:
    """A loop, its heads, and how what it does is measured."""

    loop: ContextLoop
    d: int
    Gamma: Fraction
    D: Fraction
    how: str
    sigma_noise: Fraction = Fraction(1, 10)
    seed: int = 0
    # Whether the search for the worst loop is without noise: that of the outputs is drawn with mean 0.
    quiet: bool = False

    def setting(self, measure: str) -> Setting:
        """Bind the theorem to it."""
        n, reused = self.loop.n, self.loop.reused
        arguments: dict[str, Any] = {"n": n, "alpha": Fraction(reused, n), "t": self.loop.generations}
        arguments |= {"Gamma": self.Gamma, "D": self.D, "measure": measure}
        if measure != "displacement":
            arguments["sigma_noise"] = self.sigma_noise
        side = "above" if reused / n > theory.attention_threshold(Gamma=self.Gamma, n=n) else "below"
        share = f"alpha = {Fraction(reused, n)} {side} the threshold"
        label = f"{measure}: {share}, Gamma = {self.Gamma}, n = {n}, t = {self.loop.generations}, {self.how}"
        return Setting(label, arguments, self)


def _loop_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    moves = [loop.setting("displacement") for loop in _moving_loops(effort, rng)]
    # One draw: the heads that average, the first generation, and later ones by sampling.
    single = [_averaging(rng), _first(rng)] + [_drawn(rng) for _ in range(2)]
    together = [_averaging(rng), _first(rng), _first(rng)] + [_alone(rng) for _ in range(2)] + _later_loops(effort, rng)
    return moves + [s.setting("one") for s in single] + [s.setting("joint") for s in together]


def _moving_loops(effort: Effort, rng: np.random.Generator) -> list[AttentionLoop]:
    still = Fraction(0)
    loops = [AttentionLoop(ContextLoop(10, 4, t), 2, still, _SMALL, "worst found") for t in (2, 6)]
    loops += [AttentionLoop(ContextLoop(8, 4, 1), 2, Fraction(1, 2), _SMALL, "worst found")]
    for number in range(effort.settings - len(loops)):
        scale = [Fraction(1, 10), Fraction(1, 2), Fraction(1)][number % 3]
        size = int(rng.integers(6, 16))
        threshold = theory.attention_threshold(Gamma=scale, n=size)
        below = [m for m in range(1, size) if m <= threshold * size]
        above = [m for m in range(1, size) if m > threshold * size]
        # Strong attention may leave no room above the threshold in a short context.
        reused = int(rng.choice(below if below and (number % 2 or not above) else above))
        distance = Fraction(1, int(rng.choice([1, 4, 1000])))
        how = "random" if number % 4 == 3 else "worst found"
        loop = ContextLoop(size, reused, int(rng.integers(2, 7)))
        loops.append(AttentionLoop(loop, int(rng.integers(1, 4)), scale, distance, how))
    return loops


def _averaging(rng: np.random.Generator) -> AttentionLoop:
    loop = ContextLoop(int(rng.integers(6, 20)), int(rng.integers(2, 5)), int(rng.integers(2, 6)))
    return AttentionLoop(loop, 1, Fraction(0), Fraction(1, 10), "averaging head", Fraction(1, 20))


def _first(rng: np.random.Generator) -> AttentionLoop:
    size, scale = int(rng.integers(4, 12)), Fraction(int(rng.integers(2, 9)), 10)
    # The worst context puts its output at 2w - 1; noise small against its way to the ends never meets the projection.
    weight = 1 / (1 + (size - 1) * math.exp(-2 * scale))
    room = Fraction(round(1000 * 2 * min(weight, 1 - weight)), 1000)
    return AttentionLoop(
        ContextLoop(size, int(rng.integers(1, size - 2)), 1), 1, scale, _SMALL, "worst found", room / _ROOM
    )


def _drawn(rng: np.random.Generator) -> AttentionLoop:
    size = int(rng.integers(6, 12))
    loop = ContextLoop(size, int(rng.integers(size // 2, size - 1)), int(rng.integers(2, 5)))
    scale, seed = Fraction(int(rng.integers(1, 6)), 10), int(rng.integers(2**31))
    return AttentionLoop(loop, 1, scale, Fraction(1), "drawn noise", seed=seed)


def _alone(rng: np.random.Generator) -> AttentionLoop:
    size = int(rng.integers(3, 8))
    scale = Fraction(int(rng.integers(1, 10)), 10)
    return AttentionLoop(
        ContextLoop(size, size - 1, int(rng.integers(2, 6))),
        1,
        scale,
        Fraction(1, 2),
        "law by quadrature",
        Fraction(1, 5),
    )


def _later_loops(effort: Effort, rng: np.random.Generator) -> list[AttentionLoop]:
    """Two or three tokens that read each other over generations; the first loop comes near the bound by design."""
    loops = [_later(ContextLoop(10, 8, 3), Fraction(1, 10), Fraction(1, 4))]
    loops += [_later(ContextLoop(8, 5, 2), Fraction(int(rng.integers(1, 4)), 10), Fraction(1, 8))]
    for number in range(max(2, effort.settings // 5)):
        if number % 2:  # above the threshold
            size, scale, distance = int(rng.integers(6, 13)), int(rng.integers(1, 4)), int(rng.integers(4, 17))
        else:  # below it, where only small moves have a bound that says something
            size, scale, distance = int(rng.integers(3, 5)), int(rng.integers(5, 9)), int(rng.integers(64, 129))
        loop = ContextLoop(size, size - 2, int(rng.integers(2, 5)))
        loops.append(_later(loop, Fraction(scale, 10), Fraction(1, distance)))
    return loops


def _later(loop: ContextLoop, scale: Fraction, distance: Fraction) -> AttentionLoop:
    how = f"{loop.synthetic} tokens together by quadrature"
    return AttentionLoop(loop, 1, scale, distance, how, Fraction(1, 10 if loop.synthetic > 2 else 20), quiet=True)


def _measure_loop(setting: Setting, effort: Effort, rng: np.random.Generator) -> Evidence:
    world: AttentionLoop = setting.world
    measure: Callable[[AttentionLoop, Effort, np.random.Generator], Evidence] = {
        "displacement": _displacement,
        "one": _one,
        "joint": _joint,
    }[setting.arguments["measure"]]
    return measure(world, effort, rng)


def _displacement(world: AttentionLoop, effort: Effort, rng: np.random.Generator) -> Evidence:
    if world.how == "random":
        draws = max(1, effort.replicates // 20)
        pairs = random_loops(rng, world.loop, world.d, float(world.Gamma), float(world.D), 0.1, draws)
        return _computed(float(pairs.displacements()[:, -1].max()))
    return _computed(float(_worst(world, rng).displacements()[-1]))


def _one(world: AttentionLoop, effort: Effort, rng: np.random.Generator) -> Evidence:
    sigma = float(world.sigma_noise)
    if world.how == "drawn noise":
        # All batches of a sample have to speak of one pair of loops.
        pair = _worst(world, np.random.default_rng(world.seed))
        shifts = noisy_loops(rng, pair, sigma, effort.replicates).centre_shifts()[:, -1, 0]
        return BoundedSample(mean_shift_tv(shifts / sigma), 0.0, 1.0)
    # Without noise in the centres, or with noise that shifts both alike, one run says it all.
    pair = _averaged(world, rng) if world.how == "averaging head" else _worst(world, rng)
    return _computed(float(mean_shift_tv(pair.centre_shifts()[-1, 0] / sigma)))


def _joint(world: AttentionLoop, effort: Effort, rng: np.random.Generator) -> Evidence:
    sigma = float(world.sigma_noise)
    if world.how == "averaging head":
        found = averaging_joint_tv(_averaged(world, rng), sigma)
    elif world.how == "worst found":
        found = first_joint_tv(_worst(world, rng), sigma)
    elif world.quiet:
        found = later_joint_tv(_worst(world, rng), sigma)
    else:
        found = single_token_tv(_worst(world, rng), sigma)
    return Computed(found.value, found.error + _ROUNDING)


def _worst(world: AttentionLoop, rng: np.random.Generator) -> CoupledLoops:
    noise = 0.0 if world.quiet else LARGEST_NOISE
    return worst_loop(rng, world.loop, world.d, float(world.Gamma), float(world.D), _STARTS, _STEPS, noise)


def _averaged(world: AttentionLoop, rng: np.random.Generator) -> CoupledLoops:
    """A loop of a head that averages, with real tokens near 0 so that the projection never acts."""
    reals = rng.uniform(-0.2, 0.2, size=(world.loop.n, 1))
    still = np.zeros((world.loop.generations, 1, 1))
    given = Circumstances(still, still, np.zeros((1, 1)), np.eye(1))
    return CoupledLoops(world.loop, reals, np.array([float(world.D)]), given)


def _joint_as_one(theorem: Theorem) -> Control:
    """Plant the bound of one draw for all N together."""
    one = theorem.at(measure="one").expression
    regimes = tuple(replace(r, expression=one) if ("measure", "joint") in r.choices else r for r in theorem.regimes)
    return Control("all draws as if one", replace(theorem, regimes=regimes))


CHECKS = (
    Check(
        theory.ATTENTION_STABILITY,
        _move_settings,
        _measure_move,
        (
            plant(theory.ATTENTION_STABILITY, "2 % too small", lambda e: e * Rational(49, 50)),
            plant(theory.ATTENTION_STABILITY, "exponent missing", lambda e: e.subs(exp(-2 * Gamma), 1)),
            plant(theory.ATTENTION_STABILITY, "attention forgotten", lambda e: e.subs(Gamma, 0)),
            plant(theory.ATTENTION_STABILITY, "tokens at most 1 apart", lambda e: e.subs(Gamma, Gamma / 2)),
            Control("the query moves too", theory.ATTENTION_STABILITY, _query_settings, _measure_query),
        ),
    ),
    Check(
        theory.ATTENTION_RECURSIVE_STABILITY,
        _loop_settings,
        _measure_loop,
        (
            plant(theory.ATTENTION_RECURSIVE_STABILITY, "2 % too small", lambda e: e * Rational(49, 50)),
            plant(theory.ATTENTION_RECURSIVE_STABILITY, "exponent missing", lambda e: e.subs(exp(-2 * Gamma), 1)),
            plant(theory.ATTENTION_RECURSIVE_STABILITY, "no generation but the first", lambda e: e.subs(t, 1)),
            _joint_as_one(theory.ATTENTION_RECURSIVE_STABILITY),
        ),
    ),
)

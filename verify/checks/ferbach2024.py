"""Checks of ferbach2024 on curated loops of finite support, exact by one integral, and by sampling."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Rational

from bounds.papers import ferbach2024 as theory
from bounds.symbols import K, lam, mean, t
from verify.check import Check, Effort, Setting, plant
from verify.checks._logistic import random_law, rounded_up
from verify.evidence import BoundedSample, Computed, Evidence
from verify.models.curated import (
    curated_loop,
    curation_weights,
    kl_divergence,
    kl_to_maximisers,
    random_instance,
    reward_gain,
    reward_moments,
    sample_winners,
)
from verify.models.location import logistic_retraining

Vector = NDArray[np.float64]

# The exact loop carries a relative error below 1e-13 over the few generations used here.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Loop:
    """A curated loop at one generation: where it started, how it is curated, whether it is sampled."""

    reference: Vector
    rewards: Vector
    candidates: float
    ratio: float
    generation: int
    start: Vector
    sampled: bool = False

    @property
    def law(self) -> Vector:
        """The model at the generation."""
        return np.asarray(_trajectory(self).p[self.generation])


def _trajectory(loop: Loop) -> Any:
    return curated_loop(
        loop.start, loop.rewards, loop.candidates, loop.ratio, loop.generation + 1, p_ref=loop.reference
    )


def _candidates(rng: np.random.Generator, infinite: bool = True) -> float:
    """Draw K in 2..8, sometimes infinity."""
    return math.inf if infinite and rng.random() < 0.15 else float(rng.integers(2, 9))


def _spelled(value: float) -> object:
    return "inf" if math.isinf(value) else Fraction(value)


def _instance(rng: np.random.Generator, index: int) -> tuple[Vector, Vector]:
    """Draw a law and a reward; narrow rewards make the paper's bounds tight, wide ones make them loose."""
    span = (0.05, 0.5, 3.0, 8.0)[index % 4]
    drawn = random_instance(rng, int(rng.integers(2, 9)), span, ties=int(rng.integers(1, 3)), smallest=1e-4)
    return drawn.p0, drawn.rewards


def _pure_loops(effort: Effort, rng: np.random.Generator) -> list[Loop]:
    """Draw pure loops (lam = infinity) at a random generation."""
    loops = []
    for index in range(effort.settings):
        p0, rewards = _instance(rng, index)
        loops.append(Loop(p0, rewards, _candidates(rng), math.inf, int(rng.integers(0, 6)), p0))
    return loops


def _mixed_loops(effort: Effort, rng: np.random.Generator, infinite: bool = True) -> list[Loop]:
    """Draw loops mixed with the reference law they start from."""
    loops = []
    for index in range(effort.settings):
        p0, rewards = _instance(rng, index)
        ratio = float(f"{10 ** rng.uniform(-2, 1.5):.3g}")
        loops.append(Loop(p0, rewards, _candidates(rng, infinite), ratio, int(rng.integers(1, 8)), p0))
    return loops


def _label(loop: Loop, extra: str = "") -> str:
    ratio = "pure loop" if math.isinf(loop.ratio) else f"lambda = {loop.ratio:g}"
    spread = np.ptp(loop.rewards)
    sampled = ", sampled" if loop.sampled else ""
    return f"{len(loop.rewards)} points, reward range {spread:.2g}, K = {loop.candidates:g}, {ratio}{extra}{sampled}"


# --- the limit of many candidates ---------------------------------------------------------------------------------


def _limit_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    settings = []
    for drawn in _pure_loops(effort, rng):
        # The distance to the limit grows with the cube of the largest ratio of rewards.
        loop = replace(drawn, rewards=drawn.rewards * min(1.0, 4 / max(np.ptp(drawn.rewards), 1.0)))
        point = int(rng.choice(np.flatnonzero(loop.law > 1e-6)))
        moments = reward_moments(loop.law, loop.rewards)
        arguments = {"y": math.exp(loop.rewards[point]), "mean": float(moments.mean)}
        settings.append(Setting(f"{len(loop.rewards)} points, round {loop.generation}", arguments, (loop, point)))
    return settings


def _measure_limit(setting: Setting, effort: Effort, rng: np.random.Generator) -> Evidence:
    """Weigh a point by 2^53 candidates, and bound what is missing to infinitely many.

    Jensen's inequality gives ``K y/(y + (K-1) m)`` from below; the second derivative of ``1/(y + S)`` and the variance of
    the sum S bound the excess over it.
    """
    loop, point = setting.world
    many = 2.0**53
    weights = curation_weights(loop.law, loop.rewards, many)
    y = np.exp(loop.rewards)
    moments = reward_moments(loop.law, loop.rewards)
    middle, least = float(moments.mean), float(y[loop.law > 0].min())
    below = many * y[point] / (y[point] + (many - 1) * middle)
    excess = many * (many - 1) * y[point] * float(moments.variance) / (y[point] + (many - 1) * least) ** 3
    missing = abs(below - y[point] / middle) + excess
    value = float(weights.values[point])
    return Computed(value, float(missing + value * (weights.relative_error + _ROUNDING)))


# --- growth of the reward -----------------------------------------------------------------------------------------


def _reward_arguments(loop: Loop, law: Vector) -> dict[str, Any]:
    moments = reward_moments(law, loop.rewards)
    y_max = float(np.exp(loop.rewards).max())
    # A variance computed in floats may exceed the largest one possible by a rounding.
    room = Fraction(float(moments.mean)) * (Fraction(y_max) - Fraction(float(moments.mean)))
    variance = min(Fraction(float(moments.variance)), room)
    return {"mean": float(moments.mean), "variance": variance, "y_max": y_max, "K": _spelled(loop.candidates)}


def _increase_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    loops = _pure_loops(effort, rng) + _sampled_pure_loops()
    return [Setting(_label(loop), _reward_arguments(loop, loop.law), loop) for loop in loops]


def _sampled_pure_loops() -> list[Loop]:
    """Return two loops with a gain that sampling can show."""
    spread = np.array([0.0, 1.0, 2.0, 3.0])
    uniform = np.full(4, 0.25)
    return [Loop(uniform, spread, count, math.inf, 0, uniform, sampled=True) for count in (4.0, 8.0)]


def _measure_increase(setting: Setting, effort: Effort, rng: np.random.Generator) -> Evidence:
    loop: Loop = setting.world
    law = loop.law
    if loop.sampled:
        return _sampled_reward(loop, law, effort, rng)
    before = float(reward_moments(law, loop.rewards).mean)
    gain = float(reward_gain(law, loop.rewards, loop.candidates))
    return Computed(before + gain, _ROUNDING * (before + gain))


def _sampled_reward(loop: Loop, law: Vector, effort: Effort, rng: np.random.Generator) -> Evidence:
    """Draw winners of the next round, and real points in their proportion where the loop is mixed."""
    share = 0.0 if math.isinf(loop.ratio) else 1 / (1 + loop.ratio)
    real = int(rng.binomial(effort.replicates, share))
    counts = rng.multinomial(real, loop.reference)
    counts = counts + sample_winners(rng, law, loop.rewards, int(loop.candidates), effort.replicates - real)
    y = np.exp(loop.rewards)
    return BoundedSample(np.repeat(y, counts), float(y.min()), float(y.max()))


def _mixed_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    spread, uniform = np.array([0.0, 1.0, 2.0, 3.0]), np.full(4, 0.25)
    loops = _mixed_loops(effort, rng)
    loops += [Loop(uniform, spread, 8.0, 4.0, 1, uniform, sampled=True)]
    # Little synthetic data and a narrow reward leave the paper's bound almost nothing to lose.
    loops += [Loop(uniform, 0.05 * spread, 8.0, ratio, 1, uniform) for ratio in (0.01, 0.05)]
    return [
        Setting(
            _label(loop, f", t = {loop.generation}"),
            {**_reward_arguments(loop, loop.reference), "lam": Fraction(loop.ratio), "t": loop.generation},
            loop,
        )
        for loop in loops
    ]


def _refined_mixed_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    return [
        Setting(s.label, {**s.arguments, "form": form}, s.world)
        for s in _mixed_settings(effort, rng)
        for form in ("closed", "iterated")
    ]


def _measure_mixed(setting: Setting, effort: Effort, rng: np.random.Generator) -> Evidence:
    loop: Loop = setting.world
    trajectory = _trajectory(loop)
    if loop.sampled:
        return _sampled_reward(loop, trajectory.p[loop.generation - 1], effort, rng)
    reference = float(reward_moments(loop.reference, loop.rewards).mean)
    gained = float(trajectory.shift[loop.generation] @ np.exp(loop.rewards))
    return Computed(reference + gained, _ROUNDING * (reference + abs(gained)))


# --- concentration and divergence balls ---------------------------------------------------------------------------


def _concentration_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    settings = []
    for loop in _pure_loops(effort, rng):
        moments = reward_moments(loop.start, loop.rewards)
        for generation in (1, 4 + loop.generation):
            arguments = {
                "p_star": float(moments.p_star),
                "gap": float(moments.gap),
                "K": _spelled(loop.candidates),
                "t": generation,
            }
            at = Loop(loop.reference, loop.rewards, loop.candidates, loop.ratio, generation, loop.start)
            if math.isfinite(moments.gap):
                settings.append(Setting(_label(at, f", t = {generation}"), arguments, at))
    return settings


def _measure_concentration(setting: Setting, effort: Effort, rng: np.random.Generator) -> Evidence:
    loop: Loop = setting.world
    value = float(kl_to_maximisers(loop.law, loop.rewards))
    return Computed(value, _ROUNDING * value)


def _ball_loops(effort: Effort, rng: np.random.Generator) -> list[Loop]:
    """Draw loops, and add two-point ones where a rare best point is amplified most."""
    loops = _mixed_loops(effort, rng, infinite=False)
    cases = (
        (2, 0.9, 3.0, 0.3, 1),
        (2, 0.9, 15.0, 0.1, 40),
        (2, 0.05, 15.0, 0.5, 20),
        (3, 20.0, 15.0, 1e-4, 10),
        (3, 1000.0, 8.0, 1e-4, 10),
    )
    for count, ratio, spread, mass, generation in cases:
        p0 = np.array([mass, 1 - mass])
        loops.append(Loop(p0, np.array([spread, 0.0]), float(count), ratio, generation, p0))
    return loops


def _ball_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    settings = []
    for loop in _ball_loops(effort, rng):
        inside = loop
        if loop.ratio * (loop.candidates - 1) >= 1:
            # Keep the draw, with a ratio inside the theorem's hypothesis.
            ratio = float(f"{rng.uniform(0.02, 0.95) / (loop.candidates - 1):.3g}")
            inside = Loop(loop.reference, loop.rewards, loop.candidates, ratio, loop.generation, loop.start)
        arguments = {"K": _spelled(inside.candidates), "lam": Fraction(inside.ratio)}
        settings.append(Setting(_label(inside, f", t = {inside.generation}"), arguments, inside))
    return settings


def _refined_ball_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    return [
        Setting(
            _label(loop, f", t = {loop.generation}"),
            {
                "K": _spelled(loop.candidates),
                "lam": Fraction(loop.ratio),
                "range": float(np.ptp(loop.rewards)),
                "t": loop.generation,
                "form": form,
            },
            loop,
        )
        for loop in _ball_loops(effort, rng)
        for form in ("supremum", "chord")
    ]


def _measure_ball(setting: Setting, effort: Effort, rng: np.random.Generator) -> Evidence:
    loop: Loop = setting.world
    trajectory = _trajectory(loop)
    at = loop.generation
    value = float(kl_divergence(trajectory.p[at], loop.reference, trajectory.shift[at]))
    return Computed(value, _ROUNDING * (value + 1e-3 * value**0.5))


# --- parametric retraining ----------------------------------------------------------------------------------------


def _rate_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    """Start near the optimum, and calibrate the hidden constant there: C is the divergence at generation 0."""
    settings = []
    for index in range(effort.settings):
        law, label = random_law(rng, index)
        retraining = logistic_retraining(law)
        constants, distance = retraining.constants, 0.01
        curvature, e = constants.curvature_lower, rounded_up(constants.lipschitz) * constants.epsilon_upper
        for factor in ("paper", "spectral"):
            largest = 10.0 if factor == "spectral" or e == 0 else 0.95 * curvature / (2 * e)
            if factor == "paper" and e >= 0.99 * curvature:
                continue
            ratio = float(f"{min(largest, 10.0) * 10 ** rng.uniform(-2, 0):.3g}")
            # The divergence is the square of the distance, which must stay well above its own rounding.
            resolved = int(math.log(1e-7 / distance) / math.log(constants.jacobian(ratio)))
            generation = int(rng.integers(1, max(2, min(resolved, 30))))
            arguments = {
                "factor": factor,
                "C": rounded_up(float(retraining.divergence(constants.theta_star + distance))),
                "t": generation,
                "lam": Fraction(ratio),
                "curvature": curvature,
                "epsilon": constants.epsilon_upper,
                "L": rounded_up(constants.lipschitz),
            }
            where = f"{label}, lambda = {ratio:g}, t = {generation}, C calibrated at t = 0"
            settings.append(Setting(where, arguments, (retraining, ratio, distance, generation)))
    return settings


def _measure_rate(setting: Setting, effort: Effort, rng: np.random.Generator) -> Evidence:
    retraining, ratio, distance, generation = setting.world
    theta = retraining.constants.theta_star
    path = retraining.trajectory(theta + distance, ratio, generation)
    value = float(retraining.divergence(path[-1]))
    relative = (retraining.constants.theta_error + 1e-13) / abs(float(path[-1]) - theta)
    return Computed(value, value * (3 * relative + _ROUNDING))


# --- no curation --------------------------------------------------------------------------------------------------


def _uncurated_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    settings = []
    for index in range(effort.settings):
        reference, rewards = _instance(rng, index)
        start = rng.dirichlet(np.ones(len(rewards)))
        ratio = float(f"{10 ** rng.uniform(-1, 1):.3g}")
        loop = Loop(reference, rewards, 1.0, ratio, int(rng.integers(1, 8)), start)
        arguments = {"lam": Fraction(ratio), "t": loop.generation, "tv0": float(np.abs(start - reference).sum() / 2)}
        settings.append(Setting(_label(loop, f", t = {loop.generation}"), arguments, loop))
    return settings


def _measure_uncurated(setting: Setting, effort: Effort, rng: np.random.Generator) -> Evidence:
    loop: Loop = setting.world
    value = float(np.abs(loop.law - loop.reference).sum() / 2)
    return Computed(value, 1e-15 * (1 + loop.generation))


# --- the checks ---------------------------------------------------------------------------------------------------


def _gain_times(factor: object) -> Any:
    """Return the change that multiplies the gain over the mean."""
    return lambda expression: mean + factor * (expression - mean)


CHECKS = (
    Check(
        theory.CURATED_LIMIT,
        _limit_settings,
        _measure_limit,
        (
            plant(theory.CURATED_LIMIT, "1 % too small", lambda e: e * Rational(99, 100)),
            plant(theory.CURATED_LIMIT, "exponent of the reward 2 instead of 1", lambda e: e**2),
        ),
    ),
    Check(
        theory.REWARD_INCREASE,
        _increase_settings,
        _measure_increase,
        (
            plant(theory.REWARD_INCREASE, "gain 10 % too large", _gain_times(Rational(11, 10))),
            plant(theory.REWARD_INCREASE, "factor (K-1)/K forgotten", lambda e: mean + (e - mean) / (1 - 1 / K)),
        ),
    ),
    Check(
        theory.REWARD_INCREASE_REFINED,
        _increase_settings,
        _measure_increase,
        (
            plant(theory.REWARD_INCREASE_REFINED, "gain 5 % too large", _gain_times(Rational(21, 20))),
            plant(theory.REWARD_INCREASE_REFINED, "gain of the limit K = infinity", lambda e: e.subs(K, 10**9)),
        ),
    ),
    Check(
        theory.CONCENTRATION,
        _concentration_settings,
        _measure_concentration,
        (
            plant(theory.CONCENTRATION, "exponent t + 1 instead of t", lambda e: e.subs(t, t + 1)),
            plant(theory.CONCENTRATION, "rate of the limit K = infinity", lambda e: e.subs(K, 10**9)),
        ),
    ),
    Check(
        theory.PARAMETRIC_RATE,
        _rate_settings,
        _measure_rate,
        (
            plant(theory.PARAMETRIC_RATE, "exponent 3t instead of 2t", lambda e: e.subs(t, 3 * t / 2)),
            plant(theory.PARAMETRIC_RATE, "half the synthetic data", lambda e: e.subs(lam, lam / 2)),
        ),
    ),
    Check(
        theory.MIXED_REWARD_GAIN,
        _mixed_settings,
        _measure_mixed,
        (
            plant(theory.MIXED_REWARD_GAIN, "gain 25 % too large", _gain_times(Rational(5, 4))),
            plant(theory.MIXED_REWARD_GAIN, "1 in place of lambda", lambda e: mean + (e - mean) / lam),
        ),
    ),
    Check(
        theory.MIXED_REWARD_GAIN_REFINED,
        _refined_mixed_settings,
        _measure_mixed,
        (
            plant(theory.MIXED_REWARD_GAIN_REFINED, "gain 25 % too large", _gain_times(Rational(5, 4))),
            plant(theory.MIXED_REWARD_GAIN_REFINED, "gain of one more round", lambda e: _gain_times(1 + lam)(e)),
        ),
    ),
    Check(
        theory.KL_BALL,
        _ball_settings,
        _measure_ball,
        (
            plant(theory.KL_BALL, "a thirtieth of the bound", lambda e: e / 30),
            plant(theory.KL_BALL, "cube of the bound", lambda e: e**3),
        ),
    ),
    Check(
        theory.KL_BALL_REFINED,
        _refined_ball_settings,
        _measure_ball,
        (
            plant(theory.KL_BALL_REFINED, "25 % too small", lambda e: e * Rational(3, 4)),
            plant(theory.KL_BALL_REFINED, "one generation early", lambda e: e.subs(t, t - 1)),
        ),
    ),
    Check(
        theory.UNCURATED_MIXTURE,
        _uncurated_settings,
        _measure_uncurated,
        (
            plant(theory.UNCURATED_MIXTURE, "exponent t + 1 instead of t", lambda e: e.subs(t, t + 1)),
            plant(theory.UNCURATED_MIXTURE, "ratio 1/(1 + lambda)", lambda e: e.subs(lam, 1 / lam)),
        ),
    ),
)

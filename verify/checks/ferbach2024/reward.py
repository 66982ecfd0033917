"""Growth of the expected reward, exact and by sampling."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
from sympy import Rational

from bounds.papers import ferbach2024 as theory
from bounds.symbols import K, lam, mean
from verify.check import Check, Effort, Setting, plant
from verify.checks.ferbach2024.loops import (
    ROUNDING,
    Loop,
    Vector,
    label,
    mixed_loops,
    pure_loops,
    spelled,
    trajectory,
)
from verify.evidence import BoundedSample, Computed, Evidence
from verify.models.curated import (
    reward_gain,
    reward_moments,
    sample_winners,
)


def _reward_arguments(loop: Loop, law: Vector) -> dict[str, Any]:
    moments = reward_moments(law, loop.rewards)
    y_max = float(np.exp(loop.rewards).max())
    # A variance computed in floats may exceed the largest one possible by a rounding.
    room = Fraction(float(moments.mean)) * (Fraction(y_max) - Fraction(float(moments.mean)))
    variance = min(Fraction(float(moments.variance)), room)
    return {"mean": float(moments.mean), "variance": variance, "y_max": y_max, "K": spelled(loop.candidates)}


def _increase_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    loops = [_resolved(loop) for loop in pure_loops(effort, rng)] + _sampled_pure_loops()
    return [Setting(label(loop), _reward_arguments(loop, loop.law), loop) for loop in loops]


def _resolved(loop: Loop) -> Loop:
    """Go back to the start where the loop has all but fixed: a gain lost in rounding would satisfy any bound."""
    moments = reward_moments(loop.law, loop.rewards)
    visible = float(moments.variance) > 1e-6 * float(moments.mean) ** 2
    return loop if visible else replace(loop, generation=0)


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
    return Computed(before + gain, ROUNDING * (before + gain))


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
    loops = mixed_loops(effort, rng)
    loops += [Loop(uniform, spread, 8.0, 4.0, 1, uniform, sampled=True)]
    # Little synthetic data and a narrow reward leave the paper's bound almost nothing to lose.
    loops += [Loop(uniform, 0.05 * spread, 8.0, ratio, 1, uniform) for ratio in (0.01, 0.05)]
    return [
        Setting(
            label(loop, f", t = {loop.generation}"),
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
    path = trajectory(loop)
    if loop.sampled:
        return _sampled_reward(loop, path.p[loop.generation - 1], effort, rng)
    reference = float(reward_moments(loop.reference, loop.rewards).mean)
    gained = float(path.shift[loop.generation] @ np.exp(loop.rewards))
    return Computed(reference + gained, ROUNDING * (reference + abs(gained)))


def _gain_times(factor: object) -> Any:
    """Return the change that multiplies the gain over the mean."""
    return lambda expression: mean + factor * (expression - mean)


CHECKS = (
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
)

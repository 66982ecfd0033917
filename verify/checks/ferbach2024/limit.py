"""The limit of many candidates, and the loop without curation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np
from sympy import Rational

from bounds.papers import ferbach2024 as theory
from bounds.symbols import lam, t
from verify.check import Check, Effort, Setting, plant
from verify.checks.ferbach2024.loops import (
    ROUNDING,
    Loop,
    instance,
    label,
    pure_loops,
)
from verify.evidence import Computed, Evidence
from verify.models.curated import (
    curation_weights,
    reward_moments,
)


def _limit_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    settings = []
    for drawn in pure_loops(effort, rng):
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
    return Computed(value, float(missing + value * (weights.relative_error + ROUNDING)))


def _uncurated_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    settings = []
    for index in range(effort.settings):
        reference, rewards = instance(rng, index)
        start = rng.dirichlet(np.ones(len(rewards)))
        ratio = float(f"{10 ** rng.uniform(-1, 1):.3g}")
        loop = Loop(reference, rewards, 1.0, ratio, int(rng.integers(1, 8)), start)
        arguments = {"lam": Fraction(ratio), "t": loop.generation, "tv0": float(np.abs(start - reference).sum() / 2)}
        settings.append(Setting(label(loop, f", t = {loop.generation}"), arguments, loop))
    return settings


def _measure_uncurated(setting: Setting, effort: Effort, rng: np.random.Generator) -> Evidence:
    loop: Loop = setting.world
    value = float(np.abs(loop.law - loop.reference).sum() / 2)
    return Computed(value, 1e-15 * (1 + loop.generation))


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
        theory.UNCURATED_MIXTURE,
        _uncurated_settings,
        _measure_uncurated,
        (
            plant(theory.UNCURATED_MIXTURE, "exponent t + 1 instead of t", lambda e: e.subs(t, t + 1)),
            plant(theory.UNCURATED_MIXTURE, "ratio 1/(1 + lambda)", lambda e: e.subs(lam, 1 / lam)),
        ),
    ),
)

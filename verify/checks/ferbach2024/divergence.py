"""Concentration on the maximal reward, and divergence balls around the reference law."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from sympy import Integral, Rational, Symbol, log

from bounds.papers import ferbach2024 as theory
from bounds.symbols import K, lam, t
from verify.check import Check, Effort, Setting, plant
from verify.checks.ferbach2024.loops import (
    ROUNDING,
    Loop,
    label,
    mixed_loops,
    pure_loops,
    ranked_loop,
    spelled,
)
from verify.evidence import Computed, Evidence
from verify.models.curated import (
    kl_divergence,
    kl_to_maximisers,
    reward_moments,
)


def _concentration_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    settings = []
    for loop in pure_loops(effort, rng):
        moments = reward_moments(loop.start, loop.rewards)
        for generation in (1, 4 + loop.generation):
            arguments = {
                "p_star": float(moments.p_star),
                "gap": float(moments.gap),
                "K": spelled(loop.candidates),
                "t": generation,
            }
            at = Loop(loop.reference, loop.rewards, loop.candidates, loop.ratio, generation, loop.start)
            if math.isfinite(moments.gap):
                settings.append(Setting(label(at, f", t = {generation}"), arguments, at))
    return settings


def _measure_concentration(setting: Setting, effort: Effort, rng: np.random.Generator) -> Evidence:
    loop: Loop = setting.world
    value = float(kl_to_maximisers(loop.law, loop.rewards))
    return Computed(value, ROUNDING * value)


def _ball_loops(effort: Effort, rng: np.random.Generator) -> list[Loop]:
    """Draw loops, and add two-point ones where a rare best point is amplified most, and the worst there are."""
    loops = mixed_loops(effort, rng, infinite=False)
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
    # The ratios at which the largest divergence there is comes nearest to the bound.
    return [*loops, ranked_loop(40, 2, Fraction(421, 500), 40), ranked_loop(40, 3, Fraction(213, 500), 40)]


def _ball_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    settings = []
    for loop in _ball_loops(effort, rng):
        inside = loop
        if loop.ratio * (loop.candidates - 1) >= 1:
            # Keep the draw, with a ratio inside the theorem's hypothesis.
            ratio = float(f"{rng.uniform(0.02, 0.95) / (loop.candidates - 1):.3g}")
            inside = Loop(loop.reference, loop.rewards, loop.candidates, ratio, loop.generation, loop.start)
        arguments = {"K": spelled(inside.candidates), "lam": Fraction(inside.ratio)}
        settings.append(Setting(label(inside, f", t = {inside.generation}"), arguments, inside))
    return settings


def _refined_ball_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    return [
        Setting(
            label(loop, f", t = {loop.generation}"),
            {
                "K": spelled(loop.candidates),
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
    # Masses have small relative errors for all rewards, which `trajectory(loop).shift` has for narrow ones alone.
    value = float(kl_divergence(loop.law, loop.reference))
    # E_p |log p/q| is at most KL + sqrt(2 KL).
    return Computed(value, 5 * ROUNDING * (value + (2 * value) ** 0.5))


def _largest_divergence(scale: Any) -> Callable[[Any], Any]:
    """Return the change to a multiple of the largest divergence there is, which is that of a loop that keeps the best."""
    rank = Symbol("v", nonnegative=True)
    return lambda e: -scale * Integral(log(1 + lam - lam * K * rank ** (K - 1)), (rank, 0, 1))


CHECKS = (
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
        theory.KL_BALL,
        _ball_settings,
        _measure_ball,
        (
            plant(theory.KL_BALL, "a thirteenth of the bound", lambda e: e / 13),
            plant(theory.KL_BALL, "2 % below the largest divergence there is", _largest_divergence(Rational(49, 50))),
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
)

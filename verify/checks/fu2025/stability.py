"""Recursive stability of the normal mean generator, and the distribution shift along loops with reused data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import numpy as np
from sympy import Rational

from bounds.functions import geometric_sum
from bounds.papers import fu2025 as theory
from bounds.symbols import alpha, t
from verify.check import Check, Control, Effort, Setting, plant
from verify.checks.fu2025._loops import CHEAP, Enumerated, draw_enumerated, safe
from verify.evidence import BoundedSample, Computed, Evidence
from verify.models.stability import (
    CutNormalLoop,
    Drift,
    MovedPoint,
    coupled_tv,
    joint_tv,
    likelihood_ratio_losses,
)

Path = Literal["covariance", "likelihood ratio", "coupled runs"]

# Solving a system whose condition number is at most about 100, and an error function.
_ROUNDING = 1e-11


@dataclass(frozen=True)
class Move:
    """A moved point, the generation, and how its effect is measured."""

    moved: MovedPoint
    generation: int
    path: Path


def _gaussian_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    computed: list[Path] = ["covariance"] * max(6, effort.settings // 2)
    coupled: list[Path] = ["coupled runs"] * max(4, effort.settings // 4)
    settings = [_move_setting(rng, path, int(rng.integers(1, 9))) for path in computed + coupled]
    settings += [_move_setting(rng, "likelihood ratio", generation) for generation in (1, 2, 5)]
    settings.append(_setting_of(MovedPoint(4, 0, 1.0, 2.0), 3, "covariance"))
    return settings


def _move_setting(rng: np.random.Generator, path: Path, generation: int) -> Setting:
    reused, synthetic = int(rng.integers(1, 9)), int(rng.integers(2, 13))
    # On this scale the joint total variation is neither close to 0 nor to 1, in any generation.
    sigma, share = float(rng.integers(2, 17)) / 8, reused / (reused + synthetic)
    reach = sigma * np.sqrt(reused + synthetic) * rng.uniform(0.8, 1.6) * share / (1 - (1 - share) ** generation)
    return _setting_of(MovedPoint(reused, synthetic, sigma, max(round(8 * reach), 4) / 8), generation, path)


def _setting_of(moved: MovedPoint, generation: int, path: Path) -> Setting:
    arguments = {
        "draws": "one" if path == "coupled runs" else "joint",
        "n": moved.size,
        "alpha": Fraction(moved.reused, moved.size),
        "t": generation,
        "D": Fraction(moved.displacement),
        "sigma": Fraction(moved.sigma),
    }
    label = f"{moved.reused} reused and {moved.synthetic} synthetic points, t = {generation}, by {path}"
    return Setting(label, arguments, Move(moved, generation, path))


def _measure_gaussian(setting: Setting, effort: Effort, rng: np.random.Generator) -> Evidence:
    move: Move = setting.world
    if move.path == "covariance":
        rounding = _ROUNDING if move.moved.synthetic else 0.0  # no synthetic points, nothing to tell apart
        return Computed(joint_tv(move.moved, move.generation), rounding)
    if move.path == "coupled runs":
        found = coupled_tv(rng, move.moved, move.generation, 64)
        return Computed(float(found.mean()), float(np.ptp(found)) + _ROUNDING)
    losses = likelihood_ratio_losses(rng, move.moved, move.generation, CHEAP * effort.replicates)
    return BoundedSample(losses, 0.0, 1.0)


@dataclass(frozen=True)
class DriftingMasses:
    """Point masses apart: the real law, and models that move towards the other point by the whole error they may make."""

    drift: Drift

    def measure(self, generation: int) -> Computed:
        """Run the loop of laws; each is as far from the mixture it learns as the error allows."""
        real, model = np.array([1.0, 0.0]), np.array([1.0, 0.0])
        share = self.drift.synthetic / self.drift.size
        for _ in range(generation):
            model = (1 - share) * real + share * model + self.drift.error * np.array([-1.0, 1.0])
        assert (model >= 0).all()
        return Computed(0.5 * float(np.abs(model - real).sum()), 1e-14)


def _shift_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    settings = []
    for loop in draw_enumerated(rng, effort.settings):
        generation = int(rng.integers(1, loop.generations + 1))
        found = loop.run()
        arguments = {"alpha": loop.alpha, "t": generation, "d_tv": safe(found.d_tv(generation))}
        settings.append(Setting(f"{loop.label}, t = {generation}", arguments, (found, generation)))
    for index in range(max(6, effort.settings // 2)):
        reused, synthetic = (0, 1) if index == 0 else (int(x) for x in rng.integers(1, 10, 2))
        generation = int(rng.integers(2, 12))
        # At most 1/t, a multiple of 2^-10: the float is the number meant.
        drift = Drift(reused, synthetic, max(1, int(1024 * rng.uniform(0.1, 1.0) / generation)) / 1024)
        arguments = {"alpha": Fraction(reused, drift.size), "t": generation, "d_tv": Fraction(drift.error)}
        label = f"drifting point masses, alpha = {arguments['alpha']}, t = {generation}"
        settings.append(Setting(label, arguments, (DriftingMasses(drift), generation)))
    for generation in (1, 3, 6):
        normal = CutNormalLoop(int(rng.integers(20, 60)), int(rng.integers(20, 60)), 3.0)
        share = Fraction(normal.reused, normal.size)
        arguments = {"alpha": share, "t": generation, "d_tv": safe(normal.d_tv(generation))}
        label = f"normal generator on cut normal data, n = {normal.size}, t = {generation}"
        settings.append(Setting(label, arguments, (normal, generation)))
    return settings


def _measure_shift(setting: Setting, effort: Effort, rng: np.random.Generator) -> Evidence:
    loop, generation = setting.world
    if isinstance(loop, DriftingMasses):
        return loop.measure(generation)
    if isinstance(loop, CutNormalLoop):
        means = loop.draw_means(rng, generation, CHEAP * effort.replicates // 4)
        return BoundedSample(np.clip(loop.real_tv(means), 0.0, 1.0), 0.0, 1.0)
    found: Computed = loop.expected_shift(generation)
    return found


def _forget_noise(expression: Any) -> Any:
    """Take the models of the two runs for known: the noise of the earlier generations adds nothing to one draw's."""
    return expression.subs(geometric_sum((1 - alpha) ** 2, t), 1)


def _fresh_error_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    """Take the learning error of generation 1, on fresh data, for that of later ones, on reused data."""
    settings = []
    for reused, synthetic in ((12, 12), (18, 6)):
        loop = Enumerated("over-confident", (0.5, 0.5), reused, synthetic, 12)
        found = loop.run()
        arguments = {"alpha": loop.alpha, "t": loop.generations, "d_tv": safe(found.d_tv(1))}
        settings.append(Setting(loop.label, arguments, (found, loop.generations)))
    return settings


CHECKS = (
    Check(
        theory.GAUSSIAN_RECURSIVE_STABILITY,
        _gaussian_settings,
        _measure_gaussian,
        (
            plant(theory.GAUSSIAN_RECURSIVE_STABILITY, "5 % too large", lambda e: e * Rational(21, 20)),
            plant(theory.GAUSSIAN_RECURSIVE_STABILITY, "noise of the generations forgotten", _forget_noise),
            plant(theory.GAUSSIAN_RECURSIVE_STABILITY, "one generation late", lambda e: e.subs(t, t + 1)),
        ),
    ),
    Check(
        theory.DISTRIBUTION_SHIFT,
        _shift_settings,
        _measure_shift,
        (
            plant(theory.DISTRIBUTION_SHIFT, "1 % too small", lambda e: e * Rational(99, 100)),
            plant(theory.DISTRIBUTION_SHIFT, "one generation fewer", lambda e: e.subs(t, t - 1)),
            Control("learning error of fresh data", theory.DISTRIBUTION_SHIFT, settings=_fresh_error_settings),
        ),
    ),
)

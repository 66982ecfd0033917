"""The rate of parametric retraining, its hidden constant calibrated at the start."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from bounds.papers import ferbach2024 as theory
from bounds.symbols import lam, t
from verify.check import Check, Effort, Setting, plant
from verify.checks._logistic import random_law, rounded_up
from verify.checks.ferbach2024.loops import (
    ROUNDING,
)
from verify.evidence import Computed, Evidence
from verify.models.location import logistic_retraining


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
    return Computed(value, value * (3 * relative + ROUNDING))


CHECKS = (
    Check(
        theory.PARAMETRIC_RATE,
        _rate_settings,
        _measure_rate,
        (
            plant(theory.PARAMETRIC_RATE, "exponent 3t instead of 2t", lambda e: e.subs(t, 3 * t / 2)),
            plant(theory.PARAMETRIC_RATE, "half the synthetic data", lambda e: e.subs(lam, lam / 2)),
        ),
    ),
)

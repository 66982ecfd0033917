"""The finite-sample theorem on the normal location family, where all of its constants are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np
from sympy import Rational

from bounds.papers import bertrand2024 as theory
from bounds.symbols import A, delta, n
from verify.check import Check, Effort, Setting, plant
from verify.checks._logistic import rounded_up
from verify.evidence import Evidence, QuantileSample
from verify.models.location import normal_location_constants, normal_location_loop

# One generation of this loop costs about a normal draw per replicate.
_CHEAP = 20


@dataclass(frozen=True)
class LocationLoop:
    """A normal location loop: n real and m synthetic points per step."""

    real: int
    synthetic: int
    sigma: float
    distance: float
    generation: int
    failure: float
    regime: Literal["fresh", "reused"]


def _settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    settings = []
    for index in range(max(8, effort.settings // 2)):
        real = int(rng.integers(5, 500))
        synthetic = int(rng.integers(0, 3 * real))
        generation = 1 if index < 2 else int(rng.integers(1, 15))
        failure = Fraction(1, int(rng.choice([2, 5, 10, 20, 100])))
        distance = 0.0 if index % 2 == 0 else float(rng.integers(1, 9)) / 8
        sigma = float(rng.integers(1, 9)) / 4
        regime: Literal["fresh", "reused"] = "fresh" if index % 2 else "reused"
        loop = LocationLoop(real, synthetic, sigma, distance, generation, float(failure), regime)
        ratio = Fraction(synthetic, real)
        constants = normal_location_constants(sigma, float(ratio))
        arguments = {
            "rho": ratio / (1 + ratio),
            "A": rounded_up(constants.A),
            "B": constants.B,
            "eps_opt": constants.eps_opt,
            "n": real,
            "t": generation,
            "delta": failure,
            "distance0": distance,
            "radius": "inf",
        }
        label = f"normal location family, {regime} data, n = {real}, lambda = {float(ratio):.2g}, t = {generation}"
        settings.append(Setting(label, arguments, loop))
    return settings


def _measure(setting: Setting, effort: Effort, rng: np.random.Generator) -> Evidence:
    """Measure the quantile of the worst excess over the path, on the scale of the last generation.

    The theorem bounds every generation s up to t at once: that the path stays below its bounds is that the largest of
    ``(distance_s - rho^s distance_0) / (1 + ... + rho^(s-1))`` stays below the error of one step.
    """
    loop: LocationLoop = setting.world
    paths = normal_location_loop(
        rng,
        n=loop.real,
        m=loop.synthetic,
        sigma=loop.sigma,
        distance0=loop.distance,
        steps=loop.generation,
        replicates=_CHEAP * effort.replicates,
        regime=loop.regime,
    )
    rho = loop.synthetic / (loop.real + loop.synthetic)
    powers = rho ** np.arange(loop.generation + 1.0)
    sums = np.concatenate(([0.0], np.cumsum(powers[:-1])))
    worst = ((paths[:, 1:] - powers[1:] * loop.distance) / sums[1:]).max(axis=1)
    return QuantileSample(powers[-1] * loop.distance + worst * sums[-1], 1 - loop.failure)


CHECKS = (
    Check(
        theory.FINITE_SAMPLE,
        _settings,
        _measure,
        (
            plant(theory.FINITE_SAMPLE, "statistical error halved", lambda e: e.subs(A, A / 2)),
            plant(theory.FINITE_SAMPLE, "error n^(-1) instead of n^(-1/2)", lambda e: e.subs(n, n**2)),
            plant(
                theory.FINITE_SAMPLE,
                "failure probability to the power 1/4",
                lambda e: e.subs(delta, delta ** Rational(1, 4)),
            ),
        ),
    ),
)

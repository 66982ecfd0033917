"""The normal location family against its exact law and the finite-sample theorem."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from bounds.errors import ArgumentError
from verify.models.location import (
    normal_location_constants,
    normal_location_loop,
)

LEVEL = 1e-6  # false alarm probability of each statistical test


def exact_moments(n: int, m: int, sigma: float, distance0: float, t: int, regime: str) -> tuple[float, float]:
    """Mean and variance of theta_t - theta* from the linear recursion, coefficient by coefficient."""
    weight, rho = n / (n + m), m / (n + m)
    real = np.array([weight * rho ** (t - 1 - s) for s in range(t)])
    synthetic = np.array([rho ** (t - s) for s in range(t)])
    real_variance = (real @ real if regime == "fresh" else real.sum() ** 2) * sigma**2 / n
    return rho**t * distance0, real_variance + (synthetic @ synthetic * sigma**2 / m if m else 0.0)


@pytest.mark.parametrize("regime", ["fresh", "reused"])
@pytest.mark.parametrize("draws", ["means", "points"])
@pytest.mark.parametrize(("n", "m"), [(20, 30), (10, 0), (3, 12)])
def test_normal_loop_follows_its_exact_law(regime: str, draws: str, n: int, m: int) -> None:
    rng = np.random.default_rng(20)
    replicates = 60_000 if draws == "means" else 4000
    path = normal_location_loop(
        rng, n=n, m=m, sigma=1.5, distance0=0.8, steps=4, replicates=replicates, regime=regime, draws=draws
    )
    limit = math.sqrt(math.log(2 / LEVEL) / (2 * replicates))  # Dvoretzky-Kiefer-Wolfowitz with Massart's constant
    for t in (1, 2, 4):
        mean, variance = exact_moments(n, m, 1.5, 0.8, t, regime)
        folded = stats.foldnorm(mean / math.sqrt(variance), scale=math.sqrt(variance))
        assert stats.kstest(path[:, t], folded.cdf).statistic < limit
    np.testing.assert_array_equal(path[:, 0], 0.8)


@pytest.mark.parametrize("lam", [0.0, 0.5, 4.0])
def test_normal_step_error_has_the_stated_tail(lam: float) -> None:
    sigma, n = 1.7, 40
    constants = normal_location_constants(sigma, lam)
    std = math.sqrt(sigma**2 / n + lam * sigma**2 / n) / (1 + lam)  # of (real + lam synthetic)/(1 + lam)
    delta = np.logspace(-12, 0, 200)
    radius = constants.eps_opt + constants.A / math.sqrt(n) * np.sqrt(np.log(constants.B / delta))
    assert np.all(2 * stats.norm.sf(radius / std) <= delta * (1 + 1e-12))
    assert constants.rho == pytest.approx(lam / (1 + lam))


@pytest.mark.parametrize("regime", ["fresh", "reused"])
@pytest.mark.parametrize(("n", "m"), [(50, 25), (20, 100)])
def test_normal_loop_obeys_the_finite_sample_theorem(regime: str, n: int, m: int) -> None:
    delta, steps, replicates = 0.1, 8, 20_000
    constants = normal_location_constants(1.0, m / n)
    error = constants.A / math.sqrt(n) * math.sqrt(math.log(constants.B * steps / delta))
    s = np.arange(steps + 1)
    bound = constants.rho**s * 2.0 + error * (1 - constants.rho**s) / (1 - constants.rho)
    path = normal_location_loop(
        np.random.default_rng(21), n=n, m=m, sigma=1.0, distance0=2.0, steps=steps, replicates=replicates, regime=regime
    )
    failures = int(np.count_nonzero((path > bound).any(axis=1)))
    assert stats.binomtest(failures, replicates, delta, alternative="greater").pvalue > LEVEL
    # Control: with the step error shrunk to a fifth the same check must fail.
    shrunk = constants.rho**s * 2.0 + 0.2 * error * (1 - constants.rho**s) / (1 - constants.rho)
    failures = int(np.count_nonzero((path > shrunk + 1e-12).any(axis=1)))
    assert stats.binomtest(failures, replicates, delta, alternative="greater").pvalue < LEVEL


def test_same_seed_gives_the_same_bits() -> None:
    first, second = (
        normal_location_loop(
            np.random.default_rng(3), n=5, m=5, sigma=1.0, distance0=0.0, steps=3, replicates=4, regime="reused"
        )
        for _ in range(2)
    )
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(
    "change",
    [
        {"n": 0},
        {"m": -1},
        {"m": 2.5},
        {"sigma": 0.0},
        {"distance0": -1.0},
        {"steps": -1},
        {"replicates": 0},
        {"regime": "replace"},
        {"draws": "all"},
    ],
)
def test_bad_loop_parameters_are_refused(change: dict) -> None:
    arguments = {"n": 5, "m": 5, "sigma": 1.0, "distance0": 0.0, "steps": 2, "replicates": 3} | change
    with pytest.raises(ArgumentError, match=next(iter(change))):
        normal_location_loop(np.random.default_rng(0), **arguments)

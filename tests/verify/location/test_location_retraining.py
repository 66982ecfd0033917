"""The retraining map against mpmath root finding and numerical differentiation, and the path of its iterates."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest
from location_laws import (
    EVERY,
    LAWS,
    RATIOS,
    mp_mean,
    paper_bound,
    refined_bound,
    retraining,
    spectral_bound,
)

from bounds.errors import ArgumentError
from verify.data import EmpiricalLaw
from verify.models.location import (
    logistic_mean_score,
    logistic_retraining,
    numerical_derivative,
)


@pytest.mark.parametrize(("index", "lam"), [(0, 0.1), (1, 3.0), (8, 1.0), (10, 3.0), (14, 0.1)])
def test_retraining_map_matches_mpmath(index: int, lam: float) -> None:
    law, theta = LAWS[index], retraining(index).constants.theta_star + 1.3
    following = float(retraining(index).retrain(theta, lam))

    def objective_slope(x) -> mp.mpf:
        synthetic = mp.quad(
            lambda z: mp.tanh((z + theta - x) / 2) * mp.sech(z / 2) ** 2 / 4, [-60, -10, -3, 0, 3, 10, 60]
        )
        return mp_mean(law, lambda y: mp.tanh((y - x) / 2), float(x)) + lam * synthetic

    root = mp.findroot(objective_slope, (following - 1e-3, following + 1e-3), solver="secant", tol=1e-28)
    assert following == pytest.approx(float(root), abs=2e-14)


@pytest.mark.parametrize("index", EVERY)
@pytest.mark.parametrize("lam", RATIOS)
def test_jacobian_matches_numerical_differentiation(index: int, lam: float) -> None:
    loop = retraining(index)
    theta = loop.constants.theta_star
    numerical = numerical_derivative(lambda x: loop.retrain(x, lam), theta)
    assert loop.constants.jacobian(lam) == pytest.approx(numerical, abs=1e-8)
    assert loop.constants.jacobian(lam) == pytest.approx(float(loop.derivative(theta, lam)), abs=1e-11)
    away = numerical_derivative(lambda x: loop.retrain(x, lam), theta + 0.7)
    assert float(loop.derivative(theta + 0.7, lam)) == pytest.approx(away, abs=1e-8)


def test_at_least_twenty_laws_are_compared() -> None:
    assert len(LAWS) >= 20


@pytest.mark.parametrize("index", EVERY)
def test_iterates_approach_the_optimum_monotonically(index: int) -> None:
    loop = retraining(index)
    path = loop.trajectory(loop.constants.theta_star + np.array([-4.0, -0.1, 0.5, 8.0]), 0.7, 25)
    assert path.shape == (4, 26)
    distance = path - loop.constants.theta_star
    settled = np.abs(distance[:, 1:]) < 1e-10
    assert np.all((np.abs(distance[:, 1:]) < np.abs(distance[:, :-1])) | settled)
    assert np.all((np.sign(distance[:, 1:]) == np.sign(distance[:, :1])) | settled)


@pytest.mark.parametrize("index", EVERY)
@pytest.mark.parametrize("lam", RATIOS)
def test_late_contraction_is_the_jacobian_and_divergence_contracts_at_its_square(index: int, lam: float) -> None:
    loop = retraining(index)
    rate = loop.constants.jacobian(lam)
    path = loop.trajectory(loop.constants.theta_star + 1e-4, lam, 1)
    distance = path - loop.constants.theta_star
    assert distance[1] / distance[0] == pytest.approx(rate, abs=2e-4)
    divergence = loop.divergence(path)
    assert divergence[1] / divergence[0] == pytest.approx(rate**2, abs=4e-4)
    assert divergence[0] == pytest.approx(1e-8 / 6, rel=1e-6)


@pytest.mark.parametrize("index", EVERY)
@pytest.mark.parametrize("lam", RATIOS)
def test_jacobian_obeys_the_stability_bounds(index: int, lam: float) -> None:
    constants = retraining(index).constants
    a, e, J = constants.curvature_lower, constants.lipschitz * constants.epsilon_upper, constants.jacobian(lam)
    slack = 1e-12
    bounds = [spectral_bound(a, e, lam), refined_bound(a, e, lam)]
    if lam * (1 + e / a) < 0.5:
        bounds.append(paper_bound(a, e, lam))
    assert min(bounds) >= J - slack


def test_without_synthetic_data_every_start_goes_to_the_optimum() -> None:
    for index in (1, 14):
        loop = retraining(index)
        np.testing.assert_allclose(loop.retrain([-5.0, 0.0, 9.0], 0.0), loop.constants.theta_star, atol=1e-13)


def test_remote_starts_step_towards_the_optimum() -> None:
    # Far from the data the real score is -1, so a step solves lam F(delta) = 1 whenever lam > 1.
    loop, lam = retraining(9), 3.0
    for theta in (50.0, 1e3, 1e6):
        assert float(logistic_mean_score(theta - loop.retrain(theta, lam))) == pytest.approx(1 / lam, abs=1e-9)
    for index in (1, 3, 5):
        assert np.all(np.abs(retraining(index).retrain([-1e5, 1e5], 0.5)) < 1e3)


def test_blocks_of_starts_do_not_change_the_result() -> None:
    loop = logistic_retraining(EmpiricalLaw(np.random.default_rng(0).logistic(size=20_000)))
    starts = np.linspace(-2, 2, 250).reshape(25, 10)
    together = loop.retrain(starts, 1.0)
    assert together.shape == (25, 10)
    np.testing.assert_allclose(together[3, 7], loop.retrain(starts[3, 7], 1.0), atol=1e-14)
    assert loop.retrain(np.empty(0), 1.0).shape == (0,)


@pytest.mark.parametrize("lam", [-0.1, float("inf"), float("nan")])
def test_bad_ratios_are_refused(lam: float) -> None:
    loop = retraining(0)
    for call in (lambda: loop.retrain(0.0, lam), lambda: loop.constants.jacobian(lam)):
        with pytest.raises(ArgumentError, match="lam"):
            call()
    with pytest.raises(ArgumentError, match="theta"):
        loop.retrain(float("nan"), 1.0)
    with pytest.raises(ArgumentError, match="steps"):
        loop.trajectory(0.0, 1.0, -1)

"""The logistic family against mpmath quadrature and numerical differentiation."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest

from verify.models.location import (
    FISHER,
    LIPSCHITZ,
    logistic_kl,
    logistic_mean_score,
)


@pytest.mark.parametrize("delta", [1e-9, 1e-4, 0.3, -1.0, 1.999, 2.001, 4.0, -15.0, 60.0])
def test_divergence_and_mean_score_match_quadrature(delta: float) -> None:
    with mp.workdps(40):
        # theta' = 0 and theta = delta, so that x = z + delta with z standard logistic.
        d = mp.mpf(delta)
        breaks = sorted(
            {mp.mpf(-200), mp.mpf(-20), mp.mpf(-3), mp.mpf(0), mp.mpf(3), mp.mpf(20), mp.mpf(200), -d, -d / 2}
        )

        def mean(function) -> mp.mpf:
            return mp.quad(lambda z: function(z) * mp.sech(z / 2) ** 2 / 4, breaks)

        kl = mean(lambda z: 2 * mp.log(mp.cosh((z + d) / 2) / mp.cosh(z / 2)))
        score = mean(lambda z: mp.tanh((z + d) / 2))
    assert float(logistic_kl(delta)) == pytest.approx(float(kl), rel=4e-15)
    assert float(logistic_mean_score(delta)) == pytest.approx(float(score), rel=4e-15)


def test_divergence_and_mean_score_are_defined_everywhere() -> None:
    delta = np.array([0.0, 2.0, 750.0, 1e6])
    np.testing.assert_allclose(logistic_kl(delta)[[0, 2, 3]], [0.0, 748.0, 1e6 - 2])
    np.testing.assert_allclose(logistic_mean_score(delta)[[0, 2, 3]], [0.0, 1.0, 1.0])
    np.testing.assert_array_equal(logistic_mean_score(-delta), -logistic_mean_score(delta))


def test_fisher_information_and_lipschitz_constant_of_the_family() -> None:
    def information(z) -> mp.mpf:
        return -mp.diff(lambda theta: -(z - theta) - 2 * mp.log(1 + mp.exp(theta - z)), 0, 2)

    fisher = mp.quad(lambda z: information(z) * mp.sech(z / 2) ** 2 / 4, [-40, -5, 0, 5, 40])
    assert float(fisher) == pytest.approx(FISHER, abs=1e-12)
    slope = [abs(float(mp.diff(information, z))) for z in np.linspace(1.2, 1.45, 11)]
    peak = float(mp.diff(information, mp.log((1 + 1 / mp.sqrt(3)) / (1 - 1 / mp.sqrt(3)))))
    assert max(slope) <= LIPSCHITZ + 1e-9
    assert abs(peak) == pytest.approx(LIPSCHITZ, abs=1e-9)

"""Optimum and curvature of data laws against mpmath, and what follows from them."""

from __future__ import annotations

import math

import mpmath as mp
import pytest
from location_laws import (
    EVERY,
    LAWS,
    mp_mean,
    retraining,
)

from bounds.errors import ArgumentError
from verify.data import EmpiricalLaw, NormalMixture
from verify.models.location import (
    logistic_constants,
)


@pytest.mark.parametrize("index", EVERY)
def test_optimum_and_curvature_match_mpmath(index: int) -> None:
    law, constants = LAWS[index], retraining(index).constants
    start = constants.theta_star
    score = mp_mean(law, lambda x: mp.tanh((x - start) / 2), start)
    curvature = mp_mean(law, lambda x: mp.sech((x - start) / 2) ** 2 / 2, start)
    theta = start + score / curvature  # the next Newton correction is of order score^2
    assert abs(float(theta) - start) <= constants.theta_error
    assert constants.theta_error < 1e-12
    assert abs(float(curvature) - constants.curvature) <= constants.curvature_error
    assert constants.curvature_error < 1e-12


@pytest.mark.parametrize("index", EVERY)
def test_curvature_is_within_kantorovich_rubinstein_of_fisher(index: int) -> None:
    constants = retraining(index).constants
    assert abs(constants.curvature - constants.fisher) <= constants.lipschitz * constants.epsilon_upper


@pytest.mark.parametrize("index", [1, 5, 10, 14])
@pytest.mark.parametrize("scale", [0.5, 3.0])
def test_scale_is_a_change_of_units(index: int, scale: float) -> None:
    direct = logistic_constants(LAWS[index], scale)
    converted = logistic_constants(LAWS[index].in_units_of(scale))
    assert (direct.curvature, direct.epsilon) == (converted.curvature, converted.epsilon)
    assert direct.location == pytest.approx(scale * converted.theta_star)
    assert direct.curvature_lower < direct.curvature
    assert direct.epsilon_upper > direct.epsilon


@pytest.mark.parametrize("law", [EmpiricalLaw([0.0, 80.0]), EmpiricalLaw([0.0, 1e6]), NormalMixture.normal(0, 1e8)])
def test_laws_far_too_wide_for_the_scale_are_refused(law) -> None:
    with pytest.raises(ArgumentError, match="scale"):
        logistic_constants(law)
    logistic_constants(law, scale=math.sqrt(law.variance))

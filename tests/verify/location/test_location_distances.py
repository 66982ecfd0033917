"""Wasserstein distance to the family against quadrature and closed forms, within the error it states."""

from __future__ import annotations

import math
from itertools import pairwise

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from location_laws import (
    EVERY,
    LAWS,
    mp_cdf,
    mp_logistic_cdf,
    retraining,
)
from scipy import integrate, stats

from verify.data import EmpiricalLaw, NormalMixture
from verify.models.location import (
    logistic_constants,
)
from verify.models.location.distances import empirical_distance, mixture_distance


@pytest.mark.parametrize("index", EVERY)
def test_wasserstein_distance_matches_quadrature(index: int) -> None:
    law, constants = LAWS[index], retraining(index).constants
    theta = constants.theta_star

    def gap(x) -> mp.mpf:
        return mp_cdf(law, x) - mp_logistic_cdf(x - theta)

    if isinstance(law, EmpiricalLaw):
        levels = np.arange(1, law.values.size) / law.values.size
        points = sorted({*law.values, theta, *(theta + np.log(levels / (1 - levels)))})
        distance = 0.0
        for a, b in zip([points[0] - 50, *points], [*points, points[-1] + 50], strict=True):
            level = np.count_nonzero(law.values <= (a + b) / 2) / law.values.size
            # One sign on each piece, so 20 Gauss points on short sub-pieces are exact to rounding.
            for c, d in zip(
                *(np.linspace(a, b, 1 + math.ceil(b - a))[k] for k in (slice(-1), slice(1, None))), strict=True
            ):
                distance += abs(
                    integrate.fixed_quad(lambda x, u=level: u - stats.logistic.cdf(x, theta), c, d, n=20)[0]
                )
    else:
        low, high = min(law.means) - 12 * max(law.stds), max(law.means) + 12 * max(law.stds)
        low, high = min(low, theta - 50), max(high, theta + 50)
        width = max(min(law.stds), 0.01)
        focus = [m + k * s for m, s in zip(law.means, law.stds, strict=True) for k in np.linspace(-9, 9, 181)]
        grid = np.array(sorted({*np.arange(low, high, max(width, 0.05)), *focus, theta, high}))
        values = law.cdf(grid) - stats.logistic.cdf(grid, theta)
        change = np.flatnonzero(np.sign(values[:-1]) * np.sign(values[1:]) < 0)
        roots = [float(mp.findroot(gap, (grid[i], grid[i + 1]), solver="anderson", tol=1e-22)) for i in change]
        pieces = [low, *sorted(set(roots) | set(law.means) | {theta}), high]
        distance = float(
            mp.fsum(
                abs(mp.quad(gap, [a, *[x for x in sorted(focus)[::30] if a < x < b], b])) for a, b in pairwise(pieces)
            )
        )
    assert constants.epsilon == pytest.approx(distance, abs=1e-10)
    assert constants.epsilon_error < 2e-11


@pytest.mark.parametrize("std", [0.01, 0.3, 1.0])
def test_wasserstein_distance_of_a_narrow_normal_law_has_a_closed_form(std: float) -> None:
    # The distribution functions cross at the common centre only; each side is a difference of mean tails.
    exact = 2 * (math.log(2) - std / math.sqrt(2 * math.pi))
    constants = logistic_constants(NormalMixture.normal(0.7, std))
    assert abs(constants.epsilon - exact) <= constants.epsilon_error


@given(
    st.lists(st.tuples(st.floats(0.05, 1), st.floats(-6, 6), st.floats(0.05, 6)), min_size=1, max_size=4),
)
@settings(max_examples=15, deadline=None)
def test_wasserstein_error_bound_covers_a_fine_grid(parts: list[tuple[float, float, float]]) -> None:
    weights, means, stds = zip(*parts, strict=True)
    law = NormalMixture([w / sum(weights) for w in weights], means, stds)
    constants = logistic_constants(law)
    grid = np.linspace(-80, 80, 200_001)
    gap = np.abs(law.cdf(grid) - stats.logistic.cdf(grid, constants.theta_star))
    assert constants.epsilon == pytest.approx(integrate.trapezoid(gap, grid), abs=2e-6)
    assert constants.epsilon_error < 1e-9


@pytest.mark.parametrize("std", [4 / math.sqrt(2 * math.pi), 300.0, 1e3, 3e4, 1e5])
def test_mixture_error_bound_covers_the_error(std: float) -> None:
    # The distribution functions cross at 0 only. At the first std their difference has a triple zero there, so the sign
    # of many small cells stays undecided; at the others rounding is what is left.
    law = NormalMixture.normal(0.0, std)
    distance, bound = mixture_distance(law, 0.0)
    with mp.workdps(40):
        exact = 2 * abs(mp.log(2) - mp.mpf(std) / mp.sqrt(2 * mp.pi))
        assert abs(distance - exact) <= bound
    assert bound < 1e-9 * max(1.0, std)


def test_undecided_signs_cost_more_than_rounding_at_a_triple_zero() -> None:
    # Without this the test above could not tell whether undecided cells enter the bound.
    distance, _ = mixture_distance(NormalMixture.normal(0.0, 4 / math.sqrt(2 * math.pi)), 0.0)
    assert abs(distance - 2 * (math.log(2) - 2 / math.pi)) > 1e-12


@pytest.mark.parametrize("distance_to_centre", [7.3, 300.1, 12345.67, 1e5 + 0.1])
def test_empirical_error_bound_covers_the_error(distance_to_centre: float) -> None:
    # On each side the two functions cross nowhere but at the atom.
    distance, bound = empirical_distance(EmpiricalLaw([-distance_to_centre, distance_to_centre]), 0.0)
    with mp.workdps(40):
        m = mp.mpf(distance_to_centre)
        assert abs(distance - (m - 2 * mp.log(2) + 4 * mp.log1p(mp.exp(-m)))) <= bound
    assert bound < 1e-14 * max(1.0, distance_to_centre)

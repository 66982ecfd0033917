"""Loops in d dimensions: kernel sums term by term, and the sampled distance against the gridded one."""

import math

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from bounds.errors import ArgumentError
from verify.data import NormalMixture
from verify.distances import shortfall
from verify.evidence import BoundedSample
from verify.mixing import Regime, by_share, replace
from verify.models.kde import (
    EPANECHNIKOV,
    GAUSSIAN,
    Fixed,
    Grid,
    GriddedLaw,
    IsotropicMixture,
    NormalReference,
    kde_loop,
    kernel_sums,
    space,
    spatial_kde_loop,
)


@pytest.mark.parametrize("d", [1, 2, 5])
@pytest.mark.parametrize("kernel", [GAUSSIAN, EPANECHNIKOV])
def test_kernel_sums_term_by_term(d, kernel, monkeypatch):
    rng = np.random.default_rng(d)
    points, at, h = rng.normal(size=(37, d)), rng.normal(size=(11, d)), 0.9
    expected = [
        math.fsum(math.prod(float(kernel.density(np.array((x[j] - y[j]) / h))) / h for j in range(d)) for y in points)
        / 37
        for x in at
    ]
    np.testing.assert_allclose(kernel_sums(points, at, h, kernel), expected, rtol=1e-12, atol=1e-15)
    monkeypatch.setattr(space, "_BLOCK", 10)  # blocks smaller than the sample
    np.testing.assert_allclose(kernel_sums(points, at, h, kernel), expected, rtol=1e-12, atol=1e-15)


def test_density_and_draws_of_a_mixture():
    law = IsotropicMixture([0.25, 0.75], [[0.0, 1.0, 2.0], [-1.0, 0.0, 0.5]], [0.5, 2.0])
    rng = np.random.default_rng(0)
    x = rng.normal(size=(9, 3))
    parts = [multivariate_normal(law.means[i], law.stds[i] ** 2 * np.eye(3)).pdf(x) for i in range(2)]
    np.testing.assert_allclose(law.pdf(x), 0.25 * parts[0] + 0.75 * parts[1], rtol=1e-12)
    draws = law.sample(rng, (20_000,))
    inside = BoundedSample((draws[:, 0] <= 0.0).astype(float), 0.0, 1.0).interval(1e-6)
    truth = 0.25 * 0.5 + 0.75 * 0.5 * math.erfc(-0.5 / math.sqrt(2))
    assert inside.lower <= truth <= inside.upper
    np.testing.assert_allclose(law.smoothed(0.75).stds, [1.0, math.sqrt(4.75)])


@pytest.mark.parametrize("kernel", [GAUSSIAN, EPANECHNIKOV])
def test_shortfall_averages_to_the_gridded_distance(kernel):
    rng = np.random.default_rng(4)
    line, law = NormalMixture.normal(), IsotropicMixture.normal(1)
    points, h = rng.normal(size=(1, 100)), 0.3
    exact = GriddedLaw(line, kernel, Grid(-12, 12, 20_000)).distances(points.copy(), np.array([h]))
    at = law.sample(rng, (40_000,))
    values = shortfall(law.pdf(at), kernel_sums(points[0][:, None], at, h, kernel))
    limits = BoundedSample(values, 0.0, 1.0).interval(1e-6)
    assert limits.lower - exact.error[0] <= exact.tv[0] <= limits.upper + exact.error[0]
    assert limits.upper - limits.lower < 0.02


def test_one_dimension_agrees_with_the_loop_on_the_line():
    mixture = by_share(200, "1/2", Regime.REUSED)
    line = kde_loop(np.random.default_rng(0), NormalMixture.normal(), mixture, 3, 300, bandwidth=Fixed(0.2))
    rng = np.random.default_rng(1)
    found = spatial_kde_loop(rng, IsotropicMixture.normal(1), mixture, 3, 300, bandwidth=Fixed(0.2), measured=[3])
    assert found.evidence(3).interval(1e-6).meets(line.evidence(3).interval(1e-6))
    assert found.evidence(3).interval(0.05).upper < line.evidence(3).upper(0.05) + 0.05
    with pytest.raises(ArgumentError, match="not among the measured"):
        found.evidence(1)


@pytest.mark.parametrize("d", [2, 3, 5])
@pytest.mark.parametrize("kernel", [GAUSSIAN, EPANECHNIKOV])
def test_higher_dimensions_run_in_every_setting(d, kernel):
    law = IsotropicMixture([0.5, 0.5], np.vstack([np.zeros(d), np.ones(d)]), [0.7, 1.0])
    one, two = (
        spatial_kde_loop(
            np.random.default_rng(0), law, replace(100), 2, 4, bandwidth=NormalReference(), kernel=kernel, places=16
        )
        for _ in range(2)
    )
    assert np.array_equal(one.shortfall, two.shortfall)
    assert np.all((one.shortfall >= 0) & (one.shortfall <= 1))
    assert one.evidence(2).lower(0.05) < one.evidence(2).estimate < one.evidence(2).upper(0.05)


@pytest.mark.parametrize(
    ("weights", "means", "stds", "message"),
    [
        ([1.0], [0.0], [1.0], "shapes"),
        ([0.5, 0.6], [[0.0], [1.0]], [1.0, 1.0], "sum to"),
        ([1.0], [[0.0]], [0.0], "positive"),
        ([1.0], [[math.nan]], [1.0], "finite"),
    ],
)
def test_bad_mixtures_are_refused(weights, means, stds, message):
    with pytest.raises(ArgumentError, match=message):
        IsotropicMixture(weights, means, stds)

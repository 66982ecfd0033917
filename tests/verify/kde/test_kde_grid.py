"""Distances on a grid: the stated error must cover the truth, found by direct kernel sums on a far finer grid."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import gaussian_kde

from bounds.errors import ArgumentError
from verify.data import NormalMixture
from verify.models.kde import (
    EPANECHNIKOV,
    GAUSSIAN,
    Grid,
    GriddedLaw,
    bin_linearly,
    covering_grid,
)

NORMAL = NormalMixture.normal()
TWO = NormalMixture((0.3, 0.7), (-1.5, 1.0), (0.4, 0.8))


def direct_tv(law, kernel, points, h):
    """Kernel sums without binning, on nodes fine enough that the trapezoid rule errs far below what is tested."""
    low = min(points.min() - kernel.reach * h, -12.0)
    high = max(points.max() + kernel.reach * h, 12.0)
    x = np.linspace(low, high, 200_001)
    density = np.zeros_like(x)
    for point in points:
        density += kernel.density((x - point) / h) / (h * points.size)
    gap = np.abs(density - law.pdf(x))
    return 0.5 * (x[1] - x[0]) * (gap.sum() - 0.5 * (gap[0] + gap[-1]))


@settings(max_examples=60, deadline=None)
@given(
    points=st.lists(st.floats(-4, 4), min_size=1, max_size=6),
    h=st.floats(0.1, 2),
    cells=st.integers(5, 400),
    edge=st.floats(2, 20),
    kernel=st.sampled_from((GAUSSIAN, EPANECHNIKOV)),
    law=st.sampled_from((NORMAL, TWO)),
)
def test_the_stated_error_covers_the_truth(points, h, cells, edge, kernel, law):
    sample = np.array(points)
    found = GriddedLaw(law, kernel, Grid(-edge, edge + 0.37, cells)).distances(sample[None], np.array([h]))
    assert abs(found.tv[0] - direct_tv(law, kernel, sample, h)) <= found.error[0] + 1e-6


@pytest.mark.parametrize("kernel", [GAUSSIAN, EPANECHNIKOV])
def test_a_covering_grid_reaches_the_error_asked_for(kernel):
    points = np.random.default_rng(3).normal(size=(2, 60))
    for error in (1e-2, 1e-4, 1e-6):
        grid = covering_grid(TWO, kernel, 0.2, 5, error)
        found = GriddedLaw(TWO, kernel, grid).distances(points, np.array([0.2, 0.2]))
        assert np.all(found.error <= error * 1.001)
        for row in range(2):
            truth = direct_tv(TWO, kernel, points[row], 0.2)
            assert abs(found.tv[row] - truth) <= found.error[row] + 1e-8


def test_too_coarse_a_grid_says_so():
    points = np.random.default_rng(3).normal(size=(1, 300))
    found = GriddedLaw(NORMAL, GAUSSIAN, Grid(-9, 9, 60)).distances(points, np.array([0.05]))
    truth = direct_tv(NORMAL, GAUSSIAN, points[0], 0.05)
    assert found.error[0] > abs(found.tv[0] - truth) > 1e-2


def test_points_beyond_the_grid_are_counted_in_the_error():
    points = np.array([[0.0, 0.5, 30.0, -30.0]])
    found = GriddedLaw(NORMAL, GAUSSIAN, Grid(-10, 10, 4000)).distances(points, np.array([0.5]))
    assert 0.25 <= found.error[0] < 0.26
    assert abs(found.tv[0] - direct_tv(NORMAL, GAUSSIAN, points[0], 0.5)) <= found.error[0]


@given(
    points=st.lists(st.floats(-2.5, 3.5), min_size=1, max_size=8),
    cells=st.integers(1, 7),
    replicates=st.integers(1, 3),
)
def test_binning_shares_each_point_between_its_neighbours(points, cells, replicates):
    sample = np.array([np.roll(points, i) + 0.1 * i for i in range(replicates)])
    grid = Grid(-2.0, 3.0, cells)
    found = bin_linearly(sample.copy(), grid)
    expected = np.zeros((replicates, cells + 1))
    outside = np.zeros(replicates)
    for row in range(replicates):
        for x in sample[row]:
            hats = np.maximum(0, 1 - np.abs(x - grid.nodes) / grid.step)
            if -2.0 <= x <= 3.0:
                expected[row] += hats / sample.shape[1]
            else:
                outside[row] += 1 / sample.shape[1]
    np.testing.assert_allclose(found.shares.sum(axis=1) + found.outside, 1, atol=1e-12)
    near_edge = np.abs(np.abs(sample - 0.5) - 2.5).min() < 1e-12
    if not near_edge:
        np.testing.assert_allclose(found.shares, expected, atol=1e-12)
        np.testing.assert_allclose(found.outside, outside, atol=1e-12)


def test_the_density_of_points_on_nodes_is_scipys():
    grid = Grid(-5.0, 5.0, 1000)
    rng = np.random.default_rng(0)
    points = rng.choice(grid.nodes[200:800], size=(1, 50))
    theirs = gaussian_kde(points[0], bw_method=0.3)
    h = np.sqrt(theirs.covariance[0])
    found = GriddedLaw(NORMAL, GAUSSIAN, grid).densities(bin_linearly(points.copy(), grid), h)
    np.testing.assert_allclose(found[0], theirs(grid.nodes), atol=1e-12)


def test_replicates_with_their_own_bandwidths_are_kept_apart():
    grid = Grid(-9.0, 9.0, 2000)
    points, h = np.random.default_rng(0).normal(size=(4, 30)), np.array([0.3, 0.3, 0.5, 0.2])
    together = GriddedLaw(NORMAL, GAUSSIAN, grid).distances(points, h)
    for row in range(4):
        alone = GriddedLaw(NORMAL, GAUSSIAN, grid).distances(points[row : row + 1], h[row : row + 1])
        assert together.tv[row] == pytest.approx(alone.tv[0], abs=1e-14)
        assert together.error[row] == alone.error[0]


def test_bad_grids_are_refused():
    with pytest.raises(ArgumentError, match="low < high"):
        Grid(1.0, 1.0, 10)
    with pytest.raises(ArgumentError, match="too small"):
        Grid(0.0, 1.0, 0)
    with pytest.raises(ArgumentError, match="less accuracy"):
        covering_grid(NORMAL, GAUSSIAN, 1e-6, 1, 1e-6)
    with pytest.raises(ArgumentError, match="between 0 and 1"):
        covering_grid(NORMAL, GAUSSIAN, 0.1, 1, 0.0)

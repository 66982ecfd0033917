"""Loops solved in closed form and sampled loops of known stability, against quadrature, enumeration and direct runs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import binom, norm

from bounds.errors import ArgumentError
from verify.models.stability import (
    CoinLoop,
    CutNormalLoop,
    Drift,
    MarkingLoop,
    MovedPoint,
    coupled_tv,
    held_frequency_gaps,
    joint_law,
    joint_tv,
    likelihood_ratio_losses,
    sampled_learner,
)

LEVEL = 1e-5


def hoeffding(count: int, length: float) -> float:
    """Distance that the mean of `count` values in an interval of this length exceeds with probability at most LEVEL."""
    return length * math.sqrt(math.log(2 / LEVEL) / (2 * count))


@pytest.mark.parametrize(("reused", "synthetic", "t"), [(1, 1, 1), (2, 3, 2), (4, 6, 5)])
def test_joint_law_by_unrolling_the_noise(reused: int, synthetic: int, t: int) -> None:
    moved = MovedPoint(reused, synthetic, 0.7, 2.0)
    n, N = moved.size, synthetic
    # Rows: weights of all noises so far in each synthetic point; the shift follows the same recursion without noise.
    weights, shift = 0.7 * np.eye(N), 2.0 / n
    for _ in range(t - 1):
        carried = np.tile(weights.sum(axis=0) / n, (N, 1))
        weights = np.hstack([carried, 0.7 * np.eye(N)])
        shift = 2.0 / n + N * shift / n
    found_shift, covariance = joint_law(moved, t)
    np.testing.assert_allclose(found_shift, shift, rtol=1e-13)
    np.testing.assert_allclose(covariance, weights @ weights.T, rtol=1e-13)
    white = np.linalg.solve(np.linalg.cholesky(covariance), found_shift)
    assert joint_tv(moved, t) == pytest.approx(2 * norm.cdf(np.linalg.norm(white) / 2) - 1, abs=1e-12)


@pytest.mark.parametrize("t", [1, 3])
def test_likelihood_ratio_measures_the_joint_total_variation(t: int) -> None:
    moved = MovedPoint(3, 4, 1.0, 5.0)
    found = likelihood_ratio_losses(np.random.default_rng(t), moved, t, 40_000)
    assert abs(found.mean() - joint_tv(moved, t)) < hoeffding(found.size, 1.0)


def test_coupled_runs_keep_their_distance() -> None:
    moved = MovedPoint(2, 3, 1.5, 4.0)
    distance = 4 / 5 * (1 + 3 / 5 + 9 / 25)
    found = coupled_tv(np.random.default_rng(1), moved, 3, 50)
    np.testing.assert_allclose(found, 2 * norm.cdf(distance / 3.0) - 1, atol=1e-13)


@pytest.mark.parametrize(
    ("loop", "t"), [(MarkingLoop(Drift(3, 9, 0.2), 2.5), 1), (MarkingLoop(Drift(10, 10, 0.1), 4.0), 3)]
)
def test_marking_loop_point_by_point(loop: MarkingLoop, t: int) -> None:
    gaps = loop.draw_gaps(np.random.default_rng(2), t, 40_000)
    assert abs(gaps.mean() - loop.expected_gap(t).value) < hoeffding(gaps.size, 2.0)
    assert loop.gamma(t) == pytest.approx(1 - (1 - loop.eta(t)) ** loop.drift.synthetic)
    q = loop.drift.synthetic / loop.drift.size
    assert loop.eta(t) == pytest.approx(loop.drift.error * (1 - q**t) / (1 - q))


def test_marking_learner_is_stable_on_arbitrary_training_sets() -> None:
    # Points are lists of real points or None; a loss may only change by 1/count when one of them is replaced.
    rng, count = np.random.default_rng(3), 2.5
    values = [None, (), (0,), (1,), (0, 1), (2,)]

    def loss(points: list, z: int) -> float:
        return min(1.0, sum(p is not None and z not in p for p in points) / count)

    worst = 0.0
    for _ in range(3000):
        points = [values[i] for i in rng.integers(len(values), size=6)]
        other = [values[int(rng.integers(len(values)))], *points[1:]]
        z = int(rng.integers(3))
        worst = max(worst, abs(loss(points, z) - loss(other, z)))
    assert worst == pytest.approx(MarkingLoop(Drift(1, 5, 0.1), count).beta)


@pytest.mark.parametrize("probability", [0.5, 0.9, 0.99])
def test_coin_loop_quantiles_by_adding_up(probability: float) -> None:
    loop, t = CoinLoop(Drift(12, 7, 0.1), 0.6), 2
    low = 0.6 - 0.1 * (1 + 7 / 19)
    both = [(binom.pmf(x, 12, 0.6) * binom.pmf(y, 7, low), 0.6 - (x + y) / 19) for x in range(13) for y in range(8)]
    given = [(binom.pmf(x, 12, 0.6), abs(0.6 - (x + 7 * low) / 19)) for x in range(13)]
    for law, found in ((both, loop.gap_quantile(t, probability)), (given, loop.gap_given_real(t, probability))):
        assert sum(w for w, g in law if g <= found.value + 1e-9) >= probability
        assert sum(w for w, g in law if g < found.value - 1e-9) < probability
    assert loop.expected_gap(t).value == pytest.approx(sum(w * g for w, g in both), abs=1e-12)


def test_held_frequencies_by_a_loop_written_out() -> None:
    drift, p, t = Drift(3, 3, 0.15), 0.5, 2
    expected = 0.0
    for x in range(4):
        first = min(max(x / 3, p - 0.15), p + 0.15)
        for y in range(4):
            mixture = 0.5 * p + 0.5 * first
            second = min(max((x + y) / 6, mixture - 0.15), mixture + 0.15)
            expected += binom.pmf(x, 3, p) * binom.pmf(y, 3, first) * (p - (x + 3 * second) / 6)
    gaps = held_frequency_gaps(np.random.default_rng(4), drift, p, t, 200_000)
    assert abs(gaps.mean() - expected) < hoeffding(gaps.size, 1.0)


def test_cut_normal_law_by_quadrature() -> None:
    loop = CutNormalLoop(3, 4, 1.25)
    mass = quad(norm.pdf, -1.25, 1.25)[0]
    assert loop.real_variance == pytest.approx(quad(lambda x: x * x * norm.pdf(x) / mass, -1.25, 1.25)[0], rel=1e-9)
    for mean in (0.0, -0.3, 0.8, 3.0):

        def difference(x: float, mean: float = mean) -> float:
            return 0.5 * abs((norm.pdf(x) / mass if abs(x) <= 1.25 else 0.0) - norm.pdf(x - mean))

        expected = sum(quad(difference, a, b, limit=200)[0] for a, b in ((-10, -1.25), (-1.25, 1.25), (1.25, 12)))
        assert float(loop.real_tv(np.array([mean]))[0]) == pytest.approx(expected, abs=1e-6)
    points = loop.draw_real(np.random.default_rng(5), 20_000)
    assert np.abs(points).max() <= 1.25
    assert abs((points**2).mean() - loop.real_variance) < hoeffding(points.size, 1.25**2)


def test_cut_normal_loop_by_points_and_by_sums() -> None:
    loop, t = CutNormalLoop(4, 6, 2.0), 3
    rng = np.random.default_rng(6)
    training = loop.draw_training_sets(rng, t, 40_000)
    means = loop.draw_means(rng, t, 40_000)
    # A smooth bounded function of the mean of generation t, and of a point drawn from it: E cos x = E cos(mean) exp(-1/2).
    by_points, by_sums = np.cos(training[:, -1]).mean(), np.cos(means).mean() * math.exp(-0.5)
    assert abs(by_points - by_sums) < 2 * hoeffding(40_000, 2.0)
    assert training[:, :4].max() <= 2.0 < training[:, 4:].max()


def test_cut_normal_constants_hold_in_runs() -> None:
    loop, t = CutNormalLoop(5, 5, 2.0), 3
    rng = np.random.default_rng(7)
    grid = np.linspace(-9, 9, 3601)
    step, mass = grid[1] - grid[0], 2 * norm.cdf(2.0) - 1
    real_density = np.where(np.abs(grid) <= 2, norm.pdf(grid) / mass, 0.0)
    real = loop.draw_real(rng, 400)
    mean, last = real.mean(axis=1), None
    for _ in range(t):
        target = real_density if last is None else 0.5 * real_density + 0.5 * norm.pdf(grid - last[:, None])
        error = 0.5 * step * np.abs(norm.pdf(grid - mean[:, None]) - target).sum(axis=1)
        assert error.mean() < loop.d_tv(t)
        last = mean
        drawn = mean[:, None] + rng.standard_normal((400, 5))
        mean = np.concatenate([real[:, :5], drawn], axis=1).mean(axis=1)
    moved = MovedPoint(5, 5, 1.0, 4.0)
    assert loop.gamma(t) == pytest.approx(joint_tv(moved, t), rel=1e-12)
    assert loop.eta(t) == pytest.approx(float(coupled_tv(rng, moved, t, 1)[0]), rel=1e-12)


@pytest.mark.parametrize("name", ["sine feature", "clipped mean", "ridge regression"])
def test_gaps_of_sampled_learners_by_fresh_points(name: str) -> None:
    loop = CutNormalLoop(3, 4, 1.5)
    rng = np.random.default_rng(8)
    training = loop.draw_training_sets(rng, 1, 4)
    test = loop.draw_real(rng, 100_000).ravel()
    learner = sampled_learner(name, loop)  # type: ignore[arg-type]
    gaps = learner.gaps(training)
    for row, gap in zip(training, gaps, strict=True):
        loss = _written_out(name, row, 1.5)
        values, seen = loss(test), loss(row)
        assert min(values.min(), seen.min()) >= 0
        assert max(values.max(), seen.max()) <= learner.loss_range
        assert abs(values.mean() - seen.mean() - gap) < hoeffding(test.size, learner.loss_range)
    moved = training.copy()
    moved[:, 0] = -1.5 * np.sign(training[:, 0])
    for row, other in zip(training, moved, strict=True):
        change = np.abs(_written_out(name, row, 1.5)(test[:2000]) - _written_out(name, other, 1.5)(test[:2000]))
        assert change.max() <= learner.beta * (1 + 1e-12)


def _written_out(name: str, row: np.ndarray, cut: float):
    if name == "sine feature":
        return lambda z: (1 - np.sin(row).mean() * np.sin(z)) / 2
    if name == "clipped mean":
        return lambda z: (np.clip(row, -cut, cut).mean() - np.clip(z, -cut, cut)) ** 2
    features = np.stack([np.ones(row.size), np.sin(row)], axis=1) / math.sqrt(2)
    # Ridge regression is least squares on rows added for the penalty.
    rows = np.vstack([features / math.sqrt(row.size), np.eye(2)])
    targets = np.concatenate([np.clip(row, -cut, cut) / math.sqrt(row.size), [0, 0]])
    weights = np.linalg.lstsq(rows, targets, rcond=None)[0]
    return lambda z: (np.clip(z, -cut, cut) - (weights[0] + weights[1] * np.sin(z)) / math.sqrt(2)) ** 2


def test_refusals_of_loops() -> None:
    with pytest.raises(ArgumentError, match="no probability"):
        Drift(0, 1, 0.5).weight(3)
    with pytest.raises(ArgumentError, match="at least 1"):
        MarkingLoop(Drift(1, 1, 0.5), 0.5)
    with pytest.raises(ArgumentError, match="between the drift"):
        CoinLoop(Drift(1, 1, 0.5), 0.25).lowered(1)
    with pytest.raises(ArgumentError, match="at least 1 reused"):
        MovedPoint(0, 3, 1.0, 1.0)
    with pytest.raises(ArgumentError, match="sigma"):
        MovedPoint(1, 3, 0.0, 1.0)
    with pytest.raises(ArgumentError, match="positive cut"):
        CutNormalLoop(1, 1, 0.0)
    with pytest.raises(ArgumentError, match="no learner"):
        sampled_learner("oracle", CutNormalLoop(1, 1, 1.0))  # type: ignore[arg-type]

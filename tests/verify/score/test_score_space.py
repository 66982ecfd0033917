"""Score networks in the plane: what the flow generates against closed forms and its own draws, and loops of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import norm

import bounds
from verify.mixing import Regime, by_share, replace
from verify.models.kde import IsotropicMixture
from verify.models.score import (
    TANH,
    CosineMixture,
    IndependentCoordinates,
    Matching,
    Noising,
    RandomFeatureScore,
    Separate,
    Window,
    carry,
    carry_points,
    draw_features,
    flow_log_density,
    spatial_flow_trainer,
    spatial_score_loop,
)

WINDOW = Window(0.05, Noising(3))
SQUARE = IndependentCoordinates(CosineMixture((1.0,), (0.0,), (2.0,)), 2)


class NormalScore:
    """The true score of a centred normal law with one standard deviation for each coordinate."""

    dimension = 2

    def __init__(self, *stds: float) -> None:
        self.squares = np.array(stds) ** 2

    def variances(self, time: float) -> np.ndarray:
        return WINDOW.retained(time) ** 2 * self.squares + WINDOW.spread(time) ** 2

    def __call__(self, x: np.ndarray, time: float) -> np.ndarray:
        return -x / self.variances(time)

    def divergence(self, x: np.ndarray, time: float) -> np.ndarray:
        return np.full(x.shape[0], -(1 / self.variances(time)).sum())


def trained(seed: int, width: int = 48, points: int = 60) -> RandomFeatureScore:
    rng = np.random.default_rng(seed)
    features = draw_features(rng, width, 2, WINDOW, activation=TANH, inner_std=1.0)
    train = spatial_flow_trainer(features, Matching(WINDOW, 12, 2), lambda n: 100 * n**0.5)
    return train(rng, SQUARE.sample(rng, (points,)))


def test_the_score_of_a_normal_law_generates_that_law_but_for_the_start() -> None:
    score = NormalScore(0.5, 2.0)
    shrink = np.sqrt(score.variances(WINDOW.start) / score.variances(WINDOW.end))
    start = np.random.default_rng(0).standard_normal((50, 2))
    end, stretch = carry_points(score, WINDOW, start, 48)
    np.testing.assert_allclose(end, shrink * start, rtol=1e-5)
    np.testing.assert_allclose(stretch, np.log(shrink).sum(), atol=1e-5)
    expected = norm.logpdf(end / shrink).sum(axis=1) - np.log(shrink).sum()
    np.testing.assert_allclose(flow_log_density(score, WINDOW, end, 48), expected, atol=1e-4)


def test_back_and_forth_is_where_it_was_and_the_stretch_is_a_determinant() -> None:
    score = trained(1)
    at = SQUARE.sample(np.random.default_rng(2), (6,))
    end, back = carry_points(score, WINDOW, at, 60, back=True)
    again, forth = carry_points(score, WINDOW, end, 60)
    np.testing.assert_allclose(again, at, atol=1e-4)
    np.testing.assert_allclose(forth, -back, atol=1e-3)
    step = 1e-5
    sides = [
        (carry_points(score, WINDOW, at + s * step * np.eye(2)[k], 60, back=True)[0], s)
        for k in (0, 1)
        for s in (1, -1)
    ]
    columns = [(sides[2 * k][0] - sides[2 * k + 1][0]) / (2 * step) for k in (0, 1)]
    determinants = columns[0][:, 0] * columns[1][:, 1] - columns[0][:, 1] * columns[1][:, 0]
    np.testing.assert_allclose(np.log(determinants), back, atol=2e-3)


def test_a_trained_network_generates_a_law_of_mass_one_that_its_draws_follow() -> None:
    score = trained(3)
    edges = np.linspace(-3, 3, 76)
    middle = 0.5 * (edges[1:] + edges[:-1])
    places = np.stack(np.meshgrid(middle, middle, indexing="ij"), axis=-1).reshape(-1, 2)
    mass = np.exp(flow_log_density(score, WINDOW, places, 16)) * (edges[1] - edges[0]) ** 2
    draws = carry_points(score, WINDOW, np.random.default_rng(4).standard_normal((10_000, 2)), 16)[0]
    # Hoeffding at level 2e-6, and what the cells of the grid blur at a boundary.
    slack = math.sqrt(math.log(1e6) / (2 * 10_000)) + 0.015
    assert 0.9 < mass.sum() < 1.001
    for inside in (
        lambda x: np.abs(x).max(axis=1) < 3,
        lambda x: (x[:, 0] > 0.2) & (np.abs(x).max(axis=1) < 3),
        lambda x: np.abs(x).max(axis=1) < 0.72,
        lambda x: (x.sum(axis=1) < -0.5) & (np.abs(x).max(axis=1) < 3),
    ):
        assert abs(inside(draws).mean() - mass[inside(places)].sum()) < slack


def test_on_the_line_it_is_the_flow_of_the_line() -> None:
    rng = np.random.default_rng(5)
    features = draw_features(rng, 24, 1, WINDOW, activation=TANH)
    points = rng.uniform(-1, 1, (30, 1))
    score = spatial_flow_trainer(features, Matching(WINDOW, 8, 2), lambda n: 50.0)(rng, points)
    start = rng.standard_normal((1, 40))
    expected = carry(Separate((score,)), WINDOW, start, 30)
    np.testing.assert_allclose(carry_points(score, WINDOW, start.T, 30)[0], expected.T, rtol=1e-12)


def test_a_loop_in_the_plane_drifts() -> None:
    rng = np.random.default_rng(6)
    features = draw_features(rng, 48, 2, WINDOW, activation=TANH, inner_std=1.0)
    train = spatial_flow_trainer(features, Matching(WINDOW, 8, 1), lambda n: 100 * n**0.5)
    settings = {"places": 16, "steps": 8}
    alone = spatial_score_loop(rng, SQUARE, replace(30), 3, 16, train, WINDOW, **settings)
    mixed = spatial_score_loop(rng, SQUARE, by_share(30, "1/2", Regime.FRESH), 3, 16, train, WINDOW, **settings)
    assert alone.shortfall.shape == (16, 3)
    assert float(alone.error.mean()) < 0.05
    assert 0.05 < alone.shortfall[:, 0].mean() < alone.shortfall[:, 2].mean() < 0.9
    assert 0.05 < mixed.shortfall[:, 2].mean() < 0.9
    assert alone.evidence(3).lower(1e-5) > 0
    with pytest.raises(bounds.ArgumentError, match="generations 1 to 3"):
        alone.evidence(4)


def test_the_same_seed_gives_the_same_loop() -> None:
    def run() -> np.ndarray:
        rng = np.random.default_rng(7)
        features = draw_features(rng, 16, 2, WINDOW, activation=TANH)
        train = spatial_flow_trainer(features, Matching(WINDOW, 4, 1), lambda n: 20.0)
        law = IsotropicMixture.normal(2)
        return spatial_score_loop(rng, law, replace(10), 2, 2, train, WINDOW, places=8, steps=6).shortfall

    np.testing.assert_array_equal(run(), run())

"""What score networks generate on the line: against closed forms, direct evaluation and the diffusion package's flow."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp
from scipy.stats import kstest

from bounds.errors import ArgumentError, DataError
from verify.data import NormalMixture
from verify.models.diffusion.scores import TrueScore
from verify.models.score import (
    RELU,
    TANH,
    CosineMixture,
    GeneratedLaws,
    Matching,
    Noising,
    RandomFeatures,
    RandomFeatureScore,
    Separate,
    SharedFeatures,
    Window,
    carry,
    distance_to,
    draw_features,
    generated_laws,
    prior_divergence,
    train_flow,
)

WINDOW = Window(0.02, Noising(3, first=1, last=2))
LAW = CosineMixture((0.3, 0.7), (-1.0, 0.5), (1.5, 1.0))


@pytest.mark.parametrize("activation", [RELU, TANH])
@pytest.mark.parametrize("output", ["score", "noise"])
def test_shared_features_are_the_networks_one_by_one(activation, output: str) -> None:
    rng = np.random.default_rng(0)
    features = draw_features(rng, 40, 1, WINDOW, activation=activation, output=output)
    # A feature that does not depend on the point has no break; breaks may coincide.
    features.inner[3] = 0.0
    features.inner[5], features.timed[5] = features.inner[6], features.timed[6]
    outer, x = rng.standard_normal((3, 40, 1)), 3 * rng.standard_normal((3, 50))
    shared = SharedFeatures(features, outer)
    separate = Separate([RandomFeatureScore(features, a) for a in outer])
    for time in (0.02, 0.3, 3.0):
        np.testing.assert_allclose(shared.at(time)(x), separate.at(time)(x), rtol=1e-10, atol=1e-12)


def test_at_a_break_a_broken_line_is_continuous() -> None:
    features = RandomFeatures(np.array([[1.0], [-2.0]]), np.array([[0.5], [1.0]]), WINDOW)
    shared = SharedFeatures(features, np.array([[[3.0], [5.0]]]))
    x = np.array([[-0.5, 0.5, -0.5 - 1e-9, 0.5 + 1e-9]])
    expected = (3 * np.maximum(x + 0.5, 0) + 5 * np.maximum(1 - 2 * x, 0)) / 2
    np.testing.assert_allclose(shared.at(1.0)(x), expected, atol=1e-12)


def test_the_true_score_of_a_normal_law_carries_by_its_closed_form() -> None:
    law = NormalMixture.normal(mean=0.7, std=0.4)
    start, end = (WINDOW.noising.law_at(law, t) for t in (0.02, 3.0))
    z = np.linspace(-3, 3, 7)
    carried = carry(Separate([TrueScore(law, WINDOW.noising)]), WINDOW, z[None], steps=200)[0]
    np.testing.assert_allclose(carried, start.mean + start.stds[0] / end.stds[0] * (z - end.mean), atol=1e-6)


def test_carried_points_solve_the_flow() -> None:
    rng = np.random.default_rng(1)
    features = draw_features(rng, 20, 1, WINDOW, activation=TANH)
    score = RandomFeatureScore(features, 3 * rng.standard_normal((20, 1)))

    def speed(time: float, x: np.ndarray) -> np.ndarray:
        return -0.5 * WINDOW.noising.rate(time) * (x + score(x[:, None], time)[:, 0])

    z = np.array([-1.0, 0.2, 1.5])
    solved = solve_ivp(speed, (3.0, 0.02), z, rtol=1e-10, atol=1e-12).y[:, -1]
    found = carry(SharedFeatures(features, score.outer[None]), WINDOW, z[None], steps=400)[0]
    np.testing.assert_allclose(found, solved, atol=1e-7)


def test_total_variation_of_normal_laws_is_the_closed_form_within_its_error() -> None:
    z = np.linspace(-6, 6, 401)
    for shift in (0.05, 0.5, 2.0):
        tv, error = GeneratedLaws(z, (z + shift)[None]).total_variation(NormalMixture.normal())
        exact = math.erf(shift / (2 * math.sqrt(2)))
        assert tv[0] <= exact + 1e-9
        assert abs(tv[0] - exact) <= error[0] < 1e-3


def test_distance_agrees_with_a_finer_computation_within_its_error() -> None:
    rng = np.random.default_rng(2)
    features = draw_features(rng, 64, 1, WINDOW)
    points = LAW.sample(rng, (6, 40, 1))
    matching = Matching(WINDOW, times=16, draws=2)
    trained = [train_flow(rng, row, features, matching).outer([10.0, 5000.0]) for row in points]
    scores = SharedFeatures(features, np.concatenate(trained))
    tv, error = distance_to(LAW, scores, WINDOW, cells=160, steps=24)
    fine, rest = distance_to(LAW, scores, WINDOW, cells=1600, steps=120)
    assert (np.abs(tv - fine) <= error).all()
    assert rest.max() < error.max() < 0.05


def test_the_distance_of_the_true_score_is_that_of_early_stopping() -> None:
    law = NormalMixture((0.5, 0.5), (-1.0, 1.0), (0.4, 0.4))
    window = Window(0.05, Noising(8))
    noised = window.noising.law_at(law, 0.05)
    exact = quad(lambda x: abs(float(law.pdf(x) - noised.pdf(x))) / 2, -6, 6, limit=400)[0]
    tv, error = distance_to(law, Separate([TrueScore(law, window.noising)]), window, cells=800, steps=100)
    assert abs(tv[0] - exact) < error[0] + 1e-3  # e^-4 is left of the means at the horizon


def test_generated_draws_have_the_generated_law() -> None:
    rng = np.random.default_rng(3)
    features = draw_features(rng, 30, 1, WINDOW)
    scores = SharedFeatures(features, 5 * rng.standard_normal((1, 30, 1)))
    laws = generated_laws(scores, WINDOW, cells=2000)
    draws = carry(scores, WINDOW, rng.standard_normal((1, 4000)))[0]
    assert kstest(draws, lambda x: laws.cdf(x[None])[0]).pvalue > 1e-5


def test_steps_too_long_are_refused() -> None:
    features = draw_features(np.random.default_rng(0), 30, 1, WINDOW)
    steep = SharedFeatures(features, 3000 * np.random.default_rng(1).standard_normal((1, 30, 1)))
    with pytest.raises(DataError, match="more steps"):
        generated_laws(steep, WINDOW, steps=4)


def test_cosine_mixture_against_quadrature() -> None:
    low, high = LAW.support
    assert (low, high) == (-2.5, 1.5)
    density = lambda x: float(LAW.pdf(x))  # noqa: E731
    for x in (-2.0, -0.6, 0.4, 1.4):
        assert float(LAW.cdf(x)) == pytest.approx(quad(density, low, x, epsabs=1e-12)[0], abs=1e-10)
    mean = quad(lambda x: x * density(x), low, high)[0]
    assert LAW.mean == pytest.approx(mean, abs=1e-8)
    assert LAW.variance == pytest.approx(quad(lambda x: (x - mean) ** 2 * density(x), low, high)[0], abs=1e-8)
    draws = LAW.sample(np.random.default_rng(0), 20_000)
    assert kstest(draws, LAW.cdf).pvalue > 1e-5
    assert low <= draws.min() < draws.max() <= high


def test_prior_divergence_against_quadrature() -> None:
    window = Window(0.02, Noising(1))
    r, s = math.exp(-0.5), math.sqrt(1 - math.exp(-1))

    def noised(x: float) -> float:
        gauss = lambda y: math.exp(-(((x - r * y) / s) ** 2) / 2) / (s * math.sqrt(2 * math.pi))  # noqa: E731
        return quad(lambda y: float(LAW.pdf(y)) * gauss(y), *LAW.support, points=[-0.5, 0.5], epsabs=1e-12)[0]

    def part(x: float) -> float:
        p = noised(x)
        return p * (math.log(p) + x * x / 2 + math.log(2 * math.pi) / 2)

    assert prior_divergence(LAW, window) == pytest.approx(quad(part, -8, 8, limit=200)[0], rel=1e-6)


def test_bad_arguments() -> None:
    features = draw_features(np.random.default_rng(0), 4, 2, WINDOW)
    one = draw_features(np.random.default_rng(0), 4, 1, WINDOW)
    scores = SharedFeatures(one, np.ones((2, 4, 1)))
    for bad in (
        lambda: SharedFeatures(features, np.ones((2, 4, 2))),
        lambda: SharedFeatures(one, np.ones((2, 5, 1))),
        lambda: Separate([]),
        lambda: carry(scores, WINDOW, np.zeros((3, 5))),
        lambda: generated_laws(scores, WINDOW, cells=5),
        lambda: distance_to(LAW, scores, WINDOW, steps=5),
        lambda: CosineMixture((0.5, 0.4), (0.0, 0.0), (1.0, 1.0)),
        lambda: CosineMixture((1.0,), (0.0,), (0.0,)),
        lambda: CosineMixture((1.0,), (0.0, 1.0), (1.0,)),
        lambda: CosineMixture((1.0,), (math.inf,), (1.0,)),
    ):
        with pytest.raises(ArgumentError):
            bad()

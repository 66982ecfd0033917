"""Noised laws against quadrature, scores and divergences against finite differences."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from bounds import ArgumentError
from verify.data import NormalMixture
from verify.models.diffusion import Bump, Fading, Noising, PerturbedScore, Ramp, ScoreError, TrueScore, Wave
from verify.models.kde import IsotropicMixture

MIXTURE = NormalMixture((0.3, 0.7), (-1.5, 1.0), (0.4, 0.6))
FLAT = IsotropicMixture([0.4, 0.6], [[-1.0, 0.5], [1.0, -0.2]], [0.5, 0.8])
NOISING = Noising(2, first="1/2", last=2)


@given(st.fractions(0, 5), st.fractions(0, 5), st.fractions(Fraction(1, 10), 5), st.floats(0, 1))
@settings(max_examples=40)
def test_the_rate_integrates_to_what_has_elapsed(first, last, horizon, share) -> None:
    if first + last == 0:
        first = Fraction(1)
    noising = Noising(horizon, first, last)
    time = share * noising.end
    assert noising.elapsed(time) == pytest.approx(quad(noising.rate, 0, time)[0], abs=1e-9)
    assert noising.elapsed(noising.end) == pytest.approx(float(noising.total), rel=1e-12)


@pytest.mark.parametrize("time", [0.0, 0.3, 2.0])
def test_the_noised_law_is_the_shrunk_law_plus_noise(time: float) -> None:
    shrinking, noised = NOISING.shrinking(time), NOISING.law_at(MIXTURE, time)
    added = math.sqrt(1 - shrinking**2)
    for x in (-2.0, 0.1, 1.4):
        if added == 0:
            expected = float(MIXTURE.pdf(x))
        else:
            expected, _ = quad(
                lambda y, x=x: (
                    float(MIXTURE.pdf(y))
                    * math.exp(-0.5 * ((x - shrinking * y) / added) ** 2)
                    / (added * math.sqrt(2 * math.pi))
                ),
                -6,
                6,
                points=[x / shrinking],
                limit=200,
            )
        assert float(noised.pdf(x)) == pytest.approx(expected, rel=1e-8)


def test_noised_laws_follow_one_another() -> None:
    halfway = Noising(1, first="1/2", last="5/4")
    rest = Noising(1, first="5/4", last=2)
    both = rest.law_at(halfway.law_at(MIXTURE, 1.0), 1.0)
    assert both.means == pytest.approx(NOISING.law_at(MIXTURE, 2.0).means, rel=1e-14)
    assert both.stds == pytest.approx(NOISING.law_at(MIXTURE, 2.0).stds, rel=1e-14)


def test_times_of_twice_as_many_steps_contain_the_others() -> None:
    assert NOISING.times(16, 0.25)[::2] == pytest.approx(NOISING.times(8, 0.25), abs=1e-15)
    assert NOISING.times(8, 0.25)[[0, -1]].tolist() == [0.25, 2.0]


def log_density_on_the_line(x: np.ndarray, time: float) -> np.ndarray:
    return np.log(NOISING.law_at(MIXTURE, time).pdf(x[:, 0]))


def log_density_in_the_plane(x: np.ndarray, time: float) -> np.ndarray:
    a = math.exp(-NOISING.elapsed(time) / 2)
    total = np.zeros(len(x))
    for w, m, s in zip(FLAT.weights, FLAT.means, FLAT.stds, strict=True):
        v = (a * s) ** 2 + 1 - a * a
        total += w / (2 * math.pi * v) * np.exp(-0.5 * np.sum((x - a * m) ** 2, axis=1) / v)
    return np.log(total)


@pytest.mark.parametrize(
    ("score", "log_density"),
    [
        (TrueScore(MIXTURE, NOISING), log_density_on_the_line),
        (TrueScore(FLAT, NOISING), log_density_in_the_plane),
    ],
)
@pytest.mark.parametrize("time", [0.0, 0.7, 2.0])
def test_the_true_score_is_the_gradient_of_the_log_density(score, log_density, time: float) -> None:
    x = np.random.default_rng(1).uniform(-2, 2, (30, score.dimension))
    h = 1e-5
    for j in range(score.dimension):
        step = h * np.eye(score.dimension)[j]
        slope = (log_density(x + step, time) - log_density(x - step, time)) / (2 * h)
        assert score(x, time)[:, j] == pytest.approx(slope, rel=1e-6, abs=1e-7)


def test_the_true_score_far_out_is_that_of_the_nearest_component() -> None:
    score = TrueScore(MIXTURE, NOISING)
    assert score(np.array([[60.0]]), 0.0)[0, 0] == pytest.approx(-59 / 0.36)
    assert np.isfinite(score(np.array([[1e6]]), 0.0)).all()


FIELDS = [
    Wave(0.4, 2.0, 0.3, dimension=2),
    Ramp(0.3, -0.2, dimension=2),
    Bump(0.5, 0.2, 0.7, dimension=2),
    Fading(Wave(0.4, 2.0, dimension=2), NOISING, decay=1.5),
    TrueScore(FLAT, NOISING),
    PerturbedScore(TrueScore(FLAT, NOISING), Bump(0.5, 0.2, 0.7, dimension=2)),
    ScoreError(PerturbedScore(TrueScore(FLAT, NOISING), Wave(0.4, 2.0, dimension=2)), TrueScore(FLAT, NOISING)),
]


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: type(field).__name__)
def test_divergences_are_those_of_finite_differences(field) -> None:
    x, h, time = np.random.default_rng(2).uniform(-2, 2, (30, 2)), 1e-5, 0.6
    slopes = [(field(x + h * unit, time) - field(x - h * unit, time)) / (2 * h) for unit in np.eye(2)]
    found = field.divergence(x, time)
    assert found.shape == (30,)
    assert found == pytest.approx(slopes[0][:, 0] + slopes[1][:, 1], rel=1e-6, abs=1e-8)


def test_the_error_of_a_perturbed_score_is_its_perturbation() -> None:
    true, wave, x = TrueScore(MIXTURE, NOISING), Wave(0.4, 2.0), np.linspace(-3, 3, 7)[:, None]
    assert ScoreError(PerturbedScore(true, wave), true)(x, 0.2) == pytest.approx(wave(x, 0.2), abs=1e-14)
    fading = Fading(wave, NOISING, decay=0.5)
    assert fading(x, 2.0) == pytest.approx(wave(x, 2.0) * math.exp(-0.5 * 2.5), rel=1e-14)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (lambda: Noising(0), "horizon"),
        (lambda: Noising(1, first=-1), "rates of at least 0"),
        (lambda: Noising(1, first=0, last=0), "not both 0"),
        (lambda: Noising(math.inf), "finite"),
        (lambda: Noising(1).times(0), "at least 1 step"),
        (lambda: Noising(1).times(5, 1.0), "stop"),
        (lambda: Bump(1.0, 0.0, 0.0), "width"),
    ],
)
def test_bad_arguments(bad, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        bad()

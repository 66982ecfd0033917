"""Score matching by gradient flow: against brute-force losses, ordinary differential equations and step-by-step descent."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from bounds.errors import ArgumentError
from verify.models.score import (
    RELU,
    SOFTPLUS,
    TANH,
    Matching,
    Moments,
    Noising,
    RandomFeatures,
    RandomFeatureScore,
    Rows,
    Window,
    descend,
    draw_features,
    gradient_flow,
    moments,
    rows,
    train_flow,
)

WINDOW = Window(0.05, Noising(2, first=1, last=3))


def _problem(width: int = 12, dimension: int = 2, n: int = 5, output: str = "score"):
    rng = np.random.default_rng(3)
    features = draw_features(rng, width, dimension, WINDOW, terms=3, output=output)
    points = rng.uniform(-1, 1, (n, dimension))
    return features, points, Matching(WINDOW, times=4, draws=3)


@pytest.mark.parametrize("output", ["score", "noise"])
@pytest.mark.parametrize("weighting", ["variance", "likelihood"])
def test_the_loss_is_the_weighted_sum_written_out(output: str, weighting: str) -> None:
    features, points, matching = _problem(output=output)
    matching = Matching(WINDOW, matching.times, matching.draws, weighting)
    outer = np.random.default_rng(0).standard_normal((features.width, 2))
    score = RandomFeatureScore(features, outer)
    noisy = matching.noisy(np.random.default_rng(7), points)
    total = 0.0
    edges = WINDOW.elapsed(WINDOW.path(8)[::2])
    for k, time in enumerate(noisy.times):
        share = (edges[k] - edges[k + 1]) / (edges[0] - edges[-1])
        spread = np.sqrt(1 - np.exp(-(time + time**2 / 2)))
        weight = share * (spread**2 if weighting == "variance" else 1.0)
        for x, target in zip(noisy.points[k], noisy.targets[k], strict=True):
            total += 0.5 * weight / len(noisy.points[k]) * ((score(x[None], time)[0] - target) ** 2).sum()
            # The noisy point is the shrunk data point plus the noise the target names.
            clean = (x + spread**2 * target) / np.sqrt(1 - spread**2)
            assert np.abs(points - clean).sum(axis=1).min() < 1e-12
    quadratic = moments(np.random.default_rng(7), points, features, matching)
    assert quadratic.loss(outer) == pytest.approx(total, rel=1e-12)
    summed = rows(np.random.default_rng(7), points, features, matching)
    assert summed.moments().loss(outer) == pytest.approx(total, rel=1e-12)


def test_the_noise_is_stratified_and_normal() -> None:
    matching = Matching(WINDOW, times=3, draws=200)
    noisy = matching.noisy(np.random.default_rng(0), np.zeros((5, 2)))
    spread = WINDOW.spread(noisy.times)[:, None, None]
    noise = np.sort(noisy.points / spread, axis=1)
    from scipy.special import ndtr

    assert np.abs(ndtr(noise) - (np.arange(1000)[:, None] + 0.5) / 1000).max() <= 0.5 / 1000 + 1e-12
    assert abs(np.corrcoef(noisy.points[0].T)[0, 1]) < 0.15


@pytest.mark.parametrize("width", [12, 200])
def test_flow_solves_the_differential_equation_from_any_start(width: int) -> None:
    features, points, matching = _problem(width)
    quadratic = moments(np.random.default_rng(7), points, features, matching)
    start = np.random.default_rng(1).standard_normal((width, 2))
    path = train_flow(np.random.default_rng(7), points, features, matching, start)
    assert path.rates.size == min(width, 5 * 3 * 4)

    def speed(_: float, a: np.ndarray) -> np.ndarray:
        return quadratic.descent_direction(a.reshape(width, 2)).ravel()

    taus = np.array([0.0, 0.3, 2.0])
    solved = solve_ivp(speed, (0.0, 2.0), start.ravel(), t_eval=taus, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(path.outer(taus), solved.y.T.reshape(3, width, 2), atol=1e-7)
    np.testing.assert_allclose(path.loss(taus), [quadratic.loss(a) for a in path.outer(taus)], rtol=1e-9)


def test_the_direction_is_minus_m_times_the_gradient_of_the_loss() -> None:
    features, points, matching = _problem()
    quadratic = moments(np.random.default_rng(7), points, features, matching)
    outer = np.random.default_rng(2).standard_normal((12, 2))
    direction = quadratic.descent_direction(outer)
    for j, i in ((0, 0), (5, 1)):
        bump = np.zeros_like(outer)
        bump[j, i] = 1e-4
        slope = (quadratic.loss(outer + bump) - quadratic.loss(outer - bump)) / 2e-4
        assert direction[j, i] == pytest.approx(-12 * slope, rel=1e-6)


def test_few_points_and_many_features_agree() -> None:
    features, points, matching = _problem(width=70)
    summed = rows(np.random.default_rng(7), points, features, matching)
    start = np.random.default_rng(1).standard_normal((70, 2))
    few, many = gradient_flow(summed, start), gradient_flow(summed.moments(), start)
    taus = np.geomspace(1e-2, 1e3, 6)
    np.testing.assert_allclose(few.outer(taus), many.outer(taus), atol=1e-8)
    np.testing.assert_allclose(few.loss(taus), many.loss(taus), rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(few.descent(0.1, [7, 70]), many.descent(0.1, [7, 70]), atol=1e-8)


@given(st.integers(0, 300), st.floats(0.01, 1.99), st.integers(0, 10**6))
def test_descent_in_one_go_is_descent_step_by_step(steps: int, share: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    root = rng.standard_normal((3, 4))
    quadratic = Moments(root.T @ root, rng.standard_normal((4, 1)), 10.0)
    path = gradient_flow(quadratic)
    step = share / path.rates.max()
    np.testing.assert_allclose(path.descent(step, steps), descend(quadratic, step, steps), atol=1e-9, rtol=1e-9)


def test_small_steps_of_descent_follow_the_flow() -> None:
    features, points, matching = _problem()
    path = train_flow(np.random.default_rng(7), points, features, matching)
    errors = [np.abs(path.descent(1.0 / k, k) - path.outer(1.0)).max() for k in (1000, 2000)]
    assert errors[0] / errors[1] == pytest.approx(2.0, rel=0.01)


def test_the_end_of_training_is_least_squares() -> None:
    features, points, matching = _problem(width=6)
    summed = rows(np.random.default_rng(7), points, features, matching)
    best = np.linalg.lstsq(summed.features / 6, summed.targets, rcond=None)[0]
    np.testing.assert_allclose(gradient_flow(summed.moments()).outer(1e9), best, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("activation", [RELU, TANH, SOFTPLUS])
def test_the_network_is_the_sum_over_neurons_and_its_divergence_the_trace_of_its_jacobian(activation) -> None:
    rng = np.random.default_rng(5)
    features = draw_features(rng, 9, 3, WINDOW, terms=4, activation=activation, output="noise")
    outer = rng.standard_normal((9, 3))
    score, x, time = RandomFeatureScore(features, outer), rng.standard_normal((4, 3)), 0.4
    elapsed = lambda t: t + t * t / 2  # noqa: E731
    r = np.log(elapsed(time) / elapsed(0.05)) / np.log(elapsed(2.0) / elapsed(0.05))
    act = {"relu": lambda z: max(z, 0.0), "tanh": np.tanh, "softplus": lambda z: np.log1p(np.exp(z))}[activation.name]
    for point, value in zip(x, score(x, time), strict=True):
        total = np.zeros(3)
        for j in range(9):
            inside = features.inner[j] @ point + sum(u * np.cos(np.pi * k * r) for k, u in enumerate(features.timed[j]))
            total += outer[j] * act(inside) / 9 / np.sqrt(1 - np.exp(-elapsed(time)))
        np.testing.assert_allclose(value, total, rtol=1e-12)
    h = 1e-6
    trace = sum((score(x + h * e, time) - score(x - h * e, time)) @ e / (2 * h) for e in np.eye(3))
    np.testing.assert_allclose(score.divergence(x, time), trace, rtol=1e-6, atol=1e-7)


def test_window_against_the_forward_process() -> None:
    noising = WINDOW.noising
    times = WINDOW.path(7)
    assert times[0] == 2.0
    assert times[-1] == 0.05
    np.testing.assert_allclose(WINDOW.elapsed(times), [noising.elapsed(float(t)) for t in times], rtol=1e-14)
    np.testing.assert_allclose(WINDOW.time_of(WINDOW.elapsed(times)), times, rtol=1e-12)
    ratios = np.diff(np.log(WINDOW.elapsed(times)))
    np.testing.assert_allclose(ratios, ratios[0])
    fine, weights = WINDOW.quadrature(4000)
    # The average of exp(-elapsed) over the noise of the window.
    first, last = WINDOW.elapsed(0.05), WINDOW.elapsed(2.0)
    exact = (np.exp(-first) - np.exp(-last)) / (last - first)
    assert weights @ np.exp(-WINDOW.elapsed(fine)) == pytest.approx(exact, rel=1e-6)


def test_bad_arguments() -> None:
    features, points, matching = _problem()
    for bad in (
        lambda: Window(0.0, Noising(1)),
        lambda: Window(1.0, Noising(1)),
        lambda: Matching(WINDOW, times=0),
        lambda: Matching(WINDOW, weighting="none"),
        lambda: RandomFeatures(np.ones((3, 1)), np.ones((4, 2)), WINDOW),
        lambda: RandomFeatures(np.ones((3, 1)), np.ones((3, 2)), WINDOW, output="sample"),
        lambda: draw_features(np.random.default_rng(0), 3, 1, WINDOW, inner_std=0.0),
        lambda: RandomFeatureScore(features, np.ones((12, 1))),
        lambda: matching.noisy(np.random.default_rng(0), points[0]),
        lambda: train_flow(np.random.default_rng(0), points[:, :1], features, matching),
        lambda: gradient_flow(Rows(np.eye(2), np.ones((2, 1))), np.ones((3, 1))),
        lambda: gradient_flow(Rows(np.eye(2), np.ones((2, 1)))).outer(-1.0),
        lambda: gradient_flow(Rows(np.eye(2), np.ones((2, 1)))).descent(5.0, 1),
        lambda: gradient_flow(Rows(np.eye(2), np.ones((2, 1)))).descent(0.1, 1.5),
    ):
        with pytest.raises(ArgumentError):
            bad()

"""Networks trained in all layers: derivatives by hand against finite differences, and what training achieves."""

from __future__ import annotations

import numpy as np
import pytest

from bounds.errors import ArgumentError
from verify.data import NormalMixture
from verify.models.diffusion.scores import TrueScore
from verify.models.score import (
    RELU,
    SOFTPLUS,
    TANH,
    Adam,
    CosineMixture,
    LayeredScore,
    Noising,
    Separate,
    Window,
    distance_to,
    draw_layers,
    loss_and_gradient,
    train_layers,
)

WINDOW = Window(0.02, Noising(3))


@pytest.mark.parametrize("activation", [TANH, SOFTPLUS, RELU])
@pytest.mark.parametrize("hidden", [(7,), (6, 5)])
def test_the_gradient_is_that_of_finite_differences(activation, hidden: tuple[int, ...]) -> None:
    rng = np.random.default_rng(0)
    parameters = [p + 0.1 * rng.standard_normal(p.shape) for p in draw_layers(rng, 2, hidden, WINDOW).parameters]
    inputs, noise = rng.standard_normal((11, 6)), rng.standard_normal((11, 2))
    loss, gradient = loss_and_gradient(tuple(parameters), inputs, noise, activation)
    assert loss > 0
    for number, part in enumerate(parameters):
        for place in np.ndindex(part.shape):
            ends = []
            for h in (1e-5, -1e-5):
                moved = [p.copy() for p in parameters]
                moved[number][place] += h
                ends.append(loss_and_gradient(tuple(moved), inputs, noise, activation)[0])
            assert gradient[number][place] == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-5, abs=1e-8)


@pytest.mark.parametrize("activation", [TANH, SOFTPLUS])
def test_the_divergence_is_that_of_finite_differences(activation) -> None:
    rng = np.random.default_rng(1)
    network = draw_layers(rng, 3, (8, 6), WINDOW, activation=activation)
    x, h = rng.standard_normal((5, 3)), 1e-5
    trace = sum((network(x + h * e, 0.3) - network(x - h * e, 0.3)) @ e / (2 * h) for e in np.eye(3))
    np.testing.assert_allclose(network.divergence(x, 0.3), trace, rtol=1e-5, atol=1e-7)


def test_training_finds_the_score_of_a_mixture() -> None:
    law = NormalMixture((0.5, 0.5), (-1.0, 1.0), (0.4, 0.4))
    rng = np.random.default_rng(2)
    network = draw_layers(rng, 1, (32,), WINDOW, activation=TANH)
    points = law.sample(rng, (3000, 1))
    trained = train_layers(rng, points, network, Adam(steps=1500, rate=1e-2))
    true = TrueScore(law, WINDOW.noising)
    x = np.linspace(-1.5, 1.5, 31)[:, None]
    for time in (0.2, 1.0):
        spread = float(WINDOW.spread(time))
        assert np.sqrt(((trained(x, time) - true(x, time)) ** 2).mean()) * spread < 0.15
    before, after = (distance_to(law, Separate([s]), WINDOW)[0][0] for s in (network, trained))
    assert after < 0.12 < 0.3 < before


def test_features_that_are_learned_adapt_to_the_law() -> None:
    law = CosineMixture((0.5, 0.5), (-0.8, 0.8), (1.4, 1.4))
    rng = np.random.default_rng(4)
    network = draw_layers(rng, 1, (16,), WINDOW)
    trained = train_layers(rng, law.sample(rng, (500, 1)), network, Adam(steps=300))
    moved = np.abs(trained.parameters[0] - network.parameters[0]).max()
    assert moved > 0.1
    assert [p.shape for p in trained.parameters] == [p.shape for p in network.parameters]


def test_the_same_generator_gives_the_same_network() -> None:
    network = draw_layers(np.random.default_rng(0), 1, (8,), WINDOW)
    points = np.random.default_rng(1).uniform(-1, 1, (20, 1))
    one, two = (train_layers(np.random.default_rng(2), points, network, Adam(steps=20)) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(one.parameters, two.parameters, strict=True))


def test_bad_arguments() -> None:
    network = draw_layers(np.random.default_rng(0), 1, (8,), WINDOW)
    for bad in (
        lambda: draw_layers(np.random.default_rng(0), 1, (), WINDOW),
        lambda: draw_layers(np.random.default_rng(0), 0, (4,), WINDOW),
        lambda: LayeredScore((np.ones((3, 2)), np.ones(3)), 2, WINDOW),
        lambda: Adam(steps=0),
        lambda: Adam(rate=0.0),
        lambda: train_layers(np.random.default_rng(0), np.zeros((5, 2)), network, Adam(steps=1)),
    ):
        with pytest.raises(ArgumentError):
            bad()

"""Training of all layers of a score network by stochastic gradients (Adam, Kingma and Ba 2015)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bounds.errors import ArgumentError
from verify.mixing import count
from verify.models.score.activations import Activation
from verify.models.score.layers import LayeredScore, Parameters, backward, forward, network_inputs

Array = NDArray[np.float64]

_FIRST, _SECOND, _FLOOR = 0.9, 0.999, 1e-8  # Adam's usual decays, and what keeps it from dividing by zero
_GRID = 64  # times that training draws from


@dataclass(frozen=True)
class Adam:
    """How long and how fast to train.

    Parameters
    ----------
    steps : int
        Number of gradient steps, at least 1.
    batch : int
        Noisy points per step, at least 1; points, times and noise are drawn anew in every step.
    rate : float
        Learning rate, positive; it falls to 0 along half a cosine.

    Raises
    ------
    ArgumentError
        If a number is outside its domain.

    Examples
    --------
    >>> Adam(steps=100).batch
    256
    """

    steps: int = 1000
    batch: int = 256
    rate: float = 5e-3

    def __post_init__(self) -> None:
        count("steps", self.steps, 1)
        count("batch", self.batch, 1)
        if not 0.0 < self.rate < math.inf:
            raise ArgumentError(f"rate = {self.rate}; it must be positive and finite")


def loss_and_gradient(
    parameters: Parameters, inputs: Array, noise: Array, activation: Activation
) -> tuple[float, Parameters]:
    """Half the mean squared distance of the network's output from minus the noise, and its gradient.

    That is denoising score matching with the weight ``spread^2``, as the score is the output over the spread.

    Parameters
    ----------
    parameters : tuple of ndarray
        Weights and biases of the layers, in turn.
    inputs : ndarray, shape (p, d + e)
        Noisy points beside the embeddings of their times.
    noise : ndarray, shape (p, d)
        The standard normal noise in them.
    activation : Activation
        Of the hidden layers.

    Returns
    -------
    loss : float
    gradient : tuple of ndarray
        Of the shapes of the parameters.

    Examples
    --------
    >>> from verify.models.score import TANH
    >>> loss_and_gradient((np.zeros((1, 1)), np.zeros(1)), np.ones((1, 1)), np.full((1, 1), 2.0), TANH)
    (2.0, (array([[2.]]), array([2.])))
    """
    held = forward(parameters, inputs, activation)
    missed = held[-1] + noise
    gradient = backward(parameters, held, missed / len(inputs), activation)
    return float(0.5 * (missed**2).sum() / len(inputs)), gradient


def train_layers(rng: np.random.Generator, points: Array, network: LayeredScore, adam: Adam) -> LayeredScore:
    """Train all layers by denoising score matching; times are drawn evenly on the window's logarithmic clock.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the batches and of the noise.
    points : ndarray, shape (n, d)
        The training set, in units of the data.
    network : LayeredScore
        Where training starts.
    adam : Adam
        How long and how fast.

    Returns
    -------
    LayeredScore

    Raises
    ------
    ArgumentError
        If the points are of another dimension.

    Examples
    --------
    A standard normal law has the score -x at all times:

    >>> from verify.models.score import Noising, Window, draw_layers
    >>> rng = np.random.default_rng(0)
    >>> network = draw_layers(rng, 1, (16,), Window(0.05, Noising(3)))
    >>> trained = train_layers(rng, rng.standard_normal((500, 1)), network, Adam(steps=600))
    >>> abs(float(trained(np.array([[0.8]]), 1.0)[0, 0]) + 0.8) < 0.2
    True
    """
    if points.ndim != 2 or points.shape[1] != network.dimension:
        raise ArgumentError(f"points of shape {points.shape}; the shape must be (n, {network.dimension})")
    window, parameters = network.window, network.parameters
    times = window.path(2 * _GRID)[1::2]
    retained = window.retained(times)
    spread = window.spread(times)
    momentum = [np.zeros_like(part) for part in parameters]
    squares = [np.zeros_like(part) for part in parameters]
    for step in range(1, adam.steps + 1):
        which, when = rng.integers(0, len(points), adam.batch), rng.integers(0, _GRID, adam.batch)
        noise = rng.standard_normal((adam.batch, network.dimension))
        noisy = retained[when, None] * points[which] + spread[when, None] * noise
        inputs = network_inputs(noisy, times[when], network.terms, window)
        _, gradient = loss_and_gradient(parameters, inputs, noise, network.activation)
        momentum = [_FIRST * a + (1 - _FIRST) * g for a, g in zip(momentum, gradient, strict=True)]
        squares = [_SECOND * b + (1 - _SECOND) * g * g for b, g in zip(squares, gradient, strict=True)]
        rate = adam.rate * 0.5 * (1 + math.cos(math.pi * (step - 1) / adam.steps))
        rate *= math.sqrt(1 - _SECOND**step) / (1 - _FIRST**step)
        parameters = tuple(
            part - rate * a / (np.sqrt(b) + _FLOOR) for part, a, b in zip(parameters, momentum, squares, strict=True)
        )
    return replace(network, parameters=parameters)

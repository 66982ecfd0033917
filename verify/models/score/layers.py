"""A small score network whose layers are all trained, with its derivatives by hand: feature learning, for comparison."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from bounds.errors import ArgumentError
from verify.mixing import count
from verify.models.score.activations import SOFTPLUS, Activation
from verify.models.score.window import Window

Array = NDArray[np.float64]
Parameters = tuple[Array, ...]


@dataclass(frozen=True, eq=False)
class LayeredScore:
    """A score network with hidden layers; its output is divided by the noise's standard deviation at the time.

    Its input is the point and ``cos(pi k r)``, k = 1..e, with r the place of the time in the window (`Window.clock`).

    Parameters
    ----------
    parameters : tuple of ndarray
        Weights (inputs, outputs) and biases (outputs,) of the layers, in turn.
    terms : int
        Length e of the time embedding.
    window : Window
        The forward process and t_0.
    activation : Activation
        Of every hidden layer; a smooth one makes the divergence smooth.

    Raises
    ------
    ArgumentError
        If the shapes of neighbouring layers disagree.

    Examples
    --------
    >>> from verify.models.score import Noising
    >>> network = draw_layers(np.random.default_rng(0), 2, (16, 16), Window(0.02, Noising(3)))
    >>> network(np.zeros((5, 2)), 0.1).shape, network.divergence(np.zeros((5, 2)), 0.1).shape
    ((5, 2), (5,))
    """

    parameters: Parameters
    terms: int
    window: Window
    activation: Activation = SOFTPLUS

    def __post_init__(self) -> None:
        shapes = [np.shape(part) for part in self.parameters]
        widths = [shape[0] for shape in shapes[::2]] + [shapes[-1][0]]
        expected = [s for k in range(len(widths) - 1) for s in ((widths[k], widths[k + 1]), (widths[k + 1],))]
        if len(shapes) % 2 or shapes != expected or widths[0] - self.terms != widths[-1]:
            raise ArgumentError(f"parameters of shapes {shapes} with {self.terms} time terms do not make a network")

    @property
    def dimension(self) -> int:
        """Dimension d of the points."""
        return int(self.parameters[-1].shape[0])

    def __call__(self, x: Array, time: float) -> Array:
        """The score at points of shape (p, d), of the same shape."""
        inputs = network_inputs(x, np.full(x.shape[0], time), self.terms, self.window)
        return forward(self.parameters, inputs, self.activation)[-1] / self.window.spread(time)

    def divergence(self, x: Array, time: float) -> Array:
        """Trace of the Jacobian, shape (p,), the derivatives carried through the layers.

        Examples
        --------
        >>> from verify.models.score import Noising
        >>> network = draw_layers(np.random.default_rng(0), 1, (16,), Window(0.02, Noising(3)))
        >>> x = np.array([[0.3]])
        >>> slope = (network(x + 1e-5, 0.1) - network(x - 1e-5, 0.1)) / 2e-5
        >>> bool(abs(slope[0, 0] - network.divergence(x, 0.1)[0]) < 1e-7)
        True
        """
        held = network_inputs(x, np.full(x.shape[0], time), self.terms, self.window)
        d = self.dimension
        # tangents[p, i, :] is the derivative of the layer's output with respect to coordinate i of the point.
        tangents = np.broadcast_to(np.eye(d, held.shape[1]), (x.shape[0], d, held.shape[1]))
        last = len(self.parameters) // 2 - 1
        for layer in range(last + 1):
            weights, biases = self.parameters[2 * layer], self.parameters[2 * layer + 1]
            held, tangents = held @ weights + biases, tangents @ weights
            if layer < last:
                tangents = tangents * self.activation.slope(held)[:, None, :]
                held = self.activation.value(held)
        return np.asarray(np.einsum("pii->p", tangents) / self.window.spread(time))


def draw_layers(
    rng: np.random.Generator,
    dimension: int,
    hidden: tuple[int, ...],
    window: Window,
    *,
    terms: int = 4,
    activation: Activation = SOFTPLUS,
) -> LayeredScore:
    """Draw a network with centred normal weights of variance 1/inputs, and zero biases.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    dimension : int
        d, at least 1.
    hidden : tuple of int
        Widths of the hidden layers, at least one.
    window : Window
        The forward process and t_0.
    terms : int
        Length of the time embedding, at least 1.
    activation : Activation
        Of the hidden layers.

    Returns
    -------
    LayeredScore

    Examples
    --------
    >>> from verify.models.score import Noising
    >>> len(draw_layers(np.random.default_rng(0), 1, (8, 8), Window(0.02, Noising(3))).parameters)
    6
    """
    d, e = count("dimension", dimension, 1), count("terms", terms, 1)
    if not hidden:
        raise ArgumentError("hidden = (): give at least one width")
    widths = [d + e, *(count("hidden", width, 1) for width in hidden), d]
    parameters: list[Array] = []
    for inputs, outputs in pairwise(widths):
        parameters += [rng.standard_normal((inputs, outputs)) / math.sqrt(inputs), np.zeros(outputs)]
    return LayeredScore(tuple(parameters), e, window, activation)


def network_inputs(x: Array, times: Array, terms: int, window: Window) -> Array:
    """Points of shape (p, d) beside the embeddings of their times (p,); shape (p, d + terms).

    Examples
    --------
    >>> from verify.models.score import Noising
    >>> network_inputs(np.zeros((1, 1)), np.array([3.0]), 2, Window(0.02, Noising(3))).round(12).tolist()
    [[0.0, -1.0, 1.0]]
    """
    places = window.clock(times)
    return np.concatenate([x, np.cos(math.pi * places[:, None] * np.arange(1, terms + 1))], axis=1)


def forward(parameters: Parameters, inputs: Array, activation: Activation) -> list[Array]:
    """What goes into each layer, and what comes out of the last; hidden entries before the activation.

    Examples
    --------
    >>> from verify.models.score import TANH
    >>> [held.shape for held in forward((np.ones((2, 3)), np.zeros(3), np.ones((3, 1)), np.zeros(1)), np.ones((5, 2)), TANH)]
    [(5, 2), (5, 3), (5, 1)]
    """
    held = [inputs]
    last = len(parameters) // 2 - 1
    for layer in range(last + 1):
        entering = held[-1] if layer == 0 else activation.value(held[-1])
        held.append(entering @ parameters[2 * layer] + parameters[2 * layer + 1])
    return held


def backward(parameters: Parameters, held: list[Array], pull: Array, activation: Activation) -> Parameters:
    """Derivatives of a sum ``<pull, output>`` with respect to the parameters, from what `forward` returned.

    Parameters
    ----------
    parameters : tuple of ndarray
        Weights and biases of the layers, in turn.
    held : list of ndarray
        From `forward`.
    pull : ndarray, shape (p, outputs)
        Derivatives of the loss with respect to the outputs.
    activation : Activation
        Of the hidden layers.

    Returns
    -------
    tuple of ndarray
        Of the shapes of the parameters.

    Examples
    --------
    >>> from verify.models.score import TANH
    >>> parameters = (np.ones((1, 1)), np.zeros(1))
    >>> [part.tolist() for part in backward(parameters, forward(parameters, np.full((1, 1), 3.0), TANH), np.ones((1, 1)), TANH)]
    [[[3.0]], [1.0]]
    """
    gradients: list[Array] = []
    for layer in range(len(parameters) // 2 - 1, -1, -1):
        entering = held[layer] if layer == 0 else activation.value(held[layer])
        gradients = [entering.T @ pull, pull.sum(axis=0), *gradients]
        if layer:
            pull = (pull @ parameters[2 * layer].T) * activation.slope(held[layer])
    return tuple(gradients)

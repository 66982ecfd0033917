"""Activations of a score network and their derivatives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Activation:
    """A function applied to every preactivation.

    Parameters
    ----------
    name : str
        For messages.
    value, slope : callable
        The function and its derivative, elementwise; the rectifier's slope at 0, where it has none, is 0.

    Examples
    --------
    >>> RELU.value(np.array([-1.0, 2.0])), RELU.slope(np.array([-1.0, 2.0]))
    (array([0., 2.]), array([0., 1.]))
    """

    name: str
    value: Callable[[Array], Array]
    slope: Callable[[Array], Array]


def _relu(z: Array) -> Array:
    return np.maximum(z, 0.0)


def _step(z: Array) -> Array:
    return np.asarray(z > 0.0, dtype=np.float64)


def _tanh_slope(z: Array) -> Array:
    return np.asarray(1.0 - np.tanh(z) ** 2)


def _softplus(z: Array) -> Array:
    return np.asarray(np.maximum(z, 0.0) + np.log1p(np.exp(-np.abs(z))))


def _sigmoid(z: Array) -> Array:
    return np.asarray(expit(z), dtype=np.float64)


RELU = Activation("relu", _relu, _step)
TANH = Activation("tanh", np.tanh, _tanh_slope)
SOFTPLUS = Activation("softplus", _softplus, _sigmoid)

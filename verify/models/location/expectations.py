"""Expectations of the logistic score and information under a data law, with the error of the rule that gives them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from bounds.errors import ArgumentError
from verify.data import EmpiricalLaw
from verify.models.location.arguments import Array, DataLaw
from verify.models.location.family import half_sech_squared
from verify.models.location.numerics import UNIT

_MAX_NODES = 1_000_000
_BLOCK = 1 << 21


@dataclass(frozen=True, eq=False)
class Rule:
    """Nodes and weights giving the mean of ``tanh((x - theta)/2)`` and ``sech^2/2``, for every theta, up to `error`."""

    nodes: Array
    weights: Array
    error: float

    def score(self, theta: Array) -> Array:
        """``E_P tanh((x - theta)/2)``, of the shape of `theta`."""
        return self._mean(theta, lambda z: np.asarray(np.tanh(0.5 * z)))

    def information(self, theta: Array) -> Array:
        """``E_P sech((x - theta)/2)^2 / 2``, of the shape of `theta`."""
        return self._mean(theta, half_sech_squared)

    def _mean(self, theta: Array, function: Callable[[Array], Array]) -> Array:
        flat = theta.reshape(-1, 1)
        rows = max(1, _BLOCK // self.nodes.size)
        blocks = [flat[i : i + rows] for i in range(0, flat.shape[0], rows)]
        means = [np.sum(self.weights * function(self.nodes - block), axis=-1) for block in blocks]
        return np.asarray(np.concatenate(means).reshape(theta.shape) if means else np.empty(theta.shape))


def rule_for(law: DataLaw) -> Rule:
    """Rule of a law in units of the scale: its atoms, or a trapezoidal rule for each normal component."""
    if isinstance(law, EmpiricalLaw):
        nodes, weights, quadrature = law.atoms, law.masses, 0.0
    else:
        parts = [_normal_nodes(m, s) for m, s in zip(law.means, law.stds, strict=True)]
        nodes = np.concatenate([x for x, _, _ in parts])
        weights = np.concatenate([w * v for w, (_, v, _) in zip(law.weights, parts, strict=True)])
        quadrature = max(error for _, _, error in parts)
    # Pairwise summation, the weights, tanh, and the rounding of x - theta (both functions have slope at most 1/2).
    rounding = UNIT * (24 + math.log2(nodes.size) + float(np.abs(nodes).max()))
    return Rule(nodes, weights, quadrature + rounding)


def _normal_nodes(mean: float, std: float) -> tuple[Array, Array, float]:
    """Trapezoidal rule for N(mean, std^2), with its error for both integrands.

    On the strip ``|Im u| <= c`` with ``c std <= 2 pi/3`` both integrands are at most 2 in modulus (poles lie at
    ``Im x = pi``) and ``|phi(u + ic)| = e^{c^2/2} phi(u)``, so the error of step h is at most
    ``4 e^{c^2/2}/(e^{2 pi c/h} - 1)`` (Trefethen and Weideman, SIAM Review 56, 2014, Theorem 5.1).
    """
    exponent = 42.0
    c = min(math.sqrt(2 * exponent), 2 * math.pi / (3 * std))
    h = 2 * math.pi * c / (exponent + 0.5 * c * c)
    half = math.ceil(9.25 / h)
    if half > _MAX_NODES // 2:
        raise ArgumentError(
            f"a component has standard deviation {std:.3g} in units of the scale; give a scale nearer the data's spread"
        )
    u = h * np.arange(-half, half + 1)
    weights = np.asarray(h / math.sqrt(2 * math.pi) * np.exp(-0.5 * u * u))
    discretisation = 4 * math.exp(0.5 * c * c) / math.expm1(2 * math.pi * c / h)
    return np.asarray(mean + std * u), weights, discretisation + 2 * float(ndtr(-h * half))

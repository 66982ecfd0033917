"""Products of logistic families with independent coordinates, and their constants."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bounds.errors import ArgumentError
from verify.models.location.constants import LogisticConstants
from verify.models.location.pairs import MatrixPair


@dataclass(frozen=True)
class ProductConstants:
    """Constants of a product of one-dimensional logistic families with independent coordinates.

    Parameters
    ----------
    pair : MatrixPair
        Diagonal A0 and B0.
    curvature : float
        Smallest eigenvalue of A0, lowered by its numerical error.
    lipschitz : float
        ``L = 1/(3 sqrt 3)``, from Euclidean distance to operator norm: the Hessian is diagonal and entry i is
        L-Lipschitz in coordinate i alone, so ``||H(x) - H(y)|| <= L max_i |x_i - y_i| <= L ||x - y||``.
    epsilon : float
        ``sum_i eps_i``, numerical errors added: coupling the coordinates independently and optimally gives
        ``W1 <= E ||X - Y|| <= sum_i E |X_i - Y_i|``. (``sqrt(sum_i eps_i^2)`` bounds W1 from below, not above: test
        with ``sum_i c_i f_i(x_i)``, ``||c|| = 1``.)

    Examples
    --------
    >>> from verify.data import EmpiricalLaw
    >>> from verify.models.location import logistic_constants
    >>> one = logistic_constants(EmpiricalLaw([-1.0, 1.0]))
    >>> product_constants([one, one]).epsilon > 2 * one.epsilon
    True
    """

    pair: MatrixPair
    curvature: float
    lipschitz: float
    epsilon: float


def product_constants(coordinates: Sequence[LogisticConstants]) -> ProductConstants:
    """Constants of the product family from those of its coordinates, each in units of its own scale.

    Parameters
    ----------
    coordinates : sequence of LogisticConstants
        One per dimension, at least one.

    Returns
    -------
    ProductConstants
        On the safe side of the numerical errors.

    Raises
    ------
    ArgumentError
        If the sequence is empty.

    Examples
    --------
    >>> from verify.data import EmpiricalLaw
    >>> from verify.models.location import logistic_constants
    >>> one = logistic_constants(EmpiricalLaw([-1.0, 1.0]))
    >>> product_constants([one, one]).pair.B0.diagonal().round(6)
    array([0.333333, 0.333333])
    """
    if not coordinates:
        raise ArgumentError("no coordinates given; a product needs at least one")
    pair = MatrixPair(np.diag([c.curvature for c in coordinates]), np.diag([c.fisher for c in coordinates]))
    curvature = min(c.curvature_lower for c in coordinates)
    epsilon = math.fsum(c.epsilon_upper for c in coordinates)
    return ProductConstants(pair, curvature, max(c.lipschitz for c in coordinates), epsilon)

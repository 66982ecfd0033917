"""Symmetric matrix pairs that stand in for (A0, B0) in higher dimension, the norms of their Jacobians, random pairs."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from bounds.errors import ArgumentError
from verify.models.location.arguments import Array, as_count, as_ratio


@dataclass(frozen=True, eq=False)
class MatrixPair:
    """Curvature A0 of the data and Fisher information B0 of the model at the optimum.

    Parameters
    ----------
    A0, B0 : ndarray, shape (..., d, d)
        Symmetric; A0 positive definite, B0 positive semidefinite.

    Examples
    --------
    >>> MatrixPair(np.eye(2), np.diag([1.0, 3.0])).jacobian(1.0)
    array([[0.5 , 0.  ],
           [0.  , 0.75]])
    """

    A0: Array
    B0: Array

    def jacobian(self, lam: float) -> Array:
        """Jacobian of the retraining map at the optimum, ``(A0 + lam B0)^{-1} lam B0`` (bertrand2024, Theorem 1).

        Parameters
        ----------
        lam : float
            Synthetic-to-real ratio, finite and at least 0.

        Returns
        -------
        ndarray, shape (..., d, d)
            Not symmetric in general.

        Examples
        --------
        >>> MatrixPair(np.eye(1), np.eye(1)).jacobian(3.0)
        array([[0.75]])
        """
        return np.asarray(np.linalg.solve(self.A0 + as_ratio(lam) * self.B0, lam * self.B0))


def norm2(J: Array) -> Array:
    """Operator norm of J for Euclidean distance.

    Parameters
    ----------
    J : ndarray, shape (..., d, d)
        Jacobians.

    Returns
    -------
    ndarray, shape (...)
        Largest singular values.

    Examples
    --------
    >>> norm2(np.array([[0.0, 2.0], [0.0, 0.0]])).item()
    2.0
    """
    return np.asarray(np.linalg.norm(J, ord=2, axis=(-2, -1)))


def spectral_radius(J: Array) -> Array:
    """Largest modulus of an eigenvalue of J.

    Parameters
    ----------
    J : ndarray, shape (..., d, d)
        Jacobians.

    Returns
    -------
    ndarray, shape (...)
        Spectral radii.

    Examples
    --------
    >>> spectral_radius(np.array([[0.0, 2.0], [0.0, 0.0]])).item()
    0.0
    """
    return np.asarray(np.abs(np.linalg.eigvals(J)).max(axis=-1))


def energy_norm(J: Array, A0: Array) -> Array:
    """Operator norm of J for the distance ``sqrt(x' A0 x)``.

    Parameters
    ----------
    J : ndarray, shape (..., d, d)
        Jacobians.
    A0 : ndarray, shape (..., d, d)
        Symmetric positive definite.

    Returns
    -------
    ndarray, shape (...)
        ``||R J R^{-1}||`` with ``A0 = R'R``.

    Examples
    --------
    >>> energy_norm(np.array([[0.0, 2.0], [0.0, 0.0]]), np.diag([1.0, 4.0])).item()
    1.0
    """
    R = np.swapaxes(np.linalg.cholesky(A0), -1, -2)
    right = np.linalg.solve(np.swapaxes(R, -1, -2), np.swapaxes(R @ J, -1, -2))
    return norm2(np.swapaxes(right, -1, -2))


def random_pair(
    rng: np.random.Generator, d: int, curvature: float, gap: float, size: tuple[int, ...] = ()
) -> MatrixPair:
    """Random pair with ``A0 >= curvature I``, ``B0 >= 0`` and ``||B0 - A0|| <= gap``.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    d : int
        Dimension, at least 1.
    curvature : float
        Lower bound a on A0, positive.
    gap : float
        Bound e on the distance of A0 and B0, at least 0.
    size : tuple of int
        Leading shape.

    Returns
    -------
    MatrixPair
        Arrays of shape ``(*size, d, d)``; both constraints are often active.

    Raises
    ------
    ArgumentError
        If `d` is below 1, `curvature` is not positive or `gap` is negative.

    Examples
    --------
    >>> pair = random_pair(np.random.default_rng(0), 3, 1.0, 0.5, (10,))
    >>> bool((norm2(pair.B0 - pair.A0) <= 0.5 + 1e-12).all())
    True
    """
    check_pair(d, curvature, gap)
    excess = (curvature + gap) * rng.standard_exponential((*size, d)) * 10 ** rng.uniform(-3, 3, (*size, d))
    excess[..., 0] *= rng.integers(0, 2, size)
    A0 = _symmetric(rng, curvature + excess)
    stretch = rng.uniform(-1, 1, (*size, d))
    stretch[..., 0] = rng.choice([-1.0, 1.0], size)
    return feasible_pair(A0, gap * _symmetric(rng, stretch))


def check_pair(d: int, curvature: float, gap: float) -> None:
    """Refuse parameters outside the domain of `random_pair`."""
    as_count(d, "d", 1)
    if not (math.isfinite(curvature) and curvature > 0 and math.isfinite(gap) and gap >= 0):
        raise ArgumentError(f"curvature must be positive and gap at least 0, both finite; given {curvature=}, {gap=}")


def _symmetric(rng: np.random.Generator, eigenvalues: Array) -> Array:
    """Symmetric matrices with the given eigenvalues and random eigenvectors."""
    Q = np.linalg.qr(rng.standard_normal((*eigenvalues.shape, eigenvalues.shape[-1])))[0]
    return symmetrised(Q * eigenvalues[..., None, :] @ np.swapaxes(Q, -1, -2))


def symmetrised(matrix: Array) -> Array:
    """Symmetric part, which removes what rounding left over."""
    return np.asarray(0.5 * (matrix + np.swapaxes(matrix, -1, -2)))


def feasible_pair(A0: Array, E: Array) -> MatrixPair:
    """``(A0, A0 + tE)`` with the largest t <= 1 that keeps the second matrix positive semidefinite."""
    factor = np.linalg.cholesky(A0)
    half = np.linalg.solve(factor, E)
    whitened = np.linalg.solve(factor, np.swapaxes(half, -1, -2))
    deepest = -np.linalg.eigvalsh(symmetrised(whitened))[..., 0]
    t = 1 / np.maximum(1.0, deepest)
    return MatrixPair(A0, A0 + t[..., None, None] * E)

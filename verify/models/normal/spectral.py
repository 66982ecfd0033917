"""Diagonal of a matrix square root in a badly scaled basis, to high relative accuracy.

For ``S = G G'`` whose rows differ in size by many orders of magnitude (a normal law with a few very narrow directions),
an eigendecomposition of S or an SVD of G errs by a rounding error of the *largest* direction and can destroy the
smallest. One-sided Jacobi rotations orthogonalise the rows of G and err relative to each row (Demmel and Veselic 1992,
"Jacobi's method is more accurate than QR").
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bounds.errors import ArgumentError

Array = npt.NDArray[np.float64]

_SWEEPS = 40  # cyclic Jacobi converges quadratically; about 6 sweeps are typical
_EPS = float(np.finfo(np.float64).eps)


def sqrt_diagonal(factor: Array) -> Array:
    """Diagonal of the positive square root of ``factor @ factor.T``.

    Parameters
    ----------
    factor : ndarray, shape (..., d, r)
        G, one factor of each positive semidefinite matrix; the rows may differ widely in size.

    Returns
    -------
    ndarray, shape (..., d)
        The diagonals, in the units of `factor`.

    Raises
    ------
    ArgumentError
        If `factor` is not finite or has fewer than two axes.

    Examples
    --------
    The matrix [[2, 1e-12], [1e-12, 1e-24]] has the factor below; its root, ((1, 0), (0, 1)) apart from the narrow
    direction, keeps that direction's small entry:

    >>> print(sqrt_diagonal(np.array([[1.0, 1.0], [0.0, 1e-12]])))
    [1.41421356e+00 7.07106781e-13]
    """
    if factor.ndim < 2 or not np.all(np.isfinite(factor)):
        raise ArgumentError(f"factor of shape {factor.shape} must have at least two axes and only finite entries")
    d, rank = factor.shape[-2:]
    # Rows first, so that one row of all matrices is one block; a copy, since the rotations work in place.
    rows = np.array(factor.reshape(-1, d, rank).transpose(1, 2, 0), dtype=np.float64, order="C", copy=True)
    basis = np.zeros((d, d, rows.shape[2]))
    basis[np.arange(d), np.arange(d)] = 1.0
    _orthogonalise(rows, basis)
    lengths = np.sqrt(_products(rows, rows))
    # G = V A with orthogonal rows of A, so sqrt(G G') = V diag(lengths) V'; basis[k] is column k of V.
    diagonal: Array = np.einsum("kib,kib,kb->bi", basis, basis, lengths)
    return diagonal.reshape(factor.shape[:-1])


def _orthogonalise(rows: Array, basis: Array) -> None:
    """Rotate pairs of rows, in place, until all are orthogonal up to rounding; apply the same rotations to `basis`."""
    d = rows.shape[0]
    tolerance = _EPS * max(rows.shape[1], 4)
    # A singular matrix leaves rows that are rounding errors of what they were: turning those only costs sweeps.
    floors = tolerance * np.sqrt(_products(rows, rows))
    for _ in range(_SWEEPS):
        moved = False
        for i in range(d - 1):
            for j in range(i + 1, d):
                moved |= _rotate(rows, basis, floors, i, j, tolerance)
        if not moved:
            return
    raise ArithmeticError(f"Jacobi rotations did not converge in {_SWEEPS} sweeps")


def _rotate(rows: Array, basis: Array, floors: Array, i: int, j: int, tolerance: float) -> bool:
    """Make rows i and j orthogonal wherever they are not yet; return whether anything moved."""
    product = _products(rows[i], rows[j])
    length_i, length_j = np.sqrt(_products(rows[i], rows[i])), np.sqrt(_products(rows[j], rows[j]))
    active = (np.abs(product) > tolerance * length_i * length_j) & (length_i > floors[i]) & (length_j > floors[j])
    if not active.any():
        return False
    # Tangent of the smaller of the two angles that annihilate the product; no difference of nearly equal numbers.
    half_gap = 0.5 * (length_j - length_i) * (length_j + length_i)
    reach = np.abs(half_gap) + np.hypot(half_gap, product)
    tangent = np.where(active, np.copysign(1.0, half_gap) * product, 0.0) / np.where(active, reach, 1.0)
    cosine = 1.0 / np.hypot(1.0, tangent)
    sine = cosine * tangent
    for target in (rows, basis):
        old_i = target[i].copy()
        target[i] = cosine * old_i - sine * target[j]
        target[j] = sine * old_i + cosine * target[j]
    return True


def _products(left: Array, right: Array) -> Array:
    """Inner products along the second last axis (the last is the batch)."""
    result: Array = np.einsum("...rb,...rb->...b", left, right)
    return result

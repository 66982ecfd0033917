"""The real law of the d-dimensional normal loop, by its eigenvalues and eigenvectors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bounds.errors import ArgumentError

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class NormalLaw:
    """The real law ``N(mean, U diag(eigenvalues) U')``.

    Parameters
    ----------
    mean : ndarray, shape (d,)
        mu_0.
    eigenvalues : ndarray, shape (d,)
        Eigenvalues of Sigma_0, positive, in any order.
    basis : ndarray, shape (d, d)
        U, orthonormal columns: the eigenvectors of Sigma_0.

    Raises
    ------
    ArgumentError
        If the shapes disagree, a number is not finite, an eigenvalue is not positive, or U is not orthogonal.

    Examples
    --------
    >>> NormalLaw(np.zeros(2), np.array([1.0, 1e-10]), np.eye(2)).dimension
    2
    """

    mean: Array
    eigenvalues: Array
    basis: Array

    def __post_init__(self) -> None:
        for name in ("mean", "eigenvalues", "basis"):
            object.__setattr__(self, name, np.asarray(getattr(self, name), dtype=np.float64))
        d = self.mean.size
        shapes = self.mean.shape, self.eigenvalues.shape, self.basis.shape
        if d < 1 or shapes != ((d,), (d,), (d, d)):
            raise ArgumentError(f"mean, eigenvalues, basis have shapes {shapes}; allowed: (d,), (d,), (d, d), d >= 1")
        if not all(np.all(np.isfinite(part)) for part in (self.mean, self.eigenvalues, self.basis)):
            raise ArgumentError("the mean, eigenvalues or basis of the normal law are not all finite")
        if np.min(self.eigenvalues) <= 0:
            raise ArgumentError(f"eigenvalue {np.min(self.eigenvalues)} of the covariance is not positive")
        if np.max(np.abs(self.basis.T @ self.basis - np.eye(d))) > 1e-12 * d:
            raise ArgumentError("the columns of the basis are not orthonormal; pass the eigenvectors of the covariance")

    @property
    def dimension(self) -> int:
        """Dimension d of the law."""
        return int(self.mean.size)

    @property
    def stds(self) -> Array:
        """Standard deviations along the eigenvectors, shape (d,)."""
        return np.sqrt(self.eigenvalues)


def law_from_covariance(mean: npt.ArrayLike, covariance: npt.ArrayLike) -> NormalLaw:
    """Diagonalise a covariance matrix; give `NormalLaw` the eigenvalues themselves when they differ widely.

    Parameters
    ----------
    mean : array_like, shape (d,)
        mu_0.
    covariance : array_like, shape (d, d)
        Sigma_0, symmetric positive definite.

    Returns
    -------
    NormalLaw
        Eigenvalues in rising order, each with an absolute error of about 1e-16 times the largest.

    Raises
    ------
    ArgumentError
        If the matrix is not square, finite, symmetric and positive definite.

    Examples
    --------
    >>> law_from_covariance([0, 0], [[2, 1], [1, 2]]).eigenvalues.round(12)
    array([1., 3.])
    """
    matrix = np.asarray(covariance, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not np.all(np.isfinite(matrix)):
        raise ArgumentError(f"covariance of shape {matrix.shape} must be a square matrix of finite numbers")
    if not np.allclose(matrix, matrix.T, rtol=1e-12, atol=0.0):
        raise ArgumentError("covariance is not symmetric")
    eigenvalues, basis = np.linalg.eigh(matrix)
    return NormalLaw(np.asarray(mean, dtype=np.float64), eigenvalues, basis)

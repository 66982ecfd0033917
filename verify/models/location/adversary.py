"""Search for the matrix pair that comes nearest to breaking a bound on the Jacobian, within its hypotheses."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize

from verify.models.location.arguments import Array, as_count, as_ratio
from verify.models.location.pairs import MatrixPair, check_pair, feasible_pair, norm2, random_pair, symmetrised

_SMALLEST_EXCESS = 1e-6
_LARGEST_EXPONENT = math.log(1e7)  # bounds the condition number of A0, so that rounding cannot pass for a violation


def _euclidean_norm(J: Array, A0: Array) -> Array:
    return norm2(J)


def worst_pair(
    rng: np.random.Generator,
    d: int,
    curvature: float,
    gap: float,
    lam: float,
    measure: Callable[[Array, Array], Array] = _euclidean_norm,
    starts: int = 4,
) -> MatrixPair:
    """Feasible pair that makes a norm of the Jacobian as large as an optimiser can.

    Random pairs give the starts; Nelder-Mead then moves through ``A0 = a (I + exp S)``, ``B0 = A0 + E``, every point
    of which is made feasible, so the result never leaves the theorem's hypotheses.

    Parameters
    ----------
    rng, d, curvature, gap
        As in `random_pair`; the optimiser handles d = 2 or 3 well.
    lam : float
        Synthetic-to-real ratio, finite and at least 0.
    measure : callable
        Maps J and A0, each of shape (..., d, d), to what is maximised; the Euclidean operator norm by default.
    starts : int
        Number of local searches.

    Returns
    -------
    MatrixPair
        Best pair found, arrays of shape (d, d).

    Raises
    ------
    ArgumentError
        If a parameter is outside its domain.

    Examples
    --------
    >>> pair = worst_pair(np.random.default_rng(0), 2, 1.0, 0.5, lam=0.001, starts=1)
    >>> bound = 0.001 / 1.001 * (1 + 0.5 / (1 + 0.001 * 0.5))
    >>> bool(0.999 * bound < norm2(pair.jacobian(0.001)) <= bound)
    True
    """
    check_pair(d, curvature, gap)
    as_ratio(lam)
    pool = random_pair(rng, d, curvature, gap, (1000,))
    scores = measure(pool.jacobian(lam), pool.A0)
    best = np.argsort(scores)[::-1][: as_count(starts, "starts", 1)]

    def pair_at(point: Array) -> MatrixPair:
        exponent, E = _unpack(point, d)
        values, vectors = np.linalg.eigh(exponent)
        excess = vectors * np.exp(np.minimum(values, _LARGEST_EXPONENT)) @ vectors.T
        E = gap * E / max(1.0, float(norm2(E)))
        return feasible_pair(curvature * (np.eye(d) + symmetrised(excess)), E)

    def loss(point: Array) -> float:
        pair = pair_at(point)
        return -float(measure(pair.jacobian(lam), pair.A0))

    # Restarting Nelder-Mead where it stopped guards against a collapsed simplex.
    options = {"xatol": 1e-8, "fatol": 1e-13, "maxiter": 1000, "adaptive": True}
    points = []
    for index in best:
        point = _pack(pool.A0[index] / curvature, (pool.B0[index] - pool.A0[index]) / (gap or 1.0))
        for _ in range(2):
            point = minimize(loss, point, method="Nelder-Mead", options=options).x
        points.append(point)
    return pair_at(min(points, key=loss))


def _pack(A0: Array, E: Array) -> Array:
    values, vectors = np.linalg.eigh(A0 - np.eye(len(A0)))
    exponent = vectors * np.log(np.maximum(values, _SMALLEST_EXCESS)) @ vectors.T
    upper = np.triu_indices(len(A0))
    return np.concatenate([exponent[upper], E[upper]])


def _unpack(point: Array, d: int) -> tuple[Array, Array]:
    upper = np.triu_indices(d)
    matrices = np.zeros((2, d, d))
    matrices[:, upper[0], upper[1]] = point.reshape(2, -1)
    matrices[:, upper[1], upper[0]] = point.reshape(2, -1)
    return matrices[0], matrices[1]

"""A softmax attention head as a map from a context of tokens to an output, with its derivative written out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bounds.errors import ArgumentError

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Reading:
    """What a head reads from a context, before the value matrix.

    Parameters
    ----------
    weights : ndarray of shape (..., k, n)
        Attention of k queries on n tokens; each row sums to 1.
    means : ndarray of shape (..., k, d)
        Weighted means of the tokens.

    Examples
    --------
    >>> read(np.array([[1.0], [-1.0]]), np.zeros((1, 1))).means
    array([[0.]])
    """

    weights: Array
    means: Array


def keys_of(queries: Array, matrix: Array) -> Array:
    """Return the directions ``W' x`` along which queries look.

    Parameters
    ----------
    queries : ndarray of shape (..., k, d)
    matrix : ndarray of shape (..., d, d)
        W of fu2025, attention stability.

    Returns
    -------
    ndarray of shape (..., k, d)

    Examples
    --------
    >>> keys_of(np.array([[1.0, 0.0]]), np.array([[0.0, 2.0], [0.0, 0.0]]))
    array([[0., 2.]])
    """
    found: Array = np.einsum("...kd,...de->...ke", queries, matrix)
    return found


def read(tokens: Array, keys: Array, counts: Array | None = None) -> Reading:
    """Average the tokens with weights proportional to ``counts exp(<key, token>)``.

    Parameters
    ----------
    tokens : ndarray of shape (..., n, d)
    keys : ndarray of shape (..., k, d)
    counts : ndarray of shape (n,), optional
        How many equal tokens each row stands for; 1 by default.

    Returns
    -------
    Reading

    Raises
    ------
    ArgumentError
        If tokens, keys and counts do not fit together.

    Examples
    --------
    >>> found = read(np.array([[1.0], [-1.0]]), np.array([[0.5]]))
    >>> found.weights.round(4), found.means.round(4)
    (array([[0.7311, 0.2689]]), array([[0.4621]]))
    """
    if tokens.ndim < 2 or keys.ndim < 2 or tokens.shape[-1] != keys.shape[-1]:
        raise ArgumentError(f"tokens {tokens.shape} and keys {keys.shape} must be rows of vectors of one dimension")
    if counts is not None and counts.shape != tokens.shape[-2:-1]:
        raise ArgumentError(f"counts {counts.shape} must hold one number for each of {tokens.shape[-2]} tokens")
    scores = np.einsum("...kd,...nd->...kn", keys, tokens)
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    if counts is not None:
        raised *= counts
    weights = raised / raised.sum(axis=-1, keepdims=True)
    return Reading(weights, np.einsum("...kn,...nd->...kd", weights, tokens))


def pull_back(tokens: Array, keys: Array, reading: Reading, slopes: Array) -> tuple[Array, Array]:
    """Carry the gradient in the means back to the tokens and the keys.

    Parameters
    ----------
    tokens, keys : ndarray
        As `read` was given them; equal tokens behind one row move together.
    reading : Reading
        What it returned.
    slopes : ndarray of shape (..., k, d)
        Gradient of a scalar in the means.

    Returns
    -------
    in_tokens : ndarray of shape (..., n, d)
    in_keys : ndarray of shape (..., k, d)

    Examples
    --------
    >>> tokens, keys = np.array([[0.5], [-1.0]]), np.array([[0.3]])
    >>> slope, _ = pull_back(tokens, keys, read(tokens, keys), np.ones((1, 1)))
    >>> step = np.array([[1e-6], [0.0]])
    >>> up, down = (read(tokens + side * step, keys).means for side in (1, -1))
    >>> bool(abs(slope[0, 0] - (up - down)[0, 0] / 2e-6) < 1e-9)
    True
    """
    weights = reading.weights
    along = np.einsum("...kd,...nd->...kn", slopes, tokens)
    along = weights * (along - np.einsum("...kd,...kd->...k", slopes, reading.means)[..., None])
    in_tokens = np.einsum("...kn,...kd->...nd", weights, slopes) + np.einsum("...kn,...kd->...nd", along, keys)
    return in_tokens, np.einsum("...kn,...nd->...kd", along, tokens)


def into_ball(points: Array) -> Array:
    """Project vectors to the unit ball.

    Parameters
    ----------
    points : ndarray of shape (..., d)

    Returns
    -------
    ndarray of shape (..., d)

    Examples
    --------
    >>> into_ball(np.array([[3.0, 4.0], [0.1, 0.0]]))
    array([[0.6, 0.8],
           [0.1, 0. ]])
    """
    lengths = np.sqrt(np.einsum("...d,...d->...", points, points))
    found: Array = points / np.maximum(lengths, 1.0)[..., None]
    return found


def with_norm_at_most(matrices: Array, largest: float) -> Array:
    """Project matrices to those of operator norm at most a number, by clipping singular values.

    Parameters
    ----------
    matrices : ndarray of shape (..., d, d)
    largest : float
        At least 0.

    Returns
    -------
    ndarray of shape (..., d, d)

    Examples
    --------
    >>> with_norm_at_most(np.diag([3.0, 0.5]), 1.0)
    array([[1. , 0. ],
           [0. , 0.5]])
    """
    left, values, right = np.linalg.svd(matrices)
    found: Array = np.einsum("...ij,...j,...jk->...ik", left, np.minimum(values, largest), right)
    return found

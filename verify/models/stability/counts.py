"""Training sets on finitely many points, as vectors of counts: all of them, their neighbours, their multinomial law."""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations, pairwise
from math import factorial, prod

import numpy as np
from numpy.typing import NDArray

from verify.mixing import count

Array = NDArray[np.float64]
Counts = NDArray[np.int64]


@lru_cache(maxsize=256)
def count_vectors(size: int, cells: int) -> Counts:
    """List every way to place `size` points on `cells` cells.

    Parameters
    ----------
    size : int
        Number of points, at least 0.
    cells : int
        Number of cells, at least 1.

    Returns
    -------
    ndarray, shape (S, cells)
        In lexicographic order, largest first; read-only.

    Raises
    ------
    ArgumentError
        If an argument is not an integer or too small.

    Examples
    --------
    >>> count_vectors(2, 2).tolist()
    [[2, 0], [1, 1], [0, 2]]
    """
    size, cells = count("size", size, 0), count("cells", cells, 1)
    slots = size + cells - 1
    rows = []
    for bars in combinations(range(slots), cells - 1):
        edges = (-1, *bars, slots)
        rows.append([right - left - 1 for left, right in pairwise(edges)])
    vectors = np.array(rows[::-1], dtype=np.int64)
    vectors.setflags(write=False)
    return vectors


@lru_cache(maxsize=256)
def _places(size: int, cells: int) -> dict[tuple[int, ...], int]:
    return {tuple(row): place for place, row in enumerate(count_vectors(size, cells).tolist())}


def places_of(vectors: Counts) -> NDArray[np.intp]:
    """Find the rows of `count_vectors` at which vectors of one size stand.

    Parameters
    ----------
    vectors : ndarray, shape (..., k)
        Counts with equal sums.

    Returns
    -------
    ndarray, shape (...)

    Examples
    --------
    >>> places_of(np.array([[1, 1], [0, 2]]))
    array([1, 2])
    """
    flat = vectors.reshape(-1, vectors.shape[-1])
    table = _places(int(flat[0].sum()), flat.shape[1])
    return np.array([table[tuple(row)] for row in flat.tolist()], dtype=np.intp).reshape(vectors.shape[:-1])


@lru_cache(maxsize=256)
def neighbours(size: int, cells: int) -> NDArray[np.intp]:
    """List the pairs of training sets that differ in one point.

    Parameters
    ----------
    size, cells : int
        As for `count_vectors`.

    Returns
    -------
    ndarray, shape (P, 2)
        Rows of `count_vectors`, each pair once; empty for size 0.

    Examples
    --------
    >>> neighbours(2, 2).tolist()
    [[0, 1], [1, 2]]
    """
    vectors = count_vectors(size, cells)
    pairs = []
    for place, vector in enumerate(vectors):
        for lost in np.flatnonzero(vector):
            for won in range(lost + 1, cells):
                moved = vector.copy()
                moved[lost] -= 1
                moved[won] += 1
                pairs.append((place, int(places_of(moved))))
    return np.array(pairs, dtype=np.intp).reshape(-1, 2)


def multinomial_laws(size: int, laws: Array) -> Array:
    """Law of the counts of independent draws.

    Parameters
    ----------
    size : int
        Number of draws, at least 0.
    laws : ndarray, shape (..., k)
        Laws of one draw.

    Returns
    -------
    ndarray, shape (..., S)
        Probability of each row of ``count_vectors(size, k)``.

    Examples
    --------
    >>> multinomial_laws(2, np.array([0.5, 0.5]))
    array([0.25, 0.5 , 0.25])
    """
    vectors = count_vectors(size, laws.shape[-1])
    ways = np.array([factorial(size) // prod(map(factorial, row)) for row in vectors.tolist()], dtype=np.float64)
    return np.asarray(ways * np.prod(laws[..., None, :] ** vectors, axis=-1))

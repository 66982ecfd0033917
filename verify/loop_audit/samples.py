"""The samples of a loop that was already run: real points, and points of every generation of every run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bounds.errors import DataError

Array = NDArray[np.float64]

FEWEST = 20
"""Points a sample needs: below that no split of it can show anything."""
# Squares of larger numbers come near the end of double precision.
_LARGEST = 1e100


@dataclass(frozen=True, eq=False)
class LoopSamples:
    """Points of the real law and of each generation.

    Parameters
    ----------
    real : array_like, shape (m,) or (m, d)
        Independent draws of the real law, at least 20, in the units of the data.
    runs : sequence of mapping from int to array_like
        For each training run the draws of its generations: generation number (1, 2, ...) to points of shape (m_t,) or
        (m_t, d). Sizes may differ; generations may be missing.

    Raises
    ------
    DataError
        If a sample has the wrong shape or dimension, too few points, or values that are no finite numbers.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> samples = LoopSamples(rng.normal(size=50), [{1: rng.normal(size=40), 2: rng.normal(size=30)}])
    >>> samples.dimension, samples.generations
    (1, (1, 2))
    """

    real: Array
    runs: tuple[Mapping[int, Array], ...]

    def __init__(self, real: ArrayLike, runs: Sequence[Mapping[int, ArrayLike]]) -> None:
        points = as_points(real, "real")
        if not runs or not all(runs):
            raise DataError("there is no generation: give the samples of at least one")
        read = []
        for number, run in enumerate(runs, start=1):
            found = {}
            for t in sorted(run):
                name = f"generation {t}" + (f" of run {number}" if len(runs) > 1 else "")
                found[_generation(t)] = _alike(as_points(run[t], name), points, name)
            read.append(found)
        object.__setattr__(self, "real", points)
        object.__setattr__(self, "runs", tuple(read))

    @property
    def dimension(self) -> int:
        """Number of coordinates d."""
        return int(self.real.shape[1])

    @property
    def generations(self) -> tuple[int, ...]:
        """Generations that occur in any run, ascending."""
        return tuple(sorted({t for run in self.runs for t in run}))


def as_points(values: ArrayLike, name: str) -> Array:
    """Read a sample as a table of points.

    Parameters
    ----------
    values : array_like, shape (m,) or (m, d)
    name : str
        What to call it in messages.

    Returns
    -------
    ndarray of float, shape (m, d)
        Read-only.

    Raises
    ------
    DataError
        If the shape is another, points are too few, or a value is no finite number.

    Examples
    --------
    >>> as_points(range(20), "real").shape
    (20, 1)
    >>> as_points([1.0, float("nan")] * 20, "real")
    Traceback (most recent call last):
    bounds.errors.DataError: real has 20 points with values that are not finite (rows 2, 4, 6, ...): remove or mend them
    """
    array = _numbers(values, name)
    if array.ndim == 1:
        array = array[:, np.newaxis]
    if array.ndim != 2 or array.shape[1] == 0:
        raise DataError(f"{name} has shape {array.shape}: give (points,) or (points, coordinates)")
    if len(array) < FEWEST:
        raise DataError(f"{name} has {len(array)} points: at least {FEWEST} are needed")
    with np.errstate(invalid="ignore"):
        bad = np.flatnonzero(~np.isfinite(array).all(axis=1))
        if bad.size:
            raise DataError(
                f"{name} has {bad.size} points with values that are not finite ({_rows(bad)}): remove or mend them"
            )
        bad = np.flatnonzero((np.abs(array) > _LARGEST).any(axis=1))
    if bad.size:
        raise DataError(f"{name} has {bad.size} points beyond {_LARGEST:g} ({_rows(bad)}): use larger units")
    array.setflags(write=False)
    return array


def _numbers(values: ArrayLike, name: str) -> Array:
    try:
        given = np.asarray(values)
    except ValueError as error:
        raise DataError(f"{name} is no table: {error}") from error
    if given.dtype.kind not in "iuf":
        raise DataError(f"{name} holds values of type {given.dtype}: give real numbers")
    with np.errstate(over="ignore"):  # what overflows becomes infinite, and is refused as such
        return np.array(given, dtype=np.float64)


def _rows(rows: Any) -> str:
    listed = ", ".join(str(row + 1) for row in rows[:3])
    return f"row{'s' if rows.size > 1 else ''} {listed}{', ...' if rows.size > 3 else ''}"


def _generation(number: Any) -> int:
    if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < 1:
        raise DataError(f"generation {number!r}: generations are whole numbers from 1; generation 0 is the real law")
    return int(number)


def _alike(points: Array, real: Array, name: str) -> Array:
    if points.shape[1] != real.shape[1]:
        raise DataError(
            f"{name} has {points.shape[1]} coordinates and the real points have {real.shape[1]}: they must agree"
        )
    return points

"""Loops on any schedule: how many points each generation is trained on, drawn from the real law and every earlier generation.

`verify.mixing` holds the loops that learn from real data and the last generation; a schedule says it for every
generation apart, and for all earlier ones. All data is fresh: no point serves in two training sets.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from math import isqrt
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from bounds.errors import ArgumentError
from verify.loop import Learner
from verify.mixing import count

Array = NDArray[np.float64]
Data = TypeVar("Data")
Fitted = TypeVar("Fitted")


@dataclass(frozen=True)
class Schedule:
    """Numbers of points, generation by generation.

    Parameters
    ----------
    counts : tuple of rows of int
        Row j = 0, 1, ..., T-1 is generation j+1's training set: points of the real law first, then of generations
        1, ..., j. Counts are at least 0, and every row has a point.

    Raises
    ------
    ArgumentError
        If a row has the wrong length, a count is not allowed, or a training set is empty.

    Examples
    --------
    >>> schedule = Schedule(((4,), (1, 3)))
    >>> schedule.sizes, schedule.weights[1]
    ((4, 4), (Fraction(1, 4), Fraction(3, 4)))
    """

    counts: tuple[tuple[int, ...], ...]

    def __post_init__(self) -> None:
        rows = []
        for j, row in enumerate(self.counts):
            if len(row) != j + 1:
                raise ArgumentError(f"counts: row {j} has {len(row)} entries; it needs {j + 1}: real, 1, ..., {j}")
            rows.append(tuple(count(f"counts[{j}][{k}]", value, 0) for k, value in enumerate(row)))
            if not any(rows[-1]):
                raise ArgumentError(f"counts: row {j} leaves generation {j + 1} nothing to learn from")
        if not rows:
            raise ArgumentError("counts has no row; a schedule needs at least one generation")
        object.__setattr__(self, "counts", tuple(rows))

    @property
    def generations(self) -> int:
        """T."""
        return len(self.counts)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Sizes of the training sets of generations 1, ..., T."""
        return tuple(sum(row) for row in self.counts)

    @property
    def weights(self) -> tuple[tuple[Fraction, ...], ...]:
        """Weights of the mixtures they come from, as `fu2024.recursion` takes them."""
        return tuple(tuple(Fraction(value, sum(row)) for value in row) for row in self.counts)


def last_only(sizes: tuple[int, ...]) -> Schedule:
    """Every generation learns from the last one alone; the first from real data.

    Parameters
    ----------
    sizes : tuple of int
        Training-set sizes of generations 1, ..., T, each at least 1.

    Returns
    -------
    Schedule

    Raises
    ------
    ArgumentError
        If a size is not allowed.

    Examples
    --------
    >>> last_only((5, 6, 7)).counts
    ((5,), (0, 6), (0, 0, 7))
    """
    return Schedule(tuple((0,) * j + (count("size", size, 1),) for j, size in enumerate(sizes)))


def real_and_last(first: int, real: int, synthetic: int, generations: int) -> Schedule:
    """Generation 1 on `first` real points, later ones on `real` fresh ones beside `synthetic` draws of the last generation.

    Parameters
    ----------
    first, real, synthetic : int
        Numbers of points.
    generations : int
        T, at least 1.

    Returns
    -------
    Schedule

    Raises
    ------
    ArgumentError
        If a number is not allowed.

    Examples
    --------
    >>> real_and_last(4, 1, 3, 3).counts
    ((4,), (1, 3), (1, 0, 3))
    """
    generations = count("generations", generations, 1)
    later = tuple((real, *(0,) * (j - 1), synthetic) for j in range(1, generations))
    return Schedule(((first,), *later))


def equal_shares(n: int, generations: int) -> Schedule:
    """Every generation learns from `n` points, as many of the real law as of every generation so far.

    Parameters
    ----------
    n : int
        Size of every training set, a multiple of 1, 2, ..., T.
    generations : int
        T, at least 1.

    Returns
    -------
    Schedule

    Raises
    ------
    ArgumentError
        If `n` cannot be shared out equally in some generation.

    Examples
    --------
    >>> equal_shares(6, 3).counts
    ((6,), (3, 3), (2, 2, 2))
    """
    n, generations = count("n", n, 1), count("generations", generations, 1)
    for parts in range(1, generations + 1):
        if n % parts:
            raise ArgumentError(f"n = {n} points cannot be shared out equally over {parts}; give a multiple of {parts}")
    return Schedule(tuple((n // (j + 1),) * (j + 1) for j in range(generations)))


def growing_sizes(n: int, power: Fraction, generations: int) -> tuple[int, ...]:
    """Sizes ``n (k+1)^power``, rounded up exactly, k = 0, ..., T-1 (fu2024 `sample_schedule`).

    Parameters
    ----------
    n : int
        Size of the first training set, at least 1.
    power : Fraction
        Growth exponent, at least 0.
    generations : int
        T, at least 1.

    Returns
    -------
    tuple of int

    Raises
    ------
    ArgumentError
        If an argument is not allowed.

    Examples
    --------
    >>> growing_sizes(10, Fraction(3, 2), 4)
    (10, 29, 52, 80)
    """
    n, generations, power = count("n", n, 1), count("generations", generations, 1), Fraction(power)
    if power < 0:
        raise ArgumentError(f"power = {power} is negative; it must be at least 0")
    return tuple(
        _root_above((k + 1) ** power.numerator * n**power.denominator, power.denominator) for k in range(generations)
    )


def _root_above(value: int, order: int) -> int:
    """Smallest integer whose power of that order is at least `value`."""
    if order == 2:
        return isqrt(value - 1) + 1
    low, high = 0, 1 << (value.bit_length() // order + 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if middle**order >= value else (middle, high)
    return high


def schedule_tv_proxy(schedule: Schedule) -> Array:
    """Sub-Gaussian variance proxy of ``TV(p_t, p)``, p fixed, as `verify.distances.tv_proxy` has it for mixtures.

    For models that move by at most 1/N in total variation when one of their N points moves. Moving a point of generation
    k's training set moves ``p_k`` by at most ``1/N_k`` and, with the draws coupled as well as possible, a later ``p_j`` on
    average by at most the weighted sum of what it moved the generations that j learns from.

    Parameters
    ----------
    schedule : Schedule
        Numbers of points.

    Returns
    -------
    ndarray, shape (T,)
        ``v_1, ..., v_T``: ``log E exp(s (TV - E TV)) <= s^2 v/2`` for every s.

    Examples
    --------
    >>> schedule_tv_proxy(last_only((100, 100, 100)))  # t/(4n)
    array([0.0025, 0.005 , 0.0075])
    """
    weights = [np.array([float(value) for value in row[1:]]) for row in schedule.weights]
    total = np.zeros(schedule.generations)
    for k, size in enumerate(schedule.sizes):
        moved = np.zeros(schedule.generations)
        moved[k] = 1 / size
        for j in range(k + 1, schedule.generations):
            moved[j] = weights[j] @ moved[:j]
        total += size * moved**2
    return np.asarray(total / 4 * (1 + 1e-12))


def run_schedule(learner: Learner[Data, Fitted], schedule: Schedule) -> list[Fitted]:
    """Train every generation on the draws its row prescribes.

    Parameters
    ----------
    learner : Learner
        The model family.
    schedule : Schedule
        Numbers of points.

    Returns
    -------
    list
        The fitted models, generation 1 first.

    Examples
    --------
    Data sets that only count their points show the training sizes:

    >>> counter = Learner(lambda k: k, lambda model, k: k, lambda a, b: a + b, lambda data: data)
    >>> run_schedule(counter, equal_shares(6, 3))
    [6, 6, 6]
    """
    models: list[Fitted] = []
    for row in schedule.counts:
        drawn = [learner.draw_real(row[0])] if row[0] else []
        drawn += [learner.draw(model, size) for model, size in zip(models, row[1:], strict=True) if size]
        models.append(learner.fit(reduce(learner.pool, drawn)))
    return models

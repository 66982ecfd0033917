"""The kinds of evidence about one number: what was measured, and the confidence limits it supports."""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bounds.errors import ArgumentError
from verify.evidence.base import Evidence
from verify.evidence.tails import betting_limit, catoni_limit, clopper_pearson_lower, clopper_pearson_upper


@final
@dataclass(frozen=True)
class Computed(Evidence):
    """A value computed without sampling, known up to a numerical error.

    Parameters
    ----------
    value : float
        The computed value.
    error : float
        Bound on its numerical error, at least 0; the limits are ``value`` minus and plus ``error`` at any level.

    Raises
    ------
    ArgumentError
        If a number is not finite or the error is negative.

    Examples
    --------
    >>> Computed(0.5, 0.25).interval(0.05)
    Interval(lower=0.2499..., upper=0.7500...)
    """

    value: float
    error: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.value) and math.isfinite(self.error) and self.error >= 0.0):
            raise ArgumentError(f"value {self.value}, error {self.error}: give a finite value and a finite error >= 0")

    @property
    def estimate(self) -> float:
        """The computed value."""
        return float(self.value)

    def _lower(self, level: float) -> float:
        return math.nextafter(self.value - self.error, -math.inf) if self.error else float(self.value)

    def _upper(self, level: float) -> float:
        return math.nextafter(self.value + self.error, math.inf) if self.error else float(self.value)


@final
@dataclass(frozen=True)
class Indicators(Evidence):
    """Outcomes of independent yes-or-no trials; limits by Clopper and Pearson.

    Parameters
    ----------
    successes, trials : int
        Number of successes among the trials, ``0 <= successes <= trials``, ``trials >= 1``.

    Raises
    ------
    ArgumentError
        If the counts are not whole numbers or out of range.

    Examples
    --------
    >>> Indicators(0, 1000).lower(0.05), round(Indicators(0, 1000).upper(0.05), 6)
    (0.0, 0.002991)
    """

    successes: int
    trials: int

    def __post_init__(self) -> None:
        try:
            counts = operator.index(self.successes), operator.index(self.trials)
        except TypeError:
            raise ArgumentError(f"counts {self.successes!r} of {self.trials!r}: give whole numbers") from None
        if not 0 <= counts[0] <= counts[1] or counts[1] < 1:
            raise ArgumentError(
                f"{counts[0]} successes in {counts[1]} trials: give 0 <= successes <= trials, trials >= 1"
            )

    @property
    def estimate(self) -> float:
        """The share of successes."""
        return self.successes / self.trials

    def _lower(self, level: float) -> float:
        return clopper_pearson_lower(self.successes, self.trials, level)

    def _upper(self, level: float) -> float:
        return clopper_pearson_upper(self.successes, self.trials, level)


@final
@dataclass(frozen=True, eq=False)
class BoundedSample(Evidence):
    """Values in a known range; limits on the mean by betting, valid at any stopping time.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Independent values with one law, or with one conditional mean given the earlier values.
    low, high : float
        Ends of a range that contains every value the law can take, not merely the values drawn.

    Raises
    ------
    ArgumentError
        If the values are empty, not finite or outside the range, or the range is not one.

    Examples
    --------
    >>> sample = BoundedSample(np.tile([0.2, 0.3, 0.4], 100), low=0.0, high=1.0)
    >>> round(sample.lower(0.05), 3), round(sample.upper(0.05), 3)
    (0.284, 0.318)
    """

    values: NDArray[np.float64]
    low: float
    high: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.high - self.low) and self.low < self.high):
            raise ArgumentError(f"range [{self.low}, {self.high}]: give finite ends with low < high")
        _freeze(self, self.values, self.low, self.high)

    @property
    def estimate(self) -> float:
        """The average of the values."""
        return float(self.values.mean())

    def _lower(self, level: float) -> float:
        limit = self.low + betting_limit(self.values - self.low, level)
        return max(math.nextafter(limit, -math.inf), float(self.low))

    def _upper(self, level: float) -> float:
        limit = self.high - betting_limit(self.high - self.values, level)
        return min(math.nextafter(limit, math.inf), float(self.high))


@final
@dataclass(frozen=True, eq=False)
class NonnegativeSample(Evidence):
    """Nonnegative values without an upper range; only a lower limit on the mean is sound.

    The upper limit is infinite: a rare value that was never drawn could carry any mean.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Independent values with one law, or with one conditional mean given the earlier values.

    Raises
    ------
    ArgumentError
        If the values are empty, not finite or negative.

    Examples
    --------
    >>> sample = NonnegativeSample(np.tile([0.2, 0.3, 0.4], 100))
    >>> round(sample.lower(0.05), 3), sample.upper(0.05)
    (0.284, inf)
    """

    values: NDArray[np.float64]

    def __post_init__(self) -> None:
        _freeze(self, self.values, 0.0, math.inf)

    @property
    def estimate(self) -> float:
        """The average of the values."""
        return float(self.values.mean())

    def _lower(self, level: float) -> float:
        return betting_limit(self.values, level)

    def _upper(self, level: float) -> float:
        return math.inf


@final
@dataclass(frozen=True, eq=False)
class KnownVarianceSample(Evidence):
    """Unbounded values whose variance has a known bound; limits on the mean by Catoni's influence function.

    The limits weigh outliers down, so after a very large value the average may lie outside them.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Independent values with one mean, n fixed before they were drawn.
    variance : float
        Upper bound on the variance of each value, from the model and never from the values; positive.

    Raises
    ------
    ArgumentError
        If the values are empty or not finite, or the variance is not a positive number.

    Examples
    --------
    >>> sample = KnownVarianceSample(np.tile([-1.0, 1.0], 500), variance=1.0)
    >>> round(sample.lower(0.05), 3), round(sample.upper(0.05), 3)
    (-0.078, 0.078)
    """

    values: NDArray[np.float64]
    variance: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.variance) and self.variance > 0.0):
            raise ArgumentError(
                f"variance {self.variance}: give a positive number (a value without spread is Computed)"
            )
        _freeze(self, self.values, -math.inf, math.inf)

    @property
    def estimate(self) -> float:
        """The average of the values."""
        return float(self.values.mean())

    def _lower(self, level: float) -> float:
        return catoni_limit(self.values, self.variance, level)

    def _upper(self, level: float) -> float:
        return -catoni_limit(-self.values, self.variance, level)


def _freeze(sample: Evidence, values: ArrayLike, low: float, high: float) -> None:
    """Store the checked values as a read-only copy, so that evidence cannot change after it was judged."""
    array = np.array(values, dtype=np.float64)
    if array.ndim != 1 or array.size == 0:
        raise ArgumentError(f"values of shape {array.shape}: give one row of at least one value")
    if not np.isfinite(array).all():
        raise ArgumentError(f"value number {int(np.argmin(np.isfinite(array)))} is not finite: give finite values")
    outside = (array < low) | (array > high)
    if outside.any():
        at = int(np.argmax(outside))
        raise ArgumentError(f"value number {at}, {array[at]}, is outside [{low}, {high}]: give the law's true range")
    array.setflags(write=False)
    object.__setattr__(sample, "values", array)

"""Sampled distances between laws, each computed up to a stated error."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from bounds.errors import ArgumentError
from verify.evidence.base import Evidence
from verify.evidence.kinds import BoundedSample


@final
@dataclass(frozen=True, eq=False)
class DistanceSample(Evidence):
    """Sampled distances in [0, 1], each computed up to a stated error; limits on the mean of the exact ones.

    Limits are by betting; with a known proxy, the better of those and of the sub-Gaussian ones, each at half the level.

    Parameters
    ----------
    values, errors : ndarray of shape (n,)
        Computed values, and bounds on their errors (at least 0). The exact values are independent with one law, and n
        was fixed before they were drawn.
    proxy : float
        Sub-Gaussian variance proxy of an exact value, from the model (`verify.distances.tv_proxy`) and never from the
        values; infinite if not known.

    Raises
    ------
    ArgumentError
        If the values are not one row of numbers, an error is negative, or no number in [0, 1] agrees with a value.

    Examples
    --------
    >>> sample = DistanceSample(np.full(500, 0.25), np.full(500, 0.01), proxy=1e-4)
    >>> sample.lower(0.05) < 0.24 < 0.26 < sample.upper(0.05) < 0.265
    True
    """

    values: NDArray[np.float64]
    errors: NDArray[np.float64]
    proxy: float = math.inf

    def __post_init__(self) -> None:
        values, errors = (np.array(part, dtype=np.float64) for part in (self.values, self.errors))
        if values.shape != errors.shape or not np.all(errors >= 0):
            raise ArgumentError(f"values {values.shape} need errors of that shape, at least 0; given {errors.shape}")
        if not np.all((values + errors >= 0) & (values - errors <= 1)):
            raise ArgumentError("a value is not a number, or lies outside [0, 1] by more than its stated error")
        if not self.proxy >= 0:
            raise ArgumentError(f"proxy = {self.proxy} is not allowed; give a number >= 0, or infinity if not known")
        for name, array in (("values", values), ("errors", errors)):
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        self._extreme(-1.0)

    @property
    def estimate(self) -> float:
        """The average of the computed values."""
        return float(self.values.mean())

    def _lower(self, level: float) -> float:
        least = self._extreme(-1.0)
        if math.isinf(self.proxy):
            return least.lower(level)
        return max(least.lower(level / 2), least.estimate - self._deviation(level / 2))

    def _upper(self, level: float) -> float:
        most = self._extreme(1.0)
        if math.isinf(self.proxy):
            return most.upper(level)
        return min(most.upper(level / 2), most.estimate + self._deviation(level / 2))

    def _deviation(self, level: float) -> float:
        return math.sqrt(2 * self.proxy * math.log(1 / level) / self.values.size) + 1e-15

    def _extreme(self, side: float) -> BoundedSample:
        """The least or the largest values the exact ones can have."""
        return BoundedSample(np.clip(self.values + side * self.errors, 0.0, 1.0), 0.0, 1.0)

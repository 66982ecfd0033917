"""A user's sample, taken as the law itself."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from bounds.errors import DataError
from verify.data.law import Array, Size, as_probabilities, as_scale


@dataclass(frozen=True, eq=False)
class EmpiricalLaw:
    """Law that puts mass 1/n on each of n data values; a value that occurs k times has mass k/n.

    The methods it shares with every law are described in `Law`.

    Parameters
    ----------
    values : array_like, shape (n,)
        Finite numbers, n >= 2, not all equal, in the units of the data. Stored sorted and read-only.

    Raises
    ------
    DataError
        If there are fewer than 2 values, a value is not finite, or all values are equal.

    Examples
    --------
    >>> law = EmpiricalLaw([3.0, 1.0, 1.0, 3.0])
    >>> law.mean, law.variance
    (2.0, 1.0)
    >>> law.atoms, law.masses
    (array([1., 3.]), array([0.5, 0.5]))
    """

    values: Array

    def __init__(self, values: ArrayLike) -> None:
        data = np.sort(np.array(values, dtype=np.float64, ndmin=1))
        _check_sample(data)
        data.flags.writeable = False
        object.__setattr__(self, "values", data)

    @property
    def atoms(self) -> Array:
        """Distinct values, increasing, in the units of the data."""
        return np.unique(self.values)

    @property
    def masses(self) -> Array:
        """Probability of each of the `atoms`."""
        return np.asarray(np.unique(self.values, return_counts=True)[1] / self.values.size)

    @property
    def mean(self) -> float:
        """Expected value, in the units of the data."""
        return math.fsum(self.values) / self.values.size

    @property
    def variance(self) -> float:
        """Variance of the law itself (divisor n), in the squared units of the data."""
        return math.fsum((self.values - self.mean) ** 2) / self.values.size

    def cdf(self, x: ArrayLike) -> Array:
        """``P(X <= x)``, of the shape of `x`.

        Examples
        --------
        >>> EmpiricalLaw([0.0, 1.0]).cdf([-1.0, 0.0, 0.5, 1.0])
        array([0. , 0.5, 0.5, 1. ])
        """
        return np.asarray(
            np.searchsorted(self.values, np.asarray(x, dtype=np.float64), side="right") / self.values.size
        )

    def quantile(self, p: ArrayLike) -> Array:
        """Smallest value x with ``P(X <= x) >= p``; the smallest value for p = 0.

        Examples
        --------
        >>> EmpiricalLaw([1.0, 2.0, 4.0]).quantile([0.0, 0.5, 1.0])
        array([1., 2., 4.])
        """
        steps = np.arange(1, self.values.size + 1) / self.values.size
        return np.asarray(self.values[np.searchsorted(steps, as_probabilities(p), side="left")])

    def sample(self, rng: np.random.Generator, size: Size) -> Array:
        """Independent draws with replacement, of shape `size`.

        Examples
        --------
        >>> EmpiricalLaw([0.0, 1.0]).sample(np.random.default_rng(0), 4)
        array([1., 1., 1., 0.])
        """
        return np.asarray(rng.choice(self.values, size=size))

    def in_units_of(self, scale: float) -> Self:
        """Law of ``X / scale``: the values divided by `scale`.

        Examples
        --------
        >>> EmpiricalLaw([2.0, 6.0]).in_units_of(2.0).values
        array([1., 3.])
        """
        return type(self)(self.values / as_scale(scale))


def _check_sample(data: Array) -> None:
    if data.ndim != 1:
        raise DataError(f"values have shape {data.shape}; give a one-dimensional array")
    if data.size < 2:
        raise DataError(f"{data.size} data value{'' if data.size == 1 else 's'} given; at least 2 are needed")
    if not np.isfinite(data).all():
        raise DataError(
            f"{np.count_nonzero(~np.isfinite(data))} of {data.size} data values are not finite; remove them"
        )
    if data[0] == data[-1]:
        raise DataError(f"all {data.size} data values equal {float(data[0])!r}; a law needs some spread")

"""Evidence about an exponent: the log-log slope of mean values over declared sizes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from bounds.errors import ArgumentError
from verify.evidence.base import Evidence
from verify.evidence.kinds import Computed


@final
@dataclass(frozen=True, eq=False)
class Slope(Evidence):
    """The least-squares slope of ``log m_i`` over ``log size_i``, from evidence about the positive numbers m_i.

    The slope is ``sum_i w_i log m_i`` with ``w_i = (x_i - mean x)/sum_j (x_j - mean x)^2`` and ``x_i = log size_i``. Its
    upper limit takes the upper limit of m_i where ``w_i > 0`` and the lower one where ``w_i < 0``, each at the level
    divided by the number of sampled m_i that have a weight: all of them hold at once but for the level (union bound), at
    the finite sample and whether or not the m_i follow a power law. The slope speaks of the declared sizes, not of a limit.

    Parameters
    ----------
    sizes : ndarray of shape (m,)
        The declared sizes, positive and increasing, m >= 2. For a rate in t the generations after the burn-in.
    means : tuple of Evidence, length m
        Evidence about m_i, with a positive estimate. It need not be independent over i.

    Raises
    ------
    ArgumentError
        If there are fewer than two sizes, they are not positive and increasing, or an estimate is not positive.

    Examples
    --------
    >>> sizes = np.array([10.0, 100.0, 1000.0])
    >>> slope = Slope(sizes, tuple(Computed(3.0 * size**-0.5, 0.0) for size in sizes))
    >>> round(slope.estimate, 12), round(slope.upper(0.05) - slope.lower(0.05), 12)
    (-0.5, 0.0)
    """

    sizes: NDArray[np.float64]
    means: tuple[Evidence, ...]

    def __post_init__(self) -> None:
        sizes, means = np.array(self.sizes, dtype=np.float64), tuple(self.means)
        if sizes.ndim != 1 or sizes.size < 2 or sizes.size != len(means):
            raise ArgumentError(f"{sizes.size} sizes, {len(means)} means: give as many of each, at least two")
        if not (sizes[0] > 0 and np.all(np.diff(sizes) > 0) and math.isfinite(sizes[-1])):
            raise ArgumentError(f"sizes {sizes.tolist()}: give positive, finite, increasing sizes")
        estimates = [mean.estimate for mean in means]
        if not min(estimates) > 0:
            raise ArgumentError(f"estimates {estimates}: a log-log slope needs positive ones")
        sizes.setflags(write=False)
        object.__setattr__(self, "sizes", sizes)
        object.__setattr__(self, "means", means)

    @property
    def trials(self) -> int:
        """Independent runs behind all means together."""
        return sum(_runs(mean) for mean in self.means)

    @property
    def estimate(self) -> float:
        """The slope of the estimates."""
        return sum(w * math.log(m.estimate) for w, m in zip(self._weights(), self.means, strict=True))

    def _lower(self, level: float) -> float:
        return -self._steepest(level, -1.0)

    def _upper(self, level: float) -> float:
        return self._steepest(level, 1.0)

    def _steepest(self, level: float, sign: float) -> float:
        """Upper limit of the slope times `sign`."""
        weights = [sign * w for w in self._weights()]
        used = [(w, m) for w, m in zip(weights, self.means, strict=True) if w != 0.0]
        share = level / max(1, sum(not isinstance(m, Computed) for _, m in used))
        terms = [w * _log(m.upper(share) if w > 0 else m.lower(share)) for w, m in used]
        return sum(terms) + 1e-14 * sum(abs(term) for term in terms)

    def _weights(self) -> list[float]:
        x = np.log(self.sizes)
        x -= x.mean()
        if self.sizes.size % 2:
            # Rounding must not give the middle one of evenly spaced sizes a weight, and with it a share of the level.
            x[np.abs(x) < 1e-12] = 0.0
        return [float(w) for w in x / np.sum(x * x)]


def _log(limit: float) -> float:
    """Logarithm of a limit; of none that excludes zero, minus infinity."""
    return math.log(limit) if limit > 0 else -math.inf


def _runs(mean: Evidence) -> int:
    if isinstance(mean, Computed):
        return 0
    trials = getattr(mean, "trials", None)
    return int(trials) if trials is not None else len(mean.values)  # type: ignore[attr-defined]

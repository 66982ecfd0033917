"""Density-estimate loops of two generations whose learning errors have explicit bounds.

Generation 2 learns from ``P = (1 - b) p_0 + b p_1``, p_1 the estimate from n points with bandwidth h. Its own estimate,
from N points with bandwidth g, lies off P by a bias and by noise. Given the past the noise has at x at most the variance
``(K_g^2 * P - (K_g * P)^2)/N``, and the bias ``K_g * P - P`` is random as ``p_1`` is: an average of n independent values
of ``kappa = K_g * K_h - K_h``, times b. Squares are averaged at each x, and the roots of the averages integrated (Jensen).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import final

import numpy as np

from verify.checks.fu2024._pulled import Array
from verify.data import NormalMixture
from verify.distances import tv_proxy
from verify.evidence import DistanceSample
from verify.mixing import Mixture, Regime
from verify.models.kde import Bandwidth, Fixed, Kernel, kde_loop

_NODES = 4_001
_ROOM = 9.0  # standard deviations of room on either side
_SLACK = 1e-3  # relative; far above the error of the trapezoidal rule for these smooth integrands


@final
@dataclass(frozen=True)
class BySize(Bandwidth):
    """``factor N^(-1/5)``: depends on the size of the training set and on nothing else."""

    factor: float

    def of(self, points: Array, kernel: Kernel) -> Array:
        """One value for all replicates."""
        return np.full(points.shape[0], self.at(points.shape[1]))

    def typical(self, std: float, n: int, kernel: Kernel) -> float:
        """The rule itself."""
        return self.at(n)

    def at(self, size: int) -> float:
        """The bandwidth for that size."""
        return float(self.factor * size**-0.2)


@dataclass(frozen=True)
class DensityLoop:
    """A loop of density estimates on the line, measured in generation 2."""

    law: NormalMixture
    bandwidth: Fixed | BySize
    mixture: Mixture

    def measure(self, rng: np.random.Generator, replicates: int) -> DistanceSample:
        """Evidence about ``E TV(p_2, p_0)``."""
        found = kde_loop(rng, self.law, self.mixture, 2, replicates, bandwidth=self.bandwidth, error=3e-4)
        return DistanceSample(found.tv[:, 1], found.error[:, 1], float(tv_proxy(self.mixture, 2)[1]))

    def constant(self, exponent: Fraction) -> float:
        """Smallest c for which ``c N^-s`` bounds the learning errors the theorem on this loop speaks of."""
        n, m, s = self.mixture.real, self.mixture.synthetic, float(exponent)
        scaled = [self._error(n, share=0.0) * n**s]
        if m and self.mixture.regime is Regime.REUSED:
            scaled.append(self._error(m, share=1.0) * m**s)
        elif m:
            scaled.append(self._error(n + m, share=m / (n + m)) * (n + m) ** s)
        return float(max(scaled))

    def _error(self, size: int, share: float) -> float:
        narrow, wide = self._width(self.mixture.first), self._width(size)
        return estimate_error(self.law, self.mixture.first, narrow, share, size, wide)

    def _width(self, size: int) -> float:
        return self.bandwidth.h if isinstance(self.bandwidth, Fixed) else self.bandwidth.at(size)


def estimate_error(law: NormalMixture, n: int, h: float, share: float, size: int, g: float) -> float:
    """Bound on the expected distance between an estimate and the law P of its points; see the head of this file.

    Parameters
    ----------
    law : NormalMixture
        The real law p_0.
    n, h : int and float
        Points and bandwidth of ``p_1``, in units of the data.
    share : float
        b, the share of ``p_1`` in P.
    size, g : int and float
        Points and bandwidth of the estimate.

    Returns
    -------
    float
        Rounded up by a thousandth, for the quadrature.
    """
    reach = _ROOM * (max(law.stds) + h + g)
    x = np.linspace(min(law.means) - reach, max(law.means) + reach, _NODES)

    def smoothed(*variances: float) -> Array:
        return _smoothed(law, x, sum(variances))

    def mixed(variance: float) -> Array:
        return (1 - share) * smoothed(variance) + share * smoothed(variance, h**2)

    bias = mixed(g**2) - mixed(0.0)
    noise = (mixed(g**2 / 2) / (2 * math.sqrt(math.pi) * g) - mixed(g**2) ** 2) / size
    wide, narrow = h**2 + g**2, h**2
    squares = (
        smoothed(wide / 2) / (2 * math.sqrt(math.pi * wide))
        + smoothed(narrow / 2) / (2 * math.sqrt(math.pi * narrow))
        - 2 * smoothed(wide * narrow / (wide + narrow)) / math.sqrt(2 * math.pi * (wide + narrow))
    )
    inherited = share**2 * (squares - (smoothed(wide) - smoothed(narrow)) ** 2) / n
    total = bias**2 + np.maximum(noise, 0.0) + np.maximum(inherited, 0.0)
    return float(0.5 * np.sqrt(total).sum() * (x[1] - x[0]) * (1 + _SLACK))


def _smoothed(law: NormalMixture, x: Array, variance: float) -> Array:
    total = np.zeros_like(x)
    for weight, mean, std in zip(law.weights, law.means, law.stds, strict=True):
        spread = math.sqrt(std**2 + variance)
        total += weight / (spread * math.sqrt(2 * math.pi)) * np.exp(-0.5 * ((x - mean) / spread) ** 2)
    return total

"""A generated density at the nodes of a uniform grid, and its distances from the real law with a stated error."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline

from bounds.errors import ArgumentError, DataError
from verify.data import NormalMixture
from verify.distances import derivative_variation, interpolated_tv, interpolation_error
from verify.evidence import Computed
from verify.models.diffusion.forward import Array

# Below this density a node adds nothing to a divergence that its error would not cover.
_NEGLIGIBLE = 1e-14
# A divergence takes logarithms lost in rounding to be right within a factor of 10, but only where the other law's
# density is below this.
_COVERED = 1e-7
_FINER = 32


@dataclass(frozen=True)
class GeneratedDensity:
    """Density of a sampler's law on the line, computed without sampling.

    Parameters
    ----------
    low, step : float
        First node and distance of the nodes, in units of the data.
    logs : ndarray, shape (G,)
        Logarithms of the density at the nodes ``low + i step``.
    log_errors : ndarray, shape (G,)
        Error of each logarithm: what halving the steps of the solver changed, which is larger than what is left.
    floor : float
        Density below which values are lost in rounding; 0 where the logarithms are known everywhere.

    Examples
    --------
    >>> nodes = np.linspace(-9, 9, 2001)
    >>> density = GeneratedDensity(-9.0, 0.009, -0.5 * nodes**2 - 0.5 * math.log(2 * math.pi), np.zeros(2001))
    >>> found = density.total_variation(NormalMixture.normal(mean=1.0))
    >>> abs(found.value - 0.3829249225480262) < found.error < 1e-5
    True
    """

    low: float
    step: float
    logs: Array
    log_errors: Array
    floor: float = 0.0

    @property
    def nodes(self) -> Array:
        """The nodes, shape (G,), in units of the data."""
        return np.asarray(self.low + self.step * np.arange(len(self.logs)))

    @property
    def values(self) -> Array:
        """The density at the nodes, shape (G,)."""
        return np.asarray(np.exp(self.logs))

    @property
    def mass_error(self) -> float:
        """Error of the density in L1: that of the values, and the mass that the nodes miss or make up."""
        values = self.values
        wrong = math.fsum(values * np.expm1(np.minimum(self.log_errors, 50.0))) * self.step
        return wrong + abs(1.0 - math.fsum(values) * self.step)

    def total_variation(self, law: NormalMixture) -> Computed:
        """Total variation to a law.

        Parameters
        ----------
        law : NormalMixture

        Returns
        -------
        Computed
            The error counts that of the density, the interpolation between the nodes, and what lies outside them.
        """
        spline = CubicSpline(np.arange(len(self.logs)), self.logs)
        step = self.step / _FINER
        values = np.exp(spline(np.arange((len(self.logs) - 1) * _FINER + 1) / _FINER))
        nodes = self.low + step * np.arange(len(values))
        outside = float(law.cdf(self.low) + law.sf(float(nodes[-1])))
        distance = float(interpolated_tv(values - law.pdf(nodes), step)) + 0.5 * outside
        bend = float(np.sum(np.abs(np.diff(values, n=2)))) / step + derivative_variation(law)
        error = float(interpolation_error(step, bend)) + 0.5 * (self.mass_error + self._spline_error() + outside)
        return Computed(min(distance, 1.0), error + 1e-14)

    def _spline_error(self) -> float:
        """In L1, that of a spline through every second node, at the others: some 16 times that of all the nodes."""
        numbers = np.arange(len(self.logs))
        left_out = CubicSpline(numbers[::2], self.logs[::2])(numbers[1:-1:2])
        wrong = self.values[1:-1:2] * np.abs(np.expm1(np.minimum(left_out - self.logs[1:-1:2], 50.0)))
        return 2 * self.step * math.fsum(wrong)

    def divergence_from(self, law: NormalMixture) -> Computed:
        """Divergence ``KL(law to this)``.

        Parameters
        ----------
        law : NormalMixture

        Returns
        -------
        Computed
            The error counts that of the logarithms, half the nodes against all of them, and the tails left out.

        Raises
        ------
        DataError
            If the nodes do not cover the law, or the density is too small on it to be known.
        """
        p = law.pdf(self.nodes)
        if max(p[0], p[-1]) > _NEGLIGIBLE:
            raise DataError(
                f"the nodes from {self.low} to {self.nodes[-1]} do not cover the law: make them reach further"
            )
        lost = self.values < self.floor
        if np.any(lost & (p > _COVERED)):
            raise DataError(
                "the generated density is lost in rounding where the law has mass; this divergence is too large"
            )
        kept = p > _NEGLIGIBLE
        logs = np.where(kept, np.log(np.where(kept, p, 1.0)) - self.logs, 0.0)
        summand = np.where(kept, p * logs, 0.0)
        value = self.step * math.fsum(summand)
        halved = 2 * self.step * math.fsum(summand[::2])
        wrong = self.step * math.fsum(np.where(kept, p * self.log_errors, 0.0))
        wrong += 10 * self.step * math.fsum(np.abs(summand[lost]))
        # What is left out lies beyond the outermost nodes kept, where p falls faster than its logarithm grows.
        tails = 2 * len(p) * self.step * _NEGLIGIBLE * float(np.max(np.abs(logs)))
        return Computed(value, abs(value - halved) + wrong + tails + 1e-14)


def extrapolated(
    low: float, step: float, coarse: Array, fine: Array, order: int, floor: float = 0.0
) -> GeneratedDensity:
    """Combine two solutions, the second at half the steps, into one of higher order (Richardson), errors included.

    Parameters
    ----------
    low, step : float
        First node and distance of the nodes, in units of the data.
    coarse, fine : ndarray, shape (G,)
        Logarithms of the density at the nodes.
    order : int
        Of the solver.
    floor : float
        As for `GeneratedDensity`.

    Returns
    -------
    GeneratedDensity
        Its stated error is that of the finer solution, which is larger than its own as soon as the steps are small enough
        for the solver's order to show.

    Raises
    ------
    ArgumentError
        If the solutions have different shapes.

    Examples
    --------
    >>> extrapolated(0.0, 1.0, np.array([4.0]), np.array([1.0]), order=2).logs
    array([0.])
    """
    if coarse.shape != fine.shape:
        raise ArgumentError(f"the solutions have shapes {coarse.shape} and {fine.shape}; they must agree")
    gained = (fine - coarse) / (2**order - 1)
    return GeneratedDensity(low, step, fine + gained, np.abs(gained), floor)


def covered(laws: tuple[NormalMixture, ...], reach: float = 10.0) -> tuple[float, float]:
    """Return an interval that holds all but a negligible part of some laws.

    Parameters
    ----------
    laws : tuple of NormalMixture
    reach : float
        Standard deviations beyond the components' means.

    Returns
    -------
    low, high : float
        In units of the data.

    Examples
    --------
    >>> covered((NormalMixture.normal(), NormalMixture.normal(3.0, 0.5)))
    (-10.0, 10.0)
    """
    ends = [(m - reach * s, m + reach * s) for law in laws for m, s in zip(law.means, law.stds, strict=True)]
    return min(low for low, _ in ends), max(high for _, high in ends)

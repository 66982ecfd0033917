"""Density estimates on a uniform grid: linear binning and one fast Fourier transform, with a bound on the error.

Linear binning shares every point between its two neighbouring nodes. What the estimate loses by it, per point at the
fraction f of its cell, is the error of interpolating the kernel linearly, at most ``f(1-f) step^2/2`` times ``int |K_h''|``
in L1 (``int |K_h''| = bend / h^2``, jumps of ``K'`` counted): ``step^2/16 bend/h^2`` in total variation.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft

from bounds.errors import ArgumentError
from verify.data import NormalMixture
from verify.distances import derivative_variation, interpolated_tv, interpolation_error
from verify.mixing import count
from verify.models.kde.kernels import Array, Kernel

_MOST_NODES = 1 << 22
_UNIT = 1e-15  # several units in the last place


@dataclass(frozen=True)
class Grid:
    """Uniform nodes ``low + i step``, ``i = 0, ..., cells``.

    Parameters
    ----------
    low, high : float
        First and last node, in units of the data, ``low < high``.
    cells : int
        Number of cells, at least 1.

    Raises
    ------
    ArgumentError
        If the ends are not finite and in order, or there are too few or more than 2^22 cells.

    Examples
    --------
    >>> Grid(0.0, 1.0, 4).nodes
    array([0.  , 0.25, 0.5 , 0.75, 1.  ])
    """

    low: float
    high: float
    cells: int

    def __post_init__(self) -> None:
        if not (math.isfinite(self.high - self.low) and self.low < self.high):
            raise ArgumentError(f"grid from {self.low} to {self.high}: give finite ends with low < high")
        if count("cells", self.cells, 1) > _MOST_NODES:
            raise ArgumentError(
                f"cells = {self.cells} exceeds {_MOST_NODES}; ask for less accuracy or a wider bandwidth"
            )

    @property
    def step(self) -> float:
        """Distance of neighbouring nodes, in units of the data."""
        return (self.high - self.low) / self.cells

    @property
    def nodes(self) -> Array:
        """The nodes, shape (cells + 1,)."""
        return np.asarray(self.low + self.step * np.arange(self.cells + 1), dtype=np.float64)


def covering_grid(
    law: NormalMixture, kernel: Kernel, h: float, generations: int, error: float, margin: float = 8.0
) -> Grid:
    """Grid on which estimates of bandwidth `h` are compared with `law` to a stated error of about `error`.

    Parameters
    ----------
    law : NormalMixture
        The real law.
    kernel : Kernel
        K.
    h : float
        Bandwidth, positive. Smaller bandwidths met later have a larger stated error, never a wrong one.
    generations : int
        The grid leaves room for that many smoothings.
    error : float
        Error in total variation aimed at, in (0, 1).
    margin : float
        Standard deviations of room beyond the outermost means.

    Returns
    -------
    Grid
        The grid.

    Raises
    ------
    ArgumentError
        If the error is outside (0, 1) or needs more than 2^22 cells.

    Examples
    --------
    >>> from verify.models.kde import GAUSSIAN
    >>> covering_grid(NormalMixture.normal(), GAUSSIAN, h=0.1, generations=10, error=1e-4).cells
    5852
    """
    if not 0 < error < 1:
        raise ArgumentError(f"error = {error} is not allowed; give an error in total variation between 0 and 1")
    wide = [math.sqrt(s**2 + generations * kernel.variance * h**2) for s in law.stds]
    low = min(m - margin * s for m, s in zip(law.means, wide, strict=True))
    high = max(m + margin * s for m, s in zip(law.means, wide, strict=True))
    step = math.sqrt(16 * error / (2 * kernel.bend / h**2 + derivative_variation(law)))
    return Grid(low, high, math.ceil((high - low) / step))


@dataclass(frozen=True, eq=False)
class BinnedPoints:
    """Shares of the points on the nodes of a grid.

    Parameters
    ----------
    shares : ndarray, shape (R, G)
        Share of each replicate's points on each node; a row sums to 1 minus `outside`.
    outside : ndarray, shape (R,)
        Share of the points that lie beyond the ends of the grid.

    Examples
    --------
    >>> bin_linearly(np.array([[0.5, 9.0]]), Grid(0.0, 1.0, 1))
    BinnedPoints(shares=array([[0.25, 0.25]]), outside=array([0.5]))
    """

    shares: Array
    outside: Array


def bin_linearly(points: Array, grid: Grid) -> BinnedPoints:
    """Split every point between its two neighbouring nodes, the nearer one getting the larger part.

    Parameters
    ----------
    points : ndarray, shape (R, N)
        One sample per replicate, in units of the data.
    grid : Grid
        The grid.

    Returns
    -------
    BinnedPoints
        With G = cells + 1.

    Examples
    --------
    >>> bin_linearly(np.array([[0.25, 2.0, 9.0, 1.5]]), Grid(0.0, 2.0, 2)).shares
    array([[0.1875, 0.1875, 0.375 ]])
    """
    replicates, size = points.shape
    width = grid.cells + 1
    position = points - grid.low
    position *= 1 / grid.step
    outside = np.zeros(replicates)
    if position.min() < 0 or position.max() > grid.cells:
        beyond = (position < 0) | (position > grid.cells)
        outside = beyond.mean(axis=1)
        row = np.nonzero(~beyond)[0]
        position = position[~beyond]
    else:
        row = None
    cell = position.astype(np.intp)  # rounds down, as no position is negative
    position -= cell
    if row is not None:
        cell += width * row
    elif replicates > 1:
        cell += width * np.arange(replicates)[:, None]
    cell, part = cell.ravel(), position.ravel()
    hits = np.bincount(cell, minlength=replicates * width)
    right = np.bincount(cell, weights=part, minlength=replicates * width)
    shares = np.subtract(hits, right, dtype=np.float64)  # without points bincount returns integers
    # A point on a row's last node has part 0, so that nothing spills over into the next row.
    shares[1:] += right[:-1]
    shares /= size
    return BinnedPoints(shares.reshape(replicates, width), outside)


@dataclass(frozen=True, eq=False)
class GriddedDistances:
    """Total variation distances and bounds on their numerical errors.

    Parameters
    ----------
    tv, error : ndarray, shape (R,)
        The exact distance of the exact density estimate is within `error` of `tv`.

    Examples
    --------
    >>> from verify.models.kde import GAUSSIAN
    >>> seen = GriddedLaw(NormalMixture.normal(), GAUSSIAN, Grid(-9.0, 9.0, 1000))
    >>> seen.distances(np.zeros((1, 5)), np.ones(1)).tv.round(6)  # the estimate is the law itself
    array([0.])
    """

    tv: Array
    error: Array


class GriddedLaw:
    """Compares density estimates with one real law on one grid; what does not depend on the points is kept.

    Parameters
    ----------
    law : NormalMixture
        The real law.
    kernel : Kernel
        K.
    grid : Grid
        The grid.

    Examples
    --------
    One point and a wide kernel: TV(N(0, 2^2), N(0, 1)).

    >>> from verify.models.kde import GAUSSIAN
    >>> seen = GriddedLaw(NormalMixture.normal(), GAUSSIAN, Grid(-20.0, 20.0, 4000))
    >>> seen.distances(np.zeros((1, 1)), np.array([2.0])).tv.round(4)
    array([0.3227])
    """

    def __init__(self, law: NormalMixture, kernel: Kernel, grid: Grid) -> None:
        self._kernel, self._grid = kernel, grid
        self._pdf = law.pdf(grid.nodes)
        self._beyond = float(law.cdf(grid.low) + law.sf(grid.high))
        self._variation = derivative_variation(law)
        self._kept: tuple[float, Array, int, Array] | None = None

    def densities(self, binned: BinnedPoints, h: Array) -> Array:
        """Density of the binned estimates at the nodes.

        Parameters
        ----------
        binned : BinnedPoints
            Of R replicates.
        h : ndarray, shape (R,)
            Bandwidths.

        Returns
        -------
        ndarray, shape (R, G)
            In inverse units of the data; exact for the binned points up to rounding.
        """
        return self._densities(binned, _by_value(h))

    def _densities(self, binned: BinnedPoints, runs: list[tuple[float, slice]]) -> Array:
        blocks = [self._smoothed(binned.shares[rows], value) for value, rows in runs]
        return blocks[0] if len(blocks) == 1 else np.concatenate(blocks)

    def distances(self, points: Array, h: Array) -> GriddedDistances:
        """Total variation between each replicate's density estimate and the real law.

        Parameters
        ----------
        points : ndarray, shape (R, N)
            Training sets.
        h : ndarray, shape (R,)
            Bandwidths.

        Returns
        -------
        GriddedDistances
            With errors for binning, interpolation between nodes, the tails beyond the grid, and rounding.
        """
        binned = bin_linearly(points, self._grid)
        runs = _by_value(h)
        difference = self._densities(binned, runs)
        difference -= self._pdf
        inner = interpolated_tv(difference, self._grid.step)
        # Not a matrix product: threads of a linear algebra library would cost more than they save.
        tails = np.concatenate(
            [np.einsum("ij,j->i", binned.shares[rows], self._constants(value)[2]) for value, rows in runs]
        )
        # Beyond the grid int |f - p| is between 0 and the two tails; its half is set to a quarter of them.
        rest = 0.25 * (tails + self._beyond)
        bend = self._kernel.bend / h**2
        smooth = interpolation_error(self._grid.step, 2 * bend + self._variation)
        return GriddedDistances(inner + rest, smooth + rest + 0.5 * binned.outside + self._rounding(h))

    def _rounding(self, h: Array) -> Array:
        """Transforms of length L err by about log2(L) units relative to the 2-norm; points are placed to a unit."""
        length = 2.0 * (self._grid.cells + 1)
        transforms = 1.5 * math.log2(length) * math.sqrt(length)
        return np.asarray(_UNIT * (transforms + (abs(self._grid.low) + abs(self._grid.high)) / h))

    def _smoothed(self, shares: Array, h: float) -> Array:
        transform, length, _ = self._constants(h)
        spectrum = rfft(shares, length, axis=-1)
        spectrum *= transform
        return np.asarray(irfft(spectrum, length, axis=-1)[..., : shares.shape[-1]])

    def _constants(self, h: float) -> tuple[Array, int, Array]:
        """Transform of the kernel on the grid, its length, and the mass a point on each node has beyond the ends."""
        if self._kept is None or self._kept[0] != h:
            grid = self._grid
            offsets = min(math.ceil(self._kernel.reach * h / grid.step), grid.cells)
            length = next_fast_len(grid.cells + 1 + offsets, real=True)
            weights = np.zeros(length)
            weights[: offsets + 1] = self._kernel.density(np.arange(offsets + 1.0) * (grid.step / h)) / h
            weights[length - offsets :] = weights[offsets:0:-1]
            nodes = grid.nodes
            ends = self._kernel.tail((nodes - grid.low) / h) + self._kernel.tail((grid.high - nodes) / h)
            # An even sequence has a real transform.
            self._kept = h, np.ascontiguousarray(rfft(weights).real), length, ends
        return self._kept[1:]


def _by_value(h: Array) -> list[tuple[float, slice]]:
    """Runs of equal bandwidths: all replicates at once when it is fixed, one by one when it is data-driven."""
    if h.size == 1:
        return [(float(h[0]), slice(0, 1))]
    starts = np.concatenate([[0], np.nonzero(np.diff(h))[0] + 1, [h.size]])
    return [(float(h[i]), slice(i, j)) for i, j in itertools.pairwise(starts.tolist())]

"""Density-estimate loops on the line, with the total variation to the real law measured in every generation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from verify.data import NormalMixture
from verify.distances import tv_proxy
from verify.evidence import DistanceSample
from verify.loop import models_of
from verify.mixing import Mixture, count
from verify.models.kde.bandwidth import Bandwidth, Fixed
from verify.models.kde.grid import Grid, GriddedLaw, covering_grid
from verify.models.kde.kernels import GAUSSIAN, Array, Kernel
from verify.models.kde.model import learner

_BLOCK = 1 << 17  # points, or nodes, held at a time: about what a processor's cache takes


@dataclass(frozen=True, eq=False)
class KdeTrajectories:
    """Distances to the real law along replicates of a loop.

    Parameters
    ----------
    tv, error : ndarray, shape (R, T)
        Total variation of generation t (column t - 1) to the real law, and a bound on its numerical error.
    bandwidth : ndarray, shape (R, T)
        h, in units of the data.
    proxy : ndarray, shape (T,)
        Sub-Gaussian variance proxy of the distance (`tv_proxy`); infinite when the bandwidth depends on the data.

    Examples
    --------
    >>> from verify.mixing import replace
    >>> from verify.models.kde import Fixed
    >>> rng = np.random.default_rng(0)
    >>> found = kde_loop(rng, NormalMixture.normal(), replace(1000), 5, 20, bandwidth=Fixed(0.3))
    >>> evidence = found.evidence(5)
    >>> evidence.lower(0.05) < evidence.estimate < evidence.upper(0.05)
    True
    """

    tv: Array
    error: Array
    bandwidth: Array
    proxy: Array

    def evidence(self, t: int) -> DistanceSample:
        """Evidence about the expected distance ``E TV(p_t, p_0)``.

        Parameters
        ----------
        t : int
            Generation, from 1 to T.

        Returns
        -------
        DistanceSample
            Its limits count sampling and numerical errors.

        Raises
        ------
        ArgumentError
            If `t` is not a generation of the loop.
        """
        column = generation(t, self.tv.shape[1]) - 1
        return DistanceSample(self.tv[:, column], self.error[:, column], float(self.proxy[column]))


def kde_loop(
    rng: np.random.Generator,
    law: NormalMixture,
    mixture: Mixture,
    generations: int,
    replicates: int,
    *,
    bandwidth: Bandwidth,
    kernel: Kernel = GAUSSIAN,
    error: float = 1e-4,
    grid: Grid | None = None,
) -> KdeTrajectories:
    """Retrain density estimates on their own draws and measure every generation against the real law (fu2024).

    Draws are exact: a point of the training set picked at random, plus h times a draw of K. Only the distance is computed
    on a grid. Replicates run in blocks, so that memory does not grow with their number (beyond three numbers each).

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness; the same seed gives the same bits.
    law : NormalMixture
        The real law p_0.
    mixture : Mixture
        Sizes of the training sets and the data regime.
    generations, replicates : int
        T and R, at least 1.
    bandwidth : Bandwidth
        ``Fixed(h)``, or a rule of thumb.
    kernel : Kernel
        K, normal unless given.
    error : float
        Numerical error in total variation the grid is chosen for; the error reported is what was reached.
    grid : Grid, optional
        Used in place of one chosen by `error`.

    Returns
    -------
    KdeTrajectories
        Arrays of shape (R, T).

    Raises
    ------
    ArgumentError
        If an argument is outside its domain.
    DataError
        If a rule of thumb meets a training set without spread.

    Examples
    --------
    >>> from verify.mixing import Regime, by_share
    >>> from verify.models.kde import EPANECHNIKOV, NormalReference
    >>> rng, half = np.random.default_rng(0), by_share(1000, "1/2", Regime.REUSED)
    >>> kde_loop(
    ...     rng, NormalMixture.normal(), half, 5, 20, bandwidth=NormalReference(), kernel=EPANECHNIKOV
    ... ).tv.shape
    (20, 5)
    """
    generations, replicates = count("generations", generations, 1), count("replicates", replicates, 1)
    largest = max(mixture.training_size(t) for t in range(1, generations + 1))
    if grid is None:
        typical = bandwidth.typical(law.variance**0.5, largest, kernel)
        grid = covering_grid(law, kernel, typical, generations, error)
    seen = GriddedLaw(law, kernel, grid)
    block = max(1, _BLOCK // max(largest, grid.cells + 1))
    parts = []
    for done in range(0, replicates, block):
        parts.append(_block(rng, law, mixture, generations, min(block, replicates - done), bandwidth, kernel, seen))
    tv, errors, widths = (np.concatenate(column) for column in zip(*parts, strict=True))
    return KdeTrajectories(tv, errors, widths, bandwidth_proxy(bandwidth, mixture, generations))


def _block(
    rng: np.random.Generator,
    law: NormalMixture,
    mixture: Mixture,
    generations: int,
    replicates: int,
    bandwidth: Bandwidth,
    kernel: Kernel,
    seen: GriddedLaw,
) -> tuple[Array, Array, Array]:
    rows: list[tuple[Array, Array, Array]] = []
    estimate = learner(rng, lambda size: law.sample(rng, (replicates, size)), kernel, bandwidth)
    for model in models_of(estimate, mixture, generations):
        found = seen.distances(model.points, model.bandwidth)
        rows.append((found.tv, found.error, model.bandwidth))
    tv, errors, widths = (np.stack(column, axis=1) for column in zip(*rows, strict=True))
    return tv, errors, widths


def generation(t: int, last: int) -> int:
    """A generation from 1 to `last`; else ArgumentError."""
    t = count("t", t, 1)
    if t > last:
        count("last generation of the loop", last, t)
    return t


def bandwidth_proxy(bandwidth: Bandwidth, mixture: Mixture, generations: int) -> Array:
    """`tv_proxy` for a fixed bandwidth; infinite otherwise, as one point then moves all others' kernels."""
    return tv_proxy(mixture, generations) if isinstance(bandwidth, Fixed) else np.full(generations, np.inf)

"""Sampled categorical loops: every generation is the empirical frequencies of its training set (multinomial resampling)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from verify.loop import Learner, run
from verify.mixing import Mixture, count
from verify.models.categorical.arguments import Array, Counts, as_laws


@dataclass(frozen=True, eq=False)
class CategoricalTrajectories:
    """Models along replicates of a categorical loop.

    Parameters
    ----------
    p : ndarray, shape (R, T + 1, ..., k)
        p_0, p_1, ..., p_T; the axes between are those of the real laws, one per context.

    Examples
    --------
    >>> from verify.mixing import replace
    >>> found = categorical_loop(np.random.default_rng(0), [0.5, 0.5], replace(4), 50, 100)
    >>> bool(found.absorbed[:, -1].all())
    True
    """

    p: Array

    @property
    def tv(self) -> Array:
        """``TV(p_t, p_0)``, shape (R, T + 1, ...)."""
        return np.asarray(0.5 * np.abs(self.p - self.p[:, :1]).sum(axis=-1))

    @property
    def squared_distance(self) -> Array:
        """``|p_t - p_0|^2``, the sum over cells, shape (R, T + 1, ...)."""
        return np.asarray(((self.p - self.p[:, :1]) ** 2).sum(axis=-1))

    @property
    def sum_of_squares(self) -> Array:
        """``sum_j p_tj^2``, the chance that two draws agree, shape (R, T + 1, ...)."""
        return np.asarray((self.p**2).sum(axis=-1))

    @property
    def support(self) -> Array:
        """Number of cells with positive mass, shape (R, T + 1, ...)."""
        return np.asarray((self.p > 0).sum(axis=-1), dtype=np.float64)

    @property
    def absorbed(self) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        """Whether a single cell holds all mass, shape (R, T + 1, ...)."""
        return np.asarray((self.p > 0).sum(axis=-1) == 1)


def categorical_loop(
    rng: np.random.Generator, p0: ArrayLike, mixture: Mixture, generations: int, replicates: int
) -> CategoricalTrajectories:
    """Retrain empirical frequencies on their own draws (fu2025, solvable case); without real data, the Wright-Fisher model.

    Counts are drawn, never points: the counts of N draws are multinomial. A table of laws, such as the rows of a
    transition matrix, runs one independent loop per row (context), each with training sets of the sizes of `mixture`.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness; the same seed gives the same bits.
    p0 : array_like, shape (..., k)
        Real laws on k cells.
    mixture : Mixture
        Sizes of the training sets and the data regime.
    generations, replicates : int
        T and R, at least 1.

    Returns
    -------
    CategoricalTrajectories
        The models.

    Raises
    ------
    ArgumentError
        If an argument is outside its domain.

    Examples
    --------
    >>> from verify.mixing import Regime, by_share
    >>> rng, half = np.random.default_rng(0), by_share(10, "1/2", Regime.REUSED)
    >>> categorical_loop(rng, [[0.2, 0.8], [0.5, 0.5], [1.0, 0.0]], half, 4, 7).p.shape
    (7, 5, 3, 2)
    """
    law = as_laws(p0)
    replicates = count("replicates", replicates, 1)
    real = np.broadcast_to(law, (replicates, *law.shape))

    def draw(p: Array, size: int) -> Counts:
        return np.asarray(rng.multinomial(size, p), dtype=np.int64)

    def pool(first: Counts, second: Counts) -> Counts:
        return np.asarray(first + second)

    def fit(counts: Counts) -> Array:
        return np.asarray(counts / counts.sum(axis=-1, keepdims=True))

    models = run(Learner(lambda size: draw(real, size), draw, pool, fit), mixture, generations)
    return CategoricalTrajectories(np.stack([real, *models], axis=1))

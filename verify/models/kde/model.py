"""The fitted density estimate as the loop sees it: points and a bandwidth; a draw is a point picked at random plus noise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from verify.loop import Learner
from verify.models.kde.bandwidth import Bandwidth
from verify.models.kde.kernels import Array, Kernel

_PIECE = 1 << 14


@dataclass(frozen=True, eq=False)
class KdeModel:
    """One density estimate per replicate.

    Parameters
    ----------
    points : ndarray, shape (R, N) or (R, N, d)
        Training sets, in units of the data.
    bandwidth : ndarray, shape (R,)
        h of each replicate.
    kernel : Kernel
        K; in d dimensions the product over coordinates.

    Examples
    --------
    >>> from verify.models.kde.kernels import GAUSSIAN
    >>> model = KdeModel(np.array([[0.0, 10.0]]), np.array([1e-9]), GAUSSIAN)
    >>> model.draw(np.random.default_rng(0), 4).round(6) % 10
    array([[0., 0., 0., 0.]])
    """

    points: Array
    bandwidth: Array
    kernel: Kernel

    def draw(self, rng: np.random.Generator, size: int) -> Array:
        """Independent draws of each replicate's model.

        Parameters
        ----------
        rng : numpy.random.Generator
            Source of randomness.
        size : int
            Draws per replicate.

        Returns
        -------
        ndarray, shape (R, size) or (R, size, d)
            In units of the data.
        """
        replicates, held = self.points.shape[:2]
        picked = rng.integers(0, held, (replicates, size))
        if replicates > 1:
            picked += held * np.arange(replicates)[:, None]
        draws = self.kernel.noise(rng, (replicates, size, *self.points.shape[2:]))
        draws *= self.bandwidth.reshape(-1, *(1,) * (draws.ndim - 1))
        # In pieces: what is gathered stays in the cache, and no third large array has to be found for it.
        places, rows = self.points.reshape(replicates * held, *self.points.shape[2:]), draws.reshape(picked.size, -1)
        for start in range(0, picked.size, _PIECE):
            piece = slice(start, start + _PIECE)
            rows[piece] += places.take(picked.reshape(-1)[piece], axis=0).reshape(-1, rows.shape[1])
        return draws


def learner(
    rng: np.random.Generator,
    real: Callable[[int], Array],
    kernel: Kernel,
    bandwidth: Bandwidth,
) -> Learner[Array, KdeModel]:
    """Density estimation as a learner of the generic loop.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness of the draws.
    real : Callable[[int], Array]
        Draws that many new real points per replicate.
    kernel : Kernel
        K.
    bandwidth : Bandwidth
        The rule that gives h.

    Returns
    -------
    Learner
        For `verify.loop.run`.

    Examples
    --------
    >>> from verify.loop import run
    >>> from verify.mixing import replace
    >>> from verify.models.kde import EPANECHNIKOV, Fixed
    >>> rng = np.random.default_rng(0)
    >>> estimate = learner(rng, lambda n: rng.random((2, n)), EPANECHNIKOV, Fixed(0.1))
    >>> [model.points.shape for model in run(estimate, replace(5), 3)]
    [(2, 5), (2, 5), (2, 5)]
    """

    def fit(points: Array) -> KdeModel:
        return KdeModel(points, bandwidth.of(points, kernel), kernel)

    return Learner(real, lambda model, size: model.draw(rng, size), lambda a, b: np.concatenate([a, b], axis=1), fit)

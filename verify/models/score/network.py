"""fu2024's score network: a linear combination of random features of position and time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bounds.errors import ArgumentError
from verify.models.score.features import RandomFeatures

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RandomFeatureScore:
    """``s(x, t) = (1/m) sum_j a_j act(<w_j, x> + <u_j, e(t)>)`` (fu2024), of which only a is trained.

    Parameters
    ----------
    features : RandomFeatures
        w, u, e and act.
    outer : ndarray, shape (m, d)
        a.

    Raises
    ------
    ArgumentError
        If `outer` has another shape.

    Examples
    --------
    >>> from verify.models.score import Noising, Window, draw_features
    >>> features = draw_features(np.random.default_rng(0), 8, 2, Window(0.02, Noising(3)))
    >>> score = RandomFeatureScore(features, np.ones((8, 2)))
    >>> score(np.zeros((5, 2)), 0.1).shape, score.divergence(np.zeros((5, 2)), 0.1).shape
    ((5, 2), (5,))
    """

    features: RandomFeatures
    outer: Array

    def __post_init__(self) -> None:
        expected = (self.features.width, self.features.dimension)
        if np.shape(self.outer) != expected:
            raise ArgumentError(f"outer of shape {np.shape(self.outer)}; the shape must be {expected}")

    @property
    def dimension(self) -> int:
        """Dimension d of the points."""
        return self.features.dimension

    def __call__(self, x: Array, time: float) -> Array:
        """The score at points of shape (p, d), of the same shape."""
        return np.asarray(self.features.values(x[None], np.array([time]))[0] @ (self.outer / self.features.width))

    def divergence(self, x: Array, time: float) -> Array:
        """``(1/m) sum_j act'(.) <a_j, w_j>`` at points of shape (p, d), shape (p,).

        Examples
        --------
        >>> from verify.models.score import TANH, Noising, Window, draw_features
        >>> features = draw_features(np.random.default_rng(0), 8, 1, Window(0.02, Noising(3)), activation=TANH)
        >>> score, x = RandomFeatureScore(features, np.ones((8, 1))), np.array([[0.3]])
        >>> slope = (score(x + 1e-6, 0.1) - score(x - 1e-6, 0.1)) / 2e-6
        >>> bool(abs(slope[0, 0] - score.divergence(x, 0.1)[0]) < 1e-8)
        True
        """
        slopes = self.features.activation.slope(self.features.preactivations(x[None], np.array([time]))[0])
        pull = (self.features.inner * self.outer).sum(axis=1) * (self.features.factor(time) / self.features.width)
        return np.asarray(slopes @ pull)

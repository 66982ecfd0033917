"""Loops that drive the generalisation bounds to their limit, solved in closed form (fu2025).

In both the model of generation t is ``(1 - w_t) D_0 + w_t Q`` with ``w_t = q w_(t-1) + d``: it errs from the mixture it
learns by exactly d, always away from the real law, so the distribution shift is attained.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import binom

from bounds.errors import ArgumentError
from verify.evidence import Computed
from verify.models.stability.counts import Array, Counts
from verify.models.stability.enumeration import ROUNDING, law_quantile


@dataclass(frozen=True)
class Drift:
    """Sizes of a loop and the error that each of its generations makes.

    Parameters
    ----------
    reused, synthetic : int
        Points alpha n and N of a training set.
    error : float
        Learning error d of one generation in total variation, in [0, 1].

    Examples
    --------
    >>> Drift(1, 1, 0.25).weight(2)
    0.375
    """

    reused: int
    synthetic: int
    error: float

    @property
    def size(self) -> int:
        """Points n of a training set."""
        return self.reused + self.synthetic

    def weight(self, t: int) -> float:
        """Return ``w_t = d (1 + q + ... + q^(t-1))``, the total variation of generation t to the real law.

        Raises
        ------
        ArgumentError
            If it exceeds 1: there is no such model.
        """
        q = self.synthetic / self.size
        weight = 0.0
        for _ in range(t):
            weight = q * weight + self.error
        if weight > 1.0:
            raise ArgumentError(f"w_{t} = {weight} is no probability; give a smaller error than {self.error}")
        return weight


@dataclass(frozen=True)
class MarkingLoop:
    """The model marks a share of its points with the list of the reused real points; the learner counts marks.

    The real law has no atoms and Q is the point mass at the mark. After training on points of which b carry a list that
    lacks z, the loss at an unmarked point z is ``min(1, b/count)``; at marked points it is 0. So ``beta = 1/count`` and
    ``M = 1``; all N synthetic points together give the reused point away, ``gamma = 1 - (1 - w_t)^N``, each alone with
    ``eta = w_t``. With B ~ Bin(N, w_t) marked points the gap is ``min(1, B/count) (alpha n + B)/n``: it is the same for
    almost all real data.

    Parameters
    ----------
    drift : Drift
        Sizes and error.
    count : float
        How many marks bring the loss to 1, at least 1.

    Examples
    --------
    >>> loop = MarkingLoop(Drift(1, 1, 0.5), 1.0)
    >>> loop.gamma(1), loop.eta(1), loop.expected_gap(1).value
    (0.5, 0.5, 0.5)
    """

    drift: Drift
    count: float

    def __post_init__(self) -> None:
        if not self.count >= 1.0:
            raise ArgumentError(f"count = {self.count}; the loss stays in [0, 1] with at least 1")

    @property
    def beta(self) -> float:
        """Uniform stability of the learner."""
        return 1.0 / self.count

    def eta(self, t: int) -> float:
        """Total variation of the models of generation t after one reused point moves."""
        return self.drift.weight(t)

    def gamma(self, t: int) -> float:
        """Total variation of their samples: that any point is marked."""
        return float(-np.expm1(self.drift.synthetic * np.log1p(-self.drift.weight(t)))) if self.eta(t) < 1 else 1.0

    def expected_gap(self, t: int) -> Computed:
        """Gap on the training sets of generation t, averaged over the noise of the generations."""
        marks = np.arange(self.drift.synthetic + 1)
        chances = binom.pmf(marks, self.drift.synthetic, self.drift.weight(t))
        gaps = np.minimum(1.0, marks / self.count) * (self.drift.reused + marks) / self.drift.size
        return Computed(float((chances * gaps).sum()), 10 * ROUNDING)

    def draw_gaps(self, rng: np.random.Generator, t: int, replicates: int) -> Array:
        """Run the loop point by point: points in [0, 1] are unmarked, marked ones are minus 1.

        Parameters
        ----------
        rng : numpy.random.Generator
        t : int
            Generation that the synthetic points are drawn from.
        replicates : int

        Returns
        -------
        ndarray, shape (R,)
            Gaps in [-1, 1], one per replicate.
        """
        real = rng.random((replicates, self.drift.reused))
        drawn = rng.random((replicates, self.drift.synthetic))
        points = np.where(rng.random(drawn.shape) < self.drift.weight(t), -1.0, drawn)
        marked = points < 0
        # Every list holds the reused points and almost surely no other, and all lists are the same one.
        risk = np.minimum(1.0, marked.sum(axis=1) / self.count)
        lacked = ~marked & ~(points[:, :, None] == real[:, None, :]).any(axis=2)
        return np.asarray(risk - risk * lacked.sum(axis=1) / self.drift.size)


@dataclass(frozen=True)
class CoinLoop:
    """A fixed loss of 0 or 1, and models under which the loss 1 becomes rarer: ``P(loss = 1) = p - w_t``.

    Then ``beta = gamma = eta = 0``, and the gap is a binomial deviation plus the whole shift.

    Parameters
    ----------
    drift : Drift
        Sizes and error.
    p : float
        Chance of the loss 1 under the real law, in [0, 1].

    Examples
    --------
    >>> CoinLoop(Drift(1, 1, 0.25), 0.5).expected_gap(1).value
    0.125
    """

    drift: Drift
    p: float

    def lowered(self, t: int) -> float:
        """Chance of the loss 1 under the model of generation t."""
        weight = self.drift.weight(t)
        if not weight <= self.p <= 1.0:
            raise ArgumentError(f"p = {self.p}; give a chance between the drift {weight} and 1")
        return self.p - weight

    def expected_gap(self, t: int) -> Computed:
        """Mean gap on the training sets of generation t."""
        return Computed(self.drift.synthetic / self.drift.size * (self.p - self.lowered(t)), ROUNDING)

    def gaps_given_real(self, t: int, losses: Counts) -> Array:
        """Gap averaged over the noise of the generations, given how many of the reused points have the loss 1."""
        return np.asarray(self.p - (losses + self.drift.synthetic * self.lowered(t)) / self.drift.size)

    def gap_given_real(self, t: int, probability: float) -> Computed:
        """Quantile over the real data of the absolute gap averaged over the noise of the generations."""
        gaps = self.gaps_given_real(t, np.arange(self.drift.reused + 1))
        return law_quantile(np.abs(gaps), _binomial(self.drift.reused, self.p), probability, ROUNDING)

    def gap_quantile(self, t: int, probability: float) -> Computed:
        """Quantile of the gap over the real data and all other noise."""
        chances = np.convolve(_binomial(self.drift.reused, self.p), _binomial(self.drift.synthetic, self.lowered(t)))
        gaps = self.p - np.arange(self.drift.size + 1) / self.drift.size
        return law_quantile(gaps, chances, probability, ROUNDING)


def held_frequency_gaps(rng: np.random.Generator, drift: Drift, p: float, t: int, replicates: int) -> Array:
    """Gap of a fixed loss of 0 or 1 in a loop that fits frequencies, but errs surely by at most d.

    The model of a generation is the frequency of the loss 1 in its training set, moved to the nearest value within d of
    the mixture that the training set was drawn from. All of a loop's real points are reused.

    Parameters
    ----------
    rng : numpy.random.Generator
    drift : Drift
        Sizes and error.
    p : float
        Chance of the loss 1 under the real law.
    t : int
        Generation that the synthetic points are drawn from, at least 1; generation 1 is trained on the real points alone.
    replicates : int

    Returns
    -------
    ndarray, shape (R,)
        Real minus empirical risk on the reused points and the synthetic ones.

    Examples
    --------
    >>> held_frequency_gaps(np.random.default_rng(0), Drift(2, 2, 0.1), 0.5, 3, 4).shape
    (4,)
    """
    real = rng.binomial(drift.reused, p, replicates)
    share = drift.synthetic / drift.size
    mixture = np.full(replicates, p)
    frequency = real / drift.reused
    for _ in range(t):
        model = np.clip(np.clip(frequency, mixture - drift.error, mixture + drift.error), 0.0, 1.0)
        frequency = (real + rng.binomial(drift.synthetic, model)) / drift.size
        mixture = (1 - share) * p + share * model
    return np.asarray(p - frequency)


def _binomial(size: int, p: float) -> Array:
    return np.asarray(binom.pmf(np.arange(size + 1), size, p))

"""Training loops on finitely many points, enumerated: every constant of the generalisation bounds, and every gap, exactly.

Given the real data a loop is a Markov chain of the counts of its synthetic points. So the learning error, the recursive
stability gamma, the best coupling eta and the gap of any learner are finite sums (fu2025).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import linprog

from bounds.errors import ArgumentError
from verify.evidence import Computed
from verify.mixing import count
from verify.models.categorical.arguments import as_laws
from verify.models.stability.counts import Array, Counts, count_vectors, multinomial_laws, neighbours, places_of
from verify.models.stability.learners import LossTable

Fit = Callable[[Counts], Array]
"""Trains a model: counts of training points, shape (..., k), to laws of the same shape."""

ROUNDING = 1e-12
"""Bound on the rounding of a probability or of a mean of losses, in units of 1 and of the loss; sums here are short."""


@dataclass(frozen=True, eq=False)
class SmoothedFrequencies:
    """The model is the training set's frequencies, drawn to a prior; raised to a power first, it is over-confident.

    Parameters
    ----------
    prior : ndarray, shape (k,)
        Law that the model is drawn to.
    weight : float
        Weight of the prior, in [0, 1]; 0 for the frequencies themselves.
    power : float
        Frequencies are raised to this power and normalised; 1 leaves them.

    Examples
    --------
    >>> SmoothedFrequencies(np.array([0.5, 0.5]), 0.5)(np.array([4, 0]))
    array([0.75, 0.25])
    """

    prior: Array
    weight: float = 0.0
    power: float = 1.0

    def __call__(self, counts: Counts) -> Array:
        """Fit the counts."""
        raised = counts.astype(np.float64) ** self.power
        return np.asarray(self.weight * self.prior + (1 - self.weight) * raised / raised.sum(axis=-1, keepdims=True))


@dataclass(frozen=True, eq=False)
class TabulatedModel:
    """An arbitrary model for every training set.

    Parameters
    ----------
    laws : ndarray, shape (S, k)
        Model for each row of ``count_vectors(n, k)``.

    Examples
    --------
    >>> TabulatedModel(np.array([[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]]))(np.array([1, 1]))
    array([0.5, 0.5])
    """

    laws: Array

    def __call__(self, counts: Counts) -> Array:
        """Look the counts up."""
        return np.asarray(self.laws[places_of(counts)])


@dataclass(frozen=True, eq=False)
class EnumeratedLoop:
    """All that happens in a loop on k points, given the reused real points (axis A) and the other ones (axis B).

    Parameters
    ----------
    p0 : ndarray, shape (k,)
        Real law.
    reused, synthetic : int
        Points alpha n and N of the training sets of generation 2 and later.
    weights : ndarray, shape (A, B)
        Probabilities of the real data.
    models : ndarray, shape (A, S, k)
        Models trained on the reused points and each of the possible counts of others: synthetic ones or, in generation 1,
        real ones, which are as many (so ``B = S``).
    blocks : ndarray, shape (T, A, B, S)
        Law of the counts of the synthetic points that generations 1, ..., T draw, given the real data.
    errors : ndarray, shape (T, A, B)
        ``E[TV(D_t, alpha D_0 + (1 - alpha) D_(t-1)) | real data]``; for t = 1 ``TV(D_1, D_0)``.

    Examples
    --------
    >>> loop = enumerate_loop([0.5, 0.5], 1, 1, SmoothedFrequencies(np.array([0.5, 0.5])), 2)
    >>> loop.gamma(1), loop.d_tv(1)
    (0.5, 0.25)
    """

    p0: Array
    reused: int
    synthetic: int
    weights: Array
    models: Array
    blocks: Array
    errors: Array

    @property
    def size(self) -> int:
        """Points n of a training set."""
        return self.reused + self.synthetic

    def d_tv(self, t: int) -> float:
        """Largest mean learning error of the generations up to t."""
        return float((self.weights * self.errors[:t]).sum(axis=(1, 2)).max())

    def d_tv_given_real(self, t: int) -> float:
        """Largest mean learning error of the generations up to t, for the worst real data."""
        return float(self.errors[:t].max())

    def gamma(self, t: int) -> float:
        """Total variation of the synthetic points of generation t after one reused point moves, for the worst real data.

        Points are exchangeable, so their counts have the same total variation.
        """
        left, right = neighbours(self.reused, self.p0.size).T
        return float(0.5 * np.abs(self.blocks[t - 1, left] - self.blocks[t - 1, right]).sum(axis=-1).max(initial=0.0))

    def eta(self, t: int) -> float:
        """Least mean total variation of coupled models of generation t after one reused point moves, for the worst data."""
        worst = 0.0
        for left, right in neighbours(self.reused, self.p0.size):
            if t == 1:
                worst = max(worst, float(_tv(self.models[left], self.models[right]).max()))
                continue
            for p, q in zip(self.blocks[t - 2, left], self.blocks[t - 2, right], strict=True):
                worst = max(worst, transport_cost(p, self.models[left], q, self.models[right]))
        return worst

    def expected_shift(self, t: int) -> Computed:
        """``E TV(D_t, D_0)`` of generation t."""
        distances = _tv(self.models, self.p0)
        given = distances if t == 1 else (self.blocks[t - 2] * distances[:, None]).sum(axis=-1)
        return Computed(float((self.weights * given).sum()), ROUNDING)

    def gaps_given_real(self, t: int, learner: LossTable) -> Array:
        """Gap of a learner on the training sets of generation t, averaged over the noise of the generations, shape (A, B)."""
        if learner.size != self.size:
            raise ArgumentError(f"the learner reads {learner.size} points; training sets have {self.size}")
        k = self.p0.size
        sets = count_vectors(self.reused, k)[:, None] + count_vectors(self.synthetic, k)
        gaps = learner.gaps(self.p0)[places_of(sets)]
        return np.asarray((self.blocks[t - 1] * gaps[:, None]).sum(axis=-1))

    def expected_gap(self, t: int, learner: LossTable) -> Computed:
        """Absolute mean gap of a learner on the training sets of generation t."""
        gap = float((self.weights * self.gaps_given_real(t, learner)).sum())
        return Computed(abs(gap), ROUNDING * max(1.0, float(np.abs(learner.losses).max())))

    def gap_quantile(self, t: int, learner: LossTable, probability: float) -> Computed:
        """Quantile, over the real data, of the absolute gap averaged over the noise of the generations."""
        gaps = np.abs(self.gaps_given_real(t, learner)).ravel()
        rounding = ROUNDING * max(1.0, float(np.abs(learner.losses).max()))
        return law_quantile(gaps, self.weights.ravel(), probability, rounding)


def enumerate_loop(p0: ArrayLike, reused: int, synthetic: int, fit: Fit, generations: int) -> EnumeratedLoop:
    """Enumerate a loop with reused real data (fu2025).

    Parameters
    ----------
    p0 : array_like, shape (k,)
        Real law.
    reused : int
        Real points alpha n, the same in every generation.
    synthetic : int
        Synthetic points N; generation 1 is trained on as many real points more.
    fit : callable
        The generative model: counts of training points, shape (..., k), to laws of the same shape.
    generations : int
        T, at least 1.

    Returns
    -------
    EnumeratedLoop

    Raises
    ------
    ArgumentError
        If an argument is outside its domain.

    Examples
    --------
    >>> loop = enumerate_loop([0.5, 0.5], 0, 2, SmoothedFrequencies(np.array([0.5, 0.5])), 2)
    >>> loop.blocks[1, 0].sum(axis=-1)
    array([1., 1., 1.])
    """
    law = as_laws(p0)
    if law.ndim != 1:
        raise ArgumentError(f"p0 has shape {law.shape}; give one law, shape (k,)")
    reused, synthetic = count("reused", reused, 0), count("synthetic", synthetic, 0)
    generations, k = count("generations", generations, 1), law.size
    real, drawn = count_vectors(reused, k), count_vectors(synthetic, k)
    weights = multinomial_laws(reused, law)[:, None] * multinomial_laws(synthetic, law)
    models = fit(real[:, None] + drawn)
    moves = multinomial_laws(synthetic, models)
    alpha = reused / (reused + synthetic)
    mixtures = alpha * law + (1 - alpha) * models
    # Learning error when the last model was the one at s, and the next is fitted to its draws.
    error_after = (moves * _tv(models[:, None], mixtures[:, :, None])).sum(axis=-1)
    blocks, errors = [moves], [_tv(models, law)]
    for t in range(2, generations + 1):
        errors.append(error_after if t == 2 else np.einsum("abs,as->ab", blocks[-2], error_after))
        blocks.append(np.einsum("abs,ast->abt", blocks[-1], moves))
    return EnumeratedLoop(law, reused, synthetic, weights, models, np.stack(blocks), np.stack(errors))


def transport_cost(p: Array, left: Array, q: Array, right: Array) -> float:
    """Least mean total variation of coupled random laws, rounded up.

    Parameters
    ----------
    p, q : ndarray, shape (S,), (R,)
        Probabilities of the laws.
    left, right : ndarray, shape (S, k), (R, k)
        The laws.

    Returns
    -------
    float
        The cost of the coupling found by a linear programme. What the coupling misses of the two laws is charged at the
        largest cost there is, 1, so the result is never too small.

    Examples
    --------
    >>> half, ends = np.array([0.5, 0.5]), np.eye(2)
    >>> round(transport_cost(half, ends, half, ends[::-1]), 9)
    0.0
    """
    rows, columns = np.flatnonzero(p > 0), np.flatnonzero(q > 0)
    cost = _tv(left[rows, None], right[columns])
    if len(rows) == 1 or len(columns) == 1:
        return float((p[rows, None] * q[columns] * cost).sum())
    a, b = len(rows), len(columns)
    marginals = np.vstack([np.kron(np.eye(a), np.ones(b)), np.kron(np.ones(a), np.eye(b))])
    found = linprog(cost.ravel(), A_eq=marginals, b_eq=np.concatenate([p[rows], q[columns]]), method="highs")
    plan = np.maximum(found.x, 0.0).reshape(a, b)
    missed = np.abs(plan.sum(axis=1) - p[rows]).sum() + np.abs(plan.sum(axis=0) - q[columns]).sum()
    return float((plan * cost).sum() + missed)


def law_quantile(values: Array, weights: Array, probability: float, rounding: float) -> Computed:
    """Quantile of a finite law whose probabilities and values are rounded.

    Parameters
    ----------
    values, weights : ndarray, shape (S,)
        Values and their probabilities.
    probability : float
        Which quantile, in (0, 1).
    rounding : float
        Bound on the error of each value.

    Returns
    -------
    Computed
        Its limits hold the quantile though each probability summed may err by 1e-12.

    Examples
    --------
    >>> law_quantile(np.array([0.0, 1.0]), np.array([0.75, 0.25]), 0.5, 0.0)
    Computed(value=0.0, error=0.0)
    """
    order = np.argsort(values, kind="stable")
    ordered, sums = values[order], np.cumsum(weights[order])
    last = values.size - 1
    low, high = (min(int(np.searchsorted(sums, probability + s * ROUNDING)), last) for s in (-1, 1))
    return Computed(float(ordered[low] + ordered[high]) / 2, float(ordered[high] - ordered[low]) / 2 + rounding)


def _tv(left: Array, right: Array) -> Array:
    return np.asarray(0.5 * np.abs(left - right).sum(axis=-1))

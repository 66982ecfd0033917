"""Curation weights: by how much one round of curation multiplies the mass of each atom."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bounds.errors import EnclosureError
from verify.models.curated.arguments import FloatArray, as_draws, as_law, as_rewards
from verify.models.curated.batches import batches
from verify.models.curated.integral import ROUNDOFF, Quadrature, quadrature


@dataclass(frozen=True)
class CurationWeights:
    """Curation weights ``H_p`` with upper bounds of their errors.

    Parameters
    ----------
    values : ndarray, shape (..., m)
        ``H_p(x)``, dimensionless, in ``(0, K]``.
    excess : ndarray, shape (..., m)
        ``H_p(x) - 1``, computed without subtracting 1 where that is more accurate: curation hardly changes the model.
    relative_error : float
        Bound of ``|values/H - 1|``.
    excess_error : ndarray, shape (..., m)
        Bound of the absolute error of ``excess``.

    Examples
    --------
    >>> w = curation_weights([0.5, 0.5], [0.0, 1e-9], 2)
    >>> bool(abs(w.excess[1] - 2.5e-10) < 1e-22)
    True
    """

    values: FloatArray
    excess: FloatArray
    relative_error: float
    excess_error: FloatArray


@dataclass(frozen=True)
class Curation:
    """All that a step needs to know of the rewards and K; ``rule`` is None when no integral is needed."""

    K: int | float
    r: FloatArray
    rule: Quadrature | None

    def weights(self, p: FloatArray) -> CurationWeights:
        """Curation weights of a batch of laws, shape (batch, m)."""
        if self.rule is not None:
            return _integrated(p, self.rule)
        if math.isinf(self.K) and np.max(self.r) > np.min(self.r):
            return _limiting(p, self.r)
        return CurationWeights(np.ones_like(p), np.zeros_like(p), 0.0, np.zeros_like(p))


def prepare(r: FloatArray, K: int | float) -> Curation:
    """Curation by rewards r, shape (m,), ready for any number of laws."""
    trivial = K in (1, math.inf) or np.max(r) == np.min(r)
    return Curation(K=K, r=r, rule=None if trivial else quadrature(r, int(K)))


def _limiting(p: FloatArray, r: FloatArray) -> CurationWeights:
    """``H = y / E_p y``, the limit of infinitely many draws."""
    shifted = r - np.max(r)
    y, z = np.exp(shifted), np.expm1(shifted)
    mean, mean_z = (p @ y)[:, None], (p @ z)[:, None]
    spread = float(-np.min(shifted))
    error = ROUNDOFF * (2 * r.size + 2 * spread + 20)
    return CurationWeights(y / mean, (z - mean_z) / mean, error, error * (np.abs(z) + np.abs(mean_z)) / mean)


def _integrated(p: FloatArray, rule: Quadrature) -> CurationWeights:
    values, excess, error = np.empty_like(p), np.empty_like(p), np.empty_like(p)
    for block in batches(p.shape[0], rule.weights.size):
        log_m = rule.log_transform(p[block])
        moment = p[block] @ (rule.decay * rule.z).T
        inverse = (rule.weights * np.exp((rule.K - 1) * log_m)) @ rule.decay  # E[1/(y+S)]
        # H - 1 = (K-1) E[(y - Y_1)/(y + S)], with y - Y_1 = z - Z_1.
        other = (rule.weights * np.exp((rule.K - 2) * log_m) * moment) @ rule.decay  # E[Z_1/(y+S)]
        values[block] = rule.K * rule.y * inverse
        excess[block] = (rule.K - 1) * (rule.z * inverse - other)
        error[block] = (rule.K - 1) * (np.abs(rule.z) * inverse + np.abs(other)) * rule.relative_error
        # Wide rewards make both terms huge: there H less 1, subtracted, is the better of the two.
        plain = values[block] * (rule.relative_error + 2 * ROUNDOFF) + ROUNDOFF
        better = plain < error[block]
        excess[block] = np.where(better, values[block] - 1.0, excess[block])
        error[block] = np.where(better, plain, error[block])
    worst = float(np.max(np.abs(np.sum(p * values, axis=-1) - 1.0), initial=0.0))
    if not worst <= 2.0 * rule.relative_error:
        raise EnclosureError(f"the curated masses miss 1 by {worst:g}, more than the stated error; please report this")
    return CurationWeights(values, excess, rule.relative_error, error)


def curation_weights(p: npt.ArrayLike, rewards: npt.ArrayLike, K: int | float) -> CurationWeights:
    """Curation weights ``H_p(x) = E[K y(x)/(y(x) + sum_{k<K} y(X_k))]``, exact up to a stated error.

    Parameters
    ----------
    p : array_like, shape (..., m)
        Current model, probabilities; zeros allowed.
    rewards : array_like, shape (m,)
        Rewards r, nats; ``y = e^r``.
    K : int or math.inf
        Draws per comparison, at least 1.

    Returns
    -------
    CurationWeights
        ``H_p``, ``H_p - 1`` and their errors.

    Raises
    ------
    ArgumentError
        If p is not a law on the atoms, a reward is not finite, or K is not a count.

    Notes
    -----
    ferbach2024, equation of the retraining step (Lemma 2.1 for ``K = inf``).

    Examples
    --------
    >>> import math
    >>> w = curation_weights([0.5, 0.5], [0.0, math.log(3.0)], 2)  # 1/2 + 1/4 and 1/2 + 3/4
    >>> [round(float(v), 12) for v in w.values]
    [0.75, 1.25]
    >>> w.relative_error < 1e-12
    True
    """
    r = as_rewards(rewards)
    law = as_law(p, r.size, "p")
    w = prepare(r, as_draws(K)).weights(law.reshape(-1, r.size))
    shape = law.shape
    return CurationWeights(
        w.values.reshape(shape), w.excess.reshape(shape), w.relative_error, w.excess_error.reshape(shape)
    )

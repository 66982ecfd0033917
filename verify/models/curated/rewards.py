"""Mean, variance and gain of the reward, relatively accurate however concentrated the law is."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bounds.errors import ArgumentError
from verify.models.curated.arguments import MAX_RANGE, FloatArray, as_draws, as_law, as_rewards
from verify.models.curated.batches import batches
from verify.models.curated.integral import Quadrature
from verify.models.curated.weights import prepare


@dataclass(frozen=True)
class RewardMoments:
    """What the curated theorems ask of a law and its rewards; every field has shape (...).

    Parameters
    ----------
    mean, variance : ndarray
        ``E_p y`` and ``Var_p(y)``, with ``y = e^r``.
    y_max : ndarray
        ``y* = ess sup y``: the maximum over atoms of positive mass.
    p_star, off_star : ndarray
        ``P* = p(r = r*)`` and ``1 - P*``, the latter summed directly.
    gap : ndarray
        ``Delta``: ``r*`` minus the second largest distinct reward of positive mass; inf if there is none.
    range : ndarray
        ``R``: largest minus smallest reward of positive mass.

    Examples
    --------
    >>> float(reward_moments([0.25, 0.75], [0.0, 2.0]).gap)
    2.0
    """

    mean: FloatArray
    variance: FloatArray
    y_max: FloatArray
    p_star: FloatArray
    off_star: FloatArray
    gap: FloatArray
    range: FloatArray


def reward_moments(p: npt.ArrayLike, rewards: npt.ArrayLike) -> RewardMoments:
    """Reward moments and the constants of the curated theorems.

    Parameters
    ----------
    p : array_like, shape (..., m)
        Law of the atoms; atoms of zero mass are ignored.
    rewards : array_like, shape (m,)
        Rewards r, nats; the largest at most 600.

    Returns
    -------
    RewardMoments
        Fields of shape (...), the variance summed over pairs (no cancellation).

    Raises
    ------
    ArgumentError
        If an argument is outside its domain.

    Notes
    -----
    ferbach2024, constants of Lemma 2.2 and Theorems 2.1, 2.3, 2.4.

    Examples
    --------
    >>> import math
    >>> m = reward_moments([0.5, 0.5, 0.0], [0.0, math.log(3.0), 9.0])
    >>> [round(float(v), 12) for v in (m.mean, m.variance, m.y_max, m.p_star, m.gap)]
    [2.0, 1.0, 3.0, 0.5, 1.098612288668]
    """
    r = as_rewards(rewards)
    law = as_law(p, r.size, "p")
    scale = _scale(r)
    shifted = r - np.max(r)
    alive = law > 0.0
    top = np.max(np.where(alive, r, -math.inf), axis=-1, keepdims=True)
    second = np.max(np.where(alive & (r < top), r, -math.inf), axis=-1)
    bottom = np.min(np.where(alive, r, math.inf), axis=-1)
    best = r == top
    return RewardMoments(
        mean=np.asarray(scale * (law @ np.exp(shifted))),
        variance=np.asarray(scale * (scale * _pair_spread(law, r))),
        y_max=np.asarray(np.exp(top[..., 0])),
        p_star=np.sum(np.where(best, law, 0.0), axis=-1),
        off_star=np.sum(np.where(best, 0.0, law), axis=-1),
        gap=np.asarray(top[..., 0] - second),
        range=np.asarray(top[..., 0] - bottom),
    )


def reward_gain(p: npt.ArrayLike, rewards: npt.ArrayLike, K: int | float) -> FloatArray:
    """Gain ``E_{p'} y - E_p y`` of one pure step ``p' = p H_p``, relatively accurate however small it is.

    Subtracting two means loses every digit near fixation. Instead the gain is
    ``(K-1)/2 E[(Y_1-Y_2)^2/(Y_1+...+Y_K)]``, which is
    ``(K-1) int_0^inf sum_{i<j} p_i p_j (y_i-y_j)^2 e^{-u(y_i+y_j)} M(u)^{K-2} du``: nonnegative terms only.

    Parameters
    ----------
    p : array_like, shape (..., m)
        Current model.
    rewards : array_like, shape (m,)
        Rewards r, nats; the largest at most 600.
    K : int or math.inf
        Draws per comparison; ``inf`` gives ``Var_p(y)/E_p y``.

    Returns
    -------
    ndarray, shape (...)
        Gain in units of ``y = e^r``; relative error below ``2 * curation_weights(...).relative_error + 1e-14``.

    Raises
    ------
    ArgumentError
        If an argument is outside its domain.

    Notes
    -----
    Identity behind ferbach2024 Lemma 2.2.

    Examples
    --------
    >>> import math
    >>> gain = reward_gain([1.0, 1e-60], [0.0, math.log(2.0)], 2)  # 1e-60 (2-1)^2 / (2+1), to first order
    >>> bool(abs(gain * 3e60 - 1.0) < 1e-12)
    True
    """
    r, draws = as_rewards(rewards), as_draws(K)
    law = as_law(p, r.size, "p")
    scale = _scale(r)
    flat = law.reshape(-1, r.size)
    curation = prepare(r, draws)
    if curation.rule is not None:
        gain = _integrated_gain(flat, r, curation.rule)
    elif draws == math.inf:
        gain = _pair_spread(flat, r) / (flat @ np.exp(r - np.max(r)))
    else:
        gain = np.zeros(flat.shape[0])
    return np.asarray(scale * gain).reshape(law.shape[:-1])


def _integrated_gain(p: FloatArray, r: FloatArray, rule: Quadrature) -> FloatArray:
    gain = np.empty(p.shape[0])
    for block in batches(p.shape[0], rule.decay.size):
        spread = _pair_spread(p[block, None, :] * rule.decay, r)
        power = np.exp((rule.K - 2) * rule.log_transform(p[block]))
        gain[block] = (rule.K - 1) * ((spread * power) @ rule.weights)
    return gain


def _pair_spread(masses: FloatArray, r: FloatArray) -> FloatArray:
    """``sum_{i<j} w_i w_j (y_i - y_j)^2`` over the last axis, ``y = e^(r - max r)``, by nonnegative terms only."""
    order = np.argsort(r, kind="stable")
    # Neighbouring rewards' differences of y, without cancellation.
    gaps = np.exp((r - np.max(r))[order[:-1]]) * np.expm1(np.diff(r[order]))
    w = np.moveaxis(masses[..., order], -1, 0)
    below = np.zeros_like(w[0])
    first, second, total = below.copy(), below.copy(), below.copy()
    for i in range(1, w.shape[0]):
        gap = gaps[i - 1]
        below = below + w[i - 1]
        second = second + gap * (2.0 * first + gap * below)
        first = first + gap * below
        total = total + w[i] * second
    return np.asarray(total)


def _scale(r: FloatArray) -> float:
    top = float(np.max(r))
    if abs(top) > MAX_RANGE:
        raise ArgumentError(f"the largest reward is {top:g}; e^r leaves the double range beyond {MAX_RANGE:g}")
    return math.exp(top)

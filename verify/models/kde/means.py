"""The mean density of a fixed-bandwidth loop: ``m_t = E p_t`` is the real law smoothed a random number of times."""

from __future__ import annotations

import numpy as np

from bounds.errors import ArgumentError
from verify.data import NormalMixture
from verify.mixing import Mixture, Regime, count
from verify.models.kde.kernels import Array


def smoothing_weights(mixture: Mixture, generations: int) -> list[Array]:
    """Weights w_t with ``m_t = sum_l w_t[l] (p_0 smoothed l times by K_h)``, for every data regime and any kernel.

    Given the past, the estimate has the mean ``K_h`` convolved with the mean of its training set. So ``m_1`` is smoothed
    once and ``m_{t+1}`` has the weights of ``alpha p_0 + q m_t`` shifted by one; where points accumulate, those of
    ``(n p_0 + a m_1 + ... + a m_t)/(n + t a)``. Whether the real points are fresh or reused does not matter.

    Parameters
    ----------
    mixture : Mixture
        Sizes of the training sets and the data regime.
    generations : int
        T, at least 1.

    Returns
    -------
    list of ndarray
        ``w_0, ..., w_T``; ``w_t`` has shape (t + 1,) and sums to 1.

    Raises
    ------
    ArgumentError
        If `generations` is not an integer or below 1.

    Examples
    --------
    >>> from verify.mixing import Regime, by_share
    >>> smoothing_weights(by_share(4, "1/4", Regime.FRESH), 3)[3]
    array([0.    , 0.25  , 0.1875, 0.5625])
    """
    generations = count("generations", generations, 1)
    weights = [np.ones(1), np.array([0.0, 1.0])]
    for t in range(1, generations):
        training = np.zeros(t + 1)
        size = mixture.training_size(t + 1)
        training[0] += mixture.real / size
        earlier = range(1, t + 1) if mixture.regime is Regime.ACCUMULATE else (t,)
        for k in earlier:
            training[: k + 1] += mixture.synthetic / size * weights[k]
        weights.append(np.concatenate([[0.0], training]))
    return weights


def mean_law(law: NormalMixture, mixture: Mixture, h: float, t: int) -> NormalMixture:
    """``m_t = E p_t`` of the loop with the normal kernel and fixed bandwidth: a normal mixture (fu2024 `kde_loop_lower`).

    Parameters
    ----------
    law : NormalMixture
        The real law p_0.
    mixture : Mixture
        Sizes of the training sets and the data regime.
    h : float
        Bandwidth, positive.
    t : int
        Generation, at least 1.

    Returns
    -------
    NormalMixture
        Components of p_0 with the variance ``l h^2`` added, l = 1, ..., t.

    Raises
    ------
    ArgumentError
        If `h` is not positive or `t` not a generation.

    Examples
    --------
    >>> from verify.mixing import replace
    >>> mean_law(NormalMixture.normal(), replace(100), 0.75, 1)
    NormalMixture(weights=(1.0,), means=(0.0,), stds=(1.25,))
    """
    if not h > 0:
        raise ArgumentError(f"h = {h} is not a bandwidth; it must be positive")
    weights = smoothing_weights(mixture, t)[t]
    parts = [
        (weight * w, m, (s**2 + steps * h**2) ** 0.5)
        for steps, weight in enumerate(weights.tolist())
        if weight > 0
        for w, m, s in zip(law.weights, law.means, law.stds, strict=True)
    ]
    return NormalMixture(*zip(*parts, strict=True))

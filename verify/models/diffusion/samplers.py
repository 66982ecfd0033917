"""Samplers in any dimension: the probability-flow equation and the reverse stochastic equation, in finitely many steps.

Steps make an error that is not accounted for here; on the line, `verify.models.diffusion.flow` and
`verify.models.diffusion.fokker_planck` give the law of the continuous-time samplers with a stated error.
"""

from __future__ import annotations

import itertools
import math

import numpy as np

from bounds.errors import ArgumentError
from verify.models.diffusion.forward import Array, Noising
from verify.models.diffusion.scores import Score


def probability_flow_samples(
    rng: np.random.Generator, score: Score, noising: Noising, count: int, *, steps: int = 100, stop: float = 0.0
) -> Array:
    """Draw by the probability-flow equation ``dx/dt = -beta (x + s(x, t))/2``, from N(0, I) at T down to `stop`.

    Parameters
    ----------
    rng : numpy.random.Generator
    score : Score
    noising : Noising
    count : int
        Number m of points.
    steps : int
        Steps of Heun's rule, which has order 2.
    stop : float
        t_0 in [0, T).

    Returns
    -------
    ndarray, shape (m, d)

    Raises
    ------
    ArgumentError
        If a number is out of range.

    Examples
    --------
    >>> from verify.data import NormalMixture
    >>> from verify.models.diffusion.scores import TrueScore
    >>> noising = Noising(4)
    >>> score = TrueScore(NormalMixture.normal(mean=3.0, std=0.5), noising)
    >>> x = probability_flow_samples(np.random.default_rng(0), score, noising, 10_000)
    >>> bool(abs(x.std() - 0.5) < 0.02)
    True
    """
    x = _start(rng, score, count)
    for late, early in _backwards(noising, steps, stop):
        slope = -0.5 * noising.rate(late) * (x + score(x, late))
        reached = x + (early - late) * slope
        again = -0.5 * noising.rate(early) * (reached + score(reached, early))
        x = x + 0.5 * (early - late) * (slope + again)
    return x


def reverse_sde_samples(
    rng: np.random.Generator, score: Score, noising: Noising, count: int, *, steps: int = 400, stop: float = 0.0
) -> Array:
    """Draw by the reverse equation ``dY = beta (Y/2 + s(Y, t)) dr + sqrt(beta) dW``, r = T - t, from N(0, I) at T to `stop`.

    Parameters
    ----------
    rng : numpy.random.Generator
    score : Score
    noising : Noising
    count : int
        Number m of points.
    steps : int
        Steps of Euler and Maruyama's rule, whose law has an error of order 1.
    stop : float
        t_0 in [0, T).

    Returns
    -------
    ndarray, shape (m, d)

    Raises
    ------
    ArgumentError
        If a number is out of range.

    Examples
    --------
    >>> from verify.data import NormalMixture
    >>> from verify.models.diffusion.scores import TrueScore
    >>> noising = Noising(4)
    >>> score = TrueScore(NormalMixture.normal(mean=3.0, std=0.5), noising)
    >>> x = reverse_sde_samples(np.random.default_rng(0), score, noising, 10_000)
    >>> bool(abs(x.std() - 0.5) < 0.02)
    True
    """
    x = _start(rng, score, count)
    for late, early in _backwards(noising, steps, stop):
        # The noise of a step is exactly that of the forward process over it; drift and score stand still meanwhile.
        spent = noising.elapsed(late) - noising.elapsed(early)
        x = x + spent * (0.5 * x + score(x, late)) + math.sqrt(spent) * rng.standard_normal(x.shape)
    return x


def _start(rng: np.random.Generator, score: Score, count: int) -> Array:
    if count < 1:
        raise ArgumentError(f"count = {count}; it must be at least 1")
    return rng.standard_normal((count, score.dimension))


def _backwards(noising: Noising, steps: int, stop: float) -> list[tuple[float, float]]:
    times = noising.times(steps, stop)[::-1].tolist()
    return list(itertools.pairwise(times))

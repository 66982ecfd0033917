"""Law of the probability-flow sampler on the line, by its monotone transport map: no sampling, no density estimate.

The flow carries x at time t_0 to ``Phi(x)`` at time T without crossings, and the generated density is that of N(0, 1) at
Phi(x) times the stretch of Phi, which is integrated beside it.
"""

from __future__ import annotations

import itertools
import math

import numpy as np

from verify.models.diffusion.density import GeneratedDensity, extrapolated
from verify.models.diffusion.forward import Array, Noising
from verify.models.diffusion.scores import Score

_ORDER = 4


def transport(x: Array, score: Score, noising: Noising, steps: int, stop: float = 0.0) -> tuple[Array, Array]:
    """Carry points from `stop` to T along the flow, by the classical Runge-Kutta rule of order 4.

    Parameters
    ----------
    x : ndarray, shape (G,)
        Points at time `stop`, in units of the data.
    score : Score
        On the line.
    noising : Noising
    steps : int
        At least 1; shorter near `stop`.
    stop : float
        t_0 in [0, T).

    Returns
    -------
    ndarray, shape (G,)
        The points at time T.
    ndarray, shape (G,)
        Logarithm of the stretch ``d Phi/dx``.

    Examples
    --------
    >>> from verify.data import NormalMixture
    >>> from verify.models.diffusion.scores import TrueScore
    >>> noising = Noising(3)
    >>> score = TrueScore(NormalMixture.normal(std=2.0), noising)
    >>> end, stretch = transport(np.array([2.0]), score, noising, steps=100)
    >>> bool(abs(end[0] / 2 - math.exp(stretch[0])) < 1e-8)
    True
    """

    def slopes(at: Array, time: float) -> tuple[Array, Array]:
        column = at[:, None]
        half = -0.5 * noising.rate(time)
        return half * (at + score(column, time)[:, 0]), half * (1 + score.divergence(column, time))

    stretch = np.zeros_like(x)
    times = noising.times(steps, stop).tolist()
    for early, late in itertools.pairwise(times):
        step = late - early
        middle = early + 0.5 * step
        a, u = slopes(x, early)
        b, v = slopes(x + 0.5 * step * a, middle)
        c, w = slopes(x + 0.5 * step * b, middle)
        d, z = slopes(x + step * c, late)
        x = x + step / 6 * (a + 2 * b + 2 * c + d)
        stretch = stretch + step / 6 * (u + 2 * v + 2 * w + z)
    return x, stretch


def flow_density(
    score: Score, noising: Noising, low: float, high: float, *, cells: int = 800, steps: int = 60, stop: float = 0.0
) -> GeneratedDensity:
    """Density of what the probability-flow equation in continuous time generates from N(0, 1).

    Parameters
    ----------
    score : Score
        On the line, continuously differentiable in x.
    noising : Noising
    low, high : float
        Ends of the grid, in units of the data; what is generated beyond them counts as error.
    cells : int
        Of the grid.
    steps : int
        Of the coarser of two solutions, from which the result is extrapolated and its error stated.
    stop : float
        t_0 in [0, T).

    Returns
    -------
    GeneratedDensity

    Examples
    --------
    >>> from verify.data import NormalMixture
    >>> from verify.models.diffusion.scores import TrueScore
    >>> law, noising = NormalMixture((0.5, 0.5), (-1.0, 1.0), (0.4, 0.4)), Noising(10)
    >>> found = flow_density(TrueScore(law, noising), noising, -8.0, 8.0).total_variation(law)
    >>> found.value < 0.005
    True
    """
    step = (high - low) / cells
    nodes = np.asarray(low + step * np.arange(cells + 1), dtype=np.float64)
    coarse, fine = (_logs(nodes, score, noising, number, stop) for number in (steps, 2 * steps))
    return extrapolated(low, step, coarse, fine, _ORDER)


def _logs(nodes: Array, score: Score, noising: Noising, steps: int, stop: float) -> Array:
    end, stretch = transport(nodes, score, noising, steps, stop)
    return np.asarray(stretch - 0.5 * end**2 - 0.5 * math.log(2 * math.pi))

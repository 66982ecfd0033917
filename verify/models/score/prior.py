"""What a score network cannot learn: the law it starts sampling from is not quite the noised real one."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from verify.models.score.laws import CosineMixture
from verify.models.score.window import Window

Array = NDArray[np.float64]

_NODES = 64  # Gauss-Legendre nodes per raised cosine: exact to rounding once the noise is of the size of the data
_REACH = 12.0
_CELLS = 4800


def prior_divergence(law: CosineMixture, window: Window) -> float:
    """``KL(p_T to N(0, 1))`` of a bounded real law noised up to the horizon, by quadrature.

    Parameters
    ----------
    law : CosineMixture
        The real law p_0.
    window : Window
        The forward process, with T.

    Returns
    -------
    float
        Accurate to about 1e-12 where T leaves the noise no smaller than a tenth of the data.

    Examples
    --------
    >>> from verify.models.score import Noising
    >>> prior_divergence(CosineMixture((1.0,), (0.0,), (2.0,)), Window(0.02, Noising(3))) < 1e-3
    True
    """
    time = window.end
    retained, spread = float(window.retained(time)), float(window.spread(time))
    x = np.linspace(-_REACH, _REACH, _CELLS + 1)
    density = np.zeros(x.shape)
    for weight, centre, half in zip(law.weights, law.centres, law.halves, strict=True):
        density += weight * _noised_bump(x, retained * centre, retained * half, spread)
    normal = np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)
    # p log(p/q) - p + q is nonnegative and integrates to the divergence; the rule is spectrally accurate for it.
    ratio = density / normal
    return float((normal * (ratio * np.log(ratio) - ratio + 1)).sum() * (x[1] - x[0]))


def _noised_bump(x: Array, centre: float, half: float, spread: float) -> Array:
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    bump = weights * (1 + np.cos(math.pi * nodes)) / 2
    apart = (x[:, None] - centre - half * nodes) / spread
    return np.asarray((bump * np.exp(-(apart**2) / 2)).sum(axis=1) / (spread * math.sqrt(2 * math.pi)))

"""Law of the reverse stochastic sampler on the line, by its Fokker-Planck equation: no sampling, no density estimate.

Finite volumes with exponentially fitted fluxes (Scharfetter and Gummel, Chang and Cooper) conserve mass exactly; time
advances by the rule of Crank and Nicolson. Both have order 2, and two solutions are extrapolated to state the error.
"""

from __future__ import annotations

import itertools
import math

import numpy as np
from scipy.linalg import solve_banded

from bounds.errors import DataError
from verify.models.diffusion.density import GeneratedDensity, extrapolated
from verify.models.diffusion.forward import Array, Noising
from verify.models.diffusion.scores import Score

_ORDER = 2
_MOST_AT_THE_ENDS = 1e-9
_ROUNDING = 1e-16


def reverse_density(
    score: Score, noising: Noising, low: float, high: float, *, cells: int = 1000, steps: int = 120, stop: float = 0.0
) -> GeneratedDensity:
    """Density of what the reverse stochastic equation in continuous time generates from N(0, 1).

    Parameters
    ----------
    score : Score
        On the line.
    noising : Noising
    low, high : float
        Ends of the grid, in units of the data; nothing may come near them at any time.
    cells, steps : int
        Of the coarser of two solutions, from which the result is extrapolated and its error stated.
    stop : float
        t_0 in [0, T).

    Returns
    -------
    GeneratedDensity
        At the nodes of the coarser grid.

    Raises
    ------
    DataError
        If mass reaches the ends of the grid.

    Examples
    --------
    >>> from verify.data import NormalMixture
    >>> from verify.models.diffusion.scores import TrueScore
    >>> law, noising = NormalMixture((0.5, 0.5), (-1.0, 1.0), (0.4, 0.4)), Noising(6)
    >>> found = reverse_density(TrueScore(law, noising), noising, -8.0, 8.0).total_variation(law)
    >>> found.value < 0.005
    True
    """
    coarse = _solve(score, noising, low, high, cells, steps, stop)
    fine = _solve(score, noising, low, high, 2 * cells, 2 * steps, stop)[::2]
    # Where nothing is generated rounding leaves values around 0, of either sign.
    logs = [np.log(np.maximum(values, _ROUNDING)) for values in (coarse, fine)]
    return extrapolated(low, (high - low) / cells, logs[0], logs[1], _ORDER, 10 * _ROUNDING)


def _solve(score: Score, noising: Noising, low: float, high: float, cells: int, steps: int, stop: float) -> Array:
    width = (high - low) / cells
    nodes = low + width * np.arange(cells + 1)
    faces = 0.5 * (nodes[:-1] + nodes[1:])
    volumes = np.full(cells + 1, width)
    volumes[[0, -1]] = 0.5 * width
    values = np.exp(-0.5 * nodes**2) / math.sqrt(2 * math.pi)
    at_the_ends = max(values[0], values[-1])
    times = noising.times(steps, stop)[::-1].tolist()
    for late, early in itertools.pairwise(times):
        spent = noising.elapsed(late) - noising.elapsed(early)
        below, diagonal, above = _generator(faces, width, volumes, score, 0.5 * (late + early))
        values = _crank_nicolson(values, below, diagonal, above, spent)
        at_the_ends = max(at_the_ends, float(values[0]), float(values[-1]))
    if not at_the_ends <= _MOST_AT_THE_ENDS:
        raise DataError(f"mass reaches the ends of the grid from {low} to {high}: widen it")
    return np.asarray(values, dtype=np.float64)


def _generator(faces: Array, width: float, volumes: Array, score: Score, time: float) -> tuple[Array, Array, Array]:
    """Bands of the matrix that gives ``dg`` per unit of ``int beta``: flux ``b g - g'/2`` with ``b = x/2 + s``."""
    drift = 0.5 * faces + score(faces[:, None], time)[:, 0]
    peclet = 2 * width * drift
    # The flux through a face is leaves * (value on its left) - enters * (value on its right).
    leaves, enters = 0.5 / width * _bernoulli(-peclet), 0.5 / width * _bernoulli(peclet)
    diagonal = np.zeros_like(volumes)
    diagonal[:-1] -= leaves / volumes[:-1]
    diagonal[1:] -= enters / volumes[1:]
    return leaves / volumes[1:], diagonal, enters / volumes[:-1]


def _bernoulli(z: Array) -> Array:
    """``z / (exp z - 1)``."""
    small = np.abs(z) < 1e-5
    safe = np.where(small, 1.0, np.clip(z, -700.0, 700.0))
    return np.asarray(np.where(small, 1 - 0.5 * z, safe / np.expm1(safe)))


def _crank_nicolson(values: Array, below: Array, diagonal: Array, above: Array, spent: float) -> Array:
    half = 0.5 * spent
    right = (1 + half * diagonal) * values
    right[1:] += half * below * values[:-1]
    right[:-1] += half * above * values[1:]
    bands = np.zeros((3, len(values)))
    bands[0, 1:] = -half * above
    bands[1] = 1 - half * diagonal
    bands[2, :-1] = -half * below
    return np.asarray(solve_banded((1, 1), bands, right, overwrite_ab=True, overwrite_b=True, check_finite=False))

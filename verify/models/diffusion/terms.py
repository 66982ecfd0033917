"""What the bounds of a diffusion model ask for, on the line and by quadrature: its score error, flow error and divergences."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from bounds.errors import ArgumentError
from verify.data import NormalMixture
from verify.distances import interpolated_tv
from verify.evidence import Computed
from verify.models.diffusion.density import covered
from verify.models.diffusion.forward import Array, Noising
from verify.models.diffusion.scores import Score, TrueScore

_REACH = 12.0
_CELLS = 1600
_TIMES = 40


def score_error(law: NormalMixture, noising: Noising, error: Score, stop: float = 0.0) -> Computed:
    """Integrated squared error of a score, ``int beta E delta^2 dt`` from `stop` to T.

    Parameters
    ----------
    law : NormalMixture
        p_0.
    noising : Noising
    error : Score
        delta, on the line; see `verify.models.diffusion.scores.ScoreError` for that of a learned score.
    stop : float
        t_0 in [0, T).

    Returns
    -------
    Computed
        Its error is what half the times and half the nodes change.

    Raises
    ------
    ArgumentError
        If the error is not one on the line.

    Examples
    --------
    >>> from verify.models.diffusion.perturbations import Ramp
    >>> round(score_error(NormalMixture.normal(), Noising(2), Ramp(0.0, 0.5)).value, 9)
    0.5
    """
    _require_line(error)

    def square(x: Array, density: Array, time: float) -> Array:
        return np.asarray(density * error(x, time)[:, 0] ** 2)

    return _over_time(law, noising, stop, square, _trapezoid)


def flow_error(law: NormalMixture, noising: Noising, error: Score) -> Computed:
    """Integrated error of the flow, ``int beta E |div delta + <delta, grad log p_t>| dt`` from 0 to T.

    Parameters
    ----------
    law, noising, error
        As for `score_error`.

    Returns
    -------
    Computed
        Its error is what half the times and half the nodes change.

    Raises
    ------
    ArgumentError
        If the error is not one on the line.

    Examples
    --------
    >>> from verify.models.diffusion.perturbations import Ramp
    >>> found = flow_error(NormalMixture.normal(), Noising(2), Ramp(0.0, 0.5))
    >>> abs(found.value - math.sqrt(2 / math.pi)) < found.error < 1e-3
    True
    """
    _require_line(error)
    true = TrueScore(law, noising)

    def flow(x: Array, density: Array, time: float) -> Array:
        return np.asarray(density * (error.divergence(x, time) + error(x, time)[:, 0] * true(x, time)[:, 0]))

    return _over_time(law, noising, 0.0, flow, _absolute)


def _require_line(error: Score) -> None:
    if error.dimension != 1:
        raise ArgumentError(f"the error has dimension {error.dimension}; these quadratures are on the line")


def divergence_from_normal(law: NormalMixture) -> Computed:
    """Divergence ``KL(law to N(0, 1))``.

    Parameters
    ----------
    law : NormalMixture

    Returns
    -------
    Computed
        Its error is what half the nodes change, and the rounding.

    Examples
    --------
    >>> abs(divergence_from_normal(NormalMixture.normal(mean=1.0)).value - 0.5) < 1e-12
    True
    """
    low, high = covered((law,), _REACH)
    step = min(law.stds) / 24
    nodes = low + step * np.arange(2 * math.ceil((high - low) / step / 2) + 1)
    p = law.pdf(nodes)
    # N(0, 1) enters by its logarithm, so that no tail of it is lost.
    logs = np.log(np.where(p > 0, p, 1.0)) + 0.5 * nodes**2 + 0.5 * math.log(2 * math.pi)
    value, halved = (_trapezoid(part, width) for part, width in ((p * logs, step), ((p * logs)[::2], 2 * step)))
    return Computed(max(value, 0.0), abs(value - halved) + 1e-14 * (1 + value))


Integrand = Callable[[Array, Array, float], Array]
Rule = Callable[[Array, float], float]


def _trapezoid(values: Array, step: float) -> float:
    return step * math.fsum(values)


def _absolute(values: Array, step: float) -> float:
    return 2 * float(interpolated_tv(values, step))


def _over_time(law: NormalMixture, noising: Noising, stop: float, integrand: Integrand, rule: Rule) -> Computed:
    """Gauss-Legendre in the root of time, as what is integrated changes fastest near `stop`."""

    def at(time: float, every: int) -> float:
        noised = noising.law_at(law, time)
        low, high = covered((noised,), _REACH)
        nodes = np.linspace(low, high, _CELLS + 1)[::every]
        values = integrand(nodes[:, None], noised.pdf(nodes), time)
        return noising.rate(time) * rule(values, every * (high - low) / _CELLS)

    def total(number: int, every: int) -> float:
        points, weights = np.polynomial.legendre.leggauss(number)
        roots = 0.5 * (points + 1)
        times = stop + (noising.end - stop) * roots**2
        parts = [w * root * at(float(time), every) for w, root, time in zip(weights, roots, times, strict=True)]
        return (noising.end - stop) * math.fsum(parts)

    value = total(_TIMES, 1)
    changed = abs(value - total(_TIMES // 2, 1)) + abs(value - total(_TIMES, 2))
    return Computed(value, changed + 1e-13 * (1 + value))

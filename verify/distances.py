"""Total variation with a stated error: between gridded densities, between normal mixtures, and by sampling in any dimension.

Every number comes with what is known about its error: `mixture_tv` and `interpolated_tv` by a proved bound, `shortfall`
as bounded values whose mean is the distance (`verify.evidence.DistanceSample` holds sampled ones, each with its error).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bounds.errors import ArgumentError
from verify.data import NormalMixture
from verify.evidence import Computed
from verify.mixing import Mixture, Regime, count

Array = NDArray[np.float64]

_SQRT_2PI = math.sqrt(2 * math.pi)
_PDF_ROUNDING = 1e-13  # relative; exp(-u^2/2) loses about u^2 units in the last place, |u| <= 20 here
_MOST_CELLS = 1 << 20


def interpolated_tv(difference: Array, step: float) -> Array:
    """Half the integral of ``|D|`` for the continuous D that is linear between the nodes of a uniform grid, exactly.

    Parameters
    ----------
    difference : ndarray, shape (..., G)
        D = p - q at the nodes, G >= 2, in inverse units of the data.
    step : float
        Distance of neighbouring nodes, in units of the data.

    Returns
    -------
    ndarray, shape (...)
        In [0, 1] when p and q are densities. `interpolation_error` bounds the distance to the integral of the true D.

    Raises
    ------
    ArgumentError
        If there are fewer than two nodes or the step is not positive.

    Examples
    --------
    A line from -1 to 1 over a length of 2 encloses two triangles of area 1/2:

    >>> float(interpolated_tv(np.array([-1.0, 1.0]), 2.0))
    0.5
    """
    values = np.asarray(difference, dtype=np.float64)
    if values.ndim == 0 or values.shape[-1] < 2 or not step > 0:
        raise ArgumentError(f"values of shape {values.shape} at step {step}: give at least two nodes, a positive step")
    size = np.abs(values)
    trapezoid = size.sum(axis=-1) - 0.5 * (size[..., 0] + size[..., -1])
    crossing = np.nonzero(np.diff(np.signbit(values), axis=-1))
    left = size[crossing]
    right = size[(*crossing[:-1], crossing[-1] + 1)]
    # Where D changes sign two triangles replace the trapezoid: (a^2+b^2)/(2(a+b)) = (a+b)/2 - ab/(a+b).
    total = left + right
    excess = np.divide(left * right, total, out=np.zeros_like(total), where=total > 0)
    rows = np.ravel_multi_index(crossing[:-1], values.shape[:-1]) if values.ndim > 1 else np.zeros(left.size, np.intp)
    spared = np.bincount(rows, weights=excess, minlength=max(1, math.prod(values.shape[:-1])))
    return np.asarray(0.5 * step * (trapezoid - spared.reshape(values.shape[:-1])))


def interpolation_error(step: float, variation: ArrayLike) -> Array:
    """Bound on what interpolation between the nodes changes in half the integral of ``|D|``: ``step^2/16`` times V.

    V is the total variation of the derivative ``D'``. On a cell ``[a, b]`` the interpolation error is the integral of a
    kernel against ``dD'`` (Peano), and that kernel integrates to ``(s-a)(b-s)/2 <= step^2/8`` at every s.

    Parameters
    ----------
    step : float
        Distance of neighbouring nodes, in units of the data.
    variation : array_like
        V, an upper bound on the total variation of ``D'``, in inverse squared units of the data.

    Returns
    -------
    ndarray
        Of the shape of `variation`.

    Examples
    --------
    >>> float(interpolation_error(0.5, 4.0))
    0.0625
    """
    return np.asarray(step**2 / 16 * np.asarray(variation, dtype=np.float64))


def derivative_variation(law: NormalMixture) -> float:
    """Bound on ``int |p''|`` of a normal mixture: ``sum_i w_i 4 phi(1)/s_i^2``, exact for one component.

    Parameters
    ----------
    law : NormalMixture
        The mixture.

    Returns
    -------
    float
        In inverse squared units of the data.

    Examples
    --------
    >>> round(derivative_variation(NormalMixture.normal()), 6)
    0.967883
    """
    one = 4 * math.exp(-0.5) / _SQRT_2PI
    return math.fsum(w * one / s**2 for w, s in zip(law.weights, law.stds, strict=True))


def mixture_tv(p: NormalMixture, q: NormalMixture) -> Computed:
    """Total variation between two normal mixtures, with a bound on its error.

    ``D = p - q`` has the primitive ``F_p - F_q``, so only the sign changes of D are needed. A cell is *decided* when a
    Taylor bound around its middle excludes a zero; undecided cells are halved until they cannot matter. A wrong sign on
    an undecided cell moves the distance by at most the integral of ``|D|`` over it, and those integrals are the error.

    Parameters
    ----------
    p, q : NormalMixture
        The laws.

    Returns
    -------
    Computed
        The distance in [0, 1] and its error, usually below 1e-12; more for laws too close to tell apart.

    Examples
    --------
    >>> from scipy.special import erf
    >>> found = mixture_tv(NormalMixture.normal(), NormalMixture.normal(mean=1.0))
    >>> abs(found.value - erf(1 / (2 * math.sqrt(2)))) <= found.error < 1e-12
    True
    """
    if p == q:
        return Computed(0.0, 0.0)
    means, spread = p.means + q.means, max(p.stds + q.stds)
    low, high = min(means) - 12 * spread, max(means) + 12 * spread
    start, sign, undecided = _signed_cells(p, q, np.linspace(low, high, 1025))
    start, sign = start[sign != 0], sign[sign != 0]
    cuts = np.concatenate([[low], start[1:][np.diff(sign) != 0], [high]])
    mass = np.diff(p.cdf(cuts) - q.cdf(cuts))
    value = 0.5 * math.fsum(np.abs(mass))
    outside = 0.5 * float(p.cdf(low) + p.sf(high) + q.cdf(low) + q.sf(high))
    return Computed(min(value, 1.0), undecided + outside + 4e-16 * cuts.size)


def _signed_cells(p: NormalMixture, q: NormalMixture, edges: Array) -> tuple[Array, Array, float]:
    """Starts of consecutive cells, the sign of ``p - q`` on each (0: undecided), and ``int |p - q|`` over the undecided."""
    a, b = edges[:-1], edges[1:]
    starts, signs, undecided, cells = [], [], 0.0, 0
    while a.size:
        middle, width = 0.5 * (a + b), b - a
        gap, slope, rounding = _gap_and_slope(p, q, middle)
        bend = _largest_bend(p, a, b) + _largest_bend(q, a, b)
        reach = 0.5 * width * slope + 0.125 * width**2 * bend + rounding
        sure = np.abs(gap) > reach
        cost = width * (np.abs(gap) + reach)
        cells += a.size
        done = sure | (cost < 1e-17) | (cells > _MOST_CELLS)
        starts.append(a[done])
        signs.append(np.where(sure, np.sign(gap), 0.0)[done])
        undecided += float(np.sum(cost[done & ~sure]))
        a, middle, b = a[~done], middle[~done], b[~done]
        a, b = np.concatenate([a, middle]), np.concatenate([middle, b])
    start, sign = np.concatenate(starts), np.concatenate(signs)
    order = np.argsort(start)
    return start[order], sign[order], undecided


def _gap_and_slope(p: NormalMixture, q: NormalMixture, x: Array) -> tuple[Array, Array, Array]:
    """``p - q``, a bound on ``|p' - q'|`` that counts its rounding, and a bound on the rounding of ``p - q``."""
    here, there = p.pdf(x), q.pdf(x)
    slope_p, slope_q = _derivative(p, x), _derivative(q, x)
    steep = _PDF_ROUNDING * 20 * (here / min(p.stds) + there / min(q.stds))
    return here - there, np.abs(slope_p - slope_q) + steep, _PDF_ROUNDING * (here + there)


def _derivative(law: NormalMixture, x: Array) -> Array:
    total = np.zeros_like(x)
    for w, m, s in zip(law.weights, law.means, law.stds, strict=True):
        u = (x - m) / s
        total -= w / (s * s * _SQRT_2PI) * u * np.exp(-0.5 * u * u)
    return total


def _largest_bend(law: NormalMixture, a: Array, b: Array) -> Array:
    """Upper bound on ``|law''|`` over each ``[a, b]``: ``|u^2-1| exp(-u^2/2)`` peaks at 0 and at ``sqrt 3``."""
    total = np.zeros_like(a)
    for w, m, s in zip(law.weights, law.means, law.stds, strict=True):
        u, v = (a - m) / s, (b - m) / s
        far = np.maximum(np.abs(u), np.abs(v))
        near = np.where((u <= 0) & (v >= 0), 0.0, np.minimum(np.abs(u), np.abs(v)))
        third = np.clip(math.sqrt(3.0), near, far)
        peak = np.max([np.abs(z * z - 1) * np.exp(-0.5 * z * z) for z in (near, far, third)], axis=0)
        total += w / (s**3 * _SQRT_2PI) * peak
    return total * (1 + 1e-12)


def shortfall(p: ArrayLike, q: ArrayLike) -> Array:
    """``(1 - q/p)_+`` from the densities at draws of p: values in [0, 1] whose mean is ``TV(p, q)``, in any dimension.

    Parameters
    ----------
    p, q : array_like
        Densities at points drawn from p, so that p > 0; nonnegative, of one shape.

    Returns
    -------
    ndarray
        Of that shape; independent points make it a `BoundedSample` on [0, 1].

    Raises
    ------
    ArgumentError
        If a density is negative or not finite, or p is zero at a point.

    Examples
    --------
    >>> shortfall([1.0, 1.0, 0.5], [0.25, 2.0, 0.0])
    array([0.75, 0.  , 1.  ])
    """
    here, there = np.asarray(p, dtype=np.float64), np.asarray(q, dtype=np.float64)
    if not (np.all(np.isfinite(here) & (here > 0)) and np.all(np.isfinite(there) & (there >= 0))):
        raise ArgumentError("densities must be finite, p positive (the points are drawn from it) and q nonnegative")
    return np.asarray(np.clip(1 - there / here, 0.0, 1.0))


def tv_proxy(mixture: Mixture, generations: int) -> Array:
    """Sub-Gaussian variance proxy of ``TV(p_t, p)``, p fixed, when every point of a training set has weight 1/N in the fit.

    So it is for density estimates of fixed bandwidth and for empirical frequencies. Reveal the draws one at a time. Moving
    one draw of generation k's training set (N_k points) moves ``p_k`` by at most ``1/N_k``; coupling the later draws as
    well as possible, the expected distance shrinks by ``q = m/N`` per generation (a reused point adds ``1/N`` each time;
    where points accumulate, it stays). A quarter of the sum of the squares of these ranges is the proxy (Hoeffding's
    lemma along the martingale), and a bound on the variance.

    Parameters
    ----------
    mixture : Mixture
        Sizes of the training sets and the data regime.
    generations : int
        T, at least 1.

    Returns
    -------
    ndarray, shape (T,)
        ``v_1, ..., v_T``: ``log E exp(s (TV - E TV)) <= s^2 v/2`` for every s.

    Raises
    ------
    ArgumentError
        If `generations` is not an integer or below 1.

    Examples
    --------
    >>> from verify.mixing import replace
    >>> tv_proxy(replace(100), 3)  # t/(4n)
    array([0.0025, 0.005 , 0.0075])
    """
    generations = count("generations", generations, 1)
    first, k, m = mixture.first, mixture.real, mixture.synthetic
    if mixture.regime is Regime.ACCUMULATE:
        added = [m / mixture.training_size(t) ** 2 for t in range(2, generations + 1)]
        return np.asarray(np.cumsum([1 / first, *added]) / 4)
    size = mixture.training_size(2)
    q = m / size
    reused = k if mixture.regime is Regime.REUSED else 0
    fresh = size - reused
    shift, others, later = 1 / first, (first - reused) / first**2, 0.0
    total = []
    for _ in range(generations):
        total.append(reused * shift**2 + others + later)
        shift = 1 / size + q * shift
        others *= q**2
        later = q**2 * later + fresh / size**2
    return np.asarray(total) / 4

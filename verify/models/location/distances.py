"""``W1(P, p_theta) = int |F_P - F|`` between a data law and the logistic law of unit scale, each with a bound on its error."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import expit, logit, ndtr

from verify.data import EmpiricalLaw, NormalMixture
from verify.models.location.arguments import Array
from verify.models.location.family import half_sech_squared, softplus
from verify.models.location.numerics import UNIT


def empirical_distance(law: EmpiricalLaw, theta: float) -> tuple[float, float]:
    """``int |F_P - F|`` in closed form, with its rounding error: between atoms F_P is constant and F increases."""
    y = law.atoms - theta
    mass = np.concatenate([[0.0], np.cumsum(np.unique(law.values, return_counts=True)[1]) / law.values.size])
    # A breakpoint at theta lets each side be written with the smaller tail, where nothing large cancels.
    inside = y[0] < 0 < y[-1]
    points = np.union1d(y, [0.0]) if inside else y
    level = mass[np.searchsorted(y, points[:-1], side="right")]
    left = points[1:] <= 0
    a, b = np.where(left, points[:-1], -points[1:]), np.where(left, points[1:], -points[:-1])
    c = np.where(left, level, 1 - level)
    with np.errstate(divide="ignore"):
        r = np.clip(logit(c), a, b)
    primitive_a, primitive_r, primitive_b = softplus(a), softplus(r), softplus(b)
    cells = c * (r - a) - (primitive_r - primitive_a) + (primitive_b - primitive_r) - c * (b - r)
    tails = softplus(np.array([points[0], -points[-1]]))
    size = float(np.sum(primitive_a + 2 * primitive_r + primitive_b + c * (b - a))) + float(tails.sum())
    return math.fsum(cells) + math.fsum(tails), UNIT * (8 * size + 4 * float(np.abs(law.values).max()))


def mixture_distance(law: NormalMixture, theta: float) -> tuple[float, float]:
    """``int |D|``, ``D = F_P - F``, and a bound on its error.

    D has a closed-form primitive, so only its sign changes are needed. A cell is *decided* when ``|D|`` at its middle
    exceeds half the width times a bound on ``|D'|`` there; undecided cells are halved until they cannot matter.
    Counting an undecided cell with the wrong sign costs at most twice its own ``int |D|``.
    """
    spread = max(law.stds)
    low, high = min(theta - 45, min(law.means) - 10 * spread), max(theta + 45, max(law.means) + 10 * spread)
    start, sign, undecided = _signed_cells(law, theta, np.linspace(low, high, 513))
    start, sign = start[sign != 0], sign[sign != 0]
    cuts = np.concatenate([[low], start[1:][np.diff(sign) != 0], [high]])
    primitive = _mixture_primitive(law, cuts) - softplus(cuts - theta)
    mirrored = NormalMixture(law.weights, [-m for m in law.means], law.stds)
    tails = _mixture_primitive(law, np.array(low)) + _mixture_primitive(mirrored, np.array(-high))
    tails += softplus(np.array(low - theta)) + softplus(np.array(theta - high))
    rounding = 16 * UNIT * cuts.size * float(np.abs(cuts).max() + spread)
    return math.fsum(np.abs(np.diff(primitive))), 2 * undecided + float(tails) + rounding


def _signed_cells(law: NormalMixture, theta: float, edges: Array) -> tuple[Array, Array, float]:
    """Starts of consecutive cells, the sign of ``F_P - F`` on each (0: undecided), and ``int |D|`` over the undecided."""
    a, b = edges[:-1], edges[1:]
    starts, signs, undecided = [], [], 0.0
    while a.size:
        middle, width = 0.5 * (a + b), b - a
        gap, rounding = _cdf_gap(law, theta, middle)
        slope = np.maximum(_largest_density(law, a, b), half_sech_squared(np.clip(theta, a, b) - theta) / 2)
        sure = np.abs(gap) > 0.5 * slope * width + rounding
        cost = width * (np.abs(gap) + rounding + 0.25 * slope * width)
        done = sure | (cost < 1e-15) | (width <= 4 * UNIT * np.maximum(np.abs(a), np.abs(b)))
        starts.append(a[done])
        signs.append(np.where(sure, np.sign(gap), 0.0)[done])
        undecided += float(np.sum(cost[done & ~sure]))
        a, middle, b = a[~done], middle[~done], b[~done]
        a, b = np.concatenate([a, middle]), np.concatenate([middle, b])
    start, sign = np.concatenate(starts), np.concatenate(signs)
    order = np.argsort(start)
    return start[order], sign[order], undecided


def _cdf_gap(law: NormalMixture, theta: float, x: Array) -> tuple[Array, Array]:
    """``F_P - F`` from the nearer tails, and a bound on its rounding error."""
    left = x < theta
    tail = expit(-np.abs(x - theta))
    data_tail = np.where(left, law.cdf(x), law.sf(x))
    return np.where(left, 1.0, -1.0) * (data_tail - tail), 1e-13 * (data_tail + tail)


def _largest_density(law: NormalMixture, a: Array, b: Array) -> Array:
    """Upper bound on the mixture's density on each ``[a, b]``: every component peaks where it is nearest its mean."""
    total = np.zeros_like(a)
    for w, m, s in zip(law.weights, law.means, law.stds, strict=True):
        u = (np.clip(m, a, b) - m) / s
        total += w / (s * math.sqrt(2 * math.pi)) * np.exp(-0.5 * u * u)
    return total


def _mixture_primitive(law: NormalMixture, x: Array) -> Array:
    """``int_{-inf}^x F_P = sum_i w_i s_i (u Phi(u) + phi(u))``, ``u = (x - m_i)/s_i``."""
    total = np.zeros_like(x)
    for w, m, s in zip(law.weights, law.means, law.stds, strict=True):
        u = (x - m) / s
        total += w * s * (u * ndtr(u) + np.exp(-0.5 * u * u) / math.sqrt(2 * math.pi))
    return total

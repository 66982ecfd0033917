"""Divergences between laws, relatively accurate when the laws nearly agree."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from verify.models.curated.arguments import FloatArray, as_law, as_rewards


def kl_to_maximisers(p: npt.ArrayLike, rewards: npt.ArrayLike) -> FloatArray:
    """``KL(p* to p) = log(1 + u)``, ``u = p(r < r*)/p(r = r*)``, where ``p*`` is p given ``r = r*``.

    In the exact loop with ``p_ref = p_0`` (or no real data) all maximisers are multiplied alike, so ``p*`` is also
    ``p_0`` given ``r = r*``, the limit of ferbach2024 Theorem 2.1. In a sampled loop it is not.

    Parameters
    ----------
    p : array_like, shape (..., m)
        Model; ``r*`` is the largest reward among its atoms of positive mass.
    rewards : array_like, shape (m,)
        Rewards r, nats.

    Returns
    -------
    ndarray, shape (...)
        Divergence in nats, relatively accurate near fixation.

    Raises
    ------
    ArgumentError
        If an argument is outside its domain.

    Examples
    --------
    >>> float(kl_to_maximisers([1e-30, 1.0], [0.0, 1.0]))
    1e-30
    """
    r = as_rewards(rewards)
    law = as_law(p, r.size, "p")
    best = r == np.max(np.where(law > 0.0, r, -math.inf), axis=-1, keepdims=True)
    off, on = np.sum(np.where(best, 0.0, law), axis=-1), np.sum(np.where(best, law, 0.0), axis=-1)
    return np.asarray(np.log1p(off / on))


def kl_divergence(p: npt.ArrayLike, q: npt.ArrayLike, shift: npt.ArrayLike | None = None) -> FloatArray:
    """``KL(p to q) = sum q phi(p/q - 1)``, ``phi(x) = (1+x) log(1+x) - x >= 0``: no cancellation when ``p ~ q``.

    Parameters
    ----------
    p, q : array_like, shape (..., m)
        Laws, broadcast against each other.
    shift : array_like, shape (..., m), optional
        ``p - q`` if known more accurately than by subtraction, e.g. `CuratedTrajectory.shift`.

    Returns
    -------
    ndarray, shape (...)
        Divergence in nats; inf where p has mass off the support of q.

    Raises
    ------
    ArgumentError
        If p or q is not a law.

    Examples
    --------
    >>> kl = kl_divergence([0.5, 0.5], [0.5, 0.5], shift=[1e-20, -1e-20])  # 2 (1e-20)^2
    >>> bool(abs(kl / 2e-40 - 1.0) < 1e-12)
    True
    """
    left, right = _as_laws(p, q)
    moved = left - right if shift is None else np.asarray(shift, dtype=np.float64)
    held = right > 0.0
    terms = np.where(held, right * _phi(np.maximum(moved / np.where(held, right, 1.0), -1.0)), 0.0)
    outside = np.any(~held & (left > 0.0), axis=-1)
    return np.asarray(np.where(outside, math.inf, np.sum(terms, axis=-1)))


def total_variation(p: npt.ArrayLike, q: npt.ArrayLike) -> FloatArray:
    """``TV(p, q) = 1/2 sum |p - q|``.

    Parameters
    ----------
    p, q : array_like, shape (..., m)
        Laws, broadcast against each other.

    Returns
    -------
    ndarray, shape (...)
        Distance in [0, 1]. For nearly equal laws of one trajectory use ``abs(shift).sum(-1) / 2``.

    Raises
    ------
    ArgumentError
        If p or q is not a law.

    Examples
    --------
    >>> float(total_variation([1.0, 0.0], [0.25, 0.75]))
    0.75
    """
    left, right = _as_laws(p, q)
    return np.asarray(0.5 * np.sum(np.abs(left - right), axis=-1))


def _phi(x: FloatArray) -> FloatArray:
    """``(1+x) log(1+x) - x`` for x >= -1, relatively accurate at 0: there ``log(1+x) = 2 artanh(x/(2+x))``."""
    small = np.abs(x) < 0.2
    near, far = np.where(small, x, 0.0), np.where(small | (x <= -1.0), 1.0, x)
    s = near / (2.0 + near)
    tail = sum((s ** (2 * k + 1) / (2 * k + 1) for k in range(1, 11)), start=np.zeros_like(s))
    series = near * s + 2.0 * (1.0 + near) * tail
    return np.where(small, series, np.where(x <= -1.0, 1.0, (1.0 + far) * np.log1p(far) - far))


def _as_laws(p: npt.ArrayLike, q: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    atoms = np.shape(q)[-1] if np.ndim(q) else 1
    return as_law(p, atoms, "p"), as_law(q, atoms, "q")

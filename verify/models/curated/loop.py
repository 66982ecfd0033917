"""The exact curated loop: one step, and whole trajectories."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bounds.errors import ArgumentError
from verify.models.curated.arguments import Exact, FloatArray, as_count, as_draws, as_law, as_ratio, as_rewards
from verify.models.curated.integral import ROUNDOFF
from verify.models.curated.weights import prepare


@dataclass(frozen=True)
class CuratedTrajectory:
    """Exact trajectory of the curated loop.

    Parameters
    ----------
    p : ndarray, shape (T+1, ..., m)
        Models ``p_0, ..., p_T``. Masses are relatively accurate, those of dying atoms included, down to 1e-300.
    shift : ndarray, shape (T+1, ..., m)
        ``p_t - p_ref`` by its own recursion, so that it stays accurate when the two nearly agree; the error is
        relative to the largest mass the atom has had so far.
    step_error : float
        Upper bound of the relative error that one step adds to any mass. Errors of earlier steps are inputs of the
        later ones and are not included: for a rigorous whole trajectory use `enclosed_loop`.

    Examples
    --------
    >>> curated_loop([0.5, 0.5], [0.0, 1.0], 2, float("inf"), 3).p.shape
    (4, 2)
    """

    p: FloatArray
    shift: FloatArray
    step_error: float


@dataclass(frozen=True)
class CuratedStep:
    """One exact step of the curated loop.

    Parameters
    ----------
    p : ndarray, shape (..., m)
        Next model.
    relative_error : float
        Upper bound of the relative error of every mass.

    Examples
    --------
    >>> curated_step([1.0], [0.0], 3).p
    array([1.])
    """

    p: FloatArray
    relative_error: float


def shares(lam: Exact) -> tuple[float, float]:
    """Real and synthetic shares ``1/(1+lam)`` and ``lam/(1+lam)``."""
    ratio = float(lam)
    return (0.0, 1.0) if ratio == math.inf else (1.0 / (1.0 + ratio), ratio / (1.0 + ratio))


def next_model(p: FloatArray, values: FloatArray, p_ref: FloatArray, lam: Exact) -> FloatArray:
    """Mix p_ref with p curated by the weights `values`; laws of shape (..., m)."""
    real, synthetic = shares(lam)
    kept = p * values
    return np.asarray(real * p_ref + synthetic * (kept / np.sum(kept, axis=-1, keepdims=True)))


def curated_loop(
    p0: npt.ArrayLike,
    rewards: npt.ArrayLike,
    K: int | float,
    lam: Exact,
    generations: int,
    p_ref: npt.ArrayLike | None = None,
) -> CuratedTrajectory:
    """Exact trajectory ``p_{t+1} = p_ref/(1+lam) + lam/(1+lam) p_t H_{p_t}``.

    Parameters
    ----------
    p0 : array_like, shape (..., m)
        First model ``p_0``.
    rewards : array_like, shape (m,)
        Rewards r, nats.
    K : int or math.inf
        Draws per comparison.
    lam : float
        Synthetic-to-real ratio in [0, inf]; ``math.inf`` is the pure loop.
    generations : int
        Number of steps T, at least 0.
    p_ref : array_like, shape broadcastable to p0, optional
        Real law mixed in; ``p0`` by default.

    Returns
    -------
    CuratedTrajectory
        Models of generations 0 to T and the error of one step.

    Raises
    ------
    ArgumentError
        If an argument is outside its domain.

    Notes
    -----
    ferbach2024, Lemma 2.1 (``lam = inf``, ``K = inf``) and the mixed loop of Theorems 2.3 and 2.4.

    Examples
    --------
    >>> import math
    >>> path = curated_loop([0.5, 0.5], [0.0, math.log(2.0)], math.inf, math.inf, 3)
    >>> [round(float(v), 12) for v in path.p[:, 1] / path.p[:, 0]]
    [1.0, 2.0, 4.0, 8.0]
    """
    r, steps, ratio = as_rewards(rewards), as_count(generations, "generations", 0), as_ratio(lam)
    start = as_law(p0, r.size, "p0")
    curation = prepare(r, as_draws(K))
    try:
        reference = np.broadcast_to(start if p_ref is None else as_law(p_ref, r.size, "p_ref"), start.shape)
    except ValueError as error:
        raise ArgumentError(f"p_ref must broadcast to the shape {start.shape} of p0: {error}") from None
    p, ref = start.reshape(-1, r.size), reference.reshape(-1, r.size)
    path, shifts, weight_error = [p], [p - ref], 0.0
    for _ in range(steps):
        w = curation.weights(path[-1])
        shifts.append(shares(ratio)[1] * (shifts[-1] + path[-1] * w.excess))
        path.append(next_model(path[-1], w.values, ref, ratio))
        weight_error = w.relative_error
    step_error = 2.0 * weight_error + (8 + r.size) * ROUNDOFF
    shape = (steps + 1, *start.shape)
    return CuratedTrajectory(np.stack(path).reshape(shape), np.stack(shifts).reshape(shape), step_error)


def curated_step(
    p: npt.ArrayLike,
    rewards: npt.ArrayLike,
    K: int | float,
    lam: Exact = math.inf,
    p_ref: npt.ArrayLike | None = None,
) -> CuratedStep:
    """One exact step ``p_ref/(1+lam) + lam/(1+lam) p H_p`` of the curated loop.

    Parameters
    ----------
    p : array_like, shape (..., m)
        Current model.
    rewards, K, p_ref
        As in `curated_loop`.
    lam : float, default math.inf
        Synthetic-to-real ratio; finite values need p_ref.

    Returns
    -------
    CuratedStep
        Next model and the relative error of its masses.

    Raises
    ------
    ArgumentError
        If an argument is outside its domain, or lam is finite and p_ref missing.

    Notes
    -----
    ferbach2024, equation of the retraining step.

    Examples
    --------
    >>> import math
    >>> [round(float(v), 12) for v in curated_step([0.5, 0.5], [0.0, math.log(3.0)], 2).p]
    [0.375, 0.625]
    """
    if p_ref is None and as_ratio(lam) != math.inf:
        raise ArgumentError(f"lam = {lam!r} mixes in real data; give its law p_ref, or lam = math.inf for none")
    path = curated_loop(p, rewards, K, lam, 1, p_ref)
    return CuratedStep(path.p[1], path.step_error)

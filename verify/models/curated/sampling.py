"""The curated loop as it is run: groups are drawn, winners are kept, the model is refitted by frequencies."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import numpy.typing as npt

from bounds.errors import ArgumentError
from verify.models.curated.arguments import (
    Exact,
    FloatArray,
    IntArray,
    as_count,
    as_draws,
    as_law,
    as_ratio,
    as_rewards,
)
from verify.models.curated.batches import batches
from verify.models.curated.loop import next_model, shares
from verify.models.curated.weights import prepare


def sample_winners(rng: np.random.Generator, p: npt.ArrayLike, rewards: npt.ArrayLike, K: int, n: int) -> IntArray:
    """Plain curation: draw n groups of K from p, keep one of each with probability proportional to ``e^r``.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    p : array_like, shape (m,)
        Current model.
    rewards : array_like, shape (m,)
        Rewards r, nats.
    K : int
        Draws per group, finite.
    n : int
        Number of groups, at least 0.

    Returns
    -------
    ndarray of int, shape (m,)
        How often each atom won; in law Multinomial(n, p H_p).

    Raises
    ------
    ArgumentError
        If an argument is outside its domain.

    Examples
    --------
    >>> import numpy as np
    >>> int(sample_winners(np.random.default_rng(1), [0.5, 0.5], [0.0, 1.0], 3, 1000).sum())
    1000
    """
    r, draws, groups = as_rewards(rewards), as_draws(K), as_count(n, "n", 0)
    law = as_law(p, r.size, "p")
    if draws == math.inf or law.ndim != 1:
        raise ArgumentError(f"sampling groups needs one law and a finite K; got shape {law.shape} and K = {K!r}")
    cumulative = np.cumsum(law)
    counts = np.zeros(r.size, dtype=np.int64)
    for block in batches(groups, int(draws)):
        size = (block.stop - block.start, int(draws))
        # u < 1 keeps the index on an atom of positive mass: side="right" skips flat parts of the cumulative sum.
        group = np.searchsorted(cumulative, rng.random(size) * cumulative[-1], side="right")
        # Adding Gumbel noise and taking the maximum picks proportionally to e^r.
        winner = np.argmax(r[group] + rng.gumbel(size=size), axis=-1)
        counts += np.bincount(np.take_along_axis(group, winner[:, None], axis=-1)[:, 0], minlength=r.size)
    return counts


def curated_sample_loop(
    rng: np.random.Generator,
    p0: npt.ArrayLike,
    rewards: npt.ArrayLike,
    K: int | float,
    lam: Exact,
    n: int,
    generations: int,
    replicates: int = 1,
    p_ref: npt.ArrayLike | None = None,
    draw: Literal["winners", "groups"] = "winners",
) -> FloatArray:
    """Sampled curated loop: each generation refits the categorical model by frequencies of n training points.

    Each point is independently real (a fresh draw of p_ref) with probability ``1/(1+lam)``, else the winner of a group
    of K draws of the current model, so the conditional mean of the next model is the exact step for every n and lam.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    p0 : array_like, shape (m,)
        First model, common to all replicates.
    rewards, K, lam, generations
        As in `curated_loop`.
    n : int
        Training points per generation, real and synthetic together, at least 1.
    replicates : int, default 1
        Independent copies, batched.
    p_ref : array_like, shape (m,), optional
        Real law; ``p0`` by default.
    draw : {"winners", "groups"}
        "winners" draws the counts of winners at once from ``p H_p`` (equal in law, independent of K in cost);
        "groups" draws all groups (plain, slow, for checking).

    Returns
    -------
    ndarray, shape (T+1, replicates, m)
        Models of generations 0 to T.

    Raises
    ------
    ArgumentError
        If an argument is outside its domain.

    Notes
    -----
    ferbach2024, the finite-sample version of the retraining step.

    Examples
    --------
    >>> import numpy as np
    >>> path = curated_sample_loop(np.random.default_rng(0), [0.5, 0.5], [0.0, 1.0], 4, 1.0, 100, 3, replicates=5)
    >>> path.shape
    (4, 5, 2)
    """
    r, ratio, size = as_rewards(rewards), as_ratio(lam), as_count(n, "n", 1)
    steps, copies = as_count(generations, "generations", 0), as_count(replicates, "replicates", 1)
    start = as_law(p0, r.size, "p0")
    reference = start if p_ref is None else as_law(p_ref, r.size, "p_ref")
    if start.ndim != 1 or reference.ndim != 1:
        raise ArgumentError("p0 and p_ref must have shape (m,); replicates= makes the batch")
    if draw not in ("winners", "groups"):
        raise ArgumentError(f"draw = {draw!r} is not known; give 'winners' or 'groups'")
    curation = prepare(r, as_draws(K))
    if draw == "groups" and math.isinf(K):
        raise ArgumentError("draw = 'groups' needs a finite K; for K = math.inf give draw = 'winners'")
    path = np.empty((steps + 1, copies, r.size))
    path[0] = start
    for t in range(steps):
        if draw == "winners":
            following = next_model(path[t], curation.weights(path[t]).values, reference, ratio)
            path[t + 1] = _multinomial(rng, size, following) / size
        else:
            path[t + 1] = _grouped_step(rng, path[t], reference, r, int(K), ratio, size) / size
    return path


def _grouped_step(
    rng: np.random.Generator, p: FloatArray, p_ref: FloatArray, r: FloatArray, K: int, lam: Exact, n: int
) -> IntArray:
    real = np.asarray(rng.binomial(n, shares(lam)[0], size=p.shape[0]))
    counts = _multinomial(rng, real, np.broadcast_to(p_ref, p.shape))
    for i, law in enumerate(p):
        counts[i] += sample_winners(rng, law, r, K, n - int(real[i]))
    return counts


def _multinomial(rng: np.random.Generator, n: int | IntArray, p: FloatArray) -> IntArray:
    """Multinomial counts; the largest atom goes last, where the remainder falls, so zero masses get zero counts."""
    order = np.argsort(p, axis=-1, kind="stable")
    drawn = rng.multinomial(n, np.take_along_axis(p, order, axis=-1))
    counts = np.empty_like(drawn)
    np.put_along_axis(counts, order, drawn, axis=-1)
    return counts

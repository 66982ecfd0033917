"""The in-context loop: a head reads reused real tokens and its own outputs, with the noise and queries given."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bounds.errors import ArgumentError
from verify.models.attention.head import Array, Reading, into_ball, keys_of, pull_back, read


@dataclass(frozen=True)
class ContextLoop:
    """Sizes of an in-context loop (fu2025, recursive stability of transformers in context).

    Parameters
    ----------
    n : int
        Tokens in every context.
    reused : int
        Of the n real tokens that generation 1 reads, the first so many stay in every context: ``alpha n``.
    generations : int
        t.

    Raises
    ------
    ArgumentError
        If no real token is reused, none is synthetic, or there is no generation.

    Examples
    --------
    >>> ContextLoop(n=10, reused=4, generations=3).synthetic
    6
    """

    n: int
    reused: int
    generations: int

    def __post_init__(self) -> None:
        if not 1 <= self.reused < self.n:
            raise ArgumentError(f"{self.reused} of {self.n} tokens reused: give 1 <= reused < n")
        if self.generations < 1:
            raise ArgumentError(f"generations = {self.generations} must be a whole number, 1 or more")

    @property
    def synthetic(self) -> int:
        """Synthetic tokens in a context, N."""
        return self.n - self.reused


@dataclass(frozen=True, eq=False)
class Circumstances:
    """All that a loop depends on besides its real tokens, the same in both of two coupled runs.

    Parameters
    ----------
    queries : ndarray of shape (..., t, k, d)
        One for each synthetic token of each generation. A k that divides N stands for N tokens in k equal groups.
    noise : ndarray of shape (..., t, k, d)
        Added to the outputs before they are projected to the unit ball.
    attention, value : ndarray of shape (..., d, d)
        W and V.

    Examples
    --------
    >>> still = Circumstances(np.zeros((2, 1, 1)), np.zeros((2, 1, 1)), np.eye(1), np.eye(1))
    >>> still.queries.shape
    (2, 1, 1)
    """

    queries: Array
    noise: Array
    attention: Array
    value: Array


@dataclass(frozen=True, eq=False)
class Generation:
    """One generation of a run, with what its derivative needs.

    Parameters
    ----------
    context : ndarray of shape (..., m, d)
        What it read.
    counts : ndarray of shape (m,)
        Equal tokens behind each row.
    keys : ndarray of shape (..., k, d)
    reading : Reading
    raw : ndarray of shape (..., k, d)
        Outputs with noise, before the projection.
    centres : ndarray of shape (..., k, d)
        Outputs without noise.

    Examples
    --------
    >>> still = Circumstances(np.zeros((1, 1, 1)), np.full((1, 1, 1), 3.0), np.eye(1), np.eye(1))
    >>> (only,) = run_loop(ContextLoop(2, 1, 1), np.array([[1.0], [0.0]]), still)
    >>> only.centres, only.tokens
    (array([[0.5]]), array([[1.]]))
    """

    context: Array
    counts: Array
    keys: Array
    reading: Reading
    raw: Array
    centres: Array

    @property
    def tokens(self) -> Array:
        """The synthetic tokens, shape (..., k, d)."""
        return into_ball(self.raw)


def run_loop(loop: ContextLoop, reals: Array, given: Circumstances) -> list[Generation]:
    """Run the loop.

    Parameters
    ----------
    loop : ContextLoop
    reals : ndarray of shape (..., n, d)
        Real tokens, in the unit ball; the first ``loop.reused`` are reused.
    given : Circumstances

    Returns
    -------
    list of Generation
        One for each generation.

    Raises
    ------
    ArgumentError
        If the shapes do not fit the loop.

    Examples
    --------
    Without attention the head averages: moving a reused token by 1 moves generation 1 by 1/4 and the next by 3/8.

    >>> loop = ContextLoop(n=4, reused=2, generations=2)
    >>> still = Circumstances(np.zeros((2, 1, 1)), np.zeros((2, 1, 1)), np.zeros((1, 1)), np.eye(1))
    >>> before, after = (run_loop(loop, np.array([[x], [0.0], [0.0], [0.0]]), still) for x in (0.0, 1.0))
    >>> [(b.tokens - a.tokens).item() for a, b in zip(before, after)]
    [0.25, 0.375]
    """
    groups = given.queries.shape[-2]
    if reals.shape[-2] != loop.n or loop.synthetic % groups:
        raise ArgumentError(
            f"{reals.shape[-2]} real tokens and {groups} queries do not fit n = {loop.n} with {loop.synthetic} synthetic"
        )
    if given.queries.shape[-3] != loop.generations or given.noise.shape != given.queries.shape:
        raise ArgumentError(
            f"queries {given.queries.shape} and noise {given.noise.shape} must cover {loop.generations} generations"
        )
    later = np.concatenate([np.ones(loop.reused), np.full(groups, loop.synthetic / groups)])
    context, counts = reals, np.ones(loop.n)
    found: list[Generation] = []
    for g in range(loop.generations):
        keys = keys_of(given.queries[..., g, :, :], given.attention)
        reading = read(context, keys, counts)
        centres = np.einsum("...ij,...kj->...ki", given.value, reading.means)
        found.append(Generation(context, counts, keys, reading, centres + given.noise[..., g, :, :], centres))
        context, counts = np.concatenate([reals[..., : loop.reused, :], found[-1].tokens], axis=-2), later
    return found


@dataclass(frozen=True, eq=False)
class Slopes:
    """Gradient of a scalar of a run in everything the run depends on.

    Parameters
    ----------
    reals, queries, noise, attention, value : ndarray
        Of the shapes of what they belong to.

    Examples
    --------
    >>> Slopes(*(np.zeros(1) for _ in range(5))).reals
    array([0.])
    """

    reals: Array
    queries: Array
    noise: Array
    attention: Array
    value: Array


def pull_back_loop(run: list[Generation], given: Circumstances, slopes: Array) -> Slopes:
    """Carry the gradient in the last generation's tokens back to the real tokens and the circumstances.

    Parameters
    ----------
    run : list of Generation
        What `run_loop` returned; for batches, with one batch axis.
    given : Circumstances
        What it was given.
    slopes : ndarray of shape (..., k, d)
        Gradient of a scalar in the tokens of the last generation.

    Returns
    -------
    Slopes

    Examples
    --------
    >>> still = Circumstances(np.zeros((2, 1, 1)), np.zeros((2, 1, 1)), np.zeros((1, 1)), np.eye(1))
    >>> run = run_loop(ContextLoop(n=4, reused=2, generations=2), np.zeros((4, 1)), still)
    >>> pull_back_loop(run, still, np.ones((1, 1))).reals.ravel()
    array([0.375, 0.375, 0.125, 0.125])
    """
    first = run[0].context
    in_reals = np.zeros_like(first)
    in_queries, in_noise = np.zeros_like(given.queries), np.zeros_like(given.noise)
    in_attention, in_value = np.zeros_like(given.attention), np.zeros_like(given.value)
    kept = run[-1].context.shape[-2] - run[-1].raw.shape[-2]
    for g in range(len(run) - 1, -1, -1):
        now = run[g]
        slopes = _through_projection(now.raw, slopes)
        in_noise[..., g, :, :] = slopes
        in_value += np.einsum("...ki,...kj->...ij", slopes, now.reading.means)
        inward = np.einsum("...ij,...ki->...kj", given.value, slopes)
        in_context, in_keys = pull_back(now.context, now.keys, now.reading, inward)
        in_queries[..., g, :, :] = np.einsum("...ij,...kj->...ki", given.attention, in_keys)
        in_attention += np.einsum("...ki,...kj->...ij", given.queries[..., g, :, :], in_keys)
        if g:
            in_reals[..., :kept, :] += in_context[..., :kept, :]
            slopes = in_context[..., kept:, :]
        else:
            in_reals += in_context
    return Slopes(in_reals, in_queries, in_noise, in_attention, in_value)


def _through_projection(raw: Array, slopes: Array) -> Array:
    """Gradient behind the projection to the ball: outside the ball only the part along the sphere is left, shortened."""
    squares = np.einsum("...d,...d->...", raw, raw)[..., None]
    along = np.einsum("...d,...d->...", raw, slopes)[..., None]
    outside = squares > 1
    safe = np.where(outside, squares, 1.0)
    return np.where(outside, (slopes - raw * along / safe) / np.sqrt(safe), slopes)


def displacements(before: list[Generation], after: list[Generation]) -> Array:
    """Return the largest distance between corresponding synthetic tokens of two runs.

    Parameters
    ----------
    before, after : list of Generation

    Returns
    -------
    ndarray of shape (..., t)

    Examples
    --------
    >>> loop, nothing = ContextLoop(2, 1, 1), np.zeros((1, 1, 1))
    >>> still = Circumstances(nothing, nothing, np.eye(1), np.eye(1))
    >>> runs = [run_loop(loop, np.array([[x], [0.0]]), still) for x in (0.0, 1.0)]
    >>> displacements(*runs)
    array([0.5])
    """
    moves = [b.tokens - a.tokens for a, b in zip(before, after, strict=True)]
    lengths = [np.sqrt(np.einsum("...d,...d->...", move, move)).max(axis=-1) for move in moves]
    return np.stack(lengths, axis=-1)

"""Pairs of in-context loops that differ in one reused real token: drawn at random, or searched for the worst."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bounds.errors import ArgumentError
from verify.models.attention.adversary import feasible_shift, random_ball, random_sphere, require_head, unit
from verify.models.attention.ascent import State, ascend
from verify.models.attention.head import Array, into_ball, with_norm_at_most
from verify.models.attention.loop import (
    Circumstances,
    ContextLoop,
    displacements,
    pull_back_loop,
    run_loop,
)

LARGEST_NOISE = 2.0
"""Length of a noise vector that can carry an output of the head to any other point of the unit ball."""


@dataclass(frozen=True, eq=False)
class CoupledLoops:
    """A loop, and the same loop after its first real token, which is reused, has moved.

    Parameters
    ----------
    loop : ContextLoop
    reals : ndarray of shape (..., n, d)
        In the unit ball.
    shift : ndarray of shape (..., d)
        By which the first token moves, within the ball.
    given : Circumstances
        Shared by both runs.

    Examples
    --------
    >>> loop, nothing = ContextLoop(2, 1, 1), np.zeros((1, 1, 1))
    >>> still = Circumstances(nothing, nothing, np.eye(1), np.eye(1))
    >>> CoupledLoops(loop, np.zeros((2, 1)), np.ones(1), still).displacements()
    array([0.5])
    """

    loop: ContextLoop
    reals: Array
    shift: Array
    given: Circumstances

    @property
    def moved(self) -> Array:
        """The real tokens after the move, shape (..., n, d)."""
        moved = self.reals.copy()
        moved[..., 0, :] += self.shift
        return moved

    def displacements(self) -> Array:
        """Largest displacement of a synthetic token in each generation, shape (..., t)."""
        return displacements(*(run_loop(self.loop, reals, self.given) for reals in (self.reals, self.moved)))

    def centre_shifts(self) -> Array:
        """Distance between the outputs before noise, in each generation for each query, shape (..., t, k)."""
        runs = (run_loop(self.loop, reals, self.given) for reals in (self.reals, self.moved))
        moves = [b.centres - a.centres for a, b in zip(*runs, strict=True)]
        return np.stack([unit(move)[0] for move in moves], axis=-2)


def random_loops(
    rng: np.random.Generator, loop: ContextLoop, d: int, Gamma: float, D: float, sigma_noise: float, replicates: int
) -> CoupledLoops:
    """Draw loops: tokens, queries and heads uniformly among those allowed, normal noise.

    Parameters
    ----------
    rng : numpy.random.Generator
    loop : ContextLoop
    d, Gamma, D
        As in `verify.models.attention.worst_move`.
    sigma_noise : float
        Standard deviation of the noise in every direction.
    replicates : int

    Returns
    -------
    CoupledLoops
        With leading axis `replicates`.

    Raises
    ------
    ArgumentError
        If a number is out of range.

    Examples
    --------
    >>> pairs = random_loops(np.random.default_rng(0), ContextLoop(6, 2, 3), 2, 0.5, 1.0, 0.1, replicates=4)
    >>> pairs.displacements().shape
    (4, 3)
    """
    require_head(loop.n, d, Gamma, D)
    if not sigma_noise >= 0:
        raise ArgumentError(f"sigma_noise = {sigma_noise} must be at least 0")
    reals = random_ball(rng, (replicates, loop.n, d))
    shift = feasible_shift(reals[:, 0], D * random_sphere(rng, (replicates, d)), D)
    each = (replicates, loop.generations, loop.synthetic, d)
    queries, noise = random_sphere(rng, each), sigma_noise * rng.normal(size=each)
    attention = with_norm_at_most(Gamma * rng.normal(size=(replicates, d, d)), Gamma)
    value = with_norm_at_most(rng.normal(size=(replicates, d, d)), 1.0)
    return CoupledLoops(loop, reals, shift, Circumstances(queries, noise, attention, value))


def worst_loop(
    rng: np.random.Generator,
    loop: ContextLoop,
    d: int,
    Gamma: float,
    D: float,
    starts: int = 16,
    steps: int = 250,
    largest_noise: float = LARGEST_NOISE,
) -> CoupledLoops:
    """Search for the loop whose last generation moves most when one reused real token moves by at most D.

    Projected gradient ascent through all generations, over the real tokens, the queries, the head, and the noise, which
    may be anything that both runs share. All synthetic tokens of a generation are one point with one query.

    Parameters
    ----------
    rng : numpy.random.Generator
    loop : ContextLoop
    d, Gamma, D, starts, steps
        As in `verify.models.attention.worst_move`.
    largest_noise : float
        Length of the noise, at most; 0 for a search without noise. As it stands, noise can carry an output anywhere in
        the ball.

    Returns
    -------
    CoupledLoops
        The best found, without batch axis.

    Raises
    ------
    ArgumentError
        If a number is out of range.

    Examples
    --------
    Without attention the head averages, and the bound of fu2025 is reached.

    >>> loop = ContextLoop(n=4, reused=2, generations=3)
    >>> worst = worst_loop(np.random.default_rng(0), loop, d=1, Gamma=0.0, D=0.01, starts=4, steps=60)
    >>> bool(abs(worst.displacements()[-1] - 0.01 / 4 * (1 + 1 / 2 + 1 / 4)) < 1e-12)
    True
    """
    require_head(loop.n, d, Gamma, D)
    if not largest_noise >= 0:
        raise ArgumentError(f"largest_noise = {largest_noise} must be at least 0")
    each = (starts, loop.generations, 1, d)
    reals = random_ball(rng, (starts, loop.n, d))
    shift = D * random_sphere(rng, (starts, d))
    queries, noise = random_sphere(rng, each), random_ball(rng, each)
    attention, value = rng.normal(size=(2, starts, d, d))

    def retract(state: State) -> State:
        reals, shift, queries, noise, attention, value = state
        reals = into_ball(reals)
        return (
            reals,
            feasible_shift(reals[:, 0], shift, D),
            into_ball(queries),
            largest_noise * into_ball(noise / (largest_noise or 1.0)),
            with_norm_at_most(attention, Gamma),
            with_norm_at_most(value, 1.0),
        )

    start = retract((reals, shift, queries, noise, Gamma * attention, value))
    scales = tuple(np.asarray(scale) for scale in (1.0, D, 1.0, float(largest_noise > 0), Gamma, 1.0))
    state, values = ascend(lambda state: _displacement(loop, state), retract, start, scales, steps)
    reals, shift, *rest = (block[int(np.argmax(values))] for block in state)
    return CoupledLoops(loop, reals, shift, Circumstances(*rest))


def _displacement(loop: ContextLoop, state: State) -> tuple[Array, State]:
    """Displacements of the last generation and their gradients in everything."""
    reals, shift, *rest = state
    given = Circumstances(*rest)
    pair = CoupledLoops(loop, reals, shift, given)
    before, after = (run_loop(loop, tokens, given) for tokens in (pair.reals, pair.moved))
    lengths, units = unit(after[-1].tokens - before[-1].tokens)
    down, up = (pull_back_loop(run, given, side * units) for run, side in ((before, -1.0), (after, 1.0)))
    return lengths[:, 0], (
        up.reals + down.reals,
        up.reals[:, 0],
        up.queries + down.queries,
        up.noise + down.noise,
        up.attention + down.attention,
        up.value + down.value,
    )

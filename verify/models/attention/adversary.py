"""The move of one token that an adversary finds to displace the output of an attention head most."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from bounds.errors import ArgumentError
from verify.models.attention.ascent import State, ascend
from verify.models.attention.head import Array, into_ball, keys_of, pull_back, read, with_norm_at_most


@dataclass(frozen=True, eq=False)
class TokenMove:
    """A context in which one token moves, and a head that reads it before and after.

    Parameters
    ----------
    tokens : ndarray of shape (n, d)
        In the unit ball; the first one moves.
    shift : ndarray of shape (d,)
        By which it moves; it stays in the unit ball.
    query : ndarray of shape (d,)
        x, in the unit ball.
    attention, value : ndarray of shape (d, d)
        W and V.
    query_shift : ndarray of shape (d,) or 0
        By which the query moves as well: the theorem's assumption is that it does not.

    Examples
    --------
    >>> move = TokenMove(np.array([[1.0], [-1.0]]), np.array([-0.5]), np.zeros(1), np.eye(1), np.eye(1))
    >>> move.displacement
    0.25
    """

    tokens: Array
    shift: Array
    query: Array
    attention: Array
    value: Array
    query_shift: Array | float = 0.0

    @property
    def displacement(self) -> float:
        """Distance between the outputs before and after the move."""
        moved = self.tokens.copy()
        moved[0] += self.shift
        before = read(self.tokens, keys_of(self.query[None], self.attention))
        after = read(moved, keys_of((self.query + self.query_shift)[None], self.attention))
        change = (after.means - before.means)[0]
        return float(np.linalg.norm(np.einsum("ij,j->i", self.value, change)))


def worst_move(
    rng: np.random.Generator, n: int, d: int, Gamma: float, D: float, starts: int = 16, steps: int = 250
) -> TokenMove:
    """Search for the tokens, query and matrices at which moving one token by at most D displaces the output most.

    Projected gradient ascent from random starts, over everything that attention stability (fu2025) leaves free.

    Parameters
    ----------
    rng : numpy.random.Generator
    n : int
        Tokens in the context.
    d : int
        Their dimension.
    Gamma : float
        Largest operator norm of the attention matrix W; that of V is at most 1.
    D : float
        Largest move, in (0, 2].
    starts, steps : int
        Restarts, and steps of each.

    Returns
    -------
    TokenMove
        The best found.

    Raises
    ------
    ArgumentError
        If a number is out of range.

    Examples
    --------
    >>> move = worst_move(np.random.default_rng(0), n=5, d=2, Gamma=0.5, D=0.01, starts=4, steps=100)
    >>> import bounds
    >>> bound = bounds.get("fu2025.attention_stability").evaluate(n=5, Gamma=0.5, D=0.01)
    >>> bool(0.95 * bound < move.displacement <= bound)
    True
    """
    require_head(n, d, Gamma, D)
    tokens = random_ball(rng, (starts, n, d))
    shift = D * random_sphere(rng, (starts, d))
    query = random_sphere(rng, (starts, d))
    attention, value = rng.normal(size=(2, starts, d, d))

    def retract(state: State) -> State:
        tokens, shift, query, attention, value = state
        tokens = into_ball(tokens)
        return (
            tokens,
            feasible_shift(tokens[:, 0], shift, D),
            into_ball(query),
            with_norm_at_most(attention, Gamma),
            with_norm_at_most(value, 1.0),
        )

    start = retract((tokens, shift, query, Gamma * attention, value))
    scales = tuple(np.asarray(scale) for scale in (1.0, D, 1.0, Gamma, 1.0))
    state, values = ascend(_displacement, retract, start, scales, steps)
    best = int(np.argmax(values))
    return TokenMove(*(block[best] for block in state))


def _displacement(state: State) -> tuple[Array, State]:
    """Displacements of the outputs and their gradients in everything."""
    tokens, shift, query, attention, value = state
    moved = tokens.copy()
    moved[:, 0] += shift
    keys = keys_of(query[:, None], attention)
    before, after = read(tokens, keys), read(moved, keys)
    change = after.means - before.means
    output = np.einsum("sij,skj->ski", value, change)
    lengths, units = unit(output)
    slopes = np.einsum("sij,ski->skj", value, units)
    in_moved, in_keys = pull_back(moved, keys, after, slopes)
    in_tokens, in_keys_before = pull_back(tokens, keys, before, slopes)
    in_keys = in_keys - in_keys_before
    return lengths[:, 0], (
        in_moved - in_tokens,
        in_moved[:, 0],
        np.einsum("sij,skj->si", attention, in_keys),
        np.einsum("si,skj->sij", query, in_keys),
        np.einsum("ski,skj->sij", units, change),
    )


def unit(vectors: Array) -> tuple[Array, Array]:
    """Return the lengths of vectors and their directions, 0 for a vector that vanishes.

    Parameters
    ----------
    vectors : ndarray of shape (..., d)

    Returns
    -------
    lengths : ndarray of shape (...)
    directions : ndarray of shape (..., d)

    Examples
    --------
    >>> unit(np.array([[3.0, 4.0], [0.0, 0.0]]))
    (array([5., 0.]), array([[0.6, 0.8],
           [0. , 0. ]]))
    """
    lengths = np.sqrt(np.einsum("...d,...d->...", vectors, vectors))
    return lengths, vectors / np.where(lengths > 0, lengths, 1.0)[..., None]


def feasible_shift(tokens: Array, shifts: Array, largest: float) -> Array:
    """Shorten moves of tokens so that they end in the unit ball and are no longer than allowed.

    Parameters
    ----------
    tokens, shifts : ndarray of shape (..., d)
        Tokens in the unit ball.
    largest : float
        Length allowed.

    Returns
    -------
    ndarray of shape (..., d)

    Examples
    --------
    >>> feasible_shift(np.array([0.5]), np.array([2.0]), 1.0)
    array([0.5])
    """
    moves = into_ball(tokens + shifts) - tokens
    lengths, _ = unit(moves)
    # A part of the way from one point of the ball to another stays in the ball.
    return moves * np.minimum(1.0, largest / np.where(lengths > 0, lengths, 1.0))[..., None]


def random_sphere(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Draw points uniformly on the unit sphere.

    Parameters
    ----------
    rng : numpy.random.Generator
    shape : tuple of int
        The last is the dimension.

    Returns
    -------
    ndarray

    Examples
    --------
    >>> abs(random_sphere(np.random.default_rng(0), (3, 1))).ravel()
    array([1., 1., 1.])
    """
    return unit(rng.normal(size=shape))[1]


def random_ball(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Draw points uniformly in the unit ball.

    Parameters
    ----------
    rng : numpy.random.Generator
    shape : tuple of int
        The last is the dimension.

    Returns
    -------
    ndarray

    Examples
    --------
    >>> bool((abs(random_ball(np.random.default_rng(0), (3, 1))) < 1).all())
    True
    """
    radii = rng.random(size=shape[:-1]) ** (1 / shape[-1])
    return radii[..., None] * random_sphere(rng, shape)


def require_head(n: int, d: int, Gamma: float, D: float) -> None:
    """Refuse a context, a norm or a move that makes no sense; else nothing.

    Parameters
    ----------
    n, d : int
        At least 1.
    Gamma : float
        Finite, at least 0.
    D : float
        In (0, 2].

    Raises
    ------
    ArgumentError
        If one is out of range.

    Examples
    --------
    >>> require_head(5, 2, 0.5, 3.0)
    Traceback (most recent call last):
    bounds.errors.ArgumentError: D = 3.0 must lie in (0, 2]: no two points of the unit ball are further apart
    """
    for name, count in (("n", n), ("d", d)):
        if count < 1:
            raise ArgumentError(f"{name} = {count} must be a whole number, 1 or more")
    if not 0 <= Gamma < math.inf:
        raise ArgumentError(f"Gamma = {Gamma} must be finite and at least 0: it bounds a norm")
    if not 0 < D <= 2:
        raise ArgumentError(f"D = {D} must lie in (0, 2]: no two points of the unit ball are further apart")

"""Projected gradient ascent from many starts at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
State = tuple[Array, ...]
"""Blocks of vectors, each of shape (starts, ..., d)."""

Objective = Callable[[State], tuple[Array, State]]
Retraction = Callable[[State], State]

_FIRST_STEP, _LARGEST_STEP = 0.3, 1.0


def ascend(objective: Objective, retract: Retraction, start: State, scales: State, steps: int) -> tuple[State, Array]:
    """Climb from every start; a step that does not climb is taken back and halved.

    Every vector of the state moves by the same multiple of its scale along its own gradient, whatever the gradient's
    length: tokens of small weight would hardly move otherwise.

    Parameters
    ----------
    objective : callable
        Maps a state to its values, of shape (starts,), and their gradients.
    retract : callable
        Maps a state to a feasible one near by, and a feasible one to itself up to rounding.
    start : tuple of ndarray
        Feasible.
    scales : tuple of ndarray
        One per block, of shape () or fit to multiply its unit vectors.
    steps : int

    Returns
    -------
    state : tuple of ndarray
        Feasible.
    values : ndarray of shape (starts,)
        Never below those of the start.

    Examples
    --------
    >>> def height(state):
    ...     return state[0][:, 0], (np.array([[1.0, 0.0]]),)
    >>> def disc(state):
    ...     return (state[0] / np.maximum(1, np.linalg.norm(state[0], axis=-1, keepdims=True)),)
    >>> top, value = ascend(height, disc, (np.array([[0.0, 1.0]]),), (np.array(1.0),), steps=100)
    >>> bool(value[0] > 1 - 1e-6)
    True
    """
    state = start
    values, gradients = objective(state)
    lengths = np.full(values.shape, _FIRST_STEP)
    for _ in range(steps):
        moves = (
            _like(lengths, gradient) * scale * _directions(gradient)
            for scale, gradient in zip(scales, gradients, strict=True)
        )
        trial = retract(tuple(block + move for block, move in zip(state, moves, strict=True)))
        found, slopes = objective(trial)
        better = found > values
        state = tuple(_choose(better, new, old) for new, old in zip(trial, state, strict=True))
        gradients = tuple(_choose(better, new, old) for new, old in zip(slopes, gradients, strict=True))
        values = np.where(better, found, values)
        lengths = np.where(better, np.minimum(1.5 * lengths, _LARGEST_STEP), 0.5 * lengths)
    return state, values


def _directions(gradient: Array) -> Array:
    lengths = np.sqrt(np.einsum("...d,...d->...", gradient, gradient))
    return gradient / np.where(lengths > 0, lengths, 1.0)[..., None]


def _like(row: Array, block: Array) -> Array:
    return row.reshape(row.shape + (1,) * (block.ndim - 1))


def _choose(better: NDArray[np.bool_], new: Array, old: Array) -> Array:
    return np.where(better.reshape(better.shape + (1,) * (old.ndim - 1)), new, old)

"""Loops of bigram models: sequences that start, move between states and end, retrained on their own sequences.

Every sequence is complete (it runs to its end symbol), so each state that was ever seen was seen to be left, the fitted
transition matrix has no undefined row that can be reached, and every fitted model ends with probability 1. Longer
contexts (n-grams) are bigrams whose states are the contexts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from bounds.errors import ArgumentError
from verify.loop import Learner, run
from verify.mixing import Mixture, count
from verify.models.categorical.arguments import Array, Counts, as_laws


@dataclass(frozen=True, eq=False)
class BigramLaw:
    """Law of sequences over k states: where they start, and where they go from each state.

    Parameters
    ----------
    start : array_like, shape (..., k)
        Probabilities of the first state.
    moves : array_like, shape (..., k, k + 1)
        Row i: probabilities of the state after i; the last column is the end of the sequence.

    Raises
    ------
    ArgumentError
        If the shapes disagree, rows are not laws, or a state that can be reached never comes to the end.

    Examples
    --------
    >>> law = BigramLaw([1.0, 0.0], [[0.0, 1.0, 0.0], [0.0, 0.5, 0.5]])
    >>> law.visits
    array([1., 2.])
    """

    start: Array
    moves: Array

    def __init__(self, start: ArrayLike, moves: ArrayLike) -> None:
        first, rows = as_laws(start, "start"), as_laws(moves, "moves")
        k = first.shape[-1]
        if rows.shape != (*first.shape[:-1], k, k + 1):
            raise ArgumentError(f"start, moves have shapes {first.shape}, {rows.shape}; allowed: (k,), (k, k + 1)")
        object.__setattr__(self, "start", first)
        object.__setattr__(self, "moves", rows)
        self._check_ends()

    def _check_ends(self) -> None:
        """The end must be reachable from every state that the start can reach."""
        steps = self.moves[..., :-1] > 0
        reached, ends = self.start > 0, self.moves[..., -1] > 0
        for _ in range(self.start.shape[-1]):
            reached = reached | np.any(reached[..., :, None] & steps, axis=-2)
            ends = ends | np.any(steps & ends[..., None, :], axis=-1)
        if np.any(reached & ~ends):
            raise ArgumentError("a state of the sequences can be reached but never comes to the end; give it a way out")

    @property
    def visits(self) -> Array:
        """Expected visits v of each state per sequence, shape (..., k): ``v = start + v Q``, Q the moves between states."""
        steps = np.swapaxes(self.moves[..., :-1], -1, -2)
        # A state never reached may have no way out and make the system singular; its visits are 0.
        reached = self.start > 0
        for _ in range(self.start.shape[-1]):
            reached = reached | np.any(reached[..., None, :] & (steps > 0), axis=-1)
        live = np.where(reached[..., None, :] & reached[..., :, None], steps, 0.0)
        system = np.eye(self.start.shape[-1]) - live
        return np.asarray(np.linalg.solve(system, self.start[..., None])[..., 0])

    @property
    def expected_moves(self) -> Array:
        """Expected moves from i to j per sequence, ``v_i`` times row i, shape (..., k, k + 1)."""
        return np.asarray(self.visits[..., None] * self.moves)


@dataclass(frozen=True, eq=False)
class SequenceCounts:
    """All a bigram model needs to know of a corpus of complete sequences.

    Parameters
    ----------
    starts : ndarray, shape (R, k)
        Sequences that start in each state.
    moves : ndarray, shape (R, k, k + 1)
        Moves from each state to each state or the end.

    Examples
    --------
    >>> corpus = SequenceCounts(np.array([[2, 0]]), np.array([[[0, 2, 0], [0, 2, 2]]]))
    >>> fit_bigrams(corpus).moves[0, 1]
    array([0. , 0.5, 0.5])
    """

    starts: Counts
    moves: Counts


def fit_bigrams(corpus: SequenceCounts) -> BigramLaw:
    """Maximum likelihood: relative frequencies of starts and of moves out of each state.

    Parameters
    ----------
    corpus : SequenceCounts
        Complete sequences, at least one per replicate.

    Returns
    -------
    BigramLaw
        With leading axis R. A state never seen is given the end as its only move; it has probability 0 of being met.
        Its expected moves per sequence are exactly the corpus's moves per sequence.

    Examples
    --------
    >>> law = fit_bigrams(SequenceCounts(np.array([[1, 1]]), np.array([[[0, 1, 0], [0, 1, 2]]])))
    >>> law.expected_moves * 2
    array([[[0., 1., 0.],
            [0., 1., 2.]]])
    """
    moves = corpus.moves.astype(np.float64)
    moves[..., -1] += moves.sum(axis=-1) == 0
    return BigramLaw(
        corpus.starts / corpus.starts.sum(axis=-1, keepdims=True), moves / moves.sum(axis=-1, keepdims=True)
    )


def draw_sequences(rng: np.random.Generator, law: BigramLaw, size: int) -> SequenceCounts:
    """Counts of `size` complete sequences per replicate; sequences in one state move together, by a multinomial draw.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    law : BigramLaw
        With a leading axis of R replicates.
    size : int
        Sequences per replicate, at least 0.

    Returns
    -------
    SequenceCounts
        Equal in law to drawing the sequences one by one: given their states, moves are independent.

    Examples
    --------
    >>> law = BigramLaw([[0.5, 0.5]], [[[0.0, 0.0, 1.0], [0.0, 0.0, 1.0]]])
    >>> int(draw_sequences(np.random.default_rng(0), law, 10).moves.sum())
    10
    """
    starts = np.asarray(rng.multinomial(size, law.start), dtype=np.int64)
    moves = np.zeros(law.moves.shape, dtype=np.int64)
    present = starts
    while present.any():
        taken = rng.multinomial(present, law.moves)
        moves += taken
        present = taken[..., :-1].sum(axis=-2)
    return SequenceCounts(starts, moves)


def bigram_loop(
    rng: np.random.Generator, law: BigramLaw, mixture: Mixture, generations: int, replicates: int
) -> list[BigramLaw]:
    """Retrain bigram models on their own sequences; the sizes of `mixture` count sequences.

    In every regime the moves per sequence keep their expectation, ``law.expected_moves``: a fitted model's expected moves
    are those of its corpus (`fit_bigrams`).

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness; the same seed gives the same bits.
    law : BigramLaw
        The real law, without leading axes.
    mixture : Mixture
        Sizes of the training sets, in sequences, and the data regime.
    generations, replicates : int
        T and R, at least 1.

    Returns
    -------
    list of BigramLaw
        Generations 1, ..., T, each with leading axis R.

    Raises
    ------
    ArgumentError
        If an argument is outside its domain.

    Examples
    --------
    >>> from verify.mixing import replace
    >>> law = BigramLaw([0.5, 0.5], [[0.2, 0.3, 0.5], [0.6, 0.1, 0.3]])
    >>> [model.moves.shape for model in bigram_loop(np.random.default_rng(0), law, replace(10), 2, 3)]
    [(3, 2, 3), (3, 2, 3)]
    """
    if law.start.ndim != 1:
        raise ArgumentError(f"start has shape {law.start.shape}; give one real law, shape (k,)")
    replicates = count("replicates", replicates, 1)
    real = BigramLaw(
        np.broadcast_to(law.start, (replicates, *law.start.shape)),
        np.broadcast_to(law.moves, (replicates, *law.moves.shape)),
    )

    def pool(first: SequenceCounts, second: SequenceCounts) -> SequenceCounts:
        return SequenceCounts(first.starts + second.starts, first.moves + second.moves)

    learner = Learner(
        lambda size: draw_sequences(rng, real, size),
        lambda model, size: draw_sequences(rng, model, size),
        pool,
        fit_bigrams,
    )
    return run(learner, mixture, generations)

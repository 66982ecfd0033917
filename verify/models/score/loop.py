"""Loops of score networks on the line: generations that learn from draws of the last, and how far they drift.

A draw is a standard normal point carried along the probability flow; the distance of a generation to the real law is
computed, not sampled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from verify.loop import Learner, run
from verify.mixing import Mixture, count
from verify.models.score.adam import Adam, train_layers
from verify.models.score.features import RandomFeatures
from verify.models.score.flow import train_flow
from verify.models.score.layers import LayeredScore
from verify.models.score.matching import Matching
from verify.models.score.transport import LineLaw, LineScores, Separate, SharedFeatures, carry, distance_to
from verify.models.score.window import Window
from verify.schedules import Schedule, run_schedule

Array = NDArray[np.float64]
Trainer = Callable[[np.random.Generator, Array], LineScores]
"""Trains one network on each row of training points (R, n)."""


class SampledLaw(LineLaw, Protocol):
    """A real law on the line that can be drawn from."""

    def sample(self, rng: np.random.Generator, size: tuple[int, ...]) -> Array:
        """Independent draws, of shape `size`."""
        ...


def flow_trainer(features: RandomFeatures, matching: Matching, tau: Callable[[int], float]) -> Trainer:
    """Train the outer layer by gradient flow up to a time that depends on the size of the training set (fu2024).

    Parameters
    ----------
    features : RandomFeatures
        Inner layer of every network, with d = 1.
    matching : Matching
        Times, weights and noise of the loss.
    tau : callable
        Training time by number of points; fu2024 asks for the order of ``sqrt(n)``.

    Returns
    -------
    Trainer

    Examples
    --------
    >>> from verify.models.score import Noising, draw_features
    >>> window = Window(0.02, Noising(3))
    >>> features = draw_features(np.random.default_rng(0), 32, 1, window)
    >>> train = flow_trainer(features, Matching(window), lambda n: 100 * n**0.5)
    >>> train(np.random.default_rng(1), np.zeros((3, 10))).batch
    3
    """

    def train(rng: np.random.Generator, points: Array) -> LineScores:
        time = tau(points.shape[1])
        outer = [train_flow(rng, row[:, None], features, matching).outer(time) for row in points]
        return SharedFeatures(features, np.stack(outer))

    return train


def layers_trainer(network: LayeredScore, adam: Adam) -> Trainer:
    """Train all layers of a small network, from the same start every time.

    Parameters
    ----------
    network : LayeredScore
        Where training starts, with d = 1.
    adam : Adam
        How long and how fast.

    Returns
    -------
    Trainer

    Examples
    --------
    >>> from verify.models.score import Noising, draw_layers
    >>> network = draw_layers(np.random.default_rng(0), 1, (8,), Window(0.02, Noising(3)))
    >>> layers_trainer(network, Adam(steps=3))(np.random.default_rng(1), np.zeros((2, 10))).batch
    2
    """

    def train(rng: np.random.Generator, points: Array) -> LineScores:
        return Separate(tuple(train_layers(rng, row[:, None], network, adam) for row in points))

    return train


def learner(
    rng: np.random.Generator,
    real: Callable[[int], Array],
    train: Trainer,
    window: Window,
    seen: Callable[[LineScores], None],
    steps: int = 60,
) -> Learner[Array, LineScores]:
    """Score networks as a learner of the generic loop.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness of training and draws.
    real : Callable[[int], ndarray]
        Draws that many new real points per replicate, shape (R, n).
    train : Trainer
        Trains one network per replicate.
    window : Window
        The forward process and t_0.
    seen : Callable[[LineScores], None]
        Shown every generation's networks, generation 1 first.
    steps : int
        Runge-Kutta steps of a draw.

    Returns
    -------
    Learner
        For `verify.loop.run`.

    Examples
    --------
    >>> from verify.mixing import replace
    >>> from verify.models.score import Noising, draw_features
    >>> rng, window = np.random.default_rng(0), Window(0.02, Noising(3))
    >>> train = flow_trainer(draw_features(rng, 16, 1, window), Matching(window, 8, 2), lambda n: 100.0)
    >>> score = learner(rng, lambda n: rng.uniform(-1, 1, (2, n)), train, window, lambda scores: None)
    >>> [scores.batch for scores in run(score, replace(5), 3)]
    [2, 2, 2]
    """

    def fit(points: Array) -> LineScores:
        scores = train(rng, points)
        seen(scores)
        return scores

    def draw(scores: LineScores, size: int) -> Array:
        return carry(scores, window, rng.standard_normal((scores.batch, size)), steps)

    return Learner(real, draw, lambda a, b: np.concatenate([a, b], axis=1), fit)


@dataclass(frozen=True, eq=False)
class ScoreTrajectories:
    """Distances to the real law along replicates of a loop.

    Parameters
    ----------
    tv, error : ndarray, shape (R, T)
        Total variation of generation t (column t - 1) to the real law, and an estimate of its numerical error.

    Examples
    --------
    >>> ScoreTrajectories(np.zeros((3, 2)), np.zeros((3, 2))).tv.shape
    (3, 2)
    """

    tv: Array
    error: Array


def score_loop(
    rng: np.random.Generator,
    law: SampledLaw,
    mixture: Mixture | Schedule,
    generations: int,
    replicates: int,
    train: Trainer,
    window: Window,
    *,
    cells: int = 400,
    steps: int = 60,
) -> ScoreTrajectories:
    """Retrain score networks on their own draws and measure every generation against the real law (fu2024).

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    law : SampledLaw
        The real law p_0, such as `CosineMixture` (bounded) or `verify.data.NormalMixture`.
    mixture : Mixture or Schedule
        Sizes of the training sets and the data regime, or the number of points from every earlier generation.
    generations, replicates : int
        T (of a schedule, no more than it has) and R, at least 1.
    train : Trainer
        Trains one network per replicate.
    window : Window
        The forward process and t_0.
    cells, steps : int
        Resolution of the generated law, and Runge-Kutta steps of the flow.

    Returns
    -------
    ScoreTrajectories
        Arrays of shape (R, T).

    Examples
    --------
    >>> from verify.mixing import Regime, by_share
    >>> from verify.models.score import CosineMixture, Noising, draw_features
    >>> rng, window = np.random.default_rng(0), Window(0.02, Noising(3))
    >>> train = flow_trainer(draw_features(rng, 64, 1, window), Matching(window), lambda n: 100 * n**0.5)
    >>> law = CosineMixture((1.0,), (0.0,), (2.0,))
    >>> score_loop(rng, law, by_share(40, "1/2", Regime.FRESH), 3, 2, train, window).tv.shape
    (2, 3)
    """
    generations, replicates = count("generations", generations, 1), count("replicates", replicates, 1)
    found: list[tuple[Array, Array]] = []

    def measure(scores: LineScores) -> None:
        found.append(distance_to(law, scores, window, cells, steps))

    taught = learner(rng, lambda size: law.sample(rng, (replicates, size)), train, window, measure, steps)
    if isinstance(mixture, Schedule):
        run_schedule(taught, Schedule(mixture.counts[:generations]))
    else:
        run(taught, mixture, generations)
    tv, error = (np.stack(column, axis=1) for column in zip(*found, strict=True))
    return ScoreTrajectories(tv, error)

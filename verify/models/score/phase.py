"""The phase transition in the amount of synthetic data on a loop of score networks that is run.

What a generation generates on the line is known without sampling, so that only the loop's own randomness is left.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from verify.evidence import Evidence
from verify.loop import Learner
from verify.mixing import Mixture, Regime, count
from verify.models.diffusion.forward import Noising
from verify.models.score.features import RandomFeatures, draw_features
from verify.models.score.laws import CosineMixture
from verify.models.score.loop import SampledLaw, Trainer, flow_trainer, learner
from verify.models.score.matching import Matching
from verify.models.score.transport import LineScores, distance_to
from verify.models.score.window import Window
from verify.phase import Measure, PhaseTransition, Progress, last_generation, observe_phase_transition
from verify.threads import one_thread

Array = NDArray[np.float64]

RATIOS = tuple(map(Fraction, (0, 1, 2, 4, 8, 32)))
"""Ratios around the peak of generation 4."""

_LAW = CosineMixture((0.5, 0.5), (-0.8, 0.8), (1.4, 1.4))
_WINDOW = Window(0.01, Noising(3))
_WIDTH, _PACE = 48, 300.0
_POINTS = 1 << 15  # carried at a time, for a block of replicates


def evened_trainer(
    features: RandomFeatures, matching: Matching, tau: Callable[[int], float], least: int = 100
) -> Trainer:
    """Train as `flow_trainer`, with more noise draws on small sets: they then err by their points, not by the noise.

    Parameters
    ----------
    features : RandomFeatures
        Inner layer of every network, with d = 1.
    matching : Matching
        Times, weights, and the least number of draws per point.
    tau : callable
        Training time by number of points; fu2024 asks for the order of ``sqrt(n)``.
    least : int
        Noisy points at each time, at least 1.

    Returns
    -------
    Trainer

    Examples
    --------
    >>> features = draw_features(np.random.default_rng(0), 16, 1, _WINDOW)
    >>> train = evened_trainer(features, Matching(_WINDOW, 8, 1), lambda n: 100.0)
    >>> train(np.random.default_rng(1), np.zeros((3, 10))).batch
    3
    """
    least = count("least", least, 1)

    def train(rng: np.random.Generator, points: Array) -> LineScores:
        draws = max(matching.draws, -(-least // points.shape[1]))
        return flow_trainer(features, replace(matching, draws=draws), tau)(rng, points)

    return train


def score_estimates(
    law: SampledLaw,
    train: Trainer,
    window: Window,
    *,
    replicates: int = 2_500,
    steps: int = 32,
    fine: int = 96,
    cells: int = 400,
) -> Measure:
    """Measure loops of score networks on the line in their last generation.

    Parameters
    ----------
    law : SampledLaw
        The real law p_0.
    train : Trainer
        Trains one network per replicate.
    window : Window
        The forward process and t_0.
    replicates : int
        R, at least 1. Upper limits of expected distances need some thousands.
    steps : int
        Runge-Kutta steps of a draw.
    fine, cells : int
        Steps and gaps between quantiles for the law that the last generation's probability flow generates; both even.
        The limits count its numerical error as `distance_to` estimates it.

    Returns
    -------
    callable
        For `observe_phase_transition`.

    Examples
    --------
    >>> from verify.mixing import by_ratio
    >>> features = draw_features(np.random.default_rng(0), 16, 1, _WINDOW, output="noise")
    >>> train = evened_trainer(features, Matching(_WINDOW, 8, 1), lambda n: 300 * n**0.5)
    >>> measure = score_estimates(_LAW, train, _WINDOW, replicates=10)
    >>> 0.05 < measure(by_ratio(10, 2, Regime.REUSED), 2, np.random.default_rng(0)).estimate < 0.4
    True
    """

    def networks(rng: np.random.Generator, r: int) -> Learner[Array, LineScores]:
        return learner(rng, lambda size: law.sample(rng, (r, size)), train, window, lambda scores: None, steps)

    def distance(scores: LineScores) -> tuple[Array, Array]:
        return distance_to(law, scores, window, cells, fine)

    def block(mixture: Mixture, t: int) -> int:
        return max(1, min(100, _POINTS // mixture.training_size(t)))

    sampled = last_generation(networks, distance, replicates=replicates, block=block)

    def measure(mixture: Mixture, t: int, rng: np.random.Generator) -> Evidence:
        with one_thread():
            return sampled(mixture, t, rng)

    return measure


def observe_score_transition(
    rng: np.random.Generator,
    *,
    n: int = 10,
    t: int = 4,
    exponent: Fraction | str | float = "1/4",
    regime: Regime = Regime.REUSED,
    ratios: Sequence[Fraction | int | str] = RATIOS,
    replicates: int = 2_500,
    level: float = 0.05,
    progress: Progress | None = None,
) -> PhaseTransition:
    """Measure a loop of score networks at several amounts of synthetic data, on data from two raised cosines.

    The networks are those of fu2024 (random features, of which only the outer layer is trained, by gradient flow for a time
    of the order of ``sqrt(N)``), predicting the noise. The inner layer is drawn once, before the loops: every expectation
    is given that layer.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness of the inner layer and of the loops.
    n : int
        Real points of every generation.
    t : int
        Generation measured, at least 2.
    exponent : Fraction, str or float
        s in (0, 1), declared for the prediction alone; 1/4 is that of fu2024 `diffusion_rate`.
    regime : Regime
        ``Regime.FRESH`` or ``Regime.REUSED`` real data.
    ratios : sequence of Fraction, int or str
        Ratios x >= 0, x n whole.
    replicates : int
        Loops at every ratio.
    level : float
        Probability, at most, that anything said about the loop is wrong, up to numerical errors beyond their estimate.
    progress : callable, optional
        Called as ``progress(done, total, label)`` after each ratio.

    Returns
    -------
    PhaseTransition
        Whether it `rises` and `falls` beyond doubt, the ratio `observed` to be worst with its `bracket`, and the peak of
        the bound `predicted`.

    Raises
    ------
    ArgumentError
        If an argument is not allowed.

    Examples
    --------
    >>> seen = observe_score_transition(np.random.default_rng(0), t=2, ratios=[0, 4], replicates=10)
    >>> round(seen.predicted.lower, 6), len(seen.worst), seen.rises
    (3.0, 2, False)
    """
    inner, loops = rng.spawn(2)
    features = draw_features(inner, _WIDTH, 1, _WINDOW, terms=4, inner_std=2.0, timed_std=1.0, output="noise")
    train = evened_trainer(features, Matching(_WINDOW, times=12, draws=1), lambda size: _PACE * size**0.5)
    return observe_phase_transition(
        score_estimates(_LAW, train, _WINDOW, replicates=replicates),
        n,
        t=t,
        exponent=exponent,
        regime=regime,
        rng=loops,
        ratios=ratios,
        level=level,
        progress=progress,
    )

"""How the error of one generation depends on training time, sample size and width."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bounds.errors import ArgumentError
from verify.mixing import count
from verify.models.score.features import RandomFeatures
from verify.models.score.flow import train_flow
from verify.models.score.loop import SampledLaw, Trainer
from verify.models.score.matching import Matching
from verify.models.score.transport import SharedFeatures, distance_to
from verify.models.score.window import Window

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class EarlyStopping:
    """Errors along training: first they fall as the law is learned, then they rise as its sample is.

    Parameters
    ----------
    taus : ndarray, shape (K,)
        Training times.
    tv, error : ndarray, shape (R, K)
        Total variation to the real law in each replicate, and an estimate of its numerical error.
    loss : ndarray, shape (R, K)
        Training loss, which only falls.

    Examples
    --------
    >>> curve = EarlyStopping(np.array([1.0, 2.0]), np.array([[0.3, 0.2]]), np.zeros((1, 2)), np.zeros((1, 2)))
    >>> curve.best
    2.0
    """

    taus: Array
    tv: Array
    error: Array
    loss: Array

    @property
    def best(self) -> float:
        """Training time with the smallest average error."""
        return float(self.taus[np.argmin(self.tv.mean(axis=0))])


def early_stopping(
    rng: np.random.Generator,
    law: SampledLaw,
    n: int,
    taus: ArrayLike,
    replicates: int,
    features: RandomFeatures,
    matching: Matching,
    *,
    cells: int = 400,
    steps: int = 60,
) -> EarlyStopping:
    """Measure what is generated at every training time, from one eigendecomposition per replicate.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    law : SampledLaw
        The real law p_0.
    n : int
        Size of each training set, at least 1.
    taus : array_like, shape (K,)
        Training times, at least 0.
    replicates : int
        Number of training sets, at least 1.
    features : RandomFeatures
        Inner layer, with d = 1.
    matching : Matching
        Times, weights and noise of the loss.
    cells, steps : int
        Resolution of the generated law, and Runge-Kutta steps of the flow.

    Returns
    -------
    EarlyStopping

    Examples
    --------
    >>> from verify.models.score import CosineMixture, Noising, draw_features
    >>> rng, window = np.random.default_rng(0), Window(0.02, Noising(3))
    >>> features, law = draw_features(rng, 64, 1, window), CosineMixture((0.5, 0.5), (-0.8, 0.8), (1.4, 1.4))
    >>> curve = early_stopping(rng, law, 20, np.geomspace(1, 1e6, 7), 3, features, Matching(window))
    >>> mean = curve.tv.mean(axis=0)
    >>> bool(mean[0] > mean.min() < mean[-1])
    True
    """
    times = np.asarray(taus, dtype=np.float64)
    if times.ndim != 1 or not times.size:
        raise ArgumentError(f"taus of shape {times.shape}; give a row of at least one training time")
    tv: list[Array] = []
    error: list[Array] = []
    loss: list[Array] = []
    for _ in range(count("replicates", replicates, 1)):
        trained = train_flow(rng, law.sample(rng, (count("n", n, 1), 1)), features, matching)
        networks = SharedFeatures(features, trained.outer(times))
        for column, found in zip((tv, error), distance_to(law, networks, features.window, cells, steps), strict=True):
            column.append(found)
        loss.append(trained.loss(times))
    return EarlyStopping(times, np.stack(tv), np.stack(error), np.stack(loss))


def sample_size_errors(
    rng: np.random.Generator,
    law: SampledLaw,
    sizes: Sequence[int],
    replicates: int,
    train: Trainer,
    window: Window,
    *,
    cells: int = 400,
    steps: int = 60,
) -> tuple[Array, Array]:
    """Errors of one generation for growing training sets.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    law : SampledLaw
        The real law p_0.
    sizes : sequence of int
        Numbers n of points, at least 1.
    replicates : int
        Training sets of each size, at least 1.
    train : Trainer
        Trains the networks.
    window : Window
        The forward process and t_0.
    cells, steps : int
        Resolution of the generated law, and Runge-Kutta steps of the flow.

    Returns
    -------
    tv, error : ndarray, shape (len(sizes), replicates)
        Total variation to the real law, and an estimate of its numerical error.

    Examples
    --------
    >>> from verify.models.score import CosineMixture, Matching, Noising, draw_features, flow_trainer
    >>> rng, window = np.random.default_rng(0), Window(0.02, Noising(3))
    >>> train = flow_trainer(draw_features(rng, 64, 1, window), Matching(window), lambda n: 100 * n**0.5)
    >>> tv, _ = sample_size_errors(rng, CosineMixture((1.0,), (0.0,), (2.0,)), (8, 64), 5, train, window)
    >>> bool(tv[0].mean() > tv[1].mean())
    True
    """
    return _errors(rng, law, [(n, train) for n in sizes], replicates, window, cells, steps)


def width_errors(
    rng: np.random.Generator,
    law: SampledLaw,
    n: int,
    widths: Sequence[int],
    replicates: int,
    trainer: Callable[[np.random.Generator, int], Trainer],
    window: Window,
    *,
    cells: int = 400,
    steps: int = 60,
) -> tuple[Array, Array]:
    """Errors of one generation for networks of growing width, a new network in every replicate.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    law : SampledLaw
        The real law p_0.
    n : int
        Size of each training set, at least 1.
    widths : sequence of int
        Numbers m of features.
    replicates : int
        Networks, and training sets, of each width, at least 1.
    trainer : callable
        ``trainer(rng, m)`` draws a network of width m and returns what trains it.
    window : Window
        The forward process and t_0.
    cells, steps : int
        Resolution of the generated law, and Runge-Kutta steps of the flow.

    Returns
    -------
    tv, error : ndarray, shape (len(widths), replicates)
        Total variation to the real law, and an estimate of its numerical error.

    Examples
    --------
    >>> from verify.models.score import CosineMixture, Matching, Noising, draw_features, flow_trainer
    >>> rng, window = np.random.default_rng(0), Window(0.02, Noising(3))
    >>> def wide(rng, m):
    ...     return flow_trainer(draw_features(rng, m, 1, window), Matching(window), lambda n: 1000.0)
    >>> tv, _ = width_errors(rng, CosineMixture((1.0,), (0.0,), (2.0,)), 100, (2, 64), 5, wide, window)
    >>> bool(tv[0].mean() > tv[1].mean())
    True
    """
    columns = []
    for m in widths:
        parts = [_errors(rng, law, [(n, trainer(rng, m))], 1, window, cells, steps) for _ in range(replicates)]
        columns.append(tuple(np.concatenate(column, axis=1)[0] for column in zip(*parts, strict=True)))
    tv, error = (np.stack(column) for column in zip(*columns, strict=True))
    return tv, error


def _errors(
    rng: np.random.Generator,
    law: SampledLaw,
    designs: Sequence[tuple[int, Trainer]],
    replicates: int,
    window: Window,
    cells: int,
    steps: int,
) -> tuple[Array, Array]:
    found = []
    for n, train in designs:
        points = law.sample(rng, (count("replicates", replicates, 1), count("n", n, 1)))
        found.append(distance_to(law, train(rng, points), window, cells, steps))
    tv, error = (np.stack(column) for column in zip(*found, strict=True))
    return tv, error

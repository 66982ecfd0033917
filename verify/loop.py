"""Runs the generations of a loop: which points are drawn, kept and pooled in each data regime.

What a "data set" is, is left to the learner: an array of points (leading axis: replicates), or sufficient statistics
of points that were never drawn. The regimes are thus written once, and both paths run through the same lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from verify.mixing import Mixture, Regime, count

Data = TypeVar("Data")
Fitted = TypeVar("Fitted")


@dataclass(frozen=True)
class Learner(Generic[Data, Fitted]):
    """A model family as the loop sees it: four functions, each acting on all replicates at once.

    Parameters
    ----------
    draw_real : Callable[[int], Data]
        Draws that many new points of the real law.
    draw : Callable[[Fitted, int], Data]
        Draws that many points of a fitted model.
    pool : Callable[[Data, Data], Data]
        The union of two data sets.
    fit : Callable[[Data], Fitted]
        Trains a model.

    Examples
    --------
    >>> counter = Learner(lambda k: k, lambda model, k: k, lambda a, b: a + b, lambda data: data)
    >>> counter.pool(counter.draw_real(2), counter.draw(0, 3))
    5
    """

    draw_real: Callable[[int], Data]
    draw: Callable[[Fitted, int], Data]
    pool: Callable[[Data, Data], Data]
    fit: Callable[[Data], Fitted]


def run(learner: Learner[Data, Fitted], mixture: Mixture, generations: int) -> list[Fitted]:
    """Train generations 1 to `generations`, each on the data its regime prescribes.

    Parameters
    ----------
    learner : Learner
        The model family.
    mixture : Mixture
        Sizes of the training sets and the data regime.
    generations : int
        Number of generations, at least 1.

    Returns
    -------
    list
        The fitted models, generation 1 first.

    Raises
    ------
    ArgumentError
        If `generations` is not an integer or below 1.

    Examples
    --------
    Data sets that only count their points show the training sizes:

    >>> from verify.mixing import accumulate
    >>> counter = Learner(lambda k: k, lambda model, k: k, lambda a, b: a + b, lambda data: data)
    >>> run(counter, accumulate(10, added=4), generations=4)
    [10, 14, 18, 22]
    """
    return list(models_of(learner, mixture, generations))


def models_of(learner: Learner[Data, Fitted], mixture: Mixture, generations: int) -> Iterator[Fitted]:
    """Train generation after generation and hand over each model; none is held longer than the next needs it.

    Parameters
    ----------
    learner, mixture, generations
        As for `run`.

    Yields
    ------
    Fitted
        The fitted models, generation 1 first.

    Raises
    ------
    ArgumentError
        If `generations` is not an integer or below 1.

    Examples
    --------
    >>> from verify.mixing import accumulate
    >>> counter = Learner(lambda k: k, lambda model, k: k, lambda a, b: a + b, lambda data: data)
    >>> sum(models_of(counter, accumulate(10, added=4), generations=4))
    64
    """
    generations = count("generations", generations, 1)
    reused, training = _first_training_set(learner, mixture)
    model = learner.fit(training)
    yield model
    for _ in range(generations - 1):
        real = _real_part(learner, mixture, reused, training)
        synthetic = learner.draw(model, mixture.synthetic) if mixture.synthetic else None
        training = _pool(learner, real, synthetic)
        del real, synthetic
        model = learner.fit(training)
        yield model


def _first_training_set(learner: Learner[Data, Fitted], mixture: Mixture) -> tuple[Data | None, Data]:
    """Return the points to be reused (None outside that regime) and generation 1's training set."""
    if mixture.regime is not Regime.REUSED or mixture.real == 0:
        return None, learner.draw_real(mixture.first)
    reused = learner.draw_real(mixture.real)
    rest = mixture.first - mixture.real
    return reused, learner.pool(reused, learner.draw_real(rest)) if rest else reused


def _real_part(learner: Learner[Data, Fitted], mixture: Mixture, reused: Data | None, training: Data) -> Data | None:
    """Return what joins the synthetic points: nothing, new real points, the reused ones, or all earlier points."""
    if mixture.regime is Regime.ACCUMULATE:
        return training
    if mixture.regime is Regime.FRESH and mixture.real:
        return learner.draw_real(mixture.real)
    return reused


def _pool(learner: Learner[Data, Fitted], real: Data | None, synthetic: Data | None) -> Data:
    if synthetic is None:
        assert real is not None  # a mixture without any point is refused on construction
        return real
    return synthetic if real is None else learner.pool(real, synthetic)

"""The phase transition in the amount of synthetic data, on loops that are run: where they are worst, and how surely.

Theory (fu2024 `phase_transition`, `phase_transition_reused`) has a bound that rises with the synthetic-to-real ratio x and
then falls. Here a loop is measured at several ratios; what is said about its worst ratio holds with a stated probability.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import inf
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from bounds.errors import ArgumentError
from bounds.numerals import read_number
from bounds.papers.fu2024 import Peak, peak
from verify.data import NormalMixture
from verify.evidence import DistanceSample, Evidence, Interval
from verify.loop import Learner, models_of
from verify.mixing import Mixture, Regime, by_ratio, count
from verify.models.kde import GAUSSIAN, Bandwidth, KdeModel, Kernel, NormalReference
from verify.models.kde.grid import GriddedLaw, covering_grid
from verify.models.kde.line import bandwidth_proxy
from verify.models.kde.model import learner as density_learner

Array = NDArray[np.float64]
Data = TypeVar("Data")
Fitted = TypeVar("Fitted")
Measure = Callable[[Mixture, int, np.random.Generator], Evidence]
"""``measure(mixture, t, rng)`` returns evidence about ``E TV(p_t, p_0)`` of the loop on that mixture."""
Progress = Callable[[int, int, str], None]

RATIOS = tuple(Fraction(x) for x in ("0", "1/2", "1", "2", "4", "8", "12", "20", "36"))
"""Ratios around the peaks of generations 2 to 10."""

_POINTS = 1 << 19  # drawn at a time, over all generations that a block of replicates keeps


@dataclass(frozen=True)
class PhaseTransition:
    """A loop measured at several amounts of synthetic data.

    Parameters
    ----------
    n : int
        Real points of every generation.
    t : int
        Generation measured.
    ratios : tuple of Fraction
        Synthetic points per real one, rising.
    evidence : tuple of Evidence
        About ``E TV(p_t, p_0)`` at each.
    predicted : Peak
        Encloses the ratio at which the bound of the theory is largest. The loop itself need not be worst there.
    level : float
        Probability, at most, that anything said here about the loop is wrong.

    Examples
    --------
    >>> from verify.evidence import Computed
    >>> heights = tuple(Computed(height, 0.01) for height in (0.1, 0.3, 0.29, 0.1))
    >>> seen = PhaseTransition(100, 2, tuple(map(Fraction, (0, 2, 4, 8))), heights, peak(2, "1/2"), 0.05)
    >>> [str(ratio) for ratio in seen.worst], seen.bracket, seen.rises, seen.falls
    (['2', '4'], Interval(lower=0.0, upper=8.0), True, True)
    """

    n: int
    t: int
    ratios: tuple[Fraction, ...]
    evidence: tuple[Evidence, ...]
    predicted: Peak
    level: float

    @property
    def estimates(self) -> tuple[float, ...]:
        """Measured expected distances."""
        return tuple(one.estimate for one in self.evidence)

    @cached_property
    def limits(self) -> tuple[Interval, ...]:
        """Intervals that cover all the expected distances at once, but for a probability `level`."""
        return tuple(one.interval(self.level / len(self.evidence)) for one in self.evidence)

    @property
    def observed(self) -> Fraction:
        """The ratio with the largest measured distance."""
        return self.ratios[int(np.argmax(self.estimates))]

    @property
    def worst(self) -> tuple[Fraction, ...]:
        """The ratios that may be the worst of those tried: their upper limit is not below every lower limit."""
        highest = max(limit.lower for limit in self.limits)
        return tuple(x for x, limit in zip(self.ratios, self.limits, strict=True) if limit.upper >= highest)

    @property
    def bracket(self) -> Interval:
        """Where the loop is worst among all ratios, if it has a single peak: the neighbours of `worst`."""
        first, last = self.ratios.index(self.worst[0]), self.ratios.index(self.worst[-1])
        above = float(self.ratios[last + 1]) if last + 1 < len(self.ratios) else inf
        return Interval(float(self.ratios[max(first - 1, 0)]), above)

    @property
    def rises(self) -> bool:
        """Whether some ratio was shown to be worse than the least one tried."""
        return max(limit.lower for limit in self.limits) > self.limits[0].upper

    @property
    def falls(self) -> bool:
        """Whether some ratio was shown to be worse than the largest one tried."""
        return max(limit.lower for limit in self.limits) > self.limits[-1].upper


def observe_phase_transition(
    measure: Measure,
    n: int,
    *,
    t: int,
    exponent: Fraction | str | float,
    regime: Regime,
    rng: np.random.Generator,
    ratios: Sequence[Fraction | int | str] = RATIOS,
    level: float = 0.05,
    known: Mapping[Fraction, Evidence] | None = None,
    progress: Progress | None = None,
) -> PhaseTransition:
    """Measure a loop at several amounts of synthetic data, beside n real points in every generation.

    Parameters
    ----------
    measure : callable
        ``measure(mixture, t, rng)``, such as `density_estimates` or `last_generation` return.
    n : int
        Real points of every generation, at least 1.
    t : int
        Generation, at least 2.
    exponent : Fraction, str or float
        s in (0, 1), with which the learner's error falls: for the prediction alone.
    regime : Regime
        ``Regime.FRESH`` or ``Regime.REUSED`` real data.
    rng : numpy.random.Generator
        Each ratio gets a stream of its own from it.
    ratios : sequence of Fraction, int or str
        Ratios x >= 0 without repetition, x n whole; sorted here.
    level : float
        Probability, at most, that anything said about the loop is wrong.
    known : mapping from Fraction to Evidence, optional
        Ratios measured before (with this `rng` and these `ratios`, if results are to be the same), not measured again.
    progress : callable, optional
        Called as ``progress(done, total, label)`` after each ratio.

    Returns
    -------
    PhaseTransition

    Raises
    ------
    ArgumentError
        If an argument is not allowed.

    Examples
    --------
    >>> measure = density_estimates(NormalMixture.normal(), replicates=30)
    >>> seen = observe_phase_transition(
    ...     measure, 50, t=2, exponent="2/5", regime=Regime.REUSED, rng=np.random.default_rng(0), ratios=[0, 1, 2])
    >>> [round(estimate, 2) for estimate in seen.estimates], round(seen.predicted.lower, 6)
    ([0.08, 0.11, 0.1], 1.5)
    """
    if not 0 < level < 1:
        raise ArgumentError(f"level = {level} is not a probability; give a number between 0 and 1")
    tried = _sorted(ratios)
    mixtures = [by_ratio(n, ratio, regime) for ratio in tried]
    predicted = peak(t, exponent, "fresh" if regime is Regime.FRESH else "reused")
    found = dict(known or {})
    streams = rng.spawn(len(tried))
    for done, (ratio, mixture, stream) in enumerate(zip(tried, mixtures, streams, strict=True), start=1):
        if ratio not in found:
            found[ratio] = measure(mixture, t, stream)
        if progress is not None:
            progress(done, len(tried), f"x = {ratio}")
    return PhaseTransition(n, t, tried, tuple(found[ratio] for ratio in tried), predicted, level)


def _sorted(ratios: Sequence[Fraction | int | str]) -> tuple[Fraction, ...]:
    read = [read_number(ratio, "ratios") for ratio in ratios]
    exact = sorted({ratio for ratio in read if isinstance(ratio, Fraction) and ratio >= 0})
    if len(exact) < len(read) or len(exact) < 2:
        raise ArgumentError(f"ratios = {list(map(str, ratios))}; give at least two different numbers >= 0")
    return tuple(exact)


def last_generation(
    learner: Callable[[np.random.Generator, int], Learner[Data, Fitted]],
    distance: Callable[[Fitted], tuple[Array, Array]],
    *,
    replicates: int,
    block: Callable[[Mixture, int], int] = lambda mixture, t: 1,
) -> Measure:
    """Measure loops of any learner in their last generation.

    Parameters
    ----------
    learner : callable
        ``learner(rng, r)`` returns the learner of r replicates, for `verify.loop.models_of`.
    distance : callable
        Takes the fitted models of r replicates; returns total variation to the real law, and bounds on its numerical
        errors, both of shape (r,).
    replicates : int
        R, at least 1.
    block : callable
        ``block(mixture, t)``: how many replicates are run at once.

    Returns
    -------
    callable
        For `observe_phase_transition`.

    Examples
    --------
    A learner that copies the mean of its points:

    >>> def copier(rng, r):
    ...     return Learner(lambda k: rng.random((r, k)), lambda p, k: np.repeat(p[:, None], k, 1),
    ...                    lambda a, b: np.concatenate([a, b], axis=1), lambda points: points.mean(axis=1))
    >>> measure = last_generation(copier, lambda p: (np.abs(p - 0.5), np.zeros(p.size)), replicates=20)
    >>> measure(by_ratio(10, 1, Regime.FRESH), 2, np.random.default_rng(0)).estimate < 0.2
    True
    """
    replicates = count("replicates", replicates, 1)

    def measure(mixture: Mixture, t: int, rng: np.random.Generator) -> Evidence:
        found = []
        size = max(1, block(mixture, t))
        for done in range(0, replicates, size):
            [last] = deque(models_of(learner(rng, min(size, replicates - done)), mixture, t), maxlen=1)
            found.append(distance(last))
        tv, errors = (np.concatenate(column) for column in zip(*found, strict=True))
        return DistanceSample(tv, errors)

    return measure


def density_estimates(
    law: NormalMixture,
    *,
    bandwidth: Bandwidth | None = None,
    kernel: Kernel = GAUSSIAN,
    replicates: int = 3_000,
    error: float = 3e-4,
) -> Measure:
    """Measure loops of density estimates on the line.

    Parameters
    ----------
    law : NormalMixture
        The real law.
    bandwidth : Bandwidth, optional
        The normal-reference rule of thumb unless given.
    kernel : Kernel
        K.
    replicates : int
        R, at least 1. Upper limits of expected distances need some thousands.
    error : float
        Numerical error aimed at; the limits count the one that was reached.

    Returns
    -------
    callable
        For `observe_phase_transition`.

    Examples
    --------
    >>> measure = density_estimates(NormalMixture.normal(), replicates=20)
    >>> 0.05 < measure(by_ratio(100, 2, Regime.REUSED), 2, np.random.default_rng(0)).estimate < 0.15
    True
    """
    rule = NormalReference() if bandwidth is None else bandwidth

    def measure(mixture: Mixture, t: int, rng: np.random.Generator) -> Evidence:
        typical = rule.typical(law.variance**0.5, mixture.training_size(t), kernel)
        seen = GriddedLaw(law, kernel, covering_grid(law, kernel, typical, t, error))

        def learner(stream: np.random.Generator, r: int) -> Learner[Array, KdeModel]:
            return density_learner(stream, lambda size: law.sample(stream, (r, size)), kernel, rule)

        def distance(model: KdeModel) -> tuple[Array, Array]:
            found = seen.distances(model.points, model.bandwidth)
            return found.tv, found.error

        found = last_generation(learner, distance, replicates=replicates, block=_block)(mixture, t, rng)
        assert isinstance(found, DistanceSample)
        return DistanceSample(found.values, found.errors, float(bandwidth_proxy(rule, mixture, t)[t - 1]))

    return measure


def _block(mixture: Mixture, t: int) -> int:
    """Replicates whose points of all generations are held at once."""
    return _POINTS // sum(mixture.training_size(k) for k in range(1, t + 1))

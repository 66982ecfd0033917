"""Categorical loops whose learning error is known: frequencies, pulled towards a category that the real data does not have.

From N points with frequencies f the learner returns ``(1 - eta) f + eta b``, all of b on the last category. That is
additive smoothing with pseudo-counts in one category. The pull goes the same way in every generation, so drift adds up
as the recursion over generations says, nearly without loss; without it (eta = 0) errors are random and partly cancel.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from verify.distances import tv_proxy
from verify.evidence import Computed, DistanceSample
from verify.loop import Learner, run
from verify.mixing import Mixture
from verify.schedules import Schedule, run_schedule, schedule_tv_proxy

Array = NDArray[np.float64]
Counts = NDArray[np.int64]

ROUNDING = 1e-12


def above(value: float) -> float:
    """A float surely not below the exact value of an expression that was computed in a few steps."""
    return value * (1 + ROUNDING)


@dataclass(frozen=True)
class Pull:
    """The share ``eta = scale N^-exponent`` of its model that the learner gives to the last category.

    Parameters
    ----------
    scale : float
        In [0, 1] wherever N = 1 may occur; the share must not exceed 1.
    exponent : Fraction
        0 for a share that does not depend on N; the learner is then linear.
    """

    scale: float
    exponent: Fraction = Fraction(0)

    def at(self, size: int) -> float:
        """The share for a training set of that size."""
        share: float = self.scale * float(size) ** -float(self.exponent)
        return share


@dataclass(frozen=True)
class PulledLoop:
    """A loop of pulled frequencies.

    Parameters
    ----------
    law : tuple of float
        Real masses of the categories; the last one's is 0.
    pull : Pull
        Where the learner errs.
    plan : Schedule or Mixture
        What generations learn from.
    generation : int
        The one that is measured.
    exact : bool
        Whether the expected distance is computed; only for a real law on one category.
    """

    law: tuple[float, ...]
    pull: Pull
    plan: Schedule | Mixture
    generation: int
    exact: bool

    def measure(self, rng: np.random.Generator, replicates: int) -> DistanceSample | Computed:
        """Evidence about ``E TV(p_t, p_0)``."""
        if self.exact:
            return Computed(self.expected_pull(), ROUNDING)
        tv = pulled_tv(self.models(rng, replicates)[self.generation - 1], self.law)
        # A point that moves, moves (1 - eta)/N of the model, so that the proxy for plain frequencies serves.
        plan, t = self.plan, self.generation
        proxies = tv_proxy(plan, t) if isinstance(plan, Mixture) else schedule_tv_proxy(plan)
        return DistanceSample(tv, np.full(tv.size, ROUNDING), float(proxies[t - 1]))

    def models(self, rng: np.random.Generator, replicates: int) -> list[Array]:
        """Sampled models, each of shape (R, k)."""
        learner = pulled_learner(rng, self.law, self.pull, replicates)
        if isinstance(self.plan, Mixture):
            return run(learner, self.plan, self.generation)
        return run_schedule(learner, self.plan)

    def expected_pull(self) -> float:
        """Expected mass of the last category: linear in the data, so that reused points change nothing."""
        pulled: list[float] = []
        for row, size in _rows(self.plan, self.generation):
            share = self.pull.at(size)
            kept = math.fsum(float(w) * before for w, before in zip(row, pulled, strict=True))
            pulled.append(share + (1 - share) * kept)
        return pulled[self.generation - 1]


def _rows(plan: Schedule | Mixture, generations: int) -> list[tuple[tuple[Fraction, ...], int]]:
    """Weights on generations 1, 2, ... and size of every training set."""
    if isinstance(plan, Schedule):
        return [(row[1:], size) for row, size in zip(plan.weights, plan.sizes, strict=True)]
    later = [((Fraction(0),) * (t - 2) + (1 - plan.alpha,), plan.training_size(t)) for t in range(2, generations + 1)]
    return [((), plan.first), *later]


def pulled_learner(
    rng: np.random.Generator, law: tuple[float, ...], pull: Pull, replicates: int
) -> Learner[Counts, Array]:
    """The learner as the generic loops see it; a data set is the counts of its points."""
    real = np.broadcast_to(np.asarray(law), (replicates, len(law)))

    def draw(p: Array, size: int) -> Counts:
        return np.asarray(rng.multinomial(size, p), dtype=np.int64)

    def fit(counts: Counts) -> Array:
        size = int(counts[0].sum())
        share = pull.at(size)
        model = (1 - share) * (counts / size)
        model[:, -1] += share
        # A sum one rounding above 1 would be refused by the next draw.
        return np.asarray(model / model.sum(axis=1, keepdims=True))

    return Learner(lambda size: draw(real, size), draw, lambda a, b: np.asarray(a + b), fit)


def pulled_tv(models: Array, law: tuple[float, ...]) -> Array:
    """Total variation to the real law, shape (R,)."""
    return np.asarray(0.5 * np.abs(models - np.asarray(law)).sum(axis=1))


def frequency_error(categories: int, size: int) -> float:
    """Bound ``1/2 sqrt((k-1)/N)`` on the expected error of frequencies, whatever law on k categories the points have.

    Stratified points have smaller variances than independent ones, so it holds for those as well.
    """
    return 0.5 * math.sqrt((categories - 1) / size)


def learning_error(categories: int, pull: Pull, size: int) -> float:
    """Bound on the expected distance between what the learner returns and the law of its N points, whatever that is.

    In general ``eta + 1/2 sqrt((k-1)/N)``. With two categories the mean square of
    ``eta (1-f) + (1-eta) noise`` is at most ``(1-f)(eta^2 (1-f) + f/N)``, hence at most ``eta^2`` once ``N eta^2 >= 1``.
    """
    share = pull.at(size)
    if categories == 2 and size * share**2 >= 1:
        return above(share)
    return above(share + (1 - share) * frequency_error(categories, size))


def real_law(rng: np.random.Generator, categories: int) -> tuple[float, ...]:
    """A random law on all categories but the last."""
    masses = rng.dirichlet(np.ones(categories - 1)) if categories > 2 else np.ones(1)
    return (*(float(mass) for mass in masses / masses.sum()), 0.0)

"""Loops on finitely many points, and the learners that read them, shared by the checks of the generalisation bounds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from verify.models.stability import (
    EnumeratedLoop,
    LossTable,
    SmoothedFrequencies,
    TabulatedModel,
    clipped_mean,
    count_vectors,
    enumerate_loop,
    fixed_predictor,
    memoriser,
    ridge,
)
from verify.models.stability.enumeration import Fit

CHEAP = 20
"""Replicates of a loop of a few dozen points, per replicate of the effort."""

MODELS = ("frequencies", "smoothed", "half known", "over-confident", "arbitrary")
LEARNERS = ("memoriser", "clipped mean", "ridge regression", "fixed predictor")
SIZES = ((1, 1), (1, 2), (2, 1), (2, 2), (3, 0), (0, 3), (1, 4), (4, 4))
"""Reused and synthetic points."""


def safe(value: float) -> float:
    """Return a constant in [0, 1] rounded up by more than the sums behind it can err.

    Examples
    --------
    >>> safe(0.5) > 0.5, safe(1.0), safe(0.0)
    (True, 1.0, 0.0)
    """
    return min(value + 1e-12, 1.0) if value else 0.0


def safe_loss(value: float) -> float:
    """Return a constant in loss units, rounded up relatively.

    Examples
    --------
    >>> safe_loss(2.0) > 2.0, safe_loss(0.0)
    (True, 0.0)
    """
    return math.nextafter(value * (1 + 1e-12), math.inf) if value else 0.0


@dataclass(frozen=True)
class Enumerated:
    """A loop on two or three points, enumerated when it is asked for."""

    model: str
    p0: tuple[float, ...]
    reused: int
    synthetic: int
    generations: int
    seed: int = 0

    @property
    def size(self) -> int:
        """Points of a training set."""
        return self.reused + self.synthetic

    @property
    def alpha(self) -> Fraction:
        """Share of reused points."""
        return Fraction(self.reused, self.size)

    @property
    def label(self) -> str:
        """What tells this loop from others."""
        return f"{self.model} on {len(self.p0)} points, {self.reused} reused and {self.synthetic} synthetic"

    def run(self) -> EnumeratedLoop:
        """Enumerate the loop."""
        return enumerate_loop(self.p0, self.reused, self.synthetic, self._fit(), self.generations)

    def _fit(self) -> Fit:
        real, flat = np.array(self.p0), np.full(len(self.p0), 1 / len(self.p0))
        match self.model:
            case "frequencies":
                return SmoothedFrequencies(flat)
            case "smoothed":
                return SmoothedFrequencies(flat, 0.25)
            case "half known":
                return SmoothedFrequencies(real, 0.75)
            case "over-confident":
                return SmoothedFrequencies(flat, power=2.0)
        rng = np.random.default_rng(self.seed)
        return TabulatedModel(rng.dirichlet(flat, len(count_vectors(self.size, flat.size))))


def draw_enumerated(rng: np.random.Generator, number: int) -> list[Enumerated]:
    """Draw loops with every model and every pair of sizes in turn.

    Examples
    --------
    >>> len(draw_enumerated(np.random.default_rng(0), 3))
    3
    """
    loops = []
    for index in range(number):
        reused, synthetic = SIZES[(index + index // len(SIZES)) % len(SIZES)]
        k = 3 if reused + synthetic <= 3 and index % 2 else 2
        real = tuple(float(x) for x in rng.dirichlet(np.full(k, 2.0)))
        model, seed = MODELS[index % len(MODELS)], int(rng.integers(2**31))
        loops.append(Enumerated(model, real, reused, synthetic, int(rng.integers(2, 7)), seed))
    return loops


def draw_learner(rng: np.random.Generator, name: str, size: int, k: int) -> LossTable:
    """Draw the points, or the predictor, of a learner.

    Examples
    --------
    >>> draw_learner(np.random.default_rng(0), "clipped mean", 3, 2).losses.shape
    (4, 2)
    """
    match name:
        case "memoriser":
            return memoriser(size, k)
        case "clipped mean":
            signs = np.resize([-1.0, 1.0], k)  # points on both sides stay apart when they are clipped
            return clipped_mean(size, signs * rng.uniform(0.1, 2.0, k), 1.0)
        case "ridge regression":
            return ridge(size, rng.uniform(-1.0, 1.0, (k, 2)), rng.uniform(-1.0, 1.0, k), float(rng.uniform(0.1, 1.0)))
    losses = rng.uniform(0.0, 1.0, k)
    losses[0] = 1.0 if losses[1] < 0.5 else 0.0  # the losses must span an interval
    return fixed_predictor(size, losses)

"""Curated loops of finite support, drawn at random: what every check of ferbach2024 runs on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from verify.check import Effort
from verify.models.curated import (
    CuratedTrajectory,
    curated_loop,
    random_instance,
)

Vector = NDArray[np.float64]

# The exact loop carries a relative error below 1e-13 over the few generations used here.
ROUNDING = 1e-12

# Nats between neighbouring rewards: a candidate beats the next best one but for a chance of 6e-6.
_FAR_APART = 12.0


@dataclass(frozen=True)
class Loop:
    """A curated loop at one generation: where it started, how it is curated, whether it is sampled."""

    reference: Vector
    rewards: Vector
    candidates: float
    ratio: float
    generation: int
    start: Vector
    sampled: bool = False

    @property
    def law(self) -> Vector:
        """The model at the generation."""
        return np.asarray(trajectory(self).p[self.generation])


def trajectory(loop: Loop) -> CuratedTrajectory:
    """Run the exact loop one round past its generation."""
    return curated_loop(
        loop.start, loop.rewards, loop.candidates, loop.ratio, loop.generation + 1, p_ref=loop.reference
    )


def candidates(rng: np.random.Generator, infinite: bool = True) -> float:
    """Draw K in 2..8, sometimes infinity."""
    return math.inf if infinite and rng.random() < 0.15 else float(rng.integers(2, 9))


def spelled(value: float) -> object:
    """Write a number of candidates as theorems read it."""
    return "inf" if math.isinf(value) else Fraction(value)


def instance(rng: np.random.Generator, index: int) -> tuple[Vector, Vector]:
    """Draw a law and a reward; narrow rewards make the paper's bounds tight, wide ones make them loose."""
    span = (0.05, 0.5, 3.0, 8.0)[index % 4]
    drawn = random_instance(rng, int(rng.integers(2, 9)), span, ties=int(rng.integers(1, 3)), smallest=1e-4)
    return drawn.p0, drawn.rewards


def pure_loops(effort: Effort, rng: np.random.Generator) -> list[Loop]:
    """Draw pure loops (lam = infinity) at a random generation."""
    loops = []
    for index in range(effort.settings):
        p0, rewards = instance(rng, index)
        loops.append(Loop(p0, rewards, candidates(rng), math.inf, int(rng.integers(0, 6)), p0))
    return loops


def mixed_loops(effort: Effort, rng: np.random.Generator, infinite: bool = True) -> list[Loop]:
    """Draw loops mixed with the reference law they start from."""
    loops = []
    for index in range(effort.settings):
        p0, rewards = instance(rng, index)
        ratio = float(f"{10 ** rng.uniform(-2, 1.5):.3g}")
        loops.append(Loop(p0, rewards, candidates(rng, infinite), ratio, int(rng.integers(1, 8)), p0))
    return loops


def ranked_loop(count: int, drawn: int, ratio: Fraction, generation: int) -> Loop:
    """Return a loop whose rewards are so far apart that the best candidate is always kept.

    No loop with so many candidates and that ratio departs further from its reference law, but for the number of points
    (see the page of ferbach2024.kl_ball): they divide what is left after many rounds into equal parts.
    """
    lam = float(ratio)
    below = np.arange(count + 1) / count
    reference = np.diff((1 + lam) * below - lam * below**drawn)
    rewards = _FAR_APART * np.arange(count, dtype=np.float64)
    return Loop(reference, rewards, float(drawn), lam, generation, reference)


def label(loop: Loop, extra: str = "") -> str:
    """Describe a loop in a few words."""
    ratio = "pure loop" if math.isinf(loop.ratio) else f"lambda = {loop.ratio:g}"
    spread = np.ptp(loop.rewards)
    sampled = ", sampled" if loop.sampled else ""
    return f"{len(loop.rewards)} points, reward range {spread:.2g}, K = {loop.candidates:g}, {ratio}{extra}{sampled}"

"""Loops of cell frequencies: their exact moments by the law of every cell's count, and by sampling."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sympy import Rational, sqrt

from bounds.papers import fu2025 as theory
from bounds.symbols import n, t
from verify.check import Check, Control, Effort, Setting, plant
from verify.checks.fu2025._loops import CHEAP
from verify.evidence import BoundedSample, Computed, Evidence, KnownVarianceSample
from verify.mixing import Mixture, Regime, by_share
from verify.models.categorical import BigramLaw, bigram_loop, categorical_loop, cell_laws, expected_tv

Data = Literal["fresh", "reused"]
Path = Literal["count laws", "sampling", "starts of sequences"]

# Probabilities of counts and their sums, relative to 1, per generation.
_ROUNDING = 1e-11


@dataclass(frozen=True, eq=False)
class Frequencies:
    """A loop of frequencies of one law, or of each row of a transition matrix, and how it is measured."""

    laws: NDArray[np.float64]
    mixture: Mixture
    generation: int
    path: Path

    @property
    def collision(self) -> float:
        """Chance that two draws agree, averaged over the rows."""
        return float((self.laws**2).sum(axis=-1).mean())


def _law(rng: np.random.Generator, k: int) -> NDArray[np.float64]:
    """Draw a law in whole multiples of 2^-12, none zero, so that its collision chance is an exact float."""
    parts = np.maximum(np.round(rng.dirichlet(np.full(k, 2.0)) * 4096), 1.0)
    parts[np.argmax(parts)] += 4096 - parts.sum()
    return np.asarray(parts / 4096)


def _loop(data: Data, laws: NDArray[np.float64], n: int, real: int, generation: int, path: Path) -> Setting:
    mixture = by_share(n, Fraction(real, n), Regime(data))
    loop = Frequencies(laws, mixture, generation, path)
    arguments = {
        "data": data,
        "n": n,
        "alpha": Fraction(real, n),
        "t": generation,
        "collision": Fraction(loop.collision),
    }
    rows = f"{len(laws)} rows of " if laws.ndim > 1 else ""
    label = (
        f"{data} data, {rows}{laws.shape[-1]} cells, n = {n}, alpha = {arguments['alpha']}, t = {generation}, by {path}"
    )
    return Setting(label, arguments, loop)


def _exact_loops(effort: Effort, rng: np.random.Generator) -> list[Setting]:
    """Return loops small enough for the laws of their counts, in both regimes, with no and with only real data too."""
    settings = []
    for index in range(max(10, effort.settings)):
        data: Data = "reused" if index % 2 else "fresh"
        n, k = int(rng.integers(2, 25)), int(rng.integers(2, 6))
        real = (0, n, n - 1)[index // 2] if index < 6 else int(rng.integers(1, n))
        settings.append(_loop(data, _law(rng, k), n, real, int(rng.integers(1, 9)), "count laws"))
    return settings


def _edge_loops() -> list[Setting]:
    """Return loops whose cells are all or nothing: one point, or so many generations that one cell holds all mass."""
    fair, skew = np.array([0.5, 0.5]), np.array([1 / 64, 63 / 64])
    settings = []
    for law in (fair, skew):
        for data in ("fresh", "reused"):
            settings.append(_loop(data, law, 1, 1, 1, "count laws"))
            settings.append(_loop(data, law, 3, 0, 60, "count laws"))
    return settings


def _sampled_loops(rng: np.random.Generator) -> list[Setting]:
    """Return a large loop, a transition matrix, and the first states of sequences, in each regime."""
    settings = []
    for data in ("fresh", "reused"):
        generation = int(rng.integers(2, 6))
        settings.append(_loop(data, _law(rng, 8), 60, int(rng.integers(10, 50)), generation, "sampling"))
        rows = np.stack([_law(rng, 4) for _ in range(4)])
        settings.append(_loop(data, rows, 30, int(rng.integers(5, 25)), generation, "sampling"))
        settings.append(_loop(data, _law(rng, 3), 20, 10, 3, "starts of sequences"))
    return settings


def _exact_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    return _exact_loops(effort, rng) + _edge_loops() + _sampled_loops(rng)


def _measure_exact(setting: Setting, effort: Effort, rng: np.random.Generator) -> Evidence:
    loop: Frequencies = setting.world
    if loop.path == "count laws":
        squares = [_square_moments(float(p), loop)[0] for p in loop.laws]
        return Computed(float(sum(squares)), loop.generation * _ROUNDING)
    laws = np.atleast_2d(loop.laws)
    # The variance of a sum is at most the square of the sum of standard deviations; rows run independently.
    spreads = [sum(_square_moments(float(p), loop)[1] for p in law) for law in laws]
    variance = float(sum(spread**2 for spread in spreads)) / len(laws) ** 2
    distances = ((_frequencies(loop, CHEAP * effort.replicates, rng) - laws) ** 2).sum(axis=-1).mean(axis=-1)
    return KnownVarianceSample(distances, variance * (1 + 1e-9))


def _square_moments(p: float, loop: Frequencies) -> tuple[float, float]:
    """Mean and standard deviation of the squared error of a cell's frequency, from the law of its count."""
    found = cell_laws(p, loop.mixture, loop.generation)[-1]
    squares = (found.masses - p) ** 2
    mean = float(found.chances @ squares)
    return mean, math.sqrt(max(float(found.chances @ squares**2) - mean**2, 0.0))


def _frequencies(loop: Frequencies, replicates: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw models of the last generation, shape (R, rows, k)."""
    if loop.path == "starts of sequences":
        # How a sequence goes on has no influence on how sequences start; here every state moves up or ends.
        later = np.triu(np.ones((loop.laws.size, loop.laws.size + 1)), 1)
        law = BigramLaw(loop.laws, later / later.sum(axis=1, keepdims=True))
        models = bigram_loop(rng, law, loop.mixture, loop.generation, replicates)
        return np.asarray(models[-1].start[:, None])
    return categorical_loop(rng, np.atleast_2d(loop.laws), loop.mixture, loop.generation, replicates).p[:, -1]


def _upper_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    settings = _lower_settings(effort, rng)
    return [Setting(s.label, {**s.arguments, "k": s.world.laws.shape[-1]}, s.world) for s in settings]


def _lower_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    return _exact_loops(effort, rng) + _edge_loops() + [s for s in _sampled_loops(rng) if s.world.laws.ndim == 1]


def _measure_tv(setting: Setting, effort: Effort, rng: np.random.Generator) -> Evidence:
    loop: Frequencies = setting.world
    if loop.path == "count laws":
        return expected_tv(loop.laws, loop.mixture, loop.generation)[-1]
    distances = 0.5 * np.abs(_frequencies(loop, 2 * effort.replicates, rng)[:, 0] - loop.laws).sum(axis=-1)
    return BoundedSample(np.minimum(distances, 1.0), 0.0, 1.0)


def _misread(true: Data, claimed: Data) -> Any:
    """Return settings that hold the formula of one data regime against a loop in the other."""

    def settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
        found = [_loop(true, _law(rng, 4), 16, 4, 6, "count laws") for _ in range(3)]
        return [Setting(s.label, {**s.arguments, "data": claimed}, s.world) for s in found]

    return settings


CHECKS = (
    Check(
        theory.CATEGORICAL_LOOP,
        _exact_settings,
        _measure_exact,
        (
            Control(
                "formula of fresh data, reused data", theory.CATEGORICAL_LOOP, settings=_misread("reused", "fresh")
            ),
            Control(
                "formula of reused data, fresh data", theory.CATEGORICAL_LOOP, settings=_misread("fresh", "reused")
            ),
            plant(theory.CATEGORICAL_LOOP, "6 % too small", lambda e: e * Rational(47, 50)),
            plant(theory.CATEGORICAL_LOOP, "one generation late", lambda e: e.subs(t, t + 1)),
        ),
    ),
    Check(
        theory.CATEGORICAL_LOOP_UPPER,
        _upper_settings,
        _measure_tv,
        (
            plant(theory.CATEGORICAL_LOOP_UPPER, "1 % too small", lambda e: e * Rational(99, 100)),
            plant(theory.CATEGORICAL_LOOP_UPPER, "twice the points", lambda e: e.subs(n, 2 * n)),
            plant(theory.CATEGORICAL_LOOP_UPPER, "number of cells forgotten", lambda e: e / sqrt(2)),
        ),
    ),
    Check(
        theory.CATEGORICAL_LOOP_LOWER,
        _lower_settings,
        _measure_tv,
        (
            plant(theory.CATEGORICAL_LOOP_LOWER, "5 % too large", lambda e: e * Rational(21, 20)),
            plant(theory.CATEGORICAL_LOOP_LOWER, "root of the mean square distance", lambda e: sqrt(e) / 2),
        ),
    ),
)

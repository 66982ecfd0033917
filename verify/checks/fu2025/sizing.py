"""How much synthetic data: the one-sided gap of a fixed predictor on real and synthetic points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from sympy import Rational

from bounds.papers import fu2025 as theory
from bounds.symbols import d_tv, delta, lam, n
from verify.check import Check, Effort, Setting, plant
from verify.checks.fu2025._loops import CHEAP
from verify.evidence import Evidence, QuantileSample
from verify.models.stability import CoinLoop, Drift, held_frequency_gaps

_DELTAS = (Fraction(1, 10), Fraction(1, 100), Fraction(1, 1000), Fraction(1, 10**6))

# With at most four synthetic points per real one, what is left of the shift to come is below 1e-9.
_LONG_RUN = 100


@dataclass(frozen=True)
class Sizes:
    """A loop with a fixed predictor, and how its gap is measured."""

    coin: CoinLoop
    generation: int
    failure: Fraction
    held: bool = False


def _settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    settings = []
    for index in range(max(16, effort.settings)):
        limit = index % 4 == 3
        generation = _LONG_RUN if limit else int(rng.integers(1, 9))
        # Now the sampling error rules, now the drift.
        real = int(rng.integers(20, 100)) if index % 2 else int(rng.integers(2000, 4000))
        synthetic = int(real * rng.uniform(0.1, 4.0))
        drift = (0.0, 0.05, 0.4)[index // 2 % 3] if index % 2 else 0.7
        p = float(rng.integers(16, 97)) / 128
        coin = CoinLoop(Drift(real, synthetic, _error(real, synthetic, generation, p * drift)), p)
        failure = _DELTAS[index // 2 % len(_DELTAS)]
        settings.append(_setting(Sizes(coin, generation, failure), limit, "drifting models"))
    for generation in (1, 2, 4, _LONG_RUN // 10):
        real, synthetic = int(rng.integers(20, 200)), int(rng.integers(20, 200))
        coin = CoinLoop(Drift(real, synthetic, 1 / 64), 0.25)
        settings.append(_setting(Sizes(coin, generation, Fraction(1, 20), True), generation > 4, "held frequencies"))
    return settings


def _error(real: int, synthetic: int, generation: int, total: float) -> float:
    """Return the error of one generation, a short binary fraction, that adds up to at most this much."""
    share = synthetic / (real + synthetic)
    return int(2**20 * total / sum(share**j for j in range(generation))) / 2**20


def _setting(sizes: Sizes, limit: bool, label: str) -> Setting:
    drift = sizes.coin.drift
    ratio = Fraction(drift.synthetic, drift.reused)
    arguments: dict[str, Any] = {
        "generation": "limit" if limit else "finite",
        "n": drift.reused,
        "M": 1,
        "delta": sizes.failure,
        "lam": ratio,
        "d_tv": Fraction(drift.error),
    }
    if not limit:
        arguments["t"] = sizes.generation
    label = f"{label}, {drift.reused} real points, lambda = {float(ratio):.2g}, t = {sizes.generation}"
    return Setting(f"{label}{', limit' if limit else ''}, delta = {sizes.failure}", arguments, sizes)


def _measure(setting: Setting, effort: Effort, rng: np.random.Generator) -> Evidence:
    """Measure the quantile of the gap; with drifting models it is a sum of two binomial counts, and exact."""
    sizes: Sizes = setting.world
    probability = float(1 - sizes.failure)
    if sizes.held:
        gaps = held_frequency_gaps(
            rng, sizes.coin.drift, sizes.coin.p, sizes.generation, CHEAP * effort.replicates // 2
        )
        return QuantileSample(gaps, probability)
    return sizes.coin.gap_quantile(sizes.generation, probability)


CHECKS = (
    Check(
        theory.SYNTHETIC_SIZE,
        _settings,
        _measure,
        (
            plant(theory.SYNTHETIC_SIZE, "drift 10 % too small", lambda e: e.subs(d_tv, d_tv * Rational(9, 10))),
            plant(theory.SYNTHETIC_SIZE, "synthetic points as good as real ones", lambda e: e.subs(d_tv, 0)),
            plant(theory.SYNTHETIC_SIZE, "half the sampling error", lambda e: e.subs(n, 4 * n)),
            plant(
                theory.SYNTHETIC_SIZE,
                "failure probability to the power 1/4",
                lambda e: e.subs(delta, delta ** Rational(1, 4)),
            ),
            plant(theory.SYNTHETIC_SIZE, "half as much synthetic data", lambda e: e.subs(lam, lam / 2)),
        ),
    ),
)

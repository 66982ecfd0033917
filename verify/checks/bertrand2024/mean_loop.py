"""Normal loops that mix in real data: the location loop with known variance, and the mixed moments."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np
from scipy.integrate import quad
from scipy.special import erf
from sympy import Rational

from bounds.papers import bertrand2024 as theory
from bounds.symbols import alpha, n, t
from verify.check import Check, Effort, Setting, plant
from verify.checks.bertrand2024.normal import CHEAP
from verify.evidence import BoundedSample, Computed, Evidence, KnownVarianceSample
from verify.mixing import Mixture, Regime, by_ratio, by_share, replace
from verify.models.normal import (
    mean_loop,
    mean_loop_variance,
    mean_shift_tv,
    mixed_moments,
    normal_loop,
    plain_mean_loop,
    plain_normal_loop,
)

Path = Literal["quadrature", "statistics", "points"]
_HOW = {"quadrature": "quadrature", "statistics": "sufficient statistics", "points": "drawn points"}

# After this many generations what is left of the start is below 1e-9 of the limit at the settings used.
_LONG_RUN = 40


@dataclass(frozen=True)
class MixedLoop:
    """A normal loop with real data, and how it is measured."""

    mixture: Mixture
    generation: int
    path: Path
    statistic: str = ""


def _mixture(data: str, size: int, share: Fraction) -> Mixture:
    match data:
        case "synthetic":
            return replace(size)
        case "fresh":
            return by_share(size, share, Regime.FRESH)
        case _:
            return by_ratio(size, share, Regime.REUSED)


def _mean_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    integrated: list[Path] = ["quadrature"] * max(2, effort.settings // 3)
    paths: list[Path] = ["statistics", "points", *integrated]
    settings = []
    for data in ("synthetic", "fresh", "reused"):
        for path in paths:
            parts = int(rng.integers(2, 9))
            size = parts * int(rng.integers(1, 4 if path == "points" else 12))
            share = Fraction(int(rng.integers(1, parts)), parts) * (1 if data == "fresh" else 3)
            generation = int(rng.integers(2, 6 if path == "points" else 12))
            arguments: dict[str, object] = {"data": data, "n": size, "t": generation}
            if data != "synthetic":
                arguments["alpha" if data == "fresh" else "lam"] = share
            label = f"{data} data, n = {size}, t = {generation}, by {_HOW[path]}"
            settings.append(Setting(label, arguments, MixedLoop(_mixture(data, size, share), generation, path)))
    return settings


def _measure_mean(setting: Setting, effort: Effort, rng: np.random.Generator) -> Evidence:
    loop: MixedLoop = setting.world
    if loop.path == "quadrature":
        return _expected_tv(float(mean_loop_variance(loop.mixture, loop.generation)[-1]))
    if loop.path == "points":
        means = plain_mean_loop(rng, loop.mixture, loop.generation, CHEAP * effort.replicates // 2)
    else:
        means = mean_loop(rng, loop.mixture, loop.generation, CHEAP * effort.replicates)
    return BoundedSample(np.minimum(mean_shift_tv(means[:, -1]), 1.0), 0.0, 1.0)


def _expected_tv(variance: float) -> Computed:
    """Average the total variation of two unit normal laws over the normal law of their distance."""
    spread = math.sqrt(variance)

    def weighted(z: float) -> float:
        return float(erf(spread * z / math.sqrt(8)) * math.sqrt(2 / math.pi) * math.exp(-z * z / 2))

    value, error = quad(weighted, 0, 10, epsabs=1e-14, epsrel=1e-12, limit=200)
    return Computed(value, error + 1e-13)


def _moment_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    settings = []
    for statistic in ("mean_square_error", "variance"):
        for share in (Fraction(0), Fraction(1, 4), Fraction(1, 2), Fraction(1)):
            size, generation = 4 * int(rng.integers(5, 30)), int(rng.integers(2, 9))
            settings.append(_moment_setting(statistic, size, share, generation, "statistics"))
        settings.append(_moment_setting(statistic, 12, Fraction(1, 4), 4, "points"))
        for share in (Fraction(1, 2), Fraction(3, 4)):
            size = 4 * int(rng.integers(5, 30))
            settings.append(_moment_setting(f"limit_{statistic}", size, share, _LONG_RUN, "statistics"))
    return settings


def _moment_setting(statistic: str, size: int, share: Fraction, generation: int, path: Path) -> Setting:
    arguments: dict[str, object] = {"statistic": statistic, "n": size, "alpha": share}
    limit = statistic.startswith("limit")
    if not limit:
        arguments["t"] = generation
    label = f"{statistic.replace('_', ' ')}, n = {size}, alpha = {share}, t = {generation}, by {_HOW[path]}"
    loop = MixedLoop(by_share(size, share, Regime.FRESH), generation, path, statistic.removeprefix("limit_"))
    return Setting(label, arguments, loop)


def _measure_moment(setting: Setting, effort: Effort, rng: np.random.Generator) -> Evidence:
    loop: MixedLoop = setting.world
    known = mixed_moments(loop.mixture, loop.generation)
    if loop.path == "points":
        path = plain_normal_loop(rng, loop.mixture, loop.generation, CHEAP * effort.replicates)
    else:
        path = normal_loop(rng, loop.mixture, loop.generation, CHEAP * effort.replicates)
    if loop.statistic == "variance":
        return KnownVarianceSample(path.variances[:, -1], float(known.variance_variance[-1]))
    return KnownVarianceSample(path.means[:, -1] ** 2, float(known.drift_variance[-1]))


CHECKS = (
    Check(
        theory.NORMAL_MEAN_LOOP,
        _mean_settings,
        _measure_mean,
        (
            plant(theory.NORMAL_MEAN_LOOP, "10 % too large", lambda e: e * Rational(11, 10)),
            plant(theory.NORMAL_MEAN_LOOP, "one generation late", lambda e: e.subs(t, t + 1)),
        ),
    ),
    Check(
        theory.NORMAL_MIXED_MOMENTS,
        _moment_settings,
        _measure_moment,
        (
            plant(theory.NORMAL_MIXED_MOMENTS, "10 % too large", lambda e: e * Rational(11, 10)),
            plant(theory.NORMAL_MIXED_MOMENTS, "half the real data", lambda e: e.subs(alpha, alpha / 2)),
            plant(theory.NORMAL_MIXED_MOMENTS, "half the points", lambda e: e.subs(n, n / 2)),
        ),
    ),
)

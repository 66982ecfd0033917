"""Generalisation of uniformly stable learners on independent points, by enumeration of all their samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Rational

from bounds.lemmas import stability as theory
from bounds.symbols import beta, delta
from verify.check import Check, Effort, Setting, plant
from verify.checks.fu2025._loops import draw_learner, safe_loss
from verify.evidence import Computed, Evidence
from verify.models.stability import LossTable, fixed_predictor, law_quantile, memoriser, multinomial_laws

_LEARNERS = ("memoriser", "clipped mean", "ridge regression")
_DELTAS = (Fraction(1, 2), Fraction(1, 10), Fraction(1, 100), Fraction(1, 1000))
_ROUNDING = 1e-12


@dataclass(frozen=True)
class Sample:
    """A learner on n independent points with a law on finitely many values."""

    learner: LossTable
    law: NDArray[np.float64]

    @property
    def chances(self) -> NDArray[np.float64]:
        """Probability of each training set."""
        return multinomial_laws(self.learner.size, self.law)


def _random(rng: np.random.Generator, number: int) -> list[tuple[Sample, str]]:
    samples = []
    for index in range(number):
        size, k, name = int(rng.integers(1, 12)), int(rng.integers(2, 4)), _LEARNERS[index % len(_LEARNERS)]
        samples.append((Sample(draw_learner(rng, name, size, k), rng.dirichlet(np.full(k, 2.0))), name))
    return samples


def _rare(rng: np.random.Generator, k: int) -> tuple[Sample, str]:
    """Return a memoriser of points that hardly ever agree, so that its gap is all but its stability."""
    size = int(rng.integers(1, 3))
    return Sample(memoriser(size, k), np.full(k, 1 / k)), f"memoriser of {k} equally likely points"


def _mean_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    samples = [*_random(rng, effort.settings), *(_rare(rng, k) for k in (2, 30, 60))]
    return [_setting(sample, name, {"beta": safe_loss(sample.learner.beta)}) for sample, name in samples]


def _setting(sample: Sample, name: str, arguments: dict[str, Any]) -> Setting:
    extra = f", delta = {arguments['delta']}" if "delta" in arguments else ""
    return Setting(f"{name}, n = {sample.learner.size}{extra}", arguments, sample)


def _measure_mean(setting: Setting, effort: Effort, rng: np.random.Generator) -> Evidence:
    sample: Sample = setting.world
    return Computed(abs(float((sample.chances * sample.learner.gaps(sample.law)).sum())), _ROUNDING)


def _tail_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    samples = _random(rng, effort.settings)
    for _ in range(max(4, effort.settings // 3)):
        # Without stability to pay for, the bound is that of Hoeffding for a fixed predictor.
        p = float(rng.uniform(0.3, 0.7))
        samples.append((Sample(fixed_predictor(int(rng.integers(50, 300)), [1.0, 0.0]), np.array([p, 1 - p])), "fixed"))
    settings = []
    for index, (sample, name) in enumerate(samples):
        table = sample.learner
        arguments = {
            "n": table.size,
            "M": safe_loss(float(table.losses.max())),
            "beta": safe_loss(table.beta),
            "delta": _DELTAS[index % len(_DELTAS)],
        }
        settings.append(_setting(sample, name, arguments))
    return settings


def _measure_tail(setting: Setting, effort: Effort, rng: np.random.Generator) -> Evidence:
    """Measure the quantile of the gap, with its sign."""
    sample: Sample = setting.world
    probability = float(1 - setting.arguments["delta"])
    return law_quantile(sample.learner.gaps(sample.law), sample.chances, probability, _ROUNDING)


CHECKS = (
    Check(
        theory.STABILITY_EXPECTED,
        _mean_settings,
        _measure_mean,
        (
            plant(theory.STABILITY_EXPECTED, "5 % too small", lambda e: e * Rational(19, 20)),
            plant(theory.STABILITY_EXPECTED, "half the stability", lambda e: e / 2),
        ),
    ),
    Check(
        theory.STABILITY_MCDIARMID,
        _tail_settings,
        _measure_tail,
        (
            plant(theory.STABILITY_MCDIARMID, "bound on the mean", lambda e: beta),
            plant(theory.STABILITY_MCDIARMID, "half the deviation", lambda e: beta + (e - beta) / 2),
            plant(
                theory.STABILITY_MCDIARMID,
                "failure probability to the power 1/4",
                lambda e: e.subs(delta, delta ** Rational(1, 4)),
            ),
        ),
    ),
)

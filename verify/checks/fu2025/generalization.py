"""The explicit generalisation bounds, in loops whose stabilities and learning errors are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from sympy import Rational

from bounds.papers import fu2025 as theory
from bounds.symbols import beta, d_tv, delta, eta, gamma, n, t
from verify.check import Check, Effort, Setting, plant
from verify.checks.fu2025._loops import (
    CHEAP,
    LEARNERS,
    Enumerated,
    draw_enumerated,
    draw_learner,
    safe,
    safe_loss,
)
from verify.evidence import BoundedSample, Evidence, QuantileSample
from verify.models.stability import (
    CoinLoop,
    CutNormalLoop,
    Drift,
    LossTable,
    MarkingLoop,
    sampled_learner,
)
from verify.models.stability.sampled import LearnerName

_DELTAS = (Fraction(1, 2), Fraction(1, 10), Fraction(1, 100), Fraction(1, 1000))


@dataclass(frozen=True)
class Case:
    """A loop and a learner with known constants, and how their gap is measured.

    For sampled loops ``sign`` says which side of the absolute value the measurement speaks of.
    """

    loop: Enumerated | CoinLoop | MarkingLoop | CutNormalLoop
    generation: int
    learner: LossTable | LearnerName | None = None
    sampled: bool = False
    sign: int = 1
    failure: Fraction | None = None


@dataclass(frozen=True)
class Constants:
    """What the bounds take, each rounded to the safe side."""

    M: float
    beta: float
    gamma: float
    eta: float
    d_tv: float
    d_tv_given_real: float


def _size(case: Case) -> tuple[int, int]:
    """Return the numbers of reused and of synthetic points."""
    sizes = case.loop.drift if isinstance(case.loop, (CoinLoop, MarkingLoop)) else case.loop
    return sizes.reused, sizes.synthetic


def _constants(case: Case) -> Constants:
    loop, generation = case.loop, case.generation
    if isinstance(loop, CoinLoop):
        return Constants(1.0, 0.0, 0.0, 0.0, loop.drift.error, loop.drift.error)
    if isinstance(loop, MarkingLoop):
        found = (safe(loop.gamma(generation)), safe(loop.eta(generation)))
        return Constants(1.0, safe_loss(loop.beta), *found, loop.drift.error, loop.drift.error)
    if isinstance(loop, CutNormalLoop):
        learner = sampled_learner(case.learner, loop)  # type: ignore[arg-type]
        stable = (safe(loop.gamma(generation)), safe(loop.eta(generation)))
        error = safe(loop.d_tv(generation))
        return Constants(safe_loss(learner.loss_range), safe_loss(learner.beta), *stable, error, 1.0)
    table, run = case.learner, loop.run()
    assert isinstance(table, LossTable)
    spanned = safe_loss(table.loss_range)
    return Constants(
        spanned,
        min(safe_loss(table.beta), spanned),
        safe(run.gamma(generation)),
        safe(run.eta(generation)),
        safe(run.d_tv(generation)),
        safe(run.d_tv_given_real(generation)),
    )


def _setting(case: Case, label: str, form: str) -> Setting:
    """Give a case the arguments of one of the bounds: "gamma", "eta" or "given real"."""
    found, (reused, synthetic) = _constants(case), _size(case)
    arguments: dict[str, Any] = {
        "M": found.M,
        "alpha": Fraction(reused, reused + synthetic),
        "t": case.generation,
        "beta": found.beta,
        "d_tv": found.d_tv_given_real if form == "given real" else found.d_tv,
    }
    if form == "gamma":
        arguments["gamma"] = found.gamma
    else:
        arguments |= {"n": reused + synthetic, "eta": found.eta}
    if case.failure is not None:
        arguments["delta"] = case.failure
        label += f", delta = {case.failure}"
    return Setting(f"{label}, t = {case.generation}", arguments, case)


def _enumerated_cases(rng: np.random.Generator, number: int) -> list[tuple[Case, str]]:
    cases = []
    for index, loop in enumerate(draw_enumerated(rng, number)):
        # On real data alone a fixed predictor has no mean gap and a bound of 0: there is nothing to see.
        names = LEARNERS if loop.synthetic else LEARNERS[:-1]
        name = names[(index + index // len(names)) % len(names)]
        table = draw_learner(rng, name, loop.size, len(loop.p0))
        cases.append((Case(loop, int(rng.integers(1, loop.generations + 1)), table), f"{name}, {loop.label}"))
    # Real data alone, where the memoriser's gap is its stability but for the chance that points agree.
    alone = Enumerated("frequencies", (0.5, 0.5), 3, 0, 1)
    cases.append((Case(alone, 1, draw_learner(rng, "memoriser", 3, 2)), f"memoriser, {alone.label}"))
    return cases


def _coin(rng: np.random.Generator, reused: int, synthetic: int, generation: int, drift: float) -> CoinLoop:
    """Let the models drift by about this share of the chance of a loss in all."""
    p = float(rng.integers(32, 97)) / 128
    share = synthetic / (reused + synthetic)
    error = p * drift / sum(share**j for j in range(generation))
    return CoinLoop(Drift(reused, synthetic, int(2**20 * error) / 2**20), p)


def _drifting_cases(rng: np.random.Generator, number: int) -> list[tuple[Case, str]]:
    """Return loops of a fixed predictor in which the bounds in the mean are attained."""
    cases = []
    for _ in range(number):
        reused, synthetic = (int(x) for x in rng.integers(1, 40, 2))
        generation = int(rng.integers(2, 9))
        coin = _coin(rng, reused, synthetic, generation, float(rng.uniform(0.3, 0.9)))
        cases.append((Case(coin, generation), f"fixed predictor, drifting models, {reused} + {synthetic} points"))
    return cases


def _marking_cases(rng: np.random.Generator) -> list[tuple[Case, str]]:
    """Return loops that hide the real data in their models: many points, and few marks among them or all it takes."""
    cases = []
    for generation, marks in ((1, 20), (1, 110), (3, 20), (2, 110)):
        half = int(rng.integers(450, 550))
        loop = MarkingLoop(Drift(half, half, 1 / 16 if generation > 1 else 3 / 16), float(marks))
        label = f"models that hide the real points, {half} + {half} points, {marks} marks"
        cases.append((Case(loop, generation), label))
    return cases


def _sampled_cases(rng: np.random.Generator) -> list[tuple[Case, str]]:
    names: tuple[LearnerName, ...] = ("sine feature", "clipped mean", "ridge regression")
    cases = []
    for name in names:
        loop = CutNormalLoop(int(rng.integers(10, 40)), int(rng.integers(10, 40)), float(rng.integers(3, 6)) / 2)
        for sign, side in ((1, "real risk minus empirical"), (-1, "empirical risk minus real")):
            case = Case(loop, int(rng.integers(1, 5)), name, sampled=True, sign=sign)
            cases.append((case, f"{name}, normal generator, {loop.reused} + {loop.synthetic} points, {side}"))
    marking = MarkingLoop(Drift(20, 20, 0.25), 10.0)
    cases.append((Case(marking, 1, sampled=True), "models that hide the real points, point by point"))
    return cases


def _mean_settings(form: str, effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    cases = _enumerated_cases(rng, 2 * effort.settings) + _drifting_cases(rng, max(4, effort.settings // 3))
    return [_setting(case, label, form) for case, label in cases + _marking_cases(rng) + _sampled_cases(rng)]


def _gamma_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    return _mean_settings("gamma", effort, rng)


def _eta_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    return _mean_settings("eta", effort, rng)


def _measure_mean(setting: Setting, effort: Effort, rng: np.random.Generator) -> Evidence:
    case: Case = setting.world
    loop, generation = case.loop, case.generation
    if isinstance(loop, Enumerated):
        assert isinstance(case.learner, LossTable)
        return loop.run().expected_gap(generation, case.learner)
    if isinstance(loop, CutNormalLoop):
        learner = sampled_learner(case.learner, loop)  # type: ignore[arg-type]
        gaps = learner.gaps(loop.draw_training_sets(rng, generation, 2 * effort.replicates))
        # Rounding may carry a gap over the end of the range.
        return BoundedSample(
            np.clip(case.sign * gaps, -learner.loss_range, learner.loss_range), *_ends(learner.loss_range)
        )
    if isinstance(loop, MarkingLoop) and case.sampled:
        return BoundedSample(loop.draw_gaps(rng, generation, CHEAP * effort.replicates // 4), -1.0, 1.0)
    return loop.expected_gap(generation)


def _ends(loss_range: float) -> tuple[float, float]:
    return -loss_range, loss_range


def _given_real_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    cases = _enumerated_cases(rng, effort.settings)
    for index in range(max(8, effort.settings)):
        reused, synthetic = int(rng.integers(20, 400)), int(rng.integers(0, 100))
        generation = int(rng.integers(1, 6))
        coin = _coin(rng, reused, synthetic, generation, (0.0, 0.5)[index % 2])
        label = f"fixed predictor, {'drifting' if index % 2 else 'right'} models, {reused} + {synthetic} points"
        cases.append((Case(coin, generation), label))
    cases += _marking_cases(rng)
    settings = []
    for index, (case, label) in enumerate(cases):
        settings.append(_setting(_failing(case, _DELTAS[index % len(_DELTAS)]), label, "given real"))
    coin = CoinLoop(Drift(100, 50, 1 / 64), 0.5)
    sampled = Case(coin, 2, sampled=True, failure=Fraction(1, 20))
    settings.append(_setting(sampled, "fixed predictor, drifting models, real data drawn", "given real"))
    return settings


def _failing(case: Case, failure: Fraction) -> Case:
    return Case(case.loop, case.generation, case.learner, case.sampled, case.sign, failure)


def _measure_given_real(setting: Setting, effort: Effort, rng: np.random.Generator) -> Evidence:
    """Measure the quantile of the absolute gap over the real data."""
    case: Case = setting.world
    loop, generation = case.loop, case.generation
    assert case.failure is not None
    probability = float(1 - case.failure)
    if isinstance(loop, Enumerated):
        assert isinstance(case.learner, LossTable)
        return loop.run().gap_quantile(generation, case.learner, probability)
    if isinstance(loop, MarkingLoop):
        return loop.expected_gap(generation)  # the same for almost all real data
    assert isinstance(loop, CoinLoop)
    if case.sampled:
        losses = rng.binomial(loop.drift.reused, loop.p, CHEAP * effort.replicates)
        return QuantileSample(np.abs(loop.gaps_given_real(generation, losses)), probability)
    return loop.gap_given_real(generation, probability)


def _without_deviation(expression: Any) -> Any:
    """Take the bound on the mean over the real data for one on almost all real data."""
    return theory.GENERALIZATION_HAMMING.expression


CHECKS = (
    Check(
        theory.GENERALIZATION_EXPECTED,
        _gamma_settings,
        _measure_mean,
        (
            plant(theory.GENERALIZATION_EXPECTED, "1 % too small", lambda e: e * Rational(99, 100)),
            plant(theory.GENERALIZATION_EXPECTED, "recursive stability forgotten", lambda e: e.subs(gamma, 0)),
            plant(theory.GENERALIZATION_EXPECTED, "stability of the learner forgotten", lambda e: e.subs(beta, 0)),
            plant(theory.GENERALIZATION_EXPECTED, "shift of one generation fewer", lambda e: e.subs(t, t - 1)),
        ),
    ),
    Check(
        theory.GENERALIZATION_HAMMING,
        _eta_settings,
        _measure_mean,
        (
            plant(theory.GENERALIZATION_HAMMING, "1 % too small", lambda e: e * Rational(99, 100)),
            plant(theory.GENERALIZATION_HAMMING, "one synthetic point changes, not N", lambda e: e.subs(eta, eta / n)),
            plant(theory.GENERALIZATION_HAMMING, "stability of the learner forgotten", lambda e: e.subs(beta, 0)),
            plant(theory.GENERALIZATION_HAMMING, "distribution shift forgotten", lambda e: e.subs(d_tv, 0)),
        ),
    ),
    Check(
        theory.GENERALIZATION_GIVEN_REAL,
        _given_real_settings,
        _measure_given_real,
        (
            plant(theory.GENERALIZATION_GIVEN_REAL, "the bound in the mean", _without_deviation),
            plant(
                theory.GENERALIZATION_GIVEN_REAL,
                "failure probability to the power 1/4",
                lambda e: e.subs(delta, delta ** Rational(1, 4)),
            ),
            plant(theory.GENERALIZATION_GIVEN_REAL, "distribution shift forgotten", lambda e: e.subs(d_tv, 0)),
        ),
    ),
)

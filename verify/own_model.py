"""A theorem checked on a generative model of your own.

The loop is run many times; every generation's drift is measured, and held against the theorem's bound. What the bound needs
is known from the loop (generation, real share), measured with a confidence limit (the error of one generation), or
asserted by you, and the report says which is which.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import numpy as np
from sympy import Integer, Rational

import bounds
from bounds import Direction, Theorem
from bounds.errors import ArgumentError, DataError
from bounds.symbols import t
from verify.check import Control, Setting, plant
from verify.evidence import BoundedSample, ErrorBudget, Evidence, Judgement, Verdict
from verify.executors import runner
from verify.judging import TOTAL_ERROR, judge_theorem
from verify.mixing import count
from verify.models.estimator import Drift, OwnLoop, ShownVariation, from_estimator, from_law, run_once
from verify.models.estimator.bindings import BINDINGS, Binding
from verify.results import ControlResult, Result, Run

__all__ = ["OwnLoop", "OwnReport", "Question", "check_own_model", "from_estimator", "from_law", "questions"]

_DENSITIES = "log_density is the density that sample draws from, for the real law and for every fitted model"


@dataclass(frozen=True)
class Question:
    """A theorem that can be put to a loop.

    Parameters
    ----------
    id : str
    measured : tuple of str
        Constants that are measured unless they are asserted.
    asserted : tuple of str
        Constants that must be asserted.
    verdicts : str
        What can come out: without densities the drift has lower limits only.
    assumptions : tuple of str
        What the theorem assumes of the loop, and no number shows.

    Examples
    --------
    >>> Question("x.y", ("e",), (), "VIOLATED or INCONCLUSIVE", ()).measured
    ('e',)
    """

    id: str
    measured: tuple[str, ...]
    asserted: tuple[str, ...]
    verdicts: str
    assumptions: tuple[str, ...]


def questions(loop: OwnLoop) -> tuple[Question, ...]:
    """List the theorems that can be checked with what is known about a loop.

    Parameters
    ----------
    loop : OwnLoop

    Returns
    -------
    tuple of Question

    Examples
    --------
    >>> from sklearn.mixture import GaussianMixture
    >>> from verify.data import NormalMixture
    >>> from verify.mixing import accumulate
    >>> loop = OwnLoop(from_estimator(GaussianMixture()), NormalMixture.normal(), accumulate(100), 3)
    >>> [(question.id, question.measured) for question in questions(loop)]
    [('fu2024.recursion', ('e',)), ('fu2024.balanced', ('e',))]
    """
    return tuple(_question(b, loop) for b in BINDINGS if loop.mixture.regime in b.regimes and b.suits(loop.mixture))


def _question(binding: Binding, loop: OwnLoop) -> Question:
    error = (binding.error,) if binding.error else ()
    return Question(
        id=binding.id,
        measured=error if loop.densities else (),
        asserted=binding.asserted if loop.densities else (*error, *binding.asserted),
        verdicts="VIOLATED, CONSISTENT or INCONCLUSIVE" if loop.densities else "VIOLATED or INCONCLUSIVE",
        assumptions=bounds.get(binding.id).assumptions,
    )


@dataclass(frozen=True)
class OwnReport:
    """What came of a check on a model of your own.

    Parameters
    ----------
    run : Run
        One result per generation, and the controls: false theorems that the same evidence must refute.
    asserted : mapping of str to number or text
        Constants that were taken on your word.
    measured : mapping of str to float
        Constants that were measured: upper confidence limits, the largest over the generations.
    assumptions : tuple of str
        What else the verdicts rest on.

    Examples
    --------
    >>> OwnReport(Run((), (), {"total": 0.001, "tests": 0, "per_test": 0.0}, 1, "own model"), {}, {}, ()).run.passed
    True
    """

    run: Run
    asserted: Mapping[str, Any]
    measured: Mapping[str, float]
    assumptions: tuple[str, ...] = field(default=())

    def __str__(self) -> str:
        """Lines for people: what was taken for granted, a row per generation, the controls."""
        lines = [f"{name} = {value} (asserted)" for name, value in self.asserted.items()]
        lines += [f"{name} <= {value:.4g} (measured)" for name, value in self.measured.items()]
        lines += [f"assumed: {assumption}" for assumption in self.assumptions]
        lines += [_line(result) for result in self.run.results]
        lines += [f"control '{c.name}': {'caught' if c.caught else 'ESCAPED'}" for c in self.run.controls]
        if self.run.violated:
            lines.append("VIOLATED: a hypothesis or an asserted constant does not hold for this model")
        if self.run.escaped:
            lines.append(
                "a control escaped: errors of that size go unnoticed here; run more replicates, or sharpen constants"
            )
        return "\n".join(lines)


def _line(result: Result) -> str:
    relation = {"upper": "<=", "lower": ">=", "exact": "="}[result.direction]
    low, high = result.ci
    return (
        f"{result.id}, {result.setting}: TV {relation} {result.bound:.4g}, measured {result.measured:.4g} "
        f"[{low:.4g}, {high:.4g}]: {result.verdict.value}"
    )


def check_own_model(
    theorem_id: str,
    loop: OwnLoop,
    *,
    asserted: Mapping[str, Any] | None = None,
    replicates: int = 400,
    draws: int = 500,
    seed: int = 0,
    workers: Any = 1,
) -> OwnReport:
    """Check a theorem on a loop of your own model.

    Wrong verdicts, and limits of measured constants that fail, have probability at most 0.001 together.

    Parameters
    ----------
    theorem_id : str
        One of `questions`.
    loop : OwnLoop
    asserted : mapping of str to number or text, optional
        Constants of the theorem that you vouch for; a measured one may be replaced by yours.
    replicates : int
        Independent runs of the loop, at least 10.
    draws : int
        Draws of each law per run that measure distances, at least 40.
    seed : int
        Every run draws from a stream of its own that follows from it.
    workers : int, executor, or anything with ``map``
        Where the runs are made; the results do not depend on it.

    Returns
    -------
    OwnReport

    Raises
    ------
    ArgumentError
        If the theorem cannot be put to this loop, or a constant is missing, unknown or out of range.
    DataError
        If the model or the law returns something that is no sample or no log density, or its draws and its density
        contradict each other.
    HypothesisError
        If a hypothesis of the theorem fails at these constants.

    Examples
    --------
    >>> from scipy.stats import norm
    >>> from verify.data import NormalMixture
    >>> from verify.mixing import replace
    >>> class Normal:
    ...     def fit(self, points, rng):
    ...         self.mean, self.std = points.mean(), points.std()
    ...     def sample(self, size, rng):
    ...         return rng.normal(self.mean, self.std, size)
    ...     def log_density(self, points):
    ...         return norm.logpdf(points[:, 0], self.mean, self.std)
    >>> loop = OwnLoop(Normal(), NormalMixture.normal(), replace(10), generations=3)
    >>> report = check_own_model("fu2024.recursion", loop, seed=1)
    >>> [result.verdict.value for result in report.run.results], report.run.passed
    (['CONSISTENT', 'CONSISTENT', 'CONSISTENT'], True)
    """
    binding = _binding(theorem_id, loop)
    if asserted is not None and not isinstance(asserted, Mapping):
        raise ArgumentError(f"asserted = {asserted!r}; give constants by name, for instance {{'e': 0.05}}")
    given = dict(asserted or {})
    theorem = bounds.get(theorem_id).at(**binding.regimes[loop.mixture.regime])
    measured_name = _error_to_measure(binding, loop, given)
    settings = _settings(theorem, binding, loop, given, measured_name)
    drifts = _run(loop, count("replicates", replicates, 10), count("draws", draws, 40), _seed(seed), workers)
    budget = ErrorBudget(TOTAL_ERROR)
    level = budget.share(loop.generations * (1 + bool(measured_name) + loop.densities))
    if loop.densities:
        _refuse_wrong_density(drifts, level)
    limits = _learning_limits(drifts, level) if measured_name else ()
    if measured_name:
        settings = [
            replace(setting, arguments={**setting.arguments, measured_name: limit})
            for setting, limit in zip(settings, limits, strict=True)
        ]
    evidence = [_evidence(drifts, at, loop.densities) for at in range(loop.generations)]
    run = _judge(theorem, settings, evidence, level, budget.record(), seed)
    return OwnReport(
        run=run,
        asserted=given,
        measured={measured_name: max(limits)} if measured_name else {},
        assumptions=(*theorem.assumptions, *((_DENSITIES,) if loop.densities else ())),
    )


def _binding(theorem_id: str, loop: OwnLoop) -> Binding:
    bounds.get(theorem_id)  # an unknown id has its own message
    regime = loop.mixture.regime
    listed = ", ".join(question.id for question in questions(loop)) or "none"
    for binding in BINDINGS:
        if binding.id == theorem_id and regime in binding.regimes:
            if binding.suits(loop.mixture):
                return binding
            raise ArgumentError(f"{theorem_id} needs {binding.needs}; this loop can be put to: {listed}")
    raise ArgumentError(f"{theorem_id} cannot be put to a loop with {regime.value} data; this one can: {listed}")


def _error_to_measure(binding: Binding, loop: OwnLoop, given: Mapping[str, Any]) -> str:
    needed = {*binding.asserted, *((binding.error,) if binding.error else ())}
    for name in given:
        if name not in needed:
            allowed = f"give {', '.join(sorted(needed))}" if needed else "it takes none"
            raise ArgumentError(f"{binding.id} takes no constant {name!r} from you here: {allowed}")
    missing = [name for name in binding.asserted if name not in given]
    measurable = binding.error and binding.error not in given
    if measurable and not loop.densities:
        missing.append(binding.error)
    if missing:
        why = "" if loop.densities else ": without log densities nothing limits an error from above"
        raise ArgumentError(f"assert {', '.join(f'{name}=...' for name in missing)}{why}")
    return binding.error if measurable else ""


def _settings(
    theorem: Theorem, binding: Binding, loop: OwnLoop, given: Mapping[str, Any], measured: str
) -> list[Setting]:
    """Make a setting per generation, and refuse constants out of range before any loop is run."""
    known = binding.known(loop.mixture)
    settings = [Setting(f"t = {g}", {**known, **given, "t": g}) for g in range(1, loop.generations + 1)]
    for setting in settings:
        theorem.enclose(**{**setting.arguments, **({measured: Fraction(1, 2)} if measured else {})})
    return settings


@dataclass(frozen=True)
class _Task:
    loop: OwnLoop
    draws: int
    seed: int
    index: int


def _once(task: _Task) -> Drift:
    stream = np.random.SeedSequence(task.seed, spawn_key=(task.index,))
    return run_once(task.loop, task.draws, np.random.default_rng(stream))


def _run(loop: OwnLoop, replicates: int, draws: int, seed: int, workers: Any) -> list[Drift]:
    tasks = [_Task(loop, draws, seed, index) for index in range(replicates)]
    with runner(workers) as spread:
        found = {task.index: drift for task, drift in spread(_once, tasks)}
    return [found[index] for index in range(replicates)]


def _seed(seed: int) -> int:
    return count("seed", seed, 0)


def _refuse_wrong_density(drifts: Sequence[Drift], level: float) -> None:
    for at in range(len(drifts[0].balance)):
        limits = BoundedSample(np.array([drift.balance[at] for drift in drifts]), -1.0, 1.0).interval(level)
        if not limits.lower <= 0.0 <= limits.upper:
            raise DataError(
                f"log_density and sample contradict each other, for the real law or for generation {at + 1}: over draws of "
                f"both, p/(p+q) adds up to {1 + limits.lower:.4g} to {1 + limits.upper:.4g} instead of 1; is the density "
                "normalised, and are the draws independent?"
            )


def _learning_limits(drifts: Sequence[Drift], level: float) -> tuple[float, ...]:
    """Upper limits of the learning error of every generation so far, the first generation first."""
    rows = np.array([drift.learning for drift in drifts])
    # A little more is a limit as well, and lets generation 1, which is this measurement, lie within its own bound.
    limits = [min(BoundedSample(column, 0.0, 1.0).upper(level) * (1 + 1e-12), 1.0) for column in rows.T]
    return tuple(float(limit) for limit in np.maximum.accumulate(limits))


def _evidence(drifts: Sequence[Drift], at: int, densities: bool) -> Evidence:
    values = np.array([drift.variation[at] for drift in drifts])
    return BoundedSample(values, 0.0, 1.0) if densities else ShownVariation(values)


def _controls(theorem: Theorem) -> tuple[Control, ...]:
    if theorem.direction is Direction.EXACT:
        return (
            plant(theorem, "half as large", lambda e: e * Rational(1, 2)),
            plant(theorem, "the first generation's", lambda e: e.subs(t, Integer(1))),
        )
    return (
        plant(theorem, "half the bound", lambda e: e * Rational(1, 2)),
        plant(theorem, "no drift after generation 1", lambda e: e.subs(t, Integer(1))),
    )


def _judge(
    theorem: Theorem,
    settings: Sequence[Setting],
    evidence: Sequence[Evidence],
    level: float,
    record: Mapping[str, float | int],
    seed: int,
) -> Run:
    pairs = list(zip(settings, evidence, strict=True))
    results = tuple(_result(theorem, s, e, judge_theorem(theorem, s, e, level), seed) for s, e in pairs)
    controls = []
    for control in _controls(theorem):
        names = {symbol.name for symbol in control.theorem.symbols}
        narrowed = [replace(s, arguments={k: v for k, v in s.arguments.items() if k in names}) for s in settings]
        verdicts = [
            judge_theorem(control.theorem, s, e, level).verdict for s, e in zip(narrowed, evidence, strict=True)
        ]
        violated = sum(verdict is Verdict.VIOLATED for verdict in verdicts)
        controls.append(ControlResult(theorem.id, control.name, violated > 0, len(verdicts), violated))
    return Run(results, tuple(controls), record, seed, "own model")


def _result(theorem: Theorem, setting: Setting, evidence: Evidence, found: Judgement, seed: int) -> Result:
    return Result(
        id=theorem.id,
        setting=setting.label,
        inputs={**dict(theorem.choices), **setting.arguments},
        quantity=theorem.quantity.name,
        direction=theorem.direction.value,
        bound=(found.bound.lower + found.bound.upper) / 2,
        measured=found.measured,
        ci=(found.ci.lower, found.ci.upper),
        ratio=found.ratio,
        verdict=found.verdict,
        replicates=len(evidence.values),  # type: ignore[attr-defined]
        seed=seed,
    )

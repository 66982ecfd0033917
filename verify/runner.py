"""Runs checks: measures every setting, then judges all of them within one error budget.

Every setting has a random stream of its own, derived from the seed of the run, the theorem's id and the position of the
setting, so that the same seed gives the same bits whichever checks run beside it and on whichever executor.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from bounds import ArgumentError, Theorem
from verify.check import FULL, QUICK, Check, Effort, Setting
from verify.checks import all_checks
from verify.evidence import Computed, ErrorBudget, Evidence, Interval, Judgement, Verdict, judge
from verify.results import ControlResult, Result, Run

TOTAL_ERROR = 1e-3
"""Probability that a run calls any true theorem VIOLATED, or any false one CONSISTENT."""

Progress = Callable[[int, int, str], None]
Measured = tuple[Setting, Evidence]


@dataclass(frozen=True)
class _Task:
    check: str
    index: int
    effort: Effort
    seed: int


def select(names: Sequence[str]) -> tuple[Check, ...]:
    """Return the checks of the theorems or papers named, all of them when none is.

    Parameters
    ----------
    names : sequence of str
        Theorem ids and paper keys.

    Returns
    -------
    tuple of Check

    Raises
    ------
    ArgumentError
        If a name is neither; the message says what there is.

    Examples
    --------
    >>> [check.theorem.id for check in select(["bertrand2024.jacobian"])]
    ['bertrand2024.jacobian']
    """
    checks = all_checks()
    ids = {c.theorem.id for c in checks}
    keys = {c.theorem.source.paper.key for c in checks}
    for name in names:
        if name not in ids | keys:
            raise ArgumentError(
                f"nothing to verify is called '{name}'; papers: {', '.join(sorted(keys))}; ids: see `list`"
            )
    return tuple(c for c in checks if not names or c.theorem.id in names or c.theorem.source.paper.key in names)


def run_checks(
    names: Sequence[str] = (),
    *,
    quick: bool = False,
    replicates: int | None = None,
    seed: int = 0,
    workers: int | Executor | Any = 1,
    progress: Progress | None = None,
) -> Run:
    """Verify theorems.

    Parameters
    ----------
    names : sequence of str
        Theorem ids and paper keys; all when empty.
    quick : bool
        Spend the quick effort instead of the full one.
    replicates : int, optional
        Independent runs of a loop per sampled setting, instead of the effort's.
    seed : int
        Seed of the whole run.
    workers : int, concurrent.futures.Executor or anything with ``map``
        Where settings are measured; the results do not depend on it.
    progress : callable, optional
        Called as ``progress(done, total, label)`` after each setting.

    Returns
    -------
    Run

    Raises
    ------
    ArgumentError
        If a name, the seed, the replicates or the workers make no sense, or a check finds no setting within the
        hypotheses of its theorem.

    Examples
    --------
    >>> run_checks(["bertrand2024.spectral_radius"], quick=True, seed=1).passed
    True
    """
    effort = _effort(quick, replicates)
    if seed < 0:
        raise ArgumentError(f"seed = {seed}; it must be a whole number, 0 or more")
    checks = select(names)
    tasks = [
        _Task(check.theorem.id, index, effort, seed)
        for check in checks
        for index in range(len(_settings(check.theorem.id, effort, seed)))
    ]
    measured: dict[str, list[Measured]] = {check.theorem.id: [] for check in checks}
    with _mapping(workers) as mapping:
        for done, (task, evidence) in enumerate(zip(tasks, mapping(_measure, tasks), strict=True), start=1):
            setting = _settings(task.check, effort, seed)[task.index]
            measured[task.check].append((setting, evidence))
            if progress is not None:
                progress(done, len(tasks), task.check)
    found = [(check, measured[check.theorem.id]) for check in checks]
    return judge_measured(found, seed=seed, effort="quick" if quick else "full")


def _effort(quick: bool, replicates: int | None) -> Effort:
    effort = QUICK if quick else FULL
    if replicates is None:
        return effort
    if replicates < 2:
        raise ArgumentError(f"replicates = {replicates}; it must be a whole number, 2 or more")
    return Effort(effort.settings, replicates)


@contextmanager
def _mapping(workers: Any) -> Iterator[Callable[..., Iterable[Any]]]:
    if hasattr(workers, "map"):
        yield workers.map
    elif not isinstance(workers, int) or workers < 1:
        raise ArgumentError(f"workers = {workers}; it must be a positive whole number, or an executor")
    elif workers == 1:
        yield map
    else:
        with ProcessPoolExecutor(workers) as pool:
            yield pool.map


def _check(theorem_id: str) -> Check:
    return next(c for c in all_checks() if c.theorem.id == theorem_id)


def _stream(theorem_id: str, seed: int, *position: int) -> np.random.Generator:
    key = (zlib.crc32(theorem_id.encode()), *position)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


@lru_cache(maxsize=256)
def _settings(theorem_id: str, effort: Effort, seed: int) -> tuple[Setting, ...]:
    found = tuple(_check(theorem_id).settings(effort, _stream(theorem_id, seed)))
    if not found:
        raise ArgumentError(f"the check of {theorem_id} found no setting within the theorem's hypotheses")
    return found


def _measure(task: _Task) -> Evidence:
    setting = _settings(task.check, task.effort, task.seed)[task.index]
    return _check(task.check).measure(setting, task.effort, _stream(task.check, task.seed, 1 + task.index))


def judge_measured(found: Sequence[tuple[Check, Sequence[Measured]]], *, seed: int, effort: str) -> Run:
    """Judge everything that was measured within one error budget, the planted theorems on the same evidence.

    Parameters
    ----------
    found : sequence of (Check, sequence of (Setting, Evidence))
    seed : int
        Seed of the run, kept with each result.
    effort : str
        Name of the effort, kept with the run.

    Returns
    -------
    Run

    Raises
    ------
    HypothesisError
        If a setting lies outside the hypotheses of its theorem.

    Examples
    --------
    >>> check = select(["ferbach2024.kl_ball"])[0]
    >>> setting = Setting("two candidates", {"lam": "1/2", "K": 2})
    >>> judge_measured([(check, [(setting, Computed(0.05, 0.0))])], seed=0, effort="quick").results[0].verdict.name
    'EXACT'
    """
    budget = ErrorBudget(TOTAL_ERROR)
    sampled = sum(not isinstance(evidence, Computed) for _, pairs in found for _, evidence in pairs)
    level = budget.share(max(sampled, 1))
    results: list[Result] = []
    controls: list[ControlResult] = []
    for check, pairs in found:
        results += [_result(check, setting, evidence, level, seed) for setting, evidence in pairs]
        for control in check.controls:
            verdicts = [
                judge_theorem(
                    control.theorem, _narrowed(setting, check.theorem, control.theorem), evidence, level
                ).verdict
                for setting, evidence in pairs
            ]
            violated = verdicts.count(Verdict.VIOLATED)
            controls.append(ControlResult(check.theorem.id, control.name, violated > 0, len(pairs), violated))
    record = budget.record() if sampled else {"total": TOTAL_ERROR, "tests": 0, "per_test": 0.0}
    return Run(tuple(results), tuple(controls), record, seed, effort)


def _narrowed(setting: Setting, true: Theorem, false: Theorem) -> Setting:
    """Drop the arguments of symbols that the planted theorem no longer has."""
    choices = {name: setting.arguments[name] for name in _choice_names(true) if name in setting.arguments}
    lost = {s.name for s in true.at(**choices).symbols} - {s.name for s in false.at(**choices).symbols}
    return replace(setting, arguments={k: v for k, v in setting.arguments.items() if k not in lost})


def _choice_names(theorem: Theorem) -> set[str]:
    return {name for regime in theorem.regimes for name, _ in regime.choices}


def judge_theorem(theorem: Theorem, setting: Setting, evidence: Evidence, level: float) -> Judgement:
    """Judge a theorem on the evidence from one setting.

    Parameters
    ----------
    theorem : Theorem
    setting : Setting
    evidence : Evidence
    level : float
        Probability of a wrong verdict.

    Returns
    -------
    Judgement

    Raises
    ------
    HypothesisError
        If the setting lies outside the theorem's hypotheses: a check must never do that.

    Examples
    --------
    >>> import bounds
    >>> setting = Setting("", {"lam": "1/2", "K": 2})
    >>> judge_theorem(bounds.get("ferbach2024.kl_ball"), setting, Computed(0.5, 0.0), 0.01).verdict.name
    'EXACT'
    """
    bound = Interval(*theorem.enclose(**setting.arguments))
    return judge(evidence, bound, theorem.direction.value, level)


def _result(check: Check, setting: Setting, evidence: Evidence, level: float, seed: int) -> Result:
    theorem = check.theorem
    found = judge_theorem(theorem, setting, evidence, level)
    names = _choice_names(theorem)
    one = theorem.at(**{k: v for k, v in setting.arguments.items() if k in names})
    return Result(
        id=theorem.id,
        setting=setting.label,
        inputs={**dict(one.choices), **setting.arguments},
        quantity=one.quantity.name,
        direction=theorem.direction.value,
        bound=(found.bound.lower + found.bound.upper) / 2,
        measured=found.measured,
        ci=(found.ci.lower, found.ci.upper),
        ratio=found.ratio,
        verdict=found.verdict,
        replicates=replicates_of(evidence),
        seed=seed,
    )


def replicates_of(evidence: Evidence) -> int:
    """Return how many independent runs stand behind evidence.

    Parameters
    ----------
    evidence : Evidence

    Returns
    -------
    int
        0 for a quantity computed without sampling.

    Examples
    --------
    >>> replicates_of(Computed(0.5, 0.0))
    0
    """
    if isinstance(evidence, Computed):
        return 0
    trials = getattr(evidence, "trials", None)
    return int(trials) if trials is not None else len(evidence.values)  # type: ignore[attr-defined]

"""Holds what was measured against the theorems, within one error budget."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from bounds import Theorem
from bounds.arguments import narrowed
from verify.check import Check, Control, Setting
from verify.evidence import Computed, ErrorBudget, Evidence, Interval, Judgement, Slope, Verdict, judge
from verify.evidence.looks import Peeked
from verify.results import ControlResult, Result, Run

TOTAL_ERROR = 1e-3
"""Probability that a run calls any true theorem VIOLATED, or any false one CONSISTENT."""

BOUND_WIDTH = Fraction(1, 10**9)
"""Relative width to which a bound is enclosed at least: digits of an integral cost time; a closed form is far narrower."""

Measured = tuple[Setting, Evidence]
Judged = tuple[Result | None, tuple[Verdict | None, ...]]
"""The result of a theorem at one setting, and the verdicts on its controls; None for what the setting does not test."""


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
    >>> from verify.checks import all_checks
    >>> check = next(c for c in all_checks() if c.theorem.id == "ferbach2024.kl_ball")
    >>> setting = Setting("two candidates", {"lam": "1/2", "K": 2})
    >>> judge_measured([(check, [(setting, Computed(0.05, 0.0))])], seed=0, effort="quick").results[0].verdict.name
    'EXACT'
    """
    sampled = sum(not isinstance(evidence, Computed) for _, pairs in found for _, evidence in pairs)
    level, record = share_out(sampled)
    judged = [(check, [judge_setting(check, *pair, level, seed) for pair in pairs]) for check, pairs in found]
    return collect(judged, record, seed, effort)


def share_out(sampled: int) -> tuple[float, dict[str, float | int]]:
    """Share the error budget of a run over its sampled tests.

    Parameters
    ----------
    sampled : int
        How many tests the run makes.

    Returns
    -------
    level : float
        Of each test.
    record : dict
        What was spent, as `verify.results.Run` keeps it.

    Examples
    --------
    >>> share_out(8)[0]
    0.000125
    """
    budget = ErrorBudget(TOTAL_ERROR)
    level = budget.share(max(sampled, 1))
    return level, budget.record() if sampled else {"total": TOTAL_ERROR, "tests": 0, "per_test": 0.0}


def judge_setting(check: Check, setting: Setting, evidence: Evidence, level: float, seed: int) -> Judged:
    """Judge a theorem and every planted one on the same evidence, or the natural control that the setting tests.

    Parameters
    ----------
    check : Check
    setting : Setting
    evidence : Evidence
    level : float
        Probability of a wrong verdict.
    seed : int
        Seed of the run, kept with the result.

    Returns
    -------
    result : Result or None
        None at a setting that tests a natural control, which says nothing about the theorem.
    planted : tuple of (Verdict or None)
        In the order of the check's controls; None for those that the setting does not test.

    Raises
    ------
    HypothesisError
        If the setting lies outside the theorem's hypotheses.

    Examples
    --------
    >>> from verify.checks import all_checks
    >>> check = next(c for c in all_checks() if c.theorem.id == "ferbach2024.kl_ball")
    >>> result, planted = judge_setting(check, Setting("", {"lam": "1/2", "K": 2}), Computed(0.05, 0.0), 1e-3, 0)
    >>> result.verdict.name, len(planted) == len(check.controls)
    ('EXACT', True)
    """
    tested = check.control_at(setting)
    planted = tuple(
        _judge_control(check, control, setting, evidence, level).verdict
        if control is tested or (tested is None and not control.natural)
        else None
        for control in check.controls
    )
    return None if tested else _result(check, setting, evidence, level, seed), planted


def judge_tested(check: Check, setting: Setting, evidence: Evidence, level: float) -> Judgement:
    """Judge what a setting is there to test: the theorem, or a natural control.

    Parameters
    ----------
    check : Check
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
        If the setting lies outside the hypotheses of what it tests.

    Examples
    --------
    >>> from verify.checks import all_checks
    >>> check = next(c for c in all_checks() if c.theorem.id == "ferbach2024.kl_ball")
    >>> judge_tested(check, Setting("", {"lam": "1/2", "K": 2}), Computed(0.05, 0.0), 1e-3).verdict.name
    'EXACT'
    """
    tested = check.control_at(setting)
    if tested is None:
        return judge_theorem(check.theorem, setting, evidence, level)
    return _judge_control(check, tested, setting, evidence, level)


def _judge_control(check: Check, control: Control, setting: Setting, evidence: Evidence, level: float) -> Judgement:
    return judge_theorem(control.theorem, _narrowed(setting, check.theorem, control.theorem), evidence, level)


def collect(
    judged: Sequence[tuple[Check, Sequence[Judged]]], record: Mapping[str, float | int], seed: int, effort: str
) -> Run:
    """Count what was caught, and put a run together.

    Parameters
    ----------
    judged : sequence of (Check, sequence of (Result or None, tuple of (Verdict or None)))
    record : mapping
        What was spent of the error budget.
    seed : int
    effort : str
        Name of the effort.

    Returns
    -------
    Run

    Examples
    --------
    >>> collect([], {"total": 0.001, "tests": 0, "per_test": 0.0}, 0, "quick").passed
    True
    """
    controls: list[ControlResult] = []
    for check, found in judged:
        for number, control in enumerate(check.controls):
            verdicts = [planted[number] for _, planted in found if planted[number] is not None]
            violated = sum(verdict is Verdict.VIOLATED for verdict in verdicts)
            controls.append(ControlResult(check.theorem.id, control.name, violated > 0, len(verdicts), violated))
    results = tuple(result for _, found in judged for result, _ in found if result is not None)
    return Run(results, tuple(controls), record, seed, effort)


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
    >>> from verify.evidence import Computed
    >>> setting = Setting("", {"lam": "1/2", "K": 2})
    >>> judge_theorem(bounds.get("ferbach2024.kl_ball"), setting, Computed(0.5, 0.0), 0.01).verdict.name
    'EXACT'
    """
    bound = Interval(*theorem.enclose(**setting.arguments, relative_width=BOUND_WIDTH))
    return judge(evidence, bound, theorem.direction.value, level)


def _narrowed(setting: Setting, true: Theorem, false: Theorem) -> Setting:
    """Drop the arguments of symbols that the planted theorem no longer has."""
    known, left = ({s.name for s in narrowed(one, setting.arguments)[0].symbols} for one in (true, false))
    lost = known - left
    return replace(setting, arguments={k: v for k, v in setting.arguments.items() if k not in lost})


def _result(check: Check, setting: Setting, evidence: Evidence, level: float, seed: int) -> Result:
    theorem = check.theorem
    found = judge_theorem(theorem, setting, evidence, level)
    one, _ = narrowed(theorem, setting.arguments)
    return Result(
        id=theorem.id,
        setting=setting.label,
        inputs={**dict(one.choices), **setting.arguments},
        quantity=one.quantity.name,
        direction=theorem.direction.value,
        bound=(found.bound.lower + found.bound.upper) / 2,
        measured=found.measured,
        ci=(found.ci.lower, found.ci.upper),
        ratio=math.nan if _is_slope(evidence) else found.ratio,
        verdict=found.verdict,
        replicates=replicates_of(evidence),
        seed=seed,
    )


def _is_slope(evidence: Evidence) -> bool:
    """Tell whether an exponent was measured: the quotient of two exponents is no tightness."""
    return isinstance(evidence.evidence if isinstance(evidence, Peeked) else evidence, Slope)


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
    if isinstance(evidence, Peeked):
        return replicates_of(evidence.evidence)
    trials = getattr(evidence, "trials", None)
    return int(trials) if trials is not None else len(evidence.values)  # type: ignore[attr-defined]

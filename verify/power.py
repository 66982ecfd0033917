"""Power of the checks: the smallest violation of a theorem that its check would detect.

Everything is measured once, as a run of checks would; then the theorem's bound is moved into what was measured, by a
share v of itself, and v is halved until the verdict is no longer VIOLATED.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, final

from bounds import ArgumentError, Theorem
from verify.check import FULL, QUICK, Check, Effort, Setting
from verify.evidence import Computed, Evidence, Interval, Verdict, judge
from verify.executors import Runner, runner
from verify.judging import Measured, share_out
from verify.power_results import CheckPower, Power, SettingPower
from verify.results import Failure
from verify.runner import select
from verify.tasks import Task, failure, find_check, measure, settings_of

__all__ = ["CheckPower", "Power", "Remembered", "SettingPower", "check_power", "power", "smallest_violation"]

Progress = Callable[[int, int, str], None]

# Violations are looked for from LEAST, below which none is told from a smaller one, to MOST, a hundredfold bound.
LEAST, MOST = 1e-12, 100.0
_HALVINGS = 40


def power(
    names: Sequence[str] = (),
    *,
    quick: bool = False,
    seed: int = 0,
    seeds: int = 1,
    workers: Any = 1,
    progress: Progress | None = None,
) -> Power:
    """Find the smallest violation that each check detects at its effort.

    Verdicts are reached at the level they have in `verify.run_checks` with the same names, where a setting of a natural
    control counts as sampled.

    Parameters
    ----------
    names : sequence of str
        Theorem ids and paper keys; all when empty.
    quick : bool
        At the quick effort instead of the full one.
    seed : int
        Seed of the first run.
    seeds : int
        Runs, of consecutive seeds, for the share of runs that detect a violation.
    workers : int, executor or anything with ``map``
        Where settings are measured; the results do not depend on it.
    progress : callable, optional
        Called as ``progress(done, total, label)`` after each setting.

    Returns
    -------
    Power

    Raises
    ------
    ArgumentError
        If a name, a seed or the workers make no sense.

    Examples
    --------
    >>> found = power(["ferbach2024.uncurated_mixture"], quick=True)
    >>> found.checks[0].detects(0.1), found.share("ferbach2024.uncurated_mixture")
    (True, 1.0)
    """
    if seed < 0 or seeds < 1:
        raise ArgumentError(f"seed = {seed}, seeds = {seeds}: give a seed of 0 or more, and 1 seed or more")
    checks = select(names)
    effort = QUICK if quick else FULL
    plans = {s: _tasks(checks, effort, s) for s in range(seed, seed + seeds)}
    counter = _Counter(sum(len(tasks) for tasks, _ in plans.values()), progress)
    levels: list[float] = []
    found: list[CheckPower] = []
    failures: list[Failure] = []
    with runner(workers) as spread:
        # Seed by seed, so that no more than one run's samples are held.
        for s, (tasks, broken) in plans.items():
            measured = _measure(tasks, spread, counter)
            levels.append(_level(checks, effort, s, tasks, measured))
            answers = _answers(tasks, measured, levels[-1], spread)
            failures += broken + [answer for answer in answers.values() if isinstance(answer, Failure)]
            found += [_of_check(check, s, answers) for check in checks]
    return Power("quick" if quick else "full", tuple(plans), tuple(levels), tuple(found), tuple(failures))


def check_power(check: Check, measured: Sequence[Measured], level: float, *, seed: int = 0) -> CheckPower:
    """Find the smallest violation that a check detects on what was measured.

    Parameters
    ----------
    check : Check
    measured : sequence of (Setting, Evidence)
    level : float
        Of each test.
    seed : int
        Kept with the result.

    Returns
    -------
    CheckPower

    Raises
    ------
    HypothesisError
        If a setting lies outside the theorem's hypotheses.

    Examples
    --------
    >>> from verify.tasks import find_check
    >>> kl_ball = find_check("ferbach2024.kl_ball")
    >>> setting = Setting("two candidates", {"lam": "1/2", "K": 2})
    >>> found = check_power(kl_ball, [(setting, Computed(math.log(2) / 2, 0.0))], 1e-3)
    >>> round(found.smallest, 6)
    0.5
    """
    found = (_setting_power(check.theorem, setting, evidence, level) for setting, evidence in measured)
    return CheckPower(check.theorem.id, check.theorem.direction.value, seed, tuple(found))


def smallest_violation(evidence: Evidence, bound: Interval, direction: str, level: float, side: str) -> float | None:
    """Find the smallest v at which a bound moved by v times itself is VIOLATED.

    Parameters
    ----------
    evidence : Evidence
    bound : Interval
        Enclosure of the theorem's value.
    direction : str
        "upper", "lower" or "exact".
    level : float
        Of the test.
    side : {"smaller", "larger"}
        Where the bound is moved: to ``bound - v |bound|`` with v < 1, or to ``bound + v |bound|`` with v up to 100.

    Returns
    -------
    float or None
        To a relative 1e-6 from above, so that this violation is itself detected; 0 if the bound is VIOLATED as it
        stands; None if no such v is detected.

    Raises
    ------
    ArgumentError
        If the side is neither.

    Examples
    --------
    >>> round(smallest_violation(Computed(0.75, 0.0), Interval(1.0, 1.0), "upper", 1e-3, "smaller"), 6)
    0.25
    >>> smallest_violation(Computed(0.0, 0.0), Interval(1.0, 1.0), "upper", 1e-3, "smaller") is None
    True
    """
    if side not in ("smaller", "larger"):
        raise ArgumentError(f"side {side!r}: give 'smaller' or 'larger'")
    if not (math.isfinite(bound.lower) and math.isfinite(bound.upper)):
        return None
    kept = evidence if isinstance(evidence, Computed) else Remembered(evidence)
    sign, most = (-1.0, 1.0 - LEAST) if side == "smaller" else (1.0, MOST)

    def detected(violation: float) -> bool:
        return judge(kept, _moved(bound, sign * violation), direction, level).verdict is Verdict.VIOLATED

    if detected(0.0):
        return 0.0
    if not detected(most):
        return None
    # The verdict is VIOLATED from some v on: the moved bound only goes further from what was measured.
    low, high = math.log(LEAST), math.log(most)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if detected(math.exp(middle)) else (middle, high)
    return math.exp(high) if high < math.log(most) else most


def _moved(bound: Interval, share: float) -> Interval:
    ends = (bound.lower + share * abs(bound.lower), bound.upper + share * abs(bound.upper))
    # One step outward for the rounding.
    return Interval(math.nextafter(min(ends), -math.inf), math.nextafter(max(ends), math.inf))


@final
class Remembered(Evidence):
    """Evidence whose limits are computed once: a search asks for the same ones many times.

    Parameters
    ----------
    evidence : Evidence
        Not Computed, which the verdict treats as known without sampling.

    Examples
    --------
    >>> from verify.evidence import Indicators
    >>> Remembered(Indicators(3, 10)).lower(0.05) == Indicators(3, 10).lower(0.05)
    True
    """

    def __init__(self, evidence: Evidence) -> None:
        self._estimate = evidence.estimate
        self._limits = lru_cache(maxsize=None)(
            lambda upper, level: (evidence.upper if upper else evidence.lower)(level)
        )

    @property
    def estimate(self) -> float:
        """The measured value."""
        return self._estimate

    def _lower(self, level: float) -> float:
        return self._limits(False, level)

    def _upper(self, level: float) -> float:
        return self._limits(True, level)


def _setting_power(theorem: Theorem, setting: Setting, evidence: Evidence, level: float) -> SettingPower:
    bound, direction = Interval(*theorem.enclose(**setting.arguments)), theorem.direction.value
    kept = evidence if isinstance(evidence, Computed) else Remembered(evidence)
    sides = {"upper": ("smaller",), "lower": ("larger",), "exact": ("smaller", "larger")}[direction]
    found = {side: smallest_violation(kept, bound, direction, level, side) for side in sides}
    return SettingPower(setting.label, type(evidence).__name__, found.get("smaller"), found.get("larger"))


# --- measuring --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Plea:
    """What one call of `_answer` has to do."""

    task: Task
    evidence: Evidence
    level: float


class _Counter:
    """Counts the settings measured, over all seeds."""

    def __init__(self, total: int, progress: Progress | None) -> None:
        self._done, self._total, self._progress = 0, total, progress

    def count(self, label: str) -> None:
        self._done += 1
        if self._progress is not None:
            self._progress(self._done, self._total, label)


def _tasks(checks: Sequence[Check], effort: Effort, seed: int) -> tuple[list[Task], list[Failure]]:
    """One task for each setting of the theorems themselves; those of natural controls say nothing of power."""
    tasks: list[Task] = []
    failures: list[Failure] = []
    for check in checks:
        name = check.theorem.id
        try:
            found = settings_of(name, effort, seed)
        except Exception as error:  # noqa: BLE001  one broken check must not cost the rest of a long run
            failures.append(failure(error, name, None, "settings", seed))
            continue
        tasks += [Task(name, index, effort, seed) for index, setting in enumerate(found) if not setting.control]
    return tasks, failures


def _measure(tasks: Sequence[Task], spread: Runner[Any, Any], counter: _Counter) -> dict[Task, Evidence | Failure]:
    measured: dict[Task, Evidence | Failure] = {}
    with closing(spread(measure, tasks)) as found:
        for task, outcome in found:
            measured[task] = outcome
            counter.count(task.check)
    return measured


def _level(
    checks: Sequence[Check], effort: Effort, seed: int, tasks: Sequence[Task], measured: dict[Task, Evidence | Failure]
) -> float:
    """Level of each test in a run of these checks."""
    own = sum(not isinstance(outcome, Computed) for outcome in measured.values())
    known = {task.check for task in tasks}
    drawn = (settings_of(check.theorem.id, effort, seed) for check in checks if check.theorem.id in known)
    return share_out(own + sum(bool(setting.control) for settings in drawn for setting in settings))[0]


def _answers(
    tasks: Sequence[Task], measured: dict[Task, Evidence | Failure], level: float, spread: Runner[Any, Any]
) -> dict[Task, SettingPower | Failure]:
    """What each setting detects, in the order of the tasks."""
    pleas = [_Plea(task, outcome, level) for task, outcome in measured.items() if isinstance(outcome, Evidence)]
    with closing(spread(_answer, pleas)) as found:
        judged = {plea.task: answer for plea, answer in found}
    failed = {task: outcome for task, outcome in measured.items() if isinstance(outcome, Failure)}
    both = failed | judged
    return {task: both[task] for task in tasks}


def _answer(plea: _Plea) -> SettingPower | Failure:
    task = plea.task
    try:
        return _setting_power(find_check(task.check).theorem, task.find_setting(), plea.evidence, plea.level)
    except Exception as error:  # noqa: BLE001  one broken setting must not cost the rest of a long run
        return failure(error, task.check, task.index, "judgement", task.seed)


def _of_check(check: Check, seed: int, answers: dict[Task, SettingPower | Failure]) -> CheckPower:
    own = (answer for task, answer in answers.items() if task.check == check.theorem.id)
    settings = tuple(answer for answer in own if isinstance(answer, SettingPower))
    return CheckPower(check.theorem.id, check.theorem.direction.value, seed, settings)

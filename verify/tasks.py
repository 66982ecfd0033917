"""One task of a run: a theorem at one setting, measured with a random stream of its own.

The stream follows from the seed of the run, the theorem's id and the position of the setting. Hence the same seed gives
the same bits whichever checks run beside it, on whichever executor, and however often the run was interrupted.
"""

from __future__ import annotations

import pickle
import traceback
import zlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from bounds import ArgumentError
from verify.check import Check, Effort, Setting, all_settings
from verify.checks import all_checks
from verify.evidence import Evidence, Verdict
from verify.evidence.looks import after_looks, can_grow, join
from verify.judging import Judged, judge_setting, judge_tested
from verify.results import Failure
from verify.threads import one_thread

# A verdict at this level ends the growth of a sample: it is one in any run of up to 10,000 tests. The level is no part of
# the guarantee, which holds however a run decides when to stop.
ENOUGH = 1e-7

Place = tuple[str, int]
Settings = tuple[Setting, ...]


@dataclass(frozen=True)
class Task:
    """What one call of `measure` has to do.

    Parameters
    ----------
    check : str
        Theorem id.
    index : int
        Position of the setting among those of the check.
    effort : Effort
    seed : int
        Seed of the whole run.
    batches : int
        Most batches, of the effort's replicates each, that may be drawn until there is a verdict.
    setting : Setting or None
        The setting itself, so that no worker has to make it again; None where it cannot be sent.

    Examples
    --------
    >>> Task("ferbach2024.kl_ball", 3, Effort(12, 2000), seed=1).index
    3
    """

    check: str
    index: int
    effort: Effort
    seed: int
    batches: int = 1
    setting: Setting | None = None

    @property
    def place(self) -> Place:
        """Theorem id and position of the setting."""
        return self.check, self.index

    def find_setting(self) -> Setting:
        """Return the setting, made again if it is not at hand."""
        if self.setting is not None:
            return self.setting
        return settings_of(self.check, self.effort, self.seed)[self.index]


@dataclass(frozen=True)
class Trial:
    """What one call of `try_case` has to do.

    Parameters
    ----------
    task : Task
    evidence : Evidence
        What was measured.
    level : float
        Probability of a wrong verdict.

    Examples
    --------
    >>> from verify.evidence import Computed
    >>> Trial(Task("ferbach2024.kl_ball", 0, Effort(12, 2000), seed=1), Computed(0.0, 0.0), 1e-3).task.place
    ('ferbach2024.kl_ball', 0)
    """

    task: Task
    evidence: Evidence
    level: float


def find_check(theorem_id: str) -> Check:
    """Return the check of a theorem.

    Parameters
    ----------
    theorem_id : str

    Returns
    -------
    Check

    Raises
    ------
    ArgumentError
        If there is none.

    Examples
    --------
    >>> find_check("ferbach2024.kl_ball").theorem.id
    'ferbach2024.kl_ball'
    """
    for check in all_checks():
        if check.theorem.id == theorem_id:
            return check
    raise ArgumentError(f"there is no check of '{theorem_id}'")


def _stream(theorem_id: str, seed: int, *position: int) -> np.random.Generator:
    key = (zlib.crc32(theorem_id.encode()), *position)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


@lru_cache(maxsize=256)
def settings_of(theorem_id: str, effort: Effort, seed: int) -> Settings:
    """Return the settings of a check, then those of its natural controls.

    Parameters
    ----------
    theorem_id : str
    effort : Effort
    seed : int
        Seed of the whole run.

    Returns
    -------
    tuple of Setting

    Raises
    ------
    ArgumentError
        If the check finds no setting within the hypotheses of its theorem.

    Examples
    --------
    >>> len(settings_of("ferbach2024.kl_ball", Effort(12, 2000), 0)) >= 12
    True
    """
    with one_thread():
        found = all_settings(find_check(theorem_id), effort, _stream(theorem_id, seed))
    if all(setting.control for setting in found):
        raise ArgumentError(f"the check of {theorem_id} found no setting within the theorem's hypotheses")
    return found


def draw(task: Task) -> Settings | Failure | None:
    """Make the settings of a task's check, and return what went wrong if something did.

    Parameters
    ----------
    task : Task
        Whatever its position is.

    Returns
    -------
    tuple of Setting, Failure or None
        None if they cannot be sent from one process to another, so that each has to make them by `settings_of`.

    Examples
    --------
    >>> draw(Task("x.y", 0, Effort(12, 2000), seed=1)).error
    "bounds.errors.ArgumentError: there is no check of 'x.y'"
    """
    try:
        found = settings_of(task.check, task.effort, task.seed)
    except Exception as error:  # noqa: BLE001  one broken check must not cost the rest of a long run
        return failure(error, task.check, None, "settings", task.seed)
    try:
        pickle.dumps(found)
    except Exception:  # noqa: BLE001  a law may hold anything, and pickling that may raise anything
        return None
    return found


def gather(task: Task) -> Evidence:
    """Measure one setting.

    Parameters
    ----------
    task : Task

    Returns
    -------
    Evidence

    Examples
    --------
    >>> gather(Task("ferbach2024.kl_ball", 0, Effort(12, 2000), seed=1)).estimate >= 0
    True
    """
    first = _batch(task, 0)
    if task.batches == 1 or not can_grow(first):
        return first
    check, setting = find_check(task.check), task.find_setting()
    drawn = [first]
    for look, wanted in enumerate(looks(task.batches), start=1):
        drawn += [_batch(task, number) for number in range(len(drawn), wanted)]
        # All batches are of one size, so that each has the same law even where a check divides its replicates.
        evidence = after_looks(join(drawn), look)
        if judge_tested(check, setting, evidence, ENOUGH).verdict is not Verdict.INCONCLUSIVE:
            break
    return evidence


def looks(batches: int) -> tuple[int, ...]:
    """Return the numbers of batches after which evidence is judged: each doubles the last.

    Parameters
    ----------
    batches : int
        Most batches that may be drawn, at least 1.

    Returns
    -------
    tuple of int

    Examples
    --------
    >>> looks(10)
    (1, 2, 4, 8, 10)
    """
    doubled = (2**k for k in range(batches.bit_length()))
    return (*(number for number in doubled if number < batches), batches)


def _batch(task: Task, number: int) -> Evidence:
    setting = task.find_setting()
    position = (1 + task.index, number) if number else (1 + task.index,)
    measure_one = find_check(task.check).measure_at(setting)
    with one_thread():
        return measure_one(setting, task.effort, _stream(task.check, task.seed, *position))


def measure(task: Task) -> Evidence | Failure:
    """Measure one setting, and return what went wrong if something did.

    Parameters
    ----------
    task : Task

    Returns
    -------
    Evidence or Failure

    Examples
    --------
    >>> measure(Task("ferbach2024.kl_ball", 999, Effort(12, 2000), seed=1)).error
    'IndexError: tuple index out of range'
    """
    try:
        evidence = gather(task)
    except Exception as error:  # noqa: BLE001  one broken setting must not cost the rest of a long run
        return failure(error, task.check, task.index, "measurement", task.seed)
    if not isinstance(evidence, Evidence):
        wrong = TypeError(f"the check returned {type(evidence).__name__}, which is no evidence")
        return failure(wrong, task.check, task.index, "measurement", task.seed)
    return evidence


def try_case(trial: Trial) -> Judged | Failure:
    """Judge what was measured at one setting, and return what went wrong if something did.

    Parameters
    ----------
    trial : Trial

    Returns
    -------
    tuple of (Result or None, tuple of (Verdict or None)) or Failure

    Examples
    --------
    >>> from verify.evidence import Computed
    >>> task = Task("ferbach2024.kl_ball", 0, Effort(12, 2000), seed=1, setting=Setting("", {"lam": 5, "K": 4}))
    >>> try_case(Trial(task, Computed(0.0, 0.0), 1e-3)).stage  # outside the hypotheses
    'judgement'
    """
    task = trial.task
    try:
        return judge_setting(find_check(task.check), task.find_setting(), trial.evidence, trial.level, task.seed)
    except Exception as error:  # noqa: BLE001  one broken setting must not cost the rest of a long run
        return failure(error, task.check, task.index, "judgement", task.seed)


def failure(error: Exception, theorem_id: str, index: int | None, stage: str, seed: int) -> Failure:
    """Record an exception.

    Parameters
    ----------
    error : Exception
    theorem_id : str
    index : int or None
        Position of the setting; None if the settings themselves failed.
    stage : str
        "settings", "measurement" or "judgement".
    seed : int
        Seed of the whole run.

    Returns
    -------
    Failure

    Examples
    --------
    >>> failure(ValueError("no"), "x.y", 3, "measurement", 7).error
    'ValueError: no'
    """
    (*_, said) = traceback.format_exception_only(error)
    text = "".join(traceback.format_exception(error))
    return Failure(theorem_id, index, stage, seed, said.strip(), text)

"""Runs checks: measures every setting, then judges all of them within one error budget.

What was measured can be kept in a file as it comes, from which an interrupted run goes on to the same results.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from bounds import ArgumentError
from verify.check import FULL, QUICK, Check, Effort
from verify.checks import all_checks
from verify.evidence import Computed, Evidence
from verify.executors import Runner, runner
from verify.judging import Judged, Measured, collect, judge_measured, share_out
from verify.results import Failure, Run
from verify.tasks import Place, Task, Trial, draw, failure, find_check, gather, measure, settings_of, try_case

__all__ = ["judge_measured", "replay", "run_checks", "select", "task_at"]

Progress = Callable[[int, int, str], None]


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
    max_replicates: int | None = None,
    store: Path | str | None = None,
    resume: bool = False,
) -> Run:
    """Verify theorems.

    A setting that raises an exception becomes a `Failure` of the run, and the others go on.

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
    workers : int, concurrent.futures.Executor, distributed.Client or anything with ``map``
        Where settings are measured; the results do not depend on it.
    progress : callable, optional
        Called as ``progress(done, total, label)`` after each setting.
    max_replicates : int, optional
        Where `replicates` leave a sampled setting without a verdict, double them until there is one or until this many
        are drawn. Kinds of evidence whose limits hold at one size only pay for each look with a part of their level.
    store : path, optional
        File in which everything measured is kept as it comes.
    resume : bool
        Go on with the run in `store`, if there is one: what it holds is not measured again, failures are.

    Returns
    -------
    Run

    Raises
    ------
    ArgumentError
        If a name, the seed, the replicates or the workers make no sense.
    DataError
        If the store cannot be used, or holds a run of another design.

    Examples
    --------
    >>> run_checks(["bertrand2024.spectral_radius"], quick=True, seed=1).passed
    True
    """
    effort = _effort(quick, replicates)
    _check_seed(seed)
    if resume and store is None:
        raise ArgumentError("there is nothing to resume: name the file of the run as store")
    batches = _batches(effort, max_replicates)
    checks = select(names)
    with runner(workers) as spread, _kept(store, checks, effort, max_replicates, seed, resume) as kept:
        firsts = [Task(check.theorem.id, 0, effort, seed, batches) for check in checks]
        tasks, failures = _plan(firsts, spread)
        evidence = kept.evidence() if kept is not None else {}
        waiting = [task for task in tasks if task.place not in evidence]
        if kept is not None:
            for failed in failures:
                kept.fail(failed)
        with closing(spread(measure, waiting)) as found:
            for done, (task, measured) in enumerate(found, start=1 + len(tasks) - len(waiting)):
                outcome = _keep(kept, task, measured)
                if isinstance(outcome, Failure):
                    failures.append(outcome)
                else:
                    evidence[task.place] = outcome
                if progress is not None:
                    progress(done, len(tasks), task.check)
        results, record = _judge_tasks(tasks, evidence, spread)
        run = _assemble(checks, tasks, results, failures, record, seed, "quick" if quick else "full")
        if kept is not None:
            kept.finish(run)
    return run


def _check_seed(seed: int) -> None:
    if seed < 0:
        raise ArgumentError(f"seed = {seed}; it must be a whole number, 0 or more")


def _effort(quick: bool, replicates: int | None) -> Effort:
    effort = QUICK if quick else FULL
    if replicates is None:
        return effort
    if replicates < 2:
        raise ArgumentError(f"replicates = {replicates}; it must be a whole number, 2 or more")
    return Effort(effort.settings, replicates)


def _batches(effort: Effort, max_replicates: int | None) -> int:
    if max_replicates is None:
        return 1
    if max_replicates < effort.replicates:
        raise ArgumentError(
            f"max_replicates = {max_replicates}; it must not be below the {effort.replicates} replicates drawn at first"
        )
    return max_replicates // effort.replicates


@contextmanager
def _kept(
    path: Path | str | None,
    checks: Sequence[Check],
    effort: Effort,
    max_replicates: int | None,
    seed: int,
    resume: bool,
) -> Iterator[Any]:
    if path is None:
        yield None
        return
    from verify.store import Design, opened

    ids = tuple(check.theorem.id for check in checks)
    design = Design.of(ids, effort.settings, effort.replicates, max_replicates, seed)
    with opened(Path(path), design, resume=resume) as store:
        yield store


def _plan(firsts: Sequence[Task], spread: Runner[Any, Any]) -> tuple[list[Task], list[Failure]]:
    """Make the settings of every check, and from the first task of each the tasks of all its settings."""
    with closing(spread(draw, firsts)) as found:
        drawn = {task.check: outcome for task, outcome in found}
    tasks: list[Task] = []
    failures: list[Failure] = []
    for first in firsts:
        outcome = drawn[first.check]
        if isinstance(outcome, Failure):
            failures.append(outcome)
        elif outcome is None:
            count = len(settings_of(first.check, first.effort, first.seed))
            tasks += [replace(first, index=index) for index in range(count)]
        else:
            tasks += [replace(first, index=index, setting=setting) for index, setting in enumerate(outcome)]
    return tasks, failures


def _keep(store: Any, task: Task, outcome: Evidence | Failure) -> Evidence | Failure:
    """Write down what came of a task; evidence of a kind that cannot be written is a failure."""
    if store is None:
        return outcome
    if isinstance(outcome, Evidence):
        try:
            store.save(task.check, task.index, outcome)
        except ArgumentError as error:
            outcome = failure(error, task.check, task.index, "measurement", task.seed)
    if isinstance(outcome, Failure):
        store.fail(outcome)
    return outcome


def replay(
    theorem_id: str,
    index: int,
    *,
    quick: bool = False,
    replicates: int | None = None,
    seed: int = 0,
    max_replicates: int | None = None,
) -> Measured:
    """Measure one setting of a run again, alone and in this process, with the same draws; exceptions are raised.

    There is no verdict: that belongs to the run, whose level depends on how many tests it made.

    Parameters
    ----------
    theorem_id : str
    index : int
        Position of the setting, as in `Failure.index`; any, if the settings themselves failed.
    quick, replicates, seed, max_replicates
        As in the run.

    Returns
    -------
    setting : Setting
    evidence : Evidence

    Raises
    ------
    ArgumentError
        If there is no such setting.

    Examples
    --------
    >>> setting, evidence = replay("ferbach2024.kl_ball", 0, quick=True, seed=1)
    >>> run = run_checks(["ferbach2024.kl_ball"], quick=True, seed=1)
    >>> evidence.estimate == run.results[0].measured
    True
    """
    task = task_at(theorem_id, index, quick=quick, replicates=replicates, seed=seed, max_replicates=max_replicates)
    found = settings_of(theorem_id, task.effort, seed)
    if not 0 <= index < len(found):
        raise ArgumentError(f"{theorem_id} has no setting {index}; at this effort there are 0 to {len(found) - 1}")
    return found[index], gather(task)


def task_at(
    theorem_id: str,
    index: int,
    *,
    quick: bool = False,
    replicates: int | None = None,
    seed: int = 0,
    max_replicates: int | None = None,
) -> Task:
    """Return the task that a run gives its workers for one setting.

    Parameters
    ----------
    theorem_id : str
    index : int
        Position of the setting; whether there is one is not looked at.
    quick, replicates, seed, max_replicates
        As in the run.

    Returns
    -------
    Task

    Raises
    ------
    ArgumentError
        If one of these makes no sense.

    Examples
    --------
    >>> task_at("ferbach2024.kl_ball", 0, replicates=100, max_replicates=350).batches
    3
    """
    effort = _effort(quick, replicates)
    _check_seed(seed)
    return Task(find_check(theorem_id).theorem.id, index, effort, seed, _batches(effort, max_replicates))


def _judge_tasks(
    tasks: Sequence[Task], evidence: Mapping[Place, Evidence], spread: Runner[Any, Any]
) -> tuple[dict[Place, Judged | Failure], dict[str, float | int]]:
    # What failed counts as a test, so that the level cannot depend on what was drawn.
    sampled = sum(not isinstance(evidence.get(task.place), Computed) for task in tasks)
    level, record = share_out(sampled)
    trials = [Trial(task, evidence[task.place], level) for task in tasks if task.place in evidence]
    with closing(spread(try_case, trials)) as found:
        return {trial.task.place: outcome for trial, outcome in found}, record


def _assemble(
    checks: Sequence[Check],
    tasks: Sequence[Task],
    outcomes: Mapping[Place, Judged | Failure],
    failures: Sequence[Failure],
    record: Mapping[str, float | int],
    seed: int,
    effort: str,
) -> Run:
    """Put the results in the order of the tasks, whatever the order they came in."""
    judged: dict[str, list[Judged]] = {check.theorem.id: [] for check in checks}
    failed = list(failures)
    for task in tasks:
        outcome = outcomes.get(task.place)
        if isinstance(outcome, Failure):
            failed.append(outcome)
        elif outcome is not None:
            judged[task.check].append(outcome)
    order = {check.theorem.id: position for position, check in enumerate(checks)}
    failed.sort(key=lambda f: (order[f.id], -1 if f.index is None else f.index))
    run = collect([(check, judged[check.theorem.id]) for check in checks], record, seed, effort)
    return replace(run, failures=tuple(failed))

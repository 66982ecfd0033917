"""The option ``--replay`` of the command verify: one setting of a run again, alone, with the same draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from verify.cli_output import Reply, to_json

if TYPE_CHECKING:
    from rich.console import Console

    from verify.check import Setting
    from verify.results import Failure
    from verify.tasks import Task


def replay(names: Sequence[str], index: int, effort: Mapping[str, Any]) -> Reply:
    """Answer ``verify ID --replay INDEX``: what is measured at that setting, or the traceback of what goes wrong.

    Parameters
    ----------
    names : sequence of str
        The theorem's id, alone.
    index : int
        Position of the setting, as a failed run names it.
    effort : mapping
        The keywords ``quick``, ``replicates``, ``max_replicates`` and ``seed`` of the run.

    Returns
    -------
    Reply
        With status 1 where the setting fails again. There is no verdict: that belongs to the run, whose level depends
        on how many tests it made, and a setting picked for its outcome must not be judged as if it were the only one.

    Raises
    ------
    ArgumentError
        If there is not one theorem, or no such setting.

    Examples
    --------
    >>> effort = {"quick": True, "replicates": None, "max_replicates": None, "seed": 1}
    >>> replay(["ferbach2024.kl_ball"], 0, effort).document["evidence"]
    'Computed'
    """
    from bounds import ArgumentError
    from verify.runner import task_at
    from verify.tasks import failure, settings_of

    if len(names) != 1 or "." not in names[0]:
        raise ArgumentError("--replay takes the id of one theorem, for instance bertrand2024.jacobian")
    task = task_at(names[0], index, **effort)
    stage = "settings"
    try:
        settings = settings_of(task.check, task.effort, task.seed)
        stage = "measurement"
        document = _measured(task, settings[index]) if 0 <= index < len(settings) else None
    except Exception as error:  # noqa: BLE001  what goes wrong is the answer here
        return _reply_failure(failure(error, task.check, index, stage, task.seed))
    if document is None:
        raise ArgumentError(
            f"--replay {index}: at this effort and seed {task.check} has the settings 0 to {len(settings) - 1}"
        )
    return Reply(document, lambda console: _show(console, document))


def failed_line(failed: Failure, effort: Mapping[str, Any]) -> str:
    """Say what failed and how to see it again.

    Parameters
    ----------
    failed : Failure
    effort : mapping
        As `replay` takes it.

    Returns
    -------
    str

    Examples
    --------
    >>> from verify.results import Failure
    >>> failed_line(Failure("x.y", 3, "measurement", 7, "ValueError: no", ""), {"quick": True})
    'FAILED x.y (setting 3, measurement): ValueError: no; again: loopbounds verify x.y --replay 3 --seed 7 --quick'
    """
    words = ["loopbounds verify", failed.id, f"--replay {failed.index or 0} --seed {failed.seed}"]
    words += ["--quick"] * bool(effort.get("quick"))
    for name in ("replicates", "max_replicates"):
        if effort.get(name) is not None:
            words.append(f"--{name.replace('_', '-')} {effort[name]}")
    return f"FAILED {failed.id} ({failed.where}, {failed.stage}): {failed.error}; again: {' '.join(words)}"


def _measured(task: Task, setting: Setting) -> dict[str, Any]:
    from verify.judging import judge_tested, replicates_of
    from verify.tasks import ENOUGH, find_check, gather

    evidence = gather(task)
    bound = judge_tested(find_check(task.check), setting, evidence, ENOUGH).bound
    return {
        **_head(task.check, task.index, task.seed),
        "setting": setting.label,
        "inputs": dict(setting.arguments),
        "evidence": type(evidence).__name__,
        "replicates": replicates_of(evidence),
        "measured": evidence.estimate,
        "bound": (bound.lower, bound.upper),
        "error": None,
    }


def _head(theorem_id: str, index: int | None, seed: int) -> dict[str, Any]:
    return {"id": theorem_id, "index": index, "seed": seed}


def _reply_failure(found: Failure) -> Reply:
    document = {**_head(found.id, found.index, found.seed), "error": found.error, "traceback": found.traceback}
    said = f"FAILED {found.id} ({found.where}, {found.stage}): {found.error}"
    return Reply(document, lambda console: console.print(found.traceback.rstrip()), 1, said)


def _show(console: Console, document: Mapping[str, Any]) -> None:
    lower, upper = document["bound"]
    inputs = ", ".join(f"{name} = {to_json(value)}" for name, value in document["inputs"].items())
    console.print(f"{document['id']}, setting {document['index']}: {document['setting']}")
    console.print(f"at {inputs}")
    console.print(f"bound     [{lower:.10g}, {upper:.10g}]")
    console.print(
        f"measured  {document['measured']:.10g} ({document['evidence']}, {document['replicates']} replicates)"
    )

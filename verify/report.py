"""A run of checks as tables for a paper, a page or a program, and as a directory that holds them all with the figures."""

from __future__ import annotations

import json
import math
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from bounds import ArgumentError, Theorem, get
from bounds.arguments import narrowed
from verify.cli_output import json_text, to_json
from verify.evidence import Verdict
from verify.rates import CLAIM
from verify.results import ControlResult, Result, Run
from verify.tables.digits import numbers

# From the worst to the best.
VERDICTS = (Verdict.VIOLATED, Verdict.INCONCLUSIVE, Verdict.CONSISTENT, Verdict.EXACT)

POWER = "power.json"
"""The document of ``loopbounds power --out DIR/power.json``, which the report of DIR shows where it is there."""

FAILED = "FAILED"
"""Stands for the verdict where a setting could not be measured or judged."""

Group = tuple[str, tuple[tuple[str, str], ...]]


# --- all rows ---------------------------------------------------------------------------------------------------------


def document(run: Run) -> dict[str, Any]:
    """Return a run as a JSON document.

    Parameters
    ----------
    run : Run

    Returns
    -------
    dict
        Keys ``results``, ``controls``, ``failures``, ``error_budget``, ``seed``, ``effort``, ``passed``.

    Examples
    --------
    >>> document(Run((), (), {"total": 0.001, "tests": 0, "per_test": 0.0}, 1, "quick"))["passed"]
    True
    """
    results = [{**vars(r), "verdict": r.verdict.value} for r in run.results]
    parts = {
        "results": results,
        "controls": [asdict(c) for c in run.controls],
        "failures": [asdict(f) for f in run.failures],
        "error_budget": dict(run.error_budget),
        "seed": run.seed,
        "effort": run.effort,
        "passed": run.passed,
    }
    return {name: to_json(part) for name, part in parts.items()}


def frame(run: Run) -> pd.DataFrame:
    """Return every result as a row.

    Parameters
    ----------
    run : Run

    Returns
    -------
    pandas.DataFrame
        Columns id, setting, inputs (as ``name=value`` text), quantity, direction, bound, measured, ci_lower, ci_upper,
        ratio, verdict, replicates, seed.

    Examples
    --------
    >>> len(frame(Run((), (), {"total": 0.001, "tests": 0, "per_test": 0.0}, 1, "quick")))
    0
    """
    columns = [
        "id", "setting", "inputs", "quantity", "direction", "bound", "measured", "ci_lower", "ci_upper", "ratio",
        "verdict", "replicates", "seed",
    ]  # fmt: skip
    rows = [
        (
            r.id, r.setting, _inputs(r.inputs), r.quantity, r.direction, r.bound, r.measured, *r.ci, r.ratio,
            r.verdict.value, r.replicates, r.seed,
        )
        for r in run.results
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _inputs(inputs: Mapping[str, Any]) -> str:
    return " ".join(f"{name}={to_json(value)}" for name, value in inputs.items())


# --- one row per theorem and regime -----------------------------------------------------------------------------------


def summary(run: Run) -> pd.DataFrame:
    """Return one row of text per theorem and regime.

    The setting shown is a violated one if there is any, else the one in which the measured quantity comes nearest to
    the bound (for an identity: departs most from it). The verdict is the worst over all settings. The controls are
    those of the theorem, over all its regimes. What failed has rows of its own, with FAILED in place of a verdict.

    Parameters
    ----------
    run : Run

    Returns
    -------
    pandas.DataFrame
        Columns theorem, standing, setting (the one shown), settings (how many), bound, measured, ratio, verdict,
        controls; the bound carries its relation, the measured value its confidence interval.

    Examples
    --------
    >>> result = Result("bertrand2024.jacobian", "", {}, "Jacobian norm", "upper", 0.5, 0.25, (0.25, 0.25), 0.5,
    ...                 Verdict.EXACT, 0, 1)
    >>> run = Run((result,), (), {"total": 0.001, "tests": 0, "per_test": 0.0}, 1, "quick")
    >>> summary(run).iloc[0]["bound"], summary(run).iloc[0]["verdict"]
    ('≤ 0.500000', 'EXACT')
    """
    columns = ["theorem", "standing", "setting", "settings", "bound", "measured", "ratio", "verdict", "controls"]
    rows = [_row(group, found, run.controls) for group, found in _groups(run).items()]
    rows += [_failed_row(name, count, run) for name, count in Counter(f.id for f in run.failures).items()]
    return pd.DataFrame(rows, columns=columns)


def nearest(run: Run) -> tuple[Result, ...]:
    """Return the results that `summary` shows, in its order.

    Parameters
    ----------
    run : Run

    Returns
    -------
    tuple of Result
        One per theorem and regime; what failed has none.

    Examples
    --------
    >>> nearest(Run((), (), {"total": 0.001, "tests": 0, "per_test": 0.0}, 1, "quick"))
    ()
    """
    return tuple(min(found, key=_nearness) for found in _groups(run).values())


def _groups(run: Run) -> dict[Group, list[Result]]:
    groups: dict[Group, list[Result]] = {}
    for result in run.results:
        groups.setdefault((result.id, _choices(result)), []).append(result)
    return groups


def _choices(result: Result) -> tuple[tuple[str, str], ...]:
    names = dict.fromkeys(name for regime in get(result.id).regimes for name, _ in regime.choices)
    names[CLAIM] = None  # made by a check of a rate, so not known to the catalogue
    return tuple((name, str(result.inputs[name])) for name in names if name in result.inputs)


def _row(group: Group, results: Sequence[Result], controls: Iterable[ControlResult]) -> tuple[str, ...]:
    theorem_id, choices = group
    tightest = min(results, key=_nearness)
    theorem = _regime(tightest)
    shown = numbers(tightest)
    named = ", ".join(value.replace("_", " ") for _, value in choices)
    return (
        f"{theorem_id} ({named})" if named else theorem_id,
        theorem.standing.value,
        tightest.setting,
        str(len(results)),
        f"{_RELATIONS[tightest.direction]} {shown.bound}",
        f"{shown.measured} {shown.interval}".strip(),
        _range([r.ratio for r in results]),
        min((r.verdict for r in results), key=VERDICTS.index).value,
        _caught([c for c in controls if c.id == theorem_id]),
    )


def _regime(result: Result) -> Theorem:
    """The regime a result speaks of. A law that was read back from a file is text, and changes no standing."""
    theorem: Theorem = get(result.id)
    texts = {s.name for s in theorem.structured if isinstance(result.inputs.get(s.name), str)}
    return narrowed(theorem, {name: value for name, value in result.inputs.items() if name not in texts})[0]


def _failed_row(theorem_id: str, count: int, run: Run) -> tuple[str, ...]:
    caught = _caught([c for c in run.controls if c.id == theorem_id])
    return theorem_id, get(theorem_id).standing.value, "", str(count), "", "", "", FAILED, caught


_RELATIONS = {"upper": "≤", "lower": "≥", "exact": "="}


def _nearness(result: Result) -> tuple[bool, float]:
    """Order settings: violated ones first, then by the distance left to the bound, relative to the bound."""
    left = {
        "upper": result.bound - result.measured,
        "lower": result.measured - result.bound,
        "exact": -abs(result.measured - result.bound),
    }[result.direction]
    scale = abs(result.bound) if math.isfinite(result.bound) and result.bound != 0 else 1.0
    return result.verdict is not Verdict.VIOLATED, math.inf if math.isnan(left) else left / scale


def _range(ratios: Sequence[float]) -> str:
    known = [r for r in ratios if not math.isnan(r)]
    if not known:
        return ""
    low, high = (f"{end:.3g}" for end in (min(known), max(known)))
    return low if low == high else f"{low} to {high}"


def _caught(controls: Sequence[ControlResult]) -> str:
    return f"{sum(c.caught for c in controls)}/{len(controls)}" if controls else "none"


# --- in words --------------------------------------------------------------------------------------------------------


def budget_sentence(run: Run) -> str:
    """Say how the verdicts may err, and how the run ended.

    Parameters
    ----------
    run : Run

    Returns
    -------
    str

    Examples
    --------
    >>> budget_sentence(Run((), (), {"total": 0.001, "tests": 7, "per_test": 0.0001}, 1, "quick"))[:34]
    '0 results (quick effort, seed 1): '
    """
    counts = [f"{n} {v.value}" for v in VERDICTS if (n := sum(r.verdict is v for r in run.results))]
    counts += [f"{len(run.failures)} {FAILED}"] * bool(run.failures)
    caught = sum(c.caught for c in run.controls)
    budget = run.error_budget
    chance = (
        f"Any wrong verdict has probability at most {budget['total']:g}, shared over {budget['tests']} sampled tests."
        if budget["tests"]
        else "Nothing was sampled, so no verdict is a matter of chance."
    )
    return (
        f"{len(run.results)} results ({run.effort} effort, seed {run.seed}): {', '.join(counts) or 'none'}. "
        f"Controls caught: {caught} of {len(run.controls)}. {chance}"
    )


# --- the directory ----------------------------------------------------------------------------------------------------


def write(run: Run, directory: Path | str, command: str = "") -> tuple[Path, ...]:
    """Write the tables and figures of a run into a directory.

    Everything is written beside the directory first and moved at the end, so that a failure leaves nothing behind. The
    same run gives the same bytes. Other files of an existing directory stay.

    Parameters
    ----------
    run : Run
    directory : path
        Made if it does not exist; its parent must.
    command : str
        What was typed, for the reader who wants the same again.

    Returns
    -------
    tuple of Path
        The files: report.html, which needs no other; results.md, .tex, .csv, .json; the figures.

    Raises
    ------
    ArgumentError
        If the directory cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> run = Run((), (), {"total": 0.001, "tests": 0, "per_test": 0.0}, 1, "quick")
    >>> with tempfile.TemporaryDirectory() as parent:
    ...     sorted(path.name for path in write(run, Path(parent) / "report"))[-1]
    'results.tex'
    """
    directory = Path(directory)
    require_writable(directory)
    try:
        building = _sibling(directory)
        try:
            _write_all(run, building, command, _power(directory))
            return _move(building, directory)
        finally:
            shutil.rmtree(building, ignore_errors=True)
    except OSError as error:
        raise ArgumentError(f"cannot write the report to {directory}: {error.strerror or error}") from None


def require_writable(directory: Path) -> None:
    """Find out before the work whether a report could be written.

    Parameters
    ----------
    directory : Path

    Raises
    ------
    ArgumentError
        If it could not; the message says why.

    Examples
    --------
    >>> require_writable(Path("."))
    """
    if directory.exists() and not directory.is_dir():
        raise ArgumentError(f"cannot write the report to {directory}: it is a file; name a directory")
    if not directory.absolute().parent.is_dir():
        raise ArgumentError(
            f"cannot write the report to {directory}: {directory.parent} is not a directory; make it first"
        )
    try:
        if directory.exists() and not os.access(directory, os.W_OK):
            raise PermissionError(13, "permission denied")
        _sibling(directory).rmdir()
    except OSError as error:
        raise ArgumentError(f"cannot write the report to {directory}: {error.strerror or error}") from None


def _sibling(directory: Path) -> Path:
    resolved = directory.resolve()
    return Path(tempfile.mkdtemp(prefix=f".{resolved.name}.", dir=resolved.parent))


def _move(building: Path, directory: Path) -> tuple[Path, ...]:
    names = sorted(path.name for path in building.iterdir())
    if not directory.exists():
        building.chmod(0o777 & ~_umask())  # a temporary directory is private
        building.rename(directory.resolve())
    else:
        for name in names:
            (building / name).replace(directory / name)
    return tuple(directory / name for name in names)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _write_all(run: Run, directory: Path, command: str, power: Mapping[str, Any]) -> None:
    from verify.figures import save_run_figures
    from verify.report_pages import html_report, markdown_page
    from verify.tables import render
    from verify.tables.summaries import run_table

    figures = save_run_figures(directory, run)
    table = run_table(run)
    pages = {
        "results.md": markdown_page(table, run, figures),
        "results.tex": render([table], "latex"),
        "report.html": html_report(table, run, figures, directory, command, power),
        "results.csv": frame(run).to_csv(index=False, lineterminator="\n"),
        "results.json": json_text(document(run)) + "\n",
    }
    for name, text in pages.items():
        (directory / name).write_text(text, encoding="utf-8")


def _power(directory: Path) -> Mapping[str, Any]:
    """Read what the checks detect, where ``loopbounds power`` has written it beside the run."""
    try:
        found = json.loads((directory / POWER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}

"""A run of checks as tables for a paper, a page or a program, and as a directory that holds them all with the figures."""

from __future__ import annotations

import math
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal
from pathlib import Path
from typing import Any

import pandas as pd

from bounds import ArgumentError, Theorem, get
from verify.cli_output import json_text, to_json
from verify.evidence import Verdict
from verify.report_pages import html_page, latex_tables, markdown_page
from verify.results import ControlResult, Result, Run

# From the worst to the best.
VERDICTS = (Verdict.VIOLATED, Verdict.INCONCLUSIVE, Verdict.CONSISTENT, Verdict.EXACT)

FAILED = "FAILED"
"""Stands for the verdict where a setting could not be measured or judged."""

# Holds every double with every number of places asked for here.
_WIDE = Context(prec=1000)

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
        Columns theorem, standing, settings, bound, measured, ratio, verdict, controls; the bound carries its relation,
        the measured value its confidence interval.

    Examples
    --------
    >>> result = Result("bertrand2024.jacobian", "", {}, "Jacobian norm", "upper", 0.5, 0.25, (0.25, 0.25), 0.5,
    ...                 Verdict.EXACT, 0, 1)
    >>> run = Run((result,), (), {"total": 0.001, "tests": 0, "per_test": 0.0}, 1, "quick")
    >>> summary(run).iloc[0]["bound"], summary(run).iloc[0]["verdict"]
    ('≤ 0.500000', 'EXACT')
    """
    groups: dict[Group, list[Result]] = {}
    for result in run.results:
        groups.setdefault((result.id, _choices(result)), []).append(result)
    columns = ["theorem", "standing", "settings", "bound", "measured", "ratio", "verdict", "controls"]
    rows = [_row(group, found, run.controls) for group, found in groups.items()]
    rows += [_failed_row(name, count, run) for name, count in Counter(f.id for f in run.failures).items()]
    return pd.DataFrame(rows, columns=columns)


def _choices(result: Result) -> tuple[tuple[str, str], ...]:
    names = dict.fromkeys(name for regime in get(result.id).regimes for name, _ in regime.choices)
    return tuple((name, str(result.inputs[name])) for name in names if name in result.inputs)


def _row(group: Group, results: Sequence[Result], controls: Iterable[ControlResult]) -> tuple[str, ...]:
    theorem_id, choices = group
    theorem: Theorem = get(theorem_id).at(**dict(choices))
    tightest = min(results, key=_nearness)
    shown = numbers(tightest)
    named = ", ".join(value.replace("_", " ") for _, value in choices)
    return (
        f"{theorem_id} ({named})" if named else theorem_id,
        theorem.standing.value,
        str(len(results)),
        f"{_RELATIONS[tightest.direction]} {shown.bound}",
        f"{shown.measured} {shown.interval}".strip(),
        _range([r.ratio for r in results]),
        min((r.verdict for r in results), key=VERDICTS.index).value,
        _caught([c for c in controls if c.id == theorem_id]),
    )


def _failed_row(theorem_id: str, count: int, run: Run) -> tuple[str, ...]:
    caught = _caught([c for c in run.controls if c.id == theorem_id])
    return theorem_id, get(theorem_id).standing.value, str(count), "", "", "", FAILED, caught


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


# --- digits -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Numbers:
    """The numbers of one result as text.

    Parameters
    ----------
    bound, measured, interval : str
        The interval is empty for a computed quantity whose error bar is below the digits shown.

    Examples
    --------
    >>> Numbers("0.5", "0.3", "[0.2, 0.4]").interval
    '[0.2, 0.4]'
    """

    bound: str
    measured: str
    interval: str


def numbers(result: Result) -> Numbers:
    """Write a result with as many digits as its interval supports: two of the interval's half-width.

    The ends of the interval are rounded outwards, and a violation is shown with the digits in which it shows.

    Parameters
    ----------
    result : Result

    Returns
    -------
    Numbers

    Examples
    --------
    >>> numbers(Result("x.y", "", {}, "", "upper", 0.51234567, 0.31234567, (0.30012, 0.32345), 0.6, Verdict.CONSISTENT, 9, 1))
    Numbers(bound='0.512', measured='0.312', interval='[0.300, 0.324]')
    """
    low, high = result.ci
    half = max((abs(end - result.measured) for end in result.ci if math.isfinite(end)), default=0.0)
    places = _places(result.measured, half)
    if result.verdict is Verdict.VIOLATED:
        places = next((p for p in range(places, places + 12) if _differ(result, p)), places)
    shown = result.replicates > 0 or half > 10.0**-places
    interval = f"[{_rounded(low, places, ROUND_FLOOR)}, {_rounded(high, places, ROUND_CEILING)}]" if shown else ""
    # The bound shows three digits of its own at least; six are enough where its size is another.
    size = _magnitude(result.bound)
    own = max(2 - size, places if _magnitude(result.measured) == size else min(places, 5 - size))
    return Numbers(_rounded(result.bound, own), _rounded(result.measured, places), interval)


def _places(value: float, half_width: float) -> int:
    """Decimal places: two digits of the half-width, or six of the value where that is coarser."""
    size = _magnitude(value)
    supported = [5 - size] * (value != 0 or half_width == 0) + [1 - _magnitude(half_width)] * (half_width > 0)
    # Whole numbers of a readable size are not cut to tens.
    return max(min(supported), 0) if size < 7 else min(supported)


def _magnitude(value: float | Decimal) -> int:
    return Decimal(value).adjusted() if value and math.isfinite(value) else 0


def _differ(result: Result, places: int) -> bool:
    return _rounded(result.bound, places) != _rounded(result.measured, places)


def _rounded(value: float, places: int, rounding: str = ROUND_HALF_EVEN) -> str:
    if not math.isfinite(value):
        return {math.inf: "∞", -math.inf: "-∞"}.get(value, "")
    kept = Decimal(value).quantize(Decimal(1).scaleb(-places), rounding, _WIDE)
    if kept == 0:
        return "0"
    return f"{kept:f}" if -6 <= kept.adjusted() < 7 and places >= 0 else f"{kept:e}"


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


def write(run: Run, directory: Path | str) -> tuple[Path, ...]:
    """Write the tables and figures of a run into a directory.

    Everything is written beside the directory first and moved at the end, so that a failure leaves nothing behind. The
    same run gives the same bytes. Other files of an existing directory stay.

    Parameters
    ----------
    run : Run
    directory : path
        Made if it does not exist; its parent must.

    Returns
    -------
    tuple of Path
        The files: results.md, .tex, .html, .csv, .json, and the figures as PDF and PNG.

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
            _write_all(run, building)
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


def _write_all(run: Run, directory: Path) -> None:
    from verify.figures import save_figures

    figures = save_figures(directory, run.seed)
    rows, every, controls = summary(run), frame(run), pd.DataFrame([asdict(c) for c in run.controls])
    sentence = budget_sentence(run)
    pages = {
        "results.md": markdown_page(rows, controls, sentence, figures),
        "results.tex": latex_tables(rows, sentence),
        "results.html": html_page(rows, every, controls, sentence, figures, directory),
        "results.csv": every.to_csv(index=False, lineterminator="\n"),
        "results.json": json_text(document(run)) + "\n",
    }
    for name, text in pages.items():
        (directory / name).write_text(text, encoding="utf-8")

"""The command audit-loop: what samples of a loop show of its drift, and which theorems' bounds it contradicts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from verify.cli_eval import split_arguments
from verify.cli_files import require_file, write_whole
from verify.cli_output import Reply, json_text, say, table

if TYPE_CHECKING:
    from rich.console import Console

    from verify.loop_audit import Facts, Finding, LoopAudit
    from verify.loop_audit.moments import Moment

# Moments of more coordinates than these are in the JSON document only.
_SHOWN_COORDINATES = 3


@dataclass(frozen=True)
class Request:
    """The options of ``audit-loop`` as they were given.

    Parameters
    ----------
    real : str or None
        File with the real points.
    columns : tuple of str
        Coordinates in a table.
    generation, run : str or None
        Columns of a table.
    n, alpha, lam, data : str or None
        What is asserted of the loop.
    theorems : tuple of str
        Ids to look at besides those that speak of any model.
    held_out, independent : bool
    range : str or None
        ``LO:HI``.
    delta : float or None
    seed : int
    out : str or None
        File for the JSON document.

    Examples
    --------
    >>> Request().seed
    0
    """

    real: str | None = None
    columns: tuple[str, ...] = ()
    generation: str | None = None
    run: str | None = None
    n: str | None = None
    alpha: str | None = None
    lam: str | None = None
    data: str | None = None
    theorems: tuple[str, ...] = ()
    held_out: bool = False
    independent: bool = False
    range: str | None = None
    delta: float | None = None
    seed: int = 0
    out: str | None = None


def audit_loop(path: str, arguments: Sequence[str], request: Request) -> Reply:
    """Answer ``audit-loop``.

    Parameters
    ----------
    path : str
        The samples: npz, csv or parquet.
    arguments : sequence of str
        ``name=value`` each: constants of theorems.
    request : Request

    Returns
    -------
    Reply
        With status 1 where a theorem is violated.

    Raises
    ------
    DataError, ArgumentError, UnknownTheorem
        If the samples, an option or a theorem is no good; nothing is written then.

    Examples
    --------
    >>> audit_loop("samples.npz", [], Request(delta=2.0))
    Traceback (most recent call last):
    bounds.errors.ArgumentError: delta = 2.0: give the probability of any error, from 1e-100 to 0.5
    """
    from verify.loop_audit import Options, audit_loop, read_loop
    from verify.loop_audit.audit import DEFAULT_DELTA

    options = Options(
        held_out=request.held_out,
        ends=_read_range(request.range),
        independent=request.independent,
        delta=DEFAULT_DELTA if request.delta is None else request.delta,
        seed=request.seed,
    )
    facts = _facts(request, split_arguments(arguments))
    out = None if request.out is None else require_file(request.out)
    samples = read_loop(path, request.real, _layout(path, request))
    found = audit_loop(samples, facts, options)
    document = record(found, path)
    _say_unused(facts, found)
    if out is not None:
        write_whole(out, json_text(document) + "\n")
    violated = sorted({finding.claim.theorem.id for finding in found.violated})
    message = f"VIOLATED by this loop: {', '.join(violated)}" if violated else ""
    return Reply(document, lambda console: _show(console, found, path), 1 if violated else 0, message)


def _facts(request: Request, constants: Mapping[str, str]) -> Facts:
    from bounds import ArgumentError
    from verify.loop_audit import Facts
    from verify.mixing import Regime

    data = None
    if request.data is not None:
        allowed = [regime.value for regime in Regime]
        if request.data not in allowed:
            raise ArgumentError(f"--data {request.data}: give one of {', '.join(allowed)}")
        data = Regime(request.data)
    return Facts(request.n, request.alpha, request.lam, data, constants, request.theorems)


def _layout(path: str, request: Request) -> Any:
    from bounds import ArgumentError
    from verify.loop_audit import Layout

    if Path(path).suffix.lower() == ".npz" and (request.generation or request.run):
        raise ArgumentError(
            "--generation and --run name columns of a table; the arrays of an npz file are named instead"
        )
    if request.columns and all(Path(name).suffix.lower() in (".npz", ".npy") for name in (path, request.real or path)):
        raise ArgumentError("--column names columns of a table; the arrays of an npz file are named instead")
    columns = tuple(name.strip() for text in request.columns for name in text.split(","))
    if twice := next((name for name in columns if columns.count(name) > 1), None):
        raise ArgumentError(f"--column {','.join(request.columns)}: {twice!r} is named twice; name each column once")
    if not all(columns):
        raise ArgumentError(f"--column {','.join(request.columns)!r}: give names of columns, such as x,y")
    return Layout(columns, request.generation or "generation", request.run)


def _read_range(text: str | None) -> tuple[float, float] | None:
    from bounds import ArgumentError

    if text is None:
        return None
    try:
        low, high = (float(part) for part in text.split(":"))
    except ValueError:
        raise ArgumentError(f"--range {text}: write LO:HI, for instance 0:1") from None
    return low, high


def _say_unused(facts: Facts, found: LoopAudit) -> None:
    """Name what was given and used by no theorem: it may be a slip."""
    from verify.loop_audit.claims import spelled

    used = {name for f in found.findings for name in (*f.claim.arguments, *dict(f.claim.theorem.choices))}
    unused = [name for name in facts.constants if spelled(name) not in used]
    if unused:
        say(f"no theorem that was held against these samples uses {', '.join(unused)}")


def record(found: LoopAudit, path: str) -> dict[str, Any]:
    """Return the JSON document of an audit.

    Parameters
    ----------
    found : LoopAudit
    path : str
        The samples.

    Returns
    -------
    dict

    Examples
    --------
    >>> import numpy as np
    >>> from verify.loop_audit import LoopSamples, audit_loop
    >>> samples = LoopSamples(np.arange(50.0), [{1: np.arange(30.0)}])
    >>> sorted(record(audit_loop(samples), "x.npz")["generations"][0])
    ['generation', 'moments', 'points', 'run', 'tv', 'w1']
    """
    return {
        "samples": path,
        "dimension": found.dimension,
        "method": found.method,
        "assumed": list(found.assumed),
        "real": {"points": found.real_points, "moments": [_moment(m) for m in found.real_moments]},
        "generations": [
            {
                "run": row.run,
                "generation": row.t,
                "points": row.points,
                "tv": {"shown": row.tv_shown, "ci": [row.tv_lower, 1.0]},
                "w1": {"ci": [row.w1.lower, row.w1.upper]},
                "moments": [_moment(m) for m in row.moments],
            }
            for row in found.generations
        ],
        "mean_tv": [{"generation": t, "ci": [lower, 1.0]} for t, lower in found.mean_tv.items()],
        "findings": [_finding(f) for f in found.findings],
        "error_budget": found.error_budget,
        "seed": found.seed,
    }


def _moment(m: Moment) -> dict[str, Any]:
    return {"name": m.name, "coordinate": m.coordinate, "estimate": m.estimate, "ci": [m.ci.lower, m.ci.upper]}


def _finding(f: Finding) -> dict[str, Any]:
    claim = f.claim
    return {
        "id": claim.theorem.id,
        "choices": dict(claim.theorem.choices),
        "data": claim.data,
        "generation": claim.t,
        "mode": claim.theorem.mode.value,
        "bound": None if claim.bound is None else [claim.bound.lower, claim.bound.upper],
        "seen": f.seen,
        "answer": f.answer.value,
        "note": f.note,
        "inputs": dict(claim.arguments),
        "assumptions": list(claim.theorem.assumptions),
    }


def _show(console: Console, found: LoopAudit, path: str) -> None:
    from verify.loop_audit.show import down, interval

    say_line: Callable[[str], None] = lambda text: console.print(text, soft_wrap=True)  # noqa: E731
    coordinates = f"{found.dimension} coordinate{'s' if found.dimension > 1 else ''}"
    say_line(f"{path}: {found.real_points} real points, {coordinates}")
    say_line(f"total variation by {found.method}")
    console.print()
    runs = len({row.run for row in found.generations})
    rows = [
        {
            **({"run": str(row.run)} if runs > 1 else {}),
            "generation": str(row.t),
            "points": str(row.points),
            "TV to the real law": f">= {down(row.tv_lower)}",
            "W1 to the real law": interval(row.w1, lowest=0.0),
        }
        for row in found.generations
    ]
    console.print(table(console, rows, list(rows[0])))
    if found.dimension <= _SHOWN_COORDINATES:
        _show_moments(console, found, runs)
    _show_findings(console, found)
    console.print()
    say_line(
        f"All of it holds together with probability at least {1 - float(str(found.error_budget['total'])):.10g}, if"
    )
    for line in found.assumed:
        say_line(f"- {line}")


def _show_moments(console: Console, found: LoopAudit, runs: int) -> None:
    from verify.loop_audit.show import estimate

    samples = [("real", found.real_moments)]
    samples += [(f"run {g.run}, " * (runs > 1) + f"generation {g.t}", g.moments) for g in found.generations]
    rows = [
        {"sample": name, **({"coordinate": str(at)} if found.dimension > 1 else {})}
        | {m.name: estimate(m) for m in described if m.coordinate == at}
        for name, described in samples
        for at in range(1, found.dimension + 1)
    ]
    console.print()
    console.print(table(console, rows, list(rows[0])))


def _show_findings(console: Console, found: LoopAudit) -> None:
    from verify.loop_audit.show import down, up

    put = [f for f in found.findings if f.claim.t is not None]
    rows = [
        {
            "theorem": _name(f),
            "if real data is": f.claim.data,
            "generation": str(f.claim.t),
            "bound": "" if f.claim.bound is None else up(f.claim.bound.upper),
            "seen": "" if f.seen is None else f">= {down(f.seen)}",
            "answer": f.answer.value,
            "because": f.note,
        }
        for f in put
    ]
    if rows:
        console.print()
        console.print(table(console, rows, ["theorem", "if real data is", "generation", "bound", "seen", "answer"]))
    missing = [f for f in found.findings if f.claim.t is None]
    if missing:
        console.print()
        console.print("Not put to this loop, for want of what only its owner can know:")
        for f in missing:
            console.print(f"- {_name(f)} {f.note}", soft_wrap=True)


def _name(f: Finding) -> str:
    choices = " ".join(f"{name}={value}" for name, value in f.claim.theorem.choices)
    return f"{f.claim.theorem.id} {choices}".rstrip()

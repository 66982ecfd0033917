"""The command verify: the checks of the catalogue, or the stability theorems on a user's data."""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from verify.cli_output import Reply, say, table
from verify.cli_requirements import require_checks, require_workers
from verify.cli_waiting import waiting

if TYPE_CHECKING:
    from rich.console import Console

    from verify.results import ControlResult, Result, Run

Progress = Callable[[int, int, str], None]

DATA_PAPER = "bertrand2024"
DEFAULT_LAMBDAS = ("0.1", "0.3", "1")

_LARGEST_RATIO = 10**100
_ADDRESS = re.compile(r"(?:\w+://)?[^\s/]+:\d{1,5}/?|inproc://\S+")


@dataclass(frozen=True)
class Options:
    """The options of ``verify``; None where one was not given.

    Parameters
    ----------
    quick : bool
    replicates, seed, workers : int or None
    out : str or None
        Directory for the report.
    data : str or None
        ``FILE.csv:COLUMN``.
    lambdas : tuple of str
        Synthetic-to-real ratios, for `data`.
    scale : float or None
        Scale of the model, for `data`.
    progress : bool
        Whether a progress bar may be shown.
    max_replicates : int or None
    store : str or None
        File in which the run is kept; by default run.sqlite in `out`, if that is given.
    resume : bool
        Go on with the run in that file.
    replay : int or None
        Position of the one setting to measure again.
    dask : str or None
        Address of a Dask scheduler.

    Examples
    --------
    >>> Options(quick=True).seed is None
    True
    """

    quick: bool = False
    replicates: int | None = None
    seed: int | None = None
    workers: int | None = None
    out: str | None = None
    data: str | None = None
    lambdas: tuple[str, ...] = ()
    scale: float | None = None
    progress: bool = False
    max_replicates: int | None = None
    store: str | None = None
    resume: bool = False
    replay: int | None = None
    dask: str | None = None

    @property
    def file(self) -> Path | None:
        """Where the run is kept."""
        if self.store is not None:
            return Path(self.store)
        return None if self.out is None or self.data is not None else Path(self.out) / "run.sqlite"


def verify(names: Sequence[str], options: Options) -> Reply:
    """Answer ``verify``: run the checks and judge them; write a report on request.

    Parameters
    ----------
    names : sequence of str
        Theorem ids and paper keys; all when empty.
    options : Options

    Returns
    -------
    Reply
        With status 1 where a theorem is violated, a control escaped or a setting failed.

    Raises
    ------
    ArgumentError, UnknownTheorem, DataError
        If a name, an option, the data or the directory is no good; nothing is written then.

    Examples
    --------
    >>> verify(["ferbach2024.kl_ball"], Options(quick=True)).status
    0
    """
    from verify import report

    _refuse_empty(options)
    _refuse_mixed(options)
    if options.replay is not None:
        return _replay(names, options.replay, options)
    if options.out is not None:
        report.require_writable(Path(options.out))
    run, reply = _verify_data(names, options) if options.data is not None else _verify_catalogue(names, options)
    if options.out is not None:
        report.write(run, Path(options.out), _command(names, options))
    return reply


def _command(names: Sequence[str], options: Options) -> str:
    """Write the command that makes the same run, without what does not change its numbers."""
    import shlex

    given = {
        "--replicates": options.replicates,
        "--max-replicates": options.max_replicates,
        "--seed": options.seed if options.data is not None or options.seed is not None else 0,
        "--data": options.data,
        "--lam": ",".join(options.lambdas) or None,
        "--scale": options.scale,
        "--out": options.out,
    }
    words = ["loopbounds", "verify", *names, *["--quick"] * options.quick]
    words += [word for name, value in given.items() if value is not None for word in (name, str(value))]
    # A path may hold bytes that are no text; the report must be text.
    return shlex.join(words).encode("utf-8", "backslashreplace").decode("utf-8")


def _refuse_empty(options: Options) -> None:
    from bounds import ArgumentError

    for name, value in (("--out", options.out), ("--store", options.store)):
        if value == "":
            raise ArgumentError(f"{name} '': name a {'directory' if name == '--out' else 'file'}")


def _refuse_mixed(options: Options) -> None:
    from bounds import ArgumentError

    if options.data is None:
        given = [name for name, value in (("--lam", options.lambdas), ("--scale", options.scale)) if value]
        if given:
            raise ArgumentError(f"{given[0]} goes with --data FILE.csv:COLUMN only")
        return
    sampling = {
        "--quick": options.quick or None,
        "--replicates": options.replicates,
        "--seed": options.seed,
        "--workers": options.workers,
        "--max-replicates": options.max_replicates,
        "--store": options.store,
        "--resume": options.resume or None,
        "--replay": options.replay,
        "--dask": options.dask,
    }
    for name, value in sampling.items():
        if value is not None:
            raise ArgumentError(f"{name} does not go with --data, which computes without sampling; leave it out")


def _verify_catalogue(names: Sequence[str], options: Options) -> tuple[Run, Reply]:
    from bounds import ArgumentError
    from verify.cli_replay import failed_line
    from verify.runner import run_checks

    require_checks(names)
    if options.resume and options.file is None:
        raise ArgumentError("--resume needs the run to go on with: name it by --out DIR or --store FILE")
    with _workers(options) as workers, _progress(options.progress) as progress:
        try:
            run = run_checks(
                names,
                **_effort(options),
                workers=workers,
                progress=progress,
                store=options.file,
                resume=options.resume,
            )
        except BrokenExecutor:
            rest = "" if options.file is None else "; what was measured is kept, go on with --resume"
            raise ArgumentError(
                f"a worker process died, perhaps for want of memory: try fewer --workers{rest}"
            ) from None
    for failure in run.failures:
        say(failed_line(failure, _effort(options)))
    return run, reply_run(run)


def _replay(names: Sequence[str], index: int, options: Options) -> Reply:
    from bounds import ArgumentError
    from verify.cli_replay import replay

    require_checks(names)
    others = {"--out": options.out, "--store": options.store, "--resume": options.resume or None}
    for name, value in (others | {"--workers": options.workers, "--dask": options.dask}).items():
        if value is not None:
            raise ArgumentError(f"{name} does not go with --replay, which measures one setting here; leave it out")
    with waiting(options.progress, "measuring"):
        return replay(names, index, _effort(options))


def _effort(options: Options) -> dict[str, Any]:
    return {
        "quick": options.quick,
        "replicates": options.replicates,
        "seed": 0 if options.seed is None else options.seed,
        "max_replicates": options.max_replicates,
    }


@contextmanager
def _workers(options: Options) -> Iterator[Any]:
    from bounds import ArgumentError
    from verify.executors import dask_client

    if options.workers is not None:
        require_workers(options.workers)
    if options.dask is None:
        yield 1 if options.workers is None else options.workers
        return
    if options.workers is not None:
        raise ArgumentError("--workers does not go with --dask, whose cluster has its own workers; leave one out")
    if not _ADDRESS.fullmatch(options.dask):
        raise ArgumentError(
            f"--dask {options.dask or repr('')}: write the address of the Dask scheduler, as tcp://10.0.0.1:8786"
        )
    with dask_client(options.dask) as client:
        yield client


@contextmanager
def _progress(wanted: bool) -> Iterator[Progress | None]:
    if not wanted or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
    # Refreshed by hand: a refreshing thread and worker processes that are forked do not go together.
    with Progress(*columns, console=Console(stderr=True), transient=True, auto_refresh=False) as bar:
        task = bar.add_task("", total=None)

        def report(done: int, total: int, label: str) -> None:
            bar.update(task, completed=done, total=total, description=label, refresh=True)

        yield report


def reply_run(run: Run) -> Reply:
    """Return the answer for a run of checks.

    Parameters
    ----------
    run : Run

    Returns
    -------
    Reply

    Examples
    --------
    >>> from verify.results import ControlResult, Run
    >>> escaped = ControlResult("bertrand2024.jacobian", "half the bound", False, 12, 0)
    >>> reply_run(Run((), (escaped,), {"total": 0.001, "tests": 0, "per_test": 0.0}, 0, "quick")).status
    1
    """
    from verify.report import document

    return Reply(document(run), lambda console: _show_run(console, run), 0 if run.passed else 1, _failures(run))


def _failures(run: Run) -> str:
    parts = [_violated(r) for r in run.violated[:3]] + [_escaped(c) for c in run.escaped[:3]]
    more = len(run.violated) + len(run.escaped) - len(parts)
    return "; ".join(parts) + (f"; and {more} more" if more else "")


def _violated(result: Result) -> str:
    return f"VIOLATED {result.id} ({result.setting}): measured {result.measured:.6g}, bound {result.bound:.6g}"


def _escaped(control: ControlResult) -> str:
    return f"control escaped: {control.id}, {control.name} (0 of {control.settings} settings)"


def _show_run(console: Console, run: Run) -> None:
    from verify.report import budget_sentence, summary

    # The setting that comes nearest is in the report; beside the rest it would break the ids in two.
    rows = summary(run).drop(columns="setting").to_dict("records")
    console.print(table(console, rows, ("theorem", "bound", "measured", "verdict")))
    console.print(budget_sentence(run))


# --- a user's data ----------------------------------------------------------------------------------------------------


def read_lambdas(texts: Sequence[str]) -> tuple[Fraction, ...]:
    """Read synthetic-to-real ratios.

    Parameters
    ----------
    texts : sequence of str
        Numbers, several in one text separated by commas.

    Returns
    -------
    tuple of Fraction

    Raises
    ------
    ArgumentError
        If one is not a number from 0 to 1e100.

    Examples
    --------
    >>> read_lambdas(["0.1,1/3", "1"])
    (Fraction(1, 10), Fraction(1, 3), Fraction(1, 1))
    """
    from bounds import ArgumentError
    from bounds.numerals import read_number

    found: list[Fraction] = []
    for text in (part for whole in texts for part in whole.split(",")):
        value = read_number(text, "--lam")
        if not isinstance(value, Fraction) or not 0 <= value <= _LARGEST_RATIO:
            raise ArgumentError(f"--lam {text}: give numbers from 0 to 1e100, for instance --lam 0.1,0.3,1")
        found.append(value)
    return tuple(dict.fromkeys(found))


def _verify_data(names: Sequence[str], options: Options) -> tuple[Run, Reply]:
    from bounds import ArgumentError, catalog
    from verify.userdata import check_data

    allowed = [DATA_PAPER, *(t.id for t in catalog(paper=DATA_PAPER))]
    for name in names:
        if name not in allowed:
            raise ArgumentError(f"--data checks theorems of {DATA_PAPER} only, not '{name}'")
    lambdas = read_lambdas(options.lambdas or DEFAULT_LAMBDAS)
    if options.scale is not None and not 0 < options.scale < float("inf"):
        raise ArgumentError(f"--scale {options.scale}: give a positive number")
    try:
        with waiting(options.progress, "computing"), warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)
            report = check_data(str(options.data), lambdas, options.scale)
    except (ArithmeticError, RuntimeWarning):
        hint = "give them in larger or smaller units" if options.scale is None else "choose another, or leave it out"
        what = "the values" if options.scale is None else f"the values in units of --scale {options.scale:g}"
        raise ArgumentError(f"--data {options.data}: {what} are beyond what doubles can hold; {hint}") from None
    return _reply_data(report, set(names) - {DATA_PAPER} if DATA_PAPER not in names else set())


def _reply_data(found: Any, ids: set[str]) -> tuple[Run, Reply]:
    from dataclasses import asdict, replace

    from bounds import ArgumentError
    from verify.report import document

    run: Run = found.run
    if ids:
        checked = {r.id for r in run.results} | {h.id for h in found.hypotheses}
        missing = sorted(ids - checked)
        if missing:
            raise ArgumentError(f"--data does not check {missing[0]}; it checks {', '.join(sorted(checked))}")
        run = replace(
            run,
            results=tuple(r for r in run.results if r.id in ids),
            controls=tuple(c for c in run.controls if c.id in ids),
        )
    hypotheses = [h for h in found.hypotheses if not ids or h.id in ids]
    constants = {
        name: getattr(found, name)
        for name in ("source", "points", "scale", "theta_star", "curvature", "epsilon", "lipschitz")
    }
    answer = {**constants, "hypotheses": [asdict(h) for h in hypotheses], **document(run)}
    status = 0 if run.passed else 1
    return run, Reply(answer, lambda c: _show_data(c, constants, hypotheses, run), status, _failures(run))


def _show_data(console: Console, constants: dict[str, Any], hypotheses: Sequence[Any], run: Run) -> None:
    from rich.table import Table

    from bounds.numerals import read_number, show_number

    laid = Table("constant", "value", box=None, pad_edge=False)
    for name, value in constants.items():
        laid.add_row(name, f"{value:.6g}" if isinstance(value, float) else str(value))
    console.print(laid)
    lambdas = dict.fromkeys([h.lam for h in hypotheses] + [r.inputs["lam"] for r in run.results if "lam" in r.inputs])
    for lam in dict.fromkeys(read_number(v, "lam") for v in lambdas):
        console.print(f"\nlam = {show_number(lam)}")
        _show_ratio(
            console,
            [h for h in hypotheses if read_number(h.lam, "lam") == lam],
            [r for r in run.results if "lam" in r.inputs and read_number(r.inputs["lam"], "lam") == lam],
        )


def _show_ratio(console: Console, hypotheses: Sequence[Any], results: Sequence[Result]) -> None:
    from rich.table import Table

    laid = Table("theorem", "hypothesis", "bound", "exact value", "verdict", box=None, pad_edge=False)
    failing = {h.id for h in hypotheses if not h.holds}
    said = {h.id: _sentence(h) for h in reversed(hypotheses) if not h.holds or h.id not in failing}
    for result in results:
        bound, measured = f"{result.bound:.6g}", f"{result.measured:.6g}"
        laid.add_row(result.id, said.get(result.id, "none"), bound, measured, result.verdict.value)
    for theorem_id in sorted(set(said) - {r.id for r in results}):
        laid.add_row(theorem_id, said[theorem_id], "", "", "says nothing")
    console.print(laid)


def _sentence(row: Any) -> str:
    return f"{row.relation} {'holds' if row.holds else 'fails'}: {row.left:.6g}, {row.right:.6g}"

"""The command line ``loopbounds``: every command returns a `Reply`, and `main` prints it and sets the exit status.

Exit status: 0; 1 a theorem is violated, a control escaped or a check failed; 2 bad input; 3 a hypothesis fails, so that
the theorem says nothing there; 70 a fault of the program; 130 interrupted. The libraries are imported inside the
commands, so that the help is fast.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from typing import Annotated

import typer

from verify.cli_examples import epilog
from verify.cli_output import Reply, print_reply, say
from verify.cli_waiting import waiting

BAD_INPUT, FAULT, INTERRUPTED = 2, 70, 130
# Base class of all complaints about usage, in every release of typer: BadParameter, UsageError, ClickException.
_UsageError: type[Exception] = typer.BadParameter.__mro__[2]

Answer = tuple[Reply, bool]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]

app = typer.Typer(
    name="loopbounds",
    help="Bounds on self-consuming training loops: look them up, evaluate them, verify them.",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from bounds import __version__

        print(f"loopbounds {__version__}")
        raise typer.Exit


@app.callback()
def common_options(
    theorems: Annotated[
        list[str] | None,
        typer.Option("--theorems", metavar="FILE.py", help="Add the theorems of this file to the catalogue."),
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Bounds on self-consuming training loops: look them up, evaluate them, verify them."""
    for path in theorems or ():
        _load(path)


def _load(path: str) -> None:
    from bounds import ArgumentError
    from bounds.catalog import load

    try:
        with redirect_stdout(sys.stderr):  # what the file prints is no part of the answer
            load(path)
    except SystemExit:
        raise ArgumentError(f"{path} could not be run: it ends the program") from None


@app.command("list", epilog=epilog("list"))
def list_command(
    paper: Annotated[str | None, typer.Option(help="Only theorems of this paper, such as bertrand2024.")] = None,
    quantity: Annotated[str | None, typer.Option(help="Only theorems about this quantity.")] = None,
    as_json: AsJson = False,
) -> Answer:
    """List the theorems."""
    from verify.cli_catalog import list_theorems

    return list_theorems(paper, quantity), as_json


@app.command("show", epilog=epilog("show"))
def show_command(
    theorem: Annotated[str, typer.Argument(metavar="ID")],
    latex: Annotated[bool, typer.Option("--latex", help="Print the formula as LaTeX only.")] = False,
    as_json: AsJson = False,
) -> Answer:
    """Show a theorem: statement, hypotheses, symbols, source."""
    from verify.cli_catalog import show_theorem

    return show_theorem(theorem, latex), as_json


@app.command("eval", epilog=epilog("eval"))
def eval_command(
    theorem: Annotated[str, typer.Argument(metavar="ID")],
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME=VALUE...",
            help="A value may be a grid: n=100:1e6:log25, alpha=0.1:0.9:lin9. Where a theorem takes them: "
            "law='0.5*N(-2, 1) + 0.5*N(2, 1)', a mixture of N(mean, standard deviation); "
            "weights=FILE.csv or weights='[[1], [0.5, 0.5]]', a row per generation, the real law first.",
        ),
    ] = None,
    digits: Annotated[int | None, typer.Option(help="Decimal digits, instead of floats.")] = None,
    rigorous: Annotated[bool, typer.Option("--rigorous", help="Print a rigorous enclosure as well.")] = False,
    as_json: AsJson = False,
) -> Answer:
    """Evaluate a theorem where its hypotheses hold."""
    from verify.cli_eval import evaluate

    with waiting(not as_json, "evaluating"):
        return evaluate(theorem, arguments or [], digits, rigorous), as_json


@app.command("solve", epilog=epilog("solve"))
def solve_command(
    theorem: Annotated[str, typer.Argument(metavar="ID")],
    name: Annotated[str, typer.Option("--for", metavar="NAME", help="The symbol to solve for.")],
    target: Annotated[str, typer.Option(metavar="X", help="What the bound must reach: a number, read exactly.")],
    arguments: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME=VALUE...", help="All other symbols, and choices; law and weights as for eval."),
    ] = None,
    want: Annotated[str | None, typer.Option(help="smallest or largest; by default the one not trivial.")] = None,
    reach: Annotated[str | None, typer.Option(help="For an identity: below (default) or above the target.")] = None,
    as_json: AsJson = False,
) -> Answer:
    """Find the smallest or largest value at which a bound surely reaches a target."""
    from verify.cli_solve import solve

    with waiting(not as_json, "solving"):
        return solve(theorem, name, target, arguments or [], want, reach), as_json


@app.command("verify", epilog=epilog("verify"))
def verify_command(
    names: Annotated[list[str] | None, typer.Argument(metavar="ID|KEY...", help="All theorems if none.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Fewer settings and replicates.")] = False,
    replicates: Annotated[int | None, typer.Option(help="Independent loops per sampled setting.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the run; 0 by default.")] = None,
    workers: Annotated[int | None, typer.Option(help="Worker processes; 1 by default.")] = None,
    out: Annotated[str | None, typer.Option(metavar="DIR", help="Write tables and figures there.")] = None,
    data: Annotated[str | None, typer.Option(metavar="FILE.csv:COLUMN", help="Check your own data instead.")] = None,
    lam: Annotated[list[str] | None, typer.Option(help="With --data: synthetic-to-real ratios, 0.1,0.3,1.")] = None,
    scale: Annotated[float | None, typer.Option(help="With --data: scale of the model; fitted by default.")] = None,
    most: Annotated[
        int | None,
        typer.Option("--max-replicates", help="Double the replicates up to this many until there is a verdict."),
    ] = None,
    store: Annotated[str | None, typer.Option(metavar="FILE", help="Keep the run here; else DIR/run.sqlite.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run kept there.")] = False,
    replay: Annotated[int | None, typer.Option(metavar="INDEX", help="Measure this one setting of ID again.")] = None,
    dask: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Measure on this Dask cluster.")] = None,
    as_json: AsJson = False,
) -> Answer:
    """Check theorems against loops whose constants are known."""
    from verify.cli_verify import Options, verify

    options = Options(
        quick, replicates, seed, workers, out, data, tuple(lam or ()), scale, not as_json,
        max_replicates=most, store=store, resume=resume, replay=replay, dask=dask,
    )  # fmt: skip
    return verify(names or [], options), as_json


@app.command("power", epilog=epilog("power"))
def power_command(
    names: Annotated[list[str] | None, typer.Argument(metavar="ID|KEY...", help="All theorems if none.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="At the quick effort.")] = False,
    seed: Annotated[int, typer.Option(help="Seed of the run.")] = 0,
    seeds: Annotated[int, typer.Option(help="Runs, of consecutive seeds.")] = 1,
    workers: Annotated[int, typer.Option(help="Worker processes.")] = 1,
    out: Annotated[str | None, typer.Option(metavar="FILE", help="Write the JSON document there.")] = None,
    as_json: AsJson = False,
) -> Answer:
    """Report the smallest violation of each theorem that its check detects."""
    from verify.cli_power import Options, power

    return power(names or [], Options(quick, seed, seeds, workers, out, not as_json)), as_json


@app.command("table")
def table_command(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="DIR|KEY|ID... [NAME=VALUE...]", help="A run, papers or theorems; n=100,1000 runs over."
        ),
    ] = None,
    form: Annotated[str | None, typer.Option("--format", help="md (default), latex, html or csv.")] = None,
    compare: Annotated[bool, typer.Option("--compare", help="What all theorems say at one setting.")] = False,
    out: Annotated[str | None, typer.Option(metavar="FILE", help="Write there; the ending tells the format.")] = None,
    as_json: AsJson = False,
) -> Answer:
    """Write tables: of a run, of bounds over n, alpha, lam and t, or of all bounds at one setting.

    \b
    loopbounds table report                     the run in report/
    loopbounds table bertrand2024 --out b.tex   bounds of a paper, as LaTeX
    loopbounds table fu2024.balanced t=1:40:lin40
    loopbounds table --compare n=10000 alpha=0.5
    """  # noqa: D301  the backspace tells click to keep the lines
    from verify.cli_table import Options, table

    with waiting(not as_json, "tabulating"):
        return table(words or [], Options(form, out, compare)), as_json


@app.command("plot", epilog=epilog("plot"))
def plot_command(
    what: Annotated[str | None, typer.Argument(metavar="DIR|FILE|ID", help="A run, power.json, or a theorem.")] = None,
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME=VALUE...", help="With ID: a grid, x=0.1:10:log50; for curves, t=2,5,10 or a grid."
        ),
    ] = None,
    figure: Annotated[
        list[str] | None, typer.Option("--figure", metavar="NAME", help="A named figure; a wrong name lists them.")
    ] = None,
    out: Annotated[str | None, typer.Option(metavar="DIR", help="Write there; else beside the run, or here.")] = None,
    seed: Annotated[int, typer.Option(help="With --figure: seed of its loops.")] = 0,
    as_json: AsJson = False,
) -> Answer:
    """Draw figures of a run, of a bound over a symbol, or by name: PDF, PNG, SVG and captions."""
    from verify.cli_plot import Options, plot

    return plot(what, arguments or [], Options(tuple(figure or ()), out, seed, not as_json)), as_json


@app.command("cite", epilog=epilog("cite"))
def cite_command(
    names: Annotated[list[str], typer.Argument(metavar="ID|KEY...")],
    as_json: AsJson = False,
) -> Answer:
    """Print the BibTeX entries of theorems, each paper once."""
    from verify.cli_catalog import cite

    return cite(names), as_json


@app.command("audit", epilog=epilog("audit"))
def audit_command(
    theorem: Annotated[str, typer.Argument(metavar="ID")],
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME=VALUE...", help="Symbols to hold fixed, choices of a regime; law and weights as for eval."
        ),
    ] = None,
    as_json: AsJson = False,
) -> Answer:
    """Audit a theorem: limits, directions, sign, where it says anything, which hypotheses bind."""
    from verify.cli_audit import audit

    with waiting(not as_json, "auditing"):
        return audit(theorem, arguments or []), as_json


@app.command("audit-loop", epilog=epilog("audit-loop"))
def audit_loop_command(
    samples: Annotated[str, typer.Argument(metavar="SAMPLES", help="Samples per generation: npz, csv or parquet.")],
    constants: Annotated[
        list[str] | None, typer.Argument(metavar="NAME=VALUE...", help="Constants of theorems, such as e=0.05.")
    ] = None,
    real: Annotated[str | None, typer.Option(metavar="FILE", help="Real points, if they are not in SAMPLES.")] = None,
    column: Annotated[list[str] | None, typer.Option(help="Table: columns with values, x,y; else all.")] = None,
    generation: Annotated[str | None, typer.Option(metavar="COLUMN", help="Table: column with the generation.")] = None,
    run: Annotated[str | None, typer.Option(metavar="COLUMN", help="Table: column with the training run.")] = None,
    n: Annotated[str | None, typer.Option("--n", help="Training points: real ones with --lam, else all.")] = None,
    alpha: Annotated[str | None, typer.Option(help="Real share of the training sets.")] = None,
    lam: Annotated[str | None, typer.Option("--lam", "--lambda", help="Synthetic-to-real ratio.")] = None,
    data: Annotated[str | None, typer.Option(help="Real data later: replace, fresh, reused or accumulate.")] = None,
    theorem: Annotated[list[str] | None, typer.Option(metavar="ID", help="Look at this theorem as well.")] = None,
    held_out: Annotated[bool, typer.Option("--held-out", help="The real points were not used in training.")] = False,
    independent: Annotated[
        bool, typer.Option("--independent-runs", help="Every run drew real training data of its own.")
    ] = False,
    limits: Annotated[str | None, typer.Option("--range", metavar="LO:HI", help="No draw can leave this.")] = None,
    delta: Annotated[float | None, typer.Option(help="Probability of any error; 0.01 by default.")] = None,
    seed: Annotated[int, typer.Option(help="Decides which points test and which choose.")] = 0,
    out: Annotated[str | None, typer.Option(metavar="FILE", help="Write the JSON document there as well.")] = None,
    as_json: AsJson = False,
) -> Answer:
    """Audit a loop of your own, already run: sound limits of its drift, and the bounds it contradicts."""
    from verify.cli_audit_loop import Request, audit_loop

    request = Request(
        real, tuple(column or ()), generation, run, n, alpha, lam, data, tuple(theorem or ()), held_out, independent,
        limits, delta, seed, out,
    )  # fmt: skip
    with waiting(not as_json, "auditing"):
        return audit_loop(samples, constants or [], request), as_json


@app.command("compare", epilog=epilog("compare"))
def compare_command(
    first: Annotated[str, typer.Argument(metavar="ID1")],
    second: Annotated[str, typer.Argument(metavar="ID2")],
    arguments: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME=LO:HI|VALUE...", help="Ranges, numbers, choices; NAME@1 is for ID1 only."),
    ] = None,
    seconds: Annotated[float, typer.Option(help="Time for the search.")] = 60.0,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the search for points.")] = 0,
    as_json: AsJson = False,
) -> Answer:
    """Prove or refute that one theorem's value is never above another's."""
    from verify.cli_compare import compare

    with waiting(not as_json, "comparing"):
        return compare(first, second, arguments or [], seconds, seed), as_json


@app.command("explore", epilog=epilog("explore"))
def explore_command(
    out: Annotated[str, typer.Option(metavar="FILE", help="The HTML file to write.")],
    as_json: AsJson = False,
) -> Answer:
    """Write one HTML page that evaluates every theorem, offline: sliders, hypotheses, plots."""
    from verify.cli_explore import explore

    with waiting(not as_json, "writing"):
        return explore(out), as_json


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        Those of the process by default.

    Returns
    -------
    int
        Exit status.

    Examples
    --------
    >>> main(["eval", "ferbach2024.uncurated_mixture", "lam=1", "t=2", "tv0=1"])
    ferbach2024.uncurated_mixture at lam = 1, t = 2, tv0 = 1
    total variation = 0.25
    0
    """
    _take_any_character()
    with _any_number_of_digits():
        return _run(arguments)


def _run(arguments: Sequence[str] | None) -> int:
    try:
        answer = _answer(arguments)
        if isinstance(answer, int):  # help was printed, or the keyboard interrupted
            return _interrupted() if answer == INTERRUPTED else answer
        reply, as_json = answer
        return _print(reply, as_json)
    except (KeyboardInterrupt, typer.Abort):
        return _interrupted()
    except _UsageError as error:
        command = getattr(getattr(error, "ctx", None), "command_path", "loopbounds")
        say(f"{getattr(error, 'format_message', error.__str__)()} (see {command} --help)")
        return BAD_INPUT
    except SystemExit:  # typer's way out when the reader of the help has gone
        return 0
    except Exception as error:  # noqa: BLE001  an unforeseen traceback would exit with 1, which means a violated theorem
        return _interrupted() if _from_keyboard(error) else _complain(error)


@contextmanager
def _any_number_of_digits() -> Iterator[None]:
    """Let numbers such as 1e9999 be printed exactly: Python refuses more than 4300 digits, lest servers be kept busy."""
    usual = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        yield
    finally:
        sys.set_int_max_str_digits(usual)


def _from_keyboard(error: BaseException | None) -> bool:
    """Tell whether the keyboard interrupted a library that made an error of its own of it."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


def _answer(arguments: Sequence[str] | None) -> Answer | int:
    command = typer.main.get_command(app)
    given = None if arguments is None else list(arguments)
    answer: Answer | int | None = command.main(args=given, prog_name="loopbounds", standalone_mode=False)
    return 0 if answer is None else answer


def _interrupted() -> int:
    say("interrupted")
    return INTERRUPTED


def _take_any_character() -> None:
    """Let a terminal of a small character set show escapes for what it lacks."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")


def _print(reply: Reply, as_json: bool) -> int:
    if sys.stdout is None:
        say("cannot write to standard output: it is closed")
        return BAD_INPUT
    try:
        print_reply(reply, as_json)
    except BrokenPipeError:
        # The reader has what it wanted; what is still buffered must not complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        say(f"cannot write to standard output: {error.strerror}")
        return BAD_INPUT
    return reply.status


def _complain(error: Exception) -> int:
    from bounds import LoopboundsError

    if isinstance(error, LoopboundsError):
        say(str(error))
        return BAD_INPUT
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        say(f"cannot write: {error.strerror}")
        return BAD_INPUT
    say(f"fault of the program, please report it: {type(error).__name__}: {error}")
    return FAULT

"""The command plot: figures of a run, of a bound over a symbol, or by their names."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from verify.cli_output import Reply

if TYPE_CHECKING:
    from fractions import Fraction

    from rich.console import Console

    from bounds import Theorem
    from verify.power_results import Power

Progress = Callable[[int, int, str], None]

_PATIENCE = 2.0  # seconds before progress is shown
_FAMILY = 6  # curves in one figure
_HOW = (
    "name a directory of loopbounds verify --out, a file of loopbounds power --out, a theorem with a grid "
    "(loopbounds plot fu2024.phase_transition n=100 c=1 s=1/2 t=5 x=0.1:10:log50), or --figure NAME"
)


@dataclass(frozen=True)
class Options:
    """The options of ``plot``.

    Parameters
    ----------
    figures : tuple of str
        Named figures to draw.
    out : str or None
        Directory to write to.
    seed : int
        Of the loops of named figures.
    progress : bool
        Whether progress may be shown.

    Examples
    --------
    >>> Options().seed
    0
    """

    figures: tuple[str, ...] = ()
    out: str | None = None
    seed: int = 0
    progress: bool = False


Drawn = Mapping[str, str]
"""Captions by name."""
Draw = Callable[[Path, Progress], Drawn]
"""``draw(directory, progress)`` writes the files of figures."""


def plot(what: str | None, arguments: Sequence[str], options: Options) -> Reply:
    """Answer ``plot``: draw figures as PDF, PNG and SVG, each with its caption as text.

    Parameters
    ----------
    what : str or None
        A directory that ``verify --out`` has written, a file that ``power --out`` has, or the id of a theorem.
    arguments : sequence of str
        With a theorem: ``name=value`` each, with one grid or two; the first is the abscissa, the second gives curves.
    options : Options

    Returns
    -------
    Reply
        With status 3 where a theorem has no value on the whole grid. Nothing is written unless everything could be
        drawn. Figures go to the directory of the run, or else to the current one, where no other is named.

    Raises
    ------
    ArgumentError
        If a request makes no sense, or the directory cannot be written.
    DataError
        If the run or the file cannot be read.
    UnknownTheorem
        If there is no such theorem.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as parent:
    ...     reply = plot("ferbach2024.kl_ball", ["K=2", "lam=0:0.9:lin10"], Options(out=parent))
    ...     sorted(path.name for path in Path(parent).iterdir())[0]
    'ferbach2024.kl_ball_over_lam.pdf'
    """
    from bounds import ArgumentError, HypothesisError

    if options.out == "":
        raise ArgumentError("--out '': name the directory to write to")
    if (what is None) == (not options.figures):
        raise ArgumentError(f"{'both a source and --figure are' if what else 'nothing is'} given to plot: {_HOW}")
    if options.figures:
        _refuse_arguments(arguments, "--figure")
        return _write(_named(options.figures, options.seed), Path(options.out or "."), options.progress)
    assert what is not None
    path = Path(what or "''")  # an empty name would be the current directory
    if not path.exists() and "." in what and "/" not in what:
        try:
            return _write(_over(what, arguments), Path(options.out or "."), options.progress)
        except HypothesisError as error:
            return Reply({"directory": None, "figures": [], "files": []}, lambda console: None, 3, str(error))
    if not path.exists():
        raise ArgumentError(f"'{what}' is no directory, file or theorem: {_HOW}")
    _refuse_arguments(arguments, what)
    beside = path if path.is_dir() else path.parent
    return _write(_saved(path), Path(options.out) if options.out else beside, options.progress)


def _refuse_arguments(arguments: Sequence[str], what: str) -> None:
    from bounds import ArgumentError

    if arguments:
        raise ArgumentError(f"{what} takes no arguments, given {' '.join(arguments)}; they go with the id of a theorem")


# --- what is drawn ----------------------------------------------------------------------------------------------------


def _named(names: Sequence[str], seed: int) -> Draw:
    from bounds import ArgumentError
    from verify.figures import PICTURES, figure, save_figure

    for name in names:
        if name not in PICTURES:
            raise ArgumentError(f"there is no figure '{name}'; there are {', '.join(PICTURES)}")
    if seed < 0:
        raise ArgumentError(f"--seed {seed}: give a whole number of 0 or more")
    chosen = list(dict.fromkeys(names))

    def draw(directory: Path, progress: Progress) -> Drawn:
        for done, name in enumerate(chosen):
            progress(done, len(chosen), name)
            save_figure(figure(name, seed, progress), directory, name)
        return {name: PICTURES[name].caption for name in chosen}

    return draw


def _saved(path: Path) -> Draw:
    """A run or the power of its checks, whichever the file holds."""
    from bounds import ArgumentError
    from verify.figures import power_caption, power_figure, save_figure, save_run_figures
    from verify.figures.saved import holds_power, load_power
    from verify.tables.saved import load_run

    if path.is_file() and holds_power(path):
        found: Power = load_power(path)
        if not found.checks:
            raise ArgumentError(f"there are no checks in {path} whose power could be drawn")

        def draw_power(directory: Path, progress: Progress) -> Drawn:
            papers = list(dict.fromkeys(name.partition(".")[0] for name in found.ids))
            captions = {}
            for done, key in enumerate(papers):
                progress(done, len(papers), f"power, {key}")
                mine = replace(found, checks=tuple(c for c in found.checks if c.id.partition(".")[0] == key))
                save_figure(power_figure(mine), directory, f"power_{key}")
                captions[f"power_{key}"] = power_caption(found)
            return captions

        return draw_power
    run = load_run(path)
    if not run.results:
        raise ArgumentError(f"the run in {path} has no results to draw")
    return lambda directory, progress: save_run_figures(directory, run, progress=progress)


def _over(theorem_id: str, arguments: Sequence[str]) -> Draw:
    from bounds import ArgumentError, get
    from bounds.numerals import read_number
    from verify.cli_eval import read_grid, split_arguments
    from verify.cli_values import narrowed
    from verify.figures import bound_axes, drawing, new_figure, save_figure

    theorem, texts, put = narrowed(get(theorem_id), split_arguments(arguments))
    known = {choice for one in theorem.regimes for choice, _ in one.choices}
    if several := [name for name in known if "," in str(texts.get(name, ""))]:
        raise ArgumentError(
            f"{several[0]} = {texts[several[0]]} are several choices, whose curves need a figure each; give one"
        )
    lengthy = {name: value for name, value in texts.items() if not isinstance(value, str)}
    texts = {name: text for name, text in texts.items() if name not in lengthy}
    grids = {name: read_grid(name, text) for name, text in texts.items() if ":" in text}
    lists = {name: list(dict.fromkeys(text.split(","))) for name, text in texts.items() if "," in text}
    if not 1 <= len(grids) + len(lists) <= 2 or not grids:
        raise ArgumentError(
            f"give {theorem_id} one grid for the abscissa, such as n=100:1e6:log25, and at most one more or a list, such as "
            f"t=2,5,10, for curves; given {' '.join(arguments) or 'none'}"
        )
    symbol, *second = grids
    curves: dict[str, Sequence[Any]] = {**{name: grids[name] for name in second}, **lists}
    for name, members in curves.items():
        if len(members) > _FAMILY:
            raise ArgumentError(
                f"{name} = {texts[name]} would be {len(members)} curves; at most {_FAMILY} can be told apart"
            )
    fixed = {name: text for name, text in texts.items() if name != symbol and name not in curves}
    numbers = {name: text if name in known else read_number(text, name) for name, text in fixed.items()}
    given = {**lengthy, **numbers}
    family = next(((name, _numbers(name, members)) for name, members in curves.items()), None)
    logarithmic = ":log" in texts[symbol]

    def draw(directory: Path, progress: Progress) -> Drawn:
        with drawing():
            figure, axes = new_figure()
            bound_axes(axes, theorem, symbol, grids[symbol], given, family=family, logarithmic=logarithmic)
        name = f"{theorem_id}_over_{symbol}"
        save_figure(figure, directory, name)
        return {name: _caption(theorem, symbol, fixed | put, family)}

    return draw


def _numbers(name: str, members: Sequence[Any]) -> tuple[Fraction | float, ...]:
    from bounds.numerals import read_number

    return tuple(read_number(member, name) for member in members)


def _caption(theorem: Theorem, symbol: str, given: Mapping[str, str], family: tuple[str, Sequence[Any]] | None) -> str:
    choices = {choice for one in theorem.regimes for choice, _ in one.choices}
    narrow = theorem.at(**{name: value for name, value in given.items() if name in choices})
    relation = {"upper": "an upper bound on the", "lower": "a lower bound on the", "exact": "an identity for the"}
    at = ", ".join(f"{name} = {value}" for name, value in given.items())
    curves = f", one curve per value of {family[0]}" if family else ""
    return (
        f"{theorem.id}, {relation[narrow.direction.value]} {narrow.quantity.meaning}, over {symbol}"
        f"{f' at {at}' if at else ''}{curves}. There is no curve where a hypothesis fails; where it is shaded, if anywhere, "
        "the bound is no better than the trivial one."
    )


# --- writing ----------------------------------------------------------------------------------------------------------


def _write(draw: Draw, directory: Path, show_progress: bool) -> Reply:
    """Draw beside the directory, and move everything there once it is complete."""
    from bounds import ArgumentError

    if directory.exists() and not directory.is_dir():
        raise ArgumentError(f"cannot write figures to {directory}: it is a file; name a directory")
    if not directory.absolute().parent.is_dir():
        raise ArgumentError(
            f"cannot write figures to {directory}: {directory.parent} is not a directory; make it first"
        )
    try:
        existed = directory.exists()
        parent = directory.resolve() if existed else directory.resolve().parent
        building = Path(tempfile.mkdtemp(prefix=".figures.", dir=parent))
        try:
            with _progress(show_progress) as progress:
                captions = draw(building, progress)
            for name, caption in captions.items():
                (building / f"{name}.txt").write_text(caption + "\n", encoding="utf-8")
            directory.mkdir(exist_ok=True)
            files = []
            for path in sorted(building.iterdir()):
                files.append(directory / path.name)
                path.replace(files[-1])
        finally:
            shutil.rmtree(building, ignore_errors=True)
    except OSError as error:
        raise ArgumentError(f"cannot write figures to {directory}: {error.strerror or error}") from None
    document = {
        "directory": str(directory),
        "figures": [{"name": name, "caption": caption} for name, caption in captions.items()],
        "files": [str(path) for path in files],
    }

    def show(console: Console) -> None:
        console.print(f"in {directory}, each as .pdf, .png, .svg, with its caption as .txt:", soft_wrap=True)
        for name in captions:
            console.print(f"  {name}", soft_wrap=True)

    return Reply(document, show)


@contextmanager
def _progress(wanted: bool) -> Iterator[Progress]:
    """Say on a terminal how far the drawing is, once it has taken a while."""
    start, shown = time.monotonic(), False

    def report(done: int, total: int, label: str) -> None:
        nonlocal shown
        if wanted and sys.stderr.isatty() and time.monotonic() - start >= _PATIENCE:
            shown = True
            print(f"\r\033[Kdrawing {done}/{total}: {label}", end="", file=sys.stderr, flush=True)

    try:
        yield report
    finally:
        if shown:
            print("\r\033[K", end="", file=sys.stderr, flush=True)

"""The command table: of a run, of the bounds of papers and theorems, of what all of them say at one setting."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from verify.cli_files import require_file, write_whole
from verify.cli_output import Reply

if TYPE_CHECKING:
    from rich.console import Console

    from bounds import Theorem
    from verify.tables import Table

_USES = (
    "name what to tabulate: a directory of verify --out, papers or theorems (loopbounds table bertrand2024), or ask for "
    "--compare"
)


@dataclass(frozen=True)
class Options:
    """The options of ``table``.

    Parameters
    ----------
    form : str or None
        Format; by default the one the ending of `out` asks for, else Markdown.
    out : str or None
        File to write.
    compare : bool
        Tabulate what all theorems say at one setting.

    Examples
    --------
    >>> Options().compare
    False
    """

    form: str | None = None
    out: str | None = None
    compare: bool = False


def table(words: Sequence[str], options: Options) -> Reply:
    """Answer ``table``.

    Parameters
    ----------
    words : sequence of str
        A directory; or paper keys and theorem ids; and ``name=value`` texts.
    options : Options

    Returns
    -------
    Reply

    Raises
    ------
    ArgumentError, UnknownTheorem, DataError
        If a word is none of these, a value or the format is no good, or the file cannot be written.

    Examples
    --------
    >>> table(["ferbach2024.kl_ball", "K=4", "lam=0.1"], Options()).document["tables"][0]["rows"]
    [['0.357']]
    """
    from verify.tables.formats import render

    form = _form(options)
    file = None if options.out is None else require_file(options.out)
    names = [word for word in words if "=" not in word]
    arguments = [word for word in words if "=" in word]
    tables = _tables(names, arguments, options.compare)
    text = render(tables, form)
    document = {"tables": [one.document() for one in tables]}
    if file is None:
        return Reply(document, lambda console: print(text, end=""))
    write_whole(file, text)

    def show(console: Console) -> None:
        count = f"{len(tables)} table{'s' if len(tables) > 1 else ''}"
        console.print(f"wrote {file}: {count}, {form}", soft_wrap=True)

    return Reply({**document, "path": str(file), "format": form}, show)


def _form(options: Options) -> str:
    from bounds import ArgumentError
    from verify.tables.formats import ENDINGS, FORMATS

    ending = "" if options.out is None else Path(options.out).suffix.lower()
    if options.form is None:
        if ending and ending not in ENDINGS:
            raise ArgumentError(
                f"--out {options.out}: the ending {ending} tells no format; end it in {', '.join(ENDINGS)}, or add --format"
            )
        return ENDINGS.get(ending, "md")
    form = {"tex": "latex", "markdown": "md", "htm": "html"}.get(options.form.lower(), options.form.lower())
    if form not in FORMATS:
        raise ArgumentError(f"--format {options.form}: there are {', '.join(FORMATS)}")
    if ENDINGS.get(ending, form) != form:
        raise ArgumentError(f"--format {options.form} and --out {options.out} contradict each other; leave one out")
    return form


def _tables(names: Sequence[str], arguments: Sequence[str], compare: bool) -> Sequence[Table]:
    from bounds import ArgumentError
    from verify.cli_eval import split_arguments
    from verify.tables import bound_grids, comparison, read_request

    if not names and not compare:
        raise ArgumentError(_USES)
    if not compare and (run := _run_of(names)) is not None:
        from verify.tables.saved import load_run
        from verify.tables.summaries import run_table

        others = [name for name in names if Path(name) != run]
        if len(names) > 1:
            raise ArgumentError(
                f"{run} is a run; tabulate it alone, {f'without {others[0]}' if others else 'and once'}"
            )
        if arguments:
            raise ArgumentError(f"{arguments[0]} goes with papers and theorems; the run in {run} is what it is")
        return [run_table(load_run(run))]
    theorems = _theorems(names)
    request = read_request(split_arguments(arguments), theorems)
    return [comparison(theorems, request)] if compare else bound_grids(theorems, request)


def _run_of(names: Sequence[str]) -> Path | None:
    """Return the first name that is a file or directory and nothing in the catalogue."""
    from bounds import all_papers, catalog

    known = {paper.key for paper in all_papers()} | {theorem.id for theorem in catalog()}
    return next(
        (Path(name) for name in names if name and name not in known and (Path(name).exists() or os.sep in name)), None
    )


def _theorems(names: Sequence[str]) -> list[Theorem]:
    """Return the theorems of papers and ids, each once; those of all papers, without the lemmas, where none is named."""
    from bounds import UnknownTheorem, all_papers, catalog, get

    everything = catalog()
    if not names:
        return [
            theorem
            for theorem in everything
            if theorem.standing.value != "lemma" and not theorem.id.startswith("lemma.")
        ]
    keys = {paper.key for paper in all_papers()}
    found: dict[str, Theorem] = {}
    for name in names:
        mine = [t for t in everything if t.source.paper.key == name or t.id.startswith(f"{name}.")]
        if not mine and name not in keys:
            try:
                mine = [get(name)]
            except UnknownTheorem as error:
                raise UnknownTheorem(
                    f"{name or repr(name)} is neither a paper, nor a theorem, nor a directory: {error}"
                ) from None
        found |= {theorem.id: theorem for theorem in mine}
    return list(found.values())

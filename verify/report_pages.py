"""The report of a run: one HTML page that needs no other file, and its short form in Markdown."""

from __future__ import annotations

import base64
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from html import escape
from importlib import metadata
from pathlib import Path
from typing import Any

from bounds import Theorem, get
from bounds.hypotheses import relation_text
from bounds.typeset import to_latex
from verify.explore.mathml import LatexError, latex_to_mathml
from verify.results import ControlResult, Failure, Result, Run
from verify.tables.digits import numbers
from verify.tables.entries import RELATIONS
from verify.tables.html import html_table, page
from verify.tables.markdown import markdown_document, markdown_rows
from verify.tables.table import Cell, Column, Row, Table

TITLE = "Theorems on self-consuming training loops: bounds and measurements"
LIBRARIES = ("loopbounds", "numpy", "scipy", "sympy", "mpmath", "python-flint", "matplotlib", "pandas")
"""Distributions whose versions the report names."""
LARGEST_DRAWING = 400_000
"""Bytes of a figure that is embedded as a drawing; a larger one is embedded as a picture."""

# What is folded on a screen is printed, since paper cannot be unfolded.
_UNFOLD = (
    "<script>addEventListener('beforeprint', () => document.querySelectorAll('details').forEach(d => { d.open = true; }))"
    "</script>"
)

Captions = Mapping[str, str]
"""Caption by the name of a figure's file without its ending."""

_LEGEND = (
    ("EXACT", "the quantity was computed without sampling and lies within the bound"),
    ("CONSISTENT", "a confidence limit valid at the finite sample lies within the bound"),
    ("INCONCLUSIVE", "neither that nor a violation could be shown"),
    ("VIOLATED", "a valid confidence limit lies beyond the bound"),
    ("FAILED", "the setting could not be measured or judged"),
)


def markdown_page(table: Table, run: Run, figures: Captions) -> str:
    """Write the summary, the controls and the figures as Markdown.

    Parameters
    ----------
    table : Table
        The summary.
    run : Run
    figures : mapping
        Captions by file name.

    Returns
    -------
    str

    Examples
    --------
    >>> run = Run((), (), {"total": 0.001, "tests": 0, "per_test": 0.0}, 1, "quick")
    >>> markdown_page(Table("x", "Fine.", (), ()), run, {}).splitlines()[2]
    '**Fine.**'
    """
    parts = [f"# {TITLE}", markdown_document([table]).rstrip("\n")]
    if run.controls:
        rows = [[str(value) for value in asdict(control).values()] for control in run.controls]
        head = ["theorem", "control", "caught", "settings", "violated"]
        parts += ["## Controls", "Planted false theorems; each must be caught.", markdown_rows(head, rows)]
    parts += [f"![{caption}]({name}.png)\n\n{caption}" for name, caption in figures.items()]
    return "\n\n".join(parts) + "\n"


def html_report(
    table: Table, run: Run, figures: Captions, directory: Path, command: str, power: Mapping[str, Any]
) -> str:
    """Write the report as one page.

    Parameters
    ----------
    table : Table
        The summary.
    run : Run
    figures : mapping
        Captions by file name.
    directory : Path
        Where the figures are.
    command : str
        What was typed; empty if it is not known.
    power : mapping
        The document of ``loopbounds power``; empty if there is none.

    Returns
    -------
    str

    Examples
    --------
    >>> run = Run((), (), {"total": 0.001, "tests": 0, "per_test": 0.0}, 1, "quick")
    >>> "<h1>" in html_report(Table("x", "Fine.", (), ()), run, {}, Path("."), "", {})
    True
    """
    ids = _ids(run)
    anchors = [record["theorem"].partition(" ")[0] for record in table.records]
    parts = [
        f"<h1>{TITLE}</h1>",
        _outcome(run),
        '<h2 id="summary">Summary</h2>',
        html_table(table, cards=True, anchors=anchors),
        _legend(),
        *([f'<h2 id="figures">Figures</h2>\n{_figures(figures, directory)}'] if figures else []),
        *([_failures(run.failures)] if run.failures else []),
        '<h2 id="theorems">Theorems</h2>' if ids else "",
        *(_theorem(theorem_id, run, power) for theorem_id in ids),
        _environment(run, command),
    ]
    return page(TITLE, "\n".join(part for part in [*parts, _UNFOLD] if part))


def _ids(run: Run) -> list[str]:
    named = [*(r.id for r in run.results), *(c.id for c in run.controls), *(f.id for f in run.failures)]
    return list(dict.fromkeys(named))


def _outcome(run: Run) -> str:
    if run.passed:
        state, text = "EXACT", "Passed: no theorem is violated, no control escaped, no setting failed."
    else:
        wrong = [
            (len(run.violated), "violated"), (len(run.escaped), "controls escaped"), (len(run.failures), "settings failed")
        ]  # fmt: skip
        state, text = "VIOLATED", f"Not passed: {', '.join(f'{count} {what}' for count, what in wrong if count)}."
    links = '<a href="#theorems">theorems</a>, <a href="#environment">environment and command</a>'
    return f'<p class="{state}">{text}</p>\n<p>On this page: <a href="#summary">summary</a>, {links}.</p>'


def _legend() -> str:
    terms = "".join(f'<li><span class="{name}">{name}</span>: {text}</li>' for name, text in _LEGEND)
    return f'<details><summary>What the verdicts mean</summary><ul class="notes">{terms}</ul></details>'


def _figures(figures: Captions, directory: Path) -> str:
    return "\n".join(_figure(directory, name, caption) for name, caption in figures.items())


def _figure(directory: Path, name: str, caption: str) -> str:
    drawing = directory / f"{name}.svg"
    vector = drawing.is_file() and drawing.stat().st_size <= LARGEST_DRAWING
    content = (drawing if vector else directory / f"{name}.png").read_bytes()
    kind = "image/svg+xml" if vector else "image/png"
    text = escape(caption, quote=True)
    source = f"data:{kind};base64,{base64.b64encode(content).decode()}"
    return f'<figure><img alt="{text}" src="{source}"><figcaption>{text}</figcaption></figure>'


def _failures(failures: Sequence[Failure]) -> str:
    rows = tuple(
        Row(
            (
                Cell(f.id),
                Cell(f.where),
                Cell(f.stage),
                Cell(f.error),
                Cell(f"--replay {f.index}" if f.index is not None else ""),
            )
        )
        for f in failures
    )
    columns = tuple(Column(head, fold=True) for head in ("theorem", "where", "stage", "error", "measure it again by"))
    return f"<h2>What failed</h2>\n{html_table(Table('failures', '', columns, rows), cards=True)}"


# --- one theorem ------------------------------------------------------------------------------------------------------


def _theorem(theorem_id: str, run: Run, power: Mapping[str, Any]) -> str:
    theorem = get(theorem_id)
    results = [r for r in run.results if r.id == theorem_id]
    controls = [c for c in run.controls if c.id == theorem_id]
    paper = theorem.source.paper
    parts = [
        f'<section id="{escape(theorem_id)}">',
        f"<h3>{escape(theorem_id)}</h3>",
        f"<p>{escape(theorem.statement)}</p>",
        *_formulas(theorem, results),
        "<ul>",
        f"<li>Source: {escape(theorem.source.label)} of {escape(', '.join(paper.authors))}: "
        f"<i>{escape(paper.title)}</i>, {escape(paper.venue)} {paper.year}.</li>",
        f"<li>Standing: {theorem.standing.value}, {escape(theorem.standing.meaning)}.</li>",
        *_conditions(theorem),
        *_power(theorem_id, power),
        "</ul>",
        _settings(results),
        _controls(controls),
        "</section>",
    ]
    return "\n".join(part for part in parts if part)


def _formulas(theorem: Theorem, results: Sequence[Result]) -> list[str]:
    """Typeset the regimes that were measured; all of them where nothing was."""
    if not theorem.regimes:
        return [_formula(theorem)]
    names = {name for regime in theorem.regimes for name, _ in regime.choices}
    measured = [{n: str(r.inputs[n]) for n in names if n in r.inputs} for r in results]
    regimes = [dict(r.choices) for r in theorem.regimes]
    shown = [choices for choices in regimes if choices in measured] or regimes
    return [_formula(theorem.at(**choices)) for choices in shown]


def _formula(theorem: Theorem) -> str:
    named = ", ".join(f"{name} = {value}" for name, value in theorem.choices)
    head = f"<p>With {escape(named)}:</p>" if named else ""
    try:
        written = latex_to_mathml(theorem.latex(), block=True)
    except LatexError:
        written = f"<code>{escape(f'{theorem.quantity.name} {RELATIONS[theorem.direction.value]} {theorem.expression}')}</code>"
    return f'{head}<div class="wide formula">{written}</div>'


def _conditions(theorem: Theorem) -> list[str]:
    hypotheses = [_relation(relation) for relation in theorem.all_hypotheses]
    checked = (
        f"checked in every setting: {'; '.join(hypotheses)}"
        if hypotheses
        else "none besides the domains of the symbols"
    )
    assumed = [f"<li>Assumes: {escape(text)}.</li>" for text in theorem.assumptions]
    return [f"<li>Hypotheses, {checked}.</li>", *assumed]


def _relation(relation: Any) -> str:
    try:
        return latex_to_mathml(to_latex(relation))
    except LatexError:
        return f"<code>{escape(relation_text(relation))}</code>"


def _power(theorem_id: str, power: Mapping[str, Any]) -> list[str]:
    """Say what the check detects, where that was measured."""
    from verify.cli_power import percent

    found = [row for row in power.get("checks", ()) if row.get("id") == theorem_id]
    if not found:
        return []
    smallest = [row.get("smallest") for row in found]
    known = [value for value in smallest if isinstance(value, int | float)]
    worst = percent(max(known)) if len(known) == len(smallest) else "none in some runs"
    effort = escape(str(power.get("effort", "unknown")))
    return [
        f"<li>Power: the smallest violation detected is {worst} of the bound ({effort} effort, the worst of {len(found)} "
        f"run{'s' * (len(found) > 1)}).</li>"
    ]


def _settings(results: Sequence[Result]) -> str:
    if not results:
        return ""
    heads = ("setting", "bound", "measured", "tightness", "verdict", "loops")
    rows = []
    for r in results:
        shown = numbers(r)
        ratio = "" if r.ratio != r.ratio else f"{r.ratio:.3g}"
        texts = (
            r.setting, f"{RELATIONS[r.direction]} {shown.bound}", f"{shown.measured} {shown.interval}".strip(), ratio,
            r.verdict.value, str(r.replicates or "computed"),
        )  # fmt: skip
        rows.append(Row(tuple(Cell(text) for text in texts)))
    columns = tuple(Column(head, right=head == "loops", fold=head == "setting") for head in heads)
    table = html_table(Table("settings", "", columns, tuple(rows)))
    count = f"{len(results)} setting{'s' * (len(results) > 1)}"
    return f"<details><summary>{count}</summary>{table}</details>"


def _controls(controls: Sequence[ControlResult]) -> str:
    if not controls:
        return ""
    rows = tuple(
        Row((Cell(c.name), Cell(f"{c.violated} of {c.settings} settings"), Cell("caught" if c.caught else "ESCAPED")))
        for c in controls
    )
    columns = (Column("control: a planted false theorem", fold=True), Column("refuted in"), Column("outcome"))
    return html_table(Table("controls", "", columns, rows), cards=True)


# --- how to do it again -----------------------------------------------------------------------------------------------


def _environment(run: Run, command: str) -> str:
    budget = run.error_budget
    versions = ", ".join(f"{name} {_version(name)}" for name in LIBRARIES)
    facts = [
        ("Python", f"{platform.python_version()} ({platform.python_implementation()})"),
        ("platform", f"{platform.system()} {platform.machine()}, {platform.libc_ver()[0] or 'C library'} "
                     f"{platform.libc_ver()[1]}".strip()),
        ("libraries", versions),
        ("seed", str(run.seed)),
        ("effort", run.effort),
        ("error budget", f"{budget['total']:g} in all, over {budget['tests']} sampled tests, {budget['per_test']:.3g} each"),
    ]  # fmt: skip
    listed = "".join(f"<li>{escape(name)}: {escape(text)}</li>" for name, text in facts)
    again = f"<p>The same again:</p><pre>{escape(command)}</pre>" if command else ""
    return f'<h2 id="environment">Environment</h2>\n<ul>{listed}</ul>\n{again}'


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "unknown"

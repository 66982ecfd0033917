"""Tables as HTML pages that need no other file, wide on a screen, one card per row on a telephone."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from bounds.symbols import PARAMETERS
from verify.explore.mathml import LatexError, latex_to_mathml
from verify.tables.table import Cell, Column, Row, Table

VERDICTS = ("FAILED", "VIOLATED", "INCONCLUSIVE", "CONSISTENT", "EXACT")

STYLE = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 76rem; padding: 1rem; }
body { color: #1b1b1b; background: #fff; }
h1 { font-size: 1.6rem; line-height: 1.2; } h2 { font-size: 1.25rem; margin-top: 2.2rem; } h3 { font-size: 1.05rem; }
p, li, figcaption { overflow-wrap: anywhere; }
code, pre { font-family: ui-monospace, monospace; font-size: .9em; }
pre { background: #f4f4f2; padding: .6rem .8rem; white-space: pre-wrap; overflow-wrap: anywhere; }
table { border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums; margin: .8rem 0 .3rem; }
.caption { margin: 0 0 .3rem; font-size: .95rem; }
th, td { text-align: left; padding: .25rem .65rem .25rem 0; vertical-align: top; }
th { border-bottom: 1px solid #1b1b1b; font-weight: 600; }
thead tr:first-child th { border-top: 2px solid #1b1b1b; } tbody tr:last-child td { border-bottom: 2px solid #1b1b1b; }
tr.starts td { border-top: 1px solid #c9c9c9; }
.right { text-align: right; } td.right { white-space: nowrap; } .keep { white-space: nowrap; }
.dull { color: #767676; } sup { line-height: 0; }
.notes { font-size: .82rem; color: #444; margin: .2rem 0 1.6rem; padding-left: 1.1rem; }
.wide { overflow-x: auto; }
.VIOLATED, .FAILED { color: #8a1c00; font-weight: 700; } .INCONCLUSIVE { color: #7a5200; font-weight: 600; }
.CONSISTENT, .EXACT { color: #00563b; }
a { color: #005a9c; }
figure { display: inline-block; margin: 1rem 1.5rem 1rem 0; max-width: min(34rem, 100%); vertical-align: top; }
img { max-width: 100%; height: auto; } figcaption { font-size: .82rem; color: #333; } summary { cursor: pointer; }
section { border-top: 1px solid #c9c9c9; margin-top: 1.4rem; } .formula { padding: .2rem 0 .4rem; } math { font-size: 1.05em; }
@media print { body { max-width: none; font-size: 10pt; padding: 0; } .wide { overflow: visible; } a { color: inherit; }
  figure { max-width: 46%; } tr, figure { break-inside: avoid; } h2, h3 { break-after: avoid; } }
"""
CARDS = """
@media (max-width: 44rem) { .cards, .cards tbody, .cards tr, .cards td { display: block; }
  .cards thead { display: none; }
  .cards tr { border-top: 1px solid #999; padding: .4rem 0; }
  .cards tbody tr td { border: 0; padding: .08rem 0; text-align: left; white-space: normal; overflow-wrap: anywhere; }
  .cards td:empty { display: none; }
  .cards td[data-head]::before { content: attr(data-head) ": "; color: #555; } .cards td:first-child::before { content: ""; }
  .cards td:first-child { font-weight: 600; } }
"""


def html_document(tables: Sequence[Table]) -> str:
    """Write a page with tables.

    Parameters
    ----------
    tables : sequence of Table

    Returns
    -------
    str

    Examples
    --------
    >>> "&lt;x&gt;</td>" in html_document([Table("x", "", (Column("a"),), (Row((Cell("<x>"),)),))])
    True
    """
    return page(
        "Bounds on self-consuming training loops", "\n".join(html_table(table, _in_words(table)) for table in tables)
    )


def _in_words(table: Table) -> bool:
    """Tell whether its rows are words rather than numbers, and so read better as cards than scrolled sideways."""
    return any(column.fold for column in table.columns) and not any(column.math for column in table.columns)


def page(title: str, body: str) -> str:
    """Write a page that needs no other file.

    Parameters
    ----------
    title : str
    body : str
        HTML.

    Returns
    -------
    str

    Examples
    --------
    >>> page("a < b", "<p>x</p>").count("a &lt; b")
    1
    """
    return f"""<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(title)}</title>
<style>{STYLE}{CARDS}</style></head>
<body>
{body}
</body>
</html>
"""


def html_table(table: Table, cards: bool = False, anchors: Sequence[str] = ()) -> str:
    """Write a table with its caption and notes.

    Parameters
    ----------
    table : Table
    cards : bool
        Show each row as a card on a narrow screen; a table of numbers scrolls there instead.
    anchors : sequence of str
        For each row the id of the element its first cell leads to; none by default.

    Returns
    -------
    str

    Examples
    --------
    >>> found = html_table(Table("x", "", (Column("verdict"),), (Row((Cell("EXACT"),)),)))
    >>> '<td class="keep EXACT">EXACT</td>' in found
    True
    """
    head = "".join(f"<th{_class(column)}>{_math(column.math, column.head)}</th>" for column in table.columns)
    body = "\n".join(
        _row(table, row, cards, anchors[number] if anchors else "") for number, row in enumerate(table.rows)
    )
    # Outside of what scrolls sideways.
    caption = f'<p class="caption">{_caption(table)}</p>\n' if table.caption else ""
    notes = "".join(f"<li>{escape(note)}</li>" for note in table.notes)
    kind = ' class="cards"' if cards else ""
    written = f"<table{kind}><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table>"
    return f'{caption}<div class="wide">{written}</div>\n' + (f'<ul class="notes">{notes}</ul>' if notes else "")


def _row(table: Table, row: Row, cards: bool, anchor: str) -> str:
    cells = "".join(
        _cell(column, cell, cards, anchor if not place else "")
        for place, (column, cell) in enumerate(zip(table.columns, row.cells, strict=True))
    )
    return f"<tr{' class=starts' if row.starts else ''}>{cells}</tr>"


def _cell(column: Column, cell: Cell, cards: bool, anchor: str) -> str:
    text = _math(cell.math, cell.text)
    if anchor:
        text = f'<a href="#{escape(anchor)}">{text}</a>'
    mark = f"<sup>{escape(cell.mark)}</sup>" if cell.mark else ""
    classes = [cell.text] if cell.text in VERDICTS else ["dull"] * bool(cell.mark)
    head = f' data-head="{escape(column.head)}"' if cards else ""
    return f"<td{_class(column, *classes)}{head}>{text}{mark}</td>"


def _class(column: Column, *more: str) -> str:
    names = ["right"] * column.right + ["keep"] * (not column.fold and not column.right) + list(more)
    return f' class="{" ".join(names)}"' if names else ""


def _math(latex: str, text: str) -> str:
    if not latex:
        return escape(text)
    try:
        return latex_to_mathml(latex)
    except LatexError:
        return escape(text)


def _caption(table: Table) -> str:
    text = escape(table.caption)
    if table.given:
        fixed = ", ".join(
            _math(f"{PARAMETERS[n].latex} = {v}" if n in PARAMETERS else "", f"{n} = {v}")
            for n, v in table.given.items()
        )
        text += f" Held fixed: {fixed}."
    return text

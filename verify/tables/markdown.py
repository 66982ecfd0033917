"""Tables as Markdown, which terminals show as it is."""

from __future__ import annotations

from collections.abc import Sequence

from verify.tables.table import Table


def markdown_rows(head: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool] = ()) -> str:
    r"""Write a table of text.

    Parameters
    ----------
    head : sequence of str
    rows : sequence of sequence of str
    right : sequence of bool
        Which columns are flush right; none by default.

    Returns
    -------
    str

    Examples
    --------
    >>> print(markdown_rows(["a|b", "c"], [["x", "1"]], [False, True]))
    | a\|b | c |
    |-----|--:|
    | x | 1 |
    """
    flush = right or [False] * len(head)
    rule = "|".join("-" * max(len(h) + 1, 2) + ("-:"[f]) for h, f in zip(head, flush, strict=True))
    return "\n".join([_line(head), f"|{rule}|", *(_line(row) for row in rows)])


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", r"\|").replace("\n", " ") for cell in cells) + " |"


def markdown_document(tables: Sequence[Table]) -> str:
    """Write tables with captions and notes.

    Parameters
    ----------
    tables : sequence of Table

    Returns
    -------
    str

    Examples
    --------
    >>> print(markdown_document([Table("x", "No rows.", (), (), {"n": "10"}, ("a note",))]), end="")
    **No rows.** Held fixed: n = 10.
    <BLANKLINE>
    - a note
    """
    return "\n\n".join(_section(table) for table in tables) + "\n"


def _section(table: Table) -> str:
    fixed = f" Held fixed: {', '.join(f'{n} = {v}' for n, v in table.given.items())}." if table.given else ""
    parts = [f"**{table.caption}**{fixed}"]
    if table.columns:
        # Columns as wide as their widest cell, so that the source reads as a table too.
        rows = [[c.head for c in table.columns], *([c.plain for c in row.cells] for row in table.rows)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        flush = [column.right for column in table.columns]
        padded = [
            [
                text.rjust(width) if right else text.ljust(width)
                for text, width, right in zip(row, widths, flush, strict=True)
            ]
            for row in rows
        ]
        parts.append(markdown_rows(padded[0], padded[1:], flush))
    if table.notes:
        parts.append("\n".join(f"- {note}" for note in table.notes))
    return "\n\n".join(parts)

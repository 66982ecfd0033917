"""Tables written as Markdown, LaTeX, HTML or CSV."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bounds import ArgumentError
from verify.tables.csv_text import csv_text
from verify.tables.html import html_document
from verify.tables.latex import latex_document
from verify.tables.markdown import markdown_document
from verify.tables.table import Table

FORMATS: dict[str, Callable[[Sequence[Table]], str]] = {
    "md": markdown_document,
    "latex": latex_document,
    "html": html_document,
    "csv": csv_text,
}
"""What writes tables, by the name of the format."""

ENDINGS = {".md": "md", ".tex": "latex", ".html": "html", ".htm": "html", ".csv": "csv"}
"""The format a file's ending asks for."""


def render(tables: Sequence[Table], form: str) -> str:
    """Write tables in a format.

    Parameters
    ----------
    tables : sequence of Table
    form : str
        "md", "latex", "html" or "csv".

    Returns
    -------
    str
        Ends with a line break.

    Raises
    ------
    ArgumentError
        If there is no such format.

    Examples
    --------
    >>> render([], "pdf")
    Traceback (most recent call last):
    bounds.errors.ArgumentError: there is no format 'pdf'; there are md, latex, html, csv
    """
    if form not in FORMATS:
        raise ArgumentError(f"there is no format '{form}'; there are {', '.join(FORMATS)}")
    return FORMATS[form](tables)

"""The command ``explore``: write the interactive page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from verify.cli_files import require_file, write_whole
from verify.cli_output import Reply

if TYPE_CHECKING:
    from rich.console import Console


def explore(out: str) -> Reply:
    """Answer ``explore``: write one HTML file that shows and evaluates every theorem, offline.

    Parameters
    ----------
    out : str
        The file to write; its directory must exist.

    Returns
    -------
    Reply

    Raises
    ------
    ArgumentError
        If the file cannot be written.

    Examples
    --------
    >>> explore("missing/page.html")
    Traceback (most recent call last):
    bounds.errors.ArgumentError: --out missing/page.html: there is no directory missing; make it first
    """
    from bounds import catalog

    path = require_file(out)
    from verify.explore import build_page

    theorems = catalog()
    page = build_page(theorems)
    write_whole(path, page)
    size = len(page.encode())
    document = {"path": str(path), "bytes": size, "theorems": len(theorems)}

    def show(console: Console) -> None:
        console.print(f"wrote {path}: {len(theorems)} theorems, {size / 1000:.0f} kB; open it in a browser")

    return Reply(document, show)

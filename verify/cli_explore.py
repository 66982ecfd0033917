"""The command ``explore``: write the interactive page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

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
    bounds.errors.ArgumentError: --out missing/page.html: there is no directory missing; create it first
    """
    from bounds import catalog
    from bounds.errors import ArgumentError

    path = Path(out)
    if not path.parent.is_dir():
        raise ArgumentError(f"--out {out}: there is no directory {path.parent}; create it first")
    if path.is_dir():
        raise ArgumentError(f"--out {out} is a directory; name the file to write, for instance {path / 'explore.html'}")
    from verify.explore import build_page

    theorems = catalog()
    page = build_page(theorems).encode()
    try:
        path.write_bytes(page)
    except OSError as error:
        raise ArgumentError(f"--out {out} cannot be written: {error.strerror}") from error
    document = {"path": str(path), "bytes": len(page), "theorems": len(theorems)}

    def show(console: Console) -> None:
        console.print(f"wrote {path}: {len(theorems)} theorems, {len(page) / 1000:.0f} kB; open it in a browser")

    return Reply(document, show)

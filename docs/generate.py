"""Writes the reference pages from the catalogue: one per theorem, overviews, provenance, and the list of the interface.

``python docs/generate.py`` writes them; with ``--check`` it writes nothing and exits with status 1 if a page is out of date.
A page joins what the catalogue knows (statement, hypotheses, symbols) with the hand-written proof in ``docs/proofs``.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent
if str(DOCS) not in sys.path:
    sys.path.insert(0, str(DOCS))

from _reference.interface import interface_pages  # noqa: E402
from _reference.overviews import catalogue_page, group_page, groups, provenance_page  # noqa: E402
from _reference.theorem_page import theorem_page  # noqa: E402

import bounds  # noqa: E402

FOLDERS = ("theorems", "catalog", "api")
"""What lies in these is written by this program alone."""


def pages(docs: Path = DOCS) -> dict[Path, str]:
    """Return the text of every generated page by its file."""
    found = {docs / "theorems" / f"{t.id}.md": theorem_page(t, docs) for t in bounds.catalog()}
    found |= {docs / "catalog" / f"{key}.md": group_page(key, theorems) for key, theorems in groups().items()}
    found |= {docs / "api" / name: text for name, text in interface_pages().items()}
    found[docs / "theorems.md"] = catalogue_page()
    found[docs / "provenance.md"] = provenance_page()
    return found


def stale(written: dict[Path, str], docs: Path = DOCS) -> list[Path]:
    """Return the files that are missing, differ from their text, or belong to nothing any more."""
    differing = [p for p, text in written.items() if not p.is_file() or p.read_text(encoding="utf-8") != text]
    present = [p for folder in FOLDERS for p in sorted((docs / folder).glob("*.md"))]
    return differing + [p for p in present if p not in written]


def main() -> int:
    """Write the pages, or check them; return the exit status."""
    parser = argparse.ArgumentParser(description="Write the reference pages from the catalogue.")
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit with status 1 if a page is out of date"
    )
    options = parser.parse_args()
    written = pages()
    outdated = stale(written)
    for path in outdated:
        if not options.check:
            if path in written:
                path.parent.mkdir(exist_ok=True)
                path.write_text(written[path], encoding="utf-8")
            else:
                path.unlink()
        print(
            path.relative_to(DOCS.parent),
            "is out of date" if options.check else "written" if path in written else "removed",
        )
    return int(options.check and bool(outdated))


if __name__ == "__main__":
    sys.exit(main())

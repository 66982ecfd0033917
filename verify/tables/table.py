"""A table as data: what every format is written from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Cell:
    """One cell.

    Parameters
    ----------
    text : str
        Plain text.
    mark : str
        A letter or dagger that leads to a note; empty for none.
    math : str
        The same as LaTeX mathematics, for formats that can show it; empty where the text serves.

    Examples
    --------
    >>> Cell("0.512", mark="†").plain
    '0.512 †'
    """

    text: str
    mark: str = ""
    math: str = ""

    @property
    def plain(self) -> str:
        """Text and mark without typesetting."""
        if not self.mark:
            return self.text
        return f"{self.text} {self.mark}" if self.mark == DAGGER else f"{self.text} ({self.mark})"


DAGGER = "†"
"""Marks a bound that is no better than the trivial one."""
NOTHING = "–"
"""Stands where a theorem says nothing."""


@dataclass(frozen=True)
class Column:
    r"""A column.

    Parameters
    ----------
    head : str
        Plain text.
    math : str
        The head as LaTeX mathematics; empty where the text serves.
    right : bool
        Whether its cells are set flush right.
    fold : bool
        Whether its cells may be broken over lines.

    Examples
    --------
    >>> Column("alpha", r"\alpha").head
    'alpha'
    """

    head: str
    math: str = ""
    right: bool = False
    fold: bool = False


@dataclass(frozen=True)
class Row:
    """A row.

    Parameters
    ----------
    cells : tuple of Cell
    starts : bool
        Whether a group of rows starts here, set off from the one before.

    Examples
    --------
    >>> Row((Cell("x"),)).starts
    False
    """

    cells: tuple[Cell, ...]
    starts: bool = False


@dataclass(frozen=True)
class Table:
    """A table with its caption, its notes, and the same as records for programs.

    Parameters
    ----------
    name : str
        Short and unique; the label in LaTeX.
    caption : str
        Plain text.
    columns : tuple of Column
    rows : tuple of Row
        Each with one cell per column.
    given : mapping of str to str
        Values held fixed, by the name of the symbol, for the caption.
    notes : tuple of str
        Below the table.
    records : tuple of mapping
        One per entry, in full precision.

    Raises
    ------
    ValueError
        If a row has not as many cells as there are columns.

    Examples
    --------
    >>> Table("x", "A table.", (Column("a"),), (Row((Cell("1"),)),)).rows[0].cells[0].text
    '1'
    """

    name: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    given: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    records: tuple[Mapping[str, Any], ...] = ()

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row.cells) != len(self.columns):
                raise ValueError(f"{self.name}: a row of {len(row.cells)} cells under {len(self.columns)} columns")

    def document(self) -> dict[str, Any]:
        """Return the table as a JSON document.

        Returns
        -------
        dict

        Examples
        --------
        >>> Table("x", "A table.", (Column("a"),), (Row((Cell("1", "a"),)),)).document()["rows"]
        [['1 (a)']]
        """
        return {
            "name": self.name,
            "caption": self.caption,
            "given": dict(self.given),
            "columns": [column.head for column in self.columns],
            "rows": [[cell.plain for cell in row.cells] for row in self.rows],
            "notes": list(self.notes),
            "records": [dict(record) for record in self.records],
        }


def blank_repeats(rows: Sequence[Sequence[Cell]], count: int) -> tuple[Row, ...]:
    """Leave out what a row repeats from the one above, in its first columns.

    Parameters
    ----------
    rows : sequence of sequence of Cell
    count : int
        How many columns name the row; the last of them is always shown where more than one does.

    Returns
    -------
    tuple of Row
        A group starts where the first column changes.

    Examples
    --------
    >>> found = blank_repeats([[Cell("a"), Cell("1")], [Cell("a"), Cell("2")]], 2)
    >>> [[cell.text for cell in row.cells] for row in found]
    [['a', '1'], ['', '2']]
    """
    found: list[Row] = []
    before: Sequence[Cell] = ()
    for row in rows:
        same = 0
        while before and same < count - 1 and row[same] == before[same]:
            same += 1
        found.append(Row((*(Cell(""),) * same, *row[same:]), starts=bool(before) and count > 1 and same == 0))
        before = row
    return tuple(found)

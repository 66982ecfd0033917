"""Reading a real law from a column of a CSV file."""

from __future__ import annotations

import csv
import math
from pathlib import Path

from bounds.errors import DataError
from verify.data.empirical import EmpiricalLaw

_MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "."})
_LISTED_ROWS = 10


def read_column(spec: str) -> EmpiricalLaw:
    """Empirical law of one column of a CSV file.

    Parameters
    ----------
    spec : str
        ``"FILE.csv:COLUMN"``, split at the last colon. The file is UTF-8 text, with or without a byte order mark; its
        first row names the columns; blank lines are skipped.

    Returns
    -------
    EmpiricalLaw
        Of the column's numbers, in the units of the file.

    Raises
    ------
    DataError
        If the file cannot be read, has no such column, or the column has missing, non-numeric or infinite cells, fewer
        than 2 numbers, or a single repeated one. Rows are counted as lines of the file: the header is line 1.

    Examples
    --------
    >>> read_column("nile.csv")
    Traceback (most recent call last):
    bounds.errors.DataError: 'nile.csv' names no column; write FILE.csv:COLUMN, for example nile.csv:volume
    """
    path, colon, column = spec.rpartition(":")
    if not (colon and path and column) or column.startswith(("\\", "/")):
        raise DataError(f"{spec!r} names no column; write FILE.csv:COLUMN, for example nile.csv:volume")
    cells = _read_cells(path, column)
    return EmpiricalLaw(_numbers(cells, path, column))


def _read_cells(path: str, column: str) -> list[tuple[int, str]]:
    """Line number and text of each cell of the column."""
    try:
        with Path(path).open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file, strict=True)
            header = [name.strip() for name in next(reader, [])]
            index = _column_index(header, path, column.strip())
            # A row shorter than the header lacks the cell: that is a missing value, not a blank line.
            return [
                (reader.line_num, row[index].strip() if index < len(row) else "")
                for row in reader
                if any(cell.strip() for cell in row)
            ]
    except OSError as error:
        raise DataError(f"cannot read {path!r}: {error.strerror or error}; give the path of a CSV file") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path!r} is not UTF-8 text (byte {error.start}); save it as CSV in UTF-8") from error
    except csv.Error as error:
        raise DataError(f"{path!r} is not a well-formed CSV file: {error}") from error


def _column_index(header: list[str], path: str, column: str) -> int:
    if not any(header):
        raise DataError(f"{path!r} has no header; its first row must name the columns")
    found = [i for i, name in enumerate(header) if name == column]
    if len(found) == 1:
        return found[0]
    if found:
        raise DataError(f"{path!r} has {len(found)} columns named {column!r}; rename all but one")
    raise DataError(f"{path!r} has no column {column!r}; its columns are {', '.join(map(repr, header))}")


def _numbers(cells: list[tuple[int, str]], path: str, column: str) -> list[float]:
    where = f"column {column!r} of {path!r}"
    missing = [row for row, text in cells if text.lower() in _MISSING]
    if missing:
        count = f"{len(missing)} missing value{'s' if len(missing) > 1 else ''}"
        raise DataError(f"{where} has {count} ({_rows(missing)}); fill or delete those rows")
    numbers = [_number(text, row, where) for row, text in cells]
    infinite = [row for (row, _), value in zip(cells, numbers, strict=True) if math.isinf(value)]
    if infinite:
        raise DataError(f"{where} has values that are infinite or beyond double precision ({_rows(infinite)})")
    if len(numbers) < 2:
        raise DataError(f"{where} has {len(numbers)} value{'' if len(numbers) == 1 else 's'}; at least 2 are needed")
    if min(numbers) == max(numbers):
        raise DataError(f"{where} is constant ({numbers[0]!r} in all {len(numbers)} rows); a law needs some spread")
    return numbers


def _number(text: str, row: int, where: str) -> float:
    try:
        if "_" in text:  # float() reads 1_000, which no CSV file means
            raise ValueError(text)
        value = float(text)
    except ValueError:
        raise DataError(f"{where} is not numeric at row {row}: {text!r}; use digits with a decimal point") from None
    if math.isnan(value):
        raise DataError(f"{where} is not a number at row {row}: {text!r}; fill or delete that row")
    return value


def _rows(rows: list[int]) -> str:
    listed = ", ".join(str(row) for row in rows[:_LISTED_ROWS])
    more = f" and {len(rows) - _LISTED_ROWS} more" if len(rows) > _LISTED_ROWS else ""
    return f"row{'s' if len(rows) > 1 else ''} {listed}{more}"

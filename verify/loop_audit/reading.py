"""Reading the samples of a loop from a file: npz archives, and long tables in CSV or Parquet."""

from __future__ import annotations

import csv
import importlib
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bounds.errors import DataError
from verify.loop_audit.samples import Array, LoopSamples

_KEY = re.compile(r"(?:run_([1-9]\d{0,8})_)?generation_([1-9]\d{0,8})")
_KEYS = "'real', and 'generation_1', 'generation_2', ... or, of several runs, 'run_1_generation_1', ..."
_MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "."})
_WHOLE = 10**9
_WRITTEN_BY_NUMPY = (b"PK", b"\x93NUMPY")


@dataclass(frozen=True)
class Layout:
    """Which columns of a table hold what.

    Parameters
    ----------
    columns : tuple of str
        The coordinates of a point; all columns with no other meaning if empty.
    generation : str
        Column with the generation of each row: 0 for a real point.
    run : str or None
        Column with the number of the training run; None if there is one run only.

    Examples
    --------
    >>> Layout().generation
    'generation'
    """

    columns: tuple[str, ...] = ()
    generation: str = "generation"
    run: str | None = None


def read_loop(path: str | Path, real: str | Path | None = None, layout: Layout | None = None) -> LoopSamples:
    """Read the samples of a loop.

    Parameters
    ----------
    path : str or Path
        ``.npz`` with arrays ``real`` and ``generation_1``, ``generation_2``, ... (of several runs ``run_1_generation_1``,
        ...), each of shape (points,) or (points, coordinates); or ``.csv`` or ``.parquet`` with one row per point, a
        column with its generation (0 for real points) and one column per coordinate.
    real : str or Path, optional
        File with the real points, if they are not in `path`: npz with ``real`` or a single array, a ``.npy`` array, or a
        table with the same coordinates.
    layout : Layout, optional
        For tables.

    Returns
    -------
    LoopSamples

    Raises
    ------
    DataError
        If a file cannot be read, a key or column is missing or unknown, or the samples cannot serve.

    Examples
    --------
    >>> read_loop("samples.txt")
    Traceback (most recent call last):
    bounds.errors.DataError: 'samples.txt' is no samples file: it must end in .npz, .csv or .parquet
    """
    layout = layout or Layout()
    kind = Path(path).suffix.lower()
    if kind == ".npz":
        found, runs = _split_archive(_read_archive(path), str(path), required=real is None)
    elif kind in _TABLES:
        found, runs = _split_table(_TABLES[kind](path), layout, str(path), required=real is None)
    else:
        raise DataError(f"{str(path)!r} is no samples file: it must end in .npz, .csv or .parquet")
    if real is not None:
        if found is not None:
            raise DataError(f"{str(path)!r} holds real points already: leave out {str(real)!r}, or remove them there")
        found = _read_real(real, layout)
    assert found is not None  # required above where no other file has them
    return LoopSamples(found, runs)


def _read_real(path: str | Path, layout: Layout) -> Any:
    kind = Path(path).suffix.lower()
    if kind == ".npz":
        arrays = _read_archive(path)
        if "real" not in arrays and len(arrays) != 1:
            raise DataError(f"{str(path)!r} has no array 'real'; it has {_listed(arrays)}")
        return arrays["real"] if "real" in arrays else next(iter(arrays.values()))
    if kind == ".npy":
        return _loaded(path)
    if kind not in _TABLES:
        raise DataError(f"{str(path)!r} is no file of real points: it must end in .npz, .npy, .csv or .parquet")
    table = _TABLES[kind](path)
    special = {layout.generation, layout.run}
    names = layout.columns or tuple(name for name in table.names if name not in special)
    return _points(table, names)


def _read_archive(path: str | Path) -> dict[str, Any]:
    loaded = _loaded(path)
    if isinstance(loaded, np.ndarray):
        raise DataError(f"{str(path)!r} holds a single array: save named arrays with numpy.savez; {_KEYS}")
    return dict(loaded)


def _loaded(path: str | Path) -> Any:
    """Load a file of NumPy, whatever is wrong with it."""
    try:
        with Path(path).open("rb") as file:  # NumPy leaves a damaged file open
            if not file.peek(8).startswith(_WRITTEN_BY_NUMPY):
                raise ValueError("NumPy did not write it")
            found = np.load(file, allow_pickle=False)
            return found if isinstance(found, np.ndarray) else {name: found[name] for name in found.files}
    except OSError as error:
        raise DataError(f"cannot read {str(path)!r}: {error.strerror or error}") from error
    except MemoryError as error:
        raise DataError(f"{str(path)!r} does not fit into memory: save fewer points") from error
    except (ValueError, EOFError, KeyError, zipfile.BadZipFile, NotImplementedError, SyntaxError) as error:
        raise DataError(f"{str(path)!r} is no archive of plain numeric arrays ({error}): use numpy.savez") from error
    except Exception as error:  # a damaged archive may fail anywhere in zlib or in the header's parser
        raise DataError(f"{str(path)!r} is damaged: {type(error).__name__}: {error}") from error


def _split_archive(arrays: Mapping[str, Any], path: str, required: bool) -> tuple[Any, list[dict[int, Any]]]:
    found: dict[int | None, dict[int, Any]] = {}
    for name, array in arrays.items():
        if name == "real":
            continue
        key = _KEY.fullmatch(name)
        if key is None:
            raise DataError(f"{path!r} has an array {name!r}, which means nothing here; there may be {_KEYS}")
        found.setdefault(int(key[1]) if key[1] else None, {})[int(key[2])] = array
    if required and "real" not in arrays:
        raise DataError(f"{path!r} has no array 'real' with the real points: add it, or name a file with --real")
    if not found:
        raise DataError(f"{path!r} has no array 'generation_1': there may be {_KEYS}")
    if None in found and len(found) > 1:
        raise DataError(f"{path!r} has generations with and without a run: name all of them 'run_R_generation_T'")
    return arrays.get("real"), [found[run] for run in sorted(found, key=lambda run: run or 0)]


@dataclass(frozen=True)
class Table:
    """Named columns of one file; a column is turned into numbers when it is asked for.

    Parameters
    ----------
    names : tuple of str
    numbers : callable
        Takes the name of a column, and returns its numbers.
    path : str
        For messages.
    """

    names: tuple[str, ...]
    numbers: Callable[[str], Array]
    path: str


def _read_csv(path: str | Path) -> Table:
    try:
        with Path(path).open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file, strict=True)
            names = tuple(name.strip() for name in next(reader, []))
            rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except OSError as error:
        raise DataError(f"cannot read {str(path)!r}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{str(path)!r} is not UTF-8 text (byte {error.start}): save it as CSV in UTF-8") from error
    except csv.Error as error:
        raise DataError(f"{str(path)!r} is not a well-formed CSV file: {error}") from error
    if not any(names):
        raise DataError(f"{str(path)!r} has no header: its first row must name the columns")
    for line, row in rows:
        if len(row) != len(names):
            raise DataError(
                f"{str(path)!r} has {len(row)} cells at line {line} and {len(names)} columns: mend that row"
            )

    def numbers(name: str) -> Array:
        at = names.index(name)
        return np.array([_number(row[at].strip(), line, name, str(path)) for line, row in rows], dtype=np.float64)

    return Table(_distinct(names, path), numbers, str(path))


def _number(text: str, line: int, column: str, path: str) -> float:
    where = f"column {column!r} of {path!r}, line {line}"
    if text.lower() in _MISSING:
        raise DataError(f"{where}: the value is missing; fill or delete that row")
    try:
        if "_" in text:  # float() reads 1_000, which no CSV file means
            raise ValueError(text)
        return float(text)
    except ValueError:
        raise DataError(f"{where}: {text!r} is not a number; use digits with a decimal point") from None


def _read_parquet(path: str | Path) -> Table:
    try:
        parquet = importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise DataError("reading Parquet needs pyarrow: run `pip install loopbounds[parquet]`, or use npz") from error
    try:
        content = parquet.read_table(str(path))
    except OSError as error:
        raise DataError(f"cannot read {str(path)!r}: {error.strerror or error}") from error
    except Exception as error:  # pyarrow's own errors; a damaged file may raise any of them
        raise DataError(f"{str(path)!r} is no readable Parquet file: {error}") from error

    def numbers(name: str) -> Array:
        column = content.column(name)
        where = f"column {name!r} of {str(path)!r}"
        if column.null_count:
            raise DataError(f"{where} has {column.null_count} missing values: fill or delete those rows")
        values = column.to_numpy()
        if values.dtype.kind not in "iuf":
            raise DataError(f"{where} holds values of type {column.type}: give real numbers")
        return np.asarray(values, dtype=np.float64)

    return Table(_distinct(tuple(content.column_names), path), numbers, str(path))


_TABLES: dict[str, Callable[[str | Path], Table]] = {".csv": _read_csv, ".parquet": _read_parquet}


def _distinct(names: tuple[str, ...], path: str | Path) -> tuple[str, ...]:
    for name in names:
        if names.count(name) > 1:
            raise DataError(f"{str(path)!r} has {names.count(name)} columns named {name!r}: rename all but one")
    return names


def _split_table(table: Table, layout: Layout, path: str, required: bool) -> tuple[Any, list[dict[int, Any]]]:
    special = tuple(name for name in (layout.generation, layout.run) if name is not None)
    columns = layout.columns or tuple(name for name in table.names if name not in special)
    for name in special:
        _require(table, name)
        if name in layout.columns:
            raise DataError(f"column {name!r} cannot be a coordinate: it says to which sample a row belongs")
    points = _points(table, columns)
    labels = _whole(table, layout.generation)
    number = np.ones_like(labels) if layout.run is None else _whole(table, layout.run)
    real = points[labels == 0]
    if required and not len(real):
        raise DataError(f"{path!r} has no row of generation 0, the real points: add them, or name a file with --real")
    runs = []
    for run in np.unique(number[labels > 0]):
        of_run = (number == run) & (labels > 0)
        runs.append({int(t): points[of_run & (labels == t)] for t in np.unique(labels[of_run])})
    if not runs:
        raise DataError(f"{path!r} has no row of a generation above 0")
    return (real if len(real) else None), runs


def _points(table: Table, columns: Sequence[str]) -> Array:
    if not columns:
        raise DataError(f"{table.path!r} has no column with values; it has {_listed(table.names)}")
    for name in columns:
        _require(table, name)
    points = np.column_stack([table.numbers(name) for name in columns])
    if not len(points):
        raise DataError(f"{table.path!r} has a header and no rows")
    return points


def _require(table: Table, name: str) -> None:
    if name not in table.names:
        raise DataError(f"{table.path!r} has no column {name!r}; its columns are {_listed(table.names)}")


def _whole(table: Table, name: str) -> Array:
    values = table.numbers(name)
    wrong = ~((values >= 0) & (values < _WHOLE) & (values == np.floor(values)))
    if wrong.any():
        found = float(values[wrong][0])
        raise DataError(f"column {name!r} of {table.path!r} holds {found:g}: give whole numbers, 0 or more")
    return values


def _listed(names: Any) -> str:
    listed = [repr(name) for name in names]
    return ", ".join(listed[:10]) + (f" and {len(listed) - 10} more" if len(listed) > 10 else "")

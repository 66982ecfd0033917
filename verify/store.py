"""A run on disk: its design, and the evidence of each setting as it comes, in one SQLite file.

A run killed at any moment leaves a file from which it can be resumed to the same table: each row is one transaction,
and every number is kept to the bit. Arrays are kept in NumPy's own format without pickles, so that reading a file runs
no code of it.
"""

from __future__ import annotations

import hashlib
import json
import math
import platform
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import final

import numpy as np
import scipy

import bounds
import verify
from bounds import DataError
from verify.cli_output import to_json
from verify.evidence import Evidence
from verify.evidence.rows import decode, encode
from verify.results import Failure, Run

# Marks the file as one of this program (PRAGMA application_id), and the layout of its tables (PRAGMA user_version).
_APPLICATION, _LAYOUT = 0x6C6F6F70, 1
_SECONDS_TO_WAIT = 2.0

_TABLES = (
    "CREATE TABLE design (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "CREATE TABLE evidence (id TEXT, setting INTEGER, kind TEXT NOT NULL, looks INTEGER, numbers TEXT NOT NULL, "
    "arrays BLOB, PRIMARY KEY (id, setting)) WITHOUT ROWID",
    "CREATE TABLE failures (id TEXT, setting INTEGER, stage TEXT, seed TEXT, error TEXT, traceback TEXT, "
    "PRIMARY KEY (id, setting)) WITHOUT ROWID",
    "CREATE TABLE results (id TEXT, setting TEXT, inputs TEXT, quantity TEXT, direction TEXT, bound REAL, "
    "measured REAL, ci_lower REAL, ci_upper REAL, ratio REAL, verdict TEXT, replicates INTEGER, seed TEXT)",
    "CREATE TABLE controls (id TEXT, name TEXT, caught INTEGER, settings INTEGER, violated INTEGER)",
)
_WHOLE_CHECK = -1  # Failure.index None, which a primary key cannot hold


@dataclass(frozen=True)
class Design:
    """What fixes every number of a run; only a run of the same design may be resumed.

    Parameters
    ----------
    theorems : tuple of str
        Ids, in the order of the run.
    settings, replicates : int
        The effort.
    max_replicates : int or None
    seed : int
    program : str
        Version of the program.
    source : str
        Digest of its source files.
    libraries : str
        Versions of Python and of the libraries the draws depend on.

    Examples
    --------
    >>> Design.of(("ferbach2024.kl_ball",), 12, 2000, None, 0).seed
    0
    """

    theorems: tuple[str, ...]
    settings: int
    replicates: int
    max_replicates: int | None
    seed: int
    program: str
    source: str
    libraries: str

    @classmethod
    def of(
        cls, theorems: tuple[str, ...], settings: int, replicates: int, max_replicates: int | None, seed: int
    ) -> Design:
        """Return the design of a run by the program as it is installed."""
        libraries = f"Python {platform.python_version()}, NumPy {np.__version__}, SciPy {scipy.__version__}"
        return cls(
            theorems, settings, replicates, max_replicates, seed, bounds.__version__, _source_digest(), libraries
        )

    def texts(self) -> dict[str, str]:
        """Return the fields as text."""
        return {field.name: json.dumps(getattr(self, field.name)) for field in fields(self)}


@lru_cache(maxsize=1)
def _source_digest() -> str:
    digest = hashlib.sha256()
    for package in (bounds, verify):
        root = Path(str(package.__file__)).parent
        for path in sorted(root.rglob("*.py")):
            digest.update(f"{root.name}/{path.relative_to(root).as_posix()}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


@final
class Store:
    """An open file with a run in it; made by `opened`.

    Parameters
    ----------
    connection : sqlite3.Connection
    path : Path
        For messages.

    Examples
    --------
    >>> import tempfile
    >>> from verify.evidence import Computed
    >>> design = Design.of(("x.y",), 12, 2000, None, 0)
    >>> with tempfile.TemporaryDirectory() as parent:
    ...     with opened(Path(parent) / "run.sqlite", design) as store:
    ...         store.save("x.y", 0, Computed(0.5, 0.0))
    ...         store.evidence()
    {('x.y', 0): Computed(value=0.5, error=0.0)}
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path

    def evidence(self) -> dict[tuple[str, int], Evidence]:
        """Return what was measured so far, by theorem id and position of the setting.

        Raises
        ------
        DataError
            If the file is damaged, or holds a kind of evidence that is not known.
        """
        rows = self._connection.execute("SELECT id, setting, kind, looks, numbers, arrays FROM evidence")
        return {(name, index): decode(*parts) for name, index, *parts in rows}

    def save(self, theorem_id: str, index: int, evidence: Evidence) -> None:
        """Write the evidence of one setting; a failure noted for it earlier is forgotten."""
        row = (theorem_id, index, *encode(evidence))
        with self._transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO evidence VALUES (?, ?, ?, ?, ?, ?)", row)
            connection.execute("DELETE FROM failures WHERE id = ? AND setting = ?", (theorem_id, index))

    def fail(self, failure: Failure) -> None:
        """Write down a failure; on resuming, the setting is tried again."""
        with self._transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO failures VALUES (?, ?, ?, ?, ?, ?)", _failure_row(failure))

    def failures(self) -> tuple[Failure, ...]:
        """Return the failures noted so far."""
        rows = self._connection.execute("SELECT * FROM failures ORDER BY id, setting")
        return tuple(
            Failure(name, None if index == _WHOLE_CHECK else index, stage, int(seed), error, text)
            for name, index, stage, seed, error, text in rows
        )

    def finish(self, run: Run) -> None:
        """Write the judged results and what failed, and mark the run as complete."""
        results = [
            (
                r.id, r.setting, json.dumps(to_json(r.inputs)), r.quantity, r.direction, r.bound, r.measured, *r.ci,
                None if math.isnan(r.ratio) else r.ratio, r.verdict.value, r.replicates, str(r.seed),
            )
            for r in run.results
        ]  # fmt: skip
        controls = [(c.id, c.name, c.caught, c.settings, c.violated) for c in run.controls]
        with self._transaction() as connection:
            for table in ("results", "controls", "failures"):
                connection.execute(f"DELETE FROM {table}")
            connection.executemany(f"INSERT INTO results VALUES ({', '.join('?' * 13)})", results)
            connection.executemany("INSERT INTO controls VALUES (?, ?, ?, ?, ?)", controls)
            connection.executemany("INSERT INTO failures VALUES (?, ?, ?, ?, ?, ?)", map(_failure_row, run.failures))
            connection.execute("UPDATE design SET value = ? WHERE name = 'complete'", (json.dumps(True),))

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with _explained(self._path), _begun(self._connection):
            yield self._connection


def _failure_row(failure: Failure) -> tuple[str, int, str, str, str, str]:
    index = _WHOLE_CHECK if failure.index is None else failure.index
    return failure.id, index, failure.stage, str(failure.seed), failure.error, failure.traceback


@contextmanager
def opened(path: Path, design: Design, *, resume: bool = False) -> Iterator[Store]:
    """Open the file of a run, and make it where there is none.

    Parameters
    ----------
    path : Path
        Its directory is made if it does not exist; the parent of that must.
    design : Design
    resume : bool
        Go on with the run in the file, if there is one.

    Yields
    ------
    Store

    Raises
    ------
    DataError
        If the file cannot be used: it is not a run, another process is writing to it, it holds a run of another design
        (when resuming), or an unfinished one (when not). A complete run is replaced.
    """
    with _explained(path):
        path.parent.mkdir(exist_ok=True)
        connection = sqlite3.connect(path, timeout=_SECONDS_TO_WAIT, isolation_level=None)
    try:
        with _explained(path):
            # One writer at a time; without memory shared between processes, which network file systems lack.
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            with _begun(connection):
                _require_ours(connection, path)
            connection.execute("PRAGMA journal_mode = WAL")
            # A killed process loses nothing; a power cut may lose the last rows, which are then measured again.
            connection.execute("PRAGMA synchronous = NORMAL")
            with _begun(connection):
                _prepare(connection, path, design, resume)
            yield Store(connection, path)
    finally:
        connection.close()


@contextmanager
def _begun(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN EXCLUSIVE")
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


def _require_ours(connection: sqlite3.Connection, path: Path) -> None:
    """Look before anything is written: a file that is not a run must stay as it is."""
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if not tables:
        return
    (application,), (layout,) = (
        connection.execute(f"PRAGMA {name}").fetchone() for name in ("application_id", "user_version")
    )
    if application != _APPLICATION:
        raise DataError(f"{path} is a database, but not a run of this program; name another file")
    if layout != _LAYOUT:
        raise DataError(f"{path} was written by another version of this program; name another file")


def _prepare(connection: sqlite3.Connection, path: Path, design: Design, resume: bool) -> None:
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables:
        held = dict(connection.execute("SELECT name, value FROM design").fetchall())
        complete = json.loads(held.pop("complete"))
        if resume:
            _require_same(held, design, path)
            return
        if not complete:
            raise DataError(f"{path} holds an unfinished run; go on with --resume (resume=True), or delete it")
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            connection.execute(f"DROP TABLE {name}")
    connection.execute(f"PRAGMA application_id = {_APPLICATION}")
    connection.execute(f"PRAGMA user_version = {_LAYOUT}")
    for table in _TABLES:
        connection.execute(table)
    rows = [*design.texts().items(), ("complete", json.dumps(False))]
    connection.executemany("INSERT INTO design VALUES (?, ?)", rows)


def _require_same(held: Mapping[str, str], design: Design, path: Path) -> None:
    asked = design.texts()
    different = [name for name in asked if held.get(name) != asked[name]]
    if not different:
        return
    if different == ["source"]:
        what = "the program's source files have changed since, and might give other numbers"
    else:
        shown = [name for name in different if name != "source"]
        what = "; ".join(f"{name} was {_short(held.get(name, 'unknown'))}, now {_short(asked[name])}" for name in shown)
    raise DataError(f"{path} holds a run of another design: {what}; ask for the same, or name another file")


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:77]}..."


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        text = str(error)
        if "locked" in text:
            text = "another process is writing to it; wait until it ends"
        raise DataError(f"cannot use {path} as the file of a run: {text}") from None
    except OSError as error:
        raise DataError(f"cannot use {path} as the file of a run: {error.strerror or error}") from None

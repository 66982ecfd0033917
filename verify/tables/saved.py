"""Reads a run back from the directory or file in which it was written."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from bounds import DataError
from verify.evidence import Verdict
from verify.judging import share_out
from verify.results import ControlResult, Failure, Result, Run

DOCUMENT, STORE = "results.json", "run.sqlite"


def load_run(path: Path | str) -> Run:
    """Read a run.

    Parameters
    ----------
    path : path
        A directory of ``loopbounds verify --out``, or one of its files results.json and run.sqlite.

    Returns
    -------
    Run

    Raises
    ------
    DataError
        If there is no run there, it is not finished, or the file is damaged.

    Examples
    --------
    >>> load_run("missing")
    Traceback (most recent call last):
    bounds.errors.DataError: there is no missing; name a directory that loopbounds verify --out DIR has written
    """
    path = Path(path)
    file = _file(path)
    try:
        return (
            _from_store(file)
            if file.suffix == ".sqlite"
            else _from_document(json.loads(file.read_text(encoding="utf-8")))
        )
    except (OSError, sqlite3.Error) as error:
        raise DataError(f"cannot read {file}: {getattr(error, 'strerror', None) or error}") from None
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{file} does not hold a run of this program, or is damaged: {what_is_wrong(error)}") from None


def what_is_wrong(error: KeyError | TypeError | ValueError) -> str:
    """Say in words why a document could not be read.

    Parameters
    ----------
    error : KeyError, TypeError or ValueError
        What reading it raised.

    Returns
    -------
    str

    Examples
    --------
    >>> what_is_wrong(KeyError("results"))
    "it has no 'results'"
    """
    if isinstance(error, KeyError):
        return f"it has no {error}"
    if isinstance(error, UnicodeDecodeError):
        return "it is no text"
    if isinstance(error, json.JSONDecodeError):
        return f"it is no JSON document ({error.msg} at line {error.lineno})"
    return "something in it is of the wrong kind" if isinstance(error, TypeError) else str(error)


def _file(path: Path) -> Path:
    if path.is_file():
        return path
    if not path.exists():
        raise DataError(f"there is no {path}; name a directory that loopbounds verify --out DIR has written")
    # The document is written once a run is complete; the store alone may be of one that was stopped.
    for name in (DOCUMENT, STORE):
        if (path / name).is_file():
            return path / name
    raise DataError(f"{path} holds no run: neither {DOCUMENT} nor {STORE}; write one by loopbounds verify --out {path}")


def _from_document(document: Mapping[str, Any]) -> Run:
    return Run(
        results=tuple(_result(row) for row in document["results"]),
        controls=tuple(ControlResult(**row) for row in document["controls"]),
        error_budget={name: _number(value) for name, value in document["error_budget"].items()},
        seed=int(document["seed"]),
        effort=str(document["effort"]),
        failures=tuple(Failure(**row) for row in document["failures"]),
    )


def _result(row: Mapping[str, Any]) -> Result:
    low, high = (_number(end) for end in row["ci"])
    return Result(
        id=str(row["id"]),
        setting=str(row["setting"]),
        inputs=dict(row["inputs"]),
        quantity=str(row["quantity"]),
        direction=str(row["direction"]),
        bound=_number(row["bound"]),
        measured=_number(row["measured"]),
        ci=(low, high),
        ratio=_number(row["ratio"]),
        verdict=Verdict(row["verdict"]),
        replicates=int(row["replicates"]),
        seed=int(row["seed"]),
    )


def _number(value: Any) -> float:
    """Undo what JSON cannot hold: nan was written as null, infinities as text."""
    if value is None:
        return math.nan
    return float(value) if isinstance(value, str) else value


def _from_store(file: Path) -> Run:
    # Read as it lies there where no writer has left a log, so that nothing is created beside it.
    mode = "mode=ro" if file.with_name(file.name + "-wal").exists() else "immutable=1"
    with closing(sqlite3.connect(f"{file.resolve().as_uri()}?{mode}", uri=True)) as connection:
        design = {name: json.loads(value) for name, value in connection.execute("SELECT name, value FROM design")}
        if not design.get("complete"):
            raise DataError(f"the run in {file} is not finished; go on with it by loopbounds verify ... --resume")
        rows = connection.execute("SELECT * FROM results").fetchall()
        controls = connection.execute("SELECT * FROM controls").fetchall()
        failures = connection.execute("SELECT * FROM failures ORDER BY id, setting").fetchall()
        (measured,) = connection.execute("SELECT count(*) FROM evidence WHERE kind != 'Computed'").fetchone()
    seed = int(design["seed"])
    tests = measured + sum(stage == "measurement" for _, _, stage, *_ in failures)
    return Run(
        results=tuple(_stored(row) for row in rows),
        controls=tuple(ControlResult(name, what, bool(caught), *counts) for name, what, caught, *counts in controls),
        error_budget=share_out(tests)[1],
        seed=seed,
        effort=_effort(design),
        failures=tuple(
            Failure(name, None if at < 0 else at, stage, int(s), e, t) for name, at, stage, s, e, t in failures
        ),
    )


def _stored(row: tuple[Any, ...]) -> Result:
    name, setting, inputs, quantity, direction, bound, measured, low, high, ratio, verdict, replicates, seed = row
    numbers = {
        "bound": bound,
        "measured": measured,
        "ci": (low, high),
        "ratio": ratio,
        "replicates": replicates,
        "seed": seed,
    }
    texts = {"id": name, "setting": setting, "quantity": quantity, "direction": direction, "verdict": verdict}
    return _result({**texts, **numbers, "inputs": json.loads(inputs)})


def _effort(design: Mapping[str, Any]) -> str:
    from verify.check import FULL, QUICK

    return {QUICK.settings: "quick", FULL.settings: "full"}.get(design["settings"], f"{design['settings']} settings")

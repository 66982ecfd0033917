"""Reads the power of checks back from the file in which ``loopbounds power --out`` wrote it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bounds import DataError
from verify.power_results import CheckPower, Power, SettingPower
from verify.results import Failure
from verify.tables.saved import what_is_wrong

_MARK = "share_detecting_10_percent"


def holds_power(path: Path) -> bool:
    """Tell whether a file is a document of ``loopbounds power``.

    Parameters
    ----------
    path : Path

    Returns
    -------
    bool

    Examples
    --------
    >>> holds_power(Path("missing.json"))
    False
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(document, dict) and _MARK in document


def load_power(path: Path) -> Power:
    """Read the power of checks.

    Parameters
    ----------
    path : Path
        A file of ``loopbounds power --out FILE``.

    Returns
    -------
    Power
        Its failures are without their tracebacks, which the file does not hold.

    Raises
    ------
    DataError
        If the file is damaged.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as parent:
    ...     _ = (Path(parent) / "power.json").write_text('{"checks": 1}')
    ...     load_power(Path(parent) / "power.json")
    Traceback (most recent call last):
    bounds.errors.DataError: ... does not hold the power of checks, or is damaged: it has no 'effort'
    """
    try:
        return _power(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from None
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path} does not hold the power of checks, or is damaged: {what_is_wrong(error)}") from None


def _power(document: Mapping[str, Any]) -> Power:
    return Power(
        effort=str(document["effort"]),
        seeds=tuple(int(seed) for seed in document["seeds"]),
        levels=tuple(float(level) for level in document["levels"]),
        checks=tuple(_check(row) for row in document["checks"]),
        failures=tuple(_failure(row) for row in document["failures"]),
    )


def _check(row: Mapping[str, Any]) -> CheckPower:
    settings = tuple(
        SettingPower(str(one["setting"]), str(one["evidence"]), _share(one["smaller"]), _share(one["larger"]))
        for one in row["settings"]
    )
    direction = str(row["direction"])
    if direction not in ("upper", "lower", "exact"):
        raise ValueError(f"direction {direction}")
    return CheckPower(str(row["id"]), direction, int(row["seed"]), settings)


def _share(value: Any) -> float | None:
    return None if value is None else float(value)


def _failure(row: Mapping[str, Any]) -> Failure:
    where = str(row["where"]).rpartition(" ")[2]
    index = int(where) if where.isdigit() else None
    return Failure(str(row["id"]), index, str(row["stage"]), int(row["seed"]), str(row["error"]), "")

"""Evidence as a row of a table: numbers to the bit, arrays in NumPy's own format, nothing that runs code when read."""

from __future__ import annotations

import io
import json
import operator
from dataclasses import fields
from typing import Any

import numpy as np

from bounds.errors import ArgumentError, DataError
from verify import evidence as _evidence
from verify.evidence.base import Evidence
from verify.evidence.looks import Peeked


def _kinds() -> dict[str, type[Evidence]]:
    kinds = (getattr(_evidence, name) for name in _evidence.__all__)
    return {k.__name__: k for k in kinds if isinstance(k, type) and issubclass(k, Evidence) and k is not Evidence}


Row = tuple[str, int | None, str, bytes | None]


def encode(evidence: Evidence) -> Row:
    """Write evidence as a row, to the bit.

    Parameters
    ----------
    evidence : Evidence
        A kind of `verify.evidence`, alone or looked at several times.

    Returns
    -------
    kind : str
    looks : int or None
    numbers : str
        JSON; floats in hexadecimal.
    arrays : bytes or None
        In NumPy's format npz.

    Raises
    ------
    ArgumentError
        If the kind is not known, so that it could not be read again.

    Examples
    --------
    >>> from verify.evidence import Computed
    >>> encode(Computed(0.5, 0.0))
    ('Computed', None, '{"value": "0x1.0000000000000p-1", "error": "0x0.0p+0"}', None)
    """
    if isinstance(evidence, Peeked):
        kind, _, numbers, arrays = encode(evidence.evidence)
        return kind, evidence.looks, numbers, arrays
    found: dict[str, Any] = {}
    numbers = json.dumps(_numbers(evidence, "", found))
    kind = type(evidence).__name__
    if not found:
        return kind, None, numbers, None
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **found)
    return kind, None, numbers, buffer.getvalue()


def _numbers(evidence: Evidence, place: str, arrays: dict[str, Any]) -> dict[str, Any]:
    """Return the numbers of evidence, put its arrays aside under their place, and go into the evidence it is made of."""
    kind = type(evidence).__name__
    if _kinds().get(kind) is not type(evidence):
        raise ArgumentError(f"evidence of kind {kind} cannot be kept in a file; there are {', '.join(_kinds())}")
    numbers: dict[str, Any] = {}
    for name in (field.name for field in fields(evidence)):  # type: ignore[arg-type]
        part = getattr(evidence, name)
        if isinstance(part, np.ndarray):
            arrays[place + name] = part
        elif isinstance(part, tuple):
            numbers[name] = [
                {"kind": type(one).__name__, **_numbers(one, f"{place}{name}.{number}.", arrays)}
                for number, one in enumerate(part)
            ]
        else:
            numbers[name] = _number_text(part)
    return numbers


def _rebuilt(kind: str, numbers: dict[str, Any], place: str, arrays: dict[str, Any]) -> Evidence:
    parts: dict[str, Any] = {
        name.removeprefix(place): array
        for name, array in arrays.items()
        if name.startswith(place) and "." not in name.removeprefix(place)
    }
    for name, part in numbers.items():
        if isinstance(part, list):
            parts[name] = tuple(
                _rebuilt(one.pop("kind"), one, f"{place}{name}.{number}.", arrays) for number, one in enumerate(part)
            )
        else:
            parts[name] = float.fromhex(part) if isinstance(part, str) else part
    return _kinds()[kind](**parts)


def _number_text(number: Any) -> str | int:
    return float(number).hex() if isinstance(number, float) else operator.index(number)


def decode(kind: str, looks: int | None, numbers: str, arrays: bytes | None) -> Evidence:
    """Read evidence from a row.

    Parameters
    ----------
    kind, looks, numbers, arrays
        As `encode` returns them.

    Returns
    -------
    Evidence

    Raises
    ------
    DataError
        If the kind is not known or the row is damaged.

    Examples
    --------
    >>> from verify.evidence import Indicators
    >>> decode(*encode(Indicators(3, 10)))
    Indicators(successes=3, trials=10)
    """
    if kind not in _kinds():
        raise DataError(f"evidence of kind {kind!r} is not known; there are {', '.join(_kinds())}")
    try:
        held: dict[str, Any] = {}
        if arrays is not None:
            with np.load(io.BytesIO(arrays), allow_pickle=False) as file:
                held = {name: file[name] for name in file.files}
        evidence = _rebuilt(kind, json.loads(numbers), "", held)
        return evidence if looks is None else Peeked(evidence, looks)
    except Exception as error:
        raise DataError(f"evidence of kind {kind} is damaged: {error}") from error

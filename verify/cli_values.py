"""Arguments on the command line that are no numbers: a law of the real data, the weights of a schedule."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bounds import Theorem

LAW_HOW = "write for instance law='0.3*N(-2, 1) + 0.7*N(2, 0.5)': weights, then N(mean, standard deviation)"
WEIGHTS_HOW = (
    "write one row of weights per generation, the real law first, as weights='[[1], [0.5, 0.5]]', "
    "or name a CSV file with such rows, as weights=schedule.csv"
)
_NUMBER = r"[^*(),=]+?"
_PART = re.compile(
    rf"\s*(?:(?P<weight>{_NUMBER})\s*\*\s*)?N\s*\(\s*(?P<mean>{_NUMBER})\s*,"
    rf"\s*(?:(?:sd|std|sigma)\s*=\s*)?(?P<std>{_NUMBER})\s*\)\s*"
)


@dataclass(frozen=True)
class Law:
    """A normal mixture in exact numbers.

    Parameters
    ----------
    weights, means, stds : tuple of Fraction
        Of the parts; stds are standard deviations.

    Examples
    --------
    >>> print(Law((Fraction(1),), (Fraction(0),), (Fraction(1, 2),)))
    N(0, 0.5)
    """

    weights: tuple[Fraction, ...]
    means: tuple[Fraction, ...]
    stds: tuple[Fraction, ...]

    def __str__(self) -> str:
        """Write the law as it may be given."""
        parts = [f"N({_exact_text(m)}, {_exact_text(s)})" for m, s in zip(self.means, self.stds, strict=True)]
        if len(parts) == 1:
            return parts[0]
        return " + ".join(f"{_exact_text(w)}*{part}" for w, part in zip(self.weights, parts, strict=True))


def _exact_text(value: Fraction) -> str:
    from bounds.numerals import show_number

    for short in (show_number(value), f"{float(value):.15g}" if abs(value) < 1e300 else ""):
        if short and Fraction(short) == value:
            return short
    return str(value)


def read_law(text: str) -> Law:
    """Read a normal mixture.

    Parameters
    ----------
    text : str
        ``N(mean, sd)``, or a sum of such parts with weights; numbers are read exactly.

    Returns
    -------
    Law

    Raises
    ------
    ArgumentError
        If the text is no such sum, or its weights are not positive with sum 1.

    Examples
    --------
    >>> read_law("0.5*N(-2, 1) + 1/2*N(2, sd=1)").means
    (Fraction(-2, 1), Fraction(2, 1))
    """
    from bounds import ArgumentError

    parts: list[re.Match[str]] = []
    place = 0
    while True:
        part = _PART.match(text, place)
        if part is None:
            raise ArgumentError(f"law = {text}: cannot read '{text[place:].strip()}'; {LAW_HOW}")
        parts.append(part)
        place = part.end()
        if place == len(text):
            break
        if text[place] != "+":
            raise ArgumentError(f"law = {text}: '+' must come before '{text[place:].strip()}'; {LAW_HOW}")
        place += 1
    if len(parts) > 1 and any(part["weight"] is None for part in parts):
        raise ArgumentError(f"law = {text}: every part of a mixture needs a weight; {LAW_HOW}")
    weights = tuple(_exact(part["weight"] or "1", "weight") for part in parts)
    means = tuple(_exact(part["mean"], "mean") for part in parts)
    stds = tuple(_exact(part["std"], "standard deviation") for part in parts)
    total = sum(weights, Fraction(0))
    if min(weights) <= 0 or abs(total - 1) > Fraction(1, 10**9):
        raise ArgumentError(f"law = {text}: the weights must be positive with sum 1; theirs is {float(total):g}")
    if min(stds) <= 0:
        raise ArgumentError(f"law = {text}: a standard deviation must be positive")
    return Law(weights, means, stds)


def _exact(text: str, what: str) -> Fraction:
    from bounds import ArgumentError
    from bounds.numerals import read_number

    value = read_number(text, f"law: {what}")
    if not isinstance(value, Fraction):
        raise ArgumentError(f"law: {what} = {text}; it must be finite")
    return value


def read_weights(text: str) -> list[Any]:
    """Read the weights of a schedule: a JSON list of rows, or the path of a CSV file.

    Parameters
    ----------
    text : str

    Returns
    -------
    list of lists of str
        The numbers as they were written, to be read exactly.

    Raises
    ------
    ArgumentError
        If it is neither, or the file cannot be read.

    Examples
    --------
    >>> read_weights("[[1], [0.5, 0.5]]")
    [['1'], ['0.5', '0.5']]
    """
    from bounds import ArgumentError

    if text.lstrip().startswith("["):
        return read_list("weights", text, WEIGHTS_HOW)
    try:
        lines = Path(text).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ArgumentError(f"weights = {text}: this file cannot be read ({_reason(error)}); {WEIGHTS_HOW}") from None
    rows = [[cell.strip() for cell in line.rstrip(", \t").split(",")] for line in lines if line.strip(", \t")]
    if not rows:
        raise ArgumentError(f"weights = {text}: the file holds no row; {WEIGHTS_HOW}")
    return rows


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return "it is no text" if isinstance(error, UnicodeDecodeError) else (error.strerror or "unknown reason").lower()


def read_list(name: str, text: str, how: str = "write a list such as [0.1, 0.2]") -> list[Any]:
    """Read a JSON list, its numbers as text.

    Examples
    --------
    >>> read_list("e", "[0.1, 1/4]")
    Traceback (most recent call last):
    bounds.errors.ArgumentError: e = [0.1, 1/4] is no list of numbers; write a list such as [0.1, 0.2]
    """
    from bounds import ArgumentError

    try:
        found = json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
    except (json.JSONDecodeError, RecursionError):
        raise ArgumentError(f"{name} = {text} is no list of numbers; {how}") from None
    if not isinstance(found, list) or not found:
        raise ArgumentError(f"{name} = {text} is no list of numbers; {how}")
    return found


def narrowed(theorem: Theorem, given: Mapping[str, str]) -> tuple[Theorem, dict[str, Any], dict[str, str]]:
    """Put the arguments that are no numbers into a theorem.

    Parameters
    ----------
    theorem : Theorem
    given : mapping of name to text

    Returns
    -------
    (Theorem, dict, dict)
        The theorem, the arguments left, and the ones put in as they were understood.

    Raises
    ------
    ArgumentError
        If one is malformed, or the theorem takes none of this name.

    Examples
    --------
    >>> import bounds
    >>> theorem, left, put = narrowed(bounds.get("fu2024.kde_loop"), {"law": "N(0,2)", "t": "1"})
    >>> left, put
    ({'t': '1'}, {'law': 'N(0, 2)'})
    """
    taken = {argument.name: argument for argument in theorem.structured}
    chosen = {name for regime in theorem.regimes for name, _ in regime.choices}
    for name in ("law", "weights"):
        if name in given and name not in taken and name not in chosen:
            _refuse(theorem, name)
    left: dict[str, Any] = dict(given)
    put: dict[str, str] = {}
    if "weights" in taken and "weights" in given and given.get("e", "").lstrip().startswith("["):
        left["e"], put["e"] = read_list("e", given["e"]), given["e"]
    for name, argument in taken.items():
        if name not in given:
            continue
        left[name] = _READERS.get(name, str)(given[name])
        put[name] = str(left[name]) if name == "law" else given[name]
        theorem, left = argument.narrow(theorem, left)
    return theorem, left, put


def _refuse(theorem: Theorem, name: str) -> None:
    from bounds import ArgumentError, catalog

    others = [one.id for one in catalog() if any(argument.name == name for argument in one.structured)]
    raise ArgumentError(f"{theorem.id} takes no {name}; these do: {', '.join(others)}")


_READERS: dict[str, Any] = {"law": read_law, "weights": read_weights}

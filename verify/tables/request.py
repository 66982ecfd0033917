"""What the user asks a table of bounds for: theorems, choices of regimes, values of symbols."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bounds import ArgumentError, Theorem
from bounds.numerals import read_number
from bounds.symbols import PARAMETERS

MOST_VALUES = 50
"""Values of one symbol in one table."""

_FEW = 12  # names that a message lists
_SHOWN = "`loopbounds show ID` tells what a theorem takes"


@dataclass(frozen=True)
class Request:
    """Choices, and values of symbols.

    Parameters
    ----------
    values : mapping of str to tuple of str
        One or more values by the name of the symbol, as exact text.
    choices : mapping of str to str
        Choices that select regimes, such as ``data=fresh``.

    Examples
    --------
    >>> Request({"n": ("100", "1000")}).values["n"]
    ('100', '1000')
    """

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    choices: Mapping[str, str] = field(default_factory=dict)

    @property
    def ratio(self) -> str:
        """Which of alpha and lam was given; empty for neither."""
        return next((name for name in ("alpha", "lam") if name in self.values), "")


def read_request(arguments: Mapping[str, str], theorems: Sequence[Theorem]) -> Request:
    """Read arguments against the theorems they are for.

    Parameters
    ----------
    arguments : mapping of str to str
        A value, several separated by commas, or a grid such as ``100:1e6:log5``; a choice by its name.
    theorems : sequence of Theorem

    Returns
    -------
    Request

    Raises
    ------
    ArgumentError
        If a name is unknown to all theorems, or a value is none.

    Examples
    --------
    >>> import bounds
    >>> read_request({"n": "100,1000", "data": "fresh"}, [bounds.get("bertrand2024.normal_mean_loop")])
    Request(values={'n': ('100', '1000')}, choices={'data': 'fresh'})
    """
    choices: dict[str, dict[str, None]] = {}
    for theorem in theorems:
        for regime in theorem.regimes:
            for name, value in regime.choices:
                choices.setdefault(name, {})[value] = None
    symbols = {symbol.name for theorem in theorems for symbol in theorem.symbols}
    if symbols & {"alpha", "lam"}:
        symbols |= {"alpha", "lam"}  # each is converted to the other
    aliases = {alias: p.name for p in PARAMETERS.values() for alias in p.aliases}
    chosen: dict[str, str] = {}
    values: dict[str, tuple[str, ...]] = {}
    for spelling, text in arguments.items():
        name = aliases.get(spelling, spelling)
        if name in choices:
            if text not in choices[name]:
                raise ArgumentError(f"{name} = {text} is no choice here; there are {', '.join(choices[name])}")
            chosen[name] = text
        elif name in symbols:
            if name in values:
                raise ArgumentError(f"{name} is given twice")
            values[name] = _values(name, text)
        else:
            raise ArgumentError(_unknown(spelling, sorted(symbols | set(choices))))
    if "alpha" in values and "lam" in values:
        raise ArgumentError("give alpha or lam, not both: alpha = 1/(1 + lam)")
    return Request(values, chosen)


def _values(name: str, text: str) -> tuple[str, ...]:
    from verify.cli_eval import read_grid
    from verify.tables.entries import exact_text

    found: list[str] = []
    for part in text.split(","):
        if ":" in part:
            found += [exact_text(value) for value in read_grid(name, part)]
        else:
            read_number(part.strip(), name)
            found.append(part.strip())
    found = list(dict.fromkeys(found))
    if len(found) > MOST_VALUES:
        raise ArgumentError(f"{name} takes {len(found)} values; a table has room for {MOST_VALUES}")
    return tuple(found)


def _unknown(name: str, known: Sequence[str]) -> str:
    if name in ("law", "weights"):
        return f"a table takes no {name}; `loopbounds eval` does, where a theorem takes one"
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"they take {', '.join(known)}" if len(known) <= _FEW else _SHOWN
    return f"no theorem of this table has a symbol or choice '{name}'; {hint}"


def regimes_of(theorem: Theorem, choices: Mapping[str, str]) -> tuple[Theorem, ...]:
    """Narrow a theorem to each of its regimes that agrees with the choices it knows.

    Parameters
    ----------
    theorem : Theorem
    choices : mapping of str to str

    Returns
    -------
    tuple of Theorem
        The default regime first; empty if none agrees.

    Examples
    --------
    >>> import bounds
    >>> theorem = bounds.get("bertrand2024.normal_mean_loop")
    >>> [dict(one.choices)["data"] for one in regimes_of(theorem, {"data": "fresh"})]
    ['fresh']
    """
    if not theorem.regimes:
        return (theorem,)
    agreeing = [
        regime.choices
        for regime in theorem.regimes
        if all(choices.get(name, value) == value for name, value in regime.choices)
    ]
    usual = dict(theorem.default)
    ordered = sorted(agreeing, key=lambda c: bool(usual) and any(dict(c).get(k) != v for k, v in usual.items()))
    return tuple(theorem.at(**dict(one)) for one in ordered)

"""Compare two theorems on a box of parameters, where the hypotheses of both hold."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import sympy

from bounds.certify.answer import Answer, certify
from bounds.certify.claim import read_range
from bounds.certify.points import in_domain
from bounds.errors import ArgumentError
from bounds.numerals import read_number
from bounds.quantities import Direction
from bounds.symbols import PARAMETERS
from bounds.theorem import Theorem

_SIDES = ("1", "2")


@dataclass(frozen=True)
class Comparison:
    """Two theorems, each in one regime, and whether the first's expression never exceeds the second's.

    Parameters
    ----------
    first, second : Theorem
        With the fixed numbers put in.
    answer : Answer
    notes : tuple of str
        What to mind when reading it.
    """

    first: Theorem
    second: Theorem
    answer: Answer
    notes: tuple[str, ...]


def compare(
    first: Theorem, second: Theorem, settings: Mapping[str, object], *, seconds: float = 60.0, seed: int = 0
) -> Comparison:
    """Prove or refute that the expression of one theorem never exceeds that of another.

    Only points count where the hypotheses of both theorems hold and both expressions are finite.

    Parameters
    ----------
    first, second : Theorem
    settings : mapping
        By name of a symbol a pair ``(low, high)`` or one number; by name of a choice the regime. ``name@1`` or ``name@2``
        sets a number or a choice of the first or the second theorem only.
    seconds : float
        Time for the search.
    seed : int
        Seeds the search for points.

    Returns
    -------
    Comparison

    Raises
    ------
    ArgumentError
        If a setting is missing, unknown, or outside the domain of its symbol.

    Examples
    --------
    >>> import bounds
    >>> box = {"lam": (0, 1), "L": (0, 1), "epsilon": (0, 1), "curvature": ("0.1", 2)}
    >>> found = compare(bounds.get("bertrand2024.jacobian_refined"), bounds.get("bertrand2024.jacobian"), box)
    >>> found.answer.outcome.value
    'PROVED'
    """
    sides = [_narrowed(theorem, settings, side) for theorem, side in zip((first, second), _SIDES, strict=True)]
    symbols = {symbol.name: symbol for one in sides for symbol in one.symbols}
    _require_one_convention(sides, symbols)
    box, fixed = _read(symbols, settings, {n for t in (first, second) for n in _choice_names(t)})
    put = [_put(one, fixed[side]) for one, side in zip(sides, _SIDES, strict=True)]
    free = {s for one in put for s in one.symbols}
    missing = sorted(s.name for s in free if s.name not in box)
    if missing:
        listed = "; ".join(f"{name} ({PARAMETERS[name].meaning}; {PARAMETERS[name].domain})" for name in missing)
        raise ArgumentError(f"give a range name=lo:hi or a value name=x for {listed}")
    answer = certify(
        put[0].expression,
        put[1].expression,
        {s: box[s.name] for s in free},
        put[0].hypotheses + put[1].hypotheses,
        seconds=seconds,
        seed=seed,
    )
    return Comparison(put[0], put[1], answer, (*_notes(put), *_counts(sides)))


def _choice_names(theorem: Theorem) -> set[str]:
    return {name for regime in theorem.regimes for name, _ in regime.choices}


def _split(key: str) -> tuple[str, str]:
    name, at, side = key.partition("@")
    if at and side not in _SIDES:
        raise ArgumentError(f"'{key}': after @ comes 1 for the first theorem or 2 for the second")
    aliases = {alias: p.name for p in PARAMETERS.values() for alias in p.aliases}
    return aliases.get(name, name), side


def _narrowed(theorem: Theorem, settings: Mapping[str, object], side: str) -> Theorem:
    chosen: dict[str, object] = {}
    for key, value in sorted(settings.items(), key=lambda item: "@" in item[0]):  # the one with a side wins
        name, where = _split(key)
        if name in _choice_names(theorem) and where in ("", side):
            chosen[name] = value
    return theorem.at(**chosen)


def _require_one_convention(sides: list[Theorem], symbols: Mapping[str, Any]) -> None:
    if {"lam", "alpha"} <= set(symbols):
        raise ArgumentError(
            f"{sides[0].id} and {sides[1].id} are written in different ratios (lam and alpha), whose sample sizes differ "
            "too; compare theorems of one convention"
        )


def _read(
    symbols: Mapping[str, Any], settings: Mapping[str, object], choices: set[str]
) -> tuple[dict[str, tuple[Any, Any]], dict[str, dict[Any, Any]]]:
    """Read ranges, and the numbers to put into either side."""
    box: dict[str, tuple[Any, Any]] = {}
    fixed: dict[str, dict[Any, Any]] = {side: {} for side in _SIDES}
    for key, value in sorted(settings.items(), key=lambda item: "@" in item[0]):
        name, side = _split(key)
        if name in choices:
            continue
        if name not in symbols:
            near = difflib.get_close_matches(name, symbols, n=1)
            hint = f"; did you mean {near[0]}?" if near else f"; they take {', '.join(sorted(symbols))}"
            raise ArgumentError(f"neither theorem has a symbol '{name}'{hint}")
        if isinstance(value, list | tuple):
            if side:
                raise ArgumentError(f"{key}: a range holds for both theorems; only one number can be set for a side")
            ends = read_range(name, *value)
            box[name] = (ends.low, math.inf if ends.high is None else ends.high)
            continue
        number = _number(symbols[name], value)
        for where in (side,) if side else _SIDES:
            fixed[where][symbols[name]] = number
    return box, fixed


def _number(symbol: Any, value: object) -> Any:
    described = PARAMETERS[symbol.name]
    number = read_number(value, symbol.name)
    if isinstance(number, Fraction):
        if not in_domain({symbol: number}):
            raise ArgumentError(f"{symbol.name} = {value}; it must be a {described.domain}")
        return sympy.Rational(number.numerator, number.denominator)
    if number < 0 or not described.infinite:
        raise ArgumentError(f"{symbol.name} = {value}; it must be a {described.domain}")
    return sympy.oo


def _put(theorem: Theorem, numbers: Mapping[Any, Any]) -> Theorem:
    """Put numbers into a theorem of one regime."""
    used = {symbol: value for symbol, value in numbers.items() if symbol in theorem.symbols}
    expression = theorem.expression.xreplace(used)
    if expression.has(sympy.nan, sympy.zoo, sympy.oo, -sympy.oo):
        shown = ", ".join(f"{symbol.name} = {value}" for symbol, value in used.items())
        raise ArgumentError(f"{theorem.id} has no finite value at {shown}")
    relations = tuple(relation.xreplace(used) for relation in theorem.hypotheses)
    if sympy.false in relations:
        failing = theorem.hypotheses[relations.index(sympy.false)]
        raise ArgumentError(f"{theorem.id} says nothing here: its hypothesis {failing} fails at the numbers given")
    return replace(theorem, expression=expression, hypotheses=tuple(r for r in relations if r != sympy.true))


def _notes(sides: list[Theorem]) -> tuple[str, ...]:
    first, second = sides
    notes = []
    if first.quantity != second.quantity:
        notes.append(f"they bound different quantities: {first.quantity.meaning}; {second.quantity.meaning}")
    if first.direction is not second.direction:
        notes.append(f"the first is of direction {first.direction.value}, the second {second.direction.value}")
    elif first.direction is Direction.LOWER:
        notes.append("both are lower bounds: the larger one says more")
    if first.mode is not second.mode:
        notes.append(f"the first holds in the mode {first.mode.value}, the second {second.mode.value}")
    return tuple(notes)


def _counts(sides: list[Theorem]) -> tuple[str, ...]:
    """Say so where one letter n counts different points on the two sides."""
    meanings = [p.meaning for one in sides for p in one.parameters if p.name == "n"]
    return (f"n is not the same on both sides: {'; '.join(meanings)}",) if len(set(meanings)) > 1 else ()

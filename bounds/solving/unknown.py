"""The symbol that is solved for: its range, and how the values of a theorem depend on it.

The unknown may be spelled in another way than the theorem's own symbol: alpha for lam, or n_total for n. Then the values
follow from it by the same conversions as everywhere, and their domains become conditions.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy

from bounds.arguments import read_arguments
from bounds.errors import ArgumentError, LoopboundsError
from bounds.functions import Recurrence
from bounds.numerals import read_number
from bounds.solving.grid import Floats, Grid, Number, WholeNumbers
from bounds.solving.ranges import RUNNING
from bounds.solving.walk import walks
from bounds.symbols import PARAMETERS, Parameter
from bounds.tape import compile_expression
from bounds.theorem import Theorem

LARGEST_WHOLE, LARGEST_REAL = 10**18, 1e300
LARGEST_COUNT, LARGEST_COUNT_IN_INTEGRAL = 2_000, 100
"""How far a symbol is searched that sets the number of steps of a recursion, alone or inside an integral."""

_CONVENTION = {"n_real": "real", "n_total": "total"}
_PROBES = {"alpha": ("1/2", "1"), "lam": ("1", "0")}


@dataclass(frozen=True)
class Unknown:
    """What is solved for.

    Parameters
    ----------
    name : str
        As the theorem's user spells it, without aliases.
    theorem : Theorem
        In the one regime meant.
    grid : Grid
        The kind of numbers searched.
    low, high : int or float
        Ends of the range searched.
    open_low, open_high : bool
        Whether the domain goes on beyond the end, so that it is no extreme of the domain.
    values : dict
        Fraction, infinity or tape in `RUNNING` by symbol name.
    domain : tuple of sympy relationals in `RUNNING`
        Conditions that keep the converted values inside their domains.
    """

    name: str
    theorem: Theorem
    grid: Grid
    low: Number
    high: Number
    open_low: bool
    open_high: bool
    values: dict[str, Any]
    domain: tuple[Any, ...]


def read_unknown(theorem: Theorem, name: str, arguments: Mapping[str, object]) -> Unknown:
    """Find out what the unknown is and how the theorem's values depend on it.

    Parameters
    ----------
    theorem : Theorem
    name : str
        Spelling of the unknown.
    arguments : mapping of spelling to value
        Everything else, as for `bounds.Theorem.evaluate`.

    Returns
    -------
    Unknown

    Raises
    ------
    ArgumentError
        If the unknown is given a value too, is no symbol of the theorem, or another argument is bad.

    Examples
    --------
    >>> import bounds
    >>> found = read_unknown(bounds.get("ferbach2024.kl_ball"), "alpha", {"K": 4})
    >>> found.low, found.high, found.values["K"]
    (1e-300, 1.0, Fraction(4, 1))
    """
    aliases = {alias: p.name for p in PARAMETERS.values() for alias in p.aliases}
    given = {aliases.get(spelling, spelling): value for spelling, value in arguments.items()}
    name = aliases.get(name, name)
    if name in given:
        raise ArgumentError(f"{name} is what is solved for; leave out its value {given[name]}")
    one, fixed = _probed(theorem, name, arguments)
    needed = {symbol.name for symbol in one.symbols}
    formulas = _formulas(name, needed, given, fixed)
    described = PARAMETERS["n" if name in _CONVENTION else name]
    grid: Grid = WholeNumbers() if described.integer else Floats()
    low, high = _first(described), _last(described)
    if low == 0 and any(formula.subs(RUNNING, 0).is_infinite for formula in formulas.values()):
        low = 1 / LARGEST_REAL
    if _counts_steps(name, one.expression):
        high = min(high, LARGEST_COUNT_IN_INTEGRAL if compile_expression(one.expression).integrates else LARGEST_COUNT)
        if walks(compile_expression(one.expression), frozenset({name})):
            grid = WholeNumbers(one_by_one=LARGEST_COUNT + 1)
    if not described.integer:
        low, high = float(low), float(high)
    values = {key: compile_expression(formulas[key]) if key in formulas else value for key, value in fixed.items()}
    conditions = tuple(c for key, f in formulas.items() if f != RUNNING for c in _inside(PARAMETERS[key], f))
    return Unknown(
        name,
        one,
        grid,
        low,
        high,
        open_low=Fraction(low) != _exactly(described.low),
        open_high=Fraction(high) != _exactly(described.high),
        values=values,
        domain=conditions,
    )


def _probed(theorem: Theorem, name: str, arguments: Mapping[str, object]) -> tuple[Theorem, dict[str, Any]]:
    """Read the other arguments, with a harmless value for the unknown."""
    described = PARAMETERS.get("n" if name in _CONVENTION else name)
    whole = described is not None and described.integer
    probes = _PROBES.get(name, ("1000000000000" if whole and name.startswith("n") else _middle(described),))
    complaint: LoopboundsError | None = None
    for probe in probes:
        try:
            inputs = read_arguments(theorem, {**arguments, name: probe})
        except LoopboundsError as error:
            complaint = complaint or error
            continue
        if inputs.grid:
            raise ArgumentError("solve takes single numbers, not arrays")
        return inputs.theorem, inputs.values
    assert complaint is not None
    raise complaint


def _middle(described: Parameter | None) -> str:
    """Return some number inside a domain, as text."""
    if described is None:
        return "1"
    low, high = described.low, described.high
    if low.is_finite and high.is_finite:
        return str((low + high) / 2)
    return str(low + 1 if low.is_finite else high - 1 if high.is_finite else 0)


def _formulas(name: str, needed: set[str], given: Mapping[str, object], fixed: Mapping[str, Any]) -> dict[str, Any]:
    """Write every value that depends on the unknown as an expression in `RUNNING`."""
    ratio = "lam" if "lam" in needed else "alpha" if "alpha" in needed else None
    if ratio is None or name not in ("lam", "alpha", "n", *_CONVENTION):
        return {name: RUNNING}
    other = "alpha" if ratio == "lam" else "lam"
    convention = {"lam": "real", "alpha": "total"}
    swapped = name == other or other in given
    size = next((s for s in ("n", *_CONVENTION) if s == name or s in given), "n")
    meant = _CONVENTION.get(size, convention[other if swapped else ratio])
    formulas: dict[str, Any] = {}
    if name in (ratio, other):
        formulas[ratio] = RUNNING if name == ratio else (1 - RUNNING) / RUNNING if ratio == "lam" else 1 / (1 + RUNNING)
    share: Any = formulas[ratio] if ratio in formulas else _rational(fixed[ratio])
    real = 1 / (1 + share) if ratio == "lam" else share
    if "n" in needed and (name == size or (formulas and meant != convention[ratio])):
        points = RUNNING if name == size else _rational(read_number(given[size], size))
        if meant == convention[ratio]:
            formulas["n"] = points
        else:
            formulas["n"] = sympy.cancel(points * real if meant == "total" else points / real)
    return formulas


def _rational(value: Fraction | float) -> Any:
    return sympy.Rational(value.numerator, value.denominator) if isinstance(value, Fraction) else sympy.oo


def _inside(described: Parameter, formula: Any) -> list[Any]:
    """Write the domain of a converted value as relations; at the ends it has."""
    relations = []
    if described.low.is_finite:
        kind = sympy.Gt if described.low_open else sympy.Ge
        relations.append(kind(formula, described.low, evaluate=False))
    if described.high.is_finite:
        kind = sympy.Lt if described.high_open else sympy.Le
        relations.append(kind(formula, described.high, evaluate=False))
    return relations


def _exactly(end: Any) -> Fraction | float:
    return Fraction(int(end.p), int(end.q)) if end.is_Rational else float(end)


def _first(described: Parameter) -> Number:
    if described.integer:
        return int(described.low) + int(described.low_open)
    if not described.low.is_finite:
        return -LARGEST_REAL
    low = float(described.low)
    if not described.low_open:
        return low
    return 1 / LARGEST_REAL if low == 0 else math.nextafter(low, math.inf)


def _last(described: Parameter) -> Number:
    if described.integer:
        return int(described.high) - int(described.high_open) if described.high.is_finite else LARGEST_WHOLE
    if not described.high.is_finite:
        return LARGEST_REAL
    high = float(described.high)
    return math.nextafter(high, -math.inf) if described.high_open else high


def _counts_steps(name: str, expression: Any) -> bool:
    """Tell whether a symbol sets the number of steps of a sum or recursion."""
    if not compile_expression(expression).loops and not compile_expression(expression).integrates:
        return False
    counts = [end for node in expression.atoms(sympy.Sum) for end in node.limits[0][1:]]
    counts += [node.args[4] for node in expression.atoms(Recurrence)]
    return any(name == symbol.name for end in counts for symbol in end.free_symbols)

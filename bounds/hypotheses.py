"""Decide relations exactly: whether a hypothesis is true at given numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import sympy

from bounds.errors import EnclosureError
from bounds.exact import Exact, NotRational
from bounds.numerals import show_number
from bounds.tape import Tape, compile_expression, run

SIGNS = {
    "<": frozenset({-1}),
    "<=": frozenset({-1, 0}),
    ">": frozenset({1}),
    ">=": frozenset({0, 1}),
    "==": frozenset({0}),
    "!=": frozenset({-1, 1}),
}


@dataclass(frozen=True)
class Checked:
    """One hypothesis at given numbers.

    Parameters
    ----------
    relation : str
        The relation as written in the theorem.
    holds : bool
    left, right : float
        The two sides, rounded, for people.
    """

    relation: str
    holds: bool
    left: float
    right: float

    @property
    def sentence(self) -> str:
        """What holds or fails, with its numbers."""
        state = "holds" if self.holds else "fails"
        return f"{self.relation} {state}: left side {self.left:.6g}, right side {self.right:.6g}"


def sign(expression: Any, values: Mapping[str, Fraction | float]) -> int | None:
    """Return the sign of an expression, decided exactly.

    Parameters
    ----------
    expression : sympy expression
    values : mapping of name to Fraction or infinity

    Returns
    -------
    int or None
        -1, 0 or 1; None where an infinite value makes the expression undefined, as in 0 times infinity.

    Raises
    ------
    EnclosureError
        If the sign cannot be decided.

    Examples
    --------
    >>> from sympy import Symbol, sqrt
    >>> sign(sqrt(Symbol("x")) - 3, {"x": Fraction(9)})
    0
    """
    tape = compile_expression(expression)
    quick = _sign_at_once(tape, values)
    if quick:
        return quick
    finite = {name: value for name, value in values.items() if isinstance(value, Fraction)}
    try:
        value = run(tape, Exact(), finite)
        return (value > 0) - (value < 0)
    except (NotRational, KeyError):
        return _sign_by_balls(expression, values)


def _sign_at_once(tape: Tape, values: Mapping[str, Fraction | float]) -> int:
    """Return the sign where one ball shows it, else 0: balls are much faster than fractions."""
    from bounds.enclose import PRECISIONS, enclose_ball

    if tape.loops or tape.integrates or any(isinstance(value, float) for value in values.values()):
        return 0
    found = enclose_ball(tape, values, PRECISIONS[0])
    return 1 if found > 0 else -1 if found < 0 else 0


def _sign_by_balls(expression: Any, values: Mapping[str, Fraction | float]) -> int | None:
    from bounds.enclose import PRECISIONS, enclose_ball

    tape = compile_expression(expression)
    for precision in PRECISIONS[:6]:
        found = enclose_ball(tape, values, precision)
        if found > 0:
            return 1
        if found < 0:
            return -1
        if found.is_zero():
            return 0
    if found.is_nan() and any(isinstance(value, float) for value in values.values()):
        return None
    exact = {symbol: _rational(values[symbol.name]) for symbol in expression.free_symbols}
    if found.is_finite() and _is_zero(expression.xreplace(exact).doit()):
        return 0
    raise EnclosureError(f"the sign of {expression} could not be decided at these numbers")


def _is_zero(number: Any) -> bool:
    """Tell whether algebra shows that a number is 0.

    It knows no relation between values of error functions, whose tails it would work out in millions of digits.
    """
    if number.has(sympy.erf, sympy.erfc):
        return bool(number == 0)
    return bool(sympy.simplify(number).is_zero)


def _rational(value: Fraction | float) -> Any:
    return sympy.Rational(value.numerator, value.denominator) if isinstance(value, Fraction) else sympy.oo


def holds(relation: Any, values: Mapping[str, Fraction | float]) -> bool:
    """Decide a relation exactly; one that is undefined at these values does not hold.

    Parameters
    ----------
    relation : sympy relational
    values : mapping of name to Fraction or infinity

    Returns
    -------
    bool

    Raises
    ------
    EnclosureError
        If it cannot be decided.

    Examples
    --------
    >>> from bounds.symbols import lam
    >>> holds(lam < 1, {"lam": Fraction(1)})
    False
    """
    if relation in (sympy.true, sympy.false):
        return bool(relation)
    return sign(_gap(relation), values) in SIGNS[relation.rel_op]


@lru_cache(maxsize=4096)
def _gap(relation: Any) -> Any:
    return relation.lhs - relation.rhs


def check(relation: Any, values: Mapping[str, Fraction | float]) -> Checked:
    """Decide a hypothesis and keep its two sides for the message.

    Parameters
    ----------
    relation : sympy relational
    values : mapping of name to Fraction or infinity

    Returns
    -------
    Checked

    Examples
    --------
    >>> from bounds.symbols import K, lam
    >>> check(lam * (K - 1) < 1, {"lam": Fraction(1, 2), "K": Fraction(4)}).sentence
    'lam*(K - 1) < 1 fails: left side 1.5, right side 1'
    """
    from bounds.enclose import enclose_ball

    sides = [float(enclose_ball(compile_expression(side), values, 96).mid()) for side in relation.args]
    return Checked(relation_text(relation), holds(relation, values), *sides)


@lru_cache(maxsize=4096)  # on a grid the same few relations are written at every point
def relation_text(relation: Any) -> str:
    """Write a relation as one line of text.

    Examples
    --------
    >>> from bounds.symbols import lam
    >>> relation_text(lam < 1)
    'lam < 1'
    """
    return f"{relation.lhs} {relation.rel_op} {relation.rhs}"


def failing_sentence(checked: Checked, values: Mapping[str, Fraction | float]) -> str:
    """Say which hypothesis fails and at which inputs.

    Examples
    --------
    >>> failing_sentence(Checked("lam < 1", False, 2.0, 1.0), {"lam": Fraction(2)})
    'hypothesis lam < 1 fails: left side 2, right side 1 (at lam = 2)'
    """
    at = ", ".join(f"{name} = {show_number(value)}" for name, value in values.items())
    return f"hypothesis {checked.sentence} (at {at})"

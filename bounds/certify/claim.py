"""What is to be proved: an expression is not negative on a box, wherever the hypotheses hold."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import sympy

from bounds.errors import ArgumentError
from bounds.numerals import read_number, show_number
from bounds.symbols import PARAMETERS

_LARGEST = 10**300  # points are drawn in doubles, and so is the width of a range


@dataclass(frozen=True)
class Range:
    """The values a symbol takes: a closed interval, or a half-line.

    Parameters
    ----------
    low : Fraction
    high : Fraction or None
        None for all finite values from `low` on.

    Examples
    --------
    >>> print(Range(Fraction(0), None))
    0 to infinity
    """

    low: Fraction
    high: Fraction | None

    def __str__(self) -> str:
        """The two ends in words."""
        return f"{show_number(self.low)} to {'infinity' if self.high is None else show_number(self.high)}"


@dataclass(frozen=True)
class Hypothesis:
    """A relation ``expression >= 0``, or ``> 0`` where it is strict.

    Parameters
    ----------
    expression : sympy expression
    strict : bool
    """

    expression: Any
    strict: bool


@dataclass(frozen=True)
class Claim:
    """``expression >= 0`` at every point of the box where the hypotheses hold and the expression is a finite number.

    A finite number means that every part of the expression is one, as when it is evaluated from the inside out.

    Parameters
    ----------
    expression : sympy expression
    box : tuple of (sympy.Symbol, Range)
        Sorted by name; every free symbol has a range.
    hypotheses : tuple of Hypothesis

    Examples
    --------
    >>> x = sympy.Symbol("x", nonnegative=True)
    >>> print(inequality(x**2, x, {x: (0, 1)}, [x <= sympy.Rational(1, 2)]))
    0 <= -x**2 + x for x from 0 to 1 where 1/2 - x >= 0
    """

    expression: Any
    box: tuple[tuple[Any, Range], ...]
    hypotheses: tuple[Hypothesis, ...] = ()

    @property
    def ranges(self) -> dict[Any, Range]:
        """The range of every symbol."""
        return dict(self.box)

    def about(self, expression: Any, *more: Hypothesis) -> Claim:
        """Claim another expression under the same hypotheses, and more of them."""
        return replace(self, expression=expression, hypotheses=self.hypotheses + more)

    def within(self, symbol: Any, narrowed: Range) -> Claim:
        """Narrow the range of one symbol, or add one."""
        return replace(self, box=_sorted({**self.ranges, symbol: narrowed}))

    def at(self, symbol: Any, value: Fraction) -> Claim:
        """Put a number for a symbol."""
        number = sympy.Rational(value.numerator, value.denominator)
        return Claim(
            self.expression.xreplace({symbol: number}),
            tuple((s, r) for s, r in self.box if s != symbol),
            tuple(replace(h, expression=h.expression.xreplace({symbol: number})) for h in self.hypotheses),
        )

    def without(self, symbol: Any) -> Claim:
        """Drop the hypotheses that involve a symbol; what is claimed then is more."""
        return replace(self, hypotheses=tuple(h for h in self.hypotheses if symbol not in h.expression.free_symbols))

    def __str__(self) -> str:
        """The claim in one line."""
        where = ", ".join(f"{symbol.name} from {values}" for symbol, values in self.box)
        given = " and ".join(f"{h.expression} {'>' if h.strict else '>='} 0" for h in self.hypotheses)
        return f"0 <= {self.expression}{f' for {where}' if where else ''}{f' where {given}' if given else ''}"


def _sorted(ranges: Mapping[Any, Range]) -> tuple[tuple[Any, Range], ...]:
    return tuple(sorted(ranges.items(), key=lambda item: str(item[0].name)))


def inequality(left: Any, right: Any, box: Mapping[Any, Any], relations: Iterable[Any] = ()) -> Claim:
    """Write the claim ``left <= right``.

    Parameters
    ----------
    left, right : sympy expressions
    box : mapping of symbol to (low, high)
        Exact numbers; the high end may be infinity, which stands for all finite values.
    relations : iterable of sympy relationals
        The hypotheses. One of the form ``!=`` is left out, so that more is claimed.

    Returns
    -------
    Claim

    Raises
    ------
    ArgumentError
        If a range is missing, empty or has no finite low end.

    Examples
    --------
    >>> x = sympy.Symbol("x", nonnegative=True)
    >>> inequality(x, 2 * x, {x: ("1/3", "inf")}).expression
    x
    """
    left, right = sympy.sympify(left), sympy.sympify(right)
    ranges = {symbol: read_range(symbol.name, *ends) for symbol, ends in box.items()}
    hypotheses = tuple(h for relation in relations for h in _hypotheses(relation))
    used = (left.free_symbols | right.free_symbols).union(*(h.expression.free_symbols for h in hypotheses))
    missing = sorted(symbol.name for symbol in used - set(ranges))
    if missing:
        raise ArgumentError(f"give a range or a value for {', '.join(missing)}")
    return Claim(right - left, _sorted(ranges), hypotheses)


def read_range(name: str, low: object, high: object) -> Range:
    """Read the two ends of a range exactly.

    Examples
    --------
    >>> print(read_range("x", "0.1", 2))
    0.1 to 2
    """
    ends = read_number(low, name), read_number(high, name)
    if not isinstance(ends[0], Fraction):
        raise ArgumentError(f"{name} starts at {low}; a range starts at a finite number")
    for end in ends:
        if isinstance(end, Fraction) and abs(end) > _LARGEST:
            raise ArgumentError(
                f"{name} ends at {show_number(end)}; a range ends at numbers up to 1e300, or at inf for all values"
            )
    if ends[1] == math.inf:
        return Range(ends[0], None)
    if not isinstance(ends[1], Fraction) or ends[1] < ends[0]:
        raise ArgumentError(f"{name} runs from {low} to {high}; the second end must not be below the first")
    return Range(ends[0], ends[1])


def _hypotheses(relation: Any) -> tuple[Hypothesis, ...]:
    if relation in (sympy.true, sympy.false):
        return () if relation == sympy.true else (Hypothesis(sympy.Integer(-1), False),)
    gap = relation.lhs - relation.rhs
    match relation.rel_op:
        case "<" | "<=":
            return (Hypothesis(-gap, relation.rel_op == "<"),)
        case ">" | ">=":
            return (Hypothesis(gap, relation.rel_op == ">"),)
        case "==":
            return (Hypothesis(gap, False), Hypothesis(-gap, False))
        case _:
            return ()


def is_whole(symbol: Any) -> bool:
    """Tell whether a symbol stands for whole numbers only.

    Examples
    --------
    >>> from bounds.symbols import K, lam
    >>> is_whole(K), is_whole(lam)
    (True, False)
    """
    described = PARAMETERS.get(symbol.name)
    return bool(symbol.is_integer or (described is not None and described.symbol == symbol and described.integer))

"""Rigorous ranges of an expression and of its slope while one symbol runs over an interval.

A tape is run in jets: an enclosure of all values on the interval and one of all slopes. What is the same on every interval
is worked out once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import sympy
from flint import arb, ctx, fmpq_poly

from bounds.enclose import Exactly
from bounds.errors import EnclosureError
from bounds.solving.jet_code import JetCode, Operand, Recorder, constant
from bounds.solving.jets import UNKNOWN_JET, ZERO, Jet, Span, hull
from bounds.solving.ratios import Ratio, fraction
from bounds.tape import Tape, run

RUNNING = sympy.Symbol("_running", real=True)
"""The symbol that runs over the interval; values of other symbols may be expressions in it."""

PRECISION = 96

_RUNNING = Ratio(fmpq_poly([0, 1]), fmpq_poly([1]))
_TURNED = Ratio(fmpq_poly([1, -1]), fmpq_poly([0, 1]))
_RISING, _FALLING = Span(arb(0), arb("inf")), Span(arb("-inf"), arb(0))


@dataclass(frozen=True)
class Ranges:
    """An expression on any interval of the symbol that runs.

    Parameters
    ----------
    tape : Tape
        The expression.
    values : mapping of name to Fraction, infinity or Tape
        The value of every symbol of the expression; a tape says how it depends on `RUNNING`, the symbol that runs.

    Examples
    --------
    >>> from sympy import Symbol
    >>> from bounds.tape import compile_expression
    >>> ranges = Ranges(compile_expression(Symbol("x") ** 2), {"x": compile_expression(RUNNING)})
    >>> ranges.jet(Fraction(-1), Fraction(2)).value
    Span(low=-2.00000000000000, high=4.00000000000000)
    """

    tape: Tape
    values: Mapping[str, Tape | Exactly]

    def jet(self, low: Fraction, high: Fraction) -> Jet:
        """Enclose the values and slopes on an interval; see `jet_on`."""
        found = _played(self._plain, low, high)
        if low < 0 or high < 3 * low + 1 or found.slope.nonnegative or found.slope.nonpositive:
            return found
        # In u = 1/(1 + x) a long interval is short, and x/(1 + x) and the like are linear; it falls as x rises.
        turned = _played(self._turned, 1 / (1 + high), 1 / (1 + low))
        if not (turned.slope.nonnegative or turned.slope.nonpositive):
            return found
        return Jet(turned.value, _RISING if turned.slope.nonpositive else _FALLING)

    @cached_property
    def _plain(self) -> JetCode | None:
        return self._written(_RUNNING)

    @cached_property
    def _turned(self) -> JetCode | None:
        return self._written(_TURNED)

    def _written(self, running: Ratio) -> JetCode | None:
        recorder, runner = Recorder(), {RUNNING.name: running}
        with ctx.workprec(PRECISION):
            try:
                read = {
                    name: run(value, recorder, runner) if isinstance(value, Tape) else constant(value)
                    for name, value in self.values.items()
                }
                return recorder.code(run(self.tape, recorder, read))
            except (EnclosureError, ZeroDivisionError):
                return None


def _played(code: JetCode | None, low: Fraction, high: Fraction) -> Jet:
    if code is None:
        return UNKNOWN_JET
    with ctx.workprec(PRECISION):
        try:
            return code.jet(fraction(low), fraction(high))
        except (EnclosureError, ZeroDivisionError):
            return UNKNOWN_JET


def jet_on(tape: Tape, low: Fraction, high: Fraction, values: Mapping[str, Tape | Exactly]) -> Jet:
    """Enclose an expression and its slope on an interval.

    Parameters
    ----------
    tape : Tape
        The expression.
    low, high : Fraction
        Ends of the interval, both included.
    values : mapping of name to Fraction, infinity or Tape
        The value of every symbol of the expression; a tape says how it depends on `RUNNING`, the symbol that runs.

    Returns
    -------
    Jet
        With nan for what could not be enclosed; of the slopes sometimes only the sign is told.
        If the values are finite the expression is continuous on the interval.

    Examples
    --------
    >>> from sympy import Symbol
    >>> from bounds.tape import compile_expression
    >>> lam = Symbol("lam")
    >>> tape, itself = compile_expression(lam / (1 + lam)), compile_expression(RUNNING)
    >>> found = jet_on(tape, Fraction(0), Fraction(10**18), {"lam": itself})
    >>> bool(found.slope.low > 0)
    True
    """
    return Ranges(tape, values).jet(low, high)


def trend_on_box(
    tape: Tape, name: str, box: Mapping[str, tuple[Fraction, Fraction]], rest: Mapping[str, Exactly]
) -> int | None:
    """Return 1 or -1 if an expression surely rises or falls with one symbol on a box, 0 if it is constant, else None.

    Parameters
    ----------
    tape : Tape
        The expression.
    name : str
        The symbol that runs; in the box.
    box : mapping of name to (Fraction, Fraction)
        Ends of the ranges, both included.
    rest : mapping of name to Fraction or infinity
        The symbols that have one value.

    Returns
    -------
    int or None
        Rising means nowhere falling. The expression is continuous in the symbol there.

    Examples
    --------
    >>> from sympy import Symbol
    >>> from bounds.tape import compile_expression
    >>> sides = {"x": (Fraction(0), Fraction(1)), "y": (Fraction(-1), Fraction(2))}
    >>> trend_on_box(compile_expression(Symbol("x") ** 3 + Symbol("y")), "x", sides, {})
    1
    """
    found = _jet_on_box(tape, name, box, rest)
    if not (found.value.low.is_finite() and found.value.high.is_finite()):
        return None
    if found.slope.nonnegative:
        return 0 if found.slope.nonpositive else 1
    return -1 if found.slope.nonpositive else None


def sign_on_box(tape: Tape, box: Mapping[str, tuple[Fraction, Fraction]], rest: Mapping[str, Exactly]) -> int | None:
    """Return 1 or -1 if an expression surely is above or below 0 on a box, else None.

    Parameters
    ----------
    tape : Tape
    box : mapping of name to (Fraction, Fraction)
        Not empty.
    rest : mapping of name to Fraction or infinity

    Returns
    -------
    int or None

    Examples
    --------
    >>> from sympy import Symbol
    >>> from bounds.tape import compile_expression
    >>> sign_on_box(compile_expression(Symbol("x") - 2), {"x": (Fraction(0), Fraction(1))}, {})
    -1
    """
    # In one symbol the expression may be a rational function, which is enclosed more sharply.
    value = _jet_on_box(tape, max(box, key=lambda name: box[name][1] - box[name][0]), box, rest).value
    return 1 if value.low > 0 else -1 if value.high < 0 else None


def _jet_on_box(
    tape: Tape, name: str, box: Mapping[str, tuple[Fraction, Fraction]], rest: Mapping[str, Exactly]
) -> Jet:
    recorder = Recorder()
    with ctx.workprec(PRECISION):
        read: dict[str, Operand] = {key: constant(value) for key, value in rest.items()}
        read |= {key: _anywhere(*ends) for key, ends in box.items()}
        read[name] = _RUNNING
        try:
            return _played(recorder.code(run(tape, recorder, read)), *box[name])
        except (EnclosureError, ZeroDivisionError):
            return UNKNOWN_JET


def _anywhere(low: Fraction, high: Fraction) -> Ratio | Jet:
    """Return a constant of which only the range is known."""
    if low == high:
        return constant(low)
    return Jet(Span(hull(arb(fraction(low))).low, hull(arb(fraction(high))).high), ZERO)

"""An expression at single values of the unknown: by balls, and exactly where it is rational."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from bounds.enclose import Exactly, enclose_ball
from bounds.exact import Exact, NotRational
from bounds.mixed import run_exact
from bounds.solving.grid import Number
from bounds.solving.ranges import RUNNING
from bounds.solving.walk import Walk, walks
from bounds.tape import Tape, compile_expression, run

_EXACT = Exact()
_ITSELF = compile_expression(RUNNING)


@dataclass(frozen=True)
class Values:
    """An expression at single values of the unknown.

    Parameters
    ----------
    tape : Tape
        The expression.
    fixed : mapping of name to Fraction or infinity
    running : mapping of name to Tape
        How the other symbols follow from the unknown.
    walk : Walk or None
        Where the unknown sets numbers of steps.

    Examples
    --------
    >>> from sympy import Symbol
    >>> x = Symbol("x")
    >>> Values.of(x**2, {"x": compile_expression(RUNNING)}).exact(3)
    Fraction(9, 1)
    """

    tape: Tape
    fixed: Mapping[str, Exactly]
    running: Mapping[str, Tape]
    walk: Walk | None
    _balls: dict[tuple[Number, int], Any] = field(default_factory=dict, repr=False)
    _fractions: dict[Number, Fraction | None] = field(default_factory=dict, repr=False)

    @staticmethod
    def of(expression: Any, values: Mapping[str, Tape | Exactly]) -> Values:
        """Put the values of the symbols into an expression."""
        used = {name: value for name, value in values.items() if name in {s.name for s in expression.free_symbols}}
        fixed = {name: value for name, value in used.items() if not isinstance(value, Tape)}
        running = {name: value for name, value in used.items() if isinstance(value, Tape)}
        tape = compile_expression(expression)
        return Values(tape, fixed, running, Walk(tape, fixed) if walks(tape, frozenset(running)) else None)

    @property
    def infinite(self) -> bool:
        """Whether a symbol is infinite."""
        return any(isinstance(value, float) for value in self.fixed.values())

    def at(self, x: Number) -> dict[str, Exactly]:
        """Return the values of all symbols; raise `NotRational` or ZeroDivisionError where they have none."""
        return {**self.fixed, **self._moved(x)}

    def ball(self, x: Number, precision: int) -> Any:
        """Enclose the expression; the ball is not necessarily finite."""
        if (x, precision) not in self._balls:
            self._balls[x, precision] = self._ball(x, precision)
        return self._balls[x, precision]

    def exact(self, x: Number) -> Fraction | None:
        """Return the exact value if it is rational and not too long, else None."""
        if x not in self._fractions:
            self._fractions[x] = self._exact(x)
        return self._fractions[x]

    def written_out(self, x: Number) -> bool:
        """Tell whether the exact value was asked for before, and found."""
        return self._fractions.get(x) is not None

    def _ball(self, x: Number, precision: int) -> Any:
        if self.walk is not None:
            return self.walk.ball(self._moved(x), precision)
        return enclose_ball(self.tape, self.at(x), precision)

    def _exact(self, x: Number) -> Fraction | None:
        if self.walk is not None:
            return self.walk.exact(self._moved(x))
        values = self.at(x)
        if not (self.tape.loops or self.tape.integrates):
            return run_exact(self.tape, values)
        try:
            return run(self.tape, _EXACT, {name: v for name, v in values.items() if isinstance(v, Fraction)})
        except (NotRational, KeyError):
            return None

    def _moved(self, x: Number) -> dict[str, Fraction]:
        here = Fraction(x)
        return {
            name: here if tape is _ITSELF else run(tape, _EXACT, {RUNNING.name: here})
            for name, tape in self.running.items()
        }

"""Put all symbols of a tape but one to numbers: what is left is a short list of operations on that one.

Integrands are traced, so that their loops unroll and their coefficients are computed once, not at every node.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic

from bounds.tape import Area, Arithmetic, Instruction, Number, Tape, run


@dataclass(frozen=True)
class Traced(Generic[Number]):
    """A function of one variable without loops: known numbers, then operations on them and on the variable.

    Parameters
    ----------
    numbers : tuple of Number
        Positions 1, 2, ... after the variable at position 0.
    instructions : tuple of Instruction
        Their results take the positions that follow.
    result : int
        Position of the value.
    """

    numbers: tuple[Number, ...]
    instructions: tuple[Instruction, ...]
    result: int

    def at(self, point: Any, arithmetic: Arithmetic[Any]) -> Any:
        """Return the value at a point, which may be of another kind of number than the known ones."""
        return self._results(point, arithmetic)[self.result]

    def turns(self, point: Any, arithmetic: Arithmetic[Any]) -> list[Any]:
        """Return the quantities at whose changes of sign the function may have a corner, or nearly one."""
        results = self._results(point, arithmetic)
        found = []
        for instruction in self.instructions:
            operands = [results[i] for i in instruction.operands]
            if instruction.operation == "abs" or (instruction.operation == "power" and instruction.constant == 2):
                found.append(operands[0])
            elif instruction.operation in ("max", "min"):
                found += [operands[0] - other for other in operands[1:]]
        return found

    def _results(self, point: Any, arithmetic: Arithmetic[Any]) -> list[Any]:
        results = [point, *self.numbers]
        for instruction in self.instructions:
            if instruction.operation == "power":
                value = arithmetic.power(results[instruction.operands[0]], instruction.constant)
            else:
                value = arithmetic.apply(instruction.operation, [results[i] for i in instruction.operands])
            results.append(value)
        return results


@dataclass(frozen=True)
class _Known:
    """A number known while a tape is traced."""

    number: Any


@dataclass(frozen=True)
class _Written:
    """A result that depends on the variable, by its place among the instructions; -1 is the variable."""

    place: int


class _Tracer:
    """An arithmetic that computes what it can and writes down the rest."""

    def __init__(self, arithmetic: Arithmetic[Any]) -> None:
        self.arithmetic = arithmetic
        self.numbers: list[Any] = []
        self.lines: list[tuple[str, tuple[_Written | int, ...], Any]] = []
        self.places: dict[Any, _Written] = {}

    def rational(self, numerator: int, denominator: int) -> Any:
        return _Known(self.arithmetic.rational(numerator, denominator))

    def count(self, value: Any) -> int:
        if not isinstance(value, _Known):
            raise TypeError("the number of steps depends on the variable of integration")
        return self.arithmetic.count(value.number)

    def integrate(self, area: Area, values: Mapping[str, Any]) -> Any:
        held = {name: values[name] for name in area.symbols}
        known = {name: value.number for name, value in held.items() if isinstance(value, _Known)}
        if len(known) < len(held):
            raise TypeError("only integrals over one variable are evaluated")
        return _Known(self.arithmetic.integrate(area, known))

    def power(self, base: Any, exponent: int) -> Any:
        if isinstance(base, _Known):
            return _Known(self.arithmetic.power(base.number, exponent))
        return self._write("power", [base], exponent)

    def apply(self, operation: str, operands: Sequence[Any]) -> Any:
        known = [o for o in operands if isinstance(o, _Known)]
        if len(known) == len(operands):
            return _Known(self.arithmetic.apply(operation, [o.number for o in known]))
        if operation in ("add", "mul") and len(known) > 1:
            folded = _Known(self.arithmetic.apply(operation, [o.number for o in known]))
            operands = [folded, *(o for o in operands if not isinstance(o, _Known))]
        return self._write(operation, operands, None)

    def _write(self, operation: str, operands: Sequence[Any], constant: Any) -> _Written:
        # Equal operations on earlier results are done once; numbers are not compared.
        line = (operation, tuple(o if isinstance(o, _Written) else self._number(o) for o in operands), constant)
        if line not in self.places:
            self.lines.append(line)
            self.places[line] = _Written(len(self.lines) - 1)
        return self.places[line]

    def _number(self, known: Any) -> int:
        self.numbers.append(known.number)
        return len(self.numbers)

    def finished(self, result: Any) -> Traced[Any]:
        if isinstance(result, _Known):
            return Traced((result.number,), (), 1)

        def position(operand: _Written | int) -> int:
            if isinstance(operand, int):
                return operand
            return 1 + len(self.numbers) + operand.place if operand.place >= 0 else 0

        instructions = tuple(Instruction(name, tuple(map(position, on)), constant) for name, on, constant in self.lines)
        return Traced(tuple(self.numbers), instructions, position(result))


def trace(tape: Tape, arithmetic: Arithmetic[Number], values: Mapping[str, Number], variable: str) -> Traced[Number]:
    """Put all symbols but one to numbers: loops unroll and what does not depend on the variable is computed once.

    Parameters
    ----------
    tape : Tape
    arithmetic : Arithmetic
        Of the known numbers.
    values : mapping of name to number
    variable : str
        The symbol that stays.

    Returns
    -------
    Traced

    Examples
    --------
    >>> from fractions import Fraction
    >>> from sympy import Symbol
    >>> from bounds.exact import Exact
    >>> from bounds.tape import compile_expression
    >>> x, a = Symbol("x"), Symbol("a")
    >>> square = trace(compile_expression(x * a**2), Exact(), {"a": Fraction(3)}, "x")
    >>> [instruction.operation for instruction in square.instructions], square.at(Fraction(2), Exact())
    (['mul'], Fraction(18, 1))
    """
    tracer = _Tracer(arithmetic)
    known: dict[str, Any] = {name: _Known(value) for name, value in values.items()}
    return tracer.finished(run(tape, tracer, {**known, variable: _Written(-1)}))

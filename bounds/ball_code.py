"""A tape as one Python function on balls: the same operations in the same order, without the walker's bookkeeping.

A ball operation takes a tenth of a microsecond and finding out which one comes next takes three, so that a tape without
loops and integrals is written out as straight-line code once and then called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from flint import ctx

from bounds.enclose import ONE, OPERATIONS, Balls
from bounds.tape import Instruction, Tape

_BALLS = Balls()
_INFIX = {"add": " + ", "mul": " * "}


@dataclass(frozen=True)
class BallCode:
    """A tape written out for balls.

    Parameters
    ----------
    function : callable
        Takes the balls of the symbols by name, and the constants.
    constants : tuple of Instruction
        The instructions whose value depends on the working precision alone.
    """

    function: Callable[[Mapping[str, Any], tuple[Any, ...]], Any]
    constants: tuple[Instruction, ...]
    _known: dict[int, tuple[Any, ...]] = field(default_factory=dict, repr=False, compare=False)

    def __call__(self, values: Mapping[str, Any]) -> Any:
        """Run at flint's working precision.

        Examples
        --------
        >>> from flint import arb
        >>> from sympy import Symbol
        >>> from bounds.tape import compile_expression
        >>> ball_code(compile_expression(Symbol("x") / 2 + 1))({"x": arb(1)})
        1.50000000000000
        """
        precision = ctx.prec
        if precision not in self._known:
            self._known[precision] = tuple(_constant(instruction) for instruction in self.constants)
        return self.function(values, self._known[precision])


def _constant(instruction: Instruction) -> Any:
    if instruction.operation == "rational":
        return _BALLS.rational(*instruction.constant)
    return _BALLS.apply(instruction.operation, ())


@lru_cache(maxsize=4096)
def ball_code(tape: Tape) -> BallCode:
    """Write a tape out.

    Parameters
    ----------
    tape : Tape
        Without loops and integrals.

    Returns
    -------
    BallCode

    Raises
    ------
    TypeError
        If the tape has a loop or an integral.

    Examples
    --------
    >>> from sympy import Symbol
    >>> from bounds.tape import compile_expression
    >>> len(ball_code(compile_expression(2 * Symbol("x"))).constants)
    1
    """
    constants: list[Instruction] = []
    lines = ["def function(values, constants):"]
    for position, instruction in enumerate(tape.instructions):
        lines.append(f"    v{position} = {_written(instruction, constants)}")
    lines.append(f"    return v{len(tape.instructions) - 1}")
    scope: dict[str, Any] = {f"op_{name}": function for name, function in OPERATIONS.items()}
    scope |= {"power": _BALLS.power, "one": ONE}
    exec("\n".join(lines), scope)
    return BallCode(scope["function"], tuple(constants))


def _written(instruction: Instruction, constants: list[Instruction]) -> str:
    operands = [f"v{operand}" for operand in instruction.operands]
    match instruction.operation:
        case "symbol":
            return f"values[{instruction.constant!r}]"
        case "rational" | "pi" | "e":
            constants.append(instruction)
            return f"constants[{len(constants) - 1}]"
        case "add" | "mul" as operation:
            return _INFIX[operation].join(operands)
        case "power" if instruction.constant == -1:
            return f"one / {operands[0]}"
        case "power":
            return f"power({operands[0]}, {instruction.constant})"
        case "loop" | "integral" as operation:
            raise TypeError(f"a tape with a {operation} is walked, not written out")
        case operation:
            return f"op_{operation}({', '.join(operands)})"

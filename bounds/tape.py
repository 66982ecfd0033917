"""Compile a sympy expression into a flat list of operations that any kind of number can run.

One walker serves floats, arrays, exact rationals, mpmath numbers and balls: an expression is compiled once into a tape,
equal sub-expressions are computed once, and an `Arithmetic` says what each operation means for its numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, Generic, Protocol, TypeVar

import sympy

from bounds.functions import Recurrence, c4, geometric_sum
from bounds.integrals.integral import TailedIntegral

Number = TypeVar("Number")

STEP_LIMIT = 1_000_000


class Arithmetic(Protocol[Number]):
    """What the operations of a tape mean for one kind of number."""

    def rational(self, numerator: int, denominator: int) -> Number:
        """Return the number numerator/denominator."""

    def apply(self, operation: str, operands: Sequence[Number]) -> Number:
        """Apply a named operation."""

    def power(self, base: Number, exponent: int) -> Number:
        """Raise to a whole power known from the expression."""

    def count(self, value: Number) -> int:
        """Read a value as a number of steps."""

    def integrate(self, area: Area, values: Mapping[str, Number]) -> Number:
        """Integrate, at given values of the symbols."""


@dataclass(frozen=True)
class Area:
    """An integral inside a tape.

    Parameters
    ----------
    variable, radius : str
        Names of the bound symbols.
    symbols : tuple of str
        Names of the free ones.
    integrand, left, right : Tape
        The function, and the ends of the finite range at a radius.
    tail : Tape or None
        A bound on the integral outside the finite range; None if there is nothing outside.
    start : Tape
        The least radius at which the tail is valid.
    scales : tuple of (Tape, Tape)
        Centres and distances at which the function varies.
    """

    variable: str
    radius: str
    symbols: tuple[str, ...]
    integrand: Tape
    left: Tape
    right: Tape
    tail: Tape | None
    start: Tape
    scales: tuple[tuple[Tape, Tape], ...]


@dataclass(frozen=True)
class Loop:
    """A sum or a recursion inside a tape: state names, and the tapes of the step and of the output."""

    states: tuple[str, ...]
    step: tuple[Tape, ...]
    output: Tape


@dataclass(frozen=True)
class Instruction:
    """One operation: its name, the positions of its operands, and a constant where it needs one."""

    operation: str
    operands: tuple[int, ...]
    constant: Any = None


@dataclass(frozen=True)
class Tape:
    """A compiled expression.

    Examples
    --------
    >>> from sympy import Symbol
    >>> x = Symbol("x")
    >>> [i.operation for i in compile_expression((x + 1) ** 2).instructions]
    ['rational', 'symbol', 'add', 'power']
    """

    instructions: tuple[Instruction, ...]

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash(self.instructions)

    @cached_property
    def loops(self) -> bool:
        """Whether a sum or a recursion occurs."""
        return any(i.operation == "loop" for i in self.instructions)

    @cached_property
    def integrates(self) -> bool:
        """Whether an integral occurs, so that floats are found by quadrature."""
        inner = [i.constant for i in self.instructions if i.operation == "loop"]
        return any(i.operation == "integral" for i in self.instructions) or any(
            part.integrates for loop in inner for part in (*loop.step, loop.output)
        )


_FUNCTIONS: dict[Any, str] = {
    sympy.exp: "exp",
    sympy.log: "log",
    sympy.atan: "atan",
    sympy.erf: "erf",
    sympy.erfc: "erfc",
    sympy.gamma: "gamma",
    sympy.loggamma: "loggamma",
    sympy.sinh: "sinh",
    sympy.cosh: "cosh",
    sympy.tanh: "tanh",
    sympy.asin: "asin",
    sympy.zeta: "zeta",
    sympy.harmonic: "harmonic",
    sympy.LambertW: "lambertw",
    sympy.Abs: "abs",
    sympy.Max: "max",
    sympy.Min: "min",
    sympy.polygamma: "polygamma",
    sympy.floor: "floor",
    c4: "c4",
    geometric_sum: "geometric_sum",
}


@lru_cache(maxsize=4096)
def compile_expression(expression: Any) -> Tape:
    """Compile a sympy expression.

    Parameters
    ----------
    expression : sympy expression
        Built from the operations that theorems use.

    Returns
    -------
    Tape

    Raises
    ------
    TypeError
        If the expression holds an operation that no arithmetic here knows.

    Examples
    --------
    >>> import sympy
    >>> compile_expression(sympy.airyai(sympy.Symbol("x")))
    Traceback (most recent call last):
    TypeError: no rule evaluates airyai; add one to bounds.tape and to each arithmetic
    """
    instructions: list[Instruction] = []
    positions: dict[Any, int] = {}

    def emit(instruction: Instruction) -> int:
        instructions.append(instruction)
        return len(instructions) - 1

    def visit(node: Any) -> int:
        if node not in positions:
            positions[node] = emit(_instruction(node, visit))
        return positions[node]

    visit(expression)
    return Tape(tuple(instructions))


def _instruction(node: Any, visit: Any) -> Instruction:
    if node.is_Symbol:
        return Instruction("symbol", (), node.name)
    if node.is_Rational:
        return Instruction("rational", (), (int(node.p), int(node.q)))
    if node in (sympy.pi, sympy.E):
        return Instruction("pi" if node == sympy.pi else "e", ())
    if node.is_Add or node.is_Mul:
        return Instruction("add" if node.is_Add else "mul", tuple(visit(a) for a in node.args))
    if node.is_Pow:
        return _power(node, visit)
    if isinstance(node, sympy.Sum):
        return _sum(node, visit)
    if isinstance(node, Recurrence):
        output, states, initial, step, count = node.args
        loop = Loop(
            tuple(s.name for s in states), tuple(compile_expression(e) for e in step), compile_expression(output)
        )
        return Instruction("loop", tuple(visit(a) for a in (count, *initial)), loop)
    if isinstance(node, TailedIntegral | sympy.Integral):
        return Instruction("integral", (), _area(node))
    name = _FUNCTIONS.get(node.func)
    if name is None:
        raise TypeError(f"no rule evaluates {node.func.__name__}; add one to bounds.tape and to each arithmetic")
    if name == "polygamma":
        order, argument = node.args
        if not order.is_Integer:
            raise TypeError("polygamma needs a whole number as its order")
        return Instruction("polygamma", (visit(order), visit(argument)))
    if name == "lambertw" and node.args[1:] not in ((), (sympy.S.NegativeOne,)):
        raise TypeError("only the real branches 0 and -1 of the Lambert function are evaluated")
    return Instruction(name, tuple(visit(a) for a in node.args))


def _power(node: Any, visit: Any) -> Instruction:
    base, exponent = node.args
    if base == sympy.E:
        return Instruction("exp", (visit(exponent),))
    if exponent.is_Integer:
        return Instruction("power", (visit(base),), int(exponent))
    if exponent in (sympy.S.Half, -sympy.S.Half):
        return Instruction("sqrt" if exponent > 0 else "rsqrt", (visit(base),))
    return Instruction("pow", (visit(base), visit(exponent)))


def _sum(node: Any, visit: Any) -> Instruction:
    index, start, stop = node.limits[-1]
    # Sympy keeps a sum of sums as one sum over several indices, the innermost first.
    term = node.func(node.function, *node.limits[:-1]) if len(node.limits) > 1 else node.function
    total = sympy.Symbol("_total")
    loop = Loop(
        (index.name, total.name),
        (compile_expression(index + 1), compile_expression(total + term)),
        compile_expression(total),
    )
    return Instruction("loop", (visit(stop - start + 1), visit(start), visit(sympy.Integer(0))), loop)


def _area(node: Any) -> Area:
    names = tuple(sorted(s.name for s in node.free_symbols))
    if isinstance(node, TailedIntegral):
        integrand, variable, left, right, radius, tail, start, scales = node.args
        return Area(
            variable.name,
            radius.name,
            names,
            compile_expression(integrand),
            compile_expression(left),
            compile_expression(right),
            compile_expression(tail),
            compile_expression(start),
            tuple((compile_expression(centre), compile_expression(scale)) for centre, scale in scales),
        )
    if len(node.limits) != 1 or len(node.limits[0]) != 3 or any(end.is_infinite for end in node.limits[0][1:]):
        raise TypeError("only integrals between two finite ends are evaluated; for others use bounds.TailedIntegral")
    variable, left, right = node.limits[0]
    function, low, high, one = map(compile_expression, (node.function, left, right, sympy.Integer(1)))
    return Area(variable.name, "_radius", names, function, low, high, None, one, ())


def run(tape: Tape, arithmetic: Arithmetic[Number], values: Mapping[str, Number]) -> Number:
    """Run a tape.

    Parameters
    ----------
    tape : Tape
        A compiled expression.
    arithmetic : Arithmetic
        What the operations mean.
    values : mapping
        The value of every symbol, by name.

    Returns
    -------
    Number
        The value of the expression.

    Raises
    ------
    KeyError
        If a symbol has no value.

    Examples
    --------
    >>> from sympy import Symbol
    >>> from bounds.exact import Exact
    >>> from fractions import Fraction
    >>> run(compile_expression(Symbol("x") ** 2), Exact(), {"x": Fraction(1, 3)})
    Fraction(1, 9)
    """
    results: list[Number] = []
    for instruction in tape.instructions:
        match instruction.operation:
            case "symbol":
                value = values[instruction.constant]
            case "rational":
                value = arithmetic.rational(*instruction.constant)
            case "power":
                value = arithmetic.power(results[instruction.operands[0]], instruction.constant)
            case "loop":
                first, *initial = [results[i] for i in instruction.operands]
                value = _iterate(instruction.constant, arithmetic, values, arithmetic.count(first), initial)
            case "integral":
                value = arithmetic.integrate(instruction.constant, values)
            case operation:
                value = arithmetic.apply(operation, [results[i] for i in instruction.operands])
        results.append(value)
    return results[-1]


@dataclass(frozen=True)
class _Scope(Generic[Number]):
    """Outer values seen through the state symbols of a loop."""

    outer: Mapping[str, Number]
    state: Mapping[str, Number]

    def __getitem__(self, name: str) -> Number:
        return self.state[name] if name in self.state else self.outer[name]


def _iterate(loop: Loop, arithmetic: Arithmetic[Number], values: Any, count: int, initial: Sequence[Number]) -> Number:
    state = dict(zip(loop.states, initial, strict=True))
    for _ in range(count):
        scope: Any = _Scope(values, state)
        state = dict(zip(loop.states, [run(tape, arithmetic, scope) for tape in loop.step], strict=True))
    return run(loop.output, arithmetic, _Scope(values, state))  # type: ignore[arg-type]

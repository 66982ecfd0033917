"""A tape made ready for many blocks of a grid: scalars computed once, arrays combined in place, no digit lost to a shortcut.

The plain walk of `bounds.tape` makes a new array in every operation. Over millions of points that costs more than the
arithmetic, so that here the operations are planned once: a quotient is one division, ``1 - exp(x)`` is ``-expm1(x)``,
``log(1 + x)`` is ``log1p(x)``, and each result goes into memory that is already in the cache.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.special as special

from bounds.evaluate import Arrays
from bounds.tape import Instruction, Tape

_ARRAYS = Arrays()
_IN_PLACE: dict[str, Any] = {
    "abs": np.abs,
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "atan": np.arctan,
    "erf": special.erf,
    "erfc": special.erfc,
    "gamma": special.gamma,
    "loggamma": special.gammaln,
    "sqrt": np.sqrt,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "asin": np.arcsin,
    "floor": np.floor,
    "negative": np.negative,
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": np.divide,
    "max": np.maximum,
    "min": np.minimum,
    "pow": np.power,
}

Slot = int
"""Where a number lives while a plan runs: a scalar, an argument that is an array, or the result of a step."""


@dataclass(frozen=True)
class Step:
    """One operation on arrays.

    Parameters
    ----------
    function : callable
        A ufunc, or a function that makes a new array.
    operands : tuple of int
        Slots read.
    result : int
        Slot written.
    dead : tuple of int
        Slots that no later step reads: their memory may be written over.
    in_place : bool
        Whether the function takes ``out=``.
    """

    function: Callable[..., Any]
    operands: tuple[Slot, ...]
    result: Slot
    dead: tuple[Slot, ...]
    in_place: bool


@dataclass(frozen=True)
class Plan:
    """The steps of a tape on arrays, and the scalars they need.

    Parameters
    ----------
    steps : tuple of Step
    scalars : mapping of int to float
    arrays : mapping of int to str
        Slots that hold an argument, and its name.
    result : int
        Slot of the value.
    """

    steps: tuple[Step, ...]
    scalars: Mapping[Slot, float]
    arrays: Mapping[Slot, str]
    result: Slot

    def run(self, values: Mapping[str, Any], out: Any, spare: list[Any] | None = None) -> None:
        """Compute a block.

        Parameters
        ----------
        values : mapping of name to array
            The part of each array argument that the block needs.
        out : ndarray
            Receives the values; the arguments broadcast to its shape.
        spare : list of ndarray, optional
            Memory left by earlier blocks of the same thread, used again and handed on: fresh memory costs more than the sums.

        Examples
        --------
        >>> from sympy import Symbol
        >>> from bounds.tape import compile_expression
        >>> lam = Symbol("lam")
        >>> plan = plan_tape(compile_expression(lam / (1 + lam)), {"lam": np.array([1.0])})
        >>> [step.function.__name__ for step in plan.steps]
        ['add', 'divide']
        >>> out = np.empty(2)
        >>> plan.run({"lam": np.array([1.0, 3.0])}, out)
        >>> out
        array([0.5 , 0.75])
        """
        held: dict[Slot, Any] = {**self.scalars, **{slot: values[name] for slot, name in self.arrays.items()}}
        free = [] if spare is None else spare
        owned: dict[Slot, Any] = {}
        # Until the last step the output is memory like any other.
        place = out.reshape(-1) if out.flags.c_contiguous else None
        if place is not None:
            free.insert(0, place)
        for step in self.steps:
            operands = [held[slot] for slot in step.operands]
            if not step.in_place:
                held[step.result] = step.function(*operands)
            # What dies here may be written over: NumPy allows a result on top of its own operand.
            for slot in step.dead:
                held.pop(slot, None)
                if slot in owned:
                    free.insert(0, owned.pop(slot))
            if not step.in_place:
                continue
            shape = _shape(operands)
            if step.result == self.result and shape == out.shape:
                held[step.result] = step.function(*operands, out=out)
            else:
                memory = _memory(math.prod(shape), free)
                owned[step.result] = memory
                held[step.result] = step.function(*operands, out=memory[: math.prod(shape)].reshape(shape))
        if held[self.result] is not out:
            out[...] = held[self.result]
        free[:] = [memory for memory in (*free, *owned.values()) if memory is not place]


def _shape(operands: Sequence[Any]) -> tuple[int, ...]:
    """Broadcast shape of arrays and floats; where the arrays have one shape, as on most grids, at next to no cost."""
    shapes = {operand.shape for operand in operands if type(operand) is not float}
    return shapes.pop() if len(shapes) == 1 else np.broadcast_shapes(*shapes)


def _memory(size: int, free: list[Any]) -> Any:
    """Take a spare piece that is large enough, or a new one."""
    found = next((k for k, spare in enumerate(free) if spare.size >= size), None)
    return np.empty(size) if found is None else free.pop(found)


def plan_tape(tape: Tape, values: Mapping[str, Any]) -> Plan:
    """Plan a tape for arguments of which some are arrays.

    Parameters
    ----------
    tape : Tape
        Without integrals.
    values : mapping of name to float or array
        What is a scalar here stays one in every block.

    Returns
    -------
    Plan

    Examples
    --------
    A cancelling difference keeps its digits:

    >>> from sympy import Symbol, exp
    >>> from bounds.tape import compile_expression
    >>> plan = plan_tape(compile_expression(1 - exp(-Symbol("kl"))), {"kl": np.array([1e-20])})
    >>> out = np.empty(1)
    >>> plan.run({"kl": np.array([1e-20])}, out)
    >>> out
    array([1.e-20])
    """
    planner = _Planner(tape, values)
    return planner.finished(planner.slot(len(tape.instructions) - 1))


class _Planner:
    """Turns instructions into steps, on demand, so that what a shortcut skips is never computed."""

    def __init__(self, tape: Tape, values: Mapping[str, Any]) -> None:
        self.instructions = tape.instructions
        self.values = values
        self.uses = [0] * len(tape.instructions)
        for instruction in tape.instructions:
            for operand in instruction.operands:
                self.uses[operand] += 1
        self.scalars: dict[Slot, float] = {}
        self.arrays: dict[Slot, str] = {}
        self.known: dict[int, Slot] = {}
        self.steps: list[tuple[Callable[..., Any], tuple[Slot, ...], Slot, bool]] = []
        self.slots = 0

    def finished(self, result: Slot) -> Plan:
        """Close the plan: say after which step each slot is no longer needed."""
        last: dict[Slot, int] = {}
        for number, (_, operands, made, _) in enumerate(self.steps):
            for slot in (*operands, made):
                last[slot] = number
        steps = tuple(
            Step(function, operands, made, tuple({s for s in operands if last[s] == number and s != result}), in_place)
            for number, (function, operands, made, in_place) in enumerate(self.steps)
        )
        return Plan(steps, self.scalars, self.arrays, result)

    def slot(self, position: int) -> Slot:
        """Return where the value of an instruction lives, planning it if that was not done yet."""
        if position not in self.known:
            self.known[position] = self._planned(self.instructions[position])
        return self.known[position]

    def _planned(self, instruction: Instruction) -> Slot:
        match instruction.operation:
            case "symbol":
                return self._argument(instruction.constant)
            case "rational":
                return self._scalar(_ARRAYS.rational(*instruction.constant))
            case "add":
                return self._sum(instruction.operands)
            case "mul":
                return self._product(instruction.operands)
            case "power":
                return self._power(instruction)
            case "log" if self._one_plus(instruction.operands[0]) is not None:
                rest = self._one_plus(instruction.operands[0])
                assert rest is not None
                return self._step("log1p", self._sum(rest))
            case "rsqrt":
                return self._step("divide", self._scalar(1.0), self._step("sqrt", self.slot(instruction.operands[0])))
            case "max" | "min" as operation:
                return self._folded(operation, [self.slot(o) for o in instruction.operands])
            case "loop":
                raise TypeError("loops are not planned")
            case operation:
                return self._step(operation, *(self.slot(o) for o in instruction.operands))

    def _argument(self, name: str) -> Slot:
        value = self.values[name]
        if np.ndim(value) == 0:
            return self._scalar(float(value))
        slot = self._new()
        self.arrays[slot] = name
        return slot

    def _scalar(self, value: float) -> Slot:
        slot = self._new()
        self.scalars[slot] = value
        return slot

    def _new(self) -> Slot:
        self.slots += 1
        return self.slots - 1

    def _step(self, operation: str, *operands: Slot) -> Slot:
        """Add an operation, or do it at once where every operand is a scalar."""
        if all(o in self.scalars for o in operands):
            numbers = [np.float64(self.scalars[o]) for o in operands]
            return self._scalar(float(_function(operation)(*numbers)))
        made = self._new()
        self.steps.append((_function(operation), tuple(operands), made, operation in _IN_PLACE))
        return made

    def _power(self, instruction: Instruction) -> Slot:
        base, exponent = self.slot(instruction.operands[0]), instruction.constant
        if abs(exponent) > 64:
            return self._step("pow", base, self._scalar(float(exponent)))
        found, square, left = None, base, abs(exponent)
        while left:
            if left & 1:
                found = square if found is None else self._step("multiply", found, square)
            left >>= 1
            square = self._step("multiply", square, square) if left else square
        assert found is not None
        return self._step("divide", self._scalar(1.0), found) if exponent < 0 else found

    def _product(self, operands: Sequence[int]) -> Slot:
        """Multiply, dividing by the factors whose reciprocal nothing else needs."""
        below = [o for o in operands if self._is_reciprocal(o)]
        above = [self.slot(o) for o in operands if o not in below]
        under = [self.slot(self.instructions[o].operands[0]) for o in below]
        top = self._folded("multiply", above) if above else self._scalar(1.0)
        return self._step("divide", top, self._folded("multiply", under)) if under else top

    def _is_reciprocal(self, position: int) -> bool:
        found = self.instructions[position]
        return found.operation == "power" and found.constant == -1 and self.uses[position] == 1

    def _sum(self, operands: Sequence[int]) -> Slot:
        """Add; one minus an exponential, or the reverse, keeps its digits."""
        signed = [(o, sign) for o in operands if (sign := self._unit(o))]
        exponents = [(o, *found) for o in operands if (found := self._exponential(o))]
        for one, sign in signed:
            for other, exponent, other_sign in exponents:
                if sign == -other_sign:
                    small = self._step("expm1", self.slot(exponent))
                    kept = small if other_sign > 0 else self._step("negative", small)
                    rest = [self.slot(o) for o in operands if o not in (one, other)]
                    return self._folded("add", [kept, *rest])
        return self._folded("add", [self.slot(o) for o in operands])

    def _unit(self, position: int) -> int:
        found = self.instructions[position]
        if found.operation == "rational" and found.constant[1] == 1 and abs(found.constant[0]) == 1:
            return int(found.constant[0])
        return 0

    def _exponential(self, position: int) -> tuple[int, int] | None:
        """Return the exponent and the sign of plus or minus an exponential that nothing else needs."""
        found = self.instructions[position]
        if found.operation == "exp" and self.uses[position] == 1:
            return found.operands[0], 1
        if found.operation == "mul" and len(found.operands) == 2:
            signs = [self._unit(o) for o in found.operands]
            for sign, other in zip(signs, reversed(found.operands), strict=True):
                inner = self.instructions[other]
                if sign == -1 and inner.operation == "exp" and self.uses[other] == 1:
                    return inner.operands[0], -1
        return None

    def _one_plus(self, position: int) -> list[int] | None:
        """Return the other terms of a sum that holds the number 1."""
        found = self.instructions[position]
        ones = [o for o in found.operands if self._unit(o) == 1] if found.operation == "add" else []
        return [o for o in found.operands if o != ones[0]] if ones else None

    def _folded(self, operation: str, operands: Sequence[Slot]) -> Slot:
        """Combine the scalars first, where that neither overflows nor loses digits."""
        scalars = [o for o in operands if o in self.scalars]
        arrays = [o for o in operands if o not in self.scalars]
        if scalars and arrays:
            numbers = [self.scalars[o] for o in scalars]
            with np.errstate(all="ignore"):
                one = float(_ARRAYS.apply({"multiply": "mul"}.get(operation, operation), numbers))
            # A product of scalars may leave the range of doubles where the whole product does not.
            if operation != "multiply" or len(scalars) == 1 or 1e-280 < abs(one) < 1e280 or 0.0 in numbers:
                scalars = [self._scalar(one)]
        result, *rest = [*arrays, *scalars]
        for other in rest:
            result = self._step(operation, result, other)
        return result


def _function(operation: str) -> Callable[..., Any]:
    if operation in _IN_PLACE:
        function: Callable[..., Any] = _IN_PLACE[operation]
        return function
    return lambda *operands: _ARRAYS.apply(operation, operands)

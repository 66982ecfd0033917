"""A tape with sums or recursions on balls: every body is written out once as straight-line code, then stepped.

The states of a recursion can be kept, so that its values after 1, 2, 3, ... steps take one walk and not one walk each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

from bounds.ball_code import ball_code
from bounds.enclose import Balls
from bounds.tape import Instruction, Loop, Tape

_BALLS = Balls()

Code = Callable[[Mapping[str, Any]], Any]
State = dict[str, Any]


@dataclass(frozen=True)
class Body:
    """A sum or a recursion inside a tape.

    Parameters
    ----------
    name : str
        The symbol that stands for its value in the rest of the tape.
    count : Tape
        The number of steps.
    initial : tuple of Tape
    loop : Loop
    """

    name: str
    count: Tape
    initial: tuple[Tape, ...]
    loop: Loop

    def start(self, values: Mapping[str, Any]) -> State:
        """Return the state before the first step."""
        return {name: code(tape)(values) for name, tape in zip(self.loop.states, self.initial, strict=True)}

    def steps(self, values: Mapping[str, Any]) -> int:
        """Return the number of steps."""
        return _BALLS.count(self._count(values))

    def step(self, values: Mapping[str, Any], state: State) -> State:
        """Return the state after one more step."""
        scope = {**values, **state}
        return {name: function(scope) for name, function in self._step}

    def output(self, values: Mapping[str, Any], state: State) -> Any:
        """Return the value at a state."""
        return self._output({**values, **state})

    @cached_property
    def _count(self) -> Code:
        return code(self.count)

    @cached_property
    def _step(self) -> tuple[tuple[str, Code], ...]:
        return tuple(zip(self.loop.states, map(code, self.loop.step), strict=True))

    @cached_property
    def _output(self) -> Code:
        return code(self.loop.output)


@dataclass(frozen=True)
class LoopCode:
    """A tape whose outermost loops are taken out.

    Parameters
    ----------
    bodies : tuple of Body
        In the order in which they are needed.
    outline : Tape
        The rest, with a symbol for each of them.
    """

    bodies: tuple[Body, ...]
    outline: Tape

    def __call__(self, values: Mapping[str, Any]) -> Any:
        """Run at flint's working precision.

        Examples
        --------
        >>> from flint import arb
        >>> from sympy import Sum, Symbol
        >>> from bounds.tape import compile_expression
        >>> k, n = Symbol("k"), Symbol("n")
        >>> loop_code(compile_expression(Sum(k, (k, 1, n)) / n))({"n": arb(4)})
        2.50000000000000
        """
        known = dict(values)
        for body in self.bodies:
            state = body.start(known)
            for _ in range(body.steps(known)):
                state = body.step(known, state)
            known[body.name] = body.output(known, state)
        return self.finish(known)

    @cached_property
    def finish(self) -> Code:
        """The outline as a function of the symbols and the values of the loops."""
        return code(self.outline)


def code(tape: Tape) -> Code:
    """Return the function on balls of a tape without integrals.

    Parameters
    ----------
    tape : Tape

    Returns
    -------
    callable
        Takes the balls of the symbols by name.

    Examples
    --------
    >>> from flint import arb
    >>> from sympy import Symbol
    >>> from bounds.tape import compile_expression
    >>> code(compile_expression(Symbol("x") + 1))({"x": arb(1)})
    2.00000000000000
    """
    return loop_code(tape) if tape.loops else ball_code(tape)


@lru_cache(maxsize=1024)
def loop_code(tape: Tape) -> LoopCode:
    """Take the loops out of a tape.

    Parameters
    ----------
    tape : Tape
        Without integrals.

    Returns
    -------
    LoopCode

    Examples
    --------
    >>> from sympy import Sum, Symbol
    >>> from bounds.tape import compile_expression
    >>> k = Symbol("k")
    >>> len(loop_code(compile_expression(1 + Sum(1 / k, (k, 1, 9)))).bodies)
    1
    """
    instructions: list[Instruction] = []
    bodies: list[Body] = []
    for instruction in tape.instructions:
        if instruction.operation == "loop":
            count, *initial = (_up_to(instructions, end) for end in instruction.operands)
            bodies.append(Body(f"_loop{len(bodies)}", count, tuple(initial), instruction.constant))
            instruction = Instruction("symbol", (), bodies[-1].name)
        instructions.append(instruction)
    return LoopCode(tuple(bodies), _up_to(instructions, len(instructions) - 1))


def _up_to(instructions: Sequence[Instruction], end: int) -> Tape:
    """Return the tape of one of the values, without what it does not need."""
    needed = {end}
    for position in range(end, -1, -1):
        if position in needed:
            needed.update(instructions[position].operands)
    places = {old: new for new, old in enumerate(sorted(needed))}
    kept = [instructions[position] for position in places]
    return Tape(tuple(replace(i, operands=tuple(places[o] for o in i.operands)) for i in kept))

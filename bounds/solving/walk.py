"""A bound over a recursion at every number of steps: one walk along them all, whose states are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any

from flint import ctx

from bounds.ball_loops import Body, State, loop_code
from bounds.enclose import ball, enclose_ball
from bounds.exact import Exact, NotRational
from bounds.tape import Tape, run

_EXACT = Exact()
_MOST_BITS, _MOST_STEPS = 2_000, 1_000


@dataclass(frozen=True)
class Walk:
    """The values of a tape while the number of steps of its recursions runs.

    Parameters
    ----------
    tape : Tape
        For which `walks` is true.
    fixed : mapping of name to Fraction or infinity
        The symbols that do not run.

    Examples
    --------
    >>> from sympy import Sum, Symbol
    >>> from bounds.tape import compile_expression
    >>> k, n = Symbol("k"), Symbol("n")
    >>> walk = Walk(compile_expression(Sum(k, (k, 1, n))), {})
    >>> walk.ball({"n": Fraction(3)}, 96), walk.exact({"n": Fraction(4)})
    (6.00000000000000, Fraction(10, 1))
    """

    tape: Tape
    fixed: Mapping[str, Fraction | float]
    _balls: dict[int, tuple[dict[str, Any], dict[str, list[State]]]] = field(default_factory=dict, repr=False)
    _fractions: dict[str, list[State]] = field(default_factory=dict, repr=False)
    _results: dict[tuple[Any, ...], Fraction] = field(default_factory=dict, repr=False)

    def ball(self, running: Mapping[str, Fraction | float], precision: int) -> Any:
        """Enclose the tape.

        Parameters
        ----------
        running : mapping of name to Fraction
            The symbols that run.
        precision : int
            In bits.

        Returns
        -------
        flint.arb
            Not necessarily finite.
        """
        laid_out = loop_code(self.tape)
        with ctx.workprec(precision):
            if precision not in self._balls:
                self._balls[precision] = ({name: ball(value) for name, value in self.fixed.items()}, {})
            known, kept = self._balls[precision]
            for name, value in running.items():
                known[name] = ball(value)
            for body in laid_out.bodies:
                states = kept.setdefault(body.name, [])
                if not states:
                    states.append(body.start(known))
                count = max(0, body.steps(known))
                while len(states) <= count:
                    states.append(body.step(known, states[-1]))
                known[body.name] = body.output(known, states[count])
            found = laid_out.finish(known)
        return found if found.is_finite() else enclose_ball(self.tape, {**self.fixed, **running}, precision)

    def exact(self, running: Mapping[str, Fraction | float]) -> Fraction | None:
        """Return the exact value if it is rational and its digits are not too many, else None."""
        laid_out = loop_code(self.tape)
        known = {name: v for name, v in {**self.fixed, **running}.items() if isinstance(v, Fraction)}
        try:
            reached: list[Any] = [running[name] for name in self._read_at_the_end if name in running]
            for body in laid_out.bodies:
                found = self._state(body, known)
                if found is None:
                    return None
                place, state = found
                reached.append(place)
                known[body.name] = self._once((body.name, *reached), body.loop.output, {**known, **state})
            return self._once(tuple(reached), laid_out.outline, known)
        except (NotRational, KeyError):
            return None

    def _state(self, body: Body, known: Mapping[str, Fraction]) -> tuple[int, State] | None:
        """Return the exact state that a body ends in and its place among the different ones; None if it is too long."""
        states = self._fractions.setdefault(body.name, [])
        if not states:
            states.append(_named(body, body.initial, known))
        steps = run(body.count, _EXACT, known)
        if steps.denominator != 1:
            return None
        count = max(0, int(steps))
        while len(states) <= count and not _stays(states):
            if len(states) > _MOST_STEPS or any(
                value.denominator.bit_length() > _MOST_BITS for value in states[-1].values()
            ):
                return None
            following = _named(body, body.loop.step, {**known, **states[-1]})
            # A state that does not change is kept twice, as a sign that it never will.
            states.append(states[-1] if following == states[-1] else following)
        place = min(count, len(states) - 2 if _stays(states) else count)
        return place, states[place]

    def _once(self, key: tuple[Any, ...], tape: Tape, values: Mapping[str, Fraction]) -> Fraction:
        """Run a tape unless the states that it reads were met before."""
        if key not in self._results:
            self._results[key] = run(tape, _EXACT, values)
        return self._results[key]

    @cached_property
    def _read_at_the_end(self) -> tuple[str, ...]:
        """Names that are read after the steps."""
        laid_out = loop_code(self.tape)
        return tuple(sorted(_names(laid_out.outline).union(*(_names(body.loop.output) for body in laid_out.bodies))))


def _stays(states: Sequence[State]) -> bool:
    return len(states) > 1 and states[-1] is states[-2]


def _named(body: Body, tapes: tuple[Tape, ...], values: Mapping[str, Fraction]) -> State:
    return {name: run(tape, _EXACT, values) for name, tape in zip(body.loop.states, tapes, strict=True)}


def walks(tape: Tape, running: frozenset[str]) -> bool:
    """Tell whether the symbols that run set numbers of steps and leave the steps themselves alone.

    Parameters
    ----------
    tape : Tape
    running : frozenset of str
        Names of the symbols that run.

    Returns
    -------
    bool

    Examples
    --------
    >>> from sympy import Sum, Symbol
    >>> from bounds.tape import compile_expression
    >>> k, n = Symbol("k"), Symbol("n")
    >>> [walks(compile_expression(Sum(k * x, (k, 1, n))), frozenset({"n"})) for x in (Symbol("x"), n)]
    [True, False]
    """
    if tape.integrates or not tape.loops:
        return False
    moved = set(running)
    counted = False
    for body in loop_code(tape).bodies:
        if any(_names(part) & moved for part in (*body.initial, *body.loop.step)):
            return False
        if _names(body.count) & moved:
            counted = True
            moved.add(body.name)
        elif _names(body.loop.output) & moved:
            moved.add(body.name)
    return counted


def _names(tape: Tape) -> frozenset[str]:
    """Return the names a tape reads, at any depth."""
    own = {i.constant for i in tape.instructions if i.operation == "symbol"}
    inner = [i.constant for i in tape.instructions if i.operation == "loop"]
    deeper = (_names(part) - set(loop.states) for loop in inner for part in (*loop.step, loop.output))
    return frozenset(own.union(*deeper))

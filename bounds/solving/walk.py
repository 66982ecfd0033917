"""A bound over a recursion at every number of steps: one walk along them all, whose states are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from flint import ctx

from bounds.ball_loops import Body, State, loop_code
from bounds.enclose import ball, enclose_ball
from bounds.exact import Exact, NotRational
from bounds.tape import Tape, run

_EXACT = Exact()
_MOST_BITS = 2_000


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
            known = {**known, **{name: ball(value) for name, value in running.items()}}
            for body in laid_out.bodies:
                states = kept.setdefault(body.name, [])
                if not states:
                    states.append(body.start(known))
                count = body.steps(known)
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
            for body in laid_out.bodies:
                states = self._fractions.setdefault(body.name, [])
                if not states:
                    states.append(_named(body, body.initial, known))
                count = _EXACT.count(run(body.count, _EXACT, known))
                while len(states) <= count:
                    if any(value.denominator.bit_length() > _MOST_BITS for value in states[-1].values()):
                        return None
                    states.append(_named(body, body.loop.step, {**known, **states[-1]}))
                known[body.name] = run(body.loop.output, _EXACT, {**known, **states[count]})
            return run(laid_out.outline, _EXACT, known)
        except (NotRational, KeyError):
            return None


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

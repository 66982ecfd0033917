"""Proofs of direction on a declared box around a point, where the signs of an expression do not follow from its form.

The box is cut into pieces until on each the slope, enclosed as in an inversion by `bounds.solving.ranges`, is on one side of
zero, or a hypothesis surely fails. What sets the number of steps of a recursion has no slope: it is followed step by step,
the other symbols staying at the point.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from bounds.drawing.repair import STEPS_AT_MOST, Value, decided
from bounds.errors import EnclosureError
from bounds.numerals import show_number
from bounds.solving.ranges import sign_on_box, trend_on_box
from bounds.solving.walk import Walk, walks
from bounds.symbols import PARAMETERS, Parameter
from bounds.tape import Tape, compile_expression
from bounds.theorem import Theorem

Sides = dict[str, tuple[Fraction, Fraction]]
FACTORS = (Fraction(4), Fraction(5, 4))
"""How far a box reaches from the point: so many times its distance to the ends of the domains. The first is tried first."""

_MOST_PIECES = 400
_PRECISION = 192
_FAILS = {"<": (1,), "<=": (1,), ">": (-1,), ">=": (-1,), "==": (-1, 1)}


@dataclass(frozen=True)
class Local:
    """A direction that is proved on a box.

    Parameters
    ----------
    trend : int
        1, -1 or 0 as in `bounds.auditing.direction.direction`.
    where : str
        The box in words.

    Examples
    --------
    >>> Local(1, "lam from 1/4 to 4").trend
    1
    """

    trend: int
    where: str


def direction_on_box(
    theorem: Theorem, name: str, point: Mapping[str, Value], fixed: frozenset[str], deadline: float
) -> Local | None:
    """Prove in which direction the right side of a theorem goes with one symbol, on a box around a point.

    Parameters
    ----------
    theorem : Theorem
        Of one regime.
    name : str
        The symbol.
    point : mapping of name to Fraction or infinity
        Within the hypotheses.
    fixed : frozenset of str
        Symbols that stay at the point.
    deadline : float
        In the time of `time.monotonic`.

    Returns
    -------
    Local or None
        It holds on every interval of the symbol inside the box on which the hypotheses hold, the others being fixed.

    Examples
    --------
    >>> import bounds
    >>> theorem = bounds.get("lemma.normal_tv").at(covariance="unequal")
    >>> point = {"shift": Fraction(1), "sigma1": Fraction(1), "sigma2": Fraction(3)}
    >>> found = direction_on_box(theorem, "shift", point, frozenset({"sigma1", "sigma2"}), time.monotonic() + 10)
    >>> found.trend, found.where
    (1, 'shift from 0.25 to 4, sigma1 = 1, sigma2 = 3')
    """
    tape = compile_expression(theorem.expression)
    if tape.integrates or not isinstance(point[name], Fraction):
        return None
    if walks(tape, frozenset({name})):
        return _step_by_step(theorem, tape, name, point, deadline)
    start = time.monotonic()
    for share, factor in enumerate(FACTORS, start=1):
        box = {
            key: _side(PARAMETERS[key], value, factor)
            for key, value in point.items()
            if isinstance(value, Fraction) and (key == name or key not in fixed)
        }
        rest = {key: value for key, value in point.items() if key not in box}
        trend = _on_pieces(theorem, tape, name, box, rest, start + (deadline - start) * share / len(FACTORS))
        if trend is not None:
            return Local(trend, _in_words(box, rest))
    return None


def _in_words(box: Sides, rest: Mapping[str, Value]) -> str:
    wide = {key: side for key, side in box.items() if side[0] < side[1]}
    single = {**{key: low for key, (low, _) in box.items() if key not in wide}, **rest}
    sides = [f"{key} from {show_number(low)} to {show_number(high)}" for key, (low, high) in wide.items()]
    return ", ".join(sides + [f"{key} = {show_number(value)}" for key, value in single.items()])


def _side(described: Parameter, middle: Fraction, factor: Fraction) -> tuple[Fraction, Fraction]:
    """Return a range around a value, inside the domain."""
    low, high = (Fraction(int(e.p), int(e.q)) if e.is_Rational else None for e in (described.low, described.high))
    first = middle - factor if low is None else low + (middle - low) / factor
    if high is not None:
        last = high - (high - middle) / factor
    else:
        last = middle + factor if low is None or low == middle else low + (middle - low) * factor
    if described.integer:
        first, last = min(Fraction(ceil(first)), middle), max(Fraction(floor(last)), middle)
    return first, last


def _on_pieces(
    theorem: Theorem, tape: Tape, name: str, box: Sides, rest: Mapping[str, Value], deadline: float
) -> int | None:
    trends: set[int] = set()
    waiting = [box]
    for _ in range(_MOST_PIECES):
        if not waiting:
            break
        if time.monotonic() > deadline:
            return None
        piece = waiting.pop()
        if _outside(theorem, piece, rest):
            continue
        trend = trend_on_box(tape, name, piece, rest)
        if trend is None:
            halves = _halves(piece, name)
            if halves is None:
                return None
            waiting += halves
            continue
        trends |= {trend} - {0}
        if len(trends) == 2:
            return None
    return None if waiting else next(iter(trends), 0)


def _outside(theorem: Theorem, piece: Sides, rest: Mapping[str, Value]) -> bool:
    """Tell whether a hypothesis surely fails on the whole piece."""
    return any(
        hypothesis.rel_op in _FAILS
        and sign_on_box(compile_expression(hypothesis.lhs - hypothesis.rhs), piece, rest) in _FAILS[hypothesis.rel_op]
        for hypothesis in theorem.hypotheses
    )


def _halves(piece: Sides, name: str) -> list[Sides] | None:
    """Cut the longest side for its size; whole numbers other than the symbol itself are not cut through."""
    lengths = {
        key: (high - low) / (abs(low) + abs(high) + high - low) for key, (low, high) in piece.items() if low < high
    }
    if not lengths:
        return None
    key = max(lengths, key=lambda one: lengths[one])
    low, high = piece[key]
    middle = (low + high) / 2
    if PARAMETERS[key].integer and key != name:
        middle = Fraction(floor(middle))
        return [{**piece, key: (low, middle)}, {**piece, key: (middle + 1, high)}]
    return [{**piece, key: (low, middle)}, {**piece, key: (middle, high)}]


def _step_by_step(theorem: Theorem, tape: Tape, name: str, point: Mapping[str, Value], deadline: float) -> Local | None:
    """Compare the values after consecutive numbers of steps, as long as enclosures tell them apart."""
    rest = {key: value for key, value in point.items() if key != name}
    walk, inside = Walk(tape, rest), _in_a_row(theorem, name, point)
    trend, last, previous = 0, inside[0], None
    for value in inside:
        try:
            ball = walk.ball({name: value}, _PRECISION)
        except EnclosureError:
            break
        step = 0 if previous is None else (ball > previous) - (ball < previous)
        if time.monotonic() > deadline or (previous is not None and step == 0):
            break
        if step * trend < 0:
            return None
        trend, last, previous = step or trend, value, ball
    return Local(trend, _in_words({name: (inside[0], last)}, rest)) if trend else None


def _in_a_row(theorem: Theorem, name: str, point: Mapping[str, Value]) -> list[Fraction]:
    """Return the whole numbers around the point, without a gap, at which the hypotheses hold."""
    described, found = PARAMETERS[name], list[Fraction]()
    first = int(described.low) + int(described.low_open)
    for value in map(Fraction, range(first, first + STEPS_AT_MOST)):
        if all(decided(h, {**point, name: value}) for h in theorem.hypotheses):
            found.append(value)
        elif value < point[name]:
            found = []
        else:
            break
    return found or [Fraction(first)]

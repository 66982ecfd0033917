"""Inversion of a bound: the smallest or largest value of one symbol at which the bound surely reaches a target.

Values where a hypothesis fails are no solutions, because there the theorem says nothing. Every answer is a number at which
the relation was decided by an enclosure, or exactly, and comes with the enclosures there and at its neighbour. What is known
of all other numbers is proved on intervals where that is possible, and otherwise marked as observed.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from bounds.calculator import enclose
from bounds.errors import ArgumentError, EnclosureError, HypothesisError
from bounds.numerals import read_number, show_number
from bounds.quantities import Direction
from bounds.solving.grid import Number, spread
from bounds.solving.problem import Problem
from bounds.solving.search import Piece, settle
from bounds.solving.unknown import read_unknown
from bounds.theorem import Theorem

_REACH = {"below": "<=", "above": ">="}
_TRENDS = {1: "rising", -1: "falling", 0: "constant"}
_LOOKED_AT, _FEW_STEPS = 24, 8


@dataclass(frozen=True)
class Interval:
    """Values of the unknown that reach the target, both ends included.

    Parameters
    ----------
    low, high : int or float
    proved : bool
        Whether every value between the ends surely is a solution; else some of them were seen to be.

    Examples
    --------
    >>> Interval(10, 20, True).high
    20
    """

    low: Number
    high: Number
    proved: bool


@dataclass(frozen=True)
class Solution:
    """What is known of the values at which a bound reaches a target.

    Parameters
    ----------
    id : str
        The theorem.
    name : str
        The unknown.
    target : Fraction
    relation : str
        "<=" or ">=": on which side of the target the bound is wanted.
    status : str
        "found"; "every" if all values within the hypotheses are solutions; "none" if none is; "nowhere" if the hypotheses
        hold at no value, so that the theorem says nothing.
    side : str
        "smallest" or "largest": which solution was wanted.
    value : int, float or None
        The answer, surely a solution; None if there is none or the solutions go on to an open end of the range.
    lower, upper : float or None
        A rigorous enclosure of the bound at the answer.
    neighbour : int, float or None
        The next whole number or float beyond the answer, inside the domain.
    neighbour_lower, neighbour_upper : float or None
        A rigorous enclosure of the bound there; None where the theorem says nothing.
    extreme : str
        "proved" if surely no number of the range beyond the answer is a solution, else "observed"; for floats, the gap to
        the neighbour is left open. If there is no answer, or every value is one: whether that is proved.
    monotone : str
        "proved", "observed", "not monotone" (which is then proved) or "unknown": of the bound within the hypotheses.
    trend : str
        "rising", "falling", "constant", "mixed" or "unknown".
    intervals : tuple of Interval
        The solutions found, in ascending order.
    complete : bool
        Whether surely no number of the range outside the intervals is a solution, but for gaps between neighbouring floats.
    searched : tuple of two numbers
        Ends of the range searched.
    inputs : dict
        The other arguments.
    sentences : tuple of str
        All this in words.

    Examples
    --------
    >>> import bounds
    >>> found = bounds.get("ferbach2024.kl_ball").solve("lam", target=1, K=2)
    >>> found.side, found.value, found.extreme
    ('largest', 0.6321205588285577, 'proved')
    """

    id: str
    name: str
    target: Fraction
    relation: str
    status: str
    side: str
    value: Number | None
    lower: float | None
    upper: float | None
    neighbour: Number | None
    neighbour_lower: float | None
    neighbour_upper: float | None
    extreme: str
    monotone: str
    trend: str
    intervals: tuple[Interval, ...]
    complete: bool
    searched: tuple[Number, Number]
    inputs: dict[str, Any]
    sentences: tuple[str, ...] = ()

    @property
    def message(self) -> str:
        """All this in words, as one text."""
        return " ".join(self.sentences)

    def __str__(self) -> str:
        """The answer in words."""
        return self.message


def solve(
    theorem: Theorem,
    name: str,
    target: object,
    arguments: Mapping[str, object],
    want: str | None = None,
    reach: str | None = None,
) -> Solution:
    """Invert a bound; see `bounds.Theorem.solve`.

    Examples
    --------
    >>> import bounds
    >>> print(solve(bounds.get("ferbach2024.uncurated_mixture"), "t", "1/8", {"lam": 1, "tv0": 1}))
    t = 3 is the smallest value at which the bound is surely <= 0.125: there it lies in [0.125, 0.125], at t = 2 in
    [0.25, 0.25]. It is proved that no smaller value of the range is a solution.
    The bound is falling in t (proved). Searched: t from 0 to 10^18.
    """
    aim = read_number(target, "target")
    if not isinstance(aim, Fraction):
        raise ArgumentError(f"target = {target}; it must be a finite number")
    if want not in (None, "smallest", "largest"):
        raise ArgumentError(f"want = {want!r}; it must be 'smallest' or 'largest'")
    for argument in theorem.structured:
        if argument.name in arguments:
            theorem, arguments = argument.narrow(theorem, arguments)
    unknown = read_unknown(theorem, name, arguments)
    problem = Problem.of(unknown, aim, _REACH[_reached(unknown.theorem, reach)])
    pieces = settle(
        unknown.grid, unknown.low, unknown.high, problem.hypotheses, problem.target, problem.pieces, problem.landmarks
    )
    return _Answer(problem, arguments, tuple(pieces)).solution(want)


def _reached(theorem: Theorem, reach: str | None) -> str:
    """Decide on which side of the target the bound is wanted."""
    if reach not in (None, *_REACH):
        raise ArgumentError(f"reach = {reach!r}; it must be 'below' or 'above'")
    useful = {Direction.UPPER: "below", Direction.LOWER: "above"}.get(theorem.direction)
    if useful is None:
        return reach or "below"
    if reach not in (None, useful):
        raise ArgumentError(
            f"reach = {reach!r}: a bound from {'above' if useful == 'below' else 'below'} that is {reach} the target says "
            f"nothing of the quantity; {theorem.id} can be solved with reach = {useful!r}"
        )
    return useful


@dataclass(frozen=True)
class _Place:
    """A number beside the bound's enclosure there, or the reason why there is none."""

    x: Number | None
    lower: float | None = None
    upper: float | None = None
    refusal: str = ""


@dataclass(frozen=True)
class _Answer:
    """The pieces that were found, and what follows from them."""

    problem: Problem
    arguments: Mapping[str, object]
    pieces: tuple[Piece, ...]

    def solution(self, want: str | None) -> Solution:
        """Put together all that is known."""
        unknown = self.problem.unknown
        monotone, trend = self._monotone()
        intervals = self._intervals()
        side = want or self._side(trend, intervals)
        status = self._status(intervals)
        here = self._place(self._extreme(side, intervals))
        there = self._place(self._neighbour(side, here.x))
        self._check(here)
        found = Solution(
            id=unknown.theorem.id,
            name=unknown.name,
            target=self.problem.aim,
            relation=self.problem.relation,
            status=status,
            side=side,
            value=here.x,
            lower=here.lower,
            upper=here.upper,
            neighbour=there.x,
            neighbour_lower=there.lower,
            neighbour_upper=there.upper,
            extreme="proved" if self._sure(status, side, intervals, here.x) else "observed",
            monotone=monotone,
            trend=trend,
            intervals=intervals,
            complete=all(piece.proved for piece in self.pieces),
            searched=(unknown.low, unknown.high),
            inputs=self._inputs(),
        )
        return replace(found, sentences=tuple(_sentences(found, there.refusal)))

    @property
    def _inside(self) -> list[Piece]:
        return [piece for piece in self.pieces if piece.kind != "nowhere"]

    def _inputs(self) -> dict[str, Any]:
        choices = dict(self.problem.unknown.theorem.choices)
        given = {k: read_number(v, k) for k, v in self.arguments.items() if k not in choices}
        return {**choices, **given}

    def _intervals(self) -> tuple[Interval, ...]:
        """Join the pieces of solutions that touch."""
        joined: list[Interval] = []
        for piece in self.pieces:
            if piece.kind != "in":
                continue
            last = joined[-1] if joined else None
            if last is not None and self.problem.unknown.grid.touch(last.high, piece.low):
                joined[-1] = Interval(last.low, max(last.high, piece.high), last.proved and piece.proved)
            else:
                joined.append(Interval(piece.low, piece.high, piece.proved))
        return tuple(joined)

    def _status(self, intervals: Sequence[Interval]) -> str:
        if not self._inside:
            return "nowhere"
        if not intervals:
            return "none"
        return "every" if all(piece.kind == "in" for piece in self._inside) else "found"

    def _side(self, trend: str, intervals: Sequence[Interval]) -> str:
        """Name the extreme that is not trivial: where the solutions begin or end."""
        below = self.problem.relation == "<="
        if trend == "rising":
            return "largest" if below else "smallest"
        if trend == "falling":
            return "smallest" if below else "largest"
        inside = self._inside
        touches = [intervals[0].low == inside[0].low, intervals[-1].high == inside[-1].high] if intervals else []
        return "largest" if touches == [True, False] else "smallest"

    def _extreme(self, side: str, intervals: Sequence[Interval]) -> Number | None:
        unknown = self.problem.unknown
        if not intervals:
            return None
        if side == "smallest":
            value = intervals[0].low
            return None if unknown.open_low and value == unknown.low else value
        value = intervals[-1].high
        return None if unknown.open_high and value == unknown.high else value

    def _neighbour(self, side: str, value: Number | None) -> Number | None:
        unknown = self.problem.unknown
        if value is None or value == (unknown.low if side == "smallest" else unknown.high):
            return None
        return unknown.grid.next(value, -1 if side == "smallest" else 1)

    def _sure(self, status: str, side: str, intervals: Sequence[Interval], value: Number | None) -> bool:
        """Tell whether what the answer says of other numbers is proved."""
        if status == "every" or not intervals:
            return all(piece.proved for piece in self.pieces)
        if value is None:
            return intervals[0 if side == "smallest" else -1].proved
        if side == "smallest":
            return all(piece.proved for piece in self.pieces if piece.low < intervals[0].low)
        return all(piece.proved for piece in self.pieces if piece.high > intervals[-1].high)

    def _place(self, x: Number | None) -> _Place:
        """Enclose the bound at a number as any user would, with the same reading of arguments."""
        if x is None:
            return _Place(None)
        unknown = self.problem.unknown
        try:
            lower, upper = enclose(unknown.theorem, {**self._given(), unknown.name: x})
        except (HypothesisError, ArgumentError, EnclosureError) as error:
            return _Place(x, refusal=str(error))
        return _Place(x, lower, upper)

    def _given(self) -> dict[str, object]:
        choices = dict(self.problem.unknown.theorem.choices)
        return {name: value for name, value in self.arguments.items() if name not in choices}

    def _check(self, here: _Place) -> None:
        """Stop if the enclosure at the answer contradicts the decision there."""
        if here.x is None or here.lower is None or here.upper is None:
            if here.refusal:
                raise EnclosureError(f"the answer {here.x} could not be confirmed: {here.refusal}")
            return
        aim, below = self.problem.aim, self.problem.relation == "<="
        if self.problem.target.sure:
            # The decision was exact: floats rounded outwards may only touch the target.
            confirmed = Fraction(here.lower) <= aim if below else Fraction(here.upper) >= aim
        else:
            confirmed = Fraction(here.upper) <= aim if below else Fraction(here.lower) >= aim
        if not confirmed:
            raise EnclosureError(
                f"the answer {here.x} was not confirmed: the bound lies in [{here.lower}, {here.upper}]"
            )

    def _monotone(self) -> tuple[str, str]:
        """Tell whether the bound is monotone within the hypotheses, and how that is known."""
        inside = self._inside
        if not inside:
            return "unknown", "unknown"
        trends = self._trends(inside)
        if trends is not None and len(trends) < 2:
            return "proved", _TRENDS[next(iter(trends), 0)]
        seen = self._steps(inside)
        if len(seen) == 2:
            return "not monotone", "mixed"
        return ("observed", _TRENDS[seen.pop()]) if seen else ("unknown", "unknown")

    def _trends(self, inside: Sequence[Piece]) -> set[int] | None:
        """Return the directions in which the bound goes on the pieces and between them; None if one is not known."""
        grid, found = self.problem.unknown.grid, set[int]()
        if any(piece.kind == "open" or not piece.proved for piece in inside):
            return None
        for before, after in itertools.pairwise(inside):
            if grid.rank(after.low) - grid.rank(before.high) > 1:
                return None
        # Pieces of the line share their ends; between whole numbers there is a step to be taken.
        between = [] if grid.continuous else [(a.high, b.low) for a, b in itertools.pairwise(inside)]
        for trend in itertools.chain(map(self._trend, inside), itertools.starmap(self.problem.step, between)):
            if trend is None:
                return None
            found.add(trend)
        return found - {0}

    def _trend(self, piece: Piece) -> int | None:
        """Return the direction on a piece; step by step where a step costs little."""
        if piece.trend is not None or self.problem.unknown.grid.continuous:
            return piece.trend
        if self.problem.bound.walk is None and piece.high - piece.low > _FEW_STEPS:
            return None
        found: set[int] = set()
        for x in range(int(piece.low), int(piece.high)):
            step = self.problem.step(x, x + 1)
            if step is None:
                return None
            found |= {step} - {0}
        return None if len(found) == 2 else next(iter(found), 0)

    def _steps(self, inside: Sequence[Piece]) -> set[int]:
        """Return the directions in which the bound surely goes between some numbers."""
        grid = self.problem.unknown.grid
        ends = {x for piece in inside for x in (piece.low, piece.high)}
        room = max(2, _LOOKED_AT // len(inside))
        inner = {x for piece in inside for x in spread(grid, piece.low, piece.high, room)}
        points = [x for x in sorted(ends | inner) if self.problem.within(x)]
        steps = {self.problem.step(a, b) for a, b in itertools.pairwise(points)}
        known = {step for step in steps if step is not None}
        return known - {0} or known


def _sentences(found: Solution, refusal: str) -> Iterator[str]:
    """Say what was found."""
    looked = "" if found.extreme == "proved" else "looked at "
    name, aim = found.name, f"the bound is surely {found.relation} {show_number(found.target)}"
    low, high = (_number(end) for end in found.searched)
    if found.status == "nowhere":
        yield f"The theorem says nothing at any {name} searched, because its hypotheses hold nowhere."
    elif found.status == "none":
        there_is = f"There is no {name}" if found.extreme == "proved" else f"No {name} was found"
        yield f"{there_is} in the range, within the hypotheses, at which {aim}."
    elif found.value is None:
        every = f"at every value {looked}within the hypotheses " if found.status == "every" else ""
        end = low if found.side == "smallest" else high
        yield f"No {found.side} {name} was met: {every}{aim}, on to {end}, where the search ends."
    else:
        yield _answer(found, aim, refusal)
        if found.status == "every":
            yield f"The same is true at every value {looked}of the range within the hypotheses."
    if found.status == "every" or found.value is None or found.neighbour is not None:
        yield _proof(found)
    if found.monotone == "not monotone":
        yield f"The bound is not monotone in {name}."
    elif found.monotone != "unknown":
        yield f"The bound is {found.trend} in {name} ({found.monotone})."
    if len(found.intervals) > 1 or found.monotone == "not monotone":
        listed = ", ".join(f"[{_number(i.low)}, {_number(i.high)}]" for i in found.intervals) or "none"
        yield f"Intervals of solutions found: {listed}; {'' if found.complete else 'not '}proved to be all."
    yield f"Searched: {name} from {low} to {high}."


def _answer(found: Solution, aim: str, refusal: str) -> str:
    name, seen = found.name, "" if found.extreme == "proved" else "found "
    text = f"{name} = {_number(found.value)} is the {found.side} value {seen}at which {aim}: "
    text += f"there it lies in [{found.lower}, {found.upper}]"
    if found.neighbour is None:
        return f"{text}, at the end of the domain."
    if found.neighbour_lower is None:
        return f"{text}; at {name} = {_number(found.neighbour)} there is no value: {refusal}."
    return f"{text}, at {name} = {_number(found.neighbour)} in [{found.neighbour_lower}, {found.neighbour_upper}]."


def _proof(found: Solution) -> str:
    proved = found.extreme == "proved"
    if found.status == "every" or found.value is None:
        return "This is proved." if proved else "This was observed at some numbers of the range, not proved."
    other = "smaller" if found.side == "smallest" else "larger"
    if proved:
        return f"It is proved that no {other} value of the range is a solution."
    return f"That no {other} value of the range is a solution was observed, not proved."


def _number(value: Number | None) -> str:
    """Write a number in full, or as a power of ten at the ends of a range."""
    return {"1000000000000000000": "10^18", "1e+300": "10^300", "1e-300": "10^-300"}.get(str(value), str(value))

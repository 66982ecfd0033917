"""Certify an inequality: search a point that refutes it, then a proof, then have the proof checked."""

from __future__ import annotations

import enum
import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import sympy

from bounds.certify.checker import check
from bounds.certify.claim import Claim, Range, inequality, is_whole, read_range
from bounds.certify.names import problem_of_names
from bounds.certify.points import Point, Sampler, by_name, draw, exact_point, in_domain, satisfies
from bounds.certify.prover import OutOfTime, Prover
from bounds.certify.structure import prove_by_structure
from bounds.enclose import enclose_tape, ends, float_above, float_below
from bounds.errors import ArgumentError, EnclosureError
from bounds.integrals.integral import TailedIntegral
from bounds.symbols import PARAMETERS
from bounds.tape import compile_expression

_DRAWS, _DRAWS_OF_INTEGRALS, _ROUNDS = 2000, 40, 6
_SIMPLE = (1, 2, 10, 100, 1000, None)
_WIDTH, _WIDTH_OF_INTEGRALS = Fraction(1, 2**60), Fraction(1, 2**20)
_SHOWN = 10
_BLIND, _BLIND_DRAWS = 3, 40


class Outcome(enum.Enum):
    """What is known of an inequality on a box.

    Examples
    --------
    >>> Outcome.PROVED.value
    'PROVED'
    """

    PROVED = "PROVED"
    REFUTED = "REFUTED"
    UNDECIDED = "UNDECIDED"


@dataclass(frozen=True)
class Answer:
    """The answer to whether ``left <= right`` on a box, wherever the hypotheses hold and both sides are finite.

    Parameters
    ----------
    outcome : Outcome
    claim : Claim
        What was to be proved.
    certificate : mapping or None
        Where proved: plain data for `check`.
    steps : int
        Steps of the certificate, all of which were checked.
    point : mapping of str to Fraction, or None
        Where refuted: an exact point at which the hypotheses hold and left surely exceeds right. Where proved: a point at
        which the hypotheses hold.
    left, right : (float, float) or None
        Enclosures of the two sides at the point.
    open : tuple of str
        Where undecided: what was left.
    seconds : float

    Examples
    --------
    >>> from bounds.symbols import lam
    >>> certify(lam, lam**2, {lam: (0, 2)}).point
    {'lam': Fraction(1, 2)}
    """

    outcome: Outcome
    claim: Claim
    certificate: Mapping[str, Any] | None
    steps: int
    point: Mapping[str, Fraction] | None
    left: tuple[float, float] | None
    right: tuple[float, float] | None
    open: tuple[str, ...]
    seconds: float


def certify(
    left: Any,
    right: Any,
    box: Mapping[Any, Any],
    hypotheses: Iterable[Any] = (),
    *,
    seconds: float = 60.0,
    seed: int = 0,
) -> Answer:
    """Prove or refute ``left <= right`` on a box.

    Only points count where the hypotheses hold and both sides are finite numbers. Symbols of whole numbers take whole
    numbers only.

    Parameters
    ----------
    left, right : sympy expressions
        Exact: without floating-point constants.
    box : mapping of symbol to (low, high)
        Read exactly: ``("0.1", "1/3")``. The high end may be ``"inf"``, for all finite values from low on.
    hypotheses : iterable of sympy relationals
    seconds : float
        Time for the search; whether a long proof is found in it depends on the machine.
    seed : int
        Seeds the search for points.

    Returns
    -------
    Answer
        PROVED only if the certificate passes `check`, and some point satisfies the hypotheses.

    Raises
    ------
    ArgumentError
        If the box is malformed, or leaves the domain of a symbol.

    Examples
    --------
    >>> from bounds.symbols import K, lam
    >>> answer = certify(lam / (1 + lam), lam, {lam: (0, "inf")})
    >>> answer.outcome.value, check(answer.claim, answer.certificate)
    ('PROVED', 1)
    >>> certify(lam * K, lam + K, {lam: (0, 3), K: (1, 3)}).outcome.value
    'REFUTED'
    """
    started = time.monotonic()
    left, right, relations = sympy.sympify(left), sympy.sympify(right), tuple(hypotheses)
    if left.has(sympy.Float) or right.has(sympy.Float):
        raise ArgumentError("the expressions hold a floating-point number; write Rational(1, 10), not 0.1")
    claim = inequality(left, right, box, relations)
    problem = problem_of_names(claim)
    if problem:
        raise ArgumentError(problem)
    for symbol, values in claim.box:
        _require_domain(symbol, values)
    search = _Search(left, right, relations, claim, np.random.default_rng(seed))

    def answer(outcome: Outcome, point: Point | None, certificate: Any = None, open_: Sequence[str] = ()) -> Answer:
        sides = (None, None) if point is None else (search.side(left, point), search.side(right, point))
        steps = 0 if certificate is None else check(claim, certificate)
        named = None if point is None else {symbol.name: value for symbol, value in point.items()}
        return Answer(outcome, claim, certificate, steps, named, *sides, tuple(open_), time.monotonic() - started)

    # Points are dear where a side is an integral, so a proof is looked for first.
    ready = prove_by_structure(claim) if claim.expression.has(TailedIntegral) else None
    refuting = search.refuting() if ready is None else None
    if refuting is not None:
        return answer(Outcome.REFUTED, refuting)
    witness = search.witness()
    if witness is None:
        return answer(
            Outcome.UNDECIDED, None, None, ["no point was found where all hypotheses hold and both are finite"]
        )
    prover = Prover(started + seconds, search.rng)
    try:
        found = ready or prover.prove(claim)
    except OutOfTime:
        found, late = None, [f"the search stopped after {seconds:g} s"]
    else:
        late = []
    if found is None:
        return answer(Outcome.UNDECIDED, None, None, [*late, *(str(c) for c in prover.left[:_SHOWN])] or [str(claim)])
    # What is checked is what a file would hold.
    return answer(Outcome.PROVED, witness, json.loads(json.dumps(found)))


def _require_domain(symbol: Any, values: Range) -> None:
    described = PARAMETERS.get(symbol.name)
    if described is None or described.symbol != symbol:
        # Sympy simplifies by what a symbol is assumed to be.
        if symbol.is_extended_nonnegative and values.low < 0:
            raise ArgumentError(f"{symbol.name} runs from {values}, but it is assumed to be nonnegative")
        if symbol.is_extended_nonpositive and (values.high is None or values.high > 0):
            raise ArgumentError(f"{symbol.name} runs from {values}, but it is assumed to be nonpositive")
        return
    if values.low < described.low or (values.high is not None and values.high > described.high):
        raise ArgumentError(f"{symbol.name} runs from {values}; it must be a {described.domain}")
    if values.high is None and described.high != sympy.oo:
        raise ArgumentError(f"{symbol.name} runs from {values}; it must be a {described.domain}")


@dataclass(frozen=True)
class _Search:
    """Exact points of the box where the hypotheses hold."""

    left: Any
    right: Any
    relations: tuple[Any, ...]
    claim: Claim
    rng: np.random.Generator

    @property
    def _draws(self) -> int:
        return _DRAWS_OF_INTEGRALS if self.claim.expression.has(TailedIntegral) else _DRAWS

    def side(self, expression: Any, point: Point) -> tuple[float, float] | None:
        """Enclose one side at a point; None where it is not finite."""
        width = _WIDTH_OF_INTEGRALS if expression.has(TailedIntegral) else _WIDTH
        try:
            low, high = ends(enclose_tape(compile_expression(expression), by_name(point), width))
        except (EnclosureError, ArithmeticError, TypeError):
            return None
        return float_below(low), float_above(high)

    def _refutes(self, point: Point) -> bool:
        sides = self.side(self.left, point), self.side(self.right, point)
        if sides[0] is None or sides[1] is None:
            return False
        return sides[0][0] > sides[1][1] and satisfies(self.relations, point)

    def refuting(self) -> Point | None:
        """Return a point where the left side surely exceeds the right one, in short numbers where possible."""
        for numbers in Sampler(self.claim).lowest(self._draws, _ROUNDS, self.rng):
            if self._refutes(exact_point(self.claim.box, numbers.tolist())):
                candidates = (exact_point(self.claim.box, numbers.tolist(), d) for d in _SIMPLE)
                return next(point for point in candidates if self._refutes(point))
        return next((point for point in self._blindly() if self._refutes(point)), None)

    def witness(self) -> Point | None:
        """Return a point where the hypotheses hold and both sides are finite."""
        drawn = draw(self.claim.box, self._draws, self.rng)
        feasible = np.flatnonzero(np.isfinite(Sampler(self.claim).gaps(drawn)))
        for i in feasible[:50]:
            for denominator in _SIMPLE:
                point = exact_point(self.claim.box, drawn[:, i].tolist(), denominator)
                finite = self.side(self.left, point) is not None and self.side(self.right, point) is not None
                if finite and satisfies(self.relations, point):
                    return point
        return next((point for point in self._blindly() if satisfies(self.relations, point)), None)

    def _blindly(self) -> Iterator[Point]:
        """Yield a few points with finite sides where doubles cannot show the way, as with integrals."""
        drawn = draw(self.claim.box, _BLIND_DRAWS, np.random.default_rng(0))
        if np.isfinite(Sampler(self.claim).gaps(drawn)).any():
            return
        points = [exact_point(self.claim.box, row.tolist(), 1000) for row in drawn.T]
        distinct = [p for i, p in enumerate(points) if in_domain(p) and p not in points[:i]]
        # The fewer generations, the sooner an integral is enclosed.
        whole = [symbol for symbol, _ in self.claim.box if is_whole(symbol)]
        tried = sorted(distinct, key=lambda p: sorted(p[symbol] for symbol in whole))[:_BLIND]
        yield from (p for p in tried if self.side(self.left, p) is not None and self.side(self.right, p) is not None)


@dataclass(frozen=True)
class Crossing:
    """Where two expressions of one symbol change places.

    Parameters
    ----------
    low, high : Fraction
        ``left <= right`` is proved from the start of the range to `low`, and ``right <= left`` from `high` to its end (the
        other way round if `first` is "right").
    first : str
        Which side is the smaller one at first: "left" or "right".
    before, after : Answer
        The two proofs.
    """

    low: Fraction
    high: Fraction
    first: str
    before: Answer
    after: Answer


def crossing(left: Any, right: Any, symbol: Any, low: object, high: object, width: object = "1e-9") -> Crossing:
    """Enclose the one place of a range where two expressions change places, and prove that it is the only one.

    Parameters
    ----------
    left, right : sympy expressions
        In one symbol.
    symbol : sympy.Symbol
    low, high : numbers
        Finite ends of the range.
    width : number
        Largest width of the enclosure.

    Returns
    -------
    Crossing

    Raises
    ------
    ArgumentError
        If the two do not change places between the ends, or one of the proofs is not found.

    Examples
    --------
    >>> k = sympy.Symbol("k", nonnegative=True)
    >>> found = crossing(k**2, 2 * k, k, 1, 3)
    >>> found.first, found.low <= 2 <= found.high
    ('left', True)
    """
    values, limit = read_range(symbol.name, low, high), read_range("width", 0, width).high
    if values.high is None or limit is None:
        raise ArgumentError("a crossing is looked for on a finite range, to a finite width")
    start, stop = values.low, values.high
    signs = _order(left, right, symbol, start), _order(left, right, symbol, stop)
    inside = start + (stop - start) / 1024
    early = signs[0] or _order(left, right, symbol, inside)
    if early * signs[1] >= 0:
        raise ArgumentError(f"the two do not surely change places between {start} and {stop}")
    a, b = (start if signs[0] else inside), stop
    while b - a > limit:
        middle = (a + b) / 2
        sign = _order(left, right, symbol, middle)
        if sign == 0:
            # The middle is the crossing, or too close to it to tell: keep a neighbourhood of it.
            a, b = max(a, middle - limit / 2), min(b, middle + limit / 2)
            break
        a, b = (middle, b) if sign == early else (a, middle)
    small, large = (left, right) if early < 0 else (right, left)
    before = certify(small, large, {symbol: (start, a)})
    after = certify(large, small, {symbol: (b, stop)})
    if before.outcome is not Outcome.PROVED or after.outcome is not Outcome.PROVED:
        raise ArgumentError(f"no proof was found that {float(a):.6g} is the only place; narrow the range")
    return Crossing(a, b, "left" if early < 0 else "right", before, after)


def _order(left: Any, right: Any, symbol: Any, value: Fraction) -> int:
    """Return the sign of left - right at a point, 0 where it is not sure."""
    from bounds.hypotheses import sign

    try:
        return sign(left - right, {symbol.name: value}) or 0
    except EnclosureError:
        return 0

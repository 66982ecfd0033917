"""Audit of a statement: its limits, directions, sign, unit, where it says anything, and which hypotheses bind.

Every finding says how it is known. *Proved* findings hold on the whole domain within the hypotheses, by exact argument
(`bounds.auditing.signs`, `bounds.auditing.direction`), those *proved on a box* on the box that is named, within the
hypotheses (`bounds.auditing.boxes`); *refuted* ones come with exact points; *observed* ones were seen at
sampled points by enclosures and are no proof.
"""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy

from bounds.arguments import read_arguments
from bounds.auditing.boxes import direction_on_box
from bounds.auditing.direction import direction
from bounds.auditing.guard import within
from bounds.auditing.limits import SECONDS, Limit, ends_of, limit_at
from bounds.auditing.reach import Reach, Threshold, reach, thresholds
from bounds.auditing.signs import Region, region_of
from bounds.drawing.points import NOTHING, attempt, breakable, settled, tops
from bounds.drawing.repair import Value, decided, inside, on_edge, probes
from bounds.enclose import enclose_ball
from bounds.errors import ArgumentError, EnclosureError, HypothesisError
from bounds.hypotheses import relation_text
from bounds.numerals import show_number
from bounds.symbols import PARAMETERS, Parameter
from bounds.tape import compile_expression
from bounds.theorem import Theorem

SAMPLES = 24
_SHOWN = 4
_WORDS = {1: "increasing", -1: "decreasing", 0: "constant"}
_MEANT = {"n_real": "real", "n_total": "total"}
_SIGNS = {1: "nonnegative", -1: "nonpositive", 0: "zero"}


@dataclass(frozen=True)
class Finding:
    """One property and how it is known.

    Parameters
    ----------
    subject : str
        The symbol it is about, or "sign".
    result : str
        Such as "increasing", which means nowhere falling, or "neither".
    how : {"proved", "proved on a box", "refuted", "observed", "none"}
    note : str
        Where it was seen, or the box; for "neither" two pairs of exact points.

    Examples
    --------
    >>> Finding("n", "decreasing", "proved", "").result
    'decreasing'
    """

    subject: str
    result: str
    how: str
    note: str


@dataclass(frozen=True)
class Binding:
    """Whether a hypothesis adds anything to the others and the domains.

    Parameters
    ----------
    relation : str
    binds : bool
        Whether some point breaks it and no other; if not, it follows from the others as far as the search can tell.

    Examples
    --------
    >>> Binding("n >= 2", True).binds
    True
    """

    relation: str
    binds: bool


@dataclass(frozen=True)
class Audit:
    """What an audit of one regime of a theorem found.

    Parameters
    ----------
    id : str
    choices : dict
    expression, quantity, unit, direction, mode, standing : str
    trivial : str or None
        What holds without any theorem.
    reference : dict
        The point that numerical findings refer to.
    sign : Finding
    monotone : tuple of Finding
    limits : tuple of Limit
    thresholds : tuple of Threshold
        Empty where the quantity has no trivial bound, or the theorem is an identity.
    reaches : tuple of Reach
    bindings : tuple of Binding

    Examples
    --------
    >>> import bounds
    >>> found = audit(bounds.get("ferbach2024.kl_ball"))[0]
    >>> [(f.subject, f.result, f.how) for f in found.monotone]
    [('K', 'increasing', 'proved'), ('lam', 'increasing', 'proved')]
    """

    id: str
    choices: dict[str, str]
    expression: str
    quantity: str
    unit: str
    direction: str
    mode: str
    standing: str
    trivial: str | None
    reference: dict[str, Value]
    sign: Finding
    monotone: tuple[Finding, ...]
    limits: tuple[Limit, ...]
    thresholds: tuple[Threshold, ...]
    reaches: tuple[Reach, ...]
    bindings: tuple[Binding, ...]


def audit(theorem: Theorem, arguments: Mapping[str, object] = NOTHING, *, seconds: float = 30.0) -> tuple[Audit, ...]:
    """Audit a theorem, each of its regimes on its own.

    Parameters
    ----------
    theorem : Theorem
    arguments : mapping of name to value, optional
        Symbols to hold fixed, in any spelling (alpha for lam, n_total for n, ...), and choices that select regimes.
    seconds : float
        Time for the limits and directions of one regime; what is not looked for in time says so.

    Returns
    -------
    tuple of Audit
        One per regime selected.

    Raises
    ------
    ArgumentError
        If an argument is unknown or outside its domain, or the choices select no regime.
    HypothesisError
        If no point inside the hypotheses was found.

    Examples
    --------
    >>> import bounds
    >>> found = audit(bounds.get("bertrand2024.jacobian"), {"L": "1/5"})[0]
    >>> found.sign.result, [r.stopped_above for r in found.reaches if r.symbol == "lam"]
    ('nonnegative', ['lam*(L*epsilon/curvature + 1) < 1/2'])
    """
    for argument in theorem.structured:
        if argument.name in arguments:
            theorem, arguments = argument.narrow(theorem, arguments)
    chosen = {name: str(value) for name, value in arguments.items() if name in _choice_names(theorem)}
    given = {name: value for name, value in arguments.items() if name not in chosen}
    if not theorem.regimes:
        return (_audit_one(theorem, given, seconds),)
    matching = [r for r in theorem.regimes if all(dict(r.choices).get(k) == v for k, v in chosen.items())]
    if not matching:
        theorem.at(**chosen)  # names the choices there are
    return tuple(_audit_one(theorem.at(**dict(r.choices)), given, seconds) for r in matching)


def _choice_names(theorem: Theorem) -> set[str]:
    return {name for r in theorem.regimes for name, _ in r.choices}


def _audit_one(theorem: Theorem, given: Mapping[str, object], seconds: float) -> Audit:
    deadline = time.monotonic() + seconds
    fixed = _read(theorem, given)
    reference = _reference(theorem, fixed)
    # A rigorous integral takes seconds, and an audit asks for thousands of values: there only proofs are tried.
    sampled = not compile_expression(theorem.expression).integrates
    points = [reference, *_samples(theorem, fixed)] if sampled else []
    region = region_of(theorem, {name: _exact(value) for name, value in fixed.items()})
    substituted = _pinned(theorem, fixed)
    free = [s for s in theorem.symbols if s.name not in fixed]
    trivial = theorem.quantity.trivial
    return Audit(
        id=theorem.id,
        choices=dict(theorem.choices),
        expression=str(theorem.expression),
        quantity=theorem.quantity.name,
        unit=theorem.quantity.unit,
        direction=theorem.direction.value,
        mode=theorem.mode.value,
        standing=theorem.standing.value,
        trivial=None if trivial is None else str(trivial),
        reference=reference,
        sign=_sign(substituted, region, points),
        monotone=tuple(_monotone(theorem, substituted, region, s, points, deadline) for s in free),
        limits=tuple(
            limit_at(theorem, region_of(theorem), s.name, end, points[:_SHOWN], deadline)
            for s in free
            for end in ends_of(PARAMETERS[s.name])
        ),
        thresholds=thresholds(theorem, reference, [s.name for s in free]) if sampled else (),
        reaches=tuple(reach(theorem, reference, s.name) for s in free) if theorem.hypotheses else (),
        bindings=_bindings(theorem),
    )


# --- points -------------------------------------------------------------------------------------------------------


def _read(theorem: Theorem, given: Mapping[str, object]) -> dict[str, Value]:
    """Read symbols as every command reads them, some value of its domain standing in for each that is left free."""
    aliases = {alias: p.name for p in PARAMETERS.values() for alias in p.aliases}
    spelled, needed = {aliases.get(name, name) for name in given}, {s.name for s in theorem.symbols}
    ratio = needed & {"lam", "alpha"}
    pinned = spelled & needed
    if ratio and spelled & {"lam", "alpha"}:
        pinned |= ratio
    if "n" in needed and spelled & _MEANT.keys():
        pinned |= {"n"}
        (size, meant) = next((name, kind) for name, kind in _MEANT.items() if name in spelled)
        if ratio and not ratio <= pinned and meant != ("real" if ratio == {"lam"} else "total"):
            raise ArgumentError(f"{size} is converted to the n of {theorem.id} by alpha or lam: give one of them too")
    free = {name: _typical(PARAMETERS[name]) for name in needed - pinned}
    values = read_arguments(theorem, {**free, **given}).values
    return {name: values[name] for name in values if name in pinned}


def _reference(theorem: Theorem, fixed: Mapping[str, Value]) -> dict[str, Value]:
    start = {s.name: fixed.get(s.name, _typical(PARAMETERS[s.name])) for s in theorem.symbols}
    tries = (
        settled(theorem, theorem.hypotheses, start, random.Random(seed).randint, frozenset(fixed)) for seed in range(12)
    )
    found = [point for point in tries if point is not None]
    found = found or [p for p in (_any_point(theorem, fixed, seed) for seed in range(60)) if p is not None][:1]
    if found:
        return min(found, key=lambda point: _edges(theorem, point))
    listed = "; ".join(relation_text(h) for h in theorem.hypotheses)
    at = ", ".join(f"{name} = {show_number(value)}" for name, value in fixed.items())
    raise HypothesisError(f"{theorem.id}: no point was found where {listed}{' at ' + at if at else ''}")


def _any_point(theorem: Theorem, fixed: Mapping[str, Value], seed: int) -> dict[str, Value] | None:
    return attempt(theorem, theorem.hypotheses, random.Random(seed).randint, fixed)


def _edges(theorem: Theorem, point: Mapping[str, Value]) -> tuple[int, int]:
    """Count the ends of domains and the edges of hypotheses that a point lies on, and its digits."""
    ends = sum(value in (PARAMETERS[name].low, PARAMETERS[name].high) for name, value in point.items())
    digits = sum(value.denominator.bit_length() for value in point.values() if isinstance(value, Fraction))
    return ends + sum(on_edge(h, point) for h in theorem.hypotheses), digits


def _typical(described: Parameter) -> Value:
    """Return a plain value: a thousand points, the middle of a bounded domain, or something near its end."""
    tries = (1000, 3) if described.unit == "points" else (3,) if described.integer else ()
    middle = [] if described.high.is_infinite or described.low.is_infinite else [(described.low + described.high) / 2]
    for value in (*tries, *middle, sympy.Rational(1, 4) if not described.low_open else 1, described.low):
        exact = sympy.sympify(value)
        if exact.is_Rational and inside(described, Fraction(int(exact.p), int(exact.q))):
            return Fraction(int(exact.p), int(exact.q))
    return probes(described)[0]


def _samples(theorem: Theorem, fixed: Mapping[str, Value]) -> list[dict[str, Value]]:
    drawn = (_any_point(theorem, fixed, seed) for seed in range(SAMPLES))
    return [point for point in drawn if point is not None]


def _exact(value: Value) -> Any:
    return sympy.Rational(value.numerator, value.denominator) if isinstance(value, Fraction) else sympy.oo


def _pinned(theorem: Theorem, fixed: Mapping[str, Value]) -> Any:
    exact = {s: _exact(fixed[s.name]) for s in theorem.symbols if s.name in fixed}
    return theorem.expression.subs(exact) if exact else theorem.expression


# --- sign and direction -------------------------------------------------------------------------------------------


def _ball(expression: Any, values: Mapping[str, Value]) -> Any | None:
    try:
        found = enclose_ball(compile_expression(expression), values, 192)
    except (EnclosureError, TypeError):
        return None
    return found if found.is_finite() else None


def _sign(expression: Any, region: Region, points: Sequence[Mapping[str, Value]]) -> Finding:
    proved = within(SECONDS, lambda: region.sign(expression))
    if proved is not None:
        return Finding("sign", _SIGNS[proved], "proved", "")
    seen: dict[int, str] = {}
    for point in points:
        found = _ball(expression, point)
        if found is not None and (found > 0 or found < 0):
            seen.setdefault(1 if found > 0 else -1, _at(point))
    if len(seen) == 2:
        return Finding("sign", "both", "refuted", f"positive at {seen[1]}; negative at {seen[-1]}")
    count = f"at {len(points)} points"
    return (
        Finding("sign", _SIGNS[next(iter(seen))], "observed", count) if seen else Finding("sign", "unknown", "none", "")
    )


def _monotone(
    theorem: Theorem,
    expression: Any,
    region: Region,
    symbol: Any,
    points: Sequence[Mapping[str, Value]],
    deadline: float,
) -> Finding:
    proved = within(SECONDS, lambda: direction(region, expression, symbol))
    if proved is not None:
        return Finding(symbol.name, _WORDS[proved], "proved", "wherever the hypotheses hold")
    seen: dict[int, str] = {}
    pairs = 0
    for point in points:
        for low, high, step in _steps(theorem, symbol.name, point, deadline):
            pairs += 1
            seen.setdefault(
                step, f"{symbol.name} = {show_number(low)} to {show_number(high)} at {_at(point, symbol.name)}"
            )
        if len(seen) == 2:
            return Finding(symbol.name, "neither", "refuted", f"rises from {seen[1]}; falls from {seen[-1]}")
    fixed = frozenset(s.name for s in theorem.symbols) - {s.name for s in expression.free_symbols}
    box_deadline = min(deadline, time.monotonic() + SECONDS)
    local = direction_on_box(theorem, symbol.name, points[0], fixed, box_deadline) if points else None
    if local is not None:
        return Finding(symbol.name, _WORDS[local.trend], "proved on a box", local.where)
    if not seen:
        return Finding(symbol.name, "unknown", "none", "")
    return Finding(
        symbol.name, _WORDS[next(iter(seen))], "observed", f"in all of {pairs} steps that enclosures tell apart"
    )


def _steps(theorem: Theorem, name: str, point: Mapping[str, Value], deadline: float) -> list[tuple[Value, Value, int]]:
    """Return the steps of one symbol that surely raise or lower the value, with both ends inside the hypotheses."""
    found: list[tuple[Value, Value, int]] = []
    previous: tuple[Value, Any] | None = None
    for value in probes(PARAMETERS[name], tops(theorem)[name]):
        here = {**point, name: value}
        if time.monotonic() > deadline:
            break
        held = all(decided(h, here) for h in theorem.hypotheses)
        ball = _ball(theorem.expression, here) if held else None
        if ball is not None and previous is not None and (ball > previous[1] or ball < previous[1]):
            found.append((previous[0], value, 1 if ball > previous[1] else -1))
        previous = (value, ball) if ball is not None else None
    return found


def _at(point: Mapping[str, Value], without: str = "") -> str:
    return (
        ", ".join(f"{name} = {show_number(value)}" for name, value in point.items() if name != without) or "any point"
    )


# --- hypotheses ---------------------------------------------------------------------------------------------------


def _bindings(theorem: Theorem) -> tuple[Binding, ...]:
    binding = breakable(theorem)
    return tuple(Binding(relation_text(h), h in binding) for h in theorem.hypotheses)

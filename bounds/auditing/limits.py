"""Limits of a theorem's expression at the ends of its symbols' domains, inside its hypotheses.

A limit is *symbolic* when an expression was found and enclosures at several points approach it; *numerical* when it is
read off enclosures at one point, which is no proof; *outside* when a hypothesis fails on the way, so that the theorem has
nothing to say there.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy
from sympy import oo

from bounds.auditing.guard import within
from bounds.auditing.signs import Region
from bounds.drawing.repair import Value, decided, inside
from bounds.enclose import enclose_ball
from bounds.errors import EnclosureError
from bounds.functions import Recurrence, c4, geometric_sum
from bounds.hypotheses import relation_text
from bounds.symbols import PARAMETERS, Parameter
from bounds.tape import compile_expression
from bounds.theorem import Theorem

SECONDS = 1.0
_SHORT = 30
_FORBIDDEN = (sympy.nan, sympy.zoo, sympy.I, sympy.AccumBounds, sympy.Limit, sympy.Derivative, sympy.Integral)
_LOOPS = (Recurrence, sympy.Sum)


@dataclass(frozen=True)
class Limit:
    """What an expression does as one symbol goes to an end of its domain, the others staying.

    Parameters
    ----------
    symbol, end : str
    value : str or None
        An expression in the other symbols, or a number; None where there is none.
    how : {"symbolic", "numerical", "outside", "undecided"}
    note : str
        Where it was confirmed or read off, or which hypothesis fails.

    Examples
    --------
    >>> Limit("n", "oo", "0", "symbolic", "confirmed at 4 points").value
    '0'
    """

    symbol: str
    end: str
    value: str | None
    how: str
    note: str


def ends_of(described: Parameter) -> tuple[Any, ...]:
    """Return the ends of a domain at which a limit is asked for: infinity, and finite ends of real symbols.

    Examples
    --------
    >>> ends_of(PARAMETERS["alpha"]), ends_of(PARAMETERS["n"])
    ((0, 1), (oo,))
    """
    ends = [described.low, described.high]
    return tuple(end for end in ends if end.is_infinite or not described.integer)


def limit_at(
    theorem: Theorem,
    region: Region,
    name: str,
    end: Any,
    points: Sequence[Mapping[str, Value]],
    deadline: float = math.inf,
) -> Limit:
    """Find the limit of a theorem's expression in one symbol.

    Parameters
    ----------
    theorem : Theorem
        Of one regime.
    region : Region
        That of the theorem.
    name : str
        The symbol.
    end : sympy number
        Where it goes.
    points : sequence of mapping
        Values of all symbols inside the hypotheses; the first serves for a numerical limit.
    deadline : float
        Reading of `time.monotonic` after which nothing more is looked for.

    Returns
    -------
    Limit

    Examples
    --------
    >>> import bounds
    >>> from bounds.auditing.signs import region_of
    >>> theorem = bounds.get("ferbach2024.uncurated_mixture")
    >>> point = {"lam": Fraction(1), "t": Fraction(2), "tv0": Fraction(1, 2)}
    >>> limit_at(theorem, region_of(theorem), "t", oo, [point]).value
    '0'
    """
    symbol = next(s for s in theorem.symbols if s.name == name)
    if symbol not in theorem.expression.free_symbols:
        return Limit(name, str(end), str(theorem.expression), "symbolic", "does not depend on it")
    if not points:
        return Limit(name, str(end), None, "undecided", "not looked for: no values to hold it against")
    walks = [(point, *_walk(theorem, name, end, point, deadline)) for point in points]
    if time.monotonic() > deadline:
        return Limit(name, str(end), None, "undecided", "not looked for: time was up")
    allowed = [(point, walk) for point, walk, broken in walks if broken is None]
    if not allowed:
        return Limit(name, str(end), None, "outside", f"{walks[0][2]} fails on the way, at every point tried")
    candidate = within(SECONDS, lambda: _symbolic(theorem.expression, region, symbol, end))
    confirmed = candidate is not None and all(_confirms(candidate, point, walk) for point, walk in allowed)
    note = "" if len(allowed) == len(walks) else "; elsewhere a hypothesis fails on the way"
    if confirmed:
        return Limit(name, str(end), str(candidate), "symbolic", f"confirmed at {_count(len(allowed))}{note}")
    if walks[0][2] is not None:
        return Limit(name, str(end), None, "outside", f"{walks[0][2]} fails on the way from the reference point")
    value = extrapolated(walks[0][1])
    if value is None:
        return Limit(name, str(end), None, "undecided", "no limit could be read off")
    return Limit(name, str(end), value, "numerical", "at the reference point" + note)


def _count(points: int) -> str:
    return "1 point" if points == 1 else f"{points} points"


# --- numbers ------------------------------------------------------------------------------------------------------


def _walk(
    theorem: Theorem, name: str, end: Any, point: Mapping[str, Value], deadline: float
) -> tuple[list[float], str | None]:
    """Return values on the way to the end, or the hypothesis that fails on the way."""
    described = PARAMETERS[name]
    values: list[float] = []
    for step in _steps(theorem, described, end, point[name]):
        if time.monotonic() > deadline:
            break
        here = {**point, name: step}
        broken = next((h for h in theorem.hypotheses if not decided(h, here)), None)
        if broken is not None:
            return values, relation_text(broken)
        value = value_at(theorem.expression, here)
        if value is not None:
            values.append(value)
    return values, None


def _steps(theorem: Theorem, described: Parameter, end: Any, start: Value) -> list[Fraction]:
    if end.is_infinite:
        if described.name in loop_counts(theorem.expression):
            sizes = [Fraction(50 * 2**k) for k in range(6)]
        else:
            sizes = [Fraction(10) ** k for k in range(2, 17, 2)]
        return [size if end > 0 else -size for size in sizes]
    goal = Fraction(int(end.p), int(end.q))
    width = (start - goal) if isinstance(start, Fraction) and start != goal else Fraction(0)
    if width == 0:
        width = Fraction(1, 2) if end == described.low else Fraction(-1, 2)
    found = [goal + width / 10**k for k in range(1, 16, 2)]
    return [value for value in found if inside(described, value)]


def loop_counts(expression: Any) -> set[str]:
    """Return the names of symbols that occur in a sum or a recursion, where large values take time.

    Examples
    --------
    >>> import bounds
    >>> sorted(loop_counts(bounds.get("bertrand2024.gaussian_loop").at(
    ...     statistic="log_determinant", covariance="mle").expression))
    ['d', 'n']
    """
    return {symbol.name for node in expression.atoms(*_LOOPS) for symbol in node.free_symbols}


def value_at(expression: Any, values: Mapping[str, Value]) -> float | None:
    """Return the value of an expression from a ball, or None where it is not finite.

    Parameters
    ----------
    expression : sympy expression
    values : mapping of name to Fraction or infinity

    Returns
    -------
    float or None

    Examples
    --------
    >>> from bounds.symbols import lam
    >>> value_at(1 / lam, {"lam": Fraction(4)}), value_at(1 / lam, {"lam": Fraction(0)})
    (0.25, None)
    """
    try:
        found = enclose_ball(compile_expression(expression), values, 256)
        if not found.is_finite() or (found.rel_accuracy_bits() < 40 and abs(found) > 1e-60):
            return None
        return float(found.mid())
    except (EnclosureError, TypeError, OverflowError):
        return None


def extrapolated(walk: Sequence[float]) -> str | None:
    """Read a limit off values at geometrically spaced places.

    Parameters
    ----------
    walk : sequence of float

    Returns
    -------
    str or None
        "0", "oo", "-oo", a number of 4 digits, or None.

    Examples
    --------
    >>> extrapolated([10.0**-k for k in range(8)]), extrapolated([10.0**k for k in range(8)]), extrapolated([1, 2, 1, 2])
    ('0', 'oo', None)
    """
    if len(walk) < 4:
        return None
    first, before, last = walk[-3:]
    if not all(math.isfinite(v) for v in (first, before, last)):
        return "oo" if last == math.inf else "-oo" if last == -math.inf else None
    step, previous = last - before, before - first
    scale = max(abs(v) for v in walk)
    if abs(step) <= 1e-9 * abs(last):
        return f"{last:.4g}"
    if step * previous > 0 and abs(step) >= 0.9 * abs(previous):
        return "oo" if step > 0 else "-oo"
    if abs(step) > 0.8 * abs(previous):
        return None
    settled = last - step**2 / (step - previous) if step != previous else last
    return "0" if abs(settled) <= 1e-3 * abs(last) or abs(settled) <= 1e-9 * scale else f"{settled:.4g}"


def _confirms(candidate: Any, point: Mapping[str, Value], walk: Sequence[float]) -> bool:
    if len(walk) < 4:
        return False
    if candidate in (oo, -oo):
        return extrapolated(walk) == str(candidate)
    goal = value_at(candidate, {s.name: point[s.name] for s in candidate.free_symbols})
    if goal is None:
        return False
    before, last = (abs(value - goal) for value in walk[-2:])
    scale = max(abs(goal), 1e-12 * max(abs(value) for value in walk))
    return last <= 1e-9 * scale or last <= 0.8 * before


# --- symbols ------------------------------------------------------------------------------------------------------


def _symbolic(expression: Any, region: Region, x: Any, end: Any) -> Any | None:
    if expression.has(*_LOOPS):
        return None
    if end.is_finite:
        found = expression.subs(x, end)
        found = found if _is_clean(found, x) else sympy.limit(expression, x, end, "+" if end <= 0 else "-")
    else:
        simpler = _without_vanishing_powers(expression, region, x) if end == oo else expression
        found = sympy.limit(simpler, x, end) if x in simpler.free_symbols else simpler
    if not _is_clean(found, x) or (found.has(oo, -oo) and found not in (oo, -oo)):
        return None
    return min((found, sympy.simplify(found)), key=sympy.count_ops) if found.count_ops() < _SHORT else found


def _is_clean(found: Any, x: Any) -> bool:
    return not found.has(*_FORBIDDEN) and x not in found.free_symbols


def _without_vanishing_powers(expression: Any, region: Region, x: Any) -> Any:
    """Put in the limits of powers of a base below 1, which sympy cannot know to be below 1."""

    def vanishes(base: Any, exponent: Any) -> bool:
        grows = exponent.is_polynomial(x) and sympy.degree(exponent, x) == 1 and exponent.coeff(x, 1).is_positive
        return (
            bool(grows) and x not in base.free_symbols and region.sign(base) == 1 and region.strictly_positive(1 - base)
        )

    known: dict[Any, Any] = {}
    for node in expression.atoms(geometric_sum, sympy.Pow, c4):
        if isinstance(node, c4) and node.args[0] == x:
            known[node] = sympy.S.One
        elif isinstance(node, geometric_sum) and vanishes(*node.args):
            known[node] = 1 / (1 - node.args[0])
        elif node.is_Pow and vanishes(node.base, node.exp):
            known[node] = sympy.S.Zero
    return expression.xreplace(known)

"""A hostile reader of proofs: random claims against exact points, and rules of proof applied to what is false."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import mpmath
import pytest
import sympy
from sympy import Abs, Integer, Max, Min, Rational, Sum, Symbol, atan, exp, log, sqrt, tanh

from bounds.certify import Claim, Hypothesis, NotProved, Outcome, Range, certify, check
from bounds.certify.checker import RULES
from bounds.certify.names import problem_of_names
from bounds.certify.rules import signed_factors
from bounds.functions import Recurrence, geometric_sum

x, y, w = Symbol("x", real=True), Symbol("y", nonnegative=True), Symbol("w")
k, m = Symbol("k", integer=True), Symbol("m", integer=True, nonnegative=True)
i, s = Symbol("i", integer=True), Symbol("s", real=True)
CLAIMS, FALSE, POINTS = 90, 60, 40
TINY = mpmath.mpf(10) ** -30
Point = dict[Any, Fraction]


# --- values by another arithmetic, from the inside out ---------------------------------------------------------------


class Undefined(Exception):
    """Some part of the expression is no finite real number."""


def value(node: Any, at: dict[Any, Any]) -> Any:
    """Evaluate by mpmath, walking the sympy tree itself."""
    if node.is_Symbol:
        return at[node]
    if node.is_Rational:
        return mpmath.mpf(int(node.p)) / int(node.q)
    if node.is_number and node.is_Atom:
        return +getattr(mpmath, str(node).lower())  # pi or e
    if isinstance(node, Sum):
        index, start, stop = node.limits[-1]
        first, last = value(start, at), value(stop, at)
        inner = node.func(node.function, *node.limits[:-1]) if node.limits[:-1] else node.function
        return mpmath.fsum(value(inner, {**at, index: first + j}) for j in range(steps(last - first + 1)))
    if isinstance(node, Recurrence):
        output, states, initial, step, count = node.args
        now = dict(zip(states, (value(one, at) for one in initial), strict=True))
        for _ in range(steps(value(count, at))):
            now = dict(zip(states, [value(one, {**at, **now}) for one in step], strict=True))
        return value(output, {**at, **now})
    found = finite_value(node, [value(part, at) for part in node.args])
    if not mpmath.isfinite(found):
        raise Undefined
    return found


def steps(count: Any) -> int:
    if count != int(count) or count < 0:
        raise Undefined
    return int(count)


def finite_value(node: Any, parts: list[Any]) -> Any:
    simple = {exp: mpmath.exp, atan: mpmath.atan, tanh: mpmath.tanh, Abs: abs, sympy.harmonic: mpmath.harmonic}
    if node.func in simple:
        return simple[node.func](parts[0])
    if isinstance(node, Max | Min):
        return (max if isinstance(node, Max) else min)(parts)
    if node.is_Add:
        return mpmath.fsum(parts)
    if node.is_Mul:
        return mpmath.fprod(parts)
    if isinstance(node, log):
        return mpmath.log(parts[0]) if parts[0] > 0 else mpmath.nan
    if isinstance(node, geometric_sum):
        return mpmath.fsum(parts[0] ** j for j in range(steps(parts[1])))
    if not node.is_Pow:
        raise Undefined  # such as a derivative, which no arithmetic has
    base, exponent = parts
    whole = exponent == int(exponent)
    if (base == 0 and exponent < 0) or (base < 0 and not whole):
        raise Undefined
    return base ** int(exponent) if whole else base**exponent


def violation(claim: Claim, rng: random.Random) -> Point | None:
    """Look for a point of a claim at which it is false by far more than the error of 50 digits."""
    for point in drawn(claim, rng):
        at = {symbol: mpmath.mpf(v.numerator) / v.denominator for symbol, v in point.items()}
        try:
            given = all(
                value(h.expression, at) > TINY if h.strict else value(h.expression, at) >= 0 for h in claim.hypotheses
            )
            if given and value(claim.expression, at) < -TINY:
                return point
        except Undefined:
            continue
    return None


def drawn(claim: Claim, rng: random.Random) -> Iterator[Point]:
    """Yield the corners, then points inside and on faces."""
    tops = {symbol: r.low + rng.choice([1, 7, 300]) if r.high is None else r.high for symbol, r in claim.box}
    corners = itertools.product(*((r.low, tops[symbol]) for symbol, r in claim.box))
    for numbers in itertools.islice(corners, 16):
        yield whole_point(claim, numbers)
    for _ in range(POINTS):
        shares = (rng.choice([0, 1, Fraction(rng.randint(0, 12), 12), Fraction(rng.random())]) for _ in claim.box)
        pairs = zip(claim.box, shares, strict=True)
        yield whole_point(claim, [r.low + (tops[symbol] - r.low) * share for (symbol, r), share in pairs])


def whole_point(claim: Claim, numbers: Any) -> Point:
    pairs = zip(claim.box, numbers, strict=True)
    return {symbol: Fraction(round(v)) if symbol.is_integer else Fraction(v) for (symbol, _), v in pairs}


@pytest.fixture(autouse=True)
def digits() -> Iterator[None]:
    with mpmath.workdps(50):
        yield


# --- random claims ---------------------------------------------------------------------------------------------------


def term(rng: random.Random, depth: int, symbols: list[Any]) -> Any:
    """Build a random expression."""
    one = rng.choice(symbols)
    if depth == 0:
        return one if rng.random() < 0.75 else Rational(rng.randint(-4, 5), rng.choice([1, 2, 3]))

    def part() -> Any:
        return term(rng, depth - 1, symbols)

    count = m if m in symbols else Integer(3)
    options = [
        *[lambda: part() + part()] * 3,
        *[lambda: part() * part()] * 3,
        lambda: part() - part(),
        lambda: part() / part(),
        lambda: exp(rng.choice([-1, 1]) * one),
        lambda: log(part()),
        lambda: sqrt(part()),
        lambda: rng.choice([Max, Min])(part(), part()),
        lambda: Abs(part()),
        lambda: part() ** rng.choice([2, 3, -1, Rational(3, 2), one, 2 * one]),
        lambda: atan(part()),
        lambda: geometric_sum(one, count),
        lambda: Sum(rng.choice([i * one, (2 - i) * one, Max(i, 2) * one]), (i, rng.choice([0, 1]), count)),
        lambda: Recurrence(s, [s], [rng.choice([0, one])], [rng.choice([one * s + 1, s / 2 + one, -s])], count),
    ]
    return rng.choice(options)()


def random_box(rng: random.Random) -> dict[Any, tuple[Any, Any]]:
    box = {}
    for symbol in rng.sample([x, y, w, k, m], rng.choice([1, 2, 2, 3])):
        low = rng.choice([0, 1, 2] if symbol.is_nonnegative else [-2, -1, 0, 1])
        high = low + (rng.randint(0, 4) if symbol.is_integer else rng.choice([Fraction(1, 3), 1, 2]))
        box[symbol] = (low, rng.choice(["inf", high, high]))
    return box


def sides(rng: random.Random, box: dict[Any, Any]) -> tuple[Any, Any]:
    """Propose two sides: unrelated, or the right one larger, or larger but for a little."""
    symbols = list(box)
    left = term(rng, 2, symbols)
    if rng.random() < 0.25:
        return left, term(rng, 2, symbols)
    if rng.random() < 0.25:
        outer, inner = rng.choice([exp, atan, log, sqrt]), term(rng, 1, symbols)
        return outer(inner), outer(inner + Abs(term(rng, 1, symbols)))
    one = rng.choice(symbols)
    more = (one - box[one][0]) * rng.choice([exp(one), Abs(term(rng, 1, symbols)), term(rng, 1, symbols) ** 2])
    less = rng.choice([Integer(0), Integer(0), Rational(1, 10 ** rng.randint(1, 9))])
    return left, sympy.expand(left + more) - less


def is_plain(expression: Any) -> bool:
    odd = (sympy.nan, sympy.zoo, sympy.oo, -sympy.oo, sympy.I, sympy.re, sympy.im, sympy.sign, sympy.AccumBounds)
    return not expression.has(*odd)


def random_claims(rng: random.Random) -> Iterator[tuple[Any, Any, Any, list[Any]]]:
    while True:
        box = random_box(rng)
        try:
            left, right = map(sympy.sympify, sides(rng, box))
            relation = term(rng, 1, list(box)) <= term(rng, 1, list(box))
        except (TypeError, ValueError):
            continue
        given = [relation] if rng.random() < 0.3 and relation not in (sympy.true, sympy.false) else []
        if all(is_plain(one) for one in (left, right, *given)):
            yield left, right, box, given


def test_random_claims_are_proved_only_if_true_and_refuted_only_if_false() -> None:
    rng, proofs, counts = random.Random(20), [], dict.fromkeys(Outcome, 0)
    for left, right, box, given in itertools.islice(random_claims(rng), CLAIMS):
        answer = certify(left, right, box, given, seconds=0.5)
        counts[answer.outcome] += 1
        if answer.outcome is Outcome.PROVED:
            assert violation(answer.claim, rng) is None, (left, right, box, given)
            assert answer.certificate is not None
            assert check(answer.claim, json.loads(json.dumps(answer.certificate))) == answer.steps
            proofs.append(answer.certificate)
        elif answer.outcome is Outcome.REFUTED:
            assert answer.point is not None
            at = {
                symbol: mpmath.mpf(v.numerator) / v.denominator for symbol in box for v in [answer.point[symbol.name]]
            }
            assert value(left, at) > value(right, at), (left, right, answer.point)
            for certificate in rng.sample(proofs, min(len(proofs), 5)):
                with pytest.raises(NotProved):
                    check(answer.claim, certificate)
    assert min(counts[Outcome.PROVED], counts[Outcome.REFUTED]) > CLAIMS // 8, counts


# --- every rule on false claims --------------------------------------------------------------------------------------


def choices(name: str, claim: Claim, rng: random.Random) -> list[dict[str, Any]]:
    """Propose data for a rule."""
    symbol, values = rng.choice(claim.box)
    width = (values.high or values.low + 4) - values.low
    parts = sorted({str(p) for p in sympy.preorder_traversal(claim.expression) if p.args})
    signs = itertools.product([1, -1], repeat=min(3, len(signed_factors(claim.expression))))
    found: dict[str, list[dict[str, Any]]] = {
        "bisect": [{"symbol": symbol.name, "at": str(values.low + width / 3)}],
        "factor": [{"signs": list(one)} for one in signs],
        "mean of logarithms": [{"pivot": p, "sign": sign} for p in range(3) for sign in (1, -1)],
        "rename": [{"part": p, "name": "z", "sign": 1, "low": "0", "high": rng.choice([None, "5"])} for p in parts[:2]],
        "induction": [{"low": "0"}],
        "monotone": [{"symbol": symbol.name, "end": end} for end in ("low", "high")],
        "one of": [{"argument": 0}],
        "states": [{"names": ["z"]}],
    }
    return found.get(name, [{"symbol": symbol.name, "name": "z"}])


def shaped(rng: random.Random, symbols: list[Any]) -> Any:
    """Build an expression of a shape that some rule is for."""
    one = rng.choice(symbols)
    count = next((symbol for symbol in symbols if symbol.is_integer), Integer(2))

    def u() -> Any:
        return term(rng, 1, symbols)

    shapes = [
        lambda: u() * u() * u(),
        lambda: rng.choice([1, 2, one]) * (exp(u()) - exp(u())),
        lambda: rng.choice([1, 2]) * log(u()) - log(u()) - rng.choice([0, 1]) * log(u()),
        lambda: log(u()) - one * log(u()) - (1 - one) * log(u()),
        lambda: rng.choice([1, u()]) * (sqrt(u()) - u()),
        lambda: u() ** (rng.choice([1, 2]) * one) - u() ** (2 * one),
        lambda: Max(u(), u()) - u(),
        lambda: u() * one**count + u() * geometric_sum(one, count) + rng.choice([0, u()]),
        lambda: Recurrence(s, [s], [rng.choice([0, one])], [u() * s + u()], count) - u(),
        lambda: Sum(rng.choice([i - one, (2 - i) * u(), i * one]), (i, rng.choice([0, 1]), count)),
        lambda: u() - rng.choice([0, Rational(1, 1000)]),
    ]
    return sympy.sympify(rng.choice(shapes)())


def false_claims(rng: random.Random) -> Iterator[tuple[Claim, Point]]:
    """Yield claims and points at which they are false."""
    while True:
        box = random_box(rng)
        try:
            expression = shaped(rng, list(box))
            given = tuple(Hypothesis(term(rng, 1, list(box)), False) for _ in range(rng.choice([0, 0, 1])))
        except (TypeError, ValueError):
            continue
        ranges = {q: Range(Fraction(low), None if high == "inf" else Fraction(high)) for q, (low, high) in box.items()}
        claim = Claim(expression, tuple(sorted(ranges.items(), key=lambda item: str(item[0].name))), given)
        point = violation(claim, rng) if all(map(is_plain, (expression, *(h.expression for h in given)))) else None
        if point is not None:
            yield claim, point


def test_a_rule_leaves_something_false_of_what_is_false() -> None:
    rng, applied = random.Random(6), dict.fromkeys(RULES, 0)
    for claim, point in itertools.islice(false_claims(rng), FALSE):
        for name, rule in RULES.items():
            for data in choices(name, claim, rng):
                try:
                    left = rule(claim, data)
                except (ArithmeticError, AttributeError, IndexError, KeyError, TypeError, ValueError):
                    continue
                if any(problem_of_names(one) or not is_plain(one.expression) for one in left):
                    continue
                applied[name] += 1
                if any(violation(one, rng) for one in left):
                    continue
                # The points drawn may miss where a part is false; no proof may.
                proofs = [proof_of(one) for one in left]
                assert None in proofs, (name, data, claim, point)
    assert sum(count > 3 for count in applied.values()) > len(RULES) // 2, applied


def proof_of(claim: Claim) -> Any:
    box = {symbol: (r.low, "inf" if r.high is None else r.high) for symbol, r in claim.box}
    relations = [sympy.Ge(h.expression, 0) for h in claim.hypotheses]
    answer = certify(0, claim.expression, box, [r for r in relations if r != sympy.true], seconds=0.3)
    return answer.certificate

"""Balls against mpmath at 60 digits and against the plain walker at four times the precision, at the edges above all."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import mpmath
import pytest
import sympy
from flint import arb, ctx
from hypothesis import given, settings
from hypothesis import strategies as st

from bounds.ball_code import ball_code
from bounds.enclose import OPERATIONS, Balls, ball, enclose_ball, ends, float_ends
from bounds.errors import EnclosureError
from bounds.functions import Recurrence, geometric_sum
from bounds.tape import compile_expression, run

lam, alpha, n, t = sympy.symbols("lam alpha n t")
k, g = sympy.symbols("k g")
LARGE, TINY = Fraction(10**30), Fraction(1, 10**30)

shares = st.sampled_from([Fraction(0), Fraction(1), Fraction(1, 2), TINY, 1 - TINY, Fraction(3, 7)])
ratios = st.sampled_from(
    [Fraction(0), TINY, Fraction(1, 10**300), Fraction(1), Fraction(22, 7), LARGE, Fraction(10**300)]
)
sizes = st.sampled_from([1, 2, 63, 64, 65, 1000, 10**9, 10**18]).map(Fraction)
times = st.sampled_from([0, 1, 2, 3, 8, 31, 64, 65]).map(Fraction)
inputs = st.fixed_dictionaries({"lam": ratios, "alpha": shares, "n": sizes, "t": times})

UNARY = [
    sympy.exp, sympy.log, sympy.atan, sympy.erf, sympy.erfc, sympy.tanh, sympy.sqrt, sympy.Abs, sympy.sinh, sympy.cosh,
    sympy.gamma, sympy.loggamma, lambda e: 1 / sympy.sqrt(e), lambda e: 1 / e, lambda e: e**3, lambda e: e**-2,
    lambda e: geometric_sum(e, t), lambda e: sympy.polygamma(1, e),
    lambda e: sympy.Sum(alpha**k * e / k, (k, 1, t)), lambda e: Recurrence(g, [g], [lam], [alpha * g + e], t),
]  # fmt: skip
leaves = st.sampled_from(
    [lam, alpha, n, t, 1 - alpha, lam / (1 + lam), sympy.pi, sympy.E, sympy.Rational(-3, 7), sympy.Integer(2)]
)


def grown(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    pairs = st.tuples(inner, inner)
    return st.one_of(
        pairs.map(lambda p: p[0] + p[1]),
        pairs.map(lambda p: p[0] * p[1]),
        pairs.map(lambda p: sympy.Max(p[0], p[1], evaluate=False)),
        pairs.map(lambda p: sympy.Min(p[0], p[1], evaluate=False)),
        st.tuples(st.sampled_from(UNARY), inner).map(lambda p: p[0](p[1])),
    )


expressions = st.recursive(leaves, grown, max_leaves=6)


def by_mpmath(expression: Any, values: dict[str, Fraction], digits: int) -> Any:
    """Evaluate node by node, without the tape; None where there is no finite real value."""

    def visit(node: Any, scope: dict[Any, Any]) -> Any:
        if node.is_Symbol:
            return scope[node.name]
        if node.is_Rational:
            return mpmath.mpf(int(node.p)) / int(node.q)
        if node in (sympy.pi, sympy.E):
            return +mpmath.pi if node == sympy.pi else +mpmath.e
        if isinstance(node, sympy.Sum):
            steps = range(1, int(scope["t"]) + 1)
            return mpmath.fsum(visit(node.function, {**scope, "k": mpmath.mpf(i)}) for i in steps)
        if isinstance(node, Recurrence):
            state = visit(node.args[2][0], scope)
            for _ in range(int(scope["t"])):
                state = visit(node.args[3][0], {**scope, "g": state})
            return state
        parts = [visit(a, scope) for a in node.args]
        if isinstance(node, geometric_sum):
            return mpmath.fsum(parts[0] ** j for j in range(int(parts[1])))
        if node.is_Add or node.is_Mul:
            return mpmath.fsum(parts) if node.is_Add else mpmath.fprod(parts)
        if node.is_Pow:
            return parts[0] ** parts[1]
        if isinstance(node, sympy.Max | sympy.Min):
            return max(parts) if isinstance(node, sympy.Max) else min(parts)
        if any(abs(p) > 1e4 for p in parts) and not isinstance(node, sympy.Abs | sympy.log | sympy.atan):
            raise OverflowError
        names = {"Abs": "fabs", "polygamma": "psi"}
        return getattr(mpmath, names.get(type(node).__name__, type(node).__name__))(*parts)

    with mpmath.workdps(digits):
        try:
            found = visit(expression, {name: mpmath.mpf(v.numerator) / v.denominator for name, v in values.items()})
        except (ValueError, OverflowError, ZeroDivisionError, TypeError):
            return None
        return found if isinstance(found, mpmath.mpf) and mpmath.isfinite(found) else None


def as_ball(value: Any, digits: int) -> Any:
    """Turn an mpmath number into a ball that allows for the last of its digits."""
    sign, mantissa, exponent, _ = value._mpf_
    middle = arb(-int(mantissa) if sign else int(mantissa)) * arb(2) ** int(exponent)
    return middle + arb(0, 1) * abs(middle) * arb(10) ** -digits


@settings(max_examples=400, deadline=None)
@given(expressions, inputs, st.sampled_from([53, 96, 192]))
def test_written_code_holds_the_value(expression, values, precision) -> None:
    if expression.has(sympy.zoo, sympy.nan, sympy.oo, sympy.I):
        return
    tape = compile_expression(expression)
    try:
        found = enclose_ball(tape, values, precision)
    except EnclosureError:
        return
    if not found.is_finite():
        return
    with ctx.workprec(4 * precision):
        walked = run(tape, Balls(), {name: ball(value) for name, value in values.items()})
        assert not walked.is_finite() or found.overlaps(walked)
    first, second = (by_mpmath(expression, values, digits) for digits in (60, 200))
    if first is None or second is None or abs(first - second) > abs(second) * mpmath.mpf(10) ** -40:
        return
    with ctx.workprec(1000):
        assert found.overlaps(as_ball(second, 38))
    try:
        low, high = ends(found)
    except EnclosureError:
        return
    outer = float_ends(found)
    assert outer[0] == -math.inf or Fraction(outer[0]) <= low
    assert outer[1] == math.inf or Fraction(outer[1]) >= high


@pytest.mark.parametrize("precision", [53, 96, 192, 384])
@pytest.mark.parametrize("terms", [0, 1, 63, 64, 65, 66, 1000])
def test_harmonic_numbers_hold_their_sum_on_both_sides_of_every_branch(terms, precision) -> None:
    edge = 1 + Fraction(precision, 6)
    exponents = [Fraction(e) for e in (-2, 0, 1, 2, 40, 10**6)] + [Fraction(1, 2), edge, edge + TINY, edge - TINY]
    for exponent in exponents:
        with ctx.workprec(precision):
            found = OPERATIONS["harmonic"](arb(terms), ball(exponent))
        with ctx.workprec(4 * precision + 200):
            truth = sum((arb(i) ** -ball(exponent) for i in range(1, terms + 1)), arb(0))
        assert found.is_finite(), exponent
        assert found.overlaps(truth), exponent
        assert truth.is_zero() or found.rel_accuracy_bits() > precision - 40, exponent


@pytest.mark.parametrize("terms", [0, 1, 2, 3, 4, 5, 63, 64, 65, 10**4])
@pytest.mark.parametrize("ratio", [Fraction(0), Fraction(1), 1 - TINY, 1 + TINY, Fraction(-5, 3), Fraction(2), TINY])
def test_geometric_sums_by_doubling_are_the_sum(ratio, terms) -> None:
    with ctx.workprec(96):
        found = OPERATIONS["geometric_sum"](ball(ratio), arb(terms))
    with ctx.workprec(30_000):
        q = ball(ratio)
        truth = arb(terms) if ratio == 1 else (1 - q**terms) / (1 - q)
    assert found.overlaps(truth)
    assert truth.is_zero() or found.rel_accuracy_bits() > 60


def test_a_negative_number_of_terms_is_refused() -> None:
    with pytest.raises(EnclosureError, match="no whole number of terms"):
        OPERATIONS["geometric_sum"](arb(0.5), arb(-1))


@settings(max_examples=2000, deadline=None)
@given(st.integers(-(2**200), 2**200), st.integers(-1300, 900), st.integers(0, 2**30 - 1), st.integers(-1400, 1000))
def test_float_ends_are_outside_and_next_to_the_ends(middle, power, radius, least) -> None:
    with ctx.workprec(4000):
        found = arb(arb(middle) * arb(2) ** power, arb(radius) * arb(2) ** least)
    parts = [found.mid().man_exp(), found.rad().man_exp()]
    centre, spread = (Fraction(int(mantissa)) * Fraction(2) ** int(exponent) for mantissa, exponent in parts)
    low, high = float_ends(found)
    for end, exact, outwards in ((low, centre - spread, -math.inf), (high, centre + spread, math.inf)):
        assert str(end) != "-0.0"
        if math.isinf(end):
            assert end == outwards
            assert abs(exact) > 1.7e308
            continue
        assert (exact - Fraction(end)) * (1 if outwards < 0 else -1) >= 0
        nearer = math.nextafter(end, -outwards)
        assert math.isinf(nearer) or (exact - Fraction(nearer)) * (1 if outwards < 0 else -1) <= 0


def test_a_reciprocal_is_rounded_at_the_precision_of_the_moment() -> None:
    code = ball_code(compile_expression(1 / lam))
    for precision in (53, 300, 53):
        with ctx.workprec(precision):
            assert code({"lam": arb(3)}).rel_accuracy_bits() == pytest.approx(precision, abs=4)

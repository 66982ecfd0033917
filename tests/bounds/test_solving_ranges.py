"""Ranges on intervals: rational functions, records that are played on many intervals, and zeros that stay zero."""

import itertools
from fractions import Fraction

import numpy as np
import pytest
import sympy
from flint import ctx, fmpq_poly
from hypothesis import assume, given
from hypothesis import strategies as st

from bounds.enclose import enclose_ball
from bounds.mixed import run_exact
from bounds.solving.jet_code import Recorder
from bounds.solving.ranges import RUNNING, Ranges, jet_on
from bounds.solving.ratios import (
    Curve,
    Ratio,
    constant_ratio,
    fraction,
    ratio_power,
    ratio_product,
    ratio_sum,
    short_power,
)
from bounds.tape import compile_expression, run

x, s, c = sympy.symbols("x s c")
ITSELF = compile_expression(RUNNING)
fractions = st.fractions(-20, 20, max_denominator=50)
polynomials = st.lists(fractions, min_size=1, max_size=7)


def ratio(top: list[Fraction], bottom: list[Fraction]) -> Ratio:
    """Return a quotient of polynomials through the arithmetic itself."""
    parts = [Ratio(fmpq_poly([fraction(value) for value in part]), fmpq_poly([1])) for part in (top, bottom)]
    inverse = ratio_power(parts[1], -1)
    assert inverse is not None
    return ratio_product(parts[0], inverse)


def horner(coefficients: list[Fraction], at: Fraction) -> Fraction:
    total = Fraction(0)
    for coefficient in reversed(coefficients):
        total = total * at + coefficient
    return total


@given(polynomials, polynomials, fractions, st.fractions(0, 30, max_denominator=20))
def test_a_curve_holds_its_values_and_slopes(top, bottom, low, width) -> None:
    assume(any(bottom))
    found = Curve.of(ratio(top, bottom)).jet(fraction(low), fraction(low + width))
    if not found.value.low.is_finite():
        return
    inner = [low + width * Fraction(i, 9) for i in range(10)]
    values = [(p, horner(bottom, p)) for p in inner]
    exact = [(p, horner(top, p) / under) for p, under in values if under]
    with ctx.workprec(400):
        for _, value in exact:
            assert found.value.low <= fraction(value) <= found.value.high
        for (a, first), (b, second) in itertools.pairwise(exact):
            if a < b:
                quotient = fraction((second - first) / (b - a))
                assert found.slope.low <= quotient <= found.slope.high


@given(polynomials, polynomials, polynomials, polynomials, fractions, st.integers(-3, 3))
def test_rational_functions_are_added_multiplied_and_raised_exactly(a, b, p, q, at, exponent) -> None:
    assume(any(b) and any(q) and horner(b, at) and horner(q, at))
    u, v = horner(a, at) / horner(b, at), horner(p, at) / horner(q, at)
    first, second = ratio(a, b), ratio(p, q)

    def value(found: Ratio) -> Fraction:
        top, bottom = found.top(fraction(at)), found.bottom(fraction(at))
        return Fraction(int(top.p), int(top.q)) / Fraction(int(bottom.p), int(bottom.q))

    assert value(ratio_sum(first, second)) == u + v
    assert value(ratio_product(first, second)) == u * v
    raised = ratio_power(first, exponent)
    assert (raised is None) == (exponent < 0 and not any(a))
    if raised is not None and (u or exponent >= 0):
        assert value(raised) == u**exponent
    for found in (ratio_sum(first, second), ratio_product(first, second)):
        assert found.bottom.degree() > 0 or found.bottom == fmpq_poly([1])


def test_a_power_that_is_long_is_not_written_out() -> None:
    assert short_power(constant_ratio(Fraction(3, 2)), 100)
    assert not short_power(constant_ratio(Fraction(3, 2)), 20_000)
    assert ratio_power(constant_ratio(Fraction(0)), -1) is None


EXPRESSIONS = [
    sympy.exp(-x) * s + sympy.log(1 + x) / (2 + s),
    (1 - s) ** 3 * x / (1 + x) + sympy.sqrt(x + s),
    sympy.Max(x, s) ** 2 + sympy.exp(s) * sympy.atan(x),
    x**s + s**x,
]


@pytest.mark.parametrize("expression", EXPRESSIONS, ids=str)
def test_a_record_played_on_many_intervals_is_each_interval_on_its_own(expression) -> None:
    rng = np.random.default_rng(21)
    tape, values = compile_expression(expression), {"x": ITSELF, "s": Fraction(2, 7)}
    ranges = Ranges(tape, values)
    for _ in range(40):
        low = Fraction(float(np.exp(rng.uniform(-3, 3))))
        high = low * Fraction(float(1 + 10 ** rng.uniform(-4, 3)))
        kept, alone = ranges.jet(low, high), jet_on(tape, low, high, values)
        for one, other in ((kept.value, alone.value), (kept.slope, alone.slope)):
            assert str((one.low, one.high)) == str((other.low, other.high))
        for i in range(5):
            ball = enclose_ball(tape, {"x": low + (high - low) * Fraction(i, 4), "s": Fraction(2, 7)}, 300)
            assert not ball < kept.value.low
            assert not ball > kept.value.high


def test_what_cannot_be_recorded_is_unknown_on_every_interval() -> None:
    ranges = Ranges(
        compile_expression(1 / (s - s * x + s * x - Fraction(2, 7)) + x), {"x": ITSELF, "s": Fraction(2, 7)}
    )
    assert not ranges.jet(Fraction(1), Fraction(2)).value.low.is_finite()
    count = Ranges(compile_expression(sympy.Sum(s, (s, 1, x))), {"x": ITSELF})
    assert not count.jet(Fraction(1), Fraction(2)).value.low.is_finite()


def test_zero_times_what_is_infinitely_steep_is_zero() -> None:
    tape = compile_expression(c * x ** sympy.Rational(1, 3))
    jet = jet_on(tape, Fraction(0), Fraction(1), {"x": ITSELF, "c": Fraction(0)})
    assert jet.value.low == 0 == jet.value.high
    assert jet.slope.nonnegative
    assert jet.slope.nonpositive
    # A factor without a value leaves the product without one.
    tape = compile_expression(c * sympy.log(x))
    assert not jet_on(tape, Fraction(0), Fraction(1), {"x": ITSELF, "c": Fraction(0)}).value.low.is_finite()


def test_constants_are_joined_once() -> None:
    recorder = Recorder()
    itself = Ratio(fmpq_poly([0, 1]), fmpq_poly([1]))
    with ctx.workprec(96):
        tape = compile_expression(sympy.exp(s) * sympy.log(s) * sympy.exp(x) * sympy.sqrt(s))
        found = run(tape, recorder, {"x": itself, "s": constant_ratio(Fraction(3))})
    # The symbol, its exponential, and one product with all that is constant.
    assert len(recorder.code(found).parts) == 3


def test_exact_values_where_the_rest_drops_out() -> None:
    tape = compile_expression((1 - 1 / s) * sympy.exp(-x) + 1 / s)
    assert run_exact(tape, {"s": Fraction(1), "x": Fraction(3, 7)}) == 1
    assert run_exact(tape, {"s": Fraction(2), "x": Fraction(3, 7)}) is None
    # Zero times what has no value, or is infinite, is not zero.
    assert run_exact(compile_expression(s * sympy.log(x)), {"s": Fraction(0), "x": Fraction(0)}) is None
    assert run_exact(compile_expression(s * x), {"s": Fraction(0), "x": float("inf")}) is None

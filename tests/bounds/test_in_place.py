"""Planned grids and written-out balls give what the plain walk of the tape gives, and keep digits that it loses."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from flint import arb, ctx
from hypothesis import given, settings
from hypothesis import strategies as st

import bounds
from bounds.ball_code import ball_code
from bounds.enclose import Balls, ball, ends, float_above, float_below, float_ends
from bounds.evaluate import Arrays
from bounds.in_place import plan_tape
from bounds.numerals import read_number
from bounds.tape import compile_expression, run
from bounds.testing import parameters

REGIMES = [
    theorem.at(**dict(regime.choices)) if theorem.regimes else theorem
    for theorem in bounds.catalog()
    for regime in (theorem.regimes or (None,))
]
STRAIGHT = [
    t for t in REGIMES if not compile_expression(t.expression).loops and not compile_expression(t.expression).integrates
]


def named(theorem: bounds.Theorem) -> str:
    return " ".join([theorem.id, *(value for _, value in theorem.choices)])


@pytest.mark.parametrize("theorem", STRAIGHT, ids=named)
@given(data=st.data())
@settings(max_examples=5, deadline=None)
def test_planned_operations_agree_with_the_plain_walk(theorem: bounds.Theorem, data: st.DataObject) -> None:
    point = data.draw(parameters(theorem))
    values = {s.name: float(point[s.name]) for s in theorem.symbols if s.name in point}
    tape = compile_expression(theorem.expression)
    with np.errstate(all="ignore"):
        plain = run(tape, Arrays(), {name: np.full(3, value) for name, value in values.items()})
        varied = {name: np.full(3, value) for name, value in values.items()}
        out = np.empty(3)
        plan_tape(tape, varied).run(varied, out)
    exact = theorem.evaluate(**dict(point))
    # Where the plain walk cancels, the plan may only be better.
    close = np.isclose(out, plain, rtol=1e-9, atol=0, equal_nan=True).all()
    assert close or abs(out[0] - exact) <= max(1e-9 * abs(exact), abs(np.ravel(plain)[0] - exact))


@pytest.mark.parametrize("theorem", STRAIGHT, ids=named)
@given(data=st.data())
@settings(max_examples=3, deadline=None)
def test_memory_used_again_holds_nothing_of_earlier_blocks(theorem: bounds.Theorem, data: st.DataObject) -> None:
    names = [s.name for s in theorem.symbols]
    points = [data.draw(parameters(theorem)) for _ in range(4)]
    columns = {name: np.array([float(point[name]) for point in points]) for name in names}
    tape = compile_expression(theorem.expression)
    with np.errstate(all="ignore"):
        plan = plan_tape(tape, columns)
        spare: list[np.ndarray] = []
        out = np.full(4, -7.0)
        # The second block is larger than the first, and the output of the third is no single piece of memory.
        plan.run({name: column[:1] for name, column in columns.items()}, out[:1], spare)
        plan.run({name: column[1:] for name, column in columns.items()}, out[1:], spare)
        apart = np.full((4, 2), -7.0)
        plan.run(columns, apart[:, 0], spare)
        for place, point in enumerate(points):
            alone = np.empty(1)
            only = {name: np.array([float(point[name])]) for name in names}
            plan_tape(tape, only).run(only, alone)
            assert np.array_equal(out[place : place + 1], alone, equal_nan=True)
            assert np.array_equal(apart[place, :1], alone, equal_nan=True)
    assert (apart[:, 1] == -7).all()
    assert all(not np.may_share_memory(memory, held) for memory in spare for held in (out, apart, *columns.values()))


@pytest.mark.parametrize("theorem", STRAIGHT, ids=named)
@given(data=st.data())
@settings(max_examples=3, deadline=None)
def test_written_out_balls_are_the_walked_ones(theorem: bounds.Theorem, data: st.DataObject) -> None:
    point = data.draw(parameters(theorem))
    tape = compile_expression(theorem.expression)
    with ctx.workprec(96):
        inputs = {name: ball(read_number(value)) for name, value in point.items()}
        walked, written = run(tape, Balls(), inputs), ball_code(tape)(inputs)
        assert (walked.is_nan() and written.is_nan()) or walked == written or walked.overlaps(written)
        assert walked.rad() == written.rad() or walked.is_nan()


def test_small_divergences_keep_their_digits_on_grids() -> None:
    theorem = bounds.get("lemma.bretagnolle_huber")
    small = np.array([1e-12, 1e-18, 1e-30])
    found = theorem.evaluate(kl=small)
    for kl, value in zip(small, found, strict=True):
        exact = theorem.evaluate(kl=float(kl), digits=30)
        assert abs(value / float(exact) - 1) < 1e-14


@given(
    middle=st.fractions(min_value=-(10**9), max_value=10**9, max_denominator=10**9),
    scale=st.integers(-280, 280),
    radius=st.integers(-300, 0),
)
@settings(deadline=None)
def test_float_ends_are_the_outward_neighbours(middle: Fraction, scale: int, radius: int) -> None:
    with ctx.workprec(96):
        found = ball(middle * Fraction(10) ** scale) + arb(0, 2.0**radius)
    low, high = ends(found)
    assert float_ends(found) == (float_below(low), float_above(high))
    assert math.copysign(1, float_ends(arb(0))[1]) == 1

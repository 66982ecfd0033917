"""Directions proved on a box: never contradicted inside it, found where the form decides nothing, never where false."""

import itertools
import time
from fractions import Fraction

import numpy as np
import pytest
import sympy
from samples import points, regimes_of

import bounds
from bounds.audit import audit
from bounds.auditing.boxes import direction_on_box
from bounds.enclose import enclose_ball
from bounds.errors import ArgumentError
from bounds.solving.ranges import sign_on_box, trend_on_box
from bounds.symbols import PARAMETERS
from bounds.tape import compile_expression

CASES = [
    one
    for theorem in bounds.catalog()
    for one in regimes_of(theorem)
    if not one.structured and not compile_expression(one.expression).integrates
]
NAMES = [f"{one.id}-{'-'.join(value for _, value in one.choices)}" for one in CASES]
x, y = sympy.symbols("x y", real=True)
SQUARE = {"x": (Fraction(1, 2), Fraction(2)), "y": (Fraction(1), Fraction(3))}


def sides(where: str) -> dict[str, tuple[Fraction, Fraction]]:
    """Read the box that an answer names."""
    found = {}
    for part in where.split(", "):
        if " from " in part:
            name, ends = part.split(" from ")
            low, high = ends.split(" to ")
            found[name] = (Fraction(low), Fraction(high))
    return found


@pytest.mark.parametrize("theorem", CASES, ids=NAMES)
def test_no_value_contradicts_a_direction_on_a_box(theorem: bounds.Theorem) -> None:
    rng = np.random.default_rng(5)
    point = next(points(theorem, rng))
    for symbol in theorem.symbols:
        found = direction_on_box(theorem, symbol.name, point, frozenset(), time.monotonic() + 0.2)
        if found is None:
            continue
        box = sides(found.where)
        for _ in range(4):
            # The ends were rounded for people, so that draws keep away from them.
            inner = {
                name: low + (high - low) * Fraction(int(rng.integers(1, 100)), 100) for name, (low, high) in box.items()
            }
            here = {**point, **{n: Fraction(round(v)) if PARAMETERS[n].integer else v for n, v in inner.items()}}
            if symbol.name not in box:
                continue
            low, high = box[symbol.name]
            walk = sorted({low + (high - low) * Fraction(i, 6) for i in range(1, 6)})
            if PARAMETERS[symbol.name].integer:
                walk = sorted({Fraction(round(v)) for v in walk})
            values = [value(theorem, {**here, symbol.name: v}) for v in walk]
            for left, right in itertools.pairwise(values):
                if left is not None and right is not None:
                    assert not (found.trend >= 0 and left > right), (here, found.where)
                    assert not (found.trend <= 0 and left < right), (here, found.where)


def value(theorem: bounds.Theorem, values: dict[str, object]) -> object:
    """Return a ball, or None where the theorem says nothing."""
    try:
        theorem.enclose(**values)
    except bounds.LoopboundsError:
        return None
    return enclose_ball(compile_expression(theorem.expression), values, 200)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (x**2 * y, 1),
        (-sympy.exp(x) / y, -1),
        (sympy.Max(x, y), 1),
        (sympy.Min(y, 5) + 0 * x, 0),
        (x * y - y**2, 1),
        ((x - 1) ** 2 * y, None),  # turns inside
        (x / (y - 2), None),  # a pole, and another sign on either side
        (sympy.sqrt(x - 1), None),  # undefined on part of the box
        (1 / (x - 1), None),
    ],
)
def test_directions_of_plain_functions(expression: sympy.Expr, expected: int | None) -> None:
    assert trend_on_box(compile_expression(expression), "x", SQUARE, {}) == expected


def test_signs_on_a_box() -> None:
    assert sign_on_box(compile_expression(x * y), SQUARE, {}) == 1
    assert sign_on_box(compile_expression(x - y - 2), SQUARE, {}) == -1
    assert sign_on_box(compile_expression(x - y), SQUARE, {}) is None
    assert sign_on_box(compile_expression(sympy.log(x - 1)), SQUARE, {}) is None


def test_the_audit_names_the_box() -> None:
    (found,) = audit(bounds.get("fu2025.attention_stability"))
    rows = {row.subject: row for row in found.monotone}
    assert (rows["Gamma"].result, rows["Gamma"].how) == ("increasing", "proved on a box")
    box = sides(rows["Gamma"].note)
    assert box["Gamma"][0] < found.reference["Gamma"] < box["Gamma"][1]
    assert set(box) <= set(found.reference)


def test_numbers_of_steps_are_followed_one_by_one() -> None:
    (found,) = audit(
        bounds.get("bertrand2024.normal_mixed_moments"), {"statistic": "variance", "n": 10, "alpha": "0.3"}
    )
    (row,) = found.monotone
    assert (row.subject, row.result, row.how) == ("t", "increasing", "proved on a box")
    low, high = sides(row.note)["t"]
    given = {"statistic": "variance", "n": 10, "alpha": "0.3"}
    values = [bounds.get("bertrand2024.normal_mixed_moments").evaluate(t=t, digits=80, **given) for t in range(1, 60)]
    assert (low, high) == (1, 59)
    assert all(a < b for a, b in itertools.pairwise(values))


def test_spellings_are_converted_as_everywhere() -> None:
    theorem = bounds.get("bertrand2024.normal_mean_loop")
    (one,) = audit(theorem, {"alpha": "1/4", "data": "reused", "n_total": 100}, seconds=3)
    assert (one.reference["lam"], one.reference["n"]) == (3, 25)
    (two,) = audit(theorem, {"lambda": "1/3", "data": "fresh", "n": 90}, seconds=3)
    assert (two.reference["alpha"], two.reference["n"]) == (Fraction(3, 4), 120)
    (three,) = audit(bounds.get("ferbach2024.kl_ball"), {"alpha": "4/5"}, seconds=3)
    assert three.reference["lam"] == Fraction(1, 4)
    assert [row.subject for row in three.monotone] == ["K"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"n_real": 30, "data": "fresh"}, "give one of them too"),
        ({"alpha": "1/4", "lam": 3, "data": "fresh"}, "not both"),
        ({"alpha": 0, "data": "reused"}, "does not cover"),
        ({"n": "3.5", "data": "fresh"}, "whole number"),
        ({"lam": -1, "data": "reused"}, "lam = -1"),
    ],
)
def test_bad_spellings_are_refused(given: dict[str, object], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        audit(bounds.get("bertrand2024.normal_mean_loop"), given)


def test_a_root_of_a_recursion_has_thresholds() -> None:
    (found,) = audit(
        bounds.get("fu2025.categorical_loop_upper"), {"data": "reused", "alpha": "1/2", "n": 100}, seconds=5
    )
    assert {row.symbol for row in found.thresholds} >= {"k"}

"""Proofs of what is false, names that mean two things, and claims that fail by a hair."""

from __future__ import annotations

from typing import Any

import pytest
from sympy import Max, Rational, Sum, Symbol, exp, log, sqrt

from bounds.certify import Claim, NotProved, Outcome, certify, check, inequality
from bounds.errors import ArgumentError
from bounds.functions import Recurrence, geometric_sum

x, y, w, total = Symbol("x", real=True), Symbol("y", nonnegative=True), Symbol("w"), Symbol("_total")
k, m = Symbol("k", integer=True), Symbol("m", integer=True, nonnegative=True)
i, s = Symbol("i", integer=True), Symbol("s", real=True)
BALLS = {"rule": "balls"}
ZERO = {"rule": "identity", "constant": "0", "factors": []}
HALF_A_SQUARE = {"rule": "parts", "then": [BALLS, {"rule": "parts", "then": []}]}
# 1 + state, by the distance of the state to 0 and a hypothesis that is not used.
STATE = {
    "rule": "identity",
    "constant": "1",
    "factors": [
        {"terms": [["1", [1]], ["1", [0]]], "power": 1, "sign": 1, "sum": [["1", [1, 0]], ["1", [0, 0]]]},
    ],
}
STEPS = Recurrence(s, [s], [0], [s + 1], i)
other_x = Symbol("x", positive=True)

FALSE_PROOFS = [
    (
        "slopes at whole numbers only: it falls between 0 and 1",
        inequality(0, m**3 / 3 - m**2 / 2, {m: (0, 1)}),
        {
            "rule": "monotone",
            "symbol": "m",
            "end": "low",
            "then": [BALLS, {"rule": "by value", "symbol": "m", "then": [BALLS, BALLS]}],
        },
    ),
    (
        "a power of a negative base: at x = -2 and y = 1/2 it is -2",
        inequality((w**2) ** y / 2**y, w ** (2 * y), {w: (-2, 2), y: ("1/3", "2/3")}),
        {"rule": "power", "then": [HALF_A_SQUARE, HALF_A_SQUARE, BALLS]},
    ),
    (
        "a recursion of another length in each term: it is 1 - 3",
        inequality(0, Sum((2 - i) * STEPS, (i, 1, 3)), {}),
        {"rule": "induction", "low": "0", "then": [BALLS, BALLS, ZERO, STATE]},
    ),
    ("two symbols of one name", inequality(other_x, x, {other_x: (5, 6), x: (0, 1)}), ZERO),
    (
        "a symbol and a state of one name: the recursion is at 1/8",
        inequality(Rational(1, 4), Recurrence(x, [x], [1], [x / 2], 3) + 0 * x, {x: (1, 2)}),
        {"rule": "rename", "part": "x/2", "name": "z", "sign": 1, "low": "1/3", "high": "2", "then": [BALLS] * 3},
    ),
    (
        "a name that sums keep for themselves: the sum is 5 at 1",
        inequality(Sum(total + i, (i, 1, 2)), 4, {total: (1, 1)}),
        BALLS,
    ),
    ("a symbol without a range", Claim(x**2, (), ()), {"rule": "parts", "then": []}),
    (
        "a sum of fewer than no terms: at q = 1/2 it is -2",
        inequality(0, geometric_sum(y, k), {y: ("1/2", "1/2"), k: (-1, -1)}),
        BALLS,
    ),
]


@pytest.mark.parametrize(("claim", "certificate"), [c[1:] for c in FALSE_PROOFS], ids=[c[0] for c in FALSE_PROOFS])
def test_proofs_of_what_is_false_are_refused(claim: Claim, certificate: Any) -> None:
    with pytest.raises(NotProved):
        check(claim, certificate)


def test_a_whole_symbol_is_followed_along_all_real_numbers() -> None:
    # The slope m^2 + 1 has one sign everywhere, so the same argument stands.
    claim = inequality(0, m**3 / 3 + m, {m: (0, 9)})
    slope = {"rule": "parts", "then": [BALLS, {"rule": "parts", "then": []}]}
    assert check(claim, {"rule": "monotone", "symbol": "m", "end": "low", "then": [BALLS, slope]}) == 5


def test_an_index_is_what_its_limits_say_and_not_what_it_is_assumed_to_be() -> None:
    below = Symbol("i", integer=True, negative=True)
    certificate = {"rule": "summand", "name": "z", "then": [{"rule": "identity", "constant": "-1", "factors": []}]}
    with pytest.raises(NotProved):
        check(inequality(0, Sum(-below, (below, 1, 3)), {}), certificate)


@pytest.mark.parametrize(
    ("left", "right", "box"),
    [
        (x, other_x, {x: (0, 1), other_x: (5, 6)}),
        (x / 100, Recurrence(x, [x], [1], [x / 2], 3), {x: (0, 1)}),
        (k, Sum(k, (k, 1, 3)), {k: (0, 6)}),
    ],
)
def test_ambiguous_names_are_refused(left: Any, right: Any, box: Any) -> None:
    with pytest.raises(ArgumentError, match=r"two symbols are named|is both a symbol"):
        certify(left, right, box)


def test_points_are_what_their_symbols_are_assumed_to_be() -> None:
    count = Symbol("count", integer=True, positive=True)
    # Sympy takes the sum of powers of 0 for 1, which it is not without terms.
    answer = certify(1, geometric_sum(0, count) + 0 * count, {count: (0, 3)})
    assert answer.point is not None
    assert answer.point["count"] >= 1
    imaginary = Symbol("z", imaginary=True)
    assert certify(0, -(imaginary**2), {imaginary: (1, 2)}).outcome is Outcome.UNDECIDED


def test_a_hypothesis_that_is_undefined_somewhere_is_no_error() -> None:
    given = geometric_sum(m, m) >= m ** (-2)
    assert certify(exp(-m), exp(-m) + m - 1, {m: (0, 4)}, [given]).outcome is not Outcome.REFUTED


CORNERS = [
    (Rational(1, 10**12), x + y, {x: (0, 1), y: (0, 1)}, ()),
    (Rational(1, 10**12), sqrt(y), {y: (0, 1)}, ()),
    (log(y), y - 1 - Rational(1, 10**14), {y: (Rational(1, 2), 2)}, ()),
    (1 + x, exp(x) - Rational(1, 10**20), {x: (-1, 1)}, ()),
    (x * y, 1 - Rational(1, 10**15), {x: (0, 1), y: (0, 1)}, ()),
    (x, y, {x: (0, 1), y: (0, 1)}, (x <= y + Rational(1, 10**15),)),
    (0, geometric_sum(y, m) - 1, {y: (0, 1), m: (0, "inf")}, ()),  # false without terms only
    (0, (x - Rational(1, 3)) ** 2 - Rational(1, 10**24), {x: (0, 1)}, ()),
    (0, Max(x, 1 - x) - Rational(1, 2) - Rational(1, 10**16), {x: (0, 1)}, ()),
    (m, Sum(i, (i, 1, m)) - Rational(1, 10**12), {m: (1, 40)}, ()),
]


@pytest.mark.parametrize(("left", "right", "box", "given"), CORNERS, ids=str)
def test_what_fails_in_a_corner_by_a_hair_is_not_proved(left: Any, right: Any, box: Any, given: Any) -> None:
    assert certify(left, right, box, given, seconds=0.5).outcome is not Outcome.PROVED

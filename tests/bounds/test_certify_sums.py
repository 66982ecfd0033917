"""Proofs for integrals, sums and recursions of any length, and what their rules refuse."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import sympy
from sympy import Integer, Rational, Sum, Symbol

import bounds
from bounds.certify import NotProved, Outcome, certify, check, inequality
from bounds.certify.checker import RULES
from bounds.certify.structure import prove_by_structure
from bounds.certify.theorems import compare
from bounds.functions import Recurrence, geometric_sum
from bounds.integrals.integral import TailedIntegral

ALL = (0, "inf")
x, y = Symbol("x", real=True), Symbol("y", nonnegative=True)
u, X = Symbol("u", real=True), Symbol("X", positive=True)
i = Symbol("i", integer=True, nonnegative=True)
t = Symbol("t", integer=True, positive=True)


@dataclass(frozen=True)
class Mixture:
    weights: tuple[str, ...] = ("0.3", "0.7")
    means: tuple[int, ...] = (-2, 1)
    stds: tuple[str, ...] = ("0.5", "1")


def smooth(integrand: Any, left: Any = 0) -> Any:
    """Integrate over a half line, or with a left end that recedes over the line."""
    return TailedIntegral(integrand, u, left, X, X, sympy.exp(-X), 1, [(0, 1)])


LAWS = [{"space": "line"}, {"space": "isotropic"}, {"law": Mixture()}]
UPPER = [
    ("fu2024.kde_loop", {"form": "second_moment"}),
    ("fu2024.kde_loop", {"form": "variance"}),
    ("fu2024.kde_loop_reused", {"reused": "share"}),
]


@pytest.mark.parametrize("law", LAWS, ids=str)
@pytest.mark.parametrize(("name", "choices"), UPPER, ids=str)
def test_a_kernel_loop_keeps_its_lower_bound_below_its_upper_one(name: str, choices: Any, law: Any) -> None:
    sides = []
    for theorem, chosen in ((bounds.get("fu2024.kde_loop_lower"), {}), (bounds.get(name), choices)):
        if "law" in law:
            theorem, _ = theorem.structured[0].narrow(theorem, law)
            sides.append(theorem.at(**chosen))
        else:
            sides.append(theorem.at(**law, **chosen))
    symbols = {s for one in sides for s in one.symbols}
    small = {"alpha": (0, 1), "h": ALL, "sigma": ALL}
    box = {s: small.get(s.name, (1, "inf")) for s in symbols}
    claim = inequality(sides[0].expression, sides[1].expression, box, sides[0].hypotheses + sides[1].hypotheses)
    found = json.loads(json.dumps(prove_by_structure(claim)))
    assert check(claim, found) > 10
    # The converse has no such proof, nor has a bound whose fluctuations are taken off instead of added.
    assert prove_by_structure(claim.about(-claim.expression)) is None
    turned = {s: -s for s in symbols if s.name == "n"}
    assert prove_by_structure(claim.about(claim.expression.xreplace(turned))) is None
    with pytest.raises(NotProved):
        check(claim.about(claim.expression.xreplace(turned)), found)


def test_comparing_integrals_says_what_was_proved_and_where() -> None:
    box = {"alpha": (0, 1), "h": ("0.1", 1), "sigma": 1, "n": (10, 1000), "t": (1, "inf")}
    pair = bounds.get("fu2024.kde_loop_lower"), bounds.get("fu2024.kde_loop")
    found = compare(*pair, box).answer
    assert found.outcome is Outcome.PROVED
    assert found.left is not None
    assert found.right is not None
    assert found.left[1] < found.right[0]
    assert compare(*pair[::-1], {**box, "t": (1, 3)}).answer.outcome is Outcome.REFUTED


@pytest.mark.parametrize("schedule", ["fully_synthetic", "real_plus_last", "balanced"])
def test_named_schedules_follow_their_closed_forms_for_ever(schedule: str) -> None:
    box: dict[str, Any] = {"e": ALL, "t": (1, "inf"), "schedule": schedule}
    if schedule == "real_plus_last":
        box["alpha"] = (0, 1)
    pair = bounds.get("fu2024.recursion"), bounds.get(f"fu2024.{schedule}")
    for first, second in (pair, pair[::-1]):
        assert compare(first, second, box).answer.outcome is Outcome.PROVED


@pytest.mark.parametrize("k", [(1, "inf"), (2, 50)], ids=str)
def test_loops_of_cell_frequencies_keep_their_bounds_apart(k: Any) -> None:
    pair = bounds.get("fu2025.categorical_loop_lower"), bounds.get("fu2025.categorical_loop_upper")
    box = {"n": (1, "inf"), "alpha": (0, 1), "k": k, "collision": (0, 1), "t": (1, "inf"), "data": "fresh"}
    assert compare(*pair, box).answer.outcome is Outcome.PROVED
    assert compare(*pair[::-1], box).answer.outcome is Outcome.REFUTED


# Certificates that must be refused: each would prove something false, or something not shown.
REFUSED = [
    ("a sum with a negative term", inequality(0, x - 1 + y, {x: (0, 1), y: (0, 1)}), {"rule": "parts", "then": [{}]}),
    ("an odd power", inequality(0, (x - 1) ** 3, {x: (0, 1)}), {"rule": "parts", "then": []}),
    (
        "an index below 0 that is assumed not to be",
        inequality(0, Sum(i * x, (i, -3, 2)), {x: (0, 1)}),
        {"rule": "summand", "name": "k", "then": [{"rule": "balls"}]},
    ),
    (
        "integrals over different ranges",
        inequality(smooth(sympy.exp(-u)), smooth(2 * sympy.exp(-u), -X), {}),
        {"rule": "integrand", "name": "k", "then": [{"rule": "evident"}]},
    ),
    (
        "a term beside the integral",
        inequality(5, smooth(sympy.exp(-u)), {}),
        {"rule": "integrand", "name": "k", "then": [{"rule": "evident"}]},
    ),
    (
        "a product with a symbol that may be 0",
        inequality(0, -x, {x: (0, 1)}),
        {"rule": "times", "symbol": "x", "then": [{"rule": "balls"}]},
    ),
    (
        "a recursion that starts elsewhere",
        inequality(2, Recurrence(x, (x,), (1,), (x + 1,), t), {t: (1, 9)}),
        {"rule": "affine", "then": [{"rule": "balls"}, {"rule": "balls"}]},
    ),
    (
        "a closed form that holds at the start only",
        inequality(0, Recurrence(x, (x,), (1,), (-x,), t), {t: (1, 9)}),
        {"rule": "solved", "closed": [[["1", [0, 0, 0]]]], "then": [{"rule": "balls"}, {"rule": "balls"}]},
    ),
    (
        "a closed form with another start",
        inequality(1, Recurrence(x, (x,), (0,), (x,), t), {t: (1, 9)}),
        {"rule": "solved", "closed": [[["1", [0, 0, 0]]]], "then": [{"rule": "balls"}, {"rule": "balls"}]},
    ),
    (
        "a root below what is subtracted",
        inequality(2 * sympy.Abs(x), sympy.sqrt(x**2), {x: (0, 1)}),
        {"rule": "root", "then": [{"rule": "balls"}, {"rule": "balls"}]},
    ),
]


@pytest.mark.parametrize(("claim", "certificate"), [c[1:] for c in REFUSED], ids=[c[0] for c in REFUSED])
def test_what_does_not_follow_is_refused(claim: Any, certificate: Any) -> None:
    with pytest.raises(NotProved):
        check(claim, certificate)


def test_the_terms_of_a_sum_are_bounded_by_its_limits() -> None:
    # i - 2 is negative at i = 1 only, so the limits decide.
    for first, proved in ((1, False), (2, True)):
        claim = inequality(0, Sum((i - 2) * y**i, (i, first, t)), {y: ALL, t: (1, "inf")})
        assert (prove_by_structure(claim) is not None) is proved
    inside = inequality(0, Sum(Sum((t - i) ** Rational(3, 2), (i, 1, t)), (t, 1, 5)), {})
    assert prove_by_structure(inside) is None or check(inside, prove_by_structure(inside) or {}) > 0


def test_numbers_agree_with_every_structural_proof() -> None:
    """Random sums, products and powers: whatever is said to be nonnegative is so at random points."""
    proved = 0
    for number in range(150):
        rng = np.random.default_rng([5, number])
        expression = _random(rng, 3)
        claim = inequality(0, expression, {x: (0, 2), y: (0, 3)})
        certificate = prove_by_structure(claim)
        if certificate is None:
            continue
        proved += 1
        check(claim, certificate)
        for _ in range(10):
            point = {x: Rational(int(rng.integers(0, 9)), 4), y: Rational(int(rng.integers(0, 13)), 4)}
            value = sympy.N(_written_out(expression).xreplace(point))
            assert not value.is_real or value >= 0
    assert proved > 20


def _written_out(node: Any) -> Any:
    """Add up the terms of sums, the inner ones first."""
    parts = [_written_out(part) for part in node.args if not isinstance(part, sympy.Tuple)]
    if isinstance(node, Sum):
        ((index, first, last),) = node.limits
        return sympy.Add(*(parts[0].xreplace({index: Integer(k)}) for k in range(int(first), int(last) + 1)))
    return node.func(*parts) if parts else node


def _random(rng: np.random.Generator, depth: int) -> Any:
    """Draw an expression."""
    if depth == 0:
        return [x, y, Rational(int(rng.integers(-3, 4)), 2), x - 1, 2 - x, y + 1, x * y - 1][int(rng.integers(7))]
    parts = [_random(rng, depth - 1) for _ in range(2)]
    kind = int(rng.integers(8))
    match kind:
        case 0 | 1:
            return parts[0] + parts[1]
        case 2 | 3:
            return parts[0] * parts[1]
        case 4:
            return parts[0] ** 2
        case 5:
            return sympy.sqrt(parts[0]) if parts[0].is_nonnegative else parts[0] ** 3
        case 6:
            return Sum((i + parts[0]) * parts[1], (i, 1, 3))
        case _:
            return sympy.Max(parts[0], parts[1])


def test_rules_have_distinct_names_and_all_are_known_to_the_checker() -> None:
    assert {"integrand", "summand", "root", "states", "parts", "times", "affine", "solved", "bisect"} <= set(RULES)


def test_geometric_closed_form_of_a_recursion_from_zero() -> None:
    q, b = Symbol("q", nonnegative=True), Symbol("b", nonnegative=True)
    node = Recurrence(x, (x,), (Integer(0),), (q * x + b,), t)
    box = {q: ALL, b: ALL, t: (1, "inf")}
    for left, right in ((node, b * geometric_sum(q, t)), (b * geometric_sum(q, t), node)):
        assert certify(left, right, box).outcome is Outcome.PROVED
    small = {q: (0, 1), b: (0, 1), t: (1, 15)}
    assert certify(node, b * geometric_sum(q, t) - Rational(1, 1000), small).outcome is Outcome.REFUTED

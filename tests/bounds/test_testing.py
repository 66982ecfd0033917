"""The public strategies: inside means inside, broken means exactly one, and edges are reached."""

from __future__ import annotations

import builtins
import itertools
from dataclasses import replace
from fractions import Fraction
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from sympy import Eq, Rational, exp, sqrt

import bounds
from bounds.drawing.points import attempt, draw_point
from bounds.drawing.repair import draw_value, edge, inside, probes, simplest_between
from bounds.hypotheses import holds
from bounds.symbols import PARAMETERS, K, alpha, gap, lam, mean, n, rho, t
from bounds.testing import breakable, breaking, parameters, points, regimes_of, witness

KL_BALL = bounds.get("ferbach2024.kl_ball")
QUIET = settings(max_examples=60, deadline=None, derandomize=True, database=None)


def theorem(*hypotheses: Any, expression: Any = lam + t + alpha) -> bounds.Theorem:
    return replace(KL_BALL, id="test.case", hypotheses=hypotheses, expression=expression)


@QUIET
@given(st.data())
def test_values_lie_in_their_domain(data: st.DataObject) -> None:
    described = PARAMETERS[data.draw(st.sampled_from(sorted(PARAMETERS)))]
    value = draw_value(described, lambda low, high: data.draw(st.integers(low, high)))
    assert inside(described, value)


@pytest.mark.parametrize("name", sorted(PARAMETERS))
def test_probes_ascend_inside_the_domain(name: str) -> None:
    found = probes(PARAMETERS[name])
    assert len(found) >= 5
    assert all(a < b for a, b in itertools.pairwise(found))
    assert all(inside(PARAMETERS[name], value) for value in found)


@QUIET
@given(st.fractions(), st.fractions())
def test_the_simplest_fraction_is_simplest(a: Fraction, b: Fraction) -> None:
    low, high = min(a, b), max(a, b)
    found = simplest_between(low, high)
    assert low <= found <= high
    smaller = range(1, min(found.denominator, 200))
    assert not any(low * d <= -(-low.numerator * d // low.denominator) <= high * d for d in smaller)


@QUIET
@given(st.integers(-1000, 1000), st.integers(1, 2000))
def test_edges_of_whole_numbers_are_neighbours(cut: int, width: int) -> None:
    last, first = edge(lambda x: x <= cut, Fraction(cut - width), Fraction(cut + width), whole=True)
    assert (last, first) == (cut, cut + 1)


CASES = [
    theorem(lam * (t + 1) < Rational(1, 2)),
    theorem(lam + t >= 3, lam <= 4, t >= 1),
    theorem(lam**2 <= alpha, alpha < lam),
    theorem(exp(-gap) + 1 / K <= Rational(1, 10), expression=gap + K),
    theorem(Eq(lam, alpha), expression=lam + alpha),
    theorem(sqrt(lam) * n < 3, lam > 0, n > 2, expression=lam * n),
    theorem(rho < 1, (1 - rho) * mean >= 5, mean <= 6, expression=rho * mean),
]


@pytest.mark.parametrize("case", CASES, ids=lambda c: "; ".join(map(str, c.hypotheses)))
def test_inside_means_every_hypothesis_holds(case: bounds.Theorem) -> None:
    @QUIET
    @given(parameters(case))
    def check(values: dict[str, Any]) -> None:
        assert set(values) == {s.name for s in case.symbols}
        assert all(holds(relation, values) for relation in case.hypotheses)
        assert all(inside(PARAMETERS[name], value) for name, value in values.items())

    check()


@pytest.mark.parametrize("case", CASES, ids=lambda c: "; ".join(map(str, c.hypotheses)))
def test_broken_means_exactly_one(case: bounds.Theorem) -> None:
    seen: set[Any] = set()

    @QUIET
    @given(breaking(case))
    def check(broken: tuple[dict[str, Any], Any]) -> None:
        values, relation = broken
        seen.add(relation)
        assert [h for h in case.hypotheses if not holds(h, values)] == [relation]
        assert all(inside(PARAMETERS[name], value) for name, value in values.items())

    check()
    assert seen == set(breakable(case))


@pytest.mark.parametrize("theorem_id", ["ferbach2024.reward_increase"])
def test_the_edge_is_reached(theorem_id: str) -> None:
    one = bounds.get(theorem_id)
    allowing = [h for h in one.hypotheses if h.rel_op in ("<=", ">=") and not h.has(sqrt(2)) and not h.atoms(exp)]
    source = points(one, np.random.default_rng(0))
    drawn = [next(source) for _ in range(200)]
    for relation in allowing[:1]:
        assert any(holds(Eq(relation.lhs, relation.rhs, evaluate=False), values) for values in drawn), relation


def test_ends_of_domains_and_infinity_are_reached() -> None:
    source = points(bounds.get("ferbach2024.concentration"), np.random.default_rng(0))
    drawn = [next(source) for _ in range(200)]
    assert any(values["gap"] == float("inf") for values in drawn)
    assert any(values["p_star"] == 1 for values in drawn)
    assert any(values["t"] == 0 for values in drawn)


def test_contradictions_are_reported() -> None:
    never = theorem(lam < 1, lam > 2)
    assert witness(never) is None
    with pytest.raises(bounds.ArgumentError, match=r"no search met lam < 1; lam > 2; the hypotheses may contradict"):
        parameters(never)
    with pytest.raises(bounds.ArgumentError, match="no search met"):
        draw_point(never, lambda low, high: low)


def test_nothing_to_break() -> None:
    with pytest.raises(bounds.ArgumentError, match="no hypothesis that can be broken alone"):
        breaking(theorem())
    redundant = theorem(t >= 2, t + lam >= 1)
    assert breakable(redundant) == (t >= 2,)


def test_failures_shrink_to_simple_values() -> None:
    found = find(
        parameters(KL_BALL),
        lambda values: values["lam"] * (values["K"] - 1) > Fraction(1, 10),
        settings=settings(
            max_examples=2000, phases=(Phase.generate, Phase.shrink), suppress_health_check=list(HealthCheck)
        ),
        random=Random(0),
    )
    assert found["K"] <= 4
    assert found["lam"].denominator <= 100


def test_choices_are_drawn_with_the_parameters() -> None:
    one = bounds.get("bertrand2024.normal_mean_loop")
    seen: set[str] = set()

    @QUIET
    @given(parameters(one))
    def check(values: dict[str, Any]) -> None:
        seen.add(values["data"])
        assert 0 <= one.evaluate(**values) <= 1

    check()
    assert seen == {"synthetic", "fresh", "reused"}
    with pytest.raises(bounds.ArgumentError, match="several regimes"):
        next(points(one, np.random.default_rng(0)))


def test_the_same_seed_gives_the_same_points() -> None:
    first, second = (points(KL_BALL, np.random.default_rng(3)) for _ in range(2))
    assert [next(first) for _ in range(20)] == [next(second) for _ in range(20)]


def test_every_regime_of_the_catalogue_can_be_drawn() -> None:
    for one in (one for found in bounds.catalog() for one in regimes_of(found)):
        values = next(points(one, np.random.default_rng(0)))
        assert all(holds(relation, values) for relation in one.hypotheses), one.id


def test_fixed_symbols_stay() -> None:
    rng = np.random.default_rng(0)
    found = attempt(KL_BALL, KL_BALL.hypotheses, lambda a, b: int(rng.integers(a, b + 1)), {"K": Fraction(7)})
    assert found is not None
    assert found["K"] == 7


def test_without_hypothesis_the_message_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("hypothesis"):
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(bounds.LoopboundsError, match="pip install hypothesis"):
        parameters(KL_BALL)

"""One suite over every theorem and regime: three ways to a value must agree, inside the hypotheses and at their edge."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from samples import points, regimes_of

import bounds
from bounds.hypotheses import holds, relation_text
from bounds.tape import compile_expression
from bounds.testing import breakable, breaking, parameters

# Integrals take longer and their floats come from quadrature: test_integrals.py holds them to the same.
CASES = [
    one
    for theorem in bounds.catalog()
    for one in regimes_of(theorem)
    if not compile_expression(one.expression).integrates
]
NAMES = [f"{one.id}-{'-'.join(value for _, value in one.choices)}" for one in CASES]
LIGHT = settings(max_examples=10, deadline=None, derandomize=True, database=None)


def spread(theorem: bounds.Theorem, point: dict[str, float], single: float) -> float:
    """How far the exact value moves when one input moves by a few roundings: no double can be nearer than that."""
    moved = [{**point, name: point[name] * (1 + step)} for name in point for step in (-1e-15, 1e-15) if point[name] % 1]
    found = []
    for other in moved:
        try:
            found.append(abs(theorem.evaluate(**other) - single))
        except bounds.LoopboundsError:
            return float("inf")  # the point is within rounding of the edge
    return max(found, default=0.0)


@pytest.mark.parametrize("theorem", CASES, ids=NAMES)
def test_enclosures_contain_the_hundred_digit_value(theorem: bounds.Theorem) -> None:
    rng = np.random.default_rng(1)
    source = points(theorem, rng)
    for _ in range(25):
        values = next(source)
        lower, upper = theorem.enclose(**values)
        exact = theorem.evaluate(**values, digits=100)
        assert mpmath.mpf(lower) <= exact <= mpmath.mpf(upper), values
        # The digits of the mpmath route are real: they lie within a much narrower enclosure.
        low, high = theorem.enclose(**values, digits=90)
        with mpmath.workdps(110):
            slack = abs(exact) * mpmath.mpf(10) ** -88 + mpmath.mpf(10) ** -1000
            assert low - slack <= exact <= high + slack, values


@pytest.mark.parametrize("theorem", CASES, ids=NAMES)
def test_floats_lie_in_the_enclosure(theorem: bounds.Theorem) -> None:
    source = points(theorem, np.random.default_rng(2))
    for _ in range(25):
        values = next(source)
        lower, upper = theorem.enclose(**values)
        assert lower <= theorem.evaluate(**values) <= upper, values
        # The ball around a value that is itself a double reaches to both neighbours: two units in the last place.
        assert upper - lower <= 4.5e-16 * max(abs(lower), abs(upper)) + 1e-300, values


@pytest.mark.parametrize("theorem", CASES, ids=NAMES)
def test_grids_agree_with_single_values(theorem: bounds.Theorem) -> None:
    source = points(theorem, np.random.default_rng(3))
    drawn = [{k: float(v) for k, v in next(source).items()} for _ in range(25)]
    grid = {name: np.array([point[name] for point in drawn]) for name in drawn[0]}
    values = theorem.evaluate(**grid)
    for value, point in zip(values, drawn, strict=True):
        try:
            single = theorem.evaluate(**point)
        except bounds.HypothesisError:
            assert np.isnan(value), point
            continue
        # Doubles lose what the expression cancels: compare on the scale of its largest inputs.
        scale = max(abs(single), 1e-3 if theorem.quantity.name in ("KL divergence", "log variance") else 1e-290)
        error = abs(value - single)
        assert error <= 1e-6 * scale or error <= 8 * spread(theorem, point, single), (point, value, single)


@pytest.mark.parametrize("theorem", CASES, ids=NAMES)
def test_three_ways_agree_wherever_the_hypotheses_hold(theorem: bounds.Theorem) -> None:
    @LIGHT
    @given(parameters(theorem))
    def agree(values: dict[str, object]) -> None:
        assert all(holds(relation, values) for relation in theorem.hypotheses)
        lower, upper = theorem.enclose(**values)
        assert lower <= theorem.evaluate(**values) <= upper
        assert mpmath.mpf(lower) <= theorem.evaluate(**values, digits=60) <= mpmath.mpf(upper)

    agree()


@pytest.mark.parametrize("theorem", CASES, ids=NAMES)
def test_a_broken_hypothesis_is_named_and_no_value_given(theorem: bounds.Theorem) -> None:
    if not breakable(theorem):
        return

    @LIGHT
    @given(breaking(theorem))
    def refused(broken: tuple[dict[str, object], object]) -> None:
        values, relation = broken
        with pytest.raises(bounds.HypothesisError) as caught:
            theorem.evaluate(**values)
        assert f"hypothesis {relation_text(relation)} fails" in str(caught.value)
        with pytest.raises(bounds.HypothesisError):
            theorem.enclose(**values)
        assert [h.relation for h in bounds.assess(theorem, values).hypotheses if not h.holds] == [
            relation_text(relation)
        ]

    refused()


@pytest.mark.parametrize("theorem", CASES, ids=NAMES)
def test_grids_broadcast(theorem: bounds.Theorem) -> None:
    first, second = (lambda s: (next(s), next(s)))(points(theorem, np.random.default_rng(4)))
    names = sorted(first)
    grid = {name: np.array([float(first[name]), float(second[name])]).reshape((2, 1)) for name in names[:1]}
    grid |= {name: np.array([float(first[name])] * 3) for name in names[1:]}
    values = theorem.evaluate(**grid)
    assert values.shape == ((2, 3) if len(names) > 1 else (2, 1))


@pytest.mark.parametrize("theorem", bounds.catalog(), ids=lambda t: t.id)
def test_every_symbol_is_needed_and_no_other_is_taken(theorem: bounds.Theorem) -> None:
    for one in regimes_of(theorem):
        values = next(points(one, np.random.default_rng(5)))
        for name in values:
            with pytest.raises(bounds.ArgumentError, match=name):
                one.evaluate(**{k: v for k, v in values.items() if k != name})
        with pytest.raises(bounds.ArgumentError, match="no symbol 'zeta'"):
            one.evaluate(**values, zeta=1)


@pytest.mark.parametrize("theorem", bounds.catalog(), ids=lambda t: t.id)
def test_it_typesets_and_cites(theorem: bounds.Theorem) -> None:
    assert theorem.latex().count("{") == theorem.latex().count("}")
    assert theorem.source.paper.key in theorem.citation()
    page = theorem._repr_markdown_()
    assert theorem.statement in page
    assert all(f"`{s.name}`" in page for s in theorem.symbols)


@pytest.mark.parametrize("theorem", CASES, ids=NAMES)
def test_whether_a_bound_is_informative_can_be_told(theorem: bounds.Theorem) -> None:
    values = next(points(theorem, np.random.default_rng(6)))
    assert theorem.informative(**values) in (True, False)

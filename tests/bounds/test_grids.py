"""Hypotheses on grids are decided as exactly as for single numbers."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import sqrt

import bounds
from bounds.grids import BLOCK, holds_on_grid
from bounds.guarded import GuardedArrays, exactly
from bounds.hypotheses import holds
from bounds.symbols import alpha, lam, n
from bounds.tape import compile_expression, run


def single(theorem: bounds.Theorem, **arguments: float) -> float:
    try:
        return float(theorem.evaluate(**arguments))
    except bounds.HypothesisError:
        return float("nan")


def test_points_on_the_edge_of_a_hypothesis_get_the_same_answer_as_single_numbers() -> None:
    theorem = bounds.get("bertrand2024.jacobian")
    edge = 0.5
    ratios = np.array([edge, np.nextafter(edge, 0), np.nextafter(edge, 1), 0.1])
    found = theorem.evaluate(lam=ratios, L=0, epsilon=1, curvature=1)
    assert np.isnan(found).tolist() == [True, False, True, False]


@given(size=st.integers(10**6, 10**13), shift=st.floats(-1e-3, 1e-3))
@settings(deadline=None, max_examples=60)
def test_a_relation_that_cancels_is_not_left_to_doubles(size: int, shift: float) -> None:
    # written so that doubles lose all digits of the right side
    relation = alpha > 1 - sqrt(1 - 1 / n)
    share = 0.5 / size * (1 + shift)
    grid = holds_on_grid(relation, {"alpha": np.array([share, share]), "n": float(size)})
    assert grid.tolist() == [holds(relation, {"alpha": Fraction(share), "n": Fraction(size)})] * 2


@given(x=st.floats(0, 1), k=st.integers(1, 9))
@settings(deadline=None)
def test_rounding_errors_stay_within_their_bounds(x: float, k: int) -> None:
    expression = (1 - lam) ** k * (lam + sqrt(lam + k)) - lam / (1 + lam)
    tape = compile_expression(expression)
    found = run(tape, GuardedArrays(), {"lam": exactly(np.array([x]))})
    exact = bounds.Theorem(
        id="test.expression", statement="", quantity=bounds.get("ferbach2024.curated_limit").quantity,
        direction=bounds.Direction.EXACT, mode=bounds.Mode.DETERMINISTIC,
        source=bounds.get("ferbach2024.curated_limit").source, standing=bounds.Standing.LEMMA, expression=expression,
    ).evaluate(lam=x, digits=40)  # fmt: skip
    assert abs(float(exact - found.value[0])) <= found.error[0] <= 1e-12 * k**2


def test_out_of_domain_entries_are_errors_and_failing_hypotheses_are_nan() -> None:
    theorem = bounds.get("bertrand2024.spectral_radius")
    with pytest.raises(bounds.ArgumentError, match="lam holds -1"):
        theorem.evaluate(lam=[0.1, -1], L=1, epsilon=1, curvature=1)
    with pytest.raises(bounds.ArgumentError, match="nan"):
        theorem.evaluate(lam=[0.1, np.nan], L=1, epsilon=1, curvature=1)
    with pytest.raises(bounds.ArgumentError, match="empty"):
        theorem.evaluate(lam=[], L=1, epsilon=1, curvature=1)


def test_blocks_and_threads_change_nothing() -> None:
    theorem = bounds.get("bertrand2024.jacobian")
    rng = np.random.default_rng(0)
    ratios, constants = rng.uniform(0, 1, 3 * BLOCK + 17), rng.uniform(0.1, 1, (2, 1))
    found = theorem.evaluate(lam=ratios, L=0.2, epsilon=0.1, curvature=constants)
    assert found.shape == (2, 3 * BLOCK + 17)
    rows, columns = rng.integers(0, 2, 200), rng.integers(0, ratios.size, 200)
    for row, column in zip(rows, columns, strict=True):
        expected = single(theorem, lam=ratios[column], L=0.2, epsilon=0.1, curvature=constants[row, 0])
        assert np.isclose(found[row, column], expected, rtol=1e-12, equal_nan=True)
    turned = theorem.evaluate(lam=ratios[:, None], L=0.2, epsilon=0.1, curvature=constants.T)
    assert np.array_equal(turned.T, found, equal_nan=True)


@pytest.mark.parametrize("place", [0, BLOCK, 4 * BLOCK + 16])
@pytest.mark.parametrize(("bad", "said"), [(np.nan, "nan"), (-1.0, "-1"), (2.5, "2.5"), (np.inf, "inf")])
def test_one_bad_entry_in_any_block_of_a_large_array_is_found(place: int, bad: float, said: str) -> None:
    theorem = bounds.get("bertrand2024.normal_mean_loop").at(data="synthetic")
    sizes = np.full(4 * BLOCK + 17, 20.0)
    assert np.isfinite(theorem.evaluate(n=sizes, t=3)).all()
    sizes[place] = bad
    with pytest.raises(bounds.ArgumentError, match=f"n holds {said}"):
        theorem.evaluate(n=sizes, t=3)


def test_the_first_bad_entry_is_named_whichever_thread_finds_it() -> None:
    theorem = bounds.get("bertrand2024.normal_mean_loop").at(data="synthetic")
    sizes = np.full(6 * BLOCK, 20.0)
    sizes[[BLOCK - 1, 3 * BLOCK, 5 * BLOCK]] = 2.5, 3.5, 4.5
    for _ in range(5):
        with pytest.raises(bounds.ArgumentError, match=r"n holds 2\.5"):
            theorem.evaluate(n=sizes, t=3)


def test_a_number_beyond_doubles_beside_an_array_is_refused_in_words() -> None:
    with pytest.raises(bounds.ArgumentError, match=r"K = 1e\+400; beside arrays numbers go up to 1\.8e\+308"):
        bounds.get("ferbach2024.concentration").evaluate(p_star=[0.1, 0.2], K=10**400, gap=1, t=3)

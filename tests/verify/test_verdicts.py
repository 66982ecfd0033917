"""Verdicts, the error budget, and the errors that bad evidence raises."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bounds.errors import ArgumentError
from verify.evidence import (
    BoundedSample,
    Computed,
    ErrorBudget,
    Evidence,
    Indicators,
    Interval,
    KnownVarianceSample,
    NonnegativeSample,
    Verdict,
    judge,
)

ONE = Interval(1.0, 1.0)


def point(value: float) -> Interval:
    return Interval(value, value)


# ------------------------------------------------------------------------------------------------ bad arguments


def bad_inputs() -> Iterator[tuple[Callable[[], object], str]]:
    nan = math.nan
    yield lambda: Interval(2.0, 1.0), "not an interval"
    yield lambda: Interval(nan, 1.0), "not an interval"
    yield lambda: Computed(nan, 0.0), "finite"
    yield lambda: Computed(1.0, nan), "finite"
    yield lambda: Computed(1.0, -1e-9), "error >= 0"
    yield lambda: Indicators(3, 2), "successes <= trials"
    yield lambda: Indicators(-1, 2), "successes <= trials"
    yield lambda: Indicators(0, 0), "trials >= 1"
    yield lambda: Indicators(0.5, 2), "whole numbers"  # type: ignore[arg-type]
    yield lambda: BoundedSample(np.array([0.5, 1.1]), 0.0, 1.0), "value number 1"
    yield lambda: BoundedSample(np.array([0.5]), 1.0, 1.0), "low < high"
    yield lambda: BoundedSample(np.array([0.5]), 0.0, math.inf), "finite ends"
    yield lambda: BoundedSample(np.array([0.5, nan]), 0.0, 1.0), "value number 1 is not finite"
    yield lambda: BoundedSample(np.array([]), 0.0, 1.0), "at least one value"
    yield lambda: NonnegativeSample(np.array([[1.0]])), "one row"
    yield lambda: NonnegativeSample(np.array([1.0, -1e-9])), "outside"
    yield lambda: KnownVarianceSample(np.array([1.0]), 0.0), "positive"
    yield lambda: KnownVarianceSample(np.array([1.0]), nan), "positive"
    yield lambda: KnownVarianceSample(np.array([math.inf]), 1.0), "not finite"
    yield lambda: Indicators(1, 2).lower(0.0), "outside \\(0, 1\\)"
    yield lambda: Indicators(1, 2).upper(1.0), "outside \\(0, 1\\)"
    yield lambda: Computed(1.0, 0.0).interval(nan), "outside \\(0, 1\\)"
    yield lambda: judge(Computed(1.0, 0.0), ONE, "above", 0.05), "direction"
    yield lambda: judge(Computed(1.0, 0.0), ONE, "upper", 0.0), "level"
    yield lambda: judge(Computed(1.0, 0.0), ONE, "upper", 0.05, tolerance=nan), "tolerance"
    yield lambda: judge(Computed(1.0, 0.0), point(math.inf), "exact", 0.05), "finite bound"
    yield lambda: ErrorBudget(0.0), "total"
    yield lambda: ErrorBudget(0.1).share(0), "at least 1"
    yield lambda: ErrorBudget(0.1).share(2.5), "whole number"  # type: ignore[arg-type]


@pytest.mark.parametrize(("call", "message"), list(bad_inputs()))
def test_bad_arguments_say_what_to_do(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        call()


# ----------------------------------------------------------------------------------------------------- verdicts


class Fixed(Evidence):
    """Evidence with given limits, to reach every branch of the judge."""

    def __init__(self, lower: float, upper: float) -> None:
        self.limits = (lower, upper)

    @property
    def estimate(self) -> float:
        return sum(self.limits) / 2

    def _lower(self, level: float) -> float:
        return self.limits[0]

    def _upper(self, level: float) -> float:
        return self.limits[1]


V, C, I, E = Verdict.VIOLATED, Verdict.CONSISTENT, Verdict.INCONCLUSIVE, Verdict.EXACT  # noqa: E741


@pytest.mark.parametrize(
    ("limits", "bound", "upper", "lower", "exact"),
    [
        ((0.2, 0.3), (1.0, 1.0), C, V, V),
        ((1.2, 1.3), (1.0, 1.0), V, C, V),
        ((0.9, 1.3), (1.0, 1.0), I, I, I),
        ((0.98, 1.02), (1.0, 1.0), I, I, C),
        ((1.0, 1.0), (1.0, 1.0), C, C, C),
        ((0.98, 1.06), (1.0, 1.0), I, I, I),  # meets the bound, but the truth may be 6 % away
        ((0.995, 1.005), (0.9, 1.1), I, I, I),  # the enclosure is too wide to confirm anything
        ((1.05, 1.06), (0.9, 1.1), I, I, I),
        ((-0.01, 0.01), (0.0, 0.0), I, I, I),
        ((2.0, math.inf), (1.0, 1.0), V, C, V),
        ((0.5, math.inf), (1.0, 1.0), I, I, I),
        ((-1.02, -0.98), (-1.0, -1.0), I, I, C),
        ((1.2, 0.8), (1.0, 1.0), I, I, I),  # crossed limits contradict each other
    ],
)
def test_verdict_table(
    limits: tuple[float, float], bound: tuple[float, float], upper: Verdict, lower: Verdict, exact: Verdict
) -> None:
    evidence = Fixed(*limits)
    found = [judge(evidence, Interval(*bound), way, 0.05).verdict for way in ("upper", "lower", "exact")]
    assert found == [upper, lower, exact]


@pytest.mark.parametrize(
    ("value", "error", "bound", "upper", "lower", "exact"),
    [
        (0.5, 1e-9, (1.0, 1.0), E, V, V),
        (1.5, 1e-9, (1.0, 1.0), V, E, V),
        (1.0, 1e-9, (1.0, 1.0), E, E, E),
        (1.0, 1e-3, (1.0, 1.0), I, I, I),
        (0.5, 0.4, (1.0, 1.0), E, V, V),  # far within the bound: a coarse computation suffices
        (1.0 + 1e-9, 1e-10, (1.0, 1.0), V, E, V),  # beyond the numerical error, however little
        (1.0, 0.0, (0.9, 1.1), I, I, I),
        (1e-14, 1e-13, (0.0, 0.0), E, E, E),
        (1e-14, 1e-13, (1e-14, 1e-14), I, I, I),  # an absolute floor would confirm a bound of this size unseen
        (-2.0, 1e-9, (-2.0, -2.0), E, E, E),
    ],
)
def test_verdict_table_of_computed_values(
    value: float, error: float, bound: tuple[float, float], upper: Verdict, lower: Verdict, exact: Verdict
) -> None:
    evidence = Computed(value, error)
    found = [judge(evidence, Interval(*bound), way, 0.05).verdict for way in ("upper", "lower", "exact")]
    assert found == [upper, lower, exact]


@given(low=st.floats(-3, 3), width=st.floats(0, 2), bound=st.floats(-3, 3), slack=st.floats(0, 1))
@settings(max_examples=200, deadline=None)
def test_no_truth_in_the_interval_contradicts_the_verdict(low: float, width: float, bound: float, slack: float) -> None:
    """Whatever truth the limits allow and whatever value the enclosure allows, the verdict is right for it."""
    evidence, enclosure = Fixed(low, low + width), Interval(bound, bound + slack)
    ends = [(t, b) for t in evidence.limits for b in (enclosure.lower, enclosure.upper)]
    meaning: dict[str, Callable[[float, float], bool]] = {
        "upper": lambda t, b: t <= b,
        "lower": lambda t, b: t >= b,
        "exact": lambda t, b: abs(t - b) <= 0.05 * abs(b) + 1e-12,
    }
    for way, holds in meaning.items():
        verdict = judge(evidence, enclosure, way, 0.05).verdict
        if verdict is Verdict.CONSISTENT:
            assert all(holds(t, b) for t, b in ends)
        elif verdict is Verdict.VIOLATED and way != "exact":
            assert not any(holds(t, b) for t, b in ends)
        elif verdict is Verdict.VIOLATED:
            assert low > enclosure.upper or low + width < enclosure.lower


def test_unbounded_values_never_confirm_an_upper_bound() -> None:
    sample = NonnegativeSample(np.full(10_000, 0.5))
    assert sample.upper(0.5) == sample.interval(0.5).upper == math.inf
    assert judge(sample, point(1e9), "upper", 0.5).verdict is Verdict.INCONCLUSIVE
    assert judge(sample, point(1e9), "lower", 0.5).verdict is Verdict.INCONCLUSIVE
    assert judge(sample, point(0.49), "lower", 0.01).verdict is Verdict.CONSISTENT
    assert judge(sample, point(0.49), "upper", 0.01).verdict is Verdict.VIOLATED


def test_judgement_reports_its_numbers() -> None:
    judgement = judge(Indicators(20, 100), point(0.4), "upper", 0.01)
    assert judgement.measured == 0.2
    assert judgement.ratio == 0.5
    assert judgement.level == 0.01
    assert judgement.bound == point(0.4)
    assert judgement.ci == Indicators(20, 100).interval(0.01)
    assert math.isnan(judge(Indicators(20, 100), point(0.0), "upper", 0.01).ratio)
    assert judge(Indicators(20, 100), point(math.inf), "upper", 0.01).ratio == 0.0


# ------------------------------------------------------------------------------------------------------- budget


@given(total=st.floats(1e-12, 0.999), tests=st.integers(1, 10**6))
@settings(max_examples=200, deadline=None)
def test_budget_is_never_overspent(total: float, tests: int) -> None:
    budget = ErrorBudget(total)
    level = budget.share(tests)
    assert 0 < Fraction(level) * tests <= Fraction(total)
    assert level == pytest.approx(total / tests, rel=1e-15)
    assert budget.record() == {"total": total, "tests": tests, "per_test": level}
    assert budget.remaining == 0.0
    with pytest.raises(ArgumentError, match="already shared"):
        budget.share(1)


def test_budget_before_sharing() -> None:
    assert ErrorBudget(0.1).remaining == 0.1
    with pytest.raises(ArgumentError, match="too many"):
        ErrorBudget(5e-324).share(3)

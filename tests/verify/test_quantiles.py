"""Limits on a quantile: exact coverage by enumeration, calibration with the truth on the bound."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from bounds import ArgumentError
from verify.evidence import Interval, QuantileSample, Verdict, binomial_tail, judge


@pytest.mark.parametrize("p", [0.2, 0.5, 0.9])
@pytest.mark.parametrize("n", [1, 5, 9])
def test_coverage_by_enumeration_of_a_law_with_atoms(n: int, p: float) -> None:
    law = {0.0: 0.2, 1.0: 0.3, 2.0: 0.4, 3.0: 0.1}
    cumulative = np.cumsum(list(law.values()))
    quantile = list(law)[int(np.argmax(cumulative >= p - 1e-12))]
    level = 0.1
    above = below = 0.0
    for counts in itertools.product(range(n + 1), repeat=4):
        if sum(counts) != n:
            continue
        weight = math.factorial(n) * math.prod(
            q**c / math.factorial(c) for q, c in zip(law.values(), counts, strict=True)
        )
        sample = QuantileSample(np.repeat(list(law), counts), p)
        above += weight * (sample.lower(level) > quantile)
        below += weight * (sample.upper(level) < quantile)
    assert above <= level + 1e-12
    assert below <= level + 1e-12


@pytest.mark.parametrize("p", [0.5, 0.95])
def test_false_alarms_with_the_truth_on_the_bound(p: float) -> None:
    rng = np.random.default_rng(5)
    truth = -math.log(1 - p)
    alarms = sum(
        judge(QuantileSample(rng.exponential(size=200), p), Interval(truth, truth), "upper", 0.05).verdict
        is Verdict.VIOLATED
        for _ in range(2000)
    )
    assert binomial_tail(alarms, 2000, 0.05) > 1e-6


def test_a_ten_percent_violation_is_seen() -> None:
    values = np.random.default_rng(6).exponential(size=20_000)
    truth = math.log(20)
    assert (
        judge(QuantileSample(values, 0.95), Interval(0.9 * truth, 0.9 * truth), "upper", 1e-4).verdict
        is Verdict.VIOLATED
    )
    assert (
        judge(QuantileSample(values, 0.95), Interval(1.1 * truth, 1.1 * truth), "upper", 1e-2).verdict
        is Verdict.CONSISTENT
    )


@pytest.mark.parametrize(("values", "p"), [([], 0.5), ([1.0, math.nan], 0.5), ([1.0], 0.0), ([1.0], 1.0)])
def test_bad_input_is_refused(values: list[float], p: float) -> None:
    with pytest.raises(ArgumentError):
        QuantileSample(np.array(values), p)


def test_errors_of_the_values_widen_the_limits_and_keep_with_their_values() -> None:
    rng = np.random.default_rng(7)
    values, errors = rng.random(500), 0.1 * rng.random(500)
    sample, exact = QuantileSample(values, 0.8, errors), QuantileSample(values, 0.8)
    assert sample.estimate == exact.estimate
    for side, limit in ((-1.0, QuantileSample.lower), (1.0, QuantileSample.upper)):
        assert limit(sample, 0.01) == limit(QuantileSample(values + side * errors, 0.8), 0.01)
    np.testing.assert_array_equal(sample.errors, errors[np.argsort(values)])
    # Whatever the exact values are within their errors, the limits hold theirs.
    true = values + errors * rng.uniform(-1, 1, 500)
    assert sample.lower(0.01) <= QuantileSample(true, 0.8).lower(0.01)
    assert sample.upper(0.01) >= QuantileSample(true, 0.8).upper(0.01)


@pytest.mark.parametrize("errors", [[0.1], [0.1, -0.1], [0.1, math.nan]])
def test_bad_errors_are_refused(errors: list[float]) -> None:
    with pytest.raises(ArgumentError, match="error"):
        QuantileSample(np.array([1.0, 2.0]), 0.5, np.array(errors))

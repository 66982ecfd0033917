"""Evidence that grows: batches joined, the level spent over looks, and the error rate when peeking."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from bounds import ArgumentError
from verify.evidence import (
    BoundedSample,
    Computed,
    Evidence,
    Indicators,
    KnownVarianceSample,
    NonnegativeSample,
    QuantileSample,
)
from verify.evidence.looks import Peeked, after_looks, can_grow, join
from verify.tasks import looks

V = np.array([0.2, 0.9, 0.4])


@pytest.mark.parametrize(
    "make",
    [
        lambda v: BoundedSample(v, 0.0, 1.0),
        NonnegativeSample,
        lambda v: KnownVarianceSample(v, 0.5),
        lambda v: QuantileSample(v, 0.9),
    ],
)
def test_joined_batches_are_one_sample(make) -> None:
    joined, whole = join([make(V), make(V[:1]), make(V + 0.05)]), make(np.concatenate([V, V[:1], V + 0.05]))
    assert type(joined) is type(whole)
    assert joined.interval(0.1) == whole.interval(0.1)
    assert joined.values.tobytes() == whole.values.tobytes()


def test_indicators_are_counted_together() -> None:
    assert join([Indicators(1, 10), Indicators(0, 20)]) == Indicators(1, 30)


def test_batches_about_different_numbers_are_refused() -> None:
    with pytest.raises(ArgumentError, match=r"high = 1\.0 and 2\.0"):
        join([BoundedSample(V, 0.0, 1.0), BoundedSample(V, 0.0, 2.0)])
    with pytest.raises(ArgumentError, match="variance"):
        join([KnownVarianceSample(V, 1.0), KnownVarianceSample(V, 2.0)])
    with pytest.raises(ArgumentError, match="cannot be joined"):
        join([NonnegativeSample(V), Indicators(1, 2)])
    for nothing in ([], [Computed(0.0, 0.0)]):
        with pytest.raises(ArgumentError, match="can grow"):
            join(nothing)
    assert not can_grow(Computed(0.5, 0.0))


def test_levels_of_all_looks_sum_to_the_level() -> None:
    class Spent(Evidence):
        estimate = 0.0

        def _lower(self, level: float) -> float:
            return level

        _upper = _lower

    spent = [Peeked(Spent(), k).lower(0.05) for k in range(1, 2000)]
    assert 0.999 * 0.05 < sum(spent) < 0.05
    for wrong in (0, 1.5, "x"):
        with pytest.raises(ArgumentError, match="looks"):
            Peeked(Spent(), wrong)  # type: ignore[arg-type]


def test_anytime_evidence_keeps_its_whole_level() -> None:
    for anytime in (BoundedSample(V, 0.0, 1.0), NonnegativeSample(V)):
        assert after_looks(anytime, 5) is anytime
    for fixed in (Indicators(1, 2), KnownVarianceSample(V, 1.0), QuantileSample(V, 0.5)):
        assert isinstance(after_looks(fixed, 5), Peeked)


def test_looks_double_and_end_at_the_budget() -> None:
    assert [looks(b) for b in (1, 2, 3, 4, 100)] == [(1,), (1, 2), (1, 2, 3), (1, 2, 4), (1, 2, 4, 8, 16, 32, 64, 100)]


SCHEDULE, BATCH, LEVEL, RUNS = looks(64), 40, 0.2, 1500
# More false alarms than this have probability below 1e-6 if each run has at most LEVEL.
ALLOWED = int(binom.isf(1e-6, RUNS, LEVEL))


def alarms(values: np.ndarray, make, truth: float, peeked: bool = True) -> int:
    """Count the runs in which a lower limit exceeds the truth at any look: the most that stopping rules can make of it."""
    count = 0
    for row in values:
        grown = (make(row[: BATCH * b]) for b in SCHEDULE)
        seen = (after_looks(e, k) if peeked else e for k, e in enumerate(grown, start=1))
        count += any(e.lower(LEVEL) > truth for e in seen)
    return count


def test_peeking_at_counts_is_safe_and_would_not_be_without_spending() -> None:
    draws = np.random.default_rng(1).random((RUNS, BATCH * SCHEDULE[-1])) < 0.3

    def make(row: np.ndarray) -> Evidence:
        return Indicators(int(row.sum()), row.size)

    assert alarms(draws, make, 0.3) <= ALLOWED
    assert alarms(draws, make, 0.3, peeked=False) > ALLOWED


def test_peeking_at_means_by_betting_is_safe() -> None:
    draws = np.random.default_rng(2).random((300, BATCH * SCHEDULE[-1])) < 0.3
    allowed = int(binom.isf(1e-6, 300, LEVEL))
    assert alarms(draws.astype(float), lambda row: BoundedSample(row, 0.0, 1.0), 0.3) <= allowed


def test_values_with_errors_are_joined_with_them() -> None:
    errors = np.array([0.3, 0.1, 0.2])
    joined = join([QuantileSample(V, 0.5, errors), QuantileSample(V + 0.05, 0.5, errors)])
    whole = QuantileSample(np.concatenate([V, V + 0.05]), 0.5, np.concatenate([errors, errors]))
    assert joined.interval(0.6) == whole.interval(0.6)
    assert joined.errors.tobytes() == whole.errors.tobytes()

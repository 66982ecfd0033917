"""Generalisation of stable learners, against learners whose gap has a law that can be written out."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from fractions import Fraction

import mpmath
import numpy as np
import pytest

import bounds

Loss = Callable[[tuple[int, ...], int], Fraction]
DELTAS = [Fraction(1, 2), Fraction(1, 10), Fraction(1, 1000)]


def value(name: str, **arguments: object) -> float:
    return float(bounds.get(f"lemma.{name}").evaluate(**arguments))


def of_mean(sample: tuple[int, ...], z: int) -> Fraction:
    """Square loss of the mean."""
    return (Fraction(sum(sample), max(len(sample), 1)) - z) ** 2


def of_ridge(sample: tuple[int, ...], z: int) -> Fraction:
    """Absolute loss of a mean shrunk to 0."""
    return abs(Fraction(sum(sample), len(sample) + 5) - z)


def of_memory(sample: tuple[int, ...], z: int) -> Fraction:
    """Return a small loss at points that were not in the training set."""
    return Fraction(0) if z in sample else Fraction(1, 20)


def replaced(loss: Loss, n: int, cells: int) -> Fraction:
    """Return the uniform stability by trying every sample, every replacement and every point."""
    return max(
        abs(loss(sample, z) - loss((*sample[:i], other, *sample[i + 1 :]), z))
        for sample in itertools.product(range(cells), repeat=n)
        for i in range(n)
        for other in range(cells)
        for z in range(cells)
    )


def removed(loss: Loss, n: int, cells: int) -> Fraction:
    return max(
        abs(loss(sample, z) - loss((*sample[:i], *sample[i + 1 :]), z))
        for sample in itertools.product(range(cells), repeat=n)
        for i in range(n)
        for z in range(cells)
    )


def gaps(loss: Loss, n: int, p: tuple[Fraction, ...]) -> list[tuple[Fraction, Fraction]]:
    """List the generalisation gap of every sample with its probability."""
    found = []
    for sample in itertools.product(range(len(p)), repeat=n):
        risk = sum((q * loss(sample, z) for z, q in enumerate(p)), Fraction(0))
        empirical = sum((loss(sample, z) for z in sample), Fraction(0)) / n
        found.append((risk - empirical, math.prod((p[z] for z in sample), start=Fraction(1))))
    return found


CASES = [
    (of_mean, 5, (Fraction(1, 2), Fraction(1, 2))),
    (of_mean, 7, (Fraction(9, 10), Fraction(1, 10))),
    (of_ridge, 6, (Fraction(1, 3), Fraction(2, 3))),
    (of_memory, 4, (Fraction(1, 5),) * 5),
    (of_memory, 2, (Fraction(1, 8),) * 8),
]


@pytest.mark.parametrize(("loss", "n", "p"), CASES)
def test_bounds_by_enumeration_of_all_samples(loss: Loss, n: int, p: tuple[Fraction, ...]) -> None:
    beta, law = replaced(loss, n, len(p)), gaps(loss, n, p)
    assert sum(w for _, w in law) == 1
    assert abs(sum(gap * w for gap, w in law)) <= Fraction(value("stability_expected", beta=beta)) * Fraction(1 + 1e-15)
    for delta in DELTAS:
        radius = value("stability_mcdiarmid", n=n, beta=beta, M=1, delta=delta)
        assert sum(w for gap, w in law if gap > radius) <= delta
        without = removed(loss, n, len(p))
        radius = value("stability_removed", n=n, beta_removed=without, M=1, delta=delta)
        assert sum(w for gap, w in law if gap > radius) <= delta


@pytest.mark.parametrize(("loss", "n", "p"), CASES)
def test_the_gap_moves_no_more_than_the_proof_says(loss: Loss, n: int, p: tuple[Fraction, ...]) -> None:
    beta = replaced(loss, n, len(p))
    law = dict(zip(itertools.product(range(len(p)), repeat=n), (gap for gap, _ in gaps(loss, n, p)), strict=True))
    moved = max(
        abs(gap - law[(*sample[:i], other, *sample[i + 1 :])])
        for sample, gap in law.items()
        for i in range(n)
        for other in range(len(p))
    )
    assert moved <= 2 * beta + Fraction(1, n)


def test_expected_gap_is_attained_by_a_learner_that_remembers() -> None:
    # With many cells a fresh point was almost surely not seen: the gap tends to beta from below.
    found = []
    for cells in (4, 16, 32):
        law = gaps(of_memory, 2, (Fraction(1, cells),) * cells)
        found.append(sum(gap * w for gap, w in law))
        assert found[-1] == Fraction(1, 20) * (1 - Fraction(1, cells)) ** 2
    assert replaced(of_memory, 2, 4) == Fraction(1, 20)
    assert 0.93 * value("stability_expected", beta="1/20") < found[-1] < value("stability_expected", beta="1/20")


def test_removing_is_replacing_with_twice_the_constant() -> None:
    for n, delta in itertools.product((1, 10, 1000), DELTAS):
        one = value("stability_removed", n=n, beta_removed="1/100", M=2, delta=delta)
        assert one == pytest.approx(value("stability_mcdiarmid", n=n, beta="1/50", M=2, delta=delta), rel=1e-14)


def test_large_samples_with_vanishing_stability_lead_to_hoeffding() -> None:
    # A learner that ignores its data is perfectly stable: the gap is the deviation of an average.
    for n, delta in itertools.product((10, 1000), DELTAS):
        assert value("stability_mcdiarmid", n=n, beta=0, M=3, delta=delta) == pytest.approx(
            value("hoeffding", sides="one", n=n, M=3, delta=delta), rel=1e-14
        )


def test_rate_by_hand_and_against_bounded_differences() -> None:
    with mpmath.workdps(30):
        late = mpmath.log(mpmath.e / mpmath.mpf("0.05"))
        by_hand = 2 * (mpmath.mpf("0.01") * mpmath.log(1000) * late + 3 * mpmath.sqrt(late / 1000))
    found = bounds.get("lemma.stability_rate").evaluate(n=1000, beta="1/100", M=3, delta="1/20", C=2, digits=25)
    assert found == pytest.approx(by_hand, rel=1e-14)
    sizes = np.array([1e2, 1e4, 1e6, 1e8])
    point = {"beta": sizes**-0.5, "M": 1.0, "delta": 0.05, "n": sizes}
    rate = bounds.get("lemma.stability_rate").evaluate(C=1.0, **point)
    assert np.all(np.diff(rate) < 0)
    assert rate[-1] < 0.01
    assert np.all(bounds.get("lemma.stability_mcdiarmid").evaluate(**point) > 2)


def test_the_rate_needs_two_points() -> None:
    with pytest.raises(bounds.HypothesisError):
        bounds.get("lemma.stability_rate").evaluate(n=1, beta="1/100", M=1, delta="1/20", C=1)


def test_a_bound_beyond_the_range_of_the_loss_says_nothing() -> None:
    theorem = bounds.get("lemma.stability_mcdiarmid")
    assert theorem.informative(n=1000, beta="1/1000", M=1, delta="1/20")
    assert not theorem.informative(n=1000, beta="1/10", M=1, delta="1/20")

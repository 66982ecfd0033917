"""Tests of the pack: an oracle that does not know the formula, and the properties every theorem must have."""

from fractions import Fraction
from math import comb

import pytest
from hypothesis import given, settings
from rare_categories import LOST_CATEGORY

import bounds
from bounds.testing import breaking, parameters


def lost_exactly(n: int, t: int, p: Fraction) -> Fraction:
    """Return P(p_t = 0) by the exact transition matrix of the binomial resampling."""
    step = [
        [comb(n, j) * Fraction(i, n) ** j * (1 - Fraction(i, n)) ** (n - j) for j in range(n + 1)] for i in range(n + 1)
    ]
    law = [comb(n, j) * p**j * (1 - p) ** (n - j) for j in range(n + 1)]
    for _ in range(t - 1):
        law = [sum(law[i] * step[i][j] for i in range(n + 1)) for j in range(n + 1)]
    return law[0]


@pytest.mark.parametrize("n", [2, 3, 5])
@pytest.mark.parametrize("t", [1, 2, 5, 12])
@pytest.mark.parametrize("p", [Fraction(0), Fraction(1, 10), Fraction(1, 2), Fraction(1)])
def test_never_above_the_exact_probability(n: int, t: int, p: Fraction) -> None:
    """The bound is a lower one."""
    low, _ = LOST_CATEGORY.enclose(n=n, t=t, p_cell=p)
    assert Fraction(low) <= lost_exactly(n, t, p)


def test_tight_in_the_long_run() -> None:
    """What the limit leaves out is the chance that the category takes over, which is p at most."""
    assert lost_exactly(5, 60, Fraction(1, 10)) - Fraction(LOST_CATEGORY.evaluate(n=5, t=60, p_cell="1/10")) < Fraction(
        1, 10**4
    )


@settings(deadline=None)
@given(parameters(LOST_CATEGORY))
def test_floats_lie_in_the_enclosure(arguments: dict[str, object]) -> None:
    """Everywhere, the edges of the hypotheses included."""
    low, high = LOST_CATEGORY.enclose(**arguments)
    assert low <= LOST_CATEGORY.evaluate(**arguments) <= high


@settings(deadline=None)
@given(breaking(LOST_CATEGORY))
def test_says_nothing_outside_its_hypotheses(broken: tuple[dict[str, object], object]) -> None:
    """One broken hypothesis is enough."""
    arguments, _ = broken
    with pytest.raises(bounds.HypothesisError):
        LOST_CATEGORY.evaluate(**arguments)

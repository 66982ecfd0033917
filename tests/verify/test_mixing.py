"""Sizes of training sets, and the points each generation of a loop is trained on."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounds.errors import ArgumentError
from verify.loop import Learner, run
from verify.mixing import Mixture, Regime, accumulate, by_ratio, by_share, count, replace

SHARED = (Regime.FRESH, Regime.REUSED)


@given(n=st.integers(1, 10**6), data=st.data(), regime=st.sampled_from(SHARED))
def test_every_whole_share_is_accepted_in_every_spelling(n, data, regime):
    real = data.draw(st.integers(0, n))
    exact = Fraction(real, n)
    for alpha in (exact, str(exact), real / n):
        mixture = by_share(n, alpha, regime)
        assert (mixture.first, mixture.real, mixture.synthetic) == (n, real, n - real)
        assert mixture.alpha == exact


@given(n=st.integers(1, 10**4), synthetic=st.integers(0, 10**6), regime=st.sampled_from(SHARED))
def test_every_whole_ratio_is_accepted_in_every_spelling(n, synthetic, regime):
    exact = Fraction(synthetic, n)
    for lam in (exact, str(exact), synthetic / n):
        mixture = by_ratio(n, lam, regime)
        assert (mixture.first, mixture.real, mixture.synthetic) == (n, n, synthetic)
        assert mixture.lam == exact
        assert mixture.alpha == 1 / (1 + exact)


@given(n=st.integers(2, 10**5), data=st.data())
def test_a_share_between_whole_ones_is_refused(n, data):
    real = data.draw(st.integers(0, n - 1))
    between = Fraction(2 * real + 1, 2 * n)
    for alpha in (between, str(between), float(between)):
        with pytest.raises(ArgumentError, match="not a whole number"):
            by_share(n, alpha, Regime.FRESH)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: by_share(10, 0.35, Regime.FRESH), "alpha = 0.35 of n = 10 points .* 3/10, 2/5"),
        (lambda: by_share(10, 0.3 + 1e-15, Regime.FRESH), "not a whole number"),
        (lambda: by_share(10, -0.1, Regime.FRESH), "negative"),
        (lambda: by_share(10, 1.1, Regime.FRESH), r"outside \[0, 1\]"),
        (lambda: by_share(10, math.nan, Regime.FRESH), "not a finite number"),
        (lambda: by_share(10, "third", Regime.FRESH), "not a number"),
        (lambda: by_share(10, "1/0", Regime.FRESH), "not a number"),
        (lambda: by_share(10.0, 0.5, Regime.FRESH), "not an integer"),
        (lambda: by_share(0, 0.5, Regime.FRESH), "at least 1"),
        (lambda: by_share(10, 0.5, Regime.REPLACE), "takes no real share"),
        (lambda: by_ratio(10, 0.25, Regime.REUSED), "not a whole number"),
        (lambda: by_ratio(10, math.inf, Regime.REUSED), "not a finite number"),
        (lambda: by_ratio(10, 1, Regime.ACCUMULATE), "takes no real share"),
        (lambda: replace(True), "not an integer"),
        (lambda: accumulate(5, added=0), "added = 0 is too small"),
        (lambda: Mixture(Regime.REPLACE, 5, 1, 4), "replace regime"),
        (lambda: Mixture(Regime.REUSED, 5, 6, 4), "exceed"),
        (lambda: Mixture(Regime.ACCUMULATE, 5, 4, 4), "accumulate regime"),
        (lambda: Mixture(Regime.FRESH, 5, 0, 0), "nothing to learn from"),
        (lambda: Mixture("fresh", 5, 1, 4), "not a Regime"),
        (lambda: replace(5).training_size(0), "t = 0"),
    ],
)
def test_bad_sizes_are_refused_with_a_reason(make, message):
    with pytest.raises(ArgumentError, match=message):
        make()


def test_numpy_integers_are_read_as_integers():
    assert type(count("n", np.int64(7), 1)) is int


def test_a_mixture_without_real_points_has_an_infinite_ratio():
    assert replace(5).lam == math.inf
    assert replace(5).alpha == 0


def origins() -> Learner[list[str], str]:
    """A learner whose points are labels of where they came from, numbered in order of drawing."""
    drawn = {"real": 0}

    def draw_real(size: int) -> list[str]:
        start = drawn["real"]
        drawn["real"] += size
        return [f"real{start + i}" for i in range(size)]

    def fit(points: list[str]) -> str:
        drawn["generation"] = drawn.get("generation", 0) + 1
        return " ".join(points)

    def draw(model: str, size: int) -> list[str]:
        return [f"g{drawn['generation']}"] * size

    return Learner(draw_real, draw, lambda a, b: a + b, fit)


@pytest.mark.parametrize(
    ("mixture", "expected"),
    [
        (replace(2), ["real0 real1", "g1 g1", "g2 g2"]),
        (by_share(2, 0.5, Regime.FRESH), ["real0 real1", "real2 g1", "real3 g2"]),
        (by_share(2, 0, Regime.FRESH), ["real0 real1", "g1 g1", "g2 g2"]),
        (by_share(2, 1, Regime.FRESH), ["real0 real1", "real2 real3", "real4 real5"]),
        (by_share(2, 0.5, Regime.REUSED), ["real0 real1", "real0 g1", "real0 g2"]),
        (by_share(2, 0, Regime.REUSED), ["real0 real1", "g1 g1", "g2 g2"]),
        (by_share(2, 1, Regime.REUSED), ["real0 real1", "real0 real1", "real0 real1"]),
        (by_ratio(2, 0.5, Regime.REUSED), ["real0 real1", "real0 real1 g1", "real0 real1 g2"]),
        (by_ratio(2, 0.5, Regime.FRESH), ["real0 real1", "real2 real3 g1", "real4 real5 g2"]),
        (accumulate(2, added=1), ["real0 real1", "real0 real1 g1", "real0 real1 g1 g2"]),
    ],
)
def test_each_regime_trains_on_the_points_it_says(mixture, expected):
    trained = run(origins(), mixture, 3)
    assert trained == expected
    assert [len(points.split()) for points in trained] == [mixture.training_size(t) for t in (1, 2, 3)]


def test_a_loop_without_generations_is_refused():
    with pytest.raises(ArgumentError, match="generations = 0"):
        run(origins(), replace(2), 0)

"""Concentration inequalities, against exact laws: binomial, multinomial and Kolmogorov-Smirnov."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from scipy.stats import binom, ksone, kstwo

import bounds

DELTAS = [0.5, 0.1, 1e-3, 1e-8]


def value(name: str, **arguments: object) -> float:
    return float(bounds.get(f"lemma.{name}").evaluate(**arguments))


# --- averages -----------------------------------------------------------------------------------------------------


def exceedance(n: int, p: float, radius: float, two_sided: bool) -> float:
    """Add up the binomial probabilities of averages that are further than the radius from p."""
    counts = np.arange(n + 1)
    gaps = p - counts / n
    return float(binom.pmf(counts, n, p)[(np.abs(gaps) if two_sided else gaps) > radius].sum())


@pytest.mark.parametrize("delta", DELTAS)
@pytest.mark.parametrize("n", [1, 2, 10, 400])
def test_hoeffding_covers_coins(n: int, delta: float) -> None:
    for p in (0.01, 0.3, 0.5, 0.9):
        for sides in ("one", "two"):
            radius = value("hoeffding", sides=sides, n=n, delta=delta, M=1)
            assert exceedance(n, p, radius, sides == "two") <= delta
            assert value("hoeffding", sides=sides, n=n, delta=delta, M=3) == pytest.approx(3 * radius)


def test_hoeffding_does_not_hold_with_a_tenth_less() -> None:
    radius = value("hoeffding", sides="one", n=4000, delta=1e-12, M=1)
    assert exceedance(4000, 0.5, radius, False) <= 1e-12 < exceedance(4000, 0.5, 0.9 * radius, False)


def test_mcdiarmid_of_an_average_is_hoeffding() -> None:
    for sides in ("one", "two"):
        left = value("mcdiarmid", sides=sides, n=50, delta="1/100", difference=Fraction(3, 50))
        assert left == pytest.approx(value("hoeffding", sides=sides, n=50, delta="1/100", M=3), rel=1e-14)


@pytest.mark.parametrize(("n", "k"), [(10, 5), (40, 20), (60, 60)])
def test_mcdiarmid_covers_the_number_of_distinct_values(n: int, k: int) -> None:
    # One point changes the number of distinct values among n uniform draws from k by at most 1.
    law = np.zeros(k + 1)
    law[0] = 1.0
    for _ in range(n):
        share = np.arange(k + 1) / k
        law = law * share + np.concatenate([[0.0], (law * (1 - share))[:-1]])
    distinct = np.arange(k + 1)
    mean = float((law * distinct).sum())
    assert mean == pytest.approx(k * (1 - (1 - 1 / k) ** n))
    for delta in DELTAS:
        one = value("mcdiarmid", sides="one", n=n, delta=delta, difference=1)
        assert law[distinct - mean > one].sum() <= delta
        two = value("mcdiarmid", sides="two", n=n, delta=delta, difference=1)
        assert law[np.abs(distinct - mean) > two].sum() <= delta


def multinomial(n: int, p: tuple[Fraction, ...]) -> Iterator[tuple[tuple[int, ...], Fraction]]:
    """Yield every table of counts with its probability."""
    for bars in itertools.combinations(range(n + len(p) - 1), len(p) - 1):
        edges = (-1, *bars, n + len(p) - 1)
        counts = tuple(b - a - 1 for a, b in itertools.pairwise(edges))
        ways = math.factorial(n)
        for count in counts:
            ways //= math.factorial(count)
        yield counts, ways * math.prod(q**c for q, c in zip(p, counts, strict=True))


VALUES = (Fraction(0), Fraction(1, 2), Fraction(1))


@pytest.mark.parametrize("sides", ["one", "two"])
@pytest.mark.parametrize("law", ["1/10 1/10 8/10", "1/100 1/100 98/100", "1/3 1/3 1/3", "98/100 1/100 1/100"])
def test_empirical_bernstein_covers_three_values(law: str, sides: str) -> None:
    p = tuple(Fraction(q) for q in law.split())
    mean = sum(q * x for q, x in zip(p, VALUES, strict=True))
    for n, delta in ((2, 0.4), (12, 0.5), (12, 0.05)):
        failed = Fraction(0)
        for counts, probability in multinomial(n, p):
            average = sum(c * x for c, x in zip(counts, VALUES, strict=True)) / n
            spread = sum(c * (x - average) ** 2 for c, x in zip(counts, VALUES, strict=True)) / (n - 1)
            gap = mean - average
            radius = value("empirical_bernstein", sides=sides, n=n, delta=delta, sample_variance=spread)
            failed += probability if (abs(gap) if sides == "two" else gap) > radius else 0
        assert failed <= delta


def coin_failure(n: int, p: float, delta: float, linear: bool) -> float:
    """Return how often the empirical Bernstein bound fails for coins, with its linear term or without."""
    counts = np.arange(n + 1)
    spread = counts * (n - counts) / (n * (n - 1))
    theorem = bounds.get("lemma.empirical_bernstein")
    radius = theorem.evaluate(sides="one", n=n, delta=delta, sample_variance=spread)
    if not linear:
        radius = radius - theorem.evaluate(sides="one", n=n, delta=delta, sample_variance=0)
    return float(binom.pmf(counts, n, p)[p - counts / n > radius].sum())


def test_empirical_bernstein_covers_coins_and_needs_its_linear_term() -> None:
    for n, p, delta in itertools.product((20, 300), (1e-3, 0.05, 0.5, 0.999), (0.3, 0.01)):
        assert coin_failure(n, p, delta, linear=True) <= delta
    assert coin_failure(300, 1e-3, 0.01, linear=False) > 0.01


def test_empirical_bernstein_refuses_what_no_sample_can_show() -> None:
    theorem = bounds.get("lemma.empirical_bernstein")
    with pytest.raises(bounds.HypothesisError):
        theorem.evaluate(n=1, delta="1/10", sample_variance=0)
    with pytest.raises(bounds.HypothesisError):
        theorem.evaluate(n=100, delta="1/10", sample_variance="0.26")
    # Half zeros and half ones reach the largest sample variance.
    assert theorem.evaluate(n=100, delta="1/10", sample_variance="100/396") > 0


# --- distribution functions ---------------------------------------------------------------------------------------


def one_sided_tail(n: int, u: Fraction) -> Fraction:
    """Return the exact probability that the empirical distribution function exceeds a continuous one by u."""
    terms = (
        math.comb(n, j) * (1 - u - Fraction(j, n)) ** (n - j) * (u + Fraction(j, n)) ** (j - 1)
        for j in range(math.floor(n * (1 - u)) + 1)
    )
    return u * sum(terms, Fraction(0))


@pytest.mark.parametrize("n", [1, 2, 3, 7, 25])
def test_one_sided_dkw_against_the_exact_law_in_rational_numbers(n: int) -> None:
    met = 0
    for step in range(1, 40):
        u = Fraction(step, 40)
        exact = one_sided_tail(n, u)
        assert float(exact) == pytest.approx(ksone.sf(float(u), n), rel=1e-9, abs=1e-15)
        if math.exp(-2 * n * float(u) ** 2) > 0.5:
            with pytest.raises(bounds.HypothesisError):
                bounds.get("lemma.dkw_tail").evaluate(sides="one", n=n, deviation=u)
            continue
        met += 1
        lower, _ = bounds.get("lemma.dkw_tail").enclose(sides="one", n=n, deviation=u)
        assert exact <= Fraction(lower)
    assert met >= 10


@pytest.mark.parametrize("n", [1, 2, 5, 50, 1000])
def test_dkw_radii_cover_with_the_exact_laws(n: int) -> None:
    for delta in DELTAS:
        one = value("dkw", sides="one", n=n, delta=delta)
        assert ksone.sf(one, n) <= delta * (1 + 1e-9)
        two = value("dkw", sides="two", n=n, delta=delta)
        assert kstwo.sf(two, n) <= delta * (1 + 1e-9)
    with pytest.raises(bounds.HypothesisError):
        bounds.get("lemma.dkw").evaluate(sides="one", n=n, delta="0.51")


@pytest.mark.parametrize("n", [1, 2, 5, 50, 1000])
def test_two_sided_dkw_tail_against_the_exact_law(n: int) -> None:
    for u in np.linspace(0.01, 1, 34):
        assert kstwo.sf(u, n) <= value("dkw_tail", sides="two", n=n, deviation=float(u)) * (1 + 1e-9)


def test_a_tail_far_below_the_smallest_double_has_digits_and_an_enclosure() -> None:
    point = {"sides": "two", "n": 100_000, "deviation": 1}
    with mpmath.workdps(60):
        digits = bounds.get("lemma.dkw_tail").evaluate(digits=50, **point)
        assert abs(mpmath.log(digits / 2) + 200_000) < mpmath.mpf(10) ** -40
    lower, upper = bounds.get("lemma.dkw_tail").enclose(**point)
    assert lower == 0.0 < upper < 1e-300


def test_dkw_exponent_cannot_be_larger() -> None:
    n, u = 10_000, 0.015
    exact = float(ksone.sf(u, n))
    bound = value("dkw_tail", sides="one", n=n, deviation=u)
    assert 0.97 * bound < exact <= bound
    assert exact > math.exp(-2.2 * n * u**2)


# --- relative frequencies -----------------------------------------------------------------------------------------

LAWS = [
    (Fraction(1, 2), Fraction(1, 2)),
    (Fraction(1, 10), Fraction(9, 10)),
    (Fraction(1, 3),) * 3,
    (Fraction(1, 2), Fraction(1, 4), Fraction(1, 5), Fraction(1, 20)),
]


@pytest.mark.parametrize("p", LAWS, ids=str)
@pytest.mark.parametrize("n", [1, 4, 11])
def test_multinomial_bounds_by_enumeration(n: int, p: tuple[Fraction, ...]) -> None:
    k = len(p)
    distances: Counter[Fraction] = Counter()
    for counts, probability in multinomial(n, p):
        distances[sum((abs(Fraction(c, n) - q) for c, q in zip(counts, p, strict=True)), Fraction(0)) / 2] += (
            probability
        )
    assert sum(distances.values()) == 1
    mean = float(sum(tv * probability for tv, probability in distances.items()))
    collision = sum(q * q for q in p)
    sharp = value("multinomial_expected_tv", law="collision", n=n, k=k, collision=collision)
    assert mean <= sharp * (1 + 1e-12)
    assert sharp <= value("multinomial_expected_tv", law="any", n=n, k=k) * (1 + 1e-12)
    for tv in distances:
        if tv > 0:
            tail = float(sum(w for other, w in distances.items() if other >= tv))
            assert tail <= value("multinomial_l1_tail", n=n, k=k, deviation=2 * tv) * (1 + 1e-12)
    for delta, by in itertools.product(DELTAS, ("differences", "union")):
        radius = value("multinomial_tv", by=by, n=n, k=k, delta=delta)
        assert sum(w for tv, w in distances.items() if tv > radius) <= delta


def test_multinomial_tail_has_no_larger_exponent() -> None:
    # Two cells: the two-sided tail of a coin, close to exp(-n u^2/2) on the scale of logarithms.
    n, u = 2000, 0.2
    exact = 2 * float(binom.sf(n / 2 + n * u / 2 - 1, n, 0.5))
    assert exact <= value("multinomial_l1_tail", n=n, k=2, deviation=u)
    assert exact > 2 * math.exp(-0.6 * n * u**2)


@pytest.mark.parametrize(("k", "n"), [(3, 10), (50, 1000), (1000, 500), (3000, 4000)])
def test_multinomial_tail_is_the_classical_expression_without_overflow(k: int, n: int) -> None:
    with mpmath.workdps(40):
        classical = (mpmath.mpf(2) ** k - 2) * mpmath.exp(-n * mpmath.mpf("0.5") ** 2 / 2)
    found = bounds.get("lemma.multinomial_l1_tail").evaluate(n=np.array([n]), k=k, deviation=0.5)[0]
    assert found == pytest.approx(float(classical) if classical < 1e308 else math.inf, rel=1e-10)


def test_multinomial_union_radius_solves_the_tail() -> None:
    radius = bounds.get("lemma.multinomial_tv").evaluate(by="union", n=100, k=7, delta="1/20", digits=30)
    with mpmath.workdps(30):
        assert (2**7 - 2) * mpmath.exp(-2 * 100 * radius**2) == pytest.approx(0.05, rel=1e-14)


def test_the_two_multinomial_radii_cross_as_the_page_says() -> None:
    def radii(k: int, delta: float) -> tuple[float, float]:
        return tuple(value("multinomial_tv", by=by, n=10**6, k=k, delta=delta) for by in ("differences", "union"))

    for k, delta, union_smaller in ((2, 0.5, True), (2, 0.99, False), (500, 0.1, False), (500, 1e-60, True)):
        differences, union = radii(k, delta)
        assert (union < differences) is union_smaller


def test_expected_total_variation_of_uniform_frequencies_has_the_stated_order() -> None:
    k, n = 4, 4000
    counts = np.arange(n + 1)
    exact = k / 2 * float((binom.pmf(counts, n, 1 / k) * np.abs(counts / n - 1 / k)).sum())
    assert exact / value("multinomial_expected_tv", law="any", n=n, k=k) == pytest.approx(
        math.sqrt(2 / math.pi), rel=1e-3
    )

"""Every closed form against something that does not use it: quadrature, recursions by hand, brute force."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mpf
from scipy.integrate import quad
from scipy.stats import norm

import bounds

DIGITS = 30


@pytest.fixture(scope="module", autouse=True)
def _many_digits() -> Iterator[None]:
    with mpmath.workdps(40):
        yield


def value(theorem_id: str, **arguments: object) -> mpmath.mpf:
    """Evaluate with more digits than any comparison here needs."""
    return bounds.get(theorem_id).evaluate(digits=DIGITS, **arguments)


def close(left: object, right: object, tolerance: float = 1e-20) -> bool:
    with mpmath.workdps(DIGITS + 5):
        return bool(abs(mpf(left) - mpf(right)) <= tolerance * max(1, abs(mpf(right))))


@pytest.mark.parametrize("n", [2, 3, 7, 40, 41, 300])
def test_c4_is_the_mean_of_a_scaled_chi_variable(n: int) -> None:
    with mpmath.workdps(25):
        k = n - 1

        def density(x: mpf) -> mpf:
            return x ** (k - 1) * mpmath.exp(-x * x / 2) / (mpf(2) ** (mpf(k) / 2 - 1) * mpmath.gamma(mpf(k) / 2))

        centre = mpmath.sqrt(k)
        edges = [max(mpf(0), centre - 12), centre, centre + 12]
        mean = mpmath.quad(lambda x: x * density(x), edges) / mpmath.sqrt(k)
    assert close(value("bertrand2024.gaussian_collapse", n=n, t=1, sigma=1), mean, 1e-15)


def test_c4_on_a_grid_keeps_its_digits_for_every_size() -> None:
    sizes = [2, 3, 39, 40, 41, 42, 100, 10**4, 10**7]
    grid = bounds.get("bertrand2024.gaussian_collapse").evaluate(n=np.array(sizes), t=1, sigma=1)
    for size, found in zip(sizes, grid, strict=True):
        assert abs(found - float(value("bertrand2024.gaussian_collapse", n=size, t=1, sigma=1))) < 1e-14


@pytest.mark.parametrize("covariance", ["unbiased", "mle"])
@pytest.mark.parametrize("n", [2, 5, 30])
def test_gaussian_loop_moments_by_quadrature_of_the_chi_square(n: int, covariance: str) -> None:
    k, divisor = n - 1, n - 1 if covariance == "unbiased" else n
    t, sigma = 3, Fraction(3, 2)
    with mpmath.workdps(25):

        def density(x: mpf) -> mpf:
            return x ** (mpf(k) / 2 - 1) * mpmath.exp(-x / 2) / (mpf(2) ** (mpf(k) / 2) * mpmath.gamma(mpf(k) / 2))

        def mean(f: Callable[[mpf], mpf]) -> mpf:
            # x = e^v removes the singularity at 0
            edges = [-140, -40, -10, 0, 1, 2, 3, 4, 5, 6]
            return mpmath.quad(lambda v: f(mpmath.exp(v)) * density(mpmath.exp(v)) * mpmath.exp(v), edges)

        std = mean(lambda x: mpmath.sqrt(x / divisor)) ** t * mpf(3) / 2
        second = mean(lambda x: x / divisor) ** t * mpf(9) / 4
        rate = mean(lambda x: mpmath.log(x / divisor))
        spread = mean(lambda x: mpmath.log(x / divisor) ** 2) - rate**2
        factor = mean(lambda x: x / divisor)
        drift = sum(mpf(9) / 4 * factor**j / n for j in range(t))
        logs = mpmath.log(mpf(9) / 4) + t * rate
    for statistic, oracle in {
        "std": std,
        "variance": second,
        "log_variance": logs,
        "log_variance_spread": t * spread,
        "mean_square_error": drift,
    }.items():
        theorem = bounds.get("bertrand2024.gaussian_loop").at(statistic=statistic, covariance=covariance)
        known = {"n": n, "t": t, "sigma": sigma}
        arguments = {symbol.name: known[symbol.name] for symbol in theorem.symbols}
        found = value("bertrand2024.gaussian_loop", statistic=statistic, covariance=covariance, **arguments)
        assert close(found, oracle, 1e-14), (statistic, found, oracle)


def test_log_determinant_is_the_sum_over_bartlett_chi_squares() -> None:
    n, d, t = 9, 4, 6
    with mpmath.workdps(30):
        one = sum(mpmath.digamma(mpf(n - j) / 2) + mpmath.log(mpf(2) / (n - 1)) for j in range(1, d + 1))
    found = value("bertrand2024.gaussian_loop", statistic="log_determinant", covariance="unbiased", n=n, d=d, t=t)
    assert close(found, t * one)


@given(n=st.integers(1, 50), t=st.integers(1, 12), alpha=st.fractions(0, 1, max_denominator=20))
@settings(deadline=None, max_examples=50)
def test_normal_mean_loop_variances_by_hand(n: int, t: int, alpha: Fraction) -> None:
    q = 1 - alpha
    fresh = Fraction(1, n)
    for _ in range(t - 1):
        # alpha n fresh points (none when alpha = 0) and q n points of the model around its random mean
        fresh = q**2 * fresh + alpha * Fraction(1, n) + q * Fraction(1, n)
    with mpmath.workdps(DIGITS):
        expected = 2 / mpmath.pi * mpmath.atan(mpmath.sqrt(mpf(fresh.numerator) / fresh.denominator) / 2)
    assert close(value("bertrand2024.normal_mean_loop", data="fresh", n=n, t=t, alpha=alpha), expected)


@given(n=st.integers(1, 50), t=st.integers(1, 12), lam=st.fractions(0, 5, max_denominator=20))
@settings(deadline=None, max_examples=50)
def test_normal_mean_loop_with_reused_data_by_hand(n: int, t: int, lam: Fraction) -> None:
    shift = Fraction(0)  # variance of the mean given the real data
    for _ in range(t - 1):
        if lam:
            shift = (lam / (1 + lam)) ** 2 * (shift + 1 / (lam * n))
    total = Fraction(1, n) + shift
    assert total <= Fraction(3, 2) / n
    with mpmath.workdps(DIGITS):
        expected = 2 / mpmath.pi * mpmath.atan(mpmath.sqrt(mpf(total.numerator) / total.denominator) / 2)
    assert close(value("bertrand2024.normal_mean_loop", data="reused", n=n, t=t, lam=lam), expected)


@pytest.mark.parametrize(("n", "spread"), [(1, 1.0), (4, 0.5), (10_000, 0.01)])
def test_expected_total_variation_of_a_random_mean_by_double_quadrature(n: int, spread: float) -> None:
    """E TV(N(m, 1), N(0, 1)) for m ~ N(0, 1/n), from the definition of total variation."""

    def tv(m: float) -> float:
        # the densities cross at m/2, where the integrand has a kink
        sides = [quad(lambda x: abs(norm.pdf(x - m) - norm.pdf(x)) / 2, *ends, epsabs=1e-13)[0] for ends in cut(m / 2)]
        return float(sum(sides))

    def cut(x: float) -> tuple[tuple[float, float], tuple[float, float]]:
        return (-12.0, x), (x, 14.0)

    mean = 2 * quad(lambda z: tv(spread * z) * norm.pdf(z), 0, 9, epsabs=1e-11)[0]
    assert close(value("bertrand2024.normal_mean_loop", data="synthetic", n=n, t=1), mean, 1e-9)


@given(n=st.integers(2, 60), t=st.integers(1, 10), alpha=st.fractions(0, 1, max_denominator=20))
@settings(deadline=None, max_examples=40)
def test_normal_mixed_moments_by_exact_linear_algebra(n: int, t: int, alpha: Fraction) -> None:
    q = 1 - alpha
    u, v = Fraction(1, n), Fraction(1)
    for _ in range(t - 1):
        # moments of the pooled sample: E xbar^2 and E S^2 = (sum E x^2 - n E xbar^2)/(n-1)
        square = alpha + q * (v + u)
        u_next = q**2 * u + (alpha + q * v) / n
        v = n * (square - u_next) / (n - 1)
        u = u_next
    for statistic, oracle in (("mean_square_error", u), ("variance", v)):
        found = value("bertrand2024.normal_mixed_moments", statistic=statistic, n=n, t=t, alpha=alpha)
        assert close(found, mpf(oracle.numerator) / oracle.denominator, 1e-14)


def test_normal_mixed_moments_converge_to_their_limits_where_they_exist() -> None:
    for statistic in ("mean_square_error", "variance"):
        late = value("bertrand2024.normal_mixed_moments", statistic=statistic, n=12, t=900, alpha="0.2")
        limit = value("bertrand2024.normal_mixed_moments", statistic=f"limit_{statistic}", n=12, alpha="0.2")
        assert close(late, limit, 1e-12)
    with pytest.raises(bounds.HypothesisError, match="alpha"):
        value("bertrand2024.normal_mixed_moments", statistic="limit_variance", n=12, alpha="0.01")
    # ... and there they do grow without bound
    early, late = (
        value("bertrand2024.normal_mixed_moments", statistic="variance", n=12, t=t, alpha="0.01") for t in (100, 2000)
    )
    assert late > 2 * early


@given(
    lam=st.fractions(0, 3, max_denominator=50),
    a=st.fractions(Fraction(1, 20), 3, max_denominator=50),
    e=st.fractions(0, 3, max_denominator=50),
)
@settings(deadline=None, max_examples=100)
def test_the_three_jacobian_bounds_are_ordered_and_meet_where_theory_says(
    lam: Fraction, a: Fraction, e: Fraction
) -> None:
    arguments = {"lam": lam, "L": 1, "epsilon": e, "curvature": a}
    spectral = value("bertrand2024.spectral_radius", **arguments)
    refined = value("bertrand2024.jacobian_refined", **arguments)
    mu = 1 + e / a
    assert close(
        spectral,
        mpf((lam * mu).numerator) / (lam * mu).denominator / (1 + mpf((lam * mu).numerator) / (lam * mu).denominator),
        1e-14,
    )
    assert spectral <= refined * (1 + 1e-25)
    assert (refined < 1) == (lam * e < a + lam * max(a - e, 0))
    if lam * mu < Fraction(1, 2):
        paper = value("bertrand2024.jacobian", **arguments)
        assert refined <= paper * (1 + 1e-25)
        assert paper < 1
        three = value("bertrand2024.contraction", t=3, distance0=2, **arguments)
        assert close(three, 2 * paper**3)
    else:
        with pytest.raises(bounds.HypothesisError):
            value("bertrand2024.jacobian", **arguments)


@given(
    rho=st.fractions(0, Fraction(99, 100), max_denominator=100),
    t=st.integers(1, 30),
    n=st.integers(1, 10**5),
    start=st.fractions(0, 2, max_denominator=20),
)
@settings(deadline=None, max_examples=50)
def test_finite_sample_is_the_recursion_run_by_hand(rho: Fraction, t: int, n: int, start: Fraction) -> None:
    with mpmath.workdps(DIGITS):
        error = mpf("0.01") + mpf(2) / mpmath.sqrt(n) * mpmath.sqrt(mpmath.log(3 * t / mpf("0.05")))
        x = mpf(start.numerator) / start.denominator
        for _ in range(t):
            x = mpf(rho.numerator) / rho.denominator * x + error
    found = value(
        "bertrand2024.finite_sample",
        rho=rho, t=t, n=n, A=2, B=3, delta="0.05", eps_opt="0.01", distance0=start, radius="inf",
    )  # fmt: skip
    assert close(found, x, 1e-14)


def test_finite_sample_refuses_a_ball_that_the_loop_may_leave() -> None:
    arguments = {"rho": "1/2", "t": 5, "n": 100, "A": 1, "B": 1, "delta": "0.1", "eps_opt": 0, "distance0": 0}
    with pytest.raises(bounds.HypothesisError, match="radius"):
        value("bertrand2024.finite_sample", radius="0.3", **arguments)
    assert value("bertrand2024.finite_sample", radius="0.5", **arguments) > 0


@given(count=st.integers(2, 12), t=st.integers(0, 20), gap=st.floats(0.01, 5), mass=st.floats(0.001, 1))
@settings(deadline=None, max_examples=50)
def test_concentration_is_its_linear_recursion(count: int, t: int, gap: float, mass: float) -> None:
    with mpmath.workdps(DIGITS):
        u = (1 - mpf(mass)) / mpf(mass)
        for _ in range(t):
            u *= (1 + (count - 1) * mpmath.exp(-mpf(gap))) / count
        expected = mpmath.log1p(u)
    assert close(value("ferbach2024.concentration", K=count, t=t, gap=gap, p_star=mass), expected, 1e-18)


@given(
    count=st.integers(1, 9), t=st.integers(0, 25), lam=st.fractions(0, 20, max_denominator=20), spread=st.floats(0, 6)
)
@settings(deadline=None, max_examples=60)
def test_kl_ball_refined_is_the_recursion_of_the_density_ratio(
    count: int, t: int, lam: Fraction, spread: float
) -> None:
    with mpmath.workdps(DIGITS):
        ratio = mpf(lam.numerator) / lam.denominator
        h = count / (1 + (count - 1) * mpmath.exp(-mpf(spread)))
        m = mpf(1)
        for _ in range(t):
            m = (1 + ratio * h * m) / (1 + ratio)
        expected = mpmath.log(m)
    found = value("ferbach2024.kl_ball_refined", K=count, t=t, lam=lam, range=spread)
    assert close(found, expected, 1e-16)
    if lam > 0 and t >= 1:
        chord = value("ferbach2024.kl_ball_refined", K=count, t=t, lam=lam, range=spread, form="chord")
        assert chord <= found + mpf(10) ** -25
        assert close(chord, _largest_divergence(1 / (1 + ratio), m), 1e-9)


def _largest_divergence(low: mpmath.mpf, high: mpmath.mpf) -> mpmath.mpf:
    """The largest E x log x over variables in [low, high] of mean 1: attained at the two ends."""
    if high - low < mpf(10) ** -25:
        return mpf(0)
    mass = (1 - low) / (high - low)
    return mass * high * mpmath.log(high) + (1 - mass) * low * mpmath.log(low)


@given(count=st.integers(2, 9), lam=st.fractions(0, 1, max_denominator=40))
@settings(deadline=None, max_examples=60)
def test_kl_ball_is_the_limit_of_the_refined_one_without_a_reward_range(count: int, lam: Fraction) -> None:
    if lam * (count - 1) >= 1:
        with pytest.raises(bounds.HypothesisError, match="lam"):
            value("ferbach2024.kl_ball", K=count, lam=lam)
        return
    ball = value("ferbach2024.kl_ball", K=count, lam=lam)
    late = value("ferbach2024.kl_ball_refined", K=count, lam=lam, range="inf", t=20_000)
    assert close(late, ball, 1e-14)


@given(
    count=st.integers(2, 9),
    t=st.integers(1, 15),
    lam=st.fractions(Fraction(1, 50), 20, max_denominator=50),
    share=st.fractions(0, 1, max_denominator=20),
    m=st.fractions(Fraction(1, 20), 1, max_denominator=20),
)
@settings(deadline=None, max_examples=60)
def test_mixed_gains_are_ordered_and_iterate_by_hand(
    count: int, t: int, lam: Fraction, share: Fraction, m: Fraction
) -> None:
    y_max, v = Fraction(3), share * 3 * m * (3 - 3 * m)
    arguments = {"K": count, "t": t, "lam": lam, "mean": 3 * m, "variance": v, "y_max": y_max}
    kappa = Fraction(count - 1, count) / y_max
    g = float(lam / (1 + lam) * kappa * v)
    for _ in range(t - 1):
        # the total variance of p_t is at least the reference's share plus the spread of the two means
        g = float(lam / (1 + lam)) * (g + float(kappa) * (float(v / (1 + lam)) + g * g / float(lam)))
    paper = value("ferbach2024.mixed_reward_gain", **arguments)
    closed = value("ferbach2024.mixed_reward_gain_refined", **arguments)
    iterated = value("ferbach2024.mixed_reward_gain_refined", form="iterated", **arguments)
    assert paper <= closed + mpf(10) ** -25 <= iterated + mpf(10) ** -24
    assert close(iterated, float(3 * m) + g, 1e-12)


@given(
    count=st.integers(2, 9),
    share=st.fractions(0, 1, max_denominator=20),
    m=st.fractions(Fraction(1, 20), 1, max_denominator=20),
)
@settings(deadline=None, max_examples=60)
def test_refined_reward_increase_is_never_below_the_papers(count: int, share: Fraction, m: Fraction) -> None:
    arguments = {"K": count, "mean": 3 * m, "variance": share * 3 * m * (3 - 3 * m), "y_max": 3}
    assert value("ferbach2024.reward_increase", **arguments) <= value(
        "ferbach2024.reward_increase_refined", **arguments
    )


def test_parametric_rate_factors() -> None:
    arguments = {"C": 2, "t": 3, "lam": "1/2", "L": 1, "epsilon": "1/4", "curvature": 1}
    assert close(value("ferbach2024.parametric_rate", **arguments), 2 * (mpf("0.625") / mpf("1.375")) ** 6, 1e-14)
    spectral = value("ferbach2024.parametric_rate", factor="spectral", **arguments)
    assert close(spectral, 2 * (mpf("0.625") / mpf("1.625")) ** 6, 1e-14)


def test_the_limit_and_the_uncurated_mixture() -> None:
    assert value("ferbach2024.curated_limit", y=3, mean=2) == mpf("1.5")
    assert value("ferbach2024.uncurated_mixture", lam=3, t=2, tv0="1/2") == mpf(9) / 32


def test_digits_where_a_logarithm_of_one_is_under_a_root() -> None:
    # B t / delta is exactly 1, so that the root vanishes, and every rounding error would leave one of a negative number.
    known = {"A": 2, "B": "43/2800", "delta": "0.43", "t": 28, "distance0": 1, "eps_opt": "1/4", "rho": 0, "n": 1}
    found = bounds.get("bertrand2024.finite_sample").evaluate(**known, radius="inf", digits=40)
    assert abs(found - mpmath.mpf(1) / 4) < mpmath.mpf(10) ** -38

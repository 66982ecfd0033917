"""Exact moments of the normal loops against quadrature, enumeration and the closed forms; no sampling anywhere."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from verify.mixing import Mixture, Regime, accumulate, by_ratio, by_share, replace
from verify.models.normal import (
    exact_log_variance,
    exact_std,
    exact_std_variance,
    exact_variance,
    expected_tv,
    mean_loop_variance,
    mean_shift_tv,
    mixed_moments,
)

# Largest generation up to which every path of quadrature nodes can be enumerated.
ENUMERATED = [
    (replace(6), 3),
    (by_share(8, "1/4", Regime.FRESH), 2),
    (by_share(6, "1/6", Regime.FRESH), 3),
    (by_ratio(5, "3/5", Regime.FRESH), 2),
    (by_share(6, 1, Regime.FRESH), 3),
    (accumulate(6), 3),
    (accumulate(6, added=1), 3),
]
MIXTURES = [
    *(mixture for mixture, _ in ENUMERATED),
    by_share(8, "1/2", Regime.REUSED),
    by_ratio(5, 2, Regime.REUSED),
    by_share(6, 1, Regime.REUSED),
    Mixture(Regime.REUSED, first=5, real=2, synthetic=6),
]


def chi_square_mean(function, freedom):
    """E function(X), X chi-square, by quadrature."""
    density = lambda x: x ** (mpmath.mpf(freedom) / 2 - 1) * mpmath.exp(-x / 2)  # noqa: E731
    grid = [0, 0.01, 1, 5, 20, 60, 200, 600]
    mass = mpmath.quad(density, grid)
    return mpmath.quad(lambda x: function(x) * density(x), grid) / mass


@pytest.mark.parametrize("covariance", ["unbiased", "mle"])
@pytest.mark.parametrize("n", [3, 4, 9])
def test_replace_moments_against_quadrature(n, covariance):
    t, sigma = 3, 1.5
    below = n - 1 if covariance == "unbiased" else n
    with mpmath.workdps(30):
        root, one, two = (chi_square_mean(lambda x, p=p: (x / below) ** p, n - 1) for p in (0.5, 1, 2))
        log = chi_square_mean(lambda x: mpmath.log(x / below), n - 1)
        log2 = chi_square_mean(lambda x: mpmath.log(x / below) ** 2, n - 1)
        std = exact_std(n, t, sigma, covariance)
        assert std.mean == pytest.approx(float(sigma * root**t), rel=1e-12)
        assert std.variance == pytest.approx(float(sigma**2 * (one**t - root ** (2 * t))), rel=1e-11)
        assert exact_std_variance(n, t, sigma, covariance) == std.variance
        variance = exact_variance(n, t, sigma, covariance)
        assert variance.mean == pytest.approx(float(sigma**2 * one**t), rel=1e-12)
        assert variance.variance == pytest.approx(float(sigma**4 * (two**t - one ** (2 * t))), rel=1e-11)
        logarithm = exact_log_variance(n, t, sigma, covariance)
        assert logarithm.mean == pytest.approx(float(2 * mpmath.log(sigma) + t * log), rel=1e-11)
        assert logarithm.variance == pytest.approx(float(t * (log2 - log**2)), rel=1e-11)


def test_moments_keep_their_digits_for_large_n():
    # c4(n)^2 = 1 - 1/(2n) - 3/(8 n^2) + ..., so Var(sigma_1) = 1/(2n) + 3/(8 n^2) + O(n^-3).
    n = 10**8
    assert exact_std_variance(n, 1) == pytest.approx(1 / (2 * n) + 3 / (8 * n**2), rel=1e-14)
    assert exact_log_variance(n, 1).mean == pytest.approx(-1 / (n - 1) - 1 / (3 * (n - 1) ** 2), rel=1e-14)


def pooled(groups):
    """Mean and scatter of groups (size, mean, scatter), straight from the definition."""
    size = sum(k for k, _, _ in groups)
    mean = sum(k * m for k, m, _ in groups) / size
    return size, mean, sum(s + k * (m - mean) ** 2 for k, m, s in groups)


def nodes(freedom):
    """Gauss rules for a normal (degree 5) and a chi-square (degree 3): exact for the polynomials that occur."""
    normal = special.roots_hermitenorm(3)
    chi = special.roots_genlaguerre(2, freedom / 2 - 1) if freedom else (np.zeros(1), np.ones(1))
    return [
        (z, 2 * x, wz * wx / normal[1].sum() / chi[1].sum())
        for z, wz in zip(*normal, strict=True)
        for x, wx in zip(*chi, strict=True)
    ]


def drawn(size, mean, variance):
    """All (weight, group) of a quadrature over the sufficient statistics of `size` draws."""
    return [(w, (size, mean + math.sqrt(variance) * z / math.sqrt(size), variance * x)) for z, x, w in nodes(size - 1)]


def brute_force_moments(mixture, generations, covariance):
    """E of mu^2, s^2, mu^4, mu^2 s^2, s^4 by enumerating the nodes of every draw of every generation."""
    paths = [(1.0, [], None)]
    for t in range(1, generations + 1):
        grown = []
        for weight, earlier, law in paths:
            branches = [(weight, [])]
            if t == 1 or (mixture.regime is Regime.FRESH and mixture.real):
                size = mixture.first if t == 1 else mixture.real
                branches = [(w * v, [*gs, g]) for w, gs in branches for v, g in drawn(size, 0.0, 1.0)]
            elif mixture.regime is Regime.ACCUMULATE:
                branches = [(weight, list(earlier))]
            if t > 1 and mixture.synthetic:
                branches = [(w * v, [*gs, g]) for w, gs in branches for v, g in drawn(mixture.synthetic, *law)]
            for w, groups in branches:
                size, mean, scatter = pooled(groups)
                grown.append((w, groups, (mean, scatter / (size - (covariance == "unbiased")))))
        paths = grown
    w = np.array([weight for weight, _, _ in paths])
    x, y = np.array([law for _, _, law in paths]).T
    assert w.sum() == pytest.approx(1)
    return [np.dot(w, power) for power in (x**2, y, x**4, x**2 * y, y**2)]


@pytest.mark.parametrize("covariance", ["unbiased", "mle"])
@pytest.mark.parametrize(("mixture", "generations"), ENUMERATED)
def test_mixed_moments_against_enumeration(mixture, generations, covariance):
    exact = mixed_moments(mixture, generations, covariance=covariance)
    scaled = mixed_moments(mixture, generations, covariance=covariance, sigma=3.0)
    for t in range(1, generations + 1):
        u, v, u2, uv, v2 = brute_force_moments(mixture, t, covariance)
        expected = {
            "drift": u,
            "variance": v,
            "drift_variance": u2 - u * u,
            "variance_variance": v2 - v * v,
            "covariance": uv - u * v,
        }
        for name, value in expected.items():
            assert getattr(exact, name)[t] == pytest.approx(value, rel=1e-10, abs=1e-13)
            power = 2 if name in ("drift", "variance") else 4
            assert getattr(scaled, name)[t] == pytest.approx(3**power * value, rel=1e-10, abs=1e-11)


def test_mixed_moments_agree_with_the_closed_forms():
    n, t = 7, 6
    moments = mixed_moments(replace(n), t)
    assert moments.drift[t] == pytest.approx(t / n, rel=1e-14)
    assert moments.variance_variance[t] == pytest.approx(exact_variance(n, t).variance, rel=1e-13)
    shrunk = mixed_moments(replace(n), t, covariance="mle")
    assert shrunk.drift[t] == pytest.approx(1 - ((n - 1) / n) ** t, rel=1e-14)
    assert shrunk.variance_variance[t] == pytest.approx(exact_variance(n, t, covariance="mle").variance, rel=1e-13)
    for real in (3, 30):
        n, alpha, q = 60, real / 60, 1 - real / 60
        limit = mixed_moments(by_share(n, alpha, Regime.FRESH), 1500)
        u = 1 / (n * (alpha * (2 - alpha) - q**2 / (n - 1)))
        assert limit.drift[-1] == pytest.approx(u, rel=1e-12)
        assert limit.variance[-1] == pytest.approx(1 + n / (n - 1) * q * u, rel=1e-12)


def test_mixed_moments_are_finite_exactly_above_the_threshold():
    # n = 50: the threshold 1 - sqrt(1 - 1/n) = 0.01005 lies between 0/50 and 1/50.
    assert mixed_moments(by_share(50, "1/50", Regime.FRESH), 3000).drift[-1] < 1.02
    assert mixed_moments(replace(50), 3000).drift[-1] == pytest.approx(60, rel=1e-12)


def enumerated_mean_variance(mixture, generations):
    """Variances of the mean loop from points written as vectors of coefficients of independent normal draws."""
    draws = mixture.first + mixture.first * generations + (mixture.real + mixture.synthetic) * generations
    fresh = iter(np.eye(draws))
    points = [next(fresh) for _ in range(mixture.first)]
    kept, variances = points[: mixture.real], [0.0]
    for t in range(1, generations + 1):
        mean = np.mean(points, axis=0)
        variances.append(float(mean @ mean))
        new = [mean + next(fresh) for _ in range(mixture.synthetic)]
        if mixture.regime is Regime.ACCUMULATE:
            points = points + new
        elif mixture.regime is Regime.FRESH:
            points = [next(fresh) for _ in range(mixture.real)] + new
        else:
            points = kept + new
        assert len(points) == mixture.training_size(t + 1)
    return variances


@pytest.mark.parametrize("mixture", MIXTURES)
def test_mean_loop_variance_against_enumeration(mixture):
    np.testing.assert_allclose(mean_loop_variance(mixture, 5), enumerated_mean_variance(mixture, 5), rtol=1e-13)


def test_mean_loop_variance_has_the_papers_closed_forms():
    n, t = 12, np.arange(1, 31)
    for real in (3, 6):
        q = 1 - real / n
        fresh = mean_loop_variance(by_share(n, real / n, Regime.FRESH), 30)[1:]
        np.testing.assert_allclose(fresh * n, (1 - q ** (2 * t)) / (1 - q * q), rtol=1e-13)
    for lam in (0.5, 1, 25):
        reused = mean_loop_variance(by_ratio(n, lam, Regime.REUSED), 30)[1:] * n
        exact = 1 + lam / (1 + 2 * lam) * (1 - (lam / (1 + lam)) ** (2 * (t - 1)))
        np.testing.assert_allclose(reused, exact, rtol=1e-13)
        assert np.all(reused <= 1.5)


@pytest.mark.parametrize("variance", [0.0, 1e-6, 0.3, 40.0])
def test_expected_tv_against_quadrature(variance):
    sigma = 1.7
    spread = math.sqrt(variance)
    exact = mpmath.quad(
        lambda z: mpmath.erf(abs(z) * spread / (2 * mpmath.sqrt(2) * sigma)) * mpmath.npdf(z), [0, 1, 3, 14]
    )
    assert float(expected_tv(variance, sigma=sigma)) == pytest.approx(2 * float(exact), rel=1e-12, abs=1e-15)


@given(shift=st.floats(-20, 20), sigma=st.floats(0.1, 10))
@settings(max_examples=25, deadline=None)
def test_mean_shift_tv_against_the_density_overlap(shift, sigma):
    x = np.linspace(-12 * sigma - 20, 12 * sigma + 20, 40_001)
    gap = np.abs(stats.norm.pdf(x, 0, sigma) - stats.norm.pdf(x, shift, sigma))
    assert float(mean_shift_tv(np.array(3 + shift), sigma=sigma, mean=3.0)) == pytest.approx(
        0.5 * np.trapezoid(gap, x), abs=2e-5
    )

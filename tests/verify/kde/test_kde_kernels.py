"""Kernels and bandwidths: constants by quadrature, draws by the DKW inequality, rules of thumb by minimising the error."""

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import minimize_scalar
from scipy.stats import gaussian_kde

from bounds.errors import ArgumentError, DataError
from verify.models.kde import EPANECHNIKOV, GAUSSIAN, Fixed, NormalReference, Silverman

KERNELS = (GAUSSIAN, EPANECHNIKOV)


@pytest.mark.parametrize("kernel", KERNELS)
def test_constants_agree_with_quadrature(kernel):
    def integral(power, square=False):
        def integrand(u):
            k = float(kernel.density(np.array(u)))
            return u**power * (k * k if square else k)

        return quad(integrand, -kernel.reach, kernel.reach, epsabs=1e-13, epsrel=1e-12)[0]

    assert integral(0) == pytest.approx(1, abs=1e-11)
    assert integral(2) == pytest.approx(kernel.variance, abs=1e-11)
    assert integral(0, square=True) == pytest.approx(kernel.roughness, abs=1e-11)
    for u in (-1.0, -0.3, 0.0, 0.7, 0.999):
        mass = quad(lambda v: float(kernel.density(np.array(v))), u, kernel.reach, epsabs=1e-13)[0]
        assert float(kernel.tail(np.array(u))) == pytest.approx(mass, abs=1e-11)
    assert 2 * float(kernel.tail(np.array(kernel.reach))) < 1e-16


@pytest.mark.parametrize("kernel", KERNELS)
def test_bend_is_the_total_variation_of_the_slope(kernel):
    u = np.linspace(-1.1 * kernel.reach, 1.1 * kernel.reach, 400_001)
    slope = np.diff(kernel.density(u)) / np.diff(u)
    assert np.abs(np.diff(slope)).sum() == pytest.approx(kernel.bend, rel=1e-4)
    assert np.abs(np.diff(slope)).sum() <= kernel.bend * (1 + 1e-9)


@pytest.mark.parametrize("kernel", KERNELS)
def test_noise_has_the_law_of_the_kernel(kernel):
    n, level = 200_000, 1e-6
    draws = np.sort(kernel.noise(np.random.default_rng(1), n))
    cdf = 1 - kernel.tail(draws)
    gap = max(np.abs(np.arange(1, n + 1) / n - cdf).max(), np.abs(np.arange(n) / n - cdf).max())
    assert gap <= math.sqrt(math.log(2 / level) / (2 * n))  # Massart's DKW


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("d", [1, 2, 3, 5])
def test_normal_reference_minimises_the_asymptotic_error(kernel, d):
    n = 1000
    rng = np.random.default_rng(d)
    points = rng.standard_normal((1, n, d))
    points /= math.sqrt(points.var(axis=1, ddof=1).mean())
    found = NormalReference().of(points if d > 1 else points[..., 0], kernel)[0]

    def laplacian_squared(r):
        density = math.exp(-r * r / 2) / (2 * math.pi) ** (d / 2)
        return (density * (r * r - d)) ** 2 * r ** (d - 1) * 2 * math.pi ** (d / 2) / math.gamma(d / 2)

    bias = quad(laplacian_squared, 0, 12)[0]

    def error(log_h):
        h = math.exp(log_h)
        return kernel.roughness**d / (n * h**d) + h**4 * kernel.variance**2 * bias / 4

    best = math.exp(minimize_scalar(error, bounds=(-4, 2), method="bounded", options={"xatol": 1e-10}).x)
    assert found == pytest.approx(best, rel=1e-5)


def test_normal_reference_is_the_factor_scipy_calls_silverman():
    points = np.random.default_rng(0).standard_normal(300)
    theirs = gaussian_kde(points, bw_method="silverman")
    assert NormalReference().of(points[None], GAUSSIAN)[0] == pytest.approx(float(theirs.covariance[0, 0]) ** 0.5)


def test_silverman_is_robust_to_outliers_and_to_ties():
    n = 400
    points = np.random.default_rng(0).standard_normal(n)
    points[0] = 1e6
    quarters = np.percentile(points, [25, 75])
    expected = 0.9 * (quarters[1] - quarters[0]) / 1.349 * n**-0.2
    assert Silverman().of(points[None], GAUSSIAN)[0] == pytest.approx(expected, rel=1e-12)
    ties = np.zeros(n)
    ties[0] = 1.0  # the quartiles coincide: the standard deviation serves
    assert Silverman().of(ties[None], GAUSSIAN)[0] == pytest.approx(0.9 * ties.std(ddof=1) * n**-0.2, rel=1e-12)


def test_bad_bandwidths_are_refused():
    for h in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(ArgumentError, match="bandwidth"):
            Fixed(h)
    with pytest.raises(DataError, match="at least 2 points"):
        NormalReference().of(np.zeros((3, 1)), GAUSSIAN)
    with pytest.raises(DataError, match="coincide"):
        Silverman().of(np.ones((3, 5)), GAUSSIAN)
    with pytest.raises(ArgumentError, match="on the line"):
        Silverman().of(np.zeros((1, 5, 2)), GAUSSIAN)

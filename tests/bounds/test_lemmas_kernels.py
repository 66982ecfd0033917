"""Kernel density lemmas, against quadrature, radial laws and simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import chi2, norm

import bounds


def value(name: str, **arguments: object) -> float:
    return float(bounds.get(f"lemma.{name}").evaluate(**arguments))


@pytest.mark.parametrize(("first", "second", "h"), [(1, 1, 1.0), (2, 5, 0.3), (7, 1, 2.0)])
def test_kernel_integrals_by_quadrature_and_as_products(first: int, second: int, h: float) -> None:
    reach = 12 * h * math.sqrt(max(first, second))

    def product(x: float) -> float:
        return float(norm.pdf(x, scale=h * math.sqrt(first)) * norm.pdf(x, scale=h * math.sqrt(second)))

    one = quad(product, -reach, reach, epsabs=1e-13, points=[0])[0]
    for d in (1, 2, 5):
        found = value("gaussian_kernel", integral="product", folds=first, folds2=second, h=h, d=d)
        assert found == pytest.approx(one**d, rel=1e-9)
    square = value("gaussian_kernel", integral="square", folds=first, h=h, d=3)
    assert square == pytest.approx(
        value("gaussian_kernel", integral="product", folds=first, folds2=first, h=h, d=3), rel=1e-14
    )


def smoothing_distance(h: float, d: int) -> float:
    """Return the exact total variation of N(0, I) and N(0, (1+h^2) I): their densities cross on a sphere."""
    wide = 1 + h * h
    squared_radius = d * math.log(wide) / (1 - 1 / wide)
    return float(chi2.cdf(squared_radius, d) - chi2.cdf(squared_radius / wide, d))


@pytest.mark.parametrize("d", [1, 2, 3, 10])
def test_bias_of_normal_data_against_its_exact_value(d: int) -> None:
    for h in (0.01, 0.1, 0.5, 1.0, 3.0):
        assert smoothing_distance(h, d) <= value("kde_bias", data="normal", h=h, sigma=1, d=d)
    quotient = smoothing_distance(0.02, d) / value("kde_bias", data="normal", h=0.02, sigma=1, d=d)
    assert 1 - 1e-2 < quotient <= 1
    assert value("kde_bias", data="normal", h=3, sigma=6, d=d) == pytest.approx(
        value("kde_bias", data="normal", h=0.5, sigma=1, d=d), rel=1e-14
    )


@pytest.mark.parametrize("d", [1, 2, 3, 8])
def test_laplacian_of_normal_data_by_quadrature(d: int) -> None:
    sigma, h = 1.5, 0.4
    deviation = (
        quad(lambda y: abs(y - d) * chi2.pdf(y, d), 0, d)[0] + quad(lambda y: abs(y - d) * chi2.pdf(y, d), d, 200)[0]
    )
    known = value("kde_bias", data="any", h=h, laplacian=deviation / sigma**2)
    assert value("kde_bias", data="normal", h=h, sigma=sigma, d=d) == pytest.approx(known, rel=1e-7)


GRID = np.linspace(-14, 14, 28_001)
STEP = GRID[1] - GRID[0]
WEIGHTS, MEANS, SCALES = (0.3, 0.5, 0.2), (-2.0, 0.0, 1.5), (0.5, 1.0, 0.25)


def mixture(extra: float) -> np.ndarray:
    """Return the density of a normal mixture convolved with N(0, extra)."""
    parts = zip(WEIGHTS, MEANS, SCALES, strict=True)
    return sum(w * norm.pdf(GRID, m, math.sqrt(s * s + extra)) for w, m, s in parts)


@pytest.mark.parametrize("h", [0.02, 0.1, 0.3, 1.0])
def test_bias_of_a_mixture_against_its_exact_value(h: float) -> None:
    curvature = sum(
        w * norm.pdf(GRID, m, s) * (((GRID - m) / s) ** 2 - 1) / s**2
        for w, m, s in zip(WEIGHTS, MEANS, SCALES, strict=True)
    )
    bound = value("kde_bias", data="any", h=h, laplacian=float(np.abs(curvature).sum() * STEP))
    exact = float(np.abs(mixture(h * h) - mixture(0.0)).sum() * STEP / 2)
    assert exact <= bound
    assert h > 0.05 or exact > 0.98 * bound


def root_mass(h: float) -> float:
    return float(np.sqrt(mixture(h * h / 2)).sum() * STEP)


@pytest.mark.parametrize("d", [1, 2, 4])
def test_fluctuation_of_normal_data_is_the_general_one_with_its_own_integral(d: int) -> None:
    sigma, h, n = 0.8, 0.3, 70
    scale = math.sqrt(sigma**2 + h * h / 2)
    one = quad(lambda x: math.sqrt(norm.pdf(x, scale=scale)), -40, 40, points=[-5, 0, 5])[0]
    general = value("kde_fluctuation", data="any", n=n, h=h, d=d, root_mass=one**d)
    assert value("kde_fluctuation", data="normal", n=n, h=h, d=d, sigma=sigma) == pytest.approx(general, rel=1e-9)


def distances(n: int, h: float, replicates: int, target: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw kernel density estimates of the mixture and return their distances to a density on the grid."""
    coarse = slice(None, None, 40)
    points, found = GRID[coarse], np.empty(replicates)
    for replicate in range(replicates):
        part = rng.choice(len(WEIGHTS), size=n, p=WEIGHTS)
        sample = rng.normal(np.array(MEANS)[part], np.array(SCALES)[part])
        estimate = np.exp(-(((points[:, None] - sample) / h) ** 2) / 2).mean(axis=1) / (h * math.sqrt(2 * math.pi))
        found[replicate] = np.abs(estimate - target[coarse]).sum() * (points[1] - points[0]) / 2
    return found


@pytest.mark.parametrize(("n", "h"), [(40, 0.2), (90, 0.15)])
def test_simulated_estimates_obey_the_bounds_and_come_close(n: int, h: float) -> None:
    replicates, alarm = 400, 1e-5
    rng = np.random.default_rng(n)
    # Distances lie in [0, 1] and move by at most 1/n with one of their n points: McDiarmid over all points drawn.
    slack = math.sqrt(math.log(1 / alarm) / (2 * n * replicates))
    noise = float(distances(n, h, replicates, mixture(h * h), rng).mean())
    bound = value("kde_fluctuation", data="any", n=n, h=h, d=1, root_mass=root_mass(h))
    assert noise - slack <= bound
    # At this level the bound less two fifths would be refuted: it is checked, not merely not contradicted.
    assert noise - slack > 0.6 * bound
    curvature = np.abs(np.gradient(np.gradient(mixture(0.0), STEP), STEP)).sum() * STEP
    whole = value("kde_tv", data="any", n=n, h=h, d=1, root_mass=root_mass(h), laplacian=float(curvature))
    assert float(distances(n, h, replicates, mixture(0.0), rng).mean()) - slack <= whole


@pytest.mark.parametrize("d", [1, 2, 5])
def test_best_bandwidth_reaches_the_stated_rate(d: int) -> None:
    def best(n: float) -> float:
        widths = np.geomspace(1e-4, 10, 20_001)
        return float(bounds.get("lemma.kde_tv").evaluate(data="normal", n=n, h=widths, sigma=1, d=d).min())

    slope = math.log(best(1e13) / best(1e12)) / math.log(10)
    assert slope == pytest.approx(-2 / (4 + d), rel=0.01)


def test_total_is_the_sum_of_its_two_terms() -> None:
    shared = {"h": "1/2", "d": 3, "sigma": "3/2", "data": "normal"}
    parts = value("kde_bias", **shared) + value("kde_fluctuation", n=90, **shared)
    assert value("kde_tv", n=90, **shared) == pytest.approx(parts, rel=1e-14)

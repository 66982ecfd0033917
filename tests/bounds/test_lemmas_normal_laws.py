"""Closed forms for normal laws, against quadrature, sums over a grid and matrix square roots."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.linalg import sqrtm
from scipy.special import ndtri
from scipy.stats import chi2, norm

import bounds

PAIRS = [(0.0, 1.0, 2.0), (1.0, 1.0, 2.0), (1.0, 2.0, 1.0), (3.0, 0.5, 0.6), (0.2, 1.0, 1.001), (5.0, 1.0, 20.0)]


def value(name: str, **arguments: object) -> float:
    return float(bounds.get(f"lemma.{name}").evaluate(**arguments))


def integral(integrand: object, shift: float, *scales: float) -> float:
    """Integrate over the line in pieces that follow both laws."""
    knots = sorted(
        {centre + side * s for centre in (0.0, shift) for s in scales for side in (-12, -4, -1, 0, 1, 4, 12)}
    )
    return sum(quad(integrand, a, b, epsabs=1e-13, limit=200)[0] for a, b in itertools.pairwise(knots))


@pytest.mark.parametrize(("shift", "sigma1", "sigma2"), PAIRS)
def test_one_dimensional_distances_by_quadrature(shift: float, sigma1: float, sigma2: float) -> None:
    def p(x: float) -> float:
        return float(norm.pdf(x, 0, sigma1))

    def q(x: float) -> float:
        return float(norm.pdf(x, shift, sigma2))

    def log_ratio(x: float) -> float:
        return float(norm.logpdf(x, 0, sigma1) - norm.logpdf(x, shift, sigma2))

    known = {"shift": shift, "sigma1": sigma1, "sigma2": sigma2}
    tv = integral(lambda x: abs(p(x) - q(x)) / 2, shift, sigma1, sigma2)
    assert value("normal_tv", covariance="unequal", **known) == pytest.approx(tv, abs=1e-7)
    kl = integral(lambda x: p(x) * log_ratio(x), shift, sigma1, sigma2)
    assert value("normal_kl", covariance="isotropic", d=1, **known) == pytest.approx(kl, rel=1e-8, abs=1e-11)
    h2 = integral(lambda x: (math.sqrt(p(x)) - math.sqrt(q(x))) ** 2 / 2, shift, sigma1, sigma2)
    assert value("normal_hellinger", covariance="isotropic", d=1, **known) == pytest.approx(h2, rel=1e-7, abs=1e-11)
    # In one dimension the optimal coupling is that of the quantiles.
    squared = quad(lambda u: (sigma1 * ndtri(u) - sigma2 * ndtri(u) - shift) ** 2, 0, 1, epsabs=1e-10)[0]
    assert value("normal_w2", covariance="isotropic", d=1, **known) == pytest.approx(math.sqrt(squared), rel=1e-6)


@given(shift=st.floats(0, 5), sigma1=st.floats(0.1, 5), quotient=st.floats(0.1, 10).filter(lambda r: abs(r - 1) > 1e-3))
@settings(deadline=None, max_examples=60)
def test_total_variation_by_the_mass_between_crossings_found_numerically(
    shift: float, sigma1: float, quotient: float
) -> None:
    sigma2 = sigma1 * quotient
    crossings = np.roots(
        [
            1 / sigma1**2 - 1 / sigma2**2,
            2 * shift / sigma2**2,
            -(shift**2) / sigma2**2 - 2 * math.log(sigma2 / sigma1),
        ]
    )
    assert np.all(np.isreal(crossings))
    low, high = sorted(crossings.real)
    inside = [norm.cdf((high - m) / s) - norm.cdf((low - m) / s) for m, s in ((0.0, sigma1), (shift, sigma2))]
    found = value("normal_tv", covariance="unequal", shift=shift, sigma1=sigma1, sigma2=sigma2)
    assert found == pytest.approx(abs(inside[0] - inside[1]), abs=1e-8)
    swapped = value("normal_tv", covariance="unequal", shift=shift, sigma1=sigma2, sigma2=sigma1)
    assert found == pytest.approx(swapped, rel=1e-12)


def test_nearly_equal_variances_lead_to_equal_ones_and_equal_ones_are_refused() -> None:
    theorem = bounds.get("lemma.normal_tv")
    equal = theorem.evaluate(covariance="scalar", shift=1, sigma1=2)
    for gap in ("1e-3", "1e-9", "1e-15"):
        close = theorem.evaluate(covariance="unequal", shift=1, sigma1=2, sigma2=2 + bounds.numerals.read_number(gap))
        assert abs(close - equal) < 2 * float(gap)
    with pytest.raises(bounds.HypothesisError):
        theorem.evaluate(covariance="unequal", shift=1, sigma1=2, sigma2=2)
    grid = theorem.evaluate(covariance="unequal", shift=1.0, sigma1=2.0, sigma2=np.array([2.0, 2.0 + 1e-9]))
    assert np.isnan(grid[0])
    assert grid[1] == pytest.approx(equal, abs=1e-8)


COVARIANCE = np.array([[2.0, 0.6], [0.6, 0.5]])
MEAN = np.array([0.7, -0.4])


def test_one_covariance_matrix_by_a_sum_over_a_grid_in_the_plane() -> None:
    inverse = np.linalg.inv(COVARIANCE)
    mahalanobis = math.sqrt(MEAN @ inverse @ MEAN)
    side = np.linspace(-11, 11, 1501)
    points = np.stack(np.meshgrid(side, side, indexing="ij"), axis=-1)

    def density(mean: np.ndarray) -> np.ndarray:
        centred = points - mean
        exponent = np.einsum("...i,ij,...j", centred, inverse, centred)
        return np.exp(-exponent / 2) / (2 * math.pi * math.sqrt(np.linalg.det(COVARIANCE)))

    p, q = density(np.zeros(2)), density(MEAN)
    cell = (side[1] - side[0]) ** 2
    assert value("normal_tv", covariance="equal", mahalanobis=mahalanobis) == pytest.approx(
        np.abs(p - q).sum() * cell / 2, abs=2e-5
    )
    h2 = ((np.sqrt(p) - np.sqrt(q)) ** 2).sum() * cell / 2
    assert value("normal_hellinger", covariance="equal", mahalanobis=mahalanobis) == pytest.approx(h2, rel=1e-9)
    with np.errstate(all="ignore"):
        kl = np.where(p > 1e-300, p * np.log(p / q), 0.0).sum() * cell
    assert value("normal_kl", covariance="equal", mahalanobis=mahalanobis) == pytest.approx(kl, rel=1e-9)


@pytest.mark.parametrize("d", [1, 2, 5])
@pytest.mark.parametrize(("sigma1", "sigma2"), [(1.0, 1.5), (2.0, 0.7), (1.0, 1.0)])
def test_isotropic_laws_are_products_of_one_dimensional_ones(d: int, sigma1: float, sigma2: float) -> None:
    shift = 1.3
    scales = {"sigma1": sigma1, "sigma2": sigma2}
    moved, still = {"shift": shift, "d": 1, **scales}, {"shift": 0, "d": 1, **scales}
    whole = {"shift": shift, "d": d, **scales}
    kl = [value("normal_kl", covariance="isotropic", **case) for case in (whole, moved, still)]
    assert kl[0] == pytest.approx(kl[1] + (d - 1) * kl[2], rel=1e-12)
    overlap = [1 - value("normal_hellinger", covariance="isotropic", **case) for case in (whole, moved, still)]
    assert overlap[0] == pytest.approx(overlap[1] * overlap[2] ** (d - 1), rel=1e-12)


@pytest.mark.parametrize("d", [1, 3, 6])
def test_wasserstein_by_the_general_formula_with_matrix_square_roots(d: int) -> None:
    rng = np.random.default_rng(d)
    rotation = np.linalg.qr(rng.standard_normal((d, d)))[0]
    mean = rng.standard_normal(d)
    first, second = 1.7, 0.4
    a, b = (rotation @ np.diag([s**2] * d) @ rotation.T for s in (first, second))
    root = sqrtm(a)
    squared = mean @ mean + np.trace(a + b - 2 * np.real(sqrtm(root @ b @ root)))
    shift = float(np.linalg.norm(mean))
    found = value("normal_w2", covariance="isotropic", shift=shift, sigma1=first, sigma2=second, d=d)
    assert found == pytest.approx(math.sqrt(squared), rel=1e-9)
    assert value("normal_w2", covariance="equal", shift=shift) == pytest.approx(shift)
    # A power of a difference that is 0, but whose balls are not exact.
    assert value("normal_w2", covariance="isotropic", shift="1/7", sigma1="1/100", sigma2="1/100", d=d) == 1 / 7
    with pytest.raises(bounds.HypothesisError):
        value("normal_w2", covariance="isotropic", shift=0, sigma1="1/100", sigma2="1/100", d=d)


@pytest.mark.parametrize("mahalanobis", [1e-9, 1e-4, 0.3, 4.0, 100.0])
def test_hellinger_keeps_its_digits_on_grids(mahalanobis: float) -> None:
    grid = bounds.get("lemma.normal_hellinger").evaluate(covariance="equal", mahalanobis=np.array([mahalanobis]))
    assert grid[0] == pytest.approx(-math.expm1(-(mahalanobis**2) / 8), rel=1e-14)


@pytest.mark.parametrize(("shift", "sigma1", "sigma2"), PAIRS)
def test_the_closed_forms_obey_the_inequalities_between_divergences(shift: float, sigma1: float, sigma2: float) -> None:
    known = {"shift": shift, "sigma1": sigma1, "sigma2": sigma2}
    tv = value("normal_tv", covariance="unequal", **known)
    h2 = value("normal_hellinger", covariance="isotropic", d=1, **known)
    kl = value("normal_kl", covariance="isotropic", d=1, **known)
    assert value("hellinger_lower", h2=h2) <= tv <= value("hellinger_upper", h2=h2)
    assert tv <= min(value("pinsker", kl=kl), value("bretagnolle_huber", kl=kl))


def test_chi_square_masses_give_the_same_total_variation_around_one_centre() -> None:
    # |X| of either law is a scaled chi variable, and with equal means the crossings are symmetric.
    sigma1, sigma2 = 1.0, 3.0
    squared_radius = 2 * math.log(sigma2 / sigma1) / (1 / sigma1**2 - 1 / sigma2**2)
    masses = [chi2.cdf(squared_radius / s**2, 1) for s in (sigma1, sigma2)]
    found = value("normal_tv", covariance="unequal", shift=0, sigma1=1, sigma2=3)
    assert found == pytest.approx(masses[0] - masses[1], rel=1e-12)

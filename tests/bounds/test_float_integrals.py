"""Floats of integrals whose integrands cancel, against closed forms and quadrature with many digits."""

from __future__ import annotations

import math
from fractions import Fraction
from types import SimpleNamespace

import mpmath
import numpy as np
import pytest
from sympy import Abs, Integral, Symbol, exp, factorial, pi, sqrt

import bounds
from bounds.evaluate import evaluate_grid
from bounds.integrals.integral import TailedIntegral
from bounds.integrals.quadrature import sampled
from bounds.tape import compile_expression

u, X = Symbol("u", real=True), Symbol("X", positive=True)
a = Symbol("a", positive=True)
LOWER = bounds.get("fu2024.kde_loop_lower")

# alpha, h, sigma, t, d: narrow kernels, where the mean density and the real one agree to many digits
NARROW = [
    ("318481/500000", "0.00027", "0.23", 1, 1),
    ("0.8712676", "0.36", "82.4", 21, 1),
    ("0", "0.00973", "38.38", 2, 1),
    ("0", "0.00076", "0.73", 13, 1),
    ("0", "5.85e-6", "4.71", 24, 8),
    ("0.5", "1e-9", "1000", 3, 1),
    ("0.3", "1e-9", "900", 4, 60),
    ("0.3", "2", "0.01", 5, 3),
]


def mass_lost(alpha: str, h: str, sigma: str, t: int, d: int) -> object:
    """Half the L1 distance of a centred normal law and its smoothings: their ratio rises with the radius and is 1 once."""
    with mpmath.workdps(100):
        share, width, std = (mpmath.mpf(Fraction(x).numerator) / Fraction(x).denominator for x in (alpha, h, sigma))
        weights = [*(share * (1 - share) ** (order - 1) for order in range(1, t)), (1 - share) ** (t - 1)]
        variances = [std**2 + order * width**2 for order in range(1, t + 1)]

        def excess(radius: object) -> object:
            return mpmath.fsum(
                w * (std**2 / v) ** (mpmath.mpf(d) / 2) * mpmath.exp(radius**2 * (1 / std**2 - 1 / v) / 2)
                for w, v in zip(weights, variances, strict=True)
            )

        low, high = mpmath.mpf(0), std
        while excess(high) < 1:
            high *= 2
        for _ in range(350):
            middle = (low + high) / 2
            low, high = (middle, high) if excess(middle) < 1 else (low, middle)
        inside = [
            mpmath.gammainc(mpmath.mpf(d) / 2, 0, low**2 / (2 * v), regularized=True) for v in [std**2, *variances]
        ]
        return inside[0] - mpmath.fsum(w * p for w, p in zip(weights, inside[1:], strict=True))


@pytest.mark.parametrize(("alpha", "h", "sigma", "t", "d"), NARROW)
def test_the_bias_of_a_narrow_kernel_keeps_its_digits(alpha: str, h: str, sigma: str, t: int, d: int) -> None:
    exact = mass_lost(alpha, h, sigma, t, d)
    space = {"space": "isotropic", "d": d} if d > 1 else {"space": "line"}
    found = LOWER.evaluate(alpha=alpha, h=h, sigma=sigma, t=t, **space)
    assert abs(found / exact - 1) < 1e-13


def test_the_bias_of_a_narrow_kernel_on_a_mixture_keeps_its_digits() -> None:
    """Quadrature with 40 digits, split at the places where the two densities cross."""
    parts = [(Fraction(1, 3), -1, Fraction(1, 2)), (Fraction(2, 3), 2, Fraction(1))]
    alpha, h = Fraction(1, 4), Fraction(1, 100_000)

    def bias(x: object) -> object:
        def density(added: Fraction) -> object:
            return mpmath.fsum(
                mpmath.mpf(w.numerator) / w.denominator * mpmath.npdf(x, m, mpmath.sqrt(_mp(s * s + added)))
                for w, m, s in parts
            )

        return _mp(alpha) * density(h * h) + _mp(1 - alpha) * density(2 * h * h) - density(Fraction(0))

    with mpmath.workdps(40):
        grid = [mpmath.mpf(k) / 8 for k in range(-60, 81)]
        values = [bias(x) for x in grid]
        crossings = [
            mpmath.findroot(bias, (left, right), solver="anderson", tol=1e-60)
            for left, right, one, other in zip(grid, grid[1:], values, values[1:], strict=False)
            if one * other < 0
        ]
        pieces = [mpmath.quad(bias, ends) for ends in zip([-14, *crossings], [*crossings, 16], strict=True)]
        exact = mpmath.fsum(map(abs, pieces)) / 2
    law = SimpleNamespace(weights=["1/3", "2/3"], means=[-1, 2], stds=["1/2", 1])
    found = LOWER.evaluate(law=law, alpha=alpha, h=h, t=2)
    assert len(crossings) >= 2
    assert abs(found / exact - 1) < 1e-13


# 1 - alpha has few digits as a double here, and narrow data far from a wide kernel weigh it heavily
ROUNDED_SHARES = [
    {"alpha": "99999/100000", "d": 40, "h": "9/5", "n": 10539, "sigma": "1.38", "t": 3},
    {"alpha": "999999999/1000000000", "d": 9, "h": "297/100", "n": 1, "sigma": "0.00664", "t": 2},
]


@pytest.mark.parametrize("point", ROUNDED_SHARES)
def test_numbers_are_taken_as_they_are_given(point: dict[str, object]) -> None:
    loop = bounds.get("fu2024.kde_loop")
    low, high = loop.enclose(form="second_moment", space="isotropic", relative_width="1e-13", **point)
    found = loop.evaluate(form="second_moment", space="isotropic", **point)
    assert low * (1 - 1e-13) <= found <= high * (1 + 1e-13)


def _mp(value: Fraction) -> object:
    return mpmath.mpf(value.numerator) / value.denominator


@pytest.mark.parametrize("size", [1.0, 1e5, 1e10, 1e15])
def test_any_integrand_that_cancels_keeps_its_digits(size: float) -> None:
    cancelling = Integral((a + u) ** 2 - a**2 - 2 * a * u, (u, 0, 1))
    found = float(evaluate_grid(compile_expression(cancelling), {"a": size}))
    assert found == pytest.approx(1 / 3, rel=1e-14)


def test_what_lies_outside_does_not_count_beside_a_small_value() -> None:
    """A value of 1e-9 whose tail bound is far too large: the range grows until the bound is negligible beside the value."""
    small = TailedIntegral(
        a * Abs(u) * exp(-(u**2) / 2) / sqrt(2 * pi), u, -X, X, X, exp(-(X**2) / 4) / 10, 1, [(0, 1)]
    )
    found = float(evaluate_grid(compile_expression(small), {"a": 1e-9}))
    assert found == pytest.approx(1e-9 * float(np.sqrt(2 / np.pi)), rel=1e-13)


def test_an_empty_range_and_one_beyond_doubles() -> None:
    tape = compile_expression(Integral(u**2, (u, 0, a**2)))
    assert float(evaluate_grid(tape, {"a": 1e-300})) == 0
    with pytest.raises(bounds.EnclosureError, match="range of doubles"):
        evaluate_grid(tape, {"a": 1e300})


def test_a_sample_is_spread_over_the_panels() -> None:
    for panels in (1, 3, 8, 20):
        points, weights = sampled(np.linspace(0.0, 2.0, panels + 1) ** 3)
        assert 16 <= len(points) <= 40
        assert weights.sum() == pytest.approx(8)
    points, _ = sampled(np.linspace(0.0, 1.0, 1001))
    assert len(points) == 24
    assert points.min() < 0.01
    assert points.max() > 0.99


def test_underflow_between_the_samples_is_seen() -> None:
    """Small densities leave the range of doubles where a large power of the radius still weighs them."""
    density = a * exp(-(u**2)) + a * exp(-(u**2) - 1)
    tail = 2 * sqrt(a) * 2**57 * factorial(28) * exp(-(X**2) / 4)
    area = TailedIntegral(u**57 * sqrt(density), u, 0, X, X, tail, 1, [(0, 1)])
    found = float(evaluate_grid(compile_expression(area), {"a": 1e-250}))
    exact = math.sqrt(1 + math.exp(-1)) * 1e-125 * 2**28 * math.factorial(28)
    assert found == pytest.approx(exact, rel=1e-13)

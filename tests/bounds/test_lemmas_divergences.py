"""Inequalities between divergences, against laws on finite sets where every divergence is a sum."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import bounds

Law = NDArray[np.float64]


def divergences(p: Law, q: Law) -> dict[str, float]:
    """Sum up the four divergences of P from Q by their definitions."""
    on = p > 0
    return {
        "tv": float(np.abs(p - q).sum() / 2),
        "kl": max(0.0, math.fsum(p[on] * np.log(p[on] / q[on]))),
        "h2": min(1.0, float(((np.sqrt(p) - np.sqrt(q)) ** 2).sum() / 2)),
        "chi2": float(((p - q) ** 2 / q).sum()),
    }


def value(name: str, **arguments: float) -> float:
    return float(bounds.get(f"lemma.{name}").evaluate(**arguments))


@st.composite
def laws(draw: st.DrawFn) -> tuple[Law, Law]:
    """Draw two laws on one finite set; the first may vanish somewhere."""
    size = draw(st.integers(2, 5))
    first = draw(st.lists(st.integers(0, 10**6), min_size=size, max_size=size).filter(any))
    second = draw(st.lists(st.integers(1, 10**6), min_size=size, max_size=size))
    return np.array(first) / sum(first), np.array(second) / sum(second)


@given(laws())
@settings(deadline=None, max_examples=300)
def test_every_inequality_holds_for_laws_on_finite_sets(pair: tuple[Law, Law]) -> None:
    found = divergences(*pair)
    assert found["tv"] <= value("pinsker", kl=found["kl"]) + 1e-12
    assert found["tv"] <= value("bretagnolle_huber", kl=found["kl"]) + 1e-8
    assert value("hellinger_lower", h2=found["h2"]) - 1e-12 <= found["tv"]
    assert found["tv"] <= value("hellinger_upper", h2=found["h2"]) + 1e-12
    assert found["kl"] <= value("kl_chi_square", chi2=found["chi2"]) + 1e-12


@pytest.mark.parametrize("x", [1e-3, 1e-2, 0.1])
def test_pinsker_is_sharp_for_close_coins(x: float) -> None:
    found = divergences(np.array([0.5 + x, 0.5 - x]), np.array([0.5 - x, 0.5 + x]))
    quotient = found["tv"] / value("pinsker", kl=found["kl"])
    assert 1 - x**2 < quotient <= 1
    # A constant smaller by a hundredth would be false.
    assert x > 0.05 or found["tv"] > 0.99 * value("pinsker", kl=found["kl"])


@pytest.mark.parametrize("x", [0.0, 1e-6, 0.25, 0.5, 0.9, 1.0])
def test_both_hellinger_inequalities_are_attained(x: float) -> None:
    def distances(p: list[float], q: list[float]) -> tuple[float, float]:
        first, second = np.array(p), np.array(q)
        return float(np.abs(first - second).sum() / 2), float(((np.sqrt(first) - np.sqrt(second)) ** 2).sum() / 2)

    tv, h2 = distances([(1 + x) / 2, (1 - x) / 2], [(1 - x) / 2, (1 + x) / 2])
    assert tv == pytest.approx(value("hellinger_upper", h2=min(h2, 1.0)), rel=1e-9, abs=1e-12)
    tv, h2 = distances([1 - x, x, 0.0], [1 - x, 0.0, x])
    assert tv == pytest.approx(value("hellinger_lower", h2=h2), rel=1e-12)


@pytest.mark.parametrize("mass", [1e-4, 0.01, 0.3, 0.9])
def test_conditioning_attains_the_chi_square_bound_and_the_order_of_bretagnolle_huber(mass: float) -> None:
    q = np.array([mass * 0.3, mass * 0.7, 1 - mass])
    found = divergences(np.array([0.3, 0.7, 0.0]), q)
    assert found["kl"] == pytest.approx(-math.log(mass), rel=1e-12)
    assert found["kl"] == pytest.approx(value("kl_chi_square", chi2=found["chi2"]), rel=1e-12)
    assert value("bretagnolle_huber", kl=found["kl"]) == pytest.approx(math.sqrt(found["tv"]), rel=1e-12)


def test_bretagnolle_huber_does_not_hold_with_a_smaller_exponent() -> None:
    found = divergences(np.array([1.0, 0.0]), np.array([1e-4, 1 - 1e-4]))
    assert found["tv"] <= value("bretagnolle_huber", kl=found["kl"])
    assert found["tv"] > math.sqrt(1 - math.exp(-0.9 * found["kl"]))


def test_pinsker_and_bretagnolle_huber_cross_once_where_the_page_says() -> None:
    from scipy.special import lambertw

    crossing = float(2 + lambertw(-2 * math.exp(-2)).real)
    assert crossing == pytest.approx(1.5936242600400401, rel=1e-12)
    assert value("pinsker", kl=crossing) == pytest.approx(value("bretagnolle_huber", kl=crossing), rel=1e-12)
    for kl in (1e-3, 0.5, 1.59):
        assert value("pinsker", kl=kl) < value("bretagnolle_huber", kl=kl)
    for kl in (1.6, 3.0, 40.0):
        assert value("pinsker", kl=kl) > value("bretagnolle_huber", kl=kl)


def test_which_bounds_say_nothing() -> None:
    assert not bounds.get("lemma.pinsker").informative(kl=2)
    assert bounds.get("lemma.bretagnolle_huber").informative(kl=20)
    assert not bounds.get("lemma.hellinger_lower").informative(h2=0)
    assert not bounds.get("lemma.hellinger_upper").informative(h2=1)

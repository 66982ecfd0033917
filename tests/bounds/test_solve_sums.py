"""Inversion of sums over generations and of bounds whose quadrature fails at the ends of the range."""

import mpmath
import pytest
from flint import arb

import bounds
from bounds.solving.jets import RULES, Jet, hull


@pytest.mark.parametrize("target", ["1.3", "1.0001", "40"])
def test_exponents_for_the_zeta_function_are_proved(target):
    theorem = bounds.get("fu2024.sample_schedule")
    found = theorem.solve("p", target=target, c=1, n=1, s="1/2", horizon="forever")
    truth = mpmath.findroot(lambda p: mpmath.zeta(p) - mpmath.mpf(target), (1 + 1 / float(target), found.value + 0.1))
    assert found.value == pytest.approx(float(truth), rel=1e-9)
    assert (found.side, found.extreme) == ("smallest", "proved")


@pytest.mark.parametrize("t", [2, 50])
def test_exponents_for_finitely_many_generations(t):
    theorem = bounds.get("fu2024.sample_schedule")
    found = theorem.solve("p", target="1.3", c=1, n=1, s="1/2", horizon="generation", t=t)
    truth = mpmath.findroot(lambda p: mpmath.fsum(mpmath.mpf(k) ** -p for k in range(1, t + 1)) - 1.3, 2)
    assert found.value == pytest.approx(float(truth), rel=1e-9)
    assert found.extreme == "proved"


def test_the_slope_of_zeta_lies_in_its_enclosure():
    for low, high in ((1.001, 1.002), (1.5, 1.5), (2, 3), (5, 40), (200, 300)):
        found = RULES["zeta"](Jet(hull(arb(low), arb(high)), hull(arb(1))))
        for x in (low, (low + high) / 2, high):
            slope = mpmath.zeta(x, 1, 1)
            assert float(found.slope.low) * (1 + 1e-12) <= slope <= float(found.slope.high) * (1 - 1e-12)
            value = mpmath.zeta(x)
            assert float(found.value.low) * (1 - 1e-12) <= value <= float(found.value.high) * (1 + 1e-12)
    assert not RULES["zeta"](Jet(hull(arb(1), arb(2)), hull(arb(1)))).slope.nonpositive


def test_an_undecided_end_does_not_hide_where_the_solutions_begin():
    # Near h = 0 quadrature fails; between there and the solutions lie numbers that surely are none.
    theorem = bounds.get("fu2024.kde_loop_lower")
    found = theorem.solve("h", target="0.05", sigma=1, alpha="1/2", t=2)
    assert 0.39 < found.value < 0.4
    assert found.extreme == "observed"
    low, high = (theorem.enclose(sigma=1, alpha="1/2", t=2, h=h)[1] for h in (found.value * 0.99, found.value))
    assert low < 0.05 <= high

"""What users may pass, and what they are told when it makes no sense."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import flint
import hypothesis
import hypothesis.strategies as st
import mpmath
import numpy as np
import pytest
import sympy

import bounds
from bounds.numerals import read_number, show_number

JACOBIAN = {"lam": "0.3", "L": "0.2", "epsilon": "0.1", "curvature": "0.3"}


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("0.3", Fraction(3, 10)),
        (" 1/3 ", Fraction(1, 3)),
        ("1e-4", Fraction(1, 10_000)),
        (".5", Fraction(1, 2)),
        (0.3, Fraction(0.3)),
        (3, Fraction(3)),
        (Decimal("0.3"), Fraction(3, 10)),
        (Fraction(3, 10), Fraction(3, 10)),
        (sympy.Rational(3, 10), Fraction(3, 10)),
        (np.float64(0.3), Fraction(0.3)),
        (np.int64(3), Fraction(3)),
        (np.array(0.5), Fraction(1, 2)),
        (mpmath.mpf("0.5"), Fraction(1, 2)),
        (mpmath.mpf(-2), Fraction(-2)),
        ("inf", math.inf),
        (math.inf, math.inf),
        (mpmath.inf, math.inf),
    ],
)
def test_numbers_are_read_exactly(given: object, read: object) -> None:
    assert read_number(given) == read


@pytest.mark.parametrize(
    "given", ["", "x", "1/0", "0x10", "1e99999999", "nan", True, None, math.nan, object(), "1 2", "٣"]
)
def test_what_is_not_a_number_is_refused(given: object) -> None:
    with pytest.raises(bounds.ArgumentError, match=r"x = |x is not"):
        read_number(given, "x")


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (Decimal("1e400"), Fraction(10**400)),  # a float of it would be infinite
        (Decimal("1e-400"), Fraction(1, 10**400)),
        (Decimal("-Infinity"), -math.inf),
        (np.longdouble(1) / 4, Fraction(1, 4)),
        (np.float32(0.1), Fraction(float(np.float32(0.1)))),
        (np.array("0.3"), Fraction(3, 10)),
        (sympy.oo, math.inf),
        (-sympy.oo, -math.inf),
    ],
)
def test_numbers_of_other_libraries_keep_their_value(given: object, read: object) -> None:
    assert read_number(given) == read


class Unruly:
    def __float__(self) -> float:
        raise RuntimeError("no")


@pytest.mark.parametrize(
    "given",
    [
        1j,
        np.complex128(1 + 2j),
        np.array(1j),
        np.True_,
        sympy.true,
        sympy.I,
        sympy.nan,
        np.ma.masked,
        np.timedelta64(3, "s"),
        np.array("abc"),
        Decimal("sNaN"),
        Unruly(),
        flint.arb(1, 0.5),  # its middle would be taken for it
        "3 km",
        "50%",
        "1,5",
        "-inf",
        "1" * 5000,
        "1e5000",
        "1e-5000",
        "x" * 5000,
    ],
    ids=lambda given: f"{type(given).__name__} {str(given)[:8]}",
)
def test_what_looks_like_a_number_is_refused_in_a_short_line(given: object) -> None:
    with pytest.raises(bounds.ArgumentError, match=r"^n (=|is) ") as caught:
        read_number(given, "n")
    assert len(str(caught.value)) < 200
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Fraction(10**400), "1e+400"),
        (Fraction(-(10**400), 3), "-3.33333e+399"),
        (Fraction(1, 10**400), "1e-400"),
        (Fraction(10**50 + 1, 3), "3.33333e+49"),
        (Fraction(1, 3), "1/3"),
        (Fraction(123456789), "123456789"),
        (Fraction(0), "0"),
        (Fraction(2469135, 2), "2469135/2"),
        (math.inf, "inf"),
    ],
)
def test_numbers_are_shown_in_few_characters(value: Fraction | float, text: str) -> None:
    assert show_number(value) == text


@hypothesis.given(st.fractions(), st.integers(-900, 900))
def test_numbers_shown_are_close_and_short(value: Fraction, power: int) -> None:
    value *= Fraction(10) ** power
    shown = show_number(value)
    assert len(shown) <= 21
    assert abs(Fraction(shown) - value) <= abs(value) * Fraction(1, 10**5)


def test_messages_name_the_symbol_the_value_and_what_is_allowed() -> None:
    theorem = bounds.get("bertrand2024.jacobian")
    with pytest.raises(bounds.ArgumentError, match=r"curvature = 0; it must be a real number in \(0, oo\)"):
        theorem.evaluate(**{**JACOBIAN, "curvature": 0})
    with pytest.raises(bounds.ArgumentError, match="needs curvature"):
        theorem.evaluate(**{k: v for k, v in JACOBIAN.items() if k != "curvature"})
    with pytest.raises(bounds.ArgumentError, match="no symbol 'distance'; did you mean distance0"):
        theorem.evaluate(**JACOBIAN, distance=1)
    with pytest.raises(bounds.ArgumentError, match="whole number"):
        bounds.get("bertrand2024.contraction").evaluate(**JACOBIAN, t="1.5", distance0=1)
    with pytest.raises(bounds.ArgumentError, match="inf"):
        theorem.evaluate(**{**JACOBIAN, "lam": "inf"})
    with pytest.raises(bounds.ArgumentError, match="twice"):
        theorem.evaluate(**JACOBIAN, **{"lambda": 1})


def test_a_failing_hypothesis_is_named_with_its_numbers() -> None:
    with pytest.raises(bounds.HypothesisError, match=r"lam\*\(L\*epsilon/curvature \+ 1\) < 1/2 fails: left side 0.53"):
        bounds.get("bertrand2024.jacobian").evaluate(**{**JACOBIAN, "lam": "1/2"})


def test_a_hypothesis_holds_or_fails_exactly_at_its_edge() -> None:
    theorem = bounds.get("bertrand2024.jacobian")
    edge = {"L": 0, "epsilon": 5, "curvature": 1}
    with pytest.raises(bounds.HypothesisError):
        theorem.evaluate(lam="1/2", **edge)
    below = Fraction(1, 2) - Fraction(1, 10**40)
    assert 1 - 1e-15 <= theorem.evaluate(lam=below, **edge) <= 1
    assert theorem.informative(lam=below, **edge)


def test_regimes_must_be_named_unless_the_paper_fixes_one() -> None:
    with pytest.raises(bounds.ArgumentError, match="say which: data=synthetic; data=fresh; data=reused"):
        bounds.get("bertrand2024.normal_mean_loop").evaluate(n=10, t=2)
    with pytest.raises(bounds.ArgumentError, match="no regime data=old"):
        bounds.get("bertrand2024.normal_mean_loop").evaluate(data="old", n=10, t=2)
    collapse = bounds.get("bertrand2024.gaussian_collapse")
    assert collapse.evaluate(n=10, t=5, sigma=1) == collapse.evaluate(n=10, t=5, sigma=1, covariance="unbiased")
    assert collapse.evaluate(n=10, t=5, sigma=1) > collapse.evaluate(n=10, t=5, sigma=1, covariance="mle")


def test_alpha_and_lam_convert_together_with_the_sample_size() -> None:
    loop = bounds.get("bertrand2024.normal_mean_loop")
    # 100 points of which a quarter is real: 25 real points with three synthetic ones each
    by_ratio = loop.evaluate(data="reused", n=25, lam=3, t=4)
    assert loop.evaluate(data="reused", n=100, alpha="1/4", t=4) == by_ratio
    assert loop.evaluate(data="reused", n_total=100, lam=3, t=4) == by_ratio
    assert loop.evaluate(data="reused", n_real=25, alpha="1/4", t=4) == by_ratio
    by_share = loop.evaluate(data="fresh", n=100, alpha="1/4", t=4)
    assert loop.evaluate(data="fresh", n=25, lam=3, t=4) == by_share
    assert loop.evaluate(data="fresh", n_real=25, alpha="1/4", t=4) == by_share
    assert np.allclose(loop.evaluate(data="fresh", n=[25, 50], lam=3, t=4)[0], by_share)
    with pytest.raises(bounds.ArgumentError, match="not both"):
        loop.evaluate(data="fresh", n=25, lam=3, alpha="1/4", t=4)
    with pytest.raises(bounds.ArgumentError, match="one sample size"):
        loop.evaluate(data="fresh", n_real=25, n_total=100, alpha="1/4", t=4)
    with pytest.raises(bounds.ArgumentError, match="alpha = 0 means lam = infinity"):
        loop.evaluate(data="reused", n=100, alpha=0, t=4)


def test_unknown_theorems_papers_and_quantities() -> None:
    with pytest.raises(bounds.UnknownTheorem, match=r"did you mean bertrand2024\.contraction"):
        bounds.get("bertrand2024.contractoin")
    with pytest.raises(bounds.ArgumentError, match="no paper 'x'; there are: bertrand2024, "):
        bounds.catalog(paper="x")
    with pytest.raises(bounds.ArgumentError, match="no quantity 'x'"):
        bounds.catalog(quantity="x")


def test_enclosures_of_a_given_width() -> None:
    theorem = bounds.get("ferbach2024.kl_ball")
    low, high = theorem.enclose(lam="1/3", K=2, digits=40)
    with mpmath.workdps(60):
        assert low <= -mpmath.log(mpmath.mpf(2) / 3) <= high
        assert high - low < mpmath.mpf(10) ** -39
    with pytest.raises(bounds.ArgumentError, match="relative_width"):
        theorem.enclose(lam="1/3", K=2, relative_width=0)
    with pytest.raises(bounds.ArgumentError, match="single numbers"):
        theorem.enclose(lam=[0.1, 0.2], K=2)
    with pytest.raises(bounds.ArgumentError, match="digits"):
        theorem.evaluate(lam="1/3", K=2, digits=0)


def test_a_theorem_refuses_floats_and_dead_hypotheses() -> None:
    from dataclasses import replace

    theorem = bounds.get("ferbach2024.kl_ball")
    with pytest.raises(ValueError, match="floating-point"):
        replace(theorem, expression=theorem.expression * 0.5)
    with pytest.raises(ValueError, match="always true"):
        replace(theorem, hypotheses=(sympy.true,))


def test_infinite_candidates_are_the_limit_of_many() -> None:
    theorem = bounds.get("ferbach2024.reward_increase_refined")
    moments = {"mean": 1, "variance": "1/2", "y_max": 2}
    assert math.isclose(theorem.evaluate(K="inf", **moments), theorem.evaluate(K=10**12, **moments), rel_tol=1e-9)
    assert theorem.evaluate(K="inf", **moments) == 1.5
    with pytest.raises(bounds.HypothesisError):
        bounds.get("ferbach2024.kl_ball").evaluate(K="inf", lam=0)

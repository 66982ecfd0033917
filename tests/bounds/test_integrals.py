"""Integrals in theorems: floats by quadrature, digits and enclosures by balls, tails beyond the finite range."""

from __future__ import annotations

from fractions import Fraction

import mpmath
import numpy as np
import pytest
from flint import arb, ctx
from samples import points, regimes_of
from scipy.integrate import quad
from sympy import Abs, Integral, Max, Rational, Sum, Symbol, exp, floor, log, oo, pi, sqrt

import bounds
from bounds.calculator import _middle
from bounds.enclose import enclose_ball, enclose_tape, ends
from bounds.evaluate import evaluate_digits, evaluate_grid
from bounds.exact import Exact, NotRational
from bounds.integrals.integral import TailedIntegral
from bounds.integrals.quadrature import adaptive, graded_edges
from bounds.integrals.trace import trace
from bounds.tape import compile_expression, run

u, X = Symbol("u", real=True), Symbol("X", positive=True)
a = Symbol("a", positive=True)
INTEGRALS = [
    one for theorem in bounds.catalog() for one in regimes_of(theorem) if compile_expression(one.expression).integrates
]
NAMES = [f"{one.id}-{'-'.join(value for _, value in one.choices)}" for one in INTEGRALS]


def three_ways(expression: object, **values: object) -> tuple[float, Fraction, Fraction]:
    tape = compile_expression(expression)
    exact = {name: Fraction(value) for name, value in values.items()}
    low, high = ends(enclose_tape(tape, exact, Fraction(1, 2**55)))
    digits = evaluate_digits(tape, exact, 40)
    narrow = enclose_tape(tape, exact, Fraction(1, 10**41))
    with mpmath.workdps(60):
        below, above = (mpmath.mpf(end.numerator) / end.denominator for end in ends(narrow))
        assert below - abs(below) * mpmath.mpf(10) ** -39 <= digits <= above + abs(above) * mpmath.mpf(10) ** -39
    return _middle(tape, exact), low, high


@pytest.mark.parametrize(
    ("integral", "truth"),
    [
        (Integral(u**2 * exp(-u), (u, 0, a)), lambda v: 2 - mpmath.exp(-v) * (v * v + 2 * v + 2)),
        (Integral(Abs(u - a / 3), (u, 0, a)), lambda v: v * v * mpmath.mpf(5) / 18),
        (Integral(sqrt(u), (u, 0, a)), lambda v: 2 * v ** mpmath.mpf("1.5") / 3),
        (Integral(1 / sqrt(1 + u), (u, 0, a)), lambda v: 2 * (mpmath.sqrt(1 + v) - 1)),
        (Integral(log(1 + u), (u, 0, a)), lambda v: (1 + v) * mpmath.log(1 + v) - v),
        (Integral(Max(u, a / 2), (u, 0, a)), lambda v: v * v * mpmath.mpf(5) / 8),
        (TailedIntegral(exp(-a * u), u, 0, X, X, exp(-a * X) / a, 1, [(0, 1 / a)]), lambda v: 1 / v),
        (
            TailedIntegral(a * exp(-(u**2)), u, -X, X, X, 2 * a * exp(-X), 1, [(0, 1)]),
            lambda v: v * mpmath.sqrt(mpmath.pi),
        ),
        (2 * Integral(u, (u, 0, a)) ** 2 + a, lambda v: v**4 / 2 + v),
    ],
)
@pytest.mark.parametrize("at", ["1/7", "2"])
def test_known_integrals(integral: object, truth: object, at: str) -> None:
    found, low, high = three_ways(integral, a=at)
    with mpmath.workdps(40):
        exact = truth(mpmath.mpf(Fraction(at).numerator) / Fraction(at).denominator)
        assert mpmath.mpf(low.numerator) / low.denominator <= exact <= mpmath.mpf(high.numerator) / high.denominator
    assert found == pytest.approx(float(exact), rel=1e-10)
    grid = evaluate_grid(compile_expression(integral), {"a": np.array([float(Fraction(at))] * 2)}, ("a",))
    assert grid == pytest.approx(float(exact), rel=1e-10)


def test_what_cannot_be_integrated_is_refused() -> None:
    with pytest.raises(TypeError, match="finite ends"):
        compile_expression(Integral(exp(-u), (u, 0, oo)))
    tape = compile_expression(Integral(a, (u, 0, 1)))
    with pytest.raises(NotRational):
        run(tape, Exact(), {"a": Fraction(1)})
    two = Integral(exp(Integral(u * a, (a, 0, u))), (u, 0, 1))
    with pytest.raises(TypeError, match="one variable"):
        enclose_ball(compile_expression(two), {}, 96)
    endless = TailedIntegral(exp(-u), u, 0, X, X, 1, 1, [(0, 1)])
    with pytest.raises(bounds.EnclosureError, match="tail"):
        enclose_ball(compile_expression(endless), {}, 96)
    with pytest.raises(bounds.EnclosureError, match="not finite"):
        adaptive(lambda x: 1 / (x - 0.5) / (x != 0.5) + np.where(x > 0.9, np.nan, 0), np.array([0.0, 1.0]))
    with pytest.raises(bounds.EnclosureError, match="settle"):
        adaptive(lambda x: np.random.default_rng(0).normal(size=x.shape), np.array([0.0, 1.0]))


def test_a_spike_far_narrower_than_the_range_is_not_missed() -> None:
    spike = TailedIntegral(
        exp(-(u**2) / (2 * a**2)) / (a * sqrt(2 * pi)) + exp(-(u**2) / 2) / sqrt(2 * pi),
        u, -X, X, X, 4 * exp(-(X**2) / 2), 1, [(0, a), (0, 1)],
    )  # fmt: skip
    found, low, high = three_ways(spike, a="1/1000000")
    assert low <= 2 <= high
    assert found == pytest.approx(2, rel=1e-12)


def test_a_tailed_integral_is_an_expression_like_any_other() -> None:
    node = TailedIntegral(exp(-a * u), u, 0, X, X, exp(-a * X) / a, 1, [(0, 1 / a)])
    assert node.free_symbols == {a}
    assert node.doit() == 1 / a
    assert node.subs(a, 2).doit() == Rational(1, 2)
    assert node.subs(u, 3) == node
    assert node.diff(Symbol("b")) == 0
    assert node.diff(a).has(TailedIntegral)
    assert "Integral(exp(-a*u), (u, 0, oo))" in str(node)
    assert node.limits == (0, oo)


def test_tracing_keeps_values_and_computes_constants_once() -> None:
    i, j = Symbol("i", integer=True), Symbol("j", integer=True)
    expression = Sum(Sum(a**j, (j, 0, i)) * (u - i) ** 2, (i, 1, 4)) + floor(a) + Sum(i * j, (i, 1, j), (j, 1, 3))
    tape = compile_expression(expression)
    traced = trace(tape, Exact(), {"a": Fraction(3, 2)}, "u")
    for point in (Fraction(0), Fraction(7, 3)):
        assert traced.at(point, Exact()) == run(tape, Exact(), {"a": Fraction(3, 2), "u": point})
    assert sum(instruction.operation == "power" for instruction in traced.instructions) == 4
    assert trace(compile_expression(a + 1), Exact(), {"a": Fraction(1)}, "u").at(Fraction(5), Exact()) == 2


def test_sums_of_sums_are_summed() -> None:
    i, j = Symbol("i", integer=True), Symbol("j", integer=True)
    nested = Sum(Sum(i * j + a, (j, 1, i)), (i, 1, 4))
    assert len(nested.limits) == 2
    by_hand = sum(p * q + Fraction(1, 2) for p in range(1, 5) for q in range(1, p + 1))
    assert run(compile_expression(nested), Exact(), {"a": Fraction(1, 2)}) == by_hand


@pytest.mark.parametrize("shift", [0.0, 1e-6, 1e-4, 1e-3, 3e-3, 0.1])
def test_a_corner_just_inside_a_panel_is_seen(shift: float) -> None:
    """Beyond the outermost node: two rules that both miss it would agree."""
    corner = Abs(u - 1 - a)
    near = sqrt((u - 1 - a) ** 2 + Rational(1, 10**12))
    for integrand in (corner, near):
        whole = TailedIntegral(integrand, u, 0, 2, X, exp(-X), 1, [(0, 1)])
        found = _middle(compile_expression(whole), {"a": Fraction(shift)})
        assert found == pytest.approx(1 + shift**2, rel=5e-11 if integrand is near else 1e-13)


def test_edges_grow_away_from_every_centre() -> None:
    edges = graded_edges(-10.0, 10.0, ((0.0, 1.0), (3.0, 0.5)))
    assert edges[0] == -10
    assert edges[-1] == 10
    assert np.all(np.diff(edges) > 0)
    assert {0.0, 1.0, 3.0, 3.5, 2.5} <= set(edges)


def test_the_error_estimate_covers_the_error() -> None:
    for power in (0.5, 1.0, 3.0):
        found = adaptive(lambda x, p=power: np.abs(x - 0.3) ** p, np.array([0.0, 1.0]))
        exact = (0.3 ** (power + 1) + 0.7 ** (power + 1)) / (power + 1)
        assert abs(found.value - exact) <= found.error + 1e-14


@pytest.mark.parametrize("theorem", INTEGRALS, ids=NAMES)
def test_floats_and_grids_of_integral_theorems_agree_with_enclosures(theorem: bounds.Theorem) -> None:
    source = points(theorem, np.random.default_rng(6))
    drawn: list[dict[str, Fraction]] = []
    while len(drawn) < 3:
        values = next(source)
        ratio = values["h"] / values["sigma"]
        if values["t"] <= 6 and values.get("d", 1) <= 6 and Fraction(1, 100) <= ratio <= 100:
            drawn.append({k: Fraction(float(v)) for k, v in values.items()})
    singles = []
    for values in drawn:
        lower, upper = theorem.enclose(**values, relative_width="1e-12")
        singles.append(theorem.evaluate(**values))
        assert lower * (1 - 1e-9) <= singles[-1] <= upper * (1 + 1e-9), values
    grid = theorem.evaluate(**{name: np.array([float(v[name]) for v in drawn]) for name in drawn[0]})
    assert grid == pytest.approx(singles, rel=1e-9)


def test_enclosures_of_integrals_are_rigorous_in_the_tail() -> None:
    """At a low precision the cut is near and its remainder visible: it must be inside the ball."""
    node = TailedIntegral(exp(-u), u, 0, X, X, exp(-X), 1, [(0, 1)])
    with ctx.workprec(64):
        ball = enclose_ball(compile_expression(node), {}, 32)
    assert ball.contains(arb(1))
    assert quad(lambda x: np.exp(-x), 0, np.inf)[0] == pytest.approx(1)


def test_an_assessment_never_contradicts_itself() -> None:
    found = bounds.assess(bounds.get("fu2024.kde_loop"), {"n": 1000, "t": 3, "alpha": "0.2", "h": "0.3", "sigma": 1})
    assert found.lower <= found.value <= found.upper
    assert found.informative

"""Every operation of a tape: doubles, balls and mpmath agree with mpmath called by hand."""

from __future__ import annotations

from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy
from sympy import LambertW, Max, Min, Rational, Sum, Symbol, harmonic, polygamma, zeta

from bounds.enclose import enclose_tape, ends
from bounds.evaluate import evaluate_digits, evaluate_grid
from bounds.functions import Recurrence, c4, geometric_sum
from bounds.tape import compile_expression

x = Symbol("x", positive=True)
k = Symbol("k", integer=True)
g = Symbol("g")
POINT = Fraction(7, 3)
M = mpmath.mpf

CASES = {
    "exp": (sympy.exp(x), lambda v: mpmath.exp(v)),
    "log": (sympy.log(x), lambda v: mpmath.log(v)),
    "atan": (sympy.atan(x), lambda v: mpmath.atan(v)),
    "asin": (sympy.asin(x / 4), lambda v: mpmath.asin(v / 4)),
    "sinh": (sympy.sinh(x), lambda v: mpmath.sinh(v)),
    "cosh": (sympy.cosh(x), lambda v: mpmath.cosh(v)),
    "tanh": (sympy.tanh(x), lambda v: mpmath.tanh(v)),
    "erf": (sympy.erf(x), lambda v: mpmath.erf(v)),
    "erfc": (sympy.erfc(x), lambda v: mpmath.erfc(v)),
    "gamma": (sympy.gamma(x), lambda v: mpmath.gamma(v)),
    "loggamma": (sympy.loggamma(x), lambda v: mpmath.loggamma(v)),
    "digamma": (polygamma(0, x), lambda v: mpmath.digamma(v)),
    "trigamma": (polygamma(1, x), lambda v: mpmath.psi(1, v)),
    "sqrt": (sympy.sqrt(x), lambda v: mpmath.sqrt(v)),
    "rsqrt": (1 / sympy.sqrt(x), lambda v: 1 / mpmath.sqrt(v)),
    "power": (x**-3 + x**5, lambda v: v**-3 + v**5),
    "pow": (x ** Rational(2, 7), lambda v: v ** (M(2) / 7)),
    "abs": (sympy.Abs(x - 5), lambda v: abs(v - 5)),
    "max": (Max(x, 3, 1 / x), lambda v: max(v, M(3), 1 / v)),
    "min": (Min(x, 3, 1 / x), lambda v: min(v, M(3), 1 / v)),
    "pi and e": (sympy.pi * sympy.E * x, lambda v: mpmath.pi * mpmath.e * v),
    "zeta": (zeta(x), lambda v: mpmath.zeta(v)),
    "hurwitz": (zeta(x, 3), lambda v: mpmath.zeta(v, 3)),
    "harmonic": (harmonic(x), lambda v: mpmath.harmonic(v)),
    "generalised harmonic": (harmonic(12, x), lambda v: mpmath.fsum(M(j) ** -v for j in range(1, 13))),
    "lambert": (LambertW(x), lambda v: mpmath.lambertw(v).real),
    "lower lambert": (LambertW(-x / 10, -1), lambda v: mpmath.lambertw(-v / 10, -1).real),
    "c4": (c4(x), lambda v: mpmath.sqrt(2 / (v - 1)) * mpmath.gamma(v / 2) / mpmath.gamma((v - 1) / 2)),
    "geometric sum": (geometric_sum(x, 7), lambda v: mpmath.fsum(v**j for j in range(7))),
    "sum": (Sum(1 / (x + k), (k, 2, 9)), lambda v: mpmath.fsum(1 / (v + j) for j in range(2, 10))),
    "recurrence": (Recurrence(g, [g], [x], [g / 2 + x], 5), lambda v: v * mpmath.fsum(M(2) ** -j for j in range(6))),
}


@pytest.mark.parametrize("name", CASES)
def test_three_arithmetics_agree_with_mpmath(name: str) -> None:
    expression, oracle = CASES[name]
    tape = compile_expression(expression)
    with mpmath.workdps(60):
        expected = oracle(M(7) / 3)
        low, high = ends(enclose_tape(tape, {"x": POINT}, Fraction(1, 2**150)))
        exact = M(low.numerator) / low.denominator, M(high.numerator) / high.denominator
        assert exact[0] - M(10) ** -50 <= expected <= exact[1] + M(10) ** -50
        assert exact[1] - exact[0] <= abs(expected) * M(10) ** -40
        assert abs(evaluate_digits(tape, {"x": POINT}, 50) - expected) <= abs(expected) * M(10) ** -48
        grid = evaluate_grid(tape, {"x": np.array([7 / 3, 7 / 3])})
        assert abs(grid[1] - expected) <= 1e-13 * abs(expected)


def test_a_geometric_sum_at_one_needs_no_division() -> None:
    q = Symbol("q")
    tape = compile_expression(geometric_sum(q, x))
    assert ends(enclose_tape(tape, {"q": Fraction(1), "x": Fraction(9)}, Fraction(1, 2**60))) == (9, 9)
    assert evaluate_grid(tape, {"q": np.array([1.0, 0.0, 0.5]), "x": 3.0}).tolist() == [3.0, 1.0, 1.75]
    assert evaluate_digits(tape, {"q": Fraction(1), "x": Fraction(9)}, 20) == 9


def test_closed_forms_of_the_custom_functions() -> None:
    n, q, t = sympy.symbols("n q t", positive=True)
    assert sympy.simplify(c4(3).doit() - sympy.sqrt(sympy.pi) / 2) == 0
    assert geometric_sum(q, t).subs({q: Rational(1, 2), t: 3}).doit() == Rational(7, 4)
    recursion = Recurrence(g, [g], [1], [q * g + 1], n)
    assert recursion.free_symbols == {q, n}
    assert sympy.expand(recursion.subs(n, 3).doit() - (1 + q + q**2 + q**3)) == 0
    with pytest.raises(ValueError, match="same length"):
        Recurrence(g, [g], [1, 2], [g], 3)


def test_what_cannot_be_evaluated_says_so() -> None:
    with pytest.raises(TypeError, match="airyai"):
        compile_expression(sympy.airyai(x))
    with pytest.raises(TypeError, match="finite ends"):
        compile_expression(sympy.Integral(sympy.exp(-x), (x, 0, sympy.oo)))
    with pytest.raises(TypeError, match="branches"):
        compile_expression(LambertW(x, 2))


def test_tiny_values_are_not_taken_for_zero_and_zeros_are_found() -> None:
    tiny = sympy.log(1 + sympy.exp(-x * 300))
    tape = compile_expression(tiny)
    with mpmath.workdps(400):
        expected = mpmath.log1p(mpmath.exp(-700))
        assert abs(evaluate_digits(tape, {"x": POINT}, 50) / expected - 1) < M(10) ** -48
    cancelling = compile_expression(sympy.sqrt(x) - sympy.exp(sympy.log(x) / 2, evaluate=False))
    assert evaluate_digits(cancelling, {"x": POINT}, 30) == 0

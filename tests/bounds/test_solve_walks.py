"""Recursions and sums on balls: straight-line code, one walk along all numbers of steps, and inversion by it."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest
from flint import ctx
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy import Integer, Rational, Sum, Symbol, exp, harmonic

import bounds
from bounds.enclose import Balls, ball, enclose_ball, ends
from bounds.evaluate import evaluate_grid
from bounds.functions import Recurrence
from bounds.solving.walk import Walk, walks
from bounds.tape import compile_expression, run

n, k, j, q, u, v, s = (Symbol(name) for name in "nkjquvs")
NESTED = Sum(Sum(q**j / (j + k), (j, 1, k)), (k, 1, n)) + n * exp(q)
PAIR = Recurrence(u + n * v, [u, v], [1, q], [q * u + v / 2, (u + v) / 3 + q], n - 1)
TWICE = Recurrence(u, [u], [Sum(q**k, (k, 1, 4))], [q * u + Sum(q**k, (k, 1, 3))], n)


@pytest.mark.parametrize("expression", [NESTED, PAIR, TWICE, Recurrence(u, [u], [PAIR], [u * q], Integer(3))])
def test_straight_line_code_agrees_with_the_walker_and_exact_arithmetic(expression):
    tape = compile_expression(expression)
    values = {"n": Fraction(6), "q": Fraction(2, 7)}
    with ctx.workprec(150):
        walked = run(tape, Balls(), {name: ball(value) for name, value in values.items()})
    assert enclose_ball(tape, values, 150).overlaps(walked)
    assert (enclose_ball(tape, values, 150) - walked).abs_upper() < 1e-40
    exact = expression.subs({n: 6, q: Rational(2, 7)}).doit()
    if exact.is_Rational:
        low, high = ends(enclose_ball(tape, values, 150))
        assert low <= Fraction(int(exact.p), int(exact.q)) <= high


@pytest.mark.parametrize("expression", [PAIR, Sum(q**k / k, (k, 1, n)), TWICE])
def test_a_walk_is_each_enclosure_on_its_own_in_any_order(expression):
    tape = compile_expression(expression)
    assert walks(tape, frozenset({"n"}))
    walk = Walk(tape, {"q": Fraction(2, 7)})
    for steps in (9, 3, 1, 20, 4):
        values = {"n": Fraction(steps), "q": Fraction(2, 7)}
        for precision in (96, 400):
            alone, kept = enclose_ball(tape, values, precision), walk.ball({"n": Fraction(steps)}, precision)
            assert (alone.mid(), alone.rad()) == (kept.mid(), kept.rad())
        truth = expression.subs({n: steps, q: Rational(2, 7)}).doit().doit()
        assert walk.exact({"n": Fraction(steps)}) == Fraction(int(truth.p), int(truth.q))


def test_steps_that_depend_on_their_number_are_not_walked():
    for expression in (
        Sum(k * n, (k, 1, n)),
        Recurrence(u, [u], [n], [q * u], n),
        Recurrence(u, [u], [Sum(k, (k, 1, n))], [q * u], n),
        NESTED.subs(q, n),
        q**n,
    ):
        assert not walks(compile_expression(expression), frozenset({"n"}))
    # The state symbol of the inner loop is no symbol of the expression.
    assert walks(compile_expression(Sum(Sum(k, (k, 1, 3)) * j, (j, 1, k))), frozenset({"k"}))
    assert not walks(compile_expression(PAIR), frozenset({"q"}))


LOOP = {"n": 12, "alpha": "0.27", "statistic": "mean_square_error"}


def mean_square_errors(top: int) -> list[Fraction]:
    """Iterate the two moments of the mixed normal loop exactly."""
    size, share = Fraction(12), Fraction(27, 100)
    first, second, found = 1 / size, Fraction(1), [1 / size]
    for _ in range(top - 1):
        first, second = (
            (1 - share) ** 2 * first + (share + (1 - share) * second) / size,
            share + (1 - share) * second + size / (size - 1) * share * (1 - share) * first,
        )
        found.append(first)
    return found


def test_every_number_of_steps_is_decided():
    truth = mean_square_errors(60)
    for number in (1, 2, 7, 30):
        aim = (truth[number - 1] + truth[number]) / 2
        found = bounds.get("bertrand2024.normal_mixed_moments").solve("t", target=aim, **LOOP)
        assert (found.value, found.side) == (number, "largest")
        assert (found.extreme, found.complete) == ("proved", True)
    with pytest.raises(bounds.LoopboundsError):
        bounds.get("bertrand2024.normal_mixed_moments").solve("t", target="x", **LOOP)


def test_a_target_that_is_attained_is_met():
    truth = mean_square_errors(5)
    found = bounds.get("bertrand2024.normal_mixed_moments").solve("t", target=truth[4], **LOOP)
    assert (found.value, found.extreme) == (5, "proved")


def test_a_limit_as_target_leaves_only_what_no_digits_decide():
    # The moments rise towards their limit, so that every t is a solution; far out they cannot be told from it.
    size, share = Fraction(12), Fraction(3, 5)
    limit = 1 / (size * (share * (2 - share) - (1 - share) ** 2 / (size - 1)))
    given = {**LOOP, "alpha": share}
    found = bounds.get("bertrand2024.normal_mixed_moments").solve("t", target=limit, want="largest", **given)
    assert (found.status, found.complete, found.extreme) == ("found", False, "observed")
    assert 300 < found.value < 2000
    assert found.upper <= float(limit) * (1 + 1e-15)


def test_directions_between_all_steps_are_proved_or_refuted():
    theorem = bounds.get("bertrand2024.gaussian_loop")
    given = {"covariance": "mle", "statistic": "log_determinant", "n": 200, "t": 3}
    found = theorem.solve("d", target=-1, **given)
    values = [theorem.evaluate(d=d, **given) for d in range(1, 200)]
    assert found.value == 1 + sum(value > -1 for value in values)
    assert (found.monotone, found.trend, found.extreme) == ("proved", "falling", "proved")


# --- generalized harmonic numbers ----------------------------------------------------------------------------------


def powers(terms: int, exponent: Fraction) -> mpmath.mpf:
    with mpmath.workdps(70):
        power = mpmath.mpf(exponent.numerator) / exponent.denominator
        return mpmath.fsum(mpmath.mpf(i) ** -power for i in range(1, terms + 1))


@settings(max_examples=60, deadline=None)
@given(
    st.one_of(st.integers(0, 70), st.integers(60, 900)),
    st.one_of(
        st.fractions("0.3", 70, max_denominator=10**6),
        st.floats(-15, -1).map(lambda digits: 1 + Fraction(10**digits)),
        st.floats(-15, -1).map(lambda digits: 1 - Fraction(10**digits)),
    ),
)
def test_sums_of_powers_against_the_sum(terms, exponent):
    tape, values = compile_expression(harmonic(n, s)), {"n": Fraction(terms), "s": exponent}
    truth = powers(terms, exponent)
    for precision in (96, 192):
        found = enclose_ball(tape, values, precision)
        with mpmath.workdps(70):
            low, high = (mpmath.mpf(end.numerator) / end.denominator for end in ends(found))
            assert low - mpmath.mpf(10) ** -65 <= truth <= high + mpmath.mpf(10) ** -65
    rounded = float(evaluate_grid(tape, {"n": float(terms), "s": float(exponent)}))
    assert rounded == pytest.approx(float(powers(terms, Fraction(float(exponent)))), rel=2e-14, abs=0)


def test_sums_of_powers_on_a_grid_on_both_sides_of_one():
    tape = compile_expression(harmonic(n, s))
    exponents = np.array([0.9, 1 - 1e-13, 1.0, 1 + 1e-13, 1.2, 1.3, 4.0])
    found = evaluate_grid(tape, {"n": 40.0, "s": exponents})
    assert found == pytest.approx([float(powers(40, Fraction(x))) for x in exponents], rel=2e-14)


@pytest.mark.parametrize("terms", [10, 65, 10**6, 10**15])
@pytest.mark.parametrize("exponent", [20, 500, 10**6, Fraction(10**15, 7)])
def test_sums_of_huge_powers_are_narrow(terms, exponent):
    found = enclose_ball(compile_expression(harmonic(n, s)), {"n": Fraction(terms), "s": Fraction(exponent)}, 96)
    with mpmath.workdps(60):
        power = mpmath.mpf(Fraction(exponent).numerator) / Fraction(exponent).denominator
        # Beyond 300 terms less is left out than 10^-47 for exponents from 20 on.
        truth = mpmath.fsum(mpmath.mpf(i) ** -power for i in range(1, min(terms, 300) + 1))
        low, high = (mpmath.mpf(end.numerator) / end.denominator for end in ends(found))
        assert low <= truth + mpmath.mpf(10) ** -45
        assert truth <= high + mpmath.mpf(10) ** -45
        assert high - low < mpmath.mpf(10) ** -25


def test_a_negative_number_of_steps_is_none_whatever_was_walked_before():
    expression = Recurrence(u, [u], [q], [q * u + 1], n - 1)
    walk = Walk(compile_expression(expression), {"q": Fraction(2, 7)})
    for steps in (5, 0, 9, 0):
        running, values = {"n": Fraction(steps)}, {"n": Fraction(steps), "q": Fraction(2, 7)}
        assert walk.ball(running, 96).overlaps(enclose_ball(compile_expression(expression), values, 96))
        if steps == 0:
            assert walk.exact(running) == Fraction(2, 7)


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        # A state that stays, one that comes back after two steps, one that only seems to stay, and two bodies.
        (Recurrence(u + n, [u, v], [3, q], [u, q * 0 + 1], n), lambda t: 3 + t),
        (Recurrence(u, [u, v], [0, 1], [v, u], n), lambda t: t % 2),
        (Recurrence(u, [u, v], [5, 0], [u + (v - 3) * 0, v + 1], n), lambda t: 5),
        (Recurrence(u, [u], [1], [u], n) + Sum(k, (k, 1, n)), lambda t: 1 + t * (t + 1) // 2),
        (Recurrence(u, [u], [1], [u], n) * Recurrence(v, [v], [0], [v + 2], n + 1), lambda t: 2 * (t + 1)),
    ],
)
def test_exact_walks_of_states_that_stay(expression, values):
    walk = Walk(compile_expression(expression), {"q": Fraction(2, 7)})
    for steps in (4, 0, 7, 3, 2, 30, 1):
        assert walk.exact({"n": Fraction(steps)}) == values(steps)


def test_a_bound_that_stays_is_proved_constant_in_all_steps():
    found = bounds.get("bertrand2024.normal_mixed_moments").solve(
        "t", target=10, n=12, alpha=1, statistic="mean_square_error"
    )
    assert (found.status, found.monotone, found.trend, found.complete) == ("every", "proved", "constant", True)

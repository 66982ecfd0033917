"""Comparisons with proof: what must be proved is proved, and what is false never is."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

import bounds
from bounds.certify import NotProved, Outcome, certify, check, crossing
from bounds.certify.theorems import compare
from bounds.functions import Recurrence, geometric_sum
from bounds.symbols import C, K, L, curvature, epsilon, lam, reward_range, t

ALL = (0, "inf")
PARAMETRIC = {"lam": ALL, "L": ALL, "epsilon": ALL, "curvature": ALL}
REWARD = {"K": (1, "inf"), "mean": ALL, "variance": ALL, "y_max": ALL}
MIXED = REWARD | {"lam": ALL, "t": (1, "inf")}
FACTOR = lam * (curvature + L * epsilon) / (curvature + lam * (curvature - L * epsilon))

# Left id, right id, settings: the left is proved never to exceed the right, on unbounded ranges wherever there are any.
THEOREMS = [
    ("bertrand2024.spectral_radius", "bertrand2024.jacobian", PARAMETRIC),
    ("bertrand2024.jacobian_refined", "bertrand2024.jacobian", PARAMETRIC),
    (
        "ferbach2024.parametric_rate",
        "ferbach2024.parametric_rate",
        PARAMETRIC | {"factor@1": "spectral", "factor@2": "paper", "C": ALL, "t": ALL},
    ),
    ("ferbach2024.reward_increase", "ferbach2024.reward_increase_refined", REWARD),
    ("ferbach2024.mixed_reward_gain", "ferbach2024.mixed_reward_gain_refined", MIXED | {"form": "closed"}),
    ("ferbach2024.mixed_reward_gain", "ferbach2024.mixed_reward_gain_refined", MIXED | {"form": "iterated"}),
    (
        "ferbach2024.mixed_reward_gain_refined",
        "ferbach2024.mixed_reward_gain_refined",
        MIXED | {"form@1": "closed", "form@2": "iterated"},
    ),
    ("ferbach2024.kl_ball_refined", "ferbach2024.kl_ball", {"lam": ALL, "K": (1, "inf"), "range": ALL, "t": ALL}),
    ("ferbach2024.kl_ball_refined", "ferbach2024.kl_ball", {"lam": ALL, "K": (1, "inf"), "range": "inf", "t": ALL}),
    (
        "ferbach2024.kl_ball_refined",
        "ferbach2024.kl_ball_refined",
        {"lam": ALL, "K": 3, "range": ALL, "t": (1, 3), "form@1": "chord", "form@2": "supremum"},
    ),
]


@pytest.mark.parametrize(("first", "second", "settings_"), THEOREMS, ids=lambda value: str(value)[:60])
def test_refinements_are_proved_to_be_refinements(first: str, second: str, settings_: dict[str, Any]) -> None:
    found = compare(bounds.get(first), bounds.get(second), settings_)
    assert found.answer.outcome is Outcome.PROVED, found.answer.open
    assert found.answer.certificate is not None
    assert check(found.answer.claim, found.answer.certificate) == found.answer.steps
    assert found.answer.point is not None
    assert found.answer.left is not None
    assert found.answer.right is not None
    assert found.answer.left[0] <= found.answer.right[1]
    # The converse is false, and the point that says so is one by another arithmetic.
    swapped = {f"{k[:-1]}{3 - int(k[-1])}" if "@" in k else k: v for k, v in settings_.items()}
    converse = compare(bounds.get(second), bounds.get(first), swapped)
    assert converse.answer.outcome is Outcome.REFUTED
    values = converse.answer.point
    assert values is not None
    used = [{s.name: values[s.name] for s in one.symbols} for one in (converse.first, converse.second)]
    assert converse.first.evaluate(**used[0], digits=40) > converse.second.evaluate(**used[1], digits=40)


def test_ferbach_factor_lies_between_the_spectral_radius_and_the_jacobian_bound() -> None:
    box = {lam: ALL, L: ALL, epsilon: ALL, curvature: ALL}
    paper = bounds.get("ferbach2024.parametric_rate").at(factor="paper").hypotheses
    jacobian, spectral = bounds.get("bertrand2024.jacobian"), bounds.get("bertrand2024.spectral_radius")
    assert certify(spectral.expression, FACTOR, box, paper).outcome is Outcome.PROVED
    both = (*paper, *jacobian.hypotheses)
    assert certify(FACTOR, jacobian.expression, box, both).outcome is Outcome.PROVED


def test_bretagnolle_huber_crosses_pinsker_once() -> None:
    k = sympy.Symbol("k", nonnegative=True)
    found = crossing(sympy.sqrt(k / 2), sympy.sqrt(1 - sympy.exp(-k)), k, 0, 50, width="1e-12")
    with mpmath.workdps(40):
        truth = 2 + mpmath.lambertw(-2 * mpmath.exp(-2))
        assert mpmath.mpf(found.low.numerator) / found.low.denominator <= truth
        assert truth <= mpmath.mpf(found.high.numerator) / found.high.denominator
    assert found.high - found.low <= Fraction(1, 10**12)
    assert found.first == "left"


CLOSED_FORMS = [
    (
        "affine",
        lambda q, x: Recurrence(x, (x,), (1,), (q * x + C,), t),
        lambda q: q**t + C * geometric_sum(q, t),
    ),
    ("geometric", lambda q, x: Recurrence(x, (x,), (0,), (q * x + 1,), t), lambda q: geometric_sum(q, t)),
]


@pytest.mark.parametrize(("name", "recursion", "closed"), CLOSED_FORMS, ids=lambda v: v if isinstance(v, str) else "")
def test_closed_forms_equal_their_recursions(name: str, recursion: Any, closed: Any) -> None:
    q, x = sympy.Symbol("q", nonnegative=True), sympy.Symbol("x", real=True)
    box = {q: ALL, C: ALL, t: (0, 15)}
    sides = recursion(q, x), closed(q)
    used = {s: r for s, r in box.items() if s in sides[0].free_symbols}
    for left, right in (sides, sides[::-1]):
        assert certify(left, right, used).outcome is Outcome.PROVED
    # A wrong closed form is found out.
    assert certify(sides[0], sides[1] - q**t / 1000, used).outcome is Outcome.REFUTED


def test_the_density_ratio_of_the_ball_is_at_least_one() -> None:
    ball = bounds.get("ferbach2024.kl_ball_refined").at(form="supremum")
    box = {lam: ALL, K: (1, "inf"), reward_range: ALL, t: ALL}
    assert certify(0, ball.expression, box, ball.hypotheses).outcome is Outcome.PROVED


def test_the_two_forms_in_the_mean_divide_the_parameters_between_them() -> None:
    hamming, joint = (bounds.get(f"fu2025.generalization_{name}") for name in ("hamming", "expected"))
    symbols = {s.name: s for one in (hamming, joint) for s in one.symbols}
    share = {"alpha": (0, 1), "eta": (0, 1), "gamma": (0, 1), "d_tv": (0, 1)}
    box = {s: share.get(name, (0 if name in ("beta", "M") else 1, "inf")) for name, s in symbols.items()}
    gamma, eta, beta, M, n, alpha = (symbols[name] for name in ("gamma", "eta", "beta", "M", "n", "alpha"))
    changed = (1 - alpha) * n * eta * beta
    left, right = hamming.expression, joint.expression
    better = (*joint.hypotheses, changed <= gamma * (M - beta))
    assert certify(left, right, box, better).outcome is Outcome.PROVED
    worse = (*joint.hypotheses, changed >= gamma * (M - beta))
    assert certify(right, left, box, worse).outcome is Outcome.PROVED


def test_recursions_over_generations_equal_their_closed_forms() -> None:
    for name in ("fully_synthetic", "real_plus_last", "balanced"):
        pair = bounds.get("fu2024.recursion"), bounds.get(f"fu2024.{name}")
        used = {"e": ALL, "alpha": (0, 1), "t": (1, 12), "schedule": name}
        used = {k: v for k, v in used.items() if k == "schedule" or k in {s.name for s in pair[1].symbols}}
        for first, second in (pair, pair[::-1]):
            assert compare(first, second, used).answer.outcome is Outcome.PROVED


# --- what is false is never proved ------------------------------------------------------------------------------------

SMALL = st.integers(-4, 4)
a, b = sympy.symbols("a b", real=True)


@st.composite
def quotients(draw: st.DrawFn) -> tuple[Any, Any]:
    """A polynomial over one that does not vanish, both of low degree, and a hypothesis now and then."""
    terms = [a**i * b**j for i, j in itertools.product(range(3), range(2))]
    above = sum(draw(SMALL) * term for term in terms)
    below = 1 + draw(st.integers(0, 2)) * a**2 + draw(st.integers(0, 2)) * sympy.exp(-b)
    limit = draw(st.sampled_from([None, a <= b, a * b > sympy.Rational(1, 4)]))
    return above / below, limit


@settings(max_examples=60, deadline=None, derandomize=True)
@given(quotients())
def test_random_claims_agree_with_a_fine_grid(problem: tuple[Any, Any]) -> None:
    expression, limit = problem
    answer = certify(0, expression, {a: (0, 2), b: (0, 1)}, [] if limit is None else [limit], seconds=2)
    x, y = np.meshgrid(np.linspace(0, 2, 81), np.linspace(0, 1, 41))
    values = sympy.lambdify((a, b), expression, "numpy")(x, y) + 0 * x
    allowed = np.ones(x.shape, dtype=bool) if limit is None else sympy.lambdify((a, b), limit, "numpy")(x, y)
    if answer.outcome is Outcome.PROVED:
        assert np.all(values[allowed] >= -1e-12), expression
    if answer.outcome is Outcome.REFUTED:
        point = {s: sympy.Rational(answer.point[s.name]) for s in (a, b) if s.name in answer.point}
        assert expression.subs(point) < 0
        assert limit is None or limit.subs(point)
    if np.any(values[allowed] < -1e-6):
        assert answer.outcome is Outcome.REFUTED


NEAR_MISSES = [
    (sympy.exp(a), 1 + a + a**2 / 2 + a**3 / 6 + a**4 / 10, {a: (0, 2)}),
    (1 + a, sympy.exp(a) - sympy.Rational(1, 10**8), {a: (0, 1)}),
    (sympy.log(1 + a), a - a**2 / 2 + a**3 / 4, {a: (0, 1)}),
    (2 * a * b, a**2 + b**2 - sympy.Rational(1, 10**9), {a: (0, 1), b: (0, 1)}),
    (sympy.sqrt(a), a + sympy.Rational(1, 4) - sympy.Rational(1, 10**7), {a: (0, 1)}),
    (geometric_sum(a, t), t * a + sympy.Rational(999, 1000), {a: (0, 1), t: (1, 9)}),
    (geometric_sum(a, t), t, {a: (0, sympy.Rational(1001, 1000)), t: (0, "inf")}),
    (sympy.Max(a, b), a + b - sympy.Rational(1, 10**7), {a: (0, 1), b: (1, 2)}),
]


@pytest.mark.parametrize(("left", "right", "box"), NEAR_MISSES, ids=str)
def test_near_misses_are_not_proved(left: Any, right: Any, box: dict[Any, Any]) -> None:
    assert certify(left, right, box, seconds=5).outcome is not Outcome.PROVED


TOUCHING = [
    (1 + a, sympy.exp(a), {a: (-1, 1)}),
    (sympy.log(1 + a), a, {a: (0, 3)}),
    (a - a**3 / 3, sympy.atan(a), {a: (0, "0.5")}),
    (2 * a * b, a**2 + b**2, {a: (-3, 3), b: (-3, 3)}),
    (sympy.Abs(a + b), sympy.Abs(a) + sympy.Abs(b), {a: (-1, 1), b: (-1, 1)}),
    (a * (1 - a), sympy.Rational(1, 4), {a: (0, 1)}),
    (sympy.tanh(a), a, {a: (0, 2)}),
    (geometric_sum(a, t), t, {a: (0, 1), t: (0, 40)}),
    (geometric_sum(a, t), t, {a: (0, 1), t: (0, "inf")}),
    (t, geometric_sum(a, t), {a: (1, "inf"), t: (0, "inf")}),
    (a**t, 1, {a: (0, 1), t: (0, "inf")}),
]


@pytest.mark.parametrize("case", TOUCHING, ids=str)
def test_inequalities_that_touch_are_proved(case: tuple[Any, Any, dict[Any, Any]]) -> None:
    left, right, box = case
    answer = certify(left, right, box, seconds=20)
    assert answer.outcome is Outcome.PROVED, answer.open


def test_a_box_without_a_feasible_point_proves_nothing() -> None:
    answer = certify(a, a + 1, {a: (0, 1)}, [a > 2])
    assert answer.outcome is Outcome.UNDECIDED
    assert "no point" in answer.open[0]


def test_whole_symbols_take_whole_numbers_only() -> None:
    # Between 1 and 2 the parabola is negative, at whole numbers it is not.
    assert certify(0, (t - 1) * (t - 2), {t: (0, 5)}).outcome is Outcome.PROVED
    assert certify(0, (a - 1) * (a - 2), {a: (0, 5)}).outcome is Outcome.REFUTED


@pytest.mark.parametrize(
    ("box", "message"),
    [
        ({lam: (-1, 1)}, "lam runs from -1 to 1"),
        ({lam: (2, 1)}, "must not be below"),
        ({lam: ("x", 1)}, "not a number"),
        ({lam: ("inf", "inf")}, "finite number"),
        ({}, "give a range"),
    ],
)
def test_malformed_boxes_are_refused(box: dict[Any, Any], message: str) -> None:
    with pytest.raises(bounds.ArgumentError, match=message):
        certify(lam, lam + 1, box)


def test_floats_are_refused() -> None:
    with pytest.raises(bounds.ArgumentError, match="floating-point"):
        certify(lam, lam + 0.1, {lam: (0, 1)})


# --- certificates -----------------------------------------------------------------------------------------------------


def changed(data: Any) -> list[Any]:
    """Return copies of plain data with one entry changed or dropped."""
    found: list[Any] = []
    if isinstance(data, dict):
        for key, value in data.items():
            found += [{**data, key: other} for other in changed(value)]
            found.append({k: v for k, v in data.items() if k != key})
    elif isinstance(data, list):
        for i, value in enumerate(data):
            found += [[*data[:i], other, *data[i + 1 :]] for other in changed(value)]
            found.append(data[:i] + data[i + 1 :])
    elif isinstance(data, int):
        found += [data + 1, -data - 1, None]
    elif isinstance(data, str):
        found += ["balls", "identity", "7/3", ""]
    return found


PROVED = [
    (1 + a, sympy.exp(a), {a: (0, 1)}, ()),
    (lam * (1 - lam), sympy.Rational(1, 4), {lam: (0, 1)}, ()),
    (sympy.exp(-a) * b, b, {a: (0, 1), b: ALL}, ()),
    (a, b, {a: (0, 1), b: (0, 1)}, (a <= b,)),
    (a**t + geometric_sum(a, t) * b, 1, {a: (0, 1), b: (0, 1), t: ALL}, (a + b <= 1,)),
]


@pytest.mark.parametrize(("left", "right", "box", "relations"), PROVED, ids=str)
def test_a_certificate_proves_its_own_claim_and_no_false_one(left: Any, right: Any, box: Any, relations: Any) -> None:
    answer = certify(left, right, box, relations)
    assert answer.outcome is Outcome.PROVED
    false = certify(right, left, box, relations)
    assert false.outcome is Outcome.REFUTED
    lowered = certify(left + sympy.Rational(1, 100), right, box, relations)
    assert lowered.outcome is Outcome.REFUTED
    for wrong in (false.claim, lowered.claim):
        for certificate in (answer.certificate, *changed(answer.certificate)):
            with pytest.raises(NotProved):
                check(wrong, certificate)
    # Some changes leave a proof a proof; none may end in anything but yes or no.
    refused = 0
    for certificate in changed(answer.certificate):
        try:
            check(answer.claim, certificate)
        except NotProved:
            refused += 1
    assert refused > 5


def test_a_slope_argument_needs_smoothness() -> None:
    claim = certify(0, 1 / a, {a: (1, 2)}).claim
    across = claim.within(a, type(claim.ranges[a])(Fraction(-1), Fraction(2)))
    step = {"rule": "monotone", "symbol": "a", "end": "high", "then": [{"rule": "balls"}, {"rule": "identity"}]}
    with pytest.raises(NotProved, match="smooth"):
        check(across, step)


def test_answers_do_not_depend_on_the_run() -> None:
    first, second = (certify(1 + a, sympy.exp(a), {a: (-1, 1)}) for _ in range(2))
    assert first.certificate == second.certificate
    assert math.isfinite(first.seconds)


def test_a_letter_that_counts_different_points_is_noted() -> None:
    box = {"n": (100, 1000), "t": 2, "c": "0.1", "s": "0.4", "x": 1}
    wider = {**box, "alpha": ("0.1", 1), "h": "0.1", "sigma": 1}
    found = compare(bounds.get("fu2024.phase_transition"), bounds.get("fu2024.kde_loop"), wider, seconds=1)
    assert any(note.startswith("n is not the same on both sides") for note in found.notes)
    same = compare(bounds.get("fu2024.phase_transition_reused"), bounds.get("fu2024.phase_transition"), box, seconds=1)
    assert not any(note.startswith("n is not") for note in same.notes)

"""What an audit claims is held against values, theorem by theorem, and against statements with a known shape."""

from __future__ import annotations

import itertools
import sys
import threading
import time
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy
from samples import points, regimes_of
from sympy import Max, Rational, Symbol, exp, log, oo, sqrt

import bounds
from bounds.audit import audit
from bounds.auditing.direction import direction
from bounds.auditing.guard import within
from bounds.auditing.limits import extrapolated
from bounds.auditing.reach import thresholds
from bounds.auditing.signs import Region, region_of
from bounds.drawing.repair import probes
from bounds.symbols import PARAMETERS, K, alpha, lam, mean, n, t, variance
from bounds.tape import compile_expression
from bounds.testing import witness

CASES = [
    one
    for theorem in bounds.catalog()
    for one in regimes_of(theorem)
    if not one.expression.has(sympy.Integral) and not compile_expression(one.expression).integrates
]
NAMES = [f"{one.id}-{'-'.join(value for _, value in one.choices)}" for one in CASES]


def inside(theorem: bounds.Theorem, values: dict[str, object]) -> tuple[float, float] | None:
    try:
        return theorem.enclose(**values)
    except bounds.LoopboundsError:
        return None


@pytest.mark.parametrize("theorem", CASES, ids=NAMES)
def test_proofs_of_sign_and_direction_are_never_contradicted(theorem: bounds.Theorem) -> None:
    region = region_of(theorem)
    sign = within(1, lambda: region.sign(theorem.expression))
    proved = {s.name: within(1, lambda s=s: direction(region, theorem.expression, s)) for s in theorem.symbols}
    source = points(theorem, np.random.default_rng(7))
    for _ in range(3):
        point = next(source)
        found = inside(theorem, point)
        if found is not None and sign is not None:
            assert sign * found[1] >= 0 if sign > 0 else sign * found[0] >= 0 if sign < 0 else 0 in found, point
        for name, way in proved.items():
            if way is None:
                continue
            top = 60 if PARAMETERS[name].integer else 10**6
            walk = [(v, inside(theorem, {**point, name: v})) for v in probes(PARAMETERS[name], top)]
            for (low, left), (high, right) in itertools.pairwise(walk):
                if left is None or right is None:
                    continue  # the claim is for intervals inside the hypotheses
                if way >= 0:
                    assert left[0] <= right[1], (point, name, low, high)
                if way <= 0:
                    assert right[0] <= left[1], (point, name, low, high)


def region(**intervals: tuple[object, object]) -> Region:
    return Region(intervals)


@pytest.mark.parametrize(
    ("expression", "symbol", "expected"),
    [
        (lam / (1 + lam), lam, 1),
        (1 / (1 + lam**2), lam, -1),
        ((lam / (1 + lam)) ** t, t, -1),
        (exp(-lam) + 1 / (1 + lam), lam, -1),
        (lam**2 - lam, lam, None),
        (alpha * (1 - alpha), alpha, None),
        (1 / (alpha - Rational(1, 2)), alpha, None),  # falls on both sides of a pole, and jumps up there
        (-1 / (1 - lam), lam, None),
        (Max(lam, 1) + lam / (1 + lam), lam, 1),
        (Max(1 - lam, 0), lam, -1),
        (sqrt(n - 1) / sqrt(n), n, 1),
        (log(1 + 1 / n) * (1 - 1 / n) ** t, t, -1),
        (mean + variance / mean, mean, None),
    ],
)
def test_known_directions(expression: object, symbol: object, expected: int | None) -> None:
    where = region(lam=(0, oo), t=(0, oo), alpha=(0, 1), n=(1, oo), mean=(0, oo), variance=(0, oo))
    assert direction(where, expression, symbol) == expected


def test_a_hypothesis_can_decide() -> None:
    rate = lam / (1 - lam * K)
    free = Region({"lam": (0, oo), "K": (1, oo)})
    assert direction(free, rate, lam) is None
    assert direction(Region(free.intervals, (lam * K < 1,)), rate, lam) == 1
    assert Region(free.intervals, (lam * K < 1,)).sign(rate) == 1


def test_strict_signs_respect_closed_ends() -> None:
    assert not region(alpha=(0, 1)).strictly_positive(alpha)
    assert not region(alpha=(0, 1)).strictly_positive(1 - alpha)
    assert region(alpha=(0, 1)).strictly_positive(2 - alpha)


def test_refutations_name_exact_points() -> None:
    (found,) = audit(bounds.get("bertrand2024.jacobian_refined"))
    row = next(f for f in found.monotone if f.subject == "lam")
    assert (row.result, row.how) == ("neither", "refuted")
    theorem = bounds.get("bertrand2024.jacobian_refined")
    # lam e < curvature + lam max(curvature - e, 0) is where the bound is below 1: rising first, then falling to 1
    low, peak, far = (theorem.evaluate(L=1, epsilon="0.9", curvature=1, lam=v) for v in (1, 10, 10**6))
    assert low < peak > far


def test_limits_against_far_values() -> None:
    for theorem_id, values in {
        "bertrand2024.spectral_radius": {"L": 1, "epsilon": 1, "curvature": 2, "lam": 1},
        "ferbach2024.uncurated_mixture": {"lam": 2, "t": 3, "tv0": "1/2"},
        "ferbach2024.reward_increase": {"K": 4, "mean": 1, "variance": "1/2", "y_max": 3},
    }.items():
        theorem = bounds.get(theorem_id)
        (found,) = audit(theorem)
        symbolic = [row for row in found.limits if row.how == "symbolic" and row.end == "oo"]
        assert symbolic
        for row in symbolic:
            far = {**values, row.symbol: 10**30}
            names = {s.name: s for s in theorem.symbols}
            goal = sympy.sympify(row.value, locals=names)
            exact = goal.xreplace({names[k]: sympy.Rational(str(v)) for k, v in values.items()})
            try:
                value = theorem.evaluate(**far, digits=40)
            except bounds.HypothesisError:
                continue
            with mpmath.workdps(40):
                assert abs(value - mpmath.mpf(str(sympy.N(exact, 40)))) < 1e-20, row


def test_limits_that_leave_the_hypotheses_say_so() -> None:
    (found,) = audit(bounds.get("ferbach2024.kl_ball"))
    row = next(row for row in found.limits if (row.symbol, row.end) == ("K", "oo"))
    assert (row.value, row.how) == (None, "outside")
    assert "lam*(K - 1) < 1" in row.note


def test_the_edge_of_the_hypotheses_is_exact() -> None:
    (found,) = audit(bounds.get("ferbach2024.kl_ball"), {"K": 4})
    (row,) = found.reaches
    assert (row.symbol, row.high, row.stopped_above) == ("lam", Fraction(1, 3), "lam*(K - 1) < 1")


def test_thresholds_against_the_condition_for_contraction() -> None:
    theorem = bounds.get("bertrand2024.jacobian_refined")
    point = {"L": Fraction(1), "epsilon": Fraction(3), "curvature": Fraction(1), "lam": Fraction(1, 4)}
    for row in thresholds(theorem, point, ["lam", "curvature"]):
        at = {**point, **row.at}
        if row.symbol == "lam" and row.value is not None:
            edge = at["curvature"] / (3 - max(at["curvature"] - 3, Fraction(0)))
            assert row.relation == "<="
            assert edge * Fraction(999, 1000) <= row.value < edge


def test_hypotheses_that_follow_from_others_do_not_bind() -> None:
    (found,) = audit(bounds.get("ferbach2024.reward_increase"))
    assert {b.relation: b.binds for b in found.bindings} == {
        "mean <= y_max": False,
        "variance <= mean*(-mean + y_max)": True,
    }


def test_regimes_and_pins() -> None:
    theorem = bounds.get("bertrand2024.normal_mean_loop")
    assert [a.choices["data"] for a in audit(theorem, {"n": 100})] == ["synthetic", "fresh", "reused"]
    (one,) = audit(theorem, {"n": 100, "data": "fresh", "alpha": "1/4"})
    assert one.reference["n"] == 100
    assert [f.subject for f in one.monotone] == ["t"]
    with pytest.raises(bounds.ArgumentError, match="no regime data=none"):
        audit(theorem, {"data": "none"})
    with pytest.raises(bounds.ArgumentError, match="no symbol 'q'"):
        audit(theorem, {"q": 1})
    with pytest.raises(bounds.ArgumentError, match="alpha = 2"):
        audit(theorem, {"alpha": 2, "data": "fresh"})
    with pytest.raises(bounds.HypothesisError, match="no point was found"):
        audit(bounds.get("ferbach2024.kl_ball"), {"lam": 2, "K": 2})


@pytest.mark.parametrize(
    ("walk", "expected"),
    [
        ([1 + 10.0**-k for k in range(8)], "1"),
        ([100.0 ** (-k / 4) for k in range(1, 9)], "0"),
        ([float(k) for k in range(1, 9)], "oo"),  # as a logarithm does
        ([-(2.0**k) for k in range(8)], "-oo"),
        ([1.0, -1.0] * 4, None),
        ([1.0], None),
    ],
)
def test_reading_a_limit_off_values(walk: list[float], expected: str | None) -> None:
    assert extrapolated(walk) == expected


def test_the_time_limit_works_on_any_thread() -> None:
    def forever() -> None:
        while True:
            time.sleep(0.001)

    found: list[object] = []
    before = threading.active_count()

    def work() -> None:
        start = time.monotonic()
        found.append((within(0.2, forever), time.monotonic() - start))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(10)
    ((result, took),) = found
    assert result is None
    assert took < 3
    assert threading.active_count() == before


def test_an_unbounded_symbolic_task_ends() -> None:
    x = Symbol("x", positive=True)
    start = time.monotonic()
    within(0.3, lambda: sympy.simplify(sympy.Add(*[sympy.sqrt(x + k) for k in range(12)]) ** 12))
    assert time.monotonic() - start < 5


class _SlowToGo:
    """Spends long in its finaliser, where an exception is lost."""

    def __del__(self) -> None:
        _spend(0.1)


def _spend(seconds: float) -> None:
    stop = time.monotonic() + seconds
    while time.monotonic() < stop:
        pass


def test_a_limit_that_falls_into_a_callback_ends_the_work_and_is_no_fault() -> None:
    ended: list[bool] = []

    def long() -> bool:
        # It ends of itself, so that a limit that fails shows here and does not slow every test that follows.
        for _ in range(100):
            _SlowToGo()
            _spend(0.08)
        ended.append(True)
        return True

    before = sys.unraisablehook
    # The first try falls into the second finaliser, or somewhere else on a slow machine.
    assert within(0.25, long) is None
    assert not ended
    assert sys.unraisablehook is before


def test_an_audit_out_of_time_says_so() -> None:
    (found,) = audit(bounds.get("bertrand2024.jacobian"), seconds=0)
    assert all(row.how in ("symbolic", "undecided") for row in found.limits)
    assert any("time was up" in row.note for row in found.limits)


def test_integrals_are_audited_without_values() -> None:
    one = bounds.get("fu2024.kde_loop").at(form="second_moment", space="line")
    start = time.monotonic()
    (found,) = audit(one)
    assert time.monotonic() - start < 20
    assert {f.how for f in found.monotone} <= {"proved", "none"}
    assert {row.how for row in found.limits} == {"undecided"}


def test_every_theorem_has_a_witness() -> None:
    assert [one.id for one in CASES if witness(one) is None] == []

"""Loops of known learning error, the checks of the recursion and the phase transition on them, and their controls."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.stats import binom, multinomial

from bounds import ArgumentError
from bounds.papers import fu2024 as theory
from verify.check import QUICK
from verify.checks.fu2024 import phase_transition, recursion
from verify.checks.fu2024._density import BySize, DensityLoop, estimate_error
from verify.checks.fu2024._memoriser import MemoriserLoop
from verify.checks.fu2024._pulled import Pull, PulledLoop, frequency_error, learning_error
from verify.data import NormalMixture
from verify.distances import tv_proxy
from verify.evidence import Interval, Verdict, judge
from verify.judging import _judge_control, judge_measured
from verify.loop import Learner, run
from verify.mixing import Regime, by_ratio, by_share, replace
from verify.runner import run_checks
from verify.schedules import (
    Schedule,
    equal_shares,
    growing_sizes,
    last_only,
    real_and_last,
    run_schedule,
    schedule_tv_proxy,
)

ALARM = 1e-5
CHECKED = [check.theorem.id for check in (*recursion.CHECKS, *phase_transition.CHECKS)]


# --- schedules --------------------------------------------------------------------------------------------------------


def test_a_schedule_knows_its_weights_and_refuses_what_it_cannot_run() -> None:
    schedule = Schedule(((4,), (1, 3), (2, 2, 4)))
    assert schedule.generations == 3
    assert schedule.weights[2] == (Fraction(1, 4), Fraction(1, 4), Fraction(1, 2))
    for counts in ((), ((0,),), ((1,), (1,)), ((1,), (-1, 2)), ((1,), (0, 0))):
        with pytest.raises(ArgumentError):
            Schedule(counts)
    with pytest.raises(ArgumentError, match="multiple of 3"):
        equal_shares(4, 3)
    with pytest.raises(ArgumentError, match="negative"):
        growing_sizes(1, Fraction(-1), 2)


def test_a_loop_on_a_schedule_draws_what_the_schedule_says() -> None:
    drawn: list[tuple[str, int]] = []

    def real(size: int) -> list[str]:
        drawn.append(("real", size))
        return ["real"] * size

    def draw(model: str, size: int) -> list[str]:
        drawn.append((model, size))
        return [model] * size

    names = iter("abc")
    learner = Learner(real, draw, lambda a, b: a + b, lambda data: next(names))
    assert run_schedule(learner, Schedule(((4,), (1, 3), (2, 0, 5)))) == ["a", "b", "c"]
    assert drawn == [("real", 4), ("real", 1), ("a", 3), ("real", 2), ("b", 5)]


@given(st.integers(1, 10**6), st.integers(0, 20), st.integers(1, 6), st.integers(1, 12))
@settings(max_examples=60, deadline=None)
def test_growing_sizes_are_rounded_up_exactly(n: int, top: int, bottom: int, generations: int) -> None:
    power = Fraction(top, bottom)
    with mpmath.workdps(80):
        exact = [n * mpmath.mpf(k + 1) ** (mpmath.mpf(top) / bottom) for k in range(generations)]
        ceilings = [int(mpmath.ceil(value - mpmath.mpf(10) ** -40)) for value in exact]
    assert growing_sizes(n, power, generations) == tuple(ceilings)


@pytest.mark.parametrize(
    ("schedule", "mixture"),
    [
        (last_only((50,) * 5), replace(50)),
        (real_and_last(40, 10, 30, 5), by_share(40, "1/4", Regime.FRESH)),
        (real_and_last(20, 20, 60, 4), by_ratio(20, 3, Regime.FRESH)),
    ],
)
def test_the_variance_proxy_is_that_of_the_same_loop_as_a_mixture(schedule, mixture) -> None:
    assert schedule_tv_proxy(schedule) == pytest.approx(tv_proxy(mixture, schedule.generations), rel=1e-9)


@pytest.mark.parametrize("schedule", [equal_shares(60, 5), Schedule(((9,), (4, 5), (0, 9, 9), (1, 1, 1, 30)))])
def test_the_variance_proxy_bounds_the_variance(schedule: Schedule) -> None:
    law = (0.5, 0.3, 0.2, 0.0)
    loop = PulledLoop(law, Pull(0.05), schedule, schedule.generations, exact=False)
    models = loop.models(np.random.default_rng(0), 4_000)
    tv = 0.5 * np.abs(np.stack(models) - np.array(law)).sum(axis=2)
    assert np.all(tv.var(axis=1) < schedule_tv_proxy(schedule))


# --- learning errors, by enumeration ----------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 2, 5, 12])
@pytest.mark.parametrize("share", [0.0, 0.02, 0.2, 0.6, 1.0])
def test_the_learning_error_of_two_categories_by_enumeration(size: int, share: float) -> None:
    counts = np.arange(size + 1)
    for f in np.linspace(0, 1, 101):
        error = binom.pmf(counts, size, f) @ np.abs((1 - share) * counts / size + share - f)
        assert error <= learning_error(2, Pull(share), size) * (1 + 1e-12)


def test_the_learning_error_of_more_categories_by_enumeration() -> None:
    rng, size = np.random.default_rng(0), 5
    outcomes = np.array([row for row in itertools.product(range(size + 1), repeat=3) if sum(row) == size])
    for share in (0.0, 0.1, 0.5):
        for law in rng.dirichlet(np.ones(3), 20):
            models = (1 - share) * outcomes / size
            models[:, -1] += share
            error = multinomial.pmf(outcomes, size, law) @ (0.5 * np.abs(models - law).sum(axis=1))
            assert error <= learning_error(3, Pull(share), size)
    assert learning_error(3, Pull(0.0), size) == pytest.approx(frequency_error(3, size), rel=1e-9)


def _enumerated(share: float, real: int, synthetic: int) -> float:
    """``E TV(p_3, p_0)`` for a real law on one category, real data all in it, whether fresh or reused."""
    size = real + synthetic
    total, first = 0.0, share
    for k in range(synthetic + 1):
        second = (1 - share) * k / size + share
        for j in range(synthetic + 1):
            third = (1 - share) * j / size + share
            total += binom.pmf(k, synthetic, first) * binom.pmf(j, synthetic, second) * third
    return total


@pytest.mark.parametrize("regime", [Regime.FRESH, Regime.REUSED])
def test_the_computed_distance_of_a_pulled_loop_by_enumeration(regime: Regime) -> None:
    loop = PulledLoop((1.0, 0.0), Pull(0.2), by_ratio(3, 2, regime), 3, exact=True)
    assert loop.expected_pull() == pytest.approx(_enumerated(0.2, 3, 6), rel=1e-12)


@pytest.mark.parametrize(
    "plan",
    [equal_shares(120, 4), real_and_last(50, 20, 30, 4), last_only((30, 60, 90, 120)), by_ratio(20, 3, Regime.REUSED)],
)
def test_the_computed_distance_of_a_pulled_loop_by_sampling(plan) -> None:
    computed = PulledLoop((1.0, 0.0), Pull(1.2, Fraction(1, 2)), plan, 4, exact=True)
    sampled = PulledLoop((1.0, 0.0), Pull(1.2, Fraction(1, 2)), plan, 4, exact=False)
    seen = sampled.measure(np.random.default_rng(1), 20_000).interval(ALARM)
    assert seen.lower < computed.expected_pull() < seen.upper
    assert seen.upper - seen.lower < 0.1 * computed.expected_pull()


# --- any weights ------------------------------------------------------------------------------------------------------


@st.composite
def _schedules(draw: st.DrawFn) -> Schedule:
    generations = draw(st.integers(1, 6))
    rows = [[draw(st.integers(0, 9)) for _ in range(j + 1)] for j in range(generations)]
    return Schedule(tuple(tuple(5_000 * v for v in row) if any(row) else (5_000, *row[1:]) for row in rows))


@given(_schedules(), st.floats(0.3, 0.5))
@settings(max_examples=60, deadline=None)
def test_the_recursion_holds_for_any_weights_and_is_all_but_attained(schedule: Schedule, exponent: float) -> None:
    pull = Pull(1.1, Fraction(exponent).limit_denominator(100))
    loop = PulledLoop((1.0, 0.0), pull, schedule, schedule.generations, exact=True)
    errors = [learning_error(2, pull, size) for size in schedule.sizes]
    bound = Interval(*theory.RECURSION.enclose(weights=schedule.weights, e=errors))
    found = judge(loop.measure(np.random.default_rng(0), 1), bound, "upper", 0.01)
    assert found.verdict is Verdict.EXACT
    # What is lost is of the second order: the pull acts on a model that was pulled before.
    assert 1 - found.ratio < 2 * bound.upper


@given(_schedules())
@settings(max_examples=60, deadline=None)
def test_the_recursion_is_attained_by_a_learner_that_sees_the_mixture_itself(schedule: Schedule) -> None:
    pulled: list[Fraction] = []
    errors: list[Fraction] = []
    for j, row in enumerate(schedule.weights):
        kept = sum((w * before for w, before in zip(row[1:], pulled, strict=True)), Fraction(0))
        errors.append(Fraction(j + 1, 50) * (1 - kept))
        pulled.append(errors[-1] + kept)
    low, high = theory.RECURSION.enclose(weights=schedule.weights, e=errors)
    assert low <= pulled[-1] <= high
    assert high - low <= 4e-16


# --- explicit errors of density estimates -----------------------------------------------------------------------------


def _kde(points: np.ndarray, h: float, x: np.ndarray) -> np.ndarray:
    return np.exp(-0.5 * ((x[:, None] - points) / h) ** 2).mean(axis=1) / (h * math.sqrt(2 * math.pi))


@pytest.mark.parametrize(("share", "n", "size"), [(0.0, 60, 60), (1.0, 60, 120), (0.5, 60, 120)])
def test_the_error_of_a_density_estimate_is_bounded_and_not_by_much(share: float, n: int, size: int) -> None:
    law, h, g, rng = NormalMixture((0.6, 0.4), (-1.0, 1.5), (1.0, 0.7)), 0.4, 0.3, np.random.default_rng(3)
    x = np.linspace(-8, 8, 401)
    errors = []
    for _ in range(300):
        first = law.sample(rng, n)
        target = (1 - share) * law.pdf(x) + share * _kde(first, h, x)
        drawn = int(share * size)
        synthetic = rng.choice(first, drawn) + h * rng.standard_normal(drawn)
        points = np.concatenate([law.sample(rng, size - drawn), synthetic])
        errors.append(0.5 * np.abs(_kde(points, g, x) - target).sum() * (x[1] - x[0]))
    bound = estimate_error(law, n, h, share, size, g)
    spread = 5 * float(np.std(errors)) / math.sqrt(len(errors))
    assert np.mean(errors) - spread < bound < 1.35 * np.mean(errors)


def test_a_bandwidth_by_size_is_what_it_says() -> None:
    rule = BySize(1.5)
    assert rule.typical(9.0, 32, None) == rule.at(32) == 0.75
    loop = DensityLoop(NormalMixture.normal(), rule, by_ratio(64, 0, Regime.FRESH))
    assert loop.constant(Fraction(2, 5)) == pytest.approx(
        estimate_error(NormalMixture.normal(), 64, rule.at(64), 0.0, 64, rule.at(64)) * 64**0.4
    )


# --- the learner that recognises its data -----------------------------------------------------------------------------


def test_a_learner_that_recognises_its_data_obeys_the_fresh_bound_on_fresh_data_only() -> None:
    rng = np.random.default_rng(5)
    (setting,) = phase_transition._memoriser_settings(QUICK, rng)
    bound = theory.PHASE_TRANSITION.evaluate(**setting.arguments)
    reused = setting.world
    fresh = MemoriserLoop(reused.law, reused.share, by_ratio(400, 1, Regime.FRESH))
    assert fresh.measure(rng, 500).upper(ALARM) < bound < 0.2
    assert reused.measure(rng, 500).lower(ALARM) > 0.9


def test_that_learner_learns_well_what_it_has_not_seen() -> None:
    loop, rng = MemoriserLoop((0.5, 0.5), 0.1, by_ratio(50, 1, Regime.FRESH)), np.random.default_rng(6)
    learner = loop._learner(rng, 2_000)
    first, second = run(learner, loop.mixture, 2)
    for model, target in (
        (first, np.array([0.5, 0.5, 0, 0])),
        (second, (np.array([0.5, 0.5, 0, 0]) + first.masses) / 2),
    ):
        off = 0.5 * np.abs(model.masses - target).sum(axis=1)
        assert off.mean() < loop.error(50 if model is first else 100)
        assert np.all(model.masses[:, -1] == 0)


# --- the peak ---------------------------------------------------------------------------------------------------------


def test_golden_section_finds_a_known_peak() -> None:
    found = phase_transition.largest_at(lambda x: x * mpmath.exp(-x / 7))
    assert abs(found.value - 7) <= found.error < 1e-11


@pytest.mark.parametrize("data", ["fresh", "reused"])
@pytest.mark.parametrize("s", ["1/10", "1/2", "4/5"])
def test_heights_are_the_bounds_and_their_peaks_those_of_the_catalogue(data: str, s: str) -> None:
    theorem = theory.PHASE_TRANSITION if data == "fresh" else theory.PHASE_TRANSITION_REUSED
    height = phase_transition.second_height(mpmath.mpf(Fraction(s).numerator) / Fraction(s).denominator, data)
    for x in ("1/3", 2, 30):
        value = theorem.evaluate(c=1, n=1, s=s, x=x, t=2)
        assert float(height(mpmath.mpf(Fraction(x).numerator) / Fraction(x).denominator)) == pytest.approx(value)
    peak = theory.peak(2, s, data)
    found = phase_transition.largest_at(height)
    assert found.value == pytest.approx(peak.lower, rel=1e-10)
    limit = phase_transition.largest_at(phase_transition.late_height(mpmath.mpf(float(Fraction(s))))).value
    gaps = [abs(theory.peak(t, s, data).lower / (t - 1) / limit - 1) for t in (200, 20_000)]
    # The slower a peak of the fresh regime nears its limit, the larger s is.
    assert gaps[1] < gaps[0]
    assert gaps[1] < 2 * 20_000 ** (-1 if data == "reused" else float(Fraction(s)) - 1)


def test_the_limit_of_late_generations_by_another_optimiser() -> None:
    height = phase_transition.late_height(mpmath.mpf("0.4"))
    found = minimize_scalar(lambda y: -float(height(mpmath.mpf(y))), bounds=(0.1, 10), method="bounded")
    assert phase_transition.largest_at(height).value == pytest.approx(found.x, rel=1e-4)


# --- the checks -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=[31, 32])
def quick_run(request):
    return run_checks(CHECKED, quick=True, seed=request.param)


def test_no_theorem_is_violated_no_control_escapes_and_all_is_decided(quick_run) -> None:
    assert quick_run.failures == ()
    assert [(r.id, r.setting) for r in quick_run.results if r.verdict not in (Verdict.EXACT, Verdict.CONSISTENT)] == []
    assert [(c.id, c.name) for c in quick_run.escaped] == []
    assert {c.id for c in quick_run.controls} == set(CHECKED)


def test_every_regime_and_given_weights_are_checked(quick_run) -> None:
    for check in (*recursion.CHECKS, *phase_transition.CHECKS):
        mine = [r for r in quick_run.results if r.id == check.theorem.id]
        for regime in check.theorem.regimes:
            assert any(all(r.inputs.get(k) == v for k, v in regime.choices) for r in mine), (check.theorem.id, regime)
    weighted = [r for r in quick_run.results if "weights" in r.inputs]
    assert {r.inputs["schedule"] for r in weighted} == set(recursion.FAMILIES)
    assert min(r.ratio for r in weighted) > 0.9


@pytest.mark.parametrize("check", [*recursion.CHECKS, *phase_transition.CHECKS], ids=lambda c: c.theorem.id)
def test_planted_theorems_are_refuted_by_a_margin(check) -> None:
    """A control shrunk in its excess by a tenth must still be refuted in some setting."""
    rng = np.random.default_rng(8)
    found = [(setting, check.measure(setting, QUICK, rng)) for setting in check.settings(QUICK, rng)]
    assert not judge_measured([(check, found)], seed=0, effort="quick").violated
    for control in (c for c in check.controls if not c.natural):
        judged = [_judge_control(check, control, *pair, 1e-6) for pair in found]
        margins = [abs(one.ratio - 1) for one in judged if one.verdict is Verdict.VIOLATED]
        assert max(margins) > (0.009 if "1 %" in control.name else 0.03), control.name


def test_the_constant_of_a_growing_schedule_covers_every_size() -> None:
    for seed in range(20):
        for setting in recursion._sample_settings(QUICK, np.random.default_rng(seed)):
            loop, said = setting.world, setting.arguments
            # Without a pull the last category stays empty.
            cells = len(loop.law) if loop.pull.scale else len(loop.law) - 1
            for size in loop.plan.sizes:
                bound = said["c"] * float(size) ** -float(said["s"])
                assert learning_error(cells, loop.pull, size) <= bound * (1 + 1e-11)

"""Confidence limits against exact enumeration, mpmath and simulated calibration."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bounds.errors import ArgumentError
from verify.evidence import (
    BoundedSample,
    Computed,
    Evidence,
    Indicators,
    Interval,
    KnownVarianceSample,
    NonnegativeSample,
    Verdict,
    binomial_tail,
    judge,
)
from verify.evidence.tails import BETS, betting_limit, catoni_limit, log_capital

RUNS = 2000
FALSE_ALARM = 1e-6  # probability that a calibration test fails although the limits are valid
ONE = Interval(1.0, 1.0)


def point(value: float) -> Interval:
    return Interval(value, value)


def exact_tail(successes: int, trials: int, p: float) -> mpmath.mpf:
    """P(X >= successes), term by term at 60 digits."""
    with mpmath.workdps(60):
        q = mpmath.mpf(p)
        return mpmath.fsum(
            mpmath.binomial(trials, k) * q**k * (1 - q) ** (trials - k) for k in range(successes, trials + 1)
        )


def exact_head(successes: int, trials: int, p: float) -> mpmath.mpf:
    """P(X <= successes), term by term at 60 digits."""
    with mpmath.workdps(60):
        q = mpmath.mpf(p)
        return mpmath.fsum(mpmath.binomial(trials, k) * q**k * (1 - q) ** (trials - k) for k in range(successes + 1))


def counts_law(trials: int, p: float) -> list[float]:
    return [math.comb(trials, k) * p**k * (1 - p) ** (trials - k) for k in range(trials + 1)]


# ---------------------------------------------------------------------------------------------------- indicators


@pytest.mark.parametrize(("successes", "trials"), [(0, 7), (1, 7), (7, 7), (3, 40), (39, 40), (1, 3000), (2999, 3000)])
@pytest.mark.parametrize("level", [0.3, 0.05, 1e-6, 1e-12])
def test_clopper_pearson_solves_its_equations_and_errs_outward(successes: int, trials: int, level: float) -> None:
    lower, upper = Indicators(successes, trials).lower(level), Indicators(successes, trials).upper(level)
    if successes == 0:
        assert lower == 0.0
    else:
        inward = lower + 1e-9 * lower + 4 * math.ulp(lower)
        assert exact_tail(successes, trials, lower) <= level < exact_tail(successes, trials, inward)
    if successes == trials:
        assert upper == 1.0
    else:
        inward = upper - 1e-9 * min(upper, 1 - upper) - 4 * math.ulp(upper)
        assert exact_head(successes, trials, upper) <= level < exact_head(successes, trials, inward)


@pytest.mark.parametrize("p", [0.001, 0.03, 0.25, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("trials", [1, 12, 60])
def test_clopper_pearson_coverage_is_exact(p: float, trials: int) -> None:
    level = 0.05
    law = counts_law(trials, p)
    misses_low = sum(w for k, w in enumerate(law) if Indicators(k, trials).lower(level) > p)
    misses_high = sum(w for k, w in enumerate(law) if Indicators(k, trials).upper(level) < p)
    assert misses_low <= level
    assert misses_high <= level


@given(trials=st.integers(1, 300), share=st.floats(0, 1), p=st.floats(0, 1))
@settings(max_examples=60, deadline=None)
def test_binomial_tail_agrees_with_summation(trials: int, share: float, p: float) -> None:
    successes = round(share * trials)
    assert binomial_tail(successes, trials, p) == pytest.approx(
        float(exact_tail(successes, trials, p)), rel=1e-9, abs=1e-300
    )


def test_binomial_tail_refuses_nonsense() -> None:
    with pytest.raises(ArgumentError, match="p in"):
        binomial_tail(1, 2, 1.5)
    with pytest.raises(ArgumentError, match="trials"):
        binomial_tail(1, -1, 0.5)


# ---------------------------------------------------------------------------------------- betting: exact validity


def capital(values: list[float], mean: float) -> mpmath.mpf:
    """The hedged capital at 40 digits, bet by bet and value by value."""
    with mpmath.workdps(40):
        total = mpmath.mpf(0)
        for bet in BETS:
            wealth = mpmath.mpf(1)
            for value in values:
                wealth *= 1 + mpmath.mpf(float(bet)) * (mpmath.mpf(value) / mpmath.mpf(mean) - 1)
            total += wealth
        return total / len(BETS)


TWO_POINT = [(0.0, 1.0, 0.5), (0.0, 1.0, 0.02), (0.0, 1.0, 0.9), (0.2, 0.3, 0.4), (0.01, 1.0, 0.05), (0.0, 1.0, 0.001)]


@pytest.mark.parametrize(("small", "large", "p"), TWO_POINT)
def test_capital_is_fair_at_the_true_mean(small: float, large: float, p: float) -> None:
    trials, mean = 9, (1 - p) * small + p * large
    expected = sum(
        w * math.exp(log_capital(np.array([large] * k + [small] * (trials - k)), mean))
        for k, w in enumerate(counts_law(trials, p))
    )
    assert expected == pytest.approx(1.0, rel=1e-9)


@pytest.mark.parametrize(("small", "large", "p"), TWO_POINT)
@pytest.mark.parametrize("trials", [1, 10, 80])
@pytest.mark.parametrize("level", [0.3, 0.02])
def test_betting_false_alarm_by_enumeration(small: float, large: float, p: float, trials: int, level: float) -> None:
    """The exact probability, over all samples of a two-point law, that a limit misses the mean."""
    mean = (1 - p) * small + p * large
    low = high = 0.0
    for k, weight in enumerate(counts_law(trials, p)):
        sample = BoundedSample(np.array([large] * k + [small] * (trials - k)), 0.0, 1.0)
        low += weight * (sample.lower(level) > mean)
        high += weight * (sample.upper(level) < mean)
        assert NonnegativeSample(sample.values).lower(level) == pytest.approx(sample.lower(level), rel=1e-9, abs=1e-12)
    assert low <= level
    assert high <= level


def test_stopping_when_it_looks_best_stays_valid() -> None:
    """Exact probability, by recursion over counts, that the lower limit ever exceeds the mean in 60 looks."""
    p, level, looks = 0.3, 0.1, 60
    alive = {0: 1.0}
    for trials in range(1, looks + 1):
        grown: dict[int, float] = {}
        for k, w in alive.items():
            grown[k] = grown.get(k, 0.0) + w * (1 - p)
            grown[k + 1] = grown.get(k + 1, 0.0) + w * p
        alive = {
            k: w for k, w in grown.items() if betting_limit(np.array([1.0] * k + [0.0] * (trials - k)), level) <= p
        }
    crossed = 1.0 - sum(alive.values())
    assert 0.001 < crossed <= level


@pytest.mark.parametrize(
    "values",
    [
        [0.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.0],
        [0.5, 0.51, 0.49, 0.5, 0.5, 0.52, 0.48, 0.5],
        [1e-3] * 30 + [1.0],
        [0.7],
        [3e5, 1e-7, 2.0, 4.0, 1e3],
    ],
)
@pytest.mark.parametrize("level", [0.2, 1e-3])
def test_betting_limit_is_the_edge_of_the_rejected_means(values: list[float], level: float) -> None:
    limit = betting_limit(np.array(values), level)
    assert limit > 0
    assert capital(values, limit) >= 1 / level
    assert capital(values, limit * (1 + 1e-6)) < 1 / level
    grid = [limit * f for f in np.linspace(0.02, 1.0, 25)] + list(np.linspace(limit * 1.000001, max(values), 25))
    rejected = [capital(values, float(m)) >= 1 / level for m in grid]
    assert rejected == [True] * 25 + [False] * 25


def test_log_capital_agrees_with_high_precision_across_blocks() -> None:
    values = np.random.default_rng(5).random(4500)  # more than one block
    oracle = mpmath.log(capital([float(x) for x in values], 0.49))
    assert log_capital(values, 0.49) == pytest.approx(float(oracle), abs=1e-10)


# ------------------------------------------------------------------------------------------------------- Catoni


@pytest.mark.parametrize("p", [0.5, 0.1, 0.001])
@pytest.mark.parametrize("trials", [1, 10, 80])
@pytest.mark.parametrize("level", [0.3, 0.02])
def test_catoni_false_alarm_by_enumeration(p: float, trials: int, level: float) -> None:
    variance = p * (1 - p)
    low = high = 0.0
    for k, weight in enumerate(counts_law(trials, p)):
        sample = KnownVarianceSample(np.array([1.0] * k + [0.0] * (trials - k)), variance)
        low += weight * (sample.lower(level) > p)
        high += weight * (sample.upper(level) < p)
    assert low <= level
    assert high <= level


@pytest.mark.parametrize("values", [[0.3], [1.0, -2.0, 0.5, 40.0, 0.0], list(np.linspace(-3, 3, 31)), [1e9, 1e9 + 1]])
@pytest.mark.parametrize("level", [0.4, 1e-4])
def test_catoni_limit_is_the_edge_of_the_rejected_means(values: list[float], level: float) -> None:
    variance, n = 2.0, len(values)
    limit = catoni_limit(np.array(values), variance, level)

    def evidence_against(mean: float) -> mpmath.mpf:
        with mpmath.workdps(40):
            scale = mpmath.sqrt(-2 * mpmath.log(level) / (n * variance))
            total = mpmath.mpf(0)
            for value in values:
                z = scale * (mpmath.mpf(value) - mpmath.mpf(mean))
                total += mpmath.sign(z) * mpmath.log(1 + abs(z) + z**2 / 2)
            return total - n * mpmath.log(1 + scale**2 * variance / 2) + mpmath.log(level)

    assert evidence_against(limit) >= 0
    assert evidence_against(limit - 1.0) > 0
    assert evidence_against(limit + max(1e-6, 1e-6 * abs(limit))) < 0


def test_catoni_influence_is_below_the_exponential_moment() -> None:
    """The inequality behind the limit: psi(z) <= log(1 + z + z^2/2) everywhere, with psi odd and increasing."""
    z = np.linspace(-50, 50, 200_001)
    psi = np.copysign(np.log1p(np.abs(z) + z * z / 2), z)
    assert (psi <= np.log(((1 + z) ** 2 + 1) / 2) + 1e-12).all()
    assert (np.diff(psi) > 0).all()


# -------------------------------------------------------------------------------------------------- calibration

Draw = Callable[[np.random.Generator], tuple[Evidence, float]]


def bernoulli(rng: np.random.Generator) -> tuple[Evidence, float]:
    return Indicators(int(rng.binomial(1000, 0.001)), 1000), 0.001


def coin(rng: np.random.Generator) -> tuple[Evidence, float]:
    return Indicators(int(rng.binomial(40, 0.5)), 40), 0.5


def rare_bounded(rng: np.random.Generator) -> tuple[Evidence, float]:
    return BoundedSample((rng.random(100) < 0.01).astype(float), 0.0, 1.0), 0.01


def skewed_beta(rng: np.random.Generator) -> tuple[Evidence, float]:
    return BoundedSample(5.0 * rng.beta(0.1, 0.9, size=60) - 2.0, -2.0, 3.0), -1.5


def uniform(rng: np.random.Generator) -> tuple[Evidence, float]:
    return BoundedSample(rng.random(60), 0.0, 1.0), 0.5


def lognormal(rng: np.random.Generator) -> tuple[Evidence, float]:
    return NonnegativeSample(rng.lognormal(0.0, 1.5, 60)), math.exp(1.125)


def infinite_variance(rng: np.random.Generator) -> tuple[Evidence, float]:
    return NonnegativeSample(rng.pareto(1.5, 60)), 2.0


def normal(rng: np.random.Generator) -> tuple[Evidence, float]:
    return KnownVarianceSample(rng.normal(7.0, 2.0, 60), 4.0), 7.0


def heavy_known_variance(rng: np.random.Generator) -> tuple[Evidence, float]:
    return KnownVarianceSample(rng.lognormal(0.0, 1.5, 60), math.exp(2.25) * math.expm1(2.25)), math.exp(1.125)


def rare_known_variance(rng: np.random.Generator) -> tuple[Evidence, float]:
    return KnownVarianceSample((rng.random(60) < 0.01).astype(float), 0.0099), 0.01


DRAWS: list[Draw] = [
    bernoulli,
    coin,
    rare_bounded,
    skewed_beta,
    uniform,
    lognormal,
    infinite_variance,
    normal,
    heavy_known_variance,
    rare_known_variance,
]


@pytest.mark.parametrize("draw", DRAWS)
def test_false_alarms_stay_within_the_level(draw: Draw) -> None:
    """Truth exactly on the bound: VIOLATED in at most the level of the runs, in each direction."""
    rng = np.random.default_rng(20240607)
    level = 0.05
    low = high = 0
    for _ in range(RUNS):
        evidence, truth = draw(rng)
        low += evidence.lower(level) > truth
        high += evidence.upper(level) < truth
    assert binomial_tail(low, RUNS, level) > FALSE_ALARM
    assert binomial_tail(high, RUNS, level) > FALSE_ALARM


@pytest.mark.parametrize("direction", ["upper", "lower", "exact"])
@pytest.mark.parametrize("draw", [bernoulli, coin, uniform, lognormal, normal])
def test_judge_raises_no_more_false_alarms_than_the_limits(draw: Draw, direction: str) -> None:
    rng = np.random.default_rng(7)
    runs, level = 300, 0.05
    verdicts = [
        judge(evidence, point(truth), direction, level).verdict for evidence, truth in (draw(rng) for _ in range(runs))
    ]
    assert binomial_tail(verdicts.count(Verdict.VIOLATED), runs, level) > FALSE_ALARM
    if direction != "exact":  # truth == bound: both inequalities hold, so CONSISTENT is right whenever it is said
        assert Verdict.EXACT not in verdicts


def test_the_calibration_catches_a_z_interval() -> None:
    """The harness must be able to fail: the normal approximation misses a rare event far too often."""
    rng = np.random.default_rng(3)
    misses = 0
    for k in rng.binomial(1000, 0.001, size=RUNS):
        share = k / 1000
        misses += share + 1.6448536 * math.sqrt(share * (1 - share) / 1000) < 0.001
    assert binomial_tail(misses, RUNS, 0.05) < 1e-12


# ------------------------------------------------------------------------------------------------------- power


def test_ten_percent_violations_are_detected() -> None:
    """Bound 10 % below the truth. Each draw misses with probability below 1e-6 (about 9 standard errors of room)."""
    rng = np.random.default_rng(11)
    cases: list[tuple[Evidence, float]] = [
        (Indicators(int(rng.binomial(40_000, 0.3)), 40_000), 0.3),
        (BoundedSample(rng.beta(2, 6, 8000), 0.0, 1.0), 0.25),
        (NonnegativeSample(rng.exponential(2.0, 20_000)), 2.0),
        (KnownVarianceSample(rng.normal(5.0, 2.0, 3000), 4.0), 5.0),
    ]
    for evidence, truth in cases:
        assert judge(evidence, point(0.9 * truth), "upper", 1e-4).verdict is Verdict.VIOLATED
        assert judge(evidence, point(0.9 * truth), "exact", 1e-4).verdict is Verdict.VIOLATED
        assert judge(evidence, point(0.9 * truth), "lower", 1e-4).verdict is Verdict.CONSISTENT
        assert judge(evidence, point(truth), "upper", 1e-4).verdict is not Verdict.VIOLATED
        if not isinstance(evidence, NonnegativeSample):
            assert judge(evidence, point(1.1 * truth), "upper", 1e-4).verdict is Verdict.CONSISTENT
            assert judge(evidence, point(1.1 * truth), "lower", 1e-4).verdict is Verdict.VIOLATED
            assert judge(evidence, point(truth), "exact", 1e-4, tolerance=0.1).verdict is Verdict.CONSISTENT


def test_limits_are_close_to_the_gaussian_ideal() -> None:
    """Within 30 % of sd sqrt(2 log(1/level)/n), the best that any limit valid for all such laws can do."""
    rng = np.random.default_rng(2)
    level, n = 1e-4, 2000
    values = rng.random(n)
    ideal = math.sqrt(2 * math.log(1 / level) / n / 12)
    for sample in (BoundedSample(values, 0.0, 1.0), KnownVarianceSample(values, 1 / 12)):
        assert sample.estimate - sample.lower(level) < 1.3 * ideal
        assert sample.upper(level) - sample.estimate < 1.3 * ideal


# --------------------------------------------------------------------------------------------------- properties

unit_arrays = arrays(np.float64, st.integers(1, 40), elements=st.floats(0, 1, width=32))
levels = st.floats(1e-9, 0.9)


@given(values=unit_arrays, level=levels)
@settings(max_examples=80, deadline=None)
def test_limits_order_and_symmetry(values: np.ndarray, level: float) -> None:
    for make in (lambda v: BoundedSample(v, 0.0, 1.0), lambda v: KnownVarianceSample(v, 0.25)):
        sample, mirrored = make(values), make(1.0 - values)
        lower, upper = sample.lower(level), sample.upper(level)
        ci = sample.interval(level)
        assert ci.lower <= lower + 1e-8
        assert upper <= ci.upper + 1e-8
        assert lower == pytest.approx(1.0 - mirrored.upper(level), abs=1e-7)
        assert sample.lower(level / 10) <= lower + 1e-8
    bounded = BoundedSample(values, 0.0, 1.0)
    assert 0.0 <= bounded.lower(level) <= bounded.estimate + 1e-12
    assert bounded.estimate - 1e-12 <= bounded.upper(level) <= 1.0


def test_interval_spends_half_the_level_on_each_side() -> None:
    for evidence in (Indicators(4, 30), BoundedSample(np.linspace(0, 1, 30), 0.0, 1.0), Computed(0.5, 0.1)):
        assert evidence.interval(0.06) == Interval(evidence.lower(0.03), evidence.upper(0.03))


@given(values=unit_arrays, scale=st.floats(1e-6, 1e6), shift=st.floats(-5, 5), seed=st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_limits_follow_units_and_ignore_order(values: np.ndarray, scale: float, shift: float, seed: int) -> None:
    base = NonnegativeSample(values).lower(0.01)
    assert NonnegativeSample(values * scale).lower(0.01) == pytest.approx(base * scale, rel=1e-6, abs=1e-12 * scale)
    shuffled = np.random.default_rng(seed).permutation(values)
    assert NonnegativeSample(shuffled).lower(0.01) == pytest.approx(base, rel=1e-6, abs=1e-12)
    moved = BoundedSample(np.clip(values + shift, shift, shift + 1.0), shift, shift + 1.0)
    assert moved.lower(0.01) == pytest.approx(shift + base, abs=1e-6)


@pytest.mark.parametrize("level", [0.05, 1e-30])
def test_edge_samples(level: float) -> None:
    zeros, ones = BoundedSample(np.zeros(500), 0.0, 1.0), BoundedSample(np.ones(500), 0.0, 1.0)
    assert zeros.lower(level) == 0.0
    assert ones.upper(level) == 1.0
    # Only the largest bet matters: (1/(1-u))^n / 16 >= 1/level.
    assert zeros.upper(level) <= 1 - (level / 16) ** (1 / 500) + 1e-9
    assert ones.lower(level) == pytest.approx(1 - zeros.upper(level), abs=1e-9)
    assert NonnegativeSample(np.zeros(3)).lower(level) == 0.0
    assert NonnegativeSample(np.full(3, 1e300)).lower(level) >= 1e300 * (level / 16) ** (1 / 3) * (1 - 1e-6)
    single = BoundedSample(np.array([0.4]), 0.0, 1.0).interval(level)
    assert 0.0 <= single.lower < 0.4 < single.upper <= 1.0
    constant = KnownVarianceSample(np.full(900, 3.0), 1e-6).interval(level)
    assert constant.lower < 3.0 < constant.upper
    assert Indicators(0, 1).upper(level) == pytest.approx(1.0 - level)
    assert Indicators(1, 1).lower(level) == pytest.approx(level)


def test_constants_give_limits_to_the_largest_bet() -> None:
    """For n equal values x only (1 - c + c x/m)^n counts; c = 1 alone already rejects m = x (level/16)^(1/n)."""
    limit = NonnegativeSample(np.full(100, 7.0)).lower(0.01)
    assert 7.0 * (0.01 / 16) ** (1 / 100) <= limit < 7.0 * 0.01 ** (1 / 100)


def test_evidence_is_immutable_and_travels_to_workers() -> None:
    source = np.array([0.1, 0.2])
    sample = BoundedSample(source, 0.0, 1.0)
    source[0] = 0.9
    assert sample.values[0] == 0.1
    with pytest.raises(ValueError, match="read-only"):
        sample.values[0] = 0.5
    assert pickle.loads(pickle.dumps(sample)).interval(0.1) == sample.interval(0.1)

"""Rates with a hidden constant: valid limits for slopes, claims that keep to what was declared, constants fitted outward."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from sympy import Rational, log

import bounds
from bounds import ArgumentError, DataError
from bounds.quantities import Direction
from bounds.symbols import C, d, n, t
from verify.check import Check, Control, Setting
from verify.data import NormalMixture
from verify.evidence import (
    BoundedSample,
    Computed,
    DistanceSample,
    Indicators,
    KnownVarianceSample,
    NonnegativeSample,
    Slope,
    Verdict,
    binomial_tail,
)
from verify.evidence.looks import can_grow, join
from verify.evidence.rows import decode, encode
from verify.judging import judge_measured, replicates_of
from verify.mixing import Regime, by_share
from verify.mixing import replace as no_real_data
from verify.models.kde import Fixed, kde_loop
from verify.rates import CLAIM, bootstrap_slope, calibrated_constant, claims, exponent, growth
from verify.report import summary

RATE = bounds.get("fu2024.kde_rate")
SIZES = (100, 400, 1600)


def computed(values, error=0.0):
    return tuple(Computed(float(value), error) for value in values)


# --- slopes -----------------------------------------------------------------------------------------------------------


@given(
    st.lists(st.floats(1.0, 1e6), min_size=2, max_size=7, unique=True).map(sorted),
    st.integers(0, 2**32 - 1),
)
def test_the_estimate_is_the_least_squares_slope_and_the_limits_hold_every_value_allowed(sizes, seed):
    if min(b / a for a, b in itertools.pairwise(sizes)) < 1.01:
        return
    rng = np.random.default_rng(seed)
    values = np.exp(rng.normal(size=len(sizes)))
    slope = Slope(np.array(sizes), computed(values))
    assert slope.estimate == pytest.approx(np.polyfit(np.log(sizes), np.log(values), 1)[0], rel=1e-6, abs=1e-6)
    error = 0.3 * float(values.min())
    unsure = Slope(np.array(sizes), computed(values, error))
    low, high = unsure.lower(0.1), unsure.upper(0.1)
    ends = []
    for _ in range(50):
        moved = values + error * rng.choice([-1.0, 1.0], values.size)
        ends.append(np.polyfit(np.log(sizes), np.log(moved), 1)[0])
    assert low - 1e-6 <= min(ends)
    assert max(ends) <= high + 1e-6
    # Both limits are attained: by the values that tilt the line most.
    tilt = np.sign(np.log(sizes) - np.mean(np.log(sizes)))
    assert np.polyfit(np.log(sizes), np.log(values + error * tilt), 1)[0] <= high + 1e-6
    assert high <= np.polyfit(np.log(sizes), np.log(values + error * tilt), 1)[0] + 1e-4 * (1 + abs(high))


def test_limits_miss_the_true_slope_no_more_often_than_stated():
    rng, level, runs, missed = np.random.default_rng(3), 0.2, 400, 0
    sizes = np.array([10.0, 40.0, 160.0])
    true = 0.9 * sizes**-0.5
    for _ in range(runs):
        means = tuple(Indicators(int(rng.binomial(300, p)), 300) for p in true)
        slope = Slope(sizes, means)
        missed += not slope.lower(level / 2) <= -0.5 <= slope.upper(level / 2)
    assert binomial_tail(missed, runs, level) > 1e-5
    assert replicates_of(slope) == 900


def test_a_limit_that_cannot_exclude_zero_leaves_the_slope_open():
    sizes = np.array([1.0, 10.0])
    known = Slope(sizes, (Indicators(2, 5), Indicators(1, 5)))
    assert -math.inf < known.lower(1e-6) < known.upper(1e-6) < math.inf
    maybe_zero = Slope(sizes, (Indicators(2, 5), KnownVarianceSample(np.full(3, 0.01), 1.0)))
    assert maybe_zero.lower(1e-6) == -math.inf
    assert math.isfinite(maybe_zero.upper(1e-6))
    unbounded = Slope(sizes, (NonnegativeSample(np.ones(50)), Computed(1.0, 0.0)))
    assert unbounded.lower(0.01) == -math.inf
    assert math.isfinite(unbounded.upper(0.01))


def test_the_middle_size_has_no_say_and_costs_no_level():
    open_middle = (Indicators(40, 100), NonnegativeSample(np.ones(3)), Indicators(20, 100))
    slope = Slope(np.array(SIZES, dtype=float), open_middle)
    ends = Slope(np.array([100.0, 1600.0]), (open_middle[0], open_middle[2]))
    assert slope.upper(0.01) == pytest.approx(ends.upper(0.01), rel=1e-9)


@pytest.mark.parametrize(
    ("sizes", "means", "message"),
    [
        ([1.0], computed([1.0]), "at least two"),
        ([1.0, 2.0], computed([1.0]), "as many"),
        ([2.0, 1.0], computed([1.0, 1.0]), "increasing"),
        ([0.0, 1.0], computed([1.0, 1.0]), "positive"),
        ([1.0, 2.0], computed([1.0, 0.0]), "positive"),
    ],
)
def test_bad_slopes(sizes, means, message):
    with pytest.raises(ArgumentError, match=message):
        Slope(np.array(sizes), means)


def test_a_slope_is_kept_to_the_bit_and_does_not_grow():
    parts = (BoundedSample(np.array([0.1, 0.2]), 0.0, 1.0), Computed(0.5, 0.1))
    slope = Slope(np.array([3.0, 5.0]), (Slope(np.array([1.0, 2.0]), computed([1.0, 3.0])), parts[0]))
    row = encode(slope)
    again = decode(*row)
    assert encode(again)[2] == row[2]
    assert again.estimate == slope.estimate
    assert (again.lower(0.1), again.upper(0.1)) == (slope.lower(0.1), slope.upper(0.1))
    assert not can_grow(slope)
    with pytest.raises(DataError):
        decode(row[0], None, row[2], None)


def test_distances_grow_with_their_errors():
    rng = np.random.default_rng(0)
    batches = [DistanceSample(rng.uniform(0.1, 0.2, 5), rng.uniform(0, 1e-3, 5), 0.01) for _ in range(3)]
    whole = join(batches)
    assert np.array_equal(whole.errors, np.concatenate([b.errors for b in batches]))
    assert np.array_equal(whole.values, np.concatenate([b.values for b in batches]))
    with pytest.raises(ArgumentError, match="proxy"):
        join([batches[0], replace(batches[1], proxy=0.02)])


# --- claims -----------------------------------------------------------------------------------------------------------


def test_the_exponent_is_read_off_the_bound():
    assert exponent(RATE) == Rational(-2) / (4 + d)
    paper, given_ = (bounds.get("fu2024.diffusion_rate").at(exponent=name) for name in ("paper", "given"))
    assert exponent(paper) == Rational(-1, 4)
    assert str(exponent(given_)) == "-s"
    for bad in (C * log(n), C + n, C * t):
        with pytest.raises(ArgumentError, match="power"):
            exponent(replace(RATE, expression=bad))
    with pytest.raises(ArgumentError, match="symbol"):
        exponent(RATE, "nonsense")


def test_claims_keep_id_hypotheses_and_regimes_and_name_what_they_are_about():
    theorem = replace(bounds.get("fu2024.diffusion_rate"), hypotheses=(t >= 2,))
    claimed = claims(theorem, SIZES, "1/20")
    assert claimed.id == theorem.id
    assert len(claimed.regimes) == 4
    one = claimed.at(claim="exponent", exponent="given")
    assert one.hypotheses == (t >= 2,)
    assert "n = 100..1600" in one.quantity.name
    assert "1/20" in one.quantity.name
    assert one.quantity.trivial is None
    with pytest.raises(bounds.HypothesisError):
        one.evaluate(t=1, s="1/2")
    assert one.evaluate(t=2, s="1/2") == pytest.approx(-0.45)
    assert "calibrated" in claimed.at(claim="calibrated constant").quantity.name
    below = claims(replace(RATE, direction=Direction.LOWER), SIZES, "1/20")
    assert below.evaluate(claim="exponent", d=1) == pytest.approx(-0.45)


@pytest.mark.parametrize(
    ("change", "sizes", "tolerance", "message"),
    [
        ({"direction": Direction.EXACT}, SIZES, "0", "identity"),
        ({"expression": 1 / n}, SIZES, "0", "no hidden constant"),
        ({}, (5,), "0", "at least two"),
        ({}, (5, 5), "0", "increasing"),
        ({}, SIZES, "-1/20", "negative"),
    ],
)
def test_bad_claims(change, sizes, tolerance, message):
    with pytest.raises(ArgumentError, match=message):
        claims(replace(RATE, **change), sizes, tolerance)


def test_a_claim_goes_through_the_ordinary_machinery_and_into_a_row_of_its_own():
    claimed = claims(RATE, SIZES, "1/20")
    true = [0.7 * size**-0.4 for size in SIZES]
    slope = Slope(np.array(SIZES, dtype=float), computed(true, 1e-6))
    slow = Slope(np.array(SIZES, dtype=float), computed([0.7 * size**-0.3 for size in SIZES], 1e-6))
    fitted = calibrated_constant(RATE, [{"n": 100, "d": 1}], [Computed(true[0], 1e-6)])
    settings = [
        (Setting("a slope", {CLAIM: "exponent", "d": 1}), slope),
        (Setting("C calibrated at n = 100", {CLAIM: "calibrated constant", "C": fitted, "n": 1600, "d": 1}),
         Computed(true[-1], 1e-6)),
    ]  # fmt: skip
    parametric = claims(replace(RATE, expression=C * n ** Rational(-1, 2)), SIZES, "1/20")
    check = Check(claimed, lambda *_: (), lambda *_: slope, (Control("parametric", parametric),))
    run = judge_measured([(check, settings)], seed=0, effort="quick")
    assert [r.verdict for r in run.results] == [Verdict.CONSISTENT, Verdict.EXACT]
    assert run.controls[0].caught
    assert run.error_budget["tests"] == 1
    rows = summary(run)
    assert list(rows["theorem"]) == ["fu2024.kde_rate (exponent)", "fu2024.kde_rate (calibrated constant)"]
    assert "slope" in run.results[0].quantity
    refuted = judge_measured([(replace(check, controls=()), [(settings[0][0], slow)])], seed=0, effort="quick")
    assert [r.verdict for r in refuted.results] == [Verdict.VIOLATED]


# --- constants --------------------------------------------------------------------------------------------------------


@given(st.floats(1e-6, 1e3), st.floats(1e-6, 1e3), st.integers(1, 10**6), st.fractions(1, 3))
def test_the_fitted_constant_covers_every_calibration_setting_and_hardly_more(first, second, size, margin):
    arguments = [{"n": size, "d": 1}, {"n": 7 * size, "d": 3}]
    fitted = calibrated_constant(RATE, arguments, computed([first, second]), margin=margin)
    needed = max(first * size**0.4, second * (7 * size) ** (2 / 7)) * float(margin)
    assert needed * (1 - 1e-12) <= float(fitted) <= needed * (1 + 1e-3 + 1e-12)
    for given_, value in zip(arguments, (first, second), strict=True):
        assert RATE.enclose(C=fitted, **given_)[1] >= value


def test_sampled_calibration_takes_upper_limits():
    sample = Indicators(30, 100)
    fitted = calibrated_constant(RATE, [{"n": 1, "d": 1}], [sample], level=0.01)
    assert float(fitted) == pytest.approx(sample.upper(0.01), rel=1e-3)
    assert float(fitted) >= sample.upper(0.01)
    assert isinstance(fitted, Fraction)


@pytest.mark.parametrize(
    ("theorem", "means", "options", "message"),
    [
        (replace(RATE, direction=Direction.LOWER), computed([1.0]), {}, "upper bound"),
        (RATE, (), {}, "as many"),
        (RATE, computed([1.0]), {"margin": "1/2"}, "below 1"),
        (RATE, (NonnegativeSample(np.ones(3)),), {}, "finite"),
    ],
)
def test_bad_calibrations(theorem, means, options, message):
    with pytest.raises(ArgumentError, match=message):
        calibrated_constant(theorem, [{"n": 1, "d": 1}], means, **options)


# --- growth, bootstrap ------------------------------------------------------------------------------------------------


def test_the_noise_of_density_estimates_grows_like_the_fourth_root_of_t_without_real_data_and_stops_with_it():
    """V_t is proportional to ``sum_{l<=t} q^(2l-2) l^(-1/2)``, so its root to t^(1/4) in the limit: 0.29 over t = 8, 32."""
    rng, normal, last, compared = np.random.default_rng(11), NormalMixture.normal(), 32, (8, 32)
    alone = kde_loop(rng, normal, no_real_data(400), last, 300, bandwidth=Fixed(0.05), error=2e-3)
    slope = growth([alone.evidence(t) for t in range(1, last + 1)], compared)
    noise = np.cumsum(np.arange(1.0, last + 1) ** -0.5)
    expected = 0.5 * math.log(noise[31] / noise[7]) / math.log(4)
    interval = slope.interval(1e-5)
    assert 0.25 < expected < 0.3
    assert 0.0 < interval.lower < expected < interval.upper < 0.5
    assert abs(slope.estimate - expected) < 0.06
    kept = kde_loop(rng, normal, by_share(400, "1/2", Regime.FRESH), last, 100, bandwidth=Fixed(0.05), error=2e-3)
    still = growth([kept.evidence(t) for t in range(1, last + 1)], compared)
    assert abs(still.estimate) < 0.02
    assert still.upper(1e-5) < slope.estimate


@pytest.mark.parametrize("generations", [(0, 2), (2, 4), (2,), (2, 2)])
def test_bad_growth(generations):
    with pytest.raises(ArgumentError, match=r"generations|at least two"):
        growth(computed([1.0, 2.0, 3.0]), generations)


def test_the_bootstrap_agrees_with_the_delta_method():
    rng, sizes, replicates = np.random.default_rng(2), np.array([10.0, 100.0, 1000.0]), 400
    values = [size**-0.5 * rng.uniform(0.5, 1.5, replicates) for size in sizes]
    found = bootstrap_slope(sizes, values, np.random.default_rng(1), level=0.05)
    x = np.log(sizes) - np.log(sizes).mean()
    weights = x / (x @ x)
    relative = np.array([v.std() / v.mean() for v in values]) / math.sqrt(replicates)
    width = 2 * norm.ppf(0.975) * math.sqrt(float((weights * relative) @ (weights * relative)))
    assert found.upper - found.lower == pytest.approx(width, rel=0.15)
    wide = Slope(sizes, tuple(DistanceSample(v / 1.5, np.zeros(replicates)) for v in values))
    assert wide.lower(0.025) < found.lower < found.upper < wide.upper(0.025)
    with pytest.raises(ArgumentError, match="level"):
        bootstrap_slope(sizes, values, rng, level=1.0)
    with pytest.raises(ArgumentError, match="as many"):
        bootstrap_slope(sizes[:2], values, rng, level=0.05)

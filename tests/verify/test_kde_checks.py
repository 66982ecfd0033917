"""The checks of density-estimate loops: settings that say what runs, an independent loop, every regime, the false caught."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from scipy.stats import gaussian_kde

import bounds
from verify.check import FULL, QUICK, Effort, all_settings
from verify.checks import all_checks
from verify.checks.fu2024._kde_loops import (
    NORMAL,
    SHARES,
    TWO,
    KdeLoop,
    as_setting,
    distances,
    fresh,
    isotropic,
    law_arguments,
    reused,
    reused_all,
)
from verify.evidence import BoundedSample, Slope, Verdict
from verify.judging import judge_tested
from verify.mixing import Mixture, Regime
from verify.models.kde import IsotropicMixture
from verify.runner import run_checks

LOOPS = ("fu2024.kde_loop", "fu2024.kde_loop_reused", "fu2024.kde_loop_lower")
CHECKS = {check.theorem.id: check for check in all_checks() if check.theorem.id.startswith("fu2024.kde")}


def drawn(name: str, effort: Effort, seed: int = 1):
    return all_settings(CHECKS[name], effort, np.random.default_rng(seed))


def own(name: str, effort: Effort):
    return [setting for setting in drawn(name, effort) if not setting.control]


# --- the loops --------------------------------------------------------------------------------------------------------


def plain_loop_distance(rng: np.random.Generator, loop: KdeLoop) -> float:
    """One replicate by scipy's estimate: its own draws, its own density, a sum over a fine grid."""
    mixture, h = loop.mixture, float(loop.h)
    real = loop.law.sample(rng, (1, mixture.first))[0]
    points = real
    for _ in range(2, loop.generation + 1):
        draws = gaussian_kde(points, bw_method=h / points.std(ddof=1)).resample(mixture.synthetic, rng)[0]
        kept = loop.law.sample(rng, (1, mixture.real))[0] if mixture.regime is Regime.FRESH else real[: mixture.real]
        points = np.concatenate([kept, draws])
    x = np.linspace(-9, 9, 1501)
    density = gaussian_kde(points, bw_method=h / points.std(ddof=1))(x)
    return float(0.5 * np.abs(density - loop.law.pdf(x)).sum() * (x[1] - x[0]))


@pytest.mark.parametrize("mixture", [fresh(40, SHARES[2]), reused(40, SHARES[3]), reused_all(20, 2)])
@pytest.mark.parametrize("law", [NORMAL, TWO])
def test_the_measured_distance_is_that_of_a_plain_loop(mixture, law):
    rng = np.random.default_rng(5)
    loop = KdeLoop(law, mixture, Fraction(1, 4), 3)
    plain = BoundedSample(np.minimum([plain_loop_distance(rng, loop) for _ in range(100)], 1.0), 0.0, 1.0)
    measured = distances(rng, loop, 2000)
    assert measured.interval(5e-6).meets(plain.interval(5e-6))
    standard_error = float(np.std(plain.values)) / 100**0.5
    assert abs(plain.estimate - measured.estimate) < 6 * standard_error + 1e-3


def test_in_one_dimension_space_and_line_agree():
    rng, mixture = np.random.default_rng(6), reused(60, SHARES[3])
    line = distances(rng, KdeLoop(NORMAL, mixture, Fraction(1, 2), 3), 1500)
    space = distances(rng, KdeLoop(isotropic(1), mixture, Fraction(1, 2), 3), 1500)
    spread = (float(line.values.var() + space.values.var()) / 1500) ** 0.5
    assert abs(line.estimate - space.estimate) < 6 * spread + 5e-4


# --- settings ---------------------------------------------------------------------------------------------------------


def sizes_of(setting) -> Mixture:
    return setting.world.mixture


@pytest.mark.parametrize("effort", [QUICK, FULL])
@pytest.mark.parametrize("name", LOOPS)
def test_settings_say_what_runs(name, effort):
    for setting in own(name, effort):
        loop, said = setting.world, setting.arguments
        mixture = sizes_of(setting)
        assert said["h"] == loop.h
        assert said["t"] == loop.generation
        assert law_arguments(loop.law).items() <= said.items()
        if name == "fu2024.kde_loop_reused":
            assert mixture.regime is Regime.REUSED
        if name == "fu2024.kde_loop":
            assert mixture.regime is Regime.FRESH
        if said.get("reused") == "all":
            assert (said["n"], said["lam"]) == (mixture.first, mixture.lam)
            assert mixture.real == mixture.first
            assert "alpha" not in said
        else:
            assert said["alpha"] == mixture.alpha
            if name != "fu2024.kde_loop_lower":
                assert said["n"] == mixture.first == mixture.training_size(2)


@pytest.mark.parametrize("name", LOOPS)
def test_every_regime_share_law_and_dimension_is_drawn(name):
    quick, full = own(name, QUICK), own(name, FULL)
    for regime in CHECKS[name].theorem.regimes:
        assert any(set(regime.choices) <= set(s.arguments.items()) for s in quick), regime.choices
    assert any(s.world.law == TWO for s in quick)
    assert {s.world.law.dimension for s in quick if isinstance(s.world.law, IsotropicMixture)} == {2, 3}
    assert set(SHARES) <= {sizes_of(s).alpha for s in full}
    if name != "fu2024.kde_loop_reused":
        assert set(SHARES) <= {sizes_of(s).alpha for s in quick}
    assert max(s.world.generation for s in full) >= 20


def test_labels_differ_and_name_the_control():
    for name in LOOPS:
        found = drawn(name, QUICK)
        assert len({s.label for s in found}) == len(found)
        assert {s.control for s in found} == {"", *(c.name for c in CHECKS[name].controls)}


# --- verdicts ---------------------------------------------------------------------------------------------------------


def test_the_bound_for_fresh_data_is_violated_by_a_loop_that_reuses_its_data():
    check = CHECKS["fu2024.kde_loop"]
    (setting,) = [s for s in drawn(check.theorem.id, QUICK) if s.control == "of a loop that reuses its real data"]
    mixture = sizes_of(setting)
    assert (mixture.regime, mixture.first, mixture.real) == (Regime.REUSED, 4000, 1200)
    evidence = check.measure_at(setting)(setting, QUICK, np.random.default_rng(3))
    found = judge_tested(check, setting, evidence, 1e-6)
    assert found.verdict is Verdict.VIOLATED
    assert found.measured == pytest.approx(0.0905, abs=0.001)
    assert found.bound.upper == pytest.approx(0.0839, abs=1e-4)


def test_the_two_bounds_enclose_what_is_measured():
    loop = KdeLoop(TWO, fresh(200, SHARES[2]), Fraction(1, 4), 2)
    said = as_setting(loop, alpha=loop.mixture.alpha).arguments
    measured = distances(np.random.default_rng(8), loop, 1000)
    lower = bounds.get("fu2024.kde_loop_lower").evaluate(**said)
    upper = bounds.get("fu2024.kde_loop").evaluate(n=200, form="variance", **said)
    assert lower < measured.lower(1e-6) < measured.upper(1e-6) < upper
    assert upper < 1.5 * measured.estimate


def test_a_quick_run_finds_no_theorem_violated_and_catches_every_control():
    run = run_checks(["fu2024.kde_loop_lower"], quick=True, seed=20)
    assert run.passed
    assert sum(r.verdict is Verdict.CONSISTENT for r in run.results) >= len(run.results) - 1


@pytest.mark.parametrize("name", LOOPS)
def test_every_form_of_a_bound_and_every_kind_of_law_has_a_control_that_it_fails(name):
    check = CHECKS[name]
    refuted = []
    for place, setting in enumerate(
        s for s in drawn(name, QUICK) if "generation" in s.control or "no real" in s.control
    ):
        evidence = check.measure_at(setting)(setting, QUICK, np.random.default_rng(place))
        found = judge_tested(check, setting, evidence, 1e-7)
        assert found.verdict is Verdict.VIOLATED, setting.label
        assert not 0.8 < found.ratio < 1.25
        refuted.append(setting)
    laws = {law_arguments(setting.world.law).get("space", "law") for setting in refuted}
    assert laws == {"line", "isotropic", "law"}
    for regime in check.theorem.regimes:
        own_choices = [pair for pair in regime.choices if pair[0] != "space"]
        assert any(set(own_choices) <= set(s.arguments.items()) for s in refuted), regime.choices


# --- the rate ---------------------------------------------------------------------------------------------------------


def test_the_rate_is_checked_as_a_slope_and_as_a_calibrated_constant_and_says_so():
    check = CHECKS["fu2024.kde_rate"]
    small = Effort(settings=12, replicates=200)
    found = drawn("fu2024.kde_rate", small)
    slopes = [s for s in found if s.arguments["claim"] == "exponent"]
    fitted = [s for s in found if s.arguments["claim"] == "calibrated constant"]
    assert {s.control for s in slopes} == {"", *(c.name for c in check.controls)}
    sizes = {1: "250, 1000, 4000, 16000", 2: "125, 4000"}
    assert all(s.label.endswith(f"slope over n = {sizes[s.arguments['d']]}") for s in slopes)
    assert {s.arguments["d"] for s in slopes} == {1, 2}
    assert {s.arguments["d"] for s in fitted} == {1, 2, 3}
    for setting in fitted:
        assert f"C = {float(setting.arguments['C'])} calibrated at n = " in setting.label
        assert f"tested at n = {setting.arguments['n']}" in setting.label
        (size,) = setting.world.sizes
        assert size == setting.arguments["n"]
        assert f"calibrated at n = {size} " not in setting.label
    evidence = check.measure(slopes[0], small, np.random.default_rng(0))
    assert isinstance(evidence, Slope)
    assert evidence.sizes.tolist() == [250, 1000, 4000, 16000]
    wide = replace(slopes[0], world=replace(slopes[0].world, power=Fraction(0), scale=0.4))
    assert check.measure(wide, small, np.random.default_rng(0)).upper(1e-6) > -0.2


def test_the_slope_in_the_plane_is_told_from_that_of_the_line():
    check = CHECKS["fu2024.kde_rate"]
    (plane,) = (
        s for s in drawn("fu2024.kde_rate", QUICK) if s.arguments["claim"] == "exponent" and s.arguments["d"] == 2
    )
    evidence = check.measure(plane, QUICK, np.random.default_rng(3))
    assert evidence.sizes.tolist() == [125, 4000]
    claimed = check.theorem.evaluate(claim="exponent", d=2)
    assert claimed == pytest.approx(-1 / 3 + 1 / 20)
    assert evidence.upper(1e-6) < claimed
    # The rate of one dimension less, with the same tolerance, is refuted.
    assert evidence.lower(1e-6) > check.theorem.evaluate(claim="exponent", d=1)


def test_distances_in_space_are_those_of_an_integral_over_the_plane():
    """The mean of few places of many estimates, against many places of a few."""
    check = CHECKS["fu2024.kde_rate"]
    (plane,) = (
        s for s in drawn("fu2024.kde_rate", QUICK) if s.arguments["claim"] == "exponent" and s.arguments["d"] == 2
    )
    smallest = replace(plane, world=replace(plane.world, sizes=(125,)))
    found = check.measure(smallest, QUICK, np.random.default_rng(4))
    rng, grid = np.random.default_rng(5), np.linspace(-5, 5, 101)
    h, density, distances = 125 ** (-1 / 6), np.exp(-(grid**2) / 2) / math.sqrt(2 * math.pi), []
    for _ in range(400):
        x, y = (
            np.exp(-(((p[:, None] - grid) / h) ** 2) / 2) / (h * math.sqrt(2 * math.pi))
            for p in rng.normal(size=(2, 125))
        )
        distances.append(np.abs(x.T @ y / 125 - np.outer(density, density)).sum() * (grid[1] - grid[0]) ** 2 / 2)
    # A point moves a distance by at most 1/125 (McDiarmid, level 1e-6).
    slack = math.sqrt(math.log(2e6) / (2 * 125 * 400))
    assert found.lower(1e-6) - slack <= np.mean(distances) <= found.upper(1e-6) + slack

"""The checks of fu2025's stability, generalisation, sizing and categorical loops: they hold, and catch what is false."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from bounds.papers import fu2025 as theory
from verify.check import QUICK, Effort, all_settings
from verify.checks.fu2025 import categorical, generalization, rate, sizing, stability
from verify.checks.lemmas import stability as lemmas
from verify.evidence import Verdict
from verify.judging import judge_theorem
from verify.models.stability import joint_tv
from verify.runner import run_checks

SMALL = Effort(settings=12, replicates=1_000)
MODULES = (stability, generalization, rate, categorical, sizing, lemmas)
CHECKS = [check for module in MODULES for check in module.CHECKS]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.theorem.id)
def test_settings_can_be_sent_and_cover_every_regime(check) -> None:
    found = all_settings(check, QUICK, np.random.default_rng(5))
    assert len(pickle.loads(pickle.dumps(found))) == len(found)
    for regime in check.theorem.regimes:
        own = [s for s in found if not s.control]
        assert any(all(s.arguments.get(k) == v for k, v in regime.choices) for s in own), regime.choices


def test_computed_checks_hold_and_catch_their_controls() -> None:
    names = ["distribution_shift", "generalization", "generalization_given_real", "synthetic_size"]
    chosen = [*(f"fu2025.{name}" for name in names), "lemma.stability_expected", "lemma.stability_mcdiarmid"]
    run = run_checks(chosen, quick=True, seed=77)
    assert [(r.id, r.setting) for r in run.results if r.verdict in (Verdict.VIOLATED, Verdict.INCONCLUSIVE)] == []
    assert run.escaped == ()
    assert run.passed


def test_the_bound_in_the_mean_is_attained() -> None:
    check = generalization.CHECKS[0]
    rng = np.random.default_rng(1)
    attained = 0
    for setting in check.settings(SMALL, rng):
        if setting.label.startswith("fixed predictor, drifting"):
            found = judge_theorem(theory.GENERALIZATION_EXPECTED, setting, check.measure(setting, SMALL, rng), 1e-6)
            attained += found.verdict is Verdict.EXACT and abs(found.ratio - 1) < 1e-9
    assert attained >= 4


def test_total_variation_is_at_least_the_squared_distance() -> None:
    # Attained where the loop is absorbed.
    check = next(c for c in categorical.CHECKS if c.theorem is theory.CATEGORICAL_LOOP_LOWER)
    rng, ratios = np.random.default_rng(2), []
    for setting in check.settings(SMALL, rng):
        if setting.world.path == "count laws":
            ratios.append(check.measure(setting, SMALL, rng).estimate / check.theorem.evaluate(**setting.arguments))
    assert min(ratios) == pytest.approx(1.0, rel=1e-9)


def test_sampled_stabilities_are_large_enough_to_be_resolved() -> None:
    found = [
        joint_tv(setting.world.moved, setting.world.generation)
        for seed in range(30)
        for setting in stability.CHECKS[0].settings(QUICK, np.random.default_rng(seed))
        if setting.world.path == "likelihood ratio"
    ]
    assert 0.1 < min(found) < max(found) < 0.8

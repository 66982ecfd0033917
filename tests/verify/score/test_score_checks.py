"""The checks of the score networks' rates: numerical errors reach the verdicts, and what is refuted is so by a margin."""

from __future__ import annotations

import numpy as np

from verify.check import Effort
from verify.checks.fu2024 import score_network
from verify.evidence import QuantileSample, Verdict
from verify.judging import judge_tested

SMALL = Effort(settings=12, replicates=1_000)


def test_numerical_errors_of_a_loop_widen_its_limits() -> None:
    rng = np.random.default_rng(0)
    networks = score_network._networks(rng, score_network._ONE, (8,))
    schedule, _, growth = score_network._schedules(8, 2)["fully_synthetic"]
    found = score_network._run(rng, score_network.Generations(networks, schedule, growth), 60)
    bare = QuantileSample(found.values, found.probability)
    assert np.all(found.errors > 0)
    assert found.lower(0.01) < bare.lower(0.01) < bare.upper(0.01) < found.upper(0.01)


def test_networks_that_stop_at_once_are_as_wide_as_their_data_and_refute_the_rate() -> None:
    check = score_network.CHECKS[0]
    (setting,) = score_network._stopped_loop_settings(SMALL, np.random.default_rng(1))
    networks = setting.world.networks
    assert networks.features.width >= max(networks.sizes)
    evidence = check.measure(setting, SMALL, np.random.default_rng(2))
    assert judge_tested(check, setting, evidence, 1e-6).verdict is Verdict.VIOLATED
    assert evidence.lower(1e-6) > 1.15 * check.theorem.evaluate(**setting.arguments)

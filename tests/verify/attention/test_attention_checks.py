"""The checks of the attention theorems: no theorem violated, every control caught, every regime covered."""

from __future__ import annotations

import numpy as np
import pytest

from verify.check import QUICK, Effort
from verify.checks.fu2025 import attention
from verify.evidence import Verdict
from verify.models.attention import noisy_loops
from verify.runner import run_checks

NAMES = ["fu2025.attention_stability", "fu2025.attention_recursive_stability"]


@pytest.mark.parametrize("seed", [0, 77])
def test_quick_runs(seed: int) -> None:
    run = run_checks(NAMES, quick=True, seed=seed)
    assert run.passed
    assert all(r.verdict in (Verdict.EXACT, Verdict.CONSISTENT) for r in run.results)
    assert {r.inputs.get("measure") for r in run.results} == {None, "displacement", "one", "joint"}
    near = [r.ratio for r in run.results if r.id == NAMES[0] and "attained" in r.setting and "1/1000" in r.setting]
    assert min(near) > 0.99
    assert {side for r in run.results for side in ("above", "below") if side in r.setting} == {"above", "below"}


def test_batches_of_drawn_noise_speak_of_one_pair_of_loops(monkeypatch) -> None:
    (check,) = [check for check in attention.CHECKS if check.theorem.id == NAMES[1]]
    drawn = [s for s in check.settings(QUICK, np.random.default_rng(3)) if "drawn noise" in s.label]
    assert len({setting.world.seed for setting in drawn}) == len(drawn) > 0
    pairs = []

    def kept(rng, pair, sigma, replicates):
        pairs.append(pair.reals.tobytes() + pair.shift.tobytes())
        return noisy_loops(rng, pair, sigma, replicates)

    monkeypatch.setattr(attention, "noisy_loops", kept)
    first, second = (check.measure(drawn[0], Effort(12, 50), np.random.default_rng(seed)) for seed in (1, 2))
    assert pairs[0] == pairs[1]
    assert first.values.tobytes() != second.values.tobytes()

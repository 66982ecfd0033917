"""The checks of the attention theorems: no theorem violated, every control caught, every regime covered."""

from __future__ import annotations

import pytest

from verify.evidence import Verdict
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

"""The checks of the a-posteriori bounds: they hold, every control is refuted by a margin, every regime is tried."""

from __future__ import annotations

import pytest

from bounds import get
from verify.evidence import Verdict
from verify.runner import run_checks

GIRSANOV, FLOW = "fu2024.girsanov", "fu2024.probability_flow_tv"


@pytest.fixture(scope="module")
def runs():
    return {theorem: run_checks([theorem], quick=True, seed=31) for theorem in (GIRSANOV, FLOW)}


@pytest.mark.parametrize("theorem", [GIRSANOV, FLOW])
def test_the_theorems_hold_and_the_controls_do_not(runs, theorem: str) -> None:
    run = runs[theorem]
    assert run.passed
    assert {result.verdict for result in run.results} == {Verdict.EXACT}
    assert min(control.violated for control in run.controls) >= 2


@pytest.mark.parametrize("theorem", [GIRSANOV, FLOW])
def test_every_regime_is_tried(runs, theorem: str) -> None:
    tried = {tuple(sorted((k, v) for k, v in r.inputs.items() if isinstance(v, str))) for r in runs[theorem].results}
    assert tried == {tuple(sorted(regime.choices)) for regime in get(theorem).regimes}


@pytest.mark.parametrize("theorem", [GIRSANOV, FLOW])
def test_some_settings_leave_next_to_nothing_of_the_bound(runs, theorem: str) -> None:
    assert max(result.ratio for result in runs[theorem].results) > 0.99


def test_natural_controls_are_refuted_in_all_their_settings(runs) -> None:
    natural = {theorem: run.controls[-1] for theorem, run in runs.items()}
    assert "sampled by the probability flow" in natural[GIRSANOV].name
    assert (natural[GIRSANOV].violated, natural[GIRSANOV].settings) == (4, 4)
    assert "sampled by the reverse SDE" in natural[FLOW].name
    assert (natural[FLOW].violated, natural[FLOW].settings) == (2, 2)

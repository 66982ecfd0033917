"""The checks as a whole: all theorems hold, all planted theorems are caught, the same bits on every executor."""

from __future__ import annotations

import pickle
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

import bounds
from verify.check import QUICK, Effort, plant
from verify.checks import all_checks
from verify.evidence import Computed, Evidence, Verdict
from verify.runner import judge_measured, run_checks, select
from verify.tasks import Task, draw, measure


def test_every_theorem_of_the_papers_has_a_check_with_two_controls() -> None:
    checked = {check.theorem.id: len(check.controls) for check in all_checks()}
    papers = {t.id for t in bounds.catalog() if not t.id.startswith("lemma.")}
    assert sorted(papers - set(checked)) == []
    assert min(checked.values()) >= 2


@pytest.fixture(scope="module")
def quick_run():
    return run_checks(quick=True, seed=20)


def test_no_theorem_is_violated_and_no_control_escapes(quick_run) -> None:
    # With the error budget of a run at 1e-3, and a fixed seed, a failure here is news.
    assert [(r.id, r.setting) for r in quick_run.violated] == []
    assert [(c.id, c.name) for c in quick_run.escaped] == []
    assert quick_run.error_budget["tests"] * quick_run.error_budget["per_test"] <= quick_run.error_budget["total"] * (
        1 + 1e-12
    )


def test_most_settings_are_decided(quick_run) -> None:
    undecided = [r for r in quick_run.results if r.verdict is Verdict.INCONCLUSIVE]
    assert len(undecided) <= 0.05 * len(quick_run.results)


def test_every_regime_is_checked(quick_run) -> None:
    for theorem in (check.theorem for check in all_checks()):
        for regime in theorem.regimes:
            assert any(
                r.id == theorem.id and all(r.inputs.get(k) == v for k, v in regime.choices) for r in quick_run.results
            ), (theorem.id, regime.choices)


def _plain(run):
    return [(r.id, r.setting, r.bound, r.measured, r.ci, r.verdict) for r in run.results]


def test_the_same_bits_on_every_executor_and_in_every_selection() -> None:
    names = ["bertrand2024.finite_sample", "ferbach2024.reward_increase"]
    serial = run_checks(names, quick=True, seed=3)
    with ProcessPoolExecutor(2) as pool:
        assert _plain(run_checks(names, quick=True, seed=3, workers=pool)) == _plain(serial)
    with ThreadPoolExecutor(2) as pool:
        assert _plain(run_checks(names, quick=True, seed=3, workers=pool)) == _plain(serial)
    assert _plain(run_checks(names, quick=True, seed=3, workers=2)) == _plain(serial)
    alone = run_checks(names[:1], quick=True, seed=3)
    assert [row[:4] for row in _plain(alone)] == [row[:4] for row in _plain(serial) if row[0] == names[0]]
    assert _plain(run_checks(names, quick=True, seed=4)) != _plain(serial)


@pytest.mark.parametrize("check", all_checks(), ids=lambda check: check.theorem.id)
def test_a_setting_that_was_sent_to_a_worker_gives_the_same_bits(check) -> None:
    first = Task(check.theorem.id, 0, Effort(2, 50), seed=5)
    settings = draw(first)
    assert isinstance(settings, tuple), "no worker can be sent these settings"
    for index in sorted({0, len(settings) // 2, len(settings) - 1}):
        task = replace(first, index=index, setting=settings[index])
        here, there = measure(task), measure(pickle.loads(pickle.dumps(task)))
        assert isinstance(here, Evidence)
        assert pickle.dumps(here) == pickle.dumps(there)


def test_a_false_theorem_in_place_of_a_true_one_is_violated() -> None:
    check = select(["bertrand2024.spectral_radius"])[0]
    rng = np.random.default_rng(0)
    settings = list(check.settings(QUICK, rng))
    false = plant(check.theorem, "half", lambda e: e / 2).theorem
    measured = [(s, check.measure(s, QUICK, rng)) for s in settings]
    run = judge_measured([(replace(check, theorem=false, controls=()), measured)], seed=0, effort="quick")
    assert run.violated
    assert not run.passed


def test_a_control_that_escapes_makes_the_run_fail() -> None:
    check = select(["ferbach2024.kl_ball"])[0]
    weak = plant(check.theorem, "a larger bound", lambda e: 2 * e)
    rng = np.random.default_rng(0)
    measured = [(s, check.measure(s, QUICK, rng)) for s in check.settings(QUICK, rng)]
    run = judge_measured([(replace(check, controls=(weak,)), measured)], seed=0, effort="quick")
    assert not run.violated
    assert not run.passed
    with pytest.raises(ValueError, match="changes nothing"):
        plant(check.theorem, "the same", lambda e: e)


def test_a_setting_outside_the_hypotheses_is_an_error_never_a_verdict() -> None:
    check = select(["ferbach2024.kl_ball"])[0]
    setting = next(iter(check.settings(QUICK, np.random.default_rng(0))))
    outside = replace(setting, arguments={"lam": 5, "K": 4})
    with pytest.raises(bounds.HypothesisError):
        judge_measured([(check, [(outside, Computed(0.1, 0.0))])], seed=0, effort="quick")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"names": ["bertrand"]}, "nothing to verify is called 'bertrand'"),
        ({"seed": -1}, "seed"),
        ({"replicates": 1}, "replicates"),
        ({"workers": 0}, "workers"),
        ({"workers": True}, "workers"),
        ({"max_replicates": 5}, "max_replicates"),
        ({"resume": True}, "nothing to resume"),
    ],
)
def test_bad_requests(arguments: dict[str, object], message: str) -> None:
    names = arguments.pop("names", ["ferbach2024.kl_ball"])
    with pytest.raises(bounds.ArgumentError, match=message):
        run_checks(names, quick=True, **arguments)

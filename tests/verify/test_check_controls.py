"""Controls with a measurement or settings of their own: judged for themselves alone, kept and resumed like the rest."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import verify.checks
import verify.runner
import verify.tasks
from verify.check import QUICK, Check, Control, Effort, Setting, all_settings, plant
from verify.cli import main
from verify.evidence import BoundedSample, Computed, Evidence, Indicators, Verdict
from verify.judging import judge_measured, judge_setting
from verify.report import document
from verify.results import Run
from verify.runner import replay, run_checks, select

BALL = "ferbach2024.kl_ball"


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Iterator:
    def installed(*checks: Check) -> None:
        for module in (verify.checks, verify.runner, verify.tasks):
            monkeypatch.setattr(module, "all_checks", lambda: checks)
        verify.tasks.settings_of.cache_clear()

    yield installed
    monkeypatch.undo()
    verify.tasks.settings_of.cache_clear()


@pytest.fixture
def ball() -> Check:
    return select([BALL])[0]


def far_off(setting: Setting, effort: Effort, rng: np.random.Generator) -> Evidence:
    """A divergence far beyond the ball, seen by sampling."""
    return BoundedSample(rng.uniform(50.0, 100.0, effort.replicates), 0.0, 100.0)


def one_place(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    return [Setting("one place", {"lam": "1/2", "K": 2}), Setting("another", {"lam": "1/3", "K": 2})]


def plain(run: Run) -> str:
    return json.dumps(document(run), sort_keys=True)


def test_a_natural_control_is_judged_at_its_own_settings_and_says_nothing_about_the_theorem(install, ball) -> None:
    natural = Control("another loop", ball.theorem, settings=one_place, measure=far_off)
    install(ball)
    alone = run_checks(quick=True, seed=5)
    install(replace(ball, controls=(*ball.controls, natural)))
    run = run_checks(quick=True, seed=5)
    assert run.passed
    assert run.results == alone.results
    assert run.controls[:-1] == alone.controls
    assert (run.controls[-1].name, run.controls[-1].settings, run.controls[-1].violated) == ("another loop", 2, 2)
    assert run.error_budget["tests"] == alone.error_budget["tests"] + 2


def test_the_settings_of_the_check_serve_a_control_with_a_measurement_only(install, ball) -> None:
    natural = Control("another loop", ball.theorem, measure=far_off)
    install(replace(ball, controls=(natural,)))
    run = run_checks(quick=True, seed=5)
    assert run.controls[0].settings == run.controls[0].violated == len(run.results)
    assert not run.violated


def test_the_measurement_of_the_check_serves_a_control_with_settings_only(install, ball) -> None:
    false = plant(ball.theorem, "a thousandth", lambda e: e / 1000)
    drawn = all_settings(ball, QUICK, np.random.default_rng(1))

    def elsewhere(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
        return drawn[:3]

    install(replace(ball, controls=(replace(false, settings=elsewhere),)))
    (control,) = run_checks(quick=True, seed=5).controls
    assert (control.caught, control.settings) == (True, 3)


@pytest.mark.parametrize("settings", [one_place, lambda effort, rng: []])
def test_a_natural_control_that_is_not_refuted_or_not_tried_escapes(install, ball, settings) -> None:
    natural = Control("true after all", ball.theorem, settings, lambda *_: Computed(0.0, 0.0))
    install(replace(ball, controls=(natural,)))
    run = run_checks(quick=True, seed=5)
    assert not run.passed
    assert [control.name for control in run.escaped] == ["true after all"]


def test_a_control_outside_the_hypotheses_of_its_theorem_fails_the_run(install, ball) -> None:
    def outside(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
        return [Setting("too much", {"lam": 5, "K": 4})]

    install(replace(ball, controls=(Control("outside", ball.theorem, outside, far_off),)))
    run = run_checks(quick=True, seed=5)
    assert [(f.stage, f.error.partition(":")[0]) for f in run.failures] == [
        ("judgement", "bounds.errors.HypothesisError")
    ]
    assert [control.name for control in run.escaped] == ["outside"]


def test_a_run_with_natural_controls_resumes_and_spreads_to_the_same_table(
    install, ball, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    natural = Control("another loop", ball.theorem, one_place, far_off)
    install(replace(ball, controls=(*ball.controls, natural)))
    whole = run_checks(quick=True, seed=5)
    assert plain(run_checks(quick=True, seed=5, workers=2)) == plain(whole)
    path = tmp_path / "run.sqlite"

    def interrupt(done: int, total: int, label: str) -> None:
        if done == total - 1:  # the first place of the control is kept, the second is not
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_checks(quick=True, seed=5, store=path, progress=interrupt)
    seen: list[int] = []
    run = run_checks(
        quick=True, seed=5, store=path, resume=True, progress=lambda done, total, label: seen.append(total - done)
    )
    assert seen == [0]
    assert plain(run) == plain(whole)


def test_a_growing_sample_stops_by_what_its_setting_tests(install, ball) -> None:
    """The evidence refutes the control at once, and lies on the bound of the theorem, log 3/2."""

    def measure(setting: Setting, effort: Effort, rng: np.random.Generator) -> Evidence:
        return Indicators(round(effort.replicates * np.log(1.5)), effort.replicates)

    false = plant(ball.theorem, "a hundredth", lambda e: e / 100)
    install(replace(ball, controls=(replace(false, settings=one_place, measure=measure),)))
    index = len(verify.tasks.settings_of(BALL, QUICK, 5)) - 1
    setting, evidence = replay(BALL, index, quick=True, seed=5, max_replicates=20_000)
    assert setting.control == "a hundredth"
    assert getattr(evidence, "evidence", evidence).trials == QUICK.replicates


def test_a_setting_of_a_control_is_replayed_with_the_bound_it_is_held_against(install, ball, capsys) -> None:
    false = plant(ball.theorem, "a hundredth", lambda e: e / 100)
    install(replace(ball, controls=(replace(false, settings=one_place, measure=far_off),)))
    index = len(verify.tasks.settings_of(BALL, QUICK, 5)) - 2
    assert main(["verify", BALL, "--quick", "--seed", "5", "--replay", str(index), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["setting"] == "control 'a hundredth': one place"
    assert shown["bound"][1] == pytest.approx(np.log(2) / 100, rel=1e-12)


def test_one_more_control_leaves_the_settings_and_draws_of_the_others(install, ball) -> None:
    first = Control("first", ball.theorem, one_place, far_off)
    second = Control("second", ball.theorem, measure=far_off)
    before = all_settings(replace(ball, controls=(first,)), QUICK, np.random.default_rng(3))
    after = all_settings(replace(ball, controls=(first, second)), QUICK, np.random.default_rng(3))
    assert [s.label for s in after[: len(before)]] == [s.label for s in before]
    assert [s.control for s in after].count("second") == [s.control for s in after].count("")


def test_a_natural_setting_gives_no_result_and_a_plain_one_no_verdict_on_a_natural_control(ball) -> None:
    natural = Control("another loop", ball.theorem, one_place, far_off)
    check = replace(ball, controls=(ball.controls[0], natural))
    plain_setting = Setting("", {"lam": "1/2", "K": 2})
    evidence = Computed(50.0, 0.0)
    result, verdicts = judge_setting(check, plain_setting, evidence, 1e-3, 0)
    assert result is not None
    assert verdicts == (Verdict.VIOLATED, None)
    result, verdicts = judge_setting(check, replace(plain_setting, control="another loop"), evidence, 1e-3, 0)
    assert result is None
    assert verdicts == (None, Verdict.VIOLATED)
    with pytest.raises(ValueError, match="no natural control"):
        judge_setting(check, replace(plain_setting, control=ball.controls[0].name), evidence, 1e-3, 0)


def test_evidence_judged_directly_may_lack_the_natural_controls(ball) -> None:
    natural = Control("another loop", ball.theorem, one_place, far_off)
    check = replace(ball, controls=(natural,))
    run = judge_measured([(check, [(Setting("", {"lam": "1/2", "K": 2}), Computed(0.1, 0.0))])], seed=0, effort="quick")
    assert [control.settings for control in run.escaped] == [0]


def test_controls_need_names_of_their_own(ball) -> None:
    with pytest.raises(ValueError, match="names of their own"):
        replace(ball, controls=(ball.controls[0], ball.controls[0]))

"""Power: against closed forms of the limits, against planted theorems, and on the command line."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sympy import Rational

import bounds
import verify.tasks
from verify.check import QUICK, Check, Control, Setting, plant
from verify.cli import main
from verify.cli_power import percent
from verify.evidence import BoundedSample, Computed, Indicators, Interval, NonnegativeSample, Verdict, judge
from verify.judging import judge_theorem
from verify.power import MOST, CheckPower, Power, SettingPower, check_power, power, smallest_violation
from verify.runner import run_checks, select
from verify.tasks import find_check, settings_of

LEVEL = 1e-3
KINDS = [
    Computed(0.4, 1e-3),
    Indicators(40, 100),
    BoundedSample(np.random.default_rng(0).random(400), 0.0, 1.0),
    NonnegativeSample(np.random.default_rng(1).exponential(1.0, 400)),
]


@pytest.mark.parametrize("evidence", KINDS, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("factor", [1.0, 1.5, 3.0])
def test_an_upper_bound_is_violated_below_the_lower_limit(evidence, factor: float) -> None:
    bound = factor * evidence.estimate
    found = smallest_violation(evidence, Interval(bound, bound), "upper", LEVEL, "smaller")
    assert found == pytest.approx(1 - evidence.lower(LEVEL) / bound, rel=1e-6)


@pytest.mark.parametrize("evidence", KINDS[:3], ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("factor", [1.0, 0.5, 0.05])
def test_a_lower_bound_is_violated_above_the_upper_limit(evidence, factor: float) -> None:
    bound = factor * evidence.estimate
    found = smallest_violation(evidence, Interval(bound, bound), "lower", LEVEL, "larger")
    assert found == pytest.approx(evidence.upper(LEVEL) / bound - 1, rel=1e-6)


@pytest.mark.parametrize("evidence", KINDS[:3], ids=lambda e: type(e).__name__)
def test_an_identity_is_violated_outside_the_interval(evidence) -> None:
    bound, ci = evidence.estimate, evidence.interval(LEVEL)
    sides = [smallest_violation(evidence, Interval(bound, bound), "exact", LEVEL, s) for s in ("smaller", "larger")]
    assert sides == pytest.approx([1 - ci.lower / bound, ci.upper / bound - 1], rel=1e-6)


def test_what_cannot_be_detected_and_what_is_violated_as_it_stands() -> None:
    one = Interval(1.0, 1.0)
    assert smallest_violation(Computed(0.0, 0.0), one, "upper", LEVEL, "smaller") is None
    assert smallest_violation(Computed(2 * (1 + MOST), 0.0), one, "lower", LEVEL, "larger") is None
    assert smallest_violation(KINDS[3], one, "lower", LEVEL, "larger") is None  # its upper limit is infinite
    assert smallest_violation(Computed(2.0, 0.0), one, "upper", LEVEL, "smaller") == 0.0
    assert smallest_violation(Computed(2.0, 0.0), Interval(0.0, math.inf), "upper", LEVEL, "smaller") is None
    assert smallest_violation(Computed(0.0, 0.0), Interval(0.0, 0.0), "upper", LEVEL, "smaller") is None
    # A negative upper bound is moved down too: the truth is -2, the bound -1.
    assert smallest_violation(Computed(-1.5, 0.0), Interval(-1.0, -1.0), "upper", LEVEL, "smaller") == pytest.approx(
        0.5
    )
    with pytest.raises(bounds.ArgumentError, match="side"):
        smallest_violation(Computed(0.0, 0.0), one, "upper", LEVEL, "left")


@given(
    st.integers(0, 200), st.floats(0.01, 5), st.floats(0, 0.01), st.sampled_from(["upper", "lower", "exact"]),
    st.sampled_from(["smaller", "larger"]),
)  # fmt: skip
def test_what_is_found_is_detected_and_no_less_is(successes, middle, width, direction, side) -> None:
    evidence, bound = Indicators(successes, 200), Interval(middle, middle + width)
    found = smallest_violation(evidence, bound, direction, LEVEL, side)
    sign = -1 if side == "smaller" else 1

    def detected(v: float) -> bool:
        moved = Interval(bound.lower * (1 + sign * v), bound.upper * (1 + sign * v))
        return judge(evidence, moved, direction, LEVEL).verdict is Verdict.VIOLATED

    most = 1 - 1e-9 if side == "smaller" else MOST
    if found is None:
        assert not detected(most)
    elif found > 0:
        assert detected(min(found * (1 + 1e-9), most))
        assert not detected(found * (1 - 1e-5))


@pytest.mark.parametrize("name", ["ferbach2024.kl_ball_refined", "fu2025.attention_stability"])
def test_planted_theorems_agree(name: str) -> None:
    """The theorem itself, planted false by a little more and a little less than was found, through the whole judgement."""
    check = find_check(name)
    rng = np.random.default_rng(0)
    measured = [(s, check.measure(s, QUICK, rng)) for s in check.settings(QUICK, rng)]
    found = check_power(check, measured, LEVEL)
    assert found.smallest is not None
    for share, caught in ((1.02, True), (0.98, False)):
        control = plant(
            check.theorem, "scaled", lambda e, share=share: e * (1 - Rational(share) * Rational(found.smallest))
        )
        verdicts = {judge_theorem(control.theorem, s, e, LEVEL).verdict for s, e in measured}
        assert (Verdict.VIOLATED in verdicts) is caught


def test_an_identity_needs_both_sides_be_it_at_two_settings() -> None:
    a, b = SettingPower("a", "Computed", 0.01, None), SettingPower("b", "Computed", None, 0.2)
    both = CheckPower("x.y", "exact", 0, (a, b))
    assert (both.smallest, both.best) == (0.2, b)
    assert CheckPower("x.y", "exact", 0, (a,)).smallest is None
    assert CheckPower("x.y", "upper", 0, (a, b)).smallest == 0.01
    assert CheckPower("x.y", "lower", 0, (a, b)).smallest == 0.2
    assert CheckPower("x.y", "upper", 0, ()).smallest is None
    assert math.isnan(Power("quick", (0,), (LEVEL,), ()).share("x.y"))


NAMES = ["ferbach2024.uncurated_mixture", "ferbach2024.reward_increase"]


def test_the_level_is_that_of_a_run_and_the_workers_do_not_matter() -> None:
    found = power(NAMES, quick=True, seed=3)
    run = run_checks(NAMES, quick=True, seed=3)
    assert found.levels == (run.error_budget["per_test"],)
    assert found.ids == tuple(c.theorem.id for c in select(NAMES))
    settings = [s.setting for check in found.checks for s in check.settings]
    assert settings == [r.setting for r in run.results]
    assert power(NAMES, quick=True, seed=3, workers=2) == found
    several = power(NAMES, quick=True, seed=2, seeds=2)
    assert several.seeds == (2, 3)
    assert several.of(NAMES[0])[1] == found.of(NAMES[0])[0]
    assert several.share(NAMES[0]) == 1.0


def test_natural_controls_give_no_power_and_failures_are_kept(monkeypatch) -> None:
    whole = find_check("ferbach2024.kl_ball")
    drawn = 4

    def settings(effort, rng) -> list[Setting]:
        return list(whole.settings(effort, rng))[:drawn]

    def broken(setting, effort, rng) -> Computed:
        if setting.label == settings(QUICK, np.random.default_rng(0))[0].label:
            raise RuntimeError("no")
        return Computed(10.0, 0.0)

    natural = Control("of something else", whole.theorem, measure=lambda *_: Computed(1e9, 0.0))
    check = Check(whole.theorem, lambda effort, _: settings(effort, np.random.default_rng(0)), broken, (natural,))
    monkeypatch.setattr(verify.tasks, "all_checks", lambda: (check,))
    monkeypatch.setattr("verify.power.select", lambda names: (check,))
    settings_of.cache_clear()
    try:
        found = power([whole.theorem.id], quick=True)
    finally:
        settings_of.cache_clear()
    assert [f.index for f in found.failures] == [0]
    assert len(found.checks[0].settings) == drawn - 1
    assert found.levels == pytest.approx((1e-3 / (drawn + 1),))  # what failed counts as sampled, as in a run


@pytest.mark.parametrize("arguments", [{"seed": -1}, {"seeds": 0}, {"workers": 0}])
def test_bad_requests(arguments: dict[str, int]) -> None:
    with pytest.raises(bounds.ArgumentError):
        power(["ferbach2024.uncurated_mixture"], quick=True, **arguments)


def test_the_command(capsys, tmp_path) -> None:
    file = tmp_path / "power.json"
    assert main(["power", NAMES[0], "--quick", "--json", "--seeds", "2", "--out", str(file)]) == 0
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert document == json.loads(file.read_text())
    assert err == ""
    assert [row["seed"] for row in document["checks"]] == [0, 1]
    assert document["share_detecting_10_percent"] == {NAMES[0]: 1.0}
    assert all(row["detects_10_percent"] and row["smallest"] < 1e-6 for row in document["checks"])
    assert {s["evidence"] for row in document["checks"] for s in row["settings"]} == {"Computed"}
    assert main(["power", NAMES[0], "--quick"]) == 0
    assert "< 0.0001 %" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["no.such"], "no.such"),
        (["--seeds", "0"], "seeds"),
        (["--workers", "0"], "workers"),
        (["--out", "/no/such/directory/file.json"], "directory"),
        (["--out", "."], "file"),
    ],
)
def test_bad_input(capsys, arguments: list[str], message: str) -> None:
    assert main(["power", "ferbach2024.kl_ball", "--quick", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err


def test_percentages_are_rounded_up() -> None:
    assert [percent(v) for v in (0.10001, 1.0, 12.34, 1e-6, 0.0)] == ["10.1 %", "100 %", "1240 %", "0.0001 %", "0 %"]


def test_a_sharper_check_has_more_power() -> None:
    check = find_check("ferbach2024.uncurated_mixture")
    setting = next(iter(check.settings(QUICK, np.random.default_rng(0))))
    truth = check.measure(setting, QUICK, np.random.default_rng(0))
    errors = [check_power(check, [(setting, replace(truth, error=e))], LEVEL).smallest for e in (1e-9, 1e-4)]
    assert errors[0] < errors[1]

"""Runs that are killed, interrupted, partly broken, spread over a cluster or grown: always the same table."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import verify.checks
import verify.runner
import verify.store
import verify.tasks
from bounds import ArgumentError, DataError
from verify.check import Check, Effort, Setting
from verify.cli import main
from verify.evidence import Computed, Evidence, Indicators, Verdict
from verify.report import document, frame, summary
from verify.results import Run
from verify.runner import replay, run_checks, select
from verify.store import Design, opened

NAMES = ["ferbach2024"]
BALL = "ferbach2024.kl_ball"
INCREASE = "ferbach2024.reward_increase"


def table(run: Run) -> str:
    return json.dumps(document(run), sort_keys=True) + frame(run).to_csv()


def stored(path: Path, names: Sequence[str] = NAMES, seed: int = 5) -> int:
    """Count what a killed run left behind."""
    ids = tuple(check.theorem.id for check in select(names))
    with opened(path, Design.of(ids, 12, 2000, None, seed), resume=True) as store:
        return len(store.evidence())


@pytest.fixture(scope="module")
def whole() -> Run:
    return run_checks(NAMES, quick=True, seed=5)


# --- killed and interrupted -------------------------------------------------------------------------------------------


def run_to_be_killed(path: Path, steps: Any) -> None:
    def counted(done: int, total: int, label: str) -> None:
        steps.value += 1
        time.sleep(0.002)

    run_checks(NAMES, quick=True, seed=5, store=path, resume=True, progress=counted)


def test_killed_at_twenty_random_moments_it_resumes_to_the_same_table(tmp_path: Path, whole: Run) -> None:
    path, moments, left = tmp_path / "run.sqlite", random.Random(3), []
    context = multiprocessing.get_context("fork")  # inherits the imports and the settings, so that a run begins at once
    for _ in range(20):
        steps, enough = context.RawValue("i", 0), moments.randint(0, 12)
        process = context.Process(target=run_to_be_killed, args=(path, steps))
        process.start()
        # Counted in results, not in seconds: a busy machine may take long to begin.
        while process.is_alive() and steps.value < enough:
            time.sleep(0.001)
        time.sleep(moments.uniform(0.0, 0.004))
        process.kill()
        process.join()
        left.append(stored(path))
    assert left == sorted(left)
    assert len({n for n in left if 0 < n < len(whole.results)}) >= 3, f"the kills missed the run: {left}"
    assert table(run_checks(NAMES, quick=True, seed=5, store=path, resume=True)) == table(whole)
    assert stored(path) == len(whole.results)


def test_what_is_stored_is_not_measured_again(tmp_path: Path, whole: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "run.sqlite"
    run_checks(NAMES, quick=True, seed=5, store=path)
    monkeypatch.setattr(verify.runner, "measure", lambda task: pytest.fail("measured again"))
    assert table(run_checks(NAMES, quick=True, seed=5, store=path, resume=True)) == table(whole)


@pytest.mark.parametrize("workers", [1, 2])
def test_an_interrupt_leaves_a_store_that_resumes(tmp_path: Path, whole: Run, workers: int) -> None:
    path, seen = tmp_path / "run.sqlite", []

    def interrupt(done: int, total: int, label: str) -> None:
        seen.append((done, total))
        if done == 40:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_checks(NAMES, quick=True, seed=5, store=path, workers=workers, progress=interrupt)
    assert stored(path) == 40
    with pytest.raises(DataError, match="unfinished"):
        run_checks(NAMES, quick=True, seed=5, store=path)
    with pytest.raises(DataError, match="seed was 5, now 6"):
        run_checks(NAMES, quick=True, seed=6, store=path, resume=True)
    seen.clear()
    run = run_checks(
        NAMES,
        quick=True,
        seed=5,
        store=path,
        resume=True,
        workers=workers,
        progress=lambda *step: seen.append(step[:2]),
    )
    assert (seen[0][0], seen[-1][0]) == (41, len(whole.results))
    assert table(run) == table(whole)


def children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until(condition, seconds: float = 30.0) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return bool(condition())


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds the workers in /proc")
def test_command_killed_with_its_workers_at_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [
        "verify",
        *NAMES,
        "bertrand2024.normal_mixed_moments",
        "--quick",
        "--seed",
        "5",
        "--replicates",
        "300",
        "--json",
    ]
    kept = [*words, "--out", str(tmp_path / "report"), "--workers", "2"]
    code = "import sys; from verify.cli import main; sys.exit(main(sys.argv[1:]))"
    process = subprocess.Popen([sys.executable, "-c", code, *kept], stdout=subprocess.DEVNULL)
    written = tmp_path / "report" / "run.sqlite-wal"
    assert wait_until(lambda: written.exists() and written.stat().st_size > 50_000)
    workers = children(process.pid)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert len(workers) == 2
    assert wait_until(lambda: not any(map(alive, workers)), 10.0), "workers outlive their parent"
    verify.store._source_digest.cache_clear()  # the command read the source files later than this process may have
    assert main([*kept, "--resume"]) == 0
    resumed = capsys.readouterr()
    assert main(words) == 0
    assert resumed == capsys.readouterr()
    names = {path.name for path in (tmp_path / "report").iterdir()}
    assert {"run.sqlite", "results.json"} <= names
    assert not {name for name in names if name.startswith("run.sqlite-")}


# --- what fails -------------------------------------------------------------------------------------------------------


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Iterator:
    def installed(*checks: Check) -> None:
        for module in (verify.checks, verify.runner, verify.tasks):
            monkeypatch.setattr(module, "all_checks", lambda: checks)
        verify.tasks.settings_of.cache_clear()

    yield installed
    monkeypatch.undo()
    verify.tasks.settings_of.cache_clear()


def broken(check: Check, *indices: int) -> Check:
    """A check whose measurement fails at some settings."""

    def settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
        return [replace(s, label=f"{i}: {s.label}") for i, s in enumerate(check.settings(effort, rng))]

    def measure(setting: Setting, effort: Effort, rng: np.random.Generator) -> Evidence:
        if int(setting.label.partition(":")[0]) in indices:
            raise ZeroDivisionError("nothing to\ndivide by")
        return check.measure(setting, effort, rng)

    return replace(check, settings=settings, measure=measure)


@pytest.fixture
def two_checks() -> tuple[Check, Check]:
    return select([BALL])[0], select([INCREASE])[0]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_failing_setting_is_recorded_and_the_rest_goes_on(install, two_checks, tmp_path: Path, workers: int) -> None:
    ball, increase = two_checks
    install(ball, increase)
    good = run_checks(quick=True, seed=5)
    install(broken(ball, 3, 5), increase)
    path = tmp_path / "run.sqlite"
    run = run_checks(quick=True, seed=5, workers=workers, store=path)
    assert not run.passed
    assert [(f.id, f.index, f.stage, f.seed) for f in run.failures] == [(BALL, i, "measurement", 5) for i in (3, 5)]
    assert run.failures[0].error == "ZeroDivisionError: nothing to\ndivide by"
    assert "in measure" in run.failures[0].traceback
    balls = [r.measured for r in good.results if r.id == BALL]
    assert [r.measured for r in run.results if r.id == BALL] == [m for i, m in enumerate(balls) if i not in (3, 5)]
    others = [[r.measured for r in one.results if r.id == INCREASE] for one in (run, good)]
    assert others[0] == others[1]
    row = summary(run).set_index("verdict").loc["FAILED"]
    assert (row["theorem"], row["settings"]) == (BALL, "2")
    assert document(run)["failures"][0]["index"] == 3
    # Resumed after the cause was removed, the run is complete.
    install(broken(ball), increase)
    again = run_checks(quick=True, seed=5, store=path, resume=True)
    assert again.passed
    assert [r.measured for r in again.results] == [r.measured for r in good.results]


def test_failures_count_as_tests(install, two_checks) -> None:
    ball, increase = two_checks
    install(increase)
    tests = run_checks(quick=True, seed=5).error_budget["tests"]
    install(broken(ball, 0, 1, 2), increase)
    assert run_checks(quick=True, seed=5).error_budget["tests"] == tests + 3


def test_settings_that_cannot_be_made_are_a_failure(install, two_checks) -> None:
    ball, increase = two_checks

    def explode(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
        raise LookupError("no law")

    install(replace(ball, settings=explode), increase)
    run = run_checks(quick=True, seed=5)
    assert [(f.id, f.index, f.stage, f.error) for f in run.failures] == [
        (BALL, None, "settings", "LookupError: no law")
    ]
    assert {r.id for r in run.results} == {INCREASE}
    install(replace(ball, settings=lambda effort, rng: []), increase)
    assert "no setting within" in run_checks(quick=True, seed=5).failures[0].error


def test_a_setting_outside_the_hypotheses_is_a_failure_and_never_a_verdict(install, two_checks) -> None:
    ball, increase = two_checks

    def settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
        first, *rest = ball.settings(effort, rng)
        return [replace(first, arguments={"lam": 5, "K": 4}), *rest]

    install(replace(ball, settings=settings, measure=lambda s, effort, rng: Computed(0.0, 0.0)), increase)
    run = run_checks(quick=True, seed=5)
    assert [(f.index, f.stage) for f in run.failures] == [(0, "judgement")]
    assert run.failures[0].error.startswith("bounds.errors.HypothesisError")


def test_what_is_no_evidence_or_cannot_be_kept_is_a_failure(install, two_checks, tmp_path: Path) -> None:
    class Own(Evidence):
        estimate = 0.0
        _lower = _upper = lambda self, level: 0.0

    ball, _ = two_checks
    install(replace(ball, measure=lambda setting, effort, rng: 0.5))
    assert "float, which is no evidence" in run_checks(quick=True).failures[0].error
    install(replace(ball, measure=lambda setting, effort, rng: Own(), controls=()))
    assert "cannot be kept" in run_checks(quick=True, store=tmp_path / "run.sqlite").failures[0].error


def test_the_command_reports_failures_and_replays_them(install, two_checks, capsys) -> None:
    ball, increase = two_checks
    install(broken(ball, 3, 5), increase)
    words = ["verify", "--quick", "--seed", "5"]
    for as_json in ([], ["--json"]):
        assert main([*words, *as_json]) == 1
        out, err = capsys.readouterr()
        assert err.splitlines() == [
            f"loopbounds: FAILED {BALL} (setting {i}, measurement): ZeroDivisionError: nothing to divide by; "
            f"again: loopbounds verify {BALL} --replay {i} --seed 5 --quick"
            for i in (3, 5)
        ]
        assert "FAILED" in out if not as_json else len(json.loads(out)["failures"]) == 2
    again = ["verify", BALL, "--replay", "3", "--seed", "5", "--quick"]
    assert main(again) == 1
    out, err = capsys.readouterr()
    assert "Traceback" in out
    assert err.count("\n") == 1
    assert main([*again, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["error"].startswith("ZeroDivisionError")


def test_a_replay_measures_what_the_run_measured(whole: Run, capsys) -> None:
    of_increase = [r for r in whole.results if r.id == INCREASE]
    for index, result in enumerate(of_increase):
        setting, evidence = replay(INCREASE, index, quick=True, seed=5)
        assert (setting.label, evidence.estimate) == (result.setting, result.measured)
    sampled = next(i for i, r in enumerate(of_increase) if r.replicates)
    words = ["verify", INCREASE, "--replay", str(sampled), "--seed", "5", "--quick"]
    assert main([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["measured"], found["replicates"]) == (of_increase[sampled].measured, 2000)
    assert "verdict" not in found
    assert main(words) == 0
    assert "measured" in capsys.readouterr().out
    with pytest.raises(ArgumentError, match="has no setting 999"):
        replay(INCREASE, 999, quick=True)


# --- replicates added until there is a verdict ------------------------------------------------------------------------


def near(check: Check, factor: float) -> Check:
    """A check that counts events whose probability is a multiple of the bound."""

    def measure(setting: Setting, effort: Effort, rng: np.random.Generator) -> Evidence:
        chance = factor * check.theorem.evaluate(**setting.arguments)
        return Indicators(int(rng.binomial(effort.replicates, chance)), effort.replicates)

    def settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
        return [Setting("one", {"lam": "1/4", "K": 3})]

    return replace(check, settings=settings, measure=measure, controls=())


def test_replicates_are_added_until_the_verdict_or_the_budget_ends(install, two_checks, tmp_path: Path) -> None:
    ball, _ = two_checks

    def verdicts(factor: float, most: int | None) -> tuple[int, Verdict, float]:
        install(near(ball, factor))
        run = run_checks(quick=True, replicates=100, max_replicates=most, store=tmp_path / "run.sqlite")
        resumed = run_checks(
            quick=True, replicates=100, max_replicates=most, store=tmp_path / "run.sqlite", resume=True
        )
        assert table(run) == table(resumed)
        (found,) = run.results
        _, evidence = replay(BALL, 0, quick=True, replicates=100, max_replicates=most)
        assert evidence.estimate == found.measured
        return found.replicates, found.verdict, found.ci[1] - found.ci[0]

    alone, grown, full = (verdicts(1.0, most) for most in (None, 1000, 10_000))
    assert [n for n, _, _ in (alone, grown, full)] == [100, 1000, 10_000]
    assert {v for _, v, _ in (alone, grown, full)} == {Verdict.INCONCLUSIVE}
    assert alone[2] > grown[2] > full[2]
    count, verdict, _ = verdicts(0.85, 10_000)
    assert verdict is Verdict.CONSISTENT
    assert 100 < count < 10_000
    count, verdict, _ = verdicts(1.15, 10_000)
    assert verdict is Verdict.VIOLATED
    assert 100 < count < 10_000


def test_without_a_budget_nothing_changes_and_computed_evidence_never_grows(whole: Run) -> None:
    same = run_checks(NAMES, quick=True, seed=5, max_replicates=2000)
    assert table(same) == table(whole)
    grown = run_checks(NAMES, quick=True, seed=5, max_replicates=8000)
    pairs = list(zip(whole.results, grown.results, strict=True))
    assert all(a == b or math_nan(a, b) for a, b in pairs if a.replicates == 0)
    assert all(b.replicates in (2000, 4000, 8000) for a, b in pairs if a.replicates)


def math_nan(a, b) -> bool:
    return a.ratio != a.ratio and b.ratio != b.ratio and replace(a, ratio=0.0) == replace(b, ratio=0.0)


# --- where it runs ----------------------------------------------------------------------------------------------------


class OnlyMap:
    """What a pool of another library looks like."""

    def map(self, function, items):
        return [function(item) for item in items]


def test_anything_with_map_and_any_order_of_completion(whole: Run, tmp_path: Path) -> None:
    assert table(run_checks(NAMES, quick=True, seed=5, workers=OnlyMap())) == table(whole)
    with ThreadPoolExecutor(4) as pool:
        found = run_checks(NAMES, quick=True, seed=5, workers=pool, store=tmp_path / "run.sqlite")
    assert table(found) == table(whole)


@pytest.mark.filterwarnings("default")
def test_dask_cluster_of_two_workers(whole: Run, tmp_path: Path, capsys) -> None:
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        assert table(run_checks(NAMES, quick=True, seed=5, workers=client)) == table(whole)
        held = client.get_executor(pure=False)
        assert table(run_checks(NAMES, quick=True, seed=5, workers=held, store=tmp_path / "run.sqlite")) == table(whole)
        words = ["verify", *NAMES, "--quick", "--seed", "5", "--json"]
        assert main([*words, "--dask", cluster.scheduler_address]) == 0
        assert json.loads(capsys.readouterr().out) == document(whole)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--resume"], "--resume needs the run to go on with"),
        (["--store", "{dir}"], "cannot use"),
        (["--workers", "2", "--dask", "tcp://127.0.0.1:1"], "--workers does not go with --dask"),
        (["--dask", "nowhere://"], "Dask"),
        (["--max-replicates", "5"], "max_replicates = 5"),
        (["--replay", "-1"], "has the settings 0 to"),
        (["--replay", "0", "--workers", "2"], "--workers does not go with --replay"),
        (["--replay", "0", "--resume", "--store", "x"], "does not go with --replay"),
        (["ferbach2024", "--replay", "0"], "the id of one theorem"),
        (["--data", "x.csv:y", "--store", "x"], "--store does not go with --data"),
        (["--data", "x.csv:y", "--replay", "1"], "--replay does not go with --data"),
    ],
)
def test_bad_options_are_one_line(words: list[str], said: str, tmp_path: Path, capsys) -> None:
    words = [word.replace("{dir}", str(tmp_path)) for word in words]
    assert main(["verify", *words] if "--data" in words else ["verify", BALL, "--quick", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert err.count("\n") == 1


def test_a_store_without_a_name_cannot_be_resumed() -> None:
    with pytest.raises(ArgumentError, match="nothing to resume"):
        run_checks([BALL], quick=True, resume=True)


def test_settings_that_cannot_be_sent_are_made_where_they_are_needed(install, two_checks) -> None:
    ball, increase = two_checks

    def settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
        return [replace(s, world=(s.world, lambda: None)) for s in ball.settings(effort, rng)]

    def measure(setting: Setting, effort: Effort, rng: np.random.Generator) -> Evidence:
        return ball.measure(replace(setting, world=setting.world[0]), effort, rng)

    install(ball, increase)
    expected = run_checks(quick=True, seed=5)
    install(replace(ball, settings=settings, measure=measure), increase)
    for workers in (1, 2):
        assert table(run_checks(quick=True, seed=5, workers=workers)) == table(expected)

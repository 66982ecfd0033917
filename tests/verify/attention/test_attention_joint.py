"""Joint laws of a few tokens in late generations: against a plane integral, other quadratures, draws, and the theorem."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy.stats import norm

import bounds
from verify.check import QUICK
from verify.checks.fu2025.attention import CHECKS, _later_loops
from verify.evidence import Verdict
from verify.judging import judge_theorem
from verify.models.attention import (
    ContextLoop,
    CoupledLoops,
    averaging_joint_tv,
    first_joint_tv,
    joint,
    later_joint_tv,
    noisy_loops,
    run_loop,
    single_token_tv,
    worst_loop,
)


def pair_of(seed: int, loop: ContextLoop, Gamma: float, D: float) -> CoupledLoops:
    return worst_loop(np.random.default_rng(seed), loop, 1, Gamma, D, starts=6, steps=80, largest_noise=0.0)


def test_a_search_without_noise_finds_loops_without_noise() -> None:
    pair = pair_of(0, ContextLoop(6, 4, 3), 0.4, 0.5)
    assert not pair.given.noise.any()
    with pytest.raises(bounds.ArgumentError, match="largest_noise"):
        worst_loop(np.random.default_rng(0), ContextLoop(6, 4, 3), 1, 0.4, 0.5, largest_noise=-1.0)


def _read(pair: CoupledLoops, generation: int, tokens: list[np.ndarray | float]) -> np.ndarray | float:
    """One head's output, written out."""
    key = float(pair.given.queries[generation, 0, 0] * pair.given.attention[0, 0])
    raised = [np.exp(key * s) for s in tokens]
    return pair.given.value[0, 0] * sum(r * s for r, s in zip(raised, tokens, strict=True)) / sum(raised)


@pytest.mark.parametrize("seed", range(3))
def test_two_tokens_against_an_integral_over_the_plane(seed: int) -> None:
    """Generation 2 of two tokens: their density on a grid of the plane, centres from Gauss-Hermite noise."""
    sigma = 0.12
    pair = pair_of(seed, ContextLoop(5, 3, 2), 0.3 + 0.2 * seed, 0.4)
    nodes, weights = np.polynomial.hermite_e.hermegauss(40)
    chances = np.outer(weights, weights).ravel() / weights.sum() ** 2
    grid = np.linspace(-1.3, 1.3, 261)
    densities = []
    for reals in (pair.reals[:, 0], pair.moved[:, 0]):
        first = _read(pair, 0, list(reals))
        tokens = np.clip(first + sigma * nodes, -1, 1)
        left, right = (side.ravel() for side in np.meshgrid(tokens, tokens, indexing="ij"))
        centres = _read(pair, 1, [*reals[:3], left, right])
        each = norm.pdf((grid - centres[:, None]) / sigma) / sigma
        densities.append((each * chances[:, None]).T @ each)
    expected = np.abs(densities[0] - densities[1]).sum() * (grid[1] - grid[0]) ** 2 / 2
    found = later_joint_tv(pair, sigma)
    assert found.value == pytest.approx(expected, abs=2e-4)
    assert 0.05 < found.value < 1
    assert found.error < 1e-2


@pytest.mark.parametrize(("size", "reused", "generations"), [(6, 4, 3), (7, 4, 2), (4, 3, 4)])
def test_a_head_that_averages_has_the_closed_form(size: int, reused: int, generations: int) -> None:
    pair = pair_of(1, ContextLoop(size, reused, generations), 0.0, 0.2)
    pair = CoupledLoops(pair.loop, 0.1 * pair.reals, pair.shift, pair.given)
    pair.given.value[:] = 1.0
    pair.given.attention[:] = 0.0
    found, exact = later_joint_tv(pair, 0.1), averaging_joint_tv(pair, 0.1)
    assert abs(found.value - exact.value) <= found.error + exact.error < 1e-4


def test_the_first_generation_and_a_single_token_agree_with_their_own_laws() -> None:
    first = pair_of(2, ContextLoop(6, 4, 1), 0.5, 0.1)
    assert abs(later_joint_tv(first, 0.05).value - first_joint_tv(first, 0.05).value) < 1e-5
    alone = pair_of(3, ContextLoop(5, 4, 3), 0.3, 0.2)
    found, other = later_joint_tv(alone, 0.08), single_token_tv(alone, 0.08)
    assert abs(found.value - other.value) <= found.error + other.error < 1e-3


def test_three_tokens_against_draws() -> None:
    """The mean of the drawn tokens tells the two loops apart as well as the law says, and no better."""
    sigma, draws = 0.1, 20_000
    pair = pair_of(4, ContextLoop(6, 3, 3), 0.4, 0.2)
    found = later_joint_tv(pair, sigma)
    runs = noisy_loops(np.random.default_rng(0), pair, sigma, draws)
    means = [run_loop(pair.loop, reals, runs.given)[-1].raw.mean(axis=(1, 2)) for reals in (runs.reals, runs.moved)]
    edges = np.linspace(-1, 1, 801)
    gaps = np.diff([np.searchsorted(np.sort(m), edges, side="right") / draws for m in means], axis=0)[0]
    # The densities of the means cross once here, so the best test is a threshold; Massart's inequality, level 2e-6.
    slack = 2 * math.sqrt(math.log(2e6) / (2 * draws))
    assert np.abs(gaps).max() == pytest.approx(found.value, abs=slack + found.error + 0.01)


def test_the_stated_error_holds_against_finer_quadrature(monkeypatch: pytest.MonkeyPatch) -> None:
    for seed, (loop, Gamma) in enumerate([(ContextLoop(4, 2, 3), 0.7), (ContextLoop(9, 7, 2), 0.2)]):
        pair = pair_of(seed, loop, Gamma, 0.1)
        found = later_joint_tv(pair, 0.05)
        with monkeypatch.context() as finer:
            finer.setattr(joint, "_CELLS", 1 << 12)
            finer.setattr(joint, "_NODES", {2: (72, 96)})
            truth = later_joint_tv(pair, 0.05)
        assert abs(found.value - truth.value) <= found.error < 1e-3
        assert truth.error < 1e-4


def test_too_coarse_a_quadrature_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joint, "_NODES", {2: (12, 16)})
    assert later_joint_tv(pair_of(0, ContextLoop(6, 4, 3), 0.3, 0.1), 0.02).error > 0.05


@pytest.mark.parametrize(
    ("loop", "d", "sigma", "message"),
    [
        (ContextLoop(6, 2, 2), 1, 0.1, "4 synthetic"),
        (ContextLoop(6, 4, 2), 2, 0.1, "one dimension"),
        (ContextLoop(6, 4, 2), 1, 0.0, "sigma_noise"),
    ],
)
def test_bad_requests(loop: ContextLoop, d: int, sigma: float, message: str) -> None:
    pair = worst_loop(np.random.default_rng(0), loop, d, 0.5, 0.5, starts=2, steps=2)
    with pytest.raises(bounds.ArgumentError, match=message):
        later_joint_tv(pair, sigma)


@pytest.mark.parametrize("seed", range(2))
def test_late_tokens_together_obey_the_theorem_and_refute_what_is_false(seed: int) -> None:
    check = CHECKS[1]
    rng = np.random.default_rng(seed)
    settings = [loop.setting("joint") for loop in _later_loops(QUICK, rng)]
    assert any("above" in s.label for s in settings)
    assert any("below" in s.label for s in settings)
    for setting in settings:
        assert setting.arguments["Gamma"] > 0
        assert setting.arguments["t"] > 1
        assert setting.arguments["n"] * (1 - setting.arguments["alpha"]) >= 2
        evidence = check.measure(setting, QUICK, rng)
        found = judge_theorem(check.theorem, setting, evidence, 1e-5)
        assert found.verdict is Verdict.EXACT
        assert evidence.error < 0.01
        assert found.bound.upper < 1 - 1e-4
    # The first comes within a ninth of the bound, so that what forgets the other token or generations is refuted at once.
    near, evidence = settings[0], check.measure(settings[0], QUICK, rng)
    assert evidence.value > Fraction(8, 9) * Fraction(judge_theorem(check.theorem, near, evidence, 1e-5).bound.upper)
    for name in ("no generation but the first", "all draws as if one", "exponent missing"):
        control = next(c for c in check.controls if c.name == name)
        refuted = judge_theorem(control.theorem, near, evidence, 1e-5)
        assert refuted.verdict is Verdict.VIOLATED, name
        assert refuted.bound.upper < 0.97 * (evidence.value - evidence.error), name

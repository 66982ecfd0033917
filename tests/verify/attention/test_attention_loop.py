"""The loop against a loop written out, its derivative against differences, its laws against brute-force integrals."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy.integrate import dblquad, quad
from scipy.stats import norm

import bounds
from verify.models.attention import (
    Circumstances,
    ContextLoop,
    CoupledLoops,
    averaging_joint_tv,
    first_joint_tv,
    gaussian,
    noisy_loops,
    random_loops,
    run_loop,
    single_token_tv,
    worst_loop,
)
from verify.models.attention.loop import pull_back_loop


def bound(loop: ContextLoop, **arguments: object) -> float:
    theorem = bounds.get("fu2025.attention_recursive_stability")
    return float(theorem.evaluate(n=loop.n, alpha=Fraction(loop.reused, loop.n), t=loop.generations, **arguments))


def slow_loop(loop, reals, queries, noise, W, V):
    """One run, token by token."""
    context, outputs = list(reals), []
    for g in range(loop.generations):
        made = []
        for x, xi in zip(queries[g], noise[g], strict=True):
            raised = [math.exp(x @ W @ s) for s in context]
            y = V @ (sum(r * s for r, s in zip(raised, context, strict=True)) / sum(raised)) + xi
            made.append(y / max(1.0, float(np.linalg.norm(y))))
        outputs.append(np.array(made))
        context = [*reals[: loop.reused], *made]
    return outputs


def test_the_loop_is_the_one_written_out() -> None:
    rng = np.random.default_rng(0)
    loop = ContextLoop(7, 3, 4)
    pairs = random_loops(rng, loop, 2, 1.3, 1.0, 0.7, replicates=3)
    run = run_loop(loop, pairs.moved, pairs.given)
    for r in range(3):
        each = (part[r] for part in (pairs.moved, pairs.given.queries, pairs.given.noise))
        slow = slow_loop(loop, *each, pairs.given.attention[r], pairs.given.value[r])
        for fast, expected in zip(run, slow, strict=True):
            assert fast.tokens[r] == pytest.approx(expected, abs=1e-13)


def test_equal_queries_and_noise_need_one_token() -> None:
    rng = np.random.default_rng(1)
    pair = worst_loop(rng, ContextLoop(6, 2, 3), 2, 0.6, 0.5, starts=3, steps=20)
    wide = Circumstances(
        *(np.repeat(part, 4, axis=-2) for part in (pair.given.queries, pair.given.noise)),
        pair.given.attention, pair.given.value,
    )  # fmt: skip
    many = CoupledLoops(pair.loop, pair.reals, pair.shift, wide)
    assert many.displacements() == pytest.approx(pair.displacements(), rel=1e-10)


def test_the_derivative_of_the_loop_is_that_of_finite_differences() -> None:
    rng = np.random.default_rng(2)
    loop = ContextLoop(5, 2, 3)
    reals, slopes = rng.normal(size=(2, 5, 2)), rng.normal(size=(2, 1, 2))
    parts = [rng.normal(size=s) for s in ((2, 3, 1, 2), (2, 3, 1, 2), (2, 2, 2), (2, 2, 2))]
    run = run_loop(loop, reals, Circumstances(*parts))
    assert any((np.linalg.norm(g.raw, axis=-1) > 1).any() for g in run)  # so that the projection is differentiated too
    found = pull_back_loop(run, Circumstances(*parts), slopes)
    for _ in range(10):
        ways = [rng.normal(size=p.shape) for p in (reals, *parts)]

        def scalar(h: float, ways: list = ways) -> float:
            moved = [p + h * way for p, way in zip((reals, *parts), ways, strict=True)]
            return float((slopes * run_loop(loop, moved[0], Circumstances(*moved[1:]))[-1].tokens).sum())

        by_parts = (found.reals, found.queries, found.noise, found.attention, found.value)
        expected = sum((slope * way).sum() for slope, way in zip(by_parts, ways, strict=True))
        assert (scalar(1e-6) - scalar(-1e-6)) / 2e-6 == pytest.approx(expected, rel=1e-5, abs=1e-7)


@pytest.mark.parametrize("t", [1, 2, 5])
def test_heads_that_average_attain_the_bound(t: int) -> None:
    loop = ContextLoop(9, 4, t)
    worst = worst_loop(np.random.default_rng(t), loop, 2, 0.0, 0.01, starts=6, steps=120)
    assert worst.displacements()[-1] == pytest.approx(bound(loop, Gamma=0, D="0.01"), rel=1e-6)


@pytest.mark.parametrize(("Gamma", "reused"), [("0.1", 3), ("0.5", 2), ("0.5", 9), ("1", 4)])
def test_the_adversary_stays_below_the_bound_and_beats_chance(Gamma: str, reused: int) -> None:
    loop = ContextLoop(10, reused, 3)
    limit = bound(loop, Gamma=Gamma, D="0.5")
    rng = np.random.default_rng(reused)
    worst = worst_loop(rng, loop, 2, float(Gamma), 0.5, starts=8, steps=80)
    drawn = random_loops(rng, loop, 2, float(Gamma), 0.5, 0.3, replicates=100).displacements()[:, -1].max()
    assert np.linalg.norm(worst.given.attention, 2) <= float(Gamma) + 1e-12
    assert np.linalg.norm(worst.moved, axis=-1).max() <= 1 + 1e-12
    assert drawn < worst.displacements()[-1] <= limit


def test_first_joint_law_against_a_double_integral() -> None:
    pair = worst_loop(np.random.default_rng(3), ContextLoop(5, 3, 1), 1, 0.5, 0.4, starts=6, steps=80)
    before, after = (run_loop(pair.loop, reals, pair.given)[0].centres.item() for reals in (pair.reals, pair.moved))
    sigma = 0.08

    def gap(y: float, x: float) -> float:
        return max(
            norm.pdf(x, before, sigma) * norm.pdf(y, before, sigma)
            - norm.pdf(x, after, sigma) * norm.pdf(y, after, sigma),
            0,
        )

    low, high = min(before, after) - 7 * sigma, max(before, after) + 7 * sigma
    expected, _ = dblquad(gap, low, high, low, high, epsabs=1e-6)
    found = first_joint_tv(pair, sigma)
    assert found.error < 1e-8
    assert found.value == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("t", [1, 3])
def test_averaging_joint_law_against_matrices_of_covariance(t: int) -> None:
    loop, sigma, D = ContextLoop(6, 2, t), 0.05, 0.1
    still = np.zeros((t, 1, 1))
    pair = CoupledLoops(loop, np.zeros((6, 1)), np.array([D]), Circumstances(still, still, np.zeros((1, 1)), np.eye(1)))
    mean, covariance = np.full(4, D / 6), sigma**2 * np.eye(4)
    for _ in range(t - 1):
        step = np.full((4, 4), 1 / 6)  # each new token averages the four old ones with weight 1/6
        mean, covariance = D / 6 + step @ mean, step @ covariance @ step.T + sigma**2 * np.eye(4)
    distance = math.sqrt(mean @ np.linalg.solve(covariance, mean))
    found = averaging_joint_tv(pair, sigma)
    assert found.error < 1e-10
    assert found.value == pytest.approx(2 * norm.cdf(distance / 2) - 1, abs=1e-12)


def test_law_of_a_single_token_against_an_integral() -> None:
    loop, sigma = ContextLoop(3, 2, 2), 0.3
    pair = worst_loop(np.random.default_rng(4), loop, 1, 0.8, 0.6, starts=6, steps=80)
    W, V = pair.given.attention.item(), pair.given.value.item()

    def law(reals):
        """Distribution function of the token of generation 2, by one integral over that of generation 1."""

        def head(context, x):
            raised = np.exp(x * W * np.asarray(context))
            return V * float(raised @ np.asarray(context) / raised.sum())

        first = head(reals[:, 0], pair.given.queries[0].item())
        inner = lambda s: head([*reals[:2, 0], s], pair.given.queries[1].item())  # noqa: E731

        def below(y: float) -> float:
            mass = quad(lambda s: norm.pdf(s, first, sigma) * norm.cdf(y, inner(s), sigma), -1, 1, epsabs=1e-11)[0]
            mass += norm.cdf(-1, first, sigma) * norm.cdf(y, inner(-1.0), sigma)
            return mass + norm.sf(1, first, sigma) * norm.cdf(y, inner(1.0), sigma)

        return below

    first, second = law(pair.reals), law(pair.moved)
    thresholds = np.linspace(-1, 1, 101)
    difference = np.array([first(y) - second(y) for y in thresholds])
    expected = (abs(difference[0]) + np.abs(np.diff(difference)).sum() + abs(difference[-1])) / 2
    found = single_token_tv(pair, sigma)
    assert found.value == pytest.approx(expected, abs=1e-3)
    assert found.value >= expected - found.error - 1e-8  # finer thresholds tell more apart
    assert found.error < 1e-6


def test_a_law_carried_over_generations_is_that_of_many_draws() -> None:
    loop, sigma = ContextLoop(4, 3, 4), 0.25
    rng = np.random.default_rng(5)
    pair = worst_loop(rng, loop, 1, 0.6, 1.0, starts=6, steps=80)
    runs = noisy_loops(rng, pair, sigma, 40_000)
    first, second = (run_loop(loop, reals, runs.given)[-1].tokens.ravel() for reals in (runs.reals, runs.moved))
    grid = np.linspace(-1, 1, 400)
    gaps = np.searchsorted(np.sort(first), grid, side="right") - np.searchsorted(np.sort(second), grid, side="right")
    # A threshold tells no more apart than the total variation; Massart's inequality for both samples, level 2e-6.
    slack = 2 * math.sqrt(math.log(2e6) / (2 * 40_000))
    assert np.abs(gaps).max() / 40_000 <= single_token_tv(pair, sigma).value + slack


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ContextLoop(5, 5, 1), "reused"),
        (lambda: ContextLoop(5, 0, 1), "reused"),
        (lambda: ContextLoop(5, 2, 0), "generations"),
        (lambda: random_loops(np.random.default_rng(0), ContextLoop(5, 2, 1), 1, 0.1, 1.0, -1.0, 2), "sigma_noise"),
    ],
)
def test_bad_requests(make, message: str) -> None:
    with pytest.raises(bounds.ArgumentError, match=message):
        make()


def test_laws_are_for_the_loops_they_are_for() -> None:
    pair = worst_loop(np.random.default_rng(0), ContextLoop(4, 2, 2), 2, 0.5, 0.5, starts=2, steps=2)
    for law in (first_joint_tv, averaging_joint_tv, single_token_tv):
        with pytest.raises(bounds.ArgumentError, match="one dimension"):
            law(pair, 0.1)
    line = worst_loop(np.random.default_rng(0), ContextLoop(4, 2, 2), 1, 0.5, 0.5, starts=2, steps=2)
    with pytest.raises(bounds.ArgumentError, match="average"):
        averaging_joint_tv(line, 0.1)
    with pytest.raises(bounds.ArgumentError, match="2 synthetic"):
        single_token_tv(line, 0.1)


def test_the_stated_error_of_a_carried_law_holds_wherever_the_crossing_lies(monkeypatch) -> None:
    for seed in range(3):
        rng = np.random.default_rng(seed)
        pair = worst_loop(rng, ContextLoop(4, 3, 3), 1, float(rng.uniform(0.1, 0.9)), 0.5, starts=4, steps=60)
        found = single_token_tv(pair, 0.2)
        with monkeypatch.context() as finer:
            finer.setattr(gaussian, "_THRESHOLDS", 1 << 13)
            truth = single_token_tv(pair, 0.2)
        assert abs(found.value - truth.value) <= found.error < 1e-5
        assert truth.error < 1e-6

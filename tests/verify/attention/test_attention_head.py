"""The head, its derivative and its adversary, against mpmath, finite differences and the bound."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import bounds
from verify.models.attention import TokenMove, into_ball, keys_of, pull_back, read, with_norm_at_most, worst_move


def slow_head(tokens, query, W, V, counts=None):
    """The output by its definition, in 40 digits."""
    with mpmath.workdps(40):
        d = len(query)
        scores = [
            mpmath.fsum(
                mpmath.mpf(query[a]) * mpmath.mpf(W[a, b]) * mpmath.mpf(s[b]) for a in range(d) for b in range(d)
            )
            for s in tokens
        ]
        raised = [(1 if counts is None else counts[j]) * mpmath.exp(x) for j, x in enumerate(scores)]
        total = mpmath.fsum(raised)
        mean = [
            mpmath.fsum(w * mpmath.mpf(s[a]) for w, s in zip(raised, tokens, strict=True)) / total for a in range(d)
        ]
        return np.array([float(mpmath.fsum(mpmath.mpf(V[a, b]) * mean[b] for b in range(d))) for a in range(d)])


@pytest.mark.parametrize("counted", [False, True])
def test_the_head_is_the_softmax_average(counted: bool) -> None:
    rng = np.random.default_rng(1)
    tokens, query = rng.normal(size=(7, 3)), rng.normal(size=3)
    W, V = 5 * rng.normal(size=(3, 3)), rng.normal(size=(3, 3))
    counts = rng.integers(1, 5, size=7).astype(float) if counted else None
    found = V @ read(tokens, keys_of(query[None], W), counts).means[0]
    assert found == pytest.approx(slow_head(tokens, query, W, V, counts), rel=1e-12, abs=1e-13)


def test_counts_stand_for_equal_tokens() -> None:
    rng = np.random.default_rng(2)
    tokens, keys = rng.normal(size=(3, 2)), rng.normal(size=(4, 2))
    counts = np.array([1, 4, 2])
    spread = np.repeat(tokens, counts, axis=0)
    assert read(tokens, keys, counts * 1.0).means == pytest.approx(read(spread, keys).means, abs=1e-14)


def test_the_derivative_is_that_of_finite_differences() -> None:
    rng = np.random.default_rng(3)
    tokens, keys = rng.normal(size=(2, 6, 3)), rng.normal(size=(2, 4, 3))
    slopes, counts = rng.normal(size=(2, 4, 3)), np.array([1.0, 1, 3, 1, 2, 1])
    in_tokens, in_keys = pull_back(tokens, keys, read(tokens, keys, counts), slopes)
    for _ in range(20):
        a, b = rng.normal(size=tokens.shape), rng.normal(size=keys.shape)
        up, down = ((slopes * read(tokens + h * a, keys + h * b, counts).means).sum() for h in (1e-6, -1e-6))
        assert (up - down) / 2e-6 == pytest.approx((in_tokens * a).sum() + (in_keys * b).sum(), rel=1e-6, abs=1e-7)


@given(st.integers(0, 2**32 - 1), st.floats(0, 5), st.integers(1, 4))
def test_projections_are_nearest_points(seed: int, largest: float, d: int) -> None:
    rng = np.random.default_rng(seed)
    matrix = 3 * rng.normal(size=(d, d))
    near = with_norm_at_most(matrix, largest)
    assert np.linalg.norm(near, 2) <= largest * (1 + 1e-12) + 1e-12
    point = 3 * rng.normal(size=(1, d))
    inside = into_ball(point)
    assert np.linalg.norm(inside) <= 1 + 1e-12
    for _ in range(5):
        other = rng.normal(size=(d, d))
        other *= min(1.0, largest / np.linalg.norm(other, 2))
        # The angle between what was cut off and any way back inside is obtuse: that is what a projection is.
        assert np.sum((matrix - near) * (other - near)) <= 1e-9 * (1 + np.linalg.norm(matrix) ** 2)
        ball = rng.normal(size=(1, d))
        ball /= max(1.0, np.linalg.norm(ball))
        assert np.sum((point - inside) * (ball - inside)) <= 1e-9


def weight(Gamma: float, n: int) -> float:
    return 1 / (1 + (n - 1) * math.exp(-2 * Gamma))


def feasible(move: TokenMove, Gamma: float, D: float) -> bool:
    lengths = [np.linalg.norm(v) for v in (*move.tokens, move.tokens[0] + move.shift, move.query)]
    norms = np.linalg.norm(move.attention, 2) <= Gamma + 1e-12 and np.linalg.norm(move.value, 2) <= 1 + 1e-12
    return max(lengths) <= 1 + 1e-12 and np.linalg.norm(move.shift) <= D * (1 + 1e-12) and bool(norms)


@pytest.mark.parametrize(("Gamma", "n"), [(0.0, 7), (0.1, 3), (0.5, 1), (0.5, 12), (1.0, 4), (1.5, 15), (2.0, 36)])
@pytest.mark.parametrize("d", [1, 2, 4])
def test_the_adversary_comes_within_one_percent_where_the_bound_is_attained(Gamma: float, n: int, d: int) -> None:
    assert 4 * Gamma * weight(Gamma, n) <= 1 + 2 * Gamma
    move = worst_move(np.random.default_rng(n), n, d, Gamma, 1e-3)
    bound = float(bounds.get("fu2025.attention_stability").evaluate(Gamma=Gamma, n=n, D=1e-3))
    assert feasible(move, Gamma, 1e-3)
    assert 0.99 * bound <= move.displacement <= bound * (1 + 1e-9)


@pytest.mark.parametrize(("Gamma", "n"), [(1.0, 2), (2.0, 5), (3.0, 20)])
def test_beyond_the_peak_the_adversary_finds_the_best_context_of_two_places(Gamma: float, n: int) -> None:
    """There the bound is not attained. What is: all other tokens at one end, and the moving one anywhere on the line."""
    move = worst_move(np.random.default_rng(0), n, 2, Gamma, 1e-3)
    bound = float(bounds.get("fu2025.attention_stability").evaluate(Gamma=Gamma, n=n, D=1e-3))
    place = np.linspace(-1, 1, 20_001)
    w = 1 / (1 + (n - 1) * np.exp(-Gamma * (1 + place)))
    best = float((w * (1 + Gamma * (1 + place) * (1 - w))).max()) * 1e-3
    assert feasible(move, Gamma, 1e-3)
    assert best * (1 - 2e-3) <= move.displacement <= bound


@pytest.mark.parametrize("D", [0.5, 2.0])
def test_far_moves_stay_below_the_bound(D: float) -> None:
    for Gamma, n in [(0.0, 3), (0.7, 6), (2.5, 10)]:
        move = worst_move(np.random.default_rng(4), n, 3, Gamma, D, starts=6, steps=80)
        assert feasible(move, Gamma, D)
        assert (
            move.displacement <= float(bounds.get("fu2025.attention_stability").evaluate(Gamma=Gamma, n=n, D=D)) + 1e-12
        )


def test_the_displacement_is_that_of_the_definition() -> None:
    move = worst_move(np.random.default_rng(5), 4, 2, 1.0, 0.7, starts=2, steps=30)
    moved = move.tokens.copy()
    moved[0] += move.shift
    change = slow_head(moved, move.query, move.attention, move.value) - slow_head(
        move.tokens, move.query, move.attention, move.value
    )
    assert move.displacement == pytest.approx(np.linalg.norm(change), rel=1e-11)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0, 2, 0.5, 1.0), "n = 0"),
        ((3, 0, 0.5, 1.0), "d = 0"),
        ((3, 2, -1.0, 1.0), "Gamma"),
        ((3, 2, 0.5, 2.5), "D = 2.5"),
    ],
)
def test_bad_requests(arguments: tuple[int, int, float, float], message: str) -> None:
    with pytest.raises(bounds.ArgumentError, match=message):
        worst_move(np.random.default_rng(0), *arguments)
    with pytest.raises(bounds.ArgumentError, match="counts"):
        read(np.zeros((3, 1)), np.zeros((1, 1)), np.ones(2))

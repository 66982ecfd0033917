"""Attention bounds of fu2025 against adversaries: gradients, ascent on the sphere, coupled loops."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy.optimize import brentq

import bounds
from bounds.papers.fu2025 import attention_threshold


def value(result: str, **arguments: object) -> float:
    return float(bounds.get(f"fu2025.{result}").evaluate(**arguments))


def weights(tokens: np.ndarray, key: np.ndarray) -> np.ndarray:
    scores = tokens @ key
    raised = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return raised / raised.sum(axis=-1, keepdims=True)


def head(tokens: np.ndarray, key: np.ndarray) -> np.ndarray:
    """Output of a head with V = I; `key` is the query through the attention matrix."""
    return weights(tokens, key) @ tokens


def ball(points: np.ndarray) -> np.ndarray:
    return points / np.maximum(np.linalg.norm(points, axis=-1, keepdims=True), 1)


def token_slope(tokens: np.ndarray, key: np.ndarray) -> float:
    """Norm of the derivative of the output in the first token, by finite differences."""
    step = 1e-5
    eye = np.eye(tokens.shape[1])
    columns = []
    for direction in eye:
        up, down = tokens.copy(), tokens.copy()
        up[0] += step * direction
        down[0] -= step * direction
        columns.append((head(up, key) - head(down, key)) / (2 * step))
    return float(np.linalg.norm(np.array(columns), 2))


def ascend(objective, points: np.ndarray, rng: np.random.Generator, steps: int) -> float:
    """Random search on the ball with shrinking steps; returns the largest value found."""
    best = objective(points)
    size = 0.5
    for _ in range(steps):
        trial = ball(points + size * rng.normal(size=points.shape) * (rng.random((len(points), 1)) < 0.5))
        found = objective(trial)
        if found > best:
            best, points = found, trial
        else:
            size = max(0.97 * size, 1e-3)
    return best


@pytest.mark.parametrize("Gamma", [0, 0.1, 0.25, 0.5, 1, 2])
@pytest.mark.parametrize("n", [1, 2, 5, 30])
def test_one_token_is_bounded_and_the_bound_reached(Gamma: float, n: int) -> None:
    constant = value("attention_stability", D=1, Gamma=Gamma, n=n)
    extreme = np.vstack([[1.0, 0.0], *[[-1.0, 0.0]] * (n - 1)])
    key = np.array([Gamma, 0.0])
    largest = 1 / (1 + (n - 1) * math.exp(-2 * Gamma))
    below_peak = 4 * Gamma * largest <= 1 + 2 * Gamma
    slope = token_slope(extreme, key)
    assert slope <= constant * (1 + 1e-7)
    if below_peak:
        assert slope >= constant * (1 - 1e-6)
    else:
        # The parabola's peak by brute force
        grid = np.linspace(0, largest, 100_001)
        assert constant == pytest.approx((grid * (1 + 2 * Gamma * (1 - grid))).max(), rel=1e-8)


@pytest.mark.parametrize(("Gamma", "n"), [(0.3, 3), (1.0, 4), (2.0, 2), (3.0, 6)])
def test_an_adversary_comes_close_and_never_exceeds(Gamma: float, n: int) -> None:
    rng = np.random.default_rng(int(10 * Gamma) + n)
    constant = value("attention_stability", D=1, Gamma=Gamma, n=n)
    key = np.array([Gamma, 0.0])
    reached = max(
        ascend(lambda s: token_slope(s, key), ball(rng.normal(size=(n, 2))), rng, steps=250) for _ in range(4)
    )
    assert reached <= constant * (1 + 1e-7)
    # Beyond the parabola's peak the extreme weight and the extreme distance exclude each other.
    assert reached >= (0.98 if 4 * Gamma / (1 + (n - 1) * math.exp(-2 * Gamma)) <= 1 + 2 * Gamma else 0.8) * constant


@pytest.mark.parametrize("Gamma", [0.5, 2.0])
def test_far_moves_of_one_token(Gamma: float) -> None:
    rng = np.random.default_rng(3)
    for _ in range(300):
        n = int(rng.integers(2, 12))
        tokens = ball(rng.normal(size=(n, 3)) * 2)
        moved = tokens.copy()
        moved[0] = ball(rng.normal(size=(1, 3)) * 2)[0]
        key = Gamma * ball(5 * rng.normal(size=(1, 3)))[0]
        distance = float(np.linalg.norm(moved[0] - tokens[0]))
        change = np.linalg.norm(head(moved, key) - head(tokens, key))
        assert change <= value("attention_stability", D=min(distance, 2.0), Gamma=Gamma, n=n) + 1e-12


def kappa(alpha: float, Gamma: float) -> float:
    """The factor of all synthetic tokens at once, by its two branches."""
    omega = (1 - alpha) / ((1 - alpha) + alpha * math.exp(-2 * Gamma))
    low = omega <= 1 - 1 / math.sqrt(2)
    return omega + Gamma * (2 * omega * (1 - omega) if low else math.sqrt(omega / (2 - omega)))


def constant_of(Gamma: float, n: int) -> float:
    largest = 1 / (1 + (n - 1) * math.exp(-2 * Gamma))
    weight = min(largest, (1 + 2 * Gamma) / (4 * Gamma) if Gamma else math.inf)
    return n * weight * (1 + 2 * Gamma * (1 - weight))


@pytest.mark.parametrize("Gamma", [0.0, 0.1, 0.7, 1.5, 3.0])
@pytest.mark.parametrize("alpha", [0.0, 0.05, 0.3, 0.8, 0.97, 0.999])
def test_factor_and_closed_form_by_the_capped_recursion(Gamma: float, alpha: float) -> None:
    for n, D in ((1, 0.5), (10, 2.0), (1000, 1.0)):
        K = constant_of(Gamma, n)
        factor = min(kappa(alpha, Gamma), K * (1 - alpha))
        s = K * D / n
        assert (1 + 2 * Gamma) * math.exp(2 * Gamma) * (1 + 1e-12) >= K
        for t in range(1, 12):
            assert value("attention_recursive_stability", n=n, D=D, Gamma=Gamma, alpha=alpha, t=t) == pytest.approx(
                min(s, 2), rel=1e-12
            )
            s = min(2, K * D / n + factor * s)


@pytest.mark.parametrize(("alpha", "Gamma"), [(0.6, 0.4), (0.9, 1.0), (0.2, 0.3), (0.5, 1.0)])
def test_all_synthetic_tokens_at_once(alpha: float, Gamma: float) -> None:
    """No configuration exceeds kappa; where the synthetic weight is small, the extreme one attains it."""
    rng = np.random.default_rng(int(100 * alpha))
    n, synthetic = 10, round(10 * (1 - alpha))
    key = np.array([Gamma, 0.0])

    def spread(tokens: np.ndarray) -> float:
        w = weights(tokens, key)
        return float(w[:synthetic] @ (1 + Gamma * np.linalg.norm(tokens - w @ tokens, axis=1)[:synthetic]))

    limit = kappa(alpha, Gamma)
    extreme = np.vstack([[[1.0, 0.0]] * synthetic, [[-1.0, 0.0]] * (n - synthetic)])
    reached = max(ascend(spread, start, rng, 400) for start in (extreme, ball(rng.normal(size=(n, 2)))))
    assert reached <= limit * (1 + 1e-12)
    omega = (1 - alpha) / ((1 - alpha) + alpha * math.exp(-2 * Gamma))
    if omega <= 1 - 1 / math.sqrt(2):
        assert spread(extreme) == pytest.approx(limit, rel=1e-12)
    assert reached >= 0.8 * limit


@pytest.mark.parametrize(("n", "alpha", "Gamma"), [(10, 0.2, 0.3), (20, 0.6, 0.5), (20, 0.5, 1.5), (8, 0.5, 3.0)])
def test_coupled_loops_stay_together(n: int, alpha: float, Gamma: float) -> None:
    """Two runs with shared queries and noise, one reused token moved as far as the ball allows."""
    rng = np.random.default_rng(n)
    reused = round(alpha * n)
    largest = 0.0
    for trial in range(30):
        real = ball(rng.normal(size=(n, 2)) * 3)
        if trial < 10:
            real[1:] = [-1.0, 0.0]
        moved = real.copy()
        real[0], moved[0] = [1.0, 0.0], ([-1.0, 0.0] if trial % 2 else [0.9, 0.0])
        D = float(np.linalg.norm(moved[0] - real[0]))
        contexts = [real, moved]
        for t in range(1, 9):
            keys = ball(rng.normal(size=(n - reused, 2)) * 4) * Gamma
            keys[: len(keys) // 2] = [Gamma, 0.0]
            noise = 0.1 * rng.normal(size=(n - reused, 2))
            drawn = [ball(np.array([head(tokens, key) for key in keys]) + noise) for tokens in contexts]
            change = np.linalg.norm(drawn[0] - drawn[1], axis=1).max()
            limit = value("attention_recursive_stability", n=n, D=D, Gamma=Gamma, alpha=alpha, t=t)
            assert change <= limit + 1e-12
            largest = max(largest, change / limit)
            contexts = [np.vstack([r[:reused], s]) for r, s in zip((real, moved), drawn, strict=True)]
    assert largest > 0.3


def test_noise_turns_displacement_into_total_variation() -> None:
    """Normal outputs around displaced centres, one and all of them, by quadrature along the displacement."""
    known = {"n": 50, "D": 1, "Gamma": Fraction(1, 2), "alpha": Fraction(4, 5), "t": 4}
    s = value("attention_recursive_stability", **known)
    x = np.linspace(-12, 12, 400_001)
    for measure, length in (("one", s), ("joint", s * math.sqrt(10))):
        move = length / 0.3
        gap = np.abs(np.exp(-(x**2) / 2) - np.exp(-((x - move) ** 2) / 2)) / math.sqrt(2 * math.pi)
        found = value("attention_recursive_stability", measure=measure, sigma_noise="0.3", **known)
        assert found == pytest.approx(gap.sum() * (x[1] - x[0]) / 2, rel=1e-6)
        assert found <= length / (0.3 * math.sqrt(2 * math.pi))


@pytest.mark.parametrize("Gamma", [0.1, 0.5, 1.0, 2.0, 3.0])
def test_threshold_by_root_finding(Gamma: float) -> None:
    large = (1 + 2 * Gamma) * math.exp(2 * Gamma)
    root = brentq(lambda a: kappa(a, Gamma) - 1, 1e-12, 1 - 1e-12, xtol=1e-14)
    assert attention_threshold(Gamma=Gamma) == pytest.approx(min(root, 1 - 1 / large), abs=1e-11)
    for n in (1, 2, 5, 100):
        found = attention_threshold(Gamma=Gamma, n=n)
        assert found == pytest.approx(max(min(root, 1 - 1 / constant_of(Gamma, n)), 0.0), abs=1e-11)
        assert found <= attention_threshold(Gamma=Gamma) + 1e-15


def test_beyond_the_threshold_displacement_stays_of_order_one_over_n() -> None:
    for Gamma, alpha in ((Fraction(1, 10), "0.11"), (Fraction(1, 2), "0.593"), (1, "0.899")):
        assert Fraction(alpha) > Fraction(attention_threshold(Gamma=Gamma))
        known = {"n": 10**9, "D": 1, "Gamma": Gamma, "alpha": alpha}
        late = value("attention_recursive_stability", t=20_000, **known)
        assert late == pytest.approx(value("attention_recursive_stability", t=40_000, **known), rel=1e-3)
        assert late < 1e-4
        below = str(Fraction(alpha) - Fraction(3, 1000))
        assert value("attention_recursive_stability", t=40_000, **{**known, "alpha": below}) == 2


def test_edges_and_refusals() -> None:
    assert value("attention_stability", D=1, Gamma=0, n=7) == pytest.approx(1 / 7)
    assert attention_threshold(Gamma=0) == 0
    with pytest.raises(bounds.ArgumentError, match="Gamma"):
        attention_threshold(Gamma=-1)
    with pytest.raises(bounds.HypothesisError, match="D <= 2"):
        value("attention_stability", D=3, Gamma=0, n=7)

"""The solvable loops of fu2025 against exact enumeration and covariances; how much synthetic data, by brute force."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from scipy.integrate import dblquad
from scipy.optimize import linprog, minimize_scalar
from scipy.stats import binom

import bounds
from bounds.papers.fu2025 import synthetic_optimum

SLACK = 1e-9


def value(result: str, **arguments: object) -> float:
    return float(bounds.get(f"fu2025.{result}").evaluate(**arguments))


def tv(p: np.ndarray, q: np.ndarray) -> float:
    return float(np.abs(p - q).sum() / 2)


# --- the normal generator -------------------------------------------------------------------------------------------


def synthetic_points(n: int, reused: int, t: int, sigma: float) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients of the synthetic points of generation t in the first reused point, and in all noises."""
    N = n - reused
    moved, noise = 1 / n, np.zeros(N * t)
    for g in range(t):
        points = np.tile(noise, (N, 1))
        points[np.arange(N), g * N + np.arange(N)] += sigma
        shift = np.full(N, moved)
        moved, noise = (1 + shift.sum()) / n, points.sum(axis=0) / n
    return shift, points @ points.T


@pytest.mark.parametrize(("n", "reused", "t"), [(3, 1, 1), (3, 1, 2), (4, 2, 3), (2, 1, 3), (5, 3, 6)])
def test_gaussian_recursive_stability_by_the_covariance_of_all_points(n: int, reused: int, t: int) -> None:
    sigma, D = 0.7, 1.3
    shift, covariance = synthetic_points(n, reused, t, sigma)
    known = {"n": n, "alpha": Fraction(reused, n), "t": t, "D": D, "sigma": sigma}
    one = mpmath.erf(D * shift[0] / (2 * math.sqrt(2) * sigma))
    assert value("gaussian_recursive_stability", draws="one", **known) == pytest.approx(float(one), rel=1e-12)
    # total variation of two normal laws of N points is that of their projections on one direction
    direction = np.linalg.solve(covariance, D * shift)
    spread = math.sqrt(direction @ covariance @ direction)
    move = float(direction @ (D * shift))
    density = lambda x, m: math.exp(-((x - m) ** 2) / 2) / math.sqrt(2 * math.pi)  # noqa: E731
    edges = [-9, move / spread / 2, 9 + move / spread]
    joint = mpmath.quad(lambda x: abs(density(x, 0) - density(x, move / spread)), edges) / 2
    assert value("gaussian_recursive_stability", draws="joint", **known) == pytest.approx(float(joint), rel=1e-8)


def test_gaussian_recursive_stability_by_quadrature_in_the_plane() -> None:
    shift, covariance = synthetic_points(4, 2, 2, 0.5)
    precision, scale = np.linalg.inv(covariance), 1 / (2 * math.pi * math.sqrt(np.linalg.det(covariance)))

    def excess(y: float, x: float) -> float:
        here, there = np.array([x, y]), np.array([x, y]) - shift
        return scale * max(math.exp(-here @ precision @ here / 2) - math.exp(-there @ precision @ there / 2), 0.0)

    found, _ = dblquad(excess, -3.5, 3.5, -3.5, 3.5, epsabs=2e-5)
    bound = value(
        "gaussian_recursive_stability", draws="joint", n=4, alpha=Fraction(1, 2), t=2, D=1, sigma=Fraction(1, 2)
    )
    assert found == pytest.approx(bound, abs=2e-4)


def test_far_displacements_are_enclosed_although_they_differ_from_one_by_nothing_writable() -> None:
    theorem = bounds.get("fu2025.gaussian_recursive_stability")
    for sigma in ("1e-5", "1e-9", "1e-60"):
        known = {"draws": "one", "n": 1, "alpha": 1, "t": 3, "D": 1000, "sigma": sigma}
        low, high = theorem.enclose(**known)
        assert 1 - 3e-16 < low <= theorem.evaluate(**known) <= high < 1 + 5e-16
        low, high = theorem.enclose(**known, digits=50)
        assert low <= 1 <= high
        assert high - low < mpmath.mpf(10) ** -49


def test_shared_noise_is_not_the_best_coupling_but_near_it() -> None:
    """Discretised optimal transport between the laws of two means: below the shared-noise value, above the mixtures'."""
    sigma, tau, s = 1.0, 1.0, 0.8
    grid = np.linspace(-4, 4.8, 60)
    left = np.exp(-(grid**2) / 2 / tau**2)
    right = np.exp(-((grid - s) ** 2) / 2 / tau**2)
    left, right = left / left.sum(), right / right.sum()
    cost = np.vectorize(math.erf)(np.abs(grid[:, None] - grid[None, :]) / (2 * math.sqrt(2) * sigma))
    m = len(grid)
    equalities = np.vstack([np.kron(np.eye(m), np.ones(m)), np.kron(np.ones(m), np.eye(m))])
    best = linprog(cost.ravel(), A_eq=equalities, b_eq=np.concatenate([left, right]), method="highs").fun
    shared = math.erf(s / (2 * math.sqrt(2) * sigma))
    mixtures = math.erf(s / (2 * math.sqrt(2 * (sigma**2 + tau**2))))
    assert mixtures - 1e-3 <= best < 0.99 * shared


# --- frequencies ----------------------------------------------------------------------------------------------------


def compositions(total: int, cells: int) -> list[tuple[int, ...]]:
    return [c for c in itertools.product(range(total + 1), repeat=cells) if sum(c) == total]


def multinomial(counts: tuple[int, ...], law: tuple[Fraction, ...]) -> Fraction:
    ways = math.factorial(sum(counts))
    for c in counts:
        ways //= math.factorial(c)
    return ways * math.prod((p**c for p, c in zip(law, counts, strict=True)), start=Fraction(1))


def distances(real: tuple[Fraction, ...], n: int, a: int, t: int, *, reused: bool) -> tuple[Fraction, Fraction]:
    """Exact expected squared distance and total variation at generation t, by the law of (reused counts, model)."""
    k, N = len(real), n - a
    states: dict = defaultdict(Fraction)
    for r, other in itertools.product(compositions(a, k), compositions(N, k)):
        model = tuple(Fraction(x + y, n) for x, y in zip(r, other, strict=True))
        states[r, model] += multinomial(r, real) * multinomial(other, real)
    for _ in range(t - 1):
        after: dict = defaultdict(Fraction)
        for (r, model), p in states.items():
            pools = [(r, Fraction(1))] if reused else [(c, multinomial(c, real)) for c in compositions(a, k)]
            for (pool, w), drawn in itertools.product(pools, compositions(N, k)):
                new = tuple(Fraction(x + y, n) for x, y in zip(pool, drawn, strict=True))
                after[pool, new] += p * w * multinomial(drawn, model)
        states = after
    differences = [([abs(x - y) for x, y in zip(m, real, strict=True)], p) for (_, m), p in states.items()]
    return sum(p * sum(d * d for d in ds) for ds, p in differences), sum(p * sum(ds) / 2 for ds, p in differences)


@pytest.mark.parametrize("data", ["fresh", "reused"])
@pytest.mark.parametrize(("n", "a", "t"), [(2, 1, 1), (2, 1, 4), (3, 1, 3), (4, 3, 3), (3, 0, 3), (3, 3, 3), (4, 2, 2)])
@pytest.mark.parametrize("real", [(Fraction(1, 3), Fraction(2, 3)), (Fraction(1, 2), Fraction(1, 3), Fraction(1, 6))])
def test_categorical_loop_by_enumeration(data: str, n: int, a: int, t: int, real: tuple[Fraction, ...]) -> None:
    squared, total_variation = distances(real, n, a, t, reused=data == "reused")
    known = {"data": data, "n": n, "alpha": Fraction(a, n), "t": t, "collision": sum(p * p for p in real)}
    low, high = bounds.get("fu2025.categorical_loop").enclose(**known)
    assert low <= squared <= high
    assert high - low <= 1e-15
    upper = value("categorical_loop_upper", **known, k=len(real))
    lower = value("categorical_loop_lower", **known)
    assert lower - SLACK <= total_variation <= upper + SLACK
    if data == "reused" and 0 < a < n and t > 1:
        # The formula for fresh data is too small here: the regimes must not be mixed up.
        assert value("categorical_loop", **{**known, "data": "fresh"}) < squared


def test_upper_bound_of_a_uniform_law_is_too_large_by_a_known_factor() -> None:
    n, k, t = 10**6, 4, 3
    rng = np.random.default_rng(8)
    totals = []
    for _ in range(400):
        model = rng.multinomial(n, np.full(k, 1 / k)) / n
        for _ in range(t - 1):
            model = (rng.multinomial(n // 2, np.full(k, 1 / k)) + rng.multinomial(n // 2, model / model.sum())) / n
        totals.append(tv(model, np.full(k, 1 / k)))
    bound = value("categorical_loop_upper", data="fresh", n=n, alpha=Fraction(1, 2), t=t, collision=Fraction(1, k), k=k)
    # four and a half standard errors: a false alarm below 1e-5
    assert bound / np.mean(totals) == pytest.approx(
        math.sqrt(math.pi / 2), rel=4.5 * np.std(totals) / np.mean(totals) / 20
    )


# --- how much synthetic data ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("synthetic", [4, 10, 30])
@pytest.mark.parametrize("delta", [0.02, 0.2])
def test_synthetic_size_holds_for_models_that_look_at_the_real_points(synthetic: int, delta: float) -> None:
    n, p, d_tv = 10, 0.5, 0.1
    bound = value("synthetic_size", n=n, lam=Fraction(synthetic, n), M=1, d_tv=d_tv, delta=delta, t=1)
    real, drawn = np.arange(n + 1), np.arange(synthetic + 1)
    for threshold in (0, 5, n + 1):
        # below the threshold the model makes the empirical risk smaller still
        broken = 0.0
        for c in real:
            model = p - d_tv if c < threshold else p + d_tv
            gap = p - (c + drawn) / (n + synthetic)
            broken += binom.pmf(c, n, p) * binom.pmf(drawn, synthetic, model)[gap > bound].sum()
        assert broken <= delta


@pytest.mark.parametrize("t", [1, 2, 3, 8, 40])
@pytest.mark.parametrize("ratio", [0.4, 0.99, 1.02, 1.2, 1.41, 1.42, 2.0, 6.0])
def test_synthetic_optimum_by_brute_force(t: int, ratio: float) -> None:
    n, delta = 1000, 0.1
    d_tv = math.sqrt(math.log(1 / delta) / (2 * n)) / (2 * ratio)
    found = synthetic_optimum(n=n, M=2, d_tv=d_tv, delta=delta, t=t)

    def by_hand(log_share: float) -> float:
        v = math.exp(log_share)
        return 2 * math.sqrt(math.log(1 / delta) / (2 * n) * v) + 2 * d_tv * (1 / v - 1) * -math.expm1(
            t * math.log1p(-v)
        )

    shares = np.linspace(math.log(1e-9), -1e-12, 200_001)
    curve = np.array([by_hand(x) for x in shares[::40]])
    inner = range(1, len(curve) - 1)
    troughs = [i for i in inner if curve[i] < min(curve[i - 1], curve[i + 1])]
    peaks = [i for i in inner if curve[i] > max(curve[i - 1], curve[i + 1])]
    for index, extremum, sense in ((troughs, found.minimum, 1), (peaks, found.maximum, -1)):
        assert len(index) == (extremum is not None)
        if extremum is not None:
            place = shares[::40][index[0]]
            refined = minimize_scalar(
                lambda x, s=sense: s * by_hand(x), bounds=(place - 0.01, min(place + 0.01, -1e-13))
            )
            assert extremum == pytest.approx(math.exp(-refined.x) - 1, rel=1e-4, abs=1e-4)
    # The curve falls to its limit from above, or starts from no synthetic data at all.
    assert found.value <= min(curve.min(), 2 * d_tv * t) + 1e-12
    if math.isfinite(found.best):
        assert found.value == pytest.approx(
            by_hand(-math.log1p(found.best) - 1e-300 if found.best else -1e-16), rel=1e-6
        )
    else:
        assert found.value == found.limit == pytest.approx(2 * d_tv * t)


def test_synthetic_optimum_closed_forms() -> None:
    n, delta = 500, 0.05
    sampling = math.sqrt(math.log(1 / delta) / (2 * n))
    first = synthetic_optimum(n=n, M=1, d_tv=sampling, delta=delta, t=1)
    assert first.maximum == pytest.approx(3)  # (2B/A)^2 - 1
    assert first.minimum is None
    limit = synthetic_optimum(n=n, M=1, d_tv=sampling / 16, delta=delta, generation="limit")
    assert limit.best == pytest.approx(3)  # (A/2B)^(2/3) - 1
    assert limit.value == pytest.approx(sampling / 2 + 3 * sampling / 16)
    assert synthetic_optimum(n=n, M=1, d_tv=sampling, delta=delta, generation="limit").best == 0
    many = synthetic_optimum(n=n, M=1, d_tv=sampling / 16, delta=delta, t=3000)
    assert many.best == pytest.approx(3, rel=1e-9)
    for ratio, exists in ((1.4142, True), (1.4143, False), (0.99999, False), (1.00001, True)):
        found = synthetic_optimum(n=n, M=1, d_tv=sampling / (2 * ratio), delta=delta, t=2)
        assert (found.minimum is not None) == exists


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"t": 0}, "generation 1 or later"), ({"n": [1, 2]}, "not arrays"), ({"delta": 2}, "delta"), ({"M": 0}, "M = 0")],
)
def test_synthetic_optimum_refuses(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(bounds.ArgumentError, match=message):
        synthetic_optimum(**{"n": 10, "M": 1, "d_tv": "0.1", "delta": "0.1", "t": 2, **wrong})

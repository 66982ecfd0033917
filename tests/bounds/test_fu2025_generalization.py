"""The generalisation bounds of fu2025 on loops small enough to enumerate, and against the best adversarial learner."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.sparse import lil_matrix
from scipy.stats import binom

import bounds
from bounds.papers.fu2025 import smallest_generalization

SLACK = 1e-9


def value(result: str, **arguments: object) -> float:
    return float(bounds.get(f"fu2025.{result}").evaluate(**arguments))


class TinyLoop:
    """A random loop and a random learner on k letters; every expectation is a finite sum."""

    def __init__(self, k: int, n: int, reused: int, stiffness: float, rng: np.random.Generator) -> None:
        self.k, self.n, self.a, self.N = k, n, reused, n - reused
        self.real = rng.dirichlet(np.ones(k))
        self.sets = list(itertools.product(range(k), repeat=n))
        self.blocks = list(itertools.product(range(k), repeat=self.N))
        self.model = {}
        self.loss = {}
        base = rng.integers(0, 2, size=k)
        for s in self.sets:
            frequencies = np.bincount(s, minlength=k) / n
            self.model[s] = 0.5 * frequencies + 0.5 * rng.dirichlet(np.ones(k))
            self.loss[s] = stiffness * base + (1 - stiffness) * rng.integers(0, 2, size=k)
        self.weight = {s: float(np.prod(self.real[list(s)])) for s in self.sets}
        # laws[g][R][x]: of the synthetic block x of generation g given the real data R
        self.laws: list[dict] = [{}]

    def block_law(self, model: np.ndarray) -> np.ndarray:
        return np.array([np.prod(model[list(x)]) for x in self.blocks])

    def law(self, g: int, real: tuple) -> np.ndarray:
        while len(self.laws) <= g:
            self.laws.append({})
        if real not in self.laws[g]:
            if g == 1:
                self.laws[g][real] = self.block_law(self.model[real])
            else:
                parts = zip(self.law(g - 1, real), self.blocks, strict=True)
                self.laws[g][real] = sum(p * self.block_law(self.model[real[: self.a] + x]) for p, x in parts)
        return self.laws[g][real]

    def models(self, g: int, real: tuple) -> list[tuple[float, np.ndarray]]:
        """Models of generation g given the real data, with their probabilities."""
        if g == 1:
            return [(1.0, self.model[real])]
        return [(p, self.model[real[: self.a] + x]) for p, x in zip(self.law(g - 1, real), self.blocks, strict=True)]

    def learning_error(self, g: int, real: tuple) -> float:
        """Expected total variation of generation g from what it learns, given the real data."""
        if g == 1:
            return tv(self.model[real], self.real)
        share = self.a / self.n
        total = 0.0
        for p, before in self.models(g - 1, real):
            target = share * self.real + (1 - share) * before
            for q, x in zip(self.block_law(before), self.blocks, strict=True):
                total += p * q * tv(self.model[real[: self.a] + x], target)
        return total

    def gap(self, t: int, real: tuple) -> float:
        total = 0.0
        for p, x in zip(self.law(t, real), self.blocks, strict=True):
            s = real[: self.a] + x
            total += p * (self.real @ self.loss[s] - self.loss[s][list(s)].mean())
        return total

    def beta(self) -> float:
        return max(np.abs(self.loss[s] - self.loss[o]).max() for s in self.sets for o in self.neighbours(s, self.n))

    def neighbours(self, s: tuple, upto: int) -> list[tuple]:
        return [(*s[:j], v, *s[j + 1 :]) for j in range(upto) for v in range(self.k) if v != s[j]]

    def gamma(self, t: int) -> float:
        return max(tv(self.law(t, s), self.law(t, o)) for s in self.sets for o in self.neighbours(s, self.a))

    def eta(self, t: int) -> float:
        """Best coupling of the models, by linear programming."""
        pairs = ((self.models(t, s), self.models(t, o)) for s in self.sets for o in self.neighbours(s, self.a))
        return max(transport(left, right) for left, right in pairs)


def tv(p: np.ndarray, q: np.ndarray) -> float:
    return float(np.abs(p - q).sum() / 2)


def transport(left: list, right: list) -> float:
    if len(left) == 1:
        return tv(left[0][1], right[0][1])
    cost = np.array([[tv(a, b) for _, b in right] for _, a in left])
    m = len(left)
    rows = np.kron(np.eye(m), np.ones(m))
    columns = np.kron(np.ones(m), np.eye(m))
    found = linprog(cost.ravel(), A_eq=np.vstack([rows, columns]), b_eq=[p for p, _ in left] + [p for p, _ in right])
    return float(found.fun)


@pytest.mark.parametrize(("k", "n", "reused"), [(2, 2, 1), (2, 3, 1), (2, 3, 2), (3, 2, 1)])
@pytest.mark.parametrize("t", [1, 2, 3])
def test_generalization_bounds_by_enumeration(k: int, n: int, reused: int, t: int) -> None:
    rng = np.random.default_rng(1000 * k + 100 * n + 10 * reused + t)
    for stiffness in (0.0, 0.7, 0.98):
        loop = TinyLoop(k, n, reused, stiffness, rng)
        numbers = {"M": 1, "alpha": Fraction(reused, n), "t": t, "beta": min(loop.beta() + SLACK, 1)}
        errors = {s: max(loop.learning_error(g, s) for g in range(1, t + 1)) for s in loop.sets}
        in_mean = max(sum(w * loop.learning_error(g, s) for s, w in loop.weight.items()) for g in range(1, t + 1))
        gaps = {s: loop.gap(t, s) for s in loop.sets}
        mean = abs(sum(w * gaps[s] for s, w in loop.weight.items()))
        gamma, eta = loop.gamma(t), loop.eta(t)
        assert mean <= value("generalization_expected", **numbers, gamma=gamma, d_tv=in_mean) + SLACK
        by_eta = {**numbers, "n": n, "eta": min(max(eta, 0.0) + SLACK, 1.0)}
        assert mean <= value("generalization_hamming", **by_eta, d_tv=in_mean) + SLACK
        shift = sum(w * p * tv(m, loop.real) for s, w in loop.weight.items() for p, m in loop.models(t, s))
        assert shift <= value("distribution_shift", alpha=numbers["alpha"], t=t, d_tv=in_mean) + SLACK
        for delta in (0.05, 0.5, 0.9):
            limits = {s: value("generalization_given_real", **by_eta, d_tv=errors[s], delta=delta) for s in loop.sets}
            broken = sum(w for s, w in loop.weight.items() if abs(gaps[s]) > limits[s] + SLACK)
            assert broken <= delta


def worst_gap(loop: TinyLoop, t: int, beta: float) -> float:
    """Largest mean gap of any learner of stability beta on this loop: a linear programme in its losses."""
    index = {s: i for i, s in enumerate(loop.sets)}
    gain = np.zeros((len(loop.sets), loop.k))
    for real, weight in loop.weight.items():
        for p, x in zip(loop.law(t, real), loop.blocks, strict=True):
            s = real[: loop.a] + x
            gain[index[s]] += weight * p * (loop.real - np.bincount(s, minlength=loop.k) / loop.n)
    pairs = [(index[s], index[o]) for s in loop.sets for o in loop.neighbours(s, loop.n)]
    rows = lil_matrix((len(pairs) * loop.k, gain.size))
    for row, ((i, j), z) in enumerate(itertools.product(pairs, range(loop.k))):
        rows[row, i * loop.k + z], rows[row, j * loop.k + z] = 1, -1
    found = linprog(-gain.ravel(), A_ub=rows.tocsr(), b_ub=np.full(rows.shape[0], beta), bounds=(0, 1))
    return float(-found.fun)


@pytest.mark.parametrize(("k", "n", "reused"), [(4, 2, 1), (3, 3, 1), (2, 4, 2)])
@pytest.mark.parametrize("kind", ["random", "copying", "constant"])
@pytest.mark.parametrize("t", [1, 2])
def test_no_learner_exceeds_the_mean_bounds(k: int, n: int, reused: int, kind: str, t: int) -> None:
    loop = TinyLoop(k, n, reused, 0.0, np.random.default_rng(k + n + t))
    for s in loop.sets if kind != "random" else []:
        loop.model[s] = np.eye(k)[s[0] if kind == "copying" else 0]
    d_tv = max(sum(w * loop.learning_error(g, s) for s, w in loop.weight.items()) for g in range(1, t + 1))
    gamma, eta = loop.gamma(t), min(max(loop.eta(t), 0.0), 1.0)
    for beta in (0.0, 0.05, 0.3):
        common = {"M": 1, "alpha": Fraction(reused, n), "t": t, "beta": beta, "d_tv": d_tv}
        worst = worst_gap(loop, t, beta)
        assert worst <= value("generalization_expected", **common, gamma=gamma) + SLACK
        assert worst <= value("generalization_hamming", **common, n=n, eta=eta) + SLACK
        if kind == "constant" and t == 1 and beta == 0:
            assert worst == pytest.approx(value("generalization_expected", **common, gamma=gamma), abs=SLACK)
        if kind == "random":
            # The stabilities alone, without the shift, do not hold.
            assert beta > 0 or worst > 1e-3


def test_expected_bound_is_attained_by_point_masses() -> None:
    # D_0 at a, D_1 at b, fixed loss M 1{z = a}: real risk M, empirical risk alpha M
    for alpha in (Fraction(1, 4), Fraction(1, 2)):
        bound = bounds.get("fu2025.generalization_expected")
        low, high = bound.enclose(M=3, alpha=alpha, beta=0, gamma=0, d_tv=1, t=1)
        assert low <= 3 * (1 - alpha) <= high


@pytest.mark.parametrize(("letters", "copies"), [(10, 5), (1000, 500)])
def test_expected_bound_is_nearly_attained_by_a_model_that_copies_the_reused_point(letters: int, copies: int) -> None:
    # The gap vanishes only if the fresh point happens to equal the copied one.
    gap = 1 - 1 / letters
    d_tv = 1 - 1 / letters
    bound = value(
        "generalization_expected", M=1, alpha=Fraction(1, copies + 1), beta=Fraction(1, copies), gamma=1, d_tv=d_tv, t=1
    )
    assert gap <= bound <= gap + 2 / copies


def test_given_real_bound_for_the_mean_predictor_of_coins() -> None:
    """Half of n coins are reused, the model is a coin with the real frequency, the loss squared; all sums are exact."""
    n, half, p = 24, 12, 0.3
    beta, eta = Fraction(2, n), Fraction(1, n)
    x = np.arange(half + 1)
    for delta in (0.01, 0.3):
        broken = 0.0
        for c, other in itertools.product(range(half + 1), repeat=2):
            model = (c + other) / n
            mean = (c + x) / n
            risk = p * (1 - mean) ** 2 + (1 - p) * mean**2
            gap = abs(binom.pmf(x, half, model) @ (risk - mean * (1 - mean)))
            bound = value(
                "generalization_given_real",
                n=n, alpha=Fraction(1, 2), M=1, beta=beta, eta=eta, d_tv=abs(model - p), t=1, delta=delta,
            )  # fmt: skip
            broken += binom.pmf(c, half, p) * binom.pmf(other, half, p) * (gap > bound)
        assert broken <= delta


def test_hamming_bound_keeps_its_order_where_gamma_does_not() -> None:
    for n in (10**4, 10**6):
        known = {"n": n, "alpha": Fraction(1, 2), "t": 10, "D": 1, "sigma": 1}
        gamma = value("gaussian_recursive_stability", draws="joint", **known)
        eta = value("gaussian_recursive_stability", draws="one", **known)
        common = {"M": 1, "alpha": Fraction(1, 2), "t": 10, "beta": Fraction(1, n), "d_tv": 0}
        assert value("generalization_expected", **common, gamma=gamma) > 0.2 / math.sqrt(n)
        assert value("generalization_hamming", **common, n=n, eta=eta) < 2 / n


def test_restated_rate_term_by_term() -> None:
    n, alpha, t, M, beta, gamma, d_tv, delta, C = 50, 0.25, 4, 2.0, 0.01, 0.2, 0.03, 0.125, 3.0
    shift = sum((1 - alpha) ** j for j in range(t)) * d_tv
    log = math.log(n) * math.log(8)
    expected = C * (M * 0.75 * shift + M * math.sqrt(math.log(8) / n) + beta * log + gamma * alpha * M * log)
    found = value("generalization", n=n, alpha=alpha, t=t, M=M, beta=beta, gamma=gamma, d_tv=d_tv, delta=delta, C=C)
    assert found == pytest.approx(expected, rel=1e-13)


def test_restated_rate_fails_over_all_noise_as_its_page_says() -> None:
    """The marking model has gap alpha M with probability gamma > delta, where any constant times the rate is smaller."""
    n = 10**16
    gamma = Fraction(1, n)
    rate = value(
        "generalization",
        n=n, alpha=Fraction(1, 2), t=1, M=1, beta=Fraction(2, n), gamma=gamma, d_tv=gamma, delta=gamma / 2, C=10**4,
    )  # fmt: skip
    assert rate < Fraction(1, 2)


def test_smallest_generalization_agrees_with_the_values() -> None:
    rng = np.random.default_rng(5)
    seen = set()
    for _ in range(60):
        n = int(rng.integers(2, 500))
        numbers = {
            "n": n, "alpha": rng.uniform(), "t": int(rng.integers(0, 9)), "M": 1, "beta": rng.uniform() / n**0.5,
            "gamma": rng.uniform(), "eta": rng.uniform() / n, "d_tv": rng.uniform() / 10, "delta": rng.uniform(0.01, 0.9),
        }  # fmt: skip
        found = smallest_generalization(**numbers)
        assert set(found.smallest) == {i for i, v in found.values.items() if v == min(found.values.values())}
        assert (found.smallest == ("fu2025.generalization_hamming",)) == (numbers["eta"] < found.crossing)
        seen |= set(found.smallest)
    assert seen == {"fu2025.generalization_expected", "fu2025.generalization_hamming"}
    tied = smallest_generalization(n=9, alpha=0, t=2, M=1, beta="0.1", gamma="0.5", eta="0.1", d_tv=0)
    assert len(tied.smallest) == 2

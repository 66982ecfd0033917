"""Enumerated loops against ordered brute force; learners against random attacks and exact minimisation."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog, minimize

from bounds.errors import ArgumentError
from verify.models.stability import (
    LossTable,
    SmoothedFrequencies,
    TabulatedModel,
    clipped_mean,
    clipped_mean_stability,
    count_vectors,
    enumerate_loop,
    fixed_predictor,
    law_quantile,
    memoriser,
    multinomial_laws,
    neighbours,
    places_of,
    ridge,
    ridge_residual,
    ridge_stability,
    ridge_weights,
    transport_cost,
)


@pytest.mark.parametrize(("size", "cells"), [(0, 2), (1, 3), (4, 1), (3, 3), (5, 2)])
def test_count_vectors_are_all_there_are(size: int, cells: int) -> None:
    sets = itertools.product(range(cells), repeat=size)
    expected = {tuple(np.bincount(np.array(s, dtype=int), minlength=cells).tolist()) for s in sets}
    found = [tuple(row) for row in count_vectors(size, cells).tolist()]
    assert sorted(found) == sorted(expected)
    assert places_of(count_vectors(size, cells)).tolist() == list(range(len(found)))
    near = {
        frozenset((a, b))
        for a, b in itertools.combinations(found, 2)
        if sum(abs(x - y) for x, y in zip(a, b, strict=True)) == 2
    }
    assert {frozenset((found[i], found[j])) for i, j in neighbours(size, cells)} == near


def test_multinomial_laws_by_adding_up_sequences() -> None:
    law = np.array([0.2, 0.5, 0.3])
    expected = np.zeros(len(count_vectors(4, 3)))
    for sequence in itertools.product(range(3), repeat=4):
        expected[places_of(np.bincount(sequence, minlength=3))] += np.prod(law[list(sequence)])
    np.testing.assert_allclose(multinomial_laws(4, law), expected, atol=1e-15)


class Brute:
    """The same loop over ordered training sets: probabilities of every history, nothing merged."""

    def __init__(self, p0: np.ndarray, reused: int, synthetic: int, fit, learner: LossTable) -> None:
        self.p0, self.reused, self.synthetic, self.fit, self.learner = p0, reused, synthetic, fit, learner
        self.k, self.n = p0.size, reused + synthetic

    def counts(self, points: tuple[int, ...]) -> np.ndarray:
        return np.bincount(np.array(points, dtype=int), minlength=self.k)

    def histories(self, real: tuple[int, ...], t: int):
        """Yield the probability, the models of generations 1 to t, and the last block, given the real points."""
        stack = [(1.0, [self.fit(self.counts(real))], ())]
        for step in range(t):
            longer = []
            for chance, models, _ in stack:
                for block in itertools.product(range(self.k), repeat=self.synthetic):
                    p = chance * float(np.prod(models[-1][list(block)]))
                    if p > 0:
                        after = models + ([self.fit(self.counts(real[: self.reused] + block))] if step < t - 1 else [])
                        longer.append((p, after, block))
            stack = longer
        return stack

    def real_sets(self):
        for real in itertools.product(range(self.k), repeat=self.n):
            yield float(np.prod(self.p0[list(real)])), real

    def block_law(self, real: tuple[int, ...], t: int) -> dict[tuple[int, ...], float]:
        law: dict[tuple[int, ...], float] = {}
        for p, _, block in self.histories(real, t):
            law[block] = law.get(block, 0.0) + p
        return law

    def gap(self, real: tuple[int, ...], t: int) -> float:
        total = 0.0
        for block, p in self.block_law(real, t).items():
            points = real[: self.reused] + block
            losses = self.learner.losses[places_of(self.counts(points))]
            total += p * (float(self.p0 @ losses) - float(np.mean(losses[list(points)])))
        return total

    def replaced(self):
        for real in itertools.product(range(self.k), repeat=self.n):
            for place, value in itertools.product(range(self.reused), range(self.k)):
                yield real, (*real[:place], value, *real[place + 1 :])


def tv(a: np.ndarray, b: np.ndarray) -> float:
    return 0.5 * float(np.abs(a - b).sum())


@pytest.mark.parametrize(
    ("k", "reused", "synthetic"), [(2, 1, 1), (2, 1, 2), (2, 2, 1), (3, 1, 1), (2, 2, 0), (2, 0, 2)]
)
@pytest.mark.parametrize("t", [1, 2, 3])
def test_enumeration_by_brute_force(k: int, reused: int, synthetic: int, t: int) -> None:
    rng = np.random.default_rng(100 * k + 10 * reused + synthetic)
    p0, n = rng.dirichlet(np.ones(k)), reused + synthetic
    fit = TabulatedModel(rng.dirichlet(np.ones(k), len(count_vectors(n, k))))
    learner = LossTable(n, rng.random((len(count_vectors(n, k)), k)))
    brute, loop = Brute(p0, reused, synthetic, fit, learner), enumerate_loop(p0, reused, synthetic, fit, t)
    alpha = reused / n
    gaps, shift, errors = [], 0.0, np.zeros(t)
    for weight, real in brute.real_sets():
        gaps.append((weight, brute.gap(real, t)))
        for p, models, _ in brute.histories(real, t):
            shift += weight * p * tv(models[t - 1], p0)
            errors[0] += weight * p * tv(models[0], p0)
            for g in range(1, t):
                errors[g] += weight * p * tv(models[g], alpha * p0 + (1 - alpha) * models[g - 1])
    assert loop.expected_gap(t, learner).value == pytest.approx(abs(sum(w * g for w, g in gaps)), abs=1e-13)
    assert loop.expected_shift(t).value == pytest.approx(shift, abs=1e-13)
    assert loop.d_tv(t) == pytest.approx(errors.max(), abs=1e-13)
    for probability in (0.1, 0.5, 0.9):
        found = loop.gap_quantile(t, learner, probability).value
        assert sum(w for w, g in gaps if abs(g) <= found + 1e-9) >= probability - 1e-9
        assert sum(w for w, g in gaps if abs(g) < found - 1e-9) < probability
    gamma = eta = 0.0
    for real, other in brute.replaced():
        left, right = brute.block_law(real, t), brute.block_law(other, t)
        gamma = max(gamma, 0.5 * sum(abs(left.get(b, 0) - right.get(b, 0)) for b in left.keys() | right.keys()))
        eta = max(eta, _transport(brute.histories(real, t), brute.histories(other, t), t))
    assert loop.gamma(t) == pytest.approx(gamma, abs=1e-13)
    assert loop.eta(t) == pytest.approx(eta, abs=1e-7)


def _transport(left, right, t: int) -> float:
    """Best coupling of all histories, by the dual programme."""
    sides = []
    for stack in (left, right):
        merged: dict[tuple[float, ...], float] = {}
        for p, models, _ in stack:
            key = tuple(models[t - 1].tolist())
            merged[key] = merged.get(key, 0.0) + p
        sides.append(merged)
    (a, p), (b, q) = ((list(side), np.array(list(side.values()))) for side in sides)
    rows = [np.eye(len(a))[i].tolist() + np.eye(len(b))[j].tolist() for i in range(len(a)) for j in range(len(b))]
    costs = [tv(np.array(x), np.array(y)) for x in a for y in b]
    found = linprog(-np.concatenate([p, q]), A_ub=rows, b_ub=costs, bounds=(None, None))
    return float(-found.fun)


def test_gamma_of_copied_points_by_hand() -> None:
    # One reused point of two, model = frequencies: D_1 gives the reused point mass 1/2 or 1.
    loop = enumerate_loop([0.5, 0.5], 1, 1, SmoothedFrequencies(np.array([0.5, 0.5])), 1)
    assert (loop.gamma(1), loop.eta(1)) == (0.5, 0.5)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_transport_on_a_line_by_distribution_functions(seed: int) -> None:
    # Laws on two points: total variation is the distance of the first masses, and the cost the area between the
    # distribution functions.
    rng = np.random.default_rng(seed)
    p, q, x, y = (rng.dirichlet(np.ones(6)), rng.dirichlet(np.ones(5)), rng.random(6), rng.random(5))
    grid = np.sort(np.concatenate([x, y]))
    below = [np.array([w[v <= g].sum() for g in grid]) for w, v in ((p, x), (q, y))]
    expected = float((np.abs(below[0] - below[1])[:-1] * np.diff(grid)).sum())
    left, right = np.stack([x, 1 - x], axis=1), np.stack([y, 1 - y], axis=1)
    assert transport_cost(p, left, q, right) == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize("n", [1, 2, 5])
def test_stability_of_the_clipped_mean_is_attained_and_never_exceeded(n: int) -> None:
    radius = 1.5
    exact = clipped_mean_stability(n, radius)
    grid = clipped_mean(n, [-4.0, -1.5, 0.2, 2.0], radius)
    assert grid.beta == pytest.approx(exact, rel=1e-12)
    rng = np.random.default_rng(n)
    points = np.clip(3 * rng.standard_normal((4000, n + 2)), -radius, radius)
    before, after = points[:, :n].mean(axis=1), points[:, 1 : n + 1].mean(axis=1)
    moved = np.abs((before - points[:, -1]) ** 2 - (after - points[:, -1]) ** 2)
    assert 0.3 * exact < moved.max() <= exact * (1 + 1e-12)


@pytest.mark.parametrize(("n", "penalty"), [(1, 0.5), (3, 0.1), (10, 1.0), (40, 0.02)])
def test_ridge_is_as_stable_as_its_bound_says(n: int, penalty: float) -> None:
    rng = np.random.default_rng(n)
    u = rng.standard_normal((20_000 // n, n + 1, 2))
    u /= np.maximum(1.0, np.linalg.norm(u, axis=-1, keepdims=True))
    y = rng.choice([-1.0, 1.0, 0.3], u.shape[:2])
    even = np.full((len(u), n), 1 / n)
    before, after = ridge_weights(even, u[:, :-1], y[:, :-1], penalty), ridge_weights(even, u[:, 1:], y[:, 1:], penalty)
    z, target = u[:, 0], y[:, 0]
    losses = [(target - (w * z).sum(axis=1)) ** 2 for w in (before, after)]
    beta = ridge_stability(n, penalty, 1.0, 1.0)
    assert 0.01 * beta < np.abs(losses[0] - losses[1]).max() <= beta
    assert max(losses[0].max(), losses[1].max()) <= ridge_residual(penalty, 1.0, 1.0) ** 2


def test_ridge_weights_minimise_the_objective() -> None:
    rng = np.random.default_rng(5)
    u, y = rng.standard_normal((7, 3)), rng.standard_normal(7)
    found = ridge_weights(np.full((1, 7), 1 / 7), u, y, 0.4)[0]
    best = minimize(lambda w: np.mean((y - u @ w) ** 2) + 0.4 * w @ w, np.zeros(3), tol=1e-12).x
    np.testing.assert_allclose(found, best, atol=1e-5)


def test_ridge_table_by_its_weights() -> None:
    table = ridge(2, [[1.0], [-0.5]], [1.0, 0.25], 0.3)
    weight = (0.5 * (1.0 + -0.125)) / (0.5 * 1.25 + 0.3)
    assert table.losses[1] == pytest.approx([(1 - weight) ** 2, (0.25 + 0.5 * weight) ** 2])


def test_quantile_of_a_law_with_a_rounded_tie() -> None:
    found = law_quantile(np.array([3.0, 1.0, 2.0]), np.array([0.3, 0.4, 0.3]), 0.7, 0.0)
    assert (found.value - found.error, found.value + found.error) == (2.0, 3.0)  # 0.4 + 0.3 may round to either side
    assert law_quantile(np.array([3.0, 1.0, 2.0]), np.array([0.3, 0.4, 0.3]), 0.6, 0.0).value == 2.0


def test_refusals() -> None:
    with pytest.raises(ArgumentError, match="one law"):
        enumerate_loop([[0.5, 0.5]], 1, 1, SmoothedFrequencies(np.array([0.5, 0.5])), 1)
    loop = enumerate_loop([0.5, 0.5], 1, 1, SmoothedFrequencies(np.array([0.5, 0.5])), 1)
    with pytest.raises(ArgumentError, match="training sets have 2"):
        loop.expected_gap(1, memoriser(3, 2))
    with pytest.raises(ArgumentError, match="a row for every training set"):
        LossTable(2, np.zeros((2, 2)))
    with pytest.raises(ArgumentError, match="finite"):
        fixed_predictor(2, [0.0, np.nan])
    with pytest.raises(ArgumentError, match="positive"):
        ridge_stability(3, 0.0, 1.0, 1.0)

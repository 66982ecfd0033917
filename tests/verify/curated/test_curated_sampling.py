"""Sampled loops against the exact step and an exact Markov chain."""

import math

import numpy as np
import pytest
from scipy.stats import binomtest

from verify.models.curated import curated_sample_loop, curated_step, random_instance, sample_winners

INF = math.inf
LEVEL = 1e-6  # false alarm level of each statistical test below, spent evenly over its cells


def rejects(counts, law, level=LEVEL):
    """Exact binomial test of every cell."""
    total = int(np.sum(counts))
    return any(
        binomtest(int(c), total, float(min(v, 1.0))).pvalue < level / len(law) for c, v in zip(counts, law, strict=True)
    )


@pytest.mark.parametrize("K", [1, 2, 4])
def test_winners_of_groups_follow_the_exact_step(K):
    p, r = [0.1, 0.0, 0.6, 0.3], [2.0, 5.0, 0.0, 1.0]
    counts = sample_winners(np.random.default_rng(K), p, r, K, 40_000)
    assert counts.sum() == 40_000
    assert counts[1] == 0
    assert not rejects(counts, curated_step(p, r, K).p)
    assert rejects(counts, curated_step(p, r, K + 1).p)  # power: the wrong number of draws is refuted


@pytest.mark.parametrize("draw", ["winners", "groups"])
@pytest.mark.parametrize("lam", [0.5, INF])
def test_sampled_loop_mean_is_the_exact_step(draw, lam):
    p, r, ref = [0.2, 0.5, 0.3], [1.0, 0.0, 2.0], [0.6, 0.2, 0.2]
    path = curated_sample_loop(np.random.default_rng(7), p, r, 3, lam, 50, 1, 800, ref, draw)
    counts = np.rint(path[1] * 50).sum(axis=0)
    assert not rejects(counts, curated_step(p, r, 3, lam, ref).p)
    assert rejects(counts, curated_step(p, r, 3, 0.8, ref).p)


@pytest.mark.parametrize("draw", ["winners", "groups"])
def test_sampled_loop_has_the_law_of_the_exact_chain(draw):
    n, steps, p0, r, K, lam = 3, 3, 0.5, [0.0, 0.8], 2, 2.0
    chance = [float(curated_step([1 - c / n, c / n], r, K, lam, [1 - p0, p0]).p[1]) for c in range(n + 1)]
    kernel = np.array([[math.comb(n, j) * a**j * (1 - a) ** (n - j) for j in range(n + 1)] for a in chance])
    first = float(curated_step([1 - p0, p0], r, K, lam, [1 - p0, p0]).p[1])
    law = np.array([math.comb(n, j) * first**j * (1 - first) ** (n - j) for j in range(n + 1)])
    for _ in range(steps - 1):
        law = law @ kernel
    path = curated_sample_loop(
        np.random.default_rng(3), [1 - p0, p0], r, K, lam, n, steps, 20_000 if draw == "winners" else 4000, draw=draw
    )
    counts = np.bincount(np.rint(path[-1, :, 1] * n).astype(int), minlength=n + 1)
    assert not rejects(counts, law)


def test_sampled_loop_keeps_dead_atoms_dead_and_is_reproducible():
    case = random_instance(np.random.default_rng(0), 6, 2.0, zeros=2, smallest=1e-3)
    runs = [
        curated_sample_loop(np.random.default_rng(9), case.p0, case.rewards, INF, INF, 20, 30, 200) for _ in range(2)
    ]
    assert np.array_equal(*runs)
    dead = runs[0][:-1] == 0.0
    assert np.all(runs[0][1:][dead] == 0.0)
    np.testing.assert_allclose(runs[0].sum(axis=-1), 1.0, rtol=1e-14)


def test_random_instance_shape():
    case = random_instance(np.random.default_rng(2), 9, 4.0, ties=3, zeros=2, smallest=1e-9)
    assert (case.rewards == 4.0).sum() == 3
    assert (case.p0 == 0.0).sum() == 2
    assert case.p0.sum() == pytest.approx(1.0, abs=1e-15)
    assert random_instance(np.random.default_rng(2), 1).p0.tolist() == [1.0]

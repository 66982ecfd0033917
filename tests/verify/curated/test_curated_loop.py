"""Oracles: enumeration of groups in high precision, the ball trajectory for the fast one, closed forms."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from curated_oracles import enumerate_weights, mp_law, worst_relative
from flint import arb, ctx
from mpmath import mp, mpf

from verify.models.curated import (
    curated_loop,
    curated_step,
    enclosed_loop,
    kl_divergence,
    random_instance,
    total_variation,
)

INF = math.inf


def test_step_is_the_mixture_of_real_and_curated():
    p, ref, r = [0.2, 0.3, 0.5], [0.5, 0.25, 0.25], [1.0, -1.0, 0.5]
    step = curated_step(p, r, 3, 2.0, ref)
    with mp.workdps(40):
        law = mp_law(p)
        truth = [(mpf(b) + 2 * a * h) / 3 for a, b, h in zip(law, ref, enumerate_weights(law, r, 3), strict=True)]
        assert worst_relative(step.p, truth) <= step.relative_error < 1e-12


def test_batches_equal_single_runs():
    rng = np.random.default_rng(1)
    laws, r = rng.dirichlet(np.ones(4), size=(2, 3)), rng.normal(size=4)
    batch = curated_loop(laws, r, 7, 1.5, 5)
    assert batch.p.shape == batch.shift.shape == (6, 2, 3, 4)
    for i, j in itertools.product(range(2), range(3)):
        np.testing.assert_allclose(batch.p[:, i, j], curated_loop(laws[i, j], r, 7, 1.5, 5).p, rtol=1e-13)


@pytest.mark.parametrize(("K", "lam"), [(2, INF), (5, 1.0), (1000, 0.25), (INF, INF), (INF, 3.0), (1, 2.0)])
def test_float_trajectory_lies_in_the_rigorous_one(K, lam):
    case = random_instance(np.random.default_rng(11), 4, 4.0)
    steps = 12
    path = curated_loop(case.p0, case.rewards, K, lam, steps)
    sure = enclosed_loop(list(case.p0), list(case.rewards), K, lam, steps, digits=25)
    with ctx.workprec(sure.bits):
        for t in range(steps + 1):
            for value, ball in zip(path.p[t], sure.masses[t], strict=True):
                assert abs(arb(float(value)) / ball - 1) < 1e-12
            peak = path.p[: t + 1].max(axis=0)
            for shift, ball, start, top in zip(path.shift[t], sure.masses[t], sure.masses[0], peak, strict=True):
                assert abs(arb(float(shift)) - (ball - start)) <= 1e-13 * float(top)
        assert path.step_error < 1e-12


def test_enclosure_holds_the_enumerated_truth():
    p, r = [Fraction(1, 3), Fraction(1, 6), Fraction(1, 2)], [0, Fraction(1, 2), 3]
    sure = enclosed_loop(p, r, 4, Fraction(2, 3), 2, digits=50)
    with mp.workdps(70):
        law = first = [mpf(v.numerator) / v.denominator for v in p]
        for _ in range(2):
            weights = enumerate_weights(law, r, 4)
            law = [(a * 3 + 2 * b * h) / 5 for a, b, h in zip(first, law, weights, strict=True)]
        with ctx.workprec(300):
            for ball, truth in zip(sure.masses[2], law, strict=True):
                assert ball.rel_accuracy_bits() > 166
                assert ball.overlaps(arb(mp.nstr(truth, 65), 1e-60))


def test_enclosure_is_not_reached_by_a_different_loop():
    sure = enclosed_loop([0.5, 0.5], [0, 1], 3, INF, 1, digits=30).masses[1][1]
    other = enclosed_loop([0.5, 0.5], [0, 1], 4, INF, 1, digits=30).masses[1][1]
    assert not sure.overlaps(other)


def test_enclosure_survives_many_draws_and_generations():
    sure = enclosed_loop([1e-6, 0.4, 0.6 - 1e-6], [3, 1, 0], 10**5, INF, 25, digits=20)
    path = curated_loop([1e-6, 0.4, 0.6 - 1e-6], [3, 1, 0], 10**5, INF, 25)
    for value, ball in zip(path.p[-1], sure.masses[-1], strict=True):
        assert abs(float(value) / float(ball.mid()) - 1) < 1e-11


def test_pure_limit_is_exponential_tilting():
    case = random_instance(np.random.default_rng(8), 6, 2.0, ties=2)
    path = curated_loop(case.p0, case.rewards, INF, INF, 200)
    tilted = np.log(case.p0) + 200 * case.rewards
    tilted -= tilted.max() + math.log(np.exp(tilted - tilted.max()).sum())
    np.testing.assert_allclose(np.log(path.p[-1]), tilted, rtol=1e-11)


def test_uncurated_mixture_contracts_exactly():
    p0, ref = np.array([0.7, 0.2, 0.1]), np.array([0.1, 0.1, 0.8])
    path = curated_loop(p0, [0.0, 5.0, 1.0], 1, 0.25, 60, ref)
    distance = 0.5 * np.abs(path.shift).sum(axis=-1)
    np.testing.assert_allclose(distance, 0.2 ** np.arange(61) * total_variation(p0, ref), rtol=1e-13)


def test_slow_loop_shift_is_accurate():
    r = [0.0, 1e-9, 2e-9]
    path = curated_loop([0.2, 0.5, 0.3], r, 3, 1e-6, 2)
    with mp.workdps(60):
        law = first = mp_law([0.2, 0.5, 0.3])
        lam = mpf(1e-6)
        for _ in range(2):
            law = [
                (a + lam * b * h) / (1 + lam) for a, b, h in zip(first, law, enumerate_weights(law, r, 3), strict=True)
            ]
        truth = [a - b for a, b in zip(law, first, strict=True)]
        assert worst_relative(path.shift[2], truth) < 1e-12
        exact = sum(a * mp.log(a / b) for a, b in zip(law, first, strict=True))
        assert abs(mpf(float(kl_divergence(path.p[2], path.p[0], path.shift[2]))) / exact - 1) < 1e-11

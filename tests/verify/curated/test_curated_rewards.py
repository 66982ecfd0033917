"""Rewards and distances against high precision, where plain subtraction would lose every digit."""

import math

import numpy as np
import pytest
from curated_oracles import enumerate_weights, mp_law
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf

from verify.models.curated import (
    curated_loop,
    curated_step,
    kl_divergence,
    kl_to_maximisers,
    random_instance,
    reward_gain,
    reward_moments,
    total_variation,
)
from verify.models.curated.distances import _phi

INF = math.inf


@pytest.mark.parametrize("K", [2, 3, 4, INF])
@pytest.mark.parametrize(
    ("p", "rewards"),
    [
        ([1.0, 1e-40, 1e-70], [1.0, 0.0, 5.0]),
        ([1e-40, 1.0, 1e-30], [0.0, 0.0, -9.0]),
        ([0.5, 0.25, 0.25], [1.0, 1.0 + 2.0**-40, 1.0 - 2.0**-42]),
        ([0.2, 0.3, 0.5], [20.0, 0.0, 3.0]),
    ],
)
def test_gain_keeps_its_digits(p, rewards, K):
    gain = float(reward_gain(p, rewards, K))
    with mp.workdps(200):
        law, y = mp_law(p), [mp.exp(mpf(v)) for v in rewards]
        mean = sum(a * b for a, b in zip(law, y, strict=True))
        weights = [v / mean for v in y] if K == INF else enumerate_weights(law, rewards, K)
        truth = sum(a * h * b for a, h, b in zip(law, weights, y, strict=True)) - mean
        assert abs(mpf(gain) / truth - 1) < 1e-13


def test_gain_agrees_with_the_step_and_vanishes_without_choice():
    case = random_instance(np.random.default_rng(4), 7, 3.0, smallest=0.1)
    y = np.exp(case.rewards)
    for K in (2, 9, 300, 10**6, INF):
        direct = curated_step(case.p0, case.rewards, K).p @ y - case.p0 @ y
        assert float(reward_gain(case.p0, case.rewards, K)) == pytest.approx(direct, rel=1e-11)
    assert reward_gain(case.p0, case.rewards, 1) == 0.0
    assert reward_gain(case.p0, np.ones(7), 5) == 0.0
    assert reward_gain([[1.0, 0.0], [0.5, 0.5]], [0.0, 1.0], 5).tolist()[0] == 0.0


def test_moments_against_high_precision():
    p, r = [1e-30, 1.0, 0.0, 2e-30], [0.0, 1.0, 7.0, 1.0]
    m = reward_moments(p, r)
    with mp.workdps(100):
        law, y = mp_law(p), [mp.exp(v) for v in r]
        mean = sum(a * b for a, b in zip(law, y, strict=True))
        variance = sum(a * (b - mean) ** 2 for a, b in zip(law, y, strict=True))
        assert abs(mpf(float(m.mean)) / mean - 1) < 1e-15
        assert abs(mpf(float(m.variance)) / variance - 1) < 1e-14
    assert (float(m.gap), float(m.range), float(m.off_star)) == (1.0, 1.0, 1e-30)
    assert float(m.y_max) == math.exp(1.0)
    alone = reward_moments([[0.0, 1.0], [0.5, 0.5]], [0.0, 2.0])
    assert alone.gap.tolist() == [INF, 2.0]
    assert alone.range.tolist() == [0.0, 2.0]
    assert alone.p_star.tolist() == [1.0, 0.5]


def test_kl_to_maximisers_follows_the_loop_down_to_tiny_masses():
    r = [0.0, 1.0, 1.0]
    path = curated_loop([0.5, 0.25, 0.25], r, INF, INF, 300)
    np.testing.assert_allclose(kl_to_maximisers(path.p, r), np.log1p(np.exp(-np.arange(301.0))), rtol=1e-11)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.floats(1e-6, 1), st.floats(-0.999999, 1e3)), min_size=2, max_size=6),
    st.sampled_from([1.0, 1e-3, 1e-9]),
)
def test_kl_against_high_precision(pairs, shrink):
    q = np.array([a for a, _ in pairs])
    p = q * (1 + shrink * np.array([b for _, b in pairs]))
    p, q = p / p.sum(), q / q.sum()
    with mp.workdps(60):
        # The same formula for masses that miss 1 by a rounding: sum p log(p/q) - p + q.
        truth = sum(
            mpf(a) * mp.log(mpf(a) / mpf(b)) - mpf(a) + mpf(b) for a, b in zip(p.tolist(), q.tolist(), strict=True)
        )
        found = _phi((p - q) / q) @ q
        # p - q is exact or carries half an ulp of p: relative error 2^-53 p/|p-q| in the deviation.
        assert abs(mpf(float(found)) - truth) <= 1e-13 * truth + 4e-16 * float(np.abs(np.log(p / q)) @ np.abs(p - q))
    assert float(kl_divergence(p, q)) >= 0.0


def test_kl_at_the_edges():
    assert float(kl_divergence([1.0, 0.0], [0.5, 0.5])) == pytest.approx(math.log(2.0), rel=1e-15)
    assert float(kl_divergence([0.5, 0.5], [1.0, 0.0])) == INF
    assert float(kl_divergence([0.0, 1.0], [0.0, 1.0])) == 0.0
    assert float(total_variation([1.0, 0.0], [0.0, 1.0])) == 1.0

"""Oracles: enumeration of groups in high precision, binomial sums for huge K, quadrature in another variable."""

import math
from dataclasses import replace

import numpy as np
import pytest
from curated_oracles import binomial_weights, enumerate_weights, mp_law, worst_relative
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf

from bounds.errors import EnclosureError
from verify.models.curated import curated_step, curation_weights, integral, random_instance
from verify.models.curated.weights import Curation

INF = math.inf


@pytest.mark.parametrize("seed", range(24))
def test_weights_match_enumeration_within_the_stated_error(seed):
    rng = np.random.default_rng(seed)
    m, K = int(rng.integers(1, 6)), int(rng.integers(1, 6))
    case = random_instance(rng, m, float(rng.choice([0.0, 1e-8, 0.5, 5.0, 20.0, 60.0])), int(rng.integers(1, m + 1)))
    w = curation_weights(case.p0, case.rewards, K)
    with mp.workdps(40):
        truth = enumerate_weights(mp_law(case.p0), case.rewards, K)
        worst = worst_relative(w.values, truth)
        assert worst <= w.relative_error + 2.0**-53
        assert worst < 1e-13
        for value, bound, exact in zip(w.excess, w.excess_error, truth, strict=True):
            assert abs(mpf(float(value)) - (exact - 1)) <= bound + mpf(10) ** -37


@pytest.mark.parametrize("zeros", [1, 3])
def test_zero_masses_get_the_weight_they_would_have(zeros):
    case = random_instance(np.random.default_rng(5), 4, 6.0, zeros=zeros)
    w = curation_weights(case.p0, case.rewards, 4)
    with mp.workdps(40):
        assert worst_relative(w.values, enumerate_weights(mp_law(case.p0), case.rewards, 4)) <= w.relative_error


@pytest.mark.parametrize("K", [2, 10, 1000, 10**6])
@pytest.mark.parametrize("q", [1e-9, 1e-6, 1e-3, 0.5, 0.999])
@pytest.mark.parametrize("spread", [0.1, 20.0])
def test_weights_match_binomial_sum_up_to_a_million_draws(K, q, spread):
    if K * q * (1 - q) > 2000:
        q = q / K * 1000
    for rewards in ([0.0, spread], [spread, 0.0]):
        w = curation_weights([1 - q, q], rewards, K)
        with mp.workdps(45):
            law = mp_law([1 - q, q])
            truth = binomial_weights(law[1], mp.exp(rewards[0]), mp.exp(rewards[1]), K)
            worst = worst_relative(w.values, truth)
        assert worst <= w.relative_error
        assert worst < 1e-12
    assert w.relative_error < 2e-13


def test_many_atoms_match_direct_quadrature():
    case = random_instance(np.random.default_rng(3), 40, 8.0, ties=3)
    w = curation_weights(case.p0, case.rewards, 50)
    with mp.workdps(30):
        p, y = mp_law(case.p0), [mp.exp(mpf(float(v))) for v in case.rewards]
        scale = 50 * sum(a * b for a, b in zip(p, y, strict=True))
        for i in (0, 17):

            def integrand(t, i=i):  # t = u/(1+u), a change of variables unlike the code's
                u = t / (1 - t) / scale
                mean = sum(a * mp.exp(-u * b) for a, b in zip(p, y, strict=True))
                return 50 * y[i] * mp.exp(-u * y[i]) * mean**49 / (1 - t) ** 2 / scale

            truth = mp.quad(integrand, [0, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 1])
            assert abs(mpf(float(w.values[i])) / truth - 1) < 1e-12


def test_limits_in_draws_and_mixing():
    p, r = np.array([0.2, 0.3, 0.5]), np.array([0.0, 1.0, 3.0])
    y = np.exp(r)
    np.testing.assert_allclose(curation_weights(p, r, INF).values, y / (p @ y), rtol=1e-14)
    np.testing.assert_allclose(curation_weights(p, r, INF).excess, y / (p @ y) - 1, rtol=1e-12)
    assert np.all(curation_weights(p, r, 1).values == 1.0)
    assert np.all(curation_weights(p, [2.0, 2.0, 2.0], 7).values == 1.0)
    assert np.all(curation_weights([1.0], [4.0], 9).values == 1.0)
    np.testing.assert_allclose(curated_step([0.0, 1.0, 0.0], r, 5).p, [0, 1, 0], rtol=1e-15)
    assert np.array_equal(curated_step(p, r, 5, 0, [0.25, 0.25, 0.5]).p, [0.25, 0.25, 0.5])
    near = curation_weights(p, r, 10**9).values  # H_K -> H_inf at rate 1/K
    np.testing.assert_allclose(near, y / (p @ y), rtol=1e-7)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), m=st.integers(1, 12), K=st.integers(1, 10**6), spread=st.floats(0, 100))
def test_weights_invariants(seed, m, K, spread):
    rng = np.random.default_rng(seed)
    case = random_instance(rng, m, spread, zeros=int(rng.integers(0, m)))
    w = curation_weights(case.p0, case.rewards, K)
    assert abs(case.p0 @ w.values - 1) <= w.relative_error + 1e-15
    tiny = 2 * w.relative_error + 1e-15
    order = np.argsort(case.rewards)
    assert np.all(np.diff(w.values[order]) >= -tiny * w.values[order][1:])
    R = float(np.ptp(case.rewards))
    assert np.all(w.values <= K / (1 + (K - 1) * math.exp(-R)) * (1 + tiny))
    shuffle = rng.permutation(m)
    np.testing.assert_allclose(
        curation_weights(case.p0[shuffle], case.rewards[shuffle], K).values, w.values[shuffle], rtol=tiny
    )
    np.testing.assert_allclose(curation_weights(case.p0, case.rewards + 64.0, K).values, w.values, rtol=1e-12)


@pytest.mark.parametrize("step", [0.5, 1.0, 2.0])
def test_stated_error_of_a_coarse_rule_is_honest_and_tight(monkeypatch, step):
    monkeypatch.setattr(integral, "_STEP", step)
    r = np.array([0.0, 3.0])
    rule = integral.quadrature(r, 2)
    worst = mpf(0)
    for q in np.linspace(0.0, 1.0, 21):
        p = np.array([[1 - q, q]])
        # The normalisation is not asked of a coarse rule, so the sums are formed here.
        values = 2 * rule.y * ((rule.weights * np.exp(rule.log_transform(p))) @ rule.decay)[0]
        with mp.workdps(30):
            worst = max(worst, worst_relative(values, enumerate_weights(mp_law(p[0]), r, 2)))
    assert rule.relative_error / 10 < worst < rule.relative_error


def test_a_wrong_integral_is_noticed():
    r = np.array([0.0, 1.0])
    rule = integral.quadrature(r, 3)
    spoilt = replace(rule, weights=rule.weights * (1 + 1e-12))
    with pytest.raises(EnclosureError, match="miss 1"):
        Curation(K=3, r=r, rule=spoilt).weights(np.array([[0.3, 0.7]]))

"""The largest divergence a curated loop can reach: the settings designed for it, and loops that may not exceed it."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf

from verify.check import QUICK, Setting
from verify.checks.ferbach2024.divergence import CHECKS
from verify.checks.ferbach2024.loops import Loop, ranked_loop
from verify.evidence import Verdict
from verify.judging import judge_theorem
from verify.models.curated import curated_loop, enclosed_loop, kl_divergence

BALL = CHECKS[1]


def largest(K: int, lam: float) -> float:
    """The largest divergence there is, after any number of rounds."""
    with mp.workdps(25):
        found = mp.quad(lambda v: mp.log(1 + lam - mpf(lam) * K * v ** (K - 1)), mp.linspace(0, 1, 9))
        return float(-found)


def largest_after(K: int, lam: float, t: int, cells: int = 4000) -> float:
    """The same after t rounds: the divergence of the law of ranks when the best of K is always kept."""
    reach = np.linspace(0, 1, cells + 1)
    at = reach.copy()
    slopes = np.ones(cells + 1)
    for _ in range(t):
        slopes = (1 + lam * K * (1 - at) ** (K - 1) * slopes) / (1 + lam)
        at = (reach + lam * (1 - (1 - at) ** K)) / (1 + lam)
    values = slopes * np.log(slopes)
    # Simpson's rule; the slopes are polynomials of the reach.
    weights = np.ones(cells + 1)
    weights[1:-1:2], weights[2:-1:2] = 4, 2
    return float((weights * values).sum() / (3 * cells))


def rigorous(loop: Loop) -> float:
    """The divergence in 40 digits: pairs written out for K = 2, ball arithmetic otherwise."""
    K, lam = int(loop.candidates), Fraction(loop.ratio)
    reference = [Fraction(x) / sum(map(Fraction, loop.reference)) for x in loop.reference]
    with mp.workdps(40):
        start = [mpf(x.numerator) / x.denominator for x in reference]
        if K == 2:
            wins = [[2 / (1 + mp.exp(mpf(b) - mpf(a))) for b in loop.rewards] for a in loop.rewards]
            law, ratio = start, mpf(lam.numerator) / lam.denominator
            for _ in range(loop.generation):
                kept = [p * mp.fdot(law, row) for p, row in zip(law, wins, strict=True)]
                law = [(q + ratio * p) / (1 + ratio) for q, p in zip(start, kept, strict=True)]
        else:
            path = enclosed_loop(reference, [Fraction(x) for x in loop.rewards], K, lam, loop.generation)
            law = [mpf(p.mid().str(35, radius=False)) for p in path.masses[loop.generation]]
        return float(mp.fsum(p * mp.log(p / q) for p, q in zip(law, start, strict=True)))


@pytest.mark.parametrize(
    "loop",
    [
        ranked_loop(40, 2, Fraction(421, 500), 40),
        ranked_loop(8, 3, Fraction(213, 500), 5),
        Loop(np.array([0.1, 0.9]), np.array([15.0, 0.0]), 2.0, 0.9, 40, np.array([0.1, 0.9])),
        Loop(np.array([1e-4, 1 - 1e-4]), np.array([8.0, 0.0]), 3.0, 0.4, 10, np.array([1e-4, 1 - 1e-4])),
        Loop(np.array([0.4, 0.6]), np.array([0.05, 0.0]), 2.0, 0.01, 6, np.array([0.4, 0.6])),
    ],
)
def test_the_stated_error_of_a_divergence_is_kept(loop: Loop) -> None:
    evidence = BALL.measure(setting_of(loop), QUICK, np.random.default_rng(0))
    assert abs(evidence.value - rigorous(loop)) <= evidence.error < 1e-5 * evidence.value + 1e-14


def setting_of(loop: Loop) -> Setting:
    return Setting("", {"K": int(loop.candidates), "lam": Fraction(loop.ratio)}, loop)


@pytest.mark.parametrize(("K", "ratio", "share"), [(2, Fraction(421, 500), 0.0858), (3, Fraction(213, 500), 0.0575)])
def test_designed_loops_come_within_a_percent_of_the_largest_divergence(K: int, ratio: Fraction, share: float) -> None:
    loop = ranked_loop(40, K, ratio, 40)
    setting = setting_of(loop)
    evidence = BALL.measure(setting, QUICK, np.random.default_rng(0))
    most = largest(K, float(ratio))
    assert 0.99 * most < evidence.value < most
    found = judge_theorem(BALL.theorem, setting, evidence, 1e-5)
    assert found.verdict is Verdict.EXACT
    assert found.ratio == pytest.approx(share, abs=1e-4)
    closer = BALL.controls[1]
    assert "largest divergence" in closer.name
    assert judge_theorem(closer.theorem, setting, evidence, 1e-5).verdict is Verdict.VIOLATED
    assert closer.theorem.evaluate(**setting.arguments) == pytest.approx(0.98 * most, rel=1e-12)


def test_the_largest_divergence_of_two_candidates_in_closed_form() -> None:
    for lam in (0.05, 0.5, 0.842, 0.999):
        closed = 1 - ((1 + lam) * math.log1p(lam) - (1 - lam) * math.log1p(-lam)) / (2 * lam)
        assert largest(2, lam) == pytest.approx(closed, rel=1e-12)
    assert largest(2, 1 - 1e-12) == pytest.approx(1 - math.log(2), abs=1e-9)


def test_no_share_of_the_bound_above_the_one_on_the_page() -> None:
    for K, most in ((2, 0.08602), (3, 0.05772), (4, 0.0434), (8, 0.0218), (40, 0.0044)):
        parts = np.concatenate([np.linspace(0.01, 0.99, 99), 1 - np.geomspace(1e-3, 1e-9, 7)])
        # Gauss-Legendre nodes after v = 1 - u^4, which is smooth enough at the end where the slope is largest.
        nodes, weights = (part / 2 for part in np.polynomial.legendre.leggauss(200))
        gaps = (nodes + 0.5) ** 4
        slopes = 1 + np.outer(parts, (1 - K * (1 - gaps) ** (K - 1)) / (K - 1))
        found = -(np.log(slopes) * 4 * (nodes + 0.5) ** 3 * weights).sum(axis=1)
        assert found[50] == pytest.approx(largest(K, parts[50] / (K - 1)), rel=1e-9)
        shares = found / -np.log1p(-parts)
        assert 0.98 * most < shares.max() < most


@given(
    masses=st.lists(st.floats(1e-6, 1), min_size=2, max_size=7),
    spread=st.sampled_from([0.3, 3.0, 30.0]),
    K=st.integers(2, 6),
    lam=st.floats(0.01, 5.0),
    t=st.integers(1, 12),
    seed=st.integers(0, 2**32 - 1),
)
@settings(max_examples=80, deadline=None)
def test_no_loop_exceeds_the_largest_divergence_after_as_many_rounds(masses, spread, K, lam, t, seed) -> None:
    """Also where the ball says nothing: the largest divergence after t rounds is finite for every ratio."""
    reference = np.array(masses) / math.fsum(masses)
    rewards = np.random.default_rng(seed).uniform(0, spread, reference.size)
    law = curated_loop(reference, rewards, K, lam, t).p[t]
    assert float(kl_divergence(law, reference)) <= largest_after(K, lam, t) * (1 + 1e-6) + 1e-12
    if lam * (K - 1) < 0.999:
        assert largest_after(K, lam, t) <= largest(K, lam) * (1 + 1e-6)

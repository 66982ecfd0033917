"""What is said of the worst amount of synthetic data is right as often as stated, and shown on a real loop."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from scipy.stats import binom

from bounds import ArgumentError
from bounds.papers.fu2024 import peak
from verify.data import NormalMixture
from verify.distances import tv_proxy
from verify.evidence import BoundedSample, Computed, Interval
from verify.loop import Learner
from verify.mixing import Regime, by_ratio
from verify.models.categorical import expected_tv
from verify.models.kde import Fixed, kde_loop
from verify.phase import PhaseTransition, density_estimates, last_generation, observe_phase_transition

ALARM = 1e-5


def _seen(heights: list[float], error: float) -> PhaseTransition:
    evidence = tuple(Computed(height, error) for height in heights)
    return PhaseTransition(10, 2, tuple(map(Fraction, range(len(heights)))), evidence, peak(2, "1/2"), 0.05)


def test_the_worst_ratios_are_those_whose_limits_reach_the_highest() -> None:
    seen = _seen([0.1, 0.2, 0.3, 0.295, 0.1, 0.05], 0.01)
    assert seen.observed == 2
    assert seen.worst == (2, 3)
    assert seen.bracket == Interval(1.0, 4.0)
    assert seen.rises
    assert seen.falls


def test_a_peak_at_an_end_is_not_enclosed_on_that_side() -> None:
    rising, falling = _seen([0.1, 0.2, 0.3], 0.01), _seen([0.3, 0.2, 0.1], 0.01)
    assert rising.bracket == Interval(1.0, np.inf)
    assert falling.bracket == Interval(0.0, 1.0)
    assert rising.rises
    assert not rising.falls
    assert falling.falls
    assert not falling.rises


def test_with_wide_limits_nothing_is_said() -> None:
    seen = _seen([0.1, 0.2, 0.3], 0.2)
    assert seen.worst == seen.ratios
    assert not seen.rises
    assert not seen.falls


def test_the_worst_ratio_is_missed_no_more_often_than_stated() -> None:
    rng, truth, level, runs = np.random.default_rng(0), [0.30, 0.36, 0.38, 0.37, 0.32], 0.2, 300
    missed = wrong = 0
    for _ in range(runs):
        samples = tuple(BoundedSample((rng.random(400) < p).astype(float), 0.0, 1.0) for p in truth)
        seen = PhaseTransition(10, 2, tuple(map(Fraction, range(5))), samples, peak(2, "1/2"), level)
        missed += 2 not in seen.worst
        wrong += not all(limit.lower <= p <= limit.upper for p, limit in zip(truth, seen.limits, strict=True))
    assert missed <= wrong <= binom.isf(ALARM, runs, level)


def test_each_ratio_has_its_own_stream_and_none_is_measured_twice() -> None:
    calls: list[Fraction] = []
    said: list[tuple[int, int, str]] = []

    def measure(mixture, t, rng):
        calls.append(mixture.lam)
        return Computed(float(rng.random()), 0.0)

    def observe(**more):
        rng = np.random.default_rng(3)
        return observe_phase_transition(
            measure, 4, t=3, exponent="1/2", regime=Regime.FRESH, rng=rng, ratios=["3", 1, Fraction(1, 2)], **more
        )

    whole = observe(progress=lambda *now: said.append(now))
    assert whole.ratios == (Fraction(1, 2), 1, 3)
    assert said == [(1, 3, "x = 1/2"), (2, 3, "x = 1"), (3, 3, "x = 3")]
    calls.clear()
    resumed = observe(known={Fraction(1): whole.evidence[1]})
    assert calls == [Fraction(1, 2), 3]
    assert resumed.estimates == whole.estimates
    assert whole.predicted == peak(3, "1/2", "fresh")


@pytest.mark.parametrize(
    "wrong",
    [
        {"ratios": [1]},
        {"ratios": [1, "1"]},
        {"ratios": [0, -1]},
        {"ratios": [0, "1/3"]},
        {"level": 0.0},
        {"t": 1},
        {"exponent": 1},
        {"regime": Regime.ACCUMULATE},
    ],
)
def test_bad_requests(wrong) -> None:
    asked = {"t": 2, "exponent": "1/2", "regime": Regime.FRESH, "ratios": [0, 1], "rng": np.random.default_rng(0)}
    with pytest.raises(ArgumentError):
        observe_phase_transition(lambda *_: Computed(0.0, 0.0), 4, **{**asked, **wrong})


def test_density_estimates_are_measured_as_by_the_loop_itself() -> None:
    mixture, law, bandwidth = by_ratio(80, 2, Regime.REUSED), NormalMixture.normal(), Fixed(0.4)
    short = density_estimates(law, bandwidth=bandwidth, replicates=600)(mixture, 4, np.random.default_rng(1))
    loop = kde_loop(np.random.default_rng(2), law, mixture, 4, 600, bandwidth=bandwidth).evidence(4)
    assert short.interval(ALARM).meets(loop.interval(ALARM))
    assert short.proxy == pytest.approx(tv_proxy(mixture, 4)[3])
    assert abs(short.estimate - loop.estimate) < 0.005


def test_any_learner_can_be_measured() -> None:
    law, mixture = np.array([0.5, 0.3, 0.2]), by_ratio(6, 2, Regime.REUSED)

    def learner(rng, r):
        return Learner(
            lambda size: rng.multinomial(size, np.broadcast_to(law, (r, 3))),
            lambda p, size: rng.multinomial(size, p),
            lambda a, b: a + b,
            lambda counts: counts / counts.sum(axis=1, keepdims=True),
        )

    def distance(p):
        return 0.5 * np.abs(p - law).sum(axis=1), np.zeros(p.shape[0])

    measure = last_generation(learner, distance, replicates=4_000, block=lambda mixture, t: 1_500)
    found = measure(mixture, 3, np.random.default_rng(4))
    assert found.values.size == 4_000
    seen = found.interval(ALARM)
    assert seen.lower < expected_tv(law, mixture, 3)[-1].value < seen.upper < 1.2 * seen.lower


def test_the_transition_is_seen_on_density_estimates_with_a_rule_of_thumb() -> None:
    seen = observe_phase_transition(
        density_estimates(NormalMixture.normal(), replicates=1_200),
        100,
        t=6,
        exponent="2/5",
        regime=Regime.REUSED,
        rng=np.random.default_rng(6),
        ratios=[0, 6, 100],
        level=0.01,
    )
    assert seen.rises
    assert seen.falls
    assert seen.worst == (6,)
    assert seen.bracket.lower < seen.predicted.lower < seen.bracket.upper

"""Loops on the line: mean densities in closed form, errors and memory as promised, the wrong regime's bound caught."""

import math
import tracemalloc

import numpy as np
import pytest
from scipy.integrate import quad

from bounds.errors import ArgumentError
from verify.data import NormalMixture
from verify.distances import mixture_tv
from verify.evidence import BoundedSample
from verify.loop import run
from verify.mixing import Mixture, Regime, accumulate, by_ratio, by_share, replace
from verify.models.kde import (
    EPANECHNIKOV,
    GAUSSIAN,
    Fixed,
    NormalReference,
    Silverman,
    kde_loop,
    learner,
    mean_law,
    smoothing_weights,
)

NORMAL = NormalMixture.normal()
TWO = NormalMixture((0.3, 0.7), (-1.5, 1.0), (0.4, 0.8))
MIXTURES = [
    replace(40),
    by_share(40, "1/4", Regime.FRESH),
    by_share(40, "1/4", Regime.REUSED),
    by_ratio(20, "3/2", Regime.REUSED),
    by_share(40, 1, Regime.REUSED),
    accumulate(20, added=10),
]


@pytest.mark.parametrize("mixture", MIXTURES)
@pytest.mark.parametrize("kernel", [GAUSSIAN, EPANECHNIKOV])
def test_training_sets_have_the_mean_law_they_should(mixture, kernel):
    """Draws of p_t are draws of m_t on average: their distribution function and moments, replicate by replicate."""
    h, generations, replicates = 0.8, 4, 400
    rng = np.random.default_rng(7)
    estimate = learner(rng, lambda size: TWO.sample(rng, (replicates, size)), kernel, Fixed(h))
    models = run(estimate, mixture, generations)
    weights = smoothing_weights(mixture, generations)
    for t, model in enumerate(models, 1):
        draws = model.draw(rng, 50)
        extra = float(weights[t] @ np.arange(t + 1)) * kernel.variance * h**2
        low, high = TWO.mean - 12.0, TWO.mean + 12.0
        clipped = np.clip(draws, low, high).mean(axis=1)  # beyond lies less than 1e-16 of the mass
        mean = BoundedSample(clipped, low, high).interval(1e-6)
        assert mean.lower <= TWO.mean <= mean.upper
        square = ((np.clip(draws, low, high) - TWO.mean) ** 2).mean(axis=1)
        second = BoundedSample(square, 0.0, 144.0).interval(1e-6)
        assert second.lower <= TWO.variance + extra <= second.upper
        if kernel is GAUSSIAN:
            law = mean_law(TWO, mixture, h, t)
            assert law.variance == pytest.approx(TWO.variance + extra)
            for c in (-2.0, -1.0, 0.0, 1.5):
                below = BoundedSample((draws <= c).mean(axis=1), 0.0, 1.0).interval(1e-6)
                assert below.lower <= float(law.cdf(c)) <= below.upper


def test_weights_by_hand():
    assert smoothing_weights(accumulate(2, added=2), 3)[3] == pytest.approx([0, 1 / 3, 1 / 2, 1 / 6])
    assert smoothing_weights(replace(5), 3)[3] == pytest.approx([0, 0, 0, 1])
    fresh, reused = (smoothing_weights(by_share(10, 0.3, r), 5)[5] for r in (Regime.FRESH, Regime.REUSED))
    assert fresh == pytest.approx(reused)
    assert fresh[1:] == pytest.approx([0.3, 0.21, 0.147, 0.1029, 0.2401])


@pytest.mark.parametrize("mixture", MIXTURES)
def test_mean_distance_exceeds_that_of_the_mean(mixture):
    """Jensen: E TV(p_t, p_0) >= TV(m_t, p_0), with equality out of reach at this size."""
    found = kde_loop(np.random.default_rng(5), NORMAL, mixture, 3, 200, bandwidth=Fixed(0.5))
    for t in (1, 2, 3):
        below = mixture_tv(mean_law(NORMAL, mixture, 0.5, t), NORMAL)
        assert found.evidence(t).lower(1e-6) > below.value + below.error


def test_same_seed_same_bits_and_every_regime_runs_with_rules_of_thumb():
    for mixture in MIXTURES:
        for rule in (NormalReference(), Silverman()):
            one, two = (
                kde_loop(np.random.default_rng(2), TWO, mixture, 3, 5, bandwidth=rule, kernel=EPANECHNIKOV)
                for _ in range(2)
            )
            assert np.array_equal(one.tv, two.tv)
            assert one.bandwidth.shape == one.error.shape == (5, 3)
            assert np.isinf(one.proxy).all()
            assert one.error.max() < 1e-2


def test_reusing_all_data_changes_nothing():
    found = kde_loop(np.random.default_rng(0), NORMAL, by_share(50, 1, Regime.REUSED), 4, 6, bandwidth=Fixed(0.3))
    assert np.array_equal(found.tv, np.repeat(found.tv[:, :1], 4, axis=1))
    assert len(np.unique(found.tv[:, 0])) == 6


def test_memory_does_not_grow_with_the_replicates():
    def peak(replicates):
        tracemalloc.start()
        kde_loop(np.random.default_rng(0), NORMAL, replace(20_000), 3, replicates, bandwidth=Fixed(0.2), error=1e-3)
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return top

    few = peak(20)
    assert peak(200) < 1.05 * few + 3 * 3 * 8 * 200


def fresh_bound(n, h, alpha, t):
    """The bound for fresh real data and a standard normal law, term by term as it is derived."""
    q = 1 - alpha

    def normal(x, variance):
        return math.exp(-x * x / (2 * variance)) / math.sqrt(2 * math.pi * variance)

    def mean(k, x, more=0.0):
        total = q ** (k - 1) * normal(x, 1 + k * h * h + more)
        return total + sum(alpha * q ** (j - 1) * normal(x, 1 + j * h * h + more) for j in range(1, k))

    def integrand(x):
        spread = 0.0
        for k in range(t):
            more = h * h * (t - k) / 2
            source = normal(x, 1 + more) if k == 0 else alpha * normal(x, 1 + more) + q * mean(k, x, more)
            spread += q ** (2 * (t - k - 1)) / (2 * math.sqrt(math.pi) * h * math.sqrt(t - k)) * source
        return math.sqrt((mean(t, x) - normal(x, 1)) ** 2 + spread / n)

    return quad(integrand, 0, 12, limit=200)[0]  # half of the integral over the line


def test_the_bound_for_fresh_data_holds_for_it_and_is_caught_on_reused_data():
    n, h, alpha, t = 4000, 0.02, 0.3, 10
    bound = fresh_bound(n, h, alpha, t)
    assert bound == pytest.approx(0.0839, abs=1e-4)
    loops = {
        regime: kde_loop(np.random.default_rng(1), NORMAL, by_share(n, alpha, regime), t, 150, bandwidth=Fixed(h))
        for regime in (Regime.FRESH, Regime.REUSED)
    }
    assert loops[Regime.FRESH].evidence(t).upper(1e-5) < bound
    assert loops[Regime.REUSED].evidence(t).lower(1e-5) > bound


def test_bad_arguments_are_refused():
    rng, found = np.random.default_rng(0), None
    with pytest.raises(ArgumentError, match="replicates = 0"):
        kde_loop(rng, NORMAL, replace(5), 1, 0, bandwidth=Fixed(1.0))
    found = kde_loop(rng, NORMAL, replace(5), 2, 1, bandwidth=Fixed(1.0))
    for t in (0, 3):
        with pytest.raises(ArgumentError):
            found.evidence(t)
    with pytest.raises(ArgumentError, match="bandwidth"):
        mean_law(NORMAL, replace(5), 0.0, 1)


def test_a_first_training_set_smaller_than_the_rest_is_allowed():
    mixture = Mixture(Regime.FRESH, first=10, real=5, synthetic=30)
    found = kde_loop(np.random.default_rng(0), NORMAL, mixture, 3, 4, bandwidth=Fixed(0.5))
    assert found.tv.shape == (4, 3)

"""Distances: high-precision quadrature, cell-by-cell areas, and coverage of the limits on sampled distances."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf
from scipy.stats import binom

from bounds.errors import ArgumentError
from verify.data import NormalMixture
from verify.distances import (
    derivative_variation,
    interpolated_tv,
    interpolation_error,
    mixture_tv,
    shortfall,
    tv_proxy,
)
from verify.evidence import DistanceSample
from verify.mixing import Mixture, Regime, accumulate, by_ratio, by_share, replace
from verify.models.categorical import cell_laws


def mp_pdf(law, x):
    return mp.fsum(
        mpf(w) * mp.npdf(x, mpf(m), mpf(s)) for w, m, s in zip(law.weights, law.means, law.stds, strict=True)
    )


def mp_tv(p, q):
    """Cut at every sign change on a fine grid, found by bisection in 30 digits."""
    with mp.workdps(30):
        reach = 12 * max(p.stds + q.stds)
        low, high = min(p.means + q.means) - reach, max(p.means + q.means) + reach
        nodes = [mpf(float(x)) for x in np.linspace(low, high, 1500)]
        gaps = [mp_pdf(p, x) - mp_pdf(q, x) for x in nodes]
        cuts = [nodes[0]]
        for i in range(len(nodes) - 1):
            if gaps[i] * gaps[i + 1] < 0:
                cuts.append(mp.findroot(lambda x: mp_pdf(p, x) - mp_pdf(q, x), (nodes[i], nodes[i + 1]), "anderson"))
        cuts.append(nodes[-1])

        def cdf(law, x):
            parts = zip(law.weights, law.means, law.stds, strict=True)
            return mp.fsum(mpf(w) * mp.ncdf(x, mpf(m), mpf(s)) for w, m, s in parts)

        masses = [cdf(p, x) - cdf(q, x) for x in cuts]
        return float(mp.fsum(abs(b - a) for a, b in itertools.pairwise(masses)) / 2)


NORMAL = NormalMixture.normal()
TWO = NormalMixture((0.3, 0.7), (-1.5, 1.0), (0.4, 0.8))


@pytest.mark.parametrize(
    ("p", "q"),
    [
        (NORMAL, NormalMixture.normal(0.3, 1.0)),
        (NORMAL, NormalMixture.normal(0.0, 1.0001)),
        (NORMAL, NormalMixture.normal(40.0, 1.0)),
        (NORMAL, NormalMixture.normal(0.0, 0.01)),
        (NORMAL, TWO),
        (TWO, NormalMixture((0.5, 0.5), (-1.5, 1.0), (0.41, 0.8))),
        (TWO, NormalMixture((0.3, 0.7), (-1.5, 1.0 + 1e-6), (0.4, 0.8))),
    ],
)
def test_mixture_tv_against_high_precision(p, q):
    found, back = mixture_tv(p, q), mixture_tv(q, p)
    assert abs(found.value - mp_tv(p, q)) <= found.error + 1e-16
    assert found.value == pytest.approx(back.value, abs=1e-14)
    assert found.error < 1e-12


def test_mixture_tv_of_equal_and_of_indistinguishable_laws():
    assert mixture_tv(TWO, TWO).value == 0.0
    close = mixture_tv(NORMAL, NormalMixture.normal(1e-15))
    assert close.value <= close.error + 1e-14  # nothing is claimed that rounding could have made
    assert close.error < 1e-9


@given(st.lists(st.integers(-20, 20), min_size=2, max_size=12), st.integers(1, 3))
def test_interpolated_tv_cell_by_cell(values, rows):
    """Exact areas in fractions: a trapezoid, or the two triangles of a cell whose ends differ in sign."""
    area = Fraction(0)
    for a, b in itertools.pairwise(values):
        if a * b < 0:
            area += Fraction(a * a + b * b, 2 * (abs(a) + abs(b)))
        else:
            area += Fraction(abs(a) + abs(b), 2)
    batch = np.array([np.array(values, dtype=float) * (i + 1) for i in range(rows)])
    found = interpolated_tv(batch, 0.5)
    np.testing.assert_allclose(found, [float(area) / 4 * (i + 1) for i in range(rows)], rtol=1e-14, atol=1e-15)
    assert float(interpolated_tv(batch[0], 0.5)) == found[0]


@settings(deadline=None)
@given(shift=st.floats(0.01, 4), std=st.floats(0.3, 3), cells=st.integers(3, 200))
def test_interpolation_error_covers_the_truth(shift, std, cells):
    p, q = NORMAL, NormalMixture.normal(shift, std)
    x = np.linspace(-14 - shift, 14 + shift, cells + 1) * max(1.0, std)
    step = float(x[1] - x[0])
    found = float(interpolated_tv(p.pdf(x) - q.pdf(x), step))
    allowed = float(interpolation_error(step, derivative_variation(p) + derivative_variation(q)))
    assert abs(found - mixture_tv(p, q).value) <= allowed + 1e-10


def test_derivative_variation_bounds_the_truth():
    x = np.linspace(-12, 12, 100_001)
    for law in (NORMAL, TWO):
        bends = np.abs(np.diff(np.diff(law.pdf(x)))).sum() / (x[1] - x[0])
        assert bends <= derivative_variation(law) * (1 + 1e-6)
    assert derivative_variation(NORMAL) == pytest.approx(4 * math.exp(-0.5) / math.sqrt(2 * math.pi))


def test_shortfall_averages_to_the_distance():
    rng, other = np.random.default_rng(0), NormalMixture.normal(1.0, 2.0)
    x = TWO.sample(rng, 50_000)
    sample = DistanceSample(shortfall(TWO.pdf(x), other.pdf(x)), np.zeros(50_000))
    assert sample.lower(1e-6) < mixture_tv(TWO, other).value < sample.upper(1e-6)
    with pytest.raises(ArgumentError, match="p positive"):
        shortfall([0.0], [1.0])


@pytest.mark.parametrize(
    "mixture",
    [
        replace(7),
        by_share(8, "1/4", Regime.FRESH),
        by_share(8, "1/4", Regime.REUSED),
        by_share(8, 1, Regime.REUSED),
        by_ratio(4, "3/2", Regime.REUSED),
        by_ratio(4, "3/2", Regime.FRESH),
        accumulate(4, added=3),
        Mixture(Regime.REUSED, 9, 3, 5),
    ],
)
def test_the_proxy_bounds_the_exact_generating_function(mixture):
    """Two cells: the law of ``|X/N - p|`` is known exactly, so its logarithmic moment generating function is too."""
    generations = 5
    proxies = tv_proxy(mixture, generations)
    for p in (0.1, 0.3, 0.5):
        for law, proxy in zip(cell_laws(p, mixture, generations), proxies, strict=True):
            tv = np.abs(law.masses - p)
            mean = float(law.chances @ tv)
            assert float(law.chances @ (tv - mean) ** 2) <= proxy
            for s in (-30.0, -3.0, 0.5, 3.0, 30.0):
                assert math.log(float(law.chances @ np.exp(s * (tv - mean)))) <= s * s * proxy / 2


def test_the_proxy_by_hand():
    assert tv_proxy(by_share(10, 0.5, Regime.FRESH), 2) == pytest.approx([1 / 40, 1.25 / 40])
    # 5 reused points with range 1/10 + 1/20, 5 others with 1/20, 5 synthetic with 1/10.
    reused = (5 * 0.15**2 + 5 * 0.05**2 + 5 * 0.1**2) / 4
    assert tv_proxy(by_share(10, 0.5, Regime.REUSED), 2) == pytest.approx([1 / 40, reused])


@pytest.mark.parametrize("proxy", [math.inf, 0.25 / 40])
def test_limits_miss_no_more_often_than_stated(proxy):
    """Shares of 40 fair coins: proxy 1/160. Numerical errors of either sign are thrown in."""
    rng, runs, level, n = np.random.default_rng(3), 400, 0.05, 30
    misses = [0, 0]
    for _ in range(runs):
        exact = rng.binomial(40, 0.5, n) / 40
        errors = rng.uniform(0, 0.01, n)
        sample = DistanceSample(exact + errors * rng.choice([-1.0, 1.0], n), errors, proxy)
        misses[0] += sample.lower(level) > 0.5
        misses[1] += sample.upper(level) < 0.5
    assert max(misses) <= binom.isf(1e-6, runs, level)


def test_the_worst_errors_still_leave_the_truth_inside():
    sample = DistanceSample(np.full(1000, 0.3), np.full(1000, 0.05), 1e-6)
    assert sample.lower(0.01) < 0.25 < 0.35 < sample.upper(0.01)
    assert sample.estimate == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("values", "errors", "proxy"),
    [
        ([0.5], [0.1, 0.1], 1.0),
        ([0.5], [-0.1], 1.0),
        ([1.5], [0.1], 1.0),
        ([math.nan], [0.1], 1.0),
        ([0.5], [0.1], -1.0),
        ([], [], 1.0),
    ],
)
def test_bad_samples_are_refused(values, errors, proxy):
    with pytest.raises(ArgumentError):
        DistanceSample(np.array(values), np.array(errors), proxy)

"""The normal loops: both paths equal in law, exact moments against brute force, narrow and singular covariances.

Every statistical test has a fixed seed. Each Kolmogorov-Smirnov comparison has the false alarm level LEVEL (exact for
one sample, the large-sample law for two), and no test function makes more than 50 of them: at most 5e-6 per function.
"""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from bounds.errors import ArgumentError
from verify.mixing import Mixture, Regime, accumulate, by_ratio, by_share, replace
from verify.models.normal import (
    NormalLaw,
    exact_log_det,
    exact_log_variance,
    exact_std,
    expected_tv,
    fit,
    law_from_covariance,
    mean_loop,
    mean_loop_variance,
    mixed_moments,
    multivariate_loop,
    normal_loop,
    plain_mean_loop,
    plain_multivariate_loop,
    plain_normal_loop,
    sample,
    sqrt_diagonal,
)

LEVEL = 1e-7
R = 4000
MIXTURES = {
    "replace": replace(6),
    "fresh": by_share(8, "1/4", Regime.FRESH),
    "fresh, one real point": by_share(6, "1/6", Regime.FRESH),
    "fresh ratio": by_ratio(5, "3/5", Regime.FRESH),
    "all fresh": by_share(6, 1, Regime.FRESH),
    "reused": by_share(8, "1/2", Regime.REUSED),
    "reused ratio": by_ratio(5, 2, Regime.REUSED),
    "all reused": by_share(6, 1, Regime.REUSED),
    "accumulate": accumulate(6),
    "accumulate a few": accumulate(6, added=1),
}
NAMES = sorted(MIXTURES)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def rotation(d: int, seed: int = 5) -> np.ndarray:
    return np.linalg.qr(rng(seed).standard_normal((d, d)))[0]


def assert_same_law(first, second):
    assert stats.ks_2samp(first, second, method="asymp").pvalue > LEVEL


# --- equality in law of the two paths --------------------------------------------------------------------------------


@pytest.mark.parametrize("covariance", ["unbiased", "mle"])
@pytest.mark.parametrize("name", NAMES)
def test_both_univariate_paths_have_one_law(name, covariance):
    options = {"sigma": 2.0, "mean": -3.0, "covariance": covariance}
    fast = normal_loop(rng(1), MIXTURES[name], 5, R, **options)
    plain = plain_normal_loop(rng(2), MIXTURES[name], 5, R, **options)
    for t in (1, 2, 5):
        for statistic in (
            lambda path, t=t: path.means[:, t],
            lambda path, t=t: path.log_variances[:, t],
            lambda path, t=t: (path.means[:, t] + 3) ** 2 * path.variances[:, t],
            lambda path, t=t: (path.means[:, t] - path.means[:, t - 1]) / path.stds[:, t - 1],
            lambda path, t=t: (path.means[:, t] + 3) * (path.means[:, 1] + 3),
        ):
            assert_same_law(statistic(fast), statistic(plain))


@pytest.mark.parametrize("name", NAMES)
def test_both_multivariate_paths_have_one_law(name):
    basis = rotation(2)
    law = NormalLaw(np.array([1.0, -2.0]), np.array([4.0, 0.25]), basis)
    fast = multivariate_loop(rng(3), law, MIXTURES[name], 4, R)
    plain = plain_multivariate_loop(rng(4), law, MIXTURES[name], 4, R)
    of_fast, of_plain = (fast, fast.covariances()), (plain, plain.covariances())
    roots_fast, roots_plain = fast.sqrt_diagonals(), plain.sqrt_diagonals()
    for t in (1, 2, 4):
        for i in range(2):
            assert_same_law(roots_fast[:, t, i], roots_plain[:, t, i])
        for statistic in (
            lambda path, cov, t=t: path.means[:, t, 0],
            lambda path, cov, t=t: path.means[:, t] @ basis[:, 1],
            lambda path, cov, t=t: cov[:, t, 0, 0],
            lambda path, cov, t=t: cov[:, t, 0, 1],
            lambda path, cov, t=t: path.log_dets[:, t],
            lambda path, cov, t=t: (path.means[:, t, 0] - 1) * (path.means[:, t, 1] + 2) * cov[:, t, 0, 1],
        ):
            assert_same_law(statistic(*of_fast), statistic(*of_plain))


@pytest.mark.parametrize("name", ["replace", "fresh, one real point", "reused", "accumulate a few"])
def test_both_paths_have_one_law_when_covariances_start_singular(name):
    law = NormalLaw(np.zeros(7), np.geomspace(1, 1e-4, 7), rotation(7))
    fast = multivariate_loop(rng(5), law, MIXTURES[name], 3, 1000)
    plain = plain_multivariate_loop(rng(6), law, MIXTURES[name], 3, 1000)
    np.testing.assert_array_equal(np.isneginf(fast.log_dets), np.isneginf(plain.log_dets))
    roots_fast, roots_plain = fast.sqrt_diagonals(), plain.sqrt_diagonals()
    for t in (1, 2, 3):
        for i in (0, 3, 6):
            assert_same_law(roots_fast[:, t, i], roots_plain[:, t, i])
        if np.isfinite(fast.log_dets[0, t]):
            assert_same_law(fast.log_dets[:, t], plain.log_dets[:, t])


def test_the_multivariate_loop_in_one_dimension_is_the_univariate_one():
    law = NormalLaw(np.zeros(1), np.array([9.0]), np.eye(1))
    for mixture in (MIXTURES["reused"], MIXTURES["replace"]):
        wide = multivariate_loop(rng(7), law, mixture, 3, R)
        thin = normal_loop(rng(8), mixture, 3, R, sigma=3.0)
        assert_same_law(wide.means[:, 3, 0], thin.means[:, 3])
        assert_same_law(wide.log_dets[:, 3], thin.log_variances[:, 3])
        np.testing.assert_allclose(2 * np.log(wide.sqrt_diagonals()[..., 0]), wide.log_dets, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("loop", [mean_loop, plain_mean_loop])
def test_the_mean_loop_is_normal_with_its_exact_variance(name, loop):
    means = loop(rng(9), MIXTURES[name], 4, R, sigma=2.0, mean=5.0)
    exact = mean_loop_variance(MIXTURES[name], 4, sigma=2.0)
    assert np.all(means[:, 0] == 5.0)
    for t in (1, 2, 4):
        assert stats.kstest(means[:, t], stats.norm(5.0, math.sqrt(exact[t])).cdf).pvalue > LEVEL


def test_a_wrong_law_would_be_noticed():
    # The same tests on what they must tell apart: the wrong estimator, and fresh against reused data.
    unbiased = normal_loop(rng(1), replace(6), 2, R)
    mle = plain_normal_loop(rng(2), replace(6), 2, R, covariance="mle")
    assert stats.ks_2samp(unbiased.log_variances[:, 1], mle.log_variances[:, 1]).pvalue < LEVEL
    fresh = mean_loop(rng(3), by_share(8, "1/2", Regime.FRESH), 5, R)
    reused = plain_mean_loop(rng(4), by_share(8, "1/2", Regime.REUSED), 5, R)
    assert stats.ks_2samp(fresh[:, 5] * fresh[:, 1], reused[:, 5] * reused[:, 1]).pvalue < LEVEL


# --- exact laws and moments -------------------------------------------------------------------------------------------


def test_log_determinants_are_sums_of_log_chi_squares():
    d, n, t = 3, 5, 4
    law = law_from_covariance(np.zeros(d), np.diag([1.0, 2.0, 3.0]))
    path = multivariate_loop(rng(10), law, replace(n), t, R)
    other = rng(11)
    expected = math.log(6.0) + sum(
        np.log(other.chisquare(n - j, (R, t)) / (n - 1)).sum(axis=1) for j in range(1, d + 1)
    )
    assert_same_law(path.log_dets[:, t], expected)
    np.testing.assert_allclose(np.linalg.slogdet(path.covariances()[:, t])[1], path.log_dets[:, t], rtol=0, atol=1e-6)


def test_long_runs_neither_underflow_nor_drift():
    t = 4000
    path = normal_loop(rng(12), replace(2), t, 500)
    assert path.log_variances[:, -1].max() < -4000
    exact = exact_log_variance(2, t)
    sums = np.log(rng(13).chisquare(1, (500, t))).sum(axis=1)
    assert_same_law(path.log_variances[:, -1], sums)
    # 500 sums of 4000 independent terms are normal to far more digits than six standard errors need.
    assert abs(path.log_variances[:, -1].mean() - exact.mean) < 6 * math.sqrt(exact.variance / 500)

    law = NormalLaw(np.zeros(2), np.ones(2), np.eye(2))
    wide = multivariate_loop(rng(14), law, replace(3), t, 100)
    exact = exact_log_det(3, 2, t)
    assert np.all(np.isfinite(wide.log_dets))
    assert np.all(np.isfinite(wide.means))
    assert abs(wide.log_dets[:, -1].mean() - exact.mean) < 6 * math.sqrt(exact.variance / 100)
    assert np.all(np.max(np.abs(wide.factors), axis=(2, 3)) > 0.1)


# --- square roots of badly scaled covariances -------------------------------------------------------------------------


def exact_sqrt_diagonal(factor):
    with mpmath.workdps(120):
        g = mpmath.matrix(factor.tolist())
        values, vectors = mpmath.eigsy(g * g.T)
        d = factor.shape[0]
        return [
            float(mpmath.fsum(vectors[i, k] ** 2 * mpmath.sqrt(abs(values[k])) for k in range(d))) for i in range(d)
        ]


@pytest.mark.parametrize(
    ("d", "rank", "condition", "tolerance"),
    [
        (2, 2, 1e10, 1e-14),
        (5, 5, 1e10, 2e-14),
        (5, 9, 1e10, 1e-14),
        (4, 4, 1e40, 2e-14),
        (3, 1, 1e10, 1e-9),
        (4, 2, 1e10, 1e-9),
        (1, 1, 1.0, 1e-15),
    ],
)
def test_sqrt_diagonal_keeps_the_narrow_directions(d, rank, condition, tolerance):
    source = rng(15)
    for _ in range(5):
        stds = source.permutation(np.geomspace(1, 1 / math.sqrt(condition), d))
        factor = stds[:, None] * source.standard_normal((d, rank))
        before = factor.copy()
        np.testing.assert_allclose(sqrt_diagonal(factor), exact_sqrt_diagonal(factor), rtol=tolerance)
        np.testing.assert_array_equal(factor, before)


def test_loops_keep_the_narrow_directions():
    law = NormalLaw(np.zeros(3), np.array([1e-10, 1.0, 1e-5]), rotation(3))
    for mixture in (replace(12), MIXTURES["fresh"], MIXTURES["accumulate"]):
        path = multivariate_loop(rng(16), law, mixture, 4, 3)
        found = path.sqrt_diagonals()
        np.testing.assert_allclose(found[:, 0], np.broadcast_to(np.sqrt(law.eigenvalues), (3, 3)), rtol=1e-15)
        for r in range(3):
            exact = np.exp(path.log_scales[r, 4]) * np.array(exact_sqrt_diagonal(path.factors[r, 4]))
            np.testing.assert_allclose(found[r, 4], exact, rtol=1e-13)


def test_the_loop_commutes_with_the_real_laws_units():
    # The same draws in other units: each narrow direction is the wide one's, scaled, to the last digits.
    narrow = NormalLaw(np.zeros(3), np.array([1.0, 1e-10, 1e-20]), np.eye(3))
    wide = NormalLaw(np.zeros(3), np.ones(3), np.eye(3))
    for mixture in (replace(9), MIXTURES["reused"]):
        a, b = (multivariate_loop(rng(17), law, mixture, 3, 4) for law in (narrow, wide))
        covariances = b.covariances() * np.outer(narrow.stds, narrow.stds)
        np.testing.assert_allclose(a.covariances(), covariances, rtol=1e-13)
        np.testing.assert_allclose(a.means, b.means * narrow.stds, rtol=1e-14)


@given(d=st.integers(1, 6), rank=st.integers(1, 8), seed=st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_sqrt_diagonal_sums_to_the_nuclear_norm(d, rank, seed):
    factor = rng(seed).standard_normal((3, d, rank))
    found = sqrt_diagonal(factor)
    np.testing.assert_allclose(found.sum(axis=-1), np.linalg.svd(factor, compute_uv=False).sum(axis=-1), rtol=1e-12)
    turned = factor @ np.linalg.qr(rng(seed + 1).standard_normal((rank, rank)))[0]
    np.testing.assert_allclose(sqrt_diagonal(turned), found, rtol=1e-9)
    # A batch is treated matrix by matrix, up to when the rotations stop.
    np.testing.assert_allclose(sqrt_diagonal(factor[1]), found[1], rtol=1e-12)


def test_sqrt_diagonal_refuses_what_is_not_finite():
    for bad in (np.array([1.0]), np.array([[np.nan, 0.0], [0.0, 1.0]])):
        with pytest.raises(ArgumentError, match="finite"):
            sqrt_diagonal(bad)


# --- singular Wishart matrices ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mixture", "ranks"),
    [
        (replace(2), [5, 1, 1, 1]),
        (replace(4), [5, 3, 3, 3]),
        (replace(5), [5, 4, 4, 4]),
        (replace(6), [5, 5, 5, 5]),
        (by_share(4, "1/4", Regime.FRESH), [5, 3, 3, 3]),
        (by_share(4, "3/4", Regime.FRESH), [5, 3, 3, 3]),
        (Mixture(Regime.FRESH, first=2, real=2, synthetic=6), [5, 1, 3, 5]),
        (by_ratio(2, 3, Regime.FRESH), [5, 1, 3, 5]),
        (by_ratio(3, 3, Regime.REUSED), [5, 2, 2, 2]),
        (Mixture(Regime.REUSED, first=9, real=2, synthetic=1), [5, 5, 2, 2]),
        (by_share(2, "1/2", Regime.REUSED), [5, 1, 1, 1]),
        (accumulate(2, added=7), [5, 1, 1, 1]),
        (accumulate(4), [5, 3, 3, 3]),
    ],
)
def test_singular_covariances_have_the_rank_of_their_points(mixture, ranks):
    law = NormalLaw(np.ones(5), np.array([1.0, 0.5, 2.0, 0.25, 1.0]), rotation(5))
    for loop in (multivariate_loop, plain_multivariate_loop):
        path = loop(rng(18), law, mixture, 3, 4)
        singular = np.linalg.svd(path.factors, compute_uv=False)
        found = np.sum(singular > 1e-9 * singular[..., :1], axis=-1)
        np.testing.assert_array_equal(found, np.broadcast_to(ranks, (4, 4)))
        np.testing.assert_array_equal(np.isneginf(path.log_dets), found < 5)
        assert np.all(np.isfinite(path.sqrt_diagonals()))


def test_singular_scatter_has_chi_square_diagonals():
    # n = 3 points in d = 5: u' Sigma_1 u (n - 1) is chi-square with n - 1 degrees of freedom for a unit u.
    law = NormalLaw(np.zeros(5), np.ones(5), rotation(5))
    path = multivariate_loop(rng(19), law, replace(3), 2, R)
    quadratic = path.covariances()[:, 1, 2, 2] * 2
    assert stats.kstest(quadratic, stats.chi2(2).cdf).pvalue > LEVEL
    product = path.covariances()[:, 2, 2, 2] / path.covariances()[:, 1, 2, 2] * 2
    assert stats.kstest(product, stats.chi2(2).cdf).pvalue > LEVEL


# --- reproducibility, fitting, refusals -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_bits(name):
    law = NormalLaw(np.zeros(3), np.ones(3), np.eye(3))
    mixture = MIXTURES[name]
    runs = [
        (
            normal_loop(rng(s), mixture, 3, 5).log_variances,
            multivariate_loop(rng(s), law, mixture, 3, 5).factors,
            mean_loop(rng(s), mixture, 3, 5),
            plain_normal_loop(rng(s), mixture, 3, 5).means,
        )
        for s in (20, 20, 21)
    ]
    for first, again, other in zip(*runs, strict=True):
        np.testing.assert_array_equal(first, again)
        assert np.any(first != other)


def test_fit_and_sample_agree_with_numpy():
    points = 1e3 + rng(22).standard_normal((4, 9))
    for covariance, ddof in (("unbiased", 1), ("mle", 0)):
        model = fit(points, covariance)
        np.testing.assert_allclose(model.mean, points.mean(axis=1), rtol=1e-15)
        np.testing.assert_allclose(np.exp(model.log_variance), points.var(axis=1, ddof=ddof), rtol=1e-12)
    drawn_points = sample(rng(23), model, R)
    for r in range(4):
        cdf = stats.norm(model.mean[r], math.exp(model.log_variance[r] / 2)).cdf
        assert stats.kstest(drawn_points[r], cdf).pvalue > LEVEL


def test_generation_zero_is_the_real_law():
    covariance = np.array([[2.0, 0.6], [0.6, 1.0]])
    law = law_from_covariance([1.0, 2.0], covariance)
    for loop in (multivariate_loop, plain_multivariate_loop):
        path = loop(rng(), law, replace(5), 1, 2)
        np.testing.assert_allclose(path.covariances()[:, 0], np.broadcast_to(covariance, (2, 2, 2)), rtol=1e-14)
        np.testing.assert_array_equal(path.means[:, 0], [[1.0, 2.0]] * 2)
        np.testing.assert_allclose(path.log_dets[:, 0], math.log(1.64), rtol=1e-14)
    path = normal_loop(rng(), replace(5), 1, 2, sigma=3.0, mean=4.0)
    np.testing.assert_allclose(path.stds[:, 0], 3.0, rtol=1e-15)
    assert np.all(path.means[:, 0] == 4.0)


EYE = NormalLaw(np.zeros(2), np.ones(2), np.eye(2))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: normal_loop(rng(), replace(1), 1, 1), "n = 1 points"),
        (lambda: plain_normal_loop(rng(), replace(1), 1, 1), "n = 1 points"),
        (lambda: multivariate_loop(rng(), EYE, replace(1), 1, 1), "n = 1 points"),
        (lambda: normal_loop(rng(), Mixture(Regime.FRESH, 1, 3, 3), 1, 1), "n = 1 points"),
        (lambda: normal_loop(rng(), Mixture(Regime.FRESH, 3, 1, 0), 2, 1), "n = 1 points"),
        (lambda: normal_loop(rng(), replace(5), 0, 1), "generations = 0"),
        (lambda: normal_loop(rng(), replace(5), 1, 0), "replicates = 0"),
        (lambda: normal_loop(rng(), replace(5), 1, 1, sigma=-1), "sigma = -1"),
        (lambda: normal_loop(rng(), replace(5), 1, 1, sigma=math.nan), "sigma = nan"),
        (lambda: normal_loop(rng(), replace(5), 1, 1, mean=math.inf), "mean = inf"),
        (lambda: normal_loop(rng(), replace(5), 1, 1, covariance="robust"), "'robust' is not an estimator"),
        (lambda: mean_loop(rng(), replace(5), 1, 1, sigma=0), "sigma = 0"),
        (lambda: fit(np.zeros(5)), "shape"),
        (lambda: exact_std(1, 1), "n = 1"),
        (lambda: exact_std(5, -1), "t = -1"),
        (lambda: exact_log_det(3, 3, 1), "n = 3 is too small; it must be at least 4"),
        (lambda: expected_tv(-1.0), "negative"),
        (lambda: mixed_moments(by_share(4, 0.5, Regime.REUSED), 2), "not available for reused"),
        (lambda: NormalLaw(np.zeros(2), np.ones(3), np.eye(2)), "shapes"),
        (lambda: NormalLaw(np.zeros(2), np.array([1.0, 0.0]), np.eye(2)), "not positive"),
        (lambda: NormalLaw(np.zeros(2), np.ones(2), np.ones((2, 2))), "not orthonormal"),
        (lambda: NormalLaw(np.array([np.nan, 0.0]), np.ones(2), np.eye(2)), "finite"),
        (lambda: law_from_covariance([0, 0], [[1, 2], [0, 1]]), "not symmetric"),
        (lambda: law_from_covariance([0, 0], [[1, 2], [2, 1]]), "not positive"),
    ],
)
def test_bad_arguments_are_refused_with_a_reason(call, message):
    with pytest.raises(ArgumentError, match=message):
        call()

"""Generated laws against closed forms, finer solutions, another solver and samples; the terms of the bounds likewise."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp
from scipy.stats import norm

from bounds import ArgumentError, DataError
from verify.data import NormalMixture
from verify.distances import mixture_tv
from verify.models.diffusion import (
    Bump,
    Fading,
    GeneratedDensity,
    Noising,
    PerturbedScore,
    Ramp,
    TrueScore,
    Wave,
    covered,
    divergence_from_normal,
    flow_density,
    flow_error,
    probability_flow_samples,
    reverse_density,
    reverse_sde_samples,
    score_error,
    transport,
)
from verify.models.diffusion.density import extrapolated
from verify.models.kde import IsotropicMixture

NORMAL = NormalMixture.normal()
MIXTURE = NormalMixture((0.3, 0.7), (-1.5, 1.0), (0.4, 0.6))
NOISING = Noising(2, first="1/2", last=2)
SOLVERS = pytest.mark.parametrize("solve", [flow_density, reverse_density])


def generated_normal(solve, slope: float, offset: float) -> NormalMixture:
    """Real law N(0, 1), error ``slope x + offset``: both samplers are linear equations, solved in the time ``int beta``."""
    spent = float(NOISING.total)
    if solve is flow_density:  # dx = (slope x + offset)/2
        return NormalMixture.normal(offset / slope * math.expm1(slope * spent / 2), math.exp(slope * spent / 2))
    pull = slope - 0.5  # dY = (pull Y + offset) + dW
    grown = math.exp(2 * pull * spent)
    return NormalMixture.normal(
        offset / pull * math.expm1(pull * spent), math.sqrt(grown + math.expm1(2 * pull * spent) / (2 * pull))
    )


def normal_divergence(p: NormalMixture, q: NormalMixture) -> float:
    (m,), (s,), (v,), (r,) = p.means, p.stds, q.means, q.stds
    return math.log(r / s) + (s * s + (m - v) ** 2) / (2 * r * r) - 0.5


@SOLVERS
@pytest.mark.parametrize(("slope", "offset"), [(-0.4, 0.3), (0.2, 0.5), (-0.01, -1.0)])
def test_linear_errors_have_the_closed_form(solve, slope: float, offset: float) -> None:
    score = PerturbedScore(TrueScore(NORMAL, NOISING), Ramp(slope, offset))
    found, expected = solve(score, NOISING, -14.0, 14.0), generated_normal(solve, slope, offset)
    distance, divergence = found.total_variation(NORMAL), found.divergence_from(NORMAL)
    assert abs(distance.value - mixture_tv(NORMAL, expected).value) <= distance.error < 1e-4
    assert abs(divergence.value - normal_divergence(NORMAL, expected)) <= divergence.error < 1e-3
    assert np.max(np.abs(found.values - expected.pdf(found.nodes))) < 1e-5
    assert abs(math.fsum(found.values) * found.step - 1) <= found.mass_error


@SOLVERS
def test_the_true_score_after_long_noising_generates_the_real_law(solve) -> None:
    noising = Noising(16)
    found = solve(TrueScore(MIXTURE, noising), noising, -9.0, 9.0, steps=150)
    distance = found.total_variation(MIXTURE)
    assert distance.value <= distance.error + mixture_tv(noising.law_at(MIXTURE, 16.0), NORMAL).value
    assert distance.error < 1e-3


def test_the_true_flow_keeps_the_total_variation_it_started_with() -> None:
    """Transport by one map is an isometry, so that the distance from too little noise comes back as it was."""
    noising = Noising("1/4")
    found = flow_density(TrueScore(MIXTURE, noising), noising, -12.0, 12.0).total_variation(MIXTURE)
    assert abs(found.value - mixture_tv(noising.law_at(MIXTURE, 0.25), NORMAL).value) <= found.error < 1e-5


@SOLVERS
def test_stopping_early_generates_the_law_noised_until_then(solve) -> None:
    noising, stop = Noising(30), 0.4
    found = solve(TrueScore(MIXTURE, noising), noising, -9.0, 9.0, steps=150, stop=stop)
    distance = found.total_variation(noising.law_at(MIXTURE, stop))
    assert distance.value <= distance.error + 1e-6


def random_score(rng: np.random.Generator, noising: Noising) -> PerturbedScore:
    errors = [
        Wave(rng.uniform(-0.6, 0.6), rng.uniform(0.5, 3), rng.uniform(0, 6)),
        Bump(rng.uniform(-0.6, 0.6), rng.uniform(-2, 2), rng.uniform(0.3, 1)),
        Fading(Wave(rng.uniform(-0.6, 0.6), rng.uniform(0.5, 3)), noising, rng.uniform(0, 2)),
    ]
    return PerturbedScore(TrueScore(MIXTURE, noising), errors[int(rng.integers(3))])


@SOLVERS
@pytest.mark.parametrize("seed", range(4))
def test_a_finer_solution_lies_within_the_stated_error(solve, seed: int) -> None:
    score = random_score(np.random.default_rng(seed), NOISING)
    rough = solve(score, NOISING, -12.0, 12.0)
    size = len(rough.logs) - 1
    fine = solve(score, NOISING, -12.0, 12.0, cells=2 * size, steps=100 if solve is flow_density else 240)
    for one, other in (
        (rough.total_variation(MIXTURE), fine.total_variation(MIXTURE)),
        (rough.divergence_from(MIXTURE), fine.divergence_from(MIXTURE)),
    ):
        assert abs(one.value - other.value) <= one.error
        assert other.error < one.error < 1e-3


def test_the_transport_agrees_with_another_solver_and_its_stretch_is_its_slope() -> None:
    score = random_score(np.random.default_rng(7), NOISING)
    x = np.array([-2.0, -0.3, 0.8, 1.9])

    def slope(time: float, at: np.ndarray) -> np.ndarray:
        return -0.5 * NOISING.rate(time) * (at + score(at[:, None], time)[:, 0])

    end, stretch = transport(x, score, NOISING, 400, stop=0.1)
    other = solve_ivp(slope, (0.1, 2.0), x, method="DOP853", rtol=1e-12, atol=1e-12).y[:, -1]
    assert end == pytest.approx(other, abs=1e-9)
    assert np.all(np.diff(end) > 0)
    above, below = (transport(x + h, score, NOISING, 400, stop=0.1)[0] for h in (1e-5, -1e-5))
    assert np.exp(stretch) == pytest.approx((above - below) / 2e-5, rel=1e-7)


@pytest.mark.parametrize(
    ("solve", "draw", "allowed"),
    [(flow_density, probability_flow_samples, 1e-3), (reverse_density, reverse_sde_samples, 8e-3)],
)
def test_samples_follow_the_generated_law(solve, draw, allowed: float) -> None:
    """Dvoretzky, Kiefer, Wolfowitz and Massart at level 1e-6, plus what the steps of the sampler are allowed to cost."""
    score, count = random_score(np.random.default_rng(5), NOISING), 20_000
    found = solve(score, NOISING, -12.0, 12.0)
    x = np.sort(draw(np.random.default_rng(6), score, NOISING, count, steps=300)[:, 0])
    below = np.interp(x, found.nodes + found.step / 2, np.cumsum(found.values) * found.step)
    steps = np.arange(count + 1) / count
    distance = max(np.max(steps[1:] - below), np.max(below - steps[:-1]))
    assert distance < math.sqrt(math.log(2 / 1e-6) / (2 * count)) + allowed


@pytest.mark.parametrize("draw", [probability_flow_samples, reverse_sde_samples])
def test_coordinates_of_a_product_are_drawn_independently(draw) -> None:
    """With a product law each coordinate obeys an equation of its own; the mean of a bounded product shows dependence."""
    noising, count = Noising(6), 20_000
    score = TrueScore(IsotropicMixture.normal(2, 0.5), noising)
    x = draw(np.random.default_rng(8), score, noising, count, steps=200)
    assert x.shape == (count, 2)
    margin = math.sqrt(math.log(2 / 1e-6) / (2 * count))
    for j in range(2):
        assert abs(np.mean(x[:, j] <= 0.5) - norm.cdf(1.0)) < margin + 5e-3
    assert abs(np.mean((x[:, 0] <= 0) & (x[:, 1] <= 0)) - 0.25) < margin + 5e-3


# --- terms of the bounds ----------------------------------------------------------------------------------------------


def test_the_score_error_of_a_wave_on_a_normal_law() -> None:
    found = score_error(NORMAL, NOISING, Wave(0.4, 2.0))
    expected = float(NOISING.total) * 0.16 * (1 - math.exp(-8)) / 2
    assert abs(found.value - expected) <= found.error < 1e-9


def test_the_score_error_of_a_fading_ramp_that_stops_early() -> None:
    law, noising, stop, decay = NormalMixture.normal(2.0, 0.5), Noising(3, 1, 2), 0.3, 0.7
    found = score_error(law, noising, Fading(Ramp(0.5, -0.2), noising, decay), stop)

    def integrand(time: float) -> float:
        shrinking = math.exp(-noising.elapsed(time) / 2)
        mean, variance = 2 * shrinking, 1 + shrinking**2 * (0.25 - 1)
        square = 0.25 * variance + (0.5 * mean - 0.2) ** 2
        return noising.rate(time) * math.exp(-2 * decay * noising.elapsed(time)) * square

    expected, _ = quad(integrand, stop, 3, epsabs=1e-13)
    assert abs(found.value - expected) <= found.error + 1e-12
    assert found.error < 1e-8


def test_the_flow_error_is_the_variation_of_error_times_density() -> None:
    """``E |div delta + <delta, grad log p>|`` is ``int |(delta p)'|``; a bump on N(0, 1) rises once and falls once or twice."""
    wave = flow_error(NORMAL, NOISING, Wave(0.4, 2.0))
    x = np.linspace(-9, 9, 2_000_001)
    variation = np.sum(np.abs(np.diff(0.4 * np.sin(2 * x) * np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi))))
    expected = float(NOISING.total) * float(variation)
    assert abs(wave.value - expected) <= wave.error < 1e-3 * expected
    bump = flow_error(NORMAL, NOISING, Bump(0.5, 0.0, 0.7))
    expected = float(NOISING.total) * 2 * 0.5 / math.sqrt(2 * math.pi)
    assert abs(bump.value - expected) <= bump.error < 1e-3 * expected


def test_the_flow_error_on_a_mixture_that_changes_with_time() -> None:
    error = Wave(0.3, 1.7, 0.4)
    found = flow_error(MIXTURE, NOISING, error)
    x = np.linspace(-12, 12, 40_001)

    def integrand(time: float) -> float:
        product = error(x[:, None], time)[:, 0] * NOISING.law_at(MIXTURE, time).pdf(x)
        return NOISING.rate(time) * float(np.sum(np.abs(np.diff(product))))

    points, weights = np.polynomial.legendre.leggauss(60)
    expected = sum(w * integrand(u + 1) for u, w in zip(points, weights, strict=True))
    assert abs(found.value - expected) <= found.error < 2e-3 * expected


@pytest.mark.parametrize("law", [MIXTURE, NormalMixture.normal(3.0, 0.2), NormalMixture((0.5, 0.5), (-4, 4), (0.3, 2))])
def test_the_divergence_from_the_normal_law(law: NormalMixture) -> None:
    found = divergence_from_normal(law)

    def integrand(x: mpmath.mpf) -> mpmath.mpf:
        parts = zip(law.weights, law.means, law.stds, strict=True)
        p = mpmath.fsum(w * mpmath.npdf(x, m, s) for w, m, s in parts)
        return p * (mpmath.log(p) + x * x / 2 + mpmath.log(2 * mpmath.pi) / 2)

    with mpmath.workdps(20):
        edges = sorted(
            {m + k * s for m, s in zip(law.means, law.stds, strict=True) for k in (-12, -6, -2, 0, 2, 6, 12)}
        )
        expected = float(mpmath.quad(integrand, edges))
    assert abs(found.value - expected) <= found.error < 1e-6


# --- what is refused --------------------------------------------------------------------------------------------------


def test_grids_that_do_not_hold_what_happens_are_refused() -> None:
    score = PerturbedScore(TrueScore(NORMAL, NOISING), Ramp(0.4, 1.0))
    with pytest.raises(DataError, match="reaches the ends"):
        reverse_density(score, NOISING, -5.0, 5.0)
    narrow = flow_density(score, NOISING, -5.0, 5.0)
    missed = 1 - (
        generated_normal(flow_density, 0.4, 1.0).cdf(5.0) - generated_normal(flow_density, 0.4, 1.0).cdf(-5.0)
    )
    assert narrow.mass_error >= 0.99 * missed
    with pytest.raises(DataError, match="do not cover"):
        narrow.divergence_from(NORMAL)


def test_a_divergence_from_what_was_lost_in_rounding_is_refused() -> None:
    nodes = np.linspace(-12, 12, 2001)
    logs = np.maximum(-0.5 * (nodes / 0.2) ** 2 - math.log(0.2 * math.sqrt(2 * math.pi)), math.log(1e-16))
    density = GeneratedDensity(-12.0, 0.012, logs, np.zeros(2001), floor=1e-15)
    with pytest.raises(DataError, match="lost in rounding"):
        density.divergence_from(NORMAL)


def test_bad_arguments() -> None:
    score = TrueScore(NORMAL, NOISING)
    with pytest.raises(ArgumentError, match="count = 0"):
        probability_flow_samples(np.random.default_rng(0), score, NOISING, 0)
    with pytest.raises(ArgumentError, match="on the line"):
        score_error(NORMAL, NOISING, Wave(0.1, 1.0, dimension=2))
    with pytest.raises(ArgumentError, match="on the line"):
        flow_error(NORMAL, NOISING, Wave(0.1, 1.0, dimension=2))
    with pytest.raises(ArgumentError, match="shapes"):
        extrapolated(0.0, 1.0, np.zeros(3), np.zeros(4), order=2)
    assert covered((NORMAL, NormalMixture.normal(5.0)), 2.0) == (-2.0, 7.0)

"""The recursion over generations and its closed forms, the phase transitions, the bounds of one generation."""

from __future__ import annotations

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad, solve_ivp
from scipy.optimize import minimize_scalar
from scipy.stats import norm

import bounds
from bounds.papers.fu2024 import peak


def value(name: str, **arguments: object) -> float:
    return float(bounds.get(f"fu2024.{name}").evaluate(**arguments))


def total(weights: list[list[Fraction]], errors: list[Fraction]) -> Fraction:
    """Sum over all chains of ancestors: each learning error times the weight of every path from it to the last one."""
    t = len(weights)

    def reach(target: int, origin: int) -> Fraction:
        if target == origin:
            return Fraction(1)
        return sum((weights[target][k + 1] * reach(k, origin) for k in range(origin, target)), Fraction(0))

    return sum((errors[j] * reach(t - 1, j) for j in range(t)), Fraction(0))


def schedule(name: str, t: int, alpha: Fraction = Fraction(0)) -> list[list[Fraction]]:
    rows = [[Fraction(1)]]
    for j in range(1, t):
        if name == "balanced":
            rows.append([Fraction(1, j + 1)] * (j + 1))
        else:
            rows.append([alpha, *[Fraction(0)] * (j - 1), 1 - alpha])
    return rows


@given(t=st.integers(1, 30), alpha=st.fractions(0, 1, max_denominator=12), e=st.fractions(0, 1, max_denominator=50))
@settings(deadline=None, max_examples=40)
def test_closed_forms_equal_the_recursion_and_its_named_schedules(t: int, alpha: Fraction, e: Fraction) -> None:
    recursion = bounds.get("fu2024.recursion")
    for name, extra in (("fully_synthetic", {}), ("real_plus_last", {"alpha": alpha}), ("balanced", {})):
        closed = value(name, t=t, e=e, **extra)
        stepped = recursion.evaluate(schedule=name, t=t, e=e, **extra)
        general = recursion.evaluate(weights=schedule(name, t, extra.get("alpha", Fraction(0))), e=e)
        assert closed == pytest.approx(stepped, rel=1e-15)
        assert closed == pytest.approx(general, rel=1e-15)
    assert value("balanced", t=t, e=e) == pytest.approx(float(e * sum(Fraction(1, k) for k in range(1, t + 1))))


@given(data=st.data(), t=st.integers(1, 6))
@settings(deadline=None, max_examples=40)
def test_any_schedule_is_the_sum_over_all_paths(data: st.DataObject, t: int) -> None:
    rows = []
    for j in range(t):
        raw = data.draw(st.lists(st.integers(0, 5), min_size=j + 1, max_size=j + 1).filter(any))
        raw = raw if j else [1]
        rows.append([Fraction(w, sum(raw)) for w in raw])
    errors = [Fraction(data.draw(st.integers(0, 9)), 10) for _ in range(t)]
    found = bounds.get("fu2024.recursion").enclose(weights=rows, e=errors)
    assert found[0] <= total(rows, errors) <= found[1]
    padded = np.zeros((t, t))
    for j, row in enumerate(rows):
        padded[j, : j + 1] = [float(w) for w in row]
    assert bounds.get("fu2024.recursion").evaluate(weights=padded, e="1/7") == pytest.approx(
        float(total(rows, [Fraction(1, 7)] * t)), rel=1e-13
    )


def test_long_schedules_stay_upper_bounds() -> None:
    third = [[Fraction(1)]] + [[Fraction(1, 3)] + [Fraction(0)] * (j - 1) + [Fraction(2, 3)] for j in range(1, 1000)]
    exact = 3 * (1 - Fraction(2, 3) ** 1000)
    low, high = bounds.get("fu2024.recursion").enclose(weights=third, e=1, digits=50)
    assert mpmath.mpf(low) <= 3 <= mpmath.mpf(high) * (1 + mpmath.mpf(10) ** -45)
    assert abs(float(exact) - float(high)) < 1e-15


@pytest.mark.parametrize(
    ("weights", "e", "message"),
    [
        ([[1], [1]], 1, "row 1 has 1 entries"),
        ([[1], ["1/2", "1/3"]], 1, "sum 1"),
        ([[1], [2, -1]], 1, "non-negative"),
        ([[1, 0.5], [0.5, 0.5]], 1, "does not exist yet"),
        ([[1], [0, 1]], [1], "one error per generation"),
        ([[1], [0, 1]], [1, -1], "must be a real number"),
        (3, 1, "matrix"),
        ([1, 2], 1, "row 0"),
    ],
)
def test_weights_that_make_no_sense_are_refused(weights: object, e: object, message: str) -> None:
    with pytest.raises(bounds.ArgumentError, match=message):
        bounds.get("fu2024.recursion").evaluate(weights=weights, e=e)


@given(
    t=st.integers(1, 12),
    x=st.fractions(0, 30, max_denominator=10),
    s=st.sampled_from([Fraction(1, 4), Fraction(2, 5), Fraction(1, 2), Fraction(9, 10)]),
    n=st.integers(1, 10**4),
)
@settings(deadline=None, max_examples=60)
def test_phase_transitions_are_their_recursions(t: int, x: Fraction, s: Fraction, n: int) -> None:
    with mpmath.workdps(30):
        a, ratio = mpmath.mpf(s.numerator) / s.denominator, mpmath.mpf(x.numerator) / x.denominator
        first = 3 * mpmath.mpf(n) ** -a
        fresh = reused = first
        for _ in range(t - 1):
            fresh = 3 * (n * (1 + ratio)) ** -a + ratio / (1 + ratio) * fresh
            # the linear learner's answer on the pooled sample is the mixture of its answers on the two parts
            synthetic = 3 * (n * ratio) ** -a + reused if ratio else mpmath.mpf(0)
            reused = (first + ratio * synthetic) / (1 + ratio)
    arguments = {"t": t, "x": x, "s": s, "n": n, "c": 3}
    assert value("phase_transition", **arguments) == pytest.approx(float(fresh), rel=1e-13)
    assert value("phase_transition_reused", **arguments) == pytest.approx(float(reused), rel=1e-13)


def height(data: str, t: int, s: float, x: float) -> float:
    share = (x / (1 + x)) ** (t - 1)
    return share + (1 + x) ** (1 - s) * (1 - share) if data == "fresh" else 1 + x ** (1 - s) * (1 - share)


@pytest.mark.parametrize("data", ["fresh", "reused"])
@pytest.mark.parametrize("t", [2, 3, 10, 60])
@pytest.mark.parametrize("s", ["1/10", "1/4", "1/2", "9/10"])
def test_the_peak_is_where_a_blind_search_finds_it(data: str, t: int, s: str) -> None:
    found, exponent = peak(t, s, data), float(Fraction(s))
    assert found.lower <= found.upper <= found.lower * (1 + 1e-15)
    searched = minimize_scalar(
        lambda y: -height(data, t, exponent, math.exp(y)), bounds=(-5, 12), method="bounded", options={"xatol": 1e-9}
    )
    assert math.exp(searched.x) == pytest.approx(found.lower, rel=1e-4)
    name = "phase_transition" if data == "fresh" else "phase_transition_reused"
    grid = bounds.get(f"fu2024.{name}").evaluate(t=t, s=s, c=1, n=1, x=np.exp(np.linspace(-6, 12, 2000)))
    # one peak: it rises, then falls
    turns = np.flatnonzero(np.diff(np.sign(np.diff(grid)[np.abs(np.diff(grid)) > 1e-13])))
    assert len(turns) == 1
    assert grid.max() <= height(data, t, exponent, found.lower) * (1 + 1e-12)


@pytest.mark.parametrize("data", ["fresh", "reused"])
@pytest.mark.parametrize("s", ["1/4", "1/2", "4/5"])
def test_closed_peaks_and_their_limit(data: str, s: str) -> None:
    second = value("phase_transition_peak", generation="second", data=data, s=s)
    assert second == pytest.approx(peak(2, s, data).lower, rel=1e-14)
    late = value("phase_transition_peak", generation="late", data=data, s=s)
    # the correction is of the order t^-(1-s), so that the limit is far away when s is near 1
    k = 10**30
    assert peak(k + 1, s, data).lower / k == pytest.approx(late, rel=1e-5)
    z = 1 / late
    assert math.expm1(z) / z == pytest.approx(1 / (1 - float(Fraction(s))), rel=1e-12)


def test_peaks_need_a_generation_that_has_one() -> None:
    for arguments in ((1, "1/2"), (2, 1), (2, "1/2", "old")):
        with pytest.raises(bounds.ArgumentError):
            peak(*arguments)


def test_the_growing_schedule_is_its_sum() -> None:
    for p, s in ((1.5, 0.5), (3.0, 0.25)):
        summed = sum(2 * (100 * (k + 1) ** (p / s)) ** -s for k in range(7))
        assert value("sample_schedule", n=100, c=2, s=s, p=p, t=7) == pytest.approx(summed, rel=1e-12)
        forever = value("sample_schedule", horizon="forever", n=100, c=2, s=s, p=p)
        # Euler-Maclaurin: the rest after 10^4 terms is an integral
        rest = 10_000.5 ** (1 - p) / (p - 1)
        far = 2 * 100**-s * (math.fsum(k**-p for k in range(1, 10_001)) + rest)
        assert forever == pytest.approx(far, rel=1e-9)


def test_rates() -> None:
    one = 16**-0.25 * math.sqrt(2 * math.log(32 / 0.1)) + math.sqrt(0.25)
    common = {"C": 3, "n": 16, "d": 2, "delta": "0.1", "kl_prior": "0.25"}
    assert value("weighted_rate", schedule="fully_synthetic", t=4, **common) == pytest.approx(12 * one)
    assert value("weighted_rate", schedule="real_plus_last", alpha="1/2", t=2, **common) == pytest.approx(4.5 * one)
    assert value("weighted_rate", schedule="balanced", t=3, **common) == pytest.approx(5.5 * one)
    assert value("weighted_rate", weights=schedule("balanced", 3), **common) == pytest.approx(5.5 * one)
    assert value("diffusion_rate", C=3, n=16) == pytest.approx(1.5)
    assert value("diffusion_rate", C=3, n=16, exponent="given", s="1/2") == pytest.approx(0.75)
    assert value("kde_rate", C=3, n=32, d=1) == pytest.approx(0.75)


def test_girsanov_takes_the_smaller_inequality_and_adds_early_stopping() -> None:
    theorem = bounds.get("fu2024.girsanov")
    small = theorem.evaluate(score_error="0.1", kl_prior="0.03", early="0.01")
    assert small == pytest.approx(0.01 + math.sqrt(0.04))
    assert theorem.evaluate(score_error=6, kl_prior=1, early=0) == pytest.approx(math.sqrt(1 - math.exp(-4)))
    assert theorem.evaluate(
        distance="kl", prior="contracted", score_error=1, noising=2, kl0=3
    ) == pytest.approx(0.5 + 3 * math.exp(-2))  # fmt: skip
    assert not theorem.informative(score_error=6, kl_prior=1, early="0.5")


class NormalDiffusion:
    """Real law N(0, v), beta = 1, learned score -a x (true score -x/v_t): every law is normal, every term an integral."""

    def __init__(self, v: float, a: float, time: float) -> None:
        self.v, self.a, self.time = v, a, time

    def variance(self, t: float) -> float:
        return 1 + (self.v - 1) * math.exp(-t)

    def score_error(self) -> float:
        return quad(lambda t: (self.a - 1 / self.variance(t)) ** 2 * self.variance(t), 0, self.time)[0]

    def flow_error(self) -> float:
        # div delta + <delta, grad log p> = b - b x^2/v_t with b = 1/v_t - a and E|1 - Z^2| = 4 phi(1)
        return quad(lambda t: abs(1 / self.variance(t) - self.a) * 4 * norm.pdf(1), 0, self.time)[0]

    def generated(self, sampler: str) -> float:
        """Variance at the end of the sampler, started from N(0, 1)."""
        drift = 0.5 - self.a * (0.5 if sampler == "ode" else 1.0)
        noise = 0.0 if sampler == "ode" else 1.0
        found = solve_ivp(lambda _, w: 2 * drift * w + noise, (0, self.time), [1.0], rtol=1e-11, atol=1e-13)
        return float(found.y[0, -1])


def normal_tv(v: float, w: float) -> float:
    if abs(v - w) < 1e-12:
        return 0.0
    crossing = math.sqrt(math.log(w / v) / (1 / v - 1 / w))
    return abs(2 * (norm.cdf(crossing / math.sqrt(v)) - norm.cdf(crossing / math.sqrt(w))))


def normal_kl(v: float, w: float) -> float:
    return (v / w - 1 - math.log(v / w)) / 2


@pytest.mark.parametrize(("v", "a", "time"), [(2.0, 0.6, 1.0), (0.3, 2.0, 0.5), (1.5, 1.0, 3.0), (0.5, 0.5, 2.0)])
def test_samplers_of_a_normal_law_obey_their_bounds(v: float, a: float, time: float) -> None:
    case = NormalDiffusion(v, a, time)
    end = case.variance(time)
    girsanov, flow = bounds.get("fu2024.girsanov"), bounds.get("fu2024.probability_flow_tv")
    sde, ode = case.generated("sde"), case.generated("ode")
    divergence = girsanov.evaluate(distance="kl", score_error=case.score_error(), kl_prior=normal_kl(end, 1))
    assert normal_kl(v, sde) <= divergence + 1e-12
    assert normal_kl(end, 1) <= math.exp(-time) * normal_kl(v, 1) + 1e-12
    assert normal_tv(v, sde) <= girsanov.evaluate(score_error=case.score_error(), kl_prior=normal_kl(end, 1), early=0)
    terms = {"tv_prior": normal_tv(end, 1), "flow_error": case.flow_error()}
    assert normal_tv(v, ode) <= flow.evaluate(sampler="ode", **terms) + 1e-12
    assert normal_tv(v, sde) <= flow.evaluate(sampler="sde", **terms) + 1e-12


def test_the_sde_bound_is_false_for_the_ode_sampler() -> None:
    """The constants are sharp enough to tell the samplers apart: a natural control."""
    failures = 0
    for v in (0.05, 0.2, 1.0, 5.0):
        for a in (0.0, 0.2, 3.0, 30.0):
            case = NormalDiffusion(v, a, 0.5)
            end = case.variance(0.5)
            bound = case.score_error() / 2 + normal_kl(end, 1)
            failures += normal_kl(v, case.generated("ode")) > bound * 1.001
            assert normal_kl(v, case.generated("sde")) <= bound + 1e-12
    assert failures > 0


def test_the_flow_bound_is_nearly_attained_by_small_score_errors() -> None:
    """Without prior error and for a small constant-sign error the ODE bound is an equality to first order."""
    case = NormalDiffusion(1.0, 1.001, 0.01)
    ratio = normal_tv(1.0, case.generated("ode")) / bounds.get("fu2024.probability_flow_tv").evaluate(
        tv_prior=0, flow_error=case.flow_error()
    )
    assert 0.99 < ratio <= 1 + 1e-6

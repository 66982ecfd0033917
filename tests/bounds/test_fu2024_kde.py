"""Kernel density loops: the explicit bounds against their definition, against simulated loops, and against each other."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

import bounds

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Law:
    weights: tuple[float, ...]
    means: tuple[float, ...]
    stds: tuple[float, ...]


TWO = Law((0.25, 0.75), (-1.5, 1.0), (0.5, 1.2))
ONE = Law((1.0,), (0.0,), (1.3,))


def evaluate(name: str, **arguments: object) -> float:
    return float(bounds.get(f"fu2024.{name}").evaluate(**arguments))


class Definition:
    """The bounds from their definition on a fine grid: smoothing is a convolution by FFT, squares are squares of kernels."""

    def __init__(self, law: Law, h: float) -> None:
        reach = 4096 * 0.01
        self.x = np.arange(-4096, 4096) * 0.01
        assert reach > 30 * h
        self.h, self.step = h, 0.01
        self.real = sum(
            w * np.exp(-((self.x - m) ** 2) / (2 * s * s)) / (s * math.sqrt(2 * math.pi))
            for w, m, s in zip(law.weights, law.means, law.stds, strict=True)
        )

    def kernel(self, order: int) -> Array:
        v = order * self.h**2
        return np.exp(-(self.x**2) / (2 * v)) / math.sqrt(2 * math.pi * v)

    def convolve(self, f: Array, g: Array) -> Array:
        return np.real(
            np.fft.fftshift(np.fft.ifft(np.fft.fft(np.fft.ifftshift(f)) * np.fft.fft(np.fft.ifftshift(g))))
        ) * (self.step)

    def means(self, t: int, alpha: float) -> list[Array]:
        found = [self.real, self.convolve(self.real, self.kernel(1))]
        for _ in range(t - 1):
            found.append(self.convolve(alpha * self.real + (1 - alpha) * found[-1], self.kernel(1)))
        return found

    def half_l1(self, bias: Array, variance: Array) -> float:
        return float(np.sqrt(bias**2 + np.maximum(variance, 0)).sum() * self.step / 2)

    def fresh(self, t: int, alpha: float, n: int, sharp: bool) -> float:
        m, q, total = self.means(t, alpha), 1 - alpha, np.zeros_like(self.x)
        for k in range(t):
            phi, real_share = self.kernel(t - k), alpha if k else 1.0
            drawn = [(real_share, self.real), (1 - real_share, m[k])]
            for share, source in drawn:
                second = self.convolve(source, phi**2)
                first = self.convolve(source, phi)
                total += q ** (2 * (t - k - 1)) * share * (second - sharp * first**2)
        return self.half_l1(m[t] - self.real, total / n)

    def reused(self, t: int, alpha: float, n: int, every: bool) -> float:
        """n points in all (`every` False), or n real points, all reused."""
        m, q = self.means(t, alpha), 1 - alpha
        chain = sum(q ** (j - 1) * self.kernel(j) for j in range(1, t))
        last = q ** (t - 1) * self.kernel(t)
        if every:
            influence = alpha * chain + last
            total, share = self.convolve(self.real, influence**2), alpha
        else:
            total = alpha * self.convolve(self.real, (chain + last) ** 2) + q * self.convolve(self.real, last**2)
            share = 1.0
        for k in range(1, t):
            total = total + share * q ** (2 * (t - k) - 1) * self.convolve(m[k], self.kernel(t - k) ** 2)
        return self.half_l1(m[t] - self.real, total / n)

    def lower(self, t: int, alpha: float) -> float:
        return float(np.abs(self.means(t, alpha)[t] - self.real).sum() * self.step / 2)


@pytest.mark.parametrize("law", [ONE, TWO], ids=["normal", "mixture"])
@pytest.mark.parametrize(
    ("t", "alpha", "h"), [(1, 0.3, 0.4), (2, 0.0, 0.3), (4, 0.25, 0.5), (7, 0.8, 0.2), (3, 1.0, 0.4)]
)
def test_bounds_are_what_their_definition_gives(law: Law, t: int, alpha: float, h: float) -> None:
    by_hand, common = Definition(law, h), {"t": t, "h": h}
    spelled: dict[str, object] = {"sigma": 1.3} if law is ONE else {"law": law}
    for form, sharp in (("second_moment", False), ("variance", True)):
        found = evaluate("kde_loop", form=form, n=50, alpha=alpha, **common, **spelled)
        assert found == pytest.approx(by_hand.fresh(t, alpha, 50, sharp), rel=1e-6)
    found = evaluate("kde_loop_reused", n=50, alpha=alpha, **common, **spelled)
    assert found == pytest.approx(by_hand.reused(t, alpha, 50, False), rel=1e-6)
    if alpha > 0:
        found = evaluate("kde_loop_reused", reused="all", n=50, lam=1 / alpha - 1, **common, **spelled)
        assert found == pytest.approx(by_hand.reused(t, alpha, 50, True), rel=1e-6)
    found = evaluate("kde_loop_lower", alpha=alpha, **common, **spelled)
    # on the grid, corners cost a part in 10^5
    assert found == pytest.approx(by_hand.lower(t, alpha), rel=1e-4)


def test_a_mixture_of_one_part_is_the_normal_law() -> None:
    shifted = Law((1.0,), (40.0,), (1.3,))
    for law in (ONE, shifted):
        for name, extra in (("kde_loop", {"n": 80}), ("kde_loop_reused", {"n": 80}), ("kde_loop_lower", {})):
            arguments = {"t": 6, "alpha": "1/5", "h": "0.3", **extra}
            assert evaluate(name, law=law, **arguments) == pytest.approx(
                evaluate(name, sigma="1.3", **arguments), rel=1e-9
            )


def test_one_dimension_of_the_isotropic_law_is_the_line() -> None:
    for name, extra in (("kde_loop", {"n": 80}), ("kde_loop_reused", {"n": 80}), ("kde_loop_lower", {})):
        arguments = {"t": 6, "alpha": "1/5", "h": "0.3", "sigma": 2, **extra}
        assert evaluate(name, space="isotropic", d=1, **arguments) == pytest.approx(
            evaluate(name, **arguments), rel=1e-12
        )


@pytest.mark.parametrize("d", [2, 3, 5])
def test_isotropic_lower_bound_by_the_chi_square_law_at_the_crossing(d: int) -> None:
    """In generation 1 both densities are normal, so the L1 distance is a difference of two chi-square probabilities."""
    from scipy.stats import chi2

    sigma, h = 1.5, 0.7
    wide = sigma**2 + h**2
    crossing = d * math.log(wide / sigma**2) / (1 / sigma**2 - 1 / wide)
    exact = chi2.cdf(crossing / sigma**2, d) - chi2.cdf(crossing / wide, d)
    assert evaluate("kde_loop_lower", space="isotropic", d=d, sigma=sigma, h=h, alpha=1, t=1) == pytest.approx(
        exact, rel=1e-9
    )


def test_isotropic_bound_by_importance_sampling() -> None:
    """d = 3, generation 2: half E of the root over a wide normal law, whose terms are computed by hand."""
    rng, d, sigma, h, alpha, n = np.random.default_rng(3), 3, 1.0, 0.5, 0.4, 60
    q, wide = 1 - alpha, 1.6

    def density(r2: Array, v: float) -> Array:
        return np.exp(-r2 / (2 * v)) / (2 * math.pi * v) ** (d / 2)

    r2 = (wide * rng.normal(size=(400_000, d))).__pow__(2).sum(axis=1)
    head = (4 * math.pi * h * h) ** (-d / 2)
    bias = alpha * density(r2, sigma**2 + h**2) + q * density(r2, sigma**2 + 2 * h**2) - density(r2, sigma**2)
    first = q**2 * head * 2 ** (-d / 2) * density(r2, sigma**2 + h**2)
    second = head * (alpha * density(r2, sigma**2 + h**2 / 2) + q * density(r2, sigma**2 + 1.5 * h**2))
    terms = np.sqrt(bias**2 + (first + second) / n) / 2 / density(r2, wide**2)
    error = terms.std() / math.sqrt(len(terms))
    found = evaluate("kde_loop", space="isotropic", d=d, sigma=sigma, h=h, alpha=alpha, n=n, t=2)
    assert abs(found - terms.mean()) < 5 * error < 0.01 * found  # a normal deviate of 5: false alarm below 1e-6


def simulated(
    rng: np.random.Generator,
    law: Law,
    n: int,
    real: int,
    reuse: bool,
    h: float,
    t: int,
    synthetic: int,
    runs: int,
    points: int = 601,
) -> Array:
    """Total variation of generation t to the law in independent runs of the loop itself."""

    def draw(size: int) -> Array:
        part = rng.choice(len(law.weights), p=law.weights, size=(runs, size))
        return np.array(law.means)[part] + np.array(law.stds)[part] * rng.normal(size=(runs, size))

    first = data = draw(n)
    for _ in range(t - 1):
        picked = np.take_along_axis(data, rng.integers(data.shape[1], size=(runs, synthetic)), axis=1)
        data = np.concatenate(
            [first[:, :real] if reuse else draw(real), picked + h * rng.normal(size=picked.shape)], axis=1
        )
    x = np.linspace(-6, 6, points)
    truth = sum(
        w * np.exp(-((x - m) ** 2) / (2 * s * s)) / (s * math.sqrt(2 * math.pi))
        for w, m, s in zip(law.weights, law.means, law.stds, strict=True)
    )
    fitted = np.stack([np.exp(-((x[:, None] - row) ** 2) / (2 * h * h)).mean(axis=1) for row in data])
    return np.abs(fitted / (h * math.sqrt(2 * math.pi)) - truth).sum(axis=1) * (x[1] - x[0]) / 2


def half_width(runs: int) -> float:
    """Hoeffding's inequality for values in [0, 1], at a false alarm level of 1e-6; the grid errs by far less."""
    return math.sqrt(math.log(1e6) / (2 * runs))


@pytest.mark.parametrize("law", [Law((1.0,), (0.0,), (1.0,)), TWO], ids=["normal", "mixture"])
def test_simulated_loops_lie_between_the_lower_and_the_upper_bounds(law: Law) -> None:
    rng, n, h, t = np.random.default_rng(11), 60, 0.3, 6
    for alpha, reuse in ((0.2, False), (0.5, False), (0.5, True)):
        mean = simulated(rng, law, n, round(alpha * n), reuse, h, t, n - round(alpha * n), 400).mean()
        arguments = {"law": law, "t": t, "h": h, "alpha": alpha}
        names = ["kde_loop_reused"] if reuse else ["kde_loop"]
        upper = min(evaluate(name, n=n, **arguments) for name in names)
        if not reuse:
            upper = min(upper, evaluate("kde_loop", form="variance", n=n, **arguments))
        assert evaluate("kde_loop_lower", **arguments) <= mean + half_width(400)
        assert mean <= upper + half_width(400)
    mean = simulated(rng, law, n, n, True, h, t, 3 * n, 200).mean()
    assert mean <= evaluate("kde_loop_reused", law=law, reused="all", n=n, lam=3, t=t, h=h) + half_width(200)


def test_the_formula_for_fresh_data_is_exceeded_on_reused_data() -> None:
    """A natural control: a bound that cannot be broken proves nothing about the one that holds."""
    n, h, t, runs = 400, 0.05, 25, 200
    found = simulated(np.random.default_rng(5), Law((1.0,), (0.0,), (1.0,)), n, 40, True, h, t, 360, runs, points=401)
    arguments = {"n": n, "h": h, "alpha": "1/10", "t": t, "sigma": 1}
    error = 4.8 * found.std() / math.sqrt(runs)  # a normal deviate of 4.8: false alarm below 1e-6
    assert found.mean() - error > evaluate("kde_loop", form="variance", **arguments)
    assert found.mean() + error < evaluate("kde_loop_reused", **arguments)


@pytest.mark.parametrize("alpha", [0.0, 0.3, 1.0])
def test_bounds_are_ordered(alpha: float) -> None:
    for t in (1, 2, 5, 12):
        arguments = {"alpha": alpha, "t": t, "h": "0.2", "sigma": 1}
        low = evaluate("kde_loop_lower", **arguments)
        sharp = evaluate("kde_loop", form="variance", n=100, **arguments)
        plain = evaluate("kde_loop", n=100, **arguments)
        assert low < sharp < plain
        assert plain <= evaluate("kde_loop_reused", n=100, **arguments) * (1 + 1e-12)
        assert evaluate("kde_loop", n=10**12, **arguments) == pytest.approx(low, rel=1e-2)


def test_first_generation_is_the_same_with_fresh_and_reused_data() -> None:
    arguments = {"t": 1, "h": "0.2", "sigma": 1, "n": 30}
    fresh = evaluate("kde_loop", alpha="1/3", **arguments)
    assert evaluate("kde_loop_reused", alpha="1/3", **arguments) == pytest.approx(fresh, rel=1e-12)
    assert evaluate("kde_loop_reused", reused="all", lam=2, **arguments) == pytest.approx(fresh, rel=1e-12)


def finer(monkeypatch: pytest.MonkeyPatch, compute: Callable[[], float]) -> float:
    """Compute again with ten times as many nodes in every panel."""
    from bounds.integrals import quadrature

    monkeypatch.setattr(quadrature, "gauss_legendre", lambda f, e, g=quadrature.gauss_legendre: g(f, e, 160))
    found = compute()
    monkeypatch.undo()
    return found


@pytest.mark.parametrize("form", ["second_moment", "variance"])
def test_twenty_generations_are_quick_and_a_finer_quadrature_changes_nothing(
    form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def compute() -> float:
        return evaluate("kde_loop", form=form, n=1000, t=20, alpha="0.3", h="0.3", sigma=1)

    value = compute()
    spent = []
    for _ in range(3):
        began = time.process_time()
        compute()
        spent.append(time.process_time() - began)
    assert min(spent) < 0.2  # 50 ms where nothing else runs; shared machines are slower
    assert finer(monkeypatch, compute) == pytest.approx(value, rel=1e-10)


@pytest.mark.parametrize(
    ("law", "message"),
    [
        (3, "normal mixture"),
        (Law((0.5, 0.5), (0.0,), (1.0,)), "same length"),
        (Law((0.5, 0.6), (0.0, 1.0), (1.0, 1.0)), "sum to 1"),
        (Law((1.0,), (0.0,), (0.0,)), "positive"),
        (Law((1.0,), (math.inf,), (1.0,)), "finite"),
    ],
)
def test_laws_that_make_no_sense_are_refused(law: object, message: str) -> None:
    with pytest.raises(bounds.ArgumentError, match=message):
        evaluate("kde_loop", law=law, n=10, t=2, h=1, alpha=1)
    with pytest.raises(bounds.ArgumentError, match="no symbol 'sigma'"):
        evaluate("kde_loop", law=ONE, sigma=1, n=10, t=2, h=1, alpha=1)


def test_enclosures_with_a_law_hold_the_float() -> None:
    theorem = bounds.get("fu2024.kde_loop_reused")
    lower, upper = theorem.enclose(law=TWO, n=50, t=2, h="0.4", alpha="0.3", relative_width="1e-12")
    assert lower * (1 - 1e-9) <= theorem.evaluate(law=TWO, n=50, t=2, h="0.4", alpha="0.3") <= upper * (1 + 1e-9)

"""Normal loops fed on their own points: collapse in the Loewner order, and the exact moments."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import quad
from scipy.special import polygamma
from scipy.stats import chi2
from sympy import Rational

from bounds.papers import bertrand2024 as theory
from bounds.symbols import n, t
from verify.check import Check, Effort, Setting, plant
from verify.evidence import Computed, Evidence, KnownVarianceSample
from verify.mixing import replace
from verify.models.normal import (
    NormalLaw,
    exact_log_det,
    exact_log_variance,
    exact_std_variance,
    exact_variance,
    mixed_moments,
    multivariate_loop,
    normal_loop,
    plain_multivariate_loop,
    plain_normal_loop,
)

Covariance = Literal["unbiased", "mle"]
ESTIMATORS: tuple[Covariance, ...] = ("unbiased", "mle")

# Sufficient statistics make a replicate of the one-dimensional loop about as dear as a normal draw.
CHEAP = 50


@dataclass(frozen=True)
class NormalLoop:
    """A fully synthetic normal loop and what is read off it."""

    size: int
    generation: int
    covariance: Covariance
    sigma: float = 1.0
    statistic: str = "std"
    eigenvalues: tuple[float, ...] = (1.0,)
    direction: int = 0
    path: Literal["quadrature", "statistics", "points"] = "statistics"


# --- quadrature: one generation from the chi-square law, t generations by independence ------------------------------


def _chi_square_mean(function: Callable[[float], float], freedom: int) -> tuple[float, float]:
    """Integrate against the chi-square law in v = log x, where the integrand is smooth down to 0."""
    edges = (-80.0, -30.0, -10.0, 0.0, math.log(freedom), math.log(freedom) + 2.0, math.log(freedom) + 5.0)
    log_density = chi2(freedom).logpdf
    parts = [
        quad(lambda v: function(math.exp(v)) * math.exp(log_density(math.exp(v)) + v), a, b, epsabs=1e-14, epsrel=1e-12)
        for a, b in zip(sorted(edges)[:-1], sorted(edges)[1:], strict=True)
    ]
    value = sum(p[0] for p in parts)
    # The log-density of many degrees of freedom carries a relative rounding of its own.
    return value, sum(p[1] for p in parts) + 2e-12 * max(abs(value), 1e-2)


def _divisor(loop: NormalLoop) -> int:
    return loop.size - 1 if loop.covariance == "unbiased" else loop.size


def _integrated(loop: NormalLoop) -> Computed:
    freedom, divisor, steps = loop.size - 1, _divisor(loop), loop.generation
    match loop.statistic:
        case "std":
            factor, error = _chi_square_mean(lambda x: math.sqrt(x / divisor), freedom)
            value = loop.sigma * factor**steps
            return Computed(value, value * steps * error / factor + 1e-14 * value)
        case "variance":
            factor, error = _chi_square_mean(lambda x: x / divisor, freedom)
            value = loop.sigma**2 * factor**steps
            return Computed(value, value * steps * error / factor + 1e-14 * value)
        case "mean_square_error":
            factor, error = _chi_square_mean(lambda x: x / divisor, freedom)
            terms = [loop.sigma**2 * factor**k / loop.size for k in range(steps)]
            return Computed(sum(terms), sum(k * term for k, term in enumerate(terms)) * error + 1e-13 * sum(terms))
        case "log_variance":
            mean, error = _chi_square_mean(lambda x: math.log(x / divisor), freedom)
            return Computed(2 * math.log(loop.sigma) + steps * mean, steps * error + 1e-13)
        case "log_variance_spread":
            mean, error = _chi_square_mean(lambda x: math.log(x / divisor), freedom)
            square, square_error = _chi_square_mean(lambda x: math.log(x / divisor) ** 2, freedom)
            return Computed(steps * (square - mean**2), steps * (square_error + 3 * abs(mean) * error) + 1e-12)
        case _:
            # Bartlett: the determinant of a Wishart matrix is a product of independent chi-squares.
            freedoms = [loop.size - 1 - j for j in range(len(loop.eigenvalues))]
            parts = [_chi_square_mean(lambda x: math.log(x / divisor), f) for f in freedoms]
            return Computed(steps * sum(p[0] for p in parts), steps * sum(p[1] for p in parts) + 1e-12)


# --- simulation ---------------------------------------------------------------------------------------------------


def _simulated(loop: NormalLoop, effort: Effort, rng: np.random.Generator) -> Evidence:
    if loop.statistic == "log_determinant":
        return _simulated_determinant(loop, effort, rng)
    if loop.path == "points":
        run, count = plain_normal_loop, CHEAP * effort.replicates // 5
    else:
        run, count = normal_loop, CHEAP * effort.replicates
    path = run(rng, replace(loop.size), loop.generation, count, sigma=loop.sigma, covariance=loop.covariance)
    log_variances = path.log_variances[:, -1]
    arguments = (loop.size, loop.generation, loop.sigma, loop.covariance)
    match loop.statistic:
        case "std":
            return KnownVarianceSample(path.stds[:, -1], exact_std_variance(*arguments))
        case "variance":
            return KnownVarianceSample(path.variances[:, -1], float(exact_variance(*arguments).variance))
        case "log_variance":
            return KnownVarianceSample(log_variances, float(exact_log_variance(*arguments).variance))
        case "log_variance_spread":
            centre = float(exact_log_variance(*arguments).mean)
            second, fourth = (loop.generation * float(polygamma(k, (loop.size - 1) / 2)) for k in (1, 3))
            return KnownVarianceSample((log_variances - centre) ** 2, fourth + 2 * second**2)
        case _:
            moments = mixed_moments(replace(loop.size), loop.generation, sigma=loop.sigma, covariance=loop.covariance)
            return KnownVarianceSample(path.means[:, -1] ** 2, float(moments.drift_variance[-1]))


def _law(loop: NormalLoop, rng: np.random.Generator) -> NormalLaw:
    """Return a normal law in a random orthonormal basis."""
    d = len(loop.eigenvalues)
    basis, _ = np.linalg.qr(rng.standard_normal((d, d)))
    return NormalLaw(np.zeros(d), np.asarray(loop.eigenvalues, dtype=float), basis)


def _simulated_determinant(loop: NormalLoop, effort: Effort, rng: np.random.Generator) -> Evidence:
    law = _law(loop, rng)
    path = multivariate_loop(
        rng, law, replace(loop.size), loop.generation, effort.replicates, covariance=loop.covariance
    )
    drifts = path.log_dets[:, -1] - path.log_dets[:, 0]
    known = exact_log_det(loop.size, len(loop.eigenvalues), loop.generation, loop.covariance)
    return KnownVarianceSample(drifts, float(known.variance))


def _collapsed(loop: NormalLoop, effort: Effort, rng: np.random.Generator) -> Evidence:
    """Read the square root of the covariance along one eigen-direction.

    Its second moment is at most that of the covariance there, which never exceeds the initial one: a known variance.
    """
    law = _law(loop, rng)
    run = plain_multivariate_loop if loop.path == "points" else multivariate_loop
    path = run(rng, law, replace(loop.size), loop.generation, 12 * effort.replicates, covariance=loop.covariance)
    roots: NDArray[np.float64] = path.sqrt_diagonals()[:, -1, loop.direction]
    return KnownVarianceSample(roots, float(loop.eigenvalues[loop.direction]))


def _measure(setting: Setting, effort: Effort, rng: np.random.Generator) -> Evidence:
    loop: NormalLoop = setting.world
    if loop.path == "quadrature":
        return _integrated(loop)
    return _simulated(loop, effort, rng)


def _measure_collapse(setting: Setting, effort: Effort, rng: np.random.Generator) -> Evidence:
    loop: NormalLoop = setting.world
    return _integrated(loop) if loop.path == "quadrature" else _collapsed(loop, effort, rng)


# --- settings -----------------------------------------------------------------------------------------------------


def _half_life(size: int) -> int:
    """Return a generation at which about half of the standard deviation is left."""
    return max(1, round(math.log(2) * 4 * size / 3))


def _collapse_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    settings = []
    for covariance in ESTIMATORS:
        for size in (2, 3, 10, 100):
            loop = NormalLoop(
                size, _half_life(size), covariance, sigma=float(rng.integers(1, 9)) / 4, path="quadrature"
            )
            settings.append(_collapse_setting(loop, f"one dimension, n = {size}, by quadrature"))
    for index in range(max(2, effort.settings // 4)):
        d, spread = int(rng.integers(2, 6)), int(rng.integers(0, 11))
        # Alone at the top, the largest eigenvalue behaves as in one dimension, where the bound is an equality.
        eigenvalues = (1.0, 1.0, *(float(v) for v in np.sort(10.0 ** -rng.uniform(0, spread, d - 2))[::-1]))
        size = int(rng.integers(3, 25))
        for direction in (0, d - 1):
            loop = NormalLoop(
                size,
                int(rng.integers(_half_life(size) // 2 + 1, _half_life(size) + 2)),
                ESTIMATORS[index % 2],
                sigma=math.sqrt(eigenvalues[direction]),
                eigenvalues=eigenvalues,
                direction=direction,
                path="points" if index == 0 else "statistics",
            )
            label = f"{d} dimensions, condition {eigenvalues[0] / eigenvalues[-1]:.0e}, n = {size}, direction {direction + 1}"
            settings.append(_collapse_setting(loop, label))
    return settings


def _collapse_setting(loop: NormalLoop, label: str) -> Setting:
    arguments = {"n": loop.size, "t": loop.generation, "sigma": loop.sigma, "covariance": loop.covariance}
    return Setting(label, arguments, loop)


def _arguments(loop: NormalLoop) -> dict[str, Any]:
    given: dict[str, Any] = {"statistic": loop.statistic, "covariance": loop.covariance}
    one = theory.GAUSSIAN_LOOP.at(**given)
    values = {"n": loop.size, "t": loop.generation, "sigma": loop.sigma, "d": len(loop.eigenvalues)}
    return {**given, **{s.name: values[s.name] for s in one.symbols}}


# Sizes and generations at which each statistic is resolved to a few per cent by the quick effort.
_SIMULATED = {
    "std": (30, 12),
    "variance": (60, 8),
    "log_variance": (6, 60),
    "log_variance_spread": (8, 10),
    "mean_square_error": (25, 6),
    "log_determinant": (6, 80),
}


def _moment_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    settings = []
    for covariance in ESTIMATORS:
        for statistic, (size, generation) in _SIMULATED.items():
            eigenvalues = (1.0, 1e-2, 1e-5) if statistic == "log_determinant" else (1.0,)
            loops = [
                NormalLoop(size, generation, covariance, 1.0, statistic, eigenvalues),
                NormalLoop(
                    int(rng.integers(4, 200)),
                    int(rng.integers(1, 40)),
                    covariance,
                    float(rng.integers(1, 17)) / 4,
                    statistic,
                    eigenvalues,
                    path="quadrature",
                ),
            ]
            if statistic == "std":
                loops.append(NormalLoop(10, 3, covariance, 1.0, statistic, path="points"))
            for loop in loops:
                how = {"quadrature": "quadrature", "statistics": "sufficient statistics", "points": "drawn points"}[
                    loop.path
                ]
                label = f"{statistic.replace('_', ' ')}, {covariance}, n = {loop.size}, t = {loop.generation}, by {how}"
                settings.append(Setting(label, _arguments(loop), loop))
    return settings


CHECKS = (
    Check(
        theory.GAUSSIAN_COLLAPSE,
        _collapse_settings,
        _measure_collapse,
        (
            plant(theory.GAUSSIAN_COLLAPSE, "2 % too small", lambda e: e * Rational(49, 50)),
            plant(theory.GAUSSIAN_COLLAPSE, "exponent t + 1 instead of t", lambda e: e.subs(t, t + 1)),
        ),
    ),
    Check(
        theory.GAUSSIAN_LOOP,
        _moment_settings,
        _measure,
        (
            plant(theory.GAUSSIAN_LOOP, "10 % too large", lambda e: e * Rational(11, 10)),
            plant(theory.GAUSSIAN_LOOP, "one point too many", lambda e: e.subs(n, n + 1)),
        ),
    ),
)

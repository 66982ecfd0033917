"""The retraining map at its optimum: logistic location families, their products, matrix pairs, adversaries."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sympy import Rational

from bounds.papers import bertrand2024 as theory
from bounds.symbols import L, lam, t
from verify.check import Check, Effort, Setting, plant
from verify.checks._logistic import random_law, rounded_up
from verify.evidence import Computed, Evidence
from verify.models.location import (
    LogisticConstants,
    LogisticRetraining,
    MatrixPair,
    energy_norm,
    logistic_retraining,
    norm2,
    numerical_derivative,
    product_constants,
    random_pair,
    spectral_radius,
    worst_pair,
)

Matrix = NDArray[np.float64]
Norm = Callable[[Matrix, Matrix], Matrix]

# Eighth-order differences of the exact map were seen to err by 2e-14 at most; this leaves a wide margin.
_DIFFERENCE_ERROR = 1e-10
# Rounding in a solve or an eigenvalue, per unit of condition number; larger matrices than 6 by 6 are not used.
_ROUNDING = 64 * float(np.finfo(float).eps)


def _euclidean(jacobian: Matrix, curvature: Matrix) -> Matrix:
    return norm2(jacobian)


def _radius(jacobian: Matrix, curvature: Matrix) -> Matrix:
    return spectral_radius(jacobian)


@dataclass(frozen=True)
class Derivative:
    """The derivative of the exact map of a logistic location family, by numerical differentiation."""

    retraining: LogisticRetraining
    ratio: float

    def measure(self) -> Computed:
        """Differentiate the map at its fixed point; in one dimension every norm is the absolute value."""
        theta = self.retraining.constants.theta_star
        value = numerical_derivative(lambda x: self.retraining.retrain(x, self.ratio), theta)
        return Computed(abs(value), _DIFFERENCE_ERROR)


@dataclass(frozen=True)
class Pair:
    """A pair of curvature matrices and the norm in which the Jacobian is measured."""

    pair: MatrixPair
    ratio: float
    norm: Norm

    def measure(self) -> Computed:
        """Take the norm of the exact Jacobian.

        The matrices themselves are feasible up to the rounding of their largest entry, which their condition amplifies.
        """
        value = float(self.norm(self.pair.jacobian(self.ratio), self.pair.A0))
        mixed = self.pair.A0 + self.ratio * self.pair.B0
        condition = max(float(np.linalg.cond(self.pair.A0)), float(np.linalg.cond(mixed)))
        return Computed(value, _ROUNDING * condition * max(value, 1e-3))


@dataclass(frozen=True)
class Path:
    """The exact loop of a logistic location family from a starting point."""

    retraining: LogisticRetraining
    ratio: float
    distance: float
    generation: int

    def measure(self) -> Computed:
        """Run the loop."""
        theta = self.retraining.constants.theta_star
        path = self.retraining.trajectory(theta + self.distance, self.ratio, self.generation)
        return Computed(abs(float(path[-1]) - theta), self.retraining.constants.theta_error + 1e-13)


def _measure(setting: Setting, effort: Effort, rng: np.random.Generator) -> Evidence:
    measured: Computed = setting.world.measure()
    return measured


def safe_constants(found: LogisticConstants) -> dict[str, float]:
    """Round the constants of a family to the safe side.

    Examples
    --------
    >>> from verify.data import NormalMixture
    >>> sorted(safe_constants(logistic_retraining(NormalMixture.normal()).constants))
    ['L', 'curvature', 'epsilon']
    """
    return {"curvature": found.curvature_lower, "epsilon": found.epsilon_upper, "L": rounded_up(found.lipschitz)}


def _threshold(constants: dict[str, float]) -> float:
    """Return the ratio at which the paper's hypothesis ends."""
    return 1 / (2 * (1 + constants["L"] * constants["epsilon"] / constants["curvature"]))


def _ratio(rng: np.random.Generator, limit: float) -> float:
    """Draw a ratio below a limit, often a small one, where the paper's bound is sharp."""
    return float(f"{limit * min(10 ** rng.uniform(-2.5, 0), 0.98):.3g}")


def _logistic_settings(effort: Effort, rng: np.random.Generator, limited: bool) -> list[Setting]:
    settings = []
    for index in range(max(24, effort.settings)):
        law, label = random_law(rng, index)
        retraining = logistic_retraining(law)
        constants = safe_constants(retraining.constants)
        ratio = _ratio(rng, _threshold(constants) if limited else 20.0)
        arguments: dict[str, Any] = {"lam": Fraction(ratio), **constants}
        settings.append(
            Setting(f"logistic family, {label}, lambda = {ratio:g}", arguments, Derivative(retraining, ratio))
        )
    return settings


def _product_settings(effort: Effort, rng: np.random.Generator, limited: bool, norm: Norm) -> list[Setting]:
    settings = []
    for d in (2, 3, 4):
        factors = [logistic_retraining(random_law(rng, index)[0]).constants for index in range(d)]
        product = product_constants(factors)
        constants = {
            "curvature": product.curvature,
            "epsilon": product.epsilon,
            "L": rounded_up(product.lipschitz),
        }
        ratio = _ratio(rng, _threshold(constants) if limited else 20.0)
        label = f"product of {d} logistic families, lambda = {ratio:g}"
        settings.append(Setting(label, {"lam": Fraction(ratio), **constants}, Pair(product.pair, ratio, norm)))
    return settings


def _pair_settings(effort: Effort, rng: np.random.Generator, limited: bool, norm: Norm) -> list[Setting]:
    settings = []
    for index in range(4 * effort.settings):
        d, a = int(rng.integers(1, 7)), float(f"{10 ** rng.uniform(-1, 1):.2g}")
        e = float(f"{a * 10 ** rng.uniform(-2, 0.7):.2g}")
        ratio = _ratio(rng, 1 / (2 * (1 + e / a)) if limited else 20.0)
        if index % 12 == 0:
            # One dimension with the misspecification on the worst side: the spectral bound is attained.
            pair, label = MatrixPair(np.array([[a]]), np.array([[a + e]])), "extreme pair"
        elif index % 12 == 6:
            pair = worst_pair(rng, 2, a, e, ratio, measure=norm if norm is not _radius else energy_norm, starts=1)
            label = "adversary, 2 dimensions"
        else:
            pair, label = random_pair(rng, d, a, e), f"random pair, {d} dimensions"
        arguments = {"lam": Fraction(ratio), "L": 1, "curvature": Fraction(a), "epsilon": Fraction(e)}
        settings.append(Setting(f"{label}, lambda = {ratio:g}", arguments, Pair(pair, ratio, norm)))
    return settings


def _matrix_settings(limited: bool, *norms: Norm) -> Callable[[Effort, np.random.Generator], Sequence[Setting]]:
    def settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
        found = _logistic_settings(effort, rng, limited)
        for norm in norms:
            found += _product_settings(effort, rng, limited, norm) + _pair_settings(effort, rng, limited, norm)
        return found

    return settings


def _contraction_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    settings = []
    for index in range(effort.settings):
        law, label = random_law(rng, index)
        retraining = logistic_retraining(law)
        constants = safe_constants(retraining.constants)
        ratio, generation = _ratio(rng, _threshold(constants)), int(rng.integers(1, 6))
        distance = float(rng.integers(1, 11)) / 100
        jacobian = retraining.constants.jacobian(ratio)
        if distance * jacobian**generation < 1e-9:
            generation = max(1, int(math.log(1e-9 / distance) / math.log(jacobian)))
        arguments: dict[str, Any] = {"lam": Fraction(ratio), **constants, "distance0": distance, "t": generation}
        world = Path(retraining, ratio, distance, generation)
        settings.append(Setting(f"logistic family, {label}, lambda = {ratio:g}, t = {generation}", arguments, world))
    return settings


CHECKS = (
    Check(
        theory.JACOBIAN,
        _matrix_settings(True, _euclidean),
        _measure,
        (
            plant(theory.JACOBIAN, "10 % too small", lambda e: e * Rational(9, 10)),
            plant(theory.JACOBIAN, "misspecification with the wrong sign", lambda e: e.subs(L, -L)),
        ),
    ),
    Check(
        theory.CONTRACTION,
        _contraction_settings,
        _measure,
        (
            plant(theory.CONTRACTION, "exponent t + 1 instead of t", lambda e: e.subs(t, t + 1)),
            plant(theory.CONTRACTION, "half the initial distance", lambda e: e / 2),
        ),
    ),
    Check(
        theory.SPECTRAL_RADIUS_BOUND,
        _matrix_settings(False, _radius, energy_norm),
        _measure,
        (
            plant(theory.SPECTRAL_RADIUS_BOUND, "1 % too small", lambda e: e * Rational(99, 100)),
            plant(theory.SPECTRAL_RADIUS_BOUND, "misspecification forgotten", lambda e: e.subs(L, 0)),
        ),
    ),
    Check(
        theory.JACOBIAN_REFINED,
        _matrix_settings(False, _euclidean),
        _measure,
        (
            plant(theory.JACOBIAN_REFINED, "2 % too small", lambda e: e * Rational(49, 50)),
            plant(theory.JACOBIAN_REFINED, "misspecification forgotten", lambda e: e.subs(L, 0)),
            plant(theory.JACOBIAN_REFINED, "ratio lambda^2/(1 + lambda)", lambda e: e * lam),
        ),
    ),
)

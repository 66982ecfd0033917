"""Rates of score networks with a hidden constant: the exponent over declared sizes, and the bound with a calibrated constant.

The networks are those of the theorems: random features of which only the outer layer is trained, by gradient flow for a
time ``tau = 1000 sqrt(n)``, at least as wide as n, on bounded data. What they generate by the probability flow is known
without sampling, up to a stated numerical error.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
from sympy import Rational

from bounds import Theorem
from bounds.papers import fu2024 as theory
from bounds.symbols import n
from verify.check import FULL, Check, Control, Effort, Setting
from verify.evidence import DistanceSample, Evidence, QuantileSample, Slope
from verify.models.score import (
    CosineMixture,
    Matching,
    Noising,
    RandomFeatures,
    Window,
    draw_features,
    flow_trainer,
    prior_divergence,
    sample_size_errors,
    score_loop,
)
from verify.rates import CALIBRATED, EXPONENT, calibrated_constant, claims
from verify.schedules import Schedule, equal_shares, last_only, real_and_last

SIZES = (4, 64)
WIDTH = 64
TOLERANCE = Fraction(1, 20)
MARGIN = Fraction(5, 4)
DELTA = Fraction(1, 5)

_WINDOW = Window(0.02, Noising(3))
_MATCHING = Matching(_WINDOW, times=16, draws=2)
_ONE = CosineMixture((1.0,), (0.0,), (2.0,))
_TWO = CosineMixture((0.5, 0.5), (-0.8, 0.8), (1.4, 1.4))
_NAMES = {_ONE: "raised cosine", _TWO: "two raised cosines"}

# Training sets at a size per replicate of the effort; small ones vary more between each other.
_PER_SIZE = {4: 0.3, 8: 0.2, 16: 0.2, 32: 0.2, 64: 0.3, 128: 0.15}
_RESOLUTION = {"cells": 240, "steps": 32}


@dataclass(frozen=True, eq=False)
class Networks:
    """Networks of one generation.

    Parameters
    ----------
    law : CosineMixture
    features : RandomFeatures
        Inner layer, the same in all of them.
    sizes : tuple of int
        Numbers of points they are trained on.
    pace : float
        Training time over ``sqrt(n)``; where `fixed`, training time at every n.
    fixed : bool
    part : float
        Share of the usual training sets that is drawn.
    """

    law: CosineMixture
    features: RandomFeatures
    sizes: tuple[int, ...]
    pace: float = 1000.0
    fixed: bool = False
    part: float = 1.0

    def training_time(self, size: int) -> float:
        """Return tau."""
        return self.pace if self.fixed else self.pace * math.sqrt(size)

    @property
    def label(self) -> str:
        """What they are, in words."""
        time = f"tau = {self.pace:g}" + (" at every n" if self.fixed else " sqrt(n)")
        return f"{_NAMES[self.law]}, random features, m = {self.features.width}, {time}"


def _networks(rng: np.random.Generator, law: CosineMixture, sizes: Sequence[int], width: int = WIDTH) -> Networks:
    features = draw_features(rng, width, 1, _WINDOW, terms=4, inner_std=2.0, timed_std=1.0)
    return Networks(law, features, tuple(sizes))


def _distances(rng: np.random.Generator, networks: Networks, size: int, replicates: int) -> DistanceSample:
    """Return evidence about the expected distance after training on so many points."""
    train = flow_trainer(networks.features, _MATCHING, networks.training_time)
    tv, error = sample_size_errors(rng, networks.law, (size,), replicates, train, _WINDOW, **_RESOLUTION)
    return DistanceSample(tv[0], error[0])


def _replicates(effort: Effort, size: int, part: float) -> int:
    return max(50, int(effort.replicates * part * _PER_SIZE[size]))


# --- one generation ---------------------------------------------------------------------------------------------------


def _slope_setting(networks: Networks, choices: dict[str, Any]) -> Setting:
    label = f"{networks.label}, slope over n = {', '.join(map(str, networks.sizes))}"
    return Setting(label, {"claim": EXPONENT, **choices}, networks)


def _calibrated_setting(
    rate: Theorem, networks: Networks, fitted_at: int, choices: dict[str, Any], effort: Effort, rng: np.random.Generator
) -> Setting:
    """Fit C at one size, and return a setting at the networks' own."""
    (size,) = networks.sizes
    fitted = _distances(rng, networks, fitted_at, _replicates(effort, fitted_at, networks.part))
    constant = calibrated_constant(rate, [{"n": fitted_at, **choices}], [fitted], margin=MARGIN)
    fit = f"C = {float(constant)} calibrated at n = {fitted_at} with margin {MARGIN}"
    label = f"{networks.label}, {fit}, tested at n = {size}"
    return Setting(label, {"claim": CALIBRATED, "C": constant, "n": size, **choices}, networks)


def _measure(setting: Setting, effort: Effort, rng: np.random.Generator) -> Evidence:
    """Measure the slope over all sizes, or the distance at the only one."""
    networks: Networks = setting.world
    found = [_distances(rng, networks, size, _replicates(effort, size, networks.part)) for size in networks.sizes]
    return found[0] if len(found) == 1 else Slope(np.array(networks.sizes, dtype=np.float64), tuple(found))


_PAPER: dict[str, Any] = {"exponent": "paper"}
_GIVEN: dict[str, Any] = {"exponent": "given", "s": Fraction(1, 5)}


def _settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    settings = [
        _slope_setting(_networks(rng, _ONE, SIZES), _PAPER),
        _slope_setting(_networks(rng, _TWO, SIZES), _GIVEN),
    ]
    for law, choices in ((_ONE, _GIVEN), (_TWO, _PAPER)):
        networks = replace(_networks(rng, law, (64,)), part=0.6)
        settings.append(_calibrated_setting(theory.DIFFUSION_RATE, networks, 4, choices, effort, rng))
    if effort.settings >= FULL.settings:
        settings.append(_slope_setting(_networks(rng, _TWO, SIZES), _PAPER))
        wide = _networks(rng, _ONE, (128,), width=128)
        settings.append(_calibrated_setting(theory.DIFFUSION_RATE, wide, 16, _PAPER, effort, rng))
    return settings


def _faster(theorem: Theorem) -> Theorem:
    """A rate that falls like 1/n, or by a further power 3/4 of it where the exponent is given."""
    regimes = tuple(replace(r, expression=r.expression * n ** Rational(-3, 4)) for r in theorem.regimes)
    return replace(theorem, regimes=regimes)


_FASTER = _faster(theory.DIFFUSION_RATE)


def _faster_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    """A constant fitted to the false rate, and tested at a far size."""
    networks = replace(_networks(rng, _TWO, (64,)), part=0.3)
    return [_calibrated_setting(_FASTER, networks, 4, _PAPER, effort, rng)]


def _stopped_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    """Training stopped at once at every n: what is not learned by then no sample size brings back."""
    networks = replace(_networks(rng, _ONE, SIZES), pace=1.0, fixed=True, part=0.3)
    return [_slope_setting(networks, _PAPER)]


# --- generations ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Generations:
    """A loop of networks on a schedule."""

    networks: Networks
    schedule: Schedule
    growth: tuple[float, ...]


def _schedules(size: int, generations: int) -> dict[str, tuple[Schedule, dict[str, Any], tuple[float, ...]]]:
    """The named schedules: numbers of points, arguments, and the sums that multiply one generation's rate."""
    ages = range(1, generations + 1)
    half = Fraction(1, 2)
    return {
        "fully_synthetic": (last_only((size,) * generations), {}, tuple(float(t) for t in ages)),
        "real_plus_last": (
            real_and_last(size, size // 2, size // 2, generations),
            {"alpha": half},
            tuple(float((1 - half**t) / half) for t in ages),
        ),
        "balanced": (equal_shares(size, generations), {}, tuple(sum(1 / k for k in range(1, t + 1)) for t in ages)),
    }


def _run(rng: np.random.Generator, loop: Generations, replicates: int) -> QuantileSample:
    """Return evidence about the quantile of the worst generation, on the scale of the last.

    That all generations stay below their bounds is that the largest ``TV_t / growth_t`` stays below one generation's rate.
    """
    networks = loop.networks
    train = flow_trainer(networks.features, _MATCHING, networks.training_time)
    schedule = loop.schedule
    found = score_loop(rng, networks.law, schedule, schedule.generations, replicates, train, _WINDOW, **_RESOLUTION)
    # Largest numbers are no further apart than the numbers themselves.
    worst, error = (loop.growth[-1] * (part / np.array(loop.growth)).max(axis=1) for part in (found.tv, found.error))
    return QuantileSample(worst, 1 - float(DELTA), error)


def _prior(law: CosineMixture) -> Fraction:
    """An upper bound on KL(p_T to N(0, 1)), to four digits."""
    return Fraction(math.ceil(prior_divergence(law, _WINDOW) * 1e7 + 1), 10**7)


def _loop_setting(
    rate: Theorem,
    networks: Networks,
    schedule: str,
    generations: int,
    fitted_at: int,
    effort: Effort,
    rng: np.random.Generator,
) -> Setting:
    """Fit C on generation 1 at one size, and return a setting of several generations at the networks' own."""
    (size,) = networks.sizes
    counts, choices, growth = _schedules(size, generations)[schedule]
    common = {"schedule": schedule, "d": 1, "delta": DELTA, "kl_prior": _prior(networks.law), **choices}
    first = Generations(networks, last_only((fitted_at,)), (1.0,))
    fitted = _run(rng, first, _in_loop(effort))
    constant = calibrated_constant(rate, [{"n": fitted_at, "t": 1, **common}], [fitted])
    label = (
        f"{networks.label}, C = {float(constant)} calibrated at n = {fitted_at}, t = 1, "
        f"tested at n = {size}, t = 1..{generations}"
    )
    arguments = {"C": constant, "n": size, "t": generations, **common}
    return Setting(label, arguments, Generations(networks, counts, growth))


def _in_loop(effort: Effort) -> int:
    return max(120, effort.replicates // 16)


def _loop_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    generations = 6 if effort.settings >= FULL.settings else 3
    size = 60 if effort.settings >= FULL.settings else 30
    settings = []
    for schedule, law in (("fully_synthetic", _ONE), ("real_plus_last", _TWO), ("balanced", _ONE)):
        networks = _networks(rng, law, (size,))
        settings.append(_loop_setting(theory.WEIGHTED_RATE, networks, schedule, generations, 8, effort, rng))
    return settings


def _measure_loop(setting: Setting, effort: Effort, rng: np.random.Generator) -> Evidence:
    return _run(rng, setting.world, _in_loop(effort))


_NAMED = replace(
    theory.WEIGHTED_RATE.quantity, name=f"{theory.WEIGHTED_RATE.quantity.name}, C calibrated at other sizes"
)
_WEIGHTED = replace(theory.WEIGHTED_RATE, quantity=_NAMED, structured=())
_FASTER_WEIGHTED = _faster(_WEIGHTED)


def _faster_loop_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    return [_loop_setting(_FASTER_WEIGHTED, _networks(rng, _ONE, (64,)), "fully_synthetic", 1, 4, effort, rng)]


def _stopped_loop_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    networks = replace(_networks(rng, _ONE, (128,), width=128), pace=1.0, fixed=True)
    return [_loop_setting(_WEIGHTED, networks, "fully_synthetic", 1, 4, effort, rng)]


_CLAIMS = claims(theory.DIFFUSION_RATE, SIZES, TOLERANCE)

CHECKS = (
    Check(
        _WEIGHTED,
        _loop_settings,
        _measure_loop,
        (
            Control("falls by a further power 3/4 of n", _FASTER_WEIGHTED, _faster_loop_settings),
            Control("of networks whose training stops at once", _WEIGHTED, _stopped_loop_settings),
        ),
    ),
    Check(
        _CLAIMS,
        _settings,
        _measure,
        (
            Control("falls by a further power 3/4 of n", claims(_FASTER, SIZES, TOLERANCE)),
            Control(
                "with a constant fitted to a rate that falls so", claims(_FASTER, SIZES, TOLERANCE), _faster_settings
            ),
            Control("of networks whose training stops at once", _CLAIMS, _stopped_settings),
        ),
    ),
)

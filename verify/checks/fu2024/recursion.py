"""The recursion over generations on loops whose learning error is known: categories, and the means of normal laws."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
from sympy import Rational, log, sqrt

from bounds import Theorem
from bounds.functions import geometric_sum
from bounds.papers import fu2024 as theory
from bounds.symbols import alpha, c, e, n, p, s, t
from bounds.theorem import Structured
from verify.check import Check, Control, Effort, Setting, plant
from verify.checks.fu2024._pulled import Pull, PulledLoop, above, frequency_error, learning_error, real_law
from verify.evidence import BoundedSample, Evidence
from verify.mixing import Mixture, Regime, by_share
from verify.mixing import replace as last_generation
from verify.models.categorical import expected_tv
from verify.models.normal import mean_loop, mean_shift_tv
from verify.schedules import Schedule, equal_shares, growing_sizes, last_only, real_and_last

FAMILIES = ("fully_synthetic", "real_plus_last", "balanced")
_LONG_RUN = 40  # generations after which a growing schedule has nearly all the drift it ever gets


@dataclass(frozen=True)
class FrequencyLoop:
    """A loop of plain frequencies, its expected distance computed."""

    law: tuple[float, ...]
    mixture: Mixture
    generation: int

    def measure(self, rng: np.random.Generator, replicates: int) -> Evidence:
        """Exact up to rounding."""
        return expected_tv(self.law, self.mixture, self.generation)[-1]


@dataclass(frozen=True)
class MeanLoop:
    """The mean of a normal law relearned from the last generation alone: what it learns from is normal."""

    size: int
    generation: int

    def measure(self, rng: np.random.Generator, replicates: int) -> Evidence:
        """By sufficient statistics."""
        means = mean_loop(rng, last_generation(self.size), self.generation, replicates)
        return BoundedSample(np.minimum(mean_shift_tv(means[:, -1]), 1.0), 0.0, 1.0)


def _measure(setting: Setting, effort: Effort, rng: np.random.Generator) -> Evidence:
    found: Evidence = setting.world.measure(rng, effort.replicates)
    return found


def _share(family: str, rng: np.random.Generator) -> Fraction:
    """The real share of later generations where the family has one, both ends among them."""
    if family != "real_plus_last":
        return Fraction(0)
    parts = int(rng.integers(2, 9))
    return Fraction(int(rng.integers(0, parts + 1)), parts)


def _schedule(family: str, size: int, share: Fraction, generations: int) -> Schedule:
    match family:
        case "fully_synthetic":
            return last_only((size,) * generations)
        case "real_plus_last":
            return real_and_last(size, int(share * size), int((1 - share) * size), generations)
        case _:
            return equal_shares(size, generations)


def _size(rng: np.random.Generator, least: int, most: int) -> int:
    """A size that can be shared out over up to eight generations."""
    return 840 * int(rng.integers(math.ceil(least / 840), most // 840 + 1))


def _settings_of(family: str, effort: Effort, rng: np.random.Generator) -> list[Setting]:
    found = [_pulled(family, rng, exact=True, fixed=number == 0) for number in range(max(3, effort.settings // 3))]
    found += [_pulled(family, rng, exact=False) for _ in range(max(2, effort.settings // 6))]
    found += [_frequencies(family, rng) for _ in range(max(2, effort.settings // 6))]
    if family == "fully_synthetic":
        found += [_means(rng) for _ in range(max(1, effort.settings // 12))]
    return found


def _pulled(family: str, rng: np.random.Generator, *, exact: bool, fixed: bool = False) -> Setting:
    """The first setting of a family is fixed: late, far from either end of the real share, with next to no noise."""
    share = Fraction(1, 4) if fixed and family == "real_plus_last" else _share(family, rng)
    size, generation = (840_000, 8) if fixed else (_size(rng, 2_500, 40_000), int(rng.integers(2, 9)))
    law = real_law(rng, 2 if exact else int(rng.integers(3, 7)))
    pull = Pull((1.5 if fixed else float(rng.uniform(1.1, 2.5))) / math.sqrt(size))
    if not exact:
        size, pull = 100 * size, Pull(float(rng.uniform(0.01, 0.04)))
    loop = PulledLoop(law, pull, _schedule(family, size, share, generation), generation, exact)
    label = f"frequencies pulled by {pull.scale:.2g}, {_how(exact)}"
    return _setting(family, label, share, size, generation, learning_error(len(law), pull, size), loop)


def _how(exact: bool) -> str:
    return "computed" if exact else "sampled"


def _frequencies(family: str, rng: np.random.Generator) -> Setting:
    """Frequencies as they are: errors of all generations point anywhere, and the bound has much room."""
    law, share, generation = real_law(rng, int(rng.integers(3, 7)))[:-1], _share(family, rng), int(rng.integers(2, 9))
    if family == "balanced":
        size = _size(rng, 840, 4_000)
        loop: Any = PulledLoop((*law, 0.0), Pull(0.0), equal_shares(size, generation), generation, exact=False)
    else:
        size = share.denominator * int(rng.integers(1, 40 // share.denominator + 1))
        mixture = last_generation(size) if family == "fully_synthetic" else by_share(size, share, Regime.FRESH)
        loop = FrequencyLoop(law, mixture, generation)
    error = above(frequency_error(len(law), size))
    return _setting(family, f"frequencies, {_how(family != 'balanced')}", share, size, generation, error, loop)


def _means(rng: np.random.Generator) -> Setting:
    size, generation = int(rng.integers(5, 200)), int(rng.integers(2, 9))
    error = above(2 / math.pi * math.atan(0.5 / math.sqrt(size)))
    loop = MeanLoop(size, generation)
    return _setting("fully_synthetic", "normal means, sampled", Fraction(0), size, generation, error, loop)


def _setting(
    family: str, how: str, share: Fraction, size: int, generation: int, error: float, world: object
) -> Setting:
    arguments: dict[str, object] = {"e": error, "t": generation}
    mixed = f", alpha = {share}" if family == "real_plus_last" else ""
    if mixed:
        arguments["alpha"] = share
    return Setting(f"{how}, n = {size}{mixed}, t = {generation}", arguments, world)


def _one_family(family: str) -> Callable[[Effort, np.random.Generator], list[Setting]]:
    return lambda effort, rng: _settings_of(family, effort, rng)


def _recursion_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    found = []
    for family in FAMILIES:
        named = _settings_of(family, effort, rng)
        numeric = [_weighted(family, rng) for _ in range(max(2, effort.settings // 6))]
        found += [replace(x, arguments={"schedule": family, **x.arguments}) for x in named + numeric]
    return found


def _weighted(family: str, rng: np.random.Generator) -> Setting:
    """Training sets of all sizes: weights and errors are given generation by generation."""
    generation = int(rng.integers(2, 7))
    rows = []
    for j in range(generation):
        part, share = _size(rng, 20_000, 200_000), Fraction(int(rng.integers(0, 9)), 8)
        rows.append(_schedule(family, part, share, generation).counts[j])
    schedule, pull = Schedule(tuple(rows)), Pull(1.5, Fraction(1, 2))
    loop = PulledLoop((1.0, 0.0), pull, schedule, generation, exact=True)
    errors = [learning_error(2, pull, size) for size in schedule.sizes]
    weights = [list(row) for row in schedule.weights]
    label = f"frequencies pulled by 1.5/sqrt(N), sizes {', '.join(map(str, schedule.sizes))}, computed"
    return Setting(label, {"weights": weights, "e": errors}, loop)


def _beside_schedule(theorem: Theorem, change: Callable[[Any], Any] = lambda expression: expression) -> Theorem:
    """Let the weights of a schedule stand beside the name of its family, and change what follows from them."""
    (given,) = theorem.structured

    def narrow(one: Theorem, arguments: Mapping[str, object]) -> tuple[Theorem, dict[str, object]]:
        told = {name: value for name, value in arguments.items() if name != "schedule"}
        narrowed, left = given.narrow(one, told)
        return replace(narrowed, expression=change(narrowed.expression)), left

    return replace(theorem, structured=(Structured(given.name, given.meaning, narrow),))


def _plant_recursion(name: str, change: Callable[[Any], Any], *, weights: bool = False) -> Control:
    """Plant a false recursion in the named schedules, and on request in those given by their weights."""
    false = plant(theory.RECURSION, name, change).theorem
    return Control(name, _beside_schedule(false, change) if weights else _beside_schedule(false))


def _sample_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    found = []
    for horizon in ("generation", "forever"):
        found += [_growing(horizon, rng, exact=True, fixed=True)]
        found += [_growing(horizon, rng, exact=True) for _ in range(max(2, effort.settings // 4))]
        found += [_growing(horizon, rng, exact=False) for _ in range(max(2, effort.settings // 6))]
        found += [_growing_frequencies(horizon, rng) for _ in range(max(1, effort.settings // 6))]
    return found


def _growing(horizon: str, rng: np.random.Generator, *, exact: bool, fixed: bool = False) -> Setting:
    """Growing training sets; the first setting of a horizon has hardly any drift to lose in the learner's last category."""
    exponent = Fraction(1, 2) if fixed else Fraction(int(rng.integers(2, 6)), 10)
    growth = Fraction(2) if fixed else Fraction(int(rng.integers(5, 9)), 4)
    size = 10**7 if fixed else int(rng.integers(10_000, 100_000))
    pull = Pull(1.1 if exact else float(rng.uniform(0.2, 0.6)), exponent)
    law = real_law(rng, 2 if exact else int(rng.integers(3, 6)))
    generation = _LONG_RUN if horizon == "forever" else int(rng.integers(2, 13))
    # Sampled sizes stay where counts are exact in floating point.
    while not exact and size * generation ** float(growth / exponent) > 1e14:
        generation -= 1
    schedule = last_only(growing_sizes(size, growth / exponent, generation))
    loop = PulledLoop(law, pull, schedule, generation, exact)
    # The noise has the exponent 1/2, but is weighted by the share that is not pulled, which grows with the size.
    constant = max(above(learning_error(len(law), pull, k) * float(k) ** float(exponent)) for k in schedule.sizes)
    label = f"frequencies pulled by {pull.scale:.2g} N^-{exponent}, {_how(exact)}"
    return _sample_setting(label, horizon, size, growth, exponent, constant, generation, loop)


def _growing_frequencies(horizon: str, rng: np.random.Generator) -> Setting:
    law, growth, size = real_law(rng, int(rng.integers(3, 7)))[:-1], Fraction(3, 2), int(rng.integers(10, 200))
    generation = _LONG_RUN if horizon == "forever" else int(rng.integers(2, 13))
    schedule = last_only(growing_sizes(size, 2 * growth, generation))
    loop = PulledLoop((*law, 0.0), Pull(0.0), schedule, generation, exact=False)
    constant = above(frequency_error(len(law), 1))
    return _sample_setting("frequencies, sampled", horizon, size, growth, Fraction(1, 2), constant, generation, loop)


def _sample_setting(
    label: str,
    horizon: str,
    size: int,
    growth: Fraction,
    exponent: Fraction,
    constant: float,
    generation: int,
    world: object,
) -> Setting:
    arguments: dict[str, object] = {"horizon": horizon, "n": size, "p": growth, "s": exponent, "c": constant}
    if horizon == "generation":
        arguments["t"] = generation
    return Setting(f"{label}, n = {size}, p = {growth}, t = {generation}", arguments, world)


def _times(factor: object) -> Callable[[Any], Any]:
    return lambda expression: expression * factor


CHECKS = (
    Check(
        _beside_schedule(theory.RECURSION),
        _recursion_settings,
        _measure,
        (
            _plant_recursion("5 % too small", _times(Rational(19, 20)), weights=True),
            _plant_recursion("drift of earlier generations forgotten", lambda x: e),
            _plant_recursion("one generation late", lambda x: x.subs(t, t - 1)),
        ),
    ),
    Check(
        theory.FULLY_SYNTHETIC,
        _one_family("fully_synthetic"),
        _measure,
        (
            plant(theory.FULLY_SYNTHETIC, "5 % too small", _times(Rational(19, 20))),
            plant(theory.FULLY_SYNTHETIC, "errors add up like independent ones", lambda x: e * sqrt(t)),
        ),
    ),
    Check(
        theory.REAL_PLUS_LAST,
        _one_family("real_plus_last"),
        _measure,
        (
            plant(theory.REAL_PLUS_LAST, "5 % too small", _times(Rational(19, 20))),
            plant(theory.REAL_PLUS_LAST, "real share sqrt(alpha)", lambda x: x.subs(alpha, sqrt(alpha))),
            plant(theory.REAL_PLUS_LAST, "one generation late", lambda x: x.subs(t, t - 1)),
        ),
    ),
    Check(
        theory.BALANCED,
        _one_family("balanced"),
        _measure,
        (
            plant(theory.BALANCED, "5 % too small", _times(Rational(19, 20))),
            plant(theory.BALANCED, "logarithm for the harmonic number", lambda x: e * log(t)),
            plant(theory.BALANCED, "bounded as with a real half", lambda x: e * geometric_sum(Rational(1, 2), t)),
        ),
    ),
    Check(
        theory.SAMPLE_SCHEDULE,
        _sample_settings,
        _measure,
        (
            plant(theory.SAMPLE_SCHEDULE, "5 % too small", _times(Rational(19, 20))),
            plant(theory.SAMPLE_SCHEDULE, "growth p + 1/2", lambda x: x.subs(p, p + Rational(1, 2))),
            plant(theory.SAMPLE_SCHEDULE, "one generation's error alone", lambda x: c * n ** (-s)),
        ),
    ),
)

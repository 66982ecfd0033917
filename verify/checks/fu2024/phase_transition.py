"""The phase transition in the amount of synthetic data, and its peak, on loops whose learning error is known."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
from sympy import Rational

from bounds.papers import fu2024 as theory
from bounds.symbols import c, n, s, t, x
from verify.check import Check, Control, Effort, Setting, plant
from verify.checks.fu2024._density import BySize, DensityLoop
from verify.checks.fu2024._memoriser import MemoriserLoop
from verify.checks.fu2024._pulled import Pull, PulledLoop, above, frequency_error, learning_error, real_law
from verify.checks.fu2024.recursion import FrequencyLoop
from verify.data import NormalMixture
from verify.evidence import Computed, Evidence
from verify.mixing import Mixture, Regime, by_ratio
from verify.models.kde import Fixed

_HALF = Fraction(1, 2)
_LAWS = (NormalMixture.normal(), NormalMixture((0.5, 0.5), (-1.5, 1.5), (1.0, 1.0)))
_NAMES = ("a normal law", "two normal laws")


def _measure(setting: Setting, effort: Effort, rng: np.random.Generator) -> Evidence:
    found: Evidence = setting.world.measure(rng, effort.replicates)
    return found


def _setting(
    how: str, mixture: Mixture, exponent: Fraction, constant: float, generation: int, world: object
) -> Setting:
    ratio = Fraction(mixture.synthetic, mixture.real)
    arguments = {"n": mixture.real, "x": ratio, "s": exponent, "c": constant, "t": generation}
    return Setting(f"{how}, n = {mixture.real}, x = {ratio}, t = {generation}", arguments, world)


def _ratio(rng: np.random.Generator, most: int) -> Fraction:
    """Quarters, zero among them, small ones more often."""
    return Fraction(round(4 * most * float(rng.random()) ** 2), 4)


def _fresh_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    # At the worst ratio of generation 2, with next to no noise: all but attained.
    found = [_fresh(by_ratio(10**6, 3, Regime.FRESH), Pull(1.5, _HALF), 2, (1.0, 0.0))]
    found += [_random_fresh(rng, exact=True) for _ in range(max(3, effort.settings // 2))]
    found += [_random_fresh(rng, exact=False) for _ in range(max(2, effort.settings // 6))]
    found += [_frequencies(Regime.FRESH, rng) for _ in range(max(2, effort.settings // 6))]
    return found + [_densities(Regime.FRESH, rng, number) for number in range(max(2, effort.settings // 12))]


def _random_fresh(rng: np.random.Generator, *, exact: bool) -> Setting:
    size = 4 * int(rng.integers(500, 25_000))
    exponent = Fraction(int(rng.integers(4, 11 if exact else 9)), 20)
    scale = float(rng.uniform(1.1, 2.0) if exact else rng.uniform(0.4, 1.2))
    law = real_law(rng, 2 if exact else int(rng.integers(3, 6)))
    mixture = by_ratio(size, _ratio(rng, 40), Regime.FRESH)
    return _fresh(mixture, Pull(scale, exponent), int(rng.integers(2, 9)), law)


def _fresh(mixture: Mixture, pull: Pull, generation: int, law: tuple[float, ...]) -> Setting:
    sizes = (mixture.first, mixture.training_size(2))
    constant = max(above(learning_error(len(law), pull, size) * size ** float(pull.exponent)) for size in sizes)
    loop = PulledLoop(law, pull, mixture, generation, exact=len(law) == 2)
    how = f"frequencies pulled by {pull.scale:.2g} N^-{pull.exponent}, {'computed' if loop.exact else 'sampled'}"
    return _setting(how, mixture, pull.exponent, constant, generation, loop)


def _frequencies(regime: Regime, rng: np.random.Generator) -> Setting:
    """Frequencies as they are: errors of all generations point anywhere, and the bound has much room."""
    law, size = real_law(rng, int(rng.integers(3, 7)))[:-1], 4 * int(rng.integers(1, 4))
    mixture, generation = by_ratio(size, _ratio(rng, 3), regime), int(rng.integers(2, 6))
    constant = above(frequency_error(len(law), 1))
    loop = FrequencyLoop(law, mixture, generation)
    return _setting("frequencies, computed", mixture, _HALF, constant, generation, loop)


def _densities(regime: Regime, rng: np.random.Generator, number: int) -> Setting:
    law, name = _LAWS[number % 2], _NAMES[number % 2]
    size, exponent = 4 * int(rng.integers(60, 120)), Fraction(2, 5)
    mixture = by_ratio(size, _ratio(rng, 4) + Fraction(1, 4), regime)
    width = float(rng.uniform(0.8, 1.2)) * math.sqrt(law.variance)
    bandwidth = BySize(width) if regime is Regime.FRESH else Fixed(width * size**-0.2)
    loop = DensityLoop(law, bandwidth, mixture)
    return _setting(f"density estimates of {name}, sampled", mixture, exponent, loop.constant(exponent), 2, loop)


def _reused_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    # As many synthetic as real points: then one error serves both, and the bound is all but attained.
    even = by_ratio(10**6, 1, Regime.REUSED)
    found = [_reused(even, Pull(0.0015), _HALF, 6, (1.0, 0.0))]
    found += [_random_reused(rng, exact=True) for _ in range(max(3, effort.settings // 2))]
    found += [_random_reused(rng, exact=False) for _ in range(max(2, effort.settings // 6))]
    found += [_frequencies(Regime.REUSED, rng) for _ in range(max(2, effort.settings // 6))]
    return found + [_densities(Regime.REUSED, rng, number) for number in range(max(2, effort.settings // 12))]


def _random_reused(rng: np.random.Generator, *, exact: bool) -> Setting:
    size, law = 4 * int(rng.integers(2_500, 25_000)), real_law(rng, 2 if exact else int(rng.integers(3, 6)))
    mixture = by_ratio(size, _ratio(rng, 4), Regime.REUSED)
    fewest = min(mixture.real, mixture.synthetic or mixture.real)
    pull = Pull(float(rng.uniform(1.1, 2.0) if exact else rng.uniform(4.0, 8.0)) / math.sqrt(fewest))
    exponent = Fraction(int(rng.integers(1, 10)), 10)
    return _reused(mixture, pull, exponent, int(rng.integers(2, 9)), law)


def _reused(mixture: Mixture, pull: Pull, exponent: Fraction, generation: int, law: tuple[float, ...]) -> Setting:
    """A pull that is the same for all sizes makes the learner linear; c then covers both sizes it is used with."""
    sizes = [size for size in (mixture.real, mixture.synthetic) if size]
    constant = max(above(learning_error(len(law), pull, size) * size ** float(exponent)) for size in sizes)
    loop = PulledLoop(law, pull, mixture, generation, exact=len(law) == 2)
    how = f"frequencies pulled by {pull.scale:.2g}, s = {exponent}, {'computed' if loop.exact else 'sampled'}"
    return _setting(how, mixture, exponent, constant, generation, loop)


def _memoriser_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    """Constants of a learner on fresh data, and a loop in which it meets its data again."""
    mixture = by_ratio(400, 1, Regime.REUSED)
    loop = MemoriserLoop((0.5, 0.3, 0.2), 0.05, mixture)
    constant = max(above(loop.error(size) * math.sqrt(size)) for size in (mixture.first, mixture.training_size(2)))
    return [_setting("a learner that recognises its data", mixture, _HALF, constant, 2, loop)]


def _peak_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    found = []
    for generation in ("second", "late"):
        for data in ("fresh", "reused"):
            for number in range(max(3, effort.settings // 4)):
                exponent = (Fraction(1, 4), _HALF)[number] if number < 2 else Fraction(int(rng.integers(1, 20)), 20)
                arguments = {"generation": generation, "data": data, "s": exponent}
                found.append(Setting(f"s = {exponent}, {data} data, {generation}", arguments))
    return found


def _measure_peak(setting: Setting, effort: Effort, rng: np.random.Generator) -> Evidence:
    generation, data, exponent = (setting.arguments[name] for name in ("generation", "data", "s"))
    power = mpmath.mpf(exponent.numerator) / exponent.denominator
    return largest_at(late_height(power) if generation == "late" else second_height(power, data))


def second_height(power: Any, data: str) -> Callable[[Any], Any]:
    """The recursion's second step in units of ``c n^-s``, as a function of x."""

    def fresh(ratio: Any) -> Any:
        return (1 + ratio) ** -power + ratio / (1 + ratio)

    def reused(ratio: Any) -> Any:
        return (1 + ratio * ratio**-power) / (1 + ratio) + ratio / (1 + ratio)

    return fresh if data == "fresh" else reused


def late_height(power: Any) -> Callable[[Any], Any]:
    """Limit of the bound at ``x = y (t-1)``, divided by ``(t-1)^(1-s) c n^-s``, in either regime.

    It is approached uniformly in y on compact sets, and the bound is small outside them, so that peaks converge as well.
    """
    return lambda y: y ** (1 - power) * -mpmath.expm1(-1 / y)


def largest_at(height: Callable[[Any], Any]) -> Computed:
    """Where a function with a single peak on the half line is largest, by golden section in high precision.

    Three points with the middle one highest enclose the peak; the digits resolve heights that differ by the square of
    the final width.
    """
    with mpmath.workdps(60):
        middle = mpmath.mpf(1)
        while height(2 * middle) > height(middle):
            middle *= 2
        while height(middle / 2) > height(middle):
            middle /= 2
        low, high = middle / 2, 2 * middle
        golden = (mpmath.sqrt(5) - 1) / 2
        inner = [high - golden * (high - low), low + golden * (high - low)]
        while high - low > mpmath.mpf(10) ** -13 * high:
            if height(inner[0]) < height(inner[1]):
                low, inner = inner[0], [inner[1], inner[0] + golden * (high - inner[0])]
            else:
                high, inner = inner[1], [inner[1] - golden * (inner[1] - low), inner[0]]
        return Computed(float((low + high) / 2), float(high - low))


def _times(factor: object) -> Callable[[Any], Any]:
    return lambda expression: expression * factor


_scale = c * n ** (-s)

CHECKS = (
    Check(
        theory.PHASE_TRANSITION,
        _fresh_settings,
        _measure,
        (
            plant(theory.PHASE_TRANSITION, "5 % too small", _times(Rational(19, 20))),
            plant(theory.PHASE_TRANSITION, "synthetic data costs nothing", lambda e: _scale),
            plant(theory.PHASE_TRANSITION, "synthetic data as good as real", lambda e: _scale * (1 + x) ** (-s)),
            plant(theory.PHASE_TRANSITION, "one generation late", lambda e: e.subs(t, t - 1)),
            Control(
                "for a learner that meets its data again",
                theory.PHASE_TRANSITION,
                settings=_memoriser_settings,
                measure=_measure,
            ),
        ),
    ),
    Check(
        theory.PHASE_TRANSITION_REUSED,
        _reused_settings,
        _measure,
        (
            plant(theory.PHASE_TRANSITION_REUSED, "5 % too small", _times(Rational(19, 20))),
            plant(
                theory.PHASE_TRANSITION_REUSED, "the fresh-data formula", lambda e: theory.PHASE_TRANSITION.expression
            ),
            plant(theory.PHASE_TRANSITION_REUSED, "synthetic data costs nothing", lambda e: _scale),
        ),
    ),
    Check(
        theory.PHASE_TRANSITION_PEAK,
        _peak_settings,
        _measure_peak,
        (
            plant(theory.PHASE_TRANSITION_PEAK, "1 % too far", _times(Rational(101, 100))),
            plant(theory.PHASE_TRANSITION_PEAK, "1 - s for s", lambda e: e.subs(s, 1 - s)),
        ),
    ),
)

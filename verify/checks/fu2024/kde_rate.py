"""The rate of kernel density estimation: its exponent over declared sizes, and its bound with a calibrated constant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from bounds import Theorem
from bounds.papers import fu2024 as theory
from bounds.symbols import d
from verify.check import Check, Control, Effort, Setting
from verify.checks.fu2024._kde_loops import NORMAL, TWO, is_full, isotropic, name_of
from verify.data import NormalMixture
from verify.evidence import DistanceSample, Evidence, Slope
from verify.mixing import replace as no_real_data
from verify.models.kde import Fixed, IsotropicMixture, kde_loop, spatial_kde_loop
from verify.rates import CALIBRATED, EXPONENT, calibrated_constant, claims

SIZES = (125, 250, 1000, 4000, 16000)
ON_THE_LINE, IN_SPACE = SIZES[1:], (SIZES[0], SIZES[3])
TOLERANCE = Fraction(1, 20)
MARGIN = Fraction(5, 4)

# Replicates at each declared size on the line, and in space, per replicate of the effort.
_PER_SIZE = {250: 2.0, 1000: 1.2, 4000: 0.6, 16000: 0.4}
_PER_SIZE_IN_SPACE = {125: 4.0, 500: 1.2, 4000: 4.0}
# Many estimates seen at few places each: the limits of a bounded mean need many values more than precise ones.
_PLACES = 8

_Law = NormalMixture | IsotropicMixture


@dataclass(frozen=True)
class Estimates:
    """Density estimates of bandwidth ``h = scale n^-power`` at one size or several.

    Parameters
    ----------
    law : NormalMixture or IsotropicMixture
    scale : float
        In units of the data.
    power : Fraction
        ``1/(4+d)`` for the best bandwidth, 0 for one that does not shrink.
    sizes : tuple of int
    part : float
        Share of the usual replicates that is drawn.
    """

    law: _Law
    scale: float
    power: Fraction
    sizes: tuple[int, ...]
    part: float = 1.0


def _best(law: _Law, scale: float, *sizes: int) -> Estimates:
    return Estimates(law, scale, Fraction(1, 4 + _dimension(law)), sizes)


def _dimension(law: _Law) -> int:
    return law.dimension if isinstance(law, IsotropicMixture) else 1


def _distances(rng: np.random.Generator, estimates: Estimates, size: int, effort: Effort) -> DistanceSample:
    """Return evidence about the expected distance of an estimate from so many real points."""
    bandwidth = Fixed(estimates.scale * float(size) ** -float(estimates.power))
    law, data = estimates.law, no_real_data(size)
    drawn = effort.replicates * estimates.part
    if isinstance(law, IsotropicMixture):
        replicates = max(50, int(drawn * _at_nearest(_PER_SIZE_IN_SPACE, size)))
        return spatial_kde_loop(rng, law, data, 1, replicates, bandwidth=bandwidth, places=_PLACES).evidence(1)
    replicates = max(50, int(drawn * _at_nearest(_PER_SIZE, size)))
    # The numerical error stays below about a hundredth of the distance.
    return kde_loop(rng, law, data, 1, replicates, bandwidth=bandwidth, error=5e-3 * size**-0.4).evidence(1)


def _at_nearest(known: Mapping[int, float], size: int) -> float:
    return known[min(known, key=lambda one: abs(one - size))]


def _measure(setting: Setting, effort: Effort, rng: np.random.Generator) -> Evidence:
    """Measure the slope over all sizes, or the distance at the only one."""
    estimates: Estimates = setting.world
    found = [_distances(rng, estimates, size, effort) for size in estimates.sizes]
    return found[0] if len(found) == 1 else Slope(np.array(estimates.sizes, dtype=np.float64), tuple(found))


def _slope_setting(estimates: Estimates) -> Setting:
    width = f"h = {estimates.scale} n^-{estimates.power}" if estimates.power else f"h = {estimates.scale} at every n"
    label = f"{name_of(estimates.law)}, one generation, {width}, slope over n = {', '.join(map(str, estimates.sizes))}"
    return Setting(label, {"claim": EXPONENT, "d": _dimension(estimates.law)}, estimates)


def _calibrated_settings(
    rate: Theorem, estimates: Estimates, fitted_at: Sequence[int], effort: Effort, rng: np.random.Generator
) -> list[Setting]:
    """Fit C at some sizes and return one setting per other size."""
    dimension = _dimension(estimates.law)
    found = [_distances(rng, estimates, size, effort) for size in fitted_at]
    constant = calibrated_constant(rate, [{"n": size, "d": dimension} for size in fitted_at], found, margin=MARGIN)
    at = ", ".join(map(str, fitted_at))
    label = f"{name_of(estimates.law)}, C = {float(constant)} calibrated at n = {at} with margin {MARGIN}"
    return [
        Setting(
            f"{label}, tested at n = {size}",
            {"claim": CALIBRATED, "C": constant, "n": size, "d": dimension},
            replace(estimates, sizes=(size,)),
        )
        for size in estimates.sizes
    ]


def _settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    lines = (_best(NORMAL, 0.6, *ON_THE_LINE), _best(TWO, 0.5, *ON_THE_LINE))
    spaces = [_best(isotropic(dimension), 1.0, *IN_SPACE) for dimension in ((2, 3) if is_full(effort) else (2,))]
    settings = [_slope_setting(estimates) for estimates in (*lines, *spaces)]
    for estimates in lines:
        tested = replace(estimates, sizes=(250, 8000))
        settings += _calibrated_settings(theory.KDE_RATE, tested, (1000,), effort, rng)
    for dimension in (2, 3):
        tested = _best(isotropic(dimension), 1.0, *((200, 2000) if is_full(effort) else (200, 1000)))
        settings += _calibrated_settings(theory.KDE_RATE, tested, (500,), effort, rng)
    return settings


# --- what is false ----------------------------------------------------------------------------------------------------

_ONE_DIMENSION_LESS = replace(theory.KDE_RATE, expression=theory.KDE_RATE.expression.subs(d, d - 1))


def _false_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    """The slope, which is -2/5 on the line and no -1/2; a constant fitted to the false rate, and tested at a far size."""
    settings = [_slope_setting(_best(NORMAL, 0.7, *ON_THE_LINE))]
    if is_full(effort):  # in two dimensions the slope is -1/3, and no -2/5
        settings.append(_slope_setting(replace(_best(isotropic(2), 1.1, *IN_SPACE), part=0.5)))
    return settings + _calibrated_settings(
        _ONE_DIMENSION_LESS, replace(_best(NORMAL, 0.7, 32000), part=0.5), (125,), effort, rng
    )


def _wide_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    """A bandwidth that does not shrink leaves a bias that no sample size removes."""
    return [_slope_setting(Estimates(NORMAL, 0.4, Fraction(0), ON_THE_LINE, part=0.25))]


_CLAIMS = claims(theory.KDE_RATE, SIZES, TOLERANCE)

CHECKS = (
    Check(
        _CLAIMS,
        _settings,
        _measure,
        (
            Control("rate of one dimension less", claims(_ONE_DIMENSION_LESS, SIZES, TOLERANCE), _false_settings),
            Control("with a bandwidth that does not shrink", _CLAIMS, _wide_settings),
        ),
    ),
)

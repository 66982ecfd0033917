"""Loops of density estimates for the checks: drawn settings, and the distance to the real law with its evidence."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from verify.check import FULL, Effort, Setting
from verify.data import NormalMixture
from verify.evidence import DistanceSample, Evidence
from verify.mixing import Mixture, Regime, by_ratio, by_share
from verify.models.kde import Fixed, IsotropicMixture, kde_loop, spatial_kde_loop

NORMAL = NormalMixture.normal()
TWO = NormalMixture((0.4, 0.6), (-1.5, 1.0), (0.6, 0.8))
SHARES = tuple(Fraction(share) for share in ("0", "1/10", "1/4", "1/2", "1"))

# Draws of the real law at which an estimate in d dimensions is compared with it.
_PLACES = 64


@dataclass(frozen=True)
class KdeLoop:
    """A loop with a fixed bandwidth, and the generation that is measured.

    Parameters
    ----------
    law : NormalMixture or IsotropicMixture
        The real law, on the line or in d dimensions.
    mixture : Mixture
    h : Fraction
        Bandwidth, in units of the data.
    generation : int
    part : Fraction
        Share of the effort's replicates that is drawn.
    """

    law: NormalMixture | IsotropicMixture
    mixture: Mixture
    h: Fraction
    generation: int
    part: Fraction = Fraction(1, 4)


def isotropic(dimension: int) -> IsotropicMixture:
    """Return the standard normal law in d dimensions."""
    return IsotropicMixture.normal(dimension)


def fresh(size: int, share: Fraction) -> Mixture:
    """Return the sizes of a loop with fresh real data."""
    return by_share(size, share, Regime.FRESH)


def reused(size: int, share: Fraction) -> Mixture:
    """Return the sizes of a loop that reuses the first share of the real points of generation 1."""
    return by_share(size, share, Regime.REUSED)


def reused_all(size: int, ratio: Fraction | int) -> Mixture:
    """Return the sizes of a loop that reuses all its real points."""
    return by_ratio(size, Fraction(ratio), Regime.REUSED)


def law_arguments(law: NormalMixture | IsotropicMixture) -> dict[str, Any]:
    """Return the real law as the theorems take it; normal laws here are standard."""
    if isinstance(law, IsotropicMixture):
        return {"space": "isotropic", "d": law.dimension, "sigma": 1}
    return {"space": "line", "sigma": 1} if law == NORMAL else {"law": law}


def name_of(law: NormalMixture | IsotropicMixture) -> str:
    """Return the real law in words."""
    if isinstance(law, IsotropicMixture):
        return f"normal data in {law.dimension} dimensions"
    return "normal data" if law == NORMAL else "mixture of two normal laws"


def described(loop: KdeLoop) -> str:
    """Return a setting's label."""
    mixture = loop.mixture
    if mixture.synthetic == 0 or mixture.real == 0:
        data = "all real" if mixture.synthetic == 0 else "no real data"
    else:
        data = f"{mixture.regime.value} share {mixture.alpha}"
    size = f"{mixture.training_size(2)} points"
    return f"{name_of(loop.law)}, {data} of {size}, h = {float(loop.h):.4g}, t = {loop.generation}"


def as_setting(loop: KdeLoop, **arguments: Any) -> Setting:
    """Return a loop as a setting: bandwidth, generation and law are read off it."""
    read = {"h": loop.h, "t": loop.generation, **law_arguments(loop.law), **arguments}
    return Setting(described(loop), read, loop)


def measure(setting: Setting, effort: Effort, rng: np.random.Generator) -> Evidence:
    """Run a loop and measure its last generation."""
    loop: KdeLoop = setting.world
    replicates = max(50, int(effort.replicates * loop.part))
    return distances(rng, loop, replicates)


def distances(rng: np.random.Generator, loop: KdeLoop, replicates: int, error: float = 5e-4) -> DistanceSample:
    """Return evidence about ``E TV(p_t, p_0)``."""
    bandwidth, last = Fixed(float(loop.h)), loop.generation
    if isinstance(loop.law, IsotropicMixture):
        found = spatial_kde_loop(
            rng, loop.law, loop.mixture, last, replicates, bandwidth=bandwidth, places=_PLACES, measured=[last]
        )
        return found.evidence(last)
    return kde_loop(rng, loop.law, loop.mixture, last, replicates, bandwidth=bandwidth, error=error).evidence(last)


def drawn_size(rng: np.random.Generator) -> int:
    """Draw a training-set size of which every share in `SHARES` is a whole number."""
    return 20 * int(rng.integers(5, 16))


def drawn_bandwidth(rng: np.random.Generator, low: int = 8, high: int = 20) -> Fraction:
    """Draw a bandwidth, in sixty-fourths of the data's unit: narrow, so that the noise outweighs the bias."""
    return Fraction(int(rng.integers(low, high)), 64)


def is_full(effort: Effort) -> bool:
    """Tell whether the effort has room for late generations, whose bounds take long to enclose."""
    return effort.settings >= FULL.settings

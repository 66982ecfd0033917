"""Data laws, high-precision expectations over them, and the stability bounds, shared by the tests of this folder."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import mpmath as mp
import numpy as np

from verify.data import EmpiricalLaw, NormalMixture, read_column
from verify.models.location import (
    LogisticRetraining,
    logistic_retraining,
)

NILE = Path(__file__).parents[3] / "examples" / "nile.csv"
RATIOS = (0.1, 0.45, 1.0, 10.0)


def _empirical_laws() -> list[EmpiricalLaw]:
    rng = np.random.default_rng(11)
    return [
        EmpiricalLaw([-1.0, 1.0]),
        EmpiricalLaw([0.0, 0.0, 1.0, 7.0, 30.0]),
        EmpiricalLaw([2.0, 5.0, 5.0, 5.5]),
        EmpiricalLaw([-6.0, 6.0, 6.5]),
        EmpiricalLaw(rng.logistic(size=200)),
        EmpiricalLaw(rng.standard_cauchy(50)),
        EmpiricalLaw(rng.exponential(3.0, 80)),
        EmpiricalLaw(rng.integers(0, 6, 40)),
        read_column(f"{NILE}:volume").in_units_of(100.0),
    ]


def _mixture_laws() -> list[NormalMixture]:
    rng = np.random.default_rng(12)
    drawn = [
        NormalMixture(rng.dirichlet(np.ones(k)), rng.normal(0, 3, k), rng.uniform(0.1, 3, k))
        for k in (2, 2, 3, 3, 4, 5)
    ]
    return [
        NormalMixture.normal(),
        NormalMixture.normal(1.0, 1.7),  # nearly logistic: epsilon is small and the difference changes sign thrice
        NormalMixture.normal(-2.0, 0.05),
        NormalMixture.normal(3.0, 12.0),
        NormalMixture((0.5, 0.5), (-3.0, 3.0), (1.0, 1.0)),
        NormalMixture((0.3, 0.7), (-2.0, 3.0), (0.5, 2.0)),
        NormalMixture((0.5, 0.5), (0.0, 0.1), (0.001, 9.0)),
        *drawn,
    ]


LAWS = [*_empirical_laws(), *_mixture_laws()]
EMPIRICAL = range(9)
EVERY = range(len(LAWS))


@cache
def retraining(index: int) -> LogisticRetraining:
    return logistic_retraining(LAWS[index])


def mp_mean(law, function, centre: float) -> mp.mpf:
    """Expectation over the data law, by enumeration or by quadrature broken near everything that moves."""
    if isinstance(law, EmpiricalLaw):
        return mp.fsum(function(mp.mpf(v)) for v in law.values) / law.values.size
    total = mp.mpf(0)
    for w, m, s in zip(law.weights, law.means, law.stds, strict=True):
        breaks = {m + k * s for k in (-12, -6, -3, -1, 0, 1, 3, 6, 12)}
        breaks |= {centre + k for k in (-8, -3, 0, 3, 8) if abs(centre + k - m) < 12 * s}
        total += w * mp.quad(lambda x, m=m, s=s: function(x) * mp.npdf(x, m, s), sorted(breaks))
    return total


def mp_cdf(law, x) -> mp.mpf:
    if isinstance(law, EmpiricalLaw):
        return mp.mpf(int(np.count_nonzero(law.values <= float(x)))) / law.values.size
    return mp.fsum(w * mp.ncdf(x, m, s) for w, m, s in zip(law.weights, law.means, law.stds, strict=True))


def mp_logistic_cdf(x) -> mp.mpf:
    return 1 / (1 + mp.exp(-x))


def refined_bound(a: float, e: float, lam: float) -> float:
    return lam / (1 + lam) * (1 + e / (a + lam * max(a - e, 0)))


def spectral_bound(a: float, e: float, lam: float) -> float:
    return lam * (a + e) / (a + lam * (a + e))


def paper_bound(a: float, e: float, lam: float) -> float:
    return lam * (a + e) / (a - lam * (a + e))

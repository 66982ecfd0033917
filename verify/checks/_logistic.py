"""Data laws on which logistic location families are checked."""

from __future__ import annotations

import math

import numpy as np

from verify.data import EmpiricalLaw, NormalMixture

Law = NormalMixture | EmpiricalLaw


def rounded_up(value: float) -> float:
    """Return a float that is surely not below a constant rounded to the nearest one.

    Examples
    --------
    >>> rounded_up(0.1) > 0.1
    True
    """
    return math.nextafter(value, math.inf)


def random_law(rng: np.random.Generator, index: int) -> tuple[Law, str]:
    """Draw a normal mixture, an empirical law, or an empirical law close to the logistic one, in turn.

    Examples
    --------
    >>> random_law(np.random.default_rng(0), 2)[1]
    '400 logistic quantiles'
    """
    if index % 3 == 2:
        # Nearly well specified: the bounds are nearly attained.
        levels = (np.arange(400) + 0.5) / 400
        return EmpiricalLaw(np.log(levels / (1 - levels)) + rng.normal()), "400 logistic quantiles"
    count = int(rng.integers(1, 4))
    weights = rng.dirichlet(np.full(count, 3.0))
    mixture = NormalMixture(weights.tolist(), rng.uniform(-3, 3, count).tolist(), rng.uniform(0.4, 2.5, count).tolist())
    if index % 3 == 0:
        return mixture, f"mixture of {count} normal laws" if count > 1 else "normal law"
    size = int(rng.integers(10, 200))
    return EmpiricalLaw(mixture.sample(rng, size)), f"empirical law of {size} points"

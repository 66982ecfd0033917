"""Exact facts about categorical loops: second moments, the law of one cell's mass, expected distances, absorption.

Lumping all cells but one turns any categorical loop into one with two cells, whose count of the chosen cell is a Markov
chain (given the reused points). So what a single cell does is exact, and with it every sum over cells: ``E TV``, the
expected number of cells left, and the law of the time of absorption.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import binom

from bounds.errors import ArgumentError
from verify.evidence import Computed
from verify.mixing import Mixture, Regime, count
from verify.models.categorical.arguments import Array, as_laws

_RELATIVE = 1e-11  # of a probability, per generation: binomial probabilities and sums of positive terms


def variance_factors(mixture: Mixture, generations: int) -> Array:
    """``V_t/(1 - S_0)`` with ``V_t = E|p_t - p_0|^2`` and ``S_0 = sum_j p_0j^2`` (fu2025 `categorical_loop`).

    The same factor serves every cell: ``E(p_tj - p_0j)^2`` is the factor times ``p_0j (1 - p_0j)``. And
    ``E sum_j p_tj^2 = S_0 + V_t``, as ``E p_t = p_0``; without real data ``1 - S_t = (1 - 1/n)^t (1 - S_0)`` on average.

    Parameters
    ----------
    mixture : Mixture
        Sizes of the training sets and the data regime.
    generations : int
        T, at least 1.

    Returns
    -------
    ndarray, shape (T + 1,)
        0 for t = 0, then t = 1, ..., T.

    Raises
    ------
    ArgumentError
        If `generations` is not an integer or below 1.

    Examples
    --------
    >>> from verify.mixing import replace
    >>> variance_factors(replace(4), 2)  # 1 - (1 - 1/4)^t
    array([0.    , 0.25  , 0.4375])
    """
    generations = count("generations", generations, 1)
    first, k, m = mixture.first, mixture.real, mixture.synthetic
    if mixture.regime is Regime.REUSED:
        return _reused_factors(first, k, m, generations)
    factors = [0.0, 1 / first]
    for t in range(2, generations + 1):
        before, size = factors[-1], mixture.training_size(t)
        # m draws of p_t have the expected squared error (1 - S_0 - V_t)/m.
        if mixture.regime is Regime.ACCUMULATE:
            factors.append(before + m * (1 - before) / size**2)
        else:
            factors.append((m / size) ** 2 * before + (k + m * (1 - before)) / size**2)
    return np.array(factors)


def _reused_factors(first: int, k: int, m: int, generations: int) -> Array:
    """Given the real points the mean model is a mixture of the reused and the other ones; the rest is synthetic noise."""
    size, rest = k + m, first - k
    q = m / size
    reused, others, noise = k / first, rest / first, 0.0
    factors = [0.0]
    for _ in range(generations):
        factors.append((reused**2 / k if k else 0.0) + (others**2 / rest if rest else 0.0) + noise)
        reused, others = k / size + q * reused, q * others
        noise = q**2 * noise + m * (1 - factors[-1]) / size**2
    return np.array(factors)


@dataclass(frozen=True, eq=False)
class CellLaw:
    """Law of one cell's count in the training set of one generation.

    Parameters
    ----------
    chances : ndarray, shape (N + 1,)
        ``P(count = 0), ..., P(count = N)``, N the size of the training set; correct to about 1e-11 relative per
        generation.

    Examples
    --------
    >>> CellLaw(np.array([0.25, 0.5, 0.25])).masses
    array([0. , 0.5, 1. ])
    """

    chances: Array

    @property
    def masses(self) -> Array:
        """The cell's mass ``count/N`` that each of the chances belongs to."""
        size = self.chances.size - 1
        return np.arange(size + 1) / size


def cell_laws(p: float, mixture: Mixture, generations: int) -> list[CellLaw]:
    """Law of the count of a cell of real mass `p`, generation by generation, in every data regime.

    Parameters
    ----------
    p : float
        Real mass of the cell, in [0, 1].
    mixture : Mixture
        Sizes of the training sets and the data regime. Time and memory grow like the square of the sizes (in the
        reused regime their cube): meant for training sets up to about a thousand points (reused: a hundred).
    generations : int
        T, at least 1.

    Returns
    -------
    list of CellLaw
        Generations 1, ..., T.

    Raises
    ------
    ArgumentError
        If an argument is outside its domain.

    Examples
    --------
    >>> from verify.mixing import replace
    >>> [law.chances.round(4).tolist() for law in cell_laws(0.5, replace(2), 2)]
    [[0.25, 0.5, 0.25], [0.375, 0.25, 0.375]]
    """
    if not 0 <= p <= 1:
        raise ArgumentError(f"p = {p} is not the mass of a cell; it must lie in [0, 1]")
    generations = count("generations", generations, 1)
    if mixture.regime is Regime.REUSED:
        return _reused_laws(p, mixture, generations)
    chances = [_binomial(mixture.first, p)]
    for t in range(2, generations + 1):
        size, m = chances[-1].size - 1, mixture.synthetic
        synthetic = _binomial_rows(m, np.arange(size + 1) / size)
        if mixture.regime is Regime.ACCUMULATE:
            joined = np.zeros(mixture.training_size(t) + 1)
            for held, row in enumerate(synthetic):
                joined[held : held + m + 1] += chances[-1][held] * row
        else:
            joined = np.convolve(chances[-1] @ synthetic, _binomial(mixture.real, p))
        chances.append(joined)
    return [CellLaw(part) for part in chances]


def _reused_laws(p: float, mixture: Mixture, generations: int) -> list[CellLaw]:
    """Condition on how many of the reused points lie in the cell: given that, only the synthetic counts move."""
    k, m = mixture.real, mixture.synthetic
    sizes = [mixture.training_size(t) for t in range(1, generations + 1)]
    totals = [np.zeros(size + 1) for size in sizes]
    others = _binomial(mixture.first - k, p)
    for held, weight in enumerate(_binomial(k, p)):
        moving, denominator = others, mixture.first
        for t, total in enumerate(totals):
            if t:
                moving = moving @ _binomial_rows(m, (held + np.arange(moving.size)) / denominator)
                denominator = k + m
            total[held : held + moving.size] += weight * moving
    return [CellLaw(total) for total in totals]


def _binomial(size: int, p: float) -> Array:
    return np.asarray(binom.pmf(np.arange(size + 1), size, p))


def _binomial_rows(size: int, p: Array) -> Array:
    return np.asarray(binom.pmf(np.arange(size + 1), size, p[:, None]))


def expected_tv(p0: ArrayLike, mixture: Mixture, generations: int) -> list[Computed]:
    """``E TV(p_t, p_0) = 1/2 sum_j E|p_tj - p_0j|``, exact up to rounding.

    Parameters
    ----------
    p0 : array_like, shape (k,)
        Real law.
    mixture : Mixture
        Sizes of the training sets (see `cell_laws` for their reasonable range) and the data regime.
    generations : int
        T, at least 1.

    Returns
    -------
    list of Computed
        Generations 1, ..., T, with bounds on the rounding errors.

    Raises
    ------
    ArgumentError
        If an argument is outside its domain.

    Examples
    --------
    >>> from verify.mixing import replace
    >>> round(expected_tv([0.5, 0.5], replace(2), 1)[0].value, 12)
    0.25
    """
    law = _one_law(p0)
    values = _summed(law, mixture, generations, lambda found, p: float(found.chances @ np.abs(found.masses - p)))
    return [Computed(0.5 * value, _RELATIVE * t * (0.5 * value) + 1e-15) for t, value in enumerate(values, 1)]


def expected_support(p0: ArrayLike, mixture: Mixture, generations: int) -> list[Computed]:
    """Expected number of cells with positive mass, ``sum_j P(p_tj > 0)``, exact up to rounding.

    Parameters
    ----------
    p0 : array_like, shape (k,)
        Real law.
    mixture : Mixture
        Sizes of the training sets and the data regime.
    generations : int
        T, at least 1.

    Returns
    -------
    list of Computed
        Generations 1, ..., T.

    Raises
    ------
    ArgumentError
        If an argument is outside its domain.

    Examples
    --------
    >>> from verify.mixing import replace
    >>> round(expected_support([0.5, 0.5], replace(2), 1)[0].value, 12)
    1.5
    """
    values = _summed(_one_law(p0), mixture, generations, lambda found, p: float(found.chances[1:].sum()))
    return [Computed(value, _RELATIVE * t * value + 1e-15) for t, value in enumerate(values, 1)]


def absorption_chances(p0: ArrayLike, mixture: Mixture, generations: int) -> list[Computed]:
    """Probability that one cell holds all mass, ``sum_j P(p_tj = 1)``: without real data, the law of the absorption time.

    Parameters
    ----------
    p0 : array_like, shape (k,)
        Real law.
    mixture : Mixture
        Sizes of the training sets and the data regime.
    generations : int
        T, at least 1.

    Returns
    -------
    list of Computed
        Generations 1, ..., T. In the fully synthetic loop an absorbed model stays so.

    Raises
    ------
    ArgumentError
        If an argument is outside its domain.

    Examples
    --------
    >>> from verify.mixing import replace
    >>> [round(chance.value, 12) for chance in absorption_chances([0.5, 0.5], replace(2), 2)]
    [0.5, 0.75]
    """
    values = _summed(_one_law(p0), mixture, generations, lambda found, p: float(found.chances[-1]))
    return [Computed(value, _RELATIVE * t * value + 1e-15) for t, value in enumerate(values, 1)]


def mean_absorption_time(n: int, copies: int) -> float:
    """Expected generations until a two-cell fully synthetic loop of size `n` is absorbed, from ``copies`` of `n` points.

    Parameters
    ----------
    n : int
        Size of every training set, at least 1.
    copies : int
        Points in the first cell at the start, from 0 to `n`.

    Returns
    -------
    float
        0 at the ends; about ``-2n (x log x + (1-x) log(1-x))``, x = copies/n, for large n.

    Raises
    ------
    ArgumentError
        If an argument is outside its domain.

    Examples
    --------
    >>> round(mean_absorption_time(2, 1), 12)
    2.0
    """
    n, copies = count("n", n, 1), count("copies", copies, 0)
    if copies > n:
        raise ArgumentError(f"copies = {copies} exceeds the n = {n} points there are")
    if copies in (0, n):
        return 0.0
    inner = np.arange(1, n)
    stay = _binomial_rows(n, inner / n)[:, 1:n]
    return float(np.linalg.solve(np.eye(n - 1) - stay, np.ones(n - 1))[copies - 1])


def _one_law(p0: ArrayLike) -> Array:
    law = as_laws(p0)
    if law.ndim != 1:
        raise ArgumentError(f"p0 has shape {law.shape}; give one law, shape (k,), and treat contexts one by one")
    return law


def _summed(law: Array, mixture: Mixture, generations: int, term: Callable[[CellLaw, float], float]) -> list[float]:
    """Sum a quantity of single cells over the cells, generation by generation; equal cells are computed once."""
    sums = np.zeros(count("generations", generations, 1))
    for p, cells in zip(*np.unique(law, return_counts=True), strict=True):
        sums += cells * np.array([term(found, float(p)) for found in cell_laws(float(p), mixture, generations)])
    return [float(value) for value in sums]

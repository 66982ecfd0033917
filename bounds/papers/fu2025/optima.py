"""The best choice of what a user can choose: how much synthetic data, which bound, how much real data in the context."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from sympy import Rational, Symbol, log, sqrt

from bounds.arguments import Inputs, read_arguments
from bounds.enclose import float_above
from bounds.errors import ArgumentError
from bounds.hypotheses import sign
from bounds.papers.fu2025.generalization import (
    GENERALIZATION_EXPECTED,
    GENERALIZATION_GIVEN_REAL,
    GENERALIZATION_HAMMING,
)
from bounds.papers.fu2025.sizing import SYNTHETIC_SIZE
from bounds.papers.fu2025.transformers import ATTENTION_STABILITY, FACTOR, FACTOR_OF_LARGE_CONTEXTS
from bounds.symbols import d_tv, delta, n, t

_BITS = 60

_v = Symbol("v", positive=True)
"""Real share 1/(1 + lam) of the training set."""
_lost_shift = 1 - (1 - _v) ** t * (1 + t * _v)
# Signs of the derivative of the bound in lam, and of that of _lost_shift/v^(3/2) in v, up to positive factors.
_slope = 2 * d_tv * _lost_shift - sqrt(log(1 / delta) / (2 * n)) * _v ** Rational(3, 2)
_rising = 2 * t * (t + 1) * _v**2 * (1 - _v) ** (t - 1) - 3 * _lost_shift


@dataclass(frozen=True)
class SyntheticSize:
    """Where `fu2025.synthetic_size` is smallest, as a function of the synthetic-to-real ratio.

    Parameters
    ----------
    best : float
        Ratio of the smallest bound; infinity where it is only approached as the ratio grows.
    value : float
        The bound at `best`.
    minimum : float or None
        Ratio of an interior local minimum, where there is one.
    maximum : float or None
        Ratio of an interior local maximum, where there is one: the worst amount of synthetic data.
    limit : float
        What the bound tends to as the ratio grows.
    """

    best: float
    value: float
    minimum: float | None
    maximum: float | None
    limit: float


def synthetic_optimum(
    *, n: object, M: object, d_tv: object, delta: object, t: object | None = None, generation: str = "finite"
) -> SyntheticSize:
    """Find the synthetic-to-real ratio of the smallest bound on the generalisation gap.

    Parameters
    ----------
    n : number
        Real points, the same in every generation.
    M : number
        Length of an interval that holds the loss.
    d_tv : number
        Learning error of one generation in total variation.
    delta : number
        Failure probability.
    t : number, optional
        Generation that the synthetic points are drawn from, at least 1; none for the limit of many generations.
    generation : str
        "finite", or "limit".

    Returns
    -------
    SyntheticSize
        Interior extrema to a relative error of 2^-58 before rounding.

    Raises
    ------
    ArgumentError
        If a number is missing or outside its domain.

    Notes
    -----
    Derived for fu2025 `synthetic_size`. With ``c = sqrt(log(1/delta)/(2 n))/(2 d_tv)`` the first generation has a maximum at
    ``1 + lam = c^-2`` if c < 1 and no interior minimum; later ones have an interior minimum exactly when c lies between 1 and
    a threshold (sqrt 2 in generation 2); in the limit the minimum is at ``1 + lam = max(1, c^(2/3))``.

    Examples
    --------
    >>> found = synthetic_optimum(n=100, M=1, d_tv="0.05", delta="0.05", t=5)
    >>> round(found.best, 4), round(found.value, 4)
    (0.1443, 0.1216)
    >>> round(synthetic_optimum(n=100, M=1, d_tv="0.05", delta="0.05", generation="limit").best, 4)
    0.1442
    """
    given = {"n": n, "M": M, "d_tv": d_tv, "delta": delta, "lam": 0, "generation": generation}
    inputs = read_arguments(SYNTHETIC_SIZE, given if t is None else {**given, "t": t})
    _refuse_grids(inputs)
    values = inputs.values
    if generation == "limit":
        return _in_the_limit(values)
    if values["t"] < 1:
        raise ArgumentError(f"t = {values['t']}; synthetic points are drawn from generation 1 or later")
    maximum = minimum = None
    peak = _peak(values)
    if _is_rising(peak, values):
        maximum = _ratio(_root(_slope, values, rising_from=Fraction(0), to=peak))
        if peak < 1 and not _is_rising(Fraction(1), values):
            minimum = _ratio(_root(_slope, values, rising_from=Fraction(1), to=peak))
    limit = float(values["M"] * values["d_tv"] * values["t"])
    stops = [0.0] + ([minimum] if minimum is not None else [])
    value, best = min([(_bound(values, ratio), ratio) for ratio in stops] + [(limit, math.inf)])
    return SyntheticSize(best, value, minimum, maximum, limit)


def _refuse_grids(inputs: Inputs) -> None:
    if inputs.grid:
        raise ArgumentError("an optimum takes single numbers, not arrays")


def _in_the_limit(values: Mapping[str, Any]) -> SyntheticSize:
    if values["d_tv"] == 0:
        return SyntheticSize(math.inf, 0.0, None, None, 0.0)
    scale = math.sqrt(-math.log(values["delta"]) / (2 * values["n"])) / (2 * float(values["d_tv"]))
    best = max(scale ** (2 / 3) - 1, 0.0)
    value = SYNTHETIC_SIZE.evaluate(**{**values, "lam": best}, generation="limit")
    return SyntheticSize(best, value, best if best > 0 else None, None, math.inf)


def _is_rising(share: Fraction, values: Mapping[str, Any]) -> bool:
    """Whether the bound increases with the ratio at this real share."""
    return sign(_slope, {**values, "v": share}) == 1


def _peak(values: Mapping[str, Any]) -> Fraction:
    """Return the real share at which the bound is most likely to increase with the ratio."""
    return Fraction(1) if values["t"] == 1 else _root(_rising, values, rising_from=Fraction(1), to=Fraction(0))


def _root(expression: Any, values: Mapping[str, Any], *, rising_from: Fraction, to: Fraction) -> Fraction:
    """Bisect the real share at which an expression turns from not positive at one end to positive at the other."""
    low, high = rising_from, to
    while abs(high - low) > Fraction(1, 2**_BITS) * max(low, high):
        middle = (low + high) / 2
        low, high = (low, middle) if sign(expression, {**values, "v": middle}) == 1 else (middle, high)
    return high


def _ratio(share: Fraction) -> float:
    return float(1 / share - 1)


def _bound(values: Mapping[str, Any], ratio: float) -> float:
    return float(SYNTHETIC_SIZE.evaluate(**{**values, "lam": ratio}, generation="finite"))


@dataclass(frozen=True)
class GeneralizationChoice:
    """The explicit bounds on the generalisation gap at given numbers.

    Parameters
    ----------
    values : dict
        Bound by theorem id.
    smallest : tuple of str
        Ids of the smallest bound: several where they are equal.
    crossing : float
        The Hamming bound is below the gamma bound exactly where eta is below this.
    """

    values: dict[str, float]
    smallest: tuple[str, ...]
    crossing: float


def smallest_generalization(
    *,
    n: object,
    alpha: object,
    t: object,
    M: object,
    beta: object,
    gamma: object,
    eta: object,
    d_tv: object,
    delta: object | None = None,
) -> GeneralizationChoice:
    """Tell which explicit bound on the generalisation gap is the smallest, and where that changes.

    Parameters
    ----------
    n, alpha, t, M, beta, gamma, eta, d_tv : number
        As in the three theorems.
    delta : number, optional
        Failure probability; with it the bound given the real data is listed too.

    Returns
    -------
    GeneralizationChoice

    Raises
    ------
    ArgumentError, HypothesisError
        As for the theorems.

    Notes
    -----
    The Hamming bound is below the gamma bound exactly where ``beta (1 - alpha) n eta < gamma (M - beta)``, for alpha > 0; at
    alpha = 0 they are equal. The bound given the real data is never below the Hamming bound: it adds a deviation term, and
    holds in a stronger sense.

    Examples
    --------
    >>> found = smallest_generalization(n=1000, alpha="1/2", t=5, M=1, beta="1/1000", gamma="1/20", eta="1/500", d_tv=0)
    >>> found.smallest, round(found.crossing, 4)
    (('fu2025.generalization_hamming',), 0.0999)
    """
    common = {"alpha": alpha, "t": t, "M": M, "beta": beta, "d_tv": d_tv}
    by_gamma = read_arguments(GENERALIZATION_EXPECTED, {**common, "gamma": gamma})
    by_eta = read_arguments(GENERALIZATION_HAMMING, {**common, "n": n, "eta": eta})
    _refuse_grids(by_gamma)
    _refuse_grids(by_eta)
    values = {
        GENERALIZATION_EXPECTED.id: GENERALIZATION_EXPECTED.evaluate(**by_gamma.values),
        GENERALIZATION_HAMMING.id: GENERALIZATION_HAMMING.evaluate(**by_eta.values),
    }
    if delta is not None:
        given_real: dict[str, Any] = {**by_eta.values, "delta": delta}
        values[GENERALIZATION_GIVEN_REAL.id] = GENERALIZATION_GIVEN_REAL.evaluate(**given_real)
    exact = {**by_gamma.values, **by_eta.values}
    missed = exact["gamma"] * (exact["M"] - exact["beta"])
    changed = exact["beta"] * (1 - exact["alpha"]) * exact["n"]
    difference = exact["alpha"] * (changed * exact["eta"] - missed)
    smallest = tuple(
        theorem.id
        for theorem, is_smallest in (
            (GENERALIZATION_EXPECTED, difference >= 0),
            (GENERALIZATION_HAMMING, difference <= 0),
        )
        if is_smallest
    )
    return GeneralizationChoice(values, smallest, float(missed / changed) if changed else math.inf)


def attention_threshold(*, Gamma: object, n: object | None = None) -> float:
    """Return the real fraction above which one token's displacement in an attention loop stays of order 1/n for ever.

    Parameters
    ----------
    Gamma : number
        Bound on the norm of the attention matrix.
    n : number, optional
        Tokens in the context; without it the threshold serves every n.

    Returns
    -------
    float
        For every alpha above it the factor of `fu2025.attention_recursive_stability` is surely less than 1.

    Raises
    ------
    ArgumentError
        If a number is outside its domain.

    Examples
    --------
    >>> [round(attention_threshold(Gamma=value), 3) for value in ("0.1", "0.5", 1)]
    [0.109, 0.592, 0.898]
    >>> attention_threshold(Gamma=0)
    0.0
    """
    inputs = read_arguments(ATTENTION_STABILITY, {"n": 1 if n is None else n, "Gamma": Gamma, "D": 0})
    _refuse_grids(inputs)
    values = inputs.values
    if values["Gamma"] == 0:
        # Uniform weights: the factor is 1 - alpha.
        return 0.0
    excess = (FACTOR_OF_LARGE_CONTEXTS if n is None else FACTOR) - 1
    low, high = Fraction(0), Fraction(1)
    for _ in range(_BITS):
        middle = (low + high) / 2
        low, high = (low, middle) if sign(excess, {**values, "alpha": middle}) == -1 else (middle, high)
    return float_above(high)

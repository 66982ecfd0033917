"""Rates with a hidden constant, checked as what they are: an exponent over declared sizes, and a calibrated constant.

A theorem ``quantity <= C n^-s`` with an unknown C forbids nothing at finitely many n, so no experiment can confirm or refute
it. Two claims about declared sizes can be tested, and `claims` states them as regimes of the same theorem:

* ``claim="exponent"``: the least-squares slope of the log quantity over the log sizes is at most ``-s`` plus a declared
  tolerance. The evidence is a `verify.evidence.Slope`, whose limits hold at the finite sample.
* ``claim="calibrated constant"``: the bound holds with a C that was fitted at other sizes (`calibrated_constant`).

A verdict on either speaks of those sizes and that C. What a setting declares goes into its label.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sympy import Rational, diff, expand_log, log, simplify

from bounds import Theorem
from bounds.errors import ArgumentError
from bounds.quantities import Direction, Quantity
from bounds.symbols import PARAMETERS
from bounds.theorem import Regime
from verify.evidence import Evidence, Interval, Slope

CLAIM = "claim"
"""Name of the choice between the two claims."""
EXPONENT = "exponent"
CALIBRATED = "calibrated constant"


def exponent(theorem: Theorem, size: str = "n") -> Any:
    """Return the power of a size in a theorem's bound, as an exact expression.

    Parameters
    ----------
    theorem : Theorem
        With one regime.
    size : str
        Name of the symbol.

    Returns
    -------
    sympy expression

    Raises
    ------
    ArgumentError
        If the bound is not a power of the size times something without it.

    Examples
    --------
    >>> import bounds
    >>> print(exponent(bounds.get("fu2024.kde_rate")))
    -2/(d + 4)
    """
    symbol = _symbol(size)
    power = simplify(symbol * diff(expand_log(log(theorem.expression), force=True), symbol))
    if power.has(symbol) or power == 0:
        raise ArgumentError(f"the bound of {theorem.id} is not a power of {size} times something without {size}")
    return power


def claims(theorem: Theorem, sizes: Sequence[int], tolerance: Fraction | str, *, size: str = "n") -> Theorem:
    """State what can be tested of a rate: its exponent over declared sizes, and its bound with a calibrated constant.

    Parameters
    ----------
    theorem : Theorem
        A bound that is a power of the size times a hidden constant C, in every regime.
    sizes : sequence of int
        The declared sizes, increasing, at least two. A setting that uses some of them says which in its label.
    tolerance : Fraction or str
        How far the slope may lie beyond the exponent, at least 0: over finite sizes a true rate has no exact slope.
    size : str
        Name of the symbol the rate is in.

    Returns
    -------
    Theorem
        With the same id and hypotheses, and the choice ``claim``: "exponent" or "calibrated constant". Its quantities
        say what is bounded, the declared sizes included.

    Raises
    ------
    ArgumentError
        If the bound is an identity, has no constant C, or is not a power of the size.

    Examples
    --------
    >>> import bounds
    >>> claimed = claims(bounds.get("fu2024.kde_rate"), (250, 1000, 4000), "1/20")
    >>> claimed.evaluate(claim="exponent", d=1), claimed.at(claim="exponent").quantity.name
    (-0.35, 'log-log slope of total variation over n = 250..4000, tolerance 1/20')
    >>> claimed.evaluate(claim="calibrated constant", C=2, n=32, d=1)
    0.5
    """
    allowed = Fraction(tolerance)
    if allowed < 0:
        raise ArgumentError(f"tolerance {tolerance} is negative; give a number >= 0")
    if theorem.direction is Direction.EXACT:
        raise ArgumentError(f"{theorem.id} is an identity; a rate with a hidden constant bounds from one side")
    over = f"{size} = {_declared(sizes)[0]}..{_declared(sizes)[-1]}"
    regimes = [_regime(theorem, one, size, over, allowed) for one in _narrowed(theorem)]
    regimes += [_calibrated(theorem, one) for one in _narrowed(theorem)]
    return replace(theorem, regimes=tuple(regimes), structured=())


def _regime(theorem: Theorem, one: Theorem, size: str, over: str, tolerance: Fraction) -> Regime:
    slack = Rational(tolerance.numerator, tolerance.denominator)
    bound = exponent(one, size) + (slack if theorem.direction is Direction.UPPER else -slack)
    quantity = Quantity(
        f"log-log slope of {one.quantity.name} over {over}, tolerance {tolerance}",
        rf"\mathrm{{slope}}_{{\log {size}}}\log {one.quantity.latex}",
        f"least-squares slope of its logarithm over the declared {over}; nothing is said beyond them",
    )
    return Regime((*one.choices, (CLAIM, EXPONENT)), bound, _own(theorem, one), quantity)


def _calibrated(theorem: Theorem, one: Theorem) -> Regime:
    if "C" not in {symbol.name for symbol in one.symbols}:
        raise ArgumentError(f"{theorem.id} has no hidden constant C to calibrate")
    quantity = replace(one.quantity, name=f"{one.quantity.name}, C calibrated at other sizes")
    return Regime((*one.choices, (CLAIM, CALIBRATED)), one.expression, _own(theorem, one), quantity)


def _narrowed(theorem: Theorem) -> list[Theorem]:
    return [theorem.at(**dict(r.choices)) for r in theorem.regimes] or [theorem]


def _own(theorem: Theorem, one: Theorem) -> tuple[Any, ...]:
    return one.hypotheses[len(theorem.hypotheses) :]


def _declared(sizes: Sequence[int]) -> list[int]:
    found = [int(size) for size in sizes]
    if len(found) < 2 or found[0] < 1 or sorted(set(found)) != found:
        raise ArgumentError(f"{list(sizes)}: give at least two whole numbers, positive and increasing")
    return found


def _symbol(size: str) -> Any:
    if size not in PARAMETERS:
        raise ArgumentError(f"size = {size!r} is no symbol of the catalogue; a rate is in n, say")
    return PARAMETERS[size].symbol


def calibrated_constant(
    theorem: Theorem,
    arguments: Sequence[Mapping[str, Any]],
    means: Sequence[Evidence],
    *,
    margin: Fraction | str = Fraction(1),
    level: float = 1e-3,
) -> Fraction:
    """Fit the hidden constant C of an upper bound: large enough, by upper confidence limits, for every calibration setting.

    Parameters
    ----------
    theorem : Theorem
        An upper bound proportional to C.
    arguments : sequence of mapping
        What the theorem takes at each calibration setting, without C.
    means : sequence of Evidence
        About the bounded quantity, one per setting.
    margin : Fraction or str
        Declared factor by which C is enlarged, at least 1: sizes far from those of the calibration may need it.
    level : float
        Probability that some limit lies below its mean. It has no part in later verdicts, which take C as given.

    Returns
    -------
    Fraction
        C, rounded up to four digits.

    Raises
    ------
    ArgumentError
        If the theorem bounds from below, an upper limit is infinite, or the sequences do not match.

    Examples
    --------
    >>> import bounds
    >>> from verify.evidence import Computed
    >>> rate = bounds.get("fu2024.kde_rate")
    >>> float(calibrated_constant(rate, [{"n": 32, "d": 1}], [Computed(0.12, 0.0)], margin="5/4"))  # 0.12 32^(2/5) 5/4
    0.6001
    """
    if theorem.direction is not Direction.UPPER:
        raise ArgumentError(f"{theorem.id} is no upper bound; a constant is fitted to one")
    if not means or len(means) != len(arguments):
        raise ArgumentError(f"{len(arguments)} settings, {len(means)} means: give as many of each, at least one")
    enlarge = Fraction(margin)
    if enlarge < 1:
        raise ArgumentError(f"margin {margin} is below 1, which would shrink the fitted constant")
    limits = [mean.upper(level / len(means)) for mean in means]
    if not all(math.isfinite(limit) and limit > 0 for limit in limits):
        raise ArgumentError(f"upper limits {limits}: a constant is fitted to positive, finite ones")
    units = [theorem.enclose(C=1, **given)[0] for given in arguments]
    return _rounded_up(
        enlarge * max(Fraction(limit) / Fraction(unit) for limit, unit in zip(limits, units, strict=True))
    )


def _rounded_up(number: Fraction, digits: int = 4) -> Fraction:
    step = Fraction(10) ** (math.floor(math.log10(number)) + 1 - digits)
    return math.ceil(number / step) * step


def growth(means: Sequence[Evidence], generations: Sequence[int]) -> Slope:
    """Return evidence about the exponent at which a quantity grows with the generation.

    Parameters
    ----------
    means : sequence of Evidence, length T
        About the quantity in generation 1, ..., T.
    generations : sequence of int
        Declared generations that are compared, increasing; those before the first are the burn-in. A few far apart give
        narrower limits than all, which share the level.

    Returns
    -------
    Slope

    Raises
    ------
    ArgumentError
        If there are fewer than two, or one is not among 1, ..., T.

    Examples
    --------
    >>> from verify.evidence import Computed
    >>> round(growth([Computed(5.0, 0.0), Computed(4.0, 0.0), Computed(6.0, 0.0)], (2, 3)).estimate, 12)
    1.0
    """
    declared = _declared(generations)
    if declared[-1] > len(means):
        raise ArgumentError(f"generations {declared}: there are means of the generations 1 to {len(means)} only")
    return Slope(np.array(declared, dtype=np.float64), tuple(means[t - 1] for t in declared))


def bootstrap_slope(
    sizes: ArrayLike,
    values: Sequence[NDArray[np.float64]],
    rng: np.random.Generator,
    level: float,
    resamples: int = 2000,
) -> Interval:
    """Percentile bootstrap interval of the log-log slope of means, replicates resampled within each size.

    It is narrower than the limits of `verify.evidence.Slope`, and covers at its level only as the replicates grow in
    number: it is for plots, never for a verdict.

    Parameters
    ----------
    sizes : array_like, shape (m,)
        Positive, at least two.
    values : sequence of ndarray, length m
        Positive replicates at each size.
    rng : numpy.random.Generator
    level : float
        Share of resampled slopes left outside, in (0, 1).
    resamples : int
        How often the replicates are resampled.

    Returns
    -------
    Interval

    Raises
    ------
    ArgumentError
        If the level is outside (0, 1), or the sizes and values do not match.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> values = [rng.uniform(0.9, 1.1, 200) * size**-0.5 for size in (10, 100)]
    >>> found = bootstrap_slope((10, 100), values, rng, level=0.05)
    >>> found.lower < -0.5 < found.upper
    True
    """
    x = np.log(np.asarray(sizes, dtype=np.float64))
    if x.ndim != 1 or x.size < 2 or x.size != len(values):
        raise ArgumentError(f"{x.size} sizes, values at {len(values)}: give as many of each, at least two")
    if not 0 < level < 1:
        raise ArgumentError(f"level {level} is outside (0, 1)")
    logs = np.stack([np.log([rng.choice(v, v.size).mean() for _ in range(resamples)]) for v in values])
    x = x - x.mean()
    slopes = np.einsum("i,ij->j", x, logs) / np.sum(x * x)
    lower, upper = np.quantile(slopes, [level / 2, 1 - level / 2])
    return Interval(float(lower), float(upper))

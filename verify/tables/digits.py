"""How many digits a number deserves: those its interval supports, rounded to the safe side."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction

from bounds import Direction
from verify.evidence import Verdict
from verify.results import Result

# Holds every double with every number of places asked for here.
_WIDE = Context(prec=1000)
_DIGITS = 3


@dataclass(frozen=True)
class Numbers:
    """The numbers of one result as text.

    Parameters
    ----------
    bound, measured, interval : str
        The interval is empty for a computed quantity whose error bar is below the digits shown.

    Examples
    --------
    >>> Numbers("0.5", "0.3", "[0.2, 0.4]").interval
    '[0.2, 0.4]'
    """

    bound: str
    measured: str
    interval: str


def numbers(result: Result) -> Numbers:
    """Write a result with as many digits as its interval supports: two of the interval's half-width.

    The ends of the interval are rounded outwards, and a violation is shown with the digits in which it shows.

    Parameters
    ----------
    result : Result

    Returns
    -------
    Numbers

    Examples
    --------
    >>> numbers(Result("x.y", "", {}, "", "upper", 0.51234567, 0.31234567, (0.30012, 0.32345), 0.6, Verdict.CONSISTENT, 9, 1))
    Numbers(bound='0.512', measured='0.312', interval='[0.300, 0.324]')
    """
    low, high = result.ci
    half = max((abs(end - result.measured) for end in result.ci if math.isfinite(end)), default=0.0)
    places = _places(result.measured, half)
    if result.verdict is Verdict.VIOLATED:
        places = next((p for p in range(places, places + 12) if _differ(result, p)), places)
    shown = result.replicates > 0 or half > 10.0**-places
    interval = f"[{_rounded(low, places, ROUND_FLOOR)}, {_rounded(high, places, ROUND_CEILING)}]" if shown else ""
    # The bound shows three digits of its own at least; six are enough where its size is another.
    size = _magnitude(result.bound)
    own = max(2 - size, places if _magnitude(result.measured) == size else min(places, 5 - size))
    return Numbers(_rounded(result.bound, own), _rounded(result.measured, places), interval)


def _places(value: float, half_width: float) -> int:
    """Decimal places: two digits of the half-width, or six of the value where that is coarser."""
    size = _magnitude(value)
    supported = [5 - size] * (value != 0 or half_width == 0) + [1 - _magnitude(half_width)] * (half_width > 0)
    # Whole numbers of a readable size are not cut to tens.
    return max(min(supported), 0) if size < 7 else min(supported)


def _magnitude(value: float | Decimal) -> int:
    return Decimal(value).adjusted() if value and math.isfinite(value) else 0


def _differ(result: Result, places: int) -> bool:
    return _rounded(result.bound, places) != _rounded(result.measured, places)


def _rounded(value: float, places: int, rounding: str = ROUND_HALF_EVEN) -> str:
    if not math.isfinite(value):
        return {math.inf: "∞", -math.inf: "-∞"}.get(value, "")
    return _written(Decimal(value).quantize(Decimal(1).scaleb(-places), rounding, _WIDE), places >= 0)


def _written(kept: Decimal, in_full: bool) -> str:
    if kept == 0:
        return "0"
    return f"{kept:f}" if -6 <= kept.adjusted() < 7 and in_full else f"{kept:e}"


def safe_text(lower: float, upper: float, direction: Direction) -> str:
    """Write a bound with three digits, rounded so that what is written is a bound as well.

    Parameters
    ----------
    lower, upper : float
        Enclosure of the bound's value.
    direction : Direction
        An upper bound is rounded up, a lower bound down, an identity to nearest.

    Returns
    -------
    str

    Examples
    --------
    >>> safe_text(0.12340, 0.12341, Direction.UPPER), safe_text(0.12340, 0.12341, Direction.LOWER)
    ('0.124', '0.123')
    >>> safe_text(1234567.0, 1234567.0, Direction.EXACT), safe_text(1.5e-9, 1.5e-9, Direction.UPPER)
    ('1230000', '1.50e-9')
    """
    if direction is Direction.EXACT:
        ends = (lower, upper)
        value = float((Fraction(lower) + Fraction(upper)) / 2) if all(map(math.isfinite, ends)) else upper
        rounding = ROUND_HALF_EVEN
    else:
        value, rounding = (upper, ROUND_CEILING) if direction is Direction.UPPER else (lower, ROUND_FLOOR)
    if not math.isfinite(value):
        return {math.inf: "∞", -math.inf: "-∞"}.get(value, "")
    if value == 0:
        return "0"
    exact = Decimal(value)
    kept = exact.quantize(Decimal(1).scaleb(exact.adjusted() - _DIGITS + 1), rounding, _WIDE)
    # Rounding 0.9996 up gives 1.000, one digit too many.
    kept = kept.quantize(Decimal(1).scaleb(kept.adjusted() - _DIGITS + 1), rounding, _WIDE)
    return f"{kept:f}" if -5 <= kept.adjusted() < 7 else f"{kept:e}"

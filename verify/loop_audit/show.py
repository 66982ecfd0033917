"""Numbers for people, rounded to the side on which they stay true."""

from __future__ import annotations

import math
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal

from verify.evidence import Interval
from verify.loop_audit.moments import Moment

_DIGITS = 4


def down(value: float) -> str:
    """Write a lower limit, rounded down.

    Examples
    --------
    >>> down(0.29999), down(-0.00012345), down(float("-inf"))
    ('0.2999', '-0.0001235', '-inf')
    """
    return _rounded(value, ROUND_FLOOR)


def up(value: float) -> str:
    """Write an upper limit, rounded up.

    Examples
    --------
    >>> up(0.2), up(1234567.0)
    ('0.2', '1235000')
    """
    return _rounded(value, ROUND_CEILING)


def _rounded(value: float, rounding: str) -> str:
    if not math.isfinite(value) or value == 0:
        return "0" if value == 0 else str(value)
    if len(repr(value).lstrip("-0.").replace(".", "")) <= _DIGITS:
        return repr(value)
    number = Context(prec=_DIGITS, rounding=rounding).create_decimal(Decimal(value))
    return f"{number:f}" if 1e-5 <= abs(value) < 1e9 else f"{number:e}"


def interval(limits: Interval, lowest: float = -math.inf) -> str:
    """Write an interval, its ends rounded outwards.

    Parameters
    ----------
    limits : Interval
    lowest : float
        Smallest value possible; a lower limit there says nothing.

    Returns
    -------
    str

    Examples
    --------
    >>> interval(Interval(0.5, float("inf"))), interval(Interval(-float("inf"), float("inf")))
    ('>= 0.5', 'no sound interval')
    """
    below, above = limits.lower > lowest, math.isfinite(limits.upper)
    if below and above:
        return f"[{down(limits.lower)}, {up(limits.upper)}]"
    if above:
        return f"<= {up(limits.upper)}"
    return f">= {down(limits.lower)}" if below else "no sound interval"


def estimate(m: Moment) -> str:
    """Write an estimate with its interval, if it has one.

    Examples
    --------
    >>> estimate(Moment("mean", 1, 0.5, Interval(-float("inf"), float("inf"))))
    '0.5'
    """
    limits = interval(m.ci)
    return f"{m.estimate:.4g}" + ("" if limits == "no sound interval" else f" {limits}")

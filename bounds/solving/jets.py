"""Enclosures of values and slopes on an interval, and how each function carries them along.

A span is an interval with exact ends; a jet is a span of values with one of slopes. Monotone functions are evaluated at the
ends of a span, so that nothing is lost there. What cannot be enclosed is nan, and decides nothing.
This is the one table of slopes in numbers: inversions and the boxes of an audit both use it, through `bounds.solving.ranges`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flint import arb

from bounds.enclose import Balls

_BALLS = Balls()
_NAN = arb("nan")
_NOUGHT = arb(0)


@dataclass(frozen=True, slots=True)
class Span:
    """All numbers from `low` to `high`, both exact balls; nan where an end is unknown."""

    low: Any
    high: Any

    @property
    def nonnegative(self) -> bool:
        """Whether it surely has no negative number."""
        return bool(self.low >= 0)

    @property
    def nonpositive(self) -> bool:
        """Whether it surely has no positive number."""
        return bool(self.high <= 0)


UNKNOWN = Span(_NAN, _NAN)
ZERO = Span(_NOUGHT, _NOUGHT)


@dataclass(frozen=True, slots=True)
class Jet:
    """The values of an expression on an interval, and its slopes there.

    Where the expression has a kink the slopes hold those of both sides, so that slopes of one sign prove monotonicity.
    """

    value: Span
    slope: Span


UNKNOWN_JET = Jet(UNKNOWN, UNKNOWN)
_NOTHING = Jet(ZERO, ZERO)


def _low(number: Any) -> Any:
    if number.is_exact():
        return number
    end = number.lower()
    return end if end.is_exact() else _NAN


def _high(number: Any) -> Any:
    if number.is_exact():
        return number
    end = number.upper()
    return end if end.is_exact() else _NAN


def hull(*balls: Any) -> Span:
    """Return the smallest span that holds all balls.

    Examples
    --------
    >>> hull(arb(3), arb(1)).low
    1.00000000000000
    """
    first, *rest = balls
    if len(rest) == 1:
        last = rest[0]
        # Ends in a known order are most of what is asked for, and need two roundings instead of four.
        if first <= last:
            return Span(_low(first), _high(last))
        if last <= first:
            return Span(_low(last), _high(first))
    low, high = _low(first), _high(first)
    for other in rest:
        low, high = low.min(_low(other)), high.max(_high(other))
    return Span(low, high)


def _plus(u: Span, v: Span) -> Span:
    if u is ZERO:
        return v
    return u if v is ZERO else Span(_low(u.low + v.low), _high(u.high + v.high))


def _times(u: Span, v: Span) -> Span:
    if u is ZERO or v is ZERO:
        return ZERO
    if u.low >= 0 and v.low >= 0:
        return Span(_low(u.low * v.low), _high(u.high * v.high))
    if u.low is u.high:
        return hull(u.low * v.low, u.low * v.high)
    if v.low is v.high:
        return hull(u.low * v.low, u.high * v.low)
    return hull(u.low * v.low, u.low * v.high, u.high * v.low, u.high * v.high)


def _over(u: Span, v: Span) -> Span:
    if u is ZERO:
        return ZERO
    if not (v.low > 0 or v.high < 0):
        return UNKNOWN
    return hull(u.low / v.low, u.low / v.high, u.high / v.low, u.high / v.high)


def _negative(u: Span) -> Span:
    return u if u is ZERO else Span(-u.high, -u.low)


def jet_sum(u: Jet, v: Jet) -> Jet:
    """Add two jets.

    Examples
    --------
    >>> x = Jet(hull(arb(0), arb(1)), hull(arb(1)))
    >>> jet_sum(x, x).slope.low
    2.00000000000000
    """
    return Jet(_plus(u.value, v.value), _plus(u.slope, v.slope))


def jet_product(u: Jet, v: Jet) -> Jet:
    """Multiply two jets.

    Examples
    --------
    >>> x = Jet(hull(arb(1), arb(2)), hull(arb(1)))
    >>> jet_product(x, x).slope.high
    4.00000000000000
    """
    if _is_zero(u, v) or _is_zero(v, u):
        return _NOTHING
    return Jet(_times(u.value, v.value), _plus(_times(u.slope, v.value), _times(u.value, v.slope)))


def _is_zero(u: Jet, v: Jet) -> bool:
    """Tell whether u is 0 and v has values everywhere, so that even where v is infinitely steep the product is 0."""
    low, high = u.value.low, u.value.high
    return u.slope is ZERO and low is high and low == 0 and v.value.low.is_finite() and v.value.high.is_finite()


def _span_power(u: Span, exponent: int) -> Span:
    """Raise to a whole power; a negative one needs a base without zero."""
    if exponent == 0:
        return Span(arb(1), arb(1))
    if exponent < 0 and not (u.low > 0 or u.high < 0):
        return UNKNOWN
    ends = (_BALLS.power(u.low, exponent), _BALLS.power(u.high, exponent))
    if exponent > 0 and exponent % 2 == 0 and not (u.low >= 0 or u.high <= 0):
        return hull(arb(0), *ends)
    return hull(*ends)


def jet_power(u: Jet, exponent: int) -> Jet:
    """Raise a jet to a whole power.

    Examples
    --------
    >>> jet_power(Jet(hull(arb(-1), arb(2)), hull(arb(1))), 2).value.low
    0
    """
    if exponent == 0:
        return Jet(Span(arb(1), arb(1)), ZERO)
    slope = u.slope
    if slope is not ZERO:
        factor = _times(Span(arb(exponent), arb(exponent)), _span_power(u.value, exponent - 1))
        slope = _times(factor, slope)
    return Jet(_span_power(u.value, exponent), slope)


def _power(base: Jet, exponent: Jet) -> Jet:
    """Raise a non-negative base to a real power: monotone in each, so its extremes are at the corners."""
    b, p = base.value, exponent.value
    if not (b.low > 0 or (b.low >= 0 and p.low > 0)):
        return UNKNOWN_JET
    value = hull(*(x**y for x in (b.low, b.high) for y in (p.low, p.high)))
    by_base, by_exponent = ZERO, ZERO
    if base.slope is not ZERO:
        lowered = Span(_low(p.low - 1), _high(p.high - 1))
        powers = hull(*(x**y for x in (b.low, b.high) for y in (lowered.low, lowered.high)))
        by_base = _times(_times(p, powers), base.slope)
    if exponent.slope is not ZERO:
        logs = hull(b.low.log(), b.high.log()) if b.low > 0 else UNKNOWN
        # A base that is zero throughout keeps the power at zero.
        by_exponent = ZERO if b.high == 0 else _times(_times(value, logs), exponent.slope)
    return Jet(value, _plus(by_base, by_exponent))


def _monotone(
    function: Callable[[Any], Any], slope: Callable[[Span], Span], domain: Callable[[Span], bool] = lambda _: True
) -> Callable[[Jet], Jet]:
    """Make the rule of a monotone function: its range is that between its values at the ends."""

    def rule(u: Jet) -> Jet:
        if not domain(u.value):
            return UNKNOWN_JET
        return Jet(
            hull(function(u.value.low), function(u.value.high)),
            u.slope if u.slope is ZERO else _times(slope(u.value), u.slope),
        )

    return rule


def _ends(function: Callable[[Any], Any]) -> Callable[[Span], Span]:
    """Lift a monotone function to spans."""
    return lambda u: hull(function(u.low), function(u.high))


def _peaked(function: Callable[[Any], Any]) -> Callable[[Span], Span]:
    """Lift an even function that falls (or rises) away from 0 to spans."""

    def lifted(u: Span) -> Span:
        ends = (function(u.low), function(u.high))
        return hull(*ends) if u.low >= 0 or u.high <= 0 else hull(function(arb(0)), *ends)

    return lifted


def _positive(u: Span) -> bool:
    return bool(u.low > 0)


def _polygamma(order: Jet, argument: Jet) -> Jet:
    whole = order.value.low
    if order.value.high != whole or not whole.is_integer() or not _positive(argument.value):
        return UNKNOWN_JET
    of = [lambda x, m=m: _BALLS.apply("polygamma", [whole + m, x]) for m in (0, 1)]
    return _monotone(of[0], _ends(of[1]))(argument)


def _harmonic(terms: Jet, exponent: Jet | None = None) -> Jet:
    if exponent is not None or not terms.value.low >= 0:
        return UNKNOWN_JET
    return _monotone(
        lambda n: _BALLS.apply("harmonic", [n]), _ends(lambda n: _BALLS.apply("polygamma", [arb(1), n + 1]))
    )(terms)


def _zeta_slope(u: Span) -> Span:
    """Enclose the slope of zeta(s) for s > 1, which is minus the sum over k > 1 of log(k) k^-s.

    That sum is at least its first term. It is at most the integral of log(x) x^-s over x > 1, which is (s - 1)^-2, and the
    largest value of the integrand, which is 1/(e s).
    """
    first = arb(2).log() * (-u.high * arb(2).log()).exp()
    whole = 1 / (u.low - 1) ** 2 + 1 / (u.low * arb.const_e())
    return Span(_low(-whole), _high(-first))


def _zeta(exponent: Jet, start: Jet | None = None) -> Jet:
    if start is not None or not exponent.value.low > 1:
        return UNKNOWN_JET
    return _monotone(lambda x: _BALLS.apply("zeta", [x]), _zeta_slope)(exponent)


def _loggamma(u: Jet) -> Jet:
    if not _positive(u.value):
        return UNKNOWN_JET
    rise = _ends(lambda x: x.digamma())(u.value)
    ends = (u.value.low.lgamma(), u.value.high.lgamma())
    if rise.nonnegative or rise.nonpositive:
        value = hull(*ends)
    else:
        # Convex: above its tangents, below its chord.
        width = u.value.high - u.value.low
        value = hull(*ends, ends[0] + rise.low * width, ends[1] - rise.high * width)
    return Jet(value, _times(rise, u.slope))


def _gamma(u: Jet) -> Jet:
    logs = _loggamma(u)
    value = _ends(lambda x: x.exp())(logs.value)
    return Jet(value, _times(value, logs.slope))


def _c4_slope(u: Span) -> Span:
    """Enclose the slope of c4, which is c4 times (psi(z + 1/2) - psi(z) - 1/(2z))/2 with z = (n - 1)/2.

    The bracket is the integral of exp(-zu) tanh(u/4)/2 over u > 0, and v - v^3/3 <= tanh v <= v for v >= 0.
    """
    z = Span(_low((u.low - 1) / 2), _high((u.high - 1) / 2))
    inverse = _span_power(z, -2)
    upper = _high(inverse.high / 16)
    lower = (inverse.low / 16 - (1 / z.low**4) / 128).max(arb(0))
    return _times(_ends(lambda n: _BALLS.apply("c4", [n]))(u), Span(_low(lower), upper))


def _sum_and_slope(q: Any, terms: int) -> tuple[Any, Any]:
    """Return a geometric sum and its slope in q by doubling: S(2m) = S(m)(1 + q^m)."""
    total, rise, power, power_rise = arb(0), arb(0), arb(1), arb(0)
    for bit in bin(terms)[2:]:
        total, rise = total * (1 + power), rise * (1 + power) + total * power_rise
        power, power_rise = power * power, 2 * power * power_rise
        if bit == "1":
            total, rise = 1 + q * total, total + q * rise
            power, power_rise = q * power, power + q * power_rise
    return total, rise


def _geometric_sum(q: Jet, terms: Jet) -> Jet:
    """Enclose a geometric sum of a non-negative ratio, which rises in the ratio and in the number of terms."""
    if not q.value.nonnegative or not (terms.value.low.is_integer() and terms.value.high.is_integer()):
        return UNKNOWN_JET
    if not terms.value.low >= 0:
        return UNKNOWN_JET
    counts = [int(end.unique_fmpz()) for end in (terms.value.low, terms.value.high)]
    (least, low_rise), (most, high_rise) = (
        _sum_and_slope(ratio, count) for ratio, count in zip((q.value.low, q.value.high), counts, strict=True)
    )
    if terms.slope is ZERO:
        slope = _times(hull(low_rise, high_rise), q.slope)
    else:
        slope = _times(_slope_in_terms(q.value, counts), terms.slope) if q.slope is ZERO else UNKNOWN
    return Jet(hull(least, most), slope)


def _slope_in_terms(q: Span, counts: Sequence[int]) -> Span:
    """Enclose q^t times the mean of 1/x over x between q and 1, the slope of (1 - q^t)/(1 - q) in t."""
    if not _positive(q):
        return UNKNOWN
    means = hull(arb(1), 1 / q.low, 1 / q.high)
    return _times(hull(*(x ** arb(t) for x in (q.low, q.high) for t in counts)), means)


def _extreme(largest: bool) -> Callable[..., Jet]:
    def rule(first: Jet, *rest: Jet) -> Jet:
        for other in rest:
            first = _either(first, other, largest)
        return first

    return rule


def _either(u: Jet, v: Jet, largest: bool) -> Jet:
    upper, lower = (u, v) if largest else (v, u)
    if upper.value.low >= lower.value.high:
        return u
    if lower.value.low >= upper.value.high:
        return v
    ends = [hull(a.max(b) if largest else a.min(b)) for a, b in zip(_pair(u.value), _pair(v.value), strict=True)]
    slope = ZERO if u.slope is ZERO and v.slope is ZERO else hull(*_pair(u.slope), *_pair(v.slope))
    return Jet(Span(ends[0].low, ends[1].high), slope)


def _pair(u: Span) -> tuple[Any, Any]:
    return u.low, u.high


def _absolute(u: Jet) -> Jet:
    return _either(u, Jet(_negative(u.value), _negative(u.slope)), largest=True)


def _cosh(u: Jet) -> Jet:
    slope = _times(_ends(lambda x: x.sinh())(u.value), u.slope)
    return Jet(_peaked(lambda x: x.cosh())(u.value), slope)


def _reciprocal(u: Span) -> Span:
    return _over(Span(arb(1), arb(1)), u)


def _sqrt_slope(u: Span) -> Span:
    """Enclose 1/(2 sqrt x), without an upper end where it may be infinite."""
    low = 1 / (2 * u.high.sqrt())
    return Span(_low(low), _high(1 / (2 * u.low.sqrt())) if u.low > 0 else arb("inf"))


def _bell(sign: int) -> Callable[[Span], Span]:
    return _peaked(lambda x: sign * 2 * (-x * x).exp() / arb.pi().sqrt())


RULES: dict[str, Callable[..., Jet]] = {
    "max": _extreme(True),
    "min": _extreme(False),
    "abs": _absolute,
    "exp": _monotone(lambda x: x.exp(), _ends(lambda x: x.exp())),
    "log": _monotone(lambda x: x.log(), _reciprocal, _positive),
    "atan": _monotone(lambda x: x.atan(), _peaked(lambda x: 1 / (1 + x * x))),
    "erf": _monotone(lambda x: x.erf(), _bell(1)),
    "erfc": _monotone(lambda x: x.erfc(), _bell(-1)),
    "gamma": _gamma,
    "loggamma": _loggamma,
    "sqrt": _monotone(lambda x: x.sqrt(), _sqrt_slope, lambda u: u.nonnegative),
    "rsqrt": _monotone(lambda x: 1 / x.sqrt(), _ends(lambda x: -1 / (2 * x * x.sqrt())), _positive),
    "pow": _power,
    "pi": lambda: Jet(hull(arb.pi()), ZERO),
    "e": lambda: Jet(hull(arb.const_e()), ZERO),
    "polygamma": _polygamma,
    "harmonic": _harmonic,
    "zeta": _zeta,
    "sinh": _monotone(lambda x: x.sinh(), _peaked(lambda x: x.cosh())),
    "cosh": _cosh,
    "tanh": _monotone(lambda x: x.tanh(), _peaked(lambda x: 1 / x.cosh() ** 2)),
    "c4": _monotone(lambda x: _BALLS.apply("c4", [x]), _c4_slope, lambda u: bool(u.low > 1)),
    "geometric_sum": _geometric_sum,
}

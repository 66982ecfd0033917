"""Rational functions of one symbol: exact arithmetic, and their values and slopes on an interval.

The sign and the direction of a rational function are decided by polynomials and not lost to interval arithmetic, which
forgets that two terms hold the same symbol.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

from flint import arb, fmpq, fmpq_poly

from bounds.solving.jets import UNKNOWN_JET, Jet, hull

_ONE = fmpq_poly([1])
_LONGEST_POWER = 20_000


@dataclass(frozen=True, slots=True)
class Ratio:
    """A rational function of the symbol in lowest terms; a constant bottom is 1."""

    top: Any
    bottom: Any

    @property
    def size(self) -> int:
        """The larger of the two degrees."""
        return int(max(self.top.degree(), self.bottom.degree(), 0))

    @property
    def constant(self) -> Fraction | None:
        """The value of a constant, else None."""
        if self.size > 0:
            return None
        value = self.top[0] / self.bottom[0]
        return Fraction(int(value.p), int(value.q))

    @property
    def length(self) -> int:
        """The number of bits of the longest coefficient."""
        parts = (*self.top.coeffs(), *self.bottom.coeffs())
        return max(max(int(abs(c.p)).bit_length(), int(c.q).bit_length()) for c in parts)


def constant_ratio(value: Fraction) -> Ratio:
    """Return a constant.

    Examples
    --------
    >>> constant_ratio(Fraction(1, 2)).constant
    Fraction(1, 2)
    """
    return Ratio(fmpq_poly([fraction(value)]), _ONE)


def fraction(value: Fraction) -> Any:
    """Return flint's form of a fraction.

    Examples
    --------
    >>> fraction(Fraction(1, 2))
    1/2
    """
    return fmpq(value.numerator, value.denominator)


def ratio_sum(u: Ratio, v: Ratio) -> Ratio:
    """Add two rational functions.

    Examples
    --------
    >>> ratio_sum(constant_ratio(Fraction(1, 2)), constant_ratio(Fraction(1, 3))).constant
    Fraction(5, 6)
    """
    if u.bottom == _ONE == v.bottom:
        return Ratio(u.top + v.top, _ONE)
    return _lowest(u.top * v.bottom + v.top * u.bottom, u.bottom * v.bottom)


def ratio_product(u: Ratio, v: Ratio) -> Ratio:
    """Multiply two rational functions.

    Examples
    --------
    >>> ratio_product(constant_ratio(Fraction(1, 2)), constant_ratio(Fraction(2, 3))).constant
    Fraction(1, 3)
    """
    return _lowest(u.top * v.top, u.bottom * v.bottom)


def ratio_power(base: Ratio, exponent: int) -> Ratio | None:
    """Raise to a whole power; None if the base is 0 and the power has no value.

    Examples
    --------
    >>> ratio_power(constant_ratio(Fraction(1, 2)), -2).constant
    Fraction(4, 1)
    """
    top, bottom = (base.top, base.bottom) if exponent >= 0 else (base.bottom, base.top)
    return _unit(top ** abs(exponent), bottom ** abs(exponent)) if bottom != 0 else None


def short_power(base: Ratio, exponent: int) -> bool:
    """Tell whether a power is cheap to write out.

    Examples
    --------
    >>> short_power(constant_ratio(Fraction(1, 2)), 10**6)
    False
    """
    return abs(exponent) * base.length < _LONGEST_POWER


def _lowest(top: Any, bottom: Any) -> Ratio:
    if bottom.degree() <= 0:
        return _unit(top, bottom)
    common = top.gcd(bottom)
    return _unit(top // common, bottom // common) if common.degree() > 0 else Ratio(top, bottom)


def _unit(top: Any, bottom: Any) -> Ratio:
    return Ratio(top, bottom) if bottom.degree() > 0 else Ratio(top / bottom[0], _ONE)


@dataclass(frozen=True)
class Curve:
    """A rational function beside the polynomials that its slope needs.

    Parameters
    ----------
    top, bottom : flint.fmpq_poly
    rise : flint.fmpq_poly
        The slope times the square of the bottom.

    Examples
    --------
    >>> half = Curve.of(Ratio(fmpq_poly([0, 1]), fmpq_poly([2, 1])))
    >>> half.jet(fmpq(0), fmpq(2)).value
    Span(low=0, high=0.500000000000000)
    """

    top: Any
    bottom: Any
    rise: Any

    @staticmethod
    def of(ratio: Ratio) -> Curve:
        """Work out the polynomials."""
        top, bottom = ratio.top, ratio.bottom
        return Curve(top, bottom, top.derivative() * bottom - top * bottom.derivative())

    def jet(self, low: Any, high: Any) -> Jet:
        """Enclose values and slopes between two fractions; exact at the ends where the function is monotone."""
        whole = self.bottom == _ONE
        bottom = (fmpq(1), fmpq(1)) if whole else _range(self.bottom, low, high)
        if not (bottom[0] > 0 or bottom[1] < 0):
            return UNKNOWN_JET
        rise = _range(self.rise, low, high)
        slope = hull(*map(arb, rise)) if whole else hull(*(arb(r) / arb(end * end) for r in rise for end in bottom))
        if rise[0] >= 0 or rise[1] <= 0:
            ends = (self.top(low) / self.bottom(low), self.top(high) / self.bottom(high))
            return Jet(hull(arb(ends[0]), arb(ends[1])), slope)
        return Jet(hull(*(arb(p) / arb(q) for p in _range(self.top, low, high) for q in bottom)), slope)


def _range(polynomial: Any, low: Any, high: Any) -> tuple[Any, Any]:
    """Enclose a polynomial by its Bernstein coefficients, between which its values lie."""
    if polynomial.degree() <= 1:
        ends = (polynomial(low), polynomial(high))
        return ends if ends[0] <= ends[1] else (ends[1], ends[0])
    shifted = polynomial(fmpq_poly([low, high - low]))
    parts, common = shifted.numer().coeffs(), shifted.denom()
    if not parts:
        return fmpq(0), fmpq(0)
    weights, scale = _weights(len(parts) - 1)
    # Whole numbers over one denominator: sums of long fractions would take most of the time.
    row = [part * weight for part, weight in zip(parts, weights, strict=True)]
    found = [row[0]]
    # Coefficient k of the Bernstein basis is sum_i C(k, i) row_i: repeated sums of neighbours.
    for _ in range(len(parts) - 1):
        row = [row[i] + row[i + 1] for i in range(len(row) - 1)]
        found.append(row[0])
    return fmpq(min(found), common * scale), fmpq(max(found), common * scale)


@lru_cache(maxsize=64)
def _weights(degree: int) -> tuple[tuple[int, ...], int]:
    """Return the reciprocals of the binomial coefficients of a degree, over one denominator."""
    binomials = [math.comb(degree, k) for k in range(degree + 1)]
    scale = math.lcm(*binomials)
    return tuple(scale // binomial for binomial in binomials), scale

"""Rigorous enclosures: python-flint balls through our own walker, outward rounding, refinement.

Every operation returns a ball that surely contains the true value; the working precision is raised until the ball is as
narrow as asked. Ends are rounded outwards when they become floats or mpmath numbers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import mpmath
from flint import acb, arb, ctx, fmpq
from mpmath.libmp import from_man_exp, mpf_neg

from bounds.errors import EnclosureError
from bounds.tape import STEP_LIMIT, Area, Tape, run

PRECISIONS = (96, 192, 384, 768, 1536, 3072, 6144, 12288)
_LOST_IN_QUADRATURE = 32
_NEGLIGIBLE_BITS = 4 * PRECISIONS[-1]
# Between these exponents nothing is subnormal or too large as a double.
_PLAIN_EXPONENT = 600
# So many powers take less time than one Hurwitz zeta function.
_DOUBLINGS = 6
_SUMMED_TERMS = 2**_DOUBLINGS

ONE = arb(1)
"""A ball; a Python number would be turned into one at each use."""

Exactly = Fraction | float
"""A value known exactly: a fraction, or the float infinity."""


def ball(value: Exactly) -> Any:
    """Return the ball around an exact value, at the present working precision.

    Parameters
    ----------
    value : Fraction or float infinity

    Returns
    -------
    flint.arb

    Examples
    --------
    >>> from fractions import Fraction
    >>> ball(Fraction(1, 4))
    0.250000000000000
    """
    if isinstance(value, Fraction):
        return arb(fmpq(value.numerator, value.denominator))
    return arb(value)


@dataclass(frozen=True)
class Balls:
    """Balls as an arithmetic for tapes; the precision is flint's working precision."""

    def rational(self, numerator: int, denominator: int) -> Any:
        """Return the ball of a fraction."""
        return arb(numerator) if denominator == 1 else arb(fmpq(numerator, denominator))

    def power(self, base: Any, exponent: int) -> Any:
        """Raise to a whole power."""
        if exponent < 0:
            return 1 / self.power(base, -exponent)
        found = base**exponent
        # Flint leaves the power of a ball around 0 undefined, where a product is not.
        return found if found.is_finite() else _power_by_products(base, exponent)

    def count(self, value: Any) -> int:
        """Read a number of steps, which must be exact."""
        return _whole(value)

    def apply(self, operation: str, operands: Sequence[Any]) -> Any:
        """Apply a named operation."""
        return OPERATIONS[operation](*operands)

    def integrate(self, area: Area, values: Mapping[str, Any]) -> Any:
        """Enclose an integral: the finite range by flint, the rest by the tail bound."""
        from bounds.integrals.ball_integrals import enclose_area

        return enclose_area(area, self, values)


def _power_by_products(base: Any, exponent: int) -> Any:
    result = arb(1)
    for bit in bin(exponent)[2:]:
        result = result * result * base if bit == "1" else result * result
    return result


def _whole(value: Any) -> int:
    if not value.is_integer():
        raise EnclosureError(f"{value.str(10, radius=False)} is no whole number of steps, or too large to tell")
    count = int(value.unique_fmpz())
    if count > STEP_LIMIT:
        raise EnclosureError(f"{count} steps are more than the {STEP_LIMIT} that are evaluated")
    return count


def _sum(*terms: Any) -> Any:
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


def _product(*factors: Any) -> Any:
    total = factors[0]
    for factor in factors[1:]:
        total = total * factor
    return total


def _largest(first: Any, *rest: Any) -> Any:
    for other in rest:
        first = first.max(other)
    return first


def _smallest(first: Any, *rest: Any) -> Any:
    for other in rest:
        first = first.min(other)
    return first


def _polygamma(order: Any, argument: Any) -> Any:
    return argument.digamma() if order == 0 else acb(argument).polygamma(acb(order)).real


def _zeta(exponent: Any, start: Any = None) -> Any:
    return exponent.zeta() if start is None else exponent.zeta(start)


def _harmonic(terms: Any, exponent: Any = None) -> Any:
    if exponent is None or exponent == 1:
        return (terms + 1).digamma() + arb.const_euler()
    if terms.is_integer() and terms >= 0:
        if terms <= _SUMMED_TERMS:
            return _powers(int(terms.unique_fmpz()), exponent)
        if (exponent - 1) * _DOUBLINGS > ctx.prec:
            # What is left out lies between 0 and the integral of x^-exponent from the last term on.
            rest = arb(_SUMMED_TERMS) ** (1 - exponent) / (exponent - 1)
            return _powers(_SUMMED_TERMS, exponent) + rest.union(arb(0))
    return exponent.zeta() - exponent.zeta(terms + 1)


def _powers(terms: int, exponent: Any) -> Any:
    total = arb(0)
    for term in range(terms, 0, -1):
        total += arb(term) ** -exponent
    return total


def _lambert(value: Any, branch: Any = None) -> Any:
    return value.lambertw() if branch is None else value.lambertw(-1)


def _c4(points: Any) -> Any:
    half = (points - 1) / 2
    return half.rising(arb(0.5)) / half.sqrt()


def _geometric_sum(q: Any, t: Any) -> Any:
    """Sum by doubling, S(2m) = S(m)(1 + q^m): no division, so q = 1 is no special case."""
    if not t.is_integer() or t < 0:
        raise EnclosureError(f"{t.str(10, radius=False)} is no whole number of terms, or too large to tell")
    terms = int(t.unique_fmpz())
    if terms == 0:
        return arb(0)
    total, power = ONE, q
    for place in reversed(range(terms.bit_length() - 1)):
        total = total * (ONE + power)
        odd = terms >> place & 1
        if odd:
            total = ONE + q * total
        if place:
            # After the last sum no power is needed.
            power = q * (power * power) if odd else power * power
    return total


OPERATIONS: dict[str, Any] = {
    "add": _sum,
    "mul": _product,
    "max": _largest,
    "min": _smallest,
    "abs": abs,
    "exp": lambda x: x.exp(),
    "log": lambda x: x.log(),
    "atan": lambda x: x.atan(),
    "erf": lambda x: x.erf(),
    "erfc": lambda x: x.erfc(),
    "gamma": lambda x: x.gamma(),
    "loggamma": lambda x: x.lgamma(),
    "sqrt": lambda x: x.sqrt(),
    "rsqrt": lambda x: 1 / x.sqrt(),
    "pow": lambda x, p: x**p,
    "pi": arb.pi,
    "e": arb.const_e,
    "polygamma": _polygamma,
    "zeta": _zeta,
    "harmonic": _harmonic,
    "lambertw": _lambert,
    "sinh": lambda x: x.sinh(),
    "cosh": lambda x: x.cosh(),
    "tanh": lambda x: x.tanh(),
    "asin": lambda x: x.asin(),
    "floor": lambda x: x.floor(),
    "c4": _c4,
    "geometric_sum": _geometric_sum,
}


def enclose_ball(tape: Tape, values: Mapping[str, Exactly], precision: int) -> Any:
    """Run a tape in balls at one working precision.

    Parameters
    ----------
    tape : Tape
    values : mapping of name to Fraction or infinity
    precision : int
        Working precision in bits.

    Returns
    -------
    flint.arb
        Not necessarily finite.

    Examples
    --------
    >>> from sympy import Symbol, exp
    >>> from bounds.tape import compile_expression
    >>> enclose_ball(compile_expression(exp(Symbol("x"))), {"x": Fraction(0)}, 96)
    1.00000000000000
    """
    from bounds.ball_loops import code

    with ctx.workprec(precision):
        inputs = {name: ball(value) for name, value in values.items()}
        found = run(tape, Balls(), inputs) if tape.integrates else code(tape)(inputs)
        if found.is_finite() or tape.integrates:
            return found
        # Rational parts may cancel exactly at the edge of a domain, which balls only straddle.
        from bounds.mixed import run_mixed

        return run_mixed(tape, values)


def enclose_tape(tape: Tape, values: Mapping[str, Exactly], relative_width: Fraction) -> Any:
    """Raise the precision until the ball is narrow enough.

    Parameters
    ----------
    tape : Tape
    values : mapping of name to Fraction or infinity
    relative_width : Fraction
        Largest allowed width relative to the value.

    Returns
    -------
    flint.arb
        A finite ball that contains the value.

    Raises
    ------
    EnclosureError
        If the value is not finite or 12,288 bits do not suffice (for an integral: a bounded number of evaluations).

    Examples
    --------
    >>> from sympy import Symbol, sqrt
    >>> from bounds.tape import compile_expression
    >>> enclose_tape(compile_expression(sqrt(Symbol("x"))), {"x": Fraction(4)}, Fraction(1, 2**60))
    2.00000000000000
    """
    bits = relative_width.denominator.bit_length() - relative_width.numerator.bit_length() + 2
    if tape.integrates:
        # Each bit costs time here; and one that took too many evaluations takes no fewer with more bits.
        tried = [precision for precision in (64, *PRECISIONS) if precision >= bits + _LOST_IN_QUADRATURE][:2]
    else:
        tried = [precision for precision in PRECISIONS if precision >= bits]
    for precision in tried or [PRECISIONS[-1]]:
        found = enclose_ball(tape, values, precision)
        if found.is_finite() and (found.is_exact() or found.rel_accuracy_bits() >= bits):
            return found
    if found.is_finite() and found.contains(arb(0)) and not tape.integrates:
        return found
    raise EnclosureError(
        f"the value could not be enclosed to a relative width of {float(relative_width):.1g} with {precision} bits"
        + ("" if found.is_finite() else ": it is not a finite real number here")
    )


def float_ends(found: Any) -> tuple[float, float]:
    """Return floats that surely enclose a finite ball, its ends rounded outwards.

    Parameters
    ----------
    found : flint.arb

    Returns
    -------
    tuple of float

    Examples
    --------
    >>> float_ends(arb(0.5))
    (0.5, 0.5)
    >>> low, high = float_ends(arb(fmpq(1, 3)))
    >>> low <= 1 / 3 < high
    True
    """
    middle, power = (int(part) for part in found.mid().man_exp())
    radius, least = (int(part) for part in found.rad().man_exp())
    if max(abs(power), abs(least), power + middle.bit_length()) > _PLAIN_EXPONENT:
        low, high = ends(found)
        return float_below(low), float_above(high)
    base = min(power, least) if radius else power
    middle, radius = middle << (power - base), radius << (least - base) if radius else 0
    # Adding zero turns -0.0 into 0.0.
    return _down(middle - radius, base), 0.0 - _down(-middle - radius, base)


def _down(mantissa: int, exponent: int) -> float:
    """Round mantissa times a power of two down to a double."""
    excess = mantissa.bit_length() - 53
    if excess > 0:
        mantissa, exponent = mantissa >> excess, exponent + excess
    return math.ldexp(mantissa, exponent) if mantissa else 0.0


def ends(found: Any) -> tuple[Fraction, Fraction]:
    """Return the exact ends of a finite ball.

    Parameters
    ----------
    found : flint.arb

    Returns
    -------
    tuple of Fraction

    Examples
    --------
    >>> ends(arb(0.5))
    (Fraction(1, 2), Fraction(1, 2))
    """
    middle, radius = _dyadic(found.mid()), found.rad()
    if 0 < radius < abs(found.mid()) * arb(2) ** -_NEGLIGIBLE_BITS:
        # Written out, a radius such as that of erf(10^9) near 1 would have a billion digits.
        spread = abs(middle) / 2**_NEGLIGIBLE_BITS
    else:
        spread = _dyadic(radius)
    return middle - spread, middle + spread


def _dyadic(value: Any) -> Fraction:
    mantissa, exponent = value.man_exp()
    mantissa, exponent = int(mantissa), int(exponent)
    if abs(exponent) > 1 << 24:
        raise EnclosureError("the value is too large or too small to write down")
    return Fraction(mantissa << exponent) if exponent >= 0 else Fraction(mantissa, 1 << -exponent)


def float_below(value: Fraction) -> float:
    """Return the largest float that is not above an exact value (or the next one below it).

    Parameters
    ----------
    value : Fraction

    Returns
    -------
    float

    Examples
    --------
    >>> Fraction(float_below(Fraction(1, 3))) < Fraction(1, 3)
    True
    """
    try:
        nearest = float(value)
    except OverflowError:
        return math.nextafter(math.inf, 0) if value > 0 else -math.inf
    return nearest if Fraction(nearest) <= value else math.nextafter(nearest, -math.inf)


def float_above(value: Fraction) -> float:
    """Return a float that is not below an exact value, and next to it.

    Parameters
    ----------
    value : Fraction

    Returns
    -------
    float

    Examples
    --------
    >>> Fraction(float_above(Fraction(1, 3))) > Fraction(1, 3)
    True
    """
    # Minus zero would come of a number between 0 and the least float.
    return 0.0 - float_below(-value)


def mpf_below(value: Fraction, digits: int) -> Any:
    """Return an mpmath number of the given number of digits that is not above an exact value.

    Parameters
    ----------
    value : Fraction
    digits : int

    Returns
    -------
    mpmath.mpf

    Examples
    --------
    >>> float(mpf_below(Fraction(1, 2), 30))
    0.5
    """
    if value == 0:
        return mpmath.mp.mpf(0)
    precision = int(digits * 3.33) + 8
    exponent = value.numerator.bit_length() - value.denominator.bit_length() - precision
    scaled = value / Fraction(2) ** exponent
    return mpmath.mp.make_mpf(from_man_exp(math.floor(scaled), exponent))


def mpf_above(value: Fraction, digits: int) -> Any:
    """Return an mpmath number of the given number of digits that is not below an exact value.

    Parameters
    ----------
    value : Fraction
    digits : int

    Returns
    -------
    mpmath.mpf

    Examples
    --------
    >>> float(mpf_above(Fraction(1, 2), 30))
    0.5
    """
    # The minus sign of an mpf would round to the precision of the moment.
    return mpmath.mp.make_mpf(mpf_neg(mpf_below(-value, digits)._mpf_))

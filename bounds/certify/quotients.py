"""Rational functions as polynomials over products of polynomials: an arithmetic for tapes.

Denominators are kept as the factors they came as, so that common ones stay common and their signs can be looked at one
by one. A quotient here is defined exactly where every part of the expression it was computed from is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flint import Ordering, fmpq, fmpq_mpoly_ctx

from bounds.certify.claim import Range
from bounds.tape import Area, compile_expression, run

_LARGEST_POWER = 200
_LARGEST_SIZE = 20_000


class NotPolynomial(ArithmeticError):
    """The expression is not a quotient of polynomials, or is too large to write as one.

    Examples
    --------
    >>> issubclass(NotPolynomial, ArithmeticError)
    True
    """


@dataclass(frozen=True)
class Quotient:
    """A polynomial over a product of powers of polynomials, none of them constant."""

    above: Any
    below: tuple[tuple[Any, int], ...] = ()


@dataclass(frozen=True)
class Quotients:
    """Rational functions of the variables of a flint context, as an arithmetic for tapes.

    Examples
    --------
    >>> from sympy import symbols
    >>> x, y = symbols("x y")
    >>> found = quotient(1 / x - 1 / (x * y), context([x, y]))
    >>> print(found.above, found.below)
    y - 1 ((x, 1), (y, 1))
    """

    context: Any

    def rational(self, numerator: int, denominator: int) -> Quotient:
        """Return a constant."""
        return Quotient(self.context.constant(fmpq(numerator, denominator)))

    def power(self, base: Quotient, exponent: int) -> Quotient:
        """Raise to a whole power."""
        if abs(exponent) > _LARGEST_POWER:
            raise NotPolynomial
        if exponent < 0:
            base = self._inverse(base)
        size = abs(exponent)
        return self._sized(Quotient(base.above**size, tuple((p, k * size) for p, k in base.below if size)))

    def count(self, value: Quotient) -> int:
        """Read a number of steps."""
        steps = _constant(value)
        if steps.denominator != 1 or not 0 <= steps <= _LARGEST_POWER:
            raise NotPolynomial
        return int(steps)

    def integrate(self, area: Area, values: Mapping[str, Quotient]) -> Quotient:
        """Refuse integrals."""
        raise NotPolynomial

    def apply(self, operation: str, operands: Sequence[Quotient]) -> Quotient:
        """Apply a named operation that stays rational."""
        match operation:
            case "add":
                return self._sum(operands)
            case "mul":
                result = operands[0]
                for other in operands[1:]:
                    result = self._product(result, other)
                return result
            case "pow":
                exponent = _constant(operands[1])
                if exponent.denominator != 1:
                    raise NotPolynomial
                return self.power(operands[0], int(exponent))
            case "geometric_sum":
                ratio, terms = operands[0], self.count(operands[1])
                total = self.rational(0, 1)
                for _ in range(terms):
                    total = self._sum((self.rational(1, 1), self._product(ratio, total)))
                return total
            case _:
                raise NotPolynomial

    def _sized(self, found: Quotient) -> Quotient:
        if len(found.above) > _LARGEST_SIZE:
            raise NotPolynomial
        return found

    def _product(self, left: Quotient, right: Quotient) -> Quotient:
        below = left.below
        for factor, power in right.below:
            below = _with_power(below, factor, _power_of(below, factor) + power)
        return self._sized(self._reduced(left.above * right.above, below))

    def _sum(self, terms: Sequence[Quotient]) -> Quotient:
        below: tuple[tuple[Any, int], ...] = ()
        for term in terms:
            for factor, power in term.below:
                below = _with_power(below, factor, max(_power_of(below, factor), power))
        above = self.context.constant(0)
        for term in terms:
            lifted = term.above
            for factor, power in below:
                lifted = lifted * factor ** (power - _power_of(term.below, factor))
            above = above + lifted
        return self._sized(Quotient(above, below))

    def _reduced(self, above: Any, below: tuple[tuple[Any, int], ...]) -> Quotient:
        """Cancel factors of the denominator; each stays in it once, so that where it is defined does not change."""
        for factor, power in below:
            left = power
            while left > 1:
                divided, rest = divmod(above, factor)
                if not rest.is_zero():
                    break
                above, left = divided, left - 1
            below = _with_power(below, factor, left)
        return Quotient(above, below)

    def _inverse(self, value: Quotient) -> Quotient:
        if value.above.is_zero():
            raise NotPolynomial
        constant, factors = value.above.factor()
        above = self.context.constant(1 / fmpq(constant))
        for factor, power in value.below:
            above = above * factor**power
        return Quotient(above, tuple((factor, int(power)) for factor, power in factors))


def _power_of(below: Sequence[tuple[Any, int]], factor: Any) -> int:
    return next((power for known, power in below if known == factor), 0)


def _with_power(below: tuple[tuple[Any, int], ...], factor: Any, power: int) -> tuple[tuple[Any, int], ...]:
    if any(known == factor for known, _ in below):
        return tuple((known, power if known == factor else old) for known, old in below)
    return (*below, (factor, power))


def _constant(value: Quotient) -> Fraction:
    if value.below or not value.above.is_constant():
        raise NotPolynomial
    return as_fraction(value.above.leading_coefficient() if not value.above.is_zero() else fmpq(0))


def as_fraction(value: Any) -> Fraction:
    """Turn a flint rational into a Fraction.

    Examples
    --------
    >>> as_fraction(fmpq(1, 3))
    Fraction(1, 3)
    """
    value = fmpq(value)
    return Fraction(int(value.p), int(value.q))


def context(symbols: Sequence[Any]) -> Any:
    """Return the flint context whose variables are the symbols, in their order."""
    return fmpq_mpoly_ctx.get(tuple(symbol.name for symbol in symbols), Ordering.lex)


def quotient(expression: Any, polynomials: Any) -> Quotient:
    """Write an expression as a quotient of polynomials.

    Parameters
    ----------
    expression : sympy expression
    polynomials : flint context
        Its variables are the symbols of the expression.

    Returns
    -------
    Quotient

    Raises
    ------
    NotPolynomial
        If it is none.

    Examples
    --------
    >>> from sympy import Symbol
    >>> x = Symbol("x")
    >>> print(quotient((1 + x) ** 2, context([x])).above)
    x^2 + 2*x + 1
    """
    values = {
        name: Quotient(generator) for name, generator in zip(polynomials.names(), polynomials.gens(), strict=True)
    }
    try:
        return run(compile_expression(expression), Quotients(polynomials), values)
    except TypeError as error:
        raise NotPolynomial from error


def signed_numerator(expression: Any, polynomials: Any, box: Sequence[tuple[Any, Range]]) -> Any:
    """Return a polynomial of the same sign as a rational expression, wherever that is defined.

    Parameters
    ----------
    expression : sympy expression
    polynomials : flint context
    box : sequence of (symbol, Range)
        The variables in the order of the context.

    Returns
    -------
    flint polynomial
        The numerator times the denominators of odd power that are not plainly positive on the box.

    Raises
    ------
    NotPolynomial
        If the expression is not rational.

    Examples
    --------
    >>> from sympy import Symbol
    >>> x = Symbol("x")
    >>> line = [(x, Range(Fraction(0), None))]
    >>> print(signed_numerator(1 - 1 / (1 + x), context([x]), line), signed_numerator(1 / (x - 1), context([x]), line))
    x x - 1
    """
    found = quotient(expression, polynomials)
    result = found.above
    for factor, power in found.below:
        if power % 2 and not plainly_nonnegative(factor, polynomials, box):
            result = result * factor
    return result


def from_low_ends(polynomial: Any, polynomials: Any, box: Sequence[tuple[Any, Range]]) -> Any:
    """Rewrite a polynomial in the distances of the variables to the low ends of their ranges."""
    if not box:
        return polynomial
    lows = [fmpq(values.low.numerator, values.low.denominator) for _, values in box]
    return polynomial.compose(*(x + low for x, low in zip(polynomials.gens(), lows, strict=True)))


def plainly_nonnegative(polynomial: Any, polynomials: Any, box: Sequence[tuple[Any, Range]]) -> bool:
    """Tell whether all coefficients are nonnegative in the distances to the low ends.

    Examples
    --------
    >>> from sympy import Symbol
    >>> x = Symbol("x")
    >>> c = context([x])
    >>> plainly_nonnegative(c.gens()[0] - 1, c, [(x, Range(Fraction(1), None))])
    True
    """
    return all(c >= 0 for c in from_low_ends(polynomial, polynomials, box).coeffs())

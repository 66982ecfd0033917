"""Polynomials in symbols that run over [0, oo): there, coefficients of one sign prove that sign everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sympy
from sympy import oo

_MOST_MONOMIALS = 2


def over_nonnegative(symbol: Any, low: Any, high: Any) -> Any | None:
    """Return a symbol in terms of a fresh one that runs over [0, oo); None if it is bounded on neither side.

    Parameters
    ----------
    symbol : sympy.Symbol
    low, high : sympy numbers or infinities
        Ends of its range. A finite high end beside a finite low one is approached, but never reached.

    Returns
    -------
    sympy expression or None

    Examples
    --------
    >>> over_nonnegative(sympy.Symbol("x"), 0, 1)
    _x/(_x + 1)
    """
    low, high = sympy.sympify(low), sympy.sympify(high)
    if low == -oo and high == oo:
        return sympy.Dummy(symbol.name, nonnegative=True) - sympy.Dummy(symbol.name, nonnegative=True)
    if low == high:
        return low
    fresh = sympy.Dummy(symbol.name, nonnegative=True)
    if high == oo:
        return low + fresh
    return high - fresh if low == -oo else (low + high * fresh) / (1 + fresh)


def one_sign(polynomial: Any) -> int | None:
    """Return 1 if no coefficient is negative, -1 if none is positive, 0 if all vanish, else None.

    Parameters
    ----------
    polynomial : sympy.Poly

    Returns
    -------
    int or None

    Examples
    --------
    >>> x = sympy.Symbol("x")
    >>> one_sign(sympy.Poly(x**2 + x, x)), one_sign(sympy.Poly(x**2 - x, x))
    (1, None)
    """
    coefficients = polynomial.coeffs()
    if all(c == 0 for c in coefficients):
        return 0
    if all(c.is_nonnegative for c in coefficients):
        return 1
    return -1 if all(c.is_nonpositive for c in coefficients) else None


def exceeds(polynomial: Any, given: Any) -> bool:
    """Tell whether a polynomial minus some nonnegative multiple of a nonnegative one has no negative coefficient.

    Parameters
    ----------
    polynomial : sympy.Poly
    given : sympy.Poly
        Known to be nonnegative.

    Returns
    -------
    bool

    Examples
    --------
    >>> x, y = sympy.symbols("x y")
    >>> exceeds(sympy.Poly(3 * x - y, x, y), sympy.Poly(x - y, x, y))
    True
    """
    polynomial, given = _together(polynomial, given)
    rest = _rest(polynomial, given)
    return rest is not None and one_sign(rest) in (0, 1)


def exceeds_multiples(polynomial: Any, given: Any) -> bool:
    """Tell the same of multiples by monomials in symbols that are nonnegative, at most two of them.

    Parameters
    ----------
    polynomial : sympy.Poly
    given : sympy.Poly
        Known to be nonnegative.

    Returns
    -------
    bool

    Examples
    --------
    >>> x, y = sympy.symbols("x y")
    >>> polynomial, given = sympy.Poly((2 + x) * (x - y), x, y), sympy.Poly(x - y, x, y)
    >>> exceeds(polynomial, given), exceeds_multiples(polynomial, given)
    (False, True)
    """
    return _made_up_for(*_together(polynomial, given), _MOST_MONOMIALS)


def _made_up_for(polynomial: Any, given: Any, monomials: int) -> bool:
    """Take off multiples of one polynomial, each made to make up for the first negative term that is left."""
    first = next((powers for powers, c in polynomial.terms() if c < 0), None)
    if first is None:
        return False
    for start in (powers for powers, c in given.terms() if c < 0):
        shift = tuple(a - b for a, b in zip(first, start, strict=True))
        if min(shift) < 0:
            continue
        rest = _rest(polynomial, given * sympy.Poly({shift: 1}, *given.gens))
        if one_sign(rest) in (0, 1) or (monomials > 1 and _made_up_for(rest, given, monomials - 1)):
            return True
    return False


def _rest(polynomial: Any, given: Any) -> Any | None:
    """Take off as much as makes up for the negative terms that the two share; None if there are none."""
    known = dict(given.terms())
    needed = [c / known[m] for m, c in polynomial.terms() if c < 0 and known.get(m, 0) < 0]
    return polynomial - max(needed) * given if needed else None


def _together(first: Any, second: Any) -> tuple[Any, Any]:
    """Write two polynomials in the same symbols."""
    if first.gens == second.gens:
        return first, second
    everything = sorted(set(first.gens) | set(second.gens), key=sympy.default_sort_key)
    return sympy.Poly(first.as_expr(), *everything), sympy.Poly(second.as_expr(), *everything)


def joined_roots(factors: Sequence[Any]) -> list[Any]:
    """Join ``a**(1/2) * b**(-1/2)`` to ``(a/b)**(1/2)``, whose range is known better than that of the factors.

    Parameters
    ----------
    factors : sequence of sympy expressions

    Returns
    -------
    list of sympy expressions
        With the same product.

    Examples
    --------
    >>> a, b = sympy.symbols("a b", positive=True)
    >>> joined_roots([sympy.sqrt(a), 1 / sympy.sqrt(b)])
    [sqrt(a/b)]
    """
    roots: dict[Any, list[Any]] = {}
    for factor in factors:
        exponent = factor.exp if factor.is_Pow else sympy.S.One
        roots.setdefault(abs(exponent) if exponent.is_Rational and not exponent.is_Integer else None, []).append(factor)
    joined = roots.pop(None, [])
    for exponent, group in roots.items():
        if len(group) == 1 or any(f.base.is_nonnegative is not True for f in group):
            joined += group
        else:
            base = sympy.Mul(*(f.base ** sympy.sign(f.exp) for f in group))
            joined.append(sympy.Pow(base, exponent, evaluate=False))
    return joined

"""Proofs of direction: whether an expression grows with a symbol on a whole region, not only where it was tried.

Rules first: a sum of growing terms grows, a product of nonnegative growing factors grows, the exponential of what grows
grows. Where they do not decide, the sign of the derivative does. Where neither serves the answer is None. All claims are
weak: growing means nowhere falling.
"""

from __future__ import annotations

from typing import Any

import sympy

from bounds.auditing.signs import Region, agree, multiply
from bounds.functions import Recurrence, c4, geometric_sum

_GROWING = (sympy.exp, sympy.log, sympy.atan, sympy.erf, sympy.sinh, sympy.tanh, sympy.asin, c4)


def direction(region: Region, expression: Any, symbol: Any) -> int | None:
    """Return 1 if it nowhere falls as the symbol grows, -1 if it nowhere grows, 0 if constant, else None.

    Parameters
    ----------
    region : Region
    expression : sympy expression
    symbol : sympy.Symbol

    Returns
    -------
    int or None
        Proved on every interval of the symbol inside the region, the other symbols being fixed.

    Examples
    --------
    >>> from sympy import oo
    >>> from bounds.symbols import lam, t
    >>> direction(Region({"lam": (0, oo), "t": (0, oo)}), (lam / (1 + lam)) ** t, lam)
    1
    """
    if symbol not in expression.free_symbols:
        return 0
    if expression == symbol:
        return 1
    found = _direction_by_rules(region, expression, symbol)
    found = _direction_by_derivative(region, expression, symbol) if found is None else found
    return region.by_cases(expression, lambda r, e: direction(r, e, symbol)) if found is None else found


def _direction_by_rules(region: Region, node: Any, x: Any) -> int | None:
    if node.is_Add or isinstance(node, sympy.Max | sympy.Min):
        return agree([direction(region, a, x) for a in node.args])
    if node.is_Mul:
        return _direction_of_product(region, node, x)
    if node.is_Pow and node.base != sympy.E:
        return _direction_of_power(region, node.base, node.exp, x)
    if node.is_Pow or isinstance(node, _GROWING):
        return direction(region, node.args[-1], x)
    first = node.args[0] if node.args else node
    if isinstance(node, sympy.erfc):
        return multiply([-1, direction(region, first, x)])
    if isinstance(node, sympy.cosh | sympy.Abs):
        return multiply([region.sign(first), direction(region, first, x)])
    if isinstance(node, geometric_sum):
        return agree([direction(region, a, x) for a in node.args]) if region.sign(first) in (0, 1) else None
    if isinstance(node, sympy.harmonic) and len(node.args) == 1:
        return direction(region, first, x) if region.sign(first) == 1 else None
    if isinstance(node, sympy.polygamma) and first.is_Integer and region.sign(node.args[1]) == 1:
        return multiply([-1 if first % 2 else 1, direction(region, node.args[1], x)])
    if isinstance(node, Recurrence):
        return _direction_of_loop(region, node, x)
    return None


def _direction_of_product(region: Region, node: Any, x: Any) -> int | None:
    moving = [a for a in node.args if x in a.free_symbols]
    still = region.sign(node.func(*(a for a in node.args if x not in a.free_symbols)))
    parts = [
        multiply([still, direction(region, a, x), *(region.sign(b) for j, b in enumerate(moving) if j != i)])
        for i, a in enumerate(moving)
    ]
    found = agree(parts)
    return _direction_of_powers(region, still, moving, x) if found is None else found


def _direction_of_powers(region: Region, still: int | None, moving: list[Any], x: Any) -> int | None:
    """Take the powers among the factors together: the slope of their logarithm holds no power any more."""
    powers = [a for a in moving if a.is_Pow and a.base != sympy.E and x not in a.exp.free_symbols]
    others = [a for a in moving if a not in powers]
    if len(powers) < 2 or any(region.sign(a.as_base_exp()[0]) != 1 for a in powers):
        return None
    if not all(_continuous(region, a.as_base_exp()[0]) for a in powers):
        return None
    slope = sympy.Add(*(e * sympy.diff(b, x) / b for b, e in (a.as_base_exp() for a in powers)))
    together = None if slope.has(sympy.Derivative, sympy.Subs) else region.sign(slope)
    rest = sympy.Mul(*others)
    return agree([multiply([still, together, region.sign(rest)]), multiply([still, direction(region, rest, x)])])


def _direction_of_power(region: Region, base: Any, exponent: Any, x: Any) -> int | None:
    of_base = region.sign(base)
    if of_base == 1:
        through_base = multiply([direction(region, base, x), region.sign(exponent)])
        through_exponent = direction(region, exponent, x)
        if through_exponent != 0:
            through_exponent = multiply([through_exponent, region.sign(base - 1)])
        return agree([through_base, through_exponent])
    if not exponent.is_Integer:
        return None
    if exponent > 0 and exponent % 2:
        return direction(region, base, x)
    if of_base == -1:
        return multiply([direction(region, base, x), -1 if exponent % 2 == 0 else 1, 1 if exponent > 0 else -1])
    return None


def _direction_of_loop(region: Region, node: Any, x: Any) -> int | None:
    output, states, initial, step, count = node.args
    if x in count.free_symbols:
        return None
    inner = region.inside_loop(node)
    steps = [*step, output]
    if any(direction(inner, e, s) not in (0, 1) for e in steps for s in states):
        return None
    return agree([*(direction(region, i, x) for i in initial), *(direction(inner, e, x) for e in steps)])


def _direction_by_derivative(region: Region, node: Any, x: Any) -> int | None:
    if not _continuous(region, node):
        return None
    slope = sympy.diff(node, x)
    if slope.has(sympy.Derivative, sympy.Subs):
        return None
    return region.sign(slope)


def _continuous(region: Region, node: Any) -> bool:
    """Whether no divisor can change its sign in the region, so that a slope of one sign says something."""
    divisors = [p.base for p in node.atoms(sympy.Pow) if not (p.exp.is_nonnegative or region.sign(p.exp) == 1)]
    smooth = [f.args[-1] for f in node.atoms(sympy.gamma, sympy.loggamma, sympy.polygamma, sympy.harmonic)]
    return (
        all(region.sign(divisor) is not None for divisor in divisors)
        and all(region.sign(argument) == 1 for argument in smooth)
        and all(region.sign(f.args[0] - 1) == 1 for f in node.atoms(sympy.zeta))
    )

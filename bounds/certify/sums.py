"""Rules of proof for sums, products, integrals and the states of recursions: what the parts have, the whole has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import sympy

from bounds.certify.claim import Claim, Hypothesis, Range
from bounds.certify.rules import fresh_symbol, linear, require
from bounds.functions import Recurrence, geometric_sum
from bounds.integrals.integral import TailedIntegral

Data = Mapping[str, Any]
_HALF = sympy.S.Half


def parts(claim: Claim, data: Data) -> list[Claim]:
    """A sum, a product, a power, a geometric sum or a Gamma function of what is nonnegative is nonnegative.

    An even whole power is nonnegative in any case.
    """
    found = claim.expression
    if found.is_Add or found.is_Mul:
        return [claim.about(part) for part in found.args]
    if found.is_Pow:
        base, exponent = found.args
        return [] if exponent.is_Integer and exponent.is_even else [claim.about(base)]
    require(isinstance(found, geometric_sum | sympy.gamma), "it is no sum, product or power")
    return [claim.about(part) for part in found.args]


def one_of(claim: Claim, data: Data) -> list[Claim]:
    """A maximum is nonnegative if one of its arguments is."""
    require(isinstance(claim.expression, sympy.Max), "it is no maximum")
    return [claim.about(claim.expression.args[int(data["argument"])])]


def summand(claim: Claim, data: Data) -> list[Claim]:
    """A sum over an index is nonnegative if its term is, for every whole number between the limits."""
    require(isinstance(claim.expression, sympy.Sum), "it is no sum over an index")
    index, start, stop = claim.expression.limits[-1]
    inner = claim.expression.limits[:-1]
    term = sympy.Sum(claim.expression.function, *inner) if inner else claim.expression.function
    starts = start.args if isinstance(start, sympy.Max) else (start,)
    known = [Fraction(int(s.p), int(s.q)) for s in starts if s.is_Rational]
    require(known, "no number is known that the index starts from")
    # What the index is assumed to be may be false; what follows from its limits is not.
    sign = {"positive": True} if max(known) > 0 else {"nonnegative": True} if max(known) == 0 else {"real": True}
    whole = {"integer": True} if all(s.is_integer for s in starts) else {}
    index_ = fresh_symbol(claim, data["name"], **sign, **whole)
    stop = stop.args[0] if isinstance(stop, sympy.floor) else stop
    inside = [Hypothesis(index_ - s, False) for s in starts if not s.is_Rational]
    here = claim.about(_with_free(term, index, index_), *inside, Hypothesis(stop - index_, False))
    return [here.within(index_, Range(max(known), None))]


def _with_free(node: Any, symbol: Any, value: Any) -> Any:
    """Put a value for a symbol where it is free, not where an inner sum or recursion has a symbol of its own for it."""
    if symbol not in node.free_symbols:
        return node
    if node == symbol:
        return value
    require(symbol not in (getattr(node, "bound_symbols", None) or ()), f"{symbol} means two things in one sum")
    return node.func(*(_with_free(part, symbol, value) for part in node.args))


def integrand(claim: Claim, data: Data) -> list[Claim]:
    """A combination of integrals over one range is nonnegative if that of the integrands is, at every point of the range.

    The combination may have coefficients, which do not depend on the variable, but no other term.
    """
    nodes = sorted(claim.expression.atoms(TailedIntegral), key=sympy.default_sort_key)
    require(nodes, "there is no integral")
    require(not any(node.args[0].has(TailedIntegral) for node in nodes), "an integral holds another one")
    require(all(node.free_symbols <= set(claim.ranges) for node in nodes), "an integral depends on a bound symbol")
    places = [sympy.Dummy() for _ in nodes]
    weights, rest = linear(claim.expression.xreplace(dict(zip(nodes, places, strict=True))), *places)
    require(rest == 0, "there is a term without an integral")
    require(len({node.limits for node in nodes}) == 1, "the integrals have different ranges")
    low, high = nodes[0].limits
    require(high == sympy.oo and (low.is_Rational or low == -sympy.oo), "the range is no line or half line")
    point = fresh_symbol(claim, data["name"], real=True)

    def at(value: Any) -> Any:
        return sum(w * node.args[0].xreplace({node.args[1]: value}) for w, node in zip(weights, nodes, strict=True))

    if low == -sympy.oo:
        return [claim.about(at(x)).within(point, Range(Fraction(0), None)) for x in (point, -point)]
    return [claim.about(at(point)).within(point, Range(Fraction(int(low.p), int(low.q)), None))]


def root(claim: Claim, data: Data) -> list[Claim]:
    """``c sqrt(A) - c m >= 0``, where c holds the factors of both terms, follows from ``c >= 0`` and ``A >= m^2``."""
    require(claim.expression.is_Add and len(claim.expression.args) == 2, "it is not a sum of two terms")
    for first, second in (claim.expression.args, claim.expression.args[::-1]):
        roots = [f for f in sympy.Mul.make_args(first) if f.is_Pow and f.args[1] == _HALF]
        if len(roots) != 1 or second.has(roots[0]):
            continue
        weight, others = _without(first, roots[0]).as_coeff_mul()
        coefficient, factors = second.as_coeff_mul()
        if not set(others) <= set(factors):
            continue
        left = [factor for factor in factors if factor not in others]
        squared = sympy.Mul((coefficient / weight) ** 2, *map(_squared, left))
        return [claim.about(sympy.Mul(weight, *others)), claim.about(_less(roots[0].args[0], squared))]
    require(False, "it is no root less another term")
    return []


def _less(total: Any, term: Any) -> Any:
    """Subtract a term, also where sympy has collected signs in it in another way."""
    terms = sympy.Add.make_args(total)
    others = [one for one in terms if sympy.signsimp(one) != sympy.signsimp(term)]
    return sympy.Add(*others) if len(others) == len(terms) - 1 else total - term


def _without(product: Any, factor: Any) -> Any:
    return sympy.Mul(*(f for f in sympy.Mul.make_args(product) if f != factor))


def _squared(factor: Any) -> Any:
    return factor.args[0] ** 2 if isinstance(factor, sympy.Abs) else factor**2


def states(claim: Claim, data: Data) -> list[Claim]:
    """What holds for the output of a recursion at all real numbers in place of its states holds after any steps."""
    nodes = sorted(claim.expression.atoms(Recurrence), key=sympy.default_sort_key)
    require(len(nodes) == 1 and nodes[0].free_symbols <= set(claim.ranges), "there is not one recursion")
    output, names = nodes[0].args[:2]
    used = [state for state in names if output.has(state)]
    require(len(used) == len(data["names"]) <= 3, "every state that the output has needs one name")
    found = [(claim, output)]
    for state, name in zip(used, data["names"], strict=True):
        any_ = fresh_symbol(claim, name, real=True)
        require(all(any_ not in one.ranges for one, _ in found), f"{name} is given twice")
        found = [
            (one.within(any_, Range(Fraction(0), None)), value.xreplace({state: sign * any_}))
            for one, value in found
            for sign in (1, -1)
        ]
    return [one.about(claim.expression.xreplace({nodes[0]: value})) for one, value in found]


def times(claim: Claim, data: Data) -> list[Claim]:
    """The sign does not change when multiplied by a positive symbol."""
    chosen = [s for s, values in claim.box if s.name == data["symbol"] and values.low > 0]
    require(chosen, f"there is no positive symbol {data['symbol']} in the box")
    return [claim.about(chosen[0] * claim.expression)]


RULES: dict[str, Callable[[Claim, Data], list[Claim]]] = {
    "parts": parts,
    "one of": one_of,
    "summand": summand,
    "integrand": integrand,
    "root": root,
    "states": states,
    "times": times,
}

"""The rules of proof: each turns a claim into claims that together imply it.

A rule reads its choices from plain data, decides for itself whether it applies, and builds the smaller claims itself; it
never takes the prover's word for anything that matters. Slopes are sympy's derivatives, claims in their own right: neither
the enclosures of slopes in `bounds.solving` nor the signs of `bounds.auditing` are used, so that no fault is shared.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import sympy

from bounds.certify.balls import is_smooth
from bounds.certify.claim import Claim, Hypothesis, Range, is_whole
from bounds.errors import LoopboundsError
from bounds.functions import Recurrence, geometric_sum

Data = Mapping[str, Any]
_KINKED = (sympy.Max, sympy.Min, sympy.Abs)
_INCREASING = (sympy.atan, sympy.erf, sympy.sinh, sympy.tanh, sympy.asin)


class NotProved(LoopboundsError):
    """A step of a certificate does not follow.

    Examples
    --------
    >>> raise NotProved("the sum is another polynomial")
    Traceback (most recent call last):
    bounds.certify.rules.NotProved: the sum is another polynomial
    """


def require(condition: object, message: str) -> None:
    """Refuse a step unless a condition holds.

    Examples
    --------
    >>> require(True, "never said")
    """
    if not condition:
        raise NotProved(message)


def _symbol(claim: Claim, data: Data) -> Any:
    found = [symbol for symbol, _ in claim.box if symbol.name == data["symbol"]]
    require(found, f"there is no symbol {data['symbol']} in the box")
    return found[0]


def whole_values(symbol: Any, values: Range) -> range:
    """Return the whole numbers of a finite range.

    Examples
    --------
    >>> from bounds.symbols import t
    >>> list(whole_values(t, Range(Fraction(1, 2), Fraction(3))))
    [1, 2, 3]
    """
    require(is_whole(symbol) and values.high is not None, f"{symbol} does not run over finitely many numbers")
    return range(math.ceil(values.low), math.floor(values.high or 0) + 1)


def by_value(claim: Claim, data: Data) -> list[Claim]:
    """Take the values of a whole symbol one by one."""
    symbol = _symbol(claim, data)
    return [claim.at(symbol, Fraction(value)) for value in whole_values(symbol, claim.ranges[symbol])]


def bisect(claim: Claim, data: Data) -> list[Claim]:
    """Cut the range of a symbol in two."""
    symbol, at = _symbol(claim, data), Fraction(data["at"])
    old = claim.ranges[symbol]
    require(old.low < at and (old.high is None or at < old.high), f"{at} does not cut the range of {symbol}")
    return [claim.within(symbol, Range(old.low, at)), claim.within(symbol, Range(at, old.high))]


def kinks(claim: Claim) -> list[Any]:
    """Return the maxima, minima and absolute values that hold no other one."""
    names = set(claim.ranges)
    found = [k for k in claim.expression.atoms(*_KINKED) if k.free_symbols <= names]
    simple = [k for k in found if not any(inner.has(*_KINKED) for inner in k.args)]
    return sorted(simple, key=sympy.default_sort_key)


def branch(claim: Claim, data: Data) -> list[Claim]:
    """Treat the cases of the first maximum, minimum or absolute value one by one."""
    found = kinks(claim)
    require(found, "there is no maximum, minimum or absolute value")
    node = found[0]
    options = (node.args[0], -node.args[0]) if isinstance(node, sympy.Abs) else node.args
    sign = -1 if isinstance(node, sympy.Min) else 1
    cases = []
    for chosen in options:
        wins = (Hypothesis(sign * (chosen - other), False) for other in options if other != chosen)
        cases.append(claim.about(claim.expression.xreplace({node: chosen}), *wins))
    return cases


def signed_factors(expression: Any) -> list[Any]:
    """Return the factors of an expression whose signs decide its own."""
    found = []
    factors = sympy.Mul.make_args(sympy.factor_terms(expression))
    if sum(1 for factor in factors if not factor.is_number) == 1 and not any(f.is_Pow for f in factors):
        return [expression]
    for factor in factors:
        base, exponent = factor.as_base_exp()
        if exponent.is_Integer:
            found += [base] if exponent % 2 else []
        else:
            found.append(factor)
    return found


def factor(claim: Claim, data: Data) -> list[Claim]:
    """Decide the sign of each factor: an even number of them may be nonpositive, the others nonnegative."""
    factors, signs = signed_factors(claim.expression), data["signs"]
    require(len(factors) > 1 or factors != [claim.expression], "there is nothing to factor")
    require(len(signs) == len(factors) and set(signs) <= {1, -1}, "every factor needs a sign")
    require(math.prod(signs) == 1, "the signs of the factors make a negative product")
    return [claim.about(sign * one) for sign, one in zip(signs, factors, strict=True)]


def two_terms(expression: Any) -> tuple[Any, Any]:
    """Write a difference as its term with a plus sign and its term with a minus sign."""
    terms = sympy.Add.make_args(sympy.factor_terms(expression, sign=False))
    if len(terms) == 1:
        terms = sympy.Add.make_args(expression)
    plus = [term for term in terms if not term.could_extract_minus_sign()]
    require(len(terms) == 2 and len(plus) == 1, "it is not a difference of two terms")
    minus = next(term for term in terms if term is not plus[0])
    return plus[0], -minus


def increasing(claim: Claim, data: Data) -> list[Claim]:
    """``f(u) - f(v) >= 0`` for an increasing f follows from ``u - v >= 0``."""
    left, right = two_terms(claim.expression)
    (c, f), (k, g) = left.as_coeff_Mul(), right.as_coeff_Mul()
    if sympy.Integer(1) in (f, g) and sympy.exp in (f.func, g.func):
        f, g = (sympy.exp(0, evaluate=False) if x == 1 else x for x in (f, g))
    require(c == k and c > 0 and f.func == g.func, "the two terms are not one function at two places")
    require(f.func == sympy.exp or f.func in _INCREASING, f"{f.func} is not known to increase")
    return [claim.about(f.args[0] - g.args[0])]


def logarithms(claim: Claim, data: Data) -> list[Claim]:
    """A whole-number combination of logarithms is nonnegative if the product of their arguments is at least 1."""
    more, less = sympy.Integer(1), sympy.Integer(1)
    for term in sympy.Add.make_args(sympy.expand_mul(claim.expression)):
        count, function = term.as_coeff_Mul()
        require(count.is_Integer and function.func == sympy.log, f"{term} is not a multiple of a logarithm")
        more, less = (more * function.args[0] ** max(count, 0), less * function.args[0] ** max(-count, 0))
    return [claim.about(more - less)]


def mean_of_logarithms(claim: Claim, data: Data) -> list[Claim]:
    """``w log v >= sum w_i log u_i`` follows from ``w_i >= 0`` and ``v >= u_i`` for each i, where ``w = sum w_i``.

    That the weights add up must be so by algebra alone. With the sign -1 the pivot is ``-w log(1/v)``.
    """
    logs = sorted(outer_logarithms(claim.expression), key=sympy.default_sort_key)
    places = {node: sympy.Dummy() for node in logs}
    slopes, rest = linear(claim.expression.xreplace(places), *places.values())
    number, sign = int(data["pivot"]), int(data["sign"])
    require(rest == 0 and 0 <= number < len(logs) and sign in (1, -1), "it is no combination of logarithms")
    require(all(node.free_symbols <= set(claim.ranges) for node in logs), "a logarithm depends on a bound symbol")
    weights = [-slope for i, slope in enumerate(slopes) if i != number]
    require(weights and _vanishes(sign * slopes[number] - sympy.Add(*weights)), "the weights do not add up")
    pivot, others = logs[number].args[0], [node.args[0] for i, node in enumerate(logs) if i != number]
    above = [claim.about(pivot - u if sign == 1 else 1 - pivot * u) for u in others]
    return [*(claim.about(weight) for weight in weights), *above]


def outer_logarithms(expression: Any) -> set[Any]:
    """Return the logarithms of an expression that are inside no other one.

    Examples
    --------
    >>> x = sympy.Symbol("x")
    >>> outer_logarithms(sympy.log(1 + sympy.log(x)) / x)
    {log(log(x) + 1)}
    """
    if expression.func == sympy.log:
        return {expression}
    return set[Any]().union(*(outer_logarithms(part) for part in expression.args))


def _vanishes(expression: Any) -> bool:
    """Tell whether an expression is zero as a rational function of its symbols and of the parts that are not rational."""
    parts: dict[Any, Any] = {}

    def rational(node: Any) -> Any:
        if node.is_Add or node.is_Mul:
            return node.func(*map(rational, node.args))
        if node.is_Pow and node.exp.is_Integer:
            return rational(node.base) ** node.exp
        return node if node.is_Rational else parts.setdefault(node, sympy.Dummy())

    top, _ = sympy.fraction(sympy.together(rational(expression)))
    return bool(sympy.expand(top) == 0)


def square(claim: Claim, data: Data) -> list[Claim]:
    """``p - q >= 0`` follows from ``p >= 0`` and ``p^2 >= q^2``."""
    left, right = two_terms(claim.expression)
    return [claim.about(left), claim.about(left**2 - right**2)]


def power(claim: Claim, data: Data) -> list[Claim]:
    """``u^s - v^s >= 0`` follows from ``u >= v >= 0`` and ``s >= 0``.

    No base may be negative: ``b^(2 s)`` is not ``(b^2)^s`` then, and is a real number where 2 s is whole.
    """
    left, right = two_terms(claim.expression)
    exponents = {e for term in (left, right) for _, e in _powers(term) if e.free_symbols}
    require(exponents, "no exponent holds a symbol")
    shared = min((e.as_coeff_Mul()[1] for e in exponents), key=sympy.default_sort_key)
    u, v = (_root(term, shared) for term in (left, right))
    bases = dict.fromkeys(base for term in (left, right) for base, _ in _powers(term) if not base.is_Number)
    return [claim.about(u - v), claim.about(v), claim.about(shared), *(claim.about(base) for base in bases)]


def _powers(term: Any) -> list[Any]:
    return [factor.as_base_exp() for factor in sympy.Mul.make_args(term)]


def _root(term: Any, shared: Any) -> Any:
    result = sympy.Integer(1)
    for base, exponent in _powers(term):
        multiple = exponent / shared
        possible = base == 1 or (multiple.is_Integer and not (base.is_Number and base <= 0))
        require(possible, f"{term} is not a power of exponent {shared}")
        result *= base**multiple if base != 1 else 1
    return result


def rename(claim: Claim, data: Data) -> list[Claim]:
    """Put a fresh symbol for a part, and claim more: for all values of it between proved ends."""
    parts = [p for p in _parts(claim) if str(p) == data["part"]]
    require(len(parts) == 1, f"{data['part']} is no part of the claim")
    part, sign = parts[0], int(data["sign"])
    require(sign in (1, -1), "the sign is 1 or -1")
    fresh = fresh_symbol(claim, data["name"], real=True)
    low = Fraction(data["low"])
    high = None if data["high"] is None else Fraction(data["high"])
    ends = [claim.about(sign * part - _number(low))]
    ends += [] if high is None else [claim.about(_number(high) - sign * part)]
    renamed = replace(
        claim.about(claim.expression.xreplace({part: sign * fresh})),
        hypotheses=tuple(replace(h, expression=h.expression.xreplace({part: sign * fresh})) for h in claim.hypotheses),
    )
    return [*ends, renamed.within(fresh, Range(low, high))]


def _parts(claim: Claim) -> set[Any]:
    names = set(claim.ranges)
    return {p for p in sympy.preorder_traversal(claim.expression) if p.args and p.free_symbols <= names}


def _number(value: Fraction) -> Any:
    return sympy.Rational(value.numerator, value.denominator)


def geometric(claim: Claim, data: Data) -> list[Claim]:
    """Induction for ``D_t = a q^t + b (1 + q + ... + q^(t-1)) + c + m t``.

    As ``D_{t+1} = q D_t + b + c (1 - q) + m (1 + t (1 - q))``, all are nonnegative if ``q >= 0``, ``D_0 = a + c >= 0`` and
    the rest of the step is nonnegative for every ``t >= 0``.
    """
    found = sorted(claim.expression.atoms(geometric_sum), key=sympy.default_sort_key)
    require(found and found[0].free_symbols <= set(claim.ranges), "there is no geometric sum")
    series = found[0]
    q, t = series.args
    require(t.is_integer and t.free_symbols and not q.has(*t.free_symbols), "the number of terms is not a whole symbol")
    top, total = sympy.Dummy(), sympy.Dummy()
    (a, b), rest = linear(claim.expression.xreplace({series: total, q**t: top}), top, total)
    (m,), c = linear(rest, t) if t.is_Symbol else ([sympy.Integer(0)], rest)
    require(not any(part.has(*t.free_symbols) for part in (a, b, c, m)), "it is no such combination")
    earlier = fresh_symbol(claim, "_t", real=True)
    step = claim.about(b + c * (1 - q) + m * (1 + earlier * (1 - q))).within(earlier, Range(Fraction(0), None))
    return [claim.about(t), claim.about(q), claim.about(a + c), step]


def fresh_symbol(claim: Claim, name: str, **assumptions: bool) -> Any:
    """Return a symbol of a name that has no meaning in the claim yet.

    Examples
    --------
    >>> from bounds.certify.claim import inequality
    >>> from bounds.symbols import lam
    >>> fresh_symbol(inequality(0, lam, {lam: (0, 1)}), "z", real=True)
    z
    """
    holders = (claim.expression, *(h.expression for h in claim.hypotheses))
    taken = {symbol.name for one in holders for symbol in one.atoms(sympy.Symbol)} | {s.name for s, _ in claim.box}
    require(name not in taken, f"{name} has a meaning already")
    return sympy.Symbol(name, **assumptions)


def linear(expression: Any, *places: Any) -> tuple[list[Any], Any]:
    """Return the coefficients of symbols that enter linearly, and the rest.

    Examples
    --------
    >>> x, y = sympy.symbols("x y")
    >>> linear(2 * x + y, x)
    ([2], y)
    """
    slopes = [sympy.diff(expression, place) for place in places]
    require(not any(slope.has(*places) for slope in slopes), "it is not linear in its recursion")
    return slopes, expression.xreplace({place: sympy.Integer(0) for place in places})


def induction(claim: Claim, data: Data) -> list[Claim]:
    """Induction over the steps of a recursion of one state, in which the expression is ``c + k state``."""
    found = sorted(claim.expression.atoms(Recurrence), key=sympy.default_sort_key)
    require(len(found) == 1, "there is not one recursion")
    require(found[0].free_symbols <= set(claim.ranges), "the recursion depends on a bound symbol")
    output, states, initial, step, _ = found[0].args
    require(len(states) == 1 and output == states[0], "the recursion has several states")
    state = states[0]
    require(state not in claim.ranges, f"{state} has a meaning already")
    fresh = fresh_symbol(claim, "_" + state.name, real=True)
    place = sympy.Dummy()
    (k,), c = linear(claim.expression.xreplace({found[0]: place}), place)
    low = Fraction(data["low"])
    after = claim.about(c + k * step[0].xreplace({state: fresh}), Hypothesis(c + k * fresh, False))
    return [
        claim.about(c + k * initial[0]),
        claim.about(initial[0] - _number(low)),
        after.within(fresh, Range(low, None)),
        after.about(step[0].xreplace({state: fresh}) - _number(low)).within(fresh, Range(low, None)),
    ]


def monotone(claim: Claim, data: Data) -> list[Claim]:
    """Follow one symbol from an end of its range, where the claim is smaller, along slopes of one sign.

    A whole symbol becomes a real one: what counts are the slopes between the whole numbers.
    """
    symbol, free = _over_reals(claim.without(_symbol(claim, data)), _symbol(claim, data))
    require(is_smooth(free), "it is not known to be smooth on the box")
    values = free.ranges[symbol]
    low = data["end"] == "low"
    end = values.low if low else values.high
    require(end is not None, "the range has no such end")
    slope = sympy.diff(free.expression, symbol)
    return [free.at(symbol, end or Fraction(0)), free.about(slope if low else -slope)]


def _over_reals(claim: Claim, symbol: Any) -> tuple[Any, Claim]:
    """Put a real symbol of the same name for a whole one that no hypothesis holds."""
    if not is_whole(symbol):
        return symbol, claim
    real = sympy.Symbol(symbol.name, real=True)
    box = tuple((real if s == symbol else s, values) for s, values in claim.box)
    return real, replace(claim, expression=claim.expression.xreplace({symbol: real}), box=box)


RULES: dict[str, Callable[[Claim, Data], list[Claim]]] = {
    "by value": by_value,
    "bisect": bisect,
    "branch": branch,
    "factor": factor,
    "increasing": increasing,
    "logarithms": logarithms,
    "mean of logarithms": mean_of_logarithms,
    "square": square,
    "power": power,
    "rename": rename,
    "geometric": geometric,
    "induction": induction,
    "monotone": monotone,
}

"""Rules of proof that put the closed form of a recursion in its place, for any number of steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import sympy

from bounds.certify.claim import Claim
from bounds.certify.quotients import context, quotient
from bounds.certify.rules import linear, require
from bounds.functions import Recurrence, geometric_sum

Data = Mapping[str, Any]
_SAMPLES = 6


def affine(claim: Claim, data: Data) -> list[Claim]:
    """The recursion ``x -> q x + b`` from 0 is at ``b (1 + q + ... + q^(k-1))`` after k steps."""
    node = the_recursion(claim)
    output, states, initial, step, count = node.args
    require(len(states) == 1 and output == states[0] and initial[0] == 0, "it is no recursion of one state from 0")
    (q,), b = linear(step[0], states[0])
    return [claim.about(count), claim.about(claim.expression.xreplace({node: b * geometric_sum(q, count)}))]


def solved(claim: Claim, data: Data) -> list[Claim]:
    """Every state of a recursion is a polynomial in the symbols, the number of steps and its harmonic number.

    The polynomials are given as ``[coefficient, exponents]``; they start where the recursion does, and one step takes them
    to their next values.
    """
    node = the_recursion(claim)
    output, states, initial, step, count = node.args
    m, total = sympy.Dummy("m"), sympy.Dummy("H")
    symbols = [symbol for symbol, _ in claim.box]
    require(len(data["closed"]) == len(states), "every state needs one polynomial")
    closed = [polynomial(terms, [*symbols, m, total]) for terms in data["closed"]]
    here = dict(zip(states, closed, strict=True))
    for first, start in zip(closed, initial, strict=True):
        gap = first.xreplace({m: sympy.Integer(0), total: sympy.Integer(0)}) - start
        require(_vanishes(gap, symbols), "the recursion starts elsewhere")
    after = {m: m + 1, total: total + 1 / (m + 1)}
    for one, entry in zip(closed, step, strict=True):
        gap = one.xreplace(after) - entry.xreplace(here)
        require(_vanishes(gap, [*symbols, m, total]), "a step leads elsewhere")
    value = output.xreplace(here).xreplace({m: count, total: sympy.harmonic(count)})
    return [claim.about(count), claim.about(claim.expression.xreplace({node: value}))]


def the_recursion(claim: Claim) -> Any:
    """Return the one recursion of a claim."""
    found = sorted(claim.expression.atoms(Recurrence), key=sympy.default_sort_key)
    require(len(found) == 1, "there is not one recursion")
    bound = {state.name for state in found[0].bound_symbols}
    require(not bound & {symbol.name for symbol, _ in claim.box}, "a state has a meaning already")
    require(found[0].free_symbols <= set(claim.ranges), "the recursion depends on a bound symbol")
    return found[0]


def polynomial(terms: Sequence[Any], symbols: Sequence[Any]) -> Any:
    """Return the polynomial with the terms ``[coefficient, exponents]``."""
    total = sympy.Integer(0)
    for text, exponents in terms:
        coefficient = Fraction(text)
        require(len(exponents) == len(symbols), "a term has a wrong number of exponents")
        require(all(isinstance(k, int) and k >= 0 for k in exponents), "an exponent is no whole number from 0 on")
        powers = (s**k for s, k in zip(symbols, exponents, strict=True))
        total += sympy.Mul(sympy.Rational(coefficient.numerator, coefficient.denominator), *powers)
    return total


def _vanishes(gap: Any, symbols: Sequence[Any]) -> bool:
    names = [sympy.Symbol(f"v{i}") for i in range(len(symbols))]
    found = quotient(gap.xreplace(dict(zip(symbols, names, strict=True))), context(names))
    return bool(found.above.is_zero())


def closed_forms(claim: Claim) -> list[list[Any]] | None:
    """Look for polynomials in the number of steps m and its harmonic number, of degree 1 in each, that a recursion follows.

    Parameters
    ----------
    claim : Claim

    Returns
    -------
    list of lists of [coefficient, exponents], or None
        The data of the rule ``solved``.

    Examples
    --------
    >>> from bounds.certify.claim import inequality
    >>> from bounds.symbols import e, t
    >>> x = sympy.Symbol("x")
    >>> growing = Recurrence(x, (x,), (1,), (x + e,), t)
    >>> closed_forms(inequality(0, growing, {e: (0, 1), t: (0, 9)}))
    [[['1', [1, 0, 1, 0]], ['1', [0, 0, 0, 0]]]]
    """
    _, states, initial, step, _ = the_recursion(claim).args
    if not all(entry.is_rational_function() for entry in (*initial, *step)):
        return None
    symbols = [symbol for symbol, _ in claim.box]
    # Numbers tell cheaply whether there is anything to look for: most recursions grow without any such form.
    numbers = {symbol: sympy.Rational(3 * i + 2, 7) for i, symbol in enumerate(symbols)}
    first, then = ([entry.xreplace(numbers) for entry in part] for part in (initial, step))
    if not _follows(_run(states, first, then, _SAMPLES)):
        return None
    found = []
    for weights in _weights(_run(states, initial, step, len(_BASIS))):
        try:
            sought = sympy.Poly(sum(w * b for w, b in zip(weights, _BASIS, strict=True)), *symbols, _M, _H)
        except sympy.PolynomialError:
            return None
        if not all(c.is_Rational for c in sought.coeffs()):
            return None
        found.append([[str(Fraction(int(c.p), int(c.q))), [int(k) for k in powers]] for powers, c in sought.terms()])
    return found


_M, _H = sympy.Dummy("m"), sympy.Dummy("H")
_BASIS = (sympy.Integer(1), _M, _H, _M * _H)


def _run(states: Any, initial: Any, step: Any, count: int) -> list[list[Any]]:
    """Return the states after 0, 1, ..., count - 1 steps."""
    values, state = [], list(initial)
    for _ in range(count):
        values.append(state)
        now = dict(zip(states, state, strict=True))
        state = [sympy.cancel(entry.xreplace(now)) for entry in step]
    return values


def _row(k: int) -> list[Any]:
    return [b.xreplace({_M: sympy.Integer(k), _H: sympy.harmonic(k)}) for b in _BASIS]


def _weights(values: list[list[Any]]) -> list[Any]:
    """Find the combination of the basis that every state follows in its first steps."""
    matrix = sympy.Matrix([_row(k) for k in range(len(_BASIS))])
    return [matrix.LUsolve(sympy.Matrix(column[: len(_BASIS)])) for column in zip(*values, strict=True)]


def _follows(values: list[list[Any]]) -> bool:
    """Tell whether that combination holds in the later steps too."""
    for place, weights in enumerate(_weights(values)):
        for k in range(len(_BASIS), len(values)):
            if sum(w * b for w, b in zip(weights, _row(k), strict=True)) != values[k][place]:
                return False
    return True


RULES: dict[str, Callable[[Claim, Data], list[Claim]]] = {"affine": affine, "solved": solved}

"""Whether every name in a claim means one thing: expressions are evaluated by the names of their symbols."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import sympy

from bounds.certify.claim import Claim

# Loops and integrals keep values of their own under these names.
_TAKEN = {sympy.Sum: "_total", sympy.Integral: "_radius"}


def problem_of_names(claim: Claim) -> str:
    """Say which name of a claim is ambiguous or has no range; empty if there is none.

    Parameters
    ----------
    claim : Claim

    Returns
    -------
    str

    Examples
    --------
    >>> from bounds.certify.claim import inequality
    >>> x, other = sympy.Symbol("x"), sympy.Symbol("x", positive=True)
    >>> problem_of_names(inequality(x, 2 * x, {x: (0, 1)}))
    ''
    >>> problem_of_names(inequality(x, other, {x: (0, 1), other: (2, 3)}))
    'two symbols are named x'
    """
    symbols = tuple(symbol for symbol, _ in claim.box)
    names = [symbol.name for symbol in symbols]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        return f"two symbols are named {twice[0]}"
    found = (_problem(one, symbols) for one in (claim.expression, *(h.expression for h in claim.hypotheses)))
    return next((problem for problem in found if problem), "")


@lru_cache(maxsize=4096)
def _problem(expression: Any, symbols: tuple[Any, ...]) -> str:
    without = sorted(symbol.name for symbol in expression.free_symbols - set(symbols))
    if without:
        return f"{', '.join(without)} has no range"
    names = {symbol.name for symbol in symbols}
    for node in sympy.preorder_traversal(expression):
        bound = set(_bound(node))
        if not bound:
            continue
        shared = sorted({symbol.name for symbol in bound} & names)
        if shared:
            return f"{shared[0]} is both a symbol with a range and a bound one; rename one of them"
        taken = {symbol.name for symbol in bound} | {name for kind, name in _TAKEN.items() if isinstance(node, kind)}
        hidden = sorted(s.name for s in node.atoms(sympy.Symbol) - bound if s.name in taken)
        if hidden:
            return f"two symbols are named {hidden[0]}"
    return ""


def _bound(node: Any) -> Iterator[Any]:
    yield from getattr(node, "bound_symbols", None) or ()

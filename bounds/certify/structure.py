"""Proofs that can be read off an expression: sums and products of what is nonnegative, and integrals of it.

Nothing is searched here: every kind of expression has one rule or two that may apply, so that an answer comes at once
even for expressions too large for any other method.
"""

from __future__ import annotations

import itertools
from typing import Any

import sympy

from bounds.certify.algebra import prove_by_algebra
from bounds.certify.balls import enclose_on
from bounds.certify.claim import Claim
from bounds.certify.rules import NotProved
from bounds.certify.sums import RULES
from bounds.functions import Recurrence, geometric_sum
from bounds.integrals.integral import TailedIntegral

Step = dict[str, Any]
_MANY = (sympy.Sum, Recurrence, TailedIntegral)
_EVIDENT = (sympy.exp, sympy.Abs, sympy.cosh)


def prove_by_structure(claim: Claim) -> Step | None:
    """Read a proof off the expression of a claim.

    Parameters
    ----------
    claim : Claim

    Returns
    -------
    dict or None
        A certificate.

    Examples
    --------
    >>> from bounds.certify import inequality
    >>> x, i = sympy.Symbol("x", nonnegative=True), sympy.Symbol("i", integer=True)
    >>> prove_by_structure(inequality(0, sympy.Sum(x**i, (i, 1, 7)), {x: (0, 1)}))["rule"]
    'summand'
    """
    found = claim.expression
    if found.is_number:
        value = enclose_on(found, {})
        return {"rule": "balls"} if value.is_finite() and value >= 0 else None
    if found.func in _EVIDENT or (found.is_Pow and abs(found.args[1]) == sympy.S.Half):
        return {"rule": "evident"}
    if isinstance(found, sympy.Max):
        tries = (_apply("one of", claim, {"argument": i}) for i in range(len(found.args)))
        return next((step for step in tries if step is not None), None)
    if isinstance(found, sympy.Sum):
        return _apply("summand", claim, {"name": _unused(claim, 1)[0]})
    if found.is_Add and found.has(*_MANY):
        return _sum_of_large_terms(claim)
    if found.is_Symbol or found.is_Add:
        return prove_by_algebra(claim) or (_apply("parts", claim, {}) if found.is_Add else None)
    if found.is_Mul or found.is_Pow or isinstance(found, geometric_sum | sympy.gamma):
        return _apply("parts", claim, {})
    if isinstance(found, TailedIntegral):
        return _apply("integrand", claim, {"name": _unused(claim, 1)[0]})
    return None


def _sum_of_large_terms(claim: Claim) -> Step | None:
    found = claim.expression
    if found.has(TailedIntegral):
        return _apply("integrand", claim, {"name": _unused(claim, 1)[0]})
    outer = [node for node in found.atoms(Recurrence) if node.free_symbols <= set(claim.ranges)]
    if len(outer) == 1:
        used = [state for state in outer[0].args[1] if outer[0].args[0].has(state)]
        return _apply("states", claim, {"names": _unused(claim, len(used))})
    return _apply("root", claim, {}) or _apply("parts", claim, {})


def _apply(name: str, claim: Claim, data: Step) -> Step | None:
    """Apply a rule and prove all that it leaves in the same way."""
    try:
        left = RULES[name](claim, data)
    except NotProved:
        return None
    steps = []
    for part in left:
        step = prove_by_structure(part)
        if step is None:
            return None
        steps.append(step)
    return {"rule": name, **data, "then": steps}


def _unused(claim: Claim, count: int) -> list[str]:
    """Return names without a meaning in the claim."""
    holders = (claim.expression, *(h.expression for h in claim.hypotheses))
    taken = {s.name for one in holders for s in one.atoms(sympy.Symbol)} | {s.name for s, _ in claim.box}
    names = (f"y{i}" for i in itertools.count(1))
    return list(itertools.islice((name for name in names if name not in taken), count))

"""Check a certificate: plain data that says how a claim follows, step by step.

The checker knows the rules and three ways to end a branch. It searches nothing: no choice is made here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy
from flint import fmpq

from bounds.certify import recursions, rules, sums
from bounds.certify.balls import enclose_on
from bounds.certify.claim import Claim
from bounds.certify.names import problem_of_names
from bounds.certify.quotients import NotPolynomial, context, signed_numerator
from bounds.certify.rules import NotProved

Certificate = Mapping[str, Any]
RULES = {**rules.RULES, **sums.RULES, **recursions.RULES}
"""Every rule that leaves claims, by name."""
_POSITIVE = (sympy.exp, sympy.Abs, sympy.cosh)


def check(claim: Claim, certificate: Certificate) -> int:
    """Check that a certificate proves a claim.

    Parameters
    ----------
    claim : Claim
    certificate : mapping
        ``rule``, the data of the rule, and in ``then`` the certificates of the claims that the rule leaves; JSON can
        hold it.

    Returns
    -------
    int
        The number of steps checked.

    Raises
    ------
    NotProved
        If a step does not follow, or the certificate is malformed.

    Examples
    --------
    >>> from bounds.certify import inequality
    >>> x = sympy.Symbol("x", nonnegative=True)
    >>> check(inequality(0, 1 + x, {x: (0, 1)}), {"rule": "balls"})
    1
    >>> check(inequality(0, x - 1, {x: (0, 1)}), {"rule": "balls"})
    Traceback (most recent call last):
    bounds.certify.rules.NotProved: the enclosure on the box is not surely nonnegative (0 <= x - 1 for x from 0 to 1)
    """
    try:
        return _check(claim, certificate)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, ArithmeticError, RecursionError) as error:
        if isinstance(error, NotProved):
            raise
        raise NotProved(f"the certificate is malformed: {type(error).__name__}: {error}") from error


def _check(claim: Claim, certificate: Certificate) -> int:
    problem = problem_of_names(claim)
    if problem:
        raise NotProved(f"{problem} ({claim})")
    name = certificate["rule"]
    if name in _LEAVES:
        problem = _LEAVES[name](claim, certificate)
        if problem:
            raise NotProved(f"{problem} ({claim})")
        return 1
    if name not in RULES:
        raise NotProved(f"there is no rule '{name}'")
    left = RULES[name](claim, certificate)
    given = certificate["then"]
    if len(left) != len(given):
        raise NotProved(f"the rule '{name}' leaves {len(left)} claims, but {len(given)} are proved")
    return 1 + sum(_check(part, proof) for part, proof in zip(left, given, strict=True))


def _balls(claim: Claim, data: Certificate) -> str:
    found = enclose_on(claim.expression, claim.ranges)
    return "" if found.is_finite() and found >= 0 else "the enclosure on the box is not surely nonnegative"


def _empty(claim: Claim, data: Certificate) -> str:
    """No point of the box satisfies the hypothesis named."""
    hypothesis = claim.hypotheses[data["hypothesis"]]
    found = enclose_on(hypothesis.expression, claim.ranges)
    fails = found < 0 or (hypothesis.strict and found <= 0)
    return "" if found.is_finite() and fails else "the hypothesis is not surely false on the box"


def _evident(claim: Claim, data: Certificate) -> str:
    root = claim.expression.is_Pow and claim.expression.args[1] in (sympy.S.Half, -sympy.S.Half)
    return "" if root or claim.expression.func in _POSITIVE else "it is no exponential, root or absolute value"


def _identity(claim: Claim, data: Certificate) -> str:
    """The numerator is a product of polynomials, each a nonnegative combination of products that are nonnegative.

    Those products are of the distances to the ends of the ranges and of the numerators of the hypotheses.
    """
    try:
        algebra = Algebra(claim)
        above = signed_numerator(claim.expression, algebra.polynomials, claim.box)
    except NotPolynomial:
        return "it is not a rational function"
    if above.is_zero():
        return ""
    constant = Fraction(data["constant"])
    product, sign = algebra.constant(constant), (constant > 0) - (constant < 0)
    for part in data["factors"]:
        polynomial, power = algebra.polynomial(part["terms"]), part["power"]
        if not isinstance(power, int) or power < 1:
            return "a power is not a whole number from 1 on"
        product = product * polynomial**power
        if power % 2:
            sign *= int(part["sign"])
            problem = algebra.refuse(polynomial * int(part["sign"]), part["sum"])
            if problem:
                return problem
    if product != above:
        return "the product of the factors is not the numerator"
    return "" if sign > 0 else "the signs of the factors make a negative product"


@dataclass(frozen=True)
class Algebra:
    """The polynomials of a claim: its variables, and what is nonnegative by its box and hypotheses.

    Parameters
    ----------
    claim : Claim

    Examples
    --------
    >>> from bounds.certify import inequality
    >>> x = sympy.Symbol("x", nonnegative=True)
    >>> [str(g) for g in Algebra(inequality(0, x, {x: (0, 1)}, [x <= sympy.Rational(1, 2)])).nonnegative]
    ['x', '-x + 1', '-x + 1/2']
    """

    claim: Claim

    @property
    def polynomials(self) -> Any:
        """The flint context."""
        return context([symbol for symbol, _ in self.claim.box])

    def constant(self, value: Fraction) -> Any:
        """Return a constant polynomial."""
        return self.polynomials.constant(fmpq(value.numerator, value.denominator))

    def polynomial(self, terms: Sequence[Any]) -> Any:
        """Return the polynomial with the terms ``[coefficient, exponents]``."""
        return self.polynomials.from_dict({tuple(powers): _rational(text) for text, powers in terms})

    @property
    def nonnegative(self) -> list[Any]:
        """Polynomials that are nonnegative where the claim has to hold; None for a hypothesis that is not rational."""
        found: list[Any] = []
        for (_, values), x in zip(self.claim.box, self.polynomials.gens(), strict=True):
            found.append(x - fmpq(values.low.numerator, values.low.denominator))
            if values.high is not None:
                found.append(fmpq(values.high.numerator, values.high.denominator) - x)
        for hypothesis in self.claim.hypotheses:
            try:
                found.append(signed_numerator(hypothesis.expression, self.polynomials, self.claim.box))
            except NotPolynomial:
                found.append(None)
        return found

    def refuse(self, polynomial: Any, terms: Sequence[Any]) -> str:
        """Say why a polynomial is not the nonnegative sum given, as ``[coefficient, exponents]``; empty if it is."""
        known, total = self.nonnegative, self.constant(Fraction(0))
        for text, powers in terms:
            coefficient = Fraction(text)
            if coefficient < 0 or len(powers) != len(known):
                return "a term of the sum is negative or malformed"
            product = self.constant(coefficient)
            for base, exponent in zip(known, powers, strict=True):
                if exponent:
                    if base is None or int(exponent) != exponent or exponent < 0:
                        return "a term of the sum uses what is not known to be nonnegative"
                    product = product * base ** int(exponent)
            total = total + product
        return "" if total == polynomial else "the sum is another polynomial"


def _rational(text: str) -> Any:
    value = Fraction(text)
    return fmpq(value.numerator, value.denominator)


_LEAVES = {"balls": _balls, "empty": _empty, "evident": _evident, "identity": _identity}

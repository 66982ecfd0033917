"""Search for algebraic proofs: write a polynomial as a nonnegative sum of products of what is nonnegative.

With the distances to both ends of a range these are Bernstein's coefficients, with the distance to the low end alone
Polya's substitution, and with the hypotheses as well Handelman's theorem; a linear program finds the coefficients, and
they are then computed exactly.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from flint import fmpq, fmpq_mat
from scipy.optimize import linprog
from scipy.sparse import csc_matrix

from bounds.certify.checker import Algebra
from bounds.certify.claim import Claim
from bounds.certify.quotients import NotPolynomial, as_fraction, from_low_ends, signed_numerator

_MOST_PRODUCTS = 3000
_EXTRA_DEGREE = 1

Step = dict[str, Any]


def prove_by_algebra(claim: Claim) -> Step | None:
    """Look for an algebraic proof of a rational claim.

    Parameters
    ----------
    claim : Claim

    Returns
    -------
    dict or None
        A step ``identity`` of a certificate.

    Examples
    --------
    >>> import sympy
    >>> from bounds.certify import inequality
    >>> x = sympy.Symbol("x", nonnegative=True)
    >>> prove_by_algebra(inequality(x**2, x, {x: (0, 1)}))["rule"]
    'identity'
    >>> prove_by_algebra(inequality(x, x**2, {x: (0, 1)})) is None
    True
    """
    algebra = Algebra(claim)
    try:
        above = signed_numerator(claim.expression, algebra.polynomials, claim.box)
    except NotPolynomial:
        return None
    if above.is_zero():
        return {"rule": "identity", "constant": "0", "factors": []}
    constant, factors = above.factor()
    parts, sign = [], 1 if constant > 0 else -1
    known = algebra.nonnegative
    odd = sum(1 for _, power in factors if power % 2)
    for factor, power in factors:
        part: Step = {"terms": _terms(factor), "power": int(power)}
        if power % 2:
            odd -= 1
            likely = 1 if _middle_value(factor, algebra) >= 0 else -1
            # The last sign is dictated by the others.
            signed = _signed_sum(factor, algebra, known, (likely, -likely) if odd else (sign,))
            if signed is None:
                return None
            part["sign"], part["sum"] = signed
            sign *= signed[0]
        parts.append(part)
    return {"rule": "identity", "constant": str(as_fraction(constant)), "factors": parts} if sign > 0 else None


def prove_whole(claim: Claim) -> Step | None:
    """Look for an algebraic proof that does not take the numerator apart.

    Parameters
    ----------
    claim : Claim

    Returns
    -------
    dict or None
        A step ``identity`` of a certificate.

    Examples
    --------
    >>> import sympy
    >>> from bounds.certify import inequality
    >>> x, y = sympy.symbols("x y", nonnegative=True)
    >>> claim = inequality(4 * x, x**2 + 4 * x * y, {x: (2, "inf"), y: (0, 1)}, [x * y >= 1])
    >>> prove_by_algebra(claim) is None, prove_whole(claim)["rule"]
    (True, 'identity')
    """
    algebra = Algebra(claim)
    try:
        above = signed_numerator(claim.expression, algebra.polynomials, claim.box)
    except NotPolynomial:
        return None
    found = _by_linear_program(above, algebra, algebra.nonnegative)
    if found is None:
        return None
    return {
        "rule": "identity",
        "constant": "1",
        "factors": [{"terms": _terms(above), "power": 1, "sign": 1, "sum": found}],
    }


def _terms(polynomial: Any) -> list[Any]:
    return [[str(as_fraction(c)), [int(e) for e in powers]] for powers, c in polynomial.to_dict().items()]


def _signed_sum(
    factor: Any, algebra: Algebra, known: Sequence[Any], signs: Sequence[int]
) -> tuple[int, list[Any]] | None:
    """Find the sign of a factor and a sum that proves it."""
    for search in (_from_low_ends, _by_linear_program):
        for sign in signs:
            found = search(factor * sign, algebra, known)
            if found is not None:
                return sign, found
    return None


def _middle_value(polynomial: Any, algebra: Algebra) -> Any:
    """Evaluate where the claim is likely to be of interest: inside the box."""
    middles = []
    for _, values in algebra.claim.box:
        middle = values.low + 1 if values.high is None else (values.low + values.high) / 2
        middles.append(fmpq(middle.numerator, middle.denominator))
    total = fmpq(0)
    for powers, coefficient in polynomial.to_dict().items():
        term = fmpq(coefficient)
        for base, power in zip(middles, powers, strict=True):
            term *= base ** int(power)
        total += term
    return total


def _from_low_ends(polynomial: Any, algebra: Algebra, known: Sequence[Any]) -> list[Any] | None:
    """Use the distances to the low ends alone: the Taylor coefficients there."""
    shifted = from_low_ends(polynomial, algebra.polynomials, algebra.claim.box)
    if any(c < 0 for c in shifted.coeffs()):
        return None
    places = list(itertools.accumulate((1 if r.high is None else 2 for _, r in algebra.claim.box), initial=0))[:-1]
    found = []
    for powers, coefficient in shifted.to_dict().items():
        exponents = [0] * len(known)
        for place, power in zip(places, powers, strict=True):
            exponents[place] = int(power)
        found.append([str(as_fraction(coefficient)), exponents])
    return found


def _by_linear_program(polynomial: Any, algebra: Algebra, known: Sequence[Any]) -> list[Any] | None:
    degrees = polynomial.degrees()
    used = [g for g in known if g is not None and not g.is_constant()]
    lows = _low_distances(algebra)
    # First without the high ends, whose products only crowd the program where they are not needed.
    for extra in range(_EXTRA_DEGREE + 1):
        for generators in ([g for g in used if g in lows or not _is_high(g, algebra)], used):
            caps = [d + extra for d in degrees] if extra else list(degrees)
            products = _products(generators, known, caps, polynomial.total_degree() + extra)
            found = None if products is None else _combination(polynomial, products)
            if found is not None:
                return found
    return None


def _low_distances(algebra: Algebra) -> list[Any]:
    return [
        x - fmpq(r.low.numerator, r.low.denominator)
        for (_, r), x in zip(algebra.claim.box, algebra.polynomials.gens(), strict=True)
    ]


def _is_high(polynomial: Any, algebra: Algebra) -> bool:
    return any(
        r.high is not None and polynomial == fmpq(r.high.numerator, r.high.denominator) - x
        for (_, r), x in zip(algebra.claim.box, algebra.polynomials.gens(), strict=True)
    )


def _products(
    generators: Sequence[Any], known: Sequence[Any], caps: Sequence[int], total: int
) -> list[tuple[list[int], Any]] | None:
    """List the products whose degrees stay under the caps; None if there are too many."""
    one = known[0] * 0 + 1
    found: list[tuple[list[int], Any]] = [([0] * len(known), one)]
    for generator in generators:
        place = next(i for i, g in enumerate(known) if g is not None and g == generator)
        longer = []
        for exponents, product in found:
            raised, times = list(exponents), product * generator
            while times.total_degree() <= total and all(d <= c for d, c in zip(times.degrees(), caps, strict=True)):
                raised = [*raised[:place], raised[place] + 1, *raised[place + 1 :]]
                longer.append((raised, times))
                times = times * generator
            if len(found) + len(longer) > _MOST_PRODUCTS:
                return None
        found += longer
    return found


def _combination(polynomial: Any, products: Sequence[tuple[list[int], Any]]) -> list[Any] | None:
    """Find nonnegative coefficients by a linear program, then exactly on the products it uses."""
    columns = [product.to_dict() for _, product in products]
    monomials = {powers: row for row, powers in enumerate({p for column in columns for p in column})}
    target = polynomial.to_dict()
    if any(powers not in monomials for powers in target):
        return None
    sizes = [max(abs(float(as_fraction(c))) for c in column.values()) for column in columns]
    entries = [
        (float(as_fraction(value)) / size, monomials[powers], number)
        for number, (column, size) in enumerate(zip(columns, sizes, strict=True))
        for powers, value in column.items()
    ]
    values, rows, numbers = zip(*entries, strict=True)
    matrix = csc_matrix((values, (rows, numbers)), shape=(len(monomials), len(columns)))
    right = np.zeros(len(monomials))
    largest = max(abs(float(as_fraction(c))) for c in target.values())
    for powers, value in target.items():
        right[monomials[powers]] = float(as_fraction(value)) / largest
    solved = linprog(np.ones(len(columns)), A_eq=matrix, b_eq=right, bounds=(0, None), method="highs")
    if not solved.success:
        return None
    support = [i for i in range(len(columns)) if solved.x[i] > 1e-9]
    exact = _solve([columns[i] for i in support], target, monomials)
    if exact is None or any(c < 0 for c in exact):
        return None
    return [[str(as_fraction(c)), products[i][0]] for c, i in zip(exact, support, strict=True) if c != 0]


def _solve(columns: Sequence[Any], target: Any, monomials: Any) -> list[Any] | None:
    """Solve exactly for the coefficients of columns that are independent."""
    used = sorted({monomials[p] for column in (*columns, target) for p in column})
    place = {row: i for i, row in enumerate(used)}
    width = len(columns) + 1
    entries = [fmpq(0)] * (len(used) * width)
    for number, column in enumerate((*columns, target)):
        for powers, value in column.items():
            entries[place[monomials[powers]] * width + number] = fmpq(value)
    reduced, rank = fmpq_mat(len(used), width, entries).rref()
    if rank != len(columns) or any(reduced[i, i] != 1 for i in range(rank)):
        return None
    return [reduced[i, width - 1] for i in range(rank)]

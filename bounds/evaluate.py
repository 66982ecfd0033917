"""Evaluation to NumPy grids and, to any precision, by mpmath."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import scipy.special as special

from bounds.errors import EnclosureError
from bounds.tape import STEP_LIMIT, Area, Tape, run

_MP = mpmath.mp.clone()
_ZETA_CANCELS_BELOW = 1.25
_SUMMED_TERMS = 16.0


@dataclass(frozen=True)
class Arrays:
    """NumPy arrays of doubles, with broadcasting, as an arithmetic for tapes.

    Parameters
    ----------
    exact : mapping of name to Fraction or infinity
        What the doubles of symbols stand for: integrals take these, as 1 - 0.999999999 has few digits in doubles.
    """

    exact: Mapping[str, Fraction | float] | None = None

    def rational(self, numerator: int, denominator: int) -> Any:
        """Return the nearest double."""
        return numerator / denominator

    def power(self, base: Any, exponent: int) -> Any:
        """Raise to a whole power."""
        # NumPy's general power costs as much as dozens of products.
        result = _by_squaring(np.asarray(base, dtype=float), abs(exponent))
        return 1 / result if exponent < 0 else result

    def count(self, value: Any) -> int:
        """Read a number of steps; a grid over it is split by the caller."""
        return _whole(float(np.asarray(value).flat[0]))

    def apply(self, operation: str, operands: Sequence[Any]) -> Any:
        """Apply a named operation elementwise."""
        return _ARRAYS[operation](*operands)

    def integrate(self, area: Area, values: Mapping[str, Any]) -> Any:
        """Integrate by adaptive quadrature; a grid over the symbols is split by the caller."""
        from bounds.integrals.float_integrals import integrate_area

        with np.errstate(all="ignore"):
            return integrate_area(area, self, {name: self._held(name, values[name]) for name in area.symbols})

    def _held(self, name: str, value: Any) -> Fraction | float:
        double = float(np.asarray(value).flat[0])
        # Inside a sum the name may belong to its index.
        exact = (self.exact or {}).get(name, double)
        return exact if float(exact) == double else double


def _by_squaring(base: Any, exponent: int) -> Any:
    if exponent > 64:
        return base**exponent
    result = None
    while exponent:
        if exponent & 1:
            result = base if result is None else result * base
        exponent >>= 1
        base = base * base if exponent else base
    return np.ones_like(base) if result is None else result


def _whole(value: float) -> int:
    if value != round(value) or value > STEP_LIMIT:
        raise EnclosureError(f"{value} is not a number of steps up to {STEP_LIMIT}")
    return int(value)


def _fold(function: Any) -> Any:
    def folded(first: Any, *rest: Any) -> Any:
        for other in rest:
            first = function(first, other)
        return first

    return folded


def _c4(points: Any) -> Any:
    """Use the Gamma functions for few points and the Stirling quotient beyond, where they would cancel."""
    points = np.asarray(points, dtype=float)
    half = (np.minimum(points, 40.0) - 1) / 2
    few = special.gamma(half + 0.5) / special.gamma(half) / np.sqrt(half)
    u = 1 / (4 * (np.maximum(points, 40.0) - 1))
    # Stirling's series of log Gamma(z + 1/2) - log Gamma(z) - log(z)/2 at z = 1/(8u)
    series = (-1, 8 / 3, -256 / 5, 17408 / 7, -2031616 / 9, 362283008 / 11)
    many = np.exp(sum(term * u ** (2 * power + 1) for power, term in enumerate(series)))
    return np.where(points <= 40, few, many)


def _geometric_sum(q: Any, t: Any) -> Any:
    q, t = np.asarray(q, dtype=float), np.asarray(t, dtype=float)
    off = np.where(q == 1, 0.5, q)
    with np.errstate(divide="ignore"):
        closed = -np.expm1(t * np.log(off)) / (1 - off)
    closed = np.where(t == 0, 0.0, closed)
    return np.where(q == 1, t, closed)


def _harmonic(terms: Any, exponent: Any = 1.0) -> Any:
    terms, exponent = np.asarray(terms, dtype=float), np.asarray(exponent, dtype=float)
    simple = special.digamma(terms + 1) + np.euler_gamma
    other = np.where(exponent == 1, 2.0, exponent)
    powers = _zeta(other) - special.zeta(other, terms + 1)
    small = (exponent < _ZETA_CANCELS_BELOW) & (exponent != 1)
    if np.any(small):
        # Near 1 both zeta functions are about 1/(exponent - 1), and their digits cancel; scipy has none below 1.
        powers = np.where(small, _sum_of_powers(terms, np.where(small, exponent, 2.0)), powers)
    return np.where(exponent == 1, simple, powers)


def _sum_of_powers(terms: Any, exponent: Any) -> Any:
    """Sum k^-exponent: the first terms one by one, the rest by the formula of Euler and Maclaurin."""
    total = sum(np.where(k <= terms, float(k) ** -exponent, 0.0) for k in range(int(_SUMMED_TERMS), 0, -1))
    last = np.maximum(terms, _SUMMED_TERMS)
    width = np.log(last / _SUMMED_TERMS)
    total = total + _SUMMED_TERMS ** (1 - exponent) * width * special.exprel((1 - exponent) * width)
    total = total + (last**-exponent - _SUMMED_TERMS**-exponent) / 2
    rising = exponent
    for order, factor in enumerate((1 / 12, -1 / 720, 1 / 30240, -1 / 1209600, 1 / 47900160)):
        power = -exponent - 2 * order - 1
        total = total + factor * rising * (_SUMMED_TERMS**power - last**power)
        rising = rising * (exponent + 2 * order + 1) * (exponent + 2 * order + 2)
    return total


def _zeta(exponent: Any, start: Any = 1.0) -> Any:
    return special.zeta(exponent, start)


def _lambert(value: Any, branch: Any = 0.0) -> Any:
    return np.real(special.lambertw(value, round(float(branch))))


def _polygamma(order: Any, argument: Any) -> Any:
    return special.polygamma(round(order), argument)


_ARRAYS: dict[str, Any] = {
    "add": _fold(np.add),
    "mul": _fold(np.multiply),
    "max": _fold(np.maximum),
    "min": _fold(np.minimum),
    "abs": np.abs,
    "exp": np.exp,
    "log": np.log,
    "atan": np.arctan,
    "erf": special.erf,
    "erfc": special.erfc,
    "gamma": special.gamma,
    "loggamma": special.gammaln,
    "sqrt": np.sqrt,
    "rsqrt": lambda x: 1 / np.sqrt(x),
    "pow": np.power,
    "pi": lambda: math.pi,
    "e": lambda: math.e,
    "polygamma": _polygamma,
    "zeta": _zeta,
    "harmonic": _harmonic,
    "lambertw": _lambert,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "asin": np.arcsin,
    "floor": np.floor,
    "c4": _c4,
    "geometric_sum": _geometric_sum,
}


def evaluate_grid(
    tape: Tape,
    values: Mapping[str, Any],
    counted: Sequence[str] = (),
    exact: Mapping[str, Fraction | float] | None = None,
) -> Any:
    """Run a tape on arrays.

    Parameters
    ----------
    tape : Tape
    values : mapping of name to float or array
        Arrays broadcast against each other.
    counted : sequence of str
        Names that set the number of steps of a loop; a grid over them is evaluated value by value.
    exact : mapping of name to Fraction or infinity, optional
        What single doubles among the values were rounded from.

    Returns
    -------
    numpy.ndarray
        Doubles, of the broadcast shape.

    Examples
    --------
    >>> from sympy import Symbol
    >>> from bounds.tape import compile_expression
    >>> evaluate_grid(compile_expression(Symbol("x") ** 2), {"x": np.array([1.0, 2.0])})
    array([1., 4.])
    """
    shape = np.broadcast_shapes(*(np.shape(value) for value in values.values()))
    varying = [name for name in counted if np.size(values[name]) > 1]
    with np.errstate(all="ignore"):
        if not varying:
            found = np.asarray(run(tape, Arrays(exact), values), dtype=float)
            return found if found.shape == shape else np.broadcast_to(found, shape).copy()
        result = np.empty(shape)
        full = {name: np.broadcast_to(value, shape) for name, value in values.items()}
        keys = np.stack([full[name].ravel() for name in varying], axis=-1)
        distinct, group = np.unique(keys, axis=0, return_inverse=True)
        for index in range(len(distinct)):
            chosen = (group == index).reshape(shape)
            part = {name: value[chosen] for name, value in full.items()}
            result[chosen] = run(tape, Arrays(), part)
        return result


@dataclass(frozen=True)
class Digits:
    """The mpmath numbers of one context as an arithmetic for tapes."""

    mp: Any

    def rational(self, numerator: int, denominator: int) -> Any:
        """Return the nearest number of the context."""
        return self.mp.mpf(numerator) / denominator

    def power(self, base: Any, exponent: int) -> Any:
        """Raise to a whole power."""
        if exponent < 0 and base in (0, self.mp.inf):
            return self.mp.zero if base else self.mp.nan
        return base**exponent

    def count(self, value: Any) -> int:
        """Read a number of steps."""
        return _whole(float(value))

    def integrate(self, area: Area, values: Mapping[str, Any]) -> Any:
        """Refuse: the digits of an integral come from its enclosure."""
        raise TypeError("integrals are evaluated by balls")

    def apply(self, operation: str, operands: Sequence[Any]) -> Any:
        """Apply a named operation."""
        mp = self.mp
        match operation:
            case "add":
                return mp.fsum(operands)
            case "mul":
                return mp.fprod(operands)
            case "max":
                return max(operands)
            case "min":
                return min(operands)
            case "abs":
                return abs(operands[0])
            case "pow":
                return operands[0] ** operands[1]
            case "pi" | "e":
                return +getattr(mp, operation)
            case "rsqrt":
                return 1 / mp.sqrt(operands[0])
            case "polygamma":
                return mp.polygamma(int(operands[0]), operands[1])
            case "zeta":
                return mp.zeta(*operands)
            case "harmonic":
                terms, exponent = (*operands, mp.one)[:2]
                if exponent == 1:
                    return mp.harmonic(terms)
                return mp.zeta(exponent) - mp.zeta(exponent, terms + 1)
            case "lambertw":
                return mp.lambertw(operands[0], int(operands[1]) if operands[1:] else 0)
            case "c4":
                points = operands[0]
                return mp.sqrt(2 / (points - 1)) * mp.gammaprod([points / 2], [(points - 1) / 2])
            case "geometric_sum":
                q, t = operands
                return t if q == 1 else (1 - q**t) / (1 - q)
            case _:
                return getattr(mp, operation)(operands[0])


def evaluate_digits(tape: Tape, values: Mapping[str, Fraction | float], digits: int) -> Any:
    """Run a tape in mpmath until two precisions agree to the digits asked for.

    Parameters
    ----------
    tape : Tape
    values : mapping of name to Fraction or infinity
    digits : int
        Significant decimal digits.

    Returns
    -------
    mpmath.mpf

    Raises
    ------
    EnclosureError
        If the digits do not settle.

    Examples
    --------
    >>> from sympy import Symbol, sqrt
    >>> from bounds.tape import compile_expression
    >>> root = evaluate_digits(compile_expression(sqrt(Symbol("x"))), {"x": Fraction(2)}, 20)
    >>> print(mpmath.nstr(root, 20))
    1.4142135623730950488
    """
    if tape.integrates:
        return _digits_of_enclosure(tape, values, digits)
    previous = None
    working = digits + 10
    for _ in range(8):
        with _MP.workdps(working):
            inputs = {name: _mp(value) for name, value in values.items()}
            found = run(tape, Digits(_MP), inputs)
            if isinstance(found, _MP.mpc) or not _MP.isfinite(found):
                found = None
            elif abs(found) < _MP.mpf(10) ** (-0.9 * working) and _vanishes(tape, values):
                return mpmath.mp.mpf(0)
            # What cancelling terms leave behind changes with the precision; a value that is small by itself does not.
            elif found and previous is not None and abs(found - previous) <= abs(found) * _MP.mpf(10) ** (-digits - 2):
                with mpmath.mp.workdps(digits):
                    return +mpmath.mp.make_mpf(found._mpf_)
        previous, working = found, working * 2
    # Where rational parts cancel exactly, as in the root of log(1), no precision settles it; fractions and balls do.
    return _digits_of_enclosure(tape, values, digits)


def _vanishes(tape: Tape, values: Mapping[str, Fraction | float]) -> bool:
    from bounds.enclose import PRECISIONS, enclose_ball

    return bool(enclose_ball(tape, values, PRECISIONS[-1]).contains(0))


def _digits_of_enclosure(tape: Tape, values: Mapping[str, Fraction | float], digits: int) -> Any:
    """Two runs of a quadrature that agree may both be wrong; an enclosure is not."""
    from bounds.enclose import enclose_tape, ends, mpf_below

    low, high = ends(enclose_tape(tape, values, Fraction(1, 10 ** (digits + 2))))
    with mpmath.mp.workdps(digits):
        return +mpf_below((low + high) / 2, digits + 5)


def _mp(value: Fraction | float) -> Any:
    if isinstance(value, Fraction):
        return _MP.mpf(value.numerator) / value.denominator
    return _MP.mpf(value)

"""Numbers as users write them and as messages show them: read exactly, shown briefly."""

from __future__ import annotations

import math
import numbers
import re
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from fractions import Fraction
from typing import Any

from sympy import Rational

from bounds.errors import ArgumentError

_TEXT = re.compile(r"[+-]?(\d+/0*[1-9]\d*|(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?)", re.ASCII)
_INFINITIES = {"inf", "infinity", "oo", "+inf", "+oo"}
_MOST_CHARACTERS = 4000  # Python refuses to read integers of more than 4300 digits
_MOST_BITS = 4 * 1024  # some more than 1000 digits; what is much longer keeps a search busy for ever
_BRIEF = 60
_PLAIN = 10**300  # sizes that doubles hold with room to spare
_MOST_EXACT = 10**15


def read_number(value: object, name: str = "value") -> Fraction | float:
    """Read one number exactly.

    Parameters
    ----------
    value : str, int, float, Fraction, Decimal, sympy.Rational, mpmath.mpf or NumPy scalar
        Text such as ``"0.3"``, ``"1/3"``, ``"1e-4"`` or ``"inf"`` is read as written; a float is the binary number it is.
    name : str
        What the number is for, used in messages.

    Returns
    -------
    Fraction or float
        The only float returned is infinity.

    Raises
    ------
    ArgumentError
        If the value is not a number.

    Examples
    --------
    >>> read_number("0.3"), read_number("1/3"), read_number(0.5)
    (Fraction(3, 10), Fraction(1, 3), Fraction(1, 2))
    """
    if type(value) is Fraction:
        return value
    if isinstance(value, str):
        return _from_text(value.strip(), name)
    if getattr(value, "ndim", None) == 0 and hasattr(value, "item"):
        if getattr(value, "mask", False):
            raise ArgumentError(f"{name} is masked; give a number")
        inside = value.item()
        if type(inside) is not type(value):  # an extended double is its own item
            return read_number(inside, name)
    if isinstance(value, bool):
        raise ArgumentError(f"{name} = {value!r} is a truth value, not a number")
    if isinstance(value, Rational):
        return Fraction(int(value.p), int(value.q))
    if hasattr(value, "man_exp") and hasattr(value, "_mpf_"):
        if hasattr(value, "is_exact") and not value.is_exact():
            raise ArgumentError(f"{name} = {brief(value)} is a ball; give one number, such as an end of it")
        value = _from_mpf(value, name)
    if isinstance(value, numbers.Rational):
        return Fraction(int(value.numerator), int(value.denominator))
    return _from_real(value, name)


def _from_text(text: str, name: str) -> Fraction | float:
    if text.lower() in _INFINITIES:
        return math.inf
    if not _TEXT.fullmatch(text):
        raise ArgumentError(f"{name} = {brief(text)} is not a number; write for instance 0.3, 1/3, 1e-4 or inf")
    found = Fraction(text) if len(text) <= _MOST_CHARACTERS else None
    if found is None or max(found.numerator.bit_length(), found.denominator.bit_length()) > _MOST_BITS:
        raise ArgumentError(
            f"{name} = {brief(text)} is too long or too large; write at most 1000 digits, between 1e-1000 and 1e1000"
        )
    return found


def _from_real(value: Any, name: str) -> Fraction | float:
    """Read a float, an extended double, a Decimal or an infinity of another library."""
    try:
        if not hasattr(value, "as_integer_ratio"):
            if math.isnan(value):
                raise ArgumentError(f"{name} is not a number (nan)")
            if math.isinf(value):
                return math.copysign(math.inf, float(value))
            return Fraction(value)
        return Fraction(*(int(part) for part in value.as_integer_ratio()))
    except ArgumentError:
        raise
    except OverflowError:
        return math.inf if value > 0 else -math.inf
    except ValueError:
        raise ArgumentError(f"{name} is not a number (nan)") from None
    except Exception:  # noqa: BLE001  whatever an object of the user's raises when it is asked for its number
        raise ArgumentError(f"{name} = {brief(value)} is not a number") from None


def brief(value: object) -> str:
    """Write a value of any kind in one line of bounded length.

    Examples
    --------
    >>> brief(1j), len(brief("x" * 1000))
    ('1j', 63)
    """
    text = " ".join(repr(value).split())
    return text if len(text) <= _BRIEF else f"{text[:_BRIEF]}..."


def _from_mpf(value: Any, name: str) -> Fraction | float:
    text = str(value)
    if text in ("+inf", "-inf", "nan"):
        return float(text)
    # The mantissa of man_exp carries no sign in some releases of mpmath.
    negative, mantissa, exponent, _ = value._mpf_
    return Fraction((-1) ** int(negative) * int(mantissa)) * Fraction(2) ** int(exponent)


def show_number(value: Fraction | float) -> str:
    """Write a number for people: exactly when short, else to 6 digits.

    Examples
    --------
    >>> show_number(Fraction(3, 10)), show_number(Fraction(0.3)), show_number(Fraction(1, 3))
    ('0.3', '0.3', '1/3')
    >>> show_number(Fraction(10**400))
    '1e+400'
    """
    if isinstance(value, float):
        return str(value)
    if value.denominator == 1 and abs(value) < _MOST_EXACT:
        return str(value.numerator)
    text = _six_digits(value)
    if value.denominator <= 1000 and abs(value.numerator) < _MOST_EXACT and Fraction(text) != value:
        return str(value)
    return text


def _six_digits(value: Fraction) -> str:
    if value == 0 or 1 <= abs(value) * _PLAIN <= _PLAIN**2:
        return f"{float(value):.6g}"
    context = Context(prec=6, Emax=MAX_EMAX, Emin=MIN_EMIN)
    quotient = context.divide(Decimal(value.numerator), Decimal(value.denominator))
    return f"{quotient.normalize(context):g}"

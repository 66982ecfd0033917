"""Read what a user passes to a theorem: exact numbers, spellings, conversions, domains."""

from __future__ import annotations

import difflib
import math
import numbers
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sympy import Rational

from bounds.errors import ArgumentError
from bounds.symbols import PARAMETERS, Parameter

if TYPE_CHECKING:
    from bounds.theorem import Theorem

_TEXT = re.compile(r"[+-]?(\d+/0*[1-9]\d*|(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,4})?)", re.ASCII)
_INFINITIES = {"inf", "infinity", "oo", "+inf", "+oo"}
# Sizes are converted along with the ratio, so their spellings carry the convention.
_SIZES = {"n_real": "real", "n_total": "total"}
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


def is_grid(value: object) -> bool:
    """Tell whether a value is an array, list or tuple rather than one number.

    Examples
    --------
    >>> is_grid([1, 2]), is_grid(0.5)
    (True, False)
    """
    return isinstance(value, list | tuple) or getattr(value, "ndim", 0) > 0


@dataclass(frozen=True)
class Inputs:
    """Arguments read and converted; numbers are inside their domains, arrays are looked at where they are used.

    Parameters
    ----------
    theorem : Theorem
        The theorem in the one regime asked for.
    values : dict
        Fraction, infinity or array of doubles, by symbol name.
    grid : bool
        Whether any value is an array.
    whole : frozenset of str
        Symbols that must be whole numbers.
    """

    theorem: Theorem
    values: dict[str, Any]
    grid: bool
    whole: frozenset[str]

    @property
    def echo(self) -> dict[str, Any]:
        """What the theorem was evaluated at, choices included, for printing."""
        return {**dict(self.theorem.choices), **self.values}


def read_arguments(theorem: Theorem, arguments: Mapping[str, object]) -> Inputs:
    """Read the arguments of a theorem.

    Parameters
    ----------
    theorem : Theorem
    arguments : mapping of spelling to value
        Numbers, text, arrays, and the choices that name a regime.

    Returns
    -------
    Inputs

    Raises
    ------
    ArgumentError
        If a symbol is missing, unknown, given twice or outside its domain, or a regime is not named.

    Examples
    --------
    >>> import bounds
    >>> read_arguments(bounds.get("ferbach2024.uncurated_mixture"), {"alpha": "1/4", "t": 2, "tv0": 1}).values
    {'lam': Fraction(3, 1), 't': Fraction(2, 1), 'tv0': Fraction(1, 1)}
    """
    for argument in theorem.structured:
        if argument.name in arguments:
            theorem, arguments = argument.narrow(theorem, arguments)
    names = {choice for regime in theorem.regimes for choice, _ in regime.choices}
    chosen = theorem.at(**{key: value for key, value in arguments.items() if key in names})
    given = _spelled({key: value for key, value in arguments.items() if key not in names})
    needed = [symbol.name for symbol in chosen.symbols]
    values, converted = _converted(chosen, given, needed)
    unknown = [name for name in values if name not in needed]
    if unknown:
        raise ArgumentError(_unknown(chosen, unknown[0], needed, given))
    missing = [name for name in needed if name not in values]
    if missing:
        listed = "; ".join(f"{name} ({PARAMETERS[name].meaning}; {PARAMETERS[name].domain})" for name in missing)
        raise ArgumentError(f"{chosen.id} needs {listed}")
    grids = [name for name in needed if is_grid(values[name])]
    for name in needed:
        if name not in grids:
            _check_number(PARAMETERS[name], values[name], whole=name not in converted)
    whole = frozenset(name for name in needed if PARAMETERS[name].integer and name not in converted)
    return Inputs(chosen, {name: values[name] for name in needed}, bool(grids), whole)


def _spelled(arguments: Mapping[str, object]) -> dict[str, Any]:
    aliases = {alias: p.name for p in PARAMETERS.values() for alias in p.aliases}
    given: dict[str, Any] = {}
    for spelling, value in arguments.items():
        name = aliases.get(spelling, spelling)
        if name in given:
            raise ArgumentError(f"{name} is given twice")
        given[name] = _grid(value, spelling) if is_grid(value) else read_number(value, spelling)
    return given


def _grid(value: Any, name: str) -> Any:
    import numpy as np

    if isinstance(value, list | tuple) and any(isinstance(v, str) for v in value):
        value = [float(read_number(v, name)) for v in value]
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise ArgumentError(f"{name} holds something that is not a number") from None
    if array.size == 0:
        raise ArgumentError(f"{name} is an empty array")
    return array


@dataclass(frozen=True)
class Extent:
    """What the domain of a symbol asks about an array.

    Parameters
    ----------
    low, high : float
        Least and largest entry; nan if one is nan.
    broken : float or None
        The first entry that is no whole number, where whole numbers are asked for.

    Examples
    --------
    >>> Extent(0, 1).joined(Extent(-1, 0.5, 0.5))
    Extent(low=-1, high=1, broken=0.5)
    """

    low: float
    high: float
    broken: float | None = None

    def joined(self, later: Extent) -> Extent:
        """Extent of two parts of an array."""
        # A nan compares with nothing: it is passed on by hand.
        low = self.low if math.isnan(self.low) or self.low <= later.low else later.low
        high = self.high if math.isnan(self.high) or self.high >= later.high else later.high
        return Extent(low, high, later.broken if self.broken is None else self.broken)


def extent(array: Any, whole: bool = False) -> Extent:
    """Measure an array.

    Parameters
    ----------
    array : numpy.ndarray
        Of doubles, not empty.
    whole : bool
        Whether its entries should be whole numbers or infinite.

    Returns
    -------
    Extent

    Examples
    --------
    >>> import numpy as np
    >>> extent(np.array([[1.0, 3.0], [2.5, 0.0]]), whole=True)
    Extent(low=0.0, high=3.0, broken=2.5)
    """
    import numpy as np

    low, high = float(np.min(array)), float(np.max(array))
    if not whole:
        return Extent(low, high)
    # Beyond 2^53, and at infinity, rounding changes nothing.
    broken = array[np.rint(array) != array].ravel()
    return Extent(low, high, float(broken[0]) if broken.size else None)


def check_extent(name: str, found: Extent) -> None:
    """Refuse an array that leaves the domain of its symbol.

    Parameters
    ----------
    name : str
        The symbol.
    found : Extent

    Raises
    ------
    ArgumentError

    Examples
    --------
    >>> check_extent("t", Extent(0, 20))
    """
    described = PARAMETERS[name]
    floor, ceiling = float(described.low), float(described.high)
    if math.isnan(found.low) or math.isnan(found.high):
        raise ArgumentError(f"{name} holds nan")
    outside = [
        v for v in (found.low, found.high) if not floor <= v <= ceiling or (math.isinf(v) and not described.infinite)
    ]
    outside += [floor] * (found.low == floor and described.low_open)
    outside += [ceiling] * (found.high == ceiling and described.high_open)
    outside += [] if found.broken is None else [found.broken]
    if outside:
        raise ArgumentError(f"{name} holds {outside[0]:g}; it must be a {described.domain}")


def _converted(theorem: Theorem, given: dict[str, Any], needed: list[str]) -> tuple[dict[str, Any], set[str]]:
    """Turn alpha into lam (or back) and the sample size with it: n_total = n_real (1 + lam)."""
    values = dict(given)
    converted: set[str] = set()
    if "lam" in values and "alpha" in values:
        raise ArgumentError("give alpha or lam, not both: alpha = 1/(1 + lam)")
    ratio = "lam" if "lam" in needed else "alpha" if "alpha" in needed else None
    if ratio is None:
        return values, converted
    convention = "real" if ratio == "lam" else "total"
    other = "alpha" if ratio == "lam" else "lam"
    spelled = [name for name in ("n", *_SIZES) if name in values]
    if len(spelled) > 1:
        raise ArgumentError(f"give one sample size, not {' and '.join(spelled)}")
    if other in values:
        _check_value(other, values[other])
        found = _other_ratio(other, values.pop(other), theorem)
        values[ratio] = found.astype(float) if is_grid(found) else found
        converted.add(ratio)
        if "n" in values and "n" in needed:
            values["n_total" if other == "alpha" else "n_real"] = values.pop("n")
    for size, kind in _SIZES.items():
        if size in values and "n" in needed and ratio in values:
            _check_value("n", values[size])
            points = values.pop(size)
            if kind != convention:
                real_fraction = 1 / (1 + values["lam"]) if ratio == "lam" else values["alpha"]
                if not is_grid(real_fraction) and real_fraction == 0:
                    raise ArgumentError(f"{size} cannot be converted: there are no real points when alpha = 0")
                points = points * real_fraction if convention == "real" else points / real_fraction
                # A fraction times an array is an array of objects.
                points = points.astype(float) if is_grid(points) else points
                converted.add("n")
            values["n"] = points
    return values, converted


def _other_ratio(other: str, value: Any, theorem: Theorem) -> Any:
    if other == "lam":
        return 1 / (1 + value)
    if (value == 0).any() if is_grid(value) else value == 0:
        raise ArgumentError(f"alpha = 0 means lam = infinity, which {theorem.id} does not cover")
    return (1 - value) / value


def _check_value(name: str, value: Any) -> None:
    if is_grid(value):
        check_extent(name, extent(value, whole=PARAMETERS[name].integer))
    else:
        _check_number(PARAMETERS[name], value)


def _check_number(described: Parameter, value: Any, whole: bool = True) -> None:
    low, high = (_end(end) for end in (described.low, described.high))
    inside = low <= value <= high and not (value == low and described.low_open)
    inside = inside and not (value == high and described.high_open)
    if isinstance(value, float):
        inside = inside and described.infinite
    elif described.integer and whole:
        inside = inside and value.denominator == 1
    if not inside:
        raise ArgumentError(f"{described.name} = {show_number(value)}; it must be a {described.domain}")


@lru_cache(maxsize=256)
def _end(value: Any) -> Fraction | float:
    return Fraction(int(value.p), int(value.q)) if value.is_Rational else float(value)


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


def _unknown(theorem: Theorem, name: str, needed: list[str], given: Mapping[str, Any]) -> str:
    described = PARAMETERS.get(name)
    near = difflib.get_close_matches(name, [p for p in PARAMETERS if p not in given], n=1)
    hint = f"; did you mean {near[0]}?" if described is None and near else ""
    regime = " (" + ", ".join(f"{k}={v}" for k, v in theorem.choices) + ")" if theorem.choices else ""
    return f"{theorem.id}{regime} has no symbol '{name}'{hint}; it takes {', '.join(needed)}"

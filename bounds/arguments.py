"""Read what a user passes to a theorem: spellings, conversions, domains."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from bounds.errors import ArgumentError
from bounds.numerals import read_number, show_number
from bounds.symbols import PARAMETERS, Parameter

if TYPE_CHECKING:
    from bounds.theorem import Theorem

# Sizes are converted along with the ratio, so their spellings carry the convention.
_SIZES = {"n_real": "real", "n_total": "total"}


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
    chosen, left = narrowed(theorem, arguments)
    given = _spelled(left)
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


def narrowed(theorem: Theorem, arguments: Mapping[str, Any]) -> tuple[Theorem, dict[str, Any]]:
    """Narrow a theorem to the regime that its arguments mean, a law or a schedule put in first.

    Parameters
    ----------
    theorem : Theorem
    arguments : mapping of spelling to value

    Returns
    -------
    Theorem
        Without regimes.
    dict
        The arguments that are left.

    Raises
    ------
    ArgumentError
        If the arguments mean no regime, or more than one.

    Examples
    --------
    >>> import bounds
    >>> one, left = narrowed(bounds.get("fu2024.recursion"), {"schedule": "balanced", "e": "1/10", "t": 3})
    >>> one.choices, left
    ((('schedule', 'balanced'),), {'e': '1/10', 't': 3})
    >>> narrowed(bounds.get("fu2024.recursion"), {"weights": [[1], ["1/2", "1/2"]], "e": "1/10"})[0].expression
    3*e/2
    """
    left = dict(arguments)
    for argument in theorem.structured:
        if argument.name in left:
            theorem, left = argument.narrow(theorem, left)
    names = {choice for regime in theorem.regimes for choice, _ in regime.choices}
    chosen = theorem.at(**{name: left.pop(name) for name in list(left) if name in names})
    return chosen, left


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


def _unknown(theorem: Theorem, name: str, needed: list[str], given: Mapping[str, Any]) -> str:
    described = PARAMETERS.get(name)
    near = difflib.get_close_matches(name, [p for p in PARAMETERS if p not in given], n=1)
    hint = f"; did you mean {near[0]}?" if described is None and near else ""
    regime = " (" + ", ".join(f"{k}={v}" for k, v in theorem.choices) + ")" if theorem.choices else ""
    return f"{theorem.id}{regime} has no symbol '{name}'{hint}; it takes {', '.join(needed)}"

"""Put a theorem to numbers: check its hypotheses, then evaluate, enclose, assess."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from bounds.arguments import Inputs, check_extent, extent, is_grid, read_arguments
from bounds.errors import ArgumentError, EnclosureError
from bounds.hypotheses import Checked, check, holds, sign
from bounds.numerals import read_number, show_number
from bounds.quantities import Direction
from bounds.tape import Tape, compile_expression
from bounds.theorem import Theorem, refuse_where_false

_FLOAT_WIDTH = Fraction(1, 2**60)
_INTEGRAL_WIDTH = Fraction(1, 2**58)


def evaluate(theorem: Theorem, arguments: Mapping[str, object], digits: int | None = None) -> Any:
    """Evaluate a theorem; see `bounds.Theorem.evaluate`.

    Examples
    --------
    >>> import bounds
    >>> evaluate(bounds.get("ferbach2024.uncurated_mixture"), {"lam": 1, "t": 2, "tv0": 1})
    0.25
    """
    inputs = read_arguments(theorem, arguments)
    if inputs.grid:
        if digits is not None:
            raise ArgumentError("digits goes with single numbers, not with arrays")
        return _evaluate_grid(inputs)
    refuse_where_false(inputs.theorem, inputs.values)
    tape = compile_expression(inputs.theorem.expression)
    if digits is not None:
        from bounds.evaluate import evaluate_digits

        return evaluate_digits(tape, inputs.values, _digits(digits))
    return _middle(tape, inputs.values)


def _middle(tape: Tape, values: Mapping[str, Any]) -> float:
    from bounds.enclose import enclose_tape, ends

    if tape.integrates:
        from bounds.evaluate import evaluate_grid

        try:
            doubles = {name: float(value) for name, value in values.items()}
            return float(evaluate_grid(tape, doubles, exact=values))
        except (EnclosureError, OverflowError):
            # Doubles do not settle, as where an integrand cancels or a number is beyond them: balls do, more slowly.
            pass
    return _half_way(*ends(enclose_tape(tape, values, _FLOAT_WIDTH)))


def _double(name: str, value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        raise ArgumentError(
            f"{name} = {show_number(value)}; beside arrays numbers go up to {sys.float_info.max:.2g}"
        ) from None


def _half_way(low: Any, high: Any) -> float:
    try:
        return float((low + high) / 2)
    except OverflowError:
        return float("inf") if low > 0 else float("-inf")


def enclose(
    theorem: Theorem,
    arguments: Mapping[str, object],
    digits: int | None = None,
    relative_width: Fraction | float | str = _INTEGRAL_WIDTH,
) -> tuple[Any, Any]:
    """Enclose a theorem's value; see `bounds.Theorem.enclose`.

    Examples
    --------
    >>> import bounds
    >>> enclose(bounds.get("ferbach2024.uncurated_mixture"), {"lam": 1, "t": 2, "tv0": 1})
    (0.25, 0.25)
    """
    inputs = read_arguments(theorem, arguments)
    if inputs.grid:
        raise ArgumentError("enclose takes single numbers, not arrays")
    width = read_number(relative_width, "relative_width")
    if not isinstance(width, Fraction) or not 0 < width < 1:
        raise ArgumentError(f"relative_width = {relative_width}; it must lie between 0 and 1")
    if digits is not None:
        _digits(digits)
    refuse_where_false(inputs.theorem, inputs.values)
    return _enclosed(compile_expression(inputs.theorem.expression), inputs.values, digits, width)


def _enclosed(tape: Tape, values: Mapping[str, Any], digits: int | None, width: Fraction) -> tuple[Any, Any]:
    from bounds.enclose import enclose_tape, ends, float_ends, mpf_above, mpf_below

    if digits is None:
        return float_ends(enclose_tape(tape, values, width))
    low, high = ends(enclose_tape(tape, values, min(width, Fraction(1, 10 ** (digits + 1)))))
    return mpf_below(low, digits), mpf_above(high, digits)


def _digits(digits: int) -> int:
    if not isinstance(digits, int) or not 1 <= digits <= 1000:
        raise ArgumentError(f"digits = {digits}; it must be a whole number from 1 to 1000")
    return digits


def informative(theorem: Theorem, arguments: Mapping[str, object]) -> bool:
    """Tell whether a theorem beats the trivial bound; see `bounds.Theorem.informative`.

    Examples
    --------
    >>> import bounds
    >>> informative(bounds.get("bertrand2024.spectral_radius"), {"lam": 9, "L": 1, "epsilon": 1, "curvature": 1})
    True
    """
    inputs = read_arguments(theorem, arguments)
    if inputs.grid:
        raise ArgumentError("informative takes single numbers, not arrays")
    refuse_where_false(inputs.theorem, inputs.values)
    return _beats_trivial(inputs.theorem, inputs.values)


def _beats_trivial(theorem: Theorem, values: Mapping[str, Any]) -> bool:
    trivial = theorem.quantity.trivial
    if trivial is None or theorem.direction is Direction.EXACT:
        return True
    if not {symbol.name for symbol in trivial.free_symbols} <= set(values):
        return True
    below = theorem.direction is Direction.UPPER
    try:
        # Not as a relation: sympy takes some roots of recursions for complex, and refuses to compare them.
        return sign(theorem.expression - trivial, values) == (-1 if below else 1)
    except EnclosureError:
        # Too close to the trivial value to tell apart: it says nothing worth using.
        return False


@dataclass(frozen=True)
class Assessment:
    """A theorem at given numbers.

    Parameters
    ----------
    id : str
    value : float, mpmath.mpf or None
        None where a hypothesis fails.
    lower, upper : float, mpmath.mpf or None
        A rigorous enclosure of the value.
    hypotheses : tuple of Checked
    informative : bool or None
        None where a hypothesis fails.
    inputs : dict
        What the theorem was evaluated at, after conversions.
    """

    id: str
    value: Any
    lower: Any
    upper: Any
    hypotheses: tuple[Checked, ...]
    informative: bool | None
    inputs: dict[str, Any]

    @property
    def holds(self) -> bool:
        """Whether every hypothesis holds."""
        return all(h.holds for h in self.hypotheses)


def assess(theorem: Theorem, arguments: Mapping[str, object], digits: int | None = None) -> Assessment:
    """Check the hypotheses of a theorem and, where they hold, evaluate and enclose it.

    Parameters
    ----------
    theorem : Theorem
    arguments : mapping
        As for `bounds.Theorem.evaluate`; no arrays.
    digits : int, optional
        Give mpmath numbers of this many digits instead of floats.

    Returns
    -------
    Assessment

    Raises
    ------
    ArgumentError
        If an argument is missing, unknown, an array, or outside its domain.

    Examples
    --------
    >>> import bounds
    >>> found = assess(bounds.get("ferbach2024.kl_ball"), {"lam": "1/2", "K": 2})
    >>> found.holds, found.informative, round(found.value, 6)
    (True, True, 0.693147)
    """
    from bounds.enclose import enclose_tape, ends, float_ends
    from bounds.evaluate import evaluate_digits

    inputs = read_arguments(theorem, arguments)
    if inputs.grid:
        raise ArgumentError("assess takes single numbers, not arrays")
    one, values = inputs.theorem, inputs.values
    checked = tuple(check(relation, values) for relation in one.hypotheses)
    if not all(h.holds for h in checked):
        return Assessment(one.id, None, None, None, checked, None, inputs.echo)
    tape = compile_expression(one.expression)
    if digits is None:
        found = enclose_tape(tape, values, _INTEGRAL_WIDTH if tape.integrates else _FLOAT_WIDTH)
        low, high = float_ends(found)
        value: Any = min(max(_half_way(*ends(found)), low), high)
    else:
        low, high = _enclosed(tape, values, _digits(digits), _INTEGRAL_WIDTH)
        # Rounded to as many digits the middle may leave an enclosure that is a single number.
        value = min(max(evaluate_digits(tape, values, digits), low), high)
    return Assessment(one.id, value, low, high, checked, _beats_trivial(one, values), inputs.echo)


def _evaluate_grid(inputs: Inputs) -> Any:
    from bounds.grids import on_grid

    values = {name: value if is_grid(value) else _double(name, value) for name, value in inputs.values.items()}
    tape = compile_expression(inputs.theorem.expression)
    if any(instruction.operation == "lambertw" for instruction in tape.instructions):
        # Near its branch point the argument of the Lambert function, rounded to a double, has lost the value's digits.
        return _point_by_point(inputs, values)
    return on_grid(inputs.theorem, values, inputs.whole)


def _point_by_point(inputs: Inputs, values: Mapping[str, Any]) -> Any:
    import numpy as np

    theorem = inputs.theorem
    for name, value in values.items():
        if is_grid(value):
            check_extent(name, extent(value, name in inputs.whole))
    tape = compile_expression(theorem.expression)
    grids = np.broadcast_arrays(*values.values())
    found = np.full(grids[0].shape, np.nan)
    for position in range(found.size):
        point = {name: read_number(grid.flat[position], name) for name, grid in zip(values, grids, strict=True)}
        if all(holds(relation, point) for relation in theorem.hypotheses):
            found.flat[position] = _middle(tape, point)
    return found

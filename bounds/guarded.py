"""Doubles that carry a bound on their own rounding error, so that a grid of relations is decided soundly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bounds.evaluate import Arrays
from bounds.tape import Area

# Twice the unit roundoff, with room for the second-order terms that the rules below leave out.
_UNIT = 4e-16
_ARRAYS = Arrays()


@dataclass(frozen=True)
class Guarded:
    """Values and a bound on the absolute error of each."""

    value: Any
    error: Any


@dataclass(frozen=True)
class GuardedArrays:
    """Arrays with error bounds, as an arithmetic for tapes.

    Operations without a rule get an infinite error: the caller then decides exactly.

    Examples
    --------
    >>> third = GuardedArrays().rational(1, 3)
    >>> difference = GuardedArrays().apply("add", [third, GuardedArrays().apply("mul", [third, exactly(-1.0)])])
    >>> bool(abs(difference.value) <= difference.error)
    True
    """

    def rational(self, numerator: int, denominator: int) -> Guarded:
        """Return the nearest double."""
        value = numerator / denominator
        return Guarded(value, 0.0 if denominator == 1 and abs(numerator) < 2**53 else _UNIT * abs(value))

    def power(self, base: Guarded, exponent: int) -> Guarded:
        """Raise to a whole power."""
        value = _ARRAYS.power(base.value, exponent)
        near = np.abs(base.value) - base.error
        far = np.abs(base.value) + base.error
        end = far if exponent > 0 else np.where(near > 0, near, np.nan)
        slope = np.abs(exponent) * np.abs(_ARRAYS.power(end, exponent - 1))
        return _settled(
            value, np.where(base.error == 0, 0.0, slope * base.error) + (2 + abs(exponent)) * _UNIT * np.abs(value)
        )

    def count(self, value: Guarded) -> int:
        """Refuse loops: they are decided exactly."""
        raise TypeError("loops have no rule for rounding errors")

    def integrate(self, area: Area, values: Mapping[str, Guarded]) -> Guarded:
        """Refuse integrals: they are decided by balls."""
        raise TypeError("integrals have no rule for rounding errors")

    def apply(self, operation: str, operands: Sequence[Guarded]) -> Guarded:
        """Apply a named operation and carry the error along."""
        values, errors = [o.value for o in operands], [o.error for o in operands]
        value = _ARRAYS.apply(operation, values)
        match operation:
            case "add":
                sizes = sum(np.abs(v) + e for v, e in zip(values, errors, strict=True))
                return _settled(value, sum(errors) + len(values) * _UNIT * sizes)
            case "mul":
                return _product(operands)
            case "max" | "min":
                return _settled(value, np.max(np.broadcast_arrays(*errors), axis=0))
            case "abs":
                return _settled(value, errors[0])
            case "sqrt":
                near = values[0] - errors[0]
                slope = np.where(near > 0, 0.5 / np.sqrt(np.where(near > 0, near, 1.0)), np.inf)
                return _settled(value, np.where(errors[0] == 0, 0.0, slope * errors[0]) + _UNIT * np.abs(value))
            case "rsqrt":
                near = values[0] - errors[0]
                slope = np.where(near > 0, 0.5 / np.where(near > 0, near, 1.0) ** 1.5, np.inf)
                return _settled(value, np.where(errors[0] == 0, 0.0, slope * errors[0]) + 2 * _UNIT * np.abs(value))
            case "log":
                near = values[0] - errors[0]
                slope = np.where(near > 0, 1 / np.where(near > 0, near, 1.0), np.inf)
                return _settled(value, np.where(errors[0] == 0, 0.0, slope * errors[0]) + 4 * _UNIT * np.abs(value))
            case "exp":
                return _settled(value, np.exp(values[0] + errors[0]) * errors[0] + 4 * _UNIT * np.abs(value))
            case _:
                return Guarded(value, np.full(np.shape(value), np.inf))


def exactly(value: Any) -> Guarded:
    """Return values that carry no error.

    Examples
    --------
    >>> exactly(0.5).error
    0.0
    """
    return Guarded(value, np.zeros(np.shape(value)) if np.ndim(value) else 0.0)


def _product(operands: Sequence[Guarded]) -> Guarded:
    result = operands[0]
    for other in operands[1:]:
        value = result.value * other.value
        far = np.abs(other.value) + other.error
        result = Guarded(
            value, result.error * far + np.abs(result.value) * other.error + _UNIT * np.abs(value) + 1e-320
        )
    return _settled(result.value, result.error)


def _settled(value: Any, error: Any) -> Guarded:
    """Let an undefined error be infinite."""
    return Guarded(value, np.where(np.isnan(error) | np.isnan(value), np.inf, error))

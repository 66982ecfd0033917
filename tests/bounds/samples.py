"""Random points inside the hypotheses of a theorem, drawn from its own symbols' domains."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import count
from typing import Any

import numpy as np

import bounds
from bounds.hypotheses import holds
from bounds.symbols import PARAMETERS

# Whole numbers that set the length of a loop stay small, so that 100 digits of each point cost milliseconds.
LARGEST = {"t": 60, "d": 8, "n": 100_000, "K": 50}


def regimes_of(theorem: bounds.Theorem) -> list[bounds.Theorem]:
    """Return a theorem narrowed to each of its regimes."""
    return [theorem.at(**dict(r.choices)) for r in theorem.regimes] or [theorem]


def one_value(name: str, rng: np.random.Generator) -> Fraction | float:
    """Draw a value of a symbol: often an edge or a tiny or large number, else spread over its domain."""
    described = PARAMETERS[name]
    low, high = float(described.low), float(described.high)
    if described.integer:
        top = LARGEST.get(name, 1000)
        if described.infinite and rng.random() < 0.1:
            return float("inf")
        return Fraction(int(low + np.floor(np.exp(rng.uniform(0, np.log(top - low + 2))) - 1)))
    if described.infinite and rng.random() < 0.1:
        return float("inf")
    if rng.random() < 0.1 and not described.low_open and np.isfinite(low):
        return Fraction(described.low.p, described.low.q)
    if rng.random() < 0.1 and not described.high_open and np.isfinite(high):
        return Fraction(described.high.p, described.high.q)
    if np.isfinite(high):
        value = rng.uniform(low, high) if rng.random() < 0.7 else low + (high - low) * 10 ** rng.uniform(-9, 0)
    else:
        value = max(low, 0.0) + 10 ** rng.uniform(-6, 3)
    # Half are decimals such as a user types, half the floats a program passes.
    return Fraction(f"{value:.6g}") if rng.random() < 0.5 else Fraction(float(value))


def shaped(name: str, values: dict[str, Any], rng: np.random.Generator) -> Fraction | float:
    """Draw a value that makes the hypotheses of the catalogue likely where independent draws rarely meet them."""
    if name == "variance" and {"mean", "y_max"} <= set(values):
        room = values["mean"] * (values["y_max"] - values["mean"])
        return max(room, Fraction(0)) * Fraction(int(rng.integers(0, 1001)), 1000)
    if name == "mean" and "y_max" in values:
        return values["y_max"] * Fraction(int(rng.integers(1, 1001)), 1000)
    if name == "rho":
        return Fraction(int(rng.integers(0, 1000)), 1000)
    return one_value(name, rng)


def points(theorem: bounds.Theorem, rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    """Yield points inside the hypotheses of a theorem of one regime, for ever."""
    names = [s.name for s in theorem.symbols]
    order = sorted(
        names,
        key=lambda name: ("y_max", "mean", "variance").index(name) if name in ("y_max", "mean", "variance") else -1,
    )
    failures = 0
    for _ in count():
        values: dict[str, Any] = {}
        for name in order:
            values[name] = shaped(name, values, rng)
        if all(holds(relation, values) for relation in theorem.hypotheses):
            failures = 0
            yield values
        else:
            failures += 1
            assert failures < 5000, f"the hypotheses of {theorem.id} were never met"

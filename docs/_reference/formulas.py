"""The formulas of the pages as LaTeX: closed forms, recursions, and long ones with abbreviations."""

from __future__ import annotations

import re
from typing import Any

import sympy

from bounds import Direction, Theorem
from bounds.functions import Recurrence
from bounds.typeset import to_latex

LONG_FORMULA = 600
"""Formulas with more LaTeX than this are written with abbreviations."""

RELATIONS = {Direction.UPPER: r"\le", Direction.LOWER: r"\ge", Direction.EXACT: "="}


def narrowed(theorem: Theorem) -> list[Theorem]:
    """Return the theorem in each of its regimes, the default one first."""
    if not theorem.regimes:
        return [theorem]
    default = dict(theorem.default)
    first = sorted(theorem.regimes, key=lambda r: bool(default) and dict(r.choices) != default)
    return [theorem.at(**dict(regime.choices)) for regime in first]


def formula(theorem: Theorem) -> str:
    """Typeset a theorem of one regime as a display."""
    left = f"{theorem.quantity.latex} {RELATIONS[theorem.direction]}"
    right = to_latex(theorem.expression)
    if theorem.expression.has(Recurrence):
        lines = _recursion(left, theorem.expression)
    elif len(right) > LONG_FORMULA:
        lines = _abbreviated(left, theorem.expression)
    else:
        return f"$$\n{left} {right}\n$$"
    return "$$\n\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}\n$$"


def _recursion(left: str, expression: Any) -> list[str]:
    (node,) = expression.atoms(Recurrence)
    output, states, initial, step, count = node.args
    lines = [
        rf"& {left} {_latex(expression.xreplace({node: output}))} \quad\text{{after }} {_latex(count)} \text{{ steps of}}"
    ]
    lines += [rf"& {_latex(s)} \leftarrow {_latex(e)}" for s, e in zip(states, step, strict=True)]
    start = r",\ ".join(f"{_latex(s)} = {_latex(e)}" for s, e in zip(states, initial, strict=True))
    return [*lines, rf"& \text{{all at once, from }} {start}"]


def _abbreviated(left: str, expression: Any) -> list[str]:
    shared, (short,) = sympy.cse(expression, symbols=sympy.numbered_symbols("z_", start=1, real=True))
    trivial: dict[Any, Any] = {}
    kept: dict[Any, Any] = {}
    for name, part in shared:
        inlined = part.xreplace(trivial)
        (trivial if inlined.count_ops() <= 1 else kept)[name] = inlined
    numbered = {name: sympy.Symbol(f"z_{i}", real=True) for i, name in enumerate(kept, start=1)}
    lines = [rf"& {left} {_latex(short.xreplace(trivial).xreplace(numbered))} \quad\text{{with}}"]
    return lines + [rf"& {_latex(numbered[name])} = {_latex(part.xreplace(numbered))}" for name, part in kept.items()]


def _latex(expression: Any) -> str:
    """Typeset with state symbols and abbreviations in italics, where `to_latex` makes words of them."""
    return re.sub(
        r"\\text\{([a-z])(?: (\d+))?\}", lambda m: m[1] + (f"_{{{m[2]}}}" if m[2] else ""), to_latex(expression)
    )


def in_table(text: str) -> str:
    """Write text or mathematics for a table cell, where a bar would end the cell."""
    return text.replace(r"\|", r"\Vert ").replace("|", r"\vert ")


def choices(theorem: Theorem) -> str:
    """Name a regime by its choices."""
    return ", ".join(f"`{name}={value}`" for name, value in theorem.choices)

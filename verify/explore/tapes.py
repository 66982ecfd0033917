"""Compiled expressions as JSON, for the page to run."""

from __future__ import annotations

from typing import Any

from bounds.tape import Area, Loop, Tape, compile_expression

# Operations that the page has a rule for, besides those that runTape treats itself.
OPERATIONS = frozenset({
    "add", "mul", "power", "rational", "symbol", "loop", "integral", "pow", "exp", "log", "sqrt", "rsqrt", "abs",
    "max", "min", "floor", "pi", "e", "atan", "asin", "sinh", "cosh", "tanh", "erf", "erfc", "gamma", "loggamma",
    "polygamma", "zeta", "harmonic", "lambertw", "c4", "geometric_sum",
})  # fmt: skip


def tape_json(expression: Any) -> list[Any]:
    """Compile a sympy expression for the page.

    Parameters
    ----------
    expression : sympy expression

    Returns
    -------
    list
        One ``[operation, operands]`` or ``[operation, operands, constant]`` per step; rationals are text.

    Raises
    ------
    TypeError
        If the expression holds an operation that the page has no rule for.

    Examples
    --------
    >>> from bounds.symbols import lam
    >>> tape_json(lam / 2)
    [['rational', [], '1/2'], ['symbol', [], 'lam'], ['mul', [0, 1]]]
    """
    return _steps(compile_expression(expression))


def _steps(tape: Tape) -> list[Any]:
    steps: list[Any] = []
    for instruction in tape.instructions:
        if instruction.operation not in OPERATIONS:
            raise TypeError(f"the page has no rule for {instruction.operation}")
        step = [instruction.operation, list(instruction.operands)]
        constant = _constant(instruction.operation, instruction.constant)
        steps.append(step if constant is None else [*step, constant])
    return steps


def _constant(operation: str, constant: Any) -> Any:
    match operation:
        case "rational":
            numerator, denominator = constant
            return str(numerator) if denominator == 1 else f"{numerator}/{denominator}"
        case "loop":
            return _loop(constant)
        case "integral":
            return _area(constant)
        case _:
            return constant


def _loop(loop: Loop) -> dict[str, Any]:
    return {"states": list(loop.states), "step": [_steps(tape) for tape in loop.step], "output": _steps(loop.output)}


def _area(area: Area) -> dict[str, Any]:
    return {
        "variable": area.variable,
        "radius": area.radius,
        "integrand": _steps(area.integrand),
        "left": _steps(area.left),
        "right": _steps(area.right),
        "tail": None if area.tail is None else _steps(area.tail),
        "start": _steps(area.start),
        "scales": [[_steps(centre), _steps(scale)] for centre, scale in area.scales],
    }

"""Integrals in theorems: over a line or half line, with a proved bound for what lies beyond any finite range."""

from __future__ import annotations

from typing import Any

import sympy
from sympy import Expr, Integer, S, Tuple, sympify


class TailedIntegral(Expr):  # type: ignore[misc]
    """Integral of a non-negative function over an unbounded range.

    A number can be put on it soundly because the range is ``left`` to ``right`` up to at most ``tail``, for every radius from
    ``start`` on: all three are expressions in the symbol `radius`.

    Parameters
    ----------
    integrand : sympy expression
        Non-negative on the real line, in terms of `variable`.
    variable : sympy.Symbol
        The variable of integration; it is bound, not free.
    left, right : sympy expression
        Ends of the finite range at a radius.
    radius : sympy.Symbol
        Bound, not free.
    tail : sympy expression
        At least the integral outside the finite range, tending to 0 as the radius grows.
    start : sympy expression
        The least radius for which `tail` is valid.
    scales : sequence of (centre, scale)
        Where the integrand varies, and over which distance, all of them: floating-point quadrature refines there, and may
        miss what varies elsewhere. Enclosures do not rest on them.

    Examples
    --------
    >>> from sympy import Symbol, exp
    >>> u, X = Symbol("u", real=True), Symbol("X", positive=True)
    >>> TailedIntegral(exp(-u), u, 0, X, X, exp(-X), 1, [(0, 1)]).doit()
    1
    """

    def __new__(
        cls, integrand: Any, variable: Any, left: Any, right: Any, radius: Any, tail: Any, start: Any, scales: Any
    ) -> TailedIntegral:
        """Build the node."""
        parts = (integrand, variable, left, right, radius, tail, start)
        return Expr.__new__(cls, *map(sympify, parts), Tuple(*(Tuple(*pair) for pair in scales)))  # type: ignore[no-any-return]

    @property
    def free_symbols(self) -> set[Any]:
        """Symbols other than the variable of integration and the radius."""
        found: set[Any] = set().union(*(part.free_symbols for part in self.args))
        return found - set(self.bound_symbols)

    @property
    def bound_symbols(self) -> list[Any]:
        """The variable of integration and the radius."""
        return [self.args[1], self.args[4]]

    @property
    def limits(self) -> tuple[Any, Any]:
        """The ends of the unbounded range."""
        _, _, left, right, radius, *_ = self.args
        return (-S.Infinity if left.has(radius) else left, S.Infinity if right.has(radius) else right)

    def doit(self, **hints: Any) -> Any:
        """Return the integral as sympy finds it."""
        return sympy.Integral(self.args[0], (self.args[1], *self.limits)).doit(**hints)

    def _eval_subs(self, old: Any, new: Any) -> Any:
        return self if old in self.bound_symbols else None

    def _eval_derivative(self, symbol: Any) -> Any:
        # A derivative under the integral would need a tail bound of its own: left unevaluated.
        return None if symbol in self.free_symbols else Integer(0)

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        low, high = (printer._print(end) for end in self.limits)
        body = rf"\int_{{{low}}}^{{{high}}} {printer._print(self.args[0])}\,d{printer._print(self.args[1])}"
        return body if exp is None else rf"\left({body}\right)^{{{exp}}}"

    def _sympystr(self, printer: Any) -> str:
        low, high = (printer._print(end) for end in self.limits)
        return f"Integral({printer._print(self.args[0])}, ({printer._print(self.args[1])}, {low}, {high}))"

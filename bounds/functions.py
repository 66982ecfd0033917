"""Sympy functions that theorems need and sympy lacks: c4, geometric sums, recursions over generations."""

from __future__ import annotations

from typing import Any

import sympy
from sympy import Expr, Function, Integer, Tuple, sympify


class c4(Function):  # type: ignore[misc]  # noqa: N801  (the standard name in statistics)
    r"""Mean of the standard deviation of `n` standard normal points (unbiased variance).

    ``c4(n) = sqrt(2/(n-1)) Gamma(n/2) / Gamma((n-1)/2)``.

    Examples
    --------
    >>> c4(2).doit()
    sqrt(2)/sqrt(pi)
    """

    nargs = 1
    is_positive = True

    def doit(self, **hints: Any) -> Any:
        """Rewrite in Gamma functions."""
        n = self.args[0]
        return sympy.sqrt(2 / (n - 1)) * sympy.gamma(n / 2) / sympy.gamma((n - 1) / 2)

    def _eval_evalf(self, prec: int) -> Any:
        return self.doit()._eval_evalf(prec) if self.args[0].is_number else None

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        body = rf"c_4\left({printer._print(self.args[0])}\right)"
        return body if exp is None else rf"{body}^{{{exp}}}"


class geometric_sum(Function):  # type: ignore[misc]  # noqa: N801
    """Sum of the first `t` powers of `q`: ``1 + q + ... + q**(t-1)``, continuous at ``q = 1``.

    Examples
    --------
    >>> from sympy import Rational
    >>> geometric_sum(Rational(1, 2), 3).doit()
    7/4
    >>> geometric_sum(1, 5)
    5
    """

    nargs = 2

    @classmethod
    def eval(cls, q: Any, t: Any) -> Any:
        """Evaluate the cases that need no division."""
        if t == 0:
            return Integer(0)
        if q == 1:
            return t
        if q == 0 and t.is_positive:
            return Integer(1)
        return None

    def doit(self, **hints: Any) -> Any:
        """Return ``(1 - q**t)/(1 - q)``, valid for q other than 1."""
        q, t = self.args
        return (1 - q**t) / (1 - q)

    def _eval_evalf(self, prec: int) -> Any:
        return self.doit()._eval_evalf(prec) if all(a.is_number for a in self.args) else None

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        q, t = self.args
        base = printer.parenthesize(q, sympy.printing.precedence.PRECEDENCE["Pow"], strict=False)
        body = rf"\sum_{{j=0}}^{{{printer._print(t - 1)}}} {base}^{{j}}"
        return body if exp is None else rf"\left({body}\right)^{{{exp}}}"


def _row(printer: Any, entries: Any) -> str:
    printed = ",\\ ".join(printer._print(entry) for entry in entries)
    return printed if len(entries) == 1 else rf"\left({printed}\right)"


class Recurrence(Expr):  # type: ignore[misc]
    """Value of a recursion over generations: `output` after `count` steps from `initial`.

    Parameters
    ----------
    output : sympy expression
        What is returned, in terms of the state symbols.
    states : sequence of sympy symbols
        The state symbols; they are bound, not free.
    initial : sequence of sympy expressions
        The state before the first step.
    step : sequence of sympy expressions
        The next state in terms of the present one; all entries are replaced at once.
    count : sympy expression
        Number of steps, a non-negative integer.

    Examples
    --------
    >>> from sympy import Symbol
    >>> g = Symbol("g")
    >>> Recurrence(g, [g], [1], [2 * g], 5).doit()
    32
    """

    def __new__(cls, output: Any, states: Any, initial: Any, step: Any, count: Any) -> Recurrence:
        """Build the node; the three sequences must have one length."""
        parts = (Tuple(*states), Tuple(*initial), Tuple(*step))
        if len({len(part) for part in parts}) != 1:
            raise ValueError("states, initial and step must have the same length")
        return Expr.__new__(cls, sympify(output), *parts, sympify(count))  # type: ignore[no-any-return]

    @property
    def free_symbols(self) -> set[Any]:
        """Symbols that are not state symbols, and those of the initial state and the count."""
        output, states, initial, step, count = self.args
        inner: set[Any] = (output.free_symbols | step.free_symbols) - set(states)
        return set(inner | initial.free_symbols | count.free_symbols)

    @property
    def bound_symbols(self) -> list[Any]:
        """The state symbols."""
        return list(self.args[1])

    def doit(self, **hints: Any) -> Any:
        """Apply the step exactly; the count must be a number."""
        output, states, initial, step, count = self.args
        if not count.is_Integer:
            return self
        state = list(initial)
        for _ in range(int(count)):
            now = dict(zip(states, state, strict=True))
            state = [entry.xreplace(now) for entry in step]
        return output.xreplace(dict(zip(states, state, strict=True)))

    def _eval_subs(self, old: Any, new: Any) -> Any:
        return self if old in self.bound_symbols else None

    def _eval_evalf(self, prec: int) -> Any:
        return self.doit()._eval_evalf(prec) if self.args[4].is_Integer else None

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        output, count = printer._print(self.args[0]), printer._print(self.args[4])
        states, initial, step = (_row(printer, part) for part in self.args[1:4])
        body = (
            rf"\left.{output}\right|_{{{count}\text{{ steps of }} {states} \mapsto {step} \text{{ from }} {initial}}}"
        )
        return body if exp is None else rf"\left[{body}\right]^{{{exp}}}"

    def _sympystr(self, printer: Any) -> str:
        output, states, initial, step, count = (printer._print(a) for a in self.args)
        return f"[{output} after {count} steps of {states} -> {step} from {initial}]"

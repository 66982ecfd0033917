"""Classical inequalities of a function beside its argument, for proofs of sign that need more than the function's range."""

from __future__ import annotations

from typing import Any

import sympy


def is_known(node: Any) -> bool:
    """Tell whether there are inequalities for a function.

    Parameters
    ----------
    node : sympy expression

    Returns
    -------
    bool

    Examples
    --------
    >>> x = sympy.Symbol("x")
    >>> is_known(sympy.log(x)), is_known(sympy.exp(x))
    (True, False)
    """
    return isinstance(node, sympy.log) or (isinstance(node, sympy.polygamma) and node.args[0] in (0, 1))


def gaps(node: Any, positive: bool) -> tuple[Any, ...]:
    """Return expressions that are nonnegative wherever a function has a real value.

    Of a logarithm: ``k log(u) <= u**k - 1`` for k of 1, -1, 2 and -2. Of the digamma function ``psi`` at ``x > 0``: as
    ``psi(x) = log(x) - int_0^oo (1/(1 - exp(-u)) - 1/u) exp(-x u) du``, whose bracket lies between 0 and 1,
    ``log(x) - 1/x <= psi(x) <= log(x)``. Of its slope: as ``psi'(x) = int_0^oo u/(1 - exp(-u)) exp(-x u) du`` and
    ``1 <= u/(1 - exp(-u)) <= 1 + u``, ``1/x <= psi'(x) <= 1/x + 1/x**2``.

    Parameters
    ----------
    node : sympy expression
        For which `is_known` is true, of a real argument.
    positive : bool
        Whether the argument is nowhere negative; that of a logarithm cannot be.

    Returns
    -------
    tuple of sympy expressions

    Examples
    --------
    >>> x = sympy.Symbol("x")
    >>> gaps(sympy.log(x), positive=False)[:2]
    (x - log(x) - 1, log(x) - 1 + 1/x)
    >>> gaps(sympy.polygamma(1, x), positive=True)
    (polygamma(1, x) - 1/x, -polygamma(1, x) + 1/x + x**(-2))
    """
    x = node.args[-1]
    if isinstance(node, sympy.log):
        return tuple(x**k - 1 - k * node for k in (1, -1, 2, -2))
    if not positive:
        return ()
    if node.args[0] == 1:
        return node - 1 / x, 1 / x + 1 / x**2 - node
    # The logarithm may be written either way.
    logs = (sympy.log(x), -sympy.log(sympy.together(1 / x)))
    return tuple(gap for log in logs for gap in (log - node, node - log + 1 / x))

"""Property-based testing: hypothesis strategies built from a theorem.

`parameters` draws arguments inside a theorem's hypotheses, often on their edge; `breaking` draws arguments that break
exactly one hypothesis. Both work for every theorem, a user's own included, from its symbols and relations alone. The
package hypothesis is needed here and nowhere else: ``pip install hypothesis``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bounds.drawing.points import breakable, draw_point, one_broken, points, witness
from bounds.errors import ArgumentError, LoopboundsError
from bounds.hypotheses import relation_text
from bounds.theorem import Theorem

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

__all__ = ["breakable", "breaking", "parameters", "points", "regimes_of", "witness"]


def regimes_of(theorem: Theorem) -> list[Theorem]:
    """Return a theorem narrowed to each of its regimes.

    Parameters
    ----------
    theorem : Theorem

    Returns
    -------
    list of Theorem
        The theorem itself where it has one regime only.

    Examples
    --------
    >>> import bounds
    >>> [one.choices for one in regimes_of(bounds.get("bertrand2024.gaussian_collapse"))]
    [(('covariance', 'unbiased'),), (('covariance', 'mle'),)]
    """
    return [theorem.at(**dict(r.choices)) for r in theorem.regimes] or [theorem]


def parameters(theorem: Theorem) -> SearchStrategy[dict[str, Any]]:
    """Draw arguments that satisfy every hypothesis of a theorem.

    Ends of the domains, infinity where it is allowed, and equality in a hypothesis that allows it are drawn often.

    Parameters
    ----------
    theorem : Theorem
        Of one regime or several; of several, the choices are drawn too.

    Returns
    -------
    hypothesis strategy of dict
        Keyword arguments of `Theorem.evaluate`: exact fractions, infinity, and choices where they were drawn.

    Raises
    ------
    ArgumentError
        If no point inside the hypotheses was ever found.
    LoopboundsError
        If hypothesis is not installed.

    Examples
    --------
    >>> import bounds
    >>> from hypothesis import given
    >>> theorem = bounds.get("ferbach2024.kl_ball")
    >>> @given(parameters(theorem))
    ... def is_not_negative(arguments):
    ...     assert theorem.evaluate(**arguments) >= 0
    >>> is_not_negative()
    """
    strategies = _strategies()
    cases = regimes_of(theorem)
    for one in cases:
        _require(one, one.hypotheses)
    drawn_with_choices = bool(theorem.regimes)

    @strategies.composite  # type: ignore[untyped-decorator, unused-ignore]
    def inside(draw: Any) -> dict[str, Any]:
        one = cases[draw(strategies.integers(0, len(cases) - 1))] if drawn_with_choices else theorem
        point = draw_point(one, lambda low, high: draw(strategies.integers(low, high)))
        return {**(dict(one.choices) if drawn_with_choices else {}), **point}

    found: SearchStrategy[dict[str, Any]] = inside()
    return found


def breaking(theorem: Theorem) -> SearchStrategy[tuple[dict[str, Any], Any]]:
    """Draw arguments that break exactly one hypothesis of a theorem, with that relation.

    Every value lies in its domain, and every other hypothesis holds. A hypothesis that follows from the others cannot be
    broken alone and is left out; `bounds.testing.breakable` tells which can.

    Parameters
    ----------
    theorem : Theorem
        Of one regime or several; of several, the choices are drawn too.

    Returns
    -------
    hypothesis strategy of (dict, sympy relational)

    Raises
    ------
    ArgumentError
        If no hypothesis can be broken alone, or there is none.
    LoopboundsError
        If hypothesis is not installed.

    Examples
    --------
    >>> import bounds
    >>> from hypothesis import given
    >>> theorem = bounds.get("ferbach2024.kl_ball")
    >>> @given(breaking(theorem))
    ... def is_refused(broken):
    ...     arguments, relation = broken
    ...     try:
    ...         theorem.evaluate(**arguments)
    ...     except bounds.HypothesisError as error:
    ...         assert str(relation.lhs) in str(error)
    ...     else:
    ...         raise AssertionError("a value outside the hypotheses")
    >>> is_refused()
    """
    strategies = _strategies()
    cases = [(one, relation) for one in regimes_of(theorem) for relation in breakable(one)]
    if not cases:
        raise ArgumentError(f"{theorem.id} has no hypothesis that can be broken alone")
    drawn_with_choices = bool(theorem.regimes)

    @strategies.composite  # type: ignore[untyped-decorator, unused-ignore]
    def outside(draw: Any) -> tuple[dict[str, Any], Any]:
        one, relation = cases[draw(strategies.integers(0, len(cases) - 1))]
        relations = one_broken(one, relation)
        point = draw_point(one, lambda low, high: draw(strategies.integers(low, high)), relations)
        return {**(dict(one.choices) if drawn_with_choices else {}), **point}, relation

    found: SearchStrategy[tuple[dict[str, Any], Any]] = outside()
    return found


def _require(theorem: Theorem, relations: tuple[Any, ...]) -> None:
    if witness(theorem, relations) is None:
        listed = "; ".join(relation_text(relation) for relation in relations)
        raise ArgumentError(
            f"{theorem.id}: no search met {listed}; the hypotheses may contradict each other or the domains of the symbols"
        )


def _strategies() -> Any:
    try:
        import hypothesis.strategies
    except ImportError:
        raise LoopboundsError(
            "bounds.testing needs the package hypothesis for its strategies; install it with: pip install hypothesis"
        ) from None
    return hypothesis.strategies

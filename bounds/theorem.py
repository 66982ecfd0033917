"""A theorem as frozen data: statement, hypotheses, expression, source."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import sympy

from bounds.errors import ArgumentError, HypothesisError
from bounds.quantities import Direction, Mode, Quantity, Standing
from bounds.sources import Source
from bounds.symbols import PARAMETERS, Parameter

if TYPE_CHECKING:
    from bounds.solve import Solution

Choices = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Regime:
    """One of several statements that share an id, named by its choices.

    Parameters
    ----------
    choices : tuple of (str, str)
        For instance ``(("covariance", "mle"),)``.
    expression : sympy expression
    hypotheses : tuple of sympy relationals
        Those of this regime, besides the theorem's common ones.
    quantity : Quantity or None
        What is bounded, where it differs from the theorem's.
    standing : Standing or None
        Where the statement comes from, where it differs from the theorem's.
    """

    choices: Choices
    expression: Any
    hypotheses: tuple[Any, ...] = ()
    quantity: Quantity | None = None
    standing: Standing | None = None


def regime(
    expression: Any,
    *hypotheses: Any,
    quantity: Quantity | None = None,
    standing: Standing | None = None,
    **choices: str,
) -> Regime:
    """Write a regime: its expression, its own hypotheses, and the choices that name it.

    Parameters
    ----------
    expression : sympy expression
    *hypotheses : sympy relationals
    quantity : Quantity, optional
    standing : Standing, optional
    **choices : str

    Returns
    -------
    Regime

    Examples
    --------
    >>> from bounds.symbols import t
    >>> regime(t, t >= 1, data="fresh").choices
    (('data', 'fresh'),)
    """
    return Regime(tuple(choices.items()), expression, hypotheses, quantity, standing)


@dataclass(frozen=True)
class Structured:
    """An argument that is no number, such as a law of the real data or the weights of a schedule.

    Parameters
    ----------
    name : str
        How it is spelled.
    meaning : str
        One line of prose.
    narrow : callable
        Takes the theorem and all arguments; returns the theorem with this argument put in, and the arguments left.

    Examples
    --------
    >>> import bounds
    >>> [argument.name for argument in bounds.get("fu2024.kde_loop").structured]
    ['law']
    """

    name: str
    meaning: str
    narrow: Callable[[Theorem, Mapping[str, object]], tuple[Theorem, dict[str, object]]]


@dataclass(frozen=True)
class Theorem:
    """A bound or identity with checked hypotheses.

    Parameters
    ----------
    id : str
        ``key.result``, never reused for another statement.
    statement : str
        One or two sentences: what holds, for which loop.
    quantity : Quantity
        What is bounded.
    direction : Direction
        Upper bound, lower bound or identity.
    mode : Mode
        Surely, in the mean, or with probability 1 - delta.
    hypotheses : tuple of sympy relationals
        Checked exactly before any value is returned.
    expression : sympy expression
        Exact: no floating-point constant. For a theorem of several regimes it is built from them, for display.
    source : Source
        Paper and label there.
    standing : Standing
        Whose constants these are.
    assumptions : tuple of str
        What the numbers cannot show and the user must know to be true of the loop.
    regimes : tuple of Regime
        The statements that share this id, empty if there is one only.
    default : tuple of (str, str)
        The choices meant when none is named: the paper's own statement, where there is one.
    choices : tuple of (str, str)
        The regime this theorem has been narrowed to.
    structured : tuple of Structured
        Arguments it takes that are no numbers, such as a law of the real data.

    Examples
    --------
    >>> import bounds
    >>> theorem = bounds.get("bertrand2024.jacobian")
    >>> theorem.evaluate(lam="0.3", L="0.2", epsilon="0.1", curvature="0.3")
    0.47058823529411764
    >>> theorem.evaluate(lam=1, L=1, epsilon=1, curvature=1)
    Traceback (most recent call last):
    bounds.errors.HypothesisError: bertrand2024.jacobian says nothing here: hypothesis lam*(L*epsilon/curvature + 1) < 1/2
    fails: left side 2, right side 0.5 (at L = 1, curvature = 1, epsilon = 1, lam = 1)
    """

    id: str
    statement: str
    quantity: Quantity
    direction: Direction
    mode: Mode
    source: Source
    standing: Standing
    hypotheses: tuple[Any, ...] = ()
    expression: Any = None
    assumptions: tuple[str, ...] = ()
    regimes: tuple[Regime, ...] = ()
    default: Choices = ()
    choices: Choices = ()
    structured: tuple[Structured, ...] = ()

    def __post_init__(self) -> None:
        """Build the expression of several regimes, and refuse data that is not exact."""
        if self.regimes:
            object.__setattr__(self, "expression", _by_cases(self.regimes))
        if self.expression is None:
            raise ValueError(f"{self.id} has no expression")
        if any(h in (sympy.true, sympy.false) for h in self.hypotheses):
            raise ValueError(f"{self.id} has a hypothesis that is always true or always false; write it unevaluated")
        if self.expression.has(sympy.Float) or any(sympy.sympify(h).has(sympy.Float) for h in self.hypotheses):
            raise ValueError(f"{self.id} holds a floating-point number; write Rational(1, 10), not 0.1")

    @property
    def symbols(self) -> tuple[Any, ...]:
        """The sympy symbols a value must be given for, by name."""
        expressions = [r.expression for r in self.regimes] or [self.expression]
        return _symbols_of((*expressions, *self.all_hypotheses))

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """What each symbol stands for in this theorem, the sample size with its convention."""
        described = {symbol.name: PARAMETERS[symbol.name] for symbol in self.symbols}
        if "n" in described:
            described["n"] = replace(described["n"], meaning=f"training-set size: {_counted_points(described)}")
        return tuple(described.values())

    @property
    def all_hypotheses(self) -> tuple[Any, ...]:
        """The common hypotheses and those of every regime."""
        own = tuple(h for r in self.regimes for h in r.hypotheses)
        return tuple(dict.fromkeys(self.hypotheses + own))

    def at(self, **choices: object) -> Theorem:
        """Narrow a theorem of several regimes to one.

        Parameters
        ----------
        **choices : str
            The choices that name the regime.

        Returns
        -------
        Theorem
            Without regimes.

        Raises
        ------
        ArgumentError
            If the choices name no regime, or more than one.

        Examples
        --------
        >>> import bounds
        >>> bounds.get("bertrand2024.gaussian_loop").at(statistic="variance", covariance="mle").expression
        sigma**2*((n - 1)/n)**t
        """
        if not self.regimes:
            if choices:
                raise ArgumentError(f"{self.id} has one regime only; it takes no {', '.join(choices)}")
            return self
        wanted = {**dict(self.default), **{k: str(v) for k, v in choices.items()}}
        matching = [r for r in self.regimes if all(dict(r.choices).get(k) == v for k, v in wanted.items())]
        if len(matching) != 1:
            listed = "; ".join(" ".join(f"{k}={v}" for k, v in r.choices) for r in matching or self.regimes)
            given = " ".join(f"{k}={v}" for k, v in wanted.items())
            problem = f"no regime {given}" if not matching else "several regimes; say which"
            raise ArgumentError(f"{self.id} has {problem}: {listed}")
        one = matching[0]
        return replace(
            self,
            regimes=(),
            default=(),
            choices=one.choices,
            expression=one.expression,
            hypotheses=self.hypotheses + one.hypotheses,
            quantity=one.quantity or self.quantity,
            standing=one.standing or self.standing,
        )

    def evaluate(self, *, digits: int | None = None, **arguments: object) -> Any:
        """Evaluate the bound where its hypotheses hold.

        Parameters
        ----------
        digits : int, optional
            Return an mpmath number of this many digits instead of a float.
        **arguments
            A value for every symbol: numbers, exact text such as ``"1/3"``, or arrays that broadcast.

        Returns
        -------
        float, mpmath.mpf or numpy.ndarray
            For arrays, nan marks the points where a hypothesis fails.

        Raises
        ------
        ArgumentError
            If an argument is missing, unknown or outside its domain.
        HypothesisError
            If a hypothesis fails at these numbers.

        Examples
        --------
        >>> import bounds
        >>> print(bounds.get("bertrand2024.spectral_radius").evaluate(
        ...     lam=1, L=0, epsilon=1, curvature=1, digits=30))
        0.5
        """
        from bounds.calculator import evaluate

        return evaluate(self, arguments, digits)

    def enclose(
        self,
        *,
        digits: int | None = None,
        relative_width: Fraction | float | str = Fraction(1, 2**58),
        **arguments: object,
    ) -> tuple[Any, Any]:
        """Enclose the bound rigorously.

        Parameters
        ----------
        digits : int, optional
            Return mpmath numbers of this many digits instead of floats.
        relative_width : number
            Largest allowed width of the ball relative to the value, before its ends are rounded outwards.
        **arguments
            A value for every symbol; arrays are not allowed.

        Returns
        -------
        tuple
            ``(lower, upper)``; the true value surely lies between them, both ends included.

        Raises
        ------
        ArgumentError
            If an argument is missing, unknown, an array, or outside its domain.
        HypothesisError
            If a hypothesis fails at these numbers.
        EnclosureError
            If the width cannot be reached.

        Examples
        --------
        >>> import bounds
        >>> low, high = bounds.get("bertrand2024.spectral_radius").enclose(lam="1/3", L=1, epsilon=1, curvature=1)
        >>> low <= 0.4 <= high
        True
        """
        from bounds.calculator import enclose

        return enclose(self, arguments, digits, relative_width)

    def informative(self, **arguments: object) -> bool:
        """Tell whether the bound is better than the trivial one at these numbers.

        Parameters
        ----------
        **arguments
            As for `evaluate`; no arrays.

        Returns
        -------
        bool

        Raises
        ------
        ArgumentError, HypothesisError
            As for `evaluate`.

        Examples
        --------
        >>> import bounds
        >>> bounds.get("bertrand2024.jacobian_refined").informative(lam=1, L=1, epsilon=3, curvature=1)
        False
        """
        from bounds.calculator import informative

        return informative(self, arguments)

    def solve(
        self, name: str, /, *, target: object, want: str | None = None, reach: str | None = None, **arguments: object
    ) -> Solution:
        """Find the smallest or largest value of one symbol at which the bound surely reaches a target.

        Parameters
        ----------
        name : str
            The symbol that is solved for, in any spelling that `evaluate` takes.
        target : number
            An upper bound or an identity is wanted at most at the target, a lower bound at least at it.
        want : {"smallest", "largest"}, optional
            Which solution; by default the one that is not trivial.
        reach : {"below", "above"}, optional
            For an identity: on which side of the target its value is wanted.
        **arguments
            A value for every other symbol; arrays are not allowed.

        Returns
        -------
        Solution
            With the enclosures at the answer and its neighbour, what is proved, and all of it in words.

        Raises
        ------
        ArgumentError
            If an argument is missing, unknown, an array, or outside its domain.

        Examples
        --------
        >>> import bounds
        >>> found = bounds.get("bertrand2024.normal_mean_loop").solve("n", target="0.1", t=7, data="synthetic")
        >>> found.side, found.value, found.neighbour_lower > 0.1
        ('smallest', 70, True)
        """
        from bounds.solve import solve

        return solve(self, name, target, arguments, want, reach)

    def latex(self) -> str:
        r"""Return the statement as LaTeX: left side, relation, right side.

        Returns
        -------
        str

        Examples
        --------
        >>> import bounds
        >>> print(bounds.get("ferbach2024.kl_ball").latex())
        \mathrm{KL}(p_t\,\|\,p_{\mathrm{ref}}) \le - \log{\left(- \lambda \left(K - 1\right) + 1 \right)}
        """
        from bounds.typeset import theorem_latex

        return theorem_latex(self)

    def citation(self) -> str:
        """Return the BibTeX entry of the paper.

        Returns
        -------
        str

        Examples
        --------
        >>> import bounds
        >>> print(bounds.get("bertrand2024.jacobian").citation().splitlines()[0])
        @inproceedings{bertrand2024,
        """
        return self.source.paper.bibtex()

    def _repr_markdown_(self) -> str:
        from bounds.typeset import theorem_markdown

        return theorem_markdown(self)

    def __str__(self) -> str:
        """One line: id and statement."""
        return f"{self.id}: {self.statement}"


@lru_cache(maxsize=1024)
def _symbols_of(parts: tuple[Any, ...]) -> tuple[Any, ...]:
    found = set().union(*(part.free_symbols for part in parts))
    return tuple(sorted(found, key=lambda s: str(s.name)))


def _counted_points(names: Container[str]) -> str:
    """Say which points `n` counts: the real ones beside a ratio, all of them beside a share."""
    if "lam" in names and "alpha" in names:
        return "real points in the regimes with lam, real and synthetic points in those with alpha"
    if "lam" in names:
        return "real points"
    if "x" in names:
        return "real points per generation, which x n synthetic ones join"
    if "alpha" in names:
        return "real and synthetic points together"
    return "points per generation" if "t" in names else "points"


def _by_cases(regimes: tuple[Regime, ...]) -> Any:
    """Show the regimes as one expression by cases over their choices."""
    return sympy.Piecewise(
        *((r.expression, sympy.And(*(_choice(name, value) for name, value in r.choices))) for r in regimes)
    )


def _choice(name: str, value: str) -> Any:
    return sympy.Eq(sympy.Symbol(name), sympy.Symbol(value), evaluate=False)


def refuse_where_false(theorem: Theorem, values: dict[str, Any]) -> None:
    """Raise if a hypothesis of a narrowed theorem fails.

    Parameters
    ----------
    theorem : Theorem
    values : dict
        Exact values by symbol name.

    Raises
    ------
    HypothesisError
        Naming the first relation that fails, and its numbers.

    Examples
    --------
    >>> import bounds
    >>> refuse_where_false(bounds.get("ferbach2024.kl_ball"), {"K": Fraction(2), "lam": Fraction(1, 2)})
    """
    from bounds.hypotheses import check, failing_sentence, holds

    for relation in theorem.hypotheses:
        if not holds(relation, values):
            sentence = failing_sentence(check(relation, values), values)
            raise HypothesisError(f"{theorem.id} says nothing here: {sentence}")

"""One entry of a table of bounds: a theorem at one point, or the reason why it says nothing there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from bounds import Assessment, Direction, EnclosureError, Theorem, assess
from bounds.arguments import read_arguments
from bounds.hypotheses import Checked, check
from bounds.numerals import read_number
from bounds.tape import compile_expression
from verify.tables.digits import safe_text
from verify.tables.table import DAGGER, Cell

RELATIONS = {"upper": "≤", "lower": "≥", "exact": "="}
LATEX_RELATIONS = {"upper": r"\le", "lower": r"\ge", "exact": "="}
QUADRATURE_ERROR = 1e-9
"""Relative; ten times what a quadrature that is not refused is estimated to err by."""


@dataclass(frozen=True)
class Entry:
    """A theorem at one point.

    Parameters
    ----------
    theorem : Theorem
        Of one regime.
    inputs : mapping
        What it was asked at.
    found : Assessment or None
        None where it could not be asked.
    obstacle : str
        Why it could not; empty if it could.

    Examples
    --------
    >>> import bounds
    >>> found = enter(bounds.get("ferbach2024.kl_ball"), {"lam": "1", "K": "4"})
    >>> found.says, found.reason
    (False, 'lam*(K - 1) < 1 fails')
    """

    theorem: Theorem
    inputs: Mapping[str, Any]
    found: Assessment | None
    obstacle: str = ""

    @property
    def says(self) -> bool:
        """Whether the theorem has a value there."""
        return self.found is not None and self.found.holds

    @property
    def failing(self) -> Checked | None:
        """The first hypothesis that fails."""
        return None if self.found is None else next((h for h in self.found.hypotheses if not h.holds), None)

    @property
    def reason(self) -> str:
        """Why it says nothing, without numbers; empty where it does."""
        return self.obstacle if self.failing is None else f"{self.failing.relation} fails"

    @property
    def value(self) -> str:
        """The value with three digits, rounded to the safe side; empty where there is none."""
        if self.found is None or not self.found.holds:
            return ""
        return safe_text(*self.limits, self.theorem.direction)

    @property
    def limits(self) -> tuple[float, float]:
        """Lower and upper limit of the value: rigorous, except for an integral."""
        found = self.found
        if found is None or not found.holds:
            raise ValueError(f"{self.theorem.id} has no value here")
        if self.rigorous:
            return found.lower, found.upper
        margin = abs(found.value) * QUADRATURE_ERROR
        return found.value - margin, found.value + margin

    @property
    def rigorous(self) -> bool:
        """Whether there is a rigorous enclosure; of an integral, which takes long to enclose, there is none."""
        return self.found is not None and self.found.lower is not None

    @property
    def informative(self) -> bool:
        """Whether the value is better than what holds without any theorem."""
        return self.found is not None and bool(self.found.informative)

    def cell(self) -> Cell:
        """Return the value as a cell, marked where it is uninformative."""
        return Cell(self.value, "" if self.informative else DAGGER)

    def record(self) -> dict[str, Any]:
        """Return all of it in full precision, for programs."""
        found = self.found
        inputs = self.inputs if found is None else found.inputs
        return {
            "id": self.theorem.id,
            **dict(self.theorem.choices),
            "quantity": self.theorem.quantity.name,
            "direction": self.theorem.direction.value,
            "mode": self.theorem.mode.value,
            **{name: value for name, value in inputs.items() if name not in dict(self.theorem.choices)},
            "value": None if found is None else found.value,
            "lower": None if found is None else found.lower,
            "upper": None if found is None else found.upper,
            "informative": None if found is None else found.informative,
            "reason": self.reason,
        }


def enter(theorem: Theorem, inputs: Mapping[str, Any]) -> Entry:
    """Put a theorem to numbers.

    Parameters
    ----------
    theorem : Theorem
        Of one regime.
    inputs : mapping
        As for `bounds.Theorem.evaluate`; no arrays.

    Returns
    -------
    Entry

    Raises
    ------
    ArgumentError
        If an argument is unknown or outside its domain.

    Examples
    --------
    >>> import bounds
    >>> enter(bounds.get("ferbach2024.kl_ball"), {"lam": "0.1", "K": "4"}).value
    '0.357'
    """
    takes_ratio = any(symbol.name == "lam" for symbol in theorem.symbols)
    if takes_ratio and "alpha" in inputs and read_number(inputs["alpha"], "alpha") == 0:
        return Entry(theorem, inputs, None, "no real points: lam is infinite where alpha = 0")
    try:
        return Entry(theorem, inputs, _by_quadrature(theorem, inputs) or assess(theorem, inputs))
    except EnclosureError as error:
        return Entry(theorem, inputs, None, f"not settled numerically: {error}")


def _by_quadrature(theorem: Theorem, inputs: Mapping[str, Any]) -> Assessment | None:
    """Assess an integral in doubles; None for anything else, which a ball encloses at once."""
    read = read_arguments(theorem, inputs)
    if not compile_expression(read.theorem.expression).integrates:
        return None
    checked = tuple(check(relation, read.values) for relation in read.theorem.hypotheses)
    if not all(h.holds for h in checked):
        return Assessment(theorem.id, None, None, None, checked, None, read.echo)
    value = float(read.theorem.evaluate(**read.values))
    trivial = read.theorem.quantity.trivial
    informative = True
    if trivial is not None and trivial.is_number and theorem.direction is not Direction.EXACT:
        margin = abs(value) * QUADRATURE_ERROR
        limit = float(trivial)
        informative = value + margin < limit if theorem.direction is Direction.UPPER else value - margin > limit
    return Assessment(theorem.id, value, None, None, checked, informative, read.echo)


def left_side(theorem: Theorem) -> Cell:
    """Return what a theorem of one regime bounds, with the relation.

    Parameters
    ----------
    theorem : Theorem

    Returns
    -------
    Cell

    Examples
    --------
    >>> import bounds
    >>> left_side(bounds.get("ferbach2024.kl_ball")).text
    'KL divergence ≤'
    """
    direction = theorem.direction.value
    return Cell(
        f"{theorem.quantity.name} {RELATIONS[direction]}", math=f"{theorem.quantity.latex} {LATEX_RELATIONS[direction]}"
    )


def regime_text(theorem: Theorem) -> str:
    """Name the regime a theorem was narrowed to.

    Parameters
    ----------
    theorem : Theorem

    Returns
    -------
    str
        The values of its choices.

    Examples
    --------
    >>> import bounds
    >>> regime_text(bounds.get("bertrand2024.gaussian_loop").at(statistic="log_variance", covariance="mle"))
    'log variance, mle'
    """
    return ", ".join(value.replace("_", " ") for _, value in theorem.choices)


def exact_text(value: Fraction) -> str:
    """Write a fraction as text that reads back as the same.

    Parameters
    ----------
    value : Fraction

    Returns
    -------
    str
        Decimals where they end within 15 digits.

    Examples
    --------
    >>> exact_text(Fraction(1, 4)), exact_text(Fraction(1, 3))
    ('0.25', '1/3')
    """
    if value.denominator == 1:
        return str(value)
    try:
        short = f"{float(value):.15g}"
    except OverflowError:
        return str(value)
    return short if Fraction(short) == value else str(value)

"""Verdicts: what evidence says about a theorem's bound, and with which probability it may be wrong."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import final

from bounds.errors import ArgumentError
from verify.evidence.base import Evidence, Interval
from verify.evidence.kinds import Computed

# A computed quantity agrees with a bound when it cannot depart from it by more than this, relatively ...
COMPUTED_RELATIVE = 1e-6
# ... or, for a bound of zero, absolutely.
COMPUTED_ABSOLUTE = 1e-12


@final
class Verdict(Enum):
    """What a check concludes.

    ``VIOLATED``: a valid confidence limit lies beyond the bound. ``CONSISTENT``: a valid confidence limit lies within
    it. ``EXACT``: within it, and computed without sampling. ``INCONCLUSIVE``: neither could be shown.

    Examples
    --------
    >>> Verdict.VIOLATED.value
    'VIOLATED'
    """

    VIOLATED = "VIOLATED"
    CONSISTENT = "CONSISTENT"
    INCONCLUSIVE = "INCONCLUSIVE"
    EXACT = "EXACT"


@final
@dataclass(frozen=True)
class Judgement:
    """A verdict with the numbers behind it.

    Parameters
    ----------
    verdict : Verdict
        The conclusion.
    ci : Interval
        Two-sided confidence interval of the measured quantity at ``level``. For an inequality the verdict rests on the
        one-sided limits, which are tighter.
    measured : float
        The estimate.
    bound : Interval
        Enclosure of the bound's value.
    ratio : float
        Estimate divided by the middle of ``bound``; nan when that is 0.
    level : float
        Largest probability that the verdict is wrong.

    Examples
    --------
    >>> judge(Computed(0.5, 0.0), Interval(1.0, 1.0), "upper", 0.05).ratio
    0.5
    """

    verdict: Verdict
    ci: Interval
    measured: float
    bound: Interval
    ratio: float
    level: float


def judge(evidence: Evidence, bound: Interval, direction: str, level: float, tolerance: float = 0.05) -> Judgement:
    """Judge a theorem's claim on a measured quantity.

    Whatever the truth is, a wrong VIOLATED or CONSISTENT has probability at most ``level``. For ``"exact"``,
    CONSISTENT says that the truth is within ``tolerance`` of the bound, relatively, with confidence ``1 - level``; an
    interval that merely meets the bound says less, and is INCONCLUSIVE. A computed quantity is EXACT when it lies
    within the bound, or when it and the enclosure are too sharp for a departure above 1e-6 of the bound (above 1e-12
    for a bound of zero).

    Parameters
    ----------
    evidence : Evidence
        What was measured.
    bound : Interval
        Enclosure of the bound's value.
    direction : str
        ``"upper"`` (the theorem says truth <= bound), ``"lower"`` (truth >= bound) or ``"exact"`` (truth == bound).
    level : float
        Probability of error to spend, in (0, 1); VIOLATED and CONSISTENT each use all of it, on one side, as only one
        of them can be wrong.
    tolerance : float
        Relative resolution at which an identity counts as confirmed.

    Returns
    -------
    Judgement
        The verdict and its numbers.

    Raises
    ------
    ArgumentError
        If the direction, level or tolerance is not allowed, or an identity is claimed with an infinite bound.

    Examples
    --------
    >>> from verify.evidence import Indicators
    >>> judge(Indicators(90, 100), Interval(0.5, 0.5), "upper", 0.01).verdict.value
    'VIOLATED'
    >>> judge(Indicators(20, 100), Interval(0.5, 0.5), "upper", 0.01).verdict.value
    'CONSISTENT'
    >>> judge(Indicators(50, 100), Interval(0.5, 0.5), "exact", 0.01).verdict.value
    'INCONCLUSIVE'
    >>> judge(Computed(0.5, 1e-12), Interval(0.5, 0.5), "exact", 0.01).verdict.value
    'EXACT'
    """
    if direction not in ("upper", "lower", "exact"):
        raise ArgumentError(f"direction {direction!r}: give 'upper', 'lower' or 'exact'")
    if not 0.0 <= tolerance < math.inf:
        raise ArgumentError(f"tolerance {tolerance}: give a finite number >= 0")
    if direction == "exact" and not (math.isfinite(bound.lower) and math.isfinite(bound.upper)):
        raise ArgumentError(f"bound [{bound.lower}, {bound.upper}]: an identity needs a finite bound")
    ci = evidence.interval(level)
    if direction == "exact":
        violated = not ci.meets(bound)
        departure = max(ci.upper - bound.lower, bound.upper - ci.lower)
        allowed = tolerance * _magnitude(bound)
    elif direction == "upper":
        violated = evidence.lower(level) > bound.upper
        departure = evidence.upper(level) - bound.lower
        allowed = 0.0
    else:
        violated = evidence.upper(level) < bound.lower
        departure = bound.upper - evidence.lower(level)
        allowed = 0.0
    computed = isinstance(evidence, Computed)
    if computed:
        allowed = max(COMPUTED_RELATIVE * _magnitude(bound), COMPUTED_ABSOLUTE if _holds_zero(bound) else 0.0)
    verdict = _verdict(violated, departure <= allowed, computed)
    return Judgement(verdict, ci, evidence.estimate, bound, _ratio(evidence.estimate, bound), float(level))


def _verdict(violated: bool, confirmed: bool, computed: bool) -> Verdict:
    if computed and violated:  # certain, however small the departure
        return Verdict.VIOLATED
    if violated == confirmed:  # neither was shown, or both: limits that contradict each other show nothing
        return Verdict.INCONCLUSIVE
    if violated:
        return Verdict.VIOLATED
    return Verdict.EXACT if computed else Verdict.CONSISTENT


def _holds_zero(bound: Interval) -> bool:
    return bound.lower <= 0.0 <= bound.upper


def _magnitude(bound: Interval) -> float:
    """Smallest absolute value in the enclosure, so that a loose enclosure never loosens the verdict."""
    return 0.0 if _holds_zero(bound) else min(abs(bound.lower), abs(bound.upper))


def _ratio(measured: float, bound: Interval) -> float:
    middle = bound.lower if bound.lower == bound.upper else bound.lower / 2.0 + bound.upper / 2.0
    return measured / middle if middle else math.nan

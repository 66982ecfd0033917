"""Theorems held against what the samples of a loop show.

Samples limit total variation from below. A bound below such a limit fails; a bound above it is not thereby confirmed.
Most theorems bound a mean over all training noise, and a single run may lie far above a mean: what it shows is weighed by
Markov's inequality.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import final

import numpy as np

from bounds import Mode
from verify.evidence import ErrorBudget, Interval, NonnegativeSample, binomial_tail
from verify.loop_audit.claims import Claim, failure_probability

_FAILED = "a hypothesis or an asserted constant fails for this loop"


@final
class Answer(Enum):
    """What the samples say of a theorem's bound.

    ``VIOLATED``: a hypothesis or an asserted constant does not hold for this loop. ``EXCEEDED``: the drift that was seen
    lies above the bound, but the bound speaks of a mean, or allows exceptions, and too few runs were seen to refute it.
    ``NOT CONTRADICTED``: nothing seen lies above the bound. ``UNINFORMATIVE``: the bound is 1 or more. ``SAYS NOTHING``: a
    hypothesis fails at the numbers given. ``NOT PUT``: an argument is missing.

    Examples
    --------
    >>> Answer.NOT_CONTRADICTED.value
    'NOT CONTRADICTED'
    """

    VIOLATED = "VIOLATED"
    EXCEEDED = "EXCEEDED"
    NOT_CONTRADICTED = "NOT CONTRADICTED"
    UNINFORMATIVE = "UNINFORMATIVE"
    SAYS_NOTHING = "SAYS NOTHING"
    NOT_PUT = "NOT PUT"


@dataclass(frozen=True)
class Finding:
    """A theorem at one generation, beside what was seen.

    Parameters
    ----------
    claim : Claim
    answer : Answer
    seen : float or None
        What the bound was compared with: a lower limit of the mean total variation, or of that of the worst run.
    note : str
        One sentence that says why.

    Examples
    --------
    >>> from verify.loop_audit.claims import Facts, claims
    >>> (claim, *_) = claims(Facts(constants={"e": "0.01"}), [1], 1)
    >>> hold(claim, [0.5], Levels(1e-3, 1e-3), independent=False).answer.name
    'EXCEEDED'
    """

    claim: Claim
    answer: Answer
    seen: float | None
    note: str


@dataclass(frozen=True)
class Levels:
    """Levels of the step from runs to what theorems speak of.

    Parameters
    ----------
    mean : float
        Of one lower limit of a mean over runs.
    exceptions : float
        Of one test of how many runs may be exceptions.
    """

    mean: float
    exceptions: float


def mean_limit(limits: Sequence[float], level: float, independent: bool) -> float:
    """Lower limit of the expected total variation, from limits that hold for each run.

    Parameters
    ----------
    limits : sequence of float
        Lower limits of the total variation, one per run, that hold together.
    level : float
        Probability of exceeding the mean, besides that of the limits failing.
    independent : bool
        Whether the runs are independent, real training data included: then by betting, else by Markov's inequality for
        their average.

    Returns
    -------
    float

    Examples
    --------
    >>> round(mean_limit([0.5], 0.01, independent=False), 6)
    0.005
    >>> mean_limit([0.5] * 20, 0.01, independent=True) > 0.25
    True
    """
    markov = level * float(np.mean(limits)) * (1 - 1e-12)
    if not independent or len(limits) == 1:
        return markov
    # The capital of a bet on larger values grows with the values, so that lower limits may stand for them.
    return NonnegativeSample(np.array(limits)).lower(level)


def hold(claim: Claim, limits: Sequence[float], levels: Levels, *, independent: bool) -> Finding:
    """Hold a claim against the limits of its generation.

    Parameters
    ----------
    claim : Claim
    limits : sequence of float
        Lower limits of the total variation, one per run with this generation.
    levels : Levels
    independent : bool
        As for `mean_limit`.

    Returns
    -------
    Finding

    Examples
    --------
    >>> from verify.loop_audit.claims import Facts, claims
    >>> (claim, *_) = claims(Facts(constants={"e": "0.01"}), [1], 1)
    >>> hold(claim, [0.5] * 20, Levels(1e-3, 1e-3), independent=True).answer.name
    'VIOLATED'
    """
    if claim.bound is None:
        return Finding(claim, Answer.NOT_PUT if claim.t is None else Answer.SAYS_NOTHING, None, claim.problem)
    if not claim.informative:
        return Finding(claim, Answer.UNINFORMATIVE, None, "no better than the trivial bound 1")
    if claim.theorem.mode is Mode.EXPECTATION:
        return _hold_mean(claim, claim.bound, limits, levels.mean, independent)
    if claim.theorem.mode is Mode.PROBABILITY:
        return _hold_exceptions(claim, claim.bound, limits, levels.exceptions, independent)
    worst = max(limits)
    if worst > claim.bound.upper:
        return Finding(claim, Answer.VIOLATED, worst, f"a run lies above it: {_FAILED}")
    return Finding(claim, Answer.NOT_CONTRADICTED, worst, "no run is shown to lie above it")


def _hold_mean(claim: Claim, bound: Interval, limits: Sequence[float], level: float, independent: bool) -> Finding:
    limit, average = mean_limit(limits, level, independent), float(np.mean(limits))
    if limit > bound.upper:
        return Finding(claim, Answer.VIOLATED, limit, f"the mean over runs lies above it: {_FAILED}")
    if average > bound.upper:
        runs = "a run" if len(limits) == 1 else f"the average of {len(limits)} runs"
        chance = min(bound.upper / average * (1 + 1e-12), 1.0)
        note = f"taken alone, {runs} lies this far with probability at most {chance:.2g} if it holds; more runs would decide"
        return Finding(claim, Answer.EXCEEDED, average, note)
    return Finding(claim, Answer.NOT_CONTRADICTED, average, "the drift that is shown lies within it")


def _hold_exceptions(
    claim: Claim, bound: Interval, limits: Sequence[float], level: float, independent: bool
) -> Finding:
    beyond, runs = sum(limit > bound.upper for limit in limits), len(limits)
    worst = max(limits)
    if not beyond:
        return Finding(claim, Answer.NOT_CONTRADICTED, worst, "no run is shown to lie above it")
    allowed = failure_probability(claim)
    assert allowed is not None
    once = float(allowed) * (1 + 1e-12)
    chance = binomial_tail(beyond, runs, min(once, 1.0)) if independent else min(once * runs / beyond, 1.0)
    if chance <= level:
        return Finding(
            claim, Answer.VIOLATED, worst, f"{beyond} of {runs} runs lie above it, more than it allows: {_FAILED}"
        )
    note = f"{beyond} of {runs} runs lie above it; taken alone, that has probability at most {chance:.2g} if it holds"
    return Finding(claim, Answer.EXCEEDED, worst, note)


def levels_for(part: float, generations: int, found: Sequence[Claim]) -> tuple[Levels, Mapping[str, float | int]]:
    """Split a part of the error budget over the steps from runs to theorems.

    Parameters
    ----------
    part : float
    generations : int
        Means over runs: one per generation, whatever the number of theorems held against it.
    found : sequence of Claim

    Returns
    -------
    levels : Levels
    record : mapping

    Examples
    --------
    >>> levels_for(0.01, 10, [])[0].mean
    0.001
    """
    budget = ErrorBudget(part)
    counted = sum(claim.t is not None and failure_probability(claim) is not None for claim in found)
    level = budget.share(generations + counted)
    return Levels(level, level), budget.record()

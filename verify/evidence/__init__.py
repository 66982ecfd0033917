"""Evidence, verdicts and the error budget: how a measured quantity is held against a theorem's bound.

Choose the kind of evidence by what is known of the quantity, strongest first: ``Computed`` (no sampling),
``Indicators`` (a probability), ``BoundedSample`` (a mean, known range), ``KnownVarianceSample`` (a mean, variance known
from the model), ``NonnegativeSample`` (a mean, lower limits only); ``QuantileSample`` serves claims that hold with a
probability.
"""

from verify.evidence.base import Evidence, Interval
from verify.evidence.budget import ErrorBudget
from verify.evidence.kinds import (
    BoundedSample,
    Computed,
    Indicators,
    KnownVarianceSample,
    NonnegativeSample,
)
from verify.evidence.quantiles import QuantileSample
from verify.evidence.tails import binomial_tail
from verify.evidence.verdicts import Judgement, Verdict, judge

__all__ = [
    "BoundedSample",
    "Computed",
    "ErrorBudget",
    "Evidence",
    "Indicators",
    "Interval",
    "Judgement",
    "KnownVarianceSample",
    "NonnegativeSample",
    "QuantileSample",
    "Verdict",
    "binomial_tail",
    "judge",
]

"""Evidence, verdicts and the error budget: how a measured quantity is held against a theorem's bound.

Choose the kind of evidence by what is known of the quantity, strongest first: ``Computed`` (no sampling),
``Indicators`` (a probability), ``BoundedSample`` (a mean, known range), ``KnownVarianceSample`` (a mean, variance known
from the model), ``NonnegativeSample`` (a mean, lower limits only); ``DistanceSample`` (a mean in [0, 1], each value known up
to an error); ``QuantileSample`` serves claims that hold with a probability, ``Slope`` those about an exponent.
"""

from verify.evidence.base import Evidence, Interval
from verify.evidence.budget import ErrorBudget
from verify.evidence.distances import DistanceSample
from verify.evidence.kinds import (
    BoundedSample,
    Computed,
    Indicators,
    KnownVarianceSample,
    NonnegativeSample,
)
from verify.evidence.quantiles import QuantileSample
from verify.evidence.slope import Slope
from verify.evidence.tails import binomial_tail
from verify.evidence.verdicts import Judgement, Verdict, judge

__all__ = [
    "BoundedSample",
    "Computed",
    "DistanceSample",
    "ErrorBudget",
    "Evidence",
    "Indicators",
    "Interval",
    "Judgement",
    "KnownVarianceSample",
    "NonnegativeSample",
    "QuantileSample",
    "Slope",
    "Verdict",
    "binomial_tail",
    "judge",
]

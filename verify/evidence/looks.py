"""Evidence that grows: batches joined into one sample, and limits that stay valid when every batch was looked at."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import reduce
from typing import Any, final

import numpy as np

from bounds.errors import ArgumentError
from verify.evidence.base import Evidence
from verify.evidence.distances import DistanceSample
from verify.evidence.kinds import BoundedSample, Indicators, KnownVarianceSample, NonnegativeSample
from verify.evidence.quantiles import QuantileSample

_SAMPLES = (BoundedSample, DistanceSample, NonnegativeSample, KnownVarianceSample, QuantileSample)
_PER_VALUE = ("values", "errors")
# Limits of these come from a supermartingale, and hold at any stopping time as they stand (Ville's inequality).
_ANYTIME = (BoundedSample, NonnegativeSample)


@final
@dataclass(frozen=True, eq=False)
class Peeked(Evidence):
    """Evidence of fixed size that was judged at several sizes; its limits hold at all of them at once.

    At the k-th look a level ``a`` becomes ``a/(k (k + 1))``. These sum to ``a`` over all looks, so whichever look is
    the last, and for whatever reason, a limit misses the truth with probability at most ``a`` (union bound).

    Parameters
    ----------
    evidence : Evidence
        What is known at the last look.
    looks : int
        How many looks there were, this one included; at least 1.

    Raises
    ------
    ArgumentError
        If ``looks`` is not a positive whole number.

    Examples
    --------
    >>> once = Indicators(30, 100)
    >>> Peeked(once, looks=2).lower(0.05) == once.lower(0.05 / 6)
    True
    """

    evidence: Evidence
    looks: int

    def __post_init__(self) -> None:
        try:
            looks = operator.index(self.looks)
        except TypeError:
            raise ArgumentError(f"looks = {self.looks!r}: give a whole number") from None
        if looks < 1:
            raise ArgumentError(f"looks = {looks}: give at least 1")

    @property
    def estimate(self) -> float:
        """The estimate at the last look."""
        return self.evidence.estimate

    def _lower(self, level: float) -> float:
        return self.evidence.lower(self._share(level))

    def _upper(self, level: float) -> float:
        return self.evidence.upper(self._share(level))

    def _share(self, level: float) -> float:
        share = level / (self.looks * (self.looks + 1))
        if share == 0.0:
            raise ArgumentError(f"level {level} is too small to be spent over {self.looks} looks")
        return share


def can_grow(evidence: Evidence) -> bool:
    """Tell whether further independent batches can be joined to evidence.

    Parameters
    ----------
    evidence : Evidence

    Returns
    -------
    bool
        False for what was computed without sampling, and for kinds unknown here.

    Examples
    --------
    >>> can_grow(Indicators(3, 10))
    True
    """
    return isinstance(evidence, (Indicators, *_SAMPLES))


def join(batches: Sequence[Evidence]) -> Evidence:
    """Join independent batches of one kind of evidence about one number.

    Parameters
    ----------
    batches : sequence of Evidence
        At least one, each of which `can_grow`.

    Returns
    -------
    Evidence
        Of the same kind, as if all had been drawn at once.

    Raises
    ------
    ArgumentError
        If the batches differ in kind, range, variance or probability: they do not speak of one number then.

    Examples
    --------
    >>> join([Indicators(1, 10), Indicators(3, 10)])
    Indicators(successes=4, trials=20)
    """
    if not batches or not all(can_grow(batch) for batch in batches):
        raise ArgumentError("give at least one batch, and only kinds of evidence that can grow")
    return batches[0] if len(batches) == 1 else reduce(_joined, batches)


def _joined(first: Evidence, second: Evidence) -> Evidence:
    if type(first) is not type(second):
        raise ArgumentError(f"batches of {type(first).__name__} and {type(second).__name__} cannot be joined")
    if isinstance(first, Indicators) and isinstance(second, Indicators):
        return Indicators(first.successes + second.successes, first.trials + second.trials)
    assert isinstance(first, _SAMPLES)
    assert isinstance(second, _SAMPLES)
    names = [field.name for field in fields(first)]
    for name in (name for name in names if name not in _PER_VALUE):
        if getattr(first, name) != getattr(second, name):
            raise ArgumentError(
                f"batches with {name} = {getattr(first, name)} and {getattr(second, name)} cannot be joined: "
                "it must follow from the setting, not from what was drawn"
            )
    grown: dict[str, Any] = {
        n: np.concatenate([getattr(first, n), getattr(second, n)]) for n in names if n in _PER_VALUE
    }
    return replace(first, **grown)


def after_looks(evidence: Evidence, looks: int) -> Evidence:
    """Return evidence with limits that hold although it was judged at each of several sizes.

    Parameters
    ----------
    evidence : Evidence
        What is known at the last look.
    looks : int
        How many looks there were, this one included.

    Returns
    -------
    Evidence
        The same where its limits are valid at any stopping time, `Peeked` otherwise.

    Examples
    --------
    >>> type(after_looks(Indicators(3, 10), 2)).__name__
    'Peeked'
    >>> type(after_looks(NonnegativeSample(np.ones(3)), 2)).__name__
    'NonnegativeSample'
    """
    return evidence if isinstance(evidence, _ANYTIME) else Peeked(evidence, looks)

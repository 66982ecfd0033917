"""An interval, and what every kind of evidence about one number can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import final

from bounds.errors import ArgumentError


@final
@dataclass(frozen=True)
class Interval:
    """A closed interval of real numbers; a side may be infinite.

    Parameters
    ----------
    lower, upper : float
        The ends, ``lower <= upper``.

    Raises
    ------
    ArgumentError
        If an end is not a number or the ends are out of order.

    Examples
    --------
    >>> Interval(0.1, 0.2).meets(Interval(0.2, 0.3))
    True
    """

    lower: float
    upper: float

    def __post_init__(self) -> None:
        if not self.lower <= self.upper:
            raise ArgumentError(f"[{self.lower}, {self.upper}] is not an interval: give numbers with lower <= upper")

    def meets(self, other: Interval) -> bool:
        """Tell whether the two intervals share a point.

        Examples
        --------
        >>> Interval(0.0, 1.0).meets(Interval(2.0, 3.0))
        False
        """
        return self.lower <= other.upper and other.lower <= self.upper


class Evidence(ABC):
    """What is known about one number: an estimate and confidence limits that hold at the finite sample.

    Examples
    --------
    >>> from verify.evidence import Indicators
    >>> evidence = Indicators(successes=3, trials=100)
    >>> evidence.lower(0.05) < evidence.estimate < evidence.upper(0.05)
    True
    """

    @property
    @abstractmethod
    def estimate(self) -> float:
        """The measured value."""

    @abstractmethod
    def _lower(self, level: float) -> float: ...

    @abstractmethod
    def _upper(self, level: float) -> float: ...

    @final
    def lower(self, level: float) -> float:
        """Lower confidence limit that spends the whole level on its side.

        Parameters
        ----------
        level : float
            Largest probability of exceeding the truth, in (0, 1).

        Returns
        -------
        float
            The limit; ``-inf`` or the end of the range when nothing better is sound.

        Raises
        ------
        ArgumentError
            If the level is outside (0, 1).

        Examples
        --------
        >>> from verify.evidence import Indicators
        >>> round(Indicators(5, 10).lower(0.05), 4)
        0.2224
        """
        return self._lower(_check_level(level))

    @final
    def upper(self, level: float) -> float:
        """Upper confidence limit that spends the whole level on its side.

        Parameters
        ----------
        level : float
            Largest probability of falling below the truth, in (0, 1).

        Returns
        -------
        float
            The limit; ``inf`` or the end of the range when nothing better is sound.

        Raises
        ------
        ArgumentError
            If the level is outside (0, 1).

        Examples
        --------
        >>> from verify.evidence import Indicators
        >>> round(Indicators(5, 10).upper(0.05), 4)
        0.7776
        """
        return self._upper(_check_level(level))

    @final
    def interval(self, level: float) -> Interval:
        """Two-sided confidence interval; each side spends half the level.

        Parameters
        ----------
        level : float
            Largest probability of missing the truth, in (0, 1).

        Returns
        -------
        Interval
            Covers the truth with probability at least ``1 - level``.

        Raises
        ------
        ArgumentError
            If the level is outside (0, 1).

        Examples
        --------
        >>> from verify.evidence import Indicators
        >>> ci = Indicators(0, 10).interval(0.05)
        >>> ci.lower, round(ci.upper, 4)
        (0.0, 0.3085)
        """
        half = _check_level(level) / 2.0
        lower, upper = self._lower(half), self._upper(half)
        # Crossed limits are an empty confidence set; the interval between them contains it, so it covers as well.
        return Interval(min(lower, upper), max(lower, upper))


def _check_level(level: float) -> float:
    if not 0.0 < level < 1.0:
        raise ArgumentError(f"level {level} is outside (0, 1): give the probability of error to be spent")
    return float(level)

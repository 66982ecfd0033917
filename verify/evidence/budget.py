"""The error budget of a run: one probability of any false verdict, split over all its tests."""

from __future__ import annotations

import math
import operator
from fractions import Fraction
from typing import final

from bounds.errors import ArgumentError


@final
class ErrorBudget:
    """An account of the probability that any verdict of a run is wrong.

    The total is shared out once, equally over all tests of the run (Bonferroni), and cannot be spent again.

    Parameters
    ----------
    total : float
        Probability of error of the whole run, in (0, 1).

    Raises
    ------
    ArgumentError
        If the total is outside (0, 1).

    Examples
    --------
    >>> budget = ErrorBudget(0.01)
    >>> budget.share(20)
    0.0005
    >>> budget.record()
    {'total': 0.01, 'tests': 20, 'per_test': 0.0005}
    """

    def __init__(self, total: float) -> None:
        if not 0.0 < total < 1.0:
            raise ArgumentError(f"total {total} is outside (0, 1): give the error probability of the whole run")
        self._total = float(total)
        self._tests = 0
        self._per_test = 0.0

    @property
    def remaining(self) -> float:
        """What has not been shared out yet."""
        return 0.0 if self._tests else self._total

    def share(self, tests: int) -> float:
        """Spend the whole budget equally on a number of tests.

        Parameters
        ----------
        tests : int
            How many tests the run makes, at least 1.

        Returns
        -------
        float
            The level of each test; ``tests`` times it never exceeds the total.

        Raises
        ------
        ArgumentError
            If ``tests`` is not a positive whole number, or the budget was already shared out.

        Examples
        --------
        >>> ErrorBudget(0.05).share(1)
        0.05
        """
        try:
            count = operator.index(tests)
        except TypeError:
            raise ArgumentError(f"tests = {tests!r}: give a whole number") from None
        if count < 1:
            raise ArgumentError(f"tests = {count}: give at least 1")
        if self._tests:
            raise ArgumentError(
                f"the budget of {self._total} was already shared over {self._tests} tests: "
                "count all tests of the run before sharing, or open another budget"
            )
        level = self._total / count
        while Fraction(level) * count > Fraction(self._total):  # division may round up, which would overspend
            level = math.nextafter(level, 0.0)
        if level == 0.0:
            raise ArgumentError(f"tests = {count}: too many for a total of {self._total}")
        self._tests, self._per_test = count, level
        return level

    def record(self) -> dict[str, float | int]:
        """Return what was spent, ready to be serialised.

        Returns
        -------
        dict
            ``total``, ``tests`` (0 when nothing was spent) and ``per_test``.

        Examples
        --------
        >>> ErrorBudget(0.05).record()
        {'total': 0.05, 'tests': 0, 'per_test': 0.0}
        """
        return {"total": self._total, "tests": self._tests, "per_test": self._per_test}

"""Forward noising ``dX = -beta(t) X/2 dt + sqrt(beta(t)) dW``: its rate, and the noised law of a normal mixture."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from bounds.errors import ArgumentError
from verify.data import NormalMixture

Array = NDArray[np.float64]
Number = Fraction | float | str


@dataclass(frozen=True)
class Noising:
    """Variance-preserving noising up to time T, at a rate beta that is constant or linear in time.

    Parameters
    ----------
    horizon : Fraction
        T > 0; a number or a text such as "1/2", as for the rates.
    first, last : Fraction
        beta(0) and beta(T), nonnegative and not both 0, per unit of time.

    Raises
    ------
    ArgumentError
        If one is no finite number, the horizon is not positive, a rate is negative, or both rates are 0.

    Examples
    --------
    >>> noising = Noising(2, first=1, last=3)
    >>> noising.rate(1.0), noising.elapsed(1.0), noising.total
    (2.0, 1.5, Fraction(4, 1))
    """

    horizon: Fraction
    first: Fraction
    last: Fraction

    def __init__(self, horizon: Number, first: Number = 1, last: Number = 1) -> None:
        try:
            exact = [Fraction(value) for value in (horizon, first, last)]
        except (TypeError, ValueError, OverflowError, ZeroDivisionError):
            exact = [Fraction(0)] * 3
        if not (exact[0] > 0 and min(exact[1:]) >= 0 and max(exact[1:]) > 0):
            raise ArgumentError(
                f"horizon = {horizon}, first = {first}, last = {last}: give a positive horizon and rates of at least 0, "
                "not both 0, all finite"
            )
        for name, value in zip(("horizon", "first", "last"), exact, strict=True):
            object.__setattr__(self, name, value)

    @property
    def end(self) -> float:
        """T as a float."""
        return float(self.horizon)

    @property
    def total(self) -> Fraction:
        """Integral of beta over [0, T], exactly."""
        return self.horizon * (self.first + self.last) / 2

    def rate(self, time: float) -> float:
        """beta(t).

        Parameters
        ----------
        time : float
            t in [0, T].

        Returns
        -------
        float
        """
        return float(self.first) + float(self.last - self.first) * time / self.end

    def elapsed(self, time: float) -> float:
        """Integral of beta over [0, t].

        Parameters
        ----------
        time : float
            t in [0, T].

        Returns
        -------
        float
        """
        return time * (float(self.first) + float(self.last - self.first) * time / (2 * self.end))

    def shrinking(self, time: float) -> float:
        """``exp(-elapsed/2)``: by what factor noising shrinks a point; what it adds has variance 1 minus its square."""
        return math.exp(-self.elapsed(time) / 2)

    def law_at(self, law: NormalMixture, time: float) -> NormalMixture:
        """Law p_t of what starts from `law`.

        Parameters
        ----------
        law : NormalMixture
            p_0.
        time : float
            t in [0, T].

        Returns
        -------
        NormalMixture

        Examples
        --------
        >>> Noising(1).law_at(NormalMixture.normal(mean=2.0), 1.0).stds
        (1.0,)
        """
        shrinking, added = self.shrinking(time), -math.expm1(-self.elapsed(time))
        stds = [math.sqrt((shrinking * s) ** 2 + added) for s in law.stds]
        return NormalMixture(law.weights, [shrinking * m for m in law.means], stds)

    def times(self, steps: int, stop: float = 0.0) -> Array:
        """Times from `stop` to T, closer to each other near `stop`, where the noised law changes fastest.

        Parameters
        ----------
        steps : int
            At least 1.
        stop : float
            t_0 in [0, T).

        Returns
        -------
        ndarray, shape (steps + 1,)
            ``t_0 + (T - t_0) (k/steps)^2``; those of twice as many steps contain them.

        Raises
        ------
        ArgumentError
            If there is no step, or `stop` is outside [0, T).

        Examples
        --------
        >>> Noising(1).times(2)
        array([0.  , 0.25, 1.  ])
        """
        if steps < 1 or not 0 <= stop < self.end:
            raise ArgumentError(f"steps = {steps}, stop = {stop}: give at least 1 step and 0 <= stop < {self.end}")
        return np.asarray(stop + (self.end - stop) * (np.arange(steps + 1) / steps) ** 2)

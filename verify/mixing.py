"""What each generation of a loop is trained on: how many real points, how many synthetic, and which.

Generation 0 is the real law, generation 1 is trained on real data alone, and generation ``t + 1`` on a mixture of real
points and draws of generation ``t``. Counts are fixed (stratified), never random.
"""

from __future__ import annotations

import enum
import math
import operator
from dataclasses import dataclass
from fractions import Fraction
from typing import SupportsIndex

from bounds.errors import ArgumentError


class Regime(enum.Enum):
    """Where the real points of generations after the first come from.

    Examples
    --------
    >>> Regime("fresh") is Regime.FRESH
    True
    """

    REPLACE = "replace"  # nowhere: draws of the last generation alone
    FRESH = "fresh"  # new draws of the real law in every generation
    REUSED = "reused"  # the same points in every generation
    ACCUMULATE = "accumulate"  # the whole earlier training set is kept and added to


@dataclass(frozen=True)
class Mixture:
    """Sizes of the training sets of a loop.

    Parameters
    ----------
    regime : Regime
        Where the real points of later generations come from.
    first : int
        Real points generation 1 is trained on, at least 1.
    real : int
        Real points in the training set of every later generation. In the reused regime they are among the `first`; in
        the accumulate regime they are the `first`.
    synthetic : int
        Draws of generation ``t`` that join the training set of generation ``t + 1``.

    Raises
    ------
    ArgumentError
        If a size is not an integer or negative, a training set is empty, or the sizes contradict the regime.

    Examples
    --------
    >>> mixture = Mixture(Regime.REUSED, first=100, real=30, synthetic=70)
    >>> mixture.alpha, mixture.lam, mixture.training_size(5)
    (Fraction(3, 10), Fraction(7, 3), 100)
    """

    regime: Regime
    first: int
    real: int
    synthetic: int

    def __post_init__(self) -> None:
        if not isinstance(self.regime, Regime):
            raise ArgumentError(f"regime = {self.regime!r} is not a Regime; write Regime({str(self.regime)!r})")
        for name, least in (("first", 1), ("real", 0), ("synthetic", 0)):
            object.__setattr__(self, name, count(name, getattr(self, name), least))
        if self.real + self.synthetic == 0:
            raise ArgumentError("real = 0 and synthetic = 0 leave later generations nothing to learn from")
        self._check_regime()

    def _check_regime(self) -> None:
        if self.regime is Regime.REPLACE and self.real != 0:
            raise ArgumentError(f"real = {self.real} in the replace regime; only real = 0 is allowed there")
        if self.regime is Regime.REUSED and self.real > self.first:
            raise ArgumentError(f"real = {self.real} reused points exceed the first = {self.first} there are")
        if self.regime is Regime.ACCUMULATE and self.real != self.first:
            raise ArgumentError(f"real = {self.real} in the accumulate regime must equal first = {self.first}")

    @property
    def alpha(self) -> Fraction:
        """Real fraction of generation 2's training set (of every later one's too, unless points accumulate)."""
        return Fraction(self.real, self.real + self.synthetic)

    @property
    def lam(self) -> Fraction | float:
        """Synthetic-to-real ratio of generation 2's training set; infinity when it has no real point."""
        return Fraction(self.synthetic, self.real) if self.real else math.inf

    def training_size(self, t: int) -> int:
        """Size of the training set of generation `t`.

        Parameters
        ----------
        t : int
            Generation, at least 1.

        Returns
        -------
        int
            Number of points, real and synthetic together.

        Raises
        ------
        ArgumentError
            If `t` is not an integer or below 1: generation 0 is the real law and is trained on nothing.

        Examples
        --------
        >>> [accumulate(10).training_size(t) for t in (1, 2, 3)]
        [10, 20, 30]
        """
        t = count("t", t, 1)
        if t == 1:
            return self.first
        if self.regime is Regime.ACCUMULATE:
            return self.first + (t - 1) * self.synthetic
        return self.real + self.synthetic


def replace(n: int) -> Mixture:
    """No real data after generation 1: every generation is trained on `n` points, the fully synthetic loop.

    Parameters
    ----------
    n : int
        Size of every training set, at least 1.

    Returns
    -------
    Mixture
        The sizes.

    Raises
    ------
    ArgumentError
        If `n` is not an integer or below 1.

    Examples
    --------
    >>> replace(100).training_size(7)
    100
    """
    n = count("n", n, 1)
    return Mixture(Regime.REPLACE, first=n, real=0, synthetic=n)


def by_share(n: int, alpha: Fraction | float | str, regime: Regime) -> Mixture:
    """Real share `alpha` of every later training set; `n` counts the whole training set (fu2024, fu2025).

    Parameters
    ----------
    n : int
        Size of every training set, at least 1. Generation 1 is trained on `n` real points.
    alpha : Fraction, float or str
        Real fraction in [0, 1]; ``alpha * n`` must be an integer. Text such as ``"1/3"`` is read exactly; a float
        counts as a fraction ``k / n`` when it is the float nearest to it.
    regime : Regime
        ``Regime.FRESH``, or ``Regime.REUSED`` (the reused points are the first ``alpha * n`` of generation 1).

    Returns
    -------
    Mixture
        The sizes.

    Raises
    ------
    ArgumentError
        If ``alpha * n`` is not an integer, an argument is outside its domain, or the regime has no share.

    Examples
    --------
    >>> by_share(10, 0.3, Regime.FRESH)
    Mixture(regime=<Regime.FRESH: 'fresh'>, first=10, real=3, synthetic=7)
    >>> by_share(10, 0.25, Regime.FRESH)
    Traceback (most recent call last):
    bounds.errors.ArgumentError: alpha = 0.25 of n = 10 points is not a whole number; allowed near it: 1/5, 3/10
    """
    n = count("n", n, 1)
    _require_share(regime)
    real = _multiple("alpha", alpha, n)
    if real > n:
        raise ArgumentError(f"alpha = {alpha} is outside [0, 1]")
    return Mixture(regime, first=n, real=real, synthetic=n - real)


def by_ratio(n: int, lam: Fraction | float | str, regime: Regime) -> Mixture:
    """Synthetic-to-real ratio `lam` in every later training set; `n` counts the real points (bertrand2024).

    Parameters
    ----------
    n : int
        Real points in every training set, at least 1; generation 1 is trained on them alone.
    lam : Fraction, float or str
        Ratio, at least 0; ``lam * n`` must be an integer (read as in `by_share`).
    regime : Regime
        ``Regime.FRESH``, or ``Regime.REUSED`` (the same `n` real points in every generation).

    Returns
    -------
    Mixture
        The sizes.

    Raises
    ------
    ArgumentError
        If ``lam * n`` is not an integer, an argument is outside its domain, or the regime has no ratio.

    Examples
    --------
    >>> by_ratio(10, "1/2", Regime.REUSED)
    Mixture(regime=<Regime.REUSED: 'reused'>, first=10, real=10, synthetic=5)
    """
    n = count("n", n, 1)
    _require_share(regime)
    return Mixture(regime, first=n, real=n, synthetic=_multiple("lam", lam, n))


def accumulate(n: int, added: int | None = None) -> Mixture:
    """All earlier points are kept: `n` real ones, and `added` draws of every earlier generation.

    Parameters
    ----------
    n : int
        Real points, at least 1.
    added : int, optional
        Draws each generation adds, at least 1; `n` unless given.

    Returns
    -------
    Mixture
        The sizes.

    Raises
    ------
    ArgumentError
        If a size is not an integer or below 1.

    Examples
    --------
    >>> accumulate(10, added=4).training_size(3)
    18
    """
    n = count("n", n, 1)
    return Mixture(Regime.ACCUMULATE, first=n, real=n, synthetic=n if added is None else count("added", added, 1))


def count(name: str, value: SupportsIndex, least: int) -> int:
    """Read an integer argument that must not be below `least`.

    Parameters
    ----------
    name : str
        The argument's name, for the message.
    value : int
        What was given; Python and NumPy integers are accepted, floats and booleans are not.
    least : int
        Smallest value allowed.

    Returns
    -------
    int
        The value as a Python integer.

    Raises
    ------
    ArgumentError
        If `value` is not an integer or is below `least`.

    Examples
    --------
    >>> count("n", 1, 2)
    Traceback (most recent call last):
    bounds.errors.ArgumentError: n = 1 is too small; it must be at least 2
    """
    try:
        whole = operator.index(value)
    except TypeError:
        raise ArgumentError(f"{name} = {value!r} is not an integer; it must be one, at least {least}") from None
    if isinstance(value, bool):
        raise ArgumentError(f"{name} = {value!r} is not an integer; it must be one, at least {least}")
    if whole < least:
        raise ArgumentError(f"{name} = {whole} is too small; it must be at least {least}")
    return whole


def _require_share(regime: Regime) -> None:
    if regime not in (Regime.FRESH, Regime.REUSED):
        raise ArgumentError(f"regime = {regime} takes no real share; allowed: Regime.FRESH, Regime.REUSED")


def _multiple(name: str, factor: Fraction | float | str, n: int) -> int:
    """Return ``factor * n``, which must be a nonnegative integer."""
    if isinstance(factor, float):
        if not math.isfinite(factor):
            raise ArgumentError(f"{name} = {factor} is not a finite number")
        whole = round(factor * n)
        # The float 1/3 stands for the fraction 1/3: it is the float nearest to k/n for k = n/3.
        exact = Fraction(whole, n) if whole / n == factor else Fraction(factor)
    else:
        exact = _fraction(name, factor)
    if exact < 0:
        raise ArgumentError(f"{name} = {factor} is negative; it must be at least 0")
    product = exact * n
    if product.denominator != 1:
        near = f"{Fraction(math.floor(product), n)}, {Fraction(math.ceil(product), n)}"
        raise ArgumentError(f"{name} = {factor} of n = {n} points is not a whole number; allowed near it: {near}")
    return int(product)


def _fraction(name: str, value: Fraction | int | str) -> Fraction:
    try:
        return Fraction(value)
    except (TypeError, ValueError, ZeroDivisionError):
        raise ArgumentError(f'{name} = {value!r} is not a number; write 0.3, "0.3" or "3/10"') from None

"""On the line: what score networks generate, by carrying quantiles of the normal law along the probability flow.

The flow ``dx/dt = -beta (x + s(x, t))/2``, followed from T down to t_0, keeps points in order, so the probability between
two neighbours stays what it was under the normal law: the generated law is known without sampling. Networks that share
their features are carried together, and a rectifier network is, at any one time, a broken line that is evaluated by
looking up its piece.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from bounds.errors import ArgumentError, DataError
from verify.mixing import count
from verify.models.diffusion.scores import Score
from verify.models.score.activations import RELU
from verify.models.score.features import RandomFeatures
from verify.models.score.window import Window

Array = NDArray[np.float64]
Field = Callable[[Array], Array]

_REACH = 6.0  # quantiles of the normal law are carried from -6 to 6; beyond lies 2e-9 of it
_BLOCK = 1 << 21  # feature values held at a time


class LineLaw(Protocol):
    """A real law on the line with a known distribution function."""

    def cdf(self, x: ArrayLike) -> Array:
        """``P(X <= x)``, of the shape of `x`."""
        ...


class LineScores(Protocol):
    """Scores on the line, several at once."""

    @property
    def batch(self) -> int:
        """R, how many there are."""
        ...

    def at(self, time: float) -> Field:
        """All scores at one time, as a map of points of shape (R, k) to values of that shape."""
        ...


@dataclass(frozen=True, eq=False)
class SharedFeatures:
    """Networks on the line with the same random features and different outer weights.

    Parameters
    ----------
    features : RandomFeatures
        With d = 1.
    outer : ndarray, shape (R, m, 1)
        Outer weights of each network, such as `GradientFlow.outer` gives for R training times.

    Raises
    ------
    ArgumentError
        If the shapes disagree.

    Examples
    --------
    >>> from verify.models.score import Noising, draw_features
    >>> features = draw_features(np.random.default_rng(0), 8, 1, Window(0.02, Noising(3)))
    >>> SharedFeatures(features, np.ones((3, 8, 1))).at(0.5)(np.zeros((3, 4))).shape
    (3, 4)
    """

    features: RandomFeatures
    outer: Array

    def __post_init__(self) -> None:
        if self.features.dimension != 1 or np.shape(self.outer)[1:] != (self.features.width, 1):
            raise ArgumentError(
                f"features in dimension {self.features.dimension}, outer of shape {np.shape(self.outer)}; "
                f"give dimension 1 and shape (networks, {self.features.width}, 1)"
            )

    @property
    def batch(self) -> int:
        """R."""
        return int(self.outer.shape[0])

    def at(self, time: float) -> Field:
        """All networks at one time."""
        return self._broken_lines(time) if self.features.activation == RELU else self._sums(time)

    def _broken_lines(self, time: float) -> Field:
        inner, offsets = self.features.inner[:, 0], self.features.offsets(time)
        share = self.outer[:, :, 0] * (self.features.factor(time) / self.features.width)
        flat = inner == 0.0
        constant = share[:, flat] @ np.maximum(offsets[flat], 0.0)
        inner, offsets, share = inner[~flat], offsets[~flat], share[:, ~flat]
        breaks = -offsets / inner
        order = np.argsort(breaks, kind="stable")
        # Left of all breaks the features with negative inner weight are on; each break switches one on or off.
        falling = inner < 0
        slopes = _accumulated(share * inner, falling, order)
        levels = _accumulated(share * offsets, falling, order) + constant[:, None]
        breaks = breaks[order]

        def field(x: Array) -> Array:
            piece = np.searchsorted(breaks, x)
            return np.asarray(np.take_along_axis(slopes, piece, axis=1) * x + np.take_along_axis(levels, piece, axis=1))

        return field

    def _sums(self, time: float) -> Field:
        inner, offsets = self.features.inner[:, 0], self.features.offsets(time)
        share = self.outer[:, :, 0] * (self.features.factor(time) / self.features.width)
        value = self.features.activation.value
        block = max(1, _BLOCK // self.features.width)

        def field(x: Array) -> Array:
            found = np.empty(x.shape)
            for row, points in enumerate(x):
                for first in range(0, points.size, block):
                    held = points[first : first + block, None] * inner + offsets
                    found[row, first : first + block] = value(held) @ share[row]
            return found

        return field


def _accumulated(parts: Array, falling: NDArray[np.bool_], order: NDArray[np.int64]) -> Array:
    """Sums over the features that are on, in each piece from left to right; shape (R, m + 1)."""
    first = parts[:, falling].sum(axis=1, keepdims=True)
    switched = np.where(falling, -parts, parts)[:, order]
    return np.asarray(np.concatenate([first, first + np.cumsum(switched, axis=1)], axis=1))


@dataclass(frozen=True)
class Separate:
    """Any scores on the line, evaluated one after the other.

    Parameters
    ----------
    scores : sequence of Score
        Each with d = 1.

    Raises
    ------
    ArgumentError
        If there are none, or one is not of dimension 1.

    Examples
    --------
    >>> from verify.data import NormalMixture
    >>> from verify.models.diffusion.forward import Noising
    >>> from verify.models.diffusion.scores import TrueScore
    >>> Separate([TrueScore(NormalMixture.normal(), Noising(1))]).at(0.5)(np.array([[2.0]]))
    array([[-2.]])
    """

    scores: Sequence[Score]

    def __post_init__(self) -> None:
        if not self.scores or any(score.dimension != 1 for score in self.scores):
            raise ArgumentError("give at least one score, and scores of dimension 1 only")

    @property
    def batch(self) -> int:
        """R."""
        return len(self.scores)

    def at(self, time: float) -> Field:
        """All scores at one time."""

        def field(x: Array) -> Array:
            return np.stack([score(row[:, None], time)[:, 0] for score, row in zip(self.scores, x, strict=True)])

        return field


@dataclass(frozen=True, eq=False)
class GeneratedLaws:
    """Laws that scores generate on the line, as the places that quantiles of the normal law were carried to.

    Parameters
    ----------
    sources : ndarray, shape (k,)
        Points under the standard normal law, ascending.
    places : ndarray, shape (R, k)
        Where each score carries them, ascending in every row, in units of the data.

    Examples
    --------
    >>> laws = GeneratedLaws(np.array([-1.0, 0.0, 1.0]), np.array([[-2.0, 0.0, 2.0]]))
    >>> laws.cdf(np.array([[0.0]]))
    array([[0.5]])
    """

    sources: Array
    places: Array

    def cdf(self, x: Array) -> Array:
        """``P(X <= x)`` for points of shape (R, k'), by linear interpolation of the carried quantiles.

        Examples
        --------
        >>> laws = GeneratedLaws(np.array([-1.0, 0.0, 1.0]), np.array([[-2.0, 0.0, 2.0]]))
        >>> laws.cdf(np.array([[-2.0, 2.0]])).round(4)
        array([[0.1587, 0.8413]])
        """
        rows = [np.interp(at, places, self.sources) for at, places in zip(x, self.places, strict=True)]
        return np.asarray(ndtr(np.stack(rows)))

    def total_variation(self, law: LineLaw) -> tuple[Array, Array]:
        """Total variation to a known law, with an estimate of its numerical error.

        Between neighbouring carried quantiles both probabilities are known, and half the sum of their differences is a
        lower bound. It misses the smaller part of the gaps in which the densities cross. Where their difference is linear
        across a crossing, that is at most an eighth of the two differences beside it; a quarter is stated, or what every
        second quantile alone would lose, whichever is larger.

        Parameters
        ----------
        law : LineLaw
            The real law.

        Returns
        -------
        tv, error : ndarray, shape (R,)

        Examples
        --------
        >>> from verify.data import NormalMixture
        >>> z = np.linspace(-6, 6, 401)
        >>> tv, error = GeneratedLaws(z, z[None] + 1.0).total_variation(NormalMixture.normal())
        >>> round(float(tv[0]), 4), bool(abs(tv[0] - 0.3829249) < error[0] < 1e-3)
        (0.3829, True)
        """
        gaps = self.masses(law) - np.diff(ndtr(self.sources), prepend=0.0, append=1.0)
        tv, size = 0.5 * np.abs(gaps).sum(axis=1), np.abs(gaps)
        beside = np.where(gaps[:, 1:] * gaps[:, :-1] < 0, size[:, 1:] + size[:, :-1], 0.0).sum(axis=1)
        coarse = GeneratedLaws(self.sources[::2], self.places[:, ::2])
        wide = coarse.masses(law) - np.diff(ndtr(coarse.sources), prepend=0.0, append=1.0)
        return tv, np.maximum(beside / 4, tv - 0.5 * np.abs(wide).sum(axis=1))

    def masses(self, law: LineLaw) -> Array:
        """Probabilities that a law gives to the gaps between the carried quantiles, shape (R, k + 1).

        Examples
        --------
        >>> from verify.data import NormalMixture
        >>> laws = GeneratedLaws(np.array([-1.0, 0.0, 1.0]), np.array([[-1.0, 0.0, 1.0]]))
        >>> laws.masses(NormalMixture.normal()).round(4)
        array([[0.1587, 0.3413, 0.3413, 0.1587]])
        """
        return np.asarray(np.diff(law.cdf(self.places), axis=1, prepend=0.0, append=1.0))


def carry(scores: LineScores, window: Window, points: Array, steps: int = 60) -> Array:
    """Carry points along the probability flow from T down to t_0, by classical Runge-Kutta steps.

    Parameters
    ----------
    scores : LineScores
        R scores.
    window : Window
        The forward process and t_0.
    points : ndarray, shape (R, k)
        Where they start, on the scale of the standard normal law.
    steps : int
        Steps, evenly spaced in the logarithm of the noise's integral.

    Returns
    -------
    ndarray, shape (R, k)
        In units of the data.

    Examples
    --------
    The true score of a standard normal law moves nothing:

    >>> from verify.data import NormalMixture
    >>> from verify.models.diffusion.forward import Noising
    >>> from verify.models.diffusion.scores import TrueScore
    >>> window = Window(0.01, Noising(3))
    >>> carry(Separate([TrueScore(NormalMixture.normal(), Noising(3))]), window, np.array([[1.0]]))
    array([[1.]])
    """
    if points.ndim != 2 or points.shape[0] != scores.batch:
        raise ArgumentError(f"points of shape {points.shape}; the shape must be ({scores.batch}, points)")
    times = window.path(count("steps", steps, 1))
    elapsed = window.elapsed(times)
    middles = window.time_of(0.5 * (elapsed[1:] + elapsed[:-1]))
    moved = np.array(points, dtype=np.float64)
    here = scores.at(float(times[0]))
    for stride, middle, last in zip(-0.5 * np.diff(elapsed), middles, times[1:], strict=True):
        halfway, there = scores.at(float(middle)), scores.at(float(last))
        k1 = moved + here(moved)
        x2 = moved + 0.5 * stride * k1
        k2 = x2 + halfway(x2)
        x3 = moved + 0.5 * stride * k2
        k3 = x3 + halfway(x3)
        x4 = moved + stride * k3
        k4 = x4 + there(x4)
        moved = moved + stride / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        here = there
    return moved


def generated_laws(scores: LineScores, window: Window, cells: int = 400, steps: int = 60) -> GeneratedLaws:
    """Carry quantiles of the normal law along the probability flow of every score.

    Parameters
    ----------
    scores : LineScores
        R scores.
    window : Window
        The forward process and t_0.
    cells : int
        Gaps between the carried quantiles, at least 2 and even.
    steps : int
        Runge-Kutta steps.

    Returns
    -------
    GeneratedLaws

    Raises
    ------
    ArgumentError
        If there is an odd number of cells.
    DataError
        If the steps are too long for the flow: points that it keeps apart would cross.

    Examples
    --------
    >>> from verify.data import NormalMixture
    >>> from verify.models.diffusion.forward import Noising
    >>> from verify.models.diffusion.scores import TrueScore
    >>> law = NormalMixture((0.5, 0.5), (-1.0, 1.0), (0.5, 0.5))
    >>> window = Window(1e-3, Noising(8))
    >>> laws = generated_laws(Separate([TrueScore(law, Noising(8))]), window)
    >>> bool(laws.total_variation(law)[0][0] < 0.005)
    True
    """
    if count("cells", cells, 2) % 2:
        raise ArgumentError(f"cells = {cells}; it must be even: every second quantile alone shows the error")
    sources = np.linspace(-_REACH, _REACH, cells + 1)
    places = carry(scores, window, np.broadcast_to(sources, (scores.batch, cells + 1)), steps)
    if not (np.isfinite(places).all() and (np.diff(places, axis=1) >= 0).all()):
        raise DataError(f"quantiles cross within {steps} steps: the score is too steep for them; take more steps")
    return GeneratedLaws(sources, places)


def distance_to(
    law: LineLaw, scores: LineScores, window: Window, cells: int = 400, steps: int = 60
) -> tuple[Array, Array]:
    """Total variation of what scores generate on the line to a known law, with an estimate of its numerical error.

    Parameters
    ----------
    law : LineLaw
        The real law.
    scores : LineScores
        R scores.
    window : Window
        The forward process and t_0.
    cells, steps : int
        Gaps between the carried quantiles, and Runge-Kutta steps; both even.

    Returns
    -------
    tv, error : ndarray, shape (R,)
        The error is that of `GeneratedLaws.total_variation`, and by how much the real law of the gaps moves when half of
        the steps are taken.

    Raises
    ------
    ArgumentError
        If a number is odd.

    Examples
    --------
    >>> from verify.data import NormalMixture
    >>> from verify.models.diffusion.forward import Noising
    >>> from verify.models.diffusion.scores import TrueScore
    >>> law, window = NormalMixture.normal(std=0.5), Window(1e-3, Noising(8))
    >>> tv, error = distance_to(law, Separate([TrueScore(law, Noising(8))]), window)
    >>> bool(tv[0] < 0.005), bool(error[0] < 0.001)
    (True, True)
    """
    if count("steps", steps, 2) % 2:
        raise ArgumentError(f"steps = {steps}; it must be even: half of the steps show the error")
    fine = generated_laws(scores, window, cells, steps)
    tv, error = fine.total_variation(law)
    start = np.broadcast_to(fine.sources, fine.places.shape)
    rough = GeneratedLaws(fine.sources, carry(scores, window, start, steps // 2))
    return tv, error + 0.5 * np.abs(fine.masses(law) - rough.masses(law)).sum(axis=1)

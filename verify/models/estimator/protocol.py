"""What a generative model of your own must be able to do, and the checks of what it returns."""

from __future__ import annotations

import math
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from bounds.errors import ArgumentError, DataError

Array = NDArray[np.float64]


@runtime_checkable
class Sampler(Protocol):
    """A law that can be drawn from; it may also have a ``log_density(points)``, shape (k, d) to (k,), in nats."""

    def sample(self, size: int, rng: np.random.Generator) -> ArrayLike:
        """Draw independent points.

        Parameters
        ----------
        size : int
            How many.
        rng : numpy.random.Generator
            The only source of randomness.

        Returns
        -------
        array_like, shape (size,) or (size, d)
        """
        ...


@runtime_checkable
class GenerativeModel(Sampler, Protocol):
    """A sampler that learns; each generation is fitted to a deep copy of the model that was given."""

    def fit(self, points: Array, rng: np.random.Generator) -> Any:
        """Learn from points, in place.

        Parameters
        ----------
        points : ndarray, shape (n, d)
        rng : numpy.random.Generator
            The only source of randomness.

        Returns
        -------
        object
            Ignored.
        """
        ...


def has_density(law: Sampler) -> bool:
    """Tell whether a law has a log density.

    Examples
    --------
    >>> has_density(object())
    False
    """
    return callable(getattr(law, "log_density", None))


def drawn(law: Sampler, size: int, rng: np.random.Generator, name: str) -> Array:
    """Draw from a law, and refuse what is no sample.

    Parameters
    ----------
    law : Sampler
    size : int
    rng : numpy.random.Generator
    name : str
        What to call it in messages.

    Returns
    -------
    ndarray, shape (size, d)

    Raises
    ------
    DataError
        If the law returns another number of points, or values that are no finite numbers.

    Examples
    --------
    >>> class Coin:
    ...     def sample(self, size, rng):
    ...         return rng.integers(0, 2, size)
    >>> drawn(Coin(), 3, np.random.default_rng(0), "coin").shape
    (3, 1)
    """
    found = law.sample(size, rng)
    try:
        points = np.asarray(found, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"sample of {name} returns {type(found).__name__}, which is no array of numbers") from error
    if points.ndim == 1:
        points = points[:, np.newaxis]
    if points.ndim != 2 or len(points) != size:
        raise DataError(
            f"sample of {name} returns shape {np.shape(found)} for {size} points: return ({size},) or ({size}, d)"
        )
    if not np.isfinite(points).all():
        raise DataError(f"sample of {name} returns values that are not finite")
    return points


def log_density(law: Sampler, points: Array, name: str) -> Array:
    """Evaluate the log density of a law, and refuse what is none.

    Parameters
    ----------
    law : Sampler
        With a log density.
    points : ndarray, shape (k, d)
    name : str
        What to call it in messages.

    Returns
    -------
    ndarray, shape (k,)
        Minus infinity where the density is 0.

    Raises
    ------
    DataError
        If it returns another shape, nan, or plus infinity.

    Examples
    --------
    >>> from verify.data import NormalMixture
    >>> log_density(from_law(NormalMixture.normal()), np.zeros((2, 1)), "real law").round(4)
    array([-0.9189, -0.9189])
    """
    found = np.asarray(law.log_density(points), dtype=np.float64)  # type: ignore[attr-defined]
    if found.shape != (len(points),):
        raise DataError(f"log_density of {name} returns shape {found.shape} for {len(points)} points: return one each")
    if np.isnan(found).any() or (found == math.inf).any():
        raise DataError(f"log_density of {name} returns nan or infinity: a density is finite; give -inf where it is 0")
    return found


class _Line:
    """A one-dimensional law of `verify.data` as a sampler."""

    def __init__(self, law: Any) -> None:
        self.law = law

    def sample(self, size: int, rng: np.random.Generator) -> Array:
        return np.asarray(self.law.sample(rng, size))


class _LineWithDensity:
    """A one-dimensional law with a density as a sampler."""

    def __init__(self, law: Any) -> None:
        self.law = law

    def sample(self, size: int, rng: np.random.Generator) -> Array:
        return np.asarray(self.law.sample(rng, size))

    def log_density(self, points: Array) -> Array:
        with np.errstate(divide="ignore"):  # the density of a far point may be 0 in doubles
            return np.asarray(np.log(self.law.pdf(points[:, 0])))


def from_law(law: Any) -> Sampler:
    """Turn a real law into a sampler: one of `verify.data`, or an object that is a sampler already.

    Parameters
    ----------
    law : Law or Sampler

    Returns
    -------
    Sampler
        With a log density where the law has one.

    Raises
    ------
    ArgumentError
        If it is neither.

    Examples
    --------
    >>> from verify.data import EmpiricalLaw, NormalMixture
    >>> has_density(from_law(NormalMixture.normal())), has_density(from_law(EmpiricalLaw([1.0, 2.0])))
    (True, False)
    """
    if hasattr(law, "cdf") and hasattr(law, "quantile"):
        return _LineWithDensity(law) if hasattr(law, "pdf") else _Line(law)
    if not isinstance(law, Sampler):
        raise ArgumentError(f"{type(law).__name__} is no law: it needs sample(size, rng), and may have log_density")
    return law

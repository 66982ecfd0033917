"""Estimators in the style of scikit-learn as generative models; scikit-learn itself is not needed here."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from bounds.errors import ArgumentError
from verify.models.estimator.protocol import Array, GenerativeModel

# scikit-learn takes seeds of 32 bits.
_SEEDS = 2**32


@final
@dataclass(frozen=True)
class SampledEstimator:
    """An estimator with ``fit(X)`` and ``sample(n)``.

    Parameters
    ----------
    estimator : object
        If it has a parameter ``random_state``, that is set from the generator before every fit and every draw: with a
        fixed one, every sample would be the same.

    Examples
    --------
    >>> from sklearn.neighbors import KernelDensity
    >>> rng = np.random.default_rng(0)
    >>> model = SampledEstimator(KernelDensity(bandwidth=0.5))
    >>> _ = model.fit(rng.normal(size=(100, 2)), rng)
    >>> model.sample(3, rng).shape
    (3, 2)
    """

    estimator: Any

    def fit(self, points: Array, rng: np.random.Generator) -> None:
        """Fit the estimator; see `GenerativeModel.fit`."""
        self._reseed(rng)
        self.estimator.fit(points)

    def sample(self, size: int, rng: np.random.Generator) -> Array:
        """Draw from the estimator, in random order; see `Sampler.sample`."""
        self._reseed(rng)
        if "random_state" in inspect.signature(self.estimator.sample).parameters:
            found = self.estimator.sample(size, random_state=_seed(rng))
        else:
            found = self.estimator.sample(size)
        points = np.asarray(found[0] if isinstance(found, tuple) else found, dtype=np.float64)
        # Mixtures return their draws component by component.
        return points[rng.permutation(len(points))]

    def _reseed(self, rng: np.random.Generator) -> None:
        if hasattr(self.estimator, "get_params") and "random_state" in self.estimator.get_params():
            self.estimator.set_params(random_state=_seed(rng))


@final
@dataclass(frozen=True)
class DensityEstimator:
    """An estimator that also has ``score_samples(X)``, the log density at each point.

    Parameters
    ----------
    sampled : SampledEstimator

    Examples
    --------
    >>> from sklearn.mixture import GaussianMixture
    >>> rng = np.random.default_rng(0)
    >>> model = DensityEstimator(SampledEstimator(GaussianMixture(2)))
    >>> model.fit(rng.normal(size=(100, 2)), rng)
    >>> model.log_density(model.sample(3, rng)).shape
    (3,)
    """

    sampled: SampledEstimator

    def fit(self, points: Array, rng: np.random.Generator) -> None:
        """Fit the estimator; see `GenerativeModel.fit`."""
        self.sampled.fit(points, rng)

    def sample(self, size: int, rng: np.random.Generator) -> Array:
        """Draw from the estimator; see `Sampler.sample`."""
        return self.sampled.sample(size, rng)

    def log_density(self, points: Array) -> Array:
        """Return the log density at each point, in nats."""
        return np.asarray(self.sampled.estimator.score_samples(points), dtype=np.float64)


def from_estimator(estimator: Any) -> GenerativeModel:
    """Turn an estimator in the style of scikit-learn into a generative model.

    Parameters
    ----------
    estimator : object
        With ``fit(X)`` and ``sample(n)``; where it has ``score_samples(X)`` too, that is taken for its log density.

    Returns
    -------
    GenerativeModel

    Raises
    ------
    ArgumentError
        If it has no ``fit`` or no ``sample``, or is a class.

    Examples
    --------
    >>> from sklearn.mixture import GaussianMixture
    >>> type(from_estimator(GaussianMixture())).__name__
    'DensityEstimator'
    >>> from_estimator(3)
    Traceback (most recent call last):
    bounds.errors.ArgumentError: int is no generative estimator: it needs fit(X) and sample(n)
    """
    if isinstance(estimator, type):
        raise ArgumentError(f"{estimator.__name__} is a class: give an estimator made by it, as {estimator.__name__}()")
    if not all(callable(getattr(estimator, name, None)) for name in ("fit", "sample")):
        raise ArgumentError(f"{type(estimator).__name__} is no generative estimator: it needs fit(X) and sample(n)")
    sampled = SampledEstimator(estimator)
    return DensityEstimator(sampled) if callable(getattr(estimator, "score_samples", None)) else sampled


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(_SEEDS))

"""A loop of a model of your own: its generations, and what can be measured of their drift."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from scipy.special import logsumexp

from bounds.errors import ArgumentError, DataError
from verify.evidence import BoundedSample, Evidence
from verify.loop import Learner, run
from verify.loop_audit.separation import separate
from verify.mixing import Mixture, Regime, count
from verify.models.estimator.protocol import (
    Array,
    GenerativeModel,
    Sampler,
    drawn,
    from_law,
    has_density,
    log_density,
)


@final
@dataclass(frozen=True)
class OwnLoop:
    """A self-consuming loop of a model of your own.

    Parameters
    ----------
    model : GenerativeModel
        Not fitted; every generation fits a deep copy.
    real : Law or Sampler
        The real law, from `verify.data` or an object with ``sample(size, rng)`` and, if known, ``log_density(points)``.
    mixture : Mixture
        What each generation is trained on.
    generations : int
        At least 2.

    Raises
    ------
    ArgumentError
        If the model or the law lacks a method, or there are too few generations.

    Examples
    --------
    >>> from sklearn.mixture import GaussianMixture
    >>> from verify.data import NormalMixture
    >>> from verify.mixing import replace
    >>> from verify.models.estimator import from_estimator
    >>> OwnLoop(from_estimator(GaussianMixture()), NormalMixture.normal(), replace(100), 3).densities
    True
    """

    model: GenerativeModel
    real: Any
    mixture: Mixture
    generations: int

    def __post_init__(self) -> None:
        for given in (self.model, self.real):
            if isinstance(given, type):
                raise ArgumentError(f"{given.__name__} is a class: give an object made by it, as {given.__name__}()")
        if not isinstance(self.model, GenerativeModel):
            raise ArgumentError(
                f"{type(self.model).__name__} is no generative model: it needs fit(points, rng) and sample(size, rng); "
                "for an estimator of scikit-learn write from_estimator(...)"
            )
        if not isinstance(self.mixture, Mixture):
            raise ArgumentError(f"mixture = {self.mixture!r}; make one by verify.mixing.replace, by_share, ...")
        object.__setattr__(self, "real", from_law(self.real))
        object.__setattr__(self, "generations", count("generations", self.generations, 2))

    @property
    def densities(self) -> bool:
        """Whether both the real law and the model have log densities."""
        return has_density(self.real) and has_density(self.model)

    def weights(self, t: int) -> tuple[float, ...]:
        """Return the weights of the mixture that generation `t` learns: the real law first, then generations 1 to t - 1.

        Examples
        --------
        >>> from sklearn.mixture import GaussianMixture
        >>> from verify.data import NormalMixture
        >>> from verify.mixing import accumulate
        >>> from verify.models.estimator import from_estimator
        >>> OwnLoop(from_estimator(GaussianMixture()), NormalMixture.normal(), accumulate(10), 3).weights(2)
        (0.5, 0.5)
        """
        if t == 1:
            return (1.0,)
        size = self.mixture.training_size(t)
        if self.mixture.regime is Regime.ACCUMULATE:
            return (self.mixture.first / size, *(self.mixture.synthetic / size for _ in range(t - 1)))
        return (self.mixture.real / size, *(0.0 for _ in range(t - 2)), self.mixture.synthetic / size)


@dataclass(frozen=True, eq=False)
class Drift:
    """What one run of a loop shows.

    Parameters
    ----------
    variation : ndarray, shape (T,)
        For each generation a number whose mean is its total variation to the real law, in [0, 1]; without densities one
        whose mean is at most that, in [-1, 1].
    learning : ndarray, shape (T,)
        With densities: a number in [0, 1] whose mean is the total variation to the mixture that generation learned.
    balance : ndarray, shape (T,)
        With densities: a number in [-1, 1] whose mean is 0 if densities and draws belong together.
    """

    variation: Array
    learning: Array
    balance: Array


def run_once(loop: OwnLoop, draws: int, rng: np.random.Generator) -> Drift:
    """Run a loop once and measure every generation.

    Parameters
    ----------
    loop : OwnLoop
    draws : int
        Draws of each law that measure a distance.
    rng : numpy.random.Generator

    Returns
    -------
    Drift

    Raises
    ------
    DataError
        If the model or the law returns something that is no sample or no log density.

    Examples
    --------
    >>> from sklearn.mixture import GaussianMixture
    >>> from verify.data import NormalMixture
    >>> from verify.mixing import replace
    >>> from verify.models.estimator import from_estimator
    >>> loop = OwnLoop(from_estimator(GaussianMixture()), NormalMixture.normal(), replace(1000), 2)
    >>> bool((run_once(loop, 1000, np.random.default_rng(0)).variation < 0.1).all())
    True
    """
    models: list[Sampler] = [loop.real, *_generations(loop, rng)]
    samples = [drawn(law, draws, rng, _name(t)) for t, law in enumerate(models)]
    if any(sample.shape[1] != samples[0].shape[1] for sample in samples):
        raise DataError(
            f"the model draws points of {samples[1].shape[1]} coordinates, the law of {samples[0].shape[1]}"
        )
    if not loop.densities:
        shown = np.array([_shown(samples[0], sample) for sample in samples[1:]])
        return Drift(shown, np.array([]), np.array([]))
    real, fitted = samples[0], range(1, len(models))
    real_at_real = _own_density(loop.real, real, 0)
    variation, learning, balance = np.zeros((3, len(fitted)))
    for at, t in enumerate(fitted):
        own = _own_density(models[t], samples[t], t)
        pair = (
            real_at_real,
            log_density(models[t], real, _name(t)),
            log_density(loop.real, samples[t], _name(0)),
            own,
        )
        variation[at], balance[at] = _variation(*pair), _balance(*pair)
        # The first generation learns the real law itself.
        learning[at] = _learning(loop, models, t, samples[t], own, rng) if at else variation[at]
    return Drift(variation, learning, balance)


def _own_density(law: Sampler, points: Array, t: int) -> Array:
    found = log_density(law, points, _name(t))
    if (found == -math.inf).any():
        raise DataError(f"log_density of {_name(t)} is -inf at draws of its own: it is not the density of its draws")
    return found


def _generations(loop: OwnLoop, rng: np.random.Generator) -> list[GenerativeModel]:
    def fitted(points: Array) -> GenerativeModel:
        model = copy.deepcopy(loop.model)
        model.fit(points, rng)
        return model

    learner: Learner[Array, GenerativeModel] = Learner(
        draw_real=lambda size: drawn(loop.real, size, rng, "the real law"),
        draw=lambda model, size: drawn(model, size, rng, "the model"),
        pool=_pooled,
        fit=fitted,
    )
    return run(learner, loop.mixture, loop.generations)


def _pooled(first: Array, second: Array) -> Array:
    _require_alike(first, second)
    return np.concatenate([first, second])


def _require_alike(real: Array, synthetic: Array) -> None:
    if real.shape[1] != synthetic.shape[1]:
        raise DataError(f"the model draws points of {synthetic.shape[1]} coordinates, the real law of {real.shape[1]}")


def _name(t: int) -> str:
    return f"generation {t}" if t else "the real law"


def _variation(p_at_p: Array, q_at_p: Array, p_at_q: Array, q_at_q: Array) -> float:
    """Average of (1 - q/p)_+ over draws of p and of (1 - p/q)_+ over draws of q: both have the total variation as mean."""
    return float(_lost(q_at_p - p_at_p).mean() + _lost(p_at_q - q_at_q).mean()) / 2


def _lost(log_ratio: Array) -> Array:
    return -np.expm1(np.minimum(log_ratio, 0.0))


def _balance(p_at_p: Array, q_at_p: Array, p_at_q: Array, q_at_q: Array) -> float:
    """Mean of p/(p+q) over draws of p and over draws of q, less 1: int p (p+q)/(p+q) = 1 if p and q are densities."""
    with np.errstate(over="ignore"):  # exp of a large difference is infinite, and its share then 0
        shares = [1 / (1 + np.exp(q - p)) for p, q in ((p_at_p, q_at_p), (p_at_q, q_at_q))]
    return float(shares[0].mean() + shares[1].mean() - 1)


def _learning(
    loop: OwnLoop, models: list[Sampler], t: int, points: Array, own: Array, rng: np.random.Generator
) -> float:
    """Total variation of generation t to the mixture it learned, as `_variation` does it."""
    weights = loop.weights(t)
    counts = rng.multinomial(len(points), weights)
    mixed = np.concatenate([drawn(models[k], int(size), rng, _name(k)) for k, size in enumerate(counts) if size])
    return _variation(
        _mixed(models, weights, mixed),
        log_density(models[t], mixed, _name(t)),
        _mixed(models, weights, points),
        own,
    )


def _mixed(models: list[Sampler], weights: tuple[float, ...], points: Array) -> Array:
    used = [(k, weight) for k, weight in enumerate(weights) if weight]
    logs = np.stack([math.log(weight) + log_density(models[k], points, _name(k)) for k, weight in used])
    return np.asarray(logsumexp(logs, axis=0))


def _shown(real: Array, synthetic: Array) -> float:
    """Difference of the shares of a set that half of the draws choose, on the other half: its mean is at most the TV."""
    at = len(real) // 2
    region = separate(real[:at], synthetic[:at])
    return float(region.contains(real[at:]).mean() - region.contains(synthetic[at:]).mean())


@final
@dataclass(frozen=True, eq=False)
class ShownVariation(Evidence):
    """Expected total variation, of which sets show a part: lower limits only.

    Parameters
    ----------
    values : ndarray of shape (R,)
        One per independent run, in [-1, 1]; the mean of each is at most the total variation.

    Examples
    --------
    >>> found = ShownVariation(np.full(100, 0.5))
    >>> 0.3 < found.lower(0.01) < 0.5, found.upper(0.01)
    (True, 1.0)
    """

    values: Array

    @property
    def estimate(self) -> float:
        """The average, at least 0: an estimate of what is shown, not of the total variation."""
        return max(float(np.mean(self.values)), 0.0)

    def _lower(self, level: float) -> float:
        return max(BoundedSample(self.values, -1.0, 1.0).lower(level), 0.0)

    def _upper(self, level: float) -> float:
        return 1.0

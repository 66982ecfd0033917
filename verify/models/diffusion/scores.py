"""Scores: what a sampler needs to know, the true score of a noised mixture, and scores with a known error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from verify.data import NormalMixture
from verify.models.diffusion.forward import Array, Noising
from verify.models.kde.space import IsotropicMixture


class Score(Protocol):
    """A vector field s(x, t) in place of ``grad log p_t(x)``."""

    @property
    def dimension(self) -> int:
        """Dimension d of the points."""
        ...

    def __call__(self, x: Array, time: float) -> Array:
        """Values s(x, t).

        Parameters
        ----------
        x : ndarray, shape (m, d)
        time : float

        Returns
        -------
        ndarray, shape (m, d)
        """
        ...

    def divergence(self, x: Array, time: float) -> Array:
        """Divergence of s(., t) at x.

        Parameters
        ----------
        x : ndarray, shape (m, d)
        time : float

        Returns
        -------
        ndarray, shape (m,)
        """
        ...


@dataclass(frozen=True)
class TrueScore:
    """Score ``grad log p_t`` of a noised normal mixture, in closed form.

    Parameters
    ----------
    law : NormalMixture or IsotropicMixture
        p_0, on the line or in d dimensions.
    noising : Noising

    Examples
    --------
    >>> score = TrueScore(NormalMixture.normal(), Noising(1))
    >>> score(np.array([[2.0]]), 0.5), score.divergence(np.array([[2.0]]), 0.5)
    (array([[-2.]]), array([-1.]))
    """

    law: NormalMixture | IsotropicMixture
    noising: Noising

    @property
    def dimension(self) -> int:
        """Dimension d of the points."""
        return self.law.dimension if isinstance(self.law, IsotropicMixture) else 1

    def __call__(self, x: Array, time: float) -> Array:
        """Score of p_t, shape (m, d)."""
        shares, pulls, _ = self._components(x, time)
        return np.asarray(np.einsum("mc,mcd->md", shares, pulls))

    def divergence(self, x: Array, time: float) -> Array:
        """Laplacian of ``log p_t``, shape (m,)."""
        shares, pulls, variances = self._components(x, time)
        mean = np.einsum("mc,mcd->md", shares, pulls)
        squares = np.einsum("mcd,mcd->mc", pulls, pulls)
        inner = np.sum(shares * (squares - self.dimension / variances), axis=1)
        return np.asarray(inner - np.einsum("md,md->m", mean, mean))

    def _components(self, x: Array, time: float) -> tuple[Array, Array, Array]:
        """Posterior shares (m, c) of the components, their scores (m, c, d), and their variances (c,)."""
        shrinking = self.noising.shrinking(time)
        means = shrinking * np.asarray(self.law.means, dtype=np.float64).reshape(-1, self.dimension)
        stds = np.asarray(self.law.stds, dtype=np.float64)
        variances = (shrinking * stds) ** 2 - np.expm1(-self.noising.elapsed(time))
        away = x[:, None, :] - means
        squares = np.einsum("mcd,mcd->mc", away, away)
        logs = np.log(self.law.weights) - 0.5 * self.dimension * np.log(variances) - 0.5 * squares / variances
        shares = np.exp(logs - logs.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        return shares, -away / variances[:, None], variances


@dataclass(frozen=True)
class PerturbedScore:
    """A score plus a known error.

    Parameters
    ----------
    score : Score
        Mostly the true one.
    error : Score
        delta, for instance one of `verify.models.diffusion.perturbations`.

    Examples
    --------
    >>> from verify.models.diffusion.perturbations import Ramp
    >>> score = PerturbedScore(TrueScore(NormalMixture.normal(), Noising(1)), Ramp(slope=0.5, offset=0.0))
    >>> score(np.array([[2.0]]), 0.5), score.divergence(np.array([[2.0]]), 0.5)
    (array([[-1.]]), array([-0.5]))
    """

    score: Score
    error: Score

    @property
    def dimension(self) -> int:
        """Dimension d of the points."""
        return self.score.dimension

    def __call__(self, x: Array, time: float) -> Array:
        """Score plus error, shape (m, d)."""
        return self.score(x, time) + self.error(x, time)

    def divergence(self, x: Array, time: float) -> Array:
        """Divergence of both, shape (m,)."""
        return self.score.divergence(x, time) + self.error.divergence(x, time)


@dataclass(frozen=True)
class ScoreError:
    """What a score is off by: ``learned - true``.

    Parameters
    ----------
    learned, true : Score

    Examples
    --------
    >>> from verify.models.diffusion.perturbations import Ramp
    >>> true = TrueScore(NormalMixture.normal(), Noising(1))
    >>> ScoreError(PerturbedScore(true, Ramp(0.5)), true)(np.array([[2.0]]), 0.5)
    array([[1.]])
    """

    learned: Score
    true: Score

    @property
    def dimension(self) -> int:
        """Dimension d of the points."""
        return self.learned.dimension

    def __call__(self, x: Array, time: float) -> Array:
        """Learned minus true, shape (m, d)."""
        return self.learned(x, time) - self.true(x, time)

    def divergence(self, x: Array, time: float) -> Array:
        """Divergence of the difference, shape (m,)."""
        return self.learned.divergence(x, time) - self.true.divergence(x, time)

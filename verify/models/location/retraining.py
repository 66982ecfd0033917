"""The map G that retrains the logistic family on real and own data, in the limit of infinitely many points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from bounds.errors import ArgumentError
from verify.models.location.arguments import Array, DataLaw, as_count, as_ratio
from verify.models.location.constants import LogisticConstants, constants_of
from verify.models.location.expectations import Rule, rule_for
from verify.models.location.family import logistic_kl, logistic_mean_score, mean_score_slope
from verify.models.location.numerics import UNIT, decreasing_root


@dataclass(frozen=True, eq=False)
class LogisticRetraining:
    """Infinite-sample retraining of the logistic family on real and own data; built by `logistic_retraining`.

    Parameters
    ----------
    constants : LogisticConstants
        Of the real law; every location theta, given or returned, is in units of ``constants.scale``.
    rule : Rule
        For expectations over the real law.

    Examples
    --------
    >>> from verify.data import EmpiricalLaw
    >>> loop = logistic_retraining(EmpiricalLaw([0.0, 1.0, 5.0]))
    >>> path = loop.trajectory(3.0, lam=1.0, steps=3) - loop.constants.theta_star
    >>> path.round(4)
    array([1.4248, 0.8355, 0.4785, 0.2701])
    """

    constants: LogisticConstants
    rule: Rule

    def retrain(self, theta: ArrayLike, lam: float) -> Array:
        """``G(theta)``: the maximiser of ``E_P log p_theta' + lam E_{p_theta} log p_theta'`` (bertrand2024, section 2).

        It is the root of a strictly decreasing function and lies between theta* and theta.

        Parameters
        ----------
        theta : array_like
            Current locations.
        lam : float
            Synthetic-to-real ratio, finite and at least 0.

        Returns
        -------
        ndarray
            Of the shape of `theta`; error of the order of ``rule.error`` over the curvature.

        Raises
        ------
        ArgumentError
            If `lam` is negative or a number is not finite.

        Examples
        --------
        >>> from verify.data import NormalMixture
        >>> loop = logistic_retraining(NormalMixture.normal())
        >>> loop.retrain([0.0, 1.0], lam=1.0).round(6)
        array([0.     , 0.44644])
        """
        ratio = as_ratio(lam)
        current = np.asarray(theta, dtype=np.float64)
        if not np.isfinite(current).all():
            raise ArgumentError(f"theta must be finite; given {theta!r}")
        optimum = np.float64(self.constants.theta_star)
        return decreasing_root(
            lambda x: self.rule.score(x) + ratio * logistic_mean_score(current - x),
            lambda x: self.rule.information(x) + ratio * mean_score_slope(current - x),
            np.minimum(current, optimum),
            np.maximum(current, optimum),
            self.rule.error + 4 * ratio * UNIT,
        )

    def derivative(self, theta: ArrayLike, lam: float) -> Array:
        """``G'(theta)`` by the implicit function theorem; at theta* it is ``lam mu/(1 + lam mu)``.

        Parameters
        ----------
        theta : array_like
            Locations.
        lam : float
            Synthetic-to-real ratio, finite and at least 0.

        Returns
        -------
        ndarray
            Of the shape of `theta`, in [0, 1).

        Raises
        ------
        ArgumentError
            If `lam` is negative or a number is not finite.

        Examples
        --------
        >>> from verify.data import NormalMixture
        >>> loop = logistic_retraining(NormalMixture.normal())
        >>> loop.derivative([0.0, 3.0], lam=1.0).round(4)
        array([0.4465, 0.4456])
        """
        following = self.retrain(theta, lam)
        pull = lam * mean_score_slope(np.asarray(theta, dtype=np.float64) - following)
        return np.asarray(pull / (self.rule.information(following) + pull))

    def trajectory(self, theta0: ArrayLike, lam: float, steps: int) -> Array:
        """Iterates ``theta_0, G(theta_0), G(G(theta_0)), ...``.

        Parameters
        ----------
        theta0 : array_like
            Starting locations.
        lam : float
            Synthetic-to-real ratio, finite and at least 0.
        steps : int
            Number of retraining steps, at least 0.

        Returns
        -------
        ndarray
            Shape of `theta0` plus a last axis of length ``steps + 1``.

        Raises
        ------
        ArgumentError
            If `lam` or `steps` is negative or a number is not finite.

        Examples
        --------
        >>> from verify.data import NormalMixture
        >>> loop = logistic_retraining(NormalMixture.normal())
        >>> loop.trajectory(1.0, lam=1.0, steps=2).round(6)
        array([1.      , 0.44644 , 0.199324])
        """
        path = [np.asarray(theta0, dtype=np.float64)]
        for _ in range(as_count(steps, "steps", 0)):
            path.append(self.retrain(path[-1], lam))
        return np.stack(path, axis=-1)

    def divergence(self, theta: ArrayLike) -> Array:
        """``KL(p_theta* to p_theta)``.

        Parameters
        ----------
        theta : array_like
            Locations.

        Returns
        -------
        ndarray
            Of the shape of `theta`, in nats.

        Examples
        --------
        >>> from verify.data import NormalMixture
        >>> logistic_retraining(NormalMixture.normal()).divergence([0.0, 1.0]).round(6)
        array([0.      , 0.163953])
        """
        return logistic_kl(np.asarray(theta, dtype=np.float64) - self.constants.theta_star)


def logistic_retraining(law: DataLaw, scale: float = 1.0) -> LogisticRetraining:
    """Retraining map of the logistic family with a given real law.

    Parameters
    ----------
    law : NormalMixture or EmpiricalLaw
        Real law P, in the units of the data.
    scale : float
        Scale of the family, in the units of the data.

    Returns
    -------
    LogisticRetraining
        With the constants of the law, in units of the scale.

    Raises
    ------
    ArgumentError
        If the scale is not positive, or so far from the spread of the data that the optimum is ill-determined.

    Examples
    --------
    >>> from verify.data import EmpiricalLaw
    >>> logistic_retraining(EmpiricalLaw([10.0, 30.0]), scale=10.0).constants.location
    20.0
    """
    standard = law.in_units_of(scale)
    rule = rule_for(standard)
    return LogisticRetraining(constants_of(standard, rule, float(scale)), rule)

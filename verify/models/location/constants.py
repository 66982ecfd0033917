"""What bertrand2024's theorems need to know about a data law: optimum, curvature A0 and distance epsilon."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bounds.errors import ArgumentError
from verify.data import EmpiricalLaw
from verify.models.location.arguments import DataLaw, as_ratio
from verify.models.location.distances import empirical_distance, mixture_distance
from verify.models.location.expectations import Rule, rule_for
from verify.models.location.family import FISHER, LIPSCHITZ
from verify.models.location.numerics import decreasing_root


@dataclass(frozen=True)
class LogisticConstants:
    """What bertrand2024's theorems need to know about a data law and the logistic family, in units of `scale`.

    Parameters
    ----------
    scale : float
        Scale s of the family, in the units of the data.
    theta_star : float
        Location maximising ``E_P log p_theta``: the root of ``E_P tanh((x - theta)/2)``.
    curvature : float
        ``a = A0 = E_P sech((x - theta*)/2)^2 / 2``.
    fisher : float
        ``B0 = 1/3``.
    lipschitz : float
        ``L = 1/(3 sqrt 3)``, the largest slope of ``x -> sech((x - theta*)/2)^2 / 2``.
    epsilon : float
        ``W1(P, p_theta*) = int |F_P - F|``.
    theta_error, curvature_error, epsilon_error : float
        Bounds on the numerical errors of the three computed values.

    Examples
    --------
    >>> from verify.data import NormalMixture
    >>> constants = logistic_constants(NormalMixture.normal(0.0, 1.8))
    >>> round(constants.curvature, 6), round(constants.epsilon, 6)
    (0.321849, 0.101523)
    """

    scale: float
    theta_star: float
    curvature: float
    fisher: float
    lipschitz: float
    epsilon: float
    theta_error: float
    curvature_error: float
    epsilon_error: float

    @property
    def location(self) -> float:
        """Optimal location in the units of the data."""
        return self.theta_star * self.scale

    @property
    def curvature_lower(self) -> float:
        """Curvature minus its error: safe in a bound that decreases with the curvature."""
        return self.curvature - self.curvature_error

    @property
    def epsilon_upper(self) -> float:
        """Distance plus its error: safe in a bound that increases with epsilon."""
        return self.epsilon + self.epsilon_error

    def jacobian(self, lam: float) -> float:
        """Derivative of the retraining map at the optimum, ``lam mu/(1 + lam mu)`` with ``mu = B0/A0``.

        Parameters
        ----------
        lam : float
            Synthetic-to-real ratio, finite and at least 0.

        Returns
        -------
        float
            In [0, 1).

        Examples
        --------
        >>> from verify.data import NormalMixture
        >>> round(logistic_constants(NormalMixture.normal()).jacobian(1.0), 6)
        0.446483
        """
        mu = self.fisher / self.curvature
        return as_ratio(lam) * mu / (1 + lam * mu)


def logistic_constants(law: DataLaw, scale: float = 1.0) -> LogisticConstants:
    """Optimum, curvature and Wasserstein distance of a data law for the logistic family.

    Parameters
    ----------
    law : NormalMixture or EmpiricalLaw
        Real law P, in the units of the data.
    scale : float
        Scale of the family, in the units of the data.

    Returns
    -------
    LogisticConstants
        In units of the scale, with error bounds.

    Raises
    ------
    ArgumentError
        If the scale is not positive, or so far from the spread of the data that the optimum is ill-determined.

    Examples
    --------
    >>> constants = logistic_constants(EmpiricalLaw([-1.0, 1.0]))
    >>> constants.theta_star, round(constants.curvature, 6), round(constants.epsilon, 6)
    (0.0, 0.393224, 0.866752)
    """
    standard = law.in_units_of(scale)
    return constants_of(standard, rule_for(standard), float(scale))


def constants_of(law: DataLaw, rule: Rule, scale: float) -> LogisticConstants:
    """Constants of a law in units of the scale, with its rule; `scale` is only recorded."""
    low, high = (law.values[0], law.values[-1]) if isinstance(law, EmpiricalLaw) else (min(law.means), max(law.means))
    theta = float(decreasing_root(rule.score, rule.information, np.array([low]), np.array([high]), rule.error)[0])
    curvature = float(rule.information(np.array(theta)))
    residual = abs(float(rule.score(np.array(theta)))) + rule.error
    # The slope -A of the mean score is L-Lipschitz, so beyond A/2 within A/(2L): the root is within 2 residual/A.
    if (curvature - rule.error) ** 2 <= 4 * LIPSCHITZ * residual:
        raise ArgumentError(
            f"the curvature {curvature:.3g} is lost in rounding: the data are too spread out for scale = {scale!r}; "
            "give a larger scale (fit_logistic_scale finds one)"
        )
    theta_error = 2 * residual / (curvature - rule.error)
    distance = empirical_distance(law, theta) if isinstance(law, EmpiricalLaw) else mixture_distance(law, theta)
    return LogisticConstants(
        scale=scale,
        theta_star=theta,
        curvature=curvature,
        fisher=FISHER,
        lipschitz=LIPSCHITZ,
        epsilon=distance[0],
        theta_error=theta_error,
        curvature_error=rule.error + LIPSCHITZ * theta_error,
        epsilon_error=distance[1] + theta_error,  # moving one of the two laws by r moves W1 by at most r
    )

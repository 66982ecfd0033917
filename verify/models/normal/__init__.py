"""Normal loops: fit, sample and run generations, by drawing points or by their sufficient statistics alone."""

from verify.models.normal.estimator import Covariance, divisor
from verify.models.normal.law import NormalLaw, law_from_covariance
from verify.models.normal.mean_loop import (
    expected_tv,
    mean_loop,
    mean_loop_variance,
    mean_shift_tv,
    plain_mean_loop,
)
from verify.models.normal.mixed_moments import MixedMoments, mixed_moments
from verify.models.normal.moments import (
    Moments,
    exact_log_det,
    exact_log_variance,
    exact_std,
    exact_std_variance,
    exact_variance,
)
from verify.models.normal.multivariate import MultivariateTrajectory, multivariate_loop, plain_multivariate_loop
from verify.models.normal.spectral import sqrt_diagonal
from verify.models.normal.univariate import NormalFit, Trajectory, fit, normal_loop, plain_normal_loop, sample

__all__ = [
    "Covariance",
    "MixedMoments",
    "Moments",
    "MultivariateTrajectory",
    "NormalFit",
    "NormalLaw",
    "Trajectory",
    "divisor",
    "exact_log_det",
    "exact_log_variance",
    "exact_std",
    "exact_std_variance",
    "exact_variance",
    "expected_tv",
    "fit",
    "law_from_covariance",
    "mean_loop",
    "mean_loop_variance",
    "mean_shift_tv",
    "mixed_moments",
    "multivariate_loop",
    "normal_loop",
    "plain_mean_loop",
    "plain_multivariate_loop",
    "plain_normal_loop",
    "sample",
    "sqrt_diagonal",
]

"""Location families whose retraining constants are known: the logistic one, its products, and the normal one.

Everything a stability theorem of bertrand2024 asks for (optimum, curvature A0, Fisher information B0, Lipschitz
constant L, Wasserstein distance epsilon, Jacobian of the retraining map G) is computed with a stated error, so the
theorems can be checked without sampling. Symmetric matrix pairs stand in for (A0, B0) in higher dimension.
"""

from verify.models.location.adversary import worst_pair
from verify.models.location.arguments import DataLaw
from verify.models.location.constants import LogisticConstants, logistic_constants
from verify.models.location.family import FISHER, LIPSCHITZ, logistic_kl, logistic_mean_score
from verify.models.location.normal_location import (
    FiniteSampleConstants,
    normal_location_constants,
    normal_location_loop,
)
from verify.models.location.numerics import numerical_derivative
from verify.models.location.pairs import MatrixPair, energy_norm, norm2, random_pair, spectral_radius
from verify.models.location.products import ProductConstants, product_constants
from verify.models.location.retraining import LogisticRetraining, logistic_retraining
from verify.models.location.scale_fit import LogisticFit, fit_logistic_scale

__all__ = [
    "FISHER",
    "LIPSCHITZ",
    "DataLaw",
    "FiniteSampleConstants",
    "LogisticConstants",
    "LogisticFit",
    "LogisticRetraining",
    "MatrixPair",
    "ProductConstants",
    "energy_norm",
    "fit_logistic_scale",
    "logistic_constants",
    "logistic_kl",
    "logistic_mean_score",
    "logistic_retraining",
    "norm2",
    "normal_location_constants",
    "normal_location_loop",
    "numerical_derivative",
    "product_constants",
    "random_pair",
    "spectral_radius",
    "worst_pair",
]

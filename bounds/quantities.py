"""What a theorem bounds, in which direction, and what counts as saying nothing."""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from typing import Any

from sympy import Integer

from bounds.symbols import mean


class Direction(enum.Enum):
    """Whether the expression bounds the quantity from above, from below, or equals it.

    Examples
    --------
    >>> Direction.UPPER.value
    'upper'
    """

    UPPER = "upper"
    LOWER = "lower"
    EXACT = "exact"


class Mode(enum.Enum):
    """In which sense the statement holds: surely, in the mean, or with probability 1 - delta.

    Examples
    --------
    >>> Mode.EXPECTATION.value
    'expectation'
    """

    DETERMINISTIC = "deterministic"
    EXPECTATION = "expectation"
    PROBABILITY = "probability"


class Standing(enum.Enum):
    """Where the statement, with its constants, comes from.

    Examples
    --------
    >>> Standing.DERIVED.meaning
    'constants or sharpening worked out here; the proof is on its page'
    """

    PAPER = "paper"
    RATE = "rate"
    RESTATED = "restated"
    DERIVED = "derived"
    EXACT = "exact"
    LEMMA = "lemma"

    @property
    def meaning(self) -> str:
        """The standing in words."""
        return _STANDINGS[self]


_STANDINGS = {
    Standing.PAPER: "the paper's own statement, constants included",
    Standing.RATE: "stated in the paper only up to a hidden constant, which is the symbol C here",
    Standing.RESTATED: "restated: its wording and constants could not be compared with the paper's text",
    Standing.DERIVED: "constants or sharpening worked out here; the proof is on its page",
    Standing.EXACT: "an identity in a model that can be solved; used as ground truth",
    Standing.LEMMA: "a classical tool with its own reference",
}


@dataclass(frozen=True)
class Quantity:
    """A quantity that theorems bound.

    Parameters
    ----------
    name : str
        Short name, used for look-up.
    latex : str
        How the left side is typeset.
    meaning : str
        One line of prose.
    unit : str
        Unit of its values.
    trivial : sympy expression or None
        The value that holds without any theorem; a bound no better than it is uninformative.

    Examples
    --------
    >>> TOTAL_VARIATION.trivial
    1
    """

    name: str
    latex: str
    meaning: str
    unit: str = "1"
    trivial: Any = None


STANDARD_DEVIATION = Quantity(
    "standard deviation",
    r"\mathbb{E}\,\Sigma_t^{1/2}",
    "expected standard deviation along an eigen-direction of the initial covariance",
    "data units",
)
VARIANCE = Quantity("variance", r"\mathbb{E}\,\sigma_t^2", "expected variance", "data units squared")
LOG_VARIANCE = Quantity("log variance", r"\mathbb{E}\log\sigma_t^2", "expected log variance")
LOG_VARIANCE_SPREAD = Quantity("variance of the log variance", r"\mathrm{Var}\log\sigma_t^2", "spread of log variance")
LOG_DETERMINANT = Quantity(
    "log determinant drift",
    r"\mathbb{E}\log\det\Sigma_t-\log\det\Sigma_0",
    "expected change of the log determinant of the covariance",
)
MEAN_SQUARE_ERROR = Quantity(
    "mean square error", r"\mathbb{E}(\mu_t-\mu_0)^2", "expected squared error of the mean", "data units squared"
)
TOTAL_VARIATION = Quantity(
    "total variation", r"\mathrm{TV}(p_t,p_0)", "total variation distance to the real law", trivial=Integer(1)
)
EXPECTED_TOTAL_VARIATION = replace(
    TOTAL_VARIATION, latex=r"\mathbb{E}\,\mathrm{TV}(p_t,p_0)", meaning="expected total variation to the real law"
)
REFERENCE_TOTAL_VARIATION = replace(
    TOTAL_VARIATION, latex=r"\mathrm{TV}(p_t,p_{\mathrm{ref}})", meaning="total variation distance to the reference law"
)
JACOBIAN_NORM = Quantity(
    "Jacobian norm",
    r"\|J_G(\theta^*)\|_2",
    "Euclidean operator norm of the derivative of the retraining map at the optimum",
    trivial=Integer(1),
)
SPECTRAL_RADIUS = Quantity(
    "spectral radius",
    r"\rho(J_G(\theta^*))=\|J_G(\theta^*)\|_{A_0}",
    "spectral radius of the derivative of the retraining map, equal to its norm in the curvature geometry",
    trivial=Integer(1),
)
LIMIT_VARIANCE = replace(
    VARIANCE, latex=r"\lim_{t\to\infty}\mathbb{E}\,\sigma_t^2", meaning="limit of the expected variance"
)
LIMIT_MEAN_SQUARE_ERROR = replace(
    MEAN_SQUARE_ERROR,
    latex=r"\lim_{t\to\infty}\mathbb{E}(\mu_t-\mu_0)^2",
    meaning="limit of the expected squared error of the mean",
)
PARAMETER_DISTANCE = Quantity(
    "parameter distance", r"\|\theta_t-\theta^*\|", "distance of the parameter to the optimum", "parameter units"
)
DENSITY_RATIO = Quantity("density ratio", r"p_{t+1}(x)/p_t(x)", "ratio of successive densities at a point")
EXPECTED_REWARD = Quantity(
    "expected reward", r"\mathbb{E}_{p_t}\,y", "mean of the exponentiated reward", "reward units", trivial=mean
)
NEXT_REWARD = replace(EXPECTED_REWARD, latex=r"\mathbb{E}_{p_{t+1}}\,y", meaning="mean of y after one more round")
KL_FROM_MAXIMISERS = Quantity(
    "KL divergence", r"\mathrm{KL}(p^*\,\|\,p_t)", "divergence of the loop from the law of maximal reward", "nats"
)
KL_FROM_OPTIMUM = replace(
    KL_FROM_MAXIMISERS,
    latex=r"\mathrm{KL}(p_{\theta^*}\,\|\,p_{\theta_t})",
    meaning="divergence of the loop from the best model",
)
KL_TO_REFERENCE = replace(
    KL_FROM_MAXIMISERS,
    latex=r"\mathrm{KL}(p_t\,\|\,p_{\mathrm{ref}})",
    meaning="divergence of the loop to the reference law",
)

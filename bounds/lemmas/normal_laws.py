"""Distances between two normal laws in closed form, where they have one.

``shift`` is the Euclidean distance of the two means (in one dimension the absolute difference), sigma1 and sigma2 are the
standard deviations, the same in every direction. For one covariance matrix common to both laws the Mahalanobis distance
of the means is all that matters.
"""

from dataclasses import replace

from sympy import Ne, Rational, erf, exp, log, sqrt, tanh

from bounds.quantities import KL_TO_REFERENCE, TOTAL_VARIATION, Direction, Mode, Quantity, Standing
from bounds.sources import Paper, Source
from bounds.symbols import d, parameter
from bounds.theorem import Theorem, regime

shift = parameter("shift", "Euclidean distance of the means of two normal laws", latex="D", low=0, unit="data units")
sigma1 = parameter(
    "sigma1",
    "standard deviation of the first normal law",
    latex=r"\sigma_1",
    low=0,
    low_open=True,
    unit="data units",
)
sigma2 = parameter(
    "sigma2",
    "standard deviation of the second normal law",
    latex=r"\sigma_2",
    low=0,
    low_open=True,
    unit="data units",
)
mahalanobis = parameter(
    "mahalanobis", "Mahalanobis distance of the means of two normal laws of one covariance", latex=r"\Delta_M", low=0
)

_LAWS = r"(N_1,N_2)"
NORMAL_TV = replace(
    TOTAL_VARIATION, latex=rf"\mathrm{{TV}}{_LAWS}", meaning="total variation distance of two normal laws"
)
NORMAL_KL = replace(
    KL_TO_REFERENCE, latex=r"\mathrm{KL}(N_1\,\|\,N_2)", meaning="divergence of the first normal law from the second"
)
SQUARED_HELLINGER = Quantity(
    "squared Hellinger distance",
    rf"H^2{_LAWS}",
    "squared Hellinger distance of two normal laws, half the integral of the squared difference of root densities",
    trivial=Rational(1),
)
WASSERSTEIN2 = Quantity(
    "Wasserstein-2 distance", rf"W_2{_LAWS}", "Wasserstein-2 distance of two normal laws", "data units"
)

_PROVED = "A classical identity in this project's words, proved again on its page; the original text was not at hand."

DEVROYE2018 = Paper(
    key="devroye2018",
    title="The total variation distance between high-dimensional Gaussians with the same mean",
    authors=("Luc Devroye", "Abbas Mehrabian", "Tommy Reddad"),
    year=2018,
    venue="arXiv preprint",
    arxiv="1810.08693",
    kind="misc",
    compared=_PROVED,
)
KULLBACK1959 = Paper(
    key="kullback1959",
    title="Information Theory and Statistics",
    authors=("Solomon Kullback",),
    year=1959,
    venue="Wiley",
    kind="book",
    compared=_PROVED,
)
KAILATH1967 = Paper(
    key="kailath1967",
    title="The Divergence and Bhattacharyya Distance Measures in Signal Selection",
    authors=("Thomas Kailath",),
    year=1967,
    venue="IEEE Transactions on Communication Technology",
    kind="article",
    volume="15",
    number="1",
    pages="52-60",
    compared=_PROVED,
)
DOWSON1982 = Paper(
    key="dowson1982",
    title="The Fréchet distance between multivariate normal distributions",
    authors=("D. C. Dowson", "B. V. Landau"),
    year=1982,
    venue="Journal of Multivariate Analysis",
    kind="article",
    volume="12",
    number="3",
    pages="450-455",
    compared=_PROVED,
)

_log_ratio = log(sigma2 / sigma1)
_spread = sigma2**2 - sigma1**2
_root = sqrt(shift**2 + 2 * _spread * _log_ratio)
# The crossings of the densities, standardised by either law; the second of each pair in the form without a cancellation
# for nearly equal variances.
_first = (
    (sigma2 * _root + sigma1 * shift) / _spread,
    (shift**2 + 2 * sigma2**2 * _log_ratio) / (sigma2 * _root + sigma1 * shift),
)
_second = (
    (sigma1 * _root + sigma2 * shift) / _spread,
    (2 * sigma1**2 * _log_ratio - shift**2) / (sigma1 * _root + sigma2 * shift),
)

NORMAL_TOTAL_VARIATION = Theorem(
    id="lemma.normal_tv",
    statement=(
        "Total variation distance of two normal laws: with one covariance matrix, in any dimension, by the Mahalanobis "
        "distance; with the same standard deviation sigma1 in every direction; and in one dimension with different "
        "variances, by the two points where the densities cross."
    ),
    quantity=NORMAL_TV,
    direction=Direction.EXACT,
    mode=Mode.DETERMINISTIC,
    regimes=(
        regime(erf(mahalanobis / (2 * sqrt(2))), covariance="equal"),
        regime(erf(shift / (2 * sqrt(2) * sigma1)), covariance="scalar"),
        regime(
            sum((erf(z / sqrt(2)) for z in _first), Rational(0)) / 2
            - sum((erf(z / sqrt(2)) for z in _second), Rational(0)) / 2,
            Ne(sigma1, sigma2),
            covariance="unequal",
        ),
    ),
    source=Source(DEVROYE2018, "the setting; the closed forms are textbook cases"),
    standing=Standing.LEMMA,
)

NORMAL_DIVERGENCE = Theorem(
    id="lemma.normal_kl",
    statement=(
        "Kullback-Leibler divergence of the first normal law from the second: with one covariance matrix, and with "
        "covariances sigma1^2 I and sigma2^2 I in d dimensions."
    ),
    quantity=NORMAL_KL,
    direction=Direction.EXACT,
    mode=Mode.DETERMINISTIC,
    regimes=(
        regime(mahalanobis**2 / 2, covariance="equal"),
        regime(
            d * _log_ratio + (shift**2 + d * (sigma1**2 - sigma2**2)) / (2 * sigma2**2),
            covariance="isotropic",
        ),
    ),
    source=Source(KULLBACK1959, "divergence of multivariate normal populations"),
    standing=Standing.LEMMA,
)

_overlap = tanh(mahalanobis**2 / 16)
_variances = sigma1**2 + sigma2**2

NORMAL_HELLINGER = Theorem(
    id="lemma.normal_hellinger",
    statement=(
        "Squared Hellinger distance of two normal laws: with one covariance matrix, where it is 1 - exp(-Delta^2/8) with the "
        "Mahalanobis distance Delta, written without its cancellation; and with covariances sigma1^2 I and sigma2^2 I in d "
        "dimensions."
    ),
    quantity=SQUARED_HELLINGER,
    direction=Direction.EXACT,
    mode=Mode.DETERMINISTIC,
    regimes=(
        regime(2 * _overlap / (1 + _overlap), covariance="equal"),
        regime(
            1 - (2 * sigma1 * sigma2 / _variances) ** (d / 2) * exp(-(shift**2) / (4 * _variances)),
            covariance="isotropic",
        ),
    ),
    source=Source(KAILATH1967, "Bhattacharyya coefficient of normal laws"),
    standing=Standing.LEMMA,
)

NORMAL_WASSERSTEIN = Theorem(
    id="lemma.normal_w2",
    statement=(
        "Wasserstein-2 distance of two normal laws with covariances sigma1^2 I and sigma2^2 I in d dimensions; with one "
        "covariance matrix, whatever it is, the distance of the means."
    ),
    quantity=WASSERSTEIN2,
    direction=Direction.EXACT,
    mode=Mode.DETERMINISTIC,
    regimes=(
        regime(shift, covariance="equal"),
        # Equal laws, at distance 0, belong to the other regime: no ball decides that a sum of squares is not negative.
        regime(
            sqrt(shift**2 + d * (sigma1 - sigma2) ** 2), shift**2 + (sigma1 - sigma2) ** 2 > 0, covariance="isotropic"
        ),
    ),
    source=Source(DOWSON1982, "the formula of the title"),
    standing=Standing.LEMMA,
)

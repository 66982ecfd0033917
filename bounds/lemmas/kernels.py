"""Kernel density estimates with the Gaussian kernel: norms of its convolutions, bias and fluctuation in total variation.

``phi_l`` is the density of N(0, l h^2 I) in d dimensions: the l-fold convolution of the kernel of bandwidth h with itself,
which is what l generations of a kernel density loop apply to a density.
"""

from dataclasses import replace

from sympy import exp, log, loggamma, pi, sqrt

from bounds.quantities import EXPECTED_TOTAL_VARIATION, TOTAL_VARIATION, Direction, Mode, Quantity, Standing
from bounds.sources import Paper, Source
from bounds.symbols import d, h, n, parameter, sigma
from bounds.theorem import Theorem, regime

folds = parameter("folds", "number of kernels convolved", latex="l", low=1, integer=True)
folds2 = parameter("folds2", "number of kernels convolved in the other factor", latex="m", low=1, integer=True)
laplacian = parameter(
    "laplacian",
    "integral of the absolute value of the Laplacian of the data density (in one dimension, of its second derivative)",
    latex=r"\|\Delta p\|_1",
    low=0,
    unit="data units^-2",
)
root_mass = parameter(
    "root_mass",
    "integral of the square root of the data density convolved with N(0, h^2/2 I)",
    latex=r"\textstyle\int\!\sqrt{p*\mathcal{N}(0,\frac{h^2}{2}I)}",
    low=0,
    low_open=True,
    unit="data units^(d/2)",
)

KERNEL_NORM = Quantity(
    "kernel norm", r"\int\varphi_l^2", "integral of the square of an l-fold convolution of the kernel", "data units^-d"
)
KERNEL_OVERLAP = replace(
    KERNEL_NORM, latex=r"\int\varphi_l\,\varphi_m", meaning="integral of the product of two convolutions of the kernel"
)
KDE_BIAS = replace(
    TOTAL_VARIATION,
    latex=r"\mathrm{TV}(p*\varphi_1,p)",
    meaning="total variation distance of the mean of the kernel density estimate to the data density",
)
KDE_FLUCTUATION = replace(
    EXPECTED_TOTAL_VARIATION,
    latex=r"\mathbb{E}\,\mathrm{TV}(\hat p,p*\varphi_1)",
    meaning="expected total variation distance of the kernel density estimate to its mean",
)
KDE_ERROR = replace(
    EXPECTED_TOTAL_VARIATION,
    latex=r"\mathbb{E}\,\mathrm{TV}(\hat p,p)",
    meaning="expected total variation distance of the kernel density estimate to the data density",
)

_PROVED = "A classical statement in this project's words, proved again on its page; the original text was not at hand."

SILVERMAN1986 = Paper(
    key="silverman1986",
    title="Density Estimation for Statistics and Data Analysis",
    authors=("Bernard W. Silverman",),
    year=1986,
    venue="Chapman and Hall",
    kind="book",
    compared=_PROVED,
)
DEVROYE1985 = Paper(
    key="devroye1985",
    title="Nonparametric Density Estimation: The L1 View",
    authors=("Luc Devroye", "László Györfi"),
    year=1985,
    venue="Wiley",
    kind="book",
    notation=(("laplacian", r"\int|f''|"),),
    compared=(
        "The split into bias and fluctuation and their orders in h and n are the book's subject. The constants for the "
        "Gaussian kernel are derived here; the book's text was not at hand."
    ),
)

_LAW = "the data density has an integrable Laplacian (as a distribution)"
_NORMAL = "data=normal: the data law is normal with standard deviation sigma in each of d independent coordinates"
_SAMPLE = "the estimate uses the Gaussian kernel and n independent points of the data law"

GAUSSIAN_KERNEL = Theorem(
    id="lemma.gaussian_kernel",
    statement=(
        "Integrals of products of convolutions of the Gaussian kernel of bandwidth h with itself: the square of the l-fold "
        "one, and the product of the l-fold and the m-fold one."
    ),
    quantity=KERNEL_NORM,
    direction=Direction.EXACT,
    mode=Mode.DETERMINISTIC,
    regimes=(
        regime((4 * pi * h**2 * folds) ** (-d / 2), integral="square"),
        regime((2 * pi * h**2 * (folds + folds2)) ** (-d / 2), quantity=KERNEL_OVERLAP, integral="product"),
    ),
    source=Source(SILVERMAN1986, "constants of the Gaussian kernel"),
    standing=Standing.LEMMA,
)

# Half the mean absolute deviation of a chi-square variable of d degrees of freedom, halved once more.
_normal_bias = (h / sigma) ** 2 * exp(-d / 2 * (1 - log(d / 2)) - loggamma(d / 2))
_any_bias = h**2 * laplacian / 4

KDE_BIAS_BOUND = Theorem(
    id="lemma.kde_bias",
    statement=(
        "Smoothing with the Gaussian kernel moves a density by at most a quarter of h^2 times the total mass of its Laplacian; "
        "for normal data that mass is known."
    ),
    quantity=KDE_BIAS,
    direction=Direction.UPPER,
    mode=Mode.DETERMINISTIC,
    regimes=(regime(_any_bias, data="any"), regime(_normal_bias, data="normal")),
    default=(("data", "any"),),
    source=Source(DEVROYE1985, "bias of the kernel estimate in L1"),
    standing=Standing.DERIVED,
    assumptions=(_LAW, _NORMAL),
)

_any_noise = (4 * pi * h**2) ** (-d / 4) * root_mass / (2 * sqrt(n))
_normal_noise = (1 + 2 * (sigma / h) ** 2) ** (d / 4) / (2 * sqrt(n))

KDE_FLUCTUATION_BOUND = Theorem(
    id="lemma.kde_fluctuation",
    statement=(
        "A kernel density estimate from n points stays close to its mean in total variation, less so the smaller the "
        "bandwidth; for normal data the bound is in closed form."
    ),
    quantity=KDE_FLUCTUATION,
    direction=Direction.UPPER,
    mode=Mode.EXPECTATION,
    regimes=(regime(_any_noise, data="any"), regime(_normal_noise, data="normal")),
    default=(("data", "any"),),
    source=Source(DEVROYE1985, "variation of the kernel estimate in L1"),
    standing=Standing.DERIVED,
    assumptions=(_SAMPLE, _NORMAL),
)

KDE_TOTAL_VARIATION = Theorem(
    id="lemma.kde_tv",
    statement=(
        "One generation of kernel density estimation: bias plus fluctuation. With h of the order n^(-1/(4+d)) both are of the "
        "order n^(-2/(4+d))."
    ),
    quantity=KDE_ERROR,
    direction=Direction.UPPER,
    mode=Mode.EXPECTATION,
    regimes=(regime(_any_bias + _any_noise, data="any"), regime(_normal_bias + _normal_noise, data="normal")),
    default=(("data", "any"),),
    source=Source(DEVROYE1985, "rate of the kernel estimate in L1"),
    standing=Standing.DERIVED,
    assumptions=(_LAW, _SAMPLE, _NORMAL),
)

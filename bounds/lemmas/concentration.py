"""Concentration of averages, empirical distribution functions and relative frequencies of n independent points."""

from dataclasses import replace
from typing import Any

from sympy import Integer, Rational, exp, log, sqrt

from bounds.quantities import EXPECTED_TOTAL_VARIATION, TOTAL_VARIATION, Direction, Mode, Quantity, Standing
from bounds.sources import Paper, Source
from bounds.symbols import M, collision, delta, k, n, parameter
from bounds.theorem import Theorem, regime

deviation = parameter("deviation", "deviation whose probability is bounded", latex="u", low=0, low_open=True, high=2)
difference = parameter(
    "difference", "largest change of a function when one of its n arguments changes", latex="c", low=0
)
sample_variance = parameter(
    "sample_variance",
    "unbiased sample variance of n values in [0, 1]",
    latex="V_n",
    low=0,
    high=Rational(1, 2),
)

MEAN_DEVIATION = Quantity(
    "deviation of the mean",
    r"\mathbb{E}X-\bar X_n",
    "expectation minus average of n values (for two sides, its absolute value)",
    trivial=M,
)
FUNCTION_DEVIATION = Quantity(
    "deviation of a function", r"f-\mathbb{E}f", "a function of n independent points minus its expectation"
)
KOLMOGOROV_DISTANCE = Quantity(
    "Kolmogorov distance",
    r"\sup_x\,(F_n-F)(x)",
    "largest excess of the empirical over the true distribution function (for two sides, largest absolute difference)",
    trivial=Integer(1),
)
KOLMOGOROV_TAIL = Quantity(
    "probability",
    r"\mathbb{P}\big(\sup_x\,(F_n-F)(x)\ge u\big)",
    "probability that the empirical distribution function exceeds the true one by u somewhere (for two sides, that they "
    "differ by u somewhere)",
    trivial=Integer(1),
)
MULTINOMIAL_TAIL = Quantity(
    "probability",
    r"\mathbb{P}\big(\|\hat p-p\|_1\ge u\big)",
    "probability that the relative frequencies differ by u in L1 from the law",
    trivial=Integer(1),
)
MULTINOMIAL_TV = replace(
    TOTAL_VARIATION,
    latex=r"\mathrm{TV}(\hat p,p)",
    meaning="total variation distance of the relative frequencies of n points to their law",
)
EXPECTED_MULTINOMIAL_TV = replace(
    EXPECTED_TOTAL_VARIATION,
    latex=r"\mathbb{E}\,\mathrm{TV}(\hat p,p)",
    meaning="expected total variation distance of the relative frequencies of n points to their law",
)

_PROVED = "A classical statement in this project's words, proved again on its page; the original text was not at hand."

HOEFFDING1963 = Paper(
    key="hoeffding1963",
    title="Probability Inequalities for Sums of Bounded Random Variables",
    authors=("Wassily Hoeffding",),
    year=1963,
    venue="Journal of the American Statistical Association",
    kind="article",
    volume="58",
    number="301",
    pages="13-30",
    compared=_PROVED,
)
MCDIARMID1989 = Paper(
    key="mcdiarmid1989",
    title="On the method of bounded differences",
    authors=("Colin McDiarmid",),
    year=1989,
    venue="Surveys in Combinatorics, London Mathematical Society Lecture Note Series",
    kind="incollection",
    volume="141",
    pages="148-188",
    compared=_PROVED,
)
MAURER2009 = Paper(
    key="maurer2009",
    title="Empirical Bernstein Bounds and Sample Variance Penalization",
    authors=("Andreas Maurer", "Massimiliano Pontil"),
    year=2009,
    venue="Conference on Learning Theory",
    arxiv="0907.3740",
    compared=_PROVED,
)
MASSART1990 = Paper(
    key="massart1990",
    title="The Tight Constant in the Dvoretzky-Kiefer-Wolfowitz Inequality",
    authors=("Pascal Massart",),
    year=1990,
    venue="The Annals of Probability",
    kind="article",
    volume="18",
    number="3",
    pages="1269-1283",
    compared=(
        "The inequalities and the condition on the one-sided one agree with the paper's published abstract. Its proof for "
        "the uniform law is not repeated here."
    ),
)
WEISSMAN2003 = Paper(
    key="weissman2003",
    title="Inequalities for the L1 Deviation of the Empirical Distribution",
    authors=(
        "Tsachy Weissman",
        "Erik Ordentlich",
        "Gadiel Seroussi",
        "Sergio Verdú",
        "Marcelo J. Weinberger",
    ),
    year=2003,
    venue="Hewlett-Packard Laboratories",
    kind="techreport",
    number="HPL-2003-97",
    compared=_PROVED,
)
HAN2015 = Paper(
    key="han2015",
    title="Minimax Estimation of Discrete Distributions under l1 Loss",
    authors=("Yanjun Han", "Jiantao Jiao", "Tsachy Weissman"),
    year=2015,
    venue="IEEE Transactions on Information Theory",
    arxiv="1411.1467",
    kind="article",
    volume="61",
    number="11",
    pages="6343-6354",
    compared=_PROVED,
)

_INDEPENDENT = "the n points are independent"
_IDENTICAL = "the n points are independent and have one law"


def _radius(log_term: Any) -> Any:
    return sqrt(log_term / (2 * n))


HOEFFDING = Theorem(
    id="lemma.hoeffding",
    statement="Hoeffding's inequality: the average of n values, each in an interval of length M, is close to its expectation.",
    quantity=MEAN_DEVIATION,
    direction=Direction.UPPER,
    mode=Mode.PROBABILITY,
    regimes=(
        regime(M * _radius(log(1 / delta)), sides="one"),
        regime(M * _radius(log(2 / delta)), sides="two"),
    ),
    source=Source(HOEFFDING1963, "Theorem 2"),
    standing=Standing.LEMMA,
    assumptions=(_INDEPENDENT, "each value surely lies in an interval of length M that does not depend on the data"),
)

MCDIARMID = Theorem(
    id="lemma.mcdiarmid",
    statement=(
        "McDiarmid's inequality: a function of n independent points that changes by at most a given amount when one point "
        "changes is close to its expectation."
    ),
    quantity=FUNCTION_DEVIATION,
    direction=Direction.UPPER,
    mode=Mode.PROBABILITY,
    regimes=(
        regime(difference * sqrt(n * log(1 / delta) / 2), sides="one"),
        regime(difference * sqrt(n * log(2 / delta) / 2), sides="two"),
    ),
    source=Source(MCDIARMID1989, "Lemma 1.2"),
    standing=Standing.LEMMA,
    assumptions=(_INDEPENDENT,),
)


def _bernstein(log_term: Any) -> Any:
    return sqrt(2 * sample_variance * log_term / n) + 7 * log_term / (3 * (n - 1))


EMPIRICAL_BERNSTEIN = Theorem(
    id="lemma.empirical_bernstein",
    statement=(
        "The empirical Bernstein inequality: the average of n values in [0, 1] is close to their expectation, closer the "
        "smaller their sample variance, which need not be known in advance."
    ),
    quantity=replace(MEAN_DEVIATION, trivial=Integer(1)),
    direction=Direction.UPPER,
    mode=Mode.PROBABILITY,
    hypotheses=(n >= 2, sample_variance <= n / (4 * (n - 1))),
    regimes=(
        regime(_bernstein(log(2 / delta)), sides="one"),
        regime(_bernstein(log(4 / delta)), standing=Standing.DERIVED, sides="two"),
    ),
    default=(("sides", "one"),),
    source=Source(MAURER2009, "Theorem 4"),
    standing=Standing.LEMMA,
    assumptions=(_IDENTICAL, "every value surely lies in [0, 1]"),
)

DKW = Theorem(
    id="lemma.dkw",
    statement=(
        "The Dvoretzky-Kiefer-Wolfowitz inequality with Massart's constant: the empirical distribution function of n points is "
        "uniformly close to the true one, whatever the law."
    ),
    quantity=KOLMOGOROV_DISTANCE,
    direction=Direction.UPPER,
    mode=Mode.PROBABILITY,
    regimes=(
        regime(_radius(log(1 / delta)), delta <= Rational(1, 2), sides="one"),
        regime(_radius(log(2 / delta)), sides="two"),
    ),
    source=Source(MASSART1990, "Theorem 1 and its corollaries"),
    standing=Standing.LEMMA,
    assumptions=(_IDENTICAL,),
)

_dkw_tail = exp(-2 * n * deviation**2)

DKW_TAIL = Theorem(
    id="lemma.dkw_tail",
    statement=(
        "The Dvoretzky-Kiefer-Wolfowitz inequality with Massart's constant, as a bound on the probability that the empirical "
        "distribution function of n points departs by u from the true one."
    ),
    quantity=KOLMOGOROV_TAIL,
    direction=Direction.UPPER,
    mode=Mode.DETERMINISTIC,
    regimes=(
        regime(_dkw_tail, _dkw_tail <= Rational(1, 2), sides="one"),
        regime(2 * _dkw_tail, sides="two"),
    ),
    source=Source(MASSART1990, "Theorem 1 and its corollaries"),
    standing=Standing.LEMMA,
    assumptions=(_IDENTICAL,),
)

MULTINOMIAL_L1_TAIL = Theorem(
    id="lemma.multinomial_l1_tail",
    statement=(
        "The relative frequencies of n points in k cells are close to their law in L1: the probability of a deviation u is at "
        "most (2^k - 2) exp(-n u^2/2)."
    ),
    quantity=MULTINOMIAL_TAIL,
    direction=Direction.UPPER,
    mode=Mode.DETERMINISTIC,
    # 2^k joins the exponent, so that neither factor leaves the range of doubles when their product does not.
    expression=(1 - 2 ** (1 - k)) * exp(-n / 2 * (deviation**2 - 2 * k * log(2) / n)),
    source=Source(WEISSMAN2003, "the bound that is uniform over laws"),
    standing=Standing.LEMMA,
    assumptions=(_IDENTICAL,),
)

MULTINOMIAL_EXPECTED_TV = Theorem(
    id="lemma.multinomial_expected_tv",
    statement=(
        "The relative frequencies of n points in k cells are close to their law in the mean: for every law, and sharper for a "
        "law whose probabilities have a known sum of squares."
    ),
    quantity=EXPECTED_MULTINOMIAL_TV,
    direction=Direction.UPPER,
    mode=Mode.EXPECTATION,
    regimes=(
        regime(sqrt((k - 1) / n) / 2, law="any"),
        regime(sqrt(k * (1 - collision) / n) / 2, k * collision >= 1, standing=Standing.DERIVED, law="collision"),
    ),
    default=(("law", "any"),),
    source=Source(HAN2015, "worst-case risk of the empirical distribution"),
    standing=Standing.LEMMA,
    assumptions=(_IDENTICAL,),
)

MULTINOMIAL_TOTAL_VARIATION = Theorem(
    id="lemma.multinomial_tv",
    statement=(
        "The relative frequencies of n points in k cells are close to their law with high probability: by their expectation "
        "and bounded differences, or by a union bound over sets of cells."
    ),
    quantity=MULTINOMIAL_TV,
    direction=Direction.UPPER,
    mode=Mode.PROBABILITY,
    regimes=(
        regime(sqrt((k - 1) / n) / 2 + _radius(log(1 / delta)), by="differences"),
        regime(_radius(k * log(2) + log((1 - 2 ** (1 - k)) / delta)), k >= 2, by="union"),
    ),
    default=(("by", "differences"),),
    source=Source(MCDIARMID1989, "Lemma 1.2, applied to relative frequencies"),
    standing=Standing.LEMMA,
    assumptions=(_IDENTICAL,),
)

"""Inequalities between divergences: total variation, Kullback-Leibler, Hellinger and chi-square.

P and Q are any two laws on one space, with densities p and q with respect to some common measure. The squared Hellinger
distance is ``H2 = 1/2 int (sqrt p - sqrt q)^2``, which lies in [0, 1]; divergences are in nats.
"""

from dataclasses import replace

from sympy import Rational, exp, log, sqrt

from bounds.quantities import KL_TO_REFERENCE, TOTAL_VARIATION, Direction, Mode, Standing
from bounds.sources import Paper, Source
from bounds.symbols import parameter
from bounds.theorem import Theorem

kl = parameter("kl", "Kullback-Leibler divergence of P from Q", latex=r"\mathrm{KL}", low=0, unit="nats")
h2 = parameter("h2", "squared Hellinger distance of P and Q, at most 1", latex="H^2", low=0, high=1)
chi2 = parameter("chi2", "chi-square divergence of P from Q", latex=r"\chi^2", low=0)

TV_OF_TWO_LAWS = replace(
    TOTAL_VARIATION, latex=r"\mathrm{TV}(P,Q)", meaning="total variation distance of two laws P and Q"
)
KL_OF_TWO_LAWS = replace(KL_TO_REFERENCE, latex=r"\mathrm{KL}(P\,\|\,Q)", meaning="divergence of P from Q")

_PROVED = "A classical statement in this project's words, proved again on its page; the original text was not at hand."

CSISZAR1967 = Paper(
    key="csiszar1967",
    title="Information-type measures of difference of probability distributions and indirect observations",
    authors=("Imre Csiszár",),
    year=1967,
    venue="Studia Scientiarum Mathematicarum Hungarica",
    kind="article",
    volume="2",
    pages="299-318",
    compared=_PROVED,
)
BRETAGNOLLE1979 = Paper(
    key="bretagnolle1979",
    title="Estimation des densités : risque minimax",
    authors=("Jean Bretagnolle", "Catherine Huber"),
    year=1979,
    venue="Zeitschrift für Wahrscheinlichkeitstheorie und Verwandte Gebiete",
    kind="article",
    volume="47",
    number="2",
    pages="119-137",
    compared=_PROVED,
)
LECAM1973 = Paper(
    key="lecam1973",
    title="Convergence of Estimates Under Dimensionality Restrictions",
    authors=("Lucien Le Cam",),
    year=1973,
    venue="The Annals of Statistics",
    kind="article",
    volume="1",
    number="1",
    pages="38-53",
    compared=_PROVED,
)
GIBBS2002 = Paper(
    key="gibbs2002",
    title="On Choosing and Bounding Probability Metrics",
    authors=("Alison L. Gibbs", "Francis Edward Su"),
    year=2002,
    venue="International Statistical Review",
    arxiv="math/0209021",
    kind="article",
    volume="70",
    number="3",
    pages="419-435",
    compared=_PROVED,
)

PINSKER = Theorem(
    id="lemma.pinsker",
    statement="Pinsker's inequality: the total variation distance is at most the square root of half the divergence.",
    quantity=TV_OF_TWO_LAWS,
    direction=Direction.UPPER,
    mode=Mode.DETERMINISTIC,
    expression=sqrt(kl / 2),
    source=Source(CSISZAR1967, "Pinsker's inequality with its best constant"),
    standing=Standing.LEMMA,
)

BRETAGNOLLE_HUBER = Theorem(
    id="lemma.bretagnolle_huber",
    statement=(
        "The Bretagnolle-Huber inequality: a bound on the total variation distance that stays below 1 for every finite "
        "divergence, where Pinsker's says nothing from 2 nats on."
    ),
    quantity=TV_OF_TWO_LAWS,
    direction=Direction.UPPER,
    mode=Mode.DETERMINISTIC,
    expression=sqrt(1 - exp(-kl)),
    source=Source(BRETAGNOLLE1979, "the inequality known by the authors' names"),
    standing=Standing.LEMMA,
)

HELLINGER_LOWER = Theorem(
    id="lemma.hellinger_lower",
    statement="The total variation distance is at least the squared Hellinger distance.",
    quantity=replace(TV_OF_TWO_LAWS, trivial=Rational(0)),
    direction=Direction.LOWER,
    mode=Mode.DETERMINISTIC,
    expression=h2,
    source=Source(LECAM1973, "Le Cam's inequalities, lower side"),
    standing=Standing.LEMMA,
)

HELLINGER_UPPER = Theorem(
    id="lemma.hellinger_upper",
    statement="The total variation distance is at most the square root of H2 (2 - H2), H2 the squared Hellinger distance.",
    quantity=TV_OF_TWO_LAWS,
    direction=Direction.UPPER,
    mode=Mode.DETERMINISTIC,
    expression=sqrt(h2 * (2 - h2)),
    source=Source(LECAM1973, "Le Cam's inequalities, upper side"),
    standing=Standing.LEMMA,
)

KL_CHI_SQUARE = Theorem(
    id="lemma.kl_chi_square",
    statement="The divergence is at most the logarithm of one plus the chi-square divergence.",
    quantity=KL_OF_TWO_LAWS,
    direction=Direction.UPPER,
    mode=Mode.DETERMINISTIC,
    expression=log(1 + chi2),
    source=Source(GIBBS2002, "Theorem 5"),
    standing=Standing.LEMMA,
)

"""Generalisation of uniformly stable learners: expected risk against risk on the n training points.

A learner is uniformly stable with constant beta if replacing one training point moves its loss at any point by at most
beta; in the original of one bound the point is removed instead, and the constant is then ``beta_removed``.
"""

from sympy import E, log, sqrt

from bounds.quantities import Direction, Mode, Quantity, Standing
from bounds.sources import Paper, Source
from bounds.symbols import C, M, beta, delta, n, parameter
from bounds.theorem import Theorem

beta_removed = parameter(
    "beta_removed",
    "uniform stability of the learner, removing one point",
    latex=r"\beta_{\setminus}",
    low=0,
    unit="loss units",
)

GENERALISATION_GAP = Quantity(
    "generalisation gap",
    r"R-\hat R_n",
    "risk minus empirical risk of the learner on its n training points",
    "loss units",
    trivial=M,
)
EXPECTED_GAP = Quantity(
    "generalisation gap",
    r"\big|\mathbb{E}(R-\hat R_n)\big|",
    "absolute value of the expected risk minus empirical risk",
    "loss units",
    trivial=M,
)
ABSOLUTE_GAP = Quantity(
    "generalisation gap",
    r"|R-\hat R_n|",
    "absolute value of risk minus empirical risk",
    "loss units",
    trivial=M,
)

_PROVED = "A classical statement in this project's words, proved again on its page; the original text was not at hand."

BOUSQUET2002 = Paper(
    key="bousquet2002",
    title="Stability and Generalization",
    authors=("Olivier Bousquet", "André Elisseeff"),
    year=2002,
    venue="Journal of Machine Learning Research",
    kind="article",
    volume="2",
    pages="499-526",
    notation=(("n", "m"), ("beta_removed", r"\beta")),
    compared=_PROVED,
)
HARDT2016 = Paper(
    key="hardt2016",
    title="Train faster, generalize better: Stability of stochastic gradient descent",
    authors=("Moritz Hardt", "Benjamin Recht", "Yoram Singer"),
    year=2016,
    venue="International Conference on Machine Learning",
    arxiv="1509.01240",
    notation=(("beta", r"\epsilon"),),
    compared=_PROVED,
)
BOUSQUET2020 = Paper(
    key="bousquet2020",
    title="Sharper Bounds for Uniformly Stable Algorithms",
    authors=("Olivier Bousquet", "Yegor Klochkov", "Nikita Zhivotovskiy"),
    year=2020,
    venue="Conference on Learning Theory",
    arxiv="1910.07833",
    notation=(("beta", r"\gamma"), ("M", "L")),
    compared=(
        "A rate in this project's words, proved on its page by the dyadic argument that the paper introduced; the paper's "
        "text was not at hand."
    ),
)

_SAMPLE = "the n training points are independent and have one law"
_REPLACED = "replacing any one training point moves the loss at every point by at most beta"
_BOUNDED = "the loss lies in [0, M]"
_DETERMINISTIC = "the learner is a deterministic function of its training points"

STABILITY_EXPECTED = Theorem(
    id="lemma.stability_expected",
    statement="A uniformly stable learner generalises in expectation: the expected gap is at most its stability.",
    quantity=EXPECTED_GAP,
    direction=Direction.UPPER,
    mode=Mode.EXPECTATION,
    expression=beta,
    source=Source(HARDT2016, "Theorem 2.2"),
    standing=Standing.LEMMA,
    assumptions=(_SAMPLE, _REPLACED + " in the mean over the learner's own randomness", _BOUNDED),
)

STABILITY_MCDIARMID = Theorem(
    id="lemma.stability_mcdiarmid",
    statement=(
        "A uniformly stable learner generalises with high probability, by bounded differences; informative for a stability "
        "well below n^(-1/2)."
    ),
    quantity=GENERALISATION_GAP,
    direction=Direction.UPPER,
    mode=Mode.PROBABILITY,
    expression=beta + (2 * n * beta + M) * sqrt(log(1 / delta) / (2 * n)),
    source=Source(BOUSQUET2002, "Theorem 12, for replacing a point"),
    standing=Standing.DERIVED,
    assumptions=(_SAMPLE, _REPLACED, _BOUNDED, _DETERMINISTIC),
)

STABILITY_REMOVED = Theorem(
    id="lemma.stability_removed",
    statement="The bound of Bousquet and Elisseeff for learners that are stable under removing one training point.",
    quantity=GENERALISATION_GAP,
    direction=Direction.UPPER,
    mode=Mode.PROBABILITY,
    expression=2 * beta_removed + (4 * n * beta_removed + M) * sqrt(log(1 / delta) / (2 * n)),
    source=Source(BOUSQUET2002, "Theorem 12"),
    standing=Standing.LEMMA,
    assumptions=(
        _SAMPLE,
        "removing any one training point moves the loss at every point by at most beta_removed",
        _BOUNDED,
        _DETERMINISTIC,
    ),
)

STABILITY_RATE = Theorem(
    id="lemma.stability_rate",
    statement=(
        "A uniformly stable learner generalises at the rate beta log n + M n^(-1/2), up to a constant and a logarithm of the "
        "failure probability: informative as soon as beta log n is small."
    ),
    quantity=ABSOLUTE_GAP,
    direction=Direction.UPPER,
    mode=Mode.PROBABILITY,
    hypotheses=(n >= 2,),
    expression=C * (beta * log(n) * log(E / delta) + M * sqrt(log(E / delta) / n)),
    source=Source(BOUSQUET2020, "the generalisation bound"),
    standing=Standing.RATE,
    assumptions=(_SAMPLE, _REPLACED, _BOUNDED, _DETERMINISTIC, "C is a universal constant"),
)

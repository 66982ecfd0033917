"""Distribution shift along the loop, and how well a stable learner generalises in it."""

from sympy import Rational, log, sqrt

from bounds.functions import geometric_sum
from bounds.papers.fu2025.source import EXPECTED_GAP, FU2025, GAP_GIVEN_REAL
from bounds.quantities import EXPECTED_TOTAL_VARIATION, Direction, Mode, Standing
from bounds.sources import Source
from bounds.symbols import C, M, alpha, beta, d_tv, delta, eta, gamma, n, t
from bounds.theorem import Theorem

_q = 1 - alpha
_synthetic_points = _q * n
_shift = d_tv * geometric_sum(_q, t)
_loop = (
    "in every generation the model errs by at most d_tv from the mixture it learns, in expected total variation",
    "alpha n is a whole number of real points, the same in every generation; generation 1 trains on real data alone",
)
_learner = (
    "replacing one of the n points moves the learner's loss by at most beta, at every point and for every training set"
)

DISTRIBUTION_SHIFT = Theorem(
    id="fu2025.distribution_shift",
    statement=(
        "The learning errors of the generations accumulate to a distribution shift that a constant real fraction keeps "
        "bounded: each is multiplied by 1 - alpha in every generation that follows."
    ),
    quantity=EXPECTED_TOTAL_VARIATION,
    direction=Direction.UPPER,
    mode=Mode.EXPECTATION,
    expression=_shift,
    source=Source(FU2025, "distribution-shift term of Theorem 1"),
    standing=Standing.DERIVED,
    assumptions=_loop,
)

_gamma_form = _q * M * _shift + M * sqrt(log(1 / delta) / n)

GENERALIZATION = Theorem(
    id="fu2025.generalization",
    statement=(
        "Up to a universal constant C, with probability 1 - delta over the real data the generalisation gap, averaged over "
        "the noise of the generations, is at most a distribution shift, a sampling error, and the two stabilities times "
        "log n log(1/delta)."
    ),
    quantity=GAP_GIVEN_REAL,
    direction=Direction.UPPER,
    mode=Mode.PROBABILITY,
    hypotheses=(n >= 2, delta <= Rational(1, 2)),
    expression=C * (_gamma_form + (beta + gamma * alpha * M) * log(n) * log(1 / delta)),
    source=Source(FU2025, "Theorem 1"),
    standing=Standing.RESTATED,
    assumptions=(
        *_loop,
        _learner,
        "d_tv bounds the learning error given the real data; gamma holds for every real data set",
        "C is the constant of the high-probability bound of uniform stability; it depends on nothing",
    ),
)

GENERALIZATION_EXPECTED = Theorem(
    id="fu2025.generalization_expected",
    statement=(
        "The mean generalisation gap is at most the learner's stability, the recursive stability gamma where the synthetic "
        "points change, and the distribution shift of the synthetic share."
    ),
    quantity=EXPECTED_GAP,
    direction=Direction.UPPER,
    mode=Mode.EXPECTATION,
    hypotheses=(beta <= M,),
    expression=beta + alpha * gamma * (M - beta) + _q * M * _shift,
    source=Source(FU2025, "explicit form of Theorem 1 in the mean"),
    standing=Standing.DERIVED,
    assumptions=(*_loop, _learner),
)

_hamming = beta * (1 + alpha * _synthetic_points * eta) + _q * M * _shift

GENERALIZATION_HAMMING = Theorem(
    id="fu2025.generalization_hamming",
    statement=(
        "The mean generalisation gap with the stability eta of one draw: it counts how many synthetic points change, and "
        "stays small where gamma, which asks that none does, says nothing."
    ),
    quantity=EXPECTED_GAP,
    direction=Direction.UPPER,
    mode=Mode.EXPECTATION,
    expression=_hamming,
    source=Source(FU2025, "sharpens Theorem 1 in the mean"),
    standing=Standing.DERIVED,
    assumptions=(
        *_loop,
        _learner,
        "eta bounds the expected total variation of the best coupling of the models, whichever reused real point is "
        "replaced and whatever the other real points are",
    ),
)

GENERALIZATION_GIVEN_REAL = Theorem(
    id="fu2025.generalization_given_real",
    statement=(
        "The same with probability 1 - delta over the real data, with every constant explicit, for the generalisation gap "
        "averaged over the noise of the generations."
    ),
    quantity=GAP_GIVEN_REAL,
    direction=Direction.UPPER,
    mode=Mode.PROBABILITY,
    expression=_hamming
    + (2 * alpha * beta * (1 + _synthetic_points * eta) + M / n) * sqrt(alpha * n * log(2 / delta) / 2),
    source=Source(FU2025, "explicit form of Theorem 1"),
    standing=Standing.DERIVED,
    assumptions=(
        *_loop,
        _learner,
        "d_tv bounds the learning error given the real data",
        "eta bounds the expected total variation of the best coupling of the models, whichever reused real point is "
        "replaced and whatever the other real points are",
    ),
)

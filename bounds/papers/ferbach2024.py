"""Self-consuming loops with data curated by a reward (ferbach2024).

A user picks one of K candidates with probability proportional to ``y = e^r``; the next model learns the picks, mixed with
the reference law in the proportion lam to 1. ``lam = infinity`` is the pure loop, K = infinity the limit of many candidates.
"""

from sympy import Gt, Symbol, exp, log

from bounds.functions import Recurrence, geometric_sum
from bounds.papers import bertrand2024
from bounds.quantities import (
    DENSITY_RATIO,
    EXPECTED_REWARD,
    KL_FROM_MAXIMISERS,
    KL_FROM_OPTIMUM,
    KL_TO_REFERENCE,
    NEXT_REWARD,
    REFERENCE_TOTAL_VARIATION,
    Direction,
    Mode,
    Standing,
)
from bounds.sources import Paper, Source
from bounds.symbols import (
    C,
    K,
    L,
    curvature,
    epsilon,
    gap,
    lam,
    mean,
    p_star,
    reward_range,
    t,
    tv0,
    variance,
    y,
    y_max,
)
from bounds.theorem import Theorem, regime

FERBACH2024 = Paper(
    key="ferbach2024",
    title="Self-Consuming Generative Models with Curated Data Provably Optimize Human Preferences",
    authors=("Damien Ferbach", "Quentin Bertrand", "Avishek Joey Bose", "Gauthier Gidel"),
    year=2024,
    venue="Advances in Neural Information Processing Systems",
    arxiv="2407.09499",
    notation=(("y", "e^{r(x)}"), ("y_max", "e^{r_*}"), ("curvature", r"\alpha"), ("lam", r"\lambda")),
    compared="Every statement of this paper that is marked paper here is confirmed by independent restatements.",
)

_e = L * epsilon
_possible = variance <= mean * (y_max - mean)

CURATED_LIMIT = Theorem(
    id="ferbach2024.curated_limit",
    statement=(
        "In the pure loop with infinitely many candidates each round multiplies the density by the exponentiated reward over "
        "its mean, so that p_t is proportional to p_0 y^t."
    ),
    quantity=DENSITY_RATIO,
    direction=Direction.EXACT,
    mode=Mode.DETERMINISTIC,
    expression=y / mean,
    source=Source(FERBACH2024, "Lemma 2.1"),
    standing=Standing.PAPER,
    assumptions=("lam = infinity and K = infinity", "mean is the mean of y under p_t"),
)

REWARD_INCREASE = Theorem(
    id="ferbach2024.reward_increase",
    statement="In the pure loop the expected exponentiated reward grows in every round by a multiple of its variance.",
    quantity=NEXT_REWARD,
    direction=Direction.LOWER,
    mode=Mode.DETERMINISTIC,
    hypotheses=(mean <= y_max, _possible),
    expression=mean + (1 - 1 / K) * variance / y_max,
    source=Source(FERBACH2024, "Lemma 2.2"),
    standing=Standing.PAPER,
    assumptions=("lam = infinity", "mean and variance are those of y under p_t; the bound is for p_{t+1}"),
)

REWARD_INCREASE_REFINED = Theorem(
    id="ferbach2024.reward_increase_refined",
    statement="A sharper growth of the expected reward, never below the paper's and exact as K grows.",
    quantity=NEXT_REWARD,
    direction=Direction.LOWER,
    mode=Mode.DETERMINISTIC,
    hypotheses=(mean <= y_max, _possible, K >= 2),
    expression=mean + (1 - 1 / K) * variance / (2 * y_max / K + (1 - 2 / K) * mean),
    source=Source(FERBACH2024, "sharpens Lemma 2.2"),
    standing=Standing.DERIVED,
    assumptions=("lam = infinity", "mean and variance are those of y under p_t; the bound is for p_{t+1}"),
)

CONCENTRATION = Theorem(
    id="ferbach2024.concentration",
    statement=(
        "With K >= 2 the pure loop concentrates on the maximal reward: the divergence from p*, the initial law given the "
        "maximal reward, tends to 0, and with a reward gap it does so geometrically."
    ),
    quantity=KL_FROM_MAXIMISERS,
    direction=Direction.UPPER,
    mode=Mode.DETERMINISTIC,
    expression=log(1 + (1 / p_star - 1) * (exp(-gap) + (1 - exp(-gap)) / K) ** t),
    source=Source(FERBACH2024, "Theorem 2.1 (the limit is the paper's, the rate is derived)"),
    standing=Standing.DERIVED,
    assumptions=("lam = infinity", "every reward below the maximum is at least gap below it"),
)

PARAMETRIC_RATE = Theorem(
    id="ferbach2024.parametric_rate",
    statement=(
        "Uncurated parametric retraining converges in divergence to the best model at a geometric rate, up to a constant C; "
        "the spectral factor serves every synthetic-to-real ratio."
    ),
    quantity=KL_FROM_OPTIMUM,
    direction=Direction.UPPER,
    mode=Mode.DETERMINISTIC,
    regimes=(
        regime(
            C * (lam * (curvature + _e) / (curvature + lam * (curvature - _e))) ** (2 * t),
            _e < curvature,
            2 * lam * _e < curvature,
            factor="paper",
        ),
        regime(
            C * bertrand2024.SPECTRAL_RADIUS_BOUND.expression ** (2 * t), standing=Standing.DERIVED, factor="spectral"
        ),
    ),
    default=(("factor", "paper"),),
    source=Source(FERBACH2024, "Theorem 2.2"),
    standing=Standing.RATE,
    assumptions=(
        "theta_0 is close enough to theta*",
        "the retraining map has a Lipschitz derivative near theta*",
        "C depends on the model and on theta_0, not on t",
    ),
)

_curation = (1 - 1 / K) / y_max
_share = lam / (1 + lam)
_g = Symbol("g", nonnegative=True)

MIXED_REWARD_GAIN = Theorem(
    id="ferbach2024.mixed_reward_gain",
    statement="Mixed with reference data, the curated loop keeps an expected reward above the reference law's.",
    quantity=EXPECTED_REWARD,
    direction=Direction.LOWER,
    mode=Mode.DETERMINISTIC,
    hypotheses=(t >= 1, mean <= y_max, _possible),
    expression=mean + lam / (1 + lam) ** 3 * _curation * variance,
    source=Source(FERBACH2024, "Theorem 2.3"),
    standing=Standing.PAPER,
    assumptions=("p_0 is the reference law", "mean and variance are those of y under the reference law"),
)

MIXED_REWARD_GAIN_REFINED = Theorem(
    id="ferbach2024.mixed_reward_gain_refined",
    statement="The same with a larger gain, in closed form or, sharper still, iterated over the rounds.",
    quantity=EXPECTED_REWARD,
    direction=Direction.LOWER,
    mode=Mode.DETERMINISTIC,
    hypotheses=(t >= 1, mean <= y_max, _possible),
    regimes=(
        regime(mean + _share * _curation * variance, form="closed"),
        regime(
            mean
            + Recurrence(
                _g,
                (_g,),
                (_share * _curation * variance,),
                (_share * (_g + _curation * variance / (1 + lam)) + _curation * _g**2 / (1 + lam),),
                t - 1,
            ),
            form="iterated",
        ),
    ),
    default=(("form", "closed"),),
    source=Source(FERBACH2024, "sharpens Theorem 2.3"),
    standing=Standing.DERIVED,
    assumptions=("p_0 is the reference law", "mean and variance are those of y under the reference law"),
)

KL_BALL = Theorem(
    id="ferbach2024.kl_ball",
    statement="With enough reference data the curated loop stays in a divergence ball around the reference law, for ever.",
    quantity=KL_TO_REFERENCE,
    direction=Direction.UPPER,
    mode=Mode.DETERMINISTIC,
    hypotheses=(lam * (K - 1) < 1,),
    expression=-log(1 - lam * (K - 1)),
    source=Source(FERBACH2024, "Theorem 2.4"),
    standing=Standing.PAPER,
    assumptions=("p_0 is the reference law",),
)

_h = 1 / (1 / K + (1 - 1 / K) * exp(-reward_range))
_Q = _share * _h
_M = _Q**t + geometric_sum(_Q, t) / (1 + lam)
_b = 1 / (1 + lam)

KL_BALL_REFINED = Theorem(
    id="ferbach2024.kl_ball_refined",
    statement=(
        "For every ratio and every round: the density ratio to the reference law is at most M_t, which bounds the divergence "
        "by log M_t, and sharper by the chord of x log x between its least and its largest value."
    ),
    quantity=KL_TO_REFERENCE,
    direction=Direction.UPPER,
    mode=Mode.DETERMINISTIC,
    hypotheses=(Gt(1 / K + exp(-reward_range), 0, evaluate=False),),
    regimes=(
        regime(log(_M), form="supremum"),
        regime(((_M - 1) * _b * log(_b) + (1 - _b) * _M * log(_M)) / (_M - _b), lam > 0, t >= 1, form="chord"),
    ),
    default=(("form", "supremum"),),
    source=Source(FERBACH2024, "sharpens Theorem 2.4"),
    standing=Standing.DERIVED,
    assumptions=("p_0 is the reference law", "range is the difference of the largest and the smallest reward"),
)

UNCURATED_MIXTURE = Theorem(
    id="ferbach2024.uncurated_mixture",
    statement="Without curation (K = 1) the total variation to the reference law shrinks by exactly lam/(1+lam) per round.",
    quantity=REFERENCE_TOTAL_VARIATION,
    direction=Direction.EXACT,
    mode=Mode.DETERMINISTIC,
    expression=_share**t * tv0,
    source=Source(FERBACH2024, "setting of Section 2, K = 1"),
    standing=Standing.EXACT,
    assumptions=("infinite samples: each generation learns its mixture exactly",),
)

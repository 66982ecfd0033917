"""One softmax attention head as the generator: how far moving one token moves it, once and along the loop."""

from sympy import Max, Min, erf, exp, sqrt

from bounds.functions import geometric_sum
from bounds.papers.fu2025.source import (
    FU2025,
    OUTPUT_DISPLACEMENT,
    RECURSIVE_STABILITY,
    RECURSIVE_STABILITY_OF_ONE,
    TOKEN_DISPLACEMENT,
)
from bounds.quantities import Direction, Mode, Standing
from bounds.sources import Source
from bounds.symbols import D, Gamma, alpha, n, sigma_noise, t
from bounds.theorem import Theorem, regime

_q = 1 - alpha
_decay = exp(-2 * Gamma)
_largest_weight = 1 / (1 + (n - 1) * _decay)
# The peak (1 + 2 Gamma)/(4 Gamma) of x (1 + 2 Gamma (1 - x)); where it exceeds 1 no weight reaches it.
_weight = Min(_largest_weight, (1 + 2 * Gamma) / Max(4 * Gamma, 1))
_head = _weight * (1 + 2 * Gamma * (1 - _weight))
"""Lipschitz constant of the head in one token."""

_context = (
    "one softmax head: the output is the average of V s_j with weights proportional to exp(<x, W s_j>)",
    "tokens and query lie in the unit ball, V has norm at most 1 and W at most Gamma",
)

ATTENTION_STABILITY = Theorem(
    id="fu2025.attention_stability",
    statement=(
        "Moving one of the n tokens of its context by D moves the output of a softmax attention head by at most this, which "
        "is of order D/n."
    ),
    quantity=OUTPUT_DISPLACEMENT,
    direction=Direction.UPPER,
    mode=Mode.DETERMINISTIC,
    hypotheses=(D <= 2,),
    expression=_head * D,
    source=Source(FU2025, "stability of transformers in context"),
    standing=Standing.DERIVED,
    assumptions=(*_context, "the query is not the token that moves"),
)

_synthetic_weight = _q / (_q + alpha * _decay)
_real_weight_squared = (1 - _synthetic_weight) ** 2
_centre = _real_weight_squared / Max(1 - _real_weight_squared, _real_weight_squared)
_spread = _synthetic_weight * sqrt(1 - _centre**2 + _real_weight_squared * (1 + _centre) ** 2)
FACTOR = Min(_synthetic_weight + Gamma * _spread, n * _head * _q)
"""How much of the displacement of all synthetic tokens one generation passes on to the next."""
FACTOR_OF_LARGE_CONTEXTS = Min(_synthetic_weight + Gamma * _spread, (1 + 2 * Gamma) * exp(2 * Gamma) * _q)
"""The same with the upper bound on n times the head's constant that holds for every n."""

_displacement = Min(2, _head * D * geometric_sum(FACTOR, t))
_in_units = _displacement / (2 * sqrt(2) * sigma_noise)

ATTENTION_RECURSIVE_STABILITY = Theorem(
    id="fu2025.attention_recursive_stability",
    statement=(
        "In an in-context loop of an attention head, moving one reused real token by D moves every synthetic token of "
        "generation t by at most this: of order D/n in every generation as soon as the real fraction makes the factor of "
        "one generation less than 1. With normal output noise it bounds the recursive stability of one draw and of all."
    ),
    quantity=TOKEN_DISPLACEMENT,
    direction=Direction.UPPER,
    mode=Mode.DETERMINISTIC,
    hypotheses=(t >= 1, alpha < 1, D <= 2),
    regimes=(
        regime(_displacement, measure="displacement"),
        regime(erf(_in_units), quantity=RECURSIVE_STABILITY_OF_ONE, measure="one"),
        regime(erf(sqrt(_q * n) * _in_units), quantity=RECURSIVE_STABILITY, measure="joint"),
    ),
    default=(("measure", "displacement"),),
    source=Source(FU2025, "recursive stability of transformers in context"),
    standing=Standing.DERIVED,
    assumptions=(
        *_context,
        "each synthetic token is the head's output at its own query plus noise, projected to the unit ball; noise and "
        "queries do not depend on the tokens, and both runs share them",
        "alpha n tokens of every context are the reused real ones; generation 1 reads n real tokens",
        "for the measures one and joint: the noise is normal with standard deviation sigma_noise in every direction",
    ),
)

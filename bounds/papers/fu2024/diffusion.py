"""One generation of a score-based model: rates, and a-posteriori bounds in the score error that was measured.

Forward noising ``dX = -beta X/2 dt + sqrt(beta) dW`` from the real law p_0 to p_T; the sampler runs it backwards with a learned
score s from N(0, I). Write ``delta = s - grad log p_t``.
"""

from dataclasses import replace
from typing import Any

from sympy import Min, Rational, exp, sqrt

from bounds.papers.fu2024.paper import FU2024
from bounds.quantities import EXPECTED_TOTAL_VARIATION, KL_TO_REFERENCE, TOTAL_VARIATION, Direction, Mode, Standing
from bounds.sources import Source
from bounds.symbols import C, early, flow_error, kl0, kl_prior, n, noising, s, score_error, tv_prior
from bounds.theorem import Theorem, regime

DIFFUSION_RATE = Theorem(
    id="fu2024.diffusion_rate",
    statement=(
        "One generation of a random-feature score network, of which only the outer layer is trained, by gradient flow, errs "
        "by n^(-1/4) up to logarithms and a constant C; the exponent may also be given."
    ),
    quantity=EXPECTED_TOTAL_VARIATION,
    direction=Direction.UPPER,
    mode=Mode.EXPECTATION,
    regimes=(
        regime(C * n ** Rational(-1, 4), exponent="paper"),
        regime(C * n ** (-s), exponent="given"),
    ),
    default=(("exponent", "paper"),),
    source=Source(FU2024, "one-generation rate of the score network"),
    standing=Standing.RESTATED,
    assumptions=(
        "the data law is bounded, the network about as wide as n or wider, and the training time of the order of sqrt(n)",
        "C depends on the data law and the network, and holds the logarithms; with them it is not a constant in n",
    ),
)

_PATH_KL = replace(
    KL_TO_REFERENCE,
    latex=r"\mathrm{KL}(p_{t_0}\,\|\,\hat p_{t_0})",
    meaning="divergence of the real law noised up to t_0 from the generated law",
)
_GENERATED_TV = replace(
    TOTAL_VARIATION,
    latex=r"\mathrm{TV}(p_0,\hat p)",
    meaning="total variation between the real and the generated law",
)
_given = score_error / 2 + kl_prior
_contracted = score_error / 2 + exp(-noising) * kl0


def _total_variation(divergence: Any) -> Any:
    """Pinsker's inequality or Bretagnolle-Huber's, the smaller, and the total variation of early stopping."""
    return early + Min(sqrt(divergence / 2), sqrt(1 - exp(-divergence)))


GIRSANOV = Theorem(
    id="fu2024.girsanov",
    statement=(
        "What the reverse SDE generates with a learned score is off by at most its integrated score error, the error of "
        "starting from a normal law, and that of stopping early."
    ),
    quantity=_GENERATED_TV,
    direction=Direction.UPPER,
    mode=Mode.DETERMINISTIC,
    regimes=(
        regime(_total_variation(_given), distance="tv", prior="given"),
        regime(_total_variation(_contracted), distance="tv", prior="contracted"),
        regime(_given, quantity=_PATH_KL, distance="kl", prior="given"),
        regime(_contracted, quantity=_PATH_KL, distance="kl", prior="contracted"),
    ),
    default=(("distance", "tv"), ("prior", "given")),
    source=Source(FU2024, "Girsanov step of the one-generation rate"),
    standing=Standing.LEMMA,
    assumptions=(
        "the sampler is the reverse SDE in continuous time, started from N(0, I), and stopped at t_0",
        "kl_prior is the divergence of p_T from N(0, I); with prior=contracted kl0 is that of p_0",
        "it is false for the probability-flow ODE",
    ),
)

PROBABILITY_FLOW_TV = Theorem(
    id="fu2024.probability_flow_tv",
    statement=(
        "What the probability-flow ODE generates with a learned score is off by at most the error of starting from a normal "
        "law and a quarter of the integrated flow error; the reverse SDE obeys the same with a half."
    ),
    quantity=_GENERATED_TV,
    direction=Direction.UPPER,
    mode=Mode.DETERMINISTIC,
    regimes=(
        regime(tv_prior + flow_error / 4, sampler="ode"),
        regime(tv_prior + flow_error / 2, sampler="sde"),
    ),
    default=(("sampler", "ode"),),
    source=Source(FU2024, "the one-generation error for the deterministic sampler"),
    standing=Standing.DERIVED,
    assumptions=(
        "the sampler runs in continuous time from N(0, I) down to time 0",
        "the learned score is smooth enough for the flow to be one-to-one, and the densities decay at infinity",
        "it bounds no other sampler than the one named",
    ),
)

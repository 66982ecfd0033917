"""Learners and loops whose stability is known: worked examples for the generalisation bounds of fu2025.

`enumerate_loop` has every constant and every gap on finitely many points exactly; `MarkingLoop` and `CoinLoop` drive the
bounds to their limit; `CutNormalLoop` samples; `clipped_mean` and `ridge` are learners of known uniform stability;
`likelihood_ratio_losses` and its neighbours measure the recursive stability of the normal mean generator.
"""

from verify.models.stability.counts import count_vectors, multinomial_laws, neighbours, places_of
from verify.models.stability.enumeration import (
    EnumeratedLoop,
    SmoothedFrequencies,
    TabulatedModel,
    enumerate_loop,
    law_quantile,
    transport_cost,
)
from verify.models.stability.extremal import CoinLoop, Drift, MarkingLoop, held_frequency_gaps
from verify.models.stability.gaussian import (
    MovedPoint,
    coupled_tv,
    joint_law,
    joint_tv,
    likelihood_ratio_losses,
)
from verify.models.stability.learners import (
    LossTable,
    clipped_mean,
    clipped_mean_stability,
    fixed_predictor,
    memoriser,
    ridge,
    ridge_residual,
    ridge_stability,
    ridge_weights,
)
from verify.models.stability.sampled import CutNormalLoop, SampledLearner, sampled_learner

__all__ = [
    "CoinLoop",
    "CutNormalLoop",
    "Drift",
    "EnumeratedLoop",
    "LossTable",
    "MarkingLoop",
    "MovedPoint",
    "SampledLearner",
    "SmoothedFrequencies",
    "TabulatedModel",
    "clipped_mean",
    "clipped_mean_stability",
    "count_vectors",
    "coupled_tv",
    "enumerate_loop",
    "fixed_predictor",
    "held_frequency_gaps",
    "joint_law",
    "joint_tv",
    "law_quantile",
    "likelihood_ratio_losses",
    "memoriser",
    "multinomial_laws",
    "neighbours",
    "places_of",
    "ridge",
    "ridge_residual",
    "ridge_stability",
    "ridge_weights",
    "sampled_learner",
    "transport_cost",
]

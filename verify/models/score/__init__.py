"""Score networks without a deep-learning framework.

Random-feature networks whose outer layer is trained by exact gradient flow (fu2024's model), small networks trained in
all layers, what they generate on the line, and loops in which they learn from their own draws: on the line, and in more
dimensions compared by samples.
"""

from verify.models.diffusion.forward import Noising
from verify.models.score.activations import RELU, SOFTPLUS, TANH, Activation
from verify.models.score.adam import Adam, loss_and_gradient, train_layers
from verify.models.score.curves import EarlyStopping, early_stopping, sample_size_errors, width_errors
from verify.models.score.features import RandomFeatures, draw_features
from verify.models.score.flow import GradientFlow, descend, gradient_flow, train_flow
from verify.models.score.laws import CosineMixture
from verify.models.score.layers import LayeredScore, draw_layers
from verify.models.score.loop import ScoreTrajectories, Trainer, flow_trainer, layers_trainer, learner, score_loop
from verify.models.score.matching import Matching, Moments, Rows, moments, rows
from verify.models.score.network import RandomFeatureScore
from verify.models.score.prior import prior_divergence
from verify.models.score.space import (
    IndependentCoordinates,
    SpatialLaw,
    SpatialScoreTrajectories,
    SpatialTrainer,
    carry_points,
    flow_log_density,
    spatial_flow_trainer,
    spatial_score_loop,
)
from verify.models.score.transport import GeneratedLaws, Separate, SharedFeatures, carry, distance_to, generated_laws
from verify.models.score.window import Window

__all__ = [
    "RELU",
    "SOFTPLUS",
    "TANH",
    "Activation",
    "Adam",
    "CosineMixture",
    "EarlyStopping",
    "GeneratedLaws",
    "GradientFlow",
    "IndependentCoordinates",
    "LayeredScore",
    "Matching",
    "Moments",
    "Noising",
    "RandomFeatureScore",
    "RandomFeatures",
    "Rows",
    "ScoreTrajectories",
    "Separate",
    "SharedFeatures",
    "SpatialLaw",
    "SpatialScoreTrajectories",
    "SpatialTrainer",
    "Trainer",
    "Window",
    "carry",
    "carry_points",
    "descend",
    "distance_to",
    "draw_features",
    "draw_layers",
    "early_stopping",
    "flow_log_density",
    "flow_trainer",
    "generated_laws",
    "gradient_flow",
    "layers_trainer",
    "learner",
    "loss_and_gradient",
    "moments",
    "prior_divergence",
    "rows",
    "sample_size_errors",
    "score_loop",
    "spatial_flow_trainer",
    "spatial_score_loop",
    "train_flow",
    "train_layers",
    "width_errors",
]

"""Recursive stability: how far a training loop generalises when it reuses real data (fu2025).

Generation t+1 trains on `alpha n` real points, the same in every generation, and on ``N = (1 - alpha) n`` draws of the
model of generation t; generation 1 trains on n real points alone. A learner of uniform stability `beta`, with a loss in an
interval of length `M`, fits such a training set of generation t; the generalisation gap is its real risk minus its
empirical risk there. `n` is the whole training set, except in `synthetic_size`.
"""

from bounds.papers.fu2025.generalization import (
    DISTRIBUTION_SHIFT,
    GENERALIZATION,
    GENERALIZATION_EXPECTED,
    GENERALIZATION_GIVEN_REAL,
    GENERALIZATION_HAMMING,
)
from bounds.papers.fu2025.optima import (
    GeneralizationChoice,
    SyntheticSize,
    attention_threshold,
    smallest_generalization,
    synthetic_optimum,
)
from bounds.papers.fu2025.sizing import SYNTHETIC_SIZE
from bounds.papers.fu2025.solvable import (
    CATEGORICAL_LOOP,
    CATEGORICAL_LOOP_LOWER,
    CATEGORICAL_LOOP_UPPER,
    GAUSSIAN_RECURSIVE_STABILITY,
)
from bounds.papers.fu2025.source import FU2025
from bounds.papers.fu2025.transformers import ATTENTION_RECURSIVE_STABILITY, ATTENTION_STABILITY

__all__ = [
    "ATTENTION_RECURSIVE_STABILITY",
    "ATTENTION_STABILITY",
    "CATEGORICAL_LOOP",
    "CATEGORICAL_LOOP_LOWER",
    "CATEGORICAL_LOOP_UPPER",
    "DISTRIBUTION_SHIFT",
    "FU2025",
    "GAUSSIAN_RECURSIVE_STABILITY",
    "GENERALIZATION",
    "GENERALIZATION_EXPECTED",
    "GENERALIZATION_GIVEN_REAL",
    "GENERALIZATION_HAMMING",
    "SYNTHETIC_SIZE",
    "GeneralizationChoice",
    "SyntheticSize",
    "attention_threshold",
    "smallest_generalization",
    "synthetic_optimum",
]

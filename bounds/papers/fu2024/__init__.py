"""Self-consuming loops on mixtures of real data and all earlier generations (fu2024).

`recursion` adds learning errors up over generations for any schedule; `phase_transition` follows the amount of synthetic data;
`kde` makes every constant explicit for kernel density estimates; `diffusion` bounds one generation of a score-based model.
"""

from bounds.papers.fu2024.diffusion import DIFFUSION_RATE, GIRSANOV, PROBABILITY_FLOW_TV
from bounds.papers.fu2024.kde import KDE_LOOP, KDE_LOOP_LOWER, KDE_LOOP_REUSED, KDE_RATE
from bounds.papers.fu2024.paper import FU2024
from bounds.papers.fu2024.phase_transition import (
    PHASE_TRANSITION,
    PHASE_TRANSITION_PEAK,
    PHASE_TRANSITION_REUSED,
    Peak,
    peak,
)
from bounds.papers.fu2024.recursion import (
    BALANCED,
    FULLY_SYNTHETIC,
    REAL_PLUS_LAST,
    RECURSION,
    SAMPLE_SCHEDULE,
    WEIGHTED_RATE,
)

__all__ = [
    "BALANCED",
    "DIFFUSION_RATE",
    "FU2024",
    "FULLY_SYNTHETIC",
    "GIRSANOV",
    "KDE_LOOP",
    "KDE_LOOP_LOWER",
    "KDE_LOOP_REUSED",
    "KDE_RATE",
    "PHASE_TRANSITION",
    "PHASE_TRANSITION_PEAK",
    "PHASE_TRANSITION_REUSED",
    "PROBABILITY_FLOW_TV",
    "REAL_PLUS_LAST",
    "RECURSION",
    "SAMPLE_SCHEDULE",
    "WEIGHTED_RATE",
    "Peak",
    "peak",
]

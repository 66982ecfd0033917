"""One softmax attention head in context: adversaries against its stability, and coupled loops that feed on its outputs.

Tokens and queries lie in the unit ball, the value matrix V has operator norm at most 1 and the attention matrix W at most
Gamma (fu2025, stability of transformers in context).
"""

from verify.models.attention.adversary import TokenMove, worst_move
from verify.models.attention.coupled import LARGEST_NOISE, CoupledLoops, random_loops, worst_loop
from verify.models.attention.gaussian import (
    Bracketed,
    averaging_joint_tv,
    first_joint_tv,
    noisy_loops,
    single_token_tv,
)
from verify.models.attention.head import Reading, into_ball, keys_of, pull_back, read, with_norm_at_most
from verify.models.attention.joint import later_joint_tv
from verify.models.attention.loop import Circumstances, ContextLoop, Generation, displacements, run_loop

__all__ = [
    "LARGEST_NOISE",
    "Bracketed",
    "Circumstances",
    "ContextLoop",
    "CoupledLoops",
    "Generation",
    "Reading",
    "TokenMove",
    "averaging_joint_tv",
    "displacements",
    "first_joint_tv",
    "into_ball",
    "keys_of",
    "later_joint_tv",
    "noisy_loops",
    "pull_back",
    "random_loops",
    "read",
    "run_loop",
    "single_token_tv",
    "with_norm_at_most",
    "worst_loop",
    "worst_move",
]

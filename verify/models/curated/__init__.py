r"""The curated loop on a finite support: exact steps, exact trajectories, sampled trajectories, rigorous enclosures.

Users pick one of ``K`` draws of the current model, with probability proportional to ``y = e^r`` (Plackett-Luce), and
the next model learns the winners (ferbach2024). One step multiplies the mass of an atom by its curation weight
``H_p(x) = E[K y(x) / (y(x) + sum_{k<K} y(X_k))]``, which is one integral for every K (``integral``).
"""

from verify.models.curated.arguments import Exact, FloatArray, IntArray
from verify.models.curated.distances import kl_divergence, kl_to_maximisers, total_variation
from verify.models.curated.enclosed import EnclosedTrajectory, enclosed_loop
from verify.models.curated.instances import CuratedInstance, random_instance
from verify.models.curated.loop import CuratedStep, CuratedTrajectory, curated_loop, curated_step
from verify.models.curated.rewards import RewardMoments, reward_gain, reward_moments
from verify.models.curated.sampling import curated_sample_loop, sample_winners
from verify.models.curated.weights import CurationWeights, curation_weights

__all__ = [
    "CuratedInstance",
    "CuratedStep",
    "CuratedTrajectory",
    "CurationWeights",
    "EnclosedTrajectory",
    "Exact",
    "FloatArray",
    "IntArray",
    "RewardMoments",
    "curated_loop",
    "curated_sample_loop",
    "curated_step",
    "curation_weights",
    "enclosed_loop",
    "kl_divergence",
    "kl_to_maximisers",
    "random_instance",
    "reward_gain",
    "reward_moments",
    "sample_winners",
    "total_variation",
]

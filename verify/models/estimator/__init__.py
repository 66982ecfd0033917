"""Generative models of your own: what they must be able to do, adapters, and their loop."""

from verify.models.estimator.adapter import DensityEstimator, SampledEstimator, from_estimator
from verify.models.estimator.generations import Drift, OwnLoop, ShownVariation, run_once
from verify.models.estimator.protocol import GenerativeModel, Sampler, from_law, has_density

__all__ = [
    "DensityEstimator",
    "Drift",
    "GenerativeModel",
    "OwnLoop",
    "SampledEstimator",
    "Sampler",
    "ShownVariation",
    "from_estimator",
    "from_law",
    "has_density",
    "run_once",
]

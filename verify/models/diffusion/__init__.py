"""Diffusion models: noising, scores with a known error, samplers, and the law they generate on the line without sampling.

A learned score enters as a `Score`. `probability_flow_samples` and `reverse_sde_samples` draw in any dimension, in
finitely many steps; `flow_density` and `reverse_density` give the law of the continuous-time samplers on the line, with
a stated error; `score_error`, `flow_error` and `divergence_from_normal` are what the bounds on it ask for.
"""

from verify.models.diffusion.density import GeneratedDensity, covered
from verify.models.diffusion.flow import flow_density, transport
from verify.models.diffusion.fokker_planck import reverse_density
from verify.models.diffusion.forward import Noising
from verify.models.diffusion.perturbations import Bump, Fading, Ramp, Wave
from verify.models.diffusion.samplers import probability_flow_samples, reverse_sde_samples
from verify.models.diffusion.scores import PerturbedScore, Score, ScoreError, TrueScore
from verify.models.diffusion.terms import divergence_from_normal, flow_error, score_error

__all__ = [
    "Bump",
    "Fading",
    "GeneratedDensity",
    "Noising",
    "PerturbedScore",
    "Ramp",
    "Score",
    "ScoreError",
    "TrueScore",
    "Wave",
    "covered",
    "divergence_from_normal",
    "flow_density",
    "flow_error",
    "probability_flow_samples",
    "reverse_density",
    "reverse_sde_samples",
    "score_error",
    "transport",
]

"""What a sampler with a known score error generates on the line, without sampling, held against the a-posteriori bounds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import numpy as np
from sympy import Rational

from bounds import symbols
from bounds.papers import fu2024 as theory
from verify.check import Check, Control, Effort, Setting, plant
from verify.data import NormalMixture
from verify.distances import mixture_tv
from verify.evidence import Computed, Evidence
from verify.models.diffusion import (
    Bump,
    Fading,
    GeneratedDensity,
    Noising,
    PerturbedScore,
    Ramp,
    Score,
    TrueScore,
    Wave,
    covered,
    divergence_from_normal,
    flow_density,
    flow_error,
    reverse_density,
    score_error,
)

Sampler = Literal["ode", "sde"]
_NAMES = {"ode": "probability flow", "sde": "reverse SDE"}
_NORMAL = NormalMixture.normal()
# A sampler with a wrong score spreads further than the real law; this much of the normal law's width holds it.
_REACH = 14.0


@dataclass(frozen=True)
class Diffusion:
    """A diffusion model whose score error is known, and when its sampler stops."""

    law: NormalMixture
    noising: Noising
    error: Score
    stop: Fraction
    what: str

    def generated(self, sampler: Sampler) -> GeneratedDensity:
        """Density of what a sampler generates."""
        score = PerturbedScore(TrueScore(self.law, self.noising), self.error)
        low, high = covered((self.law, _NORMAL), _REACH)
        solve = flow_density if sampler == "ode" else reverse_density
        return solve(score, self.noising, low, high, stop=float(self.stop))

    def label(self, sampler: Sampler) -> str:
        """What is special about it."""
        parts = len(self.law.weights)
        law = "normal law" if parts == 1 else f"mixture of {parts} normal laws"
        stop = f", stopped at {float(self.stop):.3g}" if self.stop else ""
        return f"{law}, {self.what}, T = {self.noising.end:.3g}{stop}, {_NAMES[sampler]}"


@dataclass(frozen=True)
class _Run:
    """A model and the sampler that is measured."""

    model: Diffusion
    sampler: Sampler


def _draw(rng: np.random.Generator, early_stopping: bool) -> Diffusion:
    parts = int(rng.integers(1, 4))
    weights = rng.dirichlet(np.full(parts, 3.0))
    law = NormalMixture(weights.tolist(), rng.uniform(-1.5, 1.5, parts).tolist(), rng.uniform(0.3, 1.0, parts).tolist())
    horizon, first, last = (Fraction(int(rng.integers(low, high)), 8) for low, high in ((4, 29), (2, 9), (2, 17)))
    constant = rng.random() < 0.5
    noising = Noising(horizon, first, first if constant else last)
    error, what = _draw_error(rng)
    decay = float(rng.choice([0.0, 0.5, 2.0]))
    if decay:
        error, what = Fading(error, noising, decay), f"fading {what}"
    stop = horizon * Fraction(int(rng.integers(1, 9)), 64) if early_stopping else Fraction(0)
    return Diffusion(law, noising, error, stop, f"{what}, {'constant' if constant else 'linear'} beta")


def _draw_error(rng: np.random.Generator) -> tuple[Score, str]:
    size = float(rng.uniform(0.1, 0.6) * rng.choice([-1, 1]))
    match int(rng.integers(3)):
        case 0:
            return Wave(size, float(rng.uniform(0.5, 3.0)), float(rng.uniform(0, 6))), "score error a wave"
        case 1:
            return Ramp(float(rng.uniform(-0.5, 0.15)), size), "score error a ramp"
        case _:
            return Bump(size, float(rng.uniform(-2, 2)), float(rng.uniform(0.3, 1.0))), "score error a bump"


def _above(found: Computed) -> Fraction:
    """An argument that is surely not too small: every bound here grows with it."""
    return Fraction(found.value) + Fraction(found.error)


def _girsanov_arguments(model: Diffusion, distance: str, prior: str) -> dict[str, Any]:
    errors = score_error(model.law, model.noising, model.error, float(model.stop))
    arguments: dict[str, Any] = {"distance": distance, "prior": prior, "score_error": _above(errors)}
    if prior == "given":
        arguments["kl_prior"] = _above(divergence_from_normal(model.noising.law_at(model.law, model.noising.end)))
    else:
        arguments |= {"kl0": _above(divergence_from_normal(model.law)), "noising": model.noising.total}
    if distance == "tv":
        stopped = model.noising.law_at(model.law, float(model.stop))
        arguments["early"] = min(_above(mixture_tv(model.law, stopped)), Fraction(1))
    return arguments


def _sharp_girsanov() -> list[Diffusion]:
    """Models in which one term of the bound does all, and next to nothing is lost."""
    shifted = NormalMixture.normal(mean=1.0)
    none, long, short = Ramp(0.0), Noising(6), Noising(Fraction(1, 2))
    steady = Fading(Ramp(0.0, 0.4), long, decay=0.5)
    narrow = NormalMixture.normal(std=0.4)
    return [
        Diffusion(_NORMAL, long, steady, Fraction(0), "score error a fading shift"),
        Diffusion(shifted, short, none, Fraction(0), "true score, too little noise"),
        Diffusion(narrow, Noising(4), none, Fraction(1, 2), "true score"),
    ]


def _regimes() -> list[tuple[str, str]]:
    return [(distance, prior) for distance in ("tv", "kl") for prior in ("given", "contracted")]


def _girsanov_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    sharp = [(model, *regime) for model in _sharp_girsanov() for regime in _regimes()]
    # The law stopped early is itself generated, so that its divergence shows nothing of early stopping.
    cases = [(model, distance, prior) for model, distance, prior in sharp if distance == "tv" or not model.stop]
    regimes = _regimes() * (1 + effort.settings // 4)
    cases += [(_draw(rng, bool(rng.integers(2))), *regimes[number]) for number in range(effort.settings)]
    return [_girsanov_setting(*case) for case in cases]


def _girsanov_setting(model: Diffusion, distance: str, prior: str, sampler: Sampler = "sde") -> Setting:
    label = f"{model.label(sampler)}, {distance}, prior {prior}"
    return Setting(label, _girsanov_arguments(model, distance, prior), _Run(model, sampler))


def _measure_girsanov(setting: Setting, effort: Effort, rng: np.random.Generator) -> Evidence:
    run: _Run = setting.world
    density = run.model.generated(run.sampler)
    if setting.arguments["distance"] == "tv":
        return density.total_variation(run.model.law)
    return density.divergence_from(run.model.noising.law_at(run.model.law, float(run.model.stop)))


def _flow_settings_of_girsanov(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    noising = Noising(2)
    model = Diffusion(_NORMAL, noising, Wave(0.4, 2.0), Fraction(0), "score error .4 sin 2x")
    return [_girsanov_setting(model, *regime, sampler="ode") for regime in _regimes()]


def _flow_arguments(model: Diffusion, sampler: Sampler) -> dict[str, Any]:
    errors = flow_error(model.law, model.noising, model.error)
    noised = model.noising.law_at(model.law, model.noising.end)
    prior = min(_above(mixture_tv(noised, _NORMAL)), Fraction(1))
    return {"sampler": sampler, "flow_error": _above(errors), "tv_prior": prior}


def _sharp_flow() -> list[Diffusion]:
    """Models in which one term of the bound does all: a short time leaves the errors no room to cancel."""
    short = Noising(Fraction(1, 10))
    return [
        Diffusion(_NORMAL, short, Wave(0.4, 2.0), Fraction(0), "score error .4 sin 2x"),
        Diffusion(_NORMAL, short, Bump(0.5, 0.5, 0.7), Fraction(0), "score error a bump"),
        Diffusion(NormalMixture.normal(mean=1.0), short, Ramp(0.0), Fraction(0), "true score, too little noise"),
    ]


def _flow_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    samplers: tuple[Sampler, ...] = ("ode", "sde")
    cases = [(model, sampler) for model in _sharp_flow() for sampler in samplers]
    cases += [(_draw(rng, early_stopping=False), samplers[number % 2]) for number in range(effort.settings)]
    return [Setting(model.label(s), _flow_arguments(model, s), _Run(model, s)) for model, s in cases]


def _measure_flow(setting: Setting, effort: Effort, rng: np.random.Generator) -> Evidence:
    run: _Run = setting.world
    return run.model.generated(run.sampler).total_variation(run.model.law)


def _reverse_settings_of_flow(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    return [
        Setting(model.label("sde"), _flow_arguments(model, "ode"), _Run(model, "sde")) for model in _sharp_flow()[:2]
    ]


def _with(values: dict[Any, Any]) -> Callable[[Any], Any]:
    return lambda expression: expression.subs(values, simultaneous=True)


CHECKS = (
    Check(
        theory.GIRSANOV,
        _girsanov_settings,
        _measure_girsanov,
        (
            plant(theory.GIRSANOV, "half the score error", _with({symbols.score_error: symbols.score_error / 2})),
            plant(theory.GIRSANOV, "start from a normal law for free", _with({symbols.kl_prior: 0, symbols.kl0: 0})),
            plant(theory.GIRSANOV, "early stopping for free", _with({symbols.early: 0})),
            Control(
                "bound of the reverse SDE, sampled by the probability flow",
                theory.GIRSANOV,
                _flow_settings_of_girsanov,
            ),
        ),
    ),
    Check(
        theory.PROBABILITY_FLOW_TV,
        _flow_settings,
        _measure_flow,
        (
            plant(
                theory.PROBABILITY_FLOW_TV,
                "flow error 10 % too small",
                _with({symbols.flow_error: symbols.flow_error * Rational(9, 10)}),
            ),
            plant(theory.PROBABILITY_FLOW_TV, "start from a normal law for free", _with({symbols.tv_prior: 0})),
            Control(
                "bound of the probability flow, sampled by the reverse SDE",
                theory.PROBABILITY_FLOW_TV,
                _reverse_settings_of_flow,
            ),
        ),
    ),
)

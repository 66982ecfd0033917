"""The phase transition of score networks: measured as by the loop itself, and seen to fall at a small effort."""

from __future__ import annotations

from fractions import Fraction
from functools import partial

import numpy as np
import pytest

from bounds.errors import ArgumentError
from bounds.papers.fu2024 import peak
from verify import figures
from verify.evidence import DistanceSample
from verify.mixing import Regime, by_ratio
from verify.models.score import CosineMixture, Matching, Noising, Window, draw_features, flow_trainer, score_loop
from verify.models.score import phase as score_phase
from verify.models.score.phase import evened_trainer, observe_score_transition, score_estimates

ALARM = 1e-5
LAW = CosineMixture((0.5, 0.5), (-0.8, 0.8), (1.4, 1.4))
WINDOW = Window(0.02, Noising(3))
FEATURES = draw_features(np.random.default_rng(0), 16, 1, WINDOW, terms=3, timed_std=1.0, output="noise")


def _tau(size: int) -> float:
    return 300 * size**0.5


@pytest.mark.parametrize(("size", "draws"), [(5, 8), (12, 4), (40, 2), (41, 2)])
def test_small_sets_get_more_noise_draws(size: int, draws: int) -> None:
    points = LAW.sample(np.random.default_rng(1), (2, size))
    evened = evened_trainer(FEATURES, Matching(WINDOW, 6, 2), _tau, least=40)(np.random.default_rng(2), points)
    plain = flow_trainer(FEATURES, Matching(WINDOW, 6, draws), _tau)(np.random.default_rng(2), points)
    at = np.linspace(-2, 2, 9)[None].repeat(2, axis=0)
    np.testing.assert_array_equal(evened.at(0.5)(at), plain.at(0.5)(at))


@pytest.mark.parametrize("regime", [Regime.FRESH, Regime.REUSED])
def test_networks_are_measured_as_by_the_loop_itself(regime: Regime) -> None:
    mixture, train = by_ratio(10, 2, regime), flow_trainer(FEATURES, Matching(WINDOW, 8, 2), _tau)
    sizes = {"cells": 200, "steps": 32}
    measure = score_estimates(LAW, train, WINDOW, replicates=150, steps=32, fine=32, cells=200)
    short = measure(mixture, 3, np.random.default_rng(1))
    looped = score_loop(np.random.default_rng(2), LAW, mixture, 3, 150, train, WINDOW, **sizes)
    whole = DistanceSample(looped.tv[:, 2], looped.error[:, 2])
    assert short.interval(ALARM).meets(whole.interval(ALARM))
    # The difference has a standard error of 0.1 sqrt(2/150) at most.
    assert abs(short.estimate - whole.estimate) < 0.05


def test_much_synthetic_data_is_less_bad_than_some() -> None:
    said: list[str] = []
    seen = observe_score_transition(
        np.random.default_rng(3),
        ratios=[64, "2"],
        replicates=150,
        progress=lambda done, total, label: said.append(f"{done}/{total} {label}"),
    )
    assert said == ["1/2 x = 2", "2/2 x = 64"]
    # Valid limits need thousands of loops; the difference of means is about five times its standard error.
    assert seen.estimates[0] - seen.estimates[1] > 0.02
    assert seen.observed == 2
    assert seen.predicted == peak(4, Fraction(1, 4), "reused")
    assert all(np.max(one.errors) < 0.02 for one in seen.evidence)


def test_at_a_tiny_effort_nothing_is_claimed_and_a_seed_gives_the_same_bits() -> None:
    asked = {"ratios": [0, 2], "t": 2, "replicates": 4, "exponent": "2/5", "regime": Regime.FRESH}
    one, other, third = (observe_score_transition(np.random.default_rng(seed), **asked) for seed in (5, 5, 6))
    assert not one.rises
    assert not one.falls
    assert one.worst == one.ratios
    assert one.predicted == peak(2, "2/5", "fresh")
    assert one.estimates == other.estimates != third.estimates


def test_the_named_figure_shows_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    quick = partial(observe_score_transition, ratios=[0, 2, 8], t=2, replicates=5)
    monkeypatch.setattr(score_phase, "observe_score_transition", quick)
    axes = figures.figure("phase_transition_score", seed=2).axes[0]
    assert axes.get_ylabel() == r"$\mathbb{E}\,\mathrm{TV}(p_2,p_0)$"
    assert figures.PICTURES["phase_transition_score"].slow


@pytest.mark.parametrize(
    "wrong", [{"replicates": 0}, {"t": 1}, {"ratios": [0, "1/3"]}, {"exponent": 2}, {"level": 1.0}]
)
def test_bad_arguments(wrong: dict[str, object]) -> None:
    with pytest.raises(ArgumentError):
        observe_score_transition(np.random.default_rng(0), **{"ratios": [0, 1], "t": 2, "replicates": 1, **wrong})
    with pytest.raises(ArgumentError):
        evened_trainer(FEATURES, Matching(WINDOW, 6, 2), _tau, least=0)

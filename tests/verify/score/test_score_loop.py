"""Loops of score networks in the named mixtures, the U-shape in training time, and errors by size and width."""

from __future__ import annotations

import numpy as np
import pytest

from bounds.errors import ArgumentError
from verify.mixing import Regime, accumulate, by_share, replace
from verify.models.score import (
    Adam,
    CosineMixture,
    Matching,
    Noising,
    Window,
    draw_features,
    draw_layers,
    early_stopping,
    flow_trainer,
    layers_trainer,
    sample_size_errors,
    score_loop,
    width_errors,
)
from verify.schedules import equal_shares, last_only

WINDOW = Window(0.02, Noising(3))
LAW = CosineMixture((0.5, 0.5), (-0.8, 0.8), (1.4, 1.4))
MATCHING = Matching(WINDOW, times=16, draws=2)


def _trainer(seed: int = 0, width: int = 64):
    features = draw_features(np.random.default_rng(seed), width, 1, WINDOW, terms=4, timed_std=1.0)
    return flow_trainer(features, MATCHING, lambda n: 1000 * n**0.5)


def test_without_real_data_a_loop_drifts_further_than_with_it() -> None:
    rng = np.random.default_rng(0)
    found = {
        mixture: score_loop(rng, LAW, mixture, 5, 12, _trainer(), WINDOW, cells=100, steps=24).tv
        for mixture in (replace(40), by_share(40, "1/2", Regime.FRESH), by_share(40, "1/2", Regime.REUSED))
    }
    synthetic, fresh, reused = (tv.mean(axis=0) for tv in found.values())
    assert synthetic[-1] > 1.5 * synthetic[0]
    assert synthetic[-1] > 1.1 * fresh[-1]
    assert synthetic[-1] > 1.1 * reused[-1]
    first = [tv[:, 0].mean() for tv in found.values()]
    assert max(first) < 1.3 * min(first)


def test_every_kind_of_loop_runs() -> None:
    rng = np.random.default_rng(1)
    for mixture in (accumulate(12, added=6), equal_shares(12, 3), last_only((12, 6, 12))):
        found = score_loop(rng, LAW, mixture, 3, 2, _trainer(), WINDOW, cells=100, steps=20)
        assert found.tv.shape == found.error.shape == (2, 3)
        assert ((found.tv > 0) & (found.tv < 1) & (found.error >= 0)).all()


def test_generation_one_of_a_loop_is_one_generation() -> None:
    looped = score_loop(np.random.default_rng(5), LAW, replace(20), 1, 3, _trainer(), WINDOW, cells=100, steps=20)
    alone, _ = sample_size_errors(np.random.default_rng(5), LAW, (20,), 3, _trainer(), WINDOW, cells=100, steps=20)
    np.testing.assert_array_equal(looped.tv[:, 0], alone[0])


def test_a_loop_of_networks_trained_in_all_layers_runs() -> None:
    network = draw_layers(np.random.default_rng(0), 1, (16,), WINDOW)
    train = layers_trainer(network, Adam(steps=300, batch=64))
    found = score_loop(np.random.default_rng(1), LAW, replace(200), 2, 2, train, WINDOW, cells=100, steps=20)
    untrained = layers_trainer(network, Adam(steps=1, batch=1))
    before = score_loop(np.random.default_rng(1), LAW, replace(200), 1, 2, untrained, WINDOW, cells=100, steps=20)
    assert found.tv[:, 0].mean() < 0.5 * before.tv[:, 0].mean()


def test_the_error_is_u_shaped_in_training_time_while_the_loss_falls() -> None:
    features = draw_features(np.random.default_rng(0), 128, 1, WINDOW, terms=3, inner_std=2.0, timed_std=1.0)
    curve = early_stopping(np.random.default_rng(1), LAW, 16, np.geomspace(1, 1e7, 8), 8, features, MATCHING)
    mean = curve.tv.mean(axis=0)
    assert 0 < mean.argmin() < 7
    assert mean[0] > 1.5 * mean.min()
    assert mean[-1] > 1.5 * mean.min()
    assert curve.best == curve.taus[mean.argmin()]
    assert (np.diff(curve.loss, axis=1) <= 1e-12).all()


def test_more_points_and_wider_networks_err_less() -> None:
    tv, _ = sample_size_errors(np.random.default_rng(0), LAW, (4, 64), 30, _trainer(), WINDOW, cells=160, steps=24)
    mean = tv.mean(axis=1)
    assert mean[0] > 1.5 * mean[1]
    wide, _ = width_errors(
        np.random.default_rng(0), LAW, 64, (2, 64), 8, lambda rng, m: _trainer(int(rng.integers(99)), m), WINDOW
    )
    assert wide.shape == (2, 8)
    assert wide[0].mean() > 1.5 * wide[1].mean()


def test_bad_arguments() -> None:
    features = draw_features(np.random.default_rng(0), 8, 1, WINDOW)
    rng = np.random.default_rng(0)
    with pytest.raises(ArgumentError):
        early_stopping(rng, LAW, 5, 1.0, 2, features, MATCHING)
    with pytest.raises(ArgumentError):
        score_loop(rng, LAW, replace(5), 0, 2, _trainer(), WINDOW)
    with pytest.raises(ArgumentError):
        sample_size_errors(rng, LAW, (0,), 2, _trainer(), WINDOW)

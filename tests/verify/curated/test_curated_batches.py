"""Batches may be cut anywhere."""

import numpy as np

from verify.models.curated import batches, curation_weights, reward_gain, sample_winners


def test_chunks_do_not_change_results(monkeypatch):
    laws, r = np.random.default_rng(2).dirichlet(np.ones(3), size=11), [0.0, 1.0, 2.0]
    whole, gains = curation_weights(laws, r, 4), reward_gain(laws, r, 4)
    winners = sample_winners(np.random.default_rng(0), [0.5, 0.25, 0.25], r, 4, 1000).sum()
    monkeypatch.setattr(batches, "_CHUNK", 500)
    np.testing.assert_allclose(curation_weights(laws, r, 4).values, whole.values, rtol=1e-14)
    np.testing.assert_allclose(reward_gain(laws, r, 4), gains, rtol=1e-14)
    assert sample_winners(np.random.default_rng(0), [0.5, 0.25, 0.25], r, 4, 1000).sum() == winners == 1000

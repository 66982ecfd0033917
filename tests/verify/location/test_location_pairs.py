"""Random and adversarial matrix pairs, norms of their Jacobians by other routes, and the bounds they must obey."""

from __future__ import annotations

import math

import numpy as np
import pytest
from location_laws import (
    paper_bound,
    refined_bound,
    spectral_bound,
)
from scipy import linalg

from bounds.errors import ArgumentError
from verify.models.location import (
    MatrixPair,
    energy_norm,
    norm2,
    random_pair,
    spectral_radius,
    worst_pair,
)


@pytest.mark.parametrize(("d", "a", "e"), [(1, 1.0, 0.5), (2, 1.0, 0.9), (3, 0.2, 1.0), (6, 2.0, 5.0), (3, 1.0, 0.0)])
def test_random_pairs_satisfy_the_hypotheses(d: int, a: float, e: float) -> None:
    pair = random_pair(np.random.default_rng(5), d, a, e, (2000,))
    assert pair.A0.shape == (2000, d, d)
    np.testing.assert_array_equal(pair.A0, np.swapaxes(pair.A0, 1, 2))
    tolerance = 1e-12 * np.abs(pair.A0).max()
    assert np.linalg.eigvalsh(pair.A0)[:, 0].min() >= a - tolerance
    assert np.linalg.eigvalsh(pair.B0)[:, 0].min() >= -tolerance
    gaps = norm2(pair.B0 - pair.A0)
    assert gaps.max() <= e + tolerance
    assert gaps.max() >= 0.99 * e


@pytest.mark.parametrize("d", [2, 4])
def test_norms_of_the_jacobian_match_their_definitions(d: int) -> None:
    pair = random_pair(np.random.default_rng(6), d, 0.5, 1.0, (20,))
    for lam in (0.3, 4.0):
        J = pair.jacobian(lam)
        for k in range(20):
            A0, B0 = pair.A0[k], pair.B0[k]
            np.testing.assert_allclose(J[k], np.linalg.inv(A0 + lam * B0) @ (lam * B0), atol=1e-12)
            mu = linalg.eigh(B0, A0, eigvals_only=True)
            root = linalg.sqrtm(A0)
            assert spectral_radius(J)[k] == pytest.approx(lam * mu[-1] / (1 + lam * mu[-1]), abs=1e-10)
            assert energy_norm(J, pair.A0)[k] == pytest.approx(
                np.linalg.svd(root @ J[k] @ np.linalg.inv(root))[1][0], abs=1e-10
            )
            assert norm2(J)[k] == pytest.approx(math.sqrt(np.linalg.eigvalsh(J[k].T @ J[k])[-1]), abs=1e-10)


SETTINGS = [(1.0, 0.5, 0.3), (1.0, 2.0, 3.0), (0.1, 5.0, 0.5), (1.0, 0.9, 100.0), (2.0, 0.1, 1.0)]


@pytest.mark.parametrize(("a", "e", "lam"), SETTINGS)
@pytest.mark.parametrize("d", [2, 5])
def test_random_pairs_obey_the_bounds(a: float, e: float, lam: float, d: int) -> None:
    pair = random_pair(np.random.default_rng(7), d, a, e, (4000,))
    J = pair.jacobian(lam)
    assert norm2(J).max() <= refined_bound(a, e, lam) * (1 + 1e-10)
    assert energy_norm(J, pair.A0).max() <= spectral_bound(a, e, lam) * (1 + 1e-10)
    np.testing.assert_allclose(spectral_radius(J), energy_norm(J, pair.A0), atol=1e-7)
    if lam * (1 + e / a) < 0.5:
        assert norm2(J).max() <= paper_bound(a, e, lam)


@pytest.mark.parametrize(("a", "e", "lam"), SETTINGS)
def test_adversary_stays_within_the_hypotheses_and_the_bounds(a: float, e: float, lam: float) -> None:
    rng = np.random.default_rng(8)
    pair = worst_pair(rng, 2, a, e, lam, starts=1)
    scale = np.abs(pair.A0).max()
    assert np.linalg.eigvalsh(pair.A0)[0] >= a - 1e-12 * scale
    assert np.linalg.eigvalsh(pair.B0)[0] >= -1e-12 * scale
    assert norm2(pair.B0 - pair.A0) <= e + 1e-12 * scale
    reached = norm2(pair.jacobian(lam))
    # Isotropic pairs reach the spectral bound, and A0 = diag(a, huge), B0 = [[0, c], [c, huge]] reaches lam/(1+lam) e/a.
    known = max(spectral_bound(a, e, lam), lam / (1 + lam) * e / a if e >= a else 0.0)
    assert known * (1 - 1e-3) <= reached <= refined_bound(a, e, lam) * (1 + 1e-9)


@pytest.mark.parametrize(("a", "e", "lam"), [(1.0, 0.5, 1e-4), (2.0, 0.1, 1e-2), (3.0, 1.0, 1e3)])
def test_refined_jacobian_bound_is_nearly_reached(a: float, e: float, lam: float) -> None:
    pair = worst_pair(np.random.default_rng(9), 2, a, e, lam, starts=1)
    ratio = norm2(pair.jacobian(lam)) / refined_bound(a, e, lam)
    assert 0.999 <= ratio <= 1 + 1e-9


@pytest.mark.parametrize(("a", "e", "lam"), SETTINGS)
def test_spectral_bound_is_attained_in_the_energy_norm(a: float, e: float, lam: float) -> None:
    pair = worst_pair(np.random.default_rng(10), 2, a, e, lam, measure=energy_norm, starts=1)
    ratio = energy_norm(pair.jacobian(lam), pair.A0) / spectral_bound(a, e, lam)
    assert 1 - 1e-6 <= ratio <= 1 + 1e-9


def test_bad_pair_parameters_are_refused() -> None:
    rng = np.random.default_rng(0)
    for arguments in ((0, 1.0, 1.0), (2, 0.0, 1.0), (2, 1.0, -1.0), (2, float("nan"), 1.0)):
        with pytest.raises(ArgumentError):
            random_pair(rng, *arguments)
    with pytest.raises(ArgumentError, match="lam"):
        MatrixPair(np.eye(2), np.eye(2)).jacobian(-1.0)


def test_same_seed_gives_the_same_pair() -> None:
    pairs = [worst_pair(np.random.default_rng(3), 2, 1.0, 0.5, 1.0, starts=1) for _ in range(2)]
    np.testing.assert_array_equal(pairs[0].A0, pairs[1].A0)
    np.testing.assert_array_equal(pairs[0].B0, pairs[1].B0)

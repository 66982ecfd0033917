"""Products of logistic families."""

from __future__ import annotations

import math

import numpy as np
import pytest
from location_laws import (
    RATIOS,
    retraining,
)

from bounds.errors import ArgumentError
from verify.models.location import (
    LIPSCHITZ,
    norm2,
    product_constants,
)


def test_product_constants_are_valid_in_every_direction() -> None:
    coordinates = [retraining(i).constants for i in (0, 5, 10, 14)]
    product = product_constants(coordinates)
    gap = norm2(product.pair.A0 - product.pair.B0)
    assert gap <= product.lipschitz * product.epsilon
    assert product.curvature <= np.linalg.eigvalsh(product.pair.A0)[0]
    assert product.epsilon >= math.fsum(c.epsilon for c in coordinates)
    for lam in RATIOS:
        expected = [c.jacobian(lam) for c in coordinates]
        np.testing.assert_allclose(product.pair.jacobian(lam), np.diag(expected), atol=1e-15)


def test_product_hessian_is_lipschitz_in_operator_norm() -> None:
    rng = np.random.default_rng(4)
    x, y = rng.normal(0, 2, (2, 5000, 3))
    hessians = [np.einsum("ki,ij->kij", 0.5 / np.cosh(point / 2) ** 2, np.eye(3)) for point in (x, y)]
    ratio = norm2(hessians[0] - hessians[1]) / np.linalg.norm(x - y, axis=1)
    assert ratio.max() <= LIPSCHITZ + 1e-12


def test_root_of_squares_is_no_upper_bound_for_a_product_distance() -> None:
    # Two fair coins on {0, 1} against the point 0: W1 is the mean Euclidean norm.
    exact = (0 + 1 + 1 + math.sqrt(2)) / 4
    each = 0.5
    assert math.hypot(each, each) < exact < each + each


def test_empty_product_is_refused() -> None:
    with pytest.raises(ArgumentError, match="at least one"):
        product_constants([])

"""Bad arguments are refused with a message that says what to give."""

import math

import numpy as np
import pytest

from bounds.errors import ArgumentError
from verify.models.curated import (
    curated_loop,
    curated_sample_loop,
    curated_step,
    enclosed_loop,
    random_instance,
    reward_gain,
    sample_winners,
    total_variation,
)

INF = math.inf


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"p0": [-0.1, 1.1]}, "negative"),
        ({"p0": [0.5, 0.4]}, "sums to 0.9"),
        ({"p0": [0.5, math.nan]}, "non-finite"),
        ({"p0": [0.2, 0.3, 0.5]}, "shape"),
        ({"rewards": [0.0, math.nan]}, "nan"),
        ({"rewards": [0.0, 700.0]}, "span"),
        ({"rewards": []}, "shape"),
        ({"K": 0}, "K = 0"),
        ({"K": 2.5}, "K = 2.5"),
        ({"K": math.nan}, "K = nan"),
        ({"K": -INF}, "K = -inf"),
        ({"K": True}, "K = True"),
        ({"K": "3"}, "K = '3'"),
        ({"lam": -0.5}, "lam = -0.5"),
        ({"lam": math.nan}, "lam = nan"),
        ({"generations": -1}, "generations"),
        ({"generations": 1.5}, "generations"),
        ({"p_ref": [0.5, 0.6]}, "p_ref sums"),
    ],
)
def test_bad_arguments_are_explained(changes, message):
    good = {"p0": [0.5, 0.5], "rewards": [0.0, 1.0], "K": 2, "lam": 1.0, "generations": 1}
    with pytest.raises(ArgumentError, match=message):
        curated_loop(**{**good, **changes})
    with pytest.raises(ArgumentError, match=message):
        enclosed_loop(**{**good, **changes})
    with pytest.raises(ArgumentError, match=message):
        curated_sample_loop(np.random.default_rng(0), **{**good, **changes}, n=5)


def test_more_bad_arguments():
    rng = np.random.default_rng(0)
    with pytest.raises(ArgumentError, match="p_ref"):
        curated_step([0.5, 0.5], [0.0, 1.0], 2, 1.0)
    with pytest.raises(ArgumentError, match="broadcast"):
        curated_loop([0.5, 0.5], [0.0, 1.0], 2, 1.0, 1, [[0.5, 0.5], [0.5, 0.5]])
    with pytest.raises(ArgumentError, match="finite K"):
        sample_winners(rng, [0.5, 0.5], [0.0, 1.0], INF, 10)
    with pytest.raises(ArgumentError, match="finite K"):
        curated_sample_loop(rng, [0.5, 0.5], [0.0, 1.0], INF, 1.0, 10, 1, draw="groups")
    with pytest.raises(ArgumentError, match="draw"):
        curated_sample_loop(rng, [0.5, 0.5], [0.0, 1.0], 2, 1.0, 10, 1, draw="both")
    with pytest.raises(ArgumentError, match="replicates"):
        curated_sample_loop(rng, [[0.5, 0.5]], [0.0, 1.0], 2, 1.0, 10, 1)
    with pytest.raises(ArgumentError, match="largest reward"):
        reward_gain([0.5, 0.5], [650.0, 640.0], 2)
    with pytest.raises(ArgumentError, match="do not fit"):
        random_instance(rng, 3, ties=4)
    with pytest.raises(ArgumentError, match="shape"):
        total_variation([0.5, 0.5], [1.0])

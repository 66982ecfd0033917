"""Random instances of the curated loop that visit the corners."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from bounds.errors import ArgumentError
from verify.models.curated.arguments import MAX_RANGE, FloatArray, as_count


@dataclass(frozen=True)
class CuratedInstance:
    """A first model and its rewards.

    Parameters
    ----------
    p0 : ndarray, shape (m,)
        First model.
    rewards : ndarray, shape (m,)
        Rewards r, nats.

    Examples
    --------
    >>> import numpy as np
    >>> random_instance(np.random.default_rng(0), 4).rewards.shape
    (4,)
    """

    p0: FloatArray
    rewards: FloatArray


def random_instance(
    rng: np.random.Generator,
    support: int,
    reward_range: float = 3.0,
    ties: int = 1,
    zeros: int = 0,
    smallest: float = 1e-12,
) -> CuratedInstance:
    """Random instance that visits the corners: ties at the maximum, tiny and zero masses, shuffled atoms.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    support : int
        Atoms m.
    reward_range : float, default 3
        Largest minus smallest reward, nats, attained when ``support > ties``.
    ties : int, default 1
        Atoms that share the largest reward.
    zeros : int, default 0
        Atoms of zero mass, below support.
    smallest : float, default 1e-12
        Unnormalised masses are log-uniform on [smallest, 1].

    Returns
    -------
    CuratedInstance
        Law and rewards.

    Raises
    ------
    ArgumentError
        If a count or range is not possible.

    Examples
    --------
    >>> import numpy as np
    >>> case = random_instance(np.random.default_rng(0), 5, reward_range=2.0, ties=2)
    >>> int((case.rewards == 2.0).sum()), float(case.rewards.min())
    (2, 0.0)
    """
    m = as_count(support, "support", 1)
    best, dead = as_count(ties, "ties", 1), as_count(zeros, "zeros", 0)
    if best > m or dead >= m or not 0.0 <= reward_range <= MAX_RANGE or not 0.0 < smallest <= 1.0:
        raise ArgumentError(
            f"support = {m}, ties = {best}, zeros = {dead}, reward_range = {reward_range}, smallest = {smallest} do "
            f"not fit: need ties <= support, zeros < support, reward_range in [0, {MAX_RANGE:g}], smallest in (0, 1]"
        )
    rewards = rng.uniform(0.0, reward_range, size=m)
    rewards[:best] = reward_range
    if best < m:
        rewards[best] = 0.0
    masses = np.exp(rng.uniform(math.log(smallest), 0.0, size=m))
    masses[rng.permutation(m)[:dead]] = 0.0
    shuffle = rng.permutation(m)
    return CuratedInstance((masses / masses.sum())[shuffle], rewards[shuffle])

"""A learner that errs little on independent data and recognises data it has seen before.

Every point is a category and a tag, uniform on [0, 1] in the real law. The learner returns the frequencies of the
categories with fresh uniform tags, except that a share eta goes to a marker: one more category, its tag that of the first
point the learner saw. (Markers in the data are kept as they are, with their tags.) On data where a marker has the tag of a
point beside it, the learner returns junk. Among points drawn independently given the past that has probability 0, so that
its error is at most ``eta + 1/2 sqrt((k-1)/N)``; on data used twice it happens as soon as a marker is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from verify.checks.fu2024._pulled import Array, above, frequency_error
from verify.evidence import BoundedSample
from verify.loop import Learner, run
from verify.mixing import Mixture


@dataclass(frozen=True, eq=False)
class TaggedPoints:
    """Data sets: categories and tags of their points, both of shape (R, N)."""

    category: NDArray[np.int64]
    tag: Array


@dataclass(frozen=True, eq=False)
class Memory:
    """Fitted models: masses of the categories, the marker last but one and junk last, and the tag of its own marker.

    Tags of markers in the data are not held: they matter to draws of generation 2 only, and none are made.
    """

    masses: Array
    tag: Array


@dataclass(frozen=True)
class MemoriserLoop:
    """A loop of that learner, measured in generation 2.

    Parameters
    ----------
    law : tuple of float
        Real masses of the categories, without marker and junk.
    share : float
        eta, the same for all sizes.
    mixture : Mixture
        What generation 2 learns from.
    """

    law: tuple[float, ...]
    share: float
    mixture: Mixture

    def error(self, size: int) -> float:
        """Bound on its error on that many independent points; the marker is one more category."""
        return above(self.share + frequency_error(len(self.law) + 1, size))

    def measure(self, rng: np.random.Generator, replicates: int) -> BoundedSample:
        """Evidence about ``E TV(p_2, p_0)``; tags of markers are atoms, so that their mass counts in full."""
        last = run(self._learner(rng, replicates), self.mixture, 2)[-1]
        real = np.array((*self.law, 0.0, 0.0))
        tv = 0.5 * np.abs(last.masses - real).sum(axis=1)
        return BoundedSample(np.clip(tv, 0.0, 1.0), 0.0, 1.0)

    def _learner(self, rng: np.random.Generator, replicates: int) -> Learner[TaggedPoints, Memory]:
        marker = len(self.law)

        def draw_real(size: int) -> TaggedPoints:
            category = rng.choice(marker, (replicates, size), p=np.array(self.law))
            return TaggedPoints(category, rng.random((replicates, size)))

        def draw(model: Memory, size: int) -> TaggedPoints:
            steps = model.masses.cumsum(axis=1)[:, None, :-1]
            category = (rng.random((replicates, size))[..., None] > steps).sum(axis=2)
            tag = np.where(category == marker, model.tag[:, None], rng.random((replicates, size)))
            return TaggedPoints(category, tag)

        def pool(first: TaggedPoints, second: TaggedPoints) -> TaggedPoints:
            return TaggedPoints(
                np.concatenate([first.category, second.category], axis=1),
                np.concatenate([first.tag, second.tag], axis=1),
            )

        def fit(points: TaggedPoints) -> Memory:
            return _fit(points, marker, self.share)

        return Learner(draw_real, draw, pool, fit)


def _fit(points: TaggedPoints, marker: int, share: float) -> Memory:
    replicates, size = points.category.shape
    flat = points.category + (marker + 2) * np.arange(replicates)[:, None]
    counts = np.bincount(flat.ravel(), minlength=replicates * (marker + 2)).reshape(replicates, -1)
    masses = (1 - share) * counts / size
    masses[:, marker] += share
    masses[_recognised(points, marker)] = np.eye(marker + 2)[-1]
    return Memory(masses, points.tag[:, 0])


def _recognised(points: TaggedPoints, marker: int) -> NDArray[np.bool_]:
    """Whether a marker has the tag of another point beside it; all markers of one training set have one tag here."""
    marked = points.category == marker
    sought = np.where(marked, points.tag, -1.0).max(axis=1)
    return np.asarray(((points.tag == sought[:, None]) & ~marked).any(axis=1))

"""Random points inside the hypotheses of a theorem: the public sampler under the names that tests and benchmarks use."""

from bounds.testing import points, regimes_of

__all__ = ["points", "regimes_of"]

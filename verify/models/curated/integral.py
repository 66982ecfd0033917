r"""The one integral behind every curation weight, by the trapezoidal rule, with its error.

``E_p[1/(y(x) + S)] = int_0^inf e^{-u y(x)} M(u)^{K-1} du``, ``M(u) = E_p e^{-uy}``, ``S = sum_{k<K} y(X_k)``:
put ``1/s = int_0^inf e^{-us} du`` under the expectation.

The rule has step h in ``log u``. On a single exponential it returns ``(1/s)(1+eta)`` and Poisson summation gives
``|eta| <= 2 sum_{k>=1} |Gamma(1 + 2 pi i k/h)|`` whatever s is. The relative error of the mixture is therefore at most
that of one term: the stated errors hold for all K, rewards and p.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from verify.models.curated.arguments import FloatArray

ROUNDOFF: Final = 2.0**-53
_STEP: Final = 0.25
_TAIL: Final = 1e-17  # relative size of what is cut off at either end of the integral


def node_range(K: int, reward_range: float, step: float, log_tail: float) -> range:
    """Indices j of the nodes u = e^(step j), in units of 1/y_max, that leave e^log_tail outside, relatively.

    The mean of the sum in the exponent is at most (K+1) y_max and its minimum at least K y_min, so the integral is
    at least 1/((K+1) y_max), its part below u at most u, and its part above u at most e^(-u K y_min)/(K y_min).
    """
    left = log_tail - math.log(K + 1)
    last = math.log(math.log((K + 1) / K) + reward_range - log_tail) - math.log(K) + reward_range
    return range(math.floor(left / step), math.ceil(last / step) + 1)


@dataclass(frozen=True)
class Quadrature:
    """The trapezoidal rule in log u for one (rewards, K); independent of p, so one serves a whole trajectory."""

    K: int
    y: FloatArray  # e^(r - max r)
    z: FloatArray  # y - 1, without cancellation
    weights: FloatArray  # h u_j
    decay: FloatArray  # e^(-u_j y_i), shape (nodes, m)
    lost: FloatArray  # 1 - e^(-u_j y_i)
    relative_error: float

    def log_transform(self, p: FloatArray) -> FloatArray:
        """Log M(u_j), shape (batch, nodes), with small relative error at both ends."""
        lost = p @ self.lost.T
        kept = np.maximum(p @ self.decay.T, np.finfo(np.float64).tiny)
        return np.where(lost < 0.5, np.log1p(-np.minimum(lost, 0.5)), np.log(kept))


def quadrature(r: FloatArray, K: int) -> Quadrature:
    """The rule for rewards r, shape (m,), and K >= 2 draws."""
    spread = float(np.max(r) - np.min(r))
    shifted = r - np.max(r)
    u = np.exp(_STEP * np.array(node_range(K, spread, _STEP, math.log(_TAIL)), dtype=np.float64))
    y = np.exp(shifted)
    exponent = np.outer(u, y)
    m, nodes = r.size, u.size
    # Poisson summation: |Gamma(1+ib)|^2 = pi b / sinh(pi b); the factor 3 covers the terms k >= 2.
    b = 2.0 * math.pi / _STEP
    aliasing = 3.0 * math.sqrt(2.0 * math.pi * b) * math.exp(-math.pi * b / 2.0)
    # The exponent has mean at most 2 + range under the integrand (maximum entropy), hence the last product.
    rounding = ROUNDOFF * (nodes + 4 * m + 30 + 2 * spread + 2 * (m + 10) * (2 + spread))
    return Quadrature(
        K=K,
        y=y,
        z=np.expm1(shifted),
        weights=_STEP * u,
        decay=np.exp(-exponent),
        lost=-np.expm1(-exponent),
        relative_error=aliasing + 3.0 * _TAIL + rounding,
    )

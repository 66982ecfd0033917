"""Exact moments of the normal loop with replaced, fresh or accumulated data, by a closed recursion.

The expectations of mu^2, s^2, mu^4, mu^2 s^2 and s^4 of one generation are linear in those of the last, so nothing is
approximated. High precision, because the variances are small differences for large n.
"""

from __future__ import annotations

from dataclasses import dataclass

import mpmath
import numpy as np
import numpy.typing as npt

from bounds.errors import ArgumentError
from verify.mixing import Mixture, Regime, count
from verify.models.normal.estimator import Covariance, divisor, require_loop, require_sigma

Array = npt.NDArray[np.float64]
_DIGITS = 50


@dataclass(frozen=True)
class MixedMoments:
    """Exact moments of a normal loop, one entry per generation; index 0 is the real law.

    Parameters
    ----------
    drift : ndarray, shape (T + 1,)
        ``u_t = E(mu_t - mu_0)^2``.
    variance : ndarray, shape (T + 1,)
        ``v_t = E sigma_t^2``.
    drift_variance : ndarray, shape (T + 1,)
        ``Var((mu_t - mu_0)^2)``.
    variance_variance : ndarray, shape (T + 1,)
        ``Var(sigma_t^2)``.
    covariance : ndarray, shape (T + 1,)
        ``Cov((mu_t - mu_0)^2, sigma_t^2)``.

    Examples
    --------
    >>> from verify.mixing import replace
    >>> mixed_moments(replace(4), 2).drift
    array([0.  , 0.25, 0.5 ])
    """

    drift: Array
    variance: Array
    drift_variance: Array
    variance_variance: Array
    covariance: Array


# Expectations of mu^2, s^2, mu^4, mu^2 s^2 and s^4, in units of the real law (centred, variance 1).
_State = tuple[mpmath.mpf, mpmath.mpf, mpmath.mpf, mpmath.mpf, mpmath.mpf]
_REAL_LAW: _State = (mpmath.mpf(0), mpmath.mpf(1), mpmath.mpf(0), mpmath.mpf(0), mpmath.mpf(1))


def mixed_moments(
    mixture: Mixture, generations: int, *, sigma: float = 1.0, covariance: Covariance = "unbiased"
) -> MixedMoments:
    """Exact first and second moments of ``(mu_t - mu_0)^2`` and ``sigma_t^2`` with replaced, fresh or accumulated data.

    Source: theorem `normal_mixed_moments` for u and v with fresh data. Given (mu, s^2), the pooled mean and the
    distance of the group means are jointly normal, the group scatters independent chi-squares, and every moment of
    order four is a polynomial of degree two in (mu^2, s^2): the five moments obey a linear recursion.

    Parameters
    ----------
    mixture : Mixture
        Sizes of the training sets (at least 2 points each); every regime but the reused one.
    generations : int
        T, at least 1.
    sigma : float
        Standard deviation of the real law.
    covariance : {"unbiased", "mle"}
        The estimator.

    Returns
    -------
    MixedMoments
        Generations 0 to T, correct to rounding.

    Raises
    ------
    ArgumentError
        If real points are reused (later generations then depend on them and the recursion does not close), or an
        argument is outside its domain.

    Examples
    --------
    Half fresh real data, n = 100: v tends to 1 + (n/(n-1)) q u, above the real variance.

    >>> from verify.mixing import by_share
    >>> moments = mixed_moments(by_share(100, 0.5, Regime.FRESH), 60)
    >>> bool(np.isclose(moments.variance[-1], 1 + (100 / 99) * 0.5 * moments.drift[-1], rtol=1e-12, atol=0))
    True
    """
    require_loop(mixture, covariance)
    require_sigma(sigma, 0.0)
    if mixture.regime is Regime.REUSED and mixture.real:
        raise ArgumentError("exact moments are not available for reused real data; allowed: replace, fresh, accumulate")
    with mpmath.workdps(_DIGITS):
        states = [_REAL_LAW]
        for t in range(1, count("generations", generations, 1) + 1):
            states.append(_next_state(states[-1], mixture, t, covariance))
        return _centred(states, mpmath.mpf(sigma))


def _next_state(state: _State, mixture: Mixture, t: int, covariance: Covariance) -> _State:
    size = mixture.training_size(t)
    below = mpmath.mpf(divisor(size, covariance))
    if mixture.regime is Regime.ACCUMULATE and t > 1:
        earlier = size - mixture.synthetic
        return _accumulated(state, earlier, mixture.synthetic, mpmath.mpf(divisor(earlier, covariance)), below)
    real = 0 if t == 1 else mixture.real
    if real == 0:
        return _unmixed(state, size, below)
    return _unmixed(_REAL_LAW, size, below) if real == size else _mixed(state, real, size, below)


def _unmixed(state: _State, n: int, below: mpmath.mpf) -> _State:
    """Train on n draws of one law: mean and scatter are independent given it."""
    u, v, u2, uv, v2 = state
    shrink = (n - 1) / below
    return (
        u + v / n,
        shrink * v,
        u2 + 6 * uv / n + 3 * v2 / mpmath.mpf(n) ** 2,
        shrink * (uv + v2 / n),
        (n * n - 1) / below**2 * v2,
    )


def _accumulated(state: _State, earlier: int, added: int, below_earlier: mpmath.mpf, below: mpmath.mpf) -> _State:
    """Add draws of N(mu, s^2) to the points whose mean and variance these are.

    With B normal and C chi-square (added - 1), independent: mu' = mu + s sqrt(g) B and s'^2 = s^2 (c + C + w B^2)/below.
    """
    u, v, u2, uv, v2 = state
    size = mpmath.mpf(earlier + added)
    w, g = earlier / size, added / size**2
    within = below_earlier + added - 1
    growth = within + w
    square = within**2 + 2 * (added - 1) + 2 * within * w + 3 * w**2
    return (
        u + g * v,
        growth * v / below,
        u2 + 6 * g * uv + 3 * g**2 * v2,
        (growth * uv + g * (within + 3 * w) * v2) / below,
        square * v2 / below**2,
    )


def _mixed(state: _State, real: int, n: int, below: mpmath.mpf) -> _State:
    """Train on fresh real points and draws of N(mu, s^2): polynomials in x = mu^2 and y = s^2, then expectations.

    Given (mu, s^2) the pooled mean is q mu + e and the scatter C + D^2 with D = -sqrt(k) mu + f, k = alpha q n: e and f
    are jointly normal and independent of C, the sum of the two groups' scatters.
    """
    synthetic = n - real
    alpha, q = mpmath.mpf(real) / n, mpmath.mpf(synthetic) / n
    k = alpha * q * n
    x, y, one = _Polynomial({(1, 0): mpmath.mpf(1)}), _Polynomial({(0, 1): mpmath.mpf(1)}), _constant(1)
    var_e, var_f = (one * alpha + y * q) * (1 / mpmath.mpf(n)), one * q + y * alpha
    gap = one + y * -1  # the covariance of e and f is sqrt(k) (1 - s^2) / n
    mean_c = one * (real - 1) + y * (synthetic - 1)
    square_c = mean_c * mean_c + one * (2 * (real - 1)) + y * y * (2 * (synthetic - 1))
    square_mean = x * q**2 + var_e
    square_d = x * k + var_f
    fourth_mean = x * x * q**4 + x * var_e * (6 * q**2) + var_e * var_e * 3
    fourth_d = x * x * k**2 + x * var_f * (6 * k) + var_f * var_f * 3
    joint = square_mean * square_d + x * gap * (-4 * q * k / n) + gap * gap * (2 * k / mpmath.mpf(n) ** 2)
    scatter = mean_c + square_d
    square_scatter = square_c + mean_c * square_d * 2 + fourth_d
    return (
        square_mean.expect(state),
        scatter.expect(state) / below,
        fourth_mean.expect(state),
        (square_mean * mean_c + joint).expect(state) / below,
        square_scatter.expect(state) / below**2,
    )


@dataclass(frozen=True)
class _Polynomial:
    """Polynomial in x = mu^2 and y = s^2 of total degree at most two, by exponents."""

    terms: dict[tuple[int, int], mpmath.mpf]

    def __add__(self, other: _Polynomial) -> _Polynomial:
        powers = self.terms.keys() | other.terms.keys()
        return _Polynomial({power: self.terms.get(power, 0) + other.terms.get(power, 0) for power in powers})

    def __mul__(self, other: _Polynomial | mpmath.mpf | int) -> _Polynomial:
        factor = other if isinstance(other, _Polynomial) else _constant(other)
        product: dict[tuple[int, int], mpmath.mpf] = {}
        for (a, b), left in self.terms.items():
            for (c, d), right in factor.terms.items():
                product[a + c, b + d] = product.get((a + c, b + d), 0) + left * right
        return _Polynomial(product)

    def expect(self, state: _State) -> mpmath.mpf:
        """Expectation, given those of the monomials."""
        u, v, u2, uv, v2 = state
        means = {(0, 0): 1, (1, 0): u, (0, 1): v, (2, 0): u2, (1, 1): uv, (0, 2): v2}
        return mpmath.fsum(coefficient * means[power] for power, coefficient in self.terms.items())


def _constant(value: mpmath.mpf | int) -> _Polynomial:
    return _Polynomial({(0, 0): mpmath.mpf(value)})


def _centred(states: list[_State], sigma: mpmath.mpf) -> MixedMoments:
    rows = [(u, v, u2 - u**2, v2 - v**2, uv - u * v) for u, v, u2, uv, v2 in states]
    units = (sigma**2, sigma**2, sigma**4, sigma**4, sigma**4)
    columns = [np.array([float(row[i] * units[i]) for row in rows]) for i in range(5)]
    return MixedMoments(*columns)

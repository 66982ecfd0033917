"""Finite-sample confidence limits for a mean or a probability, each one-sided and each erring outward.

Nothing here is asymptotic: a limit at level ``a`` misses the truth with probability at most ``a`` at the sample
size at hand. Every limit inverts a test, and the number returned is a value that the test was checked to reject.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import betainc, betaincc, betainccinv, betaincinv

from bounds.errors import ArgumentError

# Bets as fractions of the largest admissible one. Factor 2 apart, the best of them loses at most 11 % of the growth.
BETS: NDArray[np.float64] = np.exp2(-np.arange(16, dtype=np.float64))
BETS.setflags(write=False)

# Asking for this much more log-evidence than the level needs absorbs the rounding of the sums.
ROUNDING = 1e-9

# Columns handled at once: bets times block stays within a core's cache, and memory stays flat in the sample size.
BLOCK = 4096


def log_capital(values: NDArray[np.float64], mean: float) -> float:
    """Log of the capital of a hedged gambler who bets that the mean exceeds ``mean``.

    The capital is ``K(m) = average over c of prod_i (1 + c (X_i/m - 1))`` for the constant bets ``c`` in ``BETS``. If
    the values are nonnegative and each has conditional mean at most ``m`` given the earlier ones, then ``K(m)`` is a
    nonnegative supermartingale started at 1, so it ever reaches ``1/a`` with probability at most ``a`` (Ville). It
    decreases in ``m``, does not depend on the order of the values, and is at most 1 at their average (Jensen), so the
    average is never rejected.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Nonnegative values.
    mean : float
        The mean ``m`` being tested, positive.

    Returns
    -------
    float
        ``log K(m)``.

    Examples
    --------
    >>> values = np.array([0.0, 1.0, 1.0, 1.0])
    >>> round(log_capital(values, 0.75), 6) <= 0.0
    True
    >>> round(log_capital(np.ones(3), 0.5), 6)  # the average of (1 + c)^3 is 1.696
    0.528522
    """
    bets = BETS[:, np.newaxis]
    logs = np.zeros(BETS.size)
    with np.errstate(divide="ignore"):  # the bet c = 1 is ruined by a zero: log 0 = -inf is what is meant
        for start in range(0, values.size, BLOCK):
            logs += np.log((1.0 - bets) + (bets / mean) * values[start : start + BLOCK]).sum(axis=1)
    top = float(logs.max())
    return top + math.log(float(np.exp(logs - top).mean()))


def betting_limit(values: NDArray[np.float64], level: float) -> float:
    """Lower confidence limit for the mean of nonnegative values, by betting.

    The limit is the largest mean whose capital has reached ``1/level``. It needs no upper range and no moment beyond
    the mean, and stays valid when the sample size was chosen by looking at the values so far.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Nonnegative values, i.i.d. or with one conditional mean given the earlier ones.
    level : float
        Probability of exceeding the true mean, in (0, 1).

    Returns
    -------
    float
        The limit, at least 0 and at most the average of the values.

    References
    ----------
    waudbysmith2024: Waudby-Smith and Ramdas, Estimating means of bounded random variables by betting, J. R. Stat. Soc.
    B 86 (2024), for testing a mean by betting; orabona2024: Orabona and Jun, Tight concentrations and confidence
    sequences from the regret of universal portfolio, IEEE Trans. Inf. Theory 70 (2024), for mixing constant bets.

    Examples
    --------
    >>> values = np.tile([0.2, 0.3, 0.4], 100)
    >>> round(betting_limit(values, 0.05), 3)
    0.284
    >>> betting_limit(np.zeros(9), 0.05)
    0.0
    """
    largest = float(values.max())
    if largest == 0.0:
        return 0.0
    scaled = values / largest
    needed = -math.log(level) + ROUNDING

    def excess(log_mean: float) -> float:
        return log_capital(scaled, math.exp(log_mean)) - needed

    center = float(scaled.mean())
    spread = float(scaled.std()) * math.sqrt(2.0 * (needed + 1.0) / values.size) + needed / values.size
    # Twelve decades below the largest value the limit is called 0: that errs outward and keeps the quotients finite.
    root = _rejected_below(excess, start=math.log(center), step=min(spread / center, 1.0), floor=math.log(1e-12))
    return math.nextafter(largest * math.exp(root) * (1.0 - 1e-15), 0.0)


def catoni_limit(values: NDArray[np.float64], variance: float, level: float) -> float:
    """Lower confidence limit for the mean of values whose variance is at most ``variance``.

    With Catoni's ``psi(z) = sign(z) log(1 + |z| + z^2/2) <= log(1 + z + z^2/2)`` the true mean ``m`` satisfies
    ``E exp(sum_i psi(a (X_i - m))) <= (1 + a^2 variance/2)^n``. The limit is the largest ``m`` at which the sum in the
    exponent reaches ``n log(1 + a^2 variance/2) + log(1/level)`` (Markov). The scale
    ``a = sqrt(2 log(1/level)/(n variance))`` is the best one for large n.

    Parameters
    ----------
    values : ndarray of shape (n,)
        Finite values, n fixed before they were drawn.
    variance : float
        Positive upper bound on the variance, known independently of the values.
    level : float
        Probability of exceeding the true mean, in (0, 1).

    Returns
    -------
    float
        The limit.

    References
    ----------
    catoni2012: Catoni, Challenging the empirical mean and empirical variance: a deviation study, Ann. Inst. H. Poincare
    Probab. Stat. 48 (2012); wang2023: Wang and Ramdas, Catoni-style confidence sequences for heavy-tailed mean
    estimation, Stochastic Process. Appl. 163 (2023). The argument above is complete in itself.

    Examples
    --------
    >>> round(catoni_limit(np.tile([-1.0, 1.0], 500), 1.0, 0.05), 3)  # ideal: -sqrt(2 log(20)/1000) = -0.077
    -0.078
    """
    size = values.size
    needed = -math.log(level)
    scale = math.sqrt(2.0 * needed / (size * variance))
    threshold = size * math.log1p(scale * scale * variance / 2.0) + needed + ROUNDING * (1.0 + needed)

    def excess(mean: float) -> float:
        z = scale * (values - mean)
        size_of_psi = 2.0 * np.log(np.hypot(1.0, 1.0 + np.abs(z))) - math.log(2.0)  # no square that could overflow
        return float(np.copysign(size_of_psi, z).sum()) - threshold

    width = math.sqrt(2.0 * variance * needed / size)
    return _rejected_below(excess, start=float(values.mean()) - width, step=width / 4.0)


def clopper_pearson_lower(successes: int, trials: int, level: float) -> float:
    """Lower confidence limit for a probability (Clopper and Pearson, Biometrika 26, 1934).

    Parameters
    ----------
    successes, trials : int
        Number of successes among the independent trials, ``0 <= successes <= trials``.
    level : float
        Probability of exceeding the true probability, in (0, 1).

    Returns
    -------
    float
        The largest ``p`` with ``P(Binomial(trials, p) >= successes) <= level``, rounded down.

    Examples
    --------
    >>> clopper_pearson_lower(0, 10, 0.05)
    0.0
    >>> round(clopper_pearson_lower(10, 10, 0.05), 6)  # 0.05^(1/10)
    0.741134
    """
    if successes == 0:
        return 0.0
    limit = float(betaincinv(successes, trials - successes + 1, level))
    while binomial_tail(successes, trials, limit) > level:
        limit *= 1.0 - 1e-10
    return limit * (1.0 - 1e-10)


def clopper_pearson_upper(successes: int, trials: int, level: float) -> float:
    """Upper confidence limit for a probability (Clopper and Pearson, Biometrika 26, 1934).

    Parameters
    ----------
    successes, trials : int
        Number of successes among the independent trials, ``0 <= successes <= trials``.
    level : float
        Probability of falling below the true probability, in (0, 1).

    Returns
    -------
    float
        The smallest ``p`` with ``P(Binomial(trials, p) <= successes) <= level``, rounded up.

    Examples
    --------
    >>> clopper_pearson_upper(10, 10, 0.05)
    1.0
    >>> round(clopper_pearson_upper(0, 10, 0.05), 6)  # 1 - 0.05^(1/10)
    0.258866
    """
    if successes == trials:
        return 1.0
    limit = float(betainccinv(successes + 1, trials - successes, level))
    while limit < 1.0 and float(betaincc(successes + 1, trials - successes, limit)) > level:
        limit = _nudge_up(limit)
    return _nudge_up(limit)


def binomial_tail(successes: int, trials: int, p: float) -> float:
    """Probability of at least ``successes`` successes in ``trials`` independent trials.

    Parameters
    ----------
    successes, trials : int
        Any ``successes``; ``trials >= 0``.
    p : float
        Probability of success, in [0, 1].

    Returns
    -------
    float
        ``P(Binomial(trials, p) >= successes)``.

    Raises
    ------
    ArgumentError
        If ``trials`` is negative or ``p`` lies outside [0, 1].

    Examples
    --------
    >>> round(binomial_tail(2, 3, 0.5), 12)
    0.5
    >>> binomial_tail(0, 3, 0.5), binomial_tail(4, 3, 0.5)
    (1.0, 0.0)
    """
    if trials < 0 or not 0.0 <= p <= 1.0:
        raise ArgumentError(f"trials = {trials}, p = {p}: give trials >= 0 and p in [0, 1]")
    if successes <= 0:
        return 1.0
    if successes > trials:
        return 0.0
    return float(betainc(successes, trials - successes + 1, p))


def _nudge_up(p: float) -> float:
    """Raise a probability by more than the error of the special functions, on the scale of p and of 1 - p."""
    return min(1.0, math.nextafter(p + 1e-10 * min(p, 1.0 - p), 1.0))


def _rejected_below(excess: Callable[[float], float], start: float, step: float, floor: float = -math.inf) -> float:
    """Return a point just below the root of a decreasing function, where it was seen to be nonnegative."""
    reach = step
    if excess(start) < 0.0:
        kept, rejected = start, max(start - reach, floor)
        while excess(rejected) < 0.0:
            if rejected == floor:
                return -math.inf
            reach *= 2.0
            kept, rejected = rejected, max(rejected - reach, floor)
    else:
        rejected, kept = start, start + reach
        while excess(kept) >= 0.0:
            reach *= 2.0
            rejected, kept = kept, kept + reach
    root = float(brentq(excess, rejected, kept, xtol=1e-9 * step, rtol=1e-12))
    nudge = max(1e-9 * step, math.ulp(root))
    while excess(root) < 0.0:  # the solver stops on either side of the root: walk outward until the test rejects
        root = max(root - nudge, rejected)
        nudge *= 2.0
    return root

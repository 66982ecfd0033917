"""Curation weights in high precision: all groups listed, or binomial sums when there are too many."""

import itertools

from mpmath import mp, mpf


def mp_law(p):
    law = [mpf(float(v)) for v in p]
    total = sum(law)
    return [v / total for v in law]


def enumerate_weights(p, rewards, K):
    """H_p(x) by listing every (K-1)-tuple of opponents; p may hold mpf."""
    y = [mp.exp(mpf(float(v))) for v in rewards]
    totals = [mpf(0)] * len(y)
    for group in itertools.product(range(len(y)), repeat=K - 1):
        mass, reward = mpf(1), mpf(0)
        for i in group:
            mass, reward = mass * p[i], reward + y[i]
        if mass:
            totals = [t + mass * K * v / (v + reward) for t, v in zip(totals, y, strict=True)]
    return totals


def binomial_weights(q, y0, y1, K):
    """H for two atoms: the opponents hold Binomial(K-1, q) copies of atom 1; summed outwards from the mode."""
    n, mode = K - 1, int((K - 1) * q)
    ratio = q / (1 - q)
    top = mp.exp(
        mp.loggamma(n + 1)
        - mp.loggamma(mode + 1)
        - mp.loggamma(n - mode + 1)
        + mode * mp.log(q)
        + (n - mode) * mp.log1p(-q)
    )
    totals = [mpf(0), mpf(0)]

    def add(b, mass):
        rest = b * y1 + (n - b) * y0
        totals[0] += mass * K * y0 / (y0 + rest)
        totals[1] += mass * K * y1 / (y1 + rest)

    mass, b = top, mode
    while b <= n and mass > mpf(10) ** -40:
        add(b, mass)
        mass *= ratio * (n - b) / (b + 1)
        b += 1
    mass, b = top, mode
    while b >= 1 and mass > mpf(10) ** -40:
        mass *= b / (ratio * (n - b + 1))
        b -= 1
        add(b, mass)
    return totals


def worst_relative(values, truth):
    return max(abs(mpf(float(v)) / t - 1) for v, t in zip(values, truth, strict=True))

"""How far the few synthetic tokens of a late generation are apart in law, together, when a head reads its own noisy outputs.

All tokens of a generation share one query, so that given their context they are draws of one normal law, projected to
[-1, 1]: the loop is a Markov chain of its centres. The chain is carried by quadrature over the tokens, in one dimension.
"""

from __future__ import annotations

import math
from itertools import combinations_with_replacement

import numpy as np
from scipy.special import ndtr

from bounds.errors import ArgumentError
from verify.models.attention.coupled import CoupledLoops
from verify.models.attention.gaussian import Bracketed
from verify.models.attention.head import Array, keys_of, read

# Two rules of quadrature for each number of tokens; how much they differ is part of the error.
_NODES = {1: (120, 160), 2: (56, 72), 3: (26, 32)}
_CELLS = 2048
_NEGLIGIBLE = 1e-13  # probability of all the centres that are dropped in one generation
_BEYOND = 9.0  # standard deviations of the mean of the tokens around its centres


def later_joint_tv(pair: CoupledLoops, sigma_noise: float) -> Bracketed:
    """Total variation between the joint laws of the N <= 3 synthetic tokens of the last generation.

    Without the projection of the last generation, the mean of its tokens tells the two laws apart as well as all of them:
    it is normal with standard deviation ``sigma_noise/sqrt(N)`` around a random centre. That projection takes away no
    more than the probability that it acts; those of earlier generations are part of the chain.

    Parameters
    ----------
    pair : CoupledLoops
        In one dimension, without batch axis; the first query of a generation serves all its tokens, and the noise is
        replaced by normal draws.
    sigma_noise : float
        Standard deviation of the noise, in units of the tokens.

    Returns
    -------
    Bracketed
        The error is what a coarser quadrature differs by, what the cells of the mean may miss where the densities cross
        (a quarter of the two differences beside a crossing), the centres dropped, and the last projection.

    Raises
    ------
    ArgumentError
        If the tokens are not numbers, there are more than three synthetic ones, or the noise has no spread.

    Examples
    --------
    >>> from verify.models.attention import ContextLoop, worst_loop
    >>> rng = np.random.default_rng(0)
    >>> pair = worst_loop(rng, ContextLoop(6, 4, 2), d=1, Gamma=0.2, D=0.1, starts=4, steps=80, largest_noise=0.0)
    >>> found = later_joint_tv(pair, 0.1)
    >>> import bounds
    >>> theorem = bounds.get("fu2025.attention_recursive_stability")
    >>> bound = theorem.evaluate(measure="joint", n=6, alpha="2/3", t=2, Gamma="1/5", D="1/10", sigma_noise="1/10")
    >>> 0.6 * bound < found.value < bound, found.error < 1e-4
    (True, True)
    """
    N = pair.loop.synthetic
    if pair.reals.ndim != 2 or pair.reals.shape[-1] != 1:
        raise ArgumentError(f"real tokens of shape {pair.reals.shape}: give one pair of loops, in one dimension")
    if N not in _NODES:
        raise ArgumentError(f"there are {N} synthetic tokens; the quadrature serves 1 to {max(_NODES)}")
    if not sigma_noise > 0:
        raise ArgumentError(f"sigma_noise = {sigma_noise} must be positive")
    coarse, fine = (_difference(pair, sigma_noise, nodes) for nodes in _NODES[N])
    value = _variation(fine[0])
    error = abs(value - _variation(coarse[0])) + _missed(fine[0]) + fine[1]
    return Bracketed(value, error + 1e-12)


def _difference(pair: CoupledLoops, sigma_noise: float, nodes: int) -> tuple[Array, float]:
    """Probabilities of the cells of the mean in one loop minus those in the other, and what projection and dropping err."""
    N = pair.loop.synthetic
    deviation = sigma_noise / math.sqrt(N)
    laws = [_last_centres(pair, reals, sigma_noise, nodes) for reals in (pair.reals, pair.moved)]
    ends = [np.array([centres.min(), centres.max()]) for centres, _ in laws]
    low, high = np.min(ends) - _BEYOND * deviation, np.max(ends) + _BEYOND * deviation
    edges = np.linspace(low, high, _CELLS + 1)
    found = [_distribution(*law, edges, deviation) for law in laws]
    acts = sum(N * float((p * _outside(c, sigma_noise)).sum()) for c, p in laws)
    return np.diff(found[0] - found[1]), acts + 2 * pair.loop.generations * _NEGLIGIBLE


def _last_centres(pair: CoupledLoops, reals: Array, sigma_noise: float, nodes: int) -> tuple[Array, Array]:
    """Centres of the last generation's tokens, and their probabilities."""
    loop = pair.loop
    inner, widths = np.polynomial.legendre.leggauss(nodes)
    places = np.concatenate([inner, [-1.0, 1.0]])
    picks = np.array(list(combinations_with_replacement(range(places.size), loop.synthetic)))
    orders = np.array([_orders(row) for row in picks.tolist()])
    centres, chances = _output(pair, 0, reals[None, :, 0]), np.ones(1)
    for g in range(1, loop.generations):
        gaps = (inner - centres[:, None]) / sigma_noise
        each = np.empty((centres.size, places.size))
        each[:, :nodes] = widths * np.exp(-(gaps**2) / 2) / (sigma_noise * math.sqrt(2 * math.pi))
        each[:, nodes] = ndtr((-1 - centres) / sigma_noise)
        each[:, nodes + 1] = ndtr((centres - 1) / sigma_noise)
        chances = orders * _together(each, chances, picks)
        kept = np.broadcast_to(reals[: loop.reused, 0], (picks.shape[0], loop.reused))
        centres = _output(pair, g, np.concatenate([kept, places[picks]], axis=1))
        centres, chances = _without_negligible(centres, chances)
    return centres, chances


def _together(each: Array, chances: Array, picks: Array) -> Array:
    """Probability that the tokens take the picked places, in the order picked: independent given their centre."""
    first, *others = (each[:, column] for column in picks.T)
    # One row of `each` at a time would be slow, all at once large.
    found = np.zeros(picks.shape[0])
    for row in range(0, chances.size, 256):
        block = slice(row, row + 256)
        product = first[block].copy()
        for other in others:
            product *= other[block]
        found += np.einsum("c,cp->p", chances[block], product)
    return found


def _orders(row: list[int]) -> int:
    """In how many orders the tokens can take these places."""
    found = math.factorial(len(row))
    for place in set(row):
        found //= math.factorial(row.count(place))
    return found


def _without_negligible(centres: Array, chances: Array) -> tuple[Array, Array]:
    """Drop the least likely centres, together no likelier than `_NEGLIGIBLE`."""
    order = np.argsort(chances, kind="stable")
    kept = np.sort(order[np.cumsum(chances[order]) > _NEGLIGIBLE])
    return centres[kept], chances[kept]


def _distribution(centres: Array, chances: Array, edges: Array, deviation: float) -> Array:
    """Distribution function of the mean of the tokens."""
    found = np.empty(edges.size)
    for row in range(0, edges.size, 64):
        block = slice(row, row + 64)
        found[block] = np.einsum("ij,j->i", ndtr((edges[block, None] - centres) / deviation), chances)
    return found


def _outside(centres: Array, deviation: float) -> Array:
    """Probability that a normal number lies outside [-1, 1]."""
    return np.asarray(ndtr((centres - 1) / deviation) + ndtr((-1 - centres) / deviation))


def _variation(cells: Array) -> float:
    return float(np.abs(cells).sum()) / 2


def _missed(cells: Array) -> float:
    """Bound on what the cells in which the densities cross lose, for a difference that is linear across a crossing."""
    beside = np.abs(cells[1:]) + np.abs(cells[:-1])
    return float(beside[cells[1:] * cells[:-1] < 0].sum()) / 4


def _output(pair: CoupledLoops, generation: int, contexts: Array) -> Array:
    """Outputs, without noise, for the query of a generation: contexts of shape (..., m) give (...)."""
    keys = keys_of(pair.given.queries[generation, :1], pair.given.attention)
    found: Array = pair.given.value[0, 0] * read(contexts[..., None], keys).means[..., 0, 0]
    return found

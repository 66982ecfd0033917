"""How far two coupled loops in one dimension are apart in law when the output noise is normal.

In one dimension the unit ball is [-1, 1], and the best test between two normal laws of one spread is a threshold halfway
between their centres: outputs projected to the ball are told apart as well as the outputs themselves.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from bounds.errors import ArgumentError
from verify.models.attention.coupled import CoupledLoops
from verify.models.attention.head import Array, keys_of, read
from verify.models.attention.loop import Circumstances
from verify.models.normal import mean_shift_tv

_NODES = (160, 240)
_THRESHOLDS = 2048


@dataclass(frozen=True)
class Bracketed:
    """A number with a bound on its error.

    Parameters
    ----------
    value, error : float

    Examples
    --------
    >>> Bracketed(0.5, 1e-9).value
    0.5
    """

    value: float
    error: float


def noisy_loops(rng: np.random.Generator, pair: CoupledLoops, sigma_noise: float, replicates: int) -> CoupledLoops:
    """Replace the noise of a pair of loops by draws, one for each synthetic token.

    Parameters
    ----------
    rng : numpy.random.Generator
    pair : CoupledLoops
        Without batch axis, and with one query for all synthetic tokens of a generation.
    sigma_noise : float
        Standard deviation in every direction.
    replicates : int

    Returns
    -------
    CoupledLoops
        With leading axis `replicates`.

    Examples
    --------
    >>> from verify.models.attention import ContextLoop, worst_loop
    >>> rng = np.random.default_rng(0)
    >>> pair = worst_loop(rng, ContextLoop(4, 2, 2), d=1, Gamma=0.5, D=0.1, starts=2, steps=10)
    >>> noisy_loops(rng, pair, 0.1, replicates=5).centre_shifts().shape
    (5, 2, 2)
    """
    generations, _, d = pair.given.queries.shape
    each = (replicates, generations, pair.loop.synthetic, d)
    queries = np.broadcast_to(pair.given.queries, each)
    given = Circumstances(
        queries,
        sigma_noise * rng.normal(size=each),
        _repeat(pair.given.attention, replicates),
        _repeat(pair.given.value, replicates),
    )
    return CoupledLoops(pair.loop, _repeat(pair.reals, replicates), _repeat(pair.shift, replicates), given)


def _repeat(block: Array, replicates: int) -> Array:
    return np.broadcast_to(block, (replicates, *block.shape))


def first_joint_tv(pair: CoupledLoops, sigma_noise: float) -> Bracketed:
    """Total variation between the joint laws of the N synthetic tokens of generation 1.

    Their centres do not depend on noise, so without the projection it is that of two normal laws; the projection takes
    away no more than the probability that it acts.

    Parameters
    ----------
    pair : CoupledLoops
        In one dimension, without batch axis, with one query for all synthetic tokens.
    sigma_noise : float

    Returns
    -------
    Bracketed

    Raises
    ------
    ArgumentError
        If the tokens are not numbers.

    Examples
    --------
    >>> from verify.models.attention import ContextLoop, worst_loop
    >>> pair = worst_loop(np.random.default_rng(0), ContextLoop(4, 2, 1), d=1, Gamma=0.0, D=0.1, starts=4, steps=80)
    >>> first_joint_tv(pair, 0.05).error < 1
    True
    """
    _require_line(pair)
    N = pair.loop.synthetic
    centres = [float(_output(pair, 0, reals[:, 0])) for reals in (pair.reals, pair.moved)]
    value = float(mean_shift_tv(np.asarray(math.sqrt(N) * (centres[1] - centres[0]) / sigma_noise)))
    error = N * sum(_leaves(centre, sigma_noise) for centre in centres)
    return Bracketed(value, error + 1e-14)


def averaging_joint_tv(pair: CoupledLoops, sigma_noise: float) -> Bracketed:
    """Total variation between the joint laws of the last generation's tokens when the head averages: Gamma = 0, V = 1.

    Without the projection the loop is linear: the tokens have normal laws with a common random centre. All centres stay
    in the interval from the least to the largest real token but for noise of variance at most that of the output noise.

    Parameters
    ----------
    pair : CoupledLoops
        In one dimension, without batch axis.
    sigma_noise : float

    Returns
    -------
    Bracketed

    Raises
    ------
    ArgumentError
        If the tokens are not numbers, or the head does not average.

    Examples
    --------
    >>> from verify.models.attention import ContextLoop
    >>> loop, still = ContextLoop(4, 2, 1), np.zeros((1, 1, 1))
    >>> given = Circumstances(still, still, np.zeros((1, 1)), np.eye(1))
    >>> pair = CoupledLoops(loop, np.zeros((4, 1)), np.array([0.1]), given)
    >>> from scipy.special import erf
    >>> bool(abs(averaging_joint_tv(pair, 0.05).value - erf(np.sqrt(2) * 0.025 / 0.05 / np.sqrt(8))) < 1e-12)
    True
    """
    _require_line(pair)
    if pair.given.attention.any() or pair.given.value.item() != 1.0:
        raise ArgumentError("the head must average: give W = 0 and V = 1")
    N, n, q = pair.loop.synthetic, pair.loop.n, pair.loop.synthetic / pair.loop.n
    step = abs(float(pair.shift[0])) / n
    shift, variance = step, 0.0
    for _ in range(pair.loop.generations - 1):
        # The common centre of the next generation: fixed real tokens, and the mean of N tokens around the last centre.
        shift, variance = step + q * shift, q**2 * (variance + sigma_noise**2 / N)
    value = float(mean_shift_tv(np.asarray(shift * math.sqrt(N / (sigma_noise**2 + N * variance)))))
    reach = float(max(np.abs(pair.reals).max(), np.abs(pair.moved).max()))
    error = 2 * pair.loop.generations * N * _leaves(reach, math.sqrt(2) * sigma_noise)
    return Bracketed(value, error + 1e-14)


def _leaves(centre: float, deviation: float) -> float:
    """Probability that a normal number lies outside [-1, 1]."""
    return float(ndtr((centre - 1) / deviation) + ndtr((-1 - centre) / deviation))


def single_token_tv(pair: CoupledLoops, sigma_noise: float) -> Bracketed:
    """Total variation between the laws of the one synthetic token of the last generation, N = 1, in one dimension.

    The law is carried from generation to generation as a density on Gauss-Legendre nodes of [-1, 1] and two atoms at its
    ends, projection included.

    Parameters
    ----------
    pair : CoupledLoops
        With N = 1, in one dimension, without batch axis.
    sigma_noise : float

    Returns
    -------
    Bracketed
        The value is too small by what the thresholds miss: the smaller part of the gaps in which the densities cross.
        Where their difference is linear across a crossing, that is at most an eighth of the two differences beside it; the
        error is a quarter, and what a coarser rule of quadrature differs by.

    Raises
    ------
    ArgumentError
        If the loop has more than one synthetic token, or the tokens are not numbers.

    Examples
    --------
    >>> from verify.models.attention import ContextLoop, worst_loop
    >>> pair = worst_loop(np.random.default_rng(0), ContextLoop(3, 2, 2), d=1, Gamma=0.0, D=0.2, starts=4, steps=80)
    >>> found = single_token_tv(pair, 0.3)
    >>> 0 < found.value < 0.5, found.error < 1e-4
    (True, True)
    """
    _require_line(pair)
    if pair.loop.synthetic != 1:
        raise ArgumentError(f"there are {pair.loop.synthetic} synthetic tokens; this serves loops with one")
    coarse, fine = (_distance_of_last(pair, sigma_noise, nodes) for nodes in _NODES)
    value = _variation(fine)
    return Bracketed(value, abs(value - _variation(coarse)) + _missed(fine) + 1e-12)


def _distance_of_last(pair: CoupledLoops, sigma_noise: float, nodes: int) -> Array:
    """Difference of the two distribution functions of the last generation at thresholds from -1 to 1."""
    thresholds = np.linspace(-1.0, 1.0, 2 * _THRESHOLDS + 1)
    first, second = (
        _distribution(*_last_centres(pair, reals, sigma_noise, nodes), thresholds, sigma_noise)
        for reals in (pair.reals, pair.moved)
    )
    return first - second


def _variation(difference: Array) -> float:
    """Total variation from the distribution functions: atoms at both ends, and what lies between the thresholds."""
    return float(abs(difference[0]) + np.abs(np.diff(difference)).sum() + abs(difference[-1])) / 2


def _missed(difference: Array) -> float:
    """Bound on what lies between the thresholds beyond `_variation`, for a smooth density between the ends."""
    gaps = np.diff(difference)
    beside = np.abs(gaps[1:]) + np.abs(gaps[:-1])
    return float(beside[gaps[1:] * gaps[:-1] < 0].sum()) / 4


def _last_centres(pair: CoupledLoops, reals: Array, sigma_noise: float, nodes: int) -> tuple[Array, Array]:
    """Centres of the last generation's output, and their probabilities."""
    inner, widths = np.polynomial.legendre.leggauss(nodes)
    points = np.concatenate([inner, [-1.0, 1.0]])
    centres, chances = _output(pair, 0, reals[None, :, 0]), np.ones(1)
    for g in range(1, pair.loop.generations):
        gaps = (inner[:, None] - centres) / sigma_noise
        density = np.einsum("ij,j->i", np.exp(-(gaps**2) / 2), chances) / (sigma_noise * math.sqrt(2 * math.pi))
        low, high = (
            (chances * ndtr(side)).sum() for side in ((-1 - centres) / sigma_noise, (centres - 1) / sigma_noise)
        )
        chances = np.concatenate([widths * density, [low, high]])
        kept = np.broadcast_to(reals[: pair.loop.reused, 0], (points.size, pair.loop.reused))
        centres = _output(pair, g, np.concatenate([kept, points[:, None]], axis=1))
    return centres, chances


def _distribution(centres: Array, chances: Array, thresholds: Array, sigma_noise: float) -> Array:
    found: Array = np.einsum("ij,j->i", ndtr((thresholds[:, None] - centres) / sigma_noise), chances)
    return found


def _output(pair: CoupledLoops, generation: int, contexts: Array) -> Array:
    """Outputs, without noise, for the first query of a generation: contexts of shape (..., m) give (...)."""
    keys = keys_of(pair.given.queries[generation, :1], pair.given.attention)
    found: Array = pair.given.value[0, 0] * read(contexts[..., None], keys).means[..., 0, 0]
    return found


def _require_line(pair: CoupledLoops) -> None:
    if pair.reals.ndim != 2 or pair.reals.shape[-1] != 1:
        raise ArgumentError(f"real tokens of shape {pair.reals.shape}: give one pair of loops, in one dimension")

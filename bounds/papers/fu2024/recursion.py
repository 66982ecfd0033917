"""The recursion over generations, for any schedule of mixtures, and its closed forms.

Generation j+1 learns a mixture of the real law and the generations before it; `e` bounds the total variation that learning
adds. In these statements `n` counts the whole training set, except where it says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import sympy
from sympy import Rational, Symbol, harmonic, log, sqrt, zeta

from bounds.arguments import is_grid
from bounds.errors import ArgumentError
from bounds.functions import Recurrence, geometric_sum
from bounds.numerals import read_number
from bounds.papers.fu2024.paper import FU2024
from bounds.quantities import EXPECTED_TOTAL_VARIATION, TOTAL_VARIATION, Direction, Mode, Standing
from bounds.sources import Source
from bounds.symbols import C, alpha, c, d, delta, e, kl_prior, n, p, s, t
from bounds.theorem import Structured, Theorem, regime

_ROW_SUM_TOLERANCE = Fraction(1, 10**9)
_EXACT_BITS = 1024

LEARNING_ERROR = "in expectation over everything before, each generation lies within e of the mixture it learns"
_q = 1 - alpha
_T, _S, _j = Symbol("T", nonnegative=True), Symbol("S", nonnegative=True), Symbol("j", integer=True, positive=True)


def compounded(weights: Sequence[Sequence[Any]], errors: Sequence[Fraction]) -> Fraction:
    r"""Run the recursion ``T_{j+1} = e_j + sum_k w_{j,k} T_k`` from ``T_1 = e_0``.

    Parameters
    ----------
    weights : sequence of rows
        Row j = 0, 1, ..., t-1 holds the weights of generation j+1's mixture: the real law first, then generations 1, ..., j.
        Rows may be padded with zeros to a square matrix; the first row is ``[1]``.
    errors : sequence of Fraction
        The errors ``e_0, ..., e_{t-1}``.

    Returns
    -------
    Fraction
        ``T_t``, exact unless it needs more than 1024 bits to write; then rounded up.

    Raises
    ------
    ArgumentError
        If a row is too short, has weight on a later generation, a negative weight, or a sum other than 1.

    Examples
    --------
    >>> compounded([[1], ["1/2", "1/2"]], [Fraction(1), Fraction(1)])
    Fraction(3, 2)
    """
    drift: list[Fraction] = []
    for j, row in enumerate(weights):
        shares = _row(row, j)
        inherited = (share * before for share, before in zip(shares[1:], drift, strict=True) if share)
        drift.append(_rounded_up(errors[j] + sum(inherited, Fraction(0))))
    return drift[-1]


def _row(row: Sequence[Any], j: int) -> list[Fraction]:
    if not is_grid(row):
        raise ArgumentError(f"weights: row {j} is {row!r}; it must be a list of {j + 1} weights")
    shares = [read_number(value, f"weights[{j}][{k}]") for k, value in enumerate(row)]
    if len(shares) <= j:
        raise ArgumentError(
            f"weights: row {j} has {len(shares)} entries; generation {j + 1} needs {j + 1}: real, 1..{j}"
        )
    if any(shares[j + 1 :]):
        raise ArgumentError(f"weights: row {j} has weight on generation {j + 1} or later, which does not exist yet")
    exact = [share for share in shares[: j + 1] if isinstance(share, Fraction) and share >= 0]
    if len(exact) <= j or abs(sum(exact, Fraction(0)) - 1) > _ROW_SUM_TOLERANCE:
        raise ArgumentError(f"weights: row {j} must hold non-negative weights of sum 1")
    return exact


def _rounded_up(value: Fraction) -> Fraction:
    if value.denominator.bit_length() <= _EXACT_BITS:
        return value
    scale = 1 << _EXACT_BITS
    return Fraction(-((-value.numerator * scale) // value.denominator), scale)


def _any_schedule(theorem: Theorem, arguments: Mapping[str, object]) -> tuple[Theorem, dict[str, object]]:
    left = dict(arguments)
    weights: Any = left.pop("weights")
    if not is_grid(weights) or len(weights) == 0:
        raise ArgumentError("weights must be a square matrix or a list of rows, one per generation")
    given = left.get("e")
    if not is_grid(given):
        return _with_factor(theorem, compounded(weights, [Fraction(1)] * len(weights)), e), left
    listed: Any = left.pop("e")
    errors = [_error(value, j) for j, value in enumerate(listed)]
    if len(errors) != len(weights):
        raise ArgumentError(
            f"e has {len(errors)} entries and weights {len(weights)} rows; give one error per generation"
        )
    return _with_factor(theorem, compounded(weights, errors), sympy.Integer(1)), left


def _error(value: object, j: int) -> Fraction:
    error = read_number(value, f"e[{j}]")
    if not isinstance(error, Fraction) or error < 0:
        raise ArgumentError(f"e[{j}] = {value}; it must be a real number in [0, oo)")
    return error


def _with_factor(theorem: Theorem, factor: Fraction, error: Any) -> Theorem:
    expression = Rational(factor.numerator, factor.denominator) * error
    return replace(theorem, regimes=(), default=(), structured=(), hypotheses=(), expression=expression)


RECURSION = Theorem(
    id="fu2024.recursion",
    statement=(
        "Total variation adds up: a generation is off by its own learning error and by the weighted drift of the generations "
        "it learned from. For any schedule give its weights; the named ones learn from the last generation only, from a "
        "share of real data and the last generation, or from equal shares of the real law and all generations so far."
    ),
    quantity=EXPECTED_TOTAL_VARIATION,
    direction=Direction.UPPER,
    mode=Mode.EXPECTATION,
    hypotheses=(t >= 1,),
    regimes=(
        regime(Recurrence(_T, (_T,), (0,), (e + _T,), t), schedule="fully_synthetic"),
        regime(Recurrence(_T, (_T,), (0,), (e + _q * _T,), t), schedule="real_plus_last"),
        regime(
            Recurrence(_T, (_T, _S, _j), (0, 0, 1), (e + _S / _j, _S + e + _S / _j, _j + 1), t), schedule="balanced"
        ),
    ),
    source=Source(FU2024, "main recursion over generations"),
    standing=Standing.DERIVED,
    assumptions=(LEARNING_ERROR,),
    structured=(
        Structured(
            "weights",
            "one row of mixture weights per generation (real law first); e may then be one error or one per generation",
            _any_schedule,
        ),
    ),
)

FULLY_SYNTHETIC = Theorem(
    id="fu2024.fully_synthetic",
    statement="Without real data after generation 1 the bound grows by one learning error per generation.",
    quantity=EXPECTED_TOTAL_VARIATION,
    direction=Direction.UPPER,
    mode=Mode.EXPECTATION,
    hypotheses=(t >= 1,),
    expression=e * t,
    source=Source(FU2024, "fully synthetic loop"),
    standing=Standing.DERIVED,
    assumptions=(LEARNING_ERROR,),
)

REAL_PLUS_LAST = Theorem(
    id="fu2024.real_plus_last",
    statement="A constant share alpha of real data beside the last generation's keeps the bound below e/alpha for ever.",
    quantity=EXPECTED_TOTAL_VARIATION,
    direction=Direction.UPPER,
    mode=Mode.EXPECTATION,
    hypotheses=(t >= 1,),
    expression=e * geometric_sum(_q, t),
    source=Source(FU2024, "mixture of real data and the last generation"),
    standing=Standing.DERIVED,
    assumptions=(LEARNING_ERROR,),
)

BALANCED = Theorem(
    id="fu2024.balanced",
    statement=(
        "Equal shares of the real law and of every generation so far: the bound grows like the harmonic numbers, that is "
        "like log t."
    ),
    quantity=EXPECTED_TOTAL_VARIATION,
    direction=Direction.UPPER,
    mode=Mode.EXPECTATION,
    hypotheses=(t >= 1,),
    expression=e * harmonic(t),
    source=Source(FU2024, "balanced mixture of all generations"),
    standing=Standing.DERIVED,
    assumptions=(LEARNING_ERROR,),
)

_one_generation = n ** Rational(-1, 4) * sqrt(d * log(d * n / delta)) + sqrt(kl_prior)


def _any_weighted_rate(theorem: Theorem, arguments: Mapping[str, object]) -> tuple[Theorem, dict[str, object]]:
    left = dict(arguments)
    weights: Any = left.pop("weights")
    if not is_grid(weights) or len(weights) == 0:
        raise ArgumentError("weights must be a square matrix or a list of rows, one per generation")
    factor = compounded(weights, [Fraction(1)] * len(weights))
    return _with_factor(theorem, factor, C * _one_generation), left


WEIGHTED_RATE = Theorem(
    id="fu2024.weighted_rate",
    statement=(
        "The recursion with the rate of a random-feature score network in every generation, up to a hidden constant C: "
        "n^(-1/4) up to logarithms, and the error of starting the sampler from its prior."
    ),
    quantity=TOTAL_VARIATION,
    direction=Direction.UPPER,
    mode=Mode.PROBABILITY,
    hypotheses=(t >= 1,),
    regimes=(
        regime(C * _one_generation * t, schedule="fully_synthetic"),
        regime(C * _one_generation * geometric_sum(_q, t), schedule="real_plus_last"),
        regime(C * _one_generation * harmonic(t), schedule="balanced"),
    ),
    source=Source(FU2024, "main theorem"),
    standing=Standing.RESTATED,
    assumptions=(
        "one generation's total variation error is at most C times the rate, with probability 1 - delta for all generations "
        "together",
        "the network is about as wide as n or wider and trained for a time of the order of sqrt(n)",
        "C depends on the data law and the score network, not on n, t or the weights",
    ),
    structured=(
        Structured("weights", "one row of mixture weights per generation (real law first)", _any_weighted_rate),
    ),
)

SAMPLE_SCHEDULE = Theorem(
    id="fu2024.sample_schedule",
    statement=(
        "A fully synthetic loop stays close to the real law for ever if its training sets grow fast enough: n_k = "
        "n (k+1)^(p/s) points, rounded up, in generation k+1, where n points leave an error c n^-s."
    ),
    quantity=EXPECTED_TOTAL_VARIATION,
    direction=Direction.UPPER,
    mode=Mode.EXPECTATION,
    regimes=(
        regime(c * n ** (-s) * harmonic(t, p), t >= 1, horizon="generation"),
        regime(c * n ** (-s) * zeta(p), horizon="forever"),
    ),
    default=(("horizon", "generation"),),
    source=Source(FU2024, "follows from the fully synthetic recursion"),
    standing=Standing.DERIVED,
    assumptions=(
        "in expectation, a generation trained on N points lies within c N^-s of what it was given",
        "n counts the points of generation 1",
    ),
)

"""The phase transition in the amount of synthetic data, and its peak.

Here `n` counts the real points of a generation and ``x = m/n`` the synthetic points per real one.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from sympy import LambertW, Lt, exp

from bounds.enclose import ball, float_above, float_below
from bounds.errors import ArgumentError
from bounds.functions import geometric_sum
from bounds.numerals import read_number
from bounds.papers.fu2024.paper import FU2024
from bounds.quantities import EXPECTED_TOTAL_VARIATION, Direction, Mode, Quantity, Standing
from bounds.sources import Source
from bounds.symbols import c, n, s, t, x
from bounds.theorem import Theorem, regime

_Q = x / (1 + x)

PHASE_TRANSITION = Theorem(
    id="fu2024.phase_transition",
    statement=(
        "With n fresh real and m = x n synthetic points in every generation after the first, synthetic data first hurts and "
        "then helps: in units of c n^-s the bound is 1 without it, rises to a single peak, and falls back to 1 as x grows."
    ),
    quantity=EXPECTED_TOTAL_VARIATION,
    direction=Direction.UPPER,
    mode=Mode.EXPECTATION,
    hypotheses=(t >= 1,),
    expression=c * n ** (-s) * (_Q ** (t - 1) + (1 + x) ** (-s) * geometric_sum(_Q, t - 1)),
    source=Source(FU2024, "phase transition in the amount of synthetic data"),
    standing=Standing.DERIVED,
    assumptions=(
        "in expectation, a generation trained on N points lies within c N^-s of the mixture they come from",
        "the n real points are fresh in every generation",
    ),
)

PHASE_TRANSITION_REUSED = Theorem(
    id="fu2024.phase_transition_reused",
    statement=(
        "The phase transition of a linear learner that reuses the same n real points in every generation, beside m = x n "
        "synthetic ones."
    ),
    quantity=EXPECTED_TOTAL_VARIATION,
    direction=Direction.UPPER,
    mode=Mode.EXPECTATION,
    hypotheses=(t >= 1,),
    expression=c * n ** (-s) * (_Q ** (t - 1) + (1 + x ** (1 - s)) / (1 + x) * geometric_sum(_Q, t - 1)),
    source=Source(FU2024, "phase transition in the amount of synthetic data, with reused real data"),
    standing=Standing.DERIVED,
    assumptions=(
        "the learner is linear: on a union of samples it returns the mixture of what it returns on each",
        "on N independent points it lies within c N^-s of their law, in expectation",
    ),
)

WORST_RATIO = Quantity(
    "worst synthetic-to-real ratio", r"x^*", "amount of synthetic data, per real point, at which the bound is largest"
)
WORST_RATIO_GROWTH = Quantity(
    "growth of the worst ratio", r"\lim_{t\to\infty}x^*/(t-1)", "growth of the worst ratio per generation"
)
# -W_{-1}(-a e^-a) - a is the positive root z of (e^z - 1)/z = 1/a, at a = 1 - s.
_late = 1 / (-(1 - s) - LambertW(-(1 - s) * exp(-(1 - s)), -1))

PHASE_TRANSITION_PEAK = Theorem(
    id="fu2024.phase_transition_peak",
    statement=(
        "Where the phase transition bound peaks: in generation 2, and per generation as t grows (the same limit for fresh "
        "and for reused real data)."
    ),
    quantity=WORST_RATIO,
    direction=Direction.EXACT,
    mode=Mode.DETERMINISTIC,
    hypotheses=(Lt(s, 1, evaluate=False),),
    regimes=(
        regime(s ** (-1 / (1 - s)) - 1, generation="second", data="fresh"),
        regime((1 - s) / s, generation="second", data="reused"),
        regime(_late, quantity=WORST_RATIO_GROWTH, generation="late", data="fresh"),
        regime(_late, quantity=WORST_RATIO_GROWTH, generation="late", data="reused"),
    ),
    default=(("data", "fresh"),),
    source=Source(FU2024, "phase transition in the amount of synthetic data"),
    standing=Standing.EXACT,
    assumptions=("it is the peak of the bound; the loop itself need not be worst there",),
)


@dataclass(frozen=True)
class Peak:
    """Where a phase transition bound peaks.

    Parameters
    ----------
    lower, upper : float
        Ends that surely contain the peak x*, the only one.
    """

    lower: float
    upper: float


def peak(t: int, s: object, data: str = "fresh") -> Peak:
    """Enclose the worst amount of synthetic data for a phase transition bound.

    Parameters
    ----------
    t : int
        Generation, at least 2.
    s : number or str
        Exponent of the one-generation error, in (0, 1).
    data : str
        ``"fresh"`` or ``"reused"`` real data.

    Returns
    -------
    Peak

    Raises
    ------
    ArgumentError
        If an argument is outside its domain.

    Examples
    --------
    >>> found = peak(2, "1/2")
    >>> found.lower <= 3 <= found.upper
    True
    >>> round(peak(2, "1/4", "reused").upper, 12)
    3.0
    """
    exponent = read_number(s, "s")
    if not isinstance(exponent, Fraction) or not 0 < exponent < 1:
        raise ArgumentError(f"s = {s}; it must be a real number in (0, 1)")
    if isinstance(t, bool) or not isinstance(t, int) or t < 2:
        raise ArgumentError(f"t = {t}; the bound has a peak from generation 2 on, so t must be a whole number >= 2")
    if data not in ("fresh", "reused"):
        raise ArgumentError(f"data = {data!r}; it must be fresh or reused")
    low, high = _bracket(t - 1, exponent, data)
    return Peak(float_below(low), float_above(high))


def _bracket(k: int, s: Fraction, data: str) -> tuple[Fraction, Fraction]:
    low, high = Fraction(0), Fraction(1)
    while (side := _slope(k, s, high, data)) >= 0:
        low, high = high if side > 0 else low, 2 * high
    while high - low > high / 2**60:
        # The peak itself may be hit, where no sign is found: then another point serves.
        for part in (Fraction(1, 2), Fraction(3, 8)):
            middle = low + part * (high - low)
            side = _slope(k, s, middle, data)
            if side:
                low, high = (middle, high) if side > 0 else (low, middle)
                break
        else:
            break
    return low, high


def _slope(k: int, s: Fraction, x: Fraction, data: str) -> int:
    """Sign of the derivative of the bound in x, from its stationarity condition in v = 1/(1+x); 0 if not found."""
    from flint import arb, ctx

    a = 1 - s
    for precision in (96, 192, 384, 768, 1536):
        with ctx.workprec(precision):
            v, share = ball(1 / (1 + x)), ball(x / (1 + x))
            # (1-v)^{k-1} sum_{i<k} (1-v)^{-i} = sum_{i<k} (1-v)^i
            powers = (1 - share**k) / v
            if data == "fresh":
                gap = k * share ** (k - 1) * (1 - v ** ball(a)) - ball(a) * powers
            else:
                gap = k * share**k - ball(a) * powers
            if not gap.contains(arb(0)):
                # The gap has the sign of the derivative in v, which falls as x rises.
                return -1 if gap > 0 else 1
    return 0

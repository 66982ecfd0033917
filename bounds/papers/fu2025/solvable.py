"""Loops whose recursive stability or error is known exactly: a normal generator, and frequencies of k cells."""

from dataclasses import replace

from sympy import Integer, Max, Symbol, erf, sqrt

from bounds.functions import Recurrence, geometric_sum
from bounds.papers.fu2025.source import COUPLED_TOTAL_VARIATION, FU2025, RECURSIVE_STABILITY, SQUARED_DISTANCE
from bounds.quantities import EXPECTED_TOTAL_VARIATION, Direction, Mode, Standing
from bounds.sources import Source
from bounds.symbols import D, alpha, collision, k, n, sigma, t
from bounds.theorem import Theorem, regime

_q = 1 - alpha
_shift = D / n * geometric_sum(_q, t)

GAUSSIAN_RECURSIVE_STABILITY = Theorem(
    id="fu2025.gaussian_recursive_stability",
    statement=(
        "Exact recursive stability of the loop whose model is a normal law around the mean of its training set, with known "
        "standard deviation sigma, when one reused real point moves by D: of all synthetic points jointly, and of one draw "
        "of models that share their noise."
    ),
    quantity=RECURSIVE_STABILITY,
    direction=Direction.EXACT,
    mode=Mode.DETERMINISTIC,
    hypotheses=(t >= 1, alpha * n >= 1),
    regimes=(
        regime(erf(_shift / (2 * sqrt(2) * sigma) * sqrt(_q * n / geometric_sum(_q**2, t))), draws="joint"),
        regime(erf(_shift / (2 * sqrt(2) * sigma)), quantity=COUPLED_TOTAL_VARIATION, draws="one"),
    ),
    default=(("draws", "joint"),),
    source=Source(FU2025, "solvable case of recursive stability"),
    standing=Standing.EXACT,
    assumptions=(
        "alpha n is a whole number of real points, the same in every generation; generation 1 trains on n real ones",
    ),
)

# With at least one synthetic point, or none, the base is not negative; Max keeps rounding from making it so.
_fresh = (1 - collision) / n * geometric_sum(Max(_q * (_q - 1 / n), 0), t)
_w, _s, _p = (Symbol(name, real=True) for name in ("w", "s", "p"))
_variance_given_nothing = (alpha * _s**2 + _p) / n + _w
_reused = (1 - collision) * Recurrence(
    _variance_given_nothing,
    (_w, _s, _p),
    (0, 1, _q),
    (_q**2 * _w + _q / n * (1 - _variance_given_nothing), 1 + _q * _s, _q**2 * _p),
    t - 1,
)
# At least one real point or none, and at least one synthetic point or none.
_whole_counts = (t >= 1, _q * (_q * n - 1) >= 0, alpha * (alpha * n - 1) >= 0)
_frequencies = (
    "every model is the frequencies of its training set of exactly alpha n real and (1 - alpha) n synthetic points",
)

CATEGORICAL_LOOP = Theorem(
    id="fu2025.categorical_loop",
    statement=(
        "Exact expected squared distance of the loop of cell frequencies to the real law, with alpha n fresh real points in "
        "every generation or the same ones reused."
    ),
    quantity=SQUARED_DISTANCE,
    direction=Direction.EXACT,
    mode=Mode.EXPECTATION,
    hypotheses=_whole_counts,
    regimes=(regime(_fresh, data="fresh"), regime(_reused, data="reused")),
    source=Source(FU2025, "solvable case of the setting"),
    standing=Standing.EXACT,
    assumptions=_frequencies,
)

CATEGORICAL_LOOP_UPPER = Theorem(
    id="fu2025.categorical_loop_upper",
    statement="Total variation of the loop of cell frequencies to the real law, from its exact squared distance.",
    quantity=EXPECTED_TOTAL_VARIATION,
    direction=Direction.UPPER,
    mode=Mode.EXPECTATION,
    hypotheses=(*_whole_counts, k * collision >= 1),
    regimes=(regime(sqrt(k * _fresh) / 2, data="fresh"), regime(sqrt(k * _reused) / 2, data="reused")),
    source=Source(FU2025, "solvable case of the setting"),
    standing=Standing.DERIVED,
    assumptions=_frequencies,
)

CATEGORICAL_LOOP_LOWER = Theorem(
    id="fu2025.categorical_loop_lower",
    statement="The same from below: the expected total variation is at least the expected squared distance.",
    quantity=replace(EXPECTED_TOTAL_VARIATION, trivial=Integer(0)),
    direction=Direction.LOWER,
    mode=Mode.EXPECTATION,
    hypotheses=_whole_counts,
    regimes=(regime(_fresh, data="fresh"), regime(_reused, data="reused")),
    source=Source(FU2025, "solvable case of the setting"),
    standing=Standing.DERIVED,
    assumptions=_frequencies,
)

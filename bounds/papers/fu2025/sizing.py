"""How much synthetic data to add to the real data at hand."""

from sympy import log, sqrt

from bounds.functions import geometric_sum
from bounds.papers.fu2025.source import FU2025, ONE_SIDED_GAP
from bounds.quantities import Direction, Mode, Standing
from bounds.sources import Source
from bounds.symbols import M, d_tv, delta, lam, n, t
from bounds.theorem import Theorem, regime

_share = lam / (1 + lam)
_sampling = M * sqrt(log(1 / delta) / (2 * n * (1 + lam)))

SYNTHETIC_SIZE = Theorem(
    id="fu2025.synthetic_size",
    statement=(
        "What lam n synthetic points of generation t beside n real ones do to the one-sided generalisation gap of a fixed "
        "predictor: the sampling error falls, the distribution shift grows; in generation t, or in the limit of many."
    ),
    quantity=ONE_SIDED_GAP,
    direction=Direction.UPPER,
    mode=Mode.PROBABILITY,
    regimes=(
        regime(_sampling + M * d_tv * _share * geometric_sum(_share, t), generation="finite"),
        regime(_sampling + M * d_tv * lam, generation="limit"),
    ),
    default=(("generation", "finite"),),
    source=Source(FU2025, "trade-off behind the optimal amount of synthetic data"),
    standing=Standing.DERIVED,
    assumptions=(
        "the predictor is fixed before the data is seen; a stable learner adds its stability terms",
        "each model errs surely by at most d_tv in total variation from the mixture it learns",
        "n counts the real points, which are the same in every generation; lam n is a whole number",
    ),
)

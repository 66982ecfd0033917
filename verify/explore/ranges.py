"""How far the sliders of the page go, and the numbers it starts from."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from bounds.drawing.points import attempt, settled
from bounds.drawing.repair import inside, step_counts
from bounds.hypotheses import holds
from bounds.symbols import PARAMETERS, Parameter
from bounds.theorem import Theorem

_STEPS, _COUNTS = 60, 1_000_000


@dataclass(frozen=True)
class Span:
    """The range of a slider.

    Parameters
    ----------
    log : bool
        Whether it is logarithmic.
    left, right : float
        Ends, greater than 0 where it is logarithmic.
    zero : bool
        Whether the first stop is 0, left of the logarithmic range.
    infinity : bool
        Whether the last stop is infinity.
    """

    log: bool
    left: float
    right: float
    zero: bool
    infinity: bool


# Ranges that the domains do not tell.
_SPANS = {
    "delta": Span(True, 1e-6, 0.5, False, False),
    "lam": Span(True, 0.01, 100, True, False),
    "p": Span(False, 1.05, 6, False, False),
    "d": Span(True, 1, 1000, False, False),
    "K": Span(True, 1, 1000, False, True),
    "folds": Span(False, 1, 30, False, False),
    "folds2": Span(False, 1, 30, False, False),
    "e": Span(True, 1e-4, 1, True, False),
    "c": Span(True, 1e-3, 100, True, False),
    "x": Span(True, 0.01, 1000, True, False),
    "beta": Span(True, 1e-6, 1, True, False),
    "beta_removed": Span(True, 1e-6, 1, True, False),
    "rho": Span(False, 0, 1.2, False, False),
    "D": Span(True, 0.01, 10, True, False),
    "noising": Span(False, 0, 20, False, False),
    "range": Span(False, 0, 10, False, True),
    "gap": Span(True, 0.01, 10, False, True),
    "radius": Span(True, 0.01, 1000, True, True),
}

# Numbers to start from: those of a middling loop.
_START = {
    "n": "1000", "t": "5", "d": "2", "k": "10", "K": "4", "alpha": "0.3", "lam": "0.2", "delta": "0.05", "sigma": "1",
    "L": "0.2", "epsilon": "0.1", "curvature": "0.5", "rho": "0.6", "eps_opt": "0.01", "A": "0.5", "B": "2",
    "distance0": "0.5", "radius": "10", "y": "2", "y_max": "2", "mean": "1", "variance": "0.3", "p_star": "0.2",
    "gap": "1", "range": "1", "tv0": "0.8", "C": "1", "M": "1", "beta": "0.001", "beta_removed": "0.001", "h": "0.3",
    "gamma": "0.05", "eta": "0.002", "d_tv": "0.02", "D": "1", "Gamma": "0.3", "sigma_noise": "0.5",
    "collision": "0.15", "e": "0.03", "c": "1", "s": "0.4", "x": "2", "p": "1.5", "kl_prior": "0.01", "kl0": "1",
    "noising": "5", "score_error": "0.1", "flow_error": "0.2", "early": "0.02", "tv_prior": "0.01",
    "difference": "0.01", "sample_variance": "0.1", "deviation": "0.2", "kl": "0.5", "h2": "0.1", "chi2": "0.5",
    "folds": "2", "folds2": "3", "laplacian": "1", "root_mass": "2", "mahalanobis": "1", "shift": "1", "sigma1": "1",
    "sigma2": "1.5",
}  # fmt: skip


def span(theorem: Theorem, described: Parameter) -> Span:
    """Return the range of a symbol's slider in a theorem.

    Parameters
    ----------
    theorem : Theorem
        Of one regime; a whole number that sets its powers or loops gets a short range.
    described : Parameter

    Returns
    -------
    Span

    Examples
    --------
    >>> import bounds
    >>> from bounds.symbols import alpha, describe, n
    >>> theorem = bounds.get("bertrand2024.contraction")
    >>> span(theorem, describe(alpha))
    Span(log=False, left=0.0, right=1.0, zero=False, infinity=False)
    >>> span(theorem, describe(n)).right
    1000000.0
    """
    if described.name in _SPANS:
        return _SPANS[described.name]
    low, high = (float(end) for end in (described.low, described.high))
    bounded = low > float("-inf") and high < float("inf")
    if bounded:
        margin = (high - low) / 100
        return Span(False, low + margin * described.low_open, high - margin * described.high_open, False, False)
    if low == float("-inf"):
        return Span(False, -10.0 if high > -10 else high - 20, min(high, 10.0), False, False)
    if described.integer:
        if described.name == "t" or described.name in step_counts(theorem.expression):
            return Span(False, low, low + _STEPS, False, described.infinite)
        return Span(True, max(low, 1.0), float(_COUNTS), low == 0, described.infinite)
    if low == 0:
        return Span(True, 1e-3, 1e3, not described.low_open, described.infinite)
    return Span(False, low + 0.05 * described.low_open, low + 10, False, described.infinite)


def start(theorem: Theorem) -> dict[str, str] | None:
    """Return numbers inside the hypotheses of a theorem, plain ones where they serve.

    Parameters
    ----------
    theorem : Theorem
        Of one regime.

    Returns
    -------
    dict of name to text, or None
        None if no point inside the hypotheses was found.

    Examples
    --------
    >>> import bounds
    >>> start(bounds.get("ferbach2024.kl_ball"))
    {'K': '4', 'lam': '0.2'}
    """
    values = {symbol.name: _plain(PARAMETERS[symbol.name]) for symbol in theorem.symbols}
    found = _inside(theorem, values)
    return None if found is None else {name: _text(value) for name, value in found.items()}


def _inside(theorem: Theorem, values: Mapping[str, Any]) -> dict[str, Any] | None:
    for seed in range(12):
        found = settled(theorem, theorem.hypotheses, values, random.Random(seed).randint, frozenset())
        if found is None:
            continue
        short = {name: value if value == values[name] else _short(value) for name, value in found.items()}
        if _allowed(theorem, short):
            return short
    tries = (attempt(theorem, theorem.hypotheses, random.Random(seed).randint) for seed in range(20))
    return next(filter(None, tries), None)


def _allowed(theorem: Theorem, values: Mapping[str, Any]) -> bool:
    domains = all(inside(PARAMETERS[name], value) for name, value in values.items())
    return domains and all(holds(relation, values) for relation in theorem.hypotheses)


def _short(value: Any) -> Any:
    """Round to three digits, which are easier to read on the page than an exact edge."""
    return value if isinstance(value, float) else Fraction(f"{float(value):.3g}")


def _plain(described: Parameter) -> Any:
    if described.name in _START:
        return Fraction(_START[described.name])
    if described.low.is_finite and described.high.is_finite:
        middle = (described.low + described.high) / 2
        return Fraction(int(middle.p), int(middle.q)) if middle.is_Rational else Fraction(float(middle))
    if described.low.is_finite:
        return Fraction(int(described.low) + 1)
    return Fraction(0 if described.high > 0 else int(described.high) - 1)


def _text(value: Any) -> str:
    if isinstance(value, float):
        return "inf"
    short = f"{float(value):.15g}"
    return short if Fraction(short) == value else str(value)

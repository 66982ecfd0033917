"""The restated rate of Theorem 1, checked as what it is: an exponent over declared sizes, and a calibrated constant.

Nothing at finitely many n can confirm or refute a bound with a hidden constant. The exponent -1/2 of the sampling error is
checked where it stands alone, for a fixed predictor and models without error. The whole bound is checked with a constant
calibrated at small sizes, at larger ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
from sympy import Rational

from bounds import Theorem
from bounds.papers import fu2025 as theory
from bounds.symbols import beta, d_tv, gamma, n
from verify.check import Check, Effort, Setting, plant
from verify.checks.fu2025._loops import safe, safe_loss
from verify.evidence import Computed, Evidence, Slope
from verify.models.stability import CoinLoop, Drift, MarkingLoop
from verify.rates import CALIBRATED, CLAIM, EXPONENT, calibrated_constant, claims

SIZES = (400, 1600, 6400)
"""Declared sizes of the exponent, all above those of the calibration."""
TOLERANCE = Fraction(1, 20)
_CALIBRATION = (16, 64, 128)
_MARGIN = 2
"""At small sizes the sampling error, whose constant is generous, hides the shift: C is enlarged by this factor."""
_DELTAS = (Fraction(1, 2), Fraction(1, 10), Fraction(1, 100))


def _claimed() -> Theorem:
    """State the exponent for the sampling error alone, and the calibrated constant for the whole bound."""
    alone = theory.GENERALIZATION.expression.subs({d_tv: 0, gamma: 0, beta: 0})
    exponent, calibrated = claims(replace(theory.GENERALIZATION, expression=alone), SIZES, TOLERANCE).regimes
    whole = replace(calibrated, expression=theory.GENERALIZATION.expression)
    return replace(theory.GENERALIZATION, regimes=(exponent, whole))


Loop = CoinLoop | MarkingLoop


def _measure_one(loop: Loop, generation: int, failure: Fraction) -> Computed:
    """Return the quantile over the real data of the absolute gap averaged over the noise of the generations."""
    if isinstance(loop, MarkingLoop):
        return loop.expected_gap(generation)
    return loop.gap_given_real(generation, float(1 - failure))


def _arguments(loop: Loop, generation: int, failure: Fraction) -> dict[str, Any]:
    drift = loop.drift
    stability = (safe_loss(loop.beta), safe(loop.gamma(generation))) if isinstance(loop, MarkingLoop) else (0, 0)
    return {
        "n": drift.size,
        "alpha": Fraction(drift.reused, drift.size),
        "t": generation,
        "M": 1,
        "beta": stability[0],
        "gamma": stability[1],
        "d_tv": Fraction(drift.error),
        "delta": failure,
    }


def _loops(size: int) -> list[tuple[Loop, int]]:
    """Return loops in which one term of the bound rules: the shift, the sampling error, the recursive stability."""
    half = size // 2
    return [
        (CoinLoop(Drift(half, half, 1 / 8), 0.5), 4),
        (CoinLoop(Drift(size // 4, size - size // 4, 1 / 16), 0.25), 3),
        (CoinLoop(Drift(size, 0, 0.0), 0.5), 1),
        (CoinLoop(Drift(half, half, 0.0), 0.5), 2),
        (MarkingLoop(Drift(half, half, 1 / 4), max(1.0, size / 32)), 1),
        (MarkingLoop(Drift(half, half, 1 / 8), max(1.0, size / 32)), 3),
    ]


@lru_cache(maxsize=1)
def _constant() -> Fraction:
    """Fit C where all constants are known, at sizes below those of every setting."""
    cases = [(*case, failure) for size in _CALIBRATION for case in _loops(size) for failure in _DELTAS]
    arguments = [_arguments(*case) for case in cases]
    means = [_measure_one(*case) for case in cases]
    return calibrated_constant(theory.GENERALIZATION, arguments, means, margin=Fraction(_MARGIN))


def _settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    over = f"n = {SIZES[0]}..{SIZES[-1]}, tolerance {TOLERANCE}"
    settings = []
    for share in (Fraction(1), Fraction(1, 2)):
        for failure in _DELTAS:
            label = f"exponent of the sampling error, alpha = {share}, {over}, quantile 1 - {failure}"
            # The hypotheses speak of n and delta; the exponent depends on neither.
            arguments: dict[str, Any] = {CLAIM: EXPONENT, "n": SIZES[0], "delta": failure}
            settings.append(Setting(label, arguments, (share, failure)))
    fitted = f"C calibrated at n = {_CALIBRATION[0]}..{_CALIBRATION[-1]}, times {_MARGIN}"
    for size in SIZES[: 2 if effort.settings < 20 else 3]:
        for number, (loop, generation) in enumerate(_loops(size)):
            failure = _DELTAS[int(rng.integers(len(_DELTAS)))] if number < 4 else _DELTAS[0]
            arguments = {CLAIM: CALIBRATED, "C": _constant(), **_arguments(loop, generation, failure)}
            name = "fixed predictor" if isinstance(loop, CoinLoop) else "models that hide the real points"
            label = f"{fitted}, {name}, n = {size}, t = {generation}, delta = {failure}"
            settings.append(Setting(label, arguments, (loop, generation, failure)))
    return settings


def _measure(setting: Setting, effort: Effort, rng: np.random.Generator) -> Evidence:
    if setting.arguments[CLAIM] == CALIBRATED:
        return _measure_one(*setting.world)
    share, failure = setting.world
    loops = [CoinLoop(Drift(int(share * size), int((1 - share) * size), 0.0), 0.5) for size in SIZES]
    return Slope(np.array(SIZES, dtype=np.float64), tuple(_measure_one(loop, 1, failure) for loop in loops))


_CLAIMED = _claimed()


def _of_whole_bound(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Leave the exponent as it is."""
    return lambda expression: expression if expression.is_number else change(expression)


def _steeper(expression: Any) -> Any:
    """Let the rate gain a factor n^(-1/4)."""
    return expression - Rational(1, 4) if expression.is_number else expression * n ** Rational(-1, 4)


CHECKS = (
    Check(
        _CLAIMED,
        _settings,
        _measure,
        (
            plant(_CLAIMED, "faster by a factor n^(-1/4)", _steeper),
            plant(_CLAIMED, "recursive stability forgotten", _of_whole_bound(lambda e: e.subs(gamma, 0))),
            plant(_CLAIMED, "distribution shift forgotten", _of_whole_bound(lambda e: e.subs(d_tv, 0))),
        ),
    ),
)

"""Theorems that can be put to a loop of any model, and what each needs to be told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from verify.mixing import Mixture, Regime

_MIXED = (Regime.FRESH, Regime.REUSED)


@dataclass(frozen=True)
class Binding:
    """How a theorem is put to a loop.

    Parameters
    ----------
    id : str
    regimes : mapping of Regime to mapping
        The data regimes it speaks of, each with the choices that narrow the theorem to it.
    known : callable
        What the mixture says of the theorem's symbols.
    error : str
        Symbol of the error of one generation, which can be measured; empty if there is none.
    asserted : tuple of str
        Symbols that only the user can know.
    suits : callable
        Whether the sizes of a mixture are those the theorem speaks of.
    needs : str
        The mixtures that suit, in words.

    Examples
    --------
    >>> [binding.error for binding in BINDINGS if binding.id == "fu2025.distribution_shift"]
    ['d_tv']
    """

    id: str
    regimes: Mapping[Regime, Mapping[str, str]]
    known: Callable[[Mixture], Mapping[str, Any]]
    error: str = ""
    asserted: tuple[str, ...] = ()
    suits: Callable[[Mixture], bool] = lambda mixture: True
    needs: str = ""


def _nothing(mixture: Mixture) -> Mapping[str, Any]:
    return {}


def _share(mixture: Mixture) -> Mapping[str, Any]:
    return {"alpha": mixture.alpha} if mixture.regime in _MIXED else {}


def _phase(mixture: Mixture) -> Mapping[str, Any]:
    return {"n": mixture.real, "x": Fraction(mixture.synthetic, mixture.real)}


def _normal_loop(mixture: Mixture) -> Mapping[str, Any]:
    share: dict[Regime, dict[str, Any]] = {Regime.FRESH: {"alpha": mixture.alpha}, Regime.REUSED: {"lam": mixture.lam}}
    return {"n": mixture.first, **share.get(mixture.regime, {})}


def _equal_shares(mixture: Mixture) -> bool:
    return mixture.regime is not Regime.ACCUMULATE or mixture.synthetic == mixture.first


def _first_is_real(mixture: Mixture) -> bool:
    return mixture.real == mixture.first


def _one_size(mixture: Mixture) -> bool:
    added = 0 if mixture.regime is Regime.REUSED else mixture.synthetic
    return mixture.first == mixture.real + added


_PLAIN: Mapping[Regime, Mapping[str, str]] = {Regime.FRESH: {}, Regime.REUSED: {}}
_EQUAL = "as many draws of every generation as there are real points: accumulate(n)"
_BY_RATIO = "all real points of generation 1 in every later one: by_ratio(n, lam, ...)"
BINDINGS = (
    Binding(
        "fu2024.recursion",
        {
            Regime.REPLACE: {"schedule": "fully_synthetic"},
            **{regime: {"schedule": "real_plus_last"} for regime in _MIXED},
            Regime.ACCUMULATE: {"schedule": "balanced"},
        },
        _share,
        error="e",
        suits=_equal_shares,
        needs=_EQUAL,
    ),
    Binding("fu2024.fully_synthetic", {Regime.REPLACE: {}}, _nothing, error="e"),
    Binding("fu2024.real_plus_last", _PLAIN, _share, error="e"),
    Binding("fu2024.balanced", {Regime.ACCUMULATE: {}}, _nothing, error="e", suits=_equal_shares, needs=_EQUAL),
    Binding(
        "fu2024.phase_transition",
        {Regime.FRESH: {}},
        _phase,
        asserted=("c", "s"),
        suits=_first_is_real,
        needs=_BY_RATIO,
    ),
    Binding(
        "fu2024.phase_transition_reused",
        {Regime.REUSED: {}},
        _phase,
        asserted=("c", "s"),
        suits=_first_is_real,
        needs=_BY_RATIO,
    ),
    Binding("fu2025.distribution_shift", {Regime.REUSED: {}}, _share, error="d_tv"),
    Binding(
        "bertrand2024.normal_mean_loop",
        {Regime.REPLACE: {"data": "synthetic"}, Regime.FRESH: {"data": "fresh"}, Regime.REUSED: {"data": "reused"}},
        _normal_loop,
        suits=_one_size,
        needs="replace(n), by_share(n, alpha, Regime.FRESH) or by_ratio(n, lam, Regime.REUSED)",
    ),
)

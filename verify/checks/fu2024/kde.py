"""Loops of kernel density estimates against their explicit bounds, from above and from below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np
from sympy import Rational

from bounds.papers import fu2024 as theory
from bounds.symbols import n
from verify.check import Check, Control, Effort, Setting, Settings, plant
from verify.checks.fu2024._kde_loops import (
    NORMAL,
    SHARES,
    TWO,
    KdeLoop,
    as_setting,
    drawn_bandwidth,
    drawn_size,
    fresh,
    is_full,
    isotropic,
    measure,
    reused,
    reused_all,
)
from verify.data import NormalMixture
from verify.models.kde import IsotropicMixture

_TENTH, _QUARTER, _HALF = Fraction(1, 10), Fraction(1, 4), Fraction(1, 2)
_FORMS = ("second_moment", "variance")


# --- fresh real data ------------------------------------------------------------------------------------------------


def _fresh_setting(loop: KdeLoop, form: str) -> Setting:
    return as_setting(loop, n=loop.mixture.training_size(1), alpha=loop.mixture.alpha, form=form)


def _fresh_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    """All shares; both forms on the line, for a mixture and in space; with full effort up to generation 30."""
    settings = []
    for number in range(len(SHARES) * max(1, effort.settings // 20)):
        share, form = SHARES[number % len(SHARES)], _FORMS[number % 2]
        generation = int(rng.integers(2, 10 if is_full(effort) else 4))
        mixture = fresh(drawn_size(rng), share)
        settings.append(_fresh_setting(KdeLoop(NORMAL, mixture, drawn_bandwidth(rng), generation), form))
    for number, generation in enumerate((2, 1, 3) if is_full(effort) else (2,)):
        loop = KdeLoop(TWO, fresh(drawn_size(rng), SHARES[1 + number]), drawn_bandwidth(rng), generation)
        settings.append(_fresh_setting(loop, _FORMS[number % 2]))
    for dimension, form in ((2, "second_moment"), (3, "variance")):
        late = 6 if is_full(effort) else 2
        loop = KdeLoop(isotropic(dimension), fresh(100, _QUARTER), drawn_bandwidth(rng, 20, 32), late)
        settings.append(_fresh_setting(loop, form))
    if is_full(effort):
        for share, form in ((Fraction(0), "variance"), (_TENTH, "second_moment"), (_HALF, "variance")):
            settings.append(_fresh_setting(KdeLoop(NORMAL, fresh(400, share), _QUARTER, 30, part=_TENTH), form))
    return settings


def _reusing_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    """Loops that reuse a share of their real points, at the arguments of the bound for fresh ones."""
    part = Fraction(1, 20) if is_full(effort) else Fraction(1, 5)
    loop = KdeLoop(NORMAL, reused(4000, Fraction(3, 10)), Fraction(1, 50), 10, part)
    return [_fresh_setting(loop, "second_moment")]


def _as_generation_one(setting: Setting) -> Settings:
    """Hold a late generation against the bound for generation 1."""
    return lambda effort, rng: [replace(setting, arguments={**setting.arguments, "t": 1})]


def _later() -> tuple[Control, ...]:
    """Generation 12 of loops without real data, for every form of the bound and kind of law: none is beyond refutation."""

    def control(which: str, law: NormalMixture | IsotropicMixture, h: Fraction, form: str) -> Control:
        loop = KdeLoop(law, fresh(200, Fraction(0)), h, 12)
        name = f"of a later generation{which}"
        return Control(name, theory.KDE_LOOP, _as_generation_one(_fresh_setting(loop, form)))

    return (
        control("", NORMAL, _QUARTER, "second_moment"),
        control(", sharper form", NORMAL, _QUARTER, "variance"),
        control(", two normal laws", TWO, _QUARTER, "second_moment"),
        control(", two dimensions", isotropic(2), _HALF, "second_moment"),
        control(", three dimensions", isotropic(3), _HALF, "variance"),
    )


def _noisy_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    """A loop whose error is mostly noise, so that four times the points would halve it."""
    return [_fresh_setting(KdeLoop(NORMAL, fresh(200, _QUARTER), Fraction(1, 8), 2), "second_moment")]


# --- reused real data -----------------------------------------------------------------------------------------------


def _share_setting(loop: KdeLoop) -> Setting:
    return as_setting(loop, n=loop.mixture.first, alpha=loop.mixture.alpha, reused="share")


def _all_setting(loop: KdeLoop) -> Setting:
    return as_setting(loop, n=loop.mixture.first, lam=loop.mixture.lam, reused="all")


def _reused_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    """Both ways of reusing real data on the line, for a mixture and in space; with full effort up to generation 30."""
    settings = []
    latest = 7 if is_full(effort) else 3
    for share in SHARES if is_full(effort) else SHARES[1:4]:
        mixture = reused(drawn_size(rng), share)
        generation = int(rng.integers(2, latest + 1))
        settings.append(_share_setting(KdeLoop(NORMAL, mixture, drawn_bandwidth(rng), generation)))
    for ratio in (Fraction(1, 2), Fraction(1), Fraction(4), Fraction(9)) if is_full(effort) else (Fraction(3),):
        mixture = reused_all(drawn_size(rng), ratio)
        generation = int(rng.integers(2, latest + 1))
        settings.append(_all_setting(KdeLoop(NORMAL, mixture, drawn_bandwidth(rng), generation)))
    settings.append(_share_setting(KdeLoop(TWO, reused(drawn_size(rng), _QUARTER), drawn_bandwidth(rng), 2)))
    settings.append(_share_setting(KdeLoop(isotropic(2), reused(100, _HALF), drawn_bandwidth(rng, 20, 32), 2)))
    settings.append(_all_setting(KdeLoop(isotropic(3), reused_all(100, 2), drawn_bandwidth(rng, 20, 32), 2)))
    if is_full(effort):
        settings.append(_all_setting(KdeLoop(TWO, reused_all(drawn_size(rng), 2), drawn_bandwidth(rng), 2)))
        settings.append(_share_setting(KdeLoop(NORMAL, reused(400, _TENTH), _QUARTER, 30, part=_TENTH)))
        settings.append(_all_setting(KdeLoop(NORMAL, reused_all(100, 3), _QUARTER, 15)))
    return settings


def _wrong_count_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    """Loops that reuse all their real points, with n counting the synthetic ones as well."""
    loop = KdeLoop(NORMAL, reused_all(100, 3), Fraction(1, 8), 2)
    setting = _all_setting(loop)
    return [replace(setting, arguments={**setting.arguments, "n": loop.mixture.training_size(2)})]


def _reused_later() -> tuple[Control, ...]:
    """Generation 12 of loops with little real data, for both ways of reusing it and every kind of law."""

    def control(which: str, setting: Setting) -> Control:
        return Control(f"of a later generation{which}", theory.KDE_LOOP_REUSED, _as_generation_one(setting))

    share, ratio = reused(200, _TENTH), reused_all(100, 9)
    return (
        control("", _share_setting(KdeLoop(NORMAL, share, _QUARTER, 12))),
        control(", two normal laws", _share_setting(KdeLoop(TWO, share, _QUARTER, 12))),
        control(", two dimensions", _share_setting(KdeLoop(isotropic(2), share, _HALF, 12))),
        control(", all reused, three dimensions", _all_setting(KdeLoop(isotropic(3), ratio, _HALF, 12))),
    )


# --- from below -----------------------------------------------------------------------------------------------------


def _lower_setting(loop: KdeLoop) -> Setting:
    return as_setting(loop, alpha=loop.mixture.alpha)


def _lower_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    """Wide kernels, where the loop comes near the bound: fresh and reused data, all shares, in one to three dimensions."""
    settings = []
    mixtures = [fresh(drawn_size(rng), share) for share in SHARES]
    mixtures += [reused(drawn_size(rng), share) for share in SHARES[1:4]] + [reused_all(100, 3)]
    for mixture in mixtures:
        generation = int(rng.integers(2, 31 if is_full(effort) else 8))
        part = Fraction(1, 8) if is_full(effort) else _QUARTER
        settings.append(_lower_setting(KdeLoop(NORMAL, mixture, drawn_bandwidth(rng, 14, 24), generation, part)))
    settings.append(_lower_setting(KdeLoop(TWO, fresh(200, _QUARTER), drawn_bandwidth(rng, 14, 24), 3)))
    for dimension in (2, 3):
        mixture = (fresh, reused)[dimension - 2](200, _HALF)
        settings.append(_lower_setting(KdeLoop(isotropic(dimension), mixture, drawn_bandwidth(rng, 20, 28), 3)))
    return settings


def _biased_settings(effort: Effort, rng: np.random.Generator) -> Sequence[Setting]:
    """A loop so wide and so large that its distance is almost that of its mean."""
    return [_lower_setting(KdeLoop(NORMAL, fresh(1000, _QUARTER), Fraction(3, 4), 3))]


def _no_real_data() -> tuple[Control, ...]:
    """Loops with half real data held against the bound for none, for every kind of law."""

    def control(which: str, law: NormalMixture | IsotropicMixture) -> Control:
        setting = as_setting(KdeLoop(law, fresh(400, _HALF), _HALF, 6), alpha=0)
        name = f"for no real data where half is real{which}"
        return Control(name, theory.KDE_LOOP_LOWER, lambda effort, rng: [setting])

    return (
        control("", NORMAL),
        control(", two normal laws", TWO),
        control(", two dimensions", isotropic(2)),
        control(", three dimensions", isotropic(3)),
    )


def _on(control: Control, settings: Settings) -> Control:
    """Judge a planted theorem on settings of its own: enclosing such bounds at every setting would take long."""
    return replace(control, settings=settings)


CHECKS = (
    Check(
        theory.KDE_LOOP,
        _fresh_settings,
        measure,
        (
            Control("of a loop that reuses its real data", theory.KDE_LOOP, _reusing_settings),
            *_later(),
            _on(plant(theory.KDE_LOOP, "four times the points", lambda e: e.subs(n, 4 * n)), _noisy_settings),
        ),
    ),
    Check(
        theory.KDE_LOOP_REUSED,
        _reused_settings,
        measure,
        (
            Control("n counts synthetic points too", theory.KDE_LOOP_REUSED, _wrong_count_settings),
            *_reused_later(),
        ),
    ),
    Check(
        theory.KDE_LOOP_LOWER,
        _lower_settings,
        measure,
        (
            *_no_real_data(),
            _on(plant(theory.KDE_LOOP_LOWER, "a quarter more", lambda e: e * Rational(5, 4)), _biased_settings),
        ),
    ),
)

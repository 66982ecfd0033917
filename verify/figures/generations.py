"""Bounds against loops, generation by generation."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from bounds import get
from verify.data import NormalMixture
from verify.evidence import Evidence, KnownVarianceSample
from verify.figures.style import (
    BLACK,
    BLUE,
    COLORS,
    DASHED,
    DASHES,
    GREEN,
    INK,
    MARKERS,
    ORANGE,
    legend_above,
    mark_intervals,
    plain_log,
)
from verify.mixing import Mixture, Regime, by_share, replace
from verify.models.categorical import expected_tv
from verify.models.kde import Fixed, kde_loop
from verify.models.normal import exact_std, normal_loop

_GENERATIONS = 60
_ERROR = 0.01  # probability that any interval of a figure misses
_LEVEL = _ERROR / 24  # the figure of the normal loop has 24 of them


def normal_loop_axes(
    axes: Axes, rng: np.random.Generator, sizes: Sequence[int] = (10, 30, 100), replicates: int = 20_000
) -> Axes:
    """Draw the standard deviation of normal loops against the bound of bertrand2024 Proposition 1.

    Parameters
    ----------
    axes : matplotlib Axes
    rng : numpy.random.Generator
    sizes : sequence of int
        Training-set sizes n, each at least 4.
    replicates : int
        Independent loops per size.

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> from verify.figures import new_figure
    >>> axes = normal_loop_axes(new_figure()[1], np.random.default_rng(0), (10,), replicates=50)
    >>> axes.get_xlabel()
    'generation $t$'
    """
    theorem = get("bertrand2024.gaussian_collapse")
    generations = np.arange(_GENERATIONS + 1)
    shown = np.arange(0, _GENERATIONS + 1, 10)[1:]
    for n, color, dashes, marker in zip(sizes, COLORS, DASHES, MARKERS, strict=False):
        bound = [theorem.evaluate(n=n, t=int(t), sigma=1) for t in generations]
        stds = normal_loop(rng, replace(n), _GENERATIONS, replicates).stds
        axes.plot(generations, bound, color=color, linestyle=dashes, linewidth=1.1)
        evidence = [KnownVarianceSample(stds[:, t], exact_std(n, int(t)).variance) for t in shown]
        _mark(axes, shown, evidence, _LEVEL, color, marker)
        axes.annotate(
            f"$n={n}$", (_GENERATIONS, bound[-1]), (6, 0), textcoords="offset points", va="center", color=color
        )
    axes.set(xlabel="generation $t$", ylabel=r"$\mathbb{E}\,\sigma_t\,/\,\sigma_0$", xlim=(0, _GENERATIONS))
    axes.set_ylim(0, 1.15)
    axes.text(0.03, 0.05, "lines: bound $c_4(n)^t$\nmarks: measured", transform=axes.transAxes, color=INK)
    return axes


def _mark(
    axes: Axes,
    shown: Sequence[int] | np.ndarray,
    evidence: Sequence[Evidence],
    level: float,
    color: str,
    marker: str,
    label: str = "",
) -> None:
    estimates, limits = [one.estimate for one in evidence], [one.interval(level) for one in evidence]
    mark_intervals(axes, shown, estimates, limits, color, marker, label)


def mixed_loop_axes(axes: Axes, rng: np.random.Generator, n: int = 10, replicates: int = 20_000) -> Axes:
    """Add a normal loop that trains on real points as well: half of every training set is real and fresh.

    Parameters
    ----------
    axes : matplotlib Axes
        With generations as abscissa.
    rng : numpy.random.Generator
    n : int
        Training-set size, even.
    replicates : int
        Independent loops.

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> from verify.figures import new_figure
    >>> axes = mixed_loop_axes(new_figure()[1], np.random.default_rng(0), replicates=50)
    >>> len(axes.texts)
    1
    """
    shown = np.arange(5, _GENERATIONS, 10)
    exact = get("bertrand2024.normal_mixed_moments")
    stds = normal_loop(rng, by_share(n, "1/2", Regime.FRESH), _GENERATIONS, replicates).stds
    # The variance of a nonnegative variable is at most its second moment, which is known exactly here.
    seconds = [exact.evaluate(n=n, t=int(t), alpha="1/2", statistic="variance") for t in shown]
    evidence = [KnownVarianceSample(stds[:, t], second) for t, second in zip(shown, seconds, strict=True)]
    _mark(axes, shown, evidence, _LEVEL, BLACK, "s")
    axes.annotate(
        f"$n={n}$, half real", (shown[-3], evidence[-3].estimate), (0, 7), textcoords="offset points", ha="center"
    )
    return axes


def kde_loop_axes(
    axes: Axes,
    rng: np.random.Generator,
    n: int = 1000,
    alpha: Fraction | str = "1/2",
    h: Fraction | str = "1/4",
    generations: int = 10,
    replicates: int = 400,
) -> Axes:
    """Draw loops of density estimates of a normal law between their bounds, with fresh and with reused real data.

    Parameters
    ----------
    axes : matplotlib Axes
    rng : numpy.random.Generator
    n : int
        Training-set size.
    alpha : Fraction or str
        Real share, with ``alpha n`` whole.
    h : Fraction or str
        Bandwidth, in standard deviations of the data.
    generations : int
        T, at least 1.
    replicates : int
        Independent loops of each kind.

    Returns
    -------
    matplotlib Axes
        The bounds are fu2024 `kde_loop`, `kde_loop_reused` and `kde_loop_lower`; all intervals hold jointly with
        probability 0.99.

    Examples
    --------
    >>> from verify.figures import new_figure
    >>> axes = kde_loop_axes(new_figure()[1], np.random.default_rng(0), n=100, generations=2, replicates=20)
    >>> [line.get_label() for line in axes.lines[:2]]
    ['bound, reused', 'measured, reused']
    """
    share, width, shown = Fraction(alpha), Fraction(h), np.arange(1, generations + 1)
    common: dict[str, Any] = {"alpha": share, "h": width, "sigma": 1, "space": "line"}
    # Set a little apart, so that their intervals can be told.
    regimes: tuple[tuple[Regime, str, dict[str, Any], str, Any, str, float], ...] = (
        (Regime.REUSED, "fu2024.kde_loop_reused", {"reused": "share"}, ORANGE, "-", "^", -0.08),
        (Regime.FRESH, "fu2024.kde_loop", {"form": "variance"}, BLUE, DASHED, "o", 0.08),
    )
    for regime, theorem_id, choices, color, dashes, marker, aside in regimes:
        bound = [get(theorem_id).evaluate(n=n, t=int(t), **choices, **common) for t in shown]
        axes.plot(shown, bound, color=color, linestyle=dashes, linewidth=1.1, label=f"bound, {regime.value}")
        loop = kde_loop(
            rng,
            NormalMixture.normal(),
            by_share(n, share, regime),
            generations,
            replicates,
            bandwidth=Fixed(float(width)),
            error=3e-4,
        )
        evidence = [loop.evidence(int(t)) for t in shown]
        _mark(axes, shown + aside, evidence, _ERROR / (2 * generations), color, marker, f"measured, {regime.value}")
        if regime is Regime.REUSED:  # third in the legend, so that each regime has a column
            lower = [get("fu2024.kde_loop_lower").evaluate(t=int(t), **common) for t in shown]
            axes.plot(shown, lower, color=BLACK, linewidth=1.1, linestyle=DASHES[2], label="lower bound, both")
    axes.set(xlabel="generation $t$", ylabel=r"$\mathbb{E}\,\mathrm{TV}(p_t,p_0)$", xlim=(0.6, generations + 0.4))
    axes.set_ylim(bottom=0)
    legend_above(axes)
    return axes


def categorical_loop_axes(
    axes: Axes, law: Sequence[float] = (0.4, 0.3, 0.2, 0.1), n: int = 40, generations: int = 30
) -> Axes:
    """Draw the exact expected distance of loops of cell frequencies, between the bounds from their squared distance.

    Parameters
    ----------
    axes : matplotlib Axes
    law : sequence of float
        The real law on k cells.
    n : int
        Training-set size, even, up to about a hundred.
    generations : int
        T, at least 1.

    Returns
    -------
    matplotlib Axes
        The bounds are fu2025 `categorical_loop_upper` and `categorical_loop_lower`; nothing is sampled.

    Examples
    --------
    >>> from verify.figures import new_figure
    >>> axes = categorical_loop_axes(new_figure()[1], (0.5, 0.5), n=4, generations=3)
    >>> len(axes.lines)
    9
    """
    collision = sum((Fraction(str(p)) ** 2 for p in law), Fraction(0))
    generation = np.arange(1, generations + 1)
    half = Fraction(1, 2)
    loops: tuple[tuple[str, str, Fraction, Mixture, str, str], ...] = (
        ("none real", "fresh", Fraction(0), replace(n), ORANGE, "o"),
        ("half reused", "reused", half, by_share(n, half, Regime.REUSED), GREEN, "^"),
        ("half fresh", "fresh", half, by_share(n, half, Regime.FRESH), BLUE, "s"),
    )
    for label, data, alpha, mixture, color, marker in loops:
        numbers: dict[str, Any] = {"n": n, "alpha": alpha, "collision": collision, "data": data}
        upper = [get("fu2025.categorical_loop_upper").evaluate(t=int(t), k=len(law), **numbers) for t in generation]
        lower = [get("fu2025.categorical_loop_lower").evaluate(t=int(t), **numbers) for t in generation]
        exact = [found.value for found in expected_tv(law, mixture, generations)]
        axes.plot(generation, upper, color=color, linewidth=1.0)
        axes.plot(generation, lower, color=color, linewidth=1.0, linestyle=DASHED)
        every = max(1, generations // 6)
        axes.plot(
            generation[::every],
            exact[::every],
            marker,
            color=color,
            markersize=3.4,
            markerfacecolor="white",
            label=label,
        )
    axes.set(
        xlabel="generation $t$",
        ylabel=r"$\mathbb{E}\,\mathrm{TV}(p_t,p_0)$",
        xlim=(0, generations + 1),
    )
    plain_log(axes)
    legend_above(axes, columns=3)
    return axes

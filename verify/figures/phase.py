"""The phase transition in the amount of synthetic data: the bound with its peak, and a loop that was run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from matplotlib.axes import Axes

from bounds import get
from bounds.papers.fu2024 import peak
from verify.figures.style import BLACK, BLUE, COLORS, DASHED, DASHES, GREY, INK, MARKERS, ORANGE, SKY, mark_intervals
from verify.phase import PhaseTransition


def phase_transition_axes(
    axes: Axes,
    exponent: Fraction | str = "1/2",
    generations: Sequence[int] = (2, 3, 5, 10),
    data: str = "fresh",
    largest: float = 1000.0,
) -> Axes:
    """Draw the phase transition bound over the synthetic-to-real ratio, and mark its peaks.

    Parameters
    ----------
    axes : matplotlib Axes
    exponent : Fraction or str
        s in (0, 1), with which the learner's error falls.
    generations : sequence of int
        At most six, each at least 2.
    data : {"fresh", "reused"}
        Whether the real points are fresh in every generation or the same.
    largest : float
        Largest ratio shown.

    Returns
    -------
    matplotlib Axes
        In units of the error without synthetic data, ``c n^-s``.

    Examples
    --------
    >>> from verify.figures import new_figure
    >>> axes = phase_transition_axes(new_figure()[1], generations=(2,))
    >>> round(float(axes.lines[2].get_xdata()[0]), 9)
    3.0
    """
    theorem = get("fu2024.phase_transition" if data == "fresh" else "fu2024.phase_transition_reused")
    ratios = np.geomspace(0.05, largest, 300)
    axes.axhline(1, color=GREY, linewidth=0.7)
    for t, color, dashes, marker in zip(generations, COLORS, DASHES, MARKERS, strict=False):
        height = theorem.evaluate(n=1, c=1, s=exponent, t=t, x=ratios)
        axes.plot(ratios, height, color=color, linestyle=dashes, linewidth=1.2, label=f"$t={t}$")
        found = peak(t, exponent, data)
        worst = (found.lower + found.upper) / 2
        top = theorem.evaluate(n=1, c=1, s=exponent, t=t, x=worst)
        axes.plot([worst], [top], marker, color=color, markersize=4, markerfacecolor="white")
        axes.annotate(
            f"$t={t}$",
            (worst, top),
            (0, 3),
            textcoords="offset points",
            ha="center",
            va="bottom",
            color=color,
            fontsize=7,
        )
    axes.set(
        xscale="log",
        xlabel="synthetic points per real point, $x=m/n$",
        ylabel=r"bound / $c\,n^{-s}$",
        xlim=(ratios[0], largest),
    )
    axes.margins(y=0.12)
    return axes


def observed_transition_axes(axes: Axes, seen: PhaseTransition) -> Axes:
    """Draw a loop's measured distances over the synthetic-to-real ratio, with where it is worst and where the bound is.

    Parameters
    ----------
    axes : matplotlib Axes
    seen : PhaseTransition
        As `verify.phase.observe_phase_transition` returns it.

    Returns
    -------
    matplotlib Axes
        The shaded band is `PhaseTransition.bracket`; the dashed line is the peak of the bound, not of the loop.

    Examples
    --------
    >>> from bounds.papers.fu2024 import peak
    >>> from verify.evidence import Computed
    >>> from verify.figures import new_figure
    >>> heights = tuple(Computed(height, 0.01) for height in (0.1, 0.3, 0.1))
    >>> seen = PhaseTransition(100, 2, tuple(map(Fraction, (0, 2, 8))), heights, peak(2, "1/2"), 0.05)
    >>> [text.get_text() for text in observed_transition_axes(new_figure()[1], seen).texts]
    ['peak of the bound', 'loop worst here', 'no synthetic data']
    """
    ratios = [float(ratio) for ratio in seen.ratios]
    least = min(ratio for ratio in ratios if ratio > 0)
    axes.set_xscale("symlog", linthresh=least, linscale=0.5)
    axes.set_xlim(-0.12 * least, ratios[-1] * 1.25)
    limits, bracket = seen.limits, seen.bracket
    low, high = min(one.lower for one in limits), max(one.upper for one in limits)
    axes.set_ylim(low - 0.15 * (high - low), high + 0.1 * (high - low))
    right = bracket.upper if math.isfinite(bracket.upper) else axes.get_xlim()[1]
    axes.axvspan(bracket.lower, right, color=SKY, alpha=0.25, linewidth=0)
    mark_intervals(axes, ratios, seen.estimates, limits, BLUE, "o")
    axes.plot(ratios, seen.estimates, color=BLUE, linewidth=0.6, alpha=0.6)
    axes.axvline(seen.predicted.lower, color=ORANGE, linewidth=1.0, linestyle=DASHED)
    top = axes.get_xaxis_transform()
    axes.annotate(
        "peak of the bound",
        (seen.predicted.lower, 0.03),
        (-3, 0),
        xycoords=top,
        textcoords="offset points",
        ha="right",
        color=ORANGE,
    )
    middle = math.sqrt(max(bracket.lower, least) * right)
    axes.text(middle, 1.01, "loop worst here", transform=top, ha="center", va="bottom", color=INK)
    if ratios[0] == 0:
        axes.axhline(seen.estimates[0], color=BLACK, linewidth=0.7, linestyle=DASHES[2])
        axes.annotate(
            "no synthetic data",
            (1, seen.estimates[0]),
            (0, -3),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
            ha="right",
            va="top",
            color=INK,
        )
    axes.set(
        xlabel="synthetic points per real point, $x=m/n$", ylabel=rf"$\mathbb{{E}}\,\mathrm{{TV}}(p_{seen.t},p_0)$"
    )
    return axes

"""Pictures of whole runs: how near to its bound everything measured came, and what the checks detect."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from verify.evidence import Verdict
from verify.figures.style import AMBER, BLACK, BLUE, GREEN, GREY, INK, ORANGE
from verify.power_results import Power, SettingPower
from verify.rates import CLAIM, EXPONENT
from verify.results import Result

LEAST = 1e-3
"""What is less tight than this is drawn at the left edge."""
MOST = 100.0
"""What lies further beyond its bound than this is drawn there."""

_STYLES = {
    Verdict.CONSISTENT: (BLUE, "o", "consistent"),
    Verdict.EXACT: (GREEN, "s", "exact"),
    Verdict.INCONCLUSIVE: (AMBER, "D", "inconclusive"),
    Verdict.VIOLATED: (ORANGE, "X", "violated"),
}
_ROW = 0.165  # inches
_FRAME = 0.75


@dataclass(frozen=True)
class Tightness:
    """How near to its bound a result came.

    Parameters
    ----------
    value : float
        1 where the bound is attained, below 1 where there is room, above 1 where the estimate lies beyond the bound.
    lower, upper : float
        The same for the ends of the interval.

    Examples
    --------
    >>> Tightness(0.5, 0.4, 0.6).value
    0.5
    """

    value: float
    lower: float
    upper: float


def tightness(result: Result) -> Tightness | None:
    """Return how near to its bound a result came, in [0, 1] where the bound holds.

    Parameters
    ----------
    result : Result

    Returns
    -------
    Tightness or None
        None where no quotient tells: the bound or the estimate is 0 or infinite, their signs differ, or they are
        exponents of a rate.

    Examples
    --------
    >>> result = Result("x.y", "", {}, "", "lower", 0.5, 1.0, (0.8, 2.0), 2.0, Verdict.CONSISTENT, 9, 1)
    >>> tightness(result)
    Tightness(value=0.5, lower=0.25, upper=0.625)
    """
    bound, measured = result.bound, result.measured
    if (
        result.inputs.get(CLAIM) == EXPONENT
        or not (math.isfinite(bound) and math.isfinite(measured))
        or bound * measured <= 0
    ):
        return None
    # An upper bound on a negative number is attained from below its size, as a lower one on a positive number is.
    inverted = result.direction != "exact" and (result.direction == "lower") == (bound > 0)

    def quotient(value: float) -> float:
        if value * bound <= 0:
            return math.inf if inverted else 0.0
        return bound / value if inverted else value / bound

    ends = sorted(quotient(end) for end in result.ci)
    return Tightness(quotient(measured), ends[0], ends[-1])


def tightness_height(results: Sequence[Result]) -> float:
    """Return the height in inches at which `tightness_axes` can be read."""
    return _FRAME + _ROW * max(2, len({result.id for result in results}))


def tightness_axes(axes: Axes, results: Sequence[Result]) -> Axes:
    """Draw every result of a run as a dot: its distance from the line is the room that the bound leaves.

    Parameters
    ----------
    axes : matplotlib Axes
    results : sequence of Result
        At least one, best of one paper; theorems are named without the paper's key if they all share it.

    Returns
    -------
    matplotlib Axes
        Results below 1/1000 stand at the left edge; those that `tightness` cannot tell are left out.

    Examples
    --------
    >>> from verify.figures import new_figure
    >>> result = Result("x.y", "", {}, "", "upper", 1.0, 0.5, (0.4, 0.6), 0.5, Verdict.CONSISTENT, 9, 1)
    >>> [label.get_text() for label in tightness_axes(new_figure()[1], [result]).get_yticklabels()]
    ['y']
    """
    ids = list(dict.fromkeys(result.id for result in results))
    _rows(axes, ids)
    axes.axvline(1, color=GREY, linewidth=0.7)
    largest, handles = 1.0, []
    for verdict, (color, marker, name) in _STYLES.items():
        mine = [(ids.index(r.id), found) for r in results if r.verdict is verdict and (found := tightness(r))]
        if not mine:
            continue
        rows = [row for row, _ in mine]
        shown = [min(max(found.value, LEAST), MOST) for _, found in mine]
        starts, ends = [max(found.lower, LEAST) for _, found in mine], [min(found.upper, MOST) for _, found in mine]
        axes.hlines(rows, starts, ends, color=color, linewidth=1.0, alpha=0.35)
        style: dict[str, Any] = {"linestyle": "", "color": color, "alpha": 0.75, "markeredgewidth": 0, "clip_on": False}
        for least, shape in ((False, marker), (True, "<")):
            chosen = [(x, row) for x, row in zip(shown, rows, strict=True) if (x <= LEAST) is least]
            if chosen:
                axes.plot(*zip(*chosen, strict=True), marker=shape, markersize=3.2, **style)
        largest = max(largest, *shown, *ends)
        handles.append(Line2D([], [], color=color, marker=marker, linestyle="", markersize=3.6, label=name))
    axes.set(xscale="log", xlim=(LEAST, 1.3 * largest), xlabel="tightness (1: attained)")
    axes.set_xticks([1e-3, 1e-2, 1e-1, 1], ["≤0.001", "0.01", "0.1", "1"])
    _legend_over(axes, handles)
    return axes


def _rows(axes: Axes, ids: Sequence[str]) -> None:
    keys = {name.partition(".")[0] for name in ids}
    labels = [name.partition(".")[2] or name for name in ids] if len(keys) == 1 else ids
    axes.set_yticks(range(len(ids)), labels)
    axes.set_ylim(len(ids) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.hlines(range(len(ids)), 0, 1, transform=axes.get_yaxis_transform(), color="#DDDDDD", linewidth=0.5, zorder=0)


def _legend_over(axes: Axes, handles: Sequence[Line2D]) -> None:
    axes.legend(
        handles=list(handles), loc="lower right", bbox_to_anchor=(1.02, 1.0), ncols=len(handles), frameon=False,
        columnspacing=1.0, handletextpad=0.1, borderaxespad=0.2,
    )  # fmt: skip


def power_height(found: Power) -> float:
    """Return the height in inches at which `power_axes` can be read."""
    return _FRAME + _ROW * max(2, len(found.ids))


def power_axes(axes: Axes, found: Power, target: float = 0.1) -> Axes:
    """Draw the smallest violation that each check detects.

    Parameters
    ----------
    axes : matplotlib Axes
    found : Power
        As `verify.power.power` returns it, with at least one check.
    target : float
        The violation marked by a line, as a share of the bound.

    Returns
    -------
    matplotlib Axes
        Small dots are settings; a large one is what the check detects in one run. A check that detects nothing is said
        to.

    Examples
    --------
    >>> from verify.figures import new_figure
    >>> from verify.power_results import CheckPower
    >>> check = CheckPower("x.y", "upper", 0, (SettingPower("a", "Computed", 0.02, None),))
    >>> axes = power_axes(new_figure()[1], Power("quick", (0,), (1e-3,), (check,)))
    >>> axes.get_xlabel()
    'smallest violation detected'
    """
    _rows(axes, found.ids)
    axes.axvline(target, color=GREY, linewidth=0.7, linestyle=(0, (4, 2)))
    largest = target
    for row, name in enumerate(found.ids):
        for check in found.of(name):
            settings = [
                v for v in map(_of_setting, check.settings, [check.direction] * len(check.settings)) if v is not None
            ]
            axes.plot([max(v, _FLOOR) for v in settings], [row] * len(settings), "o", color=BLUE, markersize=2.2,
                      alpha=0.35, markeredgewidth=0)  # fmt: skip
            if check.smallest is None:
                axes.annotate(
                    "nothing", (1, row), xycoords=("axes fraction", "data"), ha="right", va="center", color=INK
                )
            else:
                seen = check.detects(target)
                axes.plot([max(check.smallest, _FLOOR)], [row], "o" if seen else "D", color=BLACK if seen else ORANGE,
                          markersize=3.6, zorder=3, clip_on=False)  # fmt: skip
            largest = max(largest, *settings, check.smallest or 0.0, target)
    axes.set(xscale="log", xlim=(_FLOOR, 1.5 * largest), xlabel="smallest violation detected")
    styles: tuple[tuple[str, str, float, str], ...] = (
        (BLUE, "o", 2.2, "a setting"),
        (BLACK, "o", 3.6, f"a check, sees {target:.0%}"),
        (ORANGE, "D", 3.6, "misses it"),
    )
    _legend_over(
        axes, [Line2D([], [], color=c, marker=m, linestyle="", markersize=s, label=t) for c, m, s, t in styles]
    )
    return axes


_FLOOR = 1e-6  # smaller violations are not told apart


def _of_setting(setting: SettingPower, direction: str) -> float | None:
    """Smallest violation that a setting detects on every side that its theorem has."""
    sides: dict[str, tuple[Any, ...]] = {
        "upper": (setting.smaller,),
        "lower": (setting.larger,),
        "exact": (setting.smaller, setting.larger),
    }
    values = sides[direction]
    return None if None in values else max(values)

"""What all figures share: size, colours, marks for intervals, and how a figure becomes files."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from verify.evidence import Interval

COLUMN_WIDTH = 3.3
"""Inches: one column of a two-column paper."""

BLUE, ORANGE, GREEN, PURPLE, BLACK, GREY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000", "#777777"
SKY, AMBER, INK = "#56B4E9", "#E69F00", "#444444"

DASHED, DOTTED, MIXED = (0, (5, 1.5)), (0, (1.5, 1)), (0, (5, 1.5, 1, 1.5))
COLORS = (ORANGE, GREEN, BLUE, PURPLE, AMBER, BLACK)
DASHES: tuple[Any, ...] = ("-", DASHED, DOTTED, MIXED, (0, (3, 1, 1, 1, 1, 1)), (0, (8, 2)))
MARKERS = "o^vDsP"
"""Curves differ in all three, so that a figure can be read without colours."""

FORMATS = ("pdf", "png", "svg")
_DPI = 220
# No dates, so that the same figure gives the same bytes.
_METADATA: dict[str, dict[str, Any]] = {"pdf": {"CreationDate": None}, "svg": {"Date": None}, "png": {}}
SETTINGS: dict[str, Any] = {
    "font.size": 8,
    "axes.linewidth": 0.6,
    "legend.fontsize": 7,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "hatch.linewidth": 0.4,
    "pdf.fonttype": 42,
    "svg.hashsalt": "loopbounds",
    "svg.fonttype": "path",
    "mathtext.default": "it",
}
"""Matplotlib's settings while a figure is drawn and saved."""


def new_figure(height: float = 2.3) -> tuple[Figure, Axes]:
    """Make an empty figure one column wide, outside of pyplot's state.

    Parameters
    ----------
    height : float
        Inches.

    Returns
    -------
    tuple of matplotlib Figure and Axes

    Examples
    --------
    >>> new_figure()[0].get_size_inches().tolist()
    [3.3, 2.3]
    """
    figure = Figure(figsize=(COLUMN_WIDTH, height), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def drawing() -> AbstractContextManager[None]:
    """Return a context in which figures are drawn with `SETTINGS`, and a caller's own settings stay as they are.

    Examples
    --------
    >>> from matplotlib import rcParams
    >>> with drawing():
    ...     rcParams["legend.fontsize"]
    7.0
    """
    return rc_context(SETTINGS)  # type: ignore[arg-type, unused-ignore]  # newer matplotlib knows its settings by name


def save_figure(figure: Figure, directory: Path, name: str, formats: Sequence[str] = FORMATS) -> tuple[Path, ...]:
    """Save a figure; the same figure gives the same bytes.

    Parameters
    ----------
    figure : matplotlib Figure
    directory : Path
    name : str
        Of the files, without their endings.
    formats : sequence of {"pdf", "png", "svg"}

    Returns
    -------
    tuple of Path

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as parent:
    ...     [path.name for path in save_figure(new_figure()[0], Path(parent), "empty", ("svg",))]
    ['empty.svg']
    """
    found = []
    with drawing():
        for kind in formats:
            found.append(directory / f"{name}.{kind}")
            figure.savefig(found[-1], metadata=_METADATA[kind], dpi=_DPI)
    return tuple(found)


def mark_intervals(
    axes: Axes,
    places: Sequence[float] | np.ndarray,
    estimates: Sequence[float],
    limits: Sequence[Interval],
    color: str,
    marker: str,
    label: str = "",
) -> Axes:
    """Mark estimates, each with its interval as a bar.

    Parameters
    ----------
    axes : matplotlib Axes
    places, estimates : sequence of float
        Abscissae and ordinates.
    limits : sequence of Interval
    color, marker : str
    label : str
        For a legend; none if empty.

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> axes = mark_intervals(new_figure()[1], [1.0], [0.5], [Interval(0.4, 0.6)], BLUE, "o")
    >>> axes.lines[0].get_ydata().tolist()
    [0.5]
    """
    lower, upper = [one.lower for one in limits], [one.upper for one in limits]
    axes.vlines(places, lower, upper, color=color, linewidth=1.6, alpha=0.55, clip_on=False)
    axes.plot(
        places,
        estimates,
        marker,
        color=color,
        markersize=3.2,
        markerfacecolor="white",
        markeredgewidth=0.9,
        clip_on=False,
        label=label or None,
    )
    return axes


def plain_log(axes: Axes) -> None:
    """Make the ordinate logarithmic, with plain numbers at 1, 2 and 5 times powers of ten where those are few."""
    axes.set_yscale("log")
    low, high = axes.get_ylim()
    if high / low < 200:
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, position: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())


def legend(axes: Axes, **where: Any) -> None:
    """Put a plain legend inside the axes."""
    axes.legend(**{"frameon": False, "handlelength": 2.4, "labelspacing": 0.3, "borderaxespad": 0.3, **where})


def legend_above(axes: Axes, columns: int = 2) -> None:
    """Put a plain legend above the axes, where it hides nothing."""
    legend(axes, loc="lower left", bbox_to_anchor=(0, 1.0), ncols=columns, columnspacing=1.0, handletextpad=0.4)

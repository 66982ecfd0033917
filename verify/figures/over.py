"""A bound over one of its symbols."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.mathtext import MathTextParser
from matplotlib.ticker import FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from bounds import ArgumentError, HypothesisError, Parameter, Theorem
from bounds.numerals import read_number, show_number
from verify.figures.style import COLORS, DASHES, GREY, INK, legend_above

Array = NDArray[np.float64]

_FEW = 12  # points are marked where there are no more than this


def bound_values(theorem: Theorem, symbol: str, values: Sequence[Any], given: Mapping[str, Any]) -> Array:
    """Evaluate a theorem over one symbol.

    Parameters
    ----------
    theorem : Theorem
    symbol : str
        Any spelling that `Theorem.evaluate` takes.
    values : sequence of numbers
        Exact ones are read exactly.
    given : mapping
        All other arguments.

    Returns
    -------
    ndarray
        nan where a hypothesis fails.

    Raises
    ------
    ArgumentError
        If an argument is missing, unknown or outside its domain.

    Examples
    --------
    >>> from bounds import get
    >>> bound_values(get("ferbach2024.kl_ball"), "lam", [0, 1], {"K": 2}).tolist()
    [0.0, nan]
    """
    grid = np.array(_doubles(symbol, values))
    for name, value in given.items():
        if isinstance(value, Fraction | int):
            _doubles(name, [value])
    return np.asarray(theorem.evaluate(**{**given, symbol: grid}), dtype=np.float64)


def _doubles(name: str, values: Sequence[Any]) -> list[float]:
    try:
        return [float(value) for value in values]
    except OverflowError:
        raise ArgumentError(f"{name} goes beyond 1e308, which cannot be drawn; take smaller numbers") from None


def bound_axes(
    axes: Axes,
    theorem: Theorem,
    symbol: str,
    values: Sequence[Any],
    given: Mapping[str, Any],
    *,
    family: tuple[str, Sequence[Any]] | None = None,
    logarithmic: bool = False,
) -> Axes:
    """Draw a bound over one symbol, shaded where it is no better than the trivial one.

    Parameters
    ----------
    axes : matplotlib Axes
    theorem : Theorem
    symbol : str
        Any spelling that `Theorem.evaluate` takes.
    values : sequence of numbers
        Ascending, at least two.
    given : mapping
        All other arguments, choices included.
    family : (str, sequence of numbers), optional
        A second symbol and at most six values of it: one curve each.
    logarithmic : bool
        Whether the symbol's axis is.

    Returns
    -------
    matplotlib Axes
        Without a curve where a hypothesis fails.

    Raises
    ------
    ArgumentError
        If an argument is missing, unknown or outside its domain, or the family is too large.
    HypothesisError
        If no value is finite.

    Examples
    --------
    >>> from bounds import get
    >>> from verify.figures import new_figure
    >>> axes = bound_axes(new_figure()[1], get("ferbach2024.kl_ball"), "lam", [0, 0.25, 0.5], {"K": 2})
    >>> axes.lines[0].get_ydata().round(3).tolist()
    [0.0, 0.288, 0.693]
    """
    name, members = family or ("", (None,))
    if len(members) > len(COLORS):
        raise ArgumentError(f"{len(members)} values of {name} would be as many curves; give at most {len(COLORS)}")
    choices = {choice for one in theorem.regimes for choice, _ in one.choices}
    narrow = theorem.at(**{key: value for key, value in given.items() if key in choices})
    x = _doubles(symbol, values)
    curves = []
    for member, color, dashes in zip(members, COLORS, DASHES, strict=False):
        numbers = {**given, name: member} if family else dict(given)
        y = bound_values(theorem, symbol, values, numbers)
        label = f"${_latex(theorem, name)}={show_number(member)}$" if family else ""
        marker = "o" if len(x) <= _FEW else ""
        axes.plot(
            x, np.where(np.isfinite(y), y, np.nan), color=color, linestyle=dashes, linewidth=1.2, label=label or None,
            marker=marker, markersize=3, clip_on=False,
        )  # fmt: skip
        curves.append(y)
    heights = np.concatenate(curves)
    if not np.isfinite(heights).any():
        raise HypothesisError(
            f"{theorem.id} has no finite value on this grid: its hypotheses fail there, or it diverges"
        )
    axes.set(xlabel=_symbol_label(theorem, symbol), ylabel=_quantity_label(narrow), xlim=(x[0], x[-1]))
    if logarithmic:
        axes.set_xscale("log")
    if _spread(heights) > 1e3:
        axes.set_yscale("log")
    trivial = _trivial(narrow, {**given, **({name: members[0]} if family else {})}, (symbol, name))
    if trivial is not None:
        _shade(axes, trivial, narrow.direction.value)
    if family:
        legend_above(axes, columns=3)
    _write_numbers(axes, theorem, symbol)
    return axes


def _spread(heights: Array) -> float:
    finite = heights[np.isfinite(heights)]
    return float(finite.max() / finite.min()) if finite.min() > 0 else 1.0


def _trivial(theorem: Theorem, given: Mapping[str, Any], varied: Sequence[str]) -> float | None:
    """The trivial bound where it is one number, for the whole figure."""
    bound = theorem.quantity.trivial
    if bound is None or theorem.direction.value == "exact":
        return None
    names = {symbol.name for symbol in bound.free_symbols}
    if names & set(varied) or not names <= set(given):
        return None
    found = float(
        bound.subs({symbol: float(read_number(given[symbol.name], symbol.name)) for symbol in bound.free_symbols})
    )
    return found if math.isfinite(found) else None


def _shade(axes: Axes, trivial: float, direction: str) -> None:
    """Mark where a bound says nothing, if it comes there."""
    low, high = axes.get_ylim()
    upper = direction == "upper"
    if trivial >= high if upper else trivial <= low:
        return
    trivial = max(trivial, low) if upper else min(trivial, high)  # beyond the axes: all of them are shaded
    curves = np.concatenate([np.asarray(line.get_xydata()) for line in axes.lines])
    scale = axes.yaxis.get_transform()
    bottom, middle, top = scale.transform(np.array([low, trivial, high]))
    room = 0.12 * (top - bottom)  # for the words
    wanted = [bottom, max(top, middle + room)] if upper else [min(bottom, middle - room), top]
    low, high = (float(end) for end in scale.inverted().transform(np.array(wanted)))
    axes.axhspan(trivial, high if upper else low, color="#EEEEEE", linewidth=0, zorder=0)
    axes.axhline(trivial, color=GREY, linewidth=0.7)
    axes.set_ylim(low, high)
    inside = (axes.transData - axes.transAxes).transform(curves[np.isfinite(curves).all(axis=1)])
    line = float((axes.transData - axes.transAxes).transform((axes.get_xlim()[0], trivial))[1])
    heights = (line + 0.05, 0.95) if upper else (line - 0.05, 0.05)
    x, y = _free_place(inside, [(x, y) for x in (0.02, 0.98) for y in heights])
    axes.text(x, y, "says nothing", transform=axes.transAxes, ha="left" if x < 0.5 else "right", va="center", color=INK)


def _free_place(curves: Array, places: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Return the first place at the edge of the axes that keeps clear of the curves, else the one that does best."""

    def clearance(place: tuple[float, float]) -> float:
        near = curves[np.abs(curves[:, 0] - place[0]) < 0.35]
        return min(float(np.abs(near[:, 1] - place[1]).min(initial=1.0)), 0.07)

    return max(places, key=clearance)


def _write_numbers(axes: Axes, theorem: Theorem, symbol: str) -> None:
    """Write the numbers of linear axes in full, without a factor beside the axis, where the legend is."""
    for axis, scale in ((axes.xaxis, axes.get_xscale()), (axes.yaxis, axes.get_yscale())):
        if scale == "linear" and max(map(abs, axis.get_view_interval())) >= 1e4:
            axis.set_major_formatter(FuncFormatter(lambda value, position: f"{value:g}"))
            axis.set_major_locator(MaxNLocator(4))
    found = _parameter(theorem, symbol)
    if axes.get_xscale() == "linear" and found is not None and found.integer:
        axes.xaxis.set_major_locator(MaxNLocator("auto" if axes.get_xlim()[1] < 1e4 else 4, integer=True))


def _parameter(theorem: Theorem, name: str) -> Parameter | None:
    return next((one for one in theorem.parameters if name in (one.name, *one.aliases)), None)


def _latex(theorem: Theorem, name: str) -> str:
    found = _parameter(theorem, name)
    return found.latex if found and _can_typeset(found.latex) else rf"\mathrm{{{name.replace('_', ' ')}}}"


def _symbol_label(theorem: Theorem, name: str) -> str:
    found = _parameter(theorem, name)
    symbol = f"${_latex(theorem, name)}$"
    if found is None:
        return symbol
    meaning = found.meaning.partition(":")[0].partition(";")[0].partition(",")[0]
    return textwrap.shorten(meaning, 44, placeholder="") + f" {symbol}" if len(meaning) <= 44 else symbol


def _quantity_label(theorem: Theorem) -> str:
    relation = {"upper": "bound on ", "lower": "lower bound on ", "exact": ""}[theorem.direction.value]
    shown = theorem.quantity.latex
    name = f"${shown}$" if _can_typeset(shown) else theorem.quantity.name
    return relation + name


def _can_typeset(latex: str) -> bool:
    """Tell whether matplotlib's own typesetting, a part of LaTeX's, knows every command."""
    try:
        MathTextParser("path").parse(f"${latex}$")
    except ValueError:
        return False
    return True

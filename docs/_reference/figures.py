"""Draws a theorem over its most natural symbol, as SVG that takes the colours of the page it stands on."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bounds import PARAMETERS, Direction, Standing, TailedIntegral, Theorem

from .examples import EXAMPLE
from .formulas import narrowed

INK = "#010203"
"""Stands for the colour of the page's text, which is put in once the figure is written."""
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
DASHES = ("-", (0, (5, 2)), (0, (1, 1.2)), (0, (5, 1.5, 1, 1.5)), (0, (3, 1, 1, 1, 1, 1)), (0, (8, 3)))
POINTS, INTEGRAL_POINTS = 400, 10


@dataclass(frozen=True)
class Span:
    """The range of an axis: ends, and whether it is logarithmic."""

    low: float
    high: float
    log: bool = False


AXES = {
    "x": Span(0, 10),
    "t": Span(1, 30),
    "lam": Span(0, 2),
    "n": Span(1e1, 1e6, True),
    "K": Span(1, 50),
    "alpha": Span(0, 1),
    "s": Span(0.02, 0.98),
    "Gamma": Span(0, 2),
    "score_error": Span(0, 1),
    "flow_error": Span(0, 1.5),
    "mahalanobis": Span(0, 6),
    "shift": Span(0, 6),
    "kl": Span(0, 5),
    "h2": Span(0, 1),
    "chi2": Span(0, 5),
    "h": Span(1e-2, 1e1, True),
    "beta": Span(1e-4, 1, True),
    "y": Span(0.05, 3),
    "d": Span(1, 30),
}
"""Symbols a figure may run over, the most natural first."""
OTHERWISE = {
    "lemma.dkw_tail": "n",
    "lemma.kde_tv": "h",
    "lemma.kde_fluctuation": "h",
    "lemma.kde_bias": "h",
    "ferbach2024.mixed_reward_gain": "t",
    "ferbach2024.mixed_reward_gain_refined": "t",
    "fu2024.weighted_rate": "n",
    "fu2024.sample_schedule": "t",
    "fu2025.generalization": "n",
    "fu2025.generalization_given_real": "n",
    "fu2025.synthetic_size": "lam",
}
"""Where the order above does not serve: the symbol by theorem."""


def axis_of(theorem: Theorem) -> str:
    """Return the symbol that the figure of a theorem runs over.

    Raises
    ------
    SystemExit
        If none of its symbols has a range.
    """
    names = [symbol.name for symbol in theorem.symbols]
    found = OTHERWISE.get(theorem.id) or next((name for name in AXES if name in names), None)
    if found is None:
        raise SystemExit(f"{theorem.id}: give one of {', '.join(names)} a range in docs/_reference/figures.py")
    return found


def shown_regimes(theorem: Theorem, axis: str) -> list[Theorem]:
    """Return the regimes that share one pair of axes: those in the symbol, of the quantity of the first of them."""
    moving = [one for one in narrowed(theorem) if axis in {symbol.name for symbol in one.symbols}]
    return [one for one in moving if one.quantity == moving[0].quantity][: len(COLOURS)]


def grid(theorem: Theorem, axis: str) -> np.ndarray:
    """Return the points of an axis, few for an integral; a whole-number symbol takes whole numbers only."""
    span, points = AXES[axis], INTEGRAL_POINTS if isinstance(theorem.expression, TailedIntegral) else POINTS
    found = np.geomspace(span.low, span.high, points) if span.log else np.linspace(span.low, span.high, points)
    return np.unique(np.round(found)) if PARAMETERS[axis].integer else found


@lru_cache(maxsize=16)
def values(theorem: Theorem, axis: str) -> np.ndarray:
    """Evaluate a theorem of one regime along an axis; nan where it says nothing."""
    fixed: dict[str, Any] = {s.name: EXAMPLE[s.name] for s in theorem.symbols if s.name != axis}
    return np.asarray(theorem.evaluate(**{axis: grid(theorem, axis)}, **fixed), dtype=float)


def trivial(theorem: Theorem) -> float | None:
    """Return what is known without the theorem, where that is one number at the example point."""
    known = theorem.quantity.trivial
    if known is None or theorem.direction is Direction.EXACT:
        return None
    value = known.subs({s: EXAMPLE[s.name] for s in known.free_symbols})
    return float(value)


def draw(axes: Axes, theorem: Theorem) -> Axes:
    """Draw the regimes of a theorem, bold where they say more than is known without them."""
    axis = axis_of(theorem)
    shown = shown_regimes(theorem, axis)
    known = trivial(shown[0])
    drawn = []
    for one, colour, dash in zip(shown, COLOURS, DASHES, strict=False):
        at, found = grid(one, axis), values(one, axis)
        drawn.append(found)
        better = np.full(at.shape, True) if known is None else (found < known if _upper(one) else found > known)
        axes.plot(at, found, color=colour, ls=dash, lw=0.8, alpha=0.6)
        axes.plot(at, np.where(better, found, np.nan), color=colour, ls=dash, lw=2, label=_choices_text(one) or None)
    _scales(axes, axis, drawn, known)
    if known is not None:
        _mark_trivial(axes, known, _upper(theorem))
    meaning = re.split("[;:]| at distance", PARAMETERS[axis].meaning)[0]
    axes.set_xlabel(f"${PARAMETERS[axis].latex}$: {meaning}")
    axes.set_ylabel(shown[0].quantity.name)
    if shown[0].choices:
        longest = max(len(_choices_text(one)) for one in shown)
        axes.figure.legend(frameon=False, loc="outside upper left", ncols=1 if longest > 24 else 2)
    return axes


def _choices_text(theorem: Theorem) -> str:
    return ", ".join(f"{name}={value}" for name, value in theorem.choices)


def _upper(theorem: Theorem) -> bool:
    return theorem.direction is not Direction.LOWER


def _scales(axes: Axes, axis: str, drawn: list[np.ndarray], known: float | None) -> None:
    if AXES[axis].log:
        axes.set_xscale("log")
    axes.margins(x=0)
    found = np.concatenate(drawn)
    found = found[np.isfinite(found)]
    positive = found[found > 0]
    if positive.size > 0.9 * found.size and np.quantile(positive, 0.98) > 100 * np.quantile(positive, 0.02):
        axes.set_yscale("log")
        axes.set_ylim(bottom=max(positive.min() / 1.5, positive.max() * 1e-8))
        if known is not None and known > 0:
            axes.set_ylim(top=min(max(positive.max(), known) * 1.5, known * 1e3))
        return
    top = found.max() if known is None else min(found.max(), max(2 * known, 2 * np.median(found)))
    low = min(0.0, float(found.min())) if found.min() < 0.5 * found.max() else float(found.min())
    room = 0.08 * ((top - low) or abs(top) or 1)
    axes.set_ylim(low if low == 0 else low - room, max(top, known or -np.inf if _close(top, known) else top) + room)


def _close(top: float, known: float | None) -> bool:
    """Tell whether the trivial value is near enough to the curve to be worth showing."""
    return known is not None and known <= 4 * top


def _mark_trivial(axes: Axes, known: float, upper: bool) -> None:
    low, high = axes.get_ylim()
    if not low <= known <= high:
        return
    axes.axhline(known, color=INK, lw=0.8, ls=(0, (2, 2)))
    axes.axhspan(*((known, high) if upper else (low, known)), color=INK, alpha=0.08, lw=0)
    axes.set_ylim(low, high)


def svg(theorem: Theorem) -> str:
    """Draw the figure of a theorem and return it as an SVG element on one line."""
    style = {
        "svg.fonttype": "path",
        "svg.hashsalt": theorem.id,
        "font.size": 9,
        "axes.spines.top": False,
        "axes.spines.right": False,
        **dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), INK),
    }
    with mpl.rc_context(style):
        figure = Figure(figsize=(6.2, 3.2), layout="constrained")
        draw(figure.add_subplot(), theorem)
        written = io.StringIO()
        figure.savefig(written, format="svg", transparent=True, metadata={"Date": None})
    text = written.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)
    text = re.sub(r'<svg ([^>]*?)width="[^"]*" height="[^"]*"', r"<svg \1", text, count=1)
    label = f"{theorem.id} over {axis_of(theorem)}"
    text = text.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)
    return re.sub(r"\s*\n\s*", " ", text).replace(INK, "currentColor").strip()


def caption(theorem: Theorem) -> str:
    """Say at which numbers the figure is drawn and what its marks mean, as HTML."""
    axis = axis_of(theorem)
    shown = shown_regimes(theorem, axis)
    names = sorted({s.name for one in shown for s in one.symbols} - {axis})
    lines = [f"At {', '.join(f'{n} = {EXAMPLE[n]}' for n in names)}." if names else ""]
    if trivial(shown[0]) is not None:
        lines.append("Bold where the theorem says more than is known without it; dotted and shaded: the trivial value.")
    if any(np.isnan(values(one, axis)).any() for one in shown):
        lines.append("A curve ends where a hypothesis fails.")
    if Standing.RATE in {one.standing for one in shown}:
        lines.append("The hidden constant C is unknown: the shape is the statement, the height is not.")
    if len(shown) < len(narrowed(theorem)):
        lines.append("Regimes of another quantity, or without this symbol, are not shown.")
    return " ".join(line for line in lines if line)


def figure_html(theorem: Theorem) -> str:
    """Return the figure with its caption as one block of HTML."""
    return f'<figure class="bound">{svg(theorem)}<figcaption>{caption(theorem)}</figcaption></figure>'

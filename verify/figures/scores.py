"""Score networks: the error of what they generate, along training."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes

from verify.evidence import DistanceSample, Interval
from verify.figures.style import COLORS, DASHES, MARKERS, legend_above
from verify.models.score import EarlyStopping


def early_stopping_axes(axes: Axes, curves: Sequence[tuple[str, EarlyStopping]], error: float = 0.01) -> Axes:
    """Draw total variation to the real law over training time, first falling and then rising.

    Parameters
    ----------
    axes : matplotlib Axes
    curves : sequence of (str, EarlyStopping)
        At most six, each with its label.
    error : float
        Probability, at most, that any interval of the figure misses the expected distance; numerical errors are
        counted as they are estimated.

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> import numpy as np
    >>> from verify.figures import new_figure
    >>> curve = EarlyStopping(np.array([1.0, 2.0]), np.full((50, 2), 0.3), np.zeros((50, 2)), np.zeros((50, 2)))
    >>> early_stopping_axes(new_figure()[1], [("$n=20$", curve)]).get_xscale()
    'log'
    """
    level = error / max(1, sum(curve.taus.size for _, curve in curves))
    for (label, curve), color, dashes, marker in zip(curves, COLORS, DASHES, MARKERS, strict=False):
        evidence = [DistanceSample(tv, off) for tv, off in zip(curve.tv.T, curve.error.T, strict=True)]
        limits: list[Interval] = [one.interval(level) for one in evidence]
        mean = [one.estimate for one in evidence]
        axes.fill_between(
            curve.taus, [i.lower for i in limits], [i.upper for i in limits], color=color, alpha=0.2, linewidth=0
        )
        axes.plot(
            curve.taus,
            mean,
            color=color,
            linestyle=dashes,
            linewidth=1.1,
            marker=marker,
            markersize=3.2,
            markerfacecolor="white",
            label=label,
        )
    axes.set(xscale="log", xlabel=r"training time $\tau$", ylabel=r"$\mathbb{E}\,\mathrm{TV}(p_1,p_0)$")
    axes.set_ylim(bottom=0)
    legend_above(axes, columns=3)
    return axes

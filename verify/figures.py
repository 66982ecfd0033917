"""The figures of the report: functions that draw on matplotlib Axes, and one that saves them all.

Sizes are those of one column of a paper; the palette (Okabe and Ito) is safe for colour-blind readers, and every curve
differs from the others by its dashes or marker as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bounds import get
from verify.data import EmpiricalLaw, NormalMixture
from verify.evidence import KnownVarianceSample
from verify.mixing import Regime, by_share, replace
from verify.models.location import logistic_constants
from verify.models.normal import exact_std, normal_loop

COLUMN_WIDTH = 3.3
"""Inches: one column of a two-column paper."""

BLUE, ORANGE, GREEN, PURPLE, BLACK, GREY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000", "#777777"

CAPTIONS = {
    "normal_loop": (
        "Standard deviation of the normal loop retrained on n of its own points: the bound of bertrand2024 Proposition 1 "
        "(lines), and the mean over 20 000 loops (markers) with confidence intervals that hold jointly with probability "
        "0.99. In one dimension the bound is attained. Squares: n = 10 with half of the points real and fresh."
    ),
    "lambda_stability": (
        "Stability of iterative retraining for the logistic location family on data from an equal mixture of N(-2, 1) and "
        "N(2, 1): exact Jacobian norm at the optimum, and its bounds, against the synthetic-to-real ratio. In one dimension "
        "the norm is the spectral radius. Retraining contracts below 1; the paper's hypothesis ends at the vertical line."
    ),
}
"""What each figure shows, by the name of its files."""

_GENERATIONS = 60
# The figure has 24 intervals, which shall all hold with probability 0.99.
_LEVEL = 0.01 / 24


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
    >>> axes = normal_loop_axes(Figure().add_subplot(), np.random.default_rng(0), (10,), replicates=50)
    >>> axes.get_xlabel()
    'generation $t$'
    """
    theorem = get("bertrand2024.gaussian_collapse")
    generations = np.arange(_GENERATIONS + 1)
    shown = np.arange(0, _GENERATIONS + 1, 10)[1:]
    styles = zip(sizes, (ORANGE, GREEN, BLUE, PURPLE), ("-", (0, (5, 1.5)), (0, (1.5, 1)), "-."), "o^vD", strict=False)
    for n, color, dashes, marker in styles:
        bound = [theorem.evaluate(n=n, t=int(t), sigma=1) for t in generations]
        stds = normal_loop(rng, replace(n), _GENERATIONS, replicates).stds
        axes.plot(generations, bound, color=color, linestyle=dashes, linewidth=1.1)
        _mark(axes, stds, n, shown, color, marker)
        axes.annotate(
            f"$n={n}$", (_GENERATIONS, bound[-1]), (6, 0), textcoords="offset points", va="center", color=color
        )
    axes.set(xlabel="generation $t$", ylabel=r"$\mathbb{E}\,\sigma_t\,/\,\sigma_0$", xlim=(0, _GENERATIONS))
    axes.set_ylim(0, 1.15)
    axes.text(0.03, 0.05, "lines: bound $c_4(n)^t$\nmarks: measured", transform=axes.transAxes, color="#444444")
    return axes


def _mark(axes: Axes, stds: np.ndarray, n: int, shown: np.ndarray, color: str, marker: str) -> None:
    """Mark the means of the generations shown, each with its interval."""
    evidence = [KnownVarianceSample(stds[:, t], exact_std(n, int(t)).variance) for t in shown]
    _intervals(axes, shown, evidence, color, marker)


def _intervals(axes: Axes, shown: np.ndarray, evidence: Sequence[KnownVarianceSample], color: str, marker: str) -> None:
    limits = [e.interval(_LEVEL) for e in evidence]
    lower, upper = [i.lower for i in limits], [i.upper for i in limits]
    axes.vlines(shown, lower, upper, color=color, linewidth=1.6, alpha=0.55, clip_on=False)
    axes.plot(
        shown,
        [e.estimate for e in evidence],
        marker,
        color=color,
        markersize=3.2,
        markerfacecolor="white",
        markeredgewidth=0.9,
        clip_on=False,
    )


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
    >>> axes = mixed_loop_axes(Figure().add_subplot(), np.random.default_rng(0), replicates=50)
    >>> len(axes.texts)
    1
    """
    shown = np.arange(5, _GENERATIONS, 10)
    exact = get("bertrand2024.normal_mixed_moments")
    stds = normal_loop(rng, by_share(n, "1/2", Regime.FRESH), _GENERATIONS, replicates).stds
    # The variance of a nonnegative variable is at most its second moment, which is known exactly here.
    seconds = [exact.evaluate(n=n, t=int(t), alpha="1/2", statistic="variance") for t in shown]
    evidence = [KnownVarianceSample(stds[:, t], second) for t, second in zip(shown, seconds, strict=True)]
    _intervals(axes, shown, evidence, BLACK, "s")
    axes.annotate(
        f"$n={n}$, half real", (shown[-3], evidence[-3].estimate), (0, 7), textcoords="offset points", ha="center"
    )
    return axes


def lambda_stability_axes(
    axes: Axes, law: NormalMixture | EmpiricalLaw, scale: float = 1.0, largest: float = 3.0
) -> Axes:
    """Draw the exact Jacobian norm of the logistic location family against the bounds on it.

    Parameters
    ----------
    axes : matplotlib Axes
    law : NormalMixture or EmpiricalLaw
        The real law.
    scale : float
        Scale of the family, in the units of the data.
    largest : float
        Largest synthetic-to-real ratio shown, at least 1/2: no hypothesis of the paper reaches further.

    Returns
    -------
    matplotlib Axes

    Examples
    --------
    >>> axes = lambda_stability_axes(Figure().add_subplot(), NormalMixture.normal())
    >>> [line.get_label() for line in axes.lines[:2]]
    ['bound of the paper', 'refined bound']
    """
    found = logistic_constants(law, scale)
    numbers: dict[str, Any] = {"L": found.lipschitz, "epsilon": found.epsilon_upper, "curvature": found.curvature_lower}
    threshold = 0.5 / (1 + found.lipschitz * found.epsilon_upper / found.curvature_lower)
    lam = np.linspace(0, largest, 601)
    near = np.append(np.linspace(0, threshold, 200, endpoint=False), threshold * (1 - 1e-9))
    curves = (
        (near, "bertrand2024.jacobian", "bound of the paper", ORANGE, "-"),
        (lam, "bertrand2024.jacobian_refined", "refined bound", GREEN, (0, (5, 1.5))),
        (lam, "bertrand2024.spectral_radius", "spectral bound", BLUE, (0, (1.5, 1))),
    )
    for ratios, theorem_id, label, color, dashes in curves:
        values = get(theorem_id).evaluate(lam=ratios, **numbers)
        axes.plot(ratios, values, color=color, linestyle=dashes, linewidth=1.3, label=label)
    axes.plot(lam, [found.jacobian(value) for value in lam], color=BLACK, linewidth=1.1, label="exact")
    axes.axhline(1, color=GREY, linewidth=0.7)
    axes.axvline(threshold, color=GREY, linewidth=0.7, linestyle=(0, (4, 2)))
    axes.annotate(
        r"$\lambda(1+\varepsilon L/a)=\frac{1}{2}$", (threshold, 0), (3, 4), textcoords="offset points", color="#444444"
    )
    axes.set(
        xlabel=r"synthetic-to-real ratio $\lambda$", ylabel=r"$\|J_G(\theta^*)\|_2$", xlim=(0, largest), ylim=(0, 1.1)
    )
    axes.legend(loc="lower right", frameon=False, handlelength=2.4, borderaxespad=0.6, bbox_to_anchor=(1, 0.1))
    return axes


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


def save_figures(directory: Path, seed: int) -> dict[str, str]:
    """Draw the figures of the report and save each as PDF and PNG.

    Parameters
    ----------
    directory : Path
    seed : int
        Seed of the loops.

    Returns
    -------
    dict of str to str
        Captions by file name without its ending.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as parent:
    ...     sorted(save_figures(Path(parent), seed=0))
    ['lambda_stability', 'normal_loop']
    """
    from matplotlib import rc_context

    plain, mixed = (np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(2))
    # A context, so that a caller's own matplotlib settings stay as they are.
    with rc_context({"font.size": 8, "axes.linewidth": 0.6, "legend.fontsize": 7, "pdf.fonttype": 42}):
        figures = {name: new_figure() for name in CAPTIONS}
        mixed_loop_axes(normal_loop_axes(figures["normal_loop"][1], plain), mixed)
        lambda_stability_axes(figures["lambda_stability"][1], NormalMixture([0.5, 0.5], [-2.0, 2.0], [1.0, 1.0]))
        for name, (figure, _) in figures.items():
            figure.savefig(directory / f"{name}.pdf", metadata={"CreationDate": None})
            figure.savefig(directory / f"{name}.png", dpi=220)
    return dict(CAPTIONS)

"""Where retraining is stable, and where bounds say anything."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from bounds import ArgumentError, Theorem, get
from bounds.numerals import read_number
from verify.data import EmpiricalLaw, NormalMixture
from verify.figures.style import BLACK, BLUE, DASHED, DOTTED, GREEN, GREY, INK, ORANGE, legend
from verify.models.location import logistic_constants

Array = NDArray[np.float64]
Given = Mapping[str, Any]
"""Arguments of a theorem; a callable is called with the training-set sizes, such as for a bandwidth ``n^(-1/5)``."""

ALPHAS: Array = np.linspace(0.0, 0.9, 37)
SIZES: Array = np.unique(np.round(np.geomspace(20, 1e5, 61)))

_LEVELS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)


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
    >>> from verify.figures import new_figure
    >>> axes = lambda_stability_axes(new_figure()[1], NormalMixture.normal())
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
        (lam, "bertrand2024.jacobian_refined", "refined bound", GREEN, DASHED),
        (lam, "bertrand2024.spectral_radius", "spectral bound", BLUE, DOTTED),
    )
    for ratios, theorem_id, label, color, dashes in curves:
        values = get(theorem_id).evaluate(lam=ratios, **numbers)
        axes.plot(ratios, values, color=color, linestyle=dashes, linewidth=1.3, label=label)
    axes.plot(lam, [found.jacobian(value) for value in lam], color=BLACK, linewidth=1.1, label="exact")
    axes.axhline(1, color=GREY, linewidth=0.7)
    axes.axvline(threshold, color=GREY, linewidth=0.7, linestyle=(0, (4, 2)))
    axes.annotate(
        r"$\lambda(1+\varepsilon L/a)=\frac{1}{2}$", (threshold, 0), (3, 4), textcoords="offset points", color=INK
    )
    axes.set(
        xlabel=r"synthetic-to-real ratio $\lambda$", ylabel=r"$\|J_G(\theta^*)\|_2$", xlim=(0, largest), ylim=(0, 1.1)
    )
    legend(axes, loc="lower right", borderaxespad=0.6, bbox_to_anchor=(1, 0.1))
    return axes


def relative_bound(theorem: Theorem, alphas: Array, sizes: Array, given: Given) -> Array:
    """Evaluate an upper bound over real share and training-set size, as a share of the trivial bound.

    Parameters
    ----------
    theorem : Theorem
        Takes `alpha` and `n`; its quantity has a trivial bound.
    alphas, sizes : ndarray, shapes (A,) and (N,)
    given : mapping
        All other arguments; a callable is called with the sizes.

    Returns
    -------
    ndarray, shape (N, A)
        Below 1 where the bound is informative; nan where a hypothesis fails.

    Raises
    ------
    ArgumentError
        If the theorem is no upper bound, has no trivial bound to compare with, or lacks an argument.

    Examples
    --------
    >>> theorem = get("fu2025.generalization_hamming")
    >>> given = {"M": 2, "beta": lambda n: 1 / n, "d_tv": 0.02, "eta": 0, "t": 1}
    >>> relative_bound(theorem, np.array([0.0, 1.0]), np.array([100.0]), given).round(6).tolist()
    [[0.025, 0.005]]
    """
    share, n = np.meshgrid(alphas, sizes)
    arguments = {name: value(n) if callable(value) else value for name, value in given.items()}
    choices = {name for one in theorem.regimes for name, _ in one.choices}
    narrow = theorem.at(**{name: value for name, value in arguments.items() if name in choices})
    trivial = narrow.quantity.trivial
    if trivial is None or narrow.direction.value != "upper":
        raise ArgumentError(f"{theorem.id} is not an upper bound with a trivial one beside it; choose one that is")
    values = np.asarray(theorem.evaluate(alpha=share, n=n, **arguments), dtype=np.float64)
    known = {symbol: float(read_number(arguments[symbol.name], symbol.name)) for symbol in trivial.free_symbols}
    return np.asarray(values / float(trivial.subs(known)))


def informative_map_axes(
    axes: Axes, theorem: Theorem, given: Given, *, alphas: Array = ALPHAS, sizes: Array = SIZES
) -> Axes:
    """Map a bound over real share and training-set size, hatched where it is no better than the trivial one.

    Parameters
    ----------
    axes : matplotlib Axes
    theorem : Theorem
    given : mapping
        As for `relative_bound`.
    alphas, sizes : ndarray
        The grid; shares in [0, 1], whole sizes, both ascending.

    Returns
    -------
    matplotlib Axes
        White where a hypothesis fails; contours between the points of the grid are interpolated.

    Examples
    --------
    >>> from verify.figures import new_figure
    >>> given = {"data": "fresh", "k": 100, "collision": "1/100", "t": 5}
    >>> axes = informative_map_axes(new_figure()[1], get("fu2025.categorical_loop_upper"), given)
    >>> axes.get_yscale()
    'log'
    """
    shares = relative_bound(theorem, alphas, sizes, given)
    levels = [*_LEVELS]
    filled = axes.contourf(alphas, sizes, shares, levels, cmap="Blues_r", extend="min", norm=LogNorm(3e-3, 2.0))
    nothing = axes.contourf(alphas, sizes, shares, [1.0, math.inf], colors=["#F4F4F4"], hatches=["////"])
    nothing.set_edgecolor("#BBBBBB")
    nothing.set_linewidth(0)
    lines = axes.contour(alphas, sizes, shares, levels[1:-1], colors="white", linewidths=0.5)
    axes.clabel(lines, fontsize=7, fmt=lambda level: f"{level:g}", colors=BLACK)
    filled.set_edgecolor("face")  # no seams between the areas in viewers of PDF
    axes.set(yscale="log", xlabel=r"real share $\alpha$", ylabel="training-set size $n$")
    axes.set(xlim=(alphas[0], alphas[-1]), ylim=(sizes[0], sizes[-1]))
    return axes


def frontier_axes(
    axes: Axes,
    theorem: Theorem,
    given: Given,
    label: str,
    *,
    color: str = BLACK,
    dashes: Any = "-",
    alphas: Array = ALPHAS,
    sizes: Array = SIZES,
) -> Line2D:
    """Add the frontier above which a bound is informative.

    Parameters
    ----------
    axes : matplotlib Axes
        With real shares as abscissa and training-set sizes as ordinate.
    theorem : Theorem
    given : mapping
        As for `relative_bound`.
    label : str
    color : str
    dashes : matplotlib line style
    alphas, sizes : ndarray
        The grid.

    Returns
    -------
    matplotlib Line2D
        For a legend; drawn nothing where the bound is informative, or is not, on all of the grid.

    Examples
    --------
    >>> from verify.figures import new_figure
    >>> given = {"data": "fresh", "k": 100, "collision": "1/100", "t": 5}
    >>> frontier_axes(new_figure()[1], get("fu2025.categorical_loop_upper"), given, "cells").get_label()
    'cells'
    """
    shares = relative_bound(theorem, alphas, sizes, given)
    # In logarithms bounds are all but straight, so that little is lost between the points of the grid.
    with np.errstate(divide="ignore"):
        axes.contour(alphas, sizes, np.log(shares), [0.0], colors=[color], linewidths=1.4, linestyles=[dashes])
    return Line2D([], [], color=color, linestyle=dashes, linewidth=1.4, label=label)

"""The named figures: what each shows, how it is drawn, and which of them stand in a report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from bounds import ArgumentError, get
from verify.data import NormalMixture
from verify.figures.curated import CuratedPicture, curated_kl_axes, curated_reward_axes
from verify.figures.generations import categorical_loop_axes, kde_loop_axes, mixed_loop_axes, normal_loop_axes
from verify.figures.phase import observed_transition_axes, phase_transition_axes
from verify.figures.scores import early_stopping_axes
from verify.figures.stability import frontier_axes, informative_map_axes, lambda_stability_axes
from verify.figures.style import BLACK, DASHED, DOTTED, GREEN, ORANGE, PURPLE, drawing, new_figure
from verify.mixing import Regime

Progress = Callable[[int, int, str], None]
"""Called as ``progress(done, total, label)``."""


@dataclass(frozen=True)
class Picture:
    """A named figure.

    Parameters
    ----------
    name : str
        Of its files.
    caption : str
        What it shows, in a few sentences.
    draw : callable
        ``draw(rng, progress)`` returns the matplotlib Figure.
    theorems : tuple of str
        Ids of what it is about.
    slow : bool
        Whether it takes more than a few seconds, so that it stands in no report.

    Examples
    --------
    >>> Picture("empty", "Nothing.", lambda rng, progress: new_figure()[0], ()).slow
    False
    """

    name: str
    caption: str
    draw: Callable[[np.random.Generator, Progress], Figure]
    theorems: tuple[str, ...]
    slow: bool = False


def quiet(done: int, total: int, label: str) -> None:
    """Say nothing."""


# --- what is drawn ----------------------------------------------------------------------------------------------------


def _normal_loop(rng: np.random.Generator, progress: Progress) -> Figure:
    figure, axes = new_figure()
    plain, mixed = rng.spawn(2)
    mixed_loop_axes(normal_loop_axes(axes, plain), mixed)
    return figure


def _lambda_stability(rng: np.random.Generator, progress: Progress) -> Figure:
    figure, axes = new_figure()
    lambda_stability_axes(axes, NormalMixture([0.5, 0.5], [-2.0, 2.0], [1.0, 1.0]))
    return figure


def _kde_loop(rng: np.random.Generator, progress: Progress) -> Figure:
    figure, axes = new_figure(2.6)
    kde_loop_axes(axes, rng)
    return figure


def _categorical_loop(rng: np.random.Generator, progress: Progress) -> Figure:
    figure, axes = new_figure(2.4)
    categorical_loop_axes(axes)
    return figure


def _curated_reward(rng: np.random.Generator, progress: Progress) -> Figure:
    figure, axes = new_figure()
    curated_reward_axes(axes, CuratedPicture(candidates=8, ratio=Fraction(4)))
    return figure


def _curated_kl(rng: np.random.Generator, progress: Progress) -> Figure:
    figure, axes = new_figure()
    curated_kl_axes(axes)
    return figure


def _phase_transition(rng: np.random.Generator, progress: Progress) -> Figure:
    figure, axes = new_figure(2.4)
    phase_transition_axes(axes)
    return figure


def _phase_transition_kde(rng: np.random.Generator, progress: Progress) -> Figure:
    from verify.phase import density_estimates, observe_phase_transition

    seen = observe_phase_transition(
        density_estimates(NormalMixture.normal(), replicates=1_500),
        100,
        t=6,
        exponent="2/5",
        regime=Regime.REUSED,
        rng=rng,
        ratios=(0, 1, 2, 4, 8, 16, 32, 64),
        level=0.01,
        progress=progress,
    )
    figure, axes = new_figure()
    observed_transition_axes(axes, seen)
    return figure


def _phase_transition_score(rng: np.random.Generator, progress: Progress) -> Figure:
    from verify.models.score.phase import observe_score_transition

    figure, axes = new_figure()
    observed_transition_axes(axes, observe_score_transition(rng, progress=progress))
    return figure


def _informative_map(rng: np.random.Generator, progress: Progress) -> Figure:
    cells: dict[str, Any] = {"k": 1000, "collision": "1/1000", "t": 10}
    loss: dict[str, Any] = {"M": 1, "beta": lambda n: 1 / n, "d_tv": "0.15", "eta": lambda n: 1 / n, "t": 10}
    density: dict[str, Any] = {"form": "second_moment", "space": "isotropic", "d": 3, "sigma": 1, "t": 10}
    density["h"] = lambda n: n ** (-1 / 7)
    figure, axes = new_figure(2.9)
    main = get("fu2025.categorical_loop_upper")
    informative_map_axes(axes, main, {"data": "reused", **cells})
    # Its value takes an integral at every point: so a coarser grid, and small sizes only, where the frontier is.
    coarse: dict[str, Any] = {
        "alphas": np.linspace(0, 0.9, 7),
        "sizes": np.unique(np.round(np.geomspace(20, 1000, 11))),
    }
    gap = get("fu2025.generalization_given_real")
    lines = [
        frontier_axes(axes, main, {"data": "reused", **cells}, "cells, reused (map)", color=BLACK),
        frontier_axes(axes, main, {"data": "fresh", **cells}, "cells, fresh", color=ORANGE, dashes=DASHED),
        frontier_axes(axes, gap, {"delta": "1/20", **loss}, "generalisation gap", color=PURPLE, dashes=DOTTED),
        frontier_axes(axes, get("fu2024.kde_loop"), density, "density, $d=3$", color=GREEN, dashes="-.", **coarse),
    ]
    axes.legend(
        handles=lines, loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2, frameon=False, columnspacing=1.2,
        handlelength=2.4, labelspacing=0.3,
    )  # fmt: skip
    return figure


def _early_stopping(rng: np.random.Generator, progress: Progress) -> Figure:
    from verify.models.score import CosineMixture, Matching, Noising, Window, draw_features, early_stopping

    law, window = CosineMixture((0.5, 0.5), (-0.8, 0.8), (1.4, 1.4)), Window(0.02, Noising(3))
    inner, *streams = rng.spawn(3)
    features = draw_features(inner, 64, 1, window, terms=4, inner_std=2.0, timed_std=1.0)
    curves, sizes = [], (20, 80)
    for done, (n, stream) in enumerate(zip(sizes, streams, strict=True)):
        progress(done, len(sizes), f"n = {n}")
        curve = early_stopping(
            stream,
            law,
            n,
            np.geomspace(1, 1e6, 7),
            120,
            features,
            Matching(window, times=16, draws=2),
            cells=240,
            steps=150,
        )
        curves.append((f"$n={n}$", curve))
    figure, axes = new_figure()
    early_stopping_axes(axes, curves)
    return figure


PICTURES: Mapping[str, Picture] = {
    picture.name: picture
    for picture in (
        Picture(
            "normal_loop",
            "Standard deviation of the normal loop retrained on n of its own points: the bound of bertrand2024 "
            "Proposition 1 (lines), and the mean over 20 000 loops (markers) with confidence intervals that hold jointly "
            "with probability 0.99. In one dimension the bound is attained. Squares: n = 10 with half of the points real "
            "and fresh.",
            _normal_loop,
            ("bertrand2024.gaussian_collapse",),
        ),
        Picture(
            "lambda_stability",
            "Stability of iterative retraining for the logistic location family on data from an equal mixture of N(-2, 1)"
            " and N(2, 1): exact Jacobian norm at the optimum, and its bounds, against the synthetic-to-real ratio. In "
            "one dimension the norm is the spectral radius. Retraining contracts below 1; the paper's hypothesis ends at "
            "the vertical line.",
            _lambda_stability,
            ("bertrand2024.jacobian", "bertrand2024.jacobian_refined", "bertrand2024.spectral_radius"),
        ),
        Picture(
            "kde_loop",
            "Density estimates of N(0, 1) retrained on training sets of n = 1000 points of which half are real, with "
            "bandwidth 1/4: expected total variation to the real law, the mean over 400 loops (markers) with confidence "
            "intervals that hold jointly with probability 0.99, between the bounds of fu2024 kde_loop (fresh real data), "
            "kde_loop_reused (the same real points in every generation) and, from below, kde_loop_lower.",
            _kde_loop,
            ("fu2024.kde_loop", "fu2024.kde_loop_reused", "fu2024.kde_loop_lower"),
        ),
        Picture(
            "categorical_loop",
            "Cell frequencies (real law 0.4, 0.3, 0.2, 0.1) retrained on n = 40 points: exact expected total variation to"
            " the real law (markers), and its bounds from above (solid) and from below (dashed) by fu2025 "
            "categorical_loop_upper and categorical_loop_lower, without real data, with half of the points real and "
            "reused, or real and fresh. Nothing is sampled.",
            _categorical_loop,
            ("fu2025.categorical_loop_upper", "fu2025.categorical_loop_lower"),
        ),
        Picture(
            "curated_reward",
            "Gain in expected reward y = e^r over the reference law in a curated loop (four equal atoms with r = 0, 0.5, "
            "1, 1.5, K = 8 candidates, synthetic-to-real ratio 4): exact (markers), above the bound of ferbach2024 "
            "Theorem 2.3 and its sharper forms (lines).",
            _curated_reward,
            ("ferbach2024.mixed_reward_gain", "ferbach2024.mixed_reward_gain_refined"),
        ),
        Picture(
            "curated_kl",
            "Divergence from the reference law in a curated loop (four equal atoms with r = 0, 0.5, 1, 1.5, K = 4, "
            "synthetic-to-real ratio 0.3): exact (markers), below the bound of ferbach2024 Theorem 2.4 and its sharper "
            "forms (lines).",
            _curated_kl,
            ("ferbach2024.kl_ball", "ferbach2024.kl_ball_refined"),
        ),
        Picture(
            "phase_transition",
            "Phase transition in the amount of synthetic data: the bound fu2024.phase_transition for a learner whose "
            "error falls like c N^(-1/2), with n fresh real and x n synthetic points per generation, in units of the "
            "bound without synthetic data. Markers: its peaks.",
            _phase_transition,
            ("fu2024.phase_transition",),
        ),
        Picture(
            "phase_transition_kde",
            "Phase transition in a loop that was run: expected total variation to N(0, 1) in generation 6 of density "
            "estimates with the normal-reference bandwidth, n = 100 real points reused in every generation beside x n "
            "synthetic ones. Markers: means over 1 500 loops, with confidence intervals that hold jointly with "
            "probability 0.99. Shaded: where the loop is worst, given that, if it has a single peak. Dashed: where the "
            "bound fu2024.phase_transition_reused with s = 2/5 peaks; the loop need not be worst there.",
            _phase_transition_kde,
            ("fu2024.phase_transition_reused", "fu2024.phase_transition_peak"),
            slow=True,
        ),
        Picture(
            "phase_transition_score",
            "Phase transition in a loop of score networks: expected total variation to the real law (two raised cosines) "
            "in generation 4 of random-feature networks of width 48 (one inner layer for all), trained by gradient flow "
            "for a time 300 sqrt(N) on N = (1 + x) n points, n = 10 of them real and reused in every generation. Markers: "
            "means over 2 500 loops, with confidence intervals that hold jointly with probability 0.95, numerical errors "
            "counted as estimated. The configuration was chosen because the transition shows in it; in many others the loop "
            "only falls or only rises. Shaded: where the loop is worst, given that, if it has a single peak. Dashed: where the "
            "bound fu2024.phase_transition_reused with s = 1/4 peaks; the loop need not be worst there.",
            _phase_transition_score,
            ("fu2024.phase_transition_reused", "fu2024.phase_transition_peak"),
            slow=True,
        ),
        Picture(
            "informative_map",
            "Where bounds say anything at generation 10, over the real share and the training-set size. Map: "
            "fu2025.categorical_loop_upper for 1000 equal cells with reused real data, its value on the contours, "
            "hatched where it exceeds 1, white where less than one point is real. Lines: frontiers above or right of "
            "which bounds are informative: the same with reused and with fresh data; fu2025.generalization_given_real "
            "(M = 1, beta = eta = 1/n, d_tv = 0.15, delta = 0.05); fu2024.kde_loop (d = 3, sigma = 1, h = n^(-1/7)). "
            "Contours and frontiers are interpolated on a grid.",
            _informative_map,
            ("fu2025.categorical_loop_upper", "fu2025.generalization_given_real", "fu2024.kde_loop"),
        ),
        Picture(
            "early_stopping",
            "Training time of a score network: total variation between the real law (two raised cosines) and what the "
            "probability flow generates, for random-feature networks of width 64 trained by gradient flow on n points. "
            "Means over 120 training sets; bands are confidence intervals that hold jointly with probability 0.99, "
            "numerical errors counted as estimated. Where a later band lies "
            "above an earlier one, longer training is worse.",
            _early_stopping,
            ("fu2024.diffusion_rate",),
            slow=True,
        ),
    )
}
"""The figures that need nothing but a seed, by name."""


def figure(name: str, seed: int = 0, progress: Progress = quiet) -> Figure:
    """Draw a named figure.

    Parameters
    ----------
    name : str
        One of `PICTURES`.
    seed : int
        Of its loops, at least 0.
    progress : callable, optional

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    ArgumentError
        If there is no such figure.

    Examples
    --------
    >>> figure("curated_kl").axes[0].get_xlabel()
    'round $t$'
    """
    if name not in PICTURES:
        raise ArgumentError(f"there is no figure '{name}'; there are {', '.join(PICTURES)}")
    if seed < 0:
        raise ArgumentError(f"seed = {seed}; give a whole number of 0 or more")
    with drawing():
        return PICTURES[name].draw(np.random.default_rng(np.random.SeedSequence(seed)), progress)

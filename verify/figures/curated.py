"""Curated loops: reward and divergence over the rounds, against their bounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from bounds import get
from verify.figures.style import BLACK, BLUE, DASHED, DOTTED, GREEN, ORANGE, legend_above, plain_log
from verify.models.curated import CuratedTrajectory, curated_loop, kl_divergence, reward_moments


@dataclass(frozen=True)
class CuratedPicture:
    """A curated loop mixed with its reference law, which is also its start.

    Parameters
    ----------
    law : tuple of float
        Reference law on m atoms.
    rewards : tuple of float
        r of each atom, in nats.
    candidates : int
        K, at least 2.
    ratio : Fraction
        lam, with ``lam (K - 1) < 1``: else the paper's divergence ball says nothing.
    rounds : int
        T, at least 1.

    Examples
    --------
    >>> CuratedPicture().path.p.shape
    (13, 4)
    """

    law: tuple[float, ...] = (0.25, 0.25, 0.25, 0.25)
    rewards: tuple[float, ...] = (0.0, 0.5, 1.0, 1.5)
    candidates: int = 4
    ratio: Fraction = Fraction(3, 10)
    rounds: int = 12

    @property
    def path(self) -> CuratedTrajectory:
        """The exact loop."""
        return curated_loop(self.law, self.rewards, self.candidates, float(self.ratio), self.rounds)


def curated_reward_axes(axes: Axes, picture: CuratedPicture | None = None) -> Axes:
    """Draw the exact expected reward of a curated loop over the rounds, above the bounds on it.

    Parameters
    ----------
    axes : matplotlib Axes
    picture : CuratedPicture, optional

    Returns
    -------
    matplotlib Axes
        The bounds are ferbach2024 Theorem 2.3 and its sharper forms.

    Examples
    --------
    >>> from verify.figures import new_figure
    >>> curated_reward_axes(new_figure()[1]).get_xlabel()
    'round $t$'
    """
    picture = picture or CuratedPicture()
    moments = reward_moments(picture.law, picture.rewards)
    y = np.exp(picture.rewards)
    numbers: dict[str, Any] = {
        "mean": float(moments.mean),
        "variance": float(moments.variance),
        "y_max": float(moments.y_max),
        "K": picture.candidates,
        "lam": picture.ratio,
    }
    # The gain over the reference law: on its own scale the bounds can be told apart.
    rounds = np.arange(1, picture.rounds + 1)
    gain = picture.path.shift[1:] @ y
    axes.plot(rounds, gain, "o", color=BLACK, markersize=3.4, markerfacecolor="white", label="exact")
    curves: tuple[tuple[str, dict[str, Any], str, str, Any], ...] = (
        ("ferbach2024.mixed_reward_gain_refined", {"form": "iterated"}, "refined, iterated", BLUE, DOTTED),
        ("ferbach2024.mixed_reward_gain_refined", {"form": "closed"}, "refined, closed", GREEN, DASHED),
        ("ferbach2024.mixed_reward_gain", {}, "bound of the paper", ORANGE, "-"),
    )
    for theorem_id, choices, label, color, dashes in curves:
        values = [get(theorem_id).evaluate(t=int(t), **choices, **numbers) - numbers["mean"] for t in rounds]
        axes.plot(rounds, values, color=color, linestyle=dashes, linewidth=1.2, label=label)
    axes.set(xlabel="round $t$", ylabel=r"$\mathbb{E}_{p_t}y-\mathbb{E}_{p_0}y$")
    axes.set_xlim(0.5, picture.rounds + 0.5)
    plain_log(axes)
    legend_above(axes)
    return axes


def curated_kl_axes(axes: Axes, picture: CuratedPicture | None = None) -> Axes:
    """Draw the exact divergence of a curated loop from its reference law over the rounds, below the bounds on it.

    Parameters
    ----------
    axes : matplotlib Axes
    picture : CuratedPicture, optional

    Returns
    -------
    matplotlib Axes
        The bounds are ferbach2024 Theorem 2.4 and its sharper forms.

    Examples
    --------
    >>> from verify.figures import new_figure
    >>> [line.get_label() for line in curated_kl_axes(new_figure()[1]).lines]
    ['bound of the paper', 'refined, supremum', 'refined, chord', 'exact']
    """
    picture = picture or CuratedPicture()
    rounds = np.arange(1, picture.rounds + 1)
    # Not by subtraction in floats: a range a rounding too small would be no bound.
    spread = Fraction(max(picture.rewards)) - Fraction(min(picture.rewards))
    loop: dict[str, Any] = {"lam": picture.ratio, "K": picture.candidates}
    ball = get("ferbach2024.kl_ball").evaluate(**loop)
    axes.plot(rounds, [ball] * rounds.size, color=ORANGE, linewidth=1.2, label="bound of the paper")
    for form, color, dashes in (("supremum", GREEN, DASHED), ("chord", BLUE, DOTTED)):
        values = _over(rounds, {"form": form, "range": spread, **loop})
        axes.plot(rounds, values, color=color, linestyle=dashes, linewidth=1.2, label=f"refined, {form}")
    path = picture.path
    exact = kl_divergence(path.p[1:], np.asarray(picture.law), shift=path.shift[1:])
    axes.plot(rounds, exact, "o", color=BLACK, markersize=3.4, markerfacecolor="white", label="exact")
    axes.set(xlabel="round $t$", ylabel=r"$\mathrm{KL}(p_t\,\|\,p_{\mathrm{ref}})$ [nats]")
    axes.set_xlim(0.5, picture.rounds + 0.5)
    plain_log(axes)
    legend_above(axes)
    return axes


def _over(rounds: Sequence[int] | np.ndarray, arguments: Mapping[str, Any]) -> list[float]:
    theorem = get("ferbach2024.kl_ball_refined")
    return [theorem.evaluate(t=int(t), **arguments) for t in rounds]

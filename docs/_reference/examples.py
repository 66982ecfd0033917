"""One example point for every theorem: where its page evaluates it, and around which its figure is drawn."""

from __future__ import annotations

from typing import Any

import bounds
from bounds import Theorem

EXAMPLE: dict[str, str] = {
    "n": "100",
    "t": "5",
    "d": "3",
    "alpha": "1/5",
    "lam": "1/4",
    "delta": "1/20",
    "sigma": "1",
    "L": "1/5",
    "epsilon": "1/10",
    "curvature": "3/10",
    "rho": "1/2",
    "eps_opt": "1/1000",
    "A": "1",
    "B": "1",
    "distance0": "1/2",
    "radius": "1",
    "K": "4",
    "y": "2",
    "y_max": "3",
    "mean": "1",
    "variance": "1/2",
    "p_star": "1/10",
    "gap": "1",
    "range": "2",
    "tv0": "1/2",
    "C": "1",
    "M": "1",
    "beta": "1/100",
    "gamma": "1/10",
    "eta": "1/1000",
    "d_tv": "1/20",
    "D": "1",
    "Gamma": "1/2",
    "sigma_noise": "1/10",
    "collision": "1/4",
    "k": "5",
    "kl": "1/2",
    "h2": "1/4",
    "chi2": "1/2",
    "shift": "1",
    "sigma1": "1",
    "sigma2": "2",
    "mahalanobis": "1",
    "deviation": "1/10",
    "difference": "1/100",
    "sample_variance": "1/10",
    "h": "1/2",
    "folds": "2",
    "folds2": "3",
    "laplacian": "1",
    "root_mass": "2",
    "beta_removed": "1/100",
    "e": "1/50",
    "c": "1",
    "s": "1/4",
    "x": "2",
    "p": "2",
    "kl_prior": "1/100",
    "kl0": "1/2",
    "noising": "4",
    "score_error": "1/10",
    "flow_error": "1/5",
    "early": "1/100",
    "tv_prior": "1/100",
}
"""One value per symbol, at which the pages evaluate every theorem; it lies within the hypotheses of all."""


def example(theorem: Theorem) -> dict[str, Any]:
    """Return the example point of a theorem of one regime.

    Raises
    ------
    SystemExit
        If a symbol has no example value, or the point lies outside the hypotheses.
    """
    missing = [s.name for s in theorem.symbols if s.name not in EXAMPLE]
    if missing:
        raise SystemExit(
            f"{theorem.id}: add an example value of {', '.join(missing)} to EXAMPLE in docs/_reference/examples.py"
        )
    point: dict[str, Any] = {s.name: EXAMPLE[s.name] for s in theorem.symbols}
    try:
        theorem.evaluate(**point)
    except bounds.HypothesisError as failure:
        raise SystemExit(f"the example point in docs/_reference/examples.py does not serve: {failure}") from None
    return point


def keywords(theorem: Theorem) -> str:
    """Write choices and example values as Python keyword arguments."""
    chosen = [f'{name}="{value}"' for name, value in theorem.choices]
    return ", ".join([*chosen, *(f"{n}={v}" if v.isdigit() else f'{n}="{v}"' for n, v in example(theorem).items())])

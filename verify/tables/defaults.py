"""Values for every symbol, so that a table needs no argument: those of a middling loop."""

from __future__ import annotations

from bounds import ArgumentError, Theorem

AXES: dict[str, tuple[str, ...]] = {
    "n": ("100", "1000", "10000"),
    "alpha": ("0.1", "0.5"),
    "lam": ("0.1", "0.3", "1"),
    "t": ("1", "2", "5", "10", "20"),
}
"""What a table runs over, in the order of its columns, with the values it takes by default."""

DEFAULTS: dict[str, str] = {
    "n": "1000", "t": "5", "alpha": "0.8", "lam": "0.25", "d": "2", "delta": "0.05", "sigma": "1", "h": "0.3", "k": "10",
    "M": "1",
    # A retraining map that is stable, and errs little.
    "L": "0.2", "epsilon": "0.1", "curvature": "0.3", "rho": "0.5", "eps_opt": "0.001", "A": "1", "B": "1", "distance0": "0.5",
    "radius": "10",
    # A reward e^r that is 2 on a quarter of the mass and 2/3 elsewhere.
    "K": "4", "y": "2", "y_max": "2", "mean": "1", "variance": "1/3", "p_star": "1/4", "gap": "1.09", "range": "1.1",
    "tv0": "0.5",
    # A learner that errs by 0.02, and c N^-s with about the same at N = 1000.
    "e": "0.02", "d_tv": "0.02", "c": "0.64", "s": "0.5", "C": "1", "x": "0.25", "p": "2",
    # A diffusion model whose score is well learned.
    "kl_prior": "0.0001", "kl0": "1", "noising": "10", "score_error": "0.001", "flow_error": "0.02", "early": "0.005",
    "tv_prior": "0.005",
    # A stable predictor, stable loops, an attention head.
    "beta": "0.001", "beta_removed": "0.001", "gamma": "0.05", "eta": "0.001", "D": "1", "Gamma": "0.3", "sigma_noise": "0.5",
    "collision": "0.15",
    # Arguments of the lemmas.
    "difference": "0.001", "sample_variance": "0.1", "deviation": "0.1", "kl": "0.1", "h2": "0.1", "chi2": "0.1", "folds": "1",
    "folds2": "1", "laplacian": "1", "root_mass": "5", "mahalanobis": "1", "shift": "1", "sigma1": "1", "sigma2": "1.5",
}  # fmt: skip
"""One value per symbol of the catalogue; each is exact text, as `bounds.Theorem.evaluate` reads it."""


def default(theorem: Theorem, name: str) -> str:
    """Return the value a table gives a symbol if the user gives none.

    Parameters
    ----------
    theorem : Theorem
        Of one regime.
    name : str
        Name of one of its symbols.

    Returns
    -------
    str

    Raises
    ------
    ArgumentError
        If the symbol is one of a theorem of the user's own, for which no value inside the hypotheses was found.

    Examples
    --------
    >>> import bounds
    >>> default(bounds.get("ferbach2024.kl_ball"), "K")
    '4'
    """
    if name in DEFAULTS:
        return DEFAULTS[name]
    from verify.explore.ranges import start

    found = start(theorem)
    if found is None:
        raise ArgumentError(f"{theorem.id} needs a value for {name}; write {name}=VALUE")
    return found[name]

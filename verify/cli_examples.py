"""Examples that the help of each command shows; every one of them can be typed as it stands."""

from __future__ import annotations

EXAMPLES: dict[str, tuple[str, ...]] = {
    "list": ("loopbounds list --paper bertrand2024", "loopbounds list --quantity 'total variation'"),
    "show": ("loopbounds show bertrand2024.jacobian",),
    "eval": (
        "loopbounds eval ferbach2024.kl_ball lam=0.1 K=4 --rigorous",
        "loopbounds eval bertrand2024.gaussian_collapse n=100:1e6:log25 t=10 sigma=1",
    ),
    "solve": ("loopbounds solve ferbach2024.kl_ball --for lam --target 0.1 K=4",),
    "verify": (
        "loopbounds verify ferbach2024 --quick --out report",
        "loopbounds verify bertrand2024 --data nile.csv:volume --lam 0.1,0.3",
    ),
    "power": ("loopbounds power ferbach2024.kl_ball --quick",),
    "cite": ("loopbounds cite bertrand2024 fu2024.kde_loop",),
    "audit": ("loopbounds audit ferbach2024.kl_ball",),
    "audit-loop": (
        "loopbounds audit-loop samples.npz --data replace e=0.05",
        "loopbounds audit-loop points.csv --generation g --column x,y --out audit.json",
    ),
    "compare": ("loopbounds compare ferbach2024.kl_ball_refined ferbach2024.kl_ball lam=0.01:0.3 K=4 t=1:9 range=1",),
    "explore": ("loopbounds explore --out explore.html",),
    "plot": ("loopbounds plot ferbach2024.kl_ball lam=0.01:0.3:log50 K=4",),
}
"""Command lines by the name of the command; the help of ``table`` holds its own."""


def epilog(command: str) -> str:
    """Return what the help of a command ends with.

    Parameters
    ----------
    command : str

    Returns
    -------
    str
        An empty line between examples keeps each on a line of its own.

    Examples
    --------
    >>> epilog("show")
    'Example: loopbounds show bertrand2024.jacobian'
    """
    return "\n\n".join(f"Example: {line}" for line in EXAMPLES[command])

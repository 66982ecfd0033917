"""Figures as files: those of a report, of a run, and of the power of its checks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from bounds import ArgumentError
from verify.figures.gallery import PICTURES, Progress, figure, quiet
from verify.figures.runs import power_axes, power_height, tightness, tightness_axes, tightness_height
from verify.figures.style import FORMATS, drawing, new_figure, save_figure
from verify.power_results import Power
from verify.results import Result, Run


def save_run_figures(
    directory: Path, run: Run, formats: Sequence[str] = FORMATS, progress: Progress = quiet
) -> dict[str, str]:
    """Draw how tight the bounds of a run were, and the quick figures on theorems it held against loops.

    Parameters
    ----------
    directory : Path
    run : Run
    formats : sequence of {"pdf", "png", "svg"}
    progress : callable, optional

    Returns
    -------
    dict of str to str
        Captions by file name without its ending, in the order in which they are best shown.

    Examples
    --------
    >>> import tempfile
    >>> from verify.evidence import Verdict
    >>> result = Result("x.y", "", {}, "", "upper", 1.0, 0.5, (0.4, 0.6), 0.5, Verdict.CONSISTENT, 9, 1)
    >>> run = Run((result,), (), {"total": 0.001, "tests": 1, "per_test": 0.001}, 1, "quick")
    >>> with tempfile.TemporaryDirectory() as parent:
    ...     list(save_run_figures(Path(parent), run, ("png",)))
    ['tightness_x']
    """
    results = {key: list(found) for key, found in _by_paper(run.results).items()}
    checked = {result.id for result in run.results}
    pictures = [p for p in PICTURES.values() if not p.slow and checked & set(p.theorems)]
    captions: dict[str, str] = {}
    for done, (key, mine) in enumerate(results.items()):
        progress(done, len(results) + len(pictures), f"tightness of {key}")
        name = f"tightness_{key}"
        save_figure(tightness_figure(mine), directory, name, formats)
        captions[name] = tightness_caption(key, mine, run)
    for done, picture in enumerate(pictures, start=len(results)):
        progress(done, len(results) + len(pictures), picture.name)
        save_figure(figure(picture.name, run.seed), directory, picture.name, formats)
        captions[picture.name] = picture.caption
    return captions


def _by_paper(results: Sequence[Result]) -> dict[str, list[Result]]:
    found: dict[str, list[Result]] = {}
    for result in results:
        found.setdefault(result.id.partition(".")[0], []).append(result)
    return found


def tightness_figure(results: Sequence[Result]) -> Figure:
    """Draw how near to its bound everything measured came.

    Parameters
    ----------
    results : sequence of Result
        At least one.

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    ArgumentError
        If there is no result.

    Examples
    --------
    >>> from verify.evidence import Verdict
    >>> result = Result("x.y", "", {}, "", "upper", 1.0, 0.5, (0.4, 0.6), 0.5, Verdict.CONSISTENT, 9, 1)
    >>> tightness_figure([result]).axes[0].get_xscale()
    'log'
    """
    if not results:
        raise ArgumentError("the run has no results to draw")
    with drawing():
        drawn, axes = new_figure(tightness_height(results))
        tightness_axes(axes, results)
    return drawn


def tightness_caption(key: str, results: Sequence[Result], run: Run) -> str:
    """Say what a figure of tightness shows, and what it had to leave out."""
    left_out = sum(tightness(result) is None for result in results)
    failed = sum(failure.id.partition(".")[0] == key for failure in run.failures)
    parts = [
        f"Tightness of the bounds of {key} in a run of {run.effort} effort and seed {run.seed}: each dot is one "
        "setting, the measured quantity over its bound (the bound over the quantity for lower bounds on positive "
        "ones), 1 where the bound is attained; bars are confidence intervals or numerical errors. An identity holds "
        "where the bar meets 1.",
        f"{left_out} of {len(results)} results are not shown, as no quotient tells their room (a value of 0 or of "
        "another sign, or the exponent of a rate).",
        f"{failed} settings failed and are not shown.",
    ]
    return " ".join(part for part, said in zip(parts, (True, left_out, failed), strict=True) if said)


def power_figure(found: Power) -> Figure:
    """Draw the smallest violation that each check detects.

    Parameters
    ----------
    found : Power

    Returns
    -------
    matplotlib Figure

    Raises
    ------
    ArgumentError
        If there is no check.

    Examples
    --------
    >>> from verify.power_results import CheckPower, SettingPower
    >>> check = CheckPower("x.y", "upper", 0, (SettingPower("a", "Computed", 0.02, None),))
    >>> power_figure(Power("quick", (0,), (1e-3,), (check,))).axes[0].get_xscale()
    'log'
    """
    if not found.checks:
        raise ArgumentError("there are no checks whose power could be drawn")
    with drawing():
        drawn, axes = new_figure(power_height(found))
        power_axes(axes, found)
    return drawn


def power_caption(found: Power) -> str:
    """Say what a figure of power shows."""
    seeds = f"seed {found.seeds[0]}" if len(found.seeds) == 1 else f"seeds {found.seeds[0]} to {found.seeds[-1]}"
    failed = f" {len(found.failures)} settings failed and are not shown." if found.failures else ""
    return (
        f"Power of the checks at {found.effort} effort, {seeds}: the smallest share of the bound by which a theorem "
        "may be wrong and still be called VIOLATED, in each setting (small) and in a run (large; for an identity on "
        "the side that is harder to see). The line is at 10 %. Violations below one millionth stand at the left "
        f"edge.{failed}"
    )

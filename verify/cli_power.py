"""The command power: the smallest violation of each theorem that its check detects."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from verify.cli_files import require_file, write_whole
from verify.cli_output import Reply, json_text, table
from verify.cli_requirements import require_checks, require_workers
from verify.cli_waiting import PATIENCE

if TYPE_CHECKING:
    from rich.console import Console

    from verify.power import CheckPower, Power

TARGET = 0.1
"""The violation whose detection is counted over seeds."""


@dataclass(frozen=True)
class Options:
    """The options of ``power``.

    Parameters
    ----------
    quick : bool
    seed, seeds, workers : int
    out : str or None
        File for the JSON document.
    progress : bool
        Whether a progress bar may be shown.

    Examples
    --------
    >>> Options().seeds
    1
    """

    quick: bool = False
    seed: int = 0
    seeds: int = 1
    workers: int = 1
    out: str | None = None
    progress: bool = False


def power(names: Sequence[str], options: Options) -> Reply:
    """Answer ``power``: measure everything once, then shrink the violation until it is no longer seen.

    Parameters
    ----------
    names : sequence of str
        Theorem ids and paper keys; all when empty.
    options : Options

    Returns
    -------
    Reply
        With status 1 where a setting failed.

    Raises
    ------
    ArgumentError, UnknownTheorem
        If a name, an option or the file is no good.

    Examples
    --------
    >>> reply = power(["ferbach2024.kl_ball"], Options(quick=True))
    >>> [row["id"] for row in reply.document["checks"]], reply.status
    (['ferbach2024.kl_ball'], 0)
    """
    from verify.power import power as run

    require_checks(names)
    require_workers(options.workers)
    file = None if options.out is None else require_file(options.out)
    with _progress(options.progress) as progress:
        found = run(
            names,
            quick=options.quick,
            seed=options.seed,
            seeds=options.seeds,
            workers=options.workers,
            progress=progress,
        )
    document = _document(found)
    if file is not None:
        write_whole(file, json_text(document) + "\n")
    said = "; ".join(f"FAILED {f.id} ({f.where}, {f.stage}): {f.error}" for f in found.failures[:3])
    return Reply(document, lambda console: _show(console, found), 1 if found.failures else 0, said)


@contextmanager
def _progress(wanted: bool) -> Iterator[Callable[[int, int, str], None] | None]:
    """Show a bar on a terminal once the work has taken a while."""
    if not wanted or not sys.stderr.isatty():
        yield None
        return
    start = time.monotonic()
    with ExitStack() as stack:
        shown: list[Any] = []

        def report(done: int, total: int, label: str) -> None:
            if not shown and time.monotonic() - start >= PATIENCE:
                bar = stack.enter_context(_bar())
                shown.extend((bar, bar.add_task("", total=total)))
            if shown:
                shown[0].update(shown[1], completed=done, total=total, description=label, refresh=True)

        yield report


def _bar() -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
    # Refreshed by hand: a refreshing thread and worker processes that are forked do not go together.
    return Progress(*columns, console=Console(stderr=True), transient=True, auto_refresh=False)


def _document(found: Power) -> dict[str, Any]:
    checks = [
        {
            "id": check.id,
            "direction": check.direction,
            "seed": check.seed,
            "smallest": check.smallest,
            "detects_10_percent": check.detects(TARGET),
            "setting": None if check.best is None else check.best.setting,
            "settings": [asdict(setting) for setting in check.settings],
        }
        for check in found.checks
    ]
    shares = {name: found.share(name, TARGET) for name in found.ids}
    failures = [
        {"id": f.id, "where": f.where, "stage": f.stage, "seed": f.seed, "error": f.error} for f in found.failures
    ]
    return {
        "effort": found.effort, "seeds": found.seeds, "levels": found.levels, "checks": checks,
        "share_detecting_10_percent": shares, "failures": failures,
    }  # fmt: skip


def _show(console: Console, found: Power) -> None:
    rows = [_row(found, name) for name in found.ids]
    console.print(table(console, rows, ("theorem", "smallest violation", "seen")))
    seeds = f"seed {found.seeds[0]}" if len(found.seeds) == 1 else f"seeds {found.seeds[0]} to {found.seeds[-1]}"
    note = f"{found.effort} effort, {seeds}; a violation is a share of the bound; seen: settings that detect 10 %"
    console.print(note + (", and the share of seeds that do; other values are medians" if len(found.seeds) > 1 else ""))


def _row(found: Power, name: str) -> dict[str, str]:
    runs = sorted(found.of(name), key=lambda check: float("inf") if check.smallest is None else check.smallest)
    typical = runs[len(runs) // 2]
    seen = sum(_setting_detects(typical, index) for index in range(len(typical.settings)))
    row = {
        "theorem": name,
        "claim": typical.direction,
        "smallest violation": percent(typical.smallest),
        "seen": f"{seen}/{len(typical.settings)}",
        "at": "" if typical.best is None else typical.best.setting,
    }
    if len(runs) > 1:
        row["seen"] += f", {found.share(name, TARGET):.0%}"
    return row


def _setting_detects(check: CheckPower, index: int) -> bool:
    one = check.settings[index]
    sides = {"upper": (one.smaller,), "lower": (one.larger,), "exact": (one.smaller, one.larger)}[check.direction]
    return all(side is not None and side <= TARGET for side in sides)


def percent(violation: float | None) -> str:
    """Write a violation for people.

    Parameters
    ----------
    violation : float or None
        As a share of the bound.

    Returns
    -------
    str
        Rounded up, so that what is written is detected.

    Examples
    --------
    >>> percent(0.031234), percent(3e-9), percent(None), percent(0.0)
    ('3.13 %', '< 0.0001 %', 'none', '0 %')
    """
    from decimal import ROUND_CEILING, Context, Decimal

    if violation is None:
        return "none"
    if 0 < violation < 1e-6:
        return "< 0.0001 %"
    return f"{Context(prec=3, rounding=ROUND_CEILING).create_decimal(Decimal(violation) * 100).normalize():f} %"

"""What commands that run checks refuse before any work: names without a check, and too many worker processes."""

from __future__ import annotations

import difflib
import os
from collections.abc import Sequence

# As many processes as this are no danger, however few processors there are.
_FEW_WORKERS = 16


def require_workers(workers: int) -> None:
    """Refuse a number of processes that this machine cannot hold.

    Parameters
    ----------
    workers : int

    Raises
    ------
    ArgumentError
        If it is below 1, or far above the number of processors: all of them start at once.

    Examples
    --------
    >>> require_workers(0)
    Traceback (most recent call last):
    bounds.errors.ArgumentError: --workers 0: give a whole number, 1 or more
    """
    from bounds import ArgumentError

    if workers < 1:
        raise ArgumentError(f"--workers {workers}: give a whole number, 1 or more")
    processors = os.cpu_count() or 1
    most = max(_FEW_WORKERS, 2 * processors)
    if workers > most:
        raise ArgumentError(f"--workers {workers}: this machine has {processors} processors; give 1 to {most}")


def require_checks(names: Sequence[str]) -> None:
    """Refuse a name nothing is known under, with the nearest that there is.

    Parameters
    ----------
    names : sequence of str
        Theorem ids and paper keys.

    Raises
    ------
    UnknownTheorem
        If there is no check of one of them.

    Examples
    --------
    >>> require_checks(["ferbach2024.kl_bal"])
    Traceback (most recent call last):
    bounds.errors.UnknownTheorem: there is no theorem 'ferbach2024.kl_bal'; did you mean ferbach2024.kl_ball?
    """
    from bounds import UnknownTheorem, catalog
    from verify.checks import all_checks

    checks = all_checks()
    keys = dict.fromkeys(c.theorem.source.paper.key for c in checks)
    known = [*keys, *(c.theorem.id for c in checks)]
    if not known:
        raise UnknownTheorem("no check is installed, so there is nothing to verify")
    for name in names:
        if name in known:
            continue
        if name in {t.id for t in catalog()}:
            raise UnknownTheorem(f"{name} is in the catalogue, but there is no check of it")
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are the papers {', '.join(keys)}"
        raise UnknownTheorem(f"there is no theorem '{name}'; {hint}")

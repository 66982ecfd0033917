"""One file per paper: each binds theorems to settings, measurements and controls in a tuple ``CHECKS``."""

from __future__ import annotations

import importlib
import pkgutil
from functools import lru_cache

from verify.check import Check


@lru_cache(maxsize=1)
def all_checks() -> tuple[Check, ...]:
    """Return every check, paper by paper.

    Returns
    -------
    tuple of Check

    Examples
    --------
    >>> "bertrand2024.jacobian" in {check.theorem.id for check in all_checks()}
    True
    """
    modules = [
        importlib.import_module(f"{__name__}.{info.name}")
        for info in pkgutil.iter_modules(__path__)
        if not info.name.startswith("_")
    ]
    return tuple(check for module in modules for check in module.CHECKS)

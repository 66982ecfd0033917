"""One folder per paper; each file in it binds theorems to settings, measurements and controls in a tuple ``CHECKS``."""

from __future__ import annotations

import importlib
import pkgutil
from functools import lru_cache

from bounds import catalog
from verify.check import Check


@lru_cache(maxsize=1)
def all_checks() -> tuple[Check, ...]:
    """Return every check, in the order of the catalogue, the lemmas last.

    Returns
    -------
    tuple of Check

    Examples
    --------
    >>> "bertrand2024.jacobian" in {check.theorem.id for check in all_checks()}
    True
    """
    names = [info.name for info in pkgutil.walk_packages(__path__, f"{__name__}.")]
    modules = [importlib.import_module(name) for name in names if not name.rpartition(".")[2].startswith("_")]
    found = [check for module in modules for check in getattr(module, "CHECKS", ())]
    place = {theorem.id: number for number, theorem in enumerate(catalog())}
    return tuple(sorted(found, key=lambda check: (check.theorem.id.startswith("lemma."), place[check.theorem.id])))

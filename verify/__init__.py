"""Checks of bounds on loops whose constants are known, with statistically valid verdicts.

``verify.run_checks(["bertrand2024"], quick=True)`` runs the checks of a paper and returns every result and control.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from verify.check import Check, Control, Effort, Setting, plant
    from verify.results import ControlResult, Result, Run
    from verify.runner import run_checks

__all__ = ["Check", "Control", "ControlResult", "Effort", "Result", "Run", "Setting", "plant", "run_checks"]

_HOMES = {
    **dict.fromkeys(("Check", "Control", "Effort", "Setting", "plant"), "verify.check"),
    **dict.fromkeys(("ControlResult", "Result", "Run"), "verify.results"),
    "run_checks": "verify.runner",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that the command line starts fast."""
    import importlib

    if name not in _HOMES:
        raise AttributeError(f"module 'verify' has no attribute '{name}'")
    return getattr(importlib.import_module(_HOMES[name]), name)

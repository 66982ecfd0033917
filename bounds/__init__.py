"""Bounds on self-consuming training loops: exact expressions with checked hypotheses.

``bounds.catalog()`` lists the theorems, ``bounds.get(id)`` returns one; a theorem evaluates, encloses, solves and cites
itself. ``bounds.compare`` proves that one is never above another. The modules `bounds.solve`, `bounds.audit` and
`bounds.certify`, and the names that come from them, are imported when first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from bounds.calculator import Assessment, assess
from bounds.catalog import all_papers, catalog, get, load
from bounds.errors import (
    ArgumentError,
    DataError,
    EnclosureError,
    HypothesisError,
    LoopboundsError,
    UnknownTheorem,
)
from bounds.integrals.integral import TailedIntegral
from bounds.quantities import Direction, Mode, Quantity, Standing
from bounds.sources import Paper, Source
from bounds.symbols import PARAMETERS, Parameter, parameter
from bounds.theorem import Regime, Structured, Theorem, regime

if TYPE_CHECKING:
    from bounds import audit, certify, solve
    from bounds.audit import Audit
    from bounds.certify.answer import Answer, Crossing, Outcome, crossing
    from bounds.certify.theorems import Comparison, compare
    from bounds.solve import Interval, Solution

__version__ = "0.1.0"

_MODULES = ("audit", "certify", "solve")
_FROM = {
    "Answer": "bounds.certify.answer",
    "Audit": "bounds.audit",
    "Comparison": "bounds.certify.theorems",
    "Crossing": "bounds.certify.answer",
    "Interval": "bounds.solve",
    "Outcome": "bounds.certify.answer",
    "Solution": "bounds.solve",
    "compare": "bounds.certify.theorems",
    "crossing": "bounds.certify.answer",
}

__all__ = [
    "PARAMETERS",
    "Answer",
    "ArgumentError",
    "Assessment",
    "Audit",
    "Comparison",
    "Crossing",
    "DataError",
    "Direction",
    "EnclosureError",
    "HypothesisError",
    "Interval",
    "LoopboundsError",
    "Mode",
    "Outcome",
    "Paper",
    "Parameter",
    "Quantity",
    "Regime",
    "Solution",
    "Source",
    "Standing",
    "Structured",
    "TailedIntegral",
    "Theorem",
    "UnknownTheorem",
    "all_papers",
    "assess",
    "audit",
    "catalog",
    "certify",
    "compare",
    "crossing",
    "get",
    "load",
    "parameter",
    "regime",
    "solve",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"bounds.{name}")
    if name in _FROM:
        return getattr(import_module(_FROM[name]), name)
    raise AttributeError(f"module 'bounds' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

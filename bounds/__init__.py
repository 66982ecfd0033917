"""Bounds on self-consuming training loops: exact expressions with checked hypotheses.

``bounds.catalog()`` lists the theorems, ``bounds.get(id)`` returns one; a theorem evaluates, encloses and cites itself.
"""

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

__version__ = "0.1.0"

__all__ = [
    "PARAMETERS",
    "ArgumentError",
    "Assessment",
    "DataError",
    "Direction",
    "EnclosureError",
    "HypothesisError",
    "LoopboundsError",
    "Mode",
    "Paper",
    "Parameter",
    "Quantity",
    "Regime",
    "Source",
    "Standing",
    "Structured",
    "TailedIntegral",
    "Theorem",
    "UnknownTheorem",
    "all_papers",
    "assess",
    "catalog",
    "get",
    "load",
    "parameter",
    "regime",
]

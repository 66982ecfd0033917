"""A user's own numbers as the data law of bertrand2024: constants, hypotheses, and the exact loop.

The model is the logistic location family of a fixed scale. Its constants are computed from the empirical law, the theorems
are put to them for each synthetic-to-real ratio, and the exact retraining map is held against every bound that applies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np

from bounds.hypotheses import check as check_hypothesis
from bounds.papers import bertrand2024 as theory
from verify.check import QUICK, Check, Setting
from verify.checks.bertrand2024.stability import Derivative, Path, safe_constants
from verify.data import EmpiricalLaw, read_column
from verify.models.location import LogisticRetraining, fit_logistic_scale, logistic_retraining
from verify.results import Run
from verify.runner import judge_measured, select

# The contraction is local: the loop starts a tenth of the family's scale from the optimum and runs five generations.
_START = 0.1
_GENERATIONS = 5

_THEOREMS = (theory.JACOBIAN, theory.CONTRACTION, theory.JACOBIAN_REFINED, theory.SPECTRAL_RADIUS_BOUND)


@dataclass(frozen=True)
class HypothesisRow:
    """One hypothesis of one theorem at one ratio.

    Parameters
    ----------
    lam : Fraction
        Synthetic-to-real ratio.
    id : str
        Theorem id.
    relation : str
    holds : bool
    left, right : float
        The two sides.

    Examples
    --------
    >>> HypothesisRow(Fraction(1, 10), "x.y", "lam < 1", True, 0.1, 1.0).holds
    True
    """

    lam: Fraction
    id: str
    relation: str
    holds: bool
    left: float
    right: float


@dataclass(frozen=True)
class DataReport:
    """What the theorems say about a user's data.

    Parameters
    ----------
    source : str
        File and column, or a name.
    points : int
    scale : float
        Scale of the logistic family, in the units of the data.
    theta_star : float
        Location of the best model, in the units of the data.
    curvature, epsilon, lipschitz : float
        The constants of the theorems, in units of the scale, rounded to the safe side.
    run : Run
        Every bound that applies against the exact map.
    hypotheses : tuple of HypothesisRow

    Examples
    --------
    >>> report = check_law(EmpiricalLaw([1.0, 2.0, 2.5, 4.0]), "four numbers", [Fraction(1, 5)])
    >>> report.points, report.run.passed
    (4, True)
    """

    source: str
    points: int
    scale: float
    theta_star: float
    curvature: float
    epsilon: float
    lipschitz: float
    run: Run
    hypotheses: tuple[HypothesisRow, ...]


def check_data(spec: str, lambdas: Sequence[Fraction], scale: float | None = None) -> DataReport:
    """Put bertrand2024 to a column of a CSV file.

    Parameters
    ----------
    spec : str
        ``"FILE.csv:COLUMN"``.
    lambdas : sequence of Fraction
        Synthetic-to-real ratios.
    scale : float, optional
        Scale of the logistic family in the units of the data; the maximum-likelihood one by default.

    Returns
    -------
    DataReport

    Raises
    ------
    DataError
        If the file or column cannot serve as a data law.
    ArgumentError
        If the scale does not suit the data.

    Examples
    --------
    >>> check_data("no_such_file.csv:x", [Fraction(1, 10)])
    Traceback (most recent call last):
    bounds.errors.DataError: ...
    """
    return check_law(read_column(spec), spec, lambdas, scale)


def check_law(law: EmpiricalLaw, source: str, lambdas: Sequence[Fraction], scale: float | None = None) -> DataReport:
    """Put bertrand2024 to an empirical law.

    Parameters
    ----------
    law : EmpiricalLaw
    source : str
        What to call it.
    lambdas : sequence of Fraction
    scale : float, optional
        As for `check_data`.

    Returns
    -------
    DataReport

    Raises
    ------
    ArgumentError
        If the scale does not suit the data.

    Examples
    --------
    >>> report = check_law(EmpiricalLaw([1.0, 2.0, 2.5, 4.0]), "four numbers", [Fraction(1, 5)], scale=1.0)
    >>> [row.holds for row in report.hypotheses]
    [True, True]
    """
    unit = fit_logistic_scale(law.values).scale if scale is None else scale
    retraining = logistic_retraining(law, unit)
    constants = safe_constants(retraining.constants)
    rows: list[HypothesisRow] = []
    found = []
    for theorem in _THEOREMS:
        check = _without_controls(theorem.id)
        measured = []
        for lam in lambdas:
            setting = _setting(theorem.id, retraining, constants, lam)
            values = {name: Fraction(value) for name, value in setting.arguments.items()}
            checked = [check_hypothesis(relation, values) for relation in theorem.hypotheses]
            rows += [HypothesisRow(lam, theorem.id, c.relation, c.holds, c.left, c.right) for c in checked]
            if all(c.holds for c in checked):
                measured.append((setting, check.measure(setting, QUICK, np.random.default_rng(0))))
        found.append((check, measured))
    return DataReport(
        source=source,
        points=len(law.values),
        scale=unit,
        theta_star=retraining.constants.location,
        curvature=constants["curvature"],
        epsilon=constants["epsilon"],
        lipschitz=constants["L"],
        run=judge_measured(found, seed=0, effort="data"),
        hypotheses=tuple(rows),
    )


def _without_controls(theorem_id: str) -> Check:
    """Drop the planted theorems: one data law need not resolve them, the full check does."""
    return replace(select([theorem_id])[0], controls=())


def _setting(theorem_id: str, retraining: LogisticRetraining, constants: Mapping[str, float], lam: Fraction) -> Setting:
    arguments: dict[str, Any] = {"lam": lam, **constants}
    if theorem_id == theory.CONTRACTION.id:
        arguments |= {"distance0": _START, "t": _GENERATIONS}
        world: Any = Path(retraining, float(lam), _START, _GENERATIONS)
    else:
        world = Derivative(retraining, float(lam))
    return Setting(f"data, lambda = {float(lam):g}", arguments, world)

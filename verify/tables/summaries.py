"""The summary of a run as a table: one row per theorem and regime, in the setting nearest to the bound."""

from __future__ import annotations

import pandas as pd

from verify import report
from verify.results import Run
from verify.tables.table import Cell, Column, Table, blank_repeats


def run_table(run: Run) -> Table:
    """Summarise a run.

    Parameters
    ----------
    run : Run

    Returns
    -------
    Table
        Columns theorem, setting, bound, measured, tightness, verdict, controls, as `verify.report.summary` finds them.

    Examples
    --------
    >>> from verify.evidence import Verdict
    >>> from verify.results import Result
    >>> result = Result("bertrand2024.jacobian", "a loop", {}, "Jacobian norm", "upper", 0.5, 0.25, (0.25, 0.25), 0.5,
    ...                 Verdict.EXACT, 0, 1)
    >>> table = run_table(Run((result,), (), {"total": 0.001, "tests": 0, "per_test": 0.0}, 1, "quick"))
    >>> [cell.text for cell in table.rows[0].cells]
    ['bertrand2024.jacobian', 'a loop (1 of 1)', '≤ 0.500000', '0.250000', '0.5', 'EXACT', 'none']
    """
    rows = report.summary(run).to_dict("records")
    cells = [
        (
            Cell(row["theorem"]), Cell(_setting(row)), Cell(row["bound"]), Cell(row["measured"]), Cell(row["ratio"]),
            Cell(row["verdict"]), Cell(row["controls"]),
        )
        for row in rows
    ]  # fmt: skip
    columns = (
        Column("theorem", fold=True), Column("setting", fold=True), Column("bound"), Column("measured", fold=True),
        Column("tightness", fold=True), Column("verdict"), Column("controls", right=True),
    )  # fmt: skip
    return Table(
        name=f"run-{run.effort}-{run.seed}",
        caption=f"Bounds and what was measured. {report.budget_sentence(run)}",
        columns=columns,
        rows=blank_repeats(cells, 1),
        notes=(
            "shown is the setting in which the measured quantity comes nearest to the bound, or a violated one",
            "tightness: measured over bound, from the least to the greatest over all settings",
            "controls: planted false theorems that were refuted, of those planted",
        )
        * bool(rows),
        records=tuple(_record(run, number, row) for number, row in enumerate(rows)),
    )


def _setting(row: dict[str, str]) -> str:
    return f"{row['setting']} (1 of {row['settings']})" if row["setting"] else f"{row['settings']} without a result"


def _record(run: Run, number: int, row: dict[str, str]) -> dict[str, object]:
    """Return the row with its numbers in full."""
    result = report.nearest(run)[number] if number < len(report.nearest(run)) else None
    record: dict[str, object] = {"theorem": row["theorem"], "standing": row["standing"], "setting": row["setting"]}
    if result is not None:
        low, high = result.ci
        record |= {
            "direction": result.direction, "bound": result.bound, "measured": result.measured, "ci_lower": low,
            "ci_upper": high, "tightness": None if pd.isna(result.ratio) else result.ratio, "replicates": result.replicates,
        }  # fmt: skip
    return record | {"settings": int(row["settings"]), "verdict": row["verdict"], "controls": row["controls"]}

"""The bounds of theorems over training-set size, real share and generation, in the manner of a paper's table."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import ascii_lowercase

from bounds import ArgumentError, Theorem
from bounds.symbols import PARAMETERS
from verify.tables.defaults import AXES, default
from verify.tables.entries import Entry, enter, left_side, regime_text
from verify.tables.request import Request, regimes_of
from verify.tables.table import DAGGER, NOTHING, Cell, Column, Table, blank_repeats

MOST_ENTRIES = 5_000
"""In the tables of one theorem."""

# The first of these that varies runs over the columns; the others run over the rows, in the order of AXES.
_COLUMN_AXES = ("t", "n", "lam", "alpha")


@dataclass(frozen=True)
class _Plan:
    """One regime: what its rows and columns run over, and what is held fixed."""

    theorem: Theorem
    across: str
    down: tuple[str, ...]
    values: Mapping[str, tuple[str, ...]]

    @property
    def fixed(self) -> dict[str, str]:
        return {n: v[0] for n, v in self.values.items() if n != self.across and n not in self.down}


def bound_grids(theorems: Sequence[Theorem], request: Request | None = None) -> tuple[Table, ...]:
    """Tabulate the bounds of theorems.

    Parameters
    ----------
    theorems : sequence of Theorem
    request : Request, optional
        Values and choices; a symbol with several values is one that the table runs over. Others have default values.

    Returns
    -------
    tuple of Table
        One per theorem; more where its regimes do not run over the same symbols. A bound that is no better than the
        trivial one is marked; where a theorem says nothing there is a dash, and a note says why.

    Raises
    ------
    ArgumentError
        If a value is outside its domain, no regime agrees with the choices, or the table would be too large.

    Examples
    --------
    >>> import bounds
    >>> table = bound_grids([bounds.get("bertrand2024.jacobian")])[0]
    >>> [column.head for column in table.columns], [cell.plain for cell in table.rows[0].cells]
    (['lam = 0.1', 'lam = 0.3', 'lam = 1'], ['0.120', '0.471', '– (a)'])
    """
    request = request or Request()
    found: list[Table] = []
    for theorem in theorems:
        plans = [_plan(one, request) for one in regimes_of(theorem, request.choices)]
        shapes = dict.fromkeys((plan.across, plan.down) for plan in plans)
        for number, shape in enumerate(shapes):
            alike = [plan for plan in plans if (plan.across, plan.down) == shape]
            name = theorem.id if len(shapes) == 1 else f"{theorem.id}.{number + 1}"
            found.append(_table(theorem, name, alike))
    if not found:
        asked = " ".join(f"{name}={value}" for name, value in request.choices.items())
        raise ArgumentError(f"no theorem of this table has a regime {asked}")
    return tuple(found)


def _plan(theorem: Theorem, request: Request) -> _Plan:
    values: dict[str, tuple[str, ...]] = {}
    for symbol in theorem.symbols:
        name = symbol.name
        if name in ("alpha", "lam") and request.ratio:
            name = request.ratio
        values[name] = request.values.get(name) or AXES.get(name) or (default(theorem, name),)
    several = [name for name, given in values.items() if len(given) > 1]
    across = next((name for name in (*_COLUMN_AXES, *several) if name in several), "")
    order = [*AXES, *(name for name in several if name not in AXES)]
    down = tuple(name for name in order if name in several and name != across)
    return _Plan(theorem, across, down, values)


def _table(theorem: Theorem, name: str, plans: Sequence[_Plan]) -> Table:
    first = plans[0]
    count = sum(math.prod(len(given) for given in plan.values.values()) for plan in plans)
    if count > MOST_ENTRIES:
        raise ArgumentError(f"the table of {theorem.id} has {count} entries; at most {MOST_ENTRIES} are allowed")
    by_regime, by_side = len(plans) > 1, len({left_side(plan.theorem) for plan in plans}) > 1
    reasons: dict[str, str] = {}
    rows: list[list[Cell]] = []
    entries: list[Entry] = []
    silent: list[str] = []
    for plan in plans:
        for point in itertools.product(*(plan.values[axis] for axis in plan.down)):
            at = {**plan.fixed, **dict(zip(plan.down, point, strict=True))}
            found = [enter(plan.theorem, {**at, **here}) for here in _across(plan)]
            entries += found
            if not any(entry.says for entry in found) and len(found) > 1:
                silent.append(_left_out(plan, point, found))
                continue
            head = [Cell(regime_text(plan.theorem))] * by_regime + [left_side(plan.theorem)] * by_side
            rows.append([*head, *(Cell(value) for value in point), *(_cell(entry, reasons) for entry in found)])
    columns = [Column("regime", fold=True)] * by_regime + [Column("quantity", fold=True)] * by_side
    columns += [_head(axis) for axis in first.down]
    labels = len(columns)
    columns += [_head(first.across, value) for value in first.values.get(first.across, ())] or [
        Column("value", right=True)
    ]
    return Table(
        name=name,
        caption=_caption(theorem, plans),
        columns=tuple(columns),
        rows=blank_repeats(rows, labels),
        given=_given(plans),
        notes=_notes(entries, reasons, silent),
        records=tuple(entry.record() for entry in entries),
    )


def _across(plan: _Plan) -> list[dict[str, str]]:
    return [{plan.across: value} for value in plan.values[plan.across]] if plan.across else [{}]


def _head(axis: str, value: str = "") -> Column:
    latex = PARAMETERS[axis].latex
    return Column(f"{axis} = {value}", f"{latex} = {value}", right=True) if value else Column(axis, latex, right=True)


def _cell(entry: Entry, reasons: dict[str, str]) -> Cell:
    if entry.says:
        return entry.cell()
    if entry.reason not in reasons:
        reasons[entry.reason] = _letter(len(reasons))
    return Cell(NOTHING, reasons[entry.reason])


def _letter(number: int) -> str:
    return (
        ascii_lowercase[number] if number < 26 else f"{ascii_lowercase[number // 26 - 1]}{ascii_lowercase[number % 26]}"
    )


def _left_out(plan: _Plan, point: Sequence[str], found: Sequence[Entry]) -> str:
    at = ", ".join(f"{name} = {value}" for name, value in zip(plan.down, point, strict=True))
    where = ", ".join(part for part in (regime_text(plan.theorem), at) if part) or "all of it"
    return f"{where}: {'; '.join(dict.fromkeys(entry.reason for entry in found))}"


def _caption(theorem: Theorem, plans: Sequence[_Plan]) -> str:
    sides = list(dict.fromkeys(left_side(plan.theorem).text for plan in plans))
    what = f"{sides[0]} the value shown" if len(sides) == 1 else "each quantity is related to the value as shown"
    mode = {"deterministic": "", "expectation": " (in expectation)", "probability": " (with probability 1 - delta)"}
    text = f"{theorem.id} ({theorem.source.label}; {theorem.standing.value}): {what}{mode[theorem.mode.value]}."
    counted = {p.meaning.partition(": ")[2] for plan in plans for p in plan.theorem.parameters if p.name == "n"}
    if any("alpha" in plan.values and "lam" in _names(plan.theorem) for plan in plans):
        counted = {"real and synthetic points together"}
    if any("lam" in plan.values and "alpha" in _names(plan.theorem) for plan in plans):
        counted = {"real points"}
    if len(plans) == 1 and plans[0].theorem.choices:
        text += f" Here {', '.join(f'{name} = {value}' for name, value in plans[0].theorem.choices)}."
    return text + (f" The size n counts {'; '.join(sorted(counted))}." if counted else "")


def _names(theorem: Theorem) -> set[str]:
    return {symbol.name for symbol in theorem.symbols}


def _given(plans: Sequence[_Plan]) -> dict[str, str]:
    return {name: value for plan in plans for name, value in plan.fixed.items()}


def _notes(entries: Sequence[Entry], reasons: Mapping[str, str], silent: Sequence[str]) -> tuple[str, ...]:
    notes: list[str] = []
    dull = [entry for entry in entries if entry.says and not entry.informative]
    if dull:
        trivial = " or ".join(dict.fromkeys(str(entry.theorem.quantity.trivial) for entry in dull))
        notes.append(f"{DAGGER} uninformative: no better than the trivial {trivial}")
    notes += [f"({letter}) the theorem says nothing: {reason}" for reason, letter in reasons.items()]
    notes += [f"left out: {text}" for text in silent]
    if entries:
        safe = {"upper": "rounded up", "lower": "rounded down", "exact": "rounded to nearest"}
        notes.append(f"values are {safe[entries[0].theorem.direction.value]} in the last digit")
    if any(entry.says and not entry.rigorous for entry in entries):
        notes.append("integrals are computed by quadrature, without a rigorous enclosure")
    return tuple(notes)

"""The command audit: what is known of a theorem's shape, and how it is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from verify.cli_eval import split_arguments
from verify.cli_output import Reply
from verify.cli_values import narrowed

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from bounds.audit import Audit
    from bounds.auditing.reach import Threshold


def audit(theorem_id: str, arguments: Sequence[str]) -> Reply:
    """Answer ``audit``: limits, directions, sign, where a theorem says anything, which hypotheses bind.

    Parameters
    ----------
    theorem_id : str
    arguments : sequence of str
        ``name=value`` each: symbols to hold fixed, and choices that select regimes.

    Returns
    -------
    Reply

    Raises
    ------
    UnknownTheorem
        If there is none of this id.
    ArgumentError
        If an argument is malformed, unknown or outside its domain.

    Examples
    --------
    >>> found = audit("ferbach2024.uncurated_mixture", ["tv0=1"]).document["audits"][0]
    >>> [(row["subject"], row["result"], row["how"]) for row in found["monotone"]]
    [('lam', 'increasing', 'proved'), ('t', 'decreasing', 'proved')]
    """
    from bounds import HypothesisError, get
    from bounds.audit import audit as run

    theorem, left, put = narrowed(get(theorem_id), split_arguments(arguments))
    try:
        found = run(theorem, left)
    except HypothesisError as error:
        return Reply({"id": theorem.id, "given": put, "audits": []}, lambda console: None, 3, str(error))

    def show(console: Console) -> None:
        for name, value in put.items():
            console.print(f"with {name} = {value}", soft_wrap=True)
        for one in found:
            _show(console, one)

    return Reply({"id": theorem.id, "given": put, "audits": [asdict(one) for one in found]}, show)


def _show(console: Console, one: Audit) -> None:
    from bounds.numerals import show_number

    relation = {"upper": "<=", "lower": ">=", "exact": "="}[one.direction]
    named = " ".join(f"{name}={value}" for name, value in one.choices.items())
    console.print(f"{one.id} {named}".rstrip(), soft_wrap=True)
    console.print(f"{one.quantity} {relation} {one.expression}", soft_wrap=True)
    trivial = f"; trivially {relation} {one.trivial}" if one.trivial and one.direction != "exact" else ""
    console.print(f"unit {one.unit}; mode {one.mode}; standing {one.standing}{trivial}", soft_wrap=True)
    if one.reference:
        point = ", ".join(f"{name} = {show_number(value)}" for name, value in one.reference.items())
        console.print(f"reference point {point}", soft_wrap=True)
    console.print()
    console.print(
        _table(
            ("symbol", "as it grows", "known by", "where"),
            [(f.subject, f.result, f.how, f.note) for f in (one.sign, *one.monotone)],
        )
    )
    _section(
        console,
        ("symbol", "to", "limit", "known by", "where"),
        [(f.symbol, f.end, f.value or "none", f.how, f.note) for f in one.limits],
    )
    _section(
        console,
        ("with", "informative for"),
        [
            (", ".join(f"{n} = {show_number(v)}" for n, v in t.at.items()) or "the reference point", _range(t))
            for t in one.thresholds
        ],
    )
    _section(
        console,
        ("symbol", "from", "because", "to", "because"),
        [
            (r.symbol, _end(r.low), r.stopped_below or "its domain", _end(r.high), r.stopped_above or "its domain")
            for r in one.reaches
        ],
    )
    _section(
        console,
        ("hypothesis", "binds"),
        [(b.relation, "yes" if b.binds else "no: implied by the others, as far as was found") for b in one.bindings],
    )


def _range(found: Threshold) -> str:
    from bounds.numerals import show_number

    if found.value is not None:
        return f"{found.symbol} {found.relation} {show_number(found.value)}"
    words = {
        "always": f"every {found.symbol} tried" if found.symbol else "every value",
        "never": f"no {found.symbol} tried" if found.symbol else "no value",
        "mixed": f"some {found.symbol}, not one interval",
        "outside": f"none: no {found.symbol} tried is within the hypotheses",
    }
    return words[found.relation]


def _end(value: Any) -> str:
    from bounds.numerals import show_number

    return "" if value is None else show_number(value)


def _section(console: Console, names: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    if rows:
        console.print()
        console.print(_table(names, rows))


def _table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    from rich.table import Table

    laid = Table(*names, box=None, pad_edge=False)
    for column in laid.columns:
        column.overflow = "fold"
    for row in rows:
        laid.add_row(*row)
    return laid

"""The command eval: a theorem at one point or on a grid."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from verify.cli_output import Reply, decimal_text
from verify.cli_values import narrowed

if TYPE_CHECKING:
    from rich.console import Console

    from bounds import Assessment, Theorem

MAX_ROWS = 100_000
MAX_DIGITS = 1000
_GRID = re.compile(r"([^:]+):([^:]+):(log|lin)(\d{1,9})")
_HOW = "write LO:HI:logCOUNT or LO:HI:linCOUNT, for instance n=100:1e6:log25"
_SIZES = ("n_real", "n_total")


def evaluate(theorem_id: str, arguments: Sequence[str], digits: int | None, rigorous: bool) -> Reply:
    """Answer ``eval``: value, rigorous enclosure and hypotheses of a theorem.

    Parameters
    ----------
    theorem_id : str
    arguments : sequence of str
        ``name=value`` each; a value may be a grid such as ``100:1e6:log25``, and several grids give all combinations.
        ``law`` and ``weights`` are read by `verify.cli_values`.
    digits : int or None
        Give decimal text of this many digits instead of floats.
    rigorous : bool
        Show people the enclosure as well; the JSON document always has it.

    Returns
    -------
    Reply
        With status 3 where a hypothesis fails: on a grid, where none of its points is within the hypotheses.

    Raises
    ------
    UnknownTheorem
        If there is none of this id.
    ArgumentError
        If an argument is malformed, missing, unknown, given twice or outside its domain.

    Examples
    --------
    >>> evaluate("ferbach2024.uncurated_mixture", ["lam=1", "t=1:3:lin3", "tv0=1"], None, False).document["rows"][2]["value"]
    0.125
    """
    from bounds import ArgumentError, assess, get

    theorem = get(theorem_id)
    if digits is not None and not 1 <= digits <= MAX_DIGITS:
        raise ArgumentError(f"--digits {digits}: give a whole number from 1 to {MAX_DIGITS}")
    theorem, given, put = narrowed(theorem, split_arguments(arguments))
    grids = {name: read_grid(name, value) for name, value in given.items() if ":" in value}
    if not grids:
        return _reply_point(theorem, assess(theorem, given, digits), digits, rigorous, put)
    count = math.prod(len(grid) for grid in grids.values())
    if count > MAX_ROWS:
        raise ArgumentError(f"the grid has {count} points; at most {MAX_ROWS} are allowed, so take fewer per symbol")
    rows = [
        assess(theorem, {**given, **dict(zip(grids, point, strict=True))}, digits)
        for point in itertools.product(*grids.values())
    ]
    return _reply_grid(theorem, rows, digits, rigorous, put)


def split_arguments(arguments: Sequence[str]) -> dict[str, str]:
    """Split ``name=value`` texts.

    Parameters
    ----------
    arguments : sequence of str

    Returns
    -------
    dict of name to value

    Raises
    ------
    ArgumentError
        If a text is not of this form, or a name comes twice.

    Examples
    --------
    >>> split_arguments(["n=100", "alpha=1/3"])
    {'n': '100', 'alpha': '1/3'}
    """
    from bounds import ArgumentError

    given: dict[str, str] = {}
    for text in arguments:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not (name and equals and value):
            raise ArgumentError(f"'{text}' is not an argument; write name=value, for instance n=100")
        if name in given:
            raise ArgumentError(f"{name} is given twice: {given[name]} and {value}")
        given[name] = value
    return given


def read_grid(name: str, text: str) -> list[Fraction]:
    """Read a grid of values.

    Parameters
    ----------
    name : str
        Spelling of the symbol; a whole-number symbol gets whole numbers, each once.
    text : str
        ``LO:HI:linCOUNT``, equally spaced and exact, or ``LO:HI:logCOUNT``, spaced by equal factors and rounded to 12
        digits; both ends are included exactly.

    Returns
    -------
    list of Fraction

    Raises
    ------
    ArgumentError
        If the text is not a grid.

    Examples
    --------
    >>> [str(v) for v in read_grid("alpha", "0:1:lin4")]
    ['0', '1/3', '2/3', '1']
    >>> [int(v) for v in read_grid("n", "1:8:log7")]
    [1, 2, 3, 4, 6, 8]
    """
    from bounds import ArgumentError

    found = _GRID.fullmatch(text)
    if not found:
        raise ArgumentError(f"{name} = {text} is not a grid; {_HOW}")
    low, high = _end(name, found[1]), _end(name, found[2])
    spacing, count = found[3], int(found[4])
    if not 2 <= count <= MAX_ROWS:
        raise ArgumentError(f"{name} = {text} has {count} points; give 2 to {MAX_ROWS}")
    if low >= high:
        raise ArgumentError(f"{name} = {text} does not ascend; {_HOW}")
    if spacing == "log" and low <= 0:
        raise ArgumentError(
            f"{name} = {text} is spaced by equal factors but does not start above 0; use lin instead of log"
        )
    inner = _linear if spacing == "lin" else _logarithmic
    values = [low, *(inner(low, high, Fraction(i, count - 1)) for i in range(1, count - 1)), high]
    return list(dict.fromkeys(Fraction(round(v)) for v in values)) if _is_whole(name) else values


def _end(name: str, text: str) -> Fraction:
    from bounds import ArgumentError
    from bounds.numerals import read_number

    value = read_number(text, name)
    if not isinstance(value, Fraction):
        raise ArgumentError(f"{name} = {text} cannot end a grid; give finite numbers")
    return value


def _linear(low: Fraction, high: Fraction, share: Fraction) -> Fraction:
    return low + (high - low) * share


def _logarithmic(low: Fraction, high: Fraction, share: Fraction) -> Fraction:
    logs = [math.log(end.numerator) - math.log(end.denominator) for end in (low, high)]
    exponent = (logs[0] + (logs[1] - logs[0]) * float(share)) / math.log(10)
    power = math.floor(exponent)
    between = Fraction(f"{10 ** (exponent - power):.12g}") * Fraction(10) ** power
    return min(max(between, low), high)


def _is_whole(name: str) -> bool:
    from bounds import PARAMETERS

    return name in _SIZES or any(p.integer for p in PARAMETERS.values() if name in (p.name, *p.aliases))


def record(found: Assessment, digits: int | None) -> dict[str, Any]:
    """Return the JSON record of a theorem at one point.

    Parameters
    ----------
    found : Assessment
    digits : int or None
        As given to `bounds.assess`.

    Returns
    -------
    dict

    Examples
    --------
    >>> import bounds
    >>> record(bounds.assess(bounds.get("ferbach2024.kl_ball"), {"lam": 1, "K": 1}), None)["value"]
    0.0
    """
    numbers = {"value": (found.value, 0), "lower": (found.lower, -1), "upper": (found.upper, 1)}
    shown = {
        name: decimal_text(value, digits, side) if digits is not None and value is not None else value
        for name, (value, side) in numbers.items()
    }
    hypotheses = [
        {"relation": h.relation, "holds": h.holds, "left": h.left, "right": h.right} for h in found.hypotheses
    ]
    return {"id": found.id, **shown, "hypotheses": hypotheses, "informative": found.informative, "inputs": found.inputs}


def _reply_point(
    theorem: Theorem, found: Assessment, digits: int | None, rigorous: bool, put: Mapping[str, str]
) -> Reply:
    document = record(found, digits)
    document["inputs"] = {**found.inputs, **put}
    if not found.holds:
        return Reply(document, lambda console: None, 3, _refusal(found))

    def show(console: Console) -> None:
        from bounds.numerals import show_number

        one = theorem.at(**{k: v for k, v in found.inputs.items() if isinstance(v, str)})
        relation = {"upper": "<=", "lower": ">=", "exact": "="}[one.direction.value]
        inputs = ", ".join(
            f"{k} = {v if isinstance(v, str) else show_number(v)}" for k, v in (found.inputs | dict(put)).items()
        )
        console.print(f"{one.id} at {inputs}", soft_wrap=True)
        console.print(f"{one.quantity.name} {relation} {document['value']}", soft_wrap=True)
        if rigorous:
            console.print(f"surely in [{document['lower']}, {document['upper']}]", soft_wrap=True)
        if not found.informative:
            console.print(f"uninformative: no better than the trivial {one.quantity.trivial}", soft_wrap=True)
        for hypothesis in found.hypotheses:
            console.print(hypothesis.sentence, soft_wrap=True)

    return Reply(document, show)


def _refusal(found: Assessment) -> str:
    from bounds.hypotheses import failing_sentence

    failing = next(h for h in found.hypotheses if not h.holds)
    values = {name: value for name, value in found.inputs.items() if not isinstance(value, str)}
    return f"{found.id} says nothing here: {failing_sentence(failing, values)}"


def _reply_grid(
    theorem: Theorem, rows: Sequence[Assessment], digits: int | None, rigorous: bool, put: Mapping[str, str]
) -> Reply:
    records = [{**record(row, digits), "inputs": {**row.inputs, **put}} for row in rows]
    document = {"id": theorem.id, "rows": records}
    if not any(row.holds for row in rows):
        return Reply(
            document, lambda console: None, 3, f"no point of the grid is within the hypotheses: {_refusal(rows[0])}"
        )

    def show(console: Console) -> None:
        from bounds.numerals import show_number

        fixed, varying = _columns(rows)
        fixed = {**fixed, **put}
        if fixed:
            inputs = ", ".join(f"{k} = {v if isinstance(v, str) else show_number(v)}" for k, v in fixed.items())
            console.print(f"{theorem.id} at {inputs}", soft_wrap=True)
        else:
            console.print(theorem.id)
        _print_rows(console, rows, records, varying, rigorous)

    return Reply(document, show)


def _columns(rows: Sequence[Assessment]) -> tuple[Mapping[str, Any], list[str]]:
    first = rows[0].inputs
    varying = [name for name in first if any(row.inputs[name] != first[name] for row in rows)]
    return {name: value for name, value in first.items() if name not in varying}, varying


def _print_rows(
    console: Console,
    rows: Sequence[Assessment],
    records: Sequence[Mapping[str, Any]],
    varying: Sequence[str],
    rigorous: bool,
) -> None:
    from bounds.numerals import show_number

    names = [*varying, *(("lower", "value", "upper") if rigorous else ("value",))]
    lines = [names]
    for row, found in zip(rows, records, strict=True):
        numbers = [found[name] for name in names[len(varying) :]]
        cells = ["" if v is None else _shown(v, rigorous) for v in numbers]
        lines.append([*(show_number(row.inputs[name]) for name in varying), *cells])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    remarks = ["", *(_remark(row) for row in rows)]
    # Not by a table of rich, which would take most of the time on a long grid and cut numbers short on a narrow terminal.
    for line, remark in zip(lines, remarks, strict=True):
        text = "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True))
        console.file.write(f"{text}  {remark}".rstrip() + "\n")


def _shown(value: float | str, rigorous: bool) -> str:
    # An enclosure must not be rounded inwards, so its floats are shown in full.
    return value if isinstance(value, str) else repr(value) if rigorous else f"{value:.6g}"


def _remark(row: Assessment) -> str:
    failing = [h.sentence for h in row.hypotheses if not h.holds]
    return failing[0] if failing else "" if row.informative else "uninformative"

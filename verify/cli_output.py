"""What a command answers, and how it is printed: as one JSON document, or for people."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

# Width of tables that do not go to a terminal: wide enough that no id is folded.
_PIPED_WIDTH = 160
# Terminals narrower than this show the main columns only.
_WIDE = 130
_EXACT_INTEGER = 2**53


@dataclass(frozen=True)
class Reply:
    """The answer of a command.

    Parameters
    ----------
    document : mapping
        The JSON document; its values are converted by `to_json`.
    show : callable
        Prints the answer for people on a console.
    status : int
        Exit status.
    message : str
        One line for standard error, empty if there is nothing to say.

    Examples
    --------
    >>> Reply({"id": "x"}, lambda console: console.print("x")).status
    0
    """

    document: Mapping[str, Any]
    show: Callable[[Console], None]
    status: int = 0
    message: str = ""


def print_reply(reply: Reply, as_json: bool) -> None:
    """Print the answer on standard output and its message on standard error.

    Parameters
    ----------
    reply : Reply
    as_json : bool
        Print the JSON document and nothing else.

    Examples
    --------
    >>> print_reply(Reply({"value": float("inf")}, lambda console: None), as_json=True)
    {
      "value": "inf"
    }
    """
    if as_json:
        print(_printable(reply.document))
    else:
        reply.show(terminal())
    sys.stdout.flush()
    if reply.message:
        say(reply.message)


def say(message: str) -> None:
    """Print one line on standard error, whatever line breaks the message holds."""
    print(f"loopbounds: {' '.join(message.split())}", file=sys.stderr)


def terminal() -> Console:
    """Return a console on standard output that prints text as it is given."""
    from rich.console import Console

    console = Console(markup=False, emoji=False, highlight=False)
    return console if console.is_terminal else Console(markup=False, emoji=False, highlight=False, width=_PIPED_WIDTH)


def table(console: Console, rows: Sequence[Mapping[str, str]], narrow: Sequence[str]) -> Table:
    """Lay out rows of text.

    Parameters
    ----------
    console : rich Console
    rows : sequence of mapping
        Cells by column name, the same columns in every row.
    narrow : sequence of str
        The columns that stay on a narrow terminal.

    Returns
    -------
    rich Table

    Examples
    --------
    >>> len(table(terminal(), [{"id": "x", "value": "1"}], ["id"]).columns)
    2
    """
    from rich.table import Table

    names = [name for name in (rows[0] if rows else ()) if console.width >= _WIDE or name in narrow]
    laid = Table(*names, box=None, pad_edge=False)
    for column in laid.columns:
        column.overflow = "fold"  # an id cut short could not be copied
    for row in rows:
        laid.add_row(*(row[name] for name in names))
    return laid


def json_text(document: Mapping[str, Any]) -> str:
    """Write a document as JSON that any parser reads.

    Parameters
    ----------
    document : mapping

    Returns
    -------
    str
        Without NaN and Infinity tokens: see `to_json`.

    Examples
    --------
    >>> print(json_text({"lam": Fraction(1, 3), "missing": math.nan}))
    {
      "lam": "1/3",
      "missing": null
    }
    """
    return _dumped(document, ascii_only=False)


def _dumped(document: Mapping[str, Any], ascii_only: bool) -> str:
    return json.dumps(to_json(document), indent=2, ensure_ascii=ascii_only, allow_nan=False)


def _printable(document: Mapping[str, Any]) -> str:
    """Write a document in characters that standard output can take."""
    text = json_text(document)
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return _dumped(document, ascii_only=True)
    return text


def to_json(value: Any) -> Any:
    """Convert a value to what JSON can hold.

    Parameters
    ----------
    value : mapping, list, tuple, str, bool, None, int, float, Fraction, NumPy scalar or array
        Anything else is written as its text.

    Returns
    -------
    dict, list, str, bool, None, int or float
        nan becomes None and infinity the text ``"inf"``; a fraction becomes a number where that is exact in decimals,
        and text otherwise.

    Examples
    --------
    >>> to_json([Fraction(3, 10), Fraction(1, 3), Fraction(4), -math.inf, math.nan])
    [0.3, '1/3', 4, '-inf', None]
    """
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, Mapping):
        return {str(name): to_json(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(part) for part in value]
    if isinstance(value, Fraction):
        return _exact(value)
    if isinstance(value, int):
        return value if abs(value) <= _EXACT_INTEGER else str(value)
    if hasattr(value, "tolist"):
        return to_json(value.tolist())
    if isinstance(value, float) and math.isnan(value):
        return None
    return value if isinstance(value, float) and math.isfinite(value) else str(value)


def _exact(value: Fraction) -> int | float | str:
    """A number where a reader of decimals gets the fraction back, text otherwise."""
    if value.denominator == 1:
        return value.numerator if abs(value) <= _EXACT_INTEGER else str(value.numerator)
    try:
        number = float(value)
    except OverflowError:
        return str(value)
    return number if Fraction(repr(number)) == value else str(value)


def decimal_text(value: Any, digits: int, side: int = 0) -> str:
    """Write an mpmath number in decimals, rounded to a side on request.

    Parameters
    ----------
    value : mpmath.mpf
    digits : int
        Significant digits.
    side : {-1, 0, 1}
        Round down, to nearest, or up: the decimals of a lower limit must not exceed it.

    Returns
    -------
    str

    Examples
    --------
    >>> import mpmath
    >>> third = mpmath.mpf(1) / 3
    >>> decimal_text(third, 3), decimal_text(third, 3, side=1), decimal_text(mpmath.mpf("0.25"), 5)
    ('0.333', '0.334', '0.25000')
    """
    text = str(value)
    if text in ("+inf", "-inf", "nan"):
        return text.lstrip("+")
    mantissa, exponent = (int(part) for part in value.man_exp)
    # Whether the mantissa carries the sign differs between releases of mpmath.
    exact = Fraction(abs(mantissa)) * Fraction(2) ** exponent * (-1 if value < 0 else 1)
    if exact == 0:
        return "0"
    rounding = {-1: ROUND_FLOOR, 0: ROUND_HALF_EVEN, 1: ROUND_CEILING}[side]
    context = Context(prec=digits, rounding=rounding, Emax=10**9, Emin=-(10**9))
    rounded = context.divide(Decimal(exact.numerator), Decimal(exact.denominator))
    padded = rounded.quantize(Decimal((0, (1,), rounded.adjusted() - digits + 1)), context=context)
    return f"{padded:f}" if -5 <= padded.adjusted() < digits else f"{padded:e}"

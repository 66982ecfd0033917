"""The command solve: the smallest or largest value of one symbol at which a bound reaches a target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from verify.cli_eval import split_arguments
from verify.cli_output import Reply
from verify.cli_values import narrowed

if TYPE_CHECKING:
    from rich.console import Console

    from bounds.solve import Solution


def solve(
    theorem_id: str, name: str, target: str, arguments: Sequence[str], want: str | None, reach: str | None
) -> Reply:
    """Answer ``solve``: invert a bound on the safe side.

    Parameters
    ----------
    theorem_id : str
    name : str
        The symbol that is solved for.
    target : str
        A number, read exactly.
    arguments : sequence of str
        ``name=value`` for every other symbol, and the choices that name a regime; ``law`` and ``weights`` are read by
        `verify.cli_values`.
    want : {"smallest", "largest"} or None
        Which solution; the one that is not trivial by default.
    reach : {"below", "above"} or None
        For an identity: on which side of the target its value is wanted.

    Returns
    -------
    Reply
        With status 3 where the hypotheses hold at no value searched.

    Raises
    ------
    UnknownTheorem
        If there is none of this id.
    ArgumentError
        If an argument is malformed, missing, unknown, given twice, a grid, or outside its domain.

    Examples
    --------
    >>> solve("bertrand2024.normal_mean_loop", "n", "0.1", ["t=7", "data=synthetic"], None, None).document["value"]
    70
    """
    from bounds import ArgumentError, get

    given = split_arguments(arguments)
    whole = get(theorem_id)
    if name in {argument.name for argument in whole.structured}:
        raise ArgumentError(f"--for {name}: that is no number; name a symbol, such as {whole.symbols[0].name}")
    theorem, left, put = narrowed(whole, given)
    for spelling, value in left.items():
        if ":" in value:
            raise ArgumentError(f"{spelling} = {value} is a grid; solve takes single numbers")
        if spelling in ("target", "want", "reach"):
            raise ArgumentError(f"{spelling} is an option here; write --{spelling} {value}")
    found = theorem.solve(name, target=target, want=want, reach=reach, **left)
    found = replace(found, inputs={**found.inputs, **put})
    if found.status == "nowhere":
        return Reply(asdict(found), lambda console: None, 3, f"{found.id}: {found.message}")
    return Reply(asdict(found), lambda console: _show(console, found))


def _show(console: Console, found: Solution) -> None:
    from bounds.numerals import show_number

    inputs = ", ".join(f"{k} = {v if isinstance(v, str) else show_number(v)}" for k, v in found.inputs.items())
    console.print(f"{found.id} at {inputs}" if inputs else found.id, soft_wrap=True)
    for sentence in found.sentences:
        console.print(sentence, soft_wrap=True)

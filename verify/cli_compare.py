"""The command compare: whether one theorem's value is never above another's on a box of parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from verify.cli_eval import split_arguments
from verify.cli_output import Reply

if TYPE_CHECKING:
    from rich.console import Console

    from bounds.certify.theorems import Comparison
    from bounds.theorem import Theorem


def compare(first: str, second: str, arguments: Sequence[str], seconds: float, seed: int) -> Reply:
    """Answer ``compare``: proved with a checked certificate, refuted at a point, or undecided.

    Parameters
    ----------
    first, second : str
        Ids; the claim is that the first's expression is at most the second's.
    arguments : sequence of str
        ``name=lo:hi``, ``name=value`` and choices of a regime; ``name@1`` or ``name@2`` addresses one theorem.
    seconds : float
        Time for the search.
    seed : int
        Seeds the search for points.

    Returns
    -------
    Reply
        With status 0 for any answer.

    Raises
    ------
    UnknownTheorem
        If there is none of an id.
    ArgumentError
        If an argument is malformed, missing, unknown, given twice or outside its domain.

    Examples
    --------
    >>> box = ["lam=0:inf", "L=0:inf", "epsilon=0:inf", "curvature=0:inf"]
    >>> reply = compare("bertrand2024.spectral_radius", "bertrand2024.jacobian", box, 60.0, 0)
    >>> reply.document["outcome"]
    'PROVED'
    """
    from bounds import ArgumentError, get
    from bounds.certify.theorems import compare as compare_theorems

    theorems = get(first), get(second)
    if not 0 < seconds <= 86_400:
        raise ArgumentError(f"--seconds {seconds:g}: give more than 0 and at most 86400")
    settings = {name: _range(name, text) for name, text in split_arguments(arguments).items()}
    found = compare_theorems(*theorems, settings, seconds=seconds, seed=seed)
    return Reply(document(found), lambda console: _show(console, found))


def _range(name: str, text: str) -> object:
    from bounds import ArgumentError

    ends = text.split(":")
    if len(ends) > 2:
        raise ArgumentError(f"{name} = {text}; a range is lo:hi, with hi = inf for all values from lo on")
    return text if len(ends) == 1 else tuple(ends)


def document(found: Comparison) -> dict[str, Any]:
    """Return the JSON document of a comparison.

    Parameters
    ----------
    found : Comparison

    Returns
    -------
    dict
        The certificate is for `bounds.certify.check`.

    Examples
    --------
    >>> import bounds
    >>> from bounds.certify.theorems import compare
    >>> both = bounds.get("bertrand2024.spectral_radius")
    >>> document(compare(both, both, {"lam": (0, 1), "L": 1, "epsilon": 1, "curvature": 1}))["box"]
    {'lam': ['0', '1']}
    """
    answer = found.answer
    box = {s.name: [str(r.low), "inf" if r.high is None else str(r.high)] for s, r in answer.claim.box}
    return {
        "outcome": answer.outcome.value,
        "claim": f"{_name(found.first)} <= {_name(found.second)}",
        "left": {"id": found.first.id, **dict(found.first.choices), "expression": str(found.first.expression)},
        "right": {"id": found.second.id, **dict(found.second.choices), "expression": str(found.second.expression)},
        "box": box,
        "hypotheses": _hypotheses(found),
        "point": answer.point,
        "left_value": answer.left,
        "right_value": answer.right,
        "open": answer.open,
        "notes": found.notes,
        "steps": answer.steps,
        "certificate": answer.certificate,
        "seconds": answer.seconds,
    }


def _hypotheses(found: Comparison) -> list[str]:
    from bounds.hypotheses import relation_text

    return list(dict.fromkeys(relation_text(r) for r in (*found.first.hypotheses, *found.second.hypotheses)))


def _name(theorem: Theorem) -> str:
    choices = ", ".join(f"{name}={value}" for name, value in theorem.choices)
    return f"{theorem.id} ({choices})" if choices else theorem.id


def _show(console: Console, found: Comparison) -> None:
    from bounds.certify import Outcome
    from bounds.numerals import show_number

    answer = found.answer
    lines = [f"{answer.outcome.value}: {_name(found.first)} <= {_name(found.second)}"]
    lines += [f"for {s.name} from {values}" for s, values in answer.claim.box]
    given = _hypotheses(found)
    lines.append(f"wherever both are defined and {' and '.join(given)}" if given else "wherever both are defined")
    if answer.outcome is Outcome.PROVED:
        lines.append(f"the certificate has {answer.steps} steps; all were checked independently of the search")
    if answer.outcome is Outcome.REFUTED and answer.point is not None:
        lines.append(f"fails at {', '.join(f'{name} = {show_number(value)}' for name, value in answer.point.items())}")
        for theorem, sides in ((found.first, answer.left), (found.second, answer.right)):
            if sides is not None:
                lines.append(f"  {_name(theorem)} lies in [{sides[0]!r}, {sides[1]!r}]")
    lines += [f"left open: {text}" for text in answer.open]
    lines += [f"note: {text}" for text in found.notes]
    for line in lines:
        console.print(line, soft_wrap=True)

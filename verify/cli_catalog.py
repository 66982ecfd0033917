"""The commands that read the catalogue: list, show, cite."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from verify.cli_output import Reply, table

if TYPE_CHECKING:
    from rich.console import Console

    from bounds import Paper, Parameter, Theorem

_RELATIONS = {"upper": "<=", "lower": ">=", "exact": "="}


def list_theorems(paper: str | None, quantity: str | None) -> Reply:
    """Answer ``list``: the theorems of the catalogue.

    Parameters
    ----------
    paper : str or None
        Only those of the paper with this key.
    quantity : str or None
        Only those about the quantity of this name.

    Returns
    -------
    Reply

    Raises
    ------
    ArgumentError
        If no theorem has the paper or the quantity.

    Examples
    --------
    >>> [row["id"] for row in list_theorems("bertrand2024", "spectral radius").document["theorems"]]
    ['bertrand2024.spectral_radius']
    """
    from bounds import catalog

    theorems = catalog(paper=paper, quantity=quantity)

    def show(console: Console) -> None:
        rows = [
            {
                "id": t.id,
                "bounds": ", ".join(_quantities(t)),
                "direction": t.direction.value,
                "mode": t.mode.value,
                "standing": t.standing.value,
                "source": t.source.label,
            }
            for t in theorems
        ]
        console.print(table(console, rows, ("id", "bounds", "standing")))

    return Reply({"theorems": [_entry(t) for t in theorems]}, show)


def _quantities(theorem: Theorem) -> list[str]:
    regimes = [(r.quantity or theorem.quantity).name for r in theorem.regimes]
    return list(dict.fromkeys(regimes or [theorem.quantity.name]))


def _entry(theorem: Theorem) -> dict[str, Any]:
    return {
        "id": theorem.id,
        "statement": theorem.statement,
        "quantities": _quantities(theorem),
        "direction": theorem.direction.value,
        "mode": theorem.mode.value,
        "standing": theorem.standing.value,
        "paper": theorem.source.paper.key,
        "source": theorem.source.label,
        "symbols": [str(s.name) for s in theorem.symbols],
        "regimes": [dict(r.choices) for r in theorem.regimes],
    }


def show_theorem(theorem_id: str, latex: bool) -> Reply:
    """Answer ``show``: one theorem in full, or its LaTeX alone.

    Parameters
    ----------
    theorem_id : str
    latex : bool
        Show people the LaTeX only.

    Returns
    -------
    Reply

    Raises
    ------
    UnknownTheorem
        If there is none of this id.

    Examples
    --------
    >>> show_theorem("ferbach2024.kl_ball", latex=False).document["hypotheses"]
    ['lam*(K - 1) < 1']
    """
    from bounds import UnknownTheorem, all_papers, get
    from bounds.hypotheses import relation_text

    if any(paper.key == theorem_id for paper in all_papers()):
        raise UnknownTheorem(f"{theorem_id} is a paper; `loopbounds list --paper {theorem_id}` shows its theorems")
    theorem = get(theorem_id)
    document = _entry(theorem) | {
        "standing_meaning": theorem.standing.meaning,
        "hypotheses": [relation_text(h) for h in theorem.hypotheses],
        "assumptions": theorem.assumptions,
        "expression": None if theorem.regimes else str(theorem.expression),
        "latex": theorem.latex(),
        "symbols": [_described(p) for p in theorem.parameters],
        "regimes": [_regime(theorem, r.choices) for r in theorem.regimes],
        "default": dict(theorem.default),
        "title": theorem.source.paper.title,
    }

    def show(console: Console) -> None:
        if latex:
            print(theorem.latex())
        else:
            _show(console, theorem)

    return Reply(document, show)


def _described(described: Parameter) -> dict[str, Any]:
    return {
        "name": described.name,
        "meaning": described.meaning,
        "domain": described.domain,
        "unit": described.unit,
        "aliases": described.aliases,
    }


def _regime(theorem: Theorem, choices: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    from bounds.hypotheses import relation_text

    one = theorem.at(**dict(choices))
    return {
        "choices": dict(choices),
        "quantity": one.quantity.name,
        "standing": one.standing.value,
        "hypotheses": [relation_text(h) for h in one.hypotheses],
        "expression": str(one.expression),
        "latex": one.latex(),
        "symbols": [str(s.name) for s in one.symbols],
    }


def _show(console: Console, theorem: Theorem) -> None:
    from rich.table import Table

    from bounds.hypotheses import relation_text

    paper = theorem.source.paper
    console.print(f"{theorem.id}   {theorem.source.label} of {paper.key}: {paper.title} ({paper.venue}, {paper.year})")
    console.print(f"\n{theorem.statement}\n")
    relation = _RELATIONS[theorem.direction.value]
    for one in [theorem.at(**dict(r.choices)) for r in theorem.regimes] or [theorem]:
        named = " ".join(f"{k}={v}" for k, v in one.choices)
        console.print(f"  {named + ':  ' if named else ''}{one.quantity.name} {relation} {one.expression}")
    console.print()
    for hypothesis in theorem.all_hypotheses:
        console.print(f"hypothesis  {relation_text(hypothesis)}")
    for assumption in theorem.assumptions:
        console.print(f"assumes     {assumption}")
    console.print(f"mode        {theorem.mode.value}")
    console.print(f"standing    {theorem.standing.value}: {theorem.standing.meaning}\n")
    laid = Table("symbol", "meaning", "domain", "unit", box=None, pad_edge=False)
    for described in theorem.parameters:
        spellings = ", ".join((described.name, *described.aliases))
        laid.add_row(spellings, described.meaning, described.domain, described.unit)
    console.print(laid)


def cite(names: Sequence[str]) -> Reply:
    """Answer ``cite``: the BibTeX entries of theorems or papers, each paper once.

    Parameters
    ----------
    names : sequence of str
        Theorem ids and paper keys.

    Returns
    -------
    Reply

    Raises
    ------
    UnknownTheorem
        If a name is neither.

    Examples
    --------
    >>> [e["key"] for e in cite(["ferbach2024", "ferbach2024.kl_ball"]).document["entries"]]
    ['ferbach2024']
    """
    from bounds import all_papers, get

    known = {paper.key: paper for paper in all_papers()}
    cited: dict[str, Paper] = {}
    for name in names:
        paper = known.get(name) or get(name).source.paper
        cited[paper.key] = paper

    def show(console: Console) -> None:
        print("\n\n".join(paper.bibtex() for paper in cited.values()))

    return Reply({"entries": [{"key": p.key, "bibtex": p.bibtex()} for p in cited.values()]}, show)

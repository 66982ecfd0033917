"""Put the page together: formulas, tapes and starting numbers of every theorem, and the program that shows them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from importlib.resources import files
from typing import Any

from bounds.catalog import catalog
from bounds.errors import ArgumentError
from bounds.hypotheses import relation_text
from bounds.quantities import Direction
from bounds.symbols import PARAMETERS, Parameter
from bounds.tape import compile_expression
from bounds.theorem import Theorem
from bounds.typeset import theorem_latex, to_latex
from verify.explore.mathml import LatexError, latex_to_mathml
from verify.explore.ranges import span, start
from verify.explore.tapes import tape_json

_ENGINE = ("numbers.js", "functions.js", "tape.js", "integrals.js", "rounding.js", "theorem.js")
_VIEW = ("format.js", "controls.js", "plot.js", "page.js")


def build_page(theorems: Iterable[Theorem] | None = None) -> str:
    """Write the page.

    Parameters
    ----------
    theorems : iterable of Theorem, optional
        The whole catalogue by default.

    Returns
    -------
    str
        One HTML document that needs nothing else.

    Raises
    ------
    ArgumentError
        If there is no theorem to show.

    Examples
    --------
    >>> import bounds
    >>> page = build_page([bounds.get("ferbach2024.kl_ball")])
    >>> page.startswith("<!doctype html>"), "http-equiv" in page
    (True, False)
    """
    shown = tuple(catalog() if theorems is None else theorems)
    if not shown:
        raise ArgumentError("there is no theorem to show; give at least one")
    # A closing tag inside a script would end it.
    data = json.dumps(page_data(shown), ensure_ascii=False, separators=(",", ":")).replace("</", "<\\/")
    script = f'(() => {{\n"use strict";\n{engine_source()}\n{_sources(_VIEW)}\n}})();'
    page = _asset("page.html")
    for mark, text in (("/* style */", _asset("page.css")), ("/* data */", data), ("/* program */", script)):
        page = page.replace(mark, text, 1)
    return page


def engine_source() -> str:
    """Return the JavaScript that evaluates theorems, without the page around it.

    Examples
    --------
    >>> "function assess(" in engine_source()
    True
    """
    return _sources(_ENGINE)


def _sources(names: tuple[str, ...]) -> str:
    return "\n".join(_asset(name) for name in names)


@lru_cache(maxsize=16)
def _asset(name: str) -> str:
    return files("verify.explore").joinpath("assets", name).read_text(encoding="utf-8")


def page_data(theorems: Iterable[Theorem]) -> dict[str, Any]:
    """Return what the page knows: papers, symbols and theorems, with their tapes.

    Parameters
    ----------
    theorems : iterable of Theorem

    Returns
    -------
    dict
        Of JSON values.

    Examples
    --------
    >>> import bounds
    >>> data = page_data([bounds.get("ferbach2024.kl_ball")])
    >>> data["theorems"][0]["regimes"][0]["hypotheses"][0]["text"], data["symbols"]["K"]["low"]
    ('lam*(K - 1) < 1', '1')
    """
    shown = tuple(theorems)
    papers = {theorem.source.paper.key: theorem.source.paper for theorem in shown}
    names = {symbol.name for theorem in shown for symbol in theorem.symbols}
    return {
        "papers": {
            key: {"title": paper.title, "authors": list(paper.authors), "year": paper.year, "venue": paper.venue}
            for key, paper in papers.items()
        },
        "symbols": {name: _symbol(PARAMETERS[name]) for name in sorted(names)},
        "theorems": [_theorem(theorem) for theorem in shown],
    }


def _symbol(described: Parameter) -> dict[str, Any]:
    return {
        "math": _math(described.latex),
        "meaning": described.meaning,
        "unit": described.unit,
        "domain": described.domain,
        "low": None if described.low.is_infinite else str(described.low),
        "high": None if described.high.is_infinite else str(described.high),
        "lowOpen": described.low_open,
        "highOpen": described.high_open,
        "integer": described.integer,
        "infinite": described.infinite,
    }


def _theorem(theorem: Theorem) -> dict[str, Any]:
    regimes = [theorem.at(**dict(one.choices)) for one in theorem.regimes] or [theorem]
    named = [_names_default(theorem, one) for one in regimes]
    return {
        "id": theorem.id,
        "paper": theorem.source.paper.key,
        "label": theorem.source.label,
        "statement": theorem.statement,
        "assumptions": list(theorem.assumptions),
        "mode": theorem.mode.value,
        "sizes": {p.name: p.meaning for p in theorem.parameters if p.name == "n"},
        "structured": [{"name": s.name, "meaning": s.meaning} for s in theorem.structured],
        "first": named.index(True) if True in named else 0,
        "regimes": [_regime(one) for one in regimes],
    }


def _names_default(theorem: Theorem, one: Theorem) -> bool:
    chosen = dict(one.choices)
    return all(chosen.get(name) == value for name, value in theorem.default)


def _regime(theorem: Theorem) -> dict[str, Any]:
    common = {
        "choices": dict(theorem.choices),
        "math": _math(theorem_latex(theorem), block=True),
        "quantity": theorem.quantity.meaning,
        "left": _math(theorem.quantity.latex),
        "unit": theorem.quantity.unit,
        "direction": theorem.direction.value,
        "standing": theorem.standing.value,
        "standingMeaning": theorem.standing.meaning,
        "symbols": [symbol.name for symbol in theorem.symbols],
        "spans": {p.name: _span(theorem, p) for p in theorem.parameters},
        "start": start(theorem),
    }
    try:
        return {**common, **_program(theorem), "absent": None}
    except TypeError as error:
        return {**common, "absent": str(error), "hypotheses": [], "trivial": None, "integrates": False, "tape": []}


def _span(theorem: Theorem, described: Parameter) -> dict[str, Any]:
    found = span(theorem, described)
    return {"log": found.log, "left": found.left, "right": found.right, "zero": found.zero, "infinity": found.infinity}


def _program(theorem: Theorem) -> dict[str, Any]:
    return {
        "tape": tape_json(theorem.expression),
        "integrates": compile_expression(theorem.expression).integrates,
        "hypotheses": [_hypothesis(relation) for relation in theorem.hypotheses],
        "trivial": _trivial(theorem),
    }


def _hypothesis(relation: Any) -> dict[str, Any]:
    return {
        "math": _math(to_latex(relation)),
        "text": relation_text(relation),
        "relation": relation.rel_op,
        "left": tape_json(relation.lhs),
        "right": tape_json(relation.rhs),
        "difference": tape_json(relation.lhs - relation.rhs),
        "symbols": sorted(symbol.name for symbol in relation.free_symbols),
    }


def _trivial(theorem: Theorem) -> dict[str, Any] | None:
    """Return what the bound must beat, where there is such a value in its own symbols."""
    trivial = theorem.quantity.trivial
    if trivial is None or theorem.direction is Direction.EXACT or not trivial.free_symbols <= set(theorem.symbols):
        return None
    integrates = compile_expression(theorem.expression).integrates
    return {
        "math": _math(to_latex(trivial)),
        "tape": tape_json(trivial),
        "gap": [] if integrates else tape_json(theorem.expression - trivial),
    }


def _math(latex: str, block: bool = False) -> str:
    try:
        return latex_to_mathml(latex, block)
    except LatexError:
        # A theorem of one's own may hold any LaTeX; what cannot be converted is shown as it is written.
        return latex_to_mathml(r"\text{" + latex.replace("}", ")").replace("{", "(").replace("\\", "") + "}", block)

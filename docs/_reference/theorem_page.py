"""The page of a theorem: what the catalogue knows of it, joined with its hand-written proof."""

from __future__ import annotations

import inspect
import re
import sys
from pathlib import Path

import numpy as np

from bounds import Direction, Mode, Paper, Quantity, Standing, Theorem
from bounds.typeset import to_latex
from verify.check import QUICK, Check
from verify.checks import all_checks

from .examples import example, keywords
from .formulas import choices, formula, in_table, narrowed

FORMULA = "## Formula"
"""A proof may begin with a section of this name: the formula as one would write it, before the exact expression."""
FIGURE = "<!-- figure -->"
"""Where the figure goes when the pages are built."""
MODES = {
    Mode.DETERMINISTIC: "holds without randomness",
    Mode.EXPECTATION: "holds for the expectation",
    Mode.PROBABILITY: r"holds with probability at least $1-\delta$",
}
UNCHECKED_RATE = "By proof only: a rate with a hidden constant predicts no number that a measurement could exceed."
DIRECTIONS = {Direction.UPPER: "upper bound on", Direction.LOWER: "lower bound on", Direction.EXACT: "exact value of"}


def statement(theorem: Theorem, readable: str = "") -> list[str]:
    """Write the statement, the formulas, what they bound, and where they come from."""
    lines = [theorem.statement, "", *_formulas(theorem, readable)]
    paper = theorem.source.paper
    lines += [f"* **What:** {DIRECTIONS[theorem.direction]} {'; or '.join(_quantities(theorem))}."]
    lines += [f"* **In which sense:** {MODES[theorem.mode]}."]
    lines += [f"* **Standing:** {theorem.standing.value}: {theorem.standing.meaning}."]
    lines += [f"* **Source:** {paper.key}, {theorem.source.label} ({paper_link(paper)})."]
    return [*lines, "", FIGURE, ""]


def _formulas(theorem: Theorem, readable: str) -> list[str]:
    """Write the exact expressions, folded away behind a readable formula where there is one."""
    lines = []
    for one in narrowed(theorem):
        lines += [f"{choices(one)}{_standing_if_other(one, theorem)}:", ""] if one.choices else []
        lines += [formula(one), ""]
    if not readable:
        return lines
    fold = "<details>\n<summary>The expression that is evaluated, written out</summary>"
    return [readable, "", fold, "", *lines, "</details>", ""]


def _quantities(theorem: Theorem) -> list[str]:
    found: dict[Quantity, None] = dict.fromkeys(one.quantity for one in narrowed(theorem))
    return [q.meaning + (f" (in {q.unit})" if q.unit != "1" else "") for q in found]


def _standing_if_other(one: Theorem, theorem: Theorem) -> str:
    return f" ({one.standing.value})" if one.standing is not theorem.standing else ""


def paper_link(paper: Paper) -> str:
    """Link to the paper's abstract, where there is one."""
    return (
        f"[arXiv:{paper.arxiv}](https://arxiv.org/abs/{paper.arxiv})" if paper.arxiv else f"{paper.venue} {paper.year}"
    )


def hypotheses(theorem: Theorem) -> list[str]:
    """Write the hypotheses that are checked and the assumptions that cannot be."""
    lines = ["## Hypotheses", ""]
    common = [f"* ${to_latex(h)}$" for h in theorem.hypotheses]
    own = [
        f"* ${to_latex(h)}$, for {', '.join(f'`{n}={v}`' for n, v in regime.choices)}"
        for regime in theorem.regimes
        for h in regime.hypotheses
    ]
    if common or own:
        lines += [
            "Checked exactly before any value is returned, besides the domains of the symbols:",
            "",
            *common,
            *own,
            "",
        ]
    else:
        lines += ["None besides the domains of the symbols.", ""]
    if theorem.assumptions:
        lines += ["What the numbers cannot show and you must know of the loop:", ""]
        lines += [f"* {text}" for text in theorem.assumptions] + [""]
    return lines


def symbols(theorem: Theorem) -> list[str]:
    """Write the table of symbols, with the paper's own where they differ."""
    notation = dict(theorem.source.paper.notation)
    described = theorem.parameters
    differing = {p.name: notation[p.name] for p in described if notation.get(p.name, p.latex) != p.latex}
    head = ["symbol", "argument", "meaning", "unit", "allowed", *(["in the paper"] if differing else [])]
    lines = ["## Symbols", "", f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for p in described:
        spellings = ", ".join(f"`{s}`" for s in (p.name, *p.aliases))
        cells = [f"${in_table(p.latex)}$", spellings, p.meaning, p.unit, p.domain]
        cells += [f"${in_table(differing[p.name])}$" if p.name in differing else ""] if differing else []
        lines.append(f"| {' | '.join(cells)} |")
    return [*lines, ""]


def evaluation(theorem: Theorem) -> list[str]:
    """Write code that evaluates the theorem, with its output, and the same on the command line."""
    lines = ["## Evaluate it", "", "```python", ">>> import bounds", f'>>> theorem = bounds.get("{theorem.id}")']
    for one in narrowed(theorem):
        lines += [f">>> theorem.evaluate({keywords(one)})", repr(one.evaluate(**example(one)))]
    first = narrowed(theorem)[0]
    lines += [f">>> theorem.enclose({keywords(first)})", repr(first.enclose(**example(first))), "```", ""]
    words = " ".join(f"{name}={value}" for name, value in (*first.choices, *example(first).items()))
    return [
        *lines,
        "```console",
        f"$ loopbounds eval {theorem.id} {words} --rigorous",
        *([f"$ loopbounds verify {theorem.id} --quick"] if bound_checks(theorem) else []),
        "```",
        "",
    ]


def bound_checks(theorem: Theorem) -> list[Check]:
    """Return the checks that hold the theorem against a loop."""
    return [check for check in all_checks() if check.theorem.id == theorem.id]


def _unchecked(theorem: Theorem) -> str:
    if theorem.standing is Standing.RATE:
        return UNCHECKED_RATE
    return "By proof, and by tests of its expression against independent computations; not yet on a loop."


def checks_of(theorem: Theorem) -> list[str]:
    """Write what the theorem is held against and which planted false theorems must be refuted."""
    lines = ["## How it is checked", ""]
    bound = bound_checks(theorem)
    if not bound:
        return [*lines, _unchecked(theorem), ""]
    for check in bound:
        about = inspect.getdoc(sys.modules[check.measure.__module__]) or ""
        lines += [about.partition("\n\n")[0].replace("\n", " "), "", "Settings (`…` is drawn anew in each):", ""]
        lines += [f"* {kind}" for kind in setting_kinds(check)]
        lines += ["", "Planted false versions, each of which the same settings must refute:", ""]
        lines += [f"* {control.name}" for control in check.controls] + [""]
    return [*lines, "What a verdict means: [verdicts](../verdicts.md).", ""]


def setting_kinds(check: Check) -> list[str]:
    """Return the labels of a check's settings with their numbers left out, in the order they appear."""
    settings = check.settings(QUICK, np.random.default_rng(0))
    number = re.compile(r"(?<![\w.])-?(?:\d+(?:/\d+)?(?:\.\d+)?(?:e[+-]?\d+)?|inf)(?!\w)")
    return list(dict.fromkeys(number.sub("…", setting.label) for setting in settings))


def citation(theorem: Theorem) -> list[str]:
    """Write the BibTeX entry of the paper."""
    return ["## Citation", "", "```bibtex", theorem.citation(), "```"]


def split_proof(text: str) -> tuple[str, str]:
    """Split a proof file into its section "Formula", empty if it has none, and the rest."""
    text = text.strip()
    if not text.startswith(FORMULA):
        return "", text
    readable, _, rest = text.removeprefix(FORMULA).partition("\n## ")
    return readable.strip(), "## " + rest


def theorem_page(theorem: Theorem, docs: Path) -> str:
    """Write the page of a theorem."""
    readable, proof = split_proof((docs / "proofs" / f"{theorem.id}.md").read_text(encoding="utf-8"))
    lines = [
        f"# {theorem.id}",
        "",
        *statement(theorem, readable),
        *hypotheses(theorem),
        *symbols(theorem),
        *evaluation(theorem),
        proof,
        "",
        *checks_of(theorem),
        *citation(theorem),
    ]
    return "\n".join(lines) + "\n"

"""Writes the reference pages from the catalogue: one per theorem, the provenance table and the list in the index.

``python docs/generate.py`` writes them; with ``--check`` it writes nothing and exits with status 1 if a page is out of date.
A page joins what the catalogue knows (statement, hypotheses, symbols) with the hand-written proof in ``docs/proofs``.
"""

from __future__ import annotations

import argparse
import inspect
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import sympy

import bounds
from bounds import Direction, Mode, Paper, Quantity, Standing, Theorem
from bounds.catalog import all_papers
from bounds.functions import Recurrence
from bounds.typeset import to_latex
from verify.check import QUICK, Check
from verify.checks import all_checks

DOCS = Path(__file__).resolve().parent
LIST_START, LIST_END = "<!-- theorems: written by generate.py -->", "<!-- end of theorems -->"
LONG_FORMULA = 600
"""Formulas with more LaTeX than this are written with abbreviations."""

EXAMPLE: dict[str, str] = {
    "n": "100",
    "t": "5",
    "d": "3",
    "alpha": "1/5",
    "lam": "1/4",
    "delta": "1/20",
    "sigma": "1",
    "L": "1/5",
    "epsilon": "1/10",
    "curvature": "3/10",
    "rho": "1/2",
    "eps_opt": "1/1000",
    "A": "1",
    "B": "1",
    "distance0": "1/2",
    "radius": "1",
    "K": "4",
    "y": "2",
    "y_max": "3",
    "mean": "1",
    "variance": "1/2",
    "p_star": "1/10",
    "gap": "1",
    "range": "2",
    "tv0": "1/2",
    "C": "1",
    "M": "1",
    "beta": "1/100",
    "gamma": "1/10",
    "eta": "1/1000",
    "d_tv": "1/20",
    "D": "1",
    "Gamma": "1/2",
    "sigma_noise": "1/10",
    "collision": "1/4",
    "k": "5",
    "kl": "1/2",
    "h2": "1/4",
    "chi2": "1/2",
    "shift": "1",
    "sigma1": "1",
    "sigma2": "2",
    "mahalanobis": "1",
    "deviation": "1/10",
    "difference": "1/100",
    "sample_variance": "1/10",
    "h": "1/2",
    "folds": "2",
    "folds2": "3",
    "laplacian": "1",
    "root_mass": "2",
    "beta_removed": "1/100",
    "e": "1/50",
    "c": "1",
    "s": "1/4",
    "x": "2",
    "p": "2",
    "kl_prior": "1/100",
    "kl0": "1/2",
    "noising": "4",
    "score_error": "1/10",
    "flow_error": "1/5",
    "early": "1/100",
    "tv_prior": "1/100",
}
"""One value per symbol, at which the pages evaluate every theorem; it lies within the hypotheses of all."""

MODES = {
    Mode.DETERMINISTIC: "holds without randomness",
    Mode.EXPECTATION: "holds for the expectation",
    Mode.PROBABILITY: r"holds with probability at least $1-\delta$",
}
UNCHECKED_RATE = "By proof only: a rate with a hidden constant predicts no number that a measurement could exceed."
RELATIONS = {Direction.UPPER: r"\le", Direction.LOWER: r"\ge", Direction.EXACT: "="}
DIRECTIONS = {Direction.UPPER: "upper bound on", Direction.LOWER: "lower bound on", Direction.EXACT: "exact value of"}


# --- formulas -----------------------------------------------------------------------------------------------------


def narrowed(theorem: Theorem) -> list[Theorem]:
    """Return the theorem in each of its regimes, the default one first."""
    if not theorem.regimes:
        return [theorem]
    default = dict(theorem.default)
    first = sorted(theorem.regimes, key=lambda r: bool(default) and dict(r.choices) != default)
    return [theorem.at(**dict(regime.choices)) for regime in first]


def formula(theorem: Theorem) -> str:
    """Typeset a theorem of one regime as a display."""
    left = f"{theorem.quantity.latex} {RELATIONS[theorem.direction]}"
    right = to_latex(theorem.expression)
    if theorem.expression.has(Recurrence):
        lines = _recursion(left, theorem.expression)
    elif len(right) > LONG_FORMULA:
        lines = _abbreviated(left, theorem.expression)
    else:
        return f"$$\n{left} {right}\n$$"
    return "$$\n\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}\n$$"


def _recursion(left: str, expression: Any) -> list[str]:
    (node,) = expression.atoms(Recurrence)
    output, states, initial, step, count = node.args
    lines = [
        rf"& {left} {_latex(expression.xreplace({node: output}))} \quad\text{{after }} {_latex(count)} \text{{ steps of}}"
    ]
    lines += [rf"& {_latex(s)} \leftarrow {_latex(e)}" for s, e in zip(states, step, strict=True)]
    start = r",\ ".join(f"{_latex(s)} = {_latex(e)}" for s, e in zip(states, initial, strict=True))
    return [*lines, rf"& \text{{all at once, from }} {start}"]


def _abbreviated(left: str, expression: Any) -> list[str]:
    shared, (short,) = sympy.cse(expression, symbols=sympy.numbered_symbols("z_", start=1, real=True))
    trivial: dict[Any, Any] = {}
    kept: dict[Any, Any] = {}
    for name, part in shared:
        inlined = part.xreplace(trivial)
        (trivial if inlined.count_ops() <= 1 else kept)[name] = inlined
    numbered = {name: sympy.Symbol(f"z_{i}", real=True) for i, name in enumerate(kept, start=1)}
    lines = [rf"& {left} {_latex(short.xreplace(trivial).xreplace(numbered))} \quad\text{{with}}"]
    return lines + [rf"& {_latex(numbered[name])} = {_latex(part.xreplace(numbered))}" for name, part in kept.items()]


def _latex(expression: Any) -> str:
    """Typeset with state symbols and abbreviations in italics, where `to_latex` makes words of them."""
    return re.sub(
        r"\\text\{([a-z])(?: (\d+))?\}", lambda m: m[1] + (f"_{{{m[2]}}}" if m[2] else ""), to_latex(expression)
    )


def in_table(text: str) -> str:
    """Write text or mathematics for a table cell, where a bar would end the cell."""
    return text.replace(r"\|", r"\Vert ").replace("|", r"\vert ")


# --- parts of a page ----------------------------------------------------------------------------------------------


def statement(theorem: Theorem) -> list[str]:
    """Write the statement, the formulas, what they bound, and where they come from."""
    lines = [theorem.statement, ""]
    for one in narrowed(theorem):
        lines += [f"{_choices(one)}{_standing_if_other(one, theorem)}:", ""] if one.choices else []
        lines += [formula(one), ""]
    paper = theorem.source.paper
    lines += [f"* **What:** {DIRECTIONS[theorem.direction]} {'; or '.join(_quantities(theorem))}."]
    lines += [f"* **In which sense:** {MODES[theorem.mode]}."]
    lines += [f"* **Standing:** {theorem.standing.value}: {theorem.standing.meaning}."]
    return [*lines, f"* **Source:** {paper.key}, {theorem.source.label} ({paper_link(paper)}).", ""]


def _quantities(theorem: Theorem) -> list[str]:
    found: dict[Quantity, None] = dict.fromkeys(one.quantity for one in narrowed(theorem))
    return [q.meaning + (f" (in {q.unit})" if q.unit != "1" else "") for q in found]


def _choices(theorem: Theorem) -> str:
    return ", ".join(f"`{name}={value}`" for name, value in theorem.choices)


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
        lines += [f">>> theorem.evaluate({_keywords(one)})", repr(one.evaluate(**example(one)))]
    first = narrowed(theorem)[0]
    lines += [f">>> theorem.enclose({_keywords(first)})", repr(first.enclose(**example(first))), "```", ""]
    words = " ".join(f"{name}={value}" for name, value in (*first.choices, *example(first).items()))
    return [
        *lines,
        "```console",
        f"$ loopbounds eval {theorem.id} {words} --rigorous",
        *([f"$ loopbounds verify {theorem.id} --quick"] if bound_checks(theorem) else []),
        "```",
        "",
    ]


def example(theorem: Theorem) -> dict[str, Any]:
    """Return the example point of a theorem of one regime.

    Raises
    ------
    SystemExit
        If a symbol has no example value, or the point lies outside the hypotheses.
    """
    missing = [s.name for s in theorem.symbols if s.name not in EXAMPLE]
    if missing:
        raise SystemExit(f"{theorem.id}: add an example value of {', '.join(missing)} to EXAMPLE in docs/generate.py")
    point: dict[str, Any] = {s.name: EXAMPLE[s.name] for s in theorem.symbols}
    try:
        theorem.evaluate(**point)
    except bounds.HypothesisError as failure:
        raise SystemExit(f"the example point in docs/generate.py does not serve: {failure}") from None
    return point


def _keywords(theorem: Theorem) -> str:
    chosen = [f'{name}="{value}"' for name, value in theorem.choices]
    return ", ".join([*chosen, *(f"{n}={v}" if v.isdigit() else f'{n}="{v}"' for n, v in example(theorem).items())])


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


def theorem_page(theorem: Theorem, docs: Path = DOCS) -> str:
    """Write the page of a theorem."""
    proof = (docs / "proofs" / f"{theorem.id}.md").read_text(encoding="utf-8").strip()
    lines = [
        f"# {theorem.id}",
        "",
        *statement(theorem),
        *hypotheses(theorem),
        *symbols(theorem),
        *evaluation(theorem),
        proof,
        "",
        *checks_of(theorem),
        *citation(theorem),
    ]
    return "\n".join(lines) + "\n"


# --- overviews ----------------------------------------------------------------------------------------------------


def provenance_page() -> str:
    """Write which statements are whose, and what could be compared with the papers."""
    lines = [
        "# Provenance",
        "",
        "Whose statement is it, and whose constants? Every theorem of the catalogue carries one of these standings:",
        "",
        "| standing | meaning | theorems |",
        "|---|---|---|",
    ]
    counted = Counter(theorem.standing for theorem in bounds.catalog())
    lines += [f"| {s.value} | {s.meaning} | {counted[s]} |" for s in Standing]
    lines += ["", "No formula here is a quotation: statements are written in this project's symbols and words.", ""]
    for paper in all_papers():
        lines += [f"## {paper.key}", "", f"{', '.join(paper.authors)}: *{paper.title}*. {paper.venue}, {paper.year}"]
        lines += [f"({paper_link(paper)}).", "", f"**Compared with the paper's text:** {paper.compared}", ""]
        lines += ["| theorem | standing | source |", "|---|---|---|"]
        lines += [_provenance(theorem) for theorem in bounds.catalog(paper=paper.key)] + [""]
    return "\n".join(lines)


def _provenance(theorem: Theorem) -> str:
    other = [
        f"{_choices(one)}: {one.standing.value}" for one in narrowed(theorem) if one.standing is not theorem.standing
    ]
    standing = "; ".join([theorem.standing.value, *other])
    return f"| [{theorem.id}](theorems/{theorem.id}.md) | {standing} | {theorem.source.label} |"


def index_page(present: str) -> str:
    """Replace the list of theorems in the index."""
    before, start, rest = present.partition(LIST_START)
    _, end, after = rest.partition(LIST_END)
    if not (start and end):
        raise SystemExit(f"docs/index.md must hold the lines {LIST_START} and {LIST_END}")
    lines = []
    for paper in all_papers():
        lines += ["", f"### {paper.key}: {paper.title}", "", "| theorem | standing | statement |", "|---|---|---|"]
        lines += [
            f"| [{t.id.partition('.')[2]}](theorems/{t.id}.md) | {t.standing.value} | {in_table(t.statement)} |"
            for t in bounds.catalog(paper=paper.key)
        ]
    return before + start + "\n" + "\n".join(lines) + "\n\n" + end + after


def pages(docs: Path = DOCS) -> dict[Path, str]:
    """Return the text of every generated page by its file."""
    found = {docs / "theorems" / f"{t.id}.md": theorem_page(t, docs) for t in bounds.catalog()}
    found[docs / "provenance.md"] = provenance_page()
    index = docs / "index.md"
    found[index] = index_page(index.read_text(encoding="utf-8"))
    return found


def stale(written: dict[Path, str], docs: Path = DOCS) -> list[Path]:
    """Return the files that are missing, differ from their text, or belong to no theorem."""
    differing = [p for p, text in written.items() if not p.is_file() or p.read_text(encoding="utf-8") != text]
    return differing + [p for p in sorted((docs / "theorems").glob("*.md")) if p not in written]


def main() -> int:
    """Write the pages, or check them; return the exit status."""
    parser = argparse.ArgumentParser(description="Write the reference pages from the catalogue.")
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit with status 1 if a page is out of date"
    )
    options = parser.parse_args()
    written = pages()
    outdated = stale(written)
    for path in outdated:
        if not options.check:
            if path in written:
                path.parent.mkdir(exist_ok=True)
                path.write_text(written[path], encoding="utf-8")
            else:
                path.unlink()
        print(
            path.relative_to(DOCS.parent),
            "is out of date" if options.check else "written" if path in written else "removed",
        )
    return int(options.check and bool(outdated))


if __name__ == "__main__":
    sys.exit(main())

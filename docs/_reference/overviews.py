"""Pages over many theorems: the catalogue, one page per paper, and whose statement is whose."""

from __future__ import annotations

from collections import Counter

import bounds
from bounds import Direction, Paper, Standing, Theorem
from bounds.catalog import all_papers

from .formulas import choices, in_table, narrowed
from .theorem_page import paper_link

LEMMAS = "lemma"
DIRECTIONS = {Direction.UPPER: "upper", Direction.LOWER: "lower", Direction.EXACT: "exact"}


def groups() -> dict[str, list[Theorem]]:
    """Return the theorems by the first part of their id: the four papers, and the lemmas."""
    found: dict[str, list[Theorem]] = {}
    for theorem in bounds.catalog():
        found.setdefault(theorem.id.partition(".")[0], []).append(theorem)
    return {key: found[key] for key in sorted(found, key=lambda key: (key == LEMMAS, key))}


def catalogue_page() -> str:
    """Write the way into the theorems."""
    lines = [
        "# Theorems",
        "",
        "Each page has the statement, the hypotheses, the symbols and their names in the paper, a figure, code with its",
        "output, a proof, what is known of the paper's own wording, how it is checked, and the planted false",
        "versions that the checks must refute. Which one answers a question: [how to choose](choosing.md).",
        "",
        "| where from | theorems |",
        "|---|---|",
    ]
    papers = {paper.key: paper for paper in all_papers()}
    for key, theorems in groups().items():
        title = "Lemmas" if key == LEMMAS else f"{key}: {papers[key].title}"
        lines.append(f"| [{title}](catalog/{key}.md) | {len(theorems)} |")
    return "\n".join([*lines, "", *toctree([f"catalog/{key}" for key in groups()])])


def toctree(names: list[str]) -> list[str]:
    """Write a table of contents that shows in the sidebar only."""
    return ["```{toctree}", ":hidden:", "", *names, "```", ""]


def group_page(key: str, theorems: list[Theorem]) -> str:
    """Write the list of the theorems of a paper, or of the lemmas."""
    papers = {theorem.source.paper.key: theorem.source.paper for theorem in theorems}
    if key == LEMMAS:
        lines = [
            "# Lemmas",
            "",
            "Classical tools, each with its own reference, and what is derived from them here.",
            "",
        ]
    else:
        lines = [f"# {key}", "", *about(papers[key])]
    lines += ["| theorem | statement | kind | standing |", "|---|---|---|---|"]
    for t in theorems:
        name = t.id.partition(".")[2]
        cells = [f"[{name}](../theorems/{t.id}.md)", in_table(t.statement), DIRECTIONS[t.direction], t.standing.value]
        lines.append(f"| {' | '.join(cells)} |")
    lines += [
        "",
        "*upper*, *lower*: a bound on the quantity; *exact*: its value. [Standing](../provenance.md): whose constants.",
        "",
    ]
    return "\n".join([*lines, *toctree([f"../theorems/{t.id}" for t in theorems])])


def about(paper: Paper) -> list[str]:
    """Write the reference of a paper and what could be compared with its text."""
    lines = [f"{', '.join(paper.authors)}: *{paper.title}*. {paper.venue}, {paper.year}", f"({paper_link(paper)}).", ""]
    return [*lines, f"**Compared with the paper's text:** {paper.compared}", ""]


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
        lines += [f"## {paper.key}", "", *about(paper)]
        lines += ["| theorem | standing | source |", "|---|---|---|"]
        lines += [_provenance(theorem) for theorem in bounds.catalog(paper=paper.key)] + [""]
    return "\n".join(lines)


def _provenance(theorem: Theorem) -> str:
    other = [
        f"{choices(one)}: {one.standing.value}" for one in narrowed(theorem) if one.standing is not theorem.standing
    ]
    standing = "; ".join([theorem.standing.value, *other])
    return f"| [{theorem.id}](theorems/{theorem.id}.md) | {standing} | {theorem.source.label} |"

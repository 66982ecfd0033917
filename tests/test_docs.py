"""The documentation: pages up to date, proofs present, code runs, links lead somewhere."""

import contextlib
import doctest
import importlib.util
import io
import itertools
import re
import shlex
import sys
from pathlib import Path

import pytest

import bounds
from bounds.functions import Recurrence
from verify.checks import all_checks

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGES = sorted(p for p in DOCS.rglob("*.md") if "_build" not in p.parts)
IDS = [theorem.id for theorem in bounds.catalog()]
FENCE = re.compile(r"^```([\w-]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def name_of(page):
    return str(page.relative_to(DOCS))


@pytest.fixture(scope="module")
def generate():
    spec = importlib.util.spec_from_file_location("generate_docs", DOCS / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def sections(text):
    """Map second-level headings to what stands below them."""
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], (body.strip() for body in parts[2::2]), strict=True))


def code(page, *languages):
    return [body for language, body in FENCE.findall(page.read_text()) if language in languages]


def mathematics(text):
    """Return displays and inline formulas; fenced and inline code is left out."""
    text = re.sub(r"`[^`\n]*`", "", FENCE.sub("", text))
    pieces = text.split("$$")
    inline = "".join(pieces[::2]).split("$")
    return len(pieces) % 2 == 1 and len(inline) % 2 == 1, [*pieces[1::2], *inline[1::2]]


def test_pages_are_up_to_date(generate):
    outdated = generate.stale(generate.pages())
    assert not outdated, f"run `python docs/generate.py`: {[name_of(p) for p in outdated]}"


def test_check_reports_and_writing_repairs(generate, tmp_path, monkeypatch, capsys):
    page = tmp_path / "theorems" / "page.md"
    monkeypatch.setattr(generate, "DOCS", tmp_path)
    monkeypatch.setattr(generate, "pages", lambda: {page: "text"})
    monkeypatch.setattr(generate, "stale", lambda written, stale=generate.stale: stale(written, tmp_path))
    monkeypatch.setattr(sys, "argv", ["generate.py", "--check"])
    assert generate.main() == 1
    assert not page.exists()
    monkeypatch.setattr(sys, "argv", ["generate.py"])
    assert generate.main() == 0
    assert page.read_text() == "text"
    (tmp_path / "theorems" / "gone.md").write_text("of no theorem")
    monkeypatch.setattr(sys, "argv", ["generate.py", "--check"])
    assert generate.main() == 1
    monkeypatch.setattr(sys, "argv", ["generate.py"])
    assert generate.main() == 0
    assert not (tmp_path / "theorems" / "gone.md").exists()
    assert "page.md" in capsys.readouterr().out


@pytest.mark.parametrize("theorem_id", IDS)
def test_every_theorem_is_proved(theorem_id):
    found = sections((DOCS / "proofs" / f"{theorem_id}.md").read_text())
    assert len(found["Proof"]) > 200
    assert r"\blacksquare" in found["Proof"]
    assert len(found["In the paper"]) > 20


def test_every_proof_has_a_theorem():
    assert {p.stem for p in (DOCS / "proofs").glob("*.md")} == set(IDS)


@pytest.mark.parametrize("theorem_id", IDS)
def test_proof_mentions_every_regime(theorem_id):
    text = (DOCS / "proofs" / f"{theorem_id}.md").read_text()
    for regime in bounds.get(theorem_id).regimes:
        assert all(f"`{value}`" in text or f"={value}`" in text for _, value in regime.choices), regime.choices


@pytest.mark.parametrize("theorem_id", IDS)
def test_page_says_what_a_reader_needs(generate, theorem_id):
    theorem = bounds.get(theorem_id)
    text = (DOCS / "theorems" / f"{theorem_id}.md").read_text()
    assert theorem.statement in text
    assert theorem.standing.meaning in text
    assert theorem.citation() in text
    assert all(assumption in text for assumption in theorem.assumptions)
    assert all(generate.to_latex(h) in text for h in theorem.all_hypotheses)
    for symbol in theorem.symbols:
        assert f"`{symbol.name}`" in sections(text)["Symbols"]
    for one in generate.narrowed(theorem):
        assert one.expression.has(Recurrence) or generate.formula(one) in text


@pytest.mark.parametrize("check", all_checks(), ids=lambda check: check.theorem.id)
def test_page_lists_the_controls(check):
    text = sections((DOCS / "theorems" / f"{check.theorem.id}.md").read_text())["How it is checked"]
    assert check.controls
    for control in check.controls:
        assert f"* {control.name}\n" in text + "\n"


def test_theorems_of_a_checked_paper_are_all_checked():
    checked = {check.theorem.id for check in all_checks()}
    papers = {check.theorem.source.paper.key for check in all_checks()}
    unchecked = [t.id for t in bounds.catalog() if t.source.paper.key in papers and t.id not in checked]
    # A rate with a hidden constant predicts no number that a measurement could exceed.
    assert [i for i in unchecked if bounds.get(i).standing is not bounds.Standing.RATE] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_python_blocks_run(page):
    blocks = code(page, "python", "pycon")
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    session = {"__name__": "__main__"}
    for number, block in enumerate(blocks, start=1):
        label = f"{name_of(page)}, block {number}"
        if ">>>" not in block:
            exec(compile(block, label, "exec"), session)
            continue
        test = doctest.DocTestParser().get_doctest(block, session, label, str(page), 0)
        report = io.StringIO()
        runner = doctest.DocTestRunner(optionflags=flags)
        runner.run(test, out=report.write, clear_globs=False)
        session = test.globs
        assert not runner.failures, report.getvalue()


@pytest.mark.parametrize("theorem_id", IDS)
def test_command_line_agrees(theorem_id):
    from verify.cli import main

    (block,) = code(DOCS / "theorems" / f"{theorem_id}.md", "console")
    words = shlex.split(block.splitlines()[0].removeprefix("$ loopbounds "))
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        assert main([*words, "--json"]) == 0
    assert f'"{theorem_id}"' in printed.getvalue()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_relative_links_lead_somewhere(page):
    text = FENCE.sub("", page.read_text())
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if not target.startswith(("http://", "https://", "#")):
            assert (page.parent / target.partition("#")[0]).is_file(), target


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_mathematics_is_balanced(page):
    closed, formulas = mathematics(page.read_text())
    assert closed, "a dollar sign is open"
    for formula in formulas:
        bare = re.sub(r"\\[{}]", "", formula)
        assert bare.count("{") == bare.count("}"), formula
        assert len(re.findall(r"\\left(?![a-z])", formula)) == len(re.findall(r"\\right(?![a-z])", formula)), formula
        begun, ended = (sorted(re.findall(rf"\\{word}\{{(\w+)", formula)) for word in ("begin", "end"))
        assert begun == ended, formula
        assert not re.search(r"\^(\{[^{}]*\}|\w)\s*\^", formula), f"double superscript: {formula}"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_table_rows_have_the_columns_of_their_head(page):
    lines = FENCE.sub("", page.read_text()).splitlines()
    for head, line in itertools.pairwise(lines):
        if head.startswith("|") and line.startswith("|"):
            assert head.count("|") == line.count("|"), line


def test_index_points_to_every_page():
    links = set(re.findall(r"\]\(([^)\s]+)\)", (DOCS / "index.md").read_text()))
    pages = {name_of(p) for p in PAGES if p.parent.name != "proofs" and p.name != "index.md"}
    assert pages <= links

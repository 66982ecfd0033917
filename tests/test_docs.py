"""The documentation: pages up to date, proofs present, code runs, links lead somewhere."""

import contextlib
import doctest
import importlib
import importlib.util
import io
import itertools
import os
import re
import shlex
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bounds
import verify
from bounds.functions import Recurrence
from bounds.typeset import to_latex
from verify.checks import all_checks

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGES = sorted(p for p in DOCS.rglob("*.md") if not {"build", "notebooks"} & set(p.relative_to(DOCS).parts))
GUIDES = [p for p in PAGES if p.parent == DOCS]
IDS = [theorem.id for theorem in bounds.catalog()]
FENCE = re.compile(r"^```([\w{}-]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


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
    from _reference.formulas import formula, narrowed

    theorem = bounds.get(theorem_id)
    text = (DOCS / "theorems" / f"{theorem_id}.md").read_text()
    assert theorem.statement in text
    assert theorem.standing.meaning in text
    assert theorem.citation() in text
    assert all(assumption in text for assumption in theorem.assumptions)
    assert all(to_latex(h) in text for h in theorem.all_hypotheses)
    for symbol in theorem.symbols:
        assert f"`{symbol.name}`" in sections(text)["Symbols"]
    for one in narrowed(theorem):
        assert formula(one) in text


@pytest.mark.parametrize("check", all_checks(), ids=lambda check: check.theorem.id)
def test_page_lists_the_controls(check):
    text = sections((DOCS / "theorems" / f"{check.theorem.id}.md").read_text())["How it is checked"]
    assert check.controls
    for control in check.controls:
        assert f"* {control.name}\n" in text + "\n"


def test_theorems_of_a_checked_paper_are_all_checked():
    checked = {check.theorem.id for check in all_checks()}
    # A lemma makes no claim about a loop; its oracle tests hold it against other routes to the same number.
    unchecked = [t.id for t in bounds.catalog() if t.id not in checked and not t.id.startswith("lemma.")]
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


def linked_from(page):
    """Return the pages that a page links to."""
    targets = re.findall(r"\]\(([^)\s]+\.md)", FENCE.sub("", page.read_text()))
    return {(page.parent / target).resolve() for target in targets if "://" not in target}


def test_every_page_is_reached_from_the_index():
    reached, waiting = set(), {DOCS / "index.md"}
    while waiting:
        page = waiting.pop()
        reached.add(page)
        waiting |= linked_from(page) - reached
    assert {p for p in PAGES if p.parent.name != "proofs"} <= reached


def toctree(page):
    """Return the pages that a page puts into the sidebar."""
    entries = [line for block in code(page, "{toctree}") for line in block.splitlines() if line]
    return {
        (page.parent / f"{entry}.md").resolve() for entry in entries if not entry.startswith(":") and "*" not in entry
    }


def test_every_page_is_in_the_sidebar():
    listed = set().union(*(toctree(page) for page in PAGES))
    assert listed == {p for p in PAGES if p.parent.name != "proofs"} - {DOCS / "index.md"}


@contextlib.contextmanager
def files_of_examples(folder):
    """Stand where the files that guides speak of are found; what commands write goes there, too."""
    here = Path.cwd()
    (folder / "examples").symlink_to(DOCS.parent / "examples")
    try:
        os.chdir(folder)
        write_samples(folder)
        (folder / "schedule.csv").write_text("1\n0.5,0.5\n0.25,0.25,0.5\n")
        yield
    finally:
        os.chdir(here)


def write_samples(folder):
    """Write the samples of a loop in the kinds of files that the guide to audits names."""
    rng = np.random.default_rng(0)
    drawn = rng.normal(size=(3, 60, 2))
    np.savez(folder / "samples.npz", real=drawn[0], generation_1=drawn[1], generation_2=drawn[2])
    scaled = 1 / (1 + np.exp(-drawn))
    columns = {"x": scaled[..., 0], "y": scaled[..., 1]}
    pd.DataFrame({k: v[0] for k, v in columns.items()}).to_csv(folder / "real.csv", index=False)
    table = pd.DataFrame({"generation": np.repeat([1, 2], 60), **{k: v[1:].ravel() for k, v in columns.items()}})
    table.to_csv(folder / "samples.csv", index=False)
    runs = pd.concat([table.assign(seed=seed) for seed in (0, 1)])
    real = pd.concat(
        [pd.DataFrame({"generation": 0, "x": drawn[0, :, 0], "y": drawn[0, :, 1], "seed": s}) for s in (0, 1)]
    )
    pd.concat([real, runs]).to_parquet(folder / "samples.parquet", index=False)


def commands(page):
    """Yield the commands of a page with the output shown for them."""
    for block in code(page, "console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, shown = part.partition("\n")
            yield command, shown


COMMANDS = [pytest.param(c, shown, id=f"{name_of(p)}: {c}") for p in GUIDES for c, shown in commands(p)]


@pytest.mark.parametrize(("command", "shown"), COMMANDS)
def test_commands_of_the_guides_do_what_is_shown(command, shown, tmp_path, monkeypatch):
    from verify.cli import main

    monkeypatch.setenv("COLUMNS", "200")
    printed = io.StringIO()
    with files_of_examples(tmp_path), contextlib.redirect_stdout(printed):
        status = main(shlex.split(command.removeprefix("loopbounds ")))
    assert status == 0, printed.getvalue()
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    assert not shown or doctest.OutputChecker().check_output(shown, printed.getvalue(), flags), printed.getvalue()


@pytest.mark.parametrize("page", GUIDES, ids=name_of)
def test_commands_that_are_not_run_use_options_that_exist(page):
    """A cluster, or a run of minutes, is shown but not run here."""
    from verify.cli import main

    for line in filter(None, "\n".join(code(page, "sh")).splitlines()):
        word, name, *rest = shlex.split(line)
        if word == "make":
            assert re.search(rf"^{name}:", (DOCS.parent / "Makefile").read_text(), re.MULTILINE)
            continue
        helped = io.StringIO()
        with contextlib.redirect_stdout(helped), contextlib.suppress(SystemExit):
            main([name, "--help"])
        assert all(option in helped.getvalue() for option in rest if option.startswith("--")), line


@pytest.mark.parametrize("theorem_id", IDS)
def test_figure_can_be_drawn(generate, theorem_id):
    from _reference import figures

    theorem = bounds.get(theorem_id)
    axis = figures.axis_of(theorem)
    shown = figures.shown_regimes(theorem, axis)
    assert shown
    for one in shown:
        integral = isinstance(one.expression, bounds.TailedIntegral)
        assert integral or np.isfinite(figures.values(one, axis)).sum() > 5
    if not isinstance(shown[0].expression, bounds.TailedIntegral):
        drawn = figures.figure_html(theorem)
        assert drawn.startswith('<figure class="bound"><svg')
        assert figures.INK not in drawn
        assert "\n" not in drawn


def test_the_same_figure_in_every_build(generate):
    from _reference import figures

    theorem = bounds.get("bertrand2024.jacobian")
    assert figures.svg(theorem) == figures.svg(theorem)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_mathematics_can_be_shown(page):
    pytest.importorskip("latex2mathml", reason="formulas are typeset with the extra 'docs'")
    spec = importlib.util.spec_from_file_location("mathml", DOCS / "_extensions" / "mathml.py")
    pytest.importorskip("sphinx", reason="formulas are typeset with the extra 'docs'")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for latex in mathematics(page.read_text())[1]:
        assert module.to_mathml(latex).startswith("<math")


def test_names_of_functions_are_set_apart():
    pytest.importorskip("latex2mathml", reason="formulas are typeset with the extra 'docs'")
    pytest.importorskip("sphinx", reason="formulas are typeset with the extra 'docs'")
    spec = importlib.util.spec_from_file_location("mathml", DOCS / "_extensions" / "mathml.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    spaces = {
        r"d\log(n)": ("0.167em", "0"),
        r"\mathbb{E}\log x": ("0.167em", "0.167em"),
        r"x + \log{\left(n\right)}": ("0", "0"),
        r"\operatorname{erf} x": ("0", "0.167em"),
    }
    for latex, (before, after) in spaces.items():
        assert f'lspace="{before}" rspace="{after}">' in module.to_mathml(latex), latex


def test_long_formulas_begin_with_a_readable_one(generate):
    from _reference.formulas import formula, narrowed
    from _reference.theorem_page import split_proof

    for theorem in bounds.catalog():
        written = [formula(one) for one in narrowed(theorem)]
        wild = any(len(text) > 1000 for text in written) or any(o.expression.has(Recurrence) for o in narrowed(theorem))
        readable, proof = split_proof((DOCS / "proofs" / f"{theorem.id}.md").read_text())
        assert "## Proof\n" in proof
        assert bool(readable) >= wild, f"{theorem.id}: begin its proof with a section '## Formula'"


def test_every_public_name_is_documented(generate):
    from _reference import interface

    listed = " ".join(p.read_text() for p in (DOCS / "api").glob("*.md"))
    for package in (bounds, verify):
        for name in package.__all__:
            assert re.search(rf"\b{name}\b", listed), name
    for face in interface.faces():
        page = DOCS / "api" / f"{face}.md"
        if page.is_file():
            module = importlib.import_module(face)
            assert all(re.search(rf"\b{name}\b", page.read_text()) for name in interface.public_names(module))


def test_public_constants_are_explained(generate):
    """Automodule passes over values, so that their pages describe them one by one."""
    from _reference import interface

    pages = interface.interface_pages()
    figures = pages["verify.figures.md"]
    assert "py:data:: SETTINGS\n   :module: verify.figures\n\n   Matplotlib's settings while" in figures
    assert "The theorem `fu2024.recursion`." in pages["bounds.papers.fu2024.md"]
    for name, page in pages.items():
        if name != "index.md":
            module = importlib.import_module(name.removesuffix(".md"))
            listed = re.search(r":members: (.*)", page)[1].split(", ")
            constants = {n for n in listed if isinstance(getattr(module, n), int | float | dict | bounds.Theorem)}
            assert constants <= set(re.findall(r"py:data:: (\w+)", page)), name

import csv
import io
import itertools
import math
import re
import shutil
import subprocess
from decimal import Decimal
from fractions import Fraction
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bounds
from bounds import ArgumentError, Direction
from bounds.symbols import PARAMETERS
from verify.tables import FORMATS, Cell, Column, Request, Row, Table, bound_grids, comparison, read_request, render
from verify.tables.comparison import at_setting, shared_setting
from verify.tables.defaults import AXES, DEFAULTS, default
from verify.tables.digits import safe_text
from verify.tables.entries import enter
from verify.tables.latex import LONGEST

PAPERS = ("bertrand2024", "ferbach2024", "fu2024", "fu2025")
JACOBIAN = bounds.get("bertrand2024.jacobian")
ENTRY = re.compile(r"(-?[\d.]+(?:e-?\d+)?|∞|-∞)( †)?|– \([a-z]+\)")


# --- digits -----------------------------------------------------------------------------------------------------------


@given(st.floats(min_value=-1e15, max_value=1e15), st.floats(min_value=0, max_value=1e3))
def test_written_bounds_are_bounds_and_near(low, width):
    high = low + width
    above, below = (Decimal(safe_text(low, high, d)) for d in (Direction.UPPER, Direction.LOWER))
    assert above >= Decimal(high)
    assert below <= Decimal(low)
    assert float(above) - high <= abs(high) * 1e-2
    assert low - float(below) <= abs(low) * 1e-2
    middle = safe_text(low, low, Direction.EXACT)
    assert math.isclose(float(middle), low, rel_tol=6e-3)


@pytest.mark.parametrize(
    ("value", "direction", "text"),
    [
        (0.9996, Direction.UPPER, "1.00"), (0.9996, Direction.LOWER, "0.999"), (0.0, Direction.UPPER, "0"),
        (math.inf, Direction.UPPER, "∞"), (99.96, Direction.EXACT, "100"), (-0.12345, Direction.UPPER, "-0.123"),
    ],
)  # fmt: skip
def test_digits_at_edges(value, direction, text):
    assert safe_text(value, value, direction) == text


# --- defaults ---------------------------------------------------------------------------------------------------------


def test_every_symbol_has_a_value_in_its_domain():
    used = {symbol.name for theorem in bounds.catalog() for symbol in theorem.symbols}
    assert used <= set(DEFAULTS)
    assert set(DEFAULTS) <= set(PARAMETERS)


@pytest.mark.parametrize("theorem", bounds.catalog(), ids=lambda t: t.id)
def test_every_regime_speaks_at_the_default_values(theorem):
    for one in [theorem.at(**dict(r.choices)) for r in theorem.regimes] or [theorem]:
        assert enter(one, {s.name: default(one, s.name) for s in one.symbols}).says, one.choices


def test_default_reward_is_one_that_exists():
    top, share = Fraction(DEFAULTS["y_max"]), Fraction(DEFAULTS["p_star"])
    rest = Fraction(2, 3)
    mean = share * top + (1 - share) * rest
    assert mean == Fraction(DEFAULTS["mean"])
    assert share * (top - mean) ** 2 + (1 - share) * (rest - mean) ** 2 == Fraction(DEFAULTS["variance"])
    assert float(DEFAULTS["gap"]) <= math.log(top / rest) <= float(DEFAULTS["range"])


# --- bounds on a grid -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def grids():
    return {key: bound_grids(bounds.catalog(paper=key)) for key in PAPERS}


def test_every_theorem_has_a_table(grids):
    for key, tables in grids.items():
        found = [table.name for table in tables]
        assert len(set(found)) == len(found)
        assert {record["id"] for table in tables for record in table.records} == {
            t.id for t in bounds.catalog(paper=key)
        }


def test_records_are_what_the_theorem_evaluates_to(grids):
    records = [r for tables in grids.values() for table in tables for r in table.records]
    for record in itertools.islice(records, 0, None, 17):
        theorem = bounds.get(record["id"])
        names = [p for p in (*PARAMETERS, *(n for r in theorem.regimes for n, _ in r.choices)) if p in record]
        arguments = {name: record[name] for name in names}
        if record["reason"]:
            with pytest.raises(bounds.HypothesisError):
                theorem.evaluate(**arguments)
        else:
            assert math.isclose(theorem.evaluate(**arguments), record["value"], rel_tol=1e-9)


def test_cells_are_values_or_reasons(grids):
    for tables in grids.values():
        for table in tables:
            labels = sum(not ("=" in c.head or c.head == "value") for c in table.columns)
            cells = [cell.plain for row in table.rows for cell in row.cells[labels:]]
            assert cells
            assert all(ENTRY.fullmatch(cell) for cell in cells), (table.name, cells)
            letters = {cell[3:-1] for cell in cells if cell.startswith("–")}
            assert letters == {note[1:].split(")")[0] for note in table.notes if note.startswith("(")}
            assert any("uninformative" in n for n in table.notes) == any("†" in c for c in cells)


def test_failing_hypothesis_is_a_dash_with_its_reason():
    (table,) = bound_grids([JACOBIAN])
    assert [column.head for column in table.columns] == [f"lam = {v}" for v in AXES["lam"]]
    assert [cell.plain for cell in table.rows[0].cells] == ["0.120", "0.471", "– (a)"]
    assert table.notes[0] == "(a) the theorem says nothing: lam*(L*epsilon/curvature + 1) < 1/2 fails"


def test_row_that_says_nothing_is_left_out_with_its_reason():
    (table,) = bound_grids([bounds.get("bertrand2024.contraction")])
    assert [row.cells[0].text for row in table.rows] == ["0.1", "0.3"]
    assert "left out: lam = 1: lam*(L*epsilon/curvature + 1) < 1/2 fails" in table.notes


def test_uninformative_is_marked():
    (table,) = bound_grids([bounds.get("fu2024.fully_synthetic")], Request({"t": ("1", "500")}))
    assert [cell.mark for cell in table.rows[0].cells] == ["", "†"]
    assert table.notes[0] == "† uninformative: no better than the trivial 1"


def test_share_of_real_data_replaces_the_ratio():
    theorem = bounds.get("bertrand2024.normal_mean_loop")
    request = read_request({"alpha": "0,0.5", "n": "1000", "t": "5", "data": "reused"}, [theorem])
    (table,) = bound_grids([theorem], request)
    assert "real and synthetic points together" in table.caption
    zero, half = table.records
    assert "infinite" in zero["reason"]
    assert half["value"] == theorem.evaluate(data="reused", lam=1, n=500, t=5)


def test_any_symbol_may_run():
    request = read_request(
        {"K": "2:8:lin4", "lam": "0.1", "range": "1,2", "form": "chord"},
        KL := [bounds.get("ferbach2024.kl_ball_refined")],
    )
    (table,) = bound_grids(KL, request)
    assert [c.head for c in table.columns][:2] == ["K", "range"]
    assert len(table.rows) == 8
    assert table.given["lam"] == "0.1"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"lamda": "1"}, "did you mean lam?"), ({"lam": "x"}, "not a number"), ({"lam": "0.1", "alpha": "0.5"}, "not both"),
        ({"lam": "0:1:lin60"}, "room for 50"), ({"lam": "1", "lambda": "2"}, "twice"),
    ],
)  # fmt: skip
def test_bad_requests(arguments, message):
    with pytest.raises(ArgumentError, match=re.escape(message)):
        read_request(arguments, [JACOBIAN])


def test_values_outside_their_domain_are_refused():
    with pytest.raises(ArgumentError, match="lam = -1; it must be"):
        bound_grids([JACOBIAN], Request({"lam": ("-1",)}))


def test_too_many_entries_are_refused():
    many = tuple(str(k) for k in range(1, 51))
    with pytest.raises(ArgumentError, match="at most 5000"):
        bound_grids([bounds.get("bertrand2024.gaussian_loop")], Request({"n": many, "t": many}))


# --- one setting ------------------------------------------------------------------------------------------------------


def test_shared_setting_agrees_in_both_conventions():
    by_share = shared_setting({"n": "1000", "alpha": "0.8"})
    by_ratio = shared_setting({"n": "800", "lam": "0.25"})
    assert by_share == by_ratio
    loop = bounds.get("bertrand2024.normal_mean_loop")
    for data in ("fresh", "reused", "synthetic"):
        one = loop.at(data=data)
        arguments = at_setting(one, by_share)
        assert arguments["n"] == ("800" if data == "reused" else "1000")
    transition = at_setting(bounds.get("fu2024.phase_transition"), by_share)
    assert (transition["n"], transition["x"]) == ("800", "0.25")


def test_errors_of_learning_follow_from_one():
    setting = shared_setting({"n": "10000", "e": "0.05", "s": "0.3"})
    assert setting["d_tv"] == "0.05"
    assert 0.05 <= float(setting["c"]) * 10_000**-0.3 <= 0.0501
    assert shared_setting({"d_tv": "0.1"})["d_tv"] == "0.1"


@pytest.mark.parametrize("given", [{"n": "1000", "alpha": "1/3"}, {"lam": "1/3", "n": "1000"}])
def test_points_must_be_whole(given):
    with pytest.raises(ArgumentError, match="both are whole"):
        shared_setting(given)


def test_comparison_covers_all_papers_and_says_why_not():
    theorems = [t for key in PAPERS for t in bounds.catalog(paper=key)]
    table = comparison(theorems, Request({"alpha": ("0.5",), "n": ("1000",)}))
    assert {record["id"] for record in table.records} == {t.id for t in theorems}
    assert len(table.rows) == len(table.records)
    remarks = {row.cells[1].text: row.cells[-1].text for row in table.rows}
    assert remarks["bertrand2024.jacobian"].startswith(
        "nothing: lam*(L*epsilon/curvature + 1) < 1/2 fails (1.067, 0.5)"
    )
    assert remarks["bertrand2024.spectral_radius"] == "informative"
    assert "500 of them real" in table.caption


def test_comparison_without_real_data():
    table = comparison([JACOBIAN, bounds.get("fu2024.real_plus_last")], Request({"alpha": ("0",)}))
    assert [bool(record["reason"]) for record in table.records] == [True, False]


def test_comparison_is_at_one_setting():
    with pytest.raises(ArgumentError, match="n has 2 values"):
        comparison([JACOBIAN], Request({"n": ("1", "2")}))


# --- formats ----------------------------------------------------------------------------------------------------------

NASTY = Table(
    "nasty", r"50% of #1 & $x_1$ {a} ~ ^ \ <b> “q” λ", (Column("a|b", fold=True), Column("t", r"t^2", right=True)),
    tuple(Row((Cell(r"x_y & z%|" * (1 + k)), Cell("-1.5e-9", "†")), starts=k == 1) for k in range(4)),
    {"lam": "1", "own_thing": "2"}, ("a & b_c",), ({"id": "x", "value": math.inf, "third": Fraction(1, 3)},),
)  # fmt: skip
LONG = Table("long", "Long.", (Column("k", right=True),), tuple(Row((Cell(str(k)),)) for k in range(3 * LONGEST)))


def structure(text):
    assert text.isascii()
    opened = []
    for kind, name in re.findall(r"\\(begin|end)\{(\w+)\}", text):
        opened.append(name) if kind == "begin" else None
        assert kind == "begin" or opened.pop() == name
    assert opened == []
    for columns, body in re.findall(
        r"\\begin\{(?:tabular|longtable)\}\{@\{\}(.*?)@\{\}\}\n(.*?)\\end\{(?:tabular|longtable)\}", text, re.S
    ):
        count = len(re.sub(r"p\{[^}]*\}", "p", columns))
        rows = [
            line for line in body.splitlines() if line.endswith((r"\\", r"\tabularnewline")) and "caption" not in line
        ]
        assert rows
        assert {line.replace(r"\&", "").count("&") + 1 for line in rows} == {count}
        assert r"\toprule" in body
    plain = re.sub(r"\$[^$]*\$|(?m:^%.*$)|\\label\{[^}]*\}", "", text.replace(r"\$", ""))
    assert not re.search(r"(?<!\\)[_^#%~]", plain)


@pytest.fixture(scope="module")
def latex(grids):
    tables = [*itertools.chain(*grids.values()), NASTY, LONG, comparison(bounds.catalog(paper="fu2025"))]
    return render(tables, "latex")


def test_latex_structure(latex):
    structure(latex)


def test_latex_compiles_as_it_is(latex, tmp_path):
    compiler = shutil.which("pdflatex")
    if compiler is None:
        pytest.skip("pdflatex is not installed")
    (tmp_path / "tables.tex").write_text(latex)
    done = subprocess.run(
        [compiler, "-interaction=nonstopmode", "-halt-on-error", "tables.tex"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-2000:]
    widths = [
        float(w)
        for w in re.findall(r"Overfull \\hbox \(([\d.]+)pt", (tmp_path / "tables.log").read_text(errors="replace"))
    ]
    assert max(widths, default=0) < 10


class Balanced(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.text = [], ""

    def handle_starttag(self, tag, attrs):
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


def test_html_is_balanced_and_escaped(grids):
    parser = Balanced()
    text = render([*grids["fu2024"], NASTY], "html")
    parser.feed(text)
    assert parser.open == []
    assert NASTY.caption in parser.text
    assert "<b>" not in text
    assert "http" not in text


def test_markdown_has_as_many_cells_in_every_row(grids):
    for table in (*grids["fu2025"], NASTY):
        rows = [line for line in render([table], "md").splitlines() if line.startswith("|")]
        assert {line.replace(r"\|", "").count("|") for line in rows} == {len(table.columns) + 1}
        assert len(rows) == len(table.rows) + 2


def test_csv_reads_back(grids):
    tables = grids["bertrand2024"]
    rows = list(csv.DictReader(io.StringIO(render(tables, "csv"))))
    records = [record for table in tables for record in table.records]
    assert len(rows) == len(records)
    for row, record in zip(rows, records, strict=True):
        assert row["id"] == record["id"]
        assert (float(row["value"]) if row["value"] else None) == record["value"]
    (nasty,) = csv.DictReader(io.StringIO(render([NASTY], "csv")))
    assert nasty == {"id": "x", "value": "inf", "third": "1/3"}


@pytest.mark.parametrize("form", FORMATS)
def test_same_tables_give_the_same_text(form):
    assert render([NASTY], form) == render([NASTY], form)
    assert render([NASTY], form).endswith("\n")

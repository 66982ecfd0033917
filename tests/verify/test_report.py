import csv
import json
import math
import re
import shutil
import subprocess
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

import bounds
import verify.figures as figures
from bounds import ArgumentError
from verify import report
from verify.check import Check, Setting, plant
from verify.cli_output import json_text
from verify.data import NormalMixture
from verify.evidence import Computed, Verdict
from verify.judging import judge_measured
from verify.results import ControlResult, Failure, Result, Run
from verify.tables.latex import latex_text
from verify.tables.saved import load_run

BUDGET = {"total": 1e-3, "tests": 3, "per_test": 1e-3 / 3}
FILES = {
    "results.md", "results.tex", "report.html", "results.csv", "results.json",
    *(f"{name}.{ending}"
      for name in ("tightness_bertrand2024", "tightness_ferbach2024", "lambda_stability", "curated_kl")
      for ending in ("pdf", "png", "svg")),
}  # fmt: skip


def result(theorem_id, verdict=Verdict.CONSISTENT, **changes):
    given = {
        "id": theorem_id, "setting": "a <law> & 100%", "inputs": {}, "quantity": "Jacobian norm", "direction": "upper",
        "bound": 0.5, "measured": 0.25, "ci": (0.2, 0.3), "ratio": 0.5, "verdict": verdict, "replicates": 100, "seed": 3,
    }  # fmt: skip
    return Result(**(given | changes))


JACOBIAN = "bertrand2024.jacobian"
LOOP = "bertrand2024.gaussian_loop"


def loop(statistic, covariance, measured, **changes):
    inputs = {"statistic": statistic, "covariance": covariance, "n": 10, "t": Fraction(4), "sigma": Fraction(1, 3)}
    return result(LOOP, inputs=inputs, direction="exact", bound=-1.0, measured=measured, ratio=-measured, **changes)


RUN = Run(
    results=(
        result(JACOBIAN, measured=0.125, ci=(0.12, 0.13), ratio=0.25),
        result(JACOBIAN, measured=0.45, ci=(0.4399, 0.4601), ratio=0.9, verdict=Verdict.INCONCLUSIVE),
        result(JACOBIAN, Verdict.EXACT, measured=0.3, ci=(0.3, 0.3), ratio=0.6, replicates=0),
        loop("log_variance", "mle", -1.001, ci=(-1.1, -0.9)),
        loop("log_variance", "unbiased", -1.003, ci=(-1.2, -0.8)),
        loop("log_variance", "unbiased", -0.99, ci=(-1.1, -0.9)),
        result(
            "ferbach2024.reward_increase",
            direction="lower",
            bound=2e-9,
            measured=3e-9,
            ci=(2.5e-9, math.inf),
            ratio=1.5,
        ),
        result(
            "ferbach2024.kl_ball", Verdict.EXACT, bound=0.0, measured=0.0, ci=(0.0, 0.0), ratio=math.nan, replicates=0
        ),
    ),
    controls=(
        ControlResult(JACOBIAN, "half the bound", True, 3, 2),
        ControlResult(JACOBIAN, "a wrong_exponent", False, 3, 0),
        ControlResult(LOOP, "no collapse", True, 3, 3),
    ),
    error_budget=BUDGET,
    seed=3,
    effort="quick",
)


@pytest.fixture
def no_figures(monkeypatch):
    monkeypatch.setattr(figures, "save_run_figures", lambda directory, run: {})


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    directory = tmp_path_factory.mktemp("written") / "report"
    report.write(RUN, directory)
    return directory


# --- summary ----------------------------------------------------------------------------------------------------------


def test_one_row_per_theorem_and_regime():
    rows = report.summary(RUN).set_index("theorem")
    assert list(rows.index) == [
        JACOBIAN,
        f"{LOOP} (log variance, mle)",
        f"{LOOP} (log variance, unbiased)",
        "ferbach2024.reward_increase",
        "ferbach2024.kl_ball",
    ]
    assert rows.loc[JACOBIAN].to_dict() == {
        "standing": "paper", "setting": "a <law> & 100%", "settings": "3",
        "bound": "≤ 0.500", "measured": "0.450 [0.439, 0.461]",
        "ratio": "0.25 to 0.9", "verdict": "INCONCLUSIVE", "controls": "1/2",
    }  # fmt: skip
    # Of an identity, the setting that departs most is shown.
    assert rows.loc[f"{LOOP} (log variance, unbiased)"]["measured"].startswith("-0.99")
    assert rows.loc["ferbach2024.reward_increase"]["measured"].endswith("∞]")
    assert rows.loc["ferbach2024.kl_ball"].to_dict() | {"standing": ""} == {
        "standing": "", "setting": "a <law> & 100%", "settings": "1", "bound": "≤ 0",
        "measured": "0", "ratio": "", "verdict": "EXACT",
        "controls": "none",
    }  # fmt: skip


@pytest.mark.parametrize("order", [1, -1])
def test_verdict_is_the_worst_and_a_violation_is_what_is_shown(order):
    worst = result(JACOBIAN, Verdict.VIOLATED, bound=0.3, measured=0.3000001, ci=(0.29999, 0.30001), ratio=1.0)
    tight = result(JACOBIAN, Verdict.EXACT, bound=0.1, measured=0.2, ci=(0.2, 0.2), ratio=2.0, replicates=0)
    run = Run((worst, tight)[::order], (), BUDGET, 0, "quick")
    row = report.summary(run).iloc[0]
    assert row["verdict"] == "VIOLATED"
    bound, measured = row["bound"].removeprefix("≤ "), row["measured"].partition(" ")[0]
    assert Decimal(measured) > Decimal(bound)


finite = st.floats(min_value=-1e12, max_value=1e12)


@given(finite, st.floats(min_value=1e-12, max_value=1e6), st.floats(min_value=1e-12, max_value=1e6), finite)
def test_intervals_are_rounded_outwards(measured, below, above, bound):
    low, high = measured - below, measured + above
    shown = report.numbers(result(JACOBIAN, measured=measured, ci=(low, high), bound=bound))
    left, right = (Decimal(end) for end in shown.interval.strip("[]").split(", "))
    assert left <= Decimal(low)
    assert right >= Decimal(high)
    assert left <= Decimal(shown.measured) <= right
    # Outwards by little: two digits of the longer side.
    side = max(Decimal(measured) - Decimal(low), Decimal(high) - Decimal(measured))
    if side > Decimal(abs(measured)) * Decimal("1e-4"):
        assert right - left <= (Decimal(high) - Decimal(low)) + side / 2
    assert math.isclose(float(shown.bound), bound, rel_tol=1e-2)


def _weighted_run():
    """A run of a check whose settings give a schedule by its weights, in no named family, and a law where one is taken."""
    settings = (
        Setting("two generations", {"weights": [[1], [Fraction(1, 3), Fraction(2, 3)]], "e": Fraction(1, 10)}),
        Setting("an error for each", {"weights": [[1], [0, 1]], "e": [0.125, 0.25]}),
        Setting("a named family", {"schedule": "balanced", "e": Fraction(1, 10), "t": 3}),
    )
    recursion, loop = bounds.get("fu2024.recursion"), bounds.get("fu2024.kde_loop_lower")
    law = NormalMixture((0.4, 0.6), (-1.5, 1.0), (0.6, 0.8))
    on_law = Setting("a mixture", {"law": law, "alpha": Fraction(1, 2), "h": Fraction(1, 4), "t": 2})

    def measured(theorem, found, value):
        false = (plant(theorem, "a tenth", lambda e: e / 10), plant(theorem, "a ninth", lambda e: e / 9))
        check = Check(theorem, lambda effort, rng: found, lambda *_: Computed(value, 0.0), false)
        return check, [(setting, Computed(value, 0.0)) for setting in found]

    return judge_measured(
        [measured(recursion, settings, 0.125), measured(loop, (on_law,), 0.5)], seed=1, effort="quick"
    )


@pytest.mark.parametrize("saved", [False, True])
def test_weights_of_a_schedule_and_a_law_need_no_name(tmp_path, saved):
    run = _weighted_run()
    if saved:  # numbers and texts in place of fractions and laws
        (tmp_path / "results.json").write_text(json_text(report.document(run)))
        run = load_run(tmp_path)
    rows = report.summary(run).set_index("theorem")
    assert list(rows["verdict"]) == ["EXACT"] * 3
    assert list(rows["standing"]) == ["derived"] * 3
    assert rows.loc["fu2024.recursion"]["bound"].startswith("≤ 0.1666")
    assert rows.loc["fu2024.recursion"]["settings"] == "2"
    assert rows.index[1] == "fu2024.recursion (balanced)"
    assert run.results[0].bound == pytest.approx(0.1 + 2 / 3 * 0.1)
    assert run.results[1].bound == 0.375


def test_a_report_shows_weights_of_a_schedule(no_figures, tmp_path):
    run = _weighted_run()
    report.write(replace(run, results=run.results[:2], controls=run.controls[:2]), tmp_path / "report")
    assert "fu2024.recursion" in (tmp_path / "report" / "report.html").read_text()


def test_empty_run():
    empty = Run((), (), {"total": 1e-3, "tests": 0, "per_test": 0.0}, 0, "quick")
    assert len(report.summary(empty)) == len(report.frame(empty)) == 0


# --- files ------------------------------------------------------------------------------------------------------------


def test_all_files_and_nothing_else(written):
    assert {path.name for path in written.iterdir()} == FILES
    assert [path.name for path in written.parent.iterdir()] == ["report"]


def test_csv_has_every_row_in_full(written):
    with (written / "results.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(RUN.results)
    for row, found in zip(rows, RUN.results, strict=True):
        assert (row["id"], row["setting"], row["verdict"]) == (found.id, found.setting, found.verdict.value)
        assert [float(row[k]) for k in ("bound", "measured", "ci_lower", "ci_upper")] == [
            found.bound, found.measured, *found.ci,
        ]  # fmt: skip
    assert rows[3]["inputs"] == "statistic=log_variance covariance=mle n=10 t=4 sigma=1/3"


def test_json_has_everything(written):
    def refuse(token):
        raise AssertionError(token)

    found = json.loads((written / "results.json").read_text(encoding="utf-8"), parse_constant=refuse)
    assert len(found["results"]) == len(RUN.results)
    assert found["results"][6]["ci"] == [2.5e-9, "inf"]
    assert found["results"][7]["ratio"] is None
    assert [c["caught"] for c in found["controls"]] == [True, False, True]
    assert found["error_budget"] == BUDGET
    assert found["passed"] is False


def test_markdown_is_a_table(written):
    lines = (written / "results.md").read_text(encoding="utf-8").splitlines()
    widths = {line.replace(r"\|", "").count("|") for line in lines[4 : 4 + 2 + 5]}
    assert widths == {8}
    assert any("lambda_stability.png" in line for line in lines)


class Tags(HTMLParser):
    VOID = ("meta", "img", "br")

    def __init__(self):
        super().__init__()
        self.open, self.links, self.ids, self.rows = [], [], [], 0

    def handle_starttag(self, tag, attrs):
        self.rows += tag == "tr"
        self.links += [value for name, value in attrs if name in ("src", "href")]
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def read(text):
    tags = Tags()
    tags.feed(text)
    assert tags.open == []
    return tags


def test_html_is_well_formed_and_self_contained(written):
    text = (written / "report.html").read_text(encoding="utf-8")
    tags = read(text)
    pictures = [link for link in tags.links if not link.startswith("#")]
    assert len(pictures) == 4
    assert all(re.match(r"data:image/(png|svg\+xml);base64,", link) for link in pictures)
    assert {link[1:] for link in tags.links if link.startswith("#")} <= set(tags.ids)
    assert len(set(tags.ids)) == len(tags.ids)
    # The summary, the settings of four theorems, the controls of two, each with its head.
    assert tags.rows == (1 + 5) + (4 + len(RUN.results)) + (2 + 3)
    assert "a &lt;law&gt; &amp; 100%" in text
    assert not re.search(r"https?://(?!www\.w3\.org)", text)
    assert "Not passed: 1 controls escaped." in text
    assert "ESCAPED" in text
    assert "seed: 3" in text
    assert "over 3 sampled tests" in text


def test_html_has_a_section_per_theorem_with_what_it_needs(written):
    text = (written / "report.html").read_text(encoding="utf-8")
    for theorem_id in {r.id for r in RUN.results}:
        section = text.split(f'<section id="{theorem_id}">')[1].split("</section>")[0]
        assert "<math" in section
        assert "Hypotheses" in section
        assert "Standing" in section
        assert "Source" in section
    loop_section = text.split(f'<section id="{LOOP}">')[1].split("</section>")[0]
    # Of twelve regimes the two that were measured.
    assert loop_section.count("statistic = log_variance") == loop_section.count('<math display="block">') == 2


def test_html_shows_command_failures_and_power(no_figures, tmp_path):
    failed = Failure(JACOBIAN, 4, "measurement", 3, "ValueError: <no>", "")
    run = Run(RUN.results[:1], (), BUDGET, 3, "quick", (failed,))
    directory = tmp_path / "report"
    directory.mkdir()
    power = {"effort": "quick", "checks": [{"id": JACOBIAN, "smallest": 0.03}, {"id": JACOBIAN, "smallest": 0.0625}]}
    (directory / report.POWER).write_text(json.dumps(power))
    report.write(run, directory, "loopbounds verify --out 'a <b>'")
    text = (directory / "report.html").read_text(encoding="utf-8")
    read(text)
    assert "<pre>loopbounds verify --out &#x27;a &lt;b&gt;&#x27;</pre>" in text
    assert "ValueError: &lt;no&gt;" in text
    assert "--replay 4" in text
    assert "smallest violation detected is 6.25 % of the bound (quick effort, the worst of 2 runs)" in text
    assert (directory / report.POWER).exists()


@pytest.mark.parametrize("content", ["", "[1]", "{", '{"checks": []}'])
def test_unreadable_power_is_left_out(no_figures, tmp_path, content):
    (tmp_path / report.POWER).write_text(content)
    report.write(RUN, tmp_path)
    assert "Power:" not in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_figure_is_embedded_as_drawing_where_it_is_small(monkeypatch, tmp_path):
    def save(directory, run):
        for name, size in (("small", 10), ("large", 500_000)):
            (directory / f"{name}.png").write_bytes(b"png")
            (directory / f"{name}.svg").write_bytes(b" " * size)
        return {"small": "a", "large": "b"}

    monkeypatch.setattr(figures, "save_run_figures", save)
    report.write(RUN, tmp_path)
    links = read((tmp_path / "report.html").read_text(encoding="utf-8")).links
    assert [link.split(";")[0] for link in links if link.startswith("data:")] == [
        "data:image/svg+xml",
        "data:image/png",
    ]


def test_latex_structure(written):
    text = (written / "results.tex").read_text(encoding="utf-8")
    assert text.count(r"\begin{table}[htbp]") == text.count(r"\end{table}") == 1
    assert text.isascii()
    assert r"2.50\times10^{-9}" not in text or r"$2.50\times10^{-9}$" in text
    assert r"a \textless{}law\textgreater{} \& 100\%" in text


def test_latex_compiles_when_included(written, tmp_path):
    compiler = shutil.which("pdflatex")
    if compiler is None:
        pytest.skip("pdflatex is not installed")
    begin = r"\documentclass{article}\usepackage{booktabs}\begin{document}"
    document = rf"{begin}\input{{{written}/results.tex}} After.\end{{document}}"
    (tmp_path / "page.tex").write_text(document)
    subprocess.run([compiler, "-interaction=nonstopmode", "-halt-on-error", "page.tex"], cwd=tmp_path, check=True)


@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126)))
def test_latex_escapes_leave_no_special_character(text):
    named = r"\\text(backslash|asciitilde|asciicircum|less|greater|bar|asciigrave)\{\}"
    commands = named + r"|\\[&%$#_{}]"
    assert not re.search(r"[\\&%$#_{}~^<>]", re.sub(commands, "", latex_text(text)))


# --- writing ----------------------------------------------------------------------------------------------------------


def test_same_run_gives_the_same_bytes(written, tmp_path):
    report.write(RUN, tmp_path / "again")
    for name in FILES:
        assert (tmp_path / "again" / name).read_bytes() == (written / name).read_bytes(), name


def test_existing_directory_is_updated_and_other_files_stay(no_figures, tmp_path):
    directory = tmp_path / "report"
    directory.mkdir()
    (directory / "notes.txt").write_text("mine")
    (directory / "results.md").write_text("old")
    report.write(RUN, directory)
    assert (directory / "notes.txt").read_text() == "mine"
    assert (directory / "results.md").read_text(encoding="utf-8").startswith("# ")
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


@pytest.mark.parametrize("exists", [False, True])
def test_failure_leaves_nothing_behind(monkeypatch, tmp_path, exists):
    def fail(directory, run):
        (directory / "half.png").write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(figures, "save_run_figures", fail)
    directory = tmp_path / "report"
    if exists:
        directory.mkdir()
        (directory / "results.md").write_text("old")
    with pytest.raises(ArgumentError, match=r"cannot write the report to .*: No space left on device"):
        report.write(RUN, directory)
    assert [path.name for path in tmp_path.rglob("*")] == (["report", "results.md"] if exists else [])


def test_file_in_place_of_the_directory(tmp_path):
    (tmp_path / "report").write_text("a file")
    with pytest.raises(ArgumentError, match="it is a file"):
        report.write(RUN, tmp_path / "report")


# --- figures ----------------------------------------------------------------------------------------------------------


def test_normal_figure_shows_bound_and_means():
    axes = Figure().add_subplot()
    assert figures.normal_loop_axes(axes, np.random.default_rng(5), (10, 30), replicates=20_000) is axes
    bounds_drawn, means = axes.lines[0::2], axes.lines[1::2]
    for n, line, points, bars in zip((10, 30), bounds_drawn, means, axes.collections, strict=True):
        c4 = math.sqrt(2 / (n - 1)) * math.exp(math.lgamma(n / 2) - math.lgamma((n - 1) / 2))
        assert np.allclose(line.get_ydata(), c4 ** np.asarray(line.get_xdata()), rtol=1e-12)
        exact = c4 ** np.asarray(points.get_xdata())
        for (low, high), value in zip((s[:, 1] for s in bars.get_segments()), exact, strict=True):
            assert low <= value <= high  # each fails with probability at most 0.01/24, and the seed is fixed
        # Chebyshev: 12 tests at 1e-7 each, Var sigma_t <= 1
        assert np.all(np.abs(points.get_ydata() - exact) < math.sqrt(1e7 / 20_000))
        assert high - low < 0.1


def test_stability_figure_orders_its_curves():
    axes = figures.lambda_stability_axes(Figure().add_subplot(), NormalMixture([0.5, 0.5], [-2.0, 2.0], [1.0, 1.0]))
    curves = {line.get_label(): line.get_xydata() for line in axes.lines if not line.get_label().startswith("_")}
    assert list(curves) == ["bound of the paper", "refined bound", "spectral bound", "exact"]
    exact, spectral, refined = (curves[k][:, 1] for k in ("exact", "spectral bound", "refined bound"))
    assert np.all(exact <= spectral + 1e-12)
    assert np.all(spectral <= refined + 1e-12)
    paper = curves["bound of the paper"]
    assert np.isfinite(paper).all()
    assert math.isclose(paper[-1, 1], 1.0, rel_tol=1e-6)
    assert np.all(paper[:, 1] >= np.interp(paper[:, 0], curves["exact"][:, 0], exact) - 1e-4)
    threshold = next(line.get_xdata()[0] for line in axes.lines if list(line.get_ydata()) == [0, 1])
    assert math.isclose(threshold, paper[-1, 0], rel_tol=1e-6)


def test_figures_leave_global_state_alone(tmp_path):
    import matplotlib

    before = dict(matplotlib.rcParams)
    figures.save_run_figures(tmp_path, RUN)
    assert dict(matplotlib.rcParams) == before


def test_texts_of_the_figures_do_not_overlap(tmp_path):
    figure, axes = figures.new_figure()
    rng = np.random.default_rng(0)
    figures.mixed_loop_axes(figures.normal_loop_axes(axes, rng), rng)
    figure.canvas.draw()
    boxes = [text.get_window_extent() for text in axes.texts]
    page = figure.bbox
    assert all(page.x0 <= b.x0 and b.x1 <= page.x1 and page.y0 <= b.y0 and b.y1 <= page.y1 for b in boxes)
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])

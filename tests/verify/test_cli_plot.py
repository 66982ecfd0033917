"""The command plot: what it writes, and that a bad request writes nothing."""

import json

import pytest

from verify import report
from verify.cli import main
from verify.evidence import Verdict
from verify.results import Result, Run

ENDINGS = {".pdf", ".png", ".svg", ".txt"}


@pytest.fixture
def run(tmp_path):
    """A directory with the document of a run of one result."""
    found = Result(
        "fu2025.synthetic_size", "a setting", {}, "", "upper", 1.0, 0.5, (0.4, 0.6), 0.5, Verdict.CONSISTENT, 9, 1
    )
    whole = Run((found,), (), {"total": 0.001, "tests": 1, "per_test": 0.001}, 1, "quick")
    directory = tmp_path / "run"
    directory.mkdir()
    (directory / "results.json").write_text(json.dumps(report.document(whole)), encoding="utf-8")
    return directory


def test_bound_over_a_symbol(tmp_path, capsys):
    out = tmp_path / "figures"
    asked = [
        "fu2024.phase_transition",
        "n=100",
        "c=1",
        "s=1/2",
        "x=0.1:100:log30",
        "t=2,5",
        "--out",
        str(out),
        "--json",
    ]
    assert main(["plot", *asked]) == 0
    document = json.loads(capsys.readouterr().out)
    assert {path.suffix for path in out.iterdir()} == ENDINGS
    assert {path.stem for path in out.iterdir()} == {"fu2024.phase_transition_over_x"}
    assert document["files"] == [str(path) for path in sorted(out.iterdir())]
    caption = (out / "fu2024.phase_transition_over_x.txt").read_text(encoding="utf-8")
    assert caption.startswith("fu2024.phase_transition, an upper bound on the expected total variation")
    assert "n = 100, c = 1, s = 1/2, one curve per value of t" in caption
    assert document["figures"][0]["caption"] + "\n" == caption


def test_two_grids(tmp_path):
    assert main(["plot", "ferbach2024.kl_ball", "lam=0:0.2:lin9", "K=2:5:lin4", "--out", str(tmp_path)]) == 0
    assert len(list(tmp_path.iterdir())) == 4


def test_run_is_drawn_beside_its_document(run, capsys):
    assert main(["plot", str(run)]) == 0
    assert "tightness_fu2025" in capsys.readouterr().out
    assert {path.name for path in run.iterdir()} == {"results.json"} | {f"tightness_fu2025{e}" for e in ENDINGS}


def test_same_request_gives_the_same_bytes(run, tmp_path):
    for name in ("a", "b"):
        assert main(["plot", str(run), "--out", str(tmp_path / name)]) == 0
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_named_figures(tmp_path):
    assert main(["plot", "--figure", "curated_kl", "--figure", "curated_reward", "--out", str(tmp_path)]) == 0
    assert {path.stem for path in tmp_path.iterdir()} == {"curated_kl", "curated_reward"}


def test_power_of_the_checks(tmp_path):
    file = tmp_path / "power.json"
    assert main(["power", "ferbach2024.kl_ball", "--quick", "--out", str(file)]) == 0
    assert main(["plot", str(file), "--out", str(tmp_path / "out")]) == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {f"power_ferbach2024{ending}" for ending in ENDINGS}


@pytest.mark.parametrize(
    ("asked", "status", "said"),
    [
        ([], 2, "nothing is given to plot"),
        (["nothing"], 2, "'nothing' is no directory, file or theorem"),
        (["no.such", "x=1:2:lin3"], 2, "no theorem 'no.such'"),
        (["ferbach2024.kl_ball", "K=2"], 2, "one grid for the abscissa"),
        (["ferbach2024.kl_ball", "K=2:3:lin2", "lam=0:1:lin3", "t=1,2"], 2, "one grid for the abscissa"),
        (["ferbach2024.kl_ball", "K=2", "lam=2:3:lin3"], 3, "no finite value"),
        (["ferbach2024.kl_ball", "K=1,2,3,4,5,6,7", "lam=0:1:lin3"], 2, "would be 7 curves"),
        (["ferbach2024.kl_ball", "K=2", "lam=0:1:lin3", "q=1"], 2, "no symbol 'q'"),
        (["ferbach2024.kl_ball", "K=2,x", "lam=0:1:lin3"], 2, "K"),
        (["--figure", "nothing"], 2, "no figure 'nothing'; there are normal_loop"),
        (["--figure", "curated_kl", "--seed", "-1"], 2, "--seed -1"),
        (["ferbach2024.kl_ball", "--figure", "curated_kl"], 2, "both a source and --figure"),
        (["."], 2, "holds no run"),
        (["..", "n=3"], 2, "takes no arguments"),
    ],
)
def test_bad_requests_write_nothing(asked, status, said, tmp_path, monkeypatch, capsys):
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    assert main(["plot", *asked]) == status
    captured = capsys.readouterr()
    assert said in captured.err
    assert captured.out == ""
    assert list(empty.iterdir()) == []


def test_law_and_weights(tmp_path, capsys):
    kde = ["fu2024.kde_loop", "law=N(0, 1/3)", "t=1", "alpha=1", "h=0.5,1,1", "n=10:100:log3"]
    for words in (kde, ["fu2024.recursion", "weights=[[1], [0.5, 0.5]]", "e=0:1:lin3"]):
        assert main(["plot", *words, "--out", str(tmp_path)]) == 0
    assert "law = N(0, 1/3)" in (tmp_path / "fu2024.kde_loop_over_n.txt").read_text()
    assert "weights = [[1], [0.5, 0.5]]" in (tmp_path / "fu2024.recursion_over_e.txt").read_text()


def test_directories_that_cannot_be_written(tmp_path, capsys):
    (tmp_path / "file").write_text("mine")
    for out, said in ((tmp_path / "file", "it is a file"), (tmp_path / "no" / "such", "make it first")):
        assert main(["plot", "--figure", "curated_kl", "--out", str(out)]) == 2
        assert said in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_failure_while_drawing_leaves_nothing(run, tmp_path, monkeypatch, capsys):
    import verify.figures.files as files

    def fail(*given):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "save_figure", fail)
    assert main(["plot", str(run), "--out", str(tmp_path / "new")]) == 2
    assert "No space left on device" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


@pytest.mark.parametrize("t", [5, 10**6])  # the bound says nothing anywhere: 1 is below the axes, or inside them
def test_words_keep_clear_of_curves_and_axes_are_written_in_full(t):
    from bounds import get
    from verify.figures import bound_axes, drawing, new_figure

    with drawing():
        figure, axes = new_figure()
        bound_axes(
            axes, get("fu2024.phase_transition"), "x", [10 ** (i / 10 - 1) for i in range(41)],
            {"n": 100, "c": 123456, "s": "1/3", "t": t}, logarithmic=True,
        )  # fmt: skip
        figure.canvas.draw()
    (words,) = axes.texts
    box = words.get_window_extent()
    curve = axes.transData.transform(axes.lines[0].get_xydata())
    assert words.get_text() == "says nothing"
    assert axes.patches[0].get_extents().y1 >= curve[:, 1].max()
    assert axes.patches[0].get_extents().y0 <= curve[:, 1].min()
    assert not any(box.contains(*point) for point in curve)
    assert axes.yaxis.get_offset_text().get_text() == ""


def test_whole_numbers_have_whole_ticks():
    from bounds import get
    from verify.figures import bound_axes, new_figure

    _, axes = new_figure()
    bound_axes(axes, get("ferbach2024.kl_ball"), "K", list(range(1, 21)), {"lam": "0.05"})
    assert all(tick == int(tick) for tick in axes.get_xticks())

import csv
import json
import shutil
import sqlite3

import pytest

from verify.cli import main
from verify.report import document, numbers, summary, write
from verify.runner import run_checks
from verify.tables.saved import load_run

CHECKS = ["ferbach2024.kl_ball", "fu2025.distribution_shift"]


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    from verify import figures

    found = tmp_path_factory.mktemp("runs") / "run"
    run = run_checks(CHECKS, quick=True, seed=5, store=found / "run.sqlite")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(figures, "save_run_figures", lambda *_: {})
        write(run, found)
    return found


def out_of(capsys, *words):
    status = main(["table", *map(str, words)])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


# --- a run ------------------------------------------------------------------------------------------------------------


def test_both_files_hold_the_same_run(directory):
    first, second = load_run(directory / "results.json"), load_run(directory / "run.sqlite")
    assert document(first) == document(second) == json.loads((directory / "results.json").read_text(encoding="utf-8"))
    assert summary(first).equals(summary(second))


def test_table_of_a_run(directory, capsys):
    status, text, _ = out_of(capsys, directory)
    assert status == 0
    run = load_run(directory)
    rows = [line for line in text.splitlines() if line.startswith("| f")]
    assert len(rows) == len(summary(run)) == 2
    for row, shown in zip(rows, summary(run).to_dict("records"), strict=True):
        assert shown["theorem"] in row
        assert shown["bound"] in row
        assert shown["measured"] in row
        assert f"{shown['setting']} (1 of {shown['settings']})" in row
    shown = {numbers(r).bound for r in run.results}
    assert rows[0].split("|")[3].split()[-1] in shown


def test_csv_of_a_run_has_full_precision(directory, capsys):
    _, text, _ = out_of(capsys, directory, "--format", "csv")
    rows = list(csv.DictReader(text.splitlines()))
    bounds = {r.bound for r in load_run(directory).results}
    assert all(float(row["bound"]) in bounds for row in rows)
    assert [row["verdict"] for row in rows] == list(summary(load_run(directory))["verdict"])


def test_run_without_document_is_read_from_its_store(directory, tmp_path, capsys):
    shutil.copy(directory / "run.sqlite", tmp_path)
    before = sorted(tmp_path.iterdir())
    assert out_of(capsys, tmp_path)[1] == out_of(capsys, directory)[1]
    assert sorted(tmp_path.iterdir()) == before


def test_unfinished_run_is_refused(directory, tmp_path, capsys):
    shutil.copy(directory / "run.sqlite", tmp_path)
    with sqlite3.connect(tmp_path / "run.sqlite") as connection:
        connection.execute("UPDATE design SET value = 'false' WHERE name = 'complete'")
    connection.close()
    status, out, err = out_of(capsys, tmp_path)
    assert (status, out) == (2, "")
    assert "--resume" in err


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"results": [{"id": "x"}]}', '{"results": 3}'])
def test_damaged_document(tmp_path, capsys, content):
    (tmp_path / "results.json").write_text(content)
    status, out, err = out_of(capsys, tmp_path)
    assert (status, out) == (2, "")
    assert "results.json does not hold a run" in err


def test_store_that_is_none(tmp_path, capsys):
    (tmp_path / "run.sqlite").write_text("no database")
    status, _, err = out_of(capsys, tmp_path)
    assert status == 2
    assert "cannot read" in err


# --- bounds -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "name what to tabulate"),
        (["bertrand2025"], "did you mean bertrand2024"),
        (["./nowhere"], "there is no nowhere"),
        (["bertrand2024", "m=3"], "no theorem of this table has a symbol or choice 'm'"),
        (["bertrand2024", "--format", "pdf"], "there are md, latex, html, csv"),
        (["bertrand2024", "--out", "missing/x.md"], "there is no directory missing"),
        (["--compare", "n=1000,2000"], "one setting"),
        (["bertrand2024.jacobian", "lam=2..3"], "not a number"),
        (["bertrand2024.normal_mean_loop", "data=none"], "there are synthetic, fresh, reused"),
    ],
)
def test_bad_input(words, message, capsys):
    status, out, err = out_of(capsys, *words)
    assert (status, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1


def test_run_and_arguments_do_not_mix(directory, capsys):
    assert "goes with papers and theorems" in out_of(capsys, directory, "n=3")[2]
    assert "tabulate it alone" in out_of(capsys, directory, "bertrand2024")[2]


def test_json_is_one_document(capsys):
    status, text, _ = out_of(capsys, "bertrand2024.jacobian", "lam=0.1,1", "--json")
    (table,) = json.loads(text)["tables"]
    assert status == 0
    assert table["rows"] == [["0.120", "– (a)"]]
    assert [record["value"] is None for record in table["records"]] == [False, True]
    assert 0.1193 < table["records"][0]["lower"] <= table["records"][0]["upper"] <= 0.12


@pytest.mark.parametrize(
    ("name", "start"), [("a.tex", "% Compile"), ("a.html", "<!DOCTYPE"), ("a.csv", "id,"), ("a.md", "**")]
)
def test_ending_of_the_file_tells_the_format(name, start, tmp_path, capsys):
    status, text, _ = out_of(capsys, "ferbach2024.kl_ball", "--out", tmp_path / name)
    assert status == 0
    assert (tmp_path / name).read_text(encoding="utf-8").startswith(start)
    assert text.startswith("wrote ")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_old_file_stays_when_the_new_one_fails(tmp_path, capsys, monkeypatch):
    from pathlib import Path

    file = tmp_path / "a.md"
    file.write_text("old")

    def fail(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    status, _, err = out_of(capsys, "ferbach2024.kl_ball", "--out", file)
    assert status == 2
    assert "No space left on device" in err
    assert file.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.md"]


def test_name_of_the_catalogue_wins_over_a_directory(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ferbach2024.kl_ball").mkdir()
    assert "KL divergence" in out_of(capsys, "ferbach2024.kl_ball")[1]
    assert "holds no run" in out_of(capsys, "./ferbach2024.kl_ball")[2]


def test_help_has_examples(capsys):
    assert main(["table", "--help"]) == 0
    assert "loopbounds table bertrand2024" in capsys.readouterr().out

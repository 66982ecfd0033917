import json
import re
from pathlib import Path

import numpy as np
import pytest

from verify.cli import main


def run_main(capsys, *arguments):
    status = main(["audit-loop", *(str(argument) for argument in arguments)])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def strict_json(text):
    def refuse(token):
        raise AssertionError(f"{token} is not JSON")

    return json.loads(text, parse_constant=refuse)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with the samples of a loop that drifts by one standard deviation per generation."""
    found = tmp_path_factory.mktemp("loop")
    rng = np.random.default_rng(0)
    real, gens = rng.normal(0, 1, 600), {t: rng.normal(t, 1, 600) for t in (1, 2)}
    np.savez(found / "a.npz", real=real, **{f"generation_{t}": g for t, g in gens.items()})
    np.savez(found / "only.npz", **{f"generation_{t}": g for t, g in gens.items()})
    np.savez(found / "real.npz", real=real)
    runs = {f"run_{r}_generation_1": rng.normal(1, 1, 400) for r in range(1, 26)}
    np.savez(found / "runs.npz", real=real, **runs)
    rows = [(t, x, -x, 1) for t, sample in [(0, real), *gens.items()] for x in sample]
    (found / "a.csv").write_text(
        "g,x,y,seed\n" + "\n".join(f"{t},{float(x)!r},{float(y)!r},{s}" for t, x, y, s in rows)
    )
    return found


def test_document(capsys, folder):
    status, out, err = run_main(capsys, folder / "a.npz", "--held-out", "--data", "replace", "--n", "100", "--json")
    assert (status, err) == (0, "")
    found = strict_json(out)
    assert [row["generation"] for row in found["generations"]] == [1, 2]
    assert 0.2 < found["generations"][0]["tv"]["ci"][0] < 0.383  # the truth is 0.383
    assert found["generations"][0]["tv"]["ci"][1] == 1
    assert found["generations"][0]["w1"]["ci"][1] == "inf"
    assert found["error_budget"]["total"] == 0.01
    assert {f["answer"] for f in found["findings"]} == {"NOT PUT"}
    assert any("asserted" in line for line in found["assumed"])


def test_text(capsys, folder):
    status, out, err = run_main(capsys, folder / "a.npz", "--data", "replace", "e=0.05", "--range=-10:10")
    assert (status, err) == (0, "")
    for words in ("EXCEEDED", "fu2024.fully_synthetic", "needs C, delta, kl_prior, n", "-10:10 (asserted)", "0.99"):
        assert words in out
    assert "\x1b" not in out


def test_violated_is_status_1(capsys, folder):
    arguments = ["e=0.02", "--data", "replace", "--held-out", "--independent-runs"]
    status, out, err = run_main(capsys, folder / "runs.npz", *arguments)
    assert status == 1
    assert "VIOLATED by this loop: fu2024.fully_synthetic" in err
    assert "a hypothesis or an asserted constant fails" in out.replace("\n", " ") or "VIOLATED" in out
    status, _, _ = run_main(capsys, folder / "runs.npz", *arguments[:-1])
    assert status == 0  # runs that may share their data cannot refute a mean


def test_table_and_real_points_elsewhere(capsys, folder):
    table = [folder / "a.csv", "--generation", "g", "--column", "x", "--run", "seed", "--json"]
    _, from_table, _ = run_main(capsys, *table)
    _, from_archive, _ = run_main(capsys, folder / "a.npz", "--json")
    _, apart, _ = run_main(capsys, folder / "only.npz", "--real", folder / "real.npz", "--json")
    limits = [[row["tv"] for row in strict_json(text)["generations"]] for text in (from_table, from_archive, apart)]
    assert limits[0] == limits[1] == limits[2]
    status, both, _ = run_main(capsys, folder / "a.csv", "--generation", "g", "--column", "x,y", "--json")
    assert (status, strict_json(both)["dimension"]) == (0, 2)


def test_out_is_the_document(capsys, folder, tmp_path):
    status, out, _ = run_main(capsys, folder / "a.npz", "--json", "--out", tmp_path / "found.json")
    assert status == 0
    assert strict_json((tmp_path / "found.json").read_text()) == strict_json(out)
    assert [path.name for path in tmp_path.iterdir()] == ["found.json"]


def test_unused_constants_are_named(capsys, folder):
    _, _, err = run_main(capsys, folder / "a.npz", "gamma=0.1", "--data", "replace", "e=0.1")
    assert "uses gamma" in err


def test_seed_changes_the_sets_and_repeats(capsys, folder):
    documents = [run_main(capsys, folder / "a.npz", "--held-out", "--json", "--seed", s)[1] for s in (1, 1, 2)]
    assert documents[0] == documents[1] != documents[2]


def test_theorem_that_fixes_the_model(capsys, folder):
    arguments = [
        "--theorem",
        "bertrand2024.normal_mean_loop",
        "data=synthetic",
        "--n",
        "100",
        "--data",
        "replace",
        "--json",
    ]
    status, out, _ = run_main(capsys, folder / "a.npz", *arguments)
    assert status == 0
    assert any(f["id"] == "bertrand2024.normal_mean_loop" and f["bound"] for f in strict_json(out)["findings"])


BAD = [
    (["missing.npz"], "cannot read"),
    (["a.txt"], "must end in"),
    (["only.npz"], "no array 'real'"),
    (["a.npz", "--real", "real.npz"], "holds real points already"),
    (["only.npz", "--real", "missing.npy"], "cannot read"),
    (["only.npz", "--real", "a.npz.txt"], "must end in"),
    (["a.csv"], "no column 'generation'"),
    (["a.csv", "--generation", "g", "--column", "z"], "no column 'z'"),
    (["a.csv", "--generation", "g", "--column", "x,,y"], "names of columns"),
    (["a.csv", "--generation", "g", "--column", "g"], "cannot be a coordinate"),
    (["a.csv", "--generation", "g", "--run", "x"], "whole numbers"),
    (["a.npz", "--generation", "g"], "columns of a table"),
    (["a.npz", "--alpha", "0.5", "--lam", "1"], "one of them"),
    (["a.npz", "--alpha", "1.5"], "alpha = 1.5"),
    (["a.npz", "--lam", "nan"], "lam"),
    (["a.npz", "--n", "ten"], "n = 'ten'"),
    (["a.npz", "--n", "0"], "n = 0"),
    (["a.npz", "--data", "old"], "replace, fresh, reused, accumulate"),
    (["a.npz", "--delta", "0"], "delta"),
    (["a.npz", "--delta", "nan"], "delta"),
    (["a.npz", "--delta", "x"], "delta"),
    (["a.npz", "--seed", "-1"], "seed"),
    (["a.npz", "--range", "1"], "LO:HI"),
    (["a.npz", "--range", "1:0"], "smaller first"),
    (["a.npz", "--range", "0:nan"], "range"),
    (["a.npz", "--range", "0:inf"], "range"),
    (["a.npz", "--range", "0:1"], "does not hold"),
    (["a.npz", "--theorem", "x.y"], "x.y"),
    (["a.npz", "--theorem", "bertrand2024.jacobian"], "Jacobian norm"),
    (["a.npz", "--theorem", "bertrand2024.normal_mean_loop"], "regime"),
    (["a.npz", "e"], "name=value"),
    (["a.npz", "e=1", "e=2"], "given twice"),
    (["a.npz", "e=-1", "--data", "replace"], "e = -1"),
    (["a.npz", "nonsense=1"], "'nonsense'"),
    (["a.npz", "n=10"], "belongs to the loop"),
    (["a.npz", "--out", "."], "directory"),
    (["a.npz", "--out", "none/x.json"], "no directory"),
    (["a.npz", "--unknown"], "--unknown"),
    ([], "SAMPLES"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD, ids=[" ".join(arguments) for arguments, _ in BAD])
def test_bad_input(capsys, folder, monkeypatch, arguments, message):
    monkeypatch.chdir(folder)
    before = sorted(path.name for path in Path().iterdir())
    status, out, err = run_main(capsys, *arguments)
    assert (status, out) == (2, "")
    assert re.search(re.escape(message), err), err
    assert len(err.splitlines()) == 1
    assert "Traceback" not in err
    assert sorted(path.name for path in Path().iterdir()) == before


def test_parquet_without_pyarrow_says_what_to_install(capsys, folder, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow.parquet", None)
    status, _, err = run_main(capsys, folder / "a.parquet")
    assert status == 2
    assert "loopbounds[parquet]" in err

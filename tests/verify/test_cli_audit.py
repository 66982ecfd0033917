"""The command audit, and the option that adds a file of theorems."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest

from verify.cli import main

OWN = Path(__file__).resolve().parents[2] / "examples" / "own_theorem" / "rare_categories.py"


catalogue = importlib.import_module("bounds.catalog")  # the name in the package is the function


@pytest.fixture(autouse=True)
def _forget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what a test loads out of the catalogue of the others."""
    monkeypatch.setattr(catalogue, "_loaded", {})


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    status = main(list(words))
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(capsys, "audit", "ferbach2024.kl_ball", "K=4")
    assert (status, err) == (0, "")
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert "unit nats; mode deterministic; standing paper" in lines
    assert "lam increasing proved wherever the hypotheses hold" in lines
    assert "lam 0 0 symbolic confirmed at 4 points" in lines
    assert "lam its domain 1/3 lam*(K - 1) < 1" in lines
    assert "lam*(K - 1) < 1 yes" in lines


def test_the_document(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "audit", "bertrand2024.jacobian_refined", "L=1", "epsilon=3", "--json")
    assert status == 0
    (found,) = json.loads(out)["audits"]
    assert found["trivial"] == "1"
    assert found["sign"] == {"subject": "sign", "result": "nonnegative", "how": "proved", "note": ""}
    frontier = [row for row in found["thresholds"] if row["at"] and row["symbol"] == "lam"]
    assert len(frontier) == 5
    for row in frontier:
        # below 1 exactly when 3 lam < curvature, as long as curvature <= 3
        assert (
            abs(row["value"] * 3 - row["at"]["curvature"]) < 1e-5 if isinstance(row["value"], float) else row["value"]
        )


def test_regimes(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "audit", "bertrand2024.gaussian_collapse", "--json")
    assert [one["choices"] for one in json.loads(out)["audits"]] == [{"covariance": "unbiased"}, {"covariance": "mle"}]
    _, out, _ = run(capsys, "audit", "bertrand2024.gaussian_collapse", "covariance=mle", "--json")
    assert len(json.loads(out)["audits"]) == 1


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["no.such"], 2, "no theorem 'no.such'"),
        (["ferbach2024.kl_ball", "q=1"], 2, "no symbol 'q'"),
        (["ferbach2024.kl_ball", "lam=-1"], 2, "must be a real number in [0, oo)"),
        (["ferbach2024.kl_ball", "lam"], 2, "write name=value"),
        (["ferbach2024.kl_ball", "lam=2", "K=2"], 3, "no point was found where lam*(K - 1) < 1 at"),
    ],
)
def test_refusals(capsys: pytest.CaptureFixture[str], words: list[str], status: int, message: str) -> None:
    found, out, err = run(capsys, "audit", *words)
    assert found == status
    assert message in err
    assert out == ""


def test_theorems_of_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = run(
        capsys, "--theorems", str(OWN), "eval", "rare.lost_category", "n=100", "t=500", "p_cell=0.01"
    )
    assert (status, err) == (0, "")
    assert "loss probability >= 0.98342" in out
    status, out, _ = run(capsys, "--theorems", str(OWN), "list", "--paper", "rare")
    assert (status, "rare.lost_category" in out) == (0, True)
    status, out, _ = run(capsys, "--theorems", str(OWN), "audit", "rare.lost_category", "--json")
    (found,) = json.loads(out)["audits"]
    assert {row["subject"]: row["result"] for row in found["monotone"] if row["how"] == "proved"} == {
        "n": "decreasing",
        "t": "increasing",
    }
    status, _, err = run(capsys, "--theorems", "gone.py", "list")
    assert (status, "there is no file gone.py" in err) == (2, True)

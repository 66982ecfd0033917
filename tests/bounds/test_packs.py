"""A user's own theorem: from a file, and as an installed pack found by its entry point."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import bounds

PACK = Path(__file__).resolve().parents[2] / "examples" / "own_theorem"
FILE = PACK / "rare_categories.py"


catalogue = importlib.import_module("bounds.catalog")  # the name in the package is the function


@pytest.fixture(autouse=True)
def _forget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what a test loads out of the catalogue of the others."""
    monkeypatch.setattr(catalogue, "_loaded", {})


def installed(folder: Path) -> dict[str, str]:
    """Lay the pack out as an installer does, and return an environment that sees it."""
    project = tomllib.loads((PACK / "pyproject.toml").read_text())["project"]
    shutil.copy(FILE, folder)
    info = folder / "loopbounds_rare_categories-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    lines = []
    for group, points in project["entry-points"].items():
        lines += [f"[{group}]", *(f"{name} = {module}" for name, module in points.items())]
    (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
    return {**os.environ, "PYTHONPATH": str(folder)}


def test_from_a_file() -> None:
    (theorem,) = catalogue.load(FILE)
    assert theorem.id == "rare.lost_category"
    assert bounds.get("rare.lost_category") is theorem
    assert theorem in bounds.catalog(paper="rare")
    assert "rare" in [paper.key for paper in bounds.all_papers()]
    assert catalogue.load(FILE)[0] == theorem  # loading it again changes nothing
    low, high = theorem.enclose(n=100, t=500, p_cell="0.01")
    assert low <= theorem.evaluate(n=100, t=500, p_cell="0.01") <= high
    assert "rare" in theorem.citation()


def test_as_an_installed_pack(tmp_path: Path) -> None:
    environment = installed(tmp_path)
    words = ["eval", "rare.lost_category", "n=100", "t=500", "p_cell=0.01", "--json"]
    done = subprocess.run(
        [sys.executable, "-c", f"from verify.cli import main; raise SystemExit(main({words!r}))"],
        env=environment, cwd=PACK.parents[1], capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert '"rare.lost_category"' in done.stdout
    assert '"value": 0.98342' in done.stdout


def test_its_own_tests_pass() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(PACK)],
        cwd=PACK, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\n", "defines no theorem"),
        ("import nothing_of_this_name\n", "could not be run: ModuleNotFoundError"),
        ("def\n", "could not be run: SyntaxError"),
    ],
)
def test_files_that_do_not_serve(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "mine.py"
    file.write_text(text)
    with pytest.raises(bounds.ArgumentError, match=message):
        catalogue.load(file)
    assert catalogue._loaded == {}


@pytest.mark.parametrize("given", [None, 3, b"mine.py", ["mine.py"]])
def test_what_is_no_path(given: object) -> None:
    with pytest.raises(bounds.ArgumentError, match=r"is no path; name a file that ends in \.py"):
        catalogue.load(given)  # type: ignore[arg-type]


@pytest.mark.parametrize("given", [None, 3, b"fu2024.balanced", ["fu2024.balanced"], 1j])
def test_what_is_no_id_or_key(given: object) -> None:
    with pytest.raises(bounds.ArgumentError, match="looked up by the text of its id"):
        bounds.get(given)  # type: ignore[arg-type]
    if given is not None:
        with pytest.raises(bounds.ArgumentError, match=r"no paper .*; there are: bertrand2024"):
            bounds.catalog(paper=given)  # type: ignore[arg-type]


@pytest.mark.parametrize("given", ["", ".", "__init__.x", "a\0.b", "fu2024.\n", "x" * 10_000, "\udcff.x"])
def test_odd_ids_are_unknown(given: str) -> None:
    with pytest.raises(bounds.UnknownTheorem) as caught:
        bounds.get(given)
    assert len(str(caught.value)) < 200
    assert str(caught.value).isprintable()


def test_other_refusals(tmp_path: Path) -> None:
    with pytest.raises(bounds.ArgumentError, match="there is no file"):
        catalogue.load(tmp_path / "gone.py")
    (tmp_path / "mine.txt").write_text("")
    with pytest.raises(bounds.ArgumentError, match=r"must end in \.py"):
        catalogue.load(tmp_path / "mine.txt")
    taken = tmp_path / "taken.py"
    taken.write_text(FILE.read_text().replace("rare.lost_category", "ferbach2024.kl_ball"))
    with pytest.raises(bounds.ArgumentError, match=r"the id ferbach2024\.kl_ball is taken"):
        catalogue.load(taken)
    assert bounds.get("ferbach2024.kl_ball").source.paper.key == "ferbach2024"


def test_a_symbol_cannot_change_its_meaning(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(FILE.read_text().replace('"p_cell"', '"lam"'))
    with pytest.raises(bounds.ArgumentError, match="the symbol 'lam' already means: synthetic-to-real ratio"):
        catalogue.load(file)

"""The notebooks run from top to bottom at reduced effort, every assertion in them holds, and they show what they draw."""

from pathlib import Path

import pytest

jupytext = pytest.importorskip("jupytext")
nbclient = pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
NAMES = ("tour", "bertrand2024", "ferbach2024", "fu2024", "fu2025")


def outputs(notebook):
    return [output for cell in notebook.cells for output in cell.get("outputs", [])]


def test_every_notebook_is_run():
    assert sorted(NAMES) == sorted(path.stem for path in NOTEBOOKS.glob("*.py"))


@pytest.mark.filterwarnings("default")  # those of the notebook's own process are looked at below
@pytest.mark.parametrize("name", NAMES)
def test_notebook(name, monkeypatch, tmp_path):
    monkeypatch.setenv("LOOPBOUNDS_EFFORT", "quick")
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path))
    monkeypatch.delenv("MPLBACKEND", raising=False)
    notebook = jupytext.read(NOTEBOOKS / f"{name}.py", fmt="py:percent")
    client = nbclient.NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute()  # raises if a cell does, failing assertions included
    shown = outputs(notebook)
    assert not [o["text"] for o in shown if o.output_type == "stream" and o.name == "stderr"]
    kinds = [kind for o in shown for kind in o.get("data", {})]
    assert "image/png" in kinds
    assert "text/html" in kinds
    assert "text/markdown" in kinds
    # A figure or a table, never the name of an object in memory.
    assert not [o for o in shown if set(o.get("data", {})) == {"text/plain"} and " at 0x" in o["data"]["text/plain"]]
    drawn = [cell for cell in notebook.cells if cell.cell_type == "code" and "plt.subplots(" in cell.source]
    assert kinds.count("image/png") == len(drawn)
    assert all(len(cell.metadata["mystnb"]["image"]["alt"].split()) > 4 for cell in drawn)


@pytest.mark.parametrize("name", NAMES[1:])
def test_notebook_of_a_paper_ends_with_claims_and_findings(name):
    *_, last = jupytext.read(NOTEBOOKS / f"{name}.py", fmt="py:percent").cells
    assert last.source.startswith("## What the paper claims, and what we found")
    assert last.source.count("**Claim.**") == last.source.count("**Found.**") > 2

"""What the README shows is what a reader gets."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from pathlib import Path

import pytest

import bounds
from verify.cli import main

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text()
COMMANDS = [
    (lines.split("\n", 1)[0], lines.split("\n", 1)[1] if "\n" in lines else "")
    for block in re.findall(r"```console\n(.*?)```", TEXT, flags=re.DOTALL)
    for lines in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]
    if lines.startswith("loopbounds")
]


def _words(text: str) -> list[str]:
    return text.split()


@pytest.mark.parametrize(("command", "shown"), COMMANDS, ids=[c for c, _ in COMMANDS])
def test_commands_print_what_is_shown(command: str, shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "160")
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        main(shlex.split(command)[1:])
    assert _words(out.getvalue() + err.getvalue()) == _words(shown)


def test_the_python_block_runs_and_its_value_is_right() -> None:
    (block,) = re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)
    scope: dict[str, object] = {}
    exec(block, scope)
    theorem = bounds.get("bertrand2024.jacobian")
    value = re.search(r"# (0\.\d+)", block)
    assert value is not None
    assert theorem.evaluate(lam="0.3", L="0.2", epsilon="0.1", curvature="0.3") == float(value.group(1))


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", TEXT):
        assert (ROOT / target).exists(), target

"""JavaScript and a browser for the tests of the interactive page; without them those tests are skipped, and say so."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from verify.explore import engine_source

FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Return a headless Chromium; CHROMIUM names another program."""
    player = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: no browser is driven")
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip("no Chromium on the path: the page is not opened in a browser")
    with player.sync_playwright() as playing:
        opened = playing.chromium.launch(executable_path=program, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def javascript(request: pytest.FixtureRequest) -> Callable[[str, Any], Any]:
    """Return a function that runs a body of JavaScript on `given` after the page's engine, in Node or in Chromium."""
    node = shutil.which("node")
    if node is not None:
        return lambda body, given: _in_node(node, body, given)
    opened = request.getfixturevalue("browser")
    return lambda body, given: _in_browser(opened, body, given)


def _in_node(node: str, body: str, given: Any) -> Any:
    program = (
        f'"use strict";\n{engine_source()}\nconst given = JSON.parse(require("fs").readFileSync(0, "utf8"));\n'
        f"process.stdout.write(JSON.stringify((() => {{ {body} }})()));"
    )
    done = subprocess.run([node, "-e", program], input=json.dumps(given), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def _in_browser(opened: Any, body: str, given: Any) -> Any:
    page = opened.new_page()
    found = page.evaluate(
        f'(text) => {{ "use strict";\n{engine_source()}\nconst given = JSON.parse(text);\n'
        f"return JSON.stringify((() => {{ {body} }})()); }}",
        json.dumps(given),
    )
    page.close()
    return json.loads(found)

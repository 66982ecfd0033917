"""How large the interactive page is, how soon it is painted, and how far its values are from the library's.

Usage: python benchmarks/explore_page.py [--points 1000] [--integral-points 50] [--browser /usr/bin/chromium] [--theorem ID]

The first paint needs Playwright and a Chromium, the comparison needs Node.
"""

from __future__ import annotations

import argparse
import itertools
import json
import shutil
import statistics
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np

import bounds
from bounds.testing import points, regimes_of
from verify.explore import build_page, engine_source, page_data

_RUN = """
const data = JSON.parse(require("fs").readFileSync(process.argv[2], "utf8"));
require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const [regime, texts] = JSON.parse(line);
  const { status, value, reason } = assess(data.theorems[0].regimes[regime], texts, data.symbols);
  process.stdout.write(JSON.stringify([status, String(value), reason]) + "\\n");
});
"""
_AGREED, _BATCH = 1e-12, 100


@dataclass(frozen=True)
class Tally:
    """What became of the points of a theorem.

    Parameters
    ----------
    compared : int
    left_out : Counter
        Points that the page leaves to Python, by what it says.
    without_value : int
        Points at which the library has no float either.
    wrong : int
        Points further apart than 1e-12 of the value.
    worst : float
        Largest relative difference.
    """

    compared: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    without_value: int = 0
    wrong: int = 0
    worst: float = 0.0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.compared + other.compared,
            self.left_out + other.left_out,
            self.without_value + other.without_value,
            self.wrong + other.wrong,
            max(self.worst, other.worst),
        )

    def __str__(self) -> str:
        reasons = "".join(f"; {count} x {reason}" for reason, count in self.left_out.most_common())
        missing = f", {self.without_value} without a value in Python" if self.without_value else ""
        return (
            f"{self.compared:7d} points equal to {self.worst:.1e}, {self.wrong} beyond {_AGREED:g}, "
            f"{self.left_out.total()} left to Python{missing}{reasons}"
        )


def painted(page: str, browser: str, runs: int = 5) -> list[float]:
    """Return the time of the first contentful paint of a cold start, in milliseconds, per run."""
    from playwright.sync_api import sync_playwright

    found = []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as player:
        file = Path(folder) / "page.html"
        file.write_text(page, encoding="utf-8")
        for _ in range(runs):
            flags = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
            opened = player.chromium.launch(executable_path=browser, args=flags)
            tab = opened.new_page()
            tab.goto(file.as_uri())
            tab.wait_for_selector("body[data-ready=true]")
            script = "performance.getEntriesByName('first-contentful-paint').map(entry => entry.startTime)[0]"
            found.append(float(tab.evaluate(script)))
            opened.close()
    return found


@dataclass(frozen=True)
class Engine:
    """The page's program in Node: a case per line in, an answer per line out."""

    cases: IO[str]
    answers: IO[str]

    def send(self, cases: Iterable[Any]) -> None:
        """Hand over cases without waiting for their answers."""
        self.cases.writelines(json.dumps(case) + "\n" for case in cases)
        self.cases.flush()

    def answer(self) -> list[Any]:
        """Return status, value and reason of the earliest case whose answer was not read yet."""
        found: list[Any] = json.loads(self.answers.readline())
        return found


@contextmanager
def engine(theorem: bounds.Theorem) -> Iterator[Engine]:
    """Start the page's program with one theorem."""
    with tempfile.TemporaryDirectory() as folder:
        data, program = Path(folder) / "data.json", Path(folder) / "program.js"
        data.write_text(json.dumps(page_data([theorem])), encoding="utf-8")
        program.write_text(f'"use strict";\n{engine_source()}\n{_RUN}', encoding="utf-8")
        command = ["node", str(program), str(data)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
            assert running.stdin is not None
            assert running.stdout is not None
            yield Engine(running.stdin, running.stdout)
            running.stdin.close()


def compared(theorem: bounds.Theorem, count: int, seed: int, progress: bool) -> Tally:
    """Compare the page with the library at so many points of every regime."""
    total, started = Tally(), time.perf_counter()
    with engine(theorem) as running:
        for index, one in enumerate(regimes_of(theorem)):
            drawn, done = points(one, np.random.default_rng([seed, index])), 0
            while done < count:
                batch = list(itertools.islice(drawn, min(_BATCH, count - done)))
                total, done = total + _compared_batch(running, index, one, batch), done + len(batch)
                if progress:
                    spent = time.perf_counter() - started
                    print(f"  {one.id} {dict(one.choices)} {done}/{count}: {total} ({spent:.0f} s)", flush=True)
    return total


def _compared_batch(running: Engine, index: int, one: bounds.Theorem, batch: list[dict[str, Any]]) -> Tally:
    cases = [{k: "inf" if isinstance(v, float) else str(v) for k, v in point.items()} for point in batch]
    # All are sent before any answer is read: both programs compute at the same time.
    running.send([index, case] for case in cases)
    wanted = [_value(one, point) for point in batch]
    total = Tally()
    for point, case, value in zip(batch, cases, wanted, strict=True):
        status, text, reason = running.answer()
        if value is None:
            total += Tally(without_value=1)
        elif status != "holds":
            total += Tally(left_out=Counter([reason or status]))
        else:
            total += _compared_values(one, point, case, float(text.replace("Infinity", "inf")), value)
    return total


def _value(one: bounds.Theorem, point: dict[str, Any]) -> float | None:
    try:
        return float(one.evaluate(**point))
    except bounds.EnclosureError:
        return None


def _compared_values(
    one: bounds.Theorem, point: dict[str, Any], case: dict[str, str], found: float, value: float
) -> Tally:
    if found == value:
        return Tally(compared=1)
    difference = abs(found - value) / abs(value) if value else float("inf")
    if difference <= _AGREED:
        return Tally(compared=1, worst=difference)
    judge: object
    try:
        judge = one.enclose(relative_width="1e-13", **point)
    except bounds.EnclosureError as error:
        judge = str(error)
    print(f"  {one.id}: page {found!r}, library {value!r}, enclosure {judge} at {dict(one.choices)} {case}", flush=True)
    return Tally(compared=1, wrong=1, worst=difference)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=1000, help="random points per theorem, spread over its regimes")
    parser.add_argument("--integral-points", type=int, default=50, help="the same for theorems with integrals")
    parser.add_argument("--browser", default=shutil.which("chromium") or "")
    parser.add_argument("--theorem", default=None)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.theorem is None:
        started = time.perf_counter()
        page = build_page()
        print(f"page {len(page.encode()) / 1000:.0f} kB, written in {time.perf_counter() - started:.1f} s")
        if options.browser:
            times = painted(page, options.browser)
            print(f"first paint {statistics.median(times):.0f} ms, between {min(times):.0f} and {max(times):.0f}")
    if shutil.which("node") is None:
        print("no node here: values are not compared")
        return
    theorems = bounds.catalog() if options.theorem is None else (bounds.get(options.theorem),)
    total = Tally()
    for theorem in theorems:
        regimes = page_data([theorem])["theorems"][0]["regimes"]
        integrates = any(regime["integrates"] for regime in regimes)
        count = -(-(options.integral_points if integrates else options.points) // len(regimes))
        found = compared(theorem, count, options.seed, progress=integrates)
        print(f"{theorem.id:42s} {found}", flush=True)
        total += found
    print(f"{'all':42s} {total}")


if __name__ == "__main__":
    main()

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
from pathlib import Path

import numpy as np

import bounds
from bounds.testing import points, regimes_of
from verify.explore import build_page, engine_source, page_data

_RUN = """
const {data, cases} = JSON.parse(require("fs").readFileSync(0, "utf8"));
const answers = cases.map(([regime, texts]) => assess(data.theorems[0].regimes[regime], texts, data.symbols));
process.stdout.write(JSON.stringify(answers.map(({status, value}) => [status, String(value)])));
"""


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


def compared(theorem: bounds.Theorem, count: int, seed: int) -> tuple[int, int, float]:
    """Return how many points were compared, how many the page left out, and the largest relative difference."""
    cases, wanted = [], []
    regimes = regimes_of(theorem)
    for index, one in enumerate(regimes):
        rng = np.random.default_rng([seed, index])
        for point in itertools.islice(points(one, rng), -(-count // len(regimes))):
            try:
                wanted.append(float(one.evaluate(**point)))
            except bounds.EnclosureError as error:
                print(f"  {theorem.id}: the library has no value either: {error}", flush=True)
                continue
            cases.append([index, {k: "inf" if isinstance(v, float) else str(v) for k, v in point.items()}])
    program = f'"use strict";\n{engine_source()}\n{_RUN}'
    given = json.dumps({"data": page_data([theorem]), "cases": cases})
    done = subprocess.run(["node", "-e", program], input=given, capture_output=True, text=True, check=True)
    worst, left_out = 0.0, 0
    for (status, text), value, case in zip(json.loads(done.stdout), wanted, cases, strict=True):
        if status != "holds":
            left_out += 1
            print(f"  {theorem.id}: {status} at {case}", flush=True)
            continue
        found = float(text.replace("Infinity", "inf"))
        if found != value:
            difference = abs(found - value) / abs(value) if value else float("inf")
            if difference > 1e-12:
                print(f"  {theorem.id}: {found!r} for {value!r} at {case}", flush=True)
            worst = max(worst, difference)
    return len(cases), left_out, worst


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=1000, help="random points per theorem")
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
    total, largest = 0, 0.0
    for theorem in theorems:
        integrates = any(regime["integrates"] for regime in page_data([theorem])["theorems"][0]["regimes"])
        count = options.integral_points if integrates else options.points
        compared_points, left_out, worst = compared(theorem, count, options.seed)
        print(
            f"{theorem.id:42s} {compared_points:7d} points, {left_out} left out, largest difference {worst:.1e}",
            flush=True,
        )
        total, largest = total + compared_points, max(largest, worst)
    print(f"{total} points, largest relative difference {largest:.1e}")


if __name__ == "__main__":
    main()

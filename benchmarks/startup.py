"""How long the library and the command line take to start, against sympy alone.

Usage: python benchmarks/startup.py [--runs 15]
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time


def seconds(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15)
    runs = parser.parse_args().runs
    commands = {
        "import sympy": [sys.executable, "-c", "import sympy"],
        "import bounds": [sys.executable, "-c", "import bounds"],
        "loopbounds --help": [sys.executable, "-c", "from verify.cli import main; main(['--help'])"],
        "loopbounds eval": [
            sys.executable, "-c",
            "from verify.cli import main; main(['eval', 'ferbach2024.kl_ball', 'K=2', 'lambda=0.3'])",
        ],
    }  # fmt: skip
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(runs + 1):
        for name, command in commands.items():
            times[name].append(seconds(command))
    # The first round warms the file cache.
    medians = {name: statistics.median(found[1:]) for name, found in times.items()}
    for name, median in medians.items():
        print(f"{name:20s} {median * 1000:7.0f} ms   {median / medians['import sympy']:.2f} times import sympy")


if __name__ == "__main__":
    main()

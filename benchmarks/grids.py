"""Bounds on a grid of ten million points, hypotheses checked, against the NumPy expression a user would write.

Usage: python benchmarks/grids.py [--points 10000000] [--runs 7]
"""

from __future__ import annotations

import argparse
import statistics
import time
import tracemalloc
from collections.abc import Callable

import numpy as np

import bounds


def jacobian(lam: np.ndarray, L: float, e: float, a: float) -> np.ndarray:
    return lam * (a + e * L) / (a - lam * (a + e * L))


def jacobian_refined(lam: np.ndarray, L: float, e: float, a: float) -> np.ndarray:
    return lam / (1 + lam) * (1 + e * L / (a + lam * np.maximum(a - e * L, 0)))


def concentration(p_star: np.ndarray, K: float, gap: float, t: float) -> np.ndarray:
    return np.log(1 + (1 - p_star) / p_star * ((1 + (K - 1) * np.exp(-gap)) / K) ** t)


def seconds(work: Callable[[], object], runs: int) -> list[float]:
    found = []
    for _ in range(runs + 1):
        started = time.perf_counter()
        work()
        found.append(time.perf_counter() - started)
    return found[1:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=7)
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    lam, p_star = rng.uniform(0, 0.45, options.points), rng.uniform(0.01, 1, options.points)
    constants = {"L": 0.2, "epsilon": 0.1, "curvature": 0.3}
    cases: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
        "bertrand2024.jacobian": (
            lambda: jacobian(lam, 0.2, 0.1, 0.3),
            lambda: bounds.get("bertrand2024.jacobian").evaluate(lam=lam, **constants),
        ),
        "bertrand2024.jacobian_refined": (
            lambda: jacobian_refined(lam, 0.2, 0.1, 0.3),
            lambda: bounds.get("bertrand2024.jacobian_refined").evaluate(lam=lam, **constants),
        ),
        "ferbach2024.concentration": (
            lambda: concentration(p_star, 4, 1, 3),
            lambda: bounds.get("ferbach2024.concentration").evaluate(p_star=p_star, K=4, gap=1, t=3),
        ),
    }
    print(
        f"{options.points} points, medians of {options.runs} runs; memory: peak beyond the input over input plus output"
    )
    for name, (by_hand, ours) in cases.items():
        pairs = [(seconds(by_hand, 1)[0], seconds(ours, 1)[0]) for _ in range(options.runs)]
        ratio = statistics.median(a / b for a, b in pairs)
        tracemalloc.start()
        ours()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        memory = (peak + lam.nbytes) / (2 * lam.nbytes)
        print(f"{name:32s} by hand / loopbounds time {ratio:5.2f}   memory {memory:.2f}")


if __name__ == "__main__":
    main()

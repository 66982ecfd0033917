"""How long an inversion takes, and how much of it is proved: every theorem without integrals, for every symbol.

``python benchmarks/solve.py [SEED]`` prints one line per theorem and unknown, and the share within 50 milliseconds, of
closed forms and of sums and recursions. Times are those of the processor, so that other work on the machine counts less.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from sympy import Integral, Sum

import bounds
from bounds.calculator import evaluate
from bounds.functions import Recurrence
from bounds.integrals.integral import TailedIntegral
from bounds.solve import solve
from bounds.testing import points, regimes_of

LIMIT_MS = 50.0


@dataclass(frozen=True)
class Run:
    """One inversion: its time in milliseconds, and whether the answer was proved extreme."""

    milliseconds: float
    proved: bool


def inversions(theorem: bounds.Theorem, rng: np.random.Generator) -> Iterator[Run]:
    """Invert one regime for each of its symbols, and print a line each."""
    values = next(points(theorem, rng))
    for name in [n for n, v in values.items() if isinstance(v, Fraction)]:
        fixed = {other: value for other, value in values.items() if other != name}
        target = evaluate(theorem, values) * 0.9
        runs = []
        for _ in range(3):
            started = time.process_time()
            found = solve(theorem, name, target, fixed)
            runs.append(1e3 * (time.process_time() - started))
        print(f"{theorem.id:45s} {name:12s} {min(runs):8.1f} ms  {found.status:8s} {found.extreme:9s} {found.monotone}")
        yield Run(min(runs), found.extreme == "proved")


def main() -> int:
    rng = np.random.default_rng(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    found: dict[str, list[Run]] = {"closed forms": [], "sums and recursions": []}
    for theorem in (one for t in bounds.catalog() for one in regimes_of(t)):
        if theorem.structured or theorem.expression.has(TailedIntegral, Integral):
            continue
        kind = "sums and recursions" if theorem.expression.has(Sum, Recurrence) else "closed forms"
        found[kind] += inversions(theorem, rng)
    for kind, runs in found.items():
        times = [run.milliseconds for run in runs]
        within = sum(took <= LIMIT_MS for took in times) / len(times)
        print(
            f"{len(runs)} inversions of {kind}: median {statistics.median(times):.1f} ms, largest {max(times):.0f} ms, "
            f"{within:.1%} within {LIMIT_MS:.0f} ms; answer proved extreme in {sum(r.proved for r in runs) / len(runs):.1%}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""How long an inversion takes, and how much of it is proved: every closed form of the catalogue, for every symbol.

``python benchmarks/solve.py [SEED]`` prints one line per theorem and unknown, and the share within 50 milliseconds.
"""

from __future__ import annotations

import statistics
import sys
import time
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


def main() -> int:
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    rng = np.random.default_rng(seed)
    times, proved = [], 0
    for theorem in (one for t in bounds.catalog() for one in regimes_of(t)):
        if theorem.structured or theorem.expression.has(TailedIntegral, Integral, Sum, Recurrence):
            continue
        values = next(points(theorem, rng))
        for name in [n for n, v in values.items() if isinstance(v, Fraction)]:
            fixed = {other: value for other, value in values.items() if other != name}
            target = evaluate(theorem, values) * 0.9
            runs = []
            for _ in range(3):
                started = time.perf_counter()
                found = solve(theorem, name, target, fixed)
                runs.append(1e3 * (time.perf_counter() - started))
            took = min(runs)
            times.append(took)
            proved += found.extreme == "proved"
            print(f"{theorem.id:45s} {name:12s} {took:8.1f} ms  {found.status:8s} {found.extreme:9s} {found.monotone}")
    within = sum(took <= LIMIT_MS for took in times) / len(times)
    print(
        f"{len(times)} inversions: median {statistics.median(times):.1f} ms, largest {max(times):.0f} ms, "
        f"{within:.1%} within {LIMIT_MS:.0f} ms; answer proved extreme in {proved / len(times):.1%}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())

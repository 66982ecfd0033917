"""Do enclosures contain the 100-digit value? Random in-domain points over the whole catalogue.

Usage: python benchmarks/enclosures.py [--points 100000] [--digits 100] [--seed 0] [--skip 0]
Exit status 1 if any enclosure fails to contain the value that mpmath computes by another route.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import mpmath
import numpy as np

import bounds
from bounds.tape import compile_expression

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "bounds"))
from samples import points, regimes_of


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=100_000)
    parser.add_argument("--digits", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--skip", type=int, default=0, help="regimes to leave out, to go on with an interrupted run")
    options = parser.parse_args()
    everything = [one for theorem in bounds.catalog() for one in regimes_of(theorem)]
    # The digits of an integral come from its enclosure, so they are no second opinion; tests/bounds/test_integrals.py has one.
    cases = [one for one in everything if not compile_expression(one.expression).integrates]
    rng = np.random.default_rng(options.seed)
    share = -(-options.points // len(cases))
    failures, done, infinite, started = 0, 0, 0, time.perf_counter()
    for theorem in cases[options.skip :]:
        source = points(theorem, rng)
        checked = 0
        while checked < share:
            values = next(source)
            try:
                lower, upper = theorem.enclose(**values)
            except bounds.EnclosureError:
                infinite += 1
                continue
            value = theorem.evaluate(**values, digits=options.digits)
            checked += 1
            if not mpmath.mpf(lower) <= value <= mpmath.mpf(upper):
                failures += 1
                print(f"FAILURE {theorem.id} {theorem.choices} {values}: {value} not in [{lower!r}, {upper!r}]")
        done += checked
        print(f"{theorem.id:45s} {dict(theorem.choices)!s:60s} {checked} points", flush=True)
    print(
        f"{done} enclosures, {failures} failures, {infinite} without a finite value, {time.perf_counter() - started:.0f} s"
    )
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

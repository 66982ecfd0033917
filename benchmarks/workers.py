"""Time the verification run on one and on two worker processes, one after the other in turn.

Usage: python benchmarks/workers.py [--full] [--repeats 3] [--workers 2] [ID or KEY ...]
Every run is a process of its own, so that none finds what another has computed; its time is that of `run_checks`, the start
of the workers included and Python's own not. Other programs only ever slow a run down: the fastest of each kind counts.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time


def once(names: list[str], full: bool, workers: int) -> float:
    """Seconds of one run, in this process."""
    from verify.runner import run_checks

    started = time.perf_counter()
    run = run_checks(names, quick=not full, workers=workers)
    elapsed = time.perf_counter() - started
    if not run.passed:
        raise SystemExit("the run did not pass, so that its time says nothing")
    return elapsed


def apart(names: list[str], full: bool, workers: int) -> float:
    """Seconds of one run, in a process of its own."""
    asked = [sys.executable, __file__, *names, "--once", str(workers), *(["--full"] if full else [])]
    return float(subprocess.run(asked, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="ID|KEY", help="theorems or papers; all if none")
    parser.add_argument("--full", action="store_true", help="the full design instead of the quick one")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--once", type=int, metavar="WORKERS", help="print the seconds of one run and nothing else")
    args = parser.parse_args()
    if args.once is not None:
        print(once(args.names, args.full, args.once))
        return
    found: dict[int, list[float]] = {1: [], args.workers: []}
    for repeat in range(args.repeats):
        for workers, seconds in found.items():
            seconds.append(apart(args.names, args.full, workers))
            print(
                f"repeat {repeat + 1}, workers {workers}: {seconds[-1]:.1f} s (load {os.getloadavg()[0]:.1f} on "
                f"{os.cpu_count()} cores)",
                flush=True,
            )
    one, many = min(found[1]), min(found[args.workers])
    print(
        f"{'full' if args.full else 'quick'} design, {', '.join(args.names) or 'all'}: {one:.1f} s on 1 worker, "
        f"{many:.1f} s on {args.workers}, ratio {one / many:.2f}"
    )


if __name__ == "__main__":
    main()

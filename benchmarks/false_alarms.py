"""False-alarm rates: how often each kind of evidence says VIOLATED when the truth lies exactly on the bound.

Prints one row per kind of evidence, law and direction, with the probability that a valid method alarms at least as
often. Exit status 1 if any row is beyond chance, or if the control (a z-interval, which is not valid) is not.

Usage: python benchmarks/false_alarms.py [--runs 2000] [--level 0.05] [--seed 1]
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable, Iterator

import numpy as np
from scipy.stats import norm

from verify.evidence import (
    BoundedSample,
    Computed,
    Evidence,
    Indicators,
    Interval,
    KnownVarianceSample,
    NonnegativeSample,
    Verdict,
    binomial_tail,
    judge,
)

Draw = Callable[[np.random.Generator], Evidence]

SIZE = 200
BEYOND_CHANCE = 1e-6
DIRECTIONS = ("upper", "lower", "exact")
LOGNORMAL_MEAN = math.exp(1.125)
LOGNORMAL_VARIANCE = math.exp(2.25) * math.expm1(2.25)

# Kind and law, the true value, one draw of the evidence.
CASES: list[tuple[str, float, Draw]] = [
    ("Computed, error 1e-9", 2.0, lambda rng: Computed(2.0 + rng.uniform(-1e-9, 1e-9), 1e-9)),
    ("Indicators, p = 0.001", 0.001, lambda rng: Indicators(int(rng.binomial(1000, 0.001)), 1000)),
    ("Indicators, p = 0.5", 0.5, lambda rng: Indicators(int(rng.binomial(SIZE, 0.5)), SIZE)),
    ("Bounded, uniform", 0.5, lambda rng: BoundedSample(rng.random(SIZE), 0.0, 1.0)),
    ("Bounded, beta(0.1, 0.9)", 0.1, lambda rng: BoundedSample(rng.beta(0.1, 0.9, SIZE), 0.0, 1.0)),
    ("Bounded, 1 % of ones", 0.01, lambda rng: BoundedSample((rng.random(SIZE) < 0.01) * 1.0, 0.0, 1.0)),
    ("Nonnegative, exponential", 1.0, lambda rng: NonnegativeSample(rng.exponential(1.0, SIZE))),
    ("Nonnegative, lognormal", LOGNORMAL_MEAN, lambda rng: NonnegativeSample(rng.lognormal(0.0, 1.5, SIZE))),
    ("Nonnegative, Pareto 1.5", 2.0, lambda rng: NonnegativeSample(rng.pareto(1.5, SIZE))),
    ("Known variance, normal", 0.0, lambda rng: KnownVarianceSample(rng.normal(0.0, 1.0, SIZE), 1.0)),
    ("Known variance, Student 3", 0.0, lambda rng: KnownVarianceSample(rng.standard_t(3, SIZE), 3.0)),
    (
        "Known variance, lognormal",
        LOGNORMAL_MEAN,
        lambda rng: KnownVarianceSample(rng.lognormal(0.0, 1.5, SIZE), LOGNORMAL_VARIANCE),
    ),
    ("Known variance, 1 % of ones", 0.01, lambda rng: KnownVarianceSample((rng.random(SIZE) < 0.01) * 1.0, 0.0099)),
]


def alarms(draw: Draw, truth: float, level: float, runs: int, rng: np.random.Generator) -> dict[str, int]:
    """Count the runs judged VIOLATED, per direction."""
    bound = Interval(truth, truth)
    counts = dict.fromkeys(DIRECTIONS, 0)
    for _ in range(runs):
        evidence = draw(rng)
        for direction in DIRECTIONS:
            counts[direction] += judge(evidence, bound, direction, level).verdict is Verdict.VIOLATED
    return counts


def control_alarms(level: float, runs: int, rng: np.random.Generator) -> int:
    """Count the runs in which a z-interval puts a rare event's probability below the truth."""
    p, trials = 0.001, 1000
    share = rng.binomial(trials, p, size=runs) / trials
    upper = share + norm.isf(level) * np.sqrt(share * (1.0 - share) / trials)
    return int((upper < p).sum())


def rows(level: float, runs: int, seed: int) -> Iterator[tuple[str, str, int, bool]]:
    """Yield label, direction, alarms and whether the row is a control."""
    *seeds, control_seed = np.random.SeedSequence(seed).spawn(len(CASES) + 1)
    for (label, truth, draw), child in zip(CASES, seeds, strict=True):
        for direction, count in alarms(draw, truth, level, runs, np.random.default_rng(child)).items():
            yield label, direction, count, False
    yield "z-interval (control)", "lower", control_alarms(level, runs, np.random.default_rng(control_seed)), True


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=2000, help="runs per row, at least 200")
    parser.add_argument("--level", type=float, default=0.05, help="level spent by each judgement, 0.001 to 0.2")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    if options.runs < 200:
        parser.error(f"--runs {options.runs}: fewer than 200 runs cannot show the control to be invalid")
    if not 0.001 <= options.level <= 0.2:
        parser.error(f"--level {options.level} is outside [0.001, 0.2]")
    return options


def main() -> int:
    options = arguments()
    start = time.perf_counter()
    failures = 0
    print(f"{'evidence':<29}{'claim':<8}{'alarms':>7}{'rate':>9}{'level':>8}{'P(as many)':>12}  result")
    for label, direction, count, control in rows(options.level, options.runs, options.seed):
        chance = binomial_tail(count, options.runs, options.level)
        beyond = chance < BEYOND_CHANCE
        failed = beyond != control
        failures += failed
        result = (
            ("exceeds" if beyond else "within") + (" (as it must)" if control and beyond else "") + " FAILED" * failed
        )
        rate = count / options.runs
        print(f"{label:<29}{direction:<8}{count:>7}{rate:>9.4f}{options.level:>8.3f}{chance:>12.2g}  {result}")
    print(f"{options.runs} runs per row, {time.perf_counter() - start:.1f} s, {failures} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

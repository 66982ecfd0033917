"""Calibration of the verdicts: false alarms of each kind of evidence, and the violations that quick runs detect.

First table: how often each kind of evidence says VIOLATED when the truth lies exactly on the bound, with the probability
that a valid method alarms at least as often; evidence that grows is judged at every size it passes through. Second
table: in how many quick runs a theorem changed by 10 % is VIOLATED, by all settings and by the sampled ones alone.
Exit status 1 if a row of the first table is beyond chance, or a control (a z-interval, and peeking without paying for
it, which are not valid) is not; or if a check detects 10 % in fewer than 95 % of the quick runs.

Usage: python benchmarks/calibration.py [--runs 5000] [--level 0.05] [--seed 1] [--power-runs 20] [--checks ID ...]
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from scipy.stats import norm

from verify.checks import all_checks
from verify.cli_power import percent
from verify.evidence import (
    BoundedSample,
    Computed,
    DistanceSample,
    Evidence,
    Indicators,
    Interval,
    KnownVarianceSample,
    NonnegativeSample,
    QuantileSample,
    Slope,
    Verdict,
    binomial_tail,
    judge,
)
from verify.evidence.looks import after_looks, join
from verify.power import CheckPower, Power, Remembered, power

Draw = Callable[[np.random.Generator], Evidence]
Looks = Callable[[np.random.Generator], Sequence[Evidence]]

SIZE = 200
LOOKS = 4
BEYOND_CHANCE = 1e-6
DIRECTIONS = ("upper", "lower", "exact")
LOGNORMAL_MEAN = math.exp(1.125)
LOGNORMAL_VARIANCE = math.exp(2.25) * math.expm1(2.25)
NORMAL = ("bertrand2024.gaussian_collapse",)
"""Checks of normal loops that are no identities."""


def slope(rng: np.random.Generator) -> Slope:
    """Evidence about the exponent -1/2, from means of variables between 0 and twice their mean."""
    sizes = np.array([4.0, 16.0, 64.0])
    return Slope(sizes, tuple(BoundedSample(2 * s**-0.5 * rng.random(SIZE), 0.0, 2 * s**-0.5) for s in sizes))


def distances(rng: np.random.Generator) -> DistanceSample:
    """Distances around 0.3 that are normal but for their ends, so of proxy 0.01, each computed up to 1e-3."""
    exact = np.clip(rng.normal(0.3, 0.1, SIZE), 0.0, 0.6)
    return DistanceSample(np.clip(exact + rng.uniform(-1e-3, 1e-3, SIZE), 0, 1), np.full(SIZE, 1e-3), proxy=0.01)


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
    ("Quantile, median", math.log(2), lambda rng: QuantileSample(rng.exponential(1.0, SIZE), 0.5)),
    ("Quantile, 95 %", math.log(20), lambda rng: QuantileSample(rng.exponential(1.0, SIZE), 0.95)),
    ("Quantile, 90 %, atoms", 2.0, lambda rng: QuantileSample(rng.binomial(3, 0.4, SIZE) * 1.0, 0.9)),
    ("Distances, known proxy", 0.3, distances),
    ("Distances, unknown proxy", 0.3, lambda rng: replace(distances(rng), proxy=math.inf)),
    ("Slope of three means", -0.5, slope),
]

# Kinds that pay for each look, and one that need not.
GROWING = (
    "Indicators, p = 0.5",
    "Bounded, beta(0.1, 0.9)",
    "Known variance, normal",
    "Quantile, 95 %",
    "Distances, known proxy",
)


def once(draw: Draw) -> Looks:
    return lambda rng: (draw(rng),)


def peeked(draw: Draw, *, paid: bool = True) -> Looks:
    """Judge a sample at each of several sizes."""

    def looks(rng: np.random.Generator) -> Sequence[Evidence]:
        batches = [draw(rng) for _ in range(LOOKS)]
        grown = [join(batches[: k + 1]) for k in range(LOOKS)]
        return [after_looks(sample, k) for k, sample in enumerate(grown, start=1)] if paid else grown

    return looks


def alarms(looks: Looks, truth: float, level: float, runs: int, rng: np.random.Generator) -> dict[str, int]:
    """Count the runs judged VIOLATED at some look, per direction."""
    bound = Interval(truth, truth)
    counts = dict.fromkeys(DIRECTIONS, 0)
    for _ in range(runs):
        seen = [e if isinstance(e, Computed) else Remembered(e) for e in looks(rng)]
        for direction in DIRECTIONS:
            counts[direction] += any(judge(e, bound, direction, level).verdict is Verdict.VIOLATED for e in seen)
    return counts


def z_alarms(level: float, runs: int, rng: np.random.Generator) -> int:
    """Count the runs in which a z-interval puts a rare event's probability below the truth."""
    p, trials = 0.001, 1000
    share = rng.binomial(trials, p, size=runs) / trials
    upper = share + norm.isf(level) * np.sqrt(share * (1.0 - share) / trials)
    return int((upper < p).sum())


def rows(level: float, runs: int, seed: int) -> Iterator[tuple[str, str, int, bool]]:
    """Yield label, direction, alarms and whether the row is a control."""
    by_label = {label: (truth, draw) for label, truth, draw in CASES}
    cases = [(label, truth, once(draw)) for label, truth, draw in CASES]
    cases += [(f"{LOOKS} looks at {name}", by_label[name][0], peeked(by_label[name][1])) for name in GROWING]
    *seeds, z_seed, free_seed = np.random.SeedSequence(seed).spawn(len(cases) + 2)
    for (label, truth, looks), child in zip(cases, seeds, strict=True):
        for direction, count in alarms(looks, truth, level, runs, np.random.default_rng(child)).items():
            yield label, direction, count, False
    yield "z-interval (control)", "lower", z_alarms(level, runs, np.random.default_rng(z_seed)), True
    truth, draw = by_label["Indicators, p = 0.5"]
    free = alarms(peeked(draw, paid=False), truth, level, runs, np.random.default_rng(free_seed))
    yield "looks not paid for (control)", "upper", free["upper"], True


def show_alarms(level: float, runs: int, seed: int) -> int:
    """Print the first table; return the number of failed rows."""
    failures = 0
    print(f"{'evidence':<36}{'claim':<8}{'alarms':>7}{'rate':>9}{'level':>8}{'P(as many)':>12}  result")
    for label, direction, count, control in rows(level, runs, seed):
        chance = binomial_tail(count, runs, level)
        beyond = chance < BEYOND_CHANCE
        failed = beyond != control
        failures += failed
        result = ("exceeds" if beyond else "within") + (" (as it must)" if control and beyond else "")
        print(
            f"{label:<36}{direction:<8}{count:>7}{count / runs:>9.4f}{level:>8.3f}{chance:>12.2g}  "
            f"{result}{' FAILED' * failed}",
            flush=True,
        )
    return failures


def identities() -> list[str]:
    """Checks of identities and of normal loops."""
    return [c.theorem.id for c in all_checks() if c.theorem.direction.value == "exact" or c.theorem.id in NORMAL]


def show_power(names: Sequence[str], runs: int, seed: int) -> int:
    """Print the second table; return the number of checks below the target."""
    failures = 0
    print(f"\n{'theorem':<40}{'runs':>5}{'detect 10 %':>13}{'sampled':>9}{'settings':>10}{'worst run':>11}  result")
    for name in names:
        found = power([name], quick=True, seed=seed, seeds=runs)
        sampled = Power(found.effort, found.seeds, found.levels, tuple(only_sampled(c) for c in found.checks))
        share = found.share(name)
        failed = not share >= 0.95 or bool(found.failures)
        failures += failed
        settings = [c for check in sampled.checks for c in singles(check)]
        each = sum(c.detects(0.1) for c in settings) / len(settings) if settings else math.nan
        alone = sampled.share(name) if settings else math.nan
        shown = sampled.checks if settings else found.checks
        worst = None if any(c.smallest is None for c in shown) else max(c.smallest or 0.0 for c in shown)
        print(
            f"{name:<40}{runs:>5}{share:>13.0%}{written(alone):>9}{written(each):>10}{percent(worst):>11}  "
            f"{'FAILED' if failed else 'met'}",
            flush=True,
        )
    print(
        "sampled: by sampled settings alone; settings: share of these that detect 10 % on their own; worst run: smallest"
    )
    print("violation detected in the run that detects least, by sampled settings where there are any")
    return failures


def written(share: float) -> str:
    return "-" if math.isnan(share) else f"{share:.0%}"


def only_sampled(check: CheckPower) -> CheckPower:
    """Leave out what is computed without sampling."""
    return replace(check, settings=tuple(s for s in check.settings if s.evidence != "Computed"))


def singles(check: CheckPower) -> list[CheckPower]:
    """Take each setting as a check of its own."""
    return [replace(check, settings=(setting,)) for setting in check.settings]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5000, help="runs per row of the first table, at least 200, or 0")
    parser.add_argument("--level", type=float, default=0.05, help="level spent by each judgement, 0.001 to 0.2")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--power-runs", type=int, default=20, help="quick runs per check of the second table, or 0")
    parser.add_argument(
        "--checks", nargs="*", help="checks of the second table; identities and normal loops by default"
    )
    options = parser.parse_args()
    if options.runs and options.runs < 200:
        parser.error(f"--runs {options.runs}: fewer than 200 runs cannot show the control to be invalid")
    if not 0.001 <= options.level <= 0.2:
        parser.error(f"--level {options.level} is outside [0.001, 0.2]")
    return options


def main() -> int:
    options = arguments()
    start = time.perf_counter()
    failures = show_alarms(options.level, options.runs, options.seed) if options.runs else 0
    if options.power_runs:
        failures += show_power(options.checks or identities(), options.power_runs, options.seed)
    print(f"{options.runs} runs per row, {time.perf_counter() - start:.1f} s, {failures} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

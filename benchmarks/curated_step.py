"""The exact curated step against the two things a user would write instead: listing all groups, and Monte Carlo.

Run ``python benchmarks/curated_step.py``. Enumeration lists the m^(K-1) groups of opponents in plain NumPy, so both
compute the same numbers; Monte Carlo is timed at a feasible size and scaled by its 1/sqrt(n) law to equal accuracy.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from verify.models.curated import curated_loop, curated_step, random_instance, sample_winners

FloatArray = npt.NDArray[np.float64]


def seconds(task: Callable[[], object], budget: float = 0.3) -> float:
    """Best time of repeated runs within the budget."""
    best, spent = math.inf, 0.0
    while spent < budget:
        start = time.perf_counter()
        task()
        elapsed = time.perf_counter() - start
        best, spent = min(best, elapsed), spent + elapsed
    return best


def enumerated_step(p: FloatArray, rewards: FloatArray, K: int) -> FloatArray:
    y = np.exp(rewards)
    groups = np.array(list(itertools.product(range(p.size), repeat=K - 1)), dtype=np.intp).reshape(-1, K - 1)
    mass, opponents = p[groups].prod(axis=1), y[groups].sum(axis=1)
    return np.asarray(p * (mass @ (K * y / (y + opponents[:, None]))))


def monte_carlo_seconds(rng: np.random.Generator, p: FloatArray, rewards: FloatArray, K: int, accuracy: float) -> float:
    """Time to reach the root mean square relative accuracy on the most likely atom, from a timed run."""
    n = max(1000, 200_000 // K)
    spent = seconds(lambda: sample_winners(rng, p, rewards, K, n))
    chance = float(np.max(curated_step(p, rewards, K).p))
    return spent * (1.0 - chance) / (chance * accuracy**2) / n


def main() -> None:
    rng = np.random.default_rng(0)
    print("exact step against enumeration")
    print(f"{'m':>3} {'K':>3} {'groups':>8} {'exact us':>10} {'enum us':>12} {'enum/exact':>11} {'difference':>11}")
    for m, K in ((2, 2), (3, 4), (5, 4), (5, 6), (5, 8), (10, 6)):
        case = random_instance(rng, m, 3.0, smallest=1e-3)
        exact = seconds(lambda case=case, K=K: curated_step(case.p0, case.rewards, K))
        listed = seconds(lambda case=case, K=K: enumerated_step(case.p0, case.rewards, K))
        gap = np.max(np.abs(curated_step(case.p0, case.rewards, K).p / enumerated_step(case.p0, case.rewards, K) - 1))
        print(
            f"{m:3} {K:3} {m ** (K - 1):8} {exact * 1e6:10.0f} {listed * 1e6:12.0f} {listed / exact:11.2f} {gap:11.1e}"
        )

    print("\nexact step against Monte Carlo, scaled to equal relative accuracy")
    print(f"{'m':>3} {'K':>6} {'stated error':>13} {'exact us':>9} {'MC/exact 1e-3':>14} {'1e-6':>10} {'stated':>10}")
    for m, K in ((5, 2), (5, 10), (5, 1000), (100, 10), (100, 1000)):
        case = random_instance(rng, m, 3.0, smallest=1e-3)
        step = curated_step(case.p0, case.rewards, K)
        exact = seconds(lambda case=case, K=K: curated_step(case.p0, case.rewards, K))
        ratios = [
            monte_carlo_seconds(rng, case.p0, case.rewards, K, accuracy) / exact
            for accuracy in (1e-3, 1e-6, step.relative_error)
        ]
        print(
            f"{m:3} {K:6} {step.relative_error:13.1e} {exact * 1e6:9.0f} "
            f"{ratios[0]:14.3g} {ratios[1]:10.2g} {ratios[2]:10.2g}"
        )

    laws = rng.dirichlet(np.ones(5), size=1000)
    batch = seconds(lambda: curated_loop(laws, [0.0, 1.0, 2.0, 3.0, 3.0], 10, 1.0, 10), budget=1.0)
    print(f"\n1000 models x 10 generations, m = 5, K = 10: {batch / 1e4 * 1e6:.1f} us per model and step")


if __name__ == "__main__":
    main()

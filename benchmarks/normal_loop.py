"""Time the normal loop by sufficient statistics against batched NumPy sampling of every point, in one run.

Usage: python benchmarks/normal_loop.py [--n 1000] [--replicates 1000] [--generations 50] [--repeats 3]
The figure reported for each path is its fastest repeat; both paths give the same law (checked by the tests).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np

from verify.mixing import Mixture, Regime, by_ratio, by_share, replace
from verify.models.normal import (
    NormalLaw,
    mean_loop,
    multivariate_loop,
    normal_loop,
    plain_mean_loop,
    plain_multivariate_loop,
    plain_normal_loop,
)

Loop = Callable[[np.random.Generator, Mixture, int, int], object]


def sampled_by_hand(rng: np.random.Generator, mixture: Mixture, generations: int, replicates: int) -> None:
    """What one writes in NumPy without this library: draw (R, n) points, take mean and variance, repeat."""
    mean, std = np.zeros((replicates, 1)), np.ones((replicates, 1))
    for _ in range(generations):
        points = rng.normal(mean, std, (replicates, mixture.first))
        mean, std = points.mean(axis=1, keepdims=True), points.std(axis=1, ddof=1, keepdims=True)


def fastest(loop: Loop, mixture: Mixture, generations: int, replicates: int, repeats: int) -> float:
    times = []
    for seed in range(repeats):
        rng = np.random.default_rng(seed)
        start = time.perf_counter()
        loop(rng, mixture, generations, replicates)
        times.append(time.perf_counter() - start)
    return min(times)


def in_dimension(loop: Callable[..., object], d: int) -> Loop:
    law = NormalLaw(np.zeros(d), np.ones(d), np.eye(d))
    return lambda rng, mixture, generations, replicates: loop(rng, law, mixture, generations, replicates)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=1000, help="training-set size (even)")
    parser.add_argument("--replicates", type=int, default=1000)
    parser.add_argument("--generations", type=int, default=50)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--dimension", type=int, default=3, help="dimension of the multivariate rows")
    args = parser.parse_args()

    d = args.dimension
    half = by_share(args.n, "1/2", Regime.FRESH)
    rows: list[tuple[str, Mixture, Loop, Loop]] = [
        ("1-D, replace, against NumPy by hand", replace(args.n), normal_loop, sampled_by_hand),
        ("1-D, replace, against the plain path", replace(args.n), normal_loop, plain_normal_loop),
        ("1-D, half fresh real", half, normal_loop, plain_normal_loop),
        ("known sigma, reused, lam = 1", by_ratio(args.n, 1, Regime.REUSED), mean_loop, plain_mean_loop),
        (
            f"{d}-D, replace",
            replace(args.n),
            in_dimension(multivariate_loop, d),
            in_dimension(plain_multivariate_loop, d),
        ),
    ]
    print(f"n = {args.n}, replicates = {args.replicates}, generations = {args.generations}")
    print(f"{'loop':40}{'statistics/s':>14}{'points/s':>12}{'ratio':>9}")
    for name, mixture, fast, slow in rows:
        quick = fastest(fast, mixture, args.generations, args.replicates, args.repeats)
        plain = fastest(slow, mixture, args.generations, args.replicates, args.repeats)
        print(f"{name:40}{quick:14.5f}{plain:12.3f}{plain / quick:9.0f}")


if __name__ == "__main__":
    main()

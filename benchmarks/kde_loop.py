"""Time the density-estimate loop, total variation in every generation included, against the same loop by SciPy.

Usage: python benchmarks/kde_loop.py [--n 100000] [--generations 10] [--replicates 100] [--nodes 1024 4096]
Both loops resample, add noise and compare the density with the real law on the same grid. SciPy's gaussian_kde sums every
kernel at every node; it is timed for one generation of one replicate and scaled up, as the whole run would take hours.
KDEpy's FFTKDE is timed in the same loop when it is installed.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.stats import gaussian_kde

from verify.data import NormalMixture
from verify.mixing import replace
from verify.models.kde import Fixed, Grid, kde_loop

FloatArray = npt.NDArray[np.float64]
Density = Callable[[FloatArray, FloatArray, float], FloatArray]

LAW = NormalMixture.normal()


def by_scipy(points: FloatArray, nodes: FloatArray, h: float) -> FloatArray:
    return np.asarray(gaussian_kde(points, bw_method=h / points.std(ddof=1))(nodes))


def by_kdepy(points: FloatArray, nodes: FloatArray, h: float) -> FloatArray:
    from KDEpy import FFTKDE

    return np.asarray(FFTKDE(kernel="gaussian", bw=h).fit(points).evaluate(nodes))


def generation(density: Density, points: FloatArray, nodes: FloatArray, h: float, rng: np.random.Generator) -> float:
    """Seconds for one generation written by hand: the distance to the real law, then the next training set."""
    start = time.perf_counter()
    0.5 * np.trapezoid(np.abs(density(points, nodes, h) - LAW.pdf(nodes)), nodes)
    rng.choice(points, points.size) + h * rng.standard_normal(points.size)
    return time.perf_counter() - start


def rivals() -> dict[str, Density]:
    found: dict[str, Density] = {"scipy.stats.gaussian_kde": by_scipy}
    try:
        import KDEpy  # noqa: F401
    except ImportError:
        print("KDEpy is not installed; its row is left out")
    else:
        found["KDEpy.FFTKDE"] = by_kdepy
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=100_000, help="training-set size")
    parser.add_argument("--generations", type=int, default=10)
    parser.add_argument("--replicates", type=int, default=100)
    parser.add_argument("--bandwidth", type=float, default=0.1)
    parser.add_argument("--nodes", type=int, nargs="+", default=[1024, 4096])
    args = parser.parse_args()

    runs = args.generations * args.replicates
    print(f"n = {args.n}, generations = {args.generations}, replicates = {args.replicates}, h = {args.bandwidth}")
    contenders = rivals()
    for count in args.nodes:
        grid = Grid(-8.0, 8.0, count - 1)
        start = time.perf_counter()
        found = kde_loop(
            np.random.default_rng(0),
            LAW,
            replace(args.n),
            args.generations,
            args.replicates,
            bandwidth=Fixed(args.bandwidth),
            grid=grid,
        )
        ours = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"\n{count} nodes: whole run {ours:.2f} s ({1e3 * ours / runs:.2f} ms per generation), peak memory of the "
            f"process {peak:.0f} MB, stated error at most {found.error.max():.1e}"
        )
        rng = np.random.default_rng(1)
        points = LAW.sample(rng, args.n)
        for name, density in contenders.items():
            repeats = 1 if density is by_scipy else 20
            one = min(generation(density, points, grid.nodes, args.bandwidth, rng) for _ in range(repeats))
            print(f"{name}: {one:.3g} s per generation, {one * runs:.3g} s extrapolated, ratio {one * runs / ours:.0f}")
    blocks = {r: peak_bytes(args, r) for r in (args.replicates // 10 or 1, args.replicates)}
    print(
        "\npeak of arrays held:", ", ".join(f"{peak / 2**20:.1f} MB for {r} replicates" for r, peak in blocks.items())
    )


def peak_bytes(args: argparse.Namespace, replicates: int) -> int:
    """Largest number of bytes in arrays at one time during a run (its own run: tracing slows it down)."""
    import tracemalloc

    tracemalloc.start()
    grid = Grid(-8.0, 8.0, args.nodes[0] - 1)
    loop = replace(args.n)
    kde_loop(np.random.default_rng(0), LAW, loop, 3, replicates, bandwidth=Fixed(args.bandwidth), grid=grid)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


if __name__ == "__main__":
    main()

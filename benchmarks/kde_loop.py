"""Time the density-estimate loop, total variation in every generation included, against the same loop by SciPy.

Usage: python benchmarks/kde_loop.py [--n 100000] [--generations 10] [--replicates 100] [--nodes 1024 4096]
Both loops resample, add noise and compare the density with the real law on the same grid. SciPy's gaussian_kde sums every
kernel at every node; it is timed for one generation of one replicate and scaled up, as the whole run would take hours.
KDEpy's FFTKDE is timed in the same loop when it is installed. Drawing the points costs all of them the same, and bounds any
ratio: so the distance alone is timed too. All times are of the processor, which other programs do not add to.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import numpy.typing as npt
from scipy.stats import gaussian_kde

from verify.data import NormalMixture
from verify.mixing import replace
from verify.models.kde import GAUSSIAN, Fixed, Grid, KdeTrajectories, kde_loop
from verify.models.kde.grid import GriddedLaw
from verify.threads import one_thread

FloatArray = npt.NDArray[np.float64]
Density = Callable[[FloatArray, FloatArray, float], FloatArray]

LAW = NormalMixture.normal()


def by_scipy(points: FloatArray, nodes: FloatArray, h: float) -> FloatArray:
    return np.asarray(gaussian_kde(points, bw_method=h / points.std(ddof=1))(nodes))


def by_kdepy(points: FloatArray, nodes: FloatArray, h: float) -> FloatArray:
    from KDEpy import FFTKDE

    return np.asarray(FFTKDE(kernel="gaussian", bw=h).fit(points).evaluate(nodes))


def seconds(work: Callable[[], object], repeats: int) -> float:
    """Processor time of one call, in the fastest of so many."""
    found = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return min(found)


def distance(density: Density, points: FloatArray, nodes: FloatArray, h: float) -> float:
    """Total variation to the real law, written by hand."""
    return float(0.5 * np.trapezoid(np.abs(density(points, nodes, h) - LAW.pdf(nodes)), nodes))


def drawn(points: FloatArray, h: float, rng: np.random.Generator) -> FloatArray:
    """The next training set, written by hand."""
    return np.asarray(rng.choice(points, points.size) + h * rng.standard_normal(points.size))


def rivals() -> dict[str, Density]:
    found: dict[str, Density] = {"scipy.stats.gaussian_kde": by_scipy}
    try:
        import KDEpy  # noqa: F401
    except ImportError:
        print("KDEpy is not installed; its row is left out")
    else:
        found["KDEpy.FFTKDE"] = by_kdepy
    return found


def compare(args: argparse.Namespace, grid: Grid, contenders: dict[str, Density]) -> None:
    """Print the rows of one grid."""
    runs = args.generations * args.replicates

    def loop(replicates: int) -> KdeTrajectories:
        h = Fixed(args.bandwidth)
        rng = np.random.default_rng(0)
        return kde_loop(rng, LAW, replace(args.n), args.generations, replicates, bandwidth=h, grid=grid)

    # The time of a replicate does not grow with their number: a part of them may be repeated.
    part = max(1, args.replicates // 10)
    ours = min(
        seconds(partial(loop, part), 5) * args.replicates / part,
        seconds(partial(loop, args.replicates), 1),
    )
    rng = np.random.default_rng(1)
    points = LAW.sample(rng, args.n)
    seen = GriddedLaw(LAW, GAUSSIAN, grid)
    alone = seconds(partial(seen.distances, points[None], np.array([args.bandwidth])), 40)
    draws = seconds(partial(drawn, points, args.bandwidth, rng), 40)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"\n{grid.cells + 1} nodes: whole run {ours:.2f} s ({1e3 * ours / runs:.2f} ms per generation, "
        f"{1e3 * alone:.2f} ms of it the distance; points drawn by hand {1e3 * draws:.2f} ms), peak memory of the process "
        f"{peak:.0f} MB, stated error at most {loop(part).error.max():.1e}"
    )
    for name, density in contenders.items():
        work = partial(distance, density, points, grid.nodes, args.bandwidth)
        one = seconds(work, 1 if density is by_scipy else 40)
        whole = (one + draws) * runs
        print(
            f"{name}: {one + draws:.3g} s per generation, {whole:.3g} s extrapolated, ratio {whole / ours:.1f}; "
            f"of the distance alone {one / alone:.1f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=100_000, help="training-set size")
    parser.add_argument("--generations", type=int, default=10)
    parser.add_argument("--replicates", type=int, default=100)
    parser.add_argument("--bandwidth", type=float, default=0.1)
    parser.add_argument("--nodes", type=int, nargs="+", default=[1024, 4096])
    args = parser.parse_args()

    print(f"n = {args.n}, generations = {args.generations}, replicates = {args.replicates}, h = {args.bandwidth}")
    contenders = rivals()
    for count in args.nodes:
        compare(args, Grid(-8.0, 8.0, count - 1), contenders)
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
    with one_thread():
        main()

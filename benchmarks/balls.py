"""Rigorous enclosures against the same expression in mpmath.iv at the same precision.

Usage: python benchmarks/balls.py [--runs 7]

Three columns of times: mpmath.iv on the expression as sympy's lambdify writes it, our balls on the same inputs, and
`Theorem.enclose`, which also reads the arguments, decides the hypotheses exactly and rounds the ends outwards. The last
column says how many digits the interval of mpmath.iv and ours agree on (its endpoints are not always trustworthy).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping
from fractions import Fraction

import mpmath
import sympy
from flint import ctx

import bounds
from bounds.ball_code import ball_code
from bounds.enclose import ball
from bounds.tape import compile_expression

CASES: dict[str, Mapping[str, str | int]] = {
    "bertrand2024.jacobian": {"lam": "0.3", "L": "0.2", "epsilon": "0.1", "curvature": "0.3"},
    "bertrand2024.spectral_radius": {"lam": "0.3", "L": "0.2", "epsilon": "0.1", "curvature": "0.3"},
    "bertrand2024.finite_sample": {
        "rho": "0.5", "distance0": "0.1", "t": 7, "eps_opt": "0.001", "A": 1, "B": 1, "n": 10000, "delta": "0.05",
        "radius": "inf",
    },
    "ferbach2024.kl_ball": {"lam": "0.2", "K": 4},
    "ferbach2024.concentration": {"p_star": "0.1", "K": 4, "gap": 1, "t": 3},
    "fu2024.phase_transition": {"c": 1, "n": 1000, "s": "0.4", "x": 3, "t": 6},
    "fu2025.generalization_hamming": {
        "M": 1, "alpha": "0.3", "beta": "0.001", "d_tv": "0.01", "eta": "0.001", "n": 1000, "t": 5,
    },
    "lemma.bretagnolle_huber": {"kl": "0.2"},
}  # fmt: skip
PRECISION = 96


def seconds(work: Callable[[], object], runs: int) -> float:
    """Return the least time of a call over several runs of about a tenth of a second."""
    started = time.perf_counter()
    work()
    calls = max(1, int(0.05 / max(time.perf_counter() - started, 1e-7)))
    best = float("inf")
    for _ in range(runs):
        started = time.perf_counter()
        for _ in range(calls):
            work()
        best = min(best, (time.perf_counter() - started) / calls)
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=7)
    runs = parser.parse_args().runs
    mpmath.iv.prec = PRECISION
    print(f"{'theorem':32s} {'iv (us)':>9s} {'balls (us)':>11s} {'ratio':>6s} {'enclose (us)':>13s} {'ratio':>6s}")
    for name, arguments in CASES.items():
        theorem = bounds.get(name)
        names = [s.name for s in theorem.symbols]
        arguments = {k: v for k, v in arguments.items() if k in names or k == "radius"}
        expression = theorem.expression
        used = sorted(s.name for s in expression.free_symbols)
        function = sympy.lambdify([sympy.Symbol(n) for n in used], _plain(expression), modules=_IV)
        intervals = [_interval(arguments[n]) for n in used]
        code = ball_code(compile_expression(expression))
        with ctx.workprec(PRECISION):
            balls = {n: ball(Fraction(arguments[n])) for n in used}
            by_balls = seconds(lambda: code(balls), runs)  # noqa: B023
        by_intervals = seconds(lambda: function(*intervals), runs)  # noqa: B023
        whole = seconds(lambda: theorem.enclose(**arguments), runs)  # noqa: B023
        print(
            f"{name:32s} {by_intervals * 1e6:9.1f} {by_balls * 1e6:11.2f} {by_intervals / by_balls:6.1f} "
            f"{whole * 1e6:13.1f} {by_intervals / whole:6.1f}"
        )


_IV = [
    {
        "exp": mpmath.iv.exp,
        "log": mpmath.iv.log,
        "sqrt": mpmath.iv.sqrt,
        "pi": mpmath.iv.pi,
        "geometric_sum": lambda q, t: (1 - q**t) / (1 - q),
    },
    "mpmath",
]


def _plain(expression: sympy.Expr) -> sympy.Expr:
    """Give the symbols no assumptions, and every rational as a quotient of whole numbers that intervals understand."""
    return expression.xreplace({s: sympy.Symbol(s.name) for s in expression.free_symbols})


def _interval(value: str | int) -> object:
    fraction = Fraction(value)
    return mpmath.iv.mpf(fraction.numerator) / fraction.denominator


if __name__ == "__main__":
    main()

"""How long the comparisons between theorems take, and how long their certificates are.

Usage: python benchmarks/compare.py [--seconds 60]
Exit status 1 if one is not proved in that time.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import Any

import bounds
from bounds.certify import Outcome, check
from bounds.certify.theorems import compare

ALL = (0, "inf")
PARAMETRIC = {"lam": ALL, "L": ALL, "epsilon": ALL, "curvature": ALL}
REWARD = {"K": (1, "inf"), "mean": ALL, "variance": ALL, "y_max": ALL}
MIXED = REWARD | {"lam": ALL, "t": (1, "inf")}
BALL = {"lam": ALL, "K": (1, "inf"), "range": ALL, "t": ALL}
KERNEL = {"alpha": (0, 1), "h": ("0.1", 1), "sigma": ("0.5", 2), "n": (10, 1000), "t": (1, "inf")}
CELLS = {"n": (1, "inf"), "alpha": (0, 1), "k": (2, "inf"), "collision": (0, 1), "t": (1, "inf"), "data": "fresh"}
FINITE = {"lam": (0, 1), "K": (1, 4), "range": (0, 3), "t": (1, 5)}

COMPARISONS: list[tuple[str, str, dict[str, Any]]] = [
    ("bertrand2024.spectral_radius", "bertrand2024.jacobian", PARAMETRIC),
    ("bertrand2024.jacobian_refined", "bertrand2024.jacobian", PARAMETRIC),
    (
        "ferbach2024.parametric_rate",
        "ferbach2024.parametric_rate",
        PARAMETRIC | {"C": ALL, "t": ALL, "factor@1": "spectral", "factor@2": "paper"},
    ),
    ("ferbach2024.reward_increase", "ferbach2024.reward_increase_refined", REWARD),
    ("ferbach2024.mixed_reward_gain", "ferbach2024.mixed_reward_gain_refined", MIXED | {"form": "closed"}),
    ("ferbach2024.mixed_reward_gain", "ferbach2024.mixed_reward_gain_refined", MIXED | {"form": "iterated"}),
    ("ferbach2024.kl_ball_refined", "ferbach2024.kl_ball", BALL),
    ("ferbach2024.kl_ball_refined", "ferbach2024.kl_ball", FINITE),
    (
        "ferbach2024.kl_ball_refined",
        "ferbach2024.kl_ball_refined",
        {"lam": ALL, "K": 3, "range": ALL, "t": (1, 4), "form@1": "chord", "form@2": "supremum"},
    ),
    ("fu2024.kde_loop_lower", "fu2024.kde_loop", KERNEL | {"form": "second_moment"}),
    ("fu2024.kde_loop_lower", "fu2024.kde_loop", KERNEL | {"form": "variance"}),
    ("fu2024.kde_loop_lower", "fu2024.kde_loop_reused", KERNEL),
    ("fu2024.recursion", "fu2024.real_plus_last", {"e": ALL, "alpha": (0, 1), "t": ALL, "schedule": "real_plus_last"}),
    ("fu2024.real_plus_last", "fu2024.recursion", {"e": ALL, "alpha": (0, 1), "t": ALL, "schedule": "real_plus_last"}),
    ("fu2024.recursion", "fu2024.balanced", {"e": ALL, "t": ALL, "schedule": "balanced"}),
    ("fu2024.balanced", "fu2024.recursion", {"e": ALL, "t": ALL, "schedule": "balanced"}),
    ("fu2025.categorical_loop_lower", "fu2025.categorical_loop_upper", CELLS),
]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args()
    failures = 0
    for first, second, settings in COMPARISONS:
        answer = compare(bounds.get(first), bounds.get(second), settings, seconds=options.seconds).answer
        failures += answer.outcome is not Outcome.PROVED
        started = time.perf_counter()
        steps = check(answer.claim, answer.certificate) if answer.certificate is not None else 0
        print(
            f"{first:42s} <= {second:42s} {answer.outcome.value:9s} {answer.seconds:6.2f} s, "
            f"checked in {time.perf_counter() - started:6.3f} s, {steps:4d} steps, "
            f"{len(json.dumps(answer.certificate)):6d} bytes",
            flush=True,
        )
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

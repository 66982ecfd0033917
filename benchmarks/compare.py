"""How long the comparisons between bounds take, what they answer, and how long their certificates are.

Usage: python benchmarks/compare.py [--seconds 60]
Exit status 1 if one is not proved in that time, or the crossing is not found.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from typing import Any

import sympy

import bounds
from bounds.certify import Answer, Outcome, certify, check, crossing
from bounds.certify.theorems import compare

ALL = (0, "inf")
PARAMETRIC = {"lam": ALL, "L": ALL, "epsilon": ALL, "curvature": ALL}
REWARD = {"K": (1, "inf"), "mean": ALL, "variance": ALL, "y_max": ALL}
MIXED = REWARD | {"lam": ALL, "t": (1, "inf")}
BALL = {"lam": ALL, "K": (1, "inf"), "range": ALL, "t": ALL}
CHORD = {"lam": ALL, "K": (2, "inf"), "range": ALL, "t": (1, "inf")}
KERNEL = {"alpha": (0, 1), "h": ("0.1", 1), "sigma": ("0.5", 2), "n": (10, 1000), "t": (1, "inf")}
CELLS = {"n": (1, "inf"), "alpha": (0, 1), "k": (2, "inf"), "collision": (0, 1), "t": (1, "inf"), "data": "fresh"}

PAIRS: list[tuple[str, str, dict[str, Any]]] = [
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
    ("ferbach2024.kl_ball_refined", "ferbach2024.kl_ball", BALL | {"form": "supremum"}),
    ("ferbach2024.kl_ball_refined", "ferbach2024.kl_ball", CHORD | {"form": "chord"}),
    (
        "ferbach2024.kl_ball_refined",
        "ferbach2024.kl_ball_refined",
        CHORD | {"form@1": "chord", "form@2": "supremum"},
    ),
    ("fu2024.kde_loop_lower", "fu2024.kde_loop", KERNEL | {"form": "second_moment"}),
    ("fu2024.kde_loop_lower", "fu2024.kde_loop", KERNEL | {"form": "variance"}),
    ("fu2024.kde_loop_lower", "fu2024.kde_loop_reused", KERNEL),
    ("fu2024.recursion", "fu2024.fully_synthetic", {"e": ALL, "t": ALL, "schedule": "fully_synthetic"}),
    ("fu2024.fully_synthetic", "fu2024.recursion", {"e": ALL, "t": ALL, "schedule": "fully_synthetic"}),
    ("fu2024.recursion", "fu2024.real_plus_last", {"e": ALL, "alpha": (0, 1), "t": ALL, "schedule": "real_plus_last"}),
    ("fu2024.real_plus_last", "fu2024.recursion", {"e": ALL, "alpha": (0, 1), "t": ALL, "schedule": "real_plus_last"}),
    ("fu2024.recursion", "fu2024.balanced", {"e": ALL, "t": ALL, "schedule": "balanced"}),
    ("fu2024.balanced", "fu2024.recursion", {"e": ALL, "t": ALL, "schedule": "balanced"}),
    ("fu2025.categorical_loop_lower", "fu2025.categorical_loop_upper", CELLS),
]


def answers(seconds: float) -> Iterator[tuple[str, Answer]]:
    """Compare everything that is compared by a certificate."""
    for first, second, settings in PAIRS:
        choices = [f"{name}={value}" for name, value in settings.items() if isinstance(value, str)]
        answer = compare(bounds.get(first), bounds.get(second), settings, seconds=seconds).answer
        yield " ".join([first, "<=", second, *choices]), answer
    yield from _factors(seconds)
    yield from _means(seconds)


def _factors(seconds: float) -> Iterator[tuple[str, Answer]]:
    """Compare the factor of ferbach2024 with the spectral radius and with the bound on the Jacobian."""
    spectral, jacobian = bounds.get("bertrand2024.spectral_radius"), bounds.get("bertrand2024.jacobian")
    lam, L, epsilon, curvature = (next(s for s in jacobian.symbols if s.name == name) for name in PARAMETRIC)
    e = L * epsilon
    factor = lam * (curvature + e) / (curvature + lam * (curvature - e))
    box = {lam: ALL, L: ALL, epsilon: ALL, curvature: ALL}
    paper = bounds.get("ferbach2024.parametric_rate").at(factor="paper").hypotheses
    yield "spectral radius <= factor of ferbach2024", certify(spectral.expression, factor, box, paper, seconds=seconds)
    both = (*paper, *jacobian.hypotheses)
    yield (
        "factor of ferbach2024 <= bound on the Jacobian",
        certify(factor, jacobian.expression, box, both, seconds=seconds),
    )


def _means(seconds: float) -> Iterator[tuple[str, Answer]]:
    """Find where each of the two bounds on the mean gap of fu2025 is the smaller one."""
    hamming, joint = (bounds.get(f"fu2025.generalization_{name}") for name in ("hamming", "expected"))
    symbols = {s.name: s for one in (hamming, joint) for s in one.symbols}
    share = dict.fromkeys(("alpha", "eta", "gamma", "d_tv"), (0, 1))
    box = {s: share.get(name, (0 if name in ("beta", "M") else 1, "inf")) for name, s in symbols.items()}
    gamma, eta, beta, M, n, alpha = (symbols[name] for name in ("gamma", "eta", "beta", "M", "n", "alpha"))
    few = (1 - alpha) * n * eta * beta - gamma * (M - beta)
    for left, right, side, name in (
        (hamming, joint, few <= 0, "hamming <= expected where n (1 - alpha) eta beta <= gamma (M - beta)"),
        (joint, hamming, few >= 0, "expected <= hamming where n (1 - alpha) eta beta >= gamma (M - beta)"),
    ):
        yield (
            f"fu2025.generalization_{name}",
            certify(left.expression, right.expression, box, (*joint.hypotheses, side), seconds=seconds),
        )


def _crossing() -> bool:
    """Find where Bretagnolle-Huber takes over from Pinsker; the exact place is 2 + W(-2 exp(-2))."""
    kl = sympy.Symbol("kl", nonnegative=True)
    started = time.perf_counter()
    found = crossing(sympy.sqrt(kl / 2), sympy.sqrt(1 - sympy.exp(-kl)), kl, 0, 100, width="1e-12")
    seconds = time.perf_counter() - started
    print(f"Pinsker below Bretagnolle-Huber up to KL = {float(found.low):.12f}, above it beyond: {seconds:.2f} s")
    return found.first == "left"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args()
    times, failures = [], 0
    for name, answer in answers(options.seconds):
        failures += answer.outcome is not Outcome.PROVED
        times.append(answer.seconds)
        started = time.perf_counter()
        steps = check(answer.claim, answer.certificate) if answer.certificate is not None else 0
        print(
            f"{name:100s} {answer.outcome.value:9s} {answer.seconds:6.2f} s, "
            f"checked in {time.perf_counter() - started:6.3f} s, {steps:4d} steps, "
            f"{len(json.dumps(answer.certificate)):6d} bytes",
            flush=True,
        )
    failures += not _crossing()
    print(f"{len(times)} comparisons, {failures} failures, longest {max(times):.2f} s")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

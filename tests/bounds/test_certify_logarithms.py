"""The rule for means of logarithms: what it proves, and what it must refuse."""

import pytest
import sympy
from sympy import log

import bounds
from bounds.certify import Outcome, certify, check, inequality
from bounds.certify.rules import NotProved
from bounds.certify.theorems import compare

a, b, w, v = sympy.symbols("a b w v", positive=True)
UNIT, ALL = (0, 1), (0, "inf")
BALL = {"lam": ALL, "K": (2, "inf"), "range": ALL, "t": (1, "inf")}
CHORD = w * log(a) + (1 - w) * log(b)
BOX = {w: UNIT, a: ALL, b: ALL, v: ALL}


@pytest.mark.parametrize(
    ("first", "second", "choices"),
    [
        ("kl_ball_refined", "kl_ball", {"form": "chord"}),
        ("kl_ball_refined", "kl_ball_refined", {"form@1": "chord", "form@2": "supremum"}),
    ],
)
def test_the_chord_is_below_both_balls_for_all_parameters(first, second, choices):
    answer = compare(bounds.get(f"ferbach2024.{first}"), bounds.get(f"ferbach2024.{second}"), BALL | choices).answer
    assert answer.outcome is Outcome.PROVED
    assert check(answer.claim, answer.certificate) == answer.steps
    assert answer.seconds < 30


def test_a_mean_is_below_the_logarithm_of_what_is_above_all():
    answer = certify(CHORD, log(v), BOX, (a <= v, b <= v))
    assert answer.outcome is Outcome.PROVED
    assert answer.certificate["rule"] == "mean of logarithms"
    # The weights add up to 1 only together, and as rational functions.
    weighted = (a * log(a) + b * log(b)) / (a + b)
    assert certify(weighted, log(v), {a: ("0.1", "inf"), b: ALL, v: ALL}, (a <= v, b <= v)).outcome is Outcome.PROVED
    assert certify(CHORD, -log(v), BOX, (a * v <= 1, b * v <= 1)).outcome is Outcome.PROVED


@pytest.mark.parametrize(
    ("left", "right", "relations"),
    [
        (CHORD, log(v), (a <= v,)),  # b may exceed v
        (CHORD, log(v), (a >= v, b >= v)),
        (CHORD + log(b) / 100, log(v), (a <= v, b <= v)),  # the weights add up to more
        (w * log(a) + (2 - w) * log(b), log(v), (a <= v, b <= v)),
        ((1 + w) * log(a) - w * log(b), log(v), (a <= v, b <= v)),  # a weight is negative
        (CHORD, -log(v), (a <= v, b <= v)),
    ],
)
def test_near_misses_are_refuted(left, right, relations):
    answer = certify(left, right, BOX, relations)
    assert answer.outcome is Outcome.REFUTED


def test_the_checker_refuses_what_is_no_mean():
    small = {w: UNIT, a: (1, 2), b: (1, 2), v: (2, 3)}
    good = certify(CHORD, log(v), {w: UNIT, a: ALL, b: ALL, v: ALL}, (a <= v, b <= v))
    for left, right in (
        (CHORD + log(b), log(v)),
        (CHORD, 2 * log(v)),
        (CHORD, log(v) + 1),
        (CHORD * log(a), log(v)),
        (log(1 + log(a)), log(v)),
    ):
        for data in ({"pivot": i, "sign": sign} for i in (-1, 0, 1, 2, 3) for sign in (1, -1, 2)):
            wrong = {"rule": "mean of logarithms", **data, "then": good.certificate["then"]}
            with pytest.raises(NotProved):
                check(inequality(left, right, small), wrong)

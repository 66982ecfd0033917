"""The command compare: three answers, their documents, and bad input."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest

import bounds
from bounds.certify import check, inequality
from verify.cli import main

JACOBIANS = ["compare", "bertrand2024.jacobian_refined", "bertrand2024.jacobian"]
BOX = ["lam=0:1", "L=0:1", "epsilon=0:inf", "curvature=0.1:2"]
SWAPPED = ["compare", "bertrand2024.jacobian", "bertrand2024.jacobian_refined"]
FORMS = ["compare", "ferbach2024.mixed_reward_gain_refined", "ferbach2024.mixed_reward_gain_refined"]
REWARDS = ["lam=0:2", "K=1:8", "mean=0:3", "variance=0:2", "y_max=0:4", "t=1:30"]
# Two means of logarithms, neither of which is the logarithm of what is above all of the other: nothing of this is decided.
CHORD = ["compare", "ferbach2024.kl_ball_refined", "ferbach2024.kl_ball_refined"]
OPEN = ["form=chord", "range=0:inf", "t=1:inf", "K@1=2", "K@2=3", "lam=0:inf", "--seconds", "5"]


def run(capsys, *arguments):
    status = main(list(arguments))
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_proved_with_a_certificate_that_a_reader_can_check(capsys):
    status, out, err = run(capsys, *JACOBIANS, *BOX, "--json")
    assert (status, err) == (0, "")
    document = json.loads(out)
    assert document["outcome"] == "PROVED"
    assert document["claim"] == "bertrand2024.jacobian_refined <= bertrand2024.jacobian"
    assert document["hypotheses"] == ["lam*(L*epsilon/curvature + 1) < 1/2"]
    pair = [bounds.get(name) for name in JACOBIANS[1:]]
    symbols = {s.name: s for s in pair[0].symbols}
    box = {symbols[name]: ends for name, ends in document["box"].items()}
    claim = inequality(pair[0].expression, pair[1].expression, box, pair[0].hypotheses + pair[1].hypotheses)
    assert check(claim, document["certificate"]) == document["steps"]


def test_refuted_with_a_point_and_both_values(capsys):
    status, out, err = run(capsys, *SWAPPED, *BOX, "--json")
    assert (status, err) == (0, "")
    document = json.loads(out)
    assert document["outcome"] == "REFUTED"
    point = {name: Fraction(str(value)) for name, value in document["point"].items()}
    pair = [bounds.get(name) for name in SWAPPED[1:]]
    for theorem, key in zip(pair, ("left_value", "right_value"), strict=True):
        assert document[key][0] <= theorem.evaluate(**point) <= document[key][1]
    assert document["left_value"][0] > document["right_value"][1]
    text = run(capsys, *SWAPPED, *BOX)[1]
    assert text.startswith("REFUTED: bertrand2024.jacobian <= bertrand2024.jacobian_refined")
    assert "fails at" in text
    assert "lies in" in text


def test_undecided_says_what_was_left(capsys):
    status, out, _ = run(capsys, *CHORD, *OPEN, "--json")
    assert status == 0
    document = json.loads(out)
    assert document["outcome"] == "UNDECIDED"
    assert document["open"]
    assert document["certificate"] is None
    assert "left open" in run(capsys, *CHORD, *OPEN)[1]


def test_choices_address_each_side(capsys):
    status, out, _ = run(capsys, *FORMS, *REWARDS, "form@1=closed", "form@2=iterated", "--json")
    document = json.loads(out)
    assert (status, document["outcome"]) == (0, "PROVED")
    assert (document["left"]["form"], document["right"]["form"]) == ("closed", "iterated")
    reverse = json.loads(run(capsys, *FORMS, *REWARDS, "form@1=iterated", "form@2=closed", "--json")[1])
    assert reverse["outcome"] == "REFUTED"


def test_numbers_address_one_side(capsys):
    arguments = ["compare", "ferbach2024.uncurated_mixture", "ferbach2024.uncurated_mixture", "lam=0:5", "tv0=0:1"]
    assert json.loads(run(capsys, *arguments, "t@1=4", "t@2=3", "--json")[1])["outcome"] == "PROVED"
    assert json.loads(run(capsys, *arguments, "t@1=3", "t@2=4", "--json")[1])["outcome"] == "REFUTED"


def test_the_text_says_where_it_counts(capsys):
    status, out, err = run(capsys, *JACOBIANS, *BOX)
    assert (status, err) == (0, "")
    assert out.startswith("PROVED: ")
    assert "epsilon from 0 to infinity" in out
    assert "wherever both are defined and lam*(L*epsilon/curvature + 1) < 1/2" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([*JACOBIANS, "lam=0:1"], "give a range"),
        ([*JACOBIANS, *BOX, "rho=1"], "neither theorem has a symbol 'rho'"),
        ([*JACOBIANS, "lam=-1:1", *BOX[1:]], "lam runs from -1"),
        ([*JACOBIANS, "lam=2:1", *BOX[1:]], "must not be below"),
        ([*JACOBIANS, "lam=0:1:2", *BOX[1:]], "a range is lo:hi"),
        ([*JACOBIANS, "lam=x:1", *BOX[1:]], "not a number"),
        ([*JACOBIANS, "lam", *BOX[1:]], "not an argument"),
        ([*JACOBIANS, *BOX, "lam=1"], "given twice"),
        ([*JACOBIANS, "lam@3=1", *BOX[1:]], "after @"),
        ([*JACOBIANS, "lam@1=0:1", *BOX[1:]], "only one number"),
        ([*JACOBIANS, *BOX, "--seconds", "0"], "--seconds"),
        (["compare", "bertrand2024.jacobian", "bertrand2024.jacobean", *BOX], "did you mean"),
        ([*FORMS, *REWARDS, "form@2=other"], "no regime"),
        (["compare", "bertrand2024.jacobian", "fu2024.real_plus_last", *BOX, "alpha=0:1", "e=1", "t=1"], "ratios"),
        (["compare", JACOBIANS[1], JACOBIANS[2], "lam=3", "L=0", "epsilon=1", "curvature=1:2"], "says nothing here"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_input(capsys, arguments, message):
    status, out, err = run(capsys, *arguments)
    assert status == 2
    assert out == ""
    assert message in err


def test_a_box_outside_the_hypotheses_proves_nothing(capsys):
    status, out, _ = run(capsys, *JACOBIANS, "lam=0.6:1", *BOX[1:])
    assert status == 0
    assert out.startswith("UNDECIDED")
    assert "no point was found where all hypotheses hold" in out


def test_a_single_point_is_a_box(capsys):
    point = ["lam=0.1", "L=1", "epsilon=1", "curvature=1"]
    assert run(capsys, *JACOBIANS, *point)[1].startswith("PROVED")
    assert run(capsys, *SWAPPED, *point)[1].startswith("REFUTED")

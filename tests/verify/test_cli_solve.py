import json

import pytest

import bounds
from verify.cli import main

KL = "ferbach2024.kl_ball"
MEAN = "bertrand2024.normal_mean_loop"


def answer(capsys, *arguments):
    status = main(["solve", *arguments, "--json"])
    out, err = capsys.readouterr()
    return status, json.loads(out) if out else None, err


def test_document_is_what_the_library_says(capsys):
    status, document, err = answer(capsys, MEAN, "--for", "n", "--target", "0.1", "t=7", "data=synthetic")
    found = bounds.get(MEAN).solve("n", target="0.1", t=7, data="synthetic")
    assert (status, err) == (0, "")
    assert document["value"] == found.value == 70
    assert (document["lower"], document["upper"]) == (found.lower, found.upper)
    assert (document["neighbour"], document["neighbour_lower"]) == (69, found.neighbour_lower)
    assert document["target"] == 0.1
    assert document["side"] == "smallest"
    assert document["relation"] == "<="
    assert (document["extreme"], document["monotone"], document["complete"]) == ("proved", "proved", True)
    assert document["intervals"] == [{"low": 70, "high": "1000000000000000000", "proved": True}]
    assert document["inputs"] == {"data": "synthetic", "t": 7}
    assert document["sentences"] == list(found.sentences)


def test_text_for_people(capsys):
    assert main(["solve", KL, "--for", "lam", "--target", "3", "K=4"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out.splitlines()[0] == f"{KL} at K = 4"
    assert "lam = 0.3167376438773787 is the largest value at which the bound is surely <= 3" in out
    assert "It is proved" in out
    assert "Searched: lam from 0.0 to 10^300." in out


@pytest.mark.parametrize(("spelling", "side"), [("lambda", "largest"), ("alpha", "smallest")])
def test_spellings(capsys, spelling, side):
    status, document, _ = answer(capsys, KL, "--for", spelling, "--target", "1", "K=2")
    assert (status, document["side"], document["status"]) == (0, side, "found")


def test_want_and_reach(capsys):
    loop = ["bertrand2024.gaussian_loop", "statistic=variance", "covariance=mle", "sigma=1", "n=50"]
    status, document, _ = answer(capsys, *loop, "--for", "t", "--target", "0.5", "--reach", "above")
    assert (status, document["side"], document["value"], document["relation"]) == (0, "largest", 34, ">=")
    status, document, _ = answer(capsys, *loop, "--for", "t", "--target", "0.5", "--want", "largest")
    assert (status, document["value"], document["status"]) == (0, None, "found")


def test_negative_target_and_no_solution(capsys):
    status, document, _ = answer(capsys, KL, "--for", "lam", "--target=-1", "K=2")
    assert (status, document["status"], document["value"], document["intervals"]) == (0, "none", None, [])


def test_nowhere_is_status_3(capsys):
    point = ["bertrand2024.jacobian", "--for", "curvature", "--target", "1", "lam=1", "L=1", "epsilon=1"]
    status, document, err = answer(capsys, *point)
    assert (status, document["status"]) == (3, "nowhere")
    assert "says nothing" in err
    assert main(["solve", *point]) == 3
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([KL, "--for", "lam", "--target", "1", "K=2", "lam=1"], "lam is what is solved for"),
        ([KL, "--for", "q", "--target", "1", "K=2"], "no symbol 'q'"),
        ([KL, "--for", "lam", "--target", "high", "K=2"], "target = 'high'"),
        ([KL, "--for", "lam", "--target", "1", "K=1:9:lin9"], "is a grid"),
        ([KL, "--for", "lam", "--target", "1", "K=2", "reach=above"], "write --reach above"),
        ([KL, "--for", "lam", "--target", "1", "--want", "best", "K=2"], "want = 'best'"),
        ([KL, "--for", "lam", "--target", "1", "--reach", "above", "K=2"], "says nothing of the quantity"),
        ([KL, "--for", "lam", "--target", "1"], "needs K"),
        ([KL, "--for", "lam", "K=2"], "--target"),
        ([KL, "--target", "1", "K=2"], "--for"),
        (["ferbach2024.kl_bal", "--for", "lam", "--target", "1", "K=2"], "did you mean"),
    ],
)
def test_bad_input_is_status_2(capsys, arguments, words):
    assert main(["solve", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err

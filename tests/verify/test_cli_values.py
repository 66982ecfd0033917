"""Laws and schedules on the command line: what is understood, what the library says of it, and bad input."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bounds
from bounds import ArgumentError
from verify.cli import main
from verify.cli_values import Law, narrowed, read_law, read_weights
from verify.data import NormalMixture

KDE, RECURSION = "fu2024.kde_loop", "fu2024.recursion"
POINT = ["h=0.5", "n=100", "t=2", "alpha=0.5"]


def answer(capsys, *arguments):
    status = main(list(arguments))
    out, err = capsys.readouterr()
    return status, out, err


def test_a_law_means_what_the_library_means(capsys):
    status, out, err = answer(capsys, "eval", KDE, "law=0.5*N(-2,1)+0.5*N(2, sd=0.5)", *POINT, "--json")
    document = json.loads(out)
    law = NormalMixture((0.5, 0.5), (-2, 2), (1, 0.5))
    low, high = bounds.get(KDE).enclose(law=law, h="0.5", n=100, t=2, alpha="0.5")
    assert (status, err) == (0, "")
    assert (document["lower"], document["upper"]) == (low, high)
    assert document["inputs"]["law"] == "0.5*N(-2, 1) + 0.5*N(2, 0.5)"


def test_one_normal_law_is_the_same_as_its_sigma(capsys):
    values = []
    for spelled in ("law=N(0, 2)", "sigma=2"):
        values.append(json.loads(answer(capsys, "eval", KDE, spelled, *POINT, "--json")[1])["value"])
    assert values[0] == pytest.approx(values[1], rel=1e-9)


def test_a_grid_beside_a_law(capsys):
    status, out, _ = answer(capsys, "eval", KDE, "law=N(0,1)", "n=100:400:lin2", *POINT[:1], *POINT[2:], "--json")
    rows = json.loads(out)["rows"]
    assert status == 0
    assert [row["inputs"]["law"] for row in rows] == ["N(0, 1)"] * 2
    assert rows[0]["value"] > rows[1]["value"]
    assert "law = N(0, 1)" in answer(capsys, "eval", KDE, "law=N(0,1)", "n=100:400:lin2", *POINT[:1], *POINT[2:])[1]


@pytest.mark.parametrize("errors", ["0.1", "[0.1, 0.2, 0.3]"])
def test_weights_from_a_file_and_as_a_list(capsys, tmp_path, errors):
    file = tmp_path / "schedule.csv"
    file.write_text("1,,\n0.5,1/2,\n0.25, 0.25, 0.5\n")
    listed = "weights=[[1], [0.5, 0.5], [0.25, 0.25, 0.5]]"
    found = [
        json.loads(answer(capsys, "eval", RECURSION, given, f"e={errors}", "--json")[1])["value"]
        for given in (f"weights={file}", listed)
    ]
    e = [0.1, 0.1, 0.1] if errors == "0.1" else [0.1, 0.2, 0.3]
    drift = [e[0], e[1] + e[0] / 2]
    assert found == [pytest.approx(e[2] + drift[0] / 4 + drift[1] / 2, rel=1e-12)] * 2


def test_solve_takes_both(capsys):
    status, out, _ = answer(
        capsys, "solve", RECURSION, "--for", "e", "--target", "3/10", "weights=[[1], [0.5, 0.5]]", "--json"
    )
    document = json.loads(out)
    assert status == 0
    assert document["value"] == pytest.approx(0.2, rel=1e-12)
    assert document["inputs"] == {"weights": "[[1], [0.5, 0.5]]"}
    lower = ["solve", "fu2024.kde_loop_lower", "--for", "t", "--target", "0.2", "h=0.7", "alpha=0.5", "law=N(0,1)"]
    status, out, _ = answer(capsys, *lower, "--json")
    assert status == 0
    assert json.loads(out)["inputs"]["law"] == "N(0, 1)"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([KDE, "law=N(0,1", *POINT], "cannot read 'N(0,1'"),
        ([KDE, "law=0.5*N(0,1)+N(1,1)", *POINT], "needs a weight"),
        ([KDE, "law=0.5*N(0,1)+0.6*N(1,1)", *POINT], "sum 1; theirs is 1.1"),
        ([KDE, "law=N(0,-1)", *POINT], "must be positive"),
        ([KDE, "law=N(inf,1)", *POINT], "must be finite"),
        ([KDE, "law=normal", *POINT], "write for instance law="),
        ([KDE, "law=N(0,1) N(1,1)", *POINT], "'+' must come before"),
        ([KDE, "law=N(0,1)", "sigma=1", *POINT], "sigma"),
        (["fu2024.balanced", "law=N(0,1)", "e=1", "t=1"], "takes no law; these do: fu2024.kde_loop"),
        (["fu2024.balanced", "weights=[[1]]", "e=1", "t=1"], "takes no weights"),
        ([RECURSION, "weights=missing.csv", "e=1"], "no such file"),
        ([RECURSION, "weights=[[1], [0.5, 0.6]]", "e=1"], "row 1"),
        ([RECURSION, "weights=[1, 2", "e=1"], "no list of numbers"),
        ([RECURSION, "weights=[]", "e=1"], "no list of numbers"),
        ([RECURSION, "weights=[[1], [0.5, 0.5]]", "e=[0.1]"], "one error per generation"),
    ],
    ids=str,
)
def test_bad_input(capsys, arguments, message):
    status, out, err = answer(capsys, "eval", *arguments)
    assert status == 2
    assert out == ""
    assert message in err


def test_an_empty_file_and_one_that_is_no_text(tmp_path):
    file = tmp_path / "weights.csv"
    file.write_text("\n , \n")
    with pytest.raises(ArgumentError, match="holds no row"):
        read_weights(str(file))
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ArgumentError, match="it is no text"):
        read_weights(str(file))


numbers = st.fractions(-50, 50, max_denominator=64)
scales = st.fractions(0, 50, max_denominator=64).filter(lambda v: v > 0)


@given(st.lists(st.tuples(st.integers(1, 9), numbers, scales), min_size=1, max_size=4))
def test_every_mixture_is_read_as_it_was_written(parts):
    total = sum(share for share, _, _ in parts)
    text = " + ".join(f"{share}/{total}*N({mean},{std})" for share, mean, std in parts)
    law = read_law(text)
    assert [w * total for w in law.weights] == [share for share, _, _ in parts]
    assert list(zip(law.means, law.stds, strict=True)) == [(mean, std) for _, mean, std in parts]
    assert isinstance(law, Law)
    assert read_law(str(law)) == law


def test_a_choice_that_is_called_law_is_no_law_of_the_data() -> None:
    theorem, left, put = narrowed(bounds.get("lemma.multinomial_expected_tv"), {"law": "any", "k": "5"})
    assert (theorem.id, left, put) == ("lemma.multinomial_expected_tv", {"law": "any", "k": "5"}, {})

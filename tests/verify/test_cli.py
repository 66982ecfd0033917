import json
import math
import subprocess
import sys
import time
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import mpmath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bounds
import verify.runner
from verify.cli import main
from verify.cli_eval import read_grid
from verify.cli_output import decimal_text, json_text, to_json
from verify.cli_verify import read_lambdas
from verify.evidence import Verdict
from verify.results import ControlResult, Result, Run

JACOBIAN = "bertrand2024.jacobian"
POINT = ["eval", JACOBIAN, "lam=0.3", "L=0.2", "epsilon=0.1", "curvature=0.3"]
OUTSIDE = ["eval", JACOBIAN, "lam=3", "L=1", "epsilon=1", "curvature=1"]
BUDGET = {"total": 1e-3, "tests": 1, "per_test": 1e-3}


def result(verdict=Verdict.EXACT, **changes):
    given = {
        "id": JACOBIAN, "setting": "a law", "inputs": {"lam": Fraction(1, 3), "L": 0.2}, "quantity": "Jacobian norm",
        "direction": "upper", "bound": 0.5, "measured": 0.25, "ci": (0.25, 0.25), "ratio": 0.5, "verdict": verdict,
        "replicates": 0, "seed": 0,
    }  # fmt: skip
    return Result(**(given | changes))


def strict_json(text):
    def refuse(token):
        raise AssertionError(f"{token} is not JSON")

    return json.loads(text, parse_constant=refuse)


def run_main(capsys, *arguments):
    status = main(list(arguments))
    captured = capsys.readouterr()
    return status, captured.out, captured.err


# --- status 0 and its documents ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ["list"],
        ["list", "--paper", "ferbach2024", "--quantity", "KL divergence"],
        *(["show", theorem.id] for theorem in bounds.catalog()),
        ["show", JACOBIAN, "--latex"],
        POINT,
        [*POINT, "--rigorous"],
        [*POINT, "--digits", "40"],
        ["eval", "ferbach2024.kl_ball_refined", "lam=1", "K=inf", "range=1", "t=3", "form=supremum"],
        ["eval", "bertrand2024.gaussian_collapse", "n=100:1e6:log5", "t=0:4:lin3", "sigma=1"],
        ["cite", JACOBIAN, "ferbach2024"],
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("as_json", [False, True])
def test_good_input(capsys, arguments, as_json):
    status, out, err = run_main(capsys, *arguments, *(["--json"] if as_json else []))
    assert (status, err) == (0, "")
    assert out
    if as_json:
        strict_json(out)
        assert "\x1b" not in out


def test_list_is_complete(capsys):
    _, out, _ = run_main(capsys, "list", "--json")
    assert [row["id"] for row in strict_json(out)["theorems"]] == [t.id for t in bounds.catalog()]
    _, out, _ = run_main(capsys, "list")
    assert all(t.id in out for t in bounds.catalog())


def test_show_keeps_brackets_of_domains(capsys):
    _, out, _ = run_main(capsys, "show", JACOBIAN)
    assert "[0, oo)" in out


def test_point(capsys):
    _, out, _ = run_main(capsys, *POINT, "--json")
    found = strict_json(out)
    exact = Fraction(8, 17)  # lam (a + e)/(a - lam (a + e)) = 0.096/0.204
    assert found["id"] == JACOBIAN
    assert math.isclose(found["value"], exact, rel_tol=1e-15)
    assert Fraction(found["lower"]) <= exact <= Fraction(found["upper"])
    assert found["hypotheses"][0]["holds"] is True
    assert found["informative"] is True
    assert found["inputs"] == {"lam": 0.3, "L": 0.2, "epsilon": 0.1, "curvature": 0.3}


def test_digits_enclose_in_decimals(capsys):
    _, out, _ = run_main(capsys, *POINT, "--digits", "30", "--json")
    found = strict_json(out)
    exact = Fraction(8, 17)
    assert found["value"] == "0.470588235294117647058823529412"
    assert Fraction(found["lower"]) <= exact <= Fraction(found["upper"])


def test_rational_inputs_are_kept(capsys):
    _, out, _ = run_main(
        capsys, "eval", "bertrand2024.normal_mean_loop", "data=reused", "alpha=3/4", "n=8", "t=2", "--json"
    )
    inputs = strict_json(out)["inputs"]
    assert inputs == {"data": "reused", "lam": "1/3", "n": 6, "t": 2}


def test_overflow_is_text(capsys):
    status, out, _ = run_main(
        capsys, "eval", "bertrand2024.finite_sample", "t=1", "rho=0", "distance0=1e308", "eps_opt=1e308", "A=0", "B=1",
        "delta=1/2", "n=1", "radius=inf", "--json",
    )  # fmt: skip
    assert status == 0
    strict_json(out)


def test_grid_is_the_outer_product(capsys):
    arguments = ["eval", JACOBIAN, "L=0.2", "epsilon=0.1"]
    _, out, _ = run_main(capsys, *arguments, "lam=0.1:0.9:lin9", "curvature=0.3:0.5:lin3", "--json")
    rows = strict_json(out)["rows"]
    assert len(rows) == 27
    for row in rows:
        lam, a = Fraction(str(row["inputs"]["lam"])), Fraction(str(row["inputs"]["curvature"]))
        holds = lam * (1 + Fraction(1, 50) / a) < Fraction(1, 2)
        assert row["hypotheses"][0]["holds"] is holds
        top = lam * (a + Fraction(1, 50))
        assert row["value"] is None if not holds else math.isclose(row["value"], top / (a - top), rel_tol=1e-12)


def test_grid_for_people_says_what_fails_and_what_is_uninformative(capsys):
    status, out, _ = run_main(capsys, "eval", JACOBIAN, "lam=0.1:0.9:lin9", "L=0.2", "epsilon=0.1", "curvature=0.3")
    assert status == 0
    assert out.count("fails: left side") == 5
    arguments = ["L=1", "epsilon=3", "curvature=1", "lam=0.1:2:lin3"]
    _, out, _ = run_main(capsys, "eval", "bertrand2024.jacobian_refined", *arguments)
    assert out.count("uninformative") == 2  # 0.1/1.1 * 4 is below 1


def test_citations_once_per_paper(capsys):
    _, out, _ = run_main(capsys, "cite", JACOBIAN, "bertrand2024.contraction", "bertrand2024")
    assert out.count("@inproceedings") == 1


def test_help_is_fast_and_lists_the_commands():
    command = [sys.executable, "-c", "import sys; from verify.cli import main; sys.exit(main(['--help']))"]
    subprocess.run(command, capture_output=True, check=True)
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    assert time.perf_counter() - start < 1.0
    assert all(name in done.stdout for name in ("list", "show", "eval", "verify", "cite"))
    code = "import sys, verify.cli; sys.exit(any(m in sys.modules for m in ('numpy', 'sympy', 'pandas', 'matplotlib')))"
    subprocess.run([sys.executable, "-c", code], check=True)


# --- status 2 ---------------------------------------------------------------------------------------------------------

BAD = {
    "unknown id": (["eval", "bertrand2024.jacobean", "lam=1"], "did you mean bertrand2024.jacobian?"),
    "unknown id to show": (["show", "bertrand2024.jacobean"], "did you mean bertrand2024.jacobian?"),
    "unknown id to cite": (["cite", "bertrand2025"], "bertrand2025"),
    "unknown id to verify": (["verify", "ferbach2024.kl_bal"], "did you mean ferbach2024.kl_ball?"),
    "unknown paper": (["list", "--paper", "x"], "bertrand2024"),
    "unknown quantity": (["list", "--quantity", "x"], "KL divergence"),
    "missing symbol": (POINT[:-1], "curvature (strong concavity"),
    "unknown symbol": ([*POINT, "lamb=1"], "lamb"),
    "outside its domain": ([*POINT[:2], "lam=-1", *POINT[3:]], "lam = -1; it must be a real number in [0, oo)"),
    "grid outside its domain": ([*POINT[:2], "lam=-1:1:lin3", *POINT[3:]], "lam = -1"),
    "not a number": ([*POINT[:2], "lam=x", *POINT[3:]], "lam = 'x' is not a number"),
    "given twice": ([*POINT, "lam=0.3"], "lam is given twice"),
    "given twice by an alias": ([*POINT, "lambda=0.3"], "lam is given twice"),
    "no value": ([*POINT, "lam"], "'lam' is not an argument; write name=value"),
    "empty value": ([*POINT, "lam="], "write name=value"),
    "no name": ([*POINT, "=3"], "write name=value"),
    "grid without spacing": ([*POINT[:2], "lam=0:1:5", *POINT[3:]], "lam=0:1:5".replace("=", " = ") + " is not a grid"),
    "grid with other spacing": ([*POINT[:2], "lam=0:1:exp5", *POINT[3:]], "is not a grid"),
    "grid without count": ([*POINT[:2], "lam=0:1:lin", *POINT[3:]], "is not a grid"),
    "grid of one point": ([*POINT[:2], "lam=0:1:lin1", *POINT[3:]], "has 1 points; give 2 to 100000"),
    "grid of words": ([*POINT[:2], "lam=a:b:lin3", *POINT[3:]], "'a' is not a number"),
    "infinite grid": ([*POINT[:2], "lam=0:inf:lin3", *POINT[3:]], "give finite numbers"),
    "descending grid": ([*POINT[:2], "lam=1:0:lin3", *POINT[3:]], "does not ascend"),
    "log grid from 0": ([*POINT[:2], "lam=0:1:log3", *POINT[3:]], "does not start above 0"),
    "grid too long": ([*POINT[:2], "lam=0:1:lin100001", *POINT[3:]], "100000"),
    "grids too large": (
        [*POINT[:2], "lam=0.1:1:lin1000", "L=0:1:lin1000", *POINT[4:]],
        "1000000 points; at most 100000",
    ),
    "digits 0": ([*POINT, "--digits", "0"], "--digits 0: give a whole number from 1 to 1000"),
    "digits 1001": ([*POINT, "--digits", "1001"], "--digits 1001"),
    "digits of words": ([*POINT, "--digits", "x"], "--digits"),
    "unknown option": ([*POINT, "--digit", "3"], "--digits"),
    "unknown command": (["evla"], "evla"),
    "no command": ([], "Missing command"),
    "no id": (["eval"], "Missing argument 'ID'"),
    "nothing to cite": (["cite"], "Missing argument"),
    "negative seed": (["verify", "ferbach2024.kl_ball", "--seed", "-1"], "seed = -1"),
    "one replicate": (["verify", "ferbach2024.kl_ball", "--replicates", "1"], "replicates = 1"),
    "no workers": (["verify", "ferbach2024.kl_ball", "--workers", "0"], "--workers 0"),
    "lam without data": (["verify", "--lam", "1"], "--lam goes with --data"),
    "scale without data": (["verify", "--scale", "1"], "--scale goes with --data"),
    "seed with data": (["verify", "--data", "x.csv:y", "--seed", "0"], "--seed does not go with --data"),
}


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize(("arguments", "expected"), BAD.values(), ids=BAD)
def test_bad_input_is_one_line(capsys, arguments, expected, as_json):
    status, out, err = run_main(capsys, *arguments, *(["--json"] if as_json and arguments else []))
    assert (status, out) == (2, "")
    assert err.count("\n") == 1
    assert err.startswith("loopbounds: ")
    assert expected in err


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=5))
def test_no_words_cause_a_fault(words):
    assert main(["eval", JACOBIAN, *(word for word in words if not word.startswith("-h"))]) in (2, 3)


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda path: path.write_text(""), "it is a file; name a directory"),
        (lambda path: None, "is not a directory; make it first"),
    ],
)
def test_unwritable_directory_is_found_before_the_work(capsys, monkeypatch, tmp_path, make, expected):
    monkeypatch.setattr(verify.runner, "run_checks", lambda *args, **kwargs: pytest.fail("ran all the same"))
    target = tmp_path / "target"
    make(target)
    out = target if target.exists() else target / "deeper"
    status, stdout, err = run_main(capsys, "verify", "ferbach2024.kl_ball", "--quick", "--out", str(out))
    assert (status, stdout) == (2, "")
    assert expected in err
    assert err.count("\n") == 1


def test_directory_that_refuses_files(capsys):
    if not Path("/proc/self").exists():
        pytest.skip("no file system that refuses files here")
    status, _, err = run_main(capsys, "verify", "ferbach2024.kl_ball", "--quick", "--out", "/proc/report")
    assert status == 2
    assert "cannot write the report to /proc/report" in err


# --- status 3 ---------------------------------------------------------------------------------------------------------


def test_failing_hypothesis(capsys):
    status, out, err = run_main(capsys, *OUTSIDE)
    assert (status, out) == (3, "")
    assert err == (
        "loopbounds: bertrand2024.jacobian says nothing here: hypothesis lam*(L*epsilon/curvature + 1) < 1/2 fails: "
        "left side 6, right side 0.5 (at L = 1, curvature = 1, epsilon = 1, lam = 3)\n"
    )
    status, out, err = run_main(capsys, *OUTSIDE, "--json")
    document = strict_json(out)
    assert status == 3
    assert [document[key] for key in ("value", "lower", "upper", "informative")] == [None] * 4
    assert document["hypotheses"][0]["holds"] is False
    assert err.count("\n") == 1


@pytest.mark.parametrize(("ratios", "status"), [("1:3:lin3", 3), ("0.1:3:lin3", 0)])
def test_grid_fails_only_where_no_row_holds(capsys, ratios, status):
    found, out, err = run_main(capsys, *OUTSIDE[:2], f"lam={ratios}", *OUTSIDE[3:], "--json")
    assert found == status
    assert len(strict_json(out)["rows"]) == 3
    assert bool(err) is (status == 3)


# --- verify: status 0, 1, 70, 130 -------------------------------------------------------------------------------------


@pytest.fixture
def stub_run(monkeypatch):
    def install(run):
        def run_checks(names, **options):
            if isinstance(run, BaseException):
                raise run
            return run

        monkeypatch.setattr(verify.runner, "run_checks", run_checks)

    return install


CAUGHT = ControlResult(JACOBIAN, "half the bound", True, 4, 2)
ESCAPED = ControlResult(JACOBIAN, "half the bound", False, 4, 0)
ID = "ferbach2024.kl_ball"


@pytest.mark.parametrize(
    ("run", "status", "said"),
    [
        (Run((result(),), (CAUGHT,), BUDGET, 0, "quick"), 0, ""),
        (Run((result(Verdict.INCONCLUSIVE),), (CAUGHT,), BUDGET, 0, "quick"), 0, ""),
        (
            Run((result(Verdict.VIOLATED, measured=0.75),), (CAUGHT,), BUDGET, 0, "quick"),
            1,
            "VIOLATED bertrand2024.jacobian",
        ),
        (Run((result(),), (ESCAPED,), BUDGET, 0, "quick"), 1, "control escaped: bertrand2024.jacobian"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (RuntimeError("out of\nluck"), 70, "RuntimeError: out of luck"),
    ],
)
@pytest.mark.parametrize("as_json", [False, True])
def test_status_of_verify(capsys, stub_run, run, status, said, as_json):
    stub_run(run)
    found, out, err = run_main(capsys, "verify", ID, *(["--json"] if as_json else []))
    assert found == status
    assert said in err
    assert err.count("\n") == bool(said)
    if not isinstance(run, Run):
        assert out == ""
    elif as_json:
        document = strict_json(out)
        assert {"results", "controls", "error_budget"} <= set(document)
        keys = {"id", "setting", "bound", "measured", "ci", "ratio", "verdict", "replicates", "seed"}
        assert keys <= set(document["results"][0])
        assert document["results"][0]["inputs"] == {"lam": "1/3", "L": 0.2}
    else:
        assert run.results[0].verdict.value in out


def test_failed_run_writes_nothing(capsys, stub_run, tmp_path):
    stub_run(KeyboardInterrupt())
    status, _, _ = run_main(capsys, "verify", ID, "--out", str(tmp_path / "report"))
    assert status == 130
    assert list(tmp_path.iterdir()) == []


def test_real_checks_on_workers_give_the_same_document(capsys):
    documents = [run_main(capsys, "verify", ID, "--quick", "--workers", str(w), "--json") for w in (1, 2)]
    assert documents[0] == documents[1]
    assert documents[0][0] == 0
    assert all(row["id"] == ID for row in strict_json(documents[0][1])["results"])


def test_broken_pipe_is_quiet():
    code = "import sys; from verify.cli import main; sys.exit(main(sys.argv[1:]))"
    grid = "eval bertrand2024.gaussian_collapse n=10:1000:lin400 t=1 sigma=1 --json"
    command = f'set -o pipefail; {sys.executable} -c "{code}" {grid} | head -1; echo ${{PIPESTATUS[0]}}'
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.split() == ["{", "0"]


# --- a user's data ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    lam: Fraction
    id: str
    relation: str
    holds: bool
    left: float
    right: float


@pytest.fixture
def stub_data(monkeypatch):
    asked = {}

    def check_data(spec, lambdas, scale):
        asked.update(spec=spec, lambdas=tuple(lambdas), scale=scale)
        rows = tuple(Row(lam, JACOBIAN, "lam < 1/2", lam < Fraction(1, 2), float(lam), 0.5) for lam in lambdas)
        run = Run(tuple(result(inputs={"lam": row.lam}) for row in rows if row.holds), (), BUDGET, 0, "data")
        return SimpleNamespace(
            source=spec, points=9, scale=2.0, theta_star=0.5, curvature=0.3, epsilon=0.1, lipschitz=0.2, run=run,
            hypotheses=rows,
        )  # fmt: skip

    monkeypatch.setitem(sys.modules, "verify.userdata", SimpleNamespace(check_data=check_data))
    return asked


def test_data(capsys, stub_data):
    arguments = ["verify", "bertrand2024", "--data", "x.csv:y", "--lam", "0.1,1/3", "--lam", "1", "--scale", "2"]
    status, out, err = run_main(capsys, *arguments)
    assert (status, err) == (0, "")
    assert stub_data == {"spec": "x.csv:y", "lambdas": (Fraction(1, 10), Fraction(1, 3), Fraction(1)), "scale": 2.0}
    assert [f"lam = {lam}" in out for lam in ("0.1", "1/3", "1")] == [True] * 3
    assert out.count("says nothing") == 1
    _, out, _ = run_main(capsys, *arguments, "--json")
    document = strict_json(out)
    assert (document["curvature"], len(document["hypotheses"]), len(document["results"])) == (0.3, 3, 2)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["ferbach2024", "--data", "x.csv:y"], "bertrand2024 only, not 'ferbach2024'"),
        (["bertrand2024.contraction", "--data", "x.csv:y"], "--data does not check bertrand2024.contraction"),
        (["--data", "x.csv:y", "--lam", "-1"], "--lam -1: give numbers from 0"),
        (["--data", "x.csv:y", "--lam", "0.1,,1"], "--lam"),
        (["--data", "x.csv:y", "--scale", "0"], "--scale 0.0: give a positive number"),
    ],
)
def test_bad_data_options(capsys, stub_data, arguments, expected):
    status, out, err = run_main(capsys, "verify", *arguments)
    assert (status, out) == (2, "")
    assert expected in err
    assert err.count("\n") == 1


def test_bad_data_files(capsys, tmp_path):
    pytest.importorskip("verify.userdata")
    words = tmp_path / "words.csv"
    words.write_text("a,b\n1,x\n2,y\n")
    for spec in (f"{words}:b", f"{words}:c", f"{tmp_path / 'none.csv'}:a", str(words), f"{tmp_path}:a"):
        status, out, err = run_main(capsys, "verify", "--data", spec)
        assert (status, out, err.count("\n")) == (2, "", 1)


def test_lambdas_come_once():
    assert read_lambdas(["1,0.5", "1/2"]) == (Fraction(1), Fraction(1, 2))


# --- grids and numbers ------------------------------------------------------------------------------------------------


def test_linear_grid_is_exact():
    assert read_grid("alpha", "0.1:0.9:lin9") == [Fraction(i, 10) for i in range(1, 10)]


def test_whole_grid_has_each_number_once():
    values = read_grid("n", "1:20:log50")
    assert values == sorted(set(values))
    assert (values[0], values[-1]) == (1, 20)
    assert all(v.denominator == 1 for v in read_grid("n_total", "1:10:lin4"))


@given(
    st.fractions(min_value="1e-9", max_value=10**9), st.fractions(min_value="1.01", max_value=10**9), st.integers(3, 40)
)
def test_log_grid_ascends_by_equal_factors(low, factor, count):
    values = read_grid("sigma", f"{low}:{low * factor}:log{count}")
    assert (values[0], values[-1], len(values)) == (low, low * factor, count)
    for i, value in enumerate(values):
        assert math.isclose(value, float(low) * float(factor) ** (i / (count - 1)), rel_tol=1e-9)


@given(st.fractions() | st.floats() | st.integers())
def test_json_round_trip(value):
    read = strict_json(json_text({"x": value}))["x"]
    if isinstance(value, float):
        assert read is None if math.isnan(value) else float(read) == value
    else:
        assert Fraction(str(read)) == value


def test_json_of_other_things():
    import numpy as np

    assert to_json({"a": np.array([1.0, math.inf]), "b": np.int64(3), "c": np.bool_(True), "d": mpmath.mpf(2)}) == {
        "a": [1.0, "inf"], "b": 3, "c": True, "d": "2.0",
    }  # fmt: skip


@given(st.floats(min_value=-1e30, max_value=1e30), st.integers(1, 40))
def test_decimals_are_rounded_to_their_side(value, digits):
    number = mpmath.mpf(value)
    down, nearest, up = (Decimal(decimal_text(number, digits, side)) for side in (-1, 0, 1))
    assert down <= Decimal(value) <= up
    assert down <= nearest <= up
    if value:
        assert up - down <= Decimal(10) ** (nearest.adjusted() - digits + 2)
        assert len(nearest.as_tuple().digits) == digits or 0 < abs(value) < 1

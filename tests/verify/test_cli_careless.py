"""The command line in careless hands: odd files, closed streams, small character sets, contradictions."""

import io
import json
import os
import re
import shlex
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import typer.testing

from verify.cli import app, main
from verify.cli_examples import EXAMPLES
from verify.cli_files import require_file, write_whole
from verify.cli_verify import Options, _command
from verify.cli_waiting import waiting

COMMANDS = sorted(command.name for command in app.registered_commands)
BALL = ["ferbach2024.kl_ball", "K=4", "lam=0.1"]
RUN = "from verify.cli import main; raise SystemExit(main())"


def run_main(capsys, *arguments):
    status = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def refused(capsys, message, *arguments):
    status, out, err = run_main(capsys, *arguments)
    assert (status, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1


def names():
    return sorted(path.name for path in Path().iterdir())


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Return an empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


# --- help -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(command, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    text = typer.testing.CliRunner().invoke(app, [command, "--help"]).stdout
    assert len(re.findall(rf"loopbounds {command} ", text)) > 1
    for line in EXAMPLES.get(command, ()):
        assert f"Example: {line}" in text


@pytest.mark.parametrize(
    "line", [line for name in ("list", "show", "eval", "cite", "audit") for line in EXAMPLES[name]]
)
def test_examples_run(line, capsys):
    assert run_main(capsys, *shlex.split(line)[1:])[0] == 0


@pytest.mark.parametrize("name", ["solve", "compare", "power", "explore"])
def test_slow_examples_run(name, capsys, here):
    for line in EXAMPLES[name]:
        assert run_main(capsys, *shlex.split(line)[1:])[0] == 0


def test_complaint_names_the_help_of_the_command(capsys):
    refused(capsys, "(see loopbounds cite --help)", "cite")
    refused(capsys, "(see loopbounds --help)", "--bogus")


def test_version(capsys):
    import bounds

    assert run_main(capsys, "--version") == (0, f"loopbounds {bounds.__version__}\n", "")


def test_a_paper_is_no_theorem(capsys):
    refused(capsys, "loopbounds list --paper fu2024", "show", "fu2024")


# --- what is written --------------------------------------------------------------------------------------------------

WRITERS = [
    ["table", *BALL],
    ["explore"],
    ["power", BALL[0], "--quick"],
    ["audit-loop", "loop.npz"],
]


@pytest.mark.parametrize("command", WRITERS, ids=lambda words: words[0])
@pytest.mark.parametrize(
    ("out", "message"),
    [
        ("", "name the file to write"),
        (".", "that is a directory"),
        ("missing/a.md", "there is no directory missing"),
        ("pipe", "no ordinary file"),
        ("a.md/b.md", "there is no directory a.md"),
    ],
)
def test_what_cannot_be_written_is_refused(command, out, message, capsys, here):
    os.mkfifo("pipe")
    Path("a.md").write_text("old")
    refused(capsys, message, *command, "--out", out)
    assert names() == ["a.md", "pipe"]
    assert Path("pipe").is_fifo()


def test_file_that_standard_output_goes_to_is_refused(here):
    with Path("a.md").open("w") as stream:
        found = subprocess.run(
            [sys.executable, "-c", RUN, "table", *BALL, "--out", "a.md"],
            stdout=stream,
            stderr=subprocess.PIPE,
            timeout=60,
        )
    assert found.returncode == 2
    assert b"what is printed goes there" in found.stderr


def test_file_is_replaced_whole_and_keeps_its_mode(here):
    file = Path("a.md")
    file.write_text("old")
    file.chmod(0o640)
    Path("link.md").symlink_to(file)
    write_whole(Path("link.md"), "new \udcff")
    assert file.read_text() == "new \\udcff"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert Path("link.md").is_symlink()
    assert require_file("a.md") == file
    assert names() == ["a.md", "link.md"]


def test_nothing_is_left_of_what_could_not_be_written(here, monkeypatch):
    Path("a.md").write_text("old")

    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", stopped)
    with pytest.raises(KeyboardInterrupt):
        write_whole(Path("a.md"), "new")
    assert names() == ["a.md"]
    assert Path("a.md").read_text() == "old"


def test_format_and_ending(capsys, here):
    refused(capsys, "the ending .docx tells no format", "table", *BALL, "--out", "a.docx")
    refused(capsys, "contradict each other", "table", *BALL, "--out", "a.tex", "--format", "csv")
    assert run_main(capsys, "table", *BALL, "--out", "a.txt", "--format", "csv")[0] == 0
    assert run_main(capsys, "table", *BALL, "--out", "a.htm", "--format", "html")[0] == 0
    assert names() == ["a.htm", "a.txt"]


# --- values -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["table", ""], "'' is neither a paper"),
        (["table", "--compare", "n=1e400"], "up to 1e100 points"),
        (["table", "--compare", "n=1000", "lam=1e400"], "up to 1e100 points"),
        (["table", "--compare", "n=1000", "s=1000"], "give c as well"),
        (["verify", BALL[0], "--quick", "--workers", "999999"], "--workers 999999: this machine has"),
        (["power", BALL[0], "--quick", "--workers", "999999"], "--workers 999999: this machine has"),
        (["power", "ferbach2024.kl_bal"], "did you mean ferbach2024.kl_ball?"),
        (["power", "lemma.hoeffding"], "there is no check of it"),
        (["verify", BALL[0], "--quick", "--dask", "nope"], "write the address of the Dask scheduler"),
        (["verify", BALL[0], "--quick", "--dask", ""], "write the address of the Dask scheduler"),
        (["verify", BALL[0], "--quick", "--out", ""], "--out '': name a directory"),
        (["verify", BALL[0], "--quick", "--store", ""], "--store '': name a file"),
        (["verify", "--data", "data.csv:x", "--lam", "1e400"], "--lam 1e400: give numbers from 0 to 1e100"),
        (["verify", "--data", "data.csv:x", "--scale", "1e-300"], "beyond what doubles can hold"),
        (["compare", BALL[0], BALL[0], "--seed", "-1"], "--seed"),
        (["audit-loop", "loop.npz", "--column", "z"], "--column names columns of a table"),
        (["audit", BALL[0], "law=N(0, 1)"], "takes no law; these do"),
        (["audit-loop", "table.csv", "--column", "x,x"], "'x' is named twice"),
        (["audit-loop", "loop.npz", "--range=-1e300:1e300"], "give numbers up to 1e100"),
        (
            ["compare", BALL[0], BALL[0], "K=4", "lam=0:1e400"],
            "lam ends at 1e+400; a range ends at numbers up to 1e300",
        ),
        (["eval", BALL[0], "K=4", "lam=1e-5000"], "between 1e-1000 and 1e1000"),
        (["eval", BALL[0], "K=4", "lam=" + "1" * 5000], "at most 1000 digits"),
        (["plot", ""], "'' is no directory, file or theorem"),
        (["plot", BALL[0], "K=4", "lam=0:0.3:lin3", "--out", ""], "--out '': name the directory"),
        (["plot", BALL[0], "K=1e400", "lam=0:0.3:lin3"], "K goes beyond 1e308"),
        (["plot", BALL[0], "K=4", "lam=0:1e400:lin3"], "lam goes beyond 1e308"),
        (["plot", BALL[0], "K=2,1e400", "lam=0:0.3:lin3"], "K goes beyond 1e308"),
        (["plot", "bertrand2024.normal_mean_loop", "n=2:9:lin3", "t=3", "alpha=1", "data=fresh,reused"], "give one"),
        (["plot", "data.csv"], "it is no JSON document"),
        (["plot", "loop.npz"], "it is no text"),
        (
            ["solve", "fu2024.recursion", "--for", "weights", "--target", "1", "e=0.1"],
            "--for weights: that is no number",
        ),
        (["table", "data.csv", "data.csv"], "tabulate it alone, and once"),
        (["table", "fu2024.kde_loop", "law=N(0, 1)"], "a table takes no law; `loopbounds eval` does"),
        (["table", "--compare", "foo=1"], "`loopbounds show ID` tells what a theorem takes"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_values_out_of_reach(words, message, capsys, here):
    Path("data.csv").write_text("x\n" + "\n".join(map(str, range(20))))
    Path("table.csv").write_text("x,generation\n" + "".join(f"{i},{i % 2}\n" for i in range(80)))
    np.savez("loop.npz", real=np.arange(30.0), generation_1=np.arange(30.0))
    refused(capsys, message, *words)


def test_numbers_beyond_doubles_are_exact_in_json(capsys):
    status, out, _ = run_main(capsys, "eval", BALL[0], "K=4", "lam=1e-900", "--json")
    assert status == 0
    assert json.loads(out)["inputs"]["lam"] == f"1/{10**900}"


def test_law_is_echoed_exactly(capsys):
    words = ["fu2024.kde_loop", "law=N(0.123456789, 1/3)", "t=1", "alpha=0.5", "h=1", "n=100"]
    status, out, _ = run_main(capsys, "eval", *words, "--json")
    assert status == 0
    assert json.loads(out)["inputs"]["law"] == "N(0.123456789, 1/3)"


def test_numbers_of_any_length_are_printed_and_the_limit_is_kept(capsys, monkeypatch):
    import verify.cli_catalog
    from verify.cli_output import Reply

    usual = sys.get_int_max_str_digits()
    monkeypatch.setattr(verify.cli_catalog, "cite", lambda _: Reply({"value": 10**6000}, lambda console: None))
    status, out, _ = run_main(capsys, "cite", "fu2024", "--json")
    assert status == 0
    assert len(json.loads(out)["value"]) == 6001
    assert sys.get_int_max_str_digits() == usual


def test_comparison_without_real_points_or_beyond_doubles(capsys):
    for words, remark in (
        (["alpha=0", "n=100"], "no real points: n, which counts them, is 0"),
        (["t=1e400", "n=100"], "too large to tell"),
    ):
        status, out, _ = run_main(capsys, "table", "--compare", "fu2024.kde_loop", "fu2024.phase_transition", *words)
        assert status == 0
        assert remark in out


def test_long_grid_is_not_cut(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "30")
    status, out, _ = run_main(capsys, "eval", BALL[0], "K=4", "lam=0:0.5:lin2001")
    assert status == 0
    lines = out.splitlines()
    assert len(lines) == 2003
    assert lines[1].split() == ["lam", "value"]
    assert lines[-1].split(maxsplit=1) == ["0.5", "lam*(K - 1) < 1 fails: left side 1.5, right side 1"]
    assert not any(line.endswith(" ") for line in lines)


def test_audit_takes_a_law(capsys):
    status, out, _ = run_main(capsys, "audit", "fu2024.recursion", "weights=[[1], [0.5, 0.5]]", "--json")
    found = json.loads(out)
    assert status == 0
    assert found["given"] == {"weights": "[[1], [0.5, 0.5]]"}
    assert found["audits"][0]["expression"] == "3*e/2"


@pytest.mark.parametrize(
    ("text", "message"), [("raise SystemExit(0)", "it ends the program"), ("print('hello')\n1/0", "division by zero")]
)
def test_theorem_files_cannot_end_or_garble_a_command(text, message, capsys, here):
    Path("mine.py").write_text(text)
    status, out, err = run_main(capsys, "--theorems", "mine.py", "list", "--json")
    assert (status, out) == (2, "")
    assert message in err


# --- streams ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def odd_file(here):
    """Return the name of a file of samples that is not valid UTF-8."""
    name = os.fsdecode(b"b\xff.npz")
    try:
        with Path(name).open("wb") as stream:
            np.savez(stream, real=np.arange(30.0), generation_1=np.arange(30.0))
    except OSError:
        pytest.skip("this file system has no such names")
    return name


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
def test_any_character_on_any_terminal(odd_file, encoding, monkeypatch):
    for extra in ([], ["--json"]):
        raw = io.BytesIO()
        with monkeypatch.context() as patched:
            patched.setattr(sys, "stdout", stream := io.TextIOWrapper(raw, encoding=encoding, errors="strict"))
            assert main(["audit-loop", odd_file, *extra]) == 0
            assert main(["table", *BALL, *extra]) == 0
            stream.flush()
        text = raw.getvalue().decode(encoding)
        assert "KL divergence" in text
        if extra:
            first, end = json.JSONDecoder().raw_decode(text)
            second = json.loads(text[end:])
            assert first["samples"] == odd_file
            assert "≤" in second["tables"][0]["caption"]


def test_document_of_an_odd_file_is_text(odd_file, capsys):
    assert run_main(capsys, "audit-loop", odd_file, "--out", "a.json")[0] == 0
    assert json.loads(Path("a.json").read_text(encoding="utf-8"))["samples"] == odd_file
    assert names() == ["a.json", odd_file]


def test_command_in_the_report_is_text():
    _command([], Options(data=os.fsdecode(b"\xff.csv:x"))).encode("utf-8")


def test_closed_and_full_output():
    closed = subprocess.run(
        ["sh", "-c", 'exec "$0" -c "$1" list >&-', sys.executable, RUN], capture_output=True, timeout=60, check=False
    )
    assert closed.returncode == 2
    assert closed.stderr == b"loopbounds: cannot write to standard output: it is closed\n"
    full = Path("/dev/full")
    if not full.is_char_device():
        pytest.skip("there is no device that is always full")
    for words in (["list"], ["list", "--help"]):
        with full.open("w") as stream:
            found = subprocess.run(
                [sys.executable, "-c", RUN, *words], stdout=stream, stderr=subprocess.PIPE, timeout=60
            )
        assert found.returncode == 2
        assert b"No space left" in found.stderr
        assert found.stderr.count(b"\n") == 1


def test_reader_of_the_help_that_leaves():
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as stream:
        found = subprocess.run(
            [sys.executable, "-c", RUN, "verify", "--help"], stdout=stream, stderr=subprocess.PIPE, timeout=60
        )
    assert (found.returncode, found.stderr) == (0, b"")


def test_interrupt_that_a_library_hid(capsys, monkeypatch):
    import verify.cli_catalog

    def interrupted(*_):
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt as error:
            raise SystemError("returned a result with an exception set") from error

    monkeypatch.setattr(verify.cli_catalog, "cite", interrupted)
    assert run_main(capsys, "cite", "fu2024") == (130, "", "loopbounds: interrupted\n")


@pytest.mark.parametrize(
    ("work", "command"),
    [("verify.tables.formats.render", WRITERS[0]), ("verify.explore.build_page", WRITERS[1])],
)
def test_interrupted_work_leaves_nothing(work, command, capsys, here, monkeypatch):
    def interrupted(*_):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(10)

    monkeypatch.setattr(work, interrupted)
    # A shell that starts the tests in the background has them ignore the signal.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        assert run_main(capsys, *command, "--out", "a.out.md") == (130, "", "loopbounds: interrupted\n")
    finally:
        signal.signal(signal.SIGINT, before)
    assert names() == []


# --- waiting ----------------------------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_seconds_are_counted_on_a_terminal_only(monkeypatch):
    monkeypatch.setattr("verify.cli_waiting.PATIENCE", 0.05)
    for stream, wanted, shown in ((Terminal(), True, True), (Terminal(), False, False), (io.StringIO(), True, False)):
        with monkeypatch.context() as patched:
            patched.setattr(sys, "stderr", stream)
            with waiting(wanted, "solving"):
                time.sleep(0.2)
        assert ("solving: " in stream.getvalue()) is shown
        assert stream.getvalue().endswith("\r\x1b[K") is shown


def test_nothing_is_shown_of_what_is_fast(monkeypatch):
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    with waiting(True, "solving"):
        pass
    assert stream.getvalue() == ""

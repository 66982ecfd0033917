"""The file of a run: every kind of evidence comes back to the bit, and only the same design is resumed."""

from __future__ import annotations

import math
import sqlite3
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bounds import ArgumentError, DataError
from verify import evidence as kinds
from verify.evidence import (
    BoundedSample,
    Computed,
    DistanceSample,
    Evidence,
    Indicators,
    KnownVarianceSample,
    NonnegativeSample,
    QuantileSample,
    Slope,
    Verdict,
)
from verify.evidence.looks import Peeked
from verify.evidence.rows import decode, encode
from verify.results import ControlResult, Failure, Result, Run
from verify.store import Design, opened

DESIGN = Design.of(("a.b", "c.d"), 12, 2000, None, 7)
KIND = [
    Computed(math.pi, 5e-324),
    Indicators(3, 10),
    BoundedSample(np.array([0.1, -0.0, 1 / 3]), low=-1.0, high=1.0),
    NonnegativeSample(np.array([0.0, 5e-324, 1.7e308])),
    KnownVarianceSample(np.array([-1e300, 0.1]), variance=1 / 3),
    QuantileSample(np.array([3.0, 1.0, 2.0]), 0.9),
    QuantileSample(np.array([3.0, 1.0, 2.0]), 0.9, np.array([0.1, 1 / 3, 0.0])),
    DistanceSample(np.array([0.1, 1 / 3]), np.array([0.0, 1e-5]), proxy=math.inf),
    Slope(
        np.array([10.0, 20.0]),
        (Computed(0.1, 0.0), DistanceSample(np.array([0.2, 1 / 3]), np.zeros(2), proxy=0.1)),
    ),
]


def bits(evidence: Evidence) -> tuple[object, ...]:
    if isinstance(evidence, Peeked):
        return ("peeked", evidence.looks, *bits(evidence.evidence))
    return (type(evidence).__name__, *(part_bits(part) for part in vars(evidence).values()))


def part_bits(part: object) -> object:
    if isinstance(part, np.ndarray):
        return part.tobytes()
    if isinstance(part, tuple):
        return tuple(bits(one) for one in part)
    return struct.pack("d", part) if isinstance(part, float) else part


def test_every_kind_of_evidence_has_an_example_here() -> None:
    concrete = {
        name
        for name in kinds.__all__
        if isinstance(kind := getattr(kinds, name), type) and issubclass(kind, Evidence) and kind is not Evidence
    }
    assert concrete == {type(example).__name__ for example in KIND}


@pytest.mark.parametrize("example", [*KIND, Peeked(KIND[4], 3)], ids=lambda e: type(e).__name__)
def test_evidence_comes_back_to_the_bit(example: Evidence) -> None:
    assert bits(decode(*encode(example))) == bits(example)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=20), st.floats(1e-300, 1e300), st.integers(1, 9))
def test_any_sample_comes_back_to_the_bit(values: list[float], variance: float, looks: int) -> None:
    example = Peeked(KnownVarianceSample(np.array(values), variance), looks)
    assert bits(decode(*encode(example))) == bits(example)


def test_evidence_of_another_kind_is_refused() -> None:
    class Other(Computed.__base__):  # type: ignore[name-defined, misc]
        estimate = 0.0
        _lower = _upper = lambda self, level: 0.0

    with pytest.raises(ArgumentError, match="kind Other cannot be kept"):
        encode(Other())
    with pytest.raises(DataError, match="'Other' is not known"):
        decode("Other", None, "{}", None)


def test_damaged_rows_and_pickles_are_refused() -> None:
    kind, looks, numbers, arrays = encode(KIND[2])
    assert arrays is not None
    middle = arrays.index(struct.pack("d", 1 / 3))
    for damaged in (arrays[:-30], arrays[:middle] + b"\0\0\0" + arrays[middle + 3 :], b""):
        with pytest.raises(DataError, match="damaged"):
            decode(kind, looks, numbers, damaged)
    with pytest.raises(DataError, match="damaged"):
        decode(kind, looks, '{"low": "0x0p+0"}', arrays)
    import io

    buffer = io.BytesIO()
    np.savez(buffer, values=np.array([print], dtype=object))
    with pytest.raises(DataError, match="damaged"):
        decode(kind, looks, numbers, buffer.getvalue())


def failure(index: int | None) -> Failure:
    return Failure("a.b", index, "measurement", 2**80, "ValueError: no", "Traceback ...")


def test_what_is_saved_is_there_when_resumed(tmp_path: Path) -> None:
    path = tmp_path / "new" / "run.sqlite"
    with opened(path, DESIGN) as store:
        for index, example in enumerate(KIND):
            store.save("a.b", index, example)
        store.fail(failure(9))
        store.fail(failure(None))
    with opened(path, DESIGN, resume=True) as store:
        found = store.evidence()
        assert [bits(found["a.b", i]) for i in range(len(KIND))] == [bits(example) for example in KIND]
        assert store.failures() == (failure(None), failure(9))
        store.save("a.b", 9, KIND[0])
        assert store.failures() == (failure(None),)
    assert [p.name for p in path.parent.iterdir()] == ["run.sqlite"]  # one file, nothing beside it


def test_finished_results_can_be_read_with_sql(tmp_path: Path) -> None:
    result = Result("a.b", "s", {"n": 3}, "q", "upper", 1.0, 0.5, (0.1, math.inf), math.nan, Verdict.CONSISTENT, 9, 7)
    control = ControlResult("a.b", "half", True, 1, 1)
    run = Run((result,), (control,), {"total": 1e-3, "tests": 1, "per_test": 1e-3}, 7, "quick", (failure(1),))
    with opened(tmp_path / "run.sqlite", DESIGN) as store:
        store.finish(run)
    connection = sqlite3.connect(tmp_path / "run.sqlite")
    (row,) = connection.execute("SELECT id, inputs, ci_upper, ratio, verdict FROM results").fetchall()
    assert row == ("a.b", '{"n": 3}', math.inf, None, "CONSISTENT")
    assert connection.execute("SELECT name, caught FROM controls").fetchall() == [("half", 1)]
    assert connection.execute("SELECT setting, error FROM failures").fetchall() == [(1, "ValueError: no")]
    connection.close()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"seed": 8}, "seed was 7, now 8"),
        ({"replicates": 9, "seed": 8}, "replicates was 2000, now 9; seed was 7, now 8"),
        ({"max_replicates": 4000}, "max_replicates was null, now 4000"),
        ({"theorems": ("a.b",)}, "theorems was"),
        ({"program": "0.0.0"}, "program was"),
        ({"source": "0" * 64}, "source files have changed"),
        ({"libraries": "NumPy 1"}, "libraries was"),
    ],
)
def test_another_design_is_not_resumed(tmp_path: Path, change: dict[str, object], said: str) -> None:
    path = tmp_path / "run.sqlite"
    with opened(path, DESIGN) as store:
        store.save("a.b", 0, KIND[0])
    with pytest.raises(DataError, match=said), opened(path, replace(DESIGN, **change), resume=True):
        pass
    with opened(path, DESIGN, resume=True) as store:
        assert len(store.evidence()) == 1


def test_an_unfinished_run_is_not_overwritten_and_a_complete_one_is(tmp_path: Path) -> None:
    path = tmp_path / "run.sqlite"
    with opened(path, DESIGN) as store:
        store.save("a.b", 0, KIND[0])
    with pytest.raises(DataError, match="unfinished run; go on with --resume"), opened(path, DESIGN):
        pass
    with opened(path, DESIGN, resume=True) as store:
        assert len(store.evidence()) == 1
        store.finish(Run((), (), {"total": 1e-3, "tests": 0, "per_test": 0.0}, 7, "quick"))
    with opened(path, replace(DESIGN, seed=8)) as store:
        assert not store.evidence()


def test_other_files_stay_as_they_are(tmp_path: Path) -> None:
    text, other, empty = tmp_path / "notes.txt", tmp_path / "other.sqlite", tmp_path / "empty.sqlite"
    text.write_text("not a database, and long enough to be told from an empty one " * 20)
    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE design (name, value)")
    connection.commit()
    connection.close()
    for path, said in ((text, "not a database"), (other, "not a run of this program"), (tmp_path, "unable to open")):
        before = path.read_bytes() if path.is_file() else b""
        for resume in (False, True):
            with pytest.raises(DataError, match=said), opened(path, DESIGN, resume=resume):
                pass
        assert (path.read_bytes() if path.is_file() else b"") == before
    empty.touch()
    with opened(empty, DESIGN, resume=True) as store:
        assert not store.evidence()
    with pytest.raises(DataError, match="cannot use"), opened(tmp_path / "no" / "where" / "run.sqlite", DESIGN):
        pass


def test_one_writer_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("verify.store._SECONDS_TO_WAIT", 0.05)
    path = tmp_path / "run.sqlite"
    busy = pytest.raises(DataError, match="another process is writing")
    with opened(path, DESIGN), busy, opened(path, DESIGN, resume=True):
        pass
    with opened(path, DESIGN, resume=True):
        pass

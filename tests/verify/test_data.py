"""Real laws against mpmath, enumeration and sampling; CSV columns and their error messages."""

from __future__ import annotations

import csv
import pickle
from collections import Counter
from pathlib import Path

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from bounds.errors import ArgumentError, DataError
from verify.data import EmpiricalLaw, NormalMixture, read_column

NILE = Path(__file__).parents[2] / "examples" / "nile.csv"
MIXTURES = [
    NormalMixture.normal(0.5, 2.0),
    NormalMixture((0.3, 0.7), (-2.0, 3.0), (0.5, 2.0)),
    NormalMixture((0.05, 0.9, 0.05), (-8.0, 0.0, 4.0), (0.1, 1.0, 3.0)),
]


def mp_pdf(law: NormalMixture, x: mp.mpf) -> mp.mpf:
    return mp.fsum(w * mp.npdf(x, m, s) for w, m, s in zip(law.weights, law.means, law.stds, strict=True))


def mp_integral(law: NormalMixture, function) -> mp.mpf:
    """Integral of ``function * pdf``, broken where the components live."""
    breaks = sorted({m + k * s for m, s in zip(law.means, law.stds, strict=True) for k in (-40, -8, -2, 0, 2, 8, 40)})
    return mp.quad(lambda x: function(x) * mp_pdf(law, x), breaks)


@pytest.mark.parametrize("law", MIXTURES)
def test_mixture_density_and_moments_match_mpmath(law: NormalMixture) -> None:
    for x in (-7.9, -1.0, 0.0, 3.3):
        assert law.pdf(x) == pytest.approx(float(mp_pdf(law, mp.mpf(x))), rel=1e-13)
    mean = mp_integral(law, lambda x: x)
    assert mp_integral(law, lambda x: mp.mpf(1)) == pytest.approx(1, abs=1e-12)
    assert law.mean == pytest.approx(float(mean), rel=1e-12)
    assert law.variance == pytest.approx(float(mp_integral(law, lambda x: (x - mean) ** 2)), rel=1e-11)


@pytest.mark.parametrize("law", MIXTURES)
@pytest.mark.parametrize("x", [-30.0, -5.0, 0.0, 1.0, 25.0])
def test_mixture_tails_keep_their_relative_accuracy(law: NormalMixture, x: float) -> None:
    with mp.workdps(40):
        parts = list(zip(law.weights, law.means, law.stds, strict=True))
        lower = mp.fsum(w * mp.erfc((m - x) / (s * mp.sqrt(2))) / 2 for w, m, s in parts)
        upper = mp.fsum(w * mp.erfc((x - m) / (s * mp.sqrt(2))) / 2 for w, m, s in parts)
    assert law.cdf(x) == pytest.approx(float(lower), rel=1e-12, abs=1e-300)
    assert law.sf(x) == pytest.approx(float(upper), rel=1e-12, abs=1e-300)


@pytest.mark.parametrize("law", MIXTURES)
def test_quantile_inverts_the_distribution_function(law: NormalMixture) -> None:
    p = np.array([1e-300, 1e-12, 1e-3, 0.25, 0.5, 0.75, 0.999, 1 - 1e-12])
    x = law.quantile(p)
    np.testing.assert_allclose(law.cdf(x)[:5], p[:5], rtol=1e-11)
    np.testing.assert_allclose(law.sf(x)[5:], 1 - p[5:], rtol=1e-11)
    assert law.quantile([0.0, 1.0]).tolist() == [-np.inf, np.inf]
    assert law.quantile(0.5).shape == ()
    assert law.quantile(np.full((2, 3), 0.2)).shape == (2, 3)


@given(st.floats(0.01, 0.99), st.floats(-50, 50), st.floats(0.01, 20))
@settings(max_examples=40, deadline=None)
def test_quantile_of_one_normal_law_is_scipys(p: float, mean: float, std: float) -> None:
    assert NormalMixture.normal(mean, std).quantile(p) == pytest.approx(stats.norm.ppf(p, mean, std), abs=1e-11)


@pytest.mark.parametrize("law", MIXTURES)
def test_mixture_samples_follow_the_law(law: NormalMixture) -> None:
    draws = law.sample(np.random.default_rng(1), 20_000)
    # False alarm level 1e-6 by the Dvoretzky-Kiefer-Wolfowitz inequality with Massart's constant.
    limit = np.sqrt(np.log(2 / 1e-6) / (2 * draws.size))
    assert stats.kstest(draws, law.cdf).statistic < limit
    assert law.sample(np.random.default_rng(1), (3, 4)).shape == (3, 4)
    np.testing.assert_array_equal(draws, law.sample(np.random.default_rng(1), 20_000))


def test_mixture_is_hashable_and_equal_by_value() -> None:
    first, second = (NormalMixture([0.5, 0.5], np.array([0, 1]), (1, 1)) for _ in range(2))
    assert first == second
    assert hash(first) == hash(second)
    assert pickle.loads(pickle.dumps(first)) == first


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (((), (), ()), "at least one"),
        (((1.0,), (0.0, 1.0), (1.0,)), "2 means"),
        (((0.5, 0.4), (0, 1), (1, 1)), "sum to 1"),
        (((1.5, -0.5), (0, 1), (1, 1)), "positive"),
        (((1.0,), (0.0,), (0.0,)), "stds"),
        (((1.0,), (float("nan"),), (1.0,)), "finite"),
    ],
)
def test_bad_mixtures_are_refused(arguments: tuple, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        NormalMixture(*arguments)


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
def test_probabilities_outside_the_unit_interval_are_refused(p: float) -> None:
    for law in (MIXTURES[0], EmpiricalLaw([0.0, 1.0])):
        with pytest.raises(ArgumentError, match=r"\[0, 1\]"):
            law.quantile(p)


@pytest.mark.parametrize("scale", [0.0, -1.0, float("inf"), float("nan")])
def test_bad_scales_are_refused(scale: float) -> None:
    for law in (MIXTURES[0], EmpiricalLaw([0.0, 1.0])):
        with pytest.raises(ArgumentError, match="scale"):
            law.in_units_of(scale)


@given(st.lists(st.integers(-5, 5), min_size=2, max_size=12).filter(lambda v: len(set(v)) > 1))
@settings(max_examples=60, deadline=None)
def test_empirical_law_agrees_with_enumeration(values: list[int]) -> None:
    law, n = EmpiricalLaw(values), len(values)
    assert law.mean == pytest.approx(sum(values) / n)
    assert law.variance == pytest.approx(sum(v * v for v in values) / n - (sum(values) / n) ** 2, abs=1e-12)
    counts = Counter(values)
    assert dict(zip(law.atoms, law.masses, strict=True)) == {v: pytest.approx(c / n) for v, c in counts.items()}
    for x in (-5.5, -1.0, 0.0, 2.0, 5.0):
        assert law.cdf(x) == sum(v <= x for v in values) / n
    for k in range(1, n + 1):
        assert law.quantile(k / n) == sorted(values)[k - 1]
    assert law.quantile(0.0) == min(values)


def test_empirical_law_keeps_ties_and_ignores_order() -> None:
    law = EmpiricalLaw([2, 1, 2, 2])
    assert law.values.tolist() == [1, 2, 2, 2]
    assert law.masses.tolist() == [0.25, 0.75]
    assert law.mean == 1.75


def test_empirical_law_cannot_be_changed_from_outside() -> None:
    data = np.array([0.0, 1.0])
    law = EmpiricalLaw(data)
    data[0] = 7.0
    assert law.values[0] == 0.0
    with pytest.raises(ValueError, match="read-only"):
        law.values[0] = 1.0


def test_empirical_samples_follow_the_masses() -> None:
    draws = EmpiricalLaw([0.0, 1.0, 1.0, 5.0]).sample(np.random.default_rng(2), 20_000)
    for value, mass in ((0.0, 0.25), (1.0, 0.5), (5.0, 0.25)):
        count = int(np.count_nonzero(draws == value))
        assert stats.binomtest(count, draws.size, mass).pvalue > 1e-6


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([], "0 data values"),
        ([1.0], "1 data value given"),
        ([1.0, float("inf"), float("nan")], "2 of 3"),
        ([3.0, 3.0, 3.0], "equal 3.0"),
        ([[1.0, 2.0], [3.0, 4.0]], "shape"),
    ],
)
def test_bad_samples_are_refused(values: list, message: str) -> None:
    with pytest.raises(DataError, match=message):
        EmpiricalLaw(values)


def test_nile_flow_has_its_published_moments() -> None:
    law = read_column(f"{NILE}:volume")
    assert law.values.size == 100
    assert law.mean == pytest.approx(919.35, abs=1e-12)
    assert law.variance * 100 / 99 == pytest.approx(28637.94697, abs=1e-4)
    with NILE.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["year"]) for row in rows] == list(range(1871, 1971))
    assert sorted(float(row["volume"]) for row in rows) == law.values.tolist()


def column_x(folder: Path, text: str, encoding: str = "utf-8") -> str:
    """Write a file and name its column x."""
    path = folder / "data.csv"
    path.write_bytes(text.encode(encoding))
    return f"{path}:x"


@pytest.mark.parametrize(
    "text",
    [
        "a,x\n1,3\n2,1.5\n",
        "\ufeffx,a\n3,1\n1.5,2\n",
        "a,x\r\n1,3\r\n2,1.5\r\n\r\n\n",
        'a, x \n"one, two", 3\nother,"1.5"\n , \n',
        "a,x\n1,3e0\n\n2,+1.5",
    ],
)
def test_column_is_read_from_many_dialects(tmp_path: Path, text: str) -> None:
    assert read_column(column_x(tmp_path, text)).values.tolist() == [1.5, 3.0]


def test_byte_order_mark_is_not_part_of_the_first_name(tmp_path: Path) -> None:
    assert read_column(column_x(tmp_path, "x\n1\n2\n", "utf-8-sig")).values.tolist() == [1.0, 2.0]


def test_path_may_contain_colons(tmp_path: Path) -> None:
    folder = tmp_path / "C:"
    folder.mkdir()
    assert read_column(column_x(folder, "x\n1\n2\n")).values.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("spec", ["", "data.csv", "data.csv:", ":x", r"C:\data.csv", "C:/data.csv"])
def test_specification_without_a_column_is_refused(spec: str) -> None:
    with pytest.raises(DataError, match="names no column"):
        read_column(spec)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n", r"no column 'x'; its columns are 'a', 'b'"),
        ("x,x\n1,2\n", "2 columns named 'x'"),
        ("", "no header"),
        ("x\n1\ntwo\n3\n", r"not numeric at row 3: 'two'"),
        ("x\n1\n1,5\n1_000\n", r"not numeric at row 4: '1_000'"),
        ("a,x\n1,2\n2,\n3,NA\n4\n5,6\n", r"3 missing values \(rows 3, 4, 5\)"),
        ("a,x\n1,2\n2,nan\n3,4\n", r"1 missing value \(row 3\)"),
        ("x\n1\n-inf\n3\n1e999\n", r"infinite or beyond double precision \(rows 3, 5\)"),
        ("x\n4\n4\n4\n", r"constant \(4.0 in all 3 rows\)"),
        ("x\n4\n", "has 1 value; at least 2"),
        ("x\n\n\n", "has 0 values; at least 2"),
        ("a,x\n" + "1,\n" * 12, "rows 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 2 more"),
        ("x\n-nan\n1\n2\n", r"not a number at row 2: '-nan'"),
        ('x\n"1\n', "not a well-formed CSV"),
    ],
)
def test_bad_columns_are_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_column(column_x(tmp_path, text))


def test_unreadable_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot read"):
        read_column(f"{tmp_path / 'absent.csv'}:x")
    with pytest.raises(DataError, match="cannot read"):
        read_column(f"{tmp_path}:x")
    with pytest.raises(DataError, match="not UTF-8"):
        read_column(column_x(tmp_path, "x\n1\n2\né", "latin-1"))

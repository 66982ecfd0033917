"""What the page computes against the library: values, hypotheses, and whether a bound says anything."""

from __future__ import annotations

import itertools
import random
from fractions import Fraction

import mpmath
import numpy as np
import pytest

import bounds
from bounds.drawing.points import attempt, draw_point, one_broken
from bounds.hypotheses import sign
from bounds.quantities import Direction
from bounds.testing import points, regimes_of
from verify.explore import page_data

CATALOG = bounds.catalog()
ASSESS = """
return given.cases.map(([theorem, regime, texts]) => {
  const found = assess(given.data.theorems[theorem].regimes[regime], texts, given.data.symbols);
  return { ...found, value: String(found.value), hypotheses: found.hypotheses.map((h) => h.state) };
});
"""


def texts(point):
    return {name: "inf" if isinstance(value, float) else str(value) for name, value in point.items()}


@pytest.fixture(scope="module")
def data():
    return page_data(CATALOG)


def regimes(data, integrates):
    for t, theorem in enumerate(CATALOG):
        for r, one in enumerate(regimes_of(theorem)):
            if data["theorems"][t]["regimes"][r]["integrates"] is integrates:
                yield t, r, one


def beats_trivial(one, point):
    """Tell whether a bound beats the trivial one; None where there is nothing to beat."""
    trivial = one.quantity.trivial
    if trivial is None or one.direction is Direction.EXACT or not trivial.free_symbols <= set(one.symbols):
        return None
    try:
        return sign(one.expression - trivial, point) == (-1 if one.direction is Direction.UPPER else 1)
    except bounds.EnclosureError:
        # Too close to the trivial value to tell apart.
        return False


def number(text):
    return float(text.replace("Infinity", "inf"))


def test_every_regime_of_the_catalogue_is_on_the_page(data):
    assert [entry["id"] for entry in data["theorems"]] == [theorem.id for theorem in CATALOG]
    for entry, theorem in zip(data["theorems"], CATALOG, strict=True):
        assert [r["choices"] for r in entry["regimes"]] == [dict(one.choices) for one in regimes_of(theorem)]
        assert all(regime["absent"] is None for regime in entry["regimes"])


def test_closed_forms_equal_the_library(data, javascript):
    cases, wanted = [], []
    for t, r, one in regimes(data, integrates=False):
        for point in itertools.islice(points(one, np.random.default_rng([11, t, r])), 12):
            cases.append([t, r, texts(point)])
            wanted.append((float(one.evaluate(**point)), beats_trivial(one, point)))
    for case, (value, informative), found in zip(
        cases, wanted, javascript(ASSESS, {"data": data, "cases": cases}), strict=True
    ):
        assert found["status"] == "holds", case
        assert set(found["hypotheses"]) <= {"holds"}
        assert number(found["value"]) == pytest.approx(value, rel=1e-15, abs=0), case
        assert found["informative"] is informative, case


def test_closed_forms_equal_30_digits(data, javascript):
    cases, wanted = [], []
    for t, r, one in regimes(data, integrates=False):
        point = draw_point(one, random.Random(7 * t + r).randint)
        cases.append([t, r, texts(point)])
        wanted.append(float(one.evaluate(digits=30, **point)))
    for case, value, found in zip(cases, wanted, javascript(ASSESS, {"data": data, "cases": cases}), strict=True):
        assert number(found["value"]) == pytest.approx(value, rel=3e-16, abs=0), case


def small_point(one, seed):
    """Draw a point of few generations and dimensions, whose enclosure is soon found."""
    names = {symbol.name for symbol in one.symbols}
    fixed = {name: Fraction(value) for name, value in (("t", 1 + seed % 3), ("d", 1 + seed % 2)) if name in names}
    choose = random.Random(seed).randint
    return next(filter(None, (attempt(one, one.hypotheses, choose, fixed) for _ in range(20))))


def test_integrals_equal_their_enclosures(data, javascript):
    cases, wanted = [], []
    for t, r, one in regimes(data, integrates=True):
        for seed in range(2):
            point = small_point(one, 3 * r + seed)
            try:
                low, high = one.enclose(relative_width="1e-13", **point)
            except bounds.EnclosureError:
                continue
            cases.append([t, r, texts(point)])
            wanted.append((low + high) / 2)
    assert len(cases) >= 14
    settled = 0
    for case, value, found in zip(cases, wanted, javascript(ASSESS, {"data": data, "cases": cases}), strict=True):
        assert found["status"] in ("holds", "elsewhere"), case
        settled += found["status"] == "holds"
        if found["status"] == "holds":
            assert number(found["value"]) == pytest.approx(value, rel=1e-12, abs=0), case
    assert settled >= 0.8 * len(cases)


# Kernels so narrow that doubles lose most digits of the bias.
NARROW = [
    ("line", {"alpha": "0", "h": "1/1000000000", "sigma": "1000", "t": "1"}),
    ("line", {"alpha": "1/3", "h": "1/1000", "sigma": "9/10", "t": "1"}),
    ("isotropic", {"alpha": "0", "h": "1/100000", "sigma": "4", "t": "1", "d": "2"}),
    ("isotropic", {"alpha": "1/2", "h": "1/1000000", "sigma": "40", "t": "1", "d": "7"}),
]


def narrow_truth(point):
    """Return the mass that a centred normal law loses inside the radius where its smoothing is as dense."""
    with mpmath.workdps(80):
        h, sigma = (
            mpmath.mpf(Fraction(point[name]).numerator) / Fraction(point[name]).denominator for name in ("h", "sigma")
        )
        half, before, after = mpmath.mpf(point.get("d", "1")) / 2, sigma**2, sigma**2 + h**2
        square = 2 * half * mpmath.log(after / before) / (1 / before - 1 / after)
        inside = [mpmath.gammainc(half, 0, square / (2 * v), regularized=True) for v in (before, after)]
        return inside[0] - inside[1]


@pytest.mark.parametrize("quick", [False, True])
def test_narrow_kernels_keep_their_digits(quick, data, javascript):
    t, theorem = next((t, theorem) for t, theorem in enumerate(CATALOG) if theorem.id == "fu2024.kde_loop_lower")
    places = {dict(one.choices)["space"]: r for r, one in enumerate(regimes_of(theorem))}
    cases = [[t, places[space], point] for space, point in NARROW]
    body = ASSESS.replace("given.data.symbols)", f"given.data.symbols, {str(quick).lower()})")
    for case, found in zip(cases, javascript(body, {"data": data, "cases": cases}), strict=True):
        assert found["status"] == "holds", case
        difference = abs(number(found["value"]) / narrow_truth(case[2]) - 1)
        assert difference < (1e-3 if quick else 1e-13), case


def test_an_integral_too_long_for_balls_is_left_to_the_command_line(data, javascript):
    lower = next(t for t, theorem in enumerate(CATALOG) if theorem.id == "fu2024.kde_loop_lower")
    case = [lower, 0, {"alpha": "0.3", "h": "0.00001", "sigma": "1", "t": "900"}]
    found = javascript(ASSESS, {"data": data, "cases": [case]})[0]
    assert found["status"] == "elsewhere"
    assert "takes too long here" in found["reason"]


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize("size", ["1e-400", "1e400"])
def test_an_integral_outside_the_range_of_doubles_is_left_to_the_command_line(size, quick, data, javascript):
    lower = next(t for t, theorem in enumerate(CATALOG) if theorem.id == "fu2024.kde_loop_lower")
    body = ASSESS.replace("given.data.symbols)", f"given.data.symbols, {str(quick).lower()})")
    case = [lower, 0, {"alpha": "0.3", "h": size, "sigma": size, "t": "3"}]
    assert javascript(body, {"data": data, "cases": [case]})[0]["status"] == "elsewhere"


def test_exactly_the_broken_hypothesis_fails(data, javascript):
    cases, wanted = [], []
    for t, theorem in enumerate(CATALOG):
        one = regimes_of(theorem)[0]
        for relation in one.hypotheses:
            broken = one_broken(one, relation)
            found = [attempt(one, broken, random.Random(seed).randint) for seed in range(3)]
            for point in filter(None, found):
                cases.append([t, 0, texts(point)])
                wanted.append([h != relation for h in one.hypotheses])
    assert len(cases) > 50
    for case, holds, found in zip(cases, wanted, javascript(ASSESS, {"data": data, "cases": cases}), strict=True):
        assert found["status"] == "inapplicable", case
        assert found["hypotheses"] == ["holds" if true else "fails" for true in holds], case
        assert found["value"] == "NaN"


def test_the_numbers_to_start_from_are_inside_the_hypotheses(data, javascript):
    cases = [
        [t, r, regime["start"]] for t, entry in enumerate(data["theorems"]) for r, regime in enumerate(entry["regimes"])
    ]
    useless = 0
    for case, found in zip(cases, javascript(ASSESS, {"data": data, "cases": cases}), strict=True):
        assert found["status"] == "holds", (data["theorems"][case[0]]["id"], case, found)
        useless += found["informative"] is False
    assert useless <= len(cases) // 10


def test_equality_is_decided_exactly(data, javascript):
    ball = next(t for t, theorem in enumerate(CATALOG) if theorem.id == "ferbach2024.kl_ball")
    cases = [
        [ball, 0, {"K": "4", "lam": lam}] for lam in ("1/3", "0.3333333333333333333333", "0.33333333333333333333334")
    ]
    statuses = [found["status"] for found in javascript(ASSESS, {"data": data, "cases": cases})]
    assert statuses == ["inapplicable", "holds", "inapplicable"]


def test_outside_a_domain_there_is_no_value(data, javascript):
    loop = next(t for t, theorem in enumerate(CATALOG) if theorem.id == "fu2024.real_plus_last")
    given = {"alpha": "0.3", "e": "0.1", "t": "3"}
    wrong = {"alpha": ["2", "-0.1", "x", "inf"], "t": ["2.5", "-1", ""], "e": ["-1", "nan"]}
    cases = [[loop, 0, {**given, name: text}] for name, listed in wrong.items() for text in listed]
    for case, found in zip(cases, javascript(ASSESS, {"data": data, "cases": cases}), strict=True):
        assert found["status"] == "outside", case
        assert len(found["problems"]) == 1
        assert found["hypotheses"] == []


def test_a_loop_too_long_for_the_page_is_left_to_the_command_line(data, javascript):
    recursion = next(t for t, theorem in enumerate(CATALOG) if theorem.id == "fu2024.recursion")
    found = javascript(ASSESS, {"data": data, "cases": [[recursion, 0, {"e": "0.1", "t": "1000000"}]]})[0]
    assert found["status"] == "elsewhere"
    assert "1000000 steps" in found["reason"]

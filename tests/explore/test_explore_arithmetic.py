"""The page's own numbers: fractions, and balls that must contain what mpmath finds at higher precision."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import mpmath
import pytest

from bounds.errors import ArgumentError
from bounds.numerals import read_number

PRECISIONS = (64, 96, 192, 400)


def small(draw):
    return Fraction(draw.randint(-(10**6), 10**6), 10 ** draw.randint(4, 9))


def positive(draw):
    return Fraction(draw.randint(1, 10**6), 10 ** draw.randint(0, 9))


def counted(draw):
    return Fraction(draw.choice([1, 2, 3, 5, 30, 1000, 10**5, draw.randint(1, 10**6)]), draw.choice([1, 2]))


def of_mpmath(name):
    return lambda x: getattr(mpmath, name)(x)


# name in a tape -> how arguments are drawn, what mpmath says
FUNCTIONS = {
    "exp": ((small,), of_mpmath("exp")),
    "log": ((positive,), of_mpmath("log")),
    "atan": ((small,), of_mpmath("atan")),
    "erf": ((small,), of_mpmath("erf")),
    "erfc": ((small,), of_mpmath("erfc")),
    "tanh": ((small,), of_mpmath("tanh")),
    "sinh": ((small,), of_mpmath("sinh")),
    "cosh": ((small,), of_mpmath("cosh")),
    "sqrt": ((positive,), of_mpmath("sqrt")),
    "rsqrt": ((positive,), lambda x: 1 / mpmath.sqrt(x)),
    "loggamma": ((counted,), of_mpmath("loggamma")),
    "gamma": ((lambda draw: Fraction(draw.randint(1, 400), 7),), of_mpmath("gamma")),
    "asin": ((lambda draw: Fraction(draw.randint(-999, 999), 1000),), of_mpmath("asin")),
    "c4": (
        (lambda draw: counted(draw) * 2 + 1,),
        lambda n: mpmath.sqrt(2 / (n - 1)) * mpmath.exp(mpmath.loggamma(n / 2) - mpmath.loggamma((n - 1) / 2)),
    ),
    "zeta": ((lambda draw: 1 + positive(draw) / 7,), of_mpmath("zeta")),
    "harmonic": ((lambda draw: Fraction(draw.randint(1, 10**6)),), of_mpmath("harmonic")),
    "pow": ((positive, small), lambda x, y: mpmath.power(x, y)),
    "geometric_sum": (
        (positive, lambda draw: Fraction(draw.randint(1, 60))),
        lambda q, t: mpmath.fsum(q**i for i in range(int(t))),
    ),
}

SLOW = ("zeta", "gamma", "loggamma", "c4", "harmonic")


def ends(found):
    """Return the ends of a ball printed as midpoint, exponent and logarithm of the radius."""
    mantissa, exponent, radius = int(found[0]), int(found[1]), found[2]
    middle = mpmath.ldexp(mpmath.mpf(mantissa), exponent)
    away = mpmath.mpf(0) if radius == "-Infinity" else mpmath.power(2, mpmath.mpf(radius))
    return middle - away, middle + away


BALL = """
return given.map(([tape, precision, texts]) => {
  const found = ballOf(runTape(tape, new Mixed(precision), (i) => readNumber(texts[i])), precision);
  return [String(found.m), String(found.e), String(found.r)];
});
"""


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_ball_contains_the_value_and_is_narrow(name, javascript):
    draws, right = FUNCTIONS[name]
    draw = random.Random(name)
    arguments = [tuple(one(draw) for one in draws) for _ in range(8 if name in SLOW else 40)]
    tape = [*(["symbol", [], i] for i in range(len(draws))), [name, list(range(len(draws)))]]
    cases = [[tape, precision, [str(x) for x in point]] for point in arguments for precision in PRECISIONS]
    narrow = 0
    for (_, precision, texts), found in zip(cases, javascript(BALL, cases), strict=True):
        if found[2] == "Infinity":
            continue
        with mpmath.workprec(3 * precision + 400):
            value = right(*(mpmath.mpf(Fraction(x).numerator) / Fraction(x).denominator for x in texts))
            low, high = ends(found)
            slack = abs(value) * mpmath.mpf(2) ** (-2 * precision)
            assert low - slack <= value <= high + slack, (texts, precision)
            narrow += bool((high - low) <= abs(value) * mpmath.mpf(2) ** (20 - precision)) or value == 0
    # Where terms cancel, as in erfc, or near a pole, a ball is wide until the precision is raised.
    assert narrow >= {"erfc": 0.3, "sinh": 0.3, "zeta": 0.7}.get(name, 0.9) * len(cases)


def test_polygamma_and_lambert(javascript):
    draw = random.Random(5)
    points = [counted(draw) for _ in range(40)]
    cases = [
        [[["rational", [], str(order)], ["symbol", [], 0], ["polygamma", [0, 1]]], precision, [str(x)]]
        for x in points
        for order in (0, 1, 2)
        for precision in (96, 300)
    ]
    for (tape, _, texts), found in zip(cases, javascript(BALL, cases), strict=True):
        with mpmath.workprec(900):
            x = Fraction(texts[0])
            value = mpmath.polygamma(int(tape[0][2]), mpmath.mpf(x.numerator) / x.denominator)
            low, high = ends(found)
            assert low <= value <= high
            assert high - low <= abs(value) * mpmath.mpf(2) ** -60 + mpmath.mpf(2) ** -80
    shares = [Fraction(draw.randint(1, 9999), 10000) for _ in range(60)] + [Fraction(1, 10**9), 1 - Fraction(1, 10**9)]
    minus = [["rational", [], "-1"], ["symbol", [], 0], ["mul", [0, 1]], ["exp", [2]], ["mul", [2, 3]]]
    cases = [[[*minus, ["lambertw", [4, 0]]], precision, [str(x)]] for x in shares for precision in (200, 400)]
    for (_, _, texts), found in zip(cases, javascript(BALL, cases), strict=True):
        with mpmath.workprec(900):
            share = Fraction(texts[0])
            a = mpmath.mpf(share.numerator) / share.denominator
            value = mpmath.lambertw(-a * mpmath.exp(-a), -1).real
            low, high = ends(found)
            assert low <= value <= high
            assert high - low <= abs(value) * mpmath.mpf(2) ** -60


def test_the_principal_branch(javascript):
    points = ["-1/3", "-1/1000", "0", "1/1000", "1", "7/2", "1000", "1e30"]
    cases = [[[["symbol", [], 0], ["lambertw", [0]]], 128, [text]] for text in points]
    for (_, _, texts), found in zip(cases, javascript(BALL, cases), strict=True):
        with mpmath.workprec(600):
            x = Fraction(texts[0])
            value = mpmath.lambertw(mpmath.mpf(x.numerator) / x.denominator).real
            low, high = ends(found)
            assert low <= value <= high
            assert high - low <= abs(value) * mpmath.mpf(2) ** -100


TEXTS = [
    "0.3",
    "1/3",
    "-2",
    "+7",
    "1e-4",
    ".5",
    "5.",
    "1E3",
    "-1.25e2",
    "inf",
    "oo",
    "3/0",
    "1e",
    "",
    "0x10",
    "1_0",
    "nan",
    "--1",
    "1/2/3",
]


def test_numbers_are_read_as_the_library_reads_them(javascript):
    found = javascript(
        "const show = (x) => (x === null ? null : isInfinite(x) ? 'inf' : `${x.p}/${x.q}`);"
        "return given.map((text) => show(readNumber(text)));",
        TEXTS,
    )
    for text, shown in zip(TEXTS, found, strict=True):
        try:
            value = read_number(text)
        except ArgumentError:
            assert shown is None, text
            continue
        assert shown == ("inf" if isinstance(value, float) else f"{value.numerator}/{value.denominator}")


def test_fractions_round_to_the_nearest_double(javascript):
    draw = random.Random(3)
    cases = [Fraction(draw.getrandbits(90) + 1, draw.getrandbits(90) + 1) for _ in range(300)]
    cases += [Fraction(draw.getrandbits(60) + 1) * Fraction(2) ** draw.randint(-1060, 900) for _ in range(300)]
    cases += [Fraction(1, 2**1074), Fraction(2**1023), Fraction(0), Fraction(-1, 3), Fraction(3 * 2**1021)]
    found = javascript("return given.map((t) => String(toDouble(readNumber(t))));", [str(x) for x in cases])
    for value, text in zip(cases, found, strict=True):
        # One rounding to 80 bits comes first: at most the last bit differs, and hardly ever.
        assert math.isclose(float(text), float(value), rel_tol=2.3e-16, abs_tol=5e-324)
    exact = sum(float(text) == float(value) for value, text in zip(cases, found, strict=True))
    assert exact >= len(cases) - 2


def test_doubles_are_read_back_exactly(javascript):
    draw = random.Random(4)
    values = [draw.uniform(-1, 1) * 10.0 ** draw.randint(-300, 300) for _ in range(200)] + [0.0, 5e-324, 2.0**1023]
    found = javascript("return given.map((x) => { const f = fromDouble(x); return `${f.p}/${f.q}`; });", values)
    assert [Fraction(text) for text in found] == [Fraction(value) for value in values]


def test_infinity_follows_the_rules_of_limits(javascript):
    # 1/K, exp(-gap), and what is undefined
    tapes = [
        [["symbol", [], 0], ["power", [0], -1]],
        [["symbol", [], 0], ["rational", [], "-1"], ["mul", [0, 1]], ["exp", [2]]],
        [["symbol", [], 0], ["rational", [], "0"], ["mul", [0, 1]]],
        [["symbol", [], 0], ["rational", [], "-1"], ["mul", [0, 1]], ["add", [0, 2]]],
        [["symbol", [], 0], ["rational", [], "3"], ["min", [0, 1]]],
    ]
    body = "return given.map((tape) => { const x = settledValue(tape, () => readNumber('inf')); return String(toDouble(x)); });"
    assert javascript(body, tapes) == ["0", "0", "NaN", "NaN", "3"]


def test_binary_digits_are_counted_next_to_powers_of_two(javascript):
    cases = [2**k + step for k in (1, 2, 52, 53, 54, 64, 100, 999, 1000, 1001, 1500) for step in (-1, 0, 1)] + [0]
    cases += [-value for value in cases]
    found = javascript("return given.map((text) => bits(BigInt(text)));", [str(value) for value in cases])
    assert found == [value.bit_length() for value in cases]

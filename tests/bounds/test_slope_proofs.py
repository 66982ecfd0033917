"""Three independent proofs of sign and direction on random expressions: none contradicts a value, nor another one.

Intervals of slopes (`bounds.solving.ranges`), signs on a region (`bounds.auditing`) and certificates (`bounds.certify`) share
no rule of proof; the values come from mpmath, through an evaluator of their own.
"""

from __future__ import annotations

import functools
import itertools
import math
import time
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy
from sympy import Integer, Rational, oo

import bounds
from bounds.auditing.direction import direction
from bounds.auditing.guard import within
from bounds.auditing.inequalities import gaps, is_known
from bounds.auditing.signs import Region, region_of
from bounds.certify import check, inequality
from bounds.certify.claim import Claim
from bounds.certify.prover import OutOfTime, Prover
from bounds.functions import Recurrence, c4, geometric_sum
from bounds.solving.ranges import sign_on_box, trend_on_box
from bounds.tape import compile_expression

# Real and nothing more: what sympy knows of signs must not help.
x, y, count = sympy.Symbol("x", real=True), sympy.Symbol("y", real=True), sympy.Symbol("t", integer=True)
state, index = sympy.Symbol("state", real=True), sympy.Symbol("index", integer=True)
BOXES = [
    ({"x": (0, oo), "y": (0, oo), "t": (0, oo)}, {"x": (0, 7), "y": (0, 5), "t": (0, 6)}),
    ({"x": (0, 1), "y": (1, oo), "t": (1, oo)}, {"x": (0, 1), "y": (1, 9), "t": (1, 6)}),
    ({"x": (-oo, oo), "y": (-1, 1), "t": (0, 3)}, {"x": (-4, 4), "y": (-1, 1), "t": (0, 3)}),
    ({"x": (2, 5), "y": (-oo, 0), "t": (2, oo)}, {"x": (2, 5), "y": (-6, 0), "t": (2, 5)}),
]
UNARY = (
    sympy.exp, sympy.log, sympy.atan, sympy.erf, sympy.erfc, sympy.tanh, sympy.sinh, sympy.cosh, sympy.asin, sympy.Abs,
    sympy.sqrt, sympy.gamma, sympy.loggamma, sympy.harmonic, sympy.zeta, c4, sympy.LambertW, sympy.floor,
)  # fmt: skip
PER_SEED = 8


def grown(rng: np.random.Generator, depth: int) -> sympy.Expr:
    """Draw an expression."""
    if depth == 0 or rng.random() < 0.1:
        return [x, y, count, x, Integer(int(rng.integers(-2, 4))), Rational(int(rng.integers(1, 6)), 4)][
            rng.integers(6)
        ]
    draw = functools.partial(grown, rng, depth - 1)
    match rng.integers(14):
        case 0 | 1 | 2:
            return draw() + draw()
        case 3 | 4:
            return draw() * draw()
        case 5:
            return draw() - draw()
        case 6:
            return draw() / draw()
        case 7:
            return draw() ** int(rng.integers(-3, 5))
        case 8:
            return draw() ** draw()
        case 9:
            return (sympy.Max if rng.random() < 0.5 else sympy.Min)(draw(), draw())
        case 10:
            return geometric_sum(draw(), count)
        case 11:
            return sympy.polygamma(int(rng.integers(0, 3)), draw())
        case 12:
            if rng.random() < 0.5:
                return sympy.Sum(draw() * index + draw(), (index, 1, count))
            return Recurrence(state, [state], [draw()], [draw() * state + draw()], count)
        case _:
            return UNARY[rng.integers(len(UNARY))](draw())


def cases(seed: int) -> list[tuple[sympy.Expr, Region, dict[str, tuple[int, int]], np.random.Generator]]:
    rng = np.random.default_rng(seed)
    wide, finite = BOXES[seed % len(BOXES)]
    found: list[Any] = []
    while len(found) < PER_SEED:
        try:
            expression = grown(rng, int(rng.integers(2, 5)))
            compile_expression(expression)
        except (TypeError, ValueError, ZeroDivisionError):
            continue  # sympy or the tape refuses it
        if usable(expression):
            region = Region({name: tuple(map(sympy.sympify, ends)) for name, ends in wide.items()})
            found.append((expression, region, finite, rng))
    return found


def usable(expression: sympy.Expr) -> bool:
    return bool(expression.free_symbols & {x, y, count}) and not expression.has(
        sympy.nan,
        sympy.zoo,
        oo,
        -oo,
        sympy.I,
        sympy.re,
        sympy.im,
        sympy.arg,
        sympy.Piecewise,
        sympy.sign,
        sympy.ceiling,
    )


_MPMATH = {
    sympy.exp: mpmath.exp, sympy.log: mpmath.log, sympy.atan: mpmath.atan, sympy.erf: mpmath.erf, sympy.erfc: mpmath.erfc,
    sympy.tanh: mpmath.tanh, sympy.sinh: mpmath.sinh, sympy.cosh: mpmath.cosh, sympy.asin: mpmath.asin,
    sympy.Abs: abs, sympy.gamma: mpmath.gamma, sympy.loggamma: mpmath.loggamma, sympy.harmonic: mpmath.harmonic,
    sympy.zeta: mpmath.zeta, sympy.LambertW: mpmath.lambertw, sympy.floor: mpmath.floor, sympy.Max: max, sympy.Min: min,
    sympy.polygamma: mpmath.polygamma, sympy.Add: lambda *a: mpmath.fsum(a), sympy.Mul: lambda *a: mpmath.fprod(a),
}  # fmt: skip


class Undefined(Exception):
    """The expression has no finite real value."""


def value(node: sympy.Expr, at: dict[sympy.Symbol, mpmath.mpf]) -> mpmath.mpf:
    """Evaluate, or refuse where any part is not a finite real number."""
    found = _value(node, at)
    found = mpmath.mpmathify(found)
    if isinstance(found, mpmath.mpc):
        raise Undefined
    if not mpmath.isfinite(found):
        raise Undefined
    return found


def _value(node: sympy.Expr, at: dict[sympy.Symbol, mpmath.mpf]) -> object:
    if node.is_Symbol:
        return at[node]
    if node.is_Rational:
        return mpmath.mpf(int(node.p)) / int(node.q)
    if node.is_NumberSymbol:
        return node._to_mpmath(mpmath.mp.prec)
    if isinstance(node, sympy.Sum):
        (_, low, high) = node.limits[0]
        return mpmath.fsum(
            value(node.function, {**at, index: mpmath.mpf(k)}) for k in range(int(low), int(value(high, at)) + 1)
        )
    if isinstance(node, Recurrence):
        output, states, initial, step, steps = node.args
        now = value(initial[0], at)
        for _ in range(int(value(steps, at))):
            now = value(step[0], {**at, states[0]: now})
        return value(output, {**at, states[0]: now})
    args = [value(a, at) for a in node.args]
    try:
        if isinstance(node, geometric_sum):
            return mpmath.fsum(args[0] ** j for j in range(int(args[1])))
        if isinstance(node, c4):
            if args[0] <= 1:
                raise Undefined
            return mpmath.sqrt(2 / (args[0] - 1)) * mpmath.gammaprod([args[0] / 2], [(args[0] - 1) / 2])
        if node.is_Pow and args[0] < 0 and not node.exp.is_integer:
            raise Undefined  # at best real at single points
        if node.is_Pow:
            return mpmath.exp(args[1]) if node.base == sympy.E else args[0] ** args[1]
        if isinstance(node, sympy.loggamma) and args[0] <= 0:
            raise Undefined
        return _MPMATH[node.func](*args)
    except (ValueError, ZeroDivisionError, OverflowError, NotImplementedError, mpmath.libmp.NoConvergence) as error:
        raise Undefined from error


def drawn(rng: np.random.Generator, box: dict[str, tuple[int, int]]) -> dict[sympy.Symbol, Fraction]:
    """Draw a point, sometimes on the edge."""
    found = {}
    for symbol in (x, y, count):
        low, high = box[symbol.name]
        if symbol.is_integer:
            found[symbol] = Fraction(int(rng.integers(low, high + 1)))
        else:
            place = rng.choice([0, 16, int(rng.integers(0, 17)), int(rng.integers(0, 17))])
            found[symbol] = low + (high - low) * Fraction(int(place), 16)
    return found


def at_point(expression: sympy.Expr, point: dict[sympy.Symbol, Fraction]) -> mpmath.mpf | None:
    try:
        return value(expression, {s: mpmath.mpf(v.numerator) / v.denominator for s, v in point.items()})
    except Undefined:
        return None


def small(a: Any) -> Any:
    return mpmath.mpf(10) ** -25 * (1 + abs(a))


def contradicted(sign: int | None, number: Any, scale: Any) -> bool:
    return sign is not None and ((sign >= 0 and number < -small(scale)) or (sign <= 0 and number > small(scale)))


def walk(
    point: dict[sympy.Symbol, Fraction], symbol: sympy.Symbol, low: Fraction, high: Fraction
) -> list[dict[sympy.Symbol, Fraction]]:
    """Move one symbol through its range."""
    if symbol.is_integer:
        return [{**point, symbol: Fraction(v)} for v in range(math.ceil(low), math.floor(high) + 1)]
    return [{**point, symbol: low + (high - low) * Fraction(i, 7)} for i in range(8)]


def rises(expression: sympy.Expr, line: list[dict[sympy.Symbol, Fraction]]) -> list[tuple[Any, Any]]:
    """Return the steps of the values along a line, and their sizes, where both ends are defined."""
    values = [at_point(expression, point) for point in line]
    return [(b - a, abs(a) + abs(b)) for a, b in itertools.pairwise(values) if a is not None and b is not None]


@pytest.mark.parametrize("function", UNARY, ids=lambda f: f.__name__)
def test_every_function_on_its_own(function: Any) -> None:
    """What is rare among random expressions is tried at plain arguments: on all regions, and on their halves as boxes."""
    rng = np.random.default_rng(17)
    with mpmath.workdps(50):
        for expression in (function(x), function(x - 2), function(x / 2 - Rational(7, 3)), function(y) * y):
            (symbol,) = expression.free_symbols
            for wide, finite in BOXES:
                region = Region({name: tuple(map(sympy.sympify, ends)) for name, ends in wide.items()})
                low, high = map(Fraction, finite[symbol.name])
                sign, way = region.sign(expression), direction(region, expression, symbol)
                line = [{symbol: low + (high - low) * Fraction(i, 24)} for i in range(25)]
                assert not any(contradicted(way, *step) for step in rises(expression, line)), (expression, wide)
                assert not any(contradicted(sign, v, v) for p in line if (v := at_point(expression, p)) is not None)
                for _ in range(4):
                    one, two = sorted(inside(rng, symbol, low, high) for _ in range(2))
                    trend = trend_on_box(compile_expression(expression), symbol.name, {symbol.name: (one, two)}, {})
                    steps = rises(expression, walk({}, symbol, one, two))
                    assert not any(contradicted(trend, *step) for step in steps), (expression, one, two)


@pytest.mark.parametrize("seed", range(16))
def test_signs_and_directions_on_a_region_are_never_contradicted(seed: int) -> None:
    with mpmath.workdps(50):
        for expression, region, box, rng in cases(seed):
            sign = within(0.3, functools.partial(region.sign, expression))
            symbols = [s for s in (x, y, count) if s in expression.free_symbols]
            ways = {s: within(0.3, functools.partial(direction, region, expression, s)) for s in symbols}
            for _ in range(5):
                point = drawn(rng, box)
                found = at_point(expression, point)
                assert found is None or not contradicted(sign, found, found), (expression, point)
                for symbol, way in ways.items():
                    if way is not None:
                        for rise, size in rises(expression, walk(point, symbol, *map(Fraction, box[symbol.name]))):
                            assert not contradicted(way, rise, size), (expression, symbol, point)


@pytest.mark.parametrize("seed", range(100, 116))
def test_signs_and_trends_on_a_box_are_never_contradicted(seed: int) -> None:
    with mpmath.workdps(50):
        for expression, _, finite, rng in cases(seed):
            one, two = drawn(rng, finite), drawn(rng, finite)
            box = {s.name: (min(one[s], two[s]), max(one[s], two[s])) for s in expression.free_symbols}
            tape = compile_expression(expression)
            sign = sign_on_box(tape, box, {})
            for symbol in sorted(expression.free_symbols, key=str):
                trend = trend_on_box(tape, symbol.name, box, {})
                if sign is None and trend is None:
                    continue
                for _ in range(3):
                    inner = {s: inside(rng, s, *box[s.name]) for s in expression.free_symbols}
                    values = at_point(expression, inner)
                    # What has a proved sign or trend is defined on the whole box.
                    assert values is not None, (expression, inner)
                    assert not contradicted(sign, values, values), (expression, inner)
                    for rise, size in rises(expression, walk(inner, symbol, *box[symbol.name])):
                        assert not contradicted(trend, rise, size), (expression, symbol, inner)


def inside(rng: np.random.Generator, symbol: sympy.Symbol, low: Fraction, high: Fraction) -> Fraction:
    if symbol.is_integer:
        return Fraction(int(rng.integers(int(low), int(high) + 1)))
    return low + (high - low) * Fraction(int(rng.integers(0, 17)), 16)


@pytest.mark.parametrize("seed", range(200, 206))
def test_certificates_are_never_contradicted(seed: int) -> None:
    proved = 0
    with mpmath.workdps(50):
        for expression, region, finite, rng in cases(seed):
            box = {s: finite[s.name] for s in expression.free_symbols}
            for sign in (1, -1):
                claim = inequality(0, sign * expression, box)
                certificate = certificate_of(claim)
                if certificate is None:
                    continue
                proved += 1
                assert check(claim, certificate) > 0
                for _ in range(10):
                    point = drawn(rng, finite)
                    found = at_point(expression, point)
                    assert found is None or not contradicted(sign, found, found), (expression, point)
                    if found is not None and abs(found) > small(found):
                        assert within(0.3, functools.partial(region.sign, expression)) in (sign, None), expression
    assert proved


def certificate_of(claim: Claim) -> dict[str, object] | None:
    try:
        return Prover(time.monotonic() + 0.15, np.random.default_rng(0)).prove(claim)
    except OutOfTime:
        return None


@pytest.mark.parametrize(
    ("node", "places"),
    [
        (sympy.log(x), ("0.001", "0.3", "1", "1.0001", "2", "50", "1e6")),
        (sympy.polygamma(0, x), ("0.001", "0.2", "1", "1.46", "3", "100", "1e8")),
        (sympy.polygamma(1, x), ("0.001", "0.2", "1", "3", "100", "1e8")),
    ],
)
def test_classical_inequalities_hold(node: sympy.Expr, places: tuple[str, ...]) -> None:
    assert is_known(node)
    with mpmath.workdps(50):
        for gap in gaps(node, positive=True):
            for place in places:
                assert value(gap, {x: mpmath.mpf(place)}) >= -(mpmath.mpf(10) ** -40), (gap, place)
    # Below 0 the digamma function and its slope do as they like.
    assert isinstance(node, sympy.log) or gaps(node, positive=False) == ()


def test_classical_inequalities_prove_signs_and_directions() -> None:
    region = Region({"x": (Integer(0), oo), "y": (Integer(0), oo)})
    u = x / y
    assert region.sign(u**2 - 1 - 2 * sympy.log(u)) == 1
    assert region.sign(u - 1 - 2 * sympy.log(u)) is None  # negative at u = 2
    assert region.sign(sympy.polygamma(0, x) - sympy.log(x)) == -1
    assert region.sign(sympy.polygamma(0, x) - sympy.log(x) + 1 / (2 * x)) is None  # true, but not known here
    assert direction(region, sympy.log(1 + x) / x, x) == -1
    kl = bounds.get("lemma.normal_kl").at(covariance="isotropic")
    assert region_of(kl).sign(kl.expression) == 1
    loop = bounds.get("bertrand2024.gaussian_loop").at(statistic="log_variance", covariance="unbiased")
    ways = {s.name: direction(region_of(loop), loop.expression, s) for s in loop.symbols}
    assert ways == {"n": 1, "sigma": 1, "t": -1}

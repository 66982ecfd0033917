"""Formulas as MathML, and the ranges and starting numbers of the page."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest
from sympy import Rational, sqrt

import bounds
from bounds.symbols import PARAMETERS, alpha, lam, n, t
from bounds.testing import regimes_of
from bounds.typeset import theorem_latex, to_latex
from verify.explore.mathml import LatexError, latex_to_mathml
from verify.explore.ranges import span, start
from verify.explore.tapes import tape_json

ARITY = {"mfrac": 2, "msub": 2, "msup": 2, "munder": 2, "mover": 2, "msubsup": 3, "munderover": 3, "mroot": 2}


def parsed(latex):
    return ElementTree.fromstring(latex_to_mathml(latex))


def test_the_whole_catalogue_converts_to_well_formed_elements():
    for theorem in bounds.catalog():
        for one in regimes_of(theorem):
            formulas = [theorem_latex(one), *map(to_latex, one.hypotheses), *(p.latex for p in one.parameters)]
            for latex in formulas:
                for node in parsed(latex).iter():
                    assert node.tag not in ARITY or len(node) == ARITY[node.tag], latex
                    assert "\\" not in (node.text or ""), latex


@pytest.mark.parametrize(
    ("latex", "shape"),
    [
        (r"\frac{a}{b}", "mfrac(mi a mi b)"),
        (r"x^{2}", "msup(mi x mn 2)"),
        (r"x_1^2", "msubsup(mi x mn 1 mn 2)"),
        (r"\sqrt{x + 1}", "msqrt(mrow(mi x mo + mn 1))"),
        (r"\sqrt[3]{x}", "mroot(mi x mn 3)"),
        (r"\sum_{j=1}^{d} j", "munderover(mo ∑ mrow(mi j mo = mn 1) mi d) mi j"),
        (r"\|x\|", "mo ‖ mi x mo ‖"),
        (r"a - b", "mi a mo − mi b"),
        (r"\left(x\right)^{t}", "msup(mrow(mo ( mi x mo )) mi t)"),
        (r"\mathrm{TV}_0", "msub(mi TV mn 0)"),
    ],
)
def test_shapes(latex, shape):
    def write(node):
        if len(node) == 0:
            return f"{node.tag} {node.text}"
        return f"{node.tag}({' '.join(map(write, node))})"

    assert " ".join(map(write, parsed(latex))) == shape


@pytest.mark.parametrize(
    "latex", [r"\frac{a}", r"{a", r"a}", r"\unheardof{x}", r"\left(a", r"\left<a\right>", "a & b", r"x^"]
)
def test_what_is_not_understood_is_refused(latex):
    with pytest.raises(LatexError):
        latex_to_mathml(latex)


def test_special_characters_are_escaped():
    assert parsed(r"\text{a < b & c}").find("mtext").text == "a < b & c"
    assert parsed("a < b").find("mo").text == "<"


def test_sliders_stay_inside_the_domains():
    for theorem in bounds.catalog():
        for one in regimes_of(theorem):
            for described in one.parameters:
                found = span(one, described)
                assert found.left < found.right
                assert not found.log or found.left > 0
                assert float(described.low) <= found.left
                assert found.right <= float(described.high)
                assert not (described.low_open and found.left == float(described.low))
                assert not (described.high_open and found.right == float(described.high))
                assert not found.zero or (described.low <= 0 and not (described.low == 0 and described.low_open))
                assert not found.infinity or described.infinite


def test_starting_numbers_evaluate():
    for theorem in bounds.catalog():
        for one in regimes_of(theorem):
            values = start(one)
            assert list(values) == [symbol.name for symbol in one.symbols]
            assert all(
                bounds.hypotheses.holds(h, {k: bounds.numerals.read_number(v) for k, v in values.items()})
                for h in one.hypotheses
            )


def test_contradictory_hypotheses_have_no_start(a_theorem):
    assert start(a_theorem(lam, (lam > 2, lam < 1))) is None


def test_a_start_far_from_the_plain_numbers(a_theorem):
    values = start(a_theorem(lam, (lam > 17, lam**2 < 300)))
    assert 17 < float(values["lam"]) < 300**0.5


def test_an_own_theorem_with_any_latex_and_an_unknown_operation(a_theorem):
    import sympy

    from verify.explore import page_data

    odd = a_theorem(sympy.airyai(lam), ())
    regime = page_data([odd])["theorems"][0]["regimes"][0]
    assert "no rule" in regime["absent"]
    assert regime["tape"] == []


@pytest.fixture
def a_theorem():
    from dataclasses import replace

    base = bounds.get("bertrand2024.spectral_radius")
    return lambda expression, hypotheses: replace(base, id="own.theorem", expression=expression, hypotheses=hypotheses)


def test_tapes_are_exact():
    assert tape_json(Rational(1, 3) * alpha)[0] == ["rational", [], "1/3"]
    assert [step[0] for step in tape_json(sqrt(n) ** t)] == [
        step.operation for step in bounds.tape.compile_expression(sqrt(n) ** t).instructions
    ]
    assert PARAMETERS["n"].integer

"""What is found where nothing could be proved, and what is said of it."""

from __future__ import annotations

from fractions import Fraction

import pytest
import sympy

import bounds
from bounds.errors import EnclosureError
from bounds.hypotheses import sign


@pytest.mark.parametrize("target", ["0.9999", "0.5", "1e-4", "1e-9"])
@pytest.mark.parametrize("scale", ["1", "1e-20", "700"])
def test_a_narrow_set_of_solutions_is_found_among_six_hundred_orders_of_magnitude(target: str, scale: str) -> None:
    # Of two centred normal laws the total variation is 0 at equal deviations, and 1 nearly everywhere else.
    given = {"covariance": "unequal", "shift": 0, "sigma2": scale}
    theorem = bounds.get("lemma.normal_tv")
    found = theorem.solve("sigma1", target=target, **given)
    assert found.status == "found"
    assert found.extreme == "observed"
    (interval,) = found.intervals
    assert interval.low < float(scale) < interval.high
    for end, outside in ((interval.low, interval.low * (1 - 1e-6)), (interval.high, interval.high * (1 + 1e-6))):
        assert theorem.enclose(sigma1=end, **given)[0] <= float(target)
        assert theorem.enclose(sigma1=outside, **given)[1] > float(target)


def test_what_was_only_looked_for_is_not_said_to_be_nowhere() -> None:
    found = bounds.get("lemma.normal_tv").solve("sigma1", target="1e-9", covariance="unequal", shift=1, sigma2=1)
    assert (found.status, found.extreme) == ("none", "observed")
    assert found.sentences[0].startswith("No sigma1 was found in the range")


def test_the_tail_of_an_error_function_is_not_worked_out_in_millions_of_digits() -> None:
    found = bounds.get("lemma.normal_tv").solve("shift", target=1, covariance="unequal", sigma1=2, sigma2=1)
    assert found.value > 100
    with pytest.raises(EnclosureError, match="could not be decided"):
        sign(sympy.erf(sympy.Symbol("x")) - 1, {"x": Fraction("12345.678")})
    assert sign(sympy.erf(sympy.Symbol("x")) - sympy.erf(sympy.Symbol("y")), {"x": Fraction(3), "y": Fraction(3)}) == 0

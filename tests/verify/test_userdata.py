"""A user's numbers as the data law."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import brentq, minimize_scalar
from scipy.stats import logistic, wasserstein_distance

from bounds import ArgumentError, DataError
from verify.data import EmpiricalLaw
from verify.evidence import Verdict
from verify.userdata import check_data, check_law

NILE = Path(__file__).parents[2] / "examples" / "nile.csv"


def test_constants_of_the_nile_series_by_other_routes() -> None:
    report = check_data(f"{NILE}:volume", [Fraction(1, 10)])
    values = np.loadtxt(NILE, delimiter=",", skiprows=1)[:, 1]
    scale = report.scale
    theta = brentq(lambda m: np.tanh((values - m) / (2 * scale)).mean(), values.min(), values.max(), xtol=1e-12)
    assert abs(report.theta_star - theta) < 1e-9 * scale
    z = (values - theta) / scale
    assert abs(report.curvature - (0.5 / np.cosh(z / 2) ** 2).mean()) < 1e-9
    fine = logistic.ppf((np.arange(2_000_000) + 0.5) / 2_000_000)
    assert abs(report.epsilon - wasserstein_distance(z, fine)) < 2e-4
    # the scale is the maximum-likelihood one
    profile = minimize_scalar(lambda s: -logistic.logpdf(values, theta, s).sum(), bounds=(20, 500), method="bounded")
    assert abs(profile.x - scale) < 1e-2


def test_the_papers_bound_applies_below_its_threshold_only_and_the_refined_ones_everywhere() -> None:
    report = check_data(f"{NILE}:volume", [Fraction(1, 10), Fraction(3)])
    spoken = {(r.inputs["lam"], r.id.split(".")[1]) for r in report.run.results}
    assert (Fraction(3), "jacobian") not in spoken
    assert {
        (Fraction(1, 10), "jacobian"),
        (Fraction(3), "spectral_radius"),
        (Fraction(3), "jacobian_refined"),
    } <= spoken
    assert {r.verdict for r in report.run.results} == {Verdict.EXACT}
    assert [row.holds for row in report.hypotheses if row.lam == 3] == [False, False]


def test_a_scale_that_does_not_suit_the_data_is_refused() -> None:
    with pytest.raises(ArgumentError):
        check_law(EmpiricalLaw([0.0, 1e6]), "far apart", [Fraction(1)], scale=1e-3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x\n1\n", "at least 2"),
        ("x\n1\n1\n1\n", "constant"),
        ("x\n1\ninf\n2\n", "inf"),
        ("x\n1\n\n2\nabc\n", "abc"),
        ("x,y\n1,2\n,3\n4,5\n", "missing"),
        ("y\n1\n2\n", "x"),
    ],
)
def test_data_that_cannot_serve(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "data.csv"
    file.write_text(text)
    with pytest.raises(DataError, match=message):
        check_data(f"{file}:x", [Fraction(1)])

"""The best-fitting scale against the likelihood equations and scipy's density."""

from __future__ import annotations

import numpy as np
import pytest
from location_laws import (
    EMPIRICAL,
    LAWS,
    NILE,
)
from scipy import stats

from bounds.errors import DataError
from verify.data import read_column
from verify.models.location import (
    fit_logistic_scale,
    logistic_constants,
)


@pytest.mark.parametrize(
    "values",
    [
        *[LAWS[i].values for i in EMPIRICAL],
        np.r_[np.zeros(999), 1.0],
        1e9 + np.arange(5.0),
        np.r_[np.arange(10.0), 1e12],
        np.r_[np.zeros(100_000), 1e-3],
        1e-200 * np.arange(4.0),
    ],
)
def test_fitted_scale_solves_the_likelihood_equations(values: np.ndarray) -> None:
    fit = fit_logistic_scale(values)
    z = (np.asarray(values) - fit.location) / fit.scale
    assert np.mean(np.tanh(z / 2)) == pytest.approx(0, abs=1e-7)
    assert np.mean(z * np.tanh(z / 2)) == pytest.approx(1, abs=1e-7)
    best = stats.logistic.logpdf(values, fit.location, fit.scale).sum()
    rng = np.random.default_rng(3)
    for shift, factor in zip(rng.normal(0, 0.3, 50), rng.lognormal(0, 0.3, 50), strict=True):
        other = stats.logistic.logpdf(values, fit.location + shift * fit.scale, fit.scale * factor).sum()
        assert other <= best + 1e-9 * abs(best)


def test_fitted_location_is_the_optimum_at_the_fitted_scale() -> None:
    law = read_column(f"{NILE}:volume")
    fit = fit_logistic_scale(law.values)
    constants = logistic_constants(law, fit.scale)
    assert constants.location == pytest.approx(fit.location, rel=1e-12)
    assert fit == fit_logistic_scale(law.values[::-1])


def test_constant_data_cannot_be_fitted() -> None:
    with pytest.raises(DataError):
        fit_logistic_scale([2.0, 2.0])

"""Unconditional convergence of Mankiw, Romer and Weil (1992), against statsmodels."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from evenfield.numerics.convergence import fit_speed, speed_from_slope
from evenfield.numerics.ols import contrast_inference, cov_classical, fit_ols
from tolerances import CLOSED_FORM

HERE = Path(__file__).parent
EXPECTED = json.loads((HERE / "expected.json").read_text())
SAMPLES = sorted(EXPECTED["regressions"])
YEARS = 25


@pytest.fixture(scope="module")
def samples():
    data = pd.read_csv(HERE / "data.csv")
    return {"non_oil": data, **{name: data[data[name] == 1] for name in ("intermediate", "oecd")}}


def regression(rows):
    start, end = np.log(rows["gdp60"].to_numpy(float)), np.log(rows["gdp85"].to_numpy(float))
    return fit_ols(end - start, np.column_stack([np.ones(len(rows)), start]))


def slope_of(fit):
    return contrast_inference(fit, cov_classical(fit), np.array([0.0, 1.0]), fit.df)


@pytest.mark.parametrize("name", SAMPLES)
def test_regressions_equal_statsmodels(samples, name):
    fit, expected = regression(samples[name]), EXPECTED["regressions"][name]
    slope = slope_of(fit)
    ours = {
        "n": len(fit.y), "constant": fit.beta[0], "slope": slope.estimate, "std_error": slope.std_error,
        "p_value": slope.p_value, "conf_low": slope.conf_low, "conf_high": slope.conf_high, "r2": fit.r_squared,
    }  # fmt: skip
    assert ours == pytest.approx(expected, rel=CLOSED_FORM)
    found = fit_speed(fit.y / YEARS, fit.X[:, 1], YEARS)
    assert found.converged and found.lam == pytest.approx(speed_from_slope(fit.beta[1] / YEARS, YEARS), rel=CLOSED_FORM)

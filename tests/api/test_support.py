"""Common support by thirds and slopes that controls modify, against sums by hand."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from numpy.random import default_rng
from scipy.stats import t as student

import evenfield as ef
from evenfield.models.support import thirds_of
from made_panel import refused
from tolerances import close

N = 30
RNG = default_rng(12)
X = RNG.uniform(0, 1, N)
UNITS = pd.DataFrame(
    {
        "unit": [f"u{i:02d}" for i in range(N)],
        "x": X,
        "income": 9 + X + RNG.normal(0, 0.4, N),
        "kind": "text",
    }
)


def test_equal_values_stay_in_one_third():
    assert thirds_of(np.array([0, 0, 0, 0, 1, 2, 3, 4.0])).tolist() == [
        *(1, 1, 1, 1),
        *(2, 2, 3, 3),
    ]


def test_the_support_is_what_all_thirds_share():
    fit = ef.common_support(
        "income", UNITS.sample(frac=1, random_state=3), "x", unit="unit"
    )
    third = pd.qcut(UNITS["x"], 3, labels=[1, 2, 3])
    income = UNITS["income"].groupby(third, observed=True)
    low, high = income.min().max(), income.max().min()
    assert low < high
    inside = UNITS["income"].between(low, high).mean()
    close(fit.params.to_numpy(), [low, high, inside])
    table = fit.tables["thirds"]
    assert table["units"].tolist() == third.value_counts().sort_index().tolist()
    sorted_by = UNITS["x"].groupby(third, observed=True)
    for name, of_units in {"y": income, "x": sorted_by}.items():
        close(table[f"{name}, low"].to_numpy(), of_units.min().to_numpy())
        close(table[f"{name}, high"].to_numpy(), of_units.max().to_numpy())
    close(table["y, mean"].to_numpy(), income.mean().to_numpy())


def test_units_that_cannot_be_compared_share_nothing():
    apart = UNITS.assign(income=np.floor(3 * UNITS["x"].rank(pct=True)))
    fit = ef.common_support("income", apart, "x", unit="unit")
    assert np.isnan(fit.params["low"]) and fit.params["share"] == 0
    refused("text in kind", ef.common_support, "income", UNITS, "kind", unit="unit")


@pytest.fixture(scope="module")
def panel():
    growth = 0.02 - 0.01 * (UNITS["income"] - 9) * (1 + UNITS["x"])
    gain = 20 * (growth + RNG.normal(0, 0.001, N))
    ends = [
        UNITS.assign(year=2000, log_income=UNITS["income"]),
        UNITS.assign(year=2020, log_income=UNITS["income"] + gain),
    ]
    return pd.concat(ends, ignore_index=True)


@pytest.mark.parametrize("inference", ["CR2", "wild"])
def test_the_speed_at_one_is_that_of_the_control_counted_from_one(panel, inference):
    # With 1 - coast the slope of the coast stands alone, with its own law.
    coast = panel["unit"].isin(sorted(set(panel["unit"]))[:4]).astype(float)
    call = {"unit": "unit", "time": "year", "interact": "coast", "draws": 499}
    call["inference"] = inference
    tables = [
        ef.beta_convergence("log_income ~ coast", panel.assign(coast=c), **call).tables
        for c in (coast, 1 - coast)
    ]
    row = tables[0]["speed"].loc["speed at coast = 1"]
    other = tables[1]["speed"].loc["speed"]
    assert row["p_value"] == pytest.approx(other["p_value"], rel=1e-6)
    names = ["estimate", "conf_low", "conf_high"]
    close(row[names].to_numpy(float), other[names].to_numpy(float), rtol=1e-4)


def test_permuted_paths_test_no_sum_of_coefficients(panel):
    call = {"unit": "unit", "time": "year", "interact": "x", "draws": 99}
    call["inference"] = "randomisation"
    refused("tests no sum", ef.beta_convergence, "log_income ~ x", panel, **call)


def test_a_control_that_modifies_the_slope_has_a_speed_of_its_own(panel):
    call = {"unit": "unit", "time": "year", "interact": "x", "inference": "HC3"}
    fit = ef.beta_convergence("log_income ~ x", panel, **call)
    wide = panel.pivot(index="unit", columns="year", values="log_income")
    growth = ((wide[2020] - wide[2000]) / 20).to_numpy()
    start = UNITS["income"].to_numpy()
    regressors = np.column_stack([np.ones(N), start, UNITS["x"], start * UNITS["x"]])
    by_hand = sm.OLS(growth, regressors).fit(cov_type="HC3")
    close(fit.params["initial_x_x"], by_hand.params[3], rtol=1e-8)
    c = np.array([0, 1, 0, 1])
    slope = c @ by_hand.params
    error = np.sqrt(c @ by_hand.cov_params() @ c)
    half = student.ppf(0.975, N - 4) * error
    row = fit.tables["speed"].loc["speed at x = 1"]
    close(row["estimate"], -np.log1p(20 * slope) / 20, rtol=1e-8)
    close(row["conf_low"], -np.log1p(20 * (slope + half)) / 20, rtol=1e-7)
    close(row["conf_high"], -np.log1p(20 * (slope - half)) / 20, rtol=1e-7)
    by_columns = ef.beta_convergence(y="log_income", x=["x"], data=panel, **call)
    close(by_columns.params.to_numpy(), fit.params.to_numpy(), rtol=1e-10)
    words = "no control to interact with 'z'"
    call = {**call, "interact": "z"}
    refused(words, ef.beta_convergence, "log_income ~ x", panel, **call)


def test_an_infinite_value_to_sort_by_is_refused():
    infinite = UNITS.assign(x=UNITS["x"].where(UNITS["unit"] != "u07", np.inf))
    words = "1 infinite value of x, first u07"
    refused(words, ef.common_support, "income", infinite, "x", unit="unit")


@pytest.mark.parametrize("value", [1.0, 0.0])
def test_a_column_that_sorts_no_units_is_refused(value):
    same = UNITS.assign(x=value)
    refused("x with one value", ef.common_support, "income", same, "x", unit="unit")


def test_two_thirds_at_the_highest_value_leave_no_thirds():
    most = UNITS.assign(x=(UNITS["x"].rank() > N / 4).astype(float))
    refused("x with one value", ef.common_support, "income", most, "x", unit="unit")

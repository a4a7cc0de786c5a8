"""Sigma convergence on a DataFrame."""

import re

import numpy as np
import pandas as pd
import pytest

import evenfield as ef
from made_panel import DATA, KEYS, refused
from tolerances import close

INCOMES = DATA.assign(income=np.exp(DATA["rich"]))
LOGS = DATA.pivot(index="unit", columns="year", values="rich")


def test_it_is_the_standard_deviation_of_logarithms_at_every_date():
    fit = ef.sigma("income", INCOMES, **KEYS)
    path = fit.tables["over time"]["sigma"]
    close(path, LOGS.std(ddof=1))
    close(fit.params["sigma 1990"], path[1990])


def test_its_fall_is_that_between_the_dates_of_the_call():
    fit = ef.sigma("income", INCOMES, start=1992, end=2001, **KEYS)
    change = LOGS[1992] - LOGS[2001]
    total = LOGS[1992] + LOGS[2001]
    close(fit.params["fall"], change.cov(total) / total.var())
    close(fit.params["sigma 2001"], LOGS[2001].std())


def test_too_few_units_are_refused():
    two = INCOMES[INCOMES["unit"].isin(["u00", "u01"])]
    refused("2 units, .* at least 3", ef.sigma, "income", two, **KEYS)


def test_the_currency_changes_no_number():
    want = ef.sigma("income", INCOMES, **KEYS).to_frame()
    cents = INCOMES.assign(income=100 * INCOMES["income"])
    result = ef.sigma("income", cents, **KEYS).to_frame()
    close(result["estimate"], want["estimate"])


@pytest.mark.parametrize("function", [ef.sigma, ef.log_t, ef.clubs])
def test_a_logarithm_is_refused_where_the_level_is_asked_for(function):
    names = ["log_income", "lny", "loggdp", "income_ln", "ln", "ln gdp"]
    data = INCOMES.assign(**dict.fromkeys(names, INCOMES["rich"]))
    data["logistics"] = 100 * data["income"]
    written = """np.log(income); I(np.log(income)); (np.log(income)); -np.log(income)
    100*np.log(income); np.log(income)/2; 1 + log(income); lny - 1; `ln gdp`"""
    for name in (*names, *re.split(r"[;\n] *", written)):
        refused("a logarithm", function, name, data, **KEYS)
    for name in ("np.exp(log_income)", "logistics", "income / np.log(income)"):
        assert function(name, data, **KEYS).nobs


@pytest.mark.parametrize("function", [ef.sigma, ef.log_t, ef.clubs])
def test_values_without_a_logarithm_are_named(function):
    zero = INCOMES.assign(income=INCOMES["income"].mask(INCOMES.index == 3, 0.0))
    refused("1 value of zero or below, first u00 in", function, "income", zero, **KEYS)


def test_the_fall_is_tested_by_every_inference_that_is_asked_for():
    kinds = ["CR3", "HC3", "wild33"]
    rows = ef.sigma("income", INCOMES, inference=kinds, **KEYS).to_frame()
    fall = rows[rows["term"] == "fall"].set_index("inference")
    assert list(fall.index) == kinds
    by_default = ef.sigma("income", INCOMES, **KEYS).to_frame().set_index("term")
    close(fall.loc["HC3", "p_value"], by_default.loc["fall", "p_value"])


def test_the_trend_is_that_of_the_variance_between_units_a_year():
    twice = INCOMES.assign(year=1990 + 2 * (INCOMES["year"] - 1990))
    for data in (INCOMES, twice):
        fit = ef.sigma_path("income", data, draws=19, **KEYS)
        logs = data.assign(log=np.log(data["income"])).pivot(
            index="unit", columns="year", values="log"
        )
        variance = logs.var()
        slope = np.polyfit(variance.index, variance, 1)[0]
        close(fit.params["trend"], slope)


def test_segments_leave_the_smallest_sum_of_squares_of_all_divisions():
    rng = np.random.default_rng(2)
    years = np.arange(1990, 2014)
    spread = np.where(years < 2001, 0.6, 0.3) + 0.002 * rng.normal(size=len(years))
    z = rng.normal(size=30)
    z = (z - z.mean()) / z.std(ddof=1)
    data = pd.DataFrame(
        {
            "unit": np.repeat(np.arange(30), len(years)),
            "year": np.tile(years, 30),
            "income": np.exp(np.outer(z, spread)).ravel(),
        }
    )
    fit = ef.sigma_path("income", data, most_breaks=1, draws=19, **KEYS)

    def squares(inside):
        line = np.polyfit(years[inside], spread[inside], 1)
        return ((spread[inside] - np.polyval(line, years[inside])) ** 2).sum()

    sums = {
        last: squares(years <= last) + squares(years > last) for last in years[4:-5]
    }
    assert fit.notes["breaks"] == 1
    assert fit.tables["breaks"]["after"].tolist() == ["", str(min(sums, key=sums.get))]
    assert fit.tables["segments"]["last"].tolist() == [2000, 2013]
    early = np.polyfit(years[:11], spread[:11], 1)
    ends = fit.tables["segments"].loc[1, ["sigma, first", "sigma, last"]].astype(float)
    close(ends, np.polyval(early, [1990, 2000]))


def test_a_path_is_the_same_whatever_its_units_are_called():
    want = ef.sigma_path("income", INCOMES, draws=19, **KEYS).to_frame()
    renamed = INCOMES.assign(unit=INCOMES["unit"].map(lambda name: name[::-1]))
    shuffled = renamed.sample(frac=1, random_state=1)
    result = ef.sigma_path("income", shuffled, draws=19, **KEYS).to_frame()
    pd.testing.assert_frame_equal(result, want)


def test_a_path_refuses_holes_few_dates_and_what_is_no_number_of_breaks():
    for words, data, options in [
        ("1 date is missing", INCOMES[INCOMES["year"] != 1995], {}),
        ("carry no panel", INCOMES[INCOMES["year"] < 1995], {}),
        ("most_breaks=-1", INCOMES, {"most_breaks": -1}),
        ("trim=0", INCOMES, {"trim": 0}),
    ]:
        refused(words, ef.sigma_path, "income", data, **KEYS, **options)


def test_a_deviation_stays_beside_any_inference_of_the_fall_without_one_of_its_own():
    fit = ef.sigma("income", INCOMES, inference=["CR3", "HC3"], **KEYS)
    rows = fit.to_frame()
    described = rows[rows["term"].str.startswith("sigma")]
    assert described["inference"].tolist() == ["", ""]
    assert described["df"].isna().all()
    assert list(fit.vcov("HC3").params.index) == list(fit.params.index)
    close(fit.vcov("HC3").params, fit.params)
    assert "CR3, t(" in str(fit)

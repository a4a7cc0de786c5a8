"""Sigma convergence on a DataFrame."""

import numpy as np
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
    data = INCOMES.assign(log_income=INCOMES["rich"])
    for name in ("np.log(income)", "log_income"):
        refused("a logarithm", function, name, data, **KEYS)
    assert function("np.exp(log_income)", data, **KEYS).nobs


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

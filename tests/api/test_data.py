"""Data of the library: columns and levels of an index."""

import numpy as np
import pandas as pd
import pytest
from numpy.random import default_rng

import evenfield as ef
from made_panel import refused
from tolerances import close

RNG = default_rng(2)
DATA = pd.DataFrame(RNG.normal(size=(12, 2)), columns=["y", "x"])
DATA["unit"] = np.repeat(list("abcd"), 3)
DATA["year"] = np.tile([2000, 2001, 2002], 4)
WANT = ef.ols("y ~ x | unit", DATA, unit="unit", time="year").params["x"]


def test_a_level_and_a_column_of_one_name_are_one_where_they_agree():
    data = DATA.set_index(["unit", "year"], drop=False)
    fit = ef.ols("y ~ x | unit", data, unit="unit", time="year")
    close(fit.params["x"], WANT)


def test_a_level_and_a_column_of_one_name_that_differ_are_refused():
    data = DATA.set_index(["unit", "year"]).assign(year=1)
    refused("named year that differ", ef.ols, "y ~ x", data)


def test_three_levels_need_the_names_of_unit_and_date():
    data = DATA.assign(country="z").set_index(["country", "unit", "year"])
    refused("3 levels", ef.ols, "y ~ x", data)
    fit = ef.ols("y ~ x | unit", data, unit="unit", time="year")
    close(fit.params["x"], WANT)
    assert fit.resids.index.equals(data.index)


def test_columns_named_by_numbers_are_taken_by_their_text():
    data = DATA.rename(columns={"y": 0, "x": 1})
    fit = ef.ols("`0` ~ `1` | unit", data, unit="unit", time="year")
    close(fit.params["1"], WANT)
    by_numbers = ef.ols(
        data,
        y=0,
        x=[1],
        unit="unit",
        time="year",
    )
    want = ef.ols("y ~ x", DATA, unit="unit", time="year")
    close(by_numbers.params["1"], want.params["x"])


def test_columns_named_twice_are_refused():
    data = pd.concat([DATA, DATA[["x"]]], axis=1)
    refused("several columns named x", ef.ols, "y ~ x", data)


def test_data_without_rows_are_refused():
    refused("without rows", ef.ols, "y ~ x", DATA[:0], unit="unit", time="year")


def test_numbers_in_a_column_of_objects_are_numbers():
    data = DATA.assign(x=DATA["x"].astype(object))
    fit = ef.ols("y ~ x | unit", data, unit="unit", time="year")
    assert fit.params.to_dict() == pytest.approx({"x": WANT})


@pytest.mark.parametrize("text", ["a", "ab", "abc"])
def test_a_text_is_no_outcome(text):
    letters = [text[position % len(text)] for position in range(len(DATA))]
    refused(
        r"an outcome of \w+, letter", ef.ols, "letter ~ x", DATA.assign(letter=letters)
    )
    refused(
        r"an outcome of \w+, letter",
        ef.specification_curve,
        DATA.assign(letter=letters),
        "y",
        "letter",
        unit="unit",
        time="year",
    )


@pytest.mark.parametrize("kind", [object, "category"])
@pytest.mark.parametrize(
    "formula", ["y ~ x | code", "y ~ x + C(code)", "y ~ x | code^z"]
)
def test_a_number_and_its_text_are_one_group(formula, kind):
    data = DATA.assign(code=np.arange(len(DATA)) % 3, z=np.arange(len(DATA)) % 2)
    mixed = [code if row < 5 else str(code) for row, code in enumerate(data["code"])]
    both = data.assign(code=pd.Series(mixed, dtype=object).astype(kind))
    found = ef.ols(formula, both, inference="HC1").params
    close(found["x"], ef.ols(formula, data, inference="HC1").params["x"])
    years = data.assign(year=[str(y) if y % 2 else y for y in data["year"]])
    by_year = ef.ols("y ~ x | year", years, inference="HC1").params
    close(by_year, ef.ols("y ~ x | year", data, inference="HC1").params)

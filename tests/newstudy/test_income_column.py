"""Which column `run new` takes for income: levels by name, label and size; never a
logarithm, and never a word such as `per head` alone.
"""

import shlex

import numpy as np
import pandas as pd
import pytest

from evenfield.newstudy.cells import number_text
from evenfield.newstudy.guess import Choices, guess
from evenfield.newstudy.headers import AnyTable
from evenfield.study.errors import IngestError
from refusals import fails
from tolerances import close
from yaml_text import from_yaml

YEARS = range(2000, 2010)
LEVEL = {
    (unit, year): 900 * (i + 1) ** 1.3 * 1.02 ** (year - 2000 + i)
    for i, unit in enumerate("ABCDEFGH")
    for year in YEARS
}


def income_of(columns, labels=None, flags=None, **choices):
    """Guess from a panel whose columns are functions of income per head."""
    frame = pd.DataFrame(LEVEL.keys(), columns=["state", "year"]).astype(str)
    level = np.array([*LEVEL.values()])
    for name, change in columns.items():
        frame[name] = [number_text(value) for value in np.round(change(level), 6)]
    return guess(AnyTable(frame, labels=labels or {}), flags or {}, Choices(**choices))


def same(level):
    return level


def waves(level):
    return 8 + 3 * np.sin(level)


@pytest.mark.parametrize(
    "name",
    "ln_gdp lemp ln_y lny log_income LogGDPpc lgdp lrgdpch gdp_ln log10gdp lwage ln.gdp"
    " lnGDP l_gdp income_log".split(),
)
def test_a_logarithm_by_its_name_is_not_income(name):
    fault = income_of({name: np.log})
    assert fault.income == {"column": "TODO"}
    assert any(f"{name} looks like a logarithm" in line for line in fault.messages)


@pytest.mark.parametrize("label", ["Log of GDP per capita", "ln(GDP/N)", "GDP, logs"])
def test_a_logarithm_by_its_label_is_not_income(label):
    assert income_of({"gdppc": np.log}, {"gdppc": label}).income == {"column": "TODO"}


def test_a_logarithm_by_its_range_is_not_income():
    fault = income_of({"y": lambda level: 9 + 0.1 * np.log(level)})
    assert fault.income == {"column": "TODO"}
    assert "y looks like a logarithm (by its range)" in " ".join(fault.messages)


@pytest.mark.parametrize(
    "name", "lyon land labour logistics longitude_income income".split()
)
def test_names_that_only_begin_like_a_logarithm_are_none(name):
    assert income_of({name: same}).income == {"column": name}


@pytest.mark.parametrize(
    "names",
    from_yaml("""
    - [gdppc, lgdppc]
    - [y, x]
    - [income, ln_y]
    """),
)
def test_of_a_level_and_its_logarithm_the_level_is_income(names):
    assert income_of({names[1]: np.log, names[0]: same}).income == {"column": names[0]}


def test_a_logarithm_that_is_named_as_income_is_refused():
    fails(
        IngestError,
        r"ln_gdp looks like a logarithm .by its name",
        income_of,
        {"ln_gdp": np.log, "x": waves},
        flags={"income": "ln_gdp"},
    )


def test_a_logarithm_is_taken_back_on_request():
    fault = income_of({"ln_gdp": np.log, "x": waves}, logs=True)
    assert fault.income == {"column": "gdp"}
    assert fault.titles["gdp"] == "e to the power of ln_gdp"
    levels = fault.panel["gdp"].astype(float)
    close(levels, [*LEVEL.values()], rtol=1e-5)


def test_a_logarithm_to_base_ten_is_taken_back_with_ten():
    fault = income_of({"log10_gdp": np.log10}, logs=True)
    levels = fault.panel["gdp"].astype(float)
    close(levels, [*LEVEL.values()], rtol=1e-4)


def test_levels_are_no_logarithm_whatever_is_asked():
    fails(
        IngestError,
        r"income is no logarithm of income .*--log",
        income_of,
        {"income": same},
        flags={"income": "income"},
        logs=True,
    )


def test_a_name_like_a_logarithm_is_overruled_on_request():
    columns = {"ln_gdp": lambda level: level / 1000}
    fault = income_of(columns, flags={"income": "ln_gdp"}, logs=False)
    assert fault.income == {"column": "gdp"}
    assert fault.panel["gdp"].tolist() == fault.panel["ln_gdp"].tolist()


@pytest.mark.parametrize(
    "name",
    "green_area_per_head beds_per_capita cars_percap gini_income income_share"
    " income_growth gdp_growth gdp_deflator income_tax gdppc_rank".split(),
)
def test_a_word_alone_is_not_income(name):
    fault = income_of({name: waves, "rainfall": waves})
    assert fault.income == {"column": "TODO"}


def test_a_keyword_does_not_stand_beside_income():
    fault = income_of({"green_area_per_head": waves, "grp_per_head": same})
    assert fault.income == {"column": "grp_per_head"}


@pytest.mark.parametrize(
    ("name", "label", "sure"),
    from_yaml("""
    - [gdp_pc, '', true]
    - [income, '', true]
    - [y, '', false]
    - [v1, 'GDP per capita, constant dollars', true]
    - [v1, '', false]
    """),
)
def test_it_is_said_how_sure_the_choice_is(name, label, sure):
    fault = income_of({name: same}, {name: label})
    line = next(line for line in fault.messages if "income per head" in line)
    assert ("a guess: if it is another, give --income" in line) != sure


def test_output_over_population_is_income():
    fault = income_of({"gdp": lambda v: 50 * v, "pop": lambda v: v / 90, "x": waves})
    assert fault.income == {"output": "gdp", "population": "pop"}


def test_labels_say_which_columns_are_output_and_people():
    columns = {
        "lev": waves,
        "cur": lambda v: 40 * v,
        "con": lambda v: 50 * v,
        "heads": lambda v: v / 90,
    }
    labels = {
        "lev": "Price level of output (2017=1)",
        "cur": "Real GDP at current PPPs (in mil. US$)",
        "con": "Real GDP at constant prices (in mil. US$)",
        "heads": "Population (in millions)",
    }
    fault = income_of(columns, labels)
    assert fault.income == {"output": "con", "population": "heads"}


@pytest.mark.parametrize("name", ["lpop", "lemp", "logp", "lny", "ln_gdp"])
def test_no_flag_is_named_for_a_logarithm_of_something_else(name):
    columns = {name: np.log, "population": waves}
    lines = " ".join(income_of(columns).messages)
    assert (f"--income {name}" in lines) == (name in {"lny", "ln_gdp"})
    assert "perhaps population" not in lines


def test_an_example_of_income_may_be_meant_or_there_is_none():
    columns = {"price_level": waves, "rainfall": waves, "growth": waves}
    line = next(line for line in income_of(columns).messages if "not clear" in line)
    assert "for example" not in line


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ({}, "income is a total, since the largest of a year is 1,865 times"),
        ({"income": "income"}, "income is a total"),
    ],
)
def test_figures_too_far_apart_are_a_total(flags, expected):
    def fourth_power(level):
        return (level / 900) ** 2.65

    fails(IngestError, expected, income_of, {"income": fourth_power}, flags=flags)
    said = income_of({"income": fourth_power}, flags=flags, what="harvest")
    assert said.income == {"column": "income"}


@pytest.mark.parametrize(
    ("name", "scale"),
    from_yaml("""
    - [工资（万元）, 0.0001]
    - [全员劳动生产率, 1]
    - [wage rate, 0.01]
    - [income per 1000, 1]
    - ['GDP per capita, constant prices (2010=100)', 1]
    - [PDRB per kapita (ribu rupiah), 10]
    - [average income (thousands of dollars), 1]
    """),
)
def test_words_of_totals_and_rates_that_say_none(name, scale):
    fault = income_of({name: lambda level: level * scale})
    assert fault.income == {"column": name}


@pytest.mark.parametrize("name", ["pop_density", "population_growth"])
def test_a_density_is_no_population(name):
    fault = income_of({"gdp": lambda v: 50 * v, name: lambda v: v / 90})
    assert fault.income == {"column": "TODO"}


def test_the_words_after_a_todo_list_no_logarithm():
    fault = income_of({"ln_gdp": np.log, "a": waves, "b": waves})
    assert fault.perhaps == ["a", "b"]


def test_output_and_workers_are_named_where_income_is_not_clear():
    columns = {"P_CAP": waves, "GSP": lambda v: 50 * v, "EMP": lambda v: v / 90}
    lines = income_of(columns).messages
    line = next(line for line in lines if "income is not clear" in line)
    assert "perhaps GSP" in line
    assert "--output GSP --population EMP" in line


def test_income_at_or_below_zero_is_named_with_its_cells():
    columns = {"income": lambda level: level - np.median(level)}
    words = r"income has 40 cells at or below zero \(A 2000"
    fails(IngestError, words, income_of, columns)


def test_a_short_name_of_income_is_the_whole_name_of_a_logarithm():
    columns = {"ln_density": np.log, "ln_y": lambda level: np.log(level) - 1}
    fault = income_of(columns, logs=True)
    assert fault.income == {"column": "y"}


def test_of_logarithms_that_say_nothing_of_income_none_is_taken_on_request():
    columns = {"ln_density": np.log, "ln_emp": lambda level: np.log(level) - 1}
    assert income_of(columns, logs=True).income == {"column": "TODO"}


def test_names_in_flags_are_quoted_for_a_shell():
    fault = income_of({"ln gdp (5$ 'new')": np.log})
    line = next(line for line in fault.messages if "--log" in line)
    words = shlex.split(line[line.index("--income") :].split(" if ")[0])
    assert words == ["--income", "ln gdp (5$ 'new')", "--log"]


def test_a_density_weighs_no_units():
    fault = income_of({"income": same, "population_density": lambda v: v / 90})
    assert not any("weighs them" in line for line in fault.messages)
    fault = income_of({"income": same, "population": lambda v: v / 90})
    assert any("--population population weighs them" in line for line in fault.messages)

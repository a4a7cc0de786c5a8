"""The table of units: values by hand, ranks and growth, ids that an address can hold, and
the file that it brings along.
"""

import io
from urllib.parse import unquote

import pandas as pd
import pytest

from evenfield.report.map import anchor
from evenfield.report.page import render_pages
from evenfield.report.unit_table import data_address, unit_table
from evenfield.shared.study_results import StudyResults
from report.made_up import write_study
from yaml_text import from_yaml

INCOMES = {"a b": (100.0, 200.0), "b": (400.0, 400.0), "=c": (300.0, None)}
CONFIG = from_yaml("""
    study: {unit_name: state, units_name: states, what: ''}
    panel:
      unit_scheme: all
      unit_schemes: {all: {}}
      income: {column: income, unit: crowns}
    estimates: {}
    """)


def made_results():
    """Return facts of three units, one of which has no income in the last year."""
    rows = [
        {"unit": unit, "year": year, "income": income, "population": 1.0}
        for unit, own in INCOMES.items()
        for year, income in zip((2000, 2010), own, strict=True)
    ]
    names = pd.DataFrame({"unit": [*INCOMES], "name": ["Z & A", "B", "=C"]})
    tables = {"panel": pd.DataFrame(rows), "units": names}
    results = StudyResults(CONFIG)
    results.table = lambda name, *_, **__: tables[name].copy()
    return results


def swapped(tables, units):
    """The tables of a study with other units."""
    return lambda name, *_, **__: units if name == "units" else tables(name)


@pytest.fixture
def table():
    return unit_table(made_results())


def cells(table, name):
    (row,) = (row for row in table.rows if row["cells"][0]["text"] == name)
    return [cell["text"] for cell in row["cells"]]


def test_each_unit_has_its_incomes_growth_and_ranks(table):
    heads = [column["header"] for column in table.columns]
    assert heads == [
        "state",
        "2000",
        "2010",
        "growth, % a year",
        "rank 2000",
        "rank 2010",
    ]
    # 100 (2^(1/10) - 1) = 7.18 % a year doubles in ten years.
    assert cells(table, "Z & A") == ["Z & A", "100", "200", "7.2", "3", "2"]
    assert cells(table, "B") == ["B", "400", "400", "0.0", "1", "1"]
    assert cells(table, "=C") == ["=C", "300", "", "", "2", ""]


def test_shuffled_rows_give_the_same_table(table):
    results = made_results()
    panel = results.table("panel").sample(frac=1, random_state=3)
    units = results.table("units")[::-1]
    results.table = lambda name, *_, **__: {"panel": panel, "units": units}[name].copy()
    assert unit_table(results) == table


def test_names_stand_as_in_an_index():
    results = made_results()
    panel = results.table("panel")
    units = results.table("units").assign(name=["Île", "Jura", "aisne"])
    results.table = lambda name, *_, **__: {"panel": panel, "units": units}[name].copy()
    names = [row["cells"][0]["text"] for row in unit_table(results).rows]
    assert names == ["aisne", "Île", "Jura"]


def test_a_letter_with_a_stroke_stands_beside_the_one_without():
    results = made_results()
    units = results.table("units").assign(name=["Łódzkie", "Mazowieckie", "Lubuskie"])
    results.table = swapped(results.table, units)
    names = [row["cells"][0]["text"] for row in unit_table(results).rows]
    assert names == ["Łódzkie", "Lubuskie", "Mazowieckie"]


def test_names_of_other_scripts_stand_beside_those_of_the_figures():
    results = made_results()
    units = results.table("units").assign(name=["東京都", "大阪府", "Yamagata"])
    results.table = swapped(results.table, units)
    names = [row["cells"][0]["text"] for row in unit_table(results).rows]
    assert names == ["大阪府 (Osaka)", "東京都 (Tokyo)", "Yamagata"]


def test_a_path_is_in_percent_of_the_average_and_has_gaps(table):
    paths = {row["anchor"]: row["path"] for row in table.rows}
    # The average of 2000 is 800 / 3, that of 2010 is 300.
    assert paths == {"unit=b": "150,133", "unit=%3Dc": "112,", "unit=a%20b": "38,67"}


def test_the_file_holds_the_table_and_no_formula(table):
    kind, text = table.csv.split(",", 1)
    assert kind == "data:text/csv;charset=utf-8"
    frame = pd.read_csv(io.StringIO(unquote(text)))
    assert list(frame["id"]) == ["'=c", "b", "a b"]
    assert list(frame["name"]) == ["'=C", "B", "Z & A"]
    assert frame["growth, % a year"].iloc[2] == pytest.approx(100 * (2**0.1 - 1), 1e-5)


def test_one_year_has_no_table():
    results = made_results()
    panel = results.table("panel")
    results.table = lambda *_, **__: panel[panel["year"].eq(2000)]
    assert unit_table(results) is None


def test_an_address_holds_any_letter():
    for unit in ("CN-AH", 'a "b" <c>', "São Paulo/3"):
        assert unquote(anchor(unit)) == f"unit={unit}"
        assert not set(anchor(unit)) & set('"<> /')
    address = data_address('x,"<é>#1 2+3%\n')
    assert unquote(address) == 'data:text/csv;charset=utf-8,x,"<é>#1 2+3%\n'
    # None of these could stand in an attribute, or would end the address.
    assert not set(address) & set('"<># \n')


def test_the_page_holds_a_row_for_each_unit_and_escapes_names(tmp_path):
    given = write_study(tmp_path / "results", policy=False)
    page = render_pages(tmp_path / "results" / "report", **given)[0]
    assert page.count('<tr id="unit=') == 4
    assert '<a href="#unit=BB">Beta &lt;b&gt;</a>' in page
    assert 'id="unit-card" hidden' in page

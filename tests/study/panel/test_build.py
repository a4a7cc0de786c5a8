"""The whole panel of the shipped study and of small ones: schemes that close, samples,
and no trace of row order.
"""

from dataclasses import fields as dataclass_fields

import numpy as np
import pytest

from evenfield.study.errors import ConfigError, PanelError
from evenfield.study.panel.build import BuiltPanel, build_panel
from refusals import fails
from tolerances import MACHINE, close

FRAMES = [
    field.name for field in dataclass_fields(BuiltPanel) if field.name != "description"
]


@pytest.fixture(scope="module")
def china(china_tables, china_fields, china_config):
    schemes = ("31", "30", "published")
    built = {
        scheme: build_panel(china_tables, china_fields, china_config, scheme)
        for scheme in schemes
    }
    return built.__getitem__


def test_merging_keeps_national_totals(china):
    summed = [
        name
        for name in china("31").panel
        if name in {"output_real", "population"} or name.startswith("va_")
    ]
    summed += [
        "gdp_100m_cny",
        "gdp_rev5_100m_cny",
        "pop_resident_10k",
        "electricity_100m_kwh",
        "patents_applied",
    ]
    parts = (
        china("31").panel.query("unit in ['CN-SC', 'CN-CQ']").groupby("year")[summed]
    )
    full = parts.count().eq(2)
    both = parts.sum().where(full)
    merged = china("30").panel.query("unit == 'CN-SC'").set_index("year")[summed]
    assert full.sum().min() > 5
    close(merged.where(full), both, MACHINE)
    for name in ("output_real", "population"):
        totals = [
            china(scheme).panel.groupby("year")[name].sum() for scheme in ("31", "30")
        ]
        np.testing.assert_allclose(*totals, rtol=MACHINE)


def test_merged_output_is_the_sum_of_two_chains_and_published_stocks_fill_gaps(china):
    panel = china("30").panel.set_index(["unit", "year"]).loc["CN-SC"]
    parts = (
        china("31")
        .panel.query("unit in ['CN-SC', 'CN-CQ']")
        .groupby("year")["output_real"]
        .sum()
    )
    close(panel.loc[2019, "output_real"], parts[2019], MACHINE)
    chained = panel.loc[2000, "gdp_100m_cny"] * np.prod(
        panel.loc[2001:2019, "gdp_index_prev100"] / 100
    )
    assert panel.loc[2019, "output_real"] != pytest.approx(chained, rel=1e-6)
    stock = (
        china("30")
        .panel.query("unit == 'CN-SC'")
        .set_index("year")["capital_stock_100m_cny_2000"]
    )
    assert stock[1978] == 1758.43
    assert (
        china("31")
        .panel.query("unit == 'CN-SC' and year == 1978")["capital_stock_100m_cny_2000"]
        .isna()
        .all()
    )


def test_a_scheme_that_replaces_a_column_moves_all_that_follows_from_it(
    china, china_tables
):
    census, published = (
        china(scheme).panel.set_index(["unit", "year"])
        for scheme in ("31", "published")
    )
    raw = china_tables["panel"].set_index(["unit", "year"]).loc[census.index]
    assert published["population"].equals(
        raw["pop_before_census_10k"].rename("population")
    )
    assert published["pop_resident_10k"].equals(
        published["pop_before_census_10k"].rename("pop_resident_10k")
    )
    income = np.log(published["output_real"] / published["population"] * 10000)
    close(published["log_income"], income, MACHINE)
    later = census.index.get_level_values("year") > 2010
    moved = [name for name in census if not published[name].equals(census[name])]
    same = [
        name
        for name in moved
        if not published.loc[~later, name].equals(census.loc[~later, name])
    ]
    assert {
        "population",
        "income",
        "growth_pct",
        "relative_log_income",
        "population_share",
    } <= set(moved)
    assert not same
    growth = {
        scheme: china(scheme).periods.query("period == 'P4'").set_index("unit")
        for scheme in ("31", "published")
    }
    assert (growth["31"]["log_income_end"] - growth["published"]["log_income_end"]).loc[
        "CN-HL"
    ] > 0.1
    assert china("31").cells.equals(china("published").cells)
    assert china("published").description["merged"] == {}
    assert china("published").description["replaced"] == {
        "pop_resident_10k": "pop_before_census_10k"
    }


def test_shuffled_rows_build_the_same_panel(
    china, china_tables, china_fields, china_config
):
    shuffled = {
        name: frame.sample(frac=1.0, random_state=7)
        for name, frame in china_tables.items()
    }
    again = build_panel(shuffled, china_fields, china_config, "30")
    for name in FRAMES:
        assert getattr(again, name).to_csv(index=False) == getattr(
            china("30"), name
        ).to_csv(index=False), name
    assert again.description == china("30").description


def toy_panel(toy, **changes):
    toy.config["panel"].update(changes)
    return build_panel(toy.read(), {}, toy.config, "all")


@pytest.mark.parametrize("entry", ["B", "Bland", "coastal=1", "parent = A"])
def test_samples_leave_out_by_id_name_and_value(toy, entry):
    panel = toy_panel(toy, samples={"all": [], "some": [entry]})
    assert panel.description["samples"]["some"] == ["A", "C"]


@pytest.mark.parametrize("entry", ["coastal=2", "coast=1", "bland"])
def test_what_is_no_unit_cannot_be_left_out(toy, entry):
    fails(
        ConfigError,
        f"leaves out {entry}; expected units of units.csv: ids, names, or COLUMN",
        toy_panel,
        toy,
        samples={"all": [], "some": [entry]},
    )


def test_unknown_units_and_columns_are_refused(toy):
    fails(
        ConfigError,
        r"panel.samples.few leaves out Z; expected units of units.csv",
        toy_panel,
        toy,
        samples={"all": [], "few": ["Z"]},
    )
    fails(
        PanelError,
        r"names 1 column that panel.csv lacks \(folk\)",
        toy_panel,
        toy,
        samples={"all": []},
        income={
            "output": "output",
            "population": "folk",
            "unit": "x",
            "scale": 1,
        },
    )
    fails(
        PanelError,
        r"names 1 column that panel.csv lacks \(folk\)",
        toy_panel,
        toy,
        unit_schemes={"all": {"replace": {"people": "folk"}}},
    )
    toy.config["panel"]["unit_schemes"] = {"all": {}}
    tables = toy.read()
    tables["panel"] = tables["panel"].rename(columns={"doubtful": "population"})
    fails(
        PanelError,
        r"panel.csv has 1 column that the panel computes \(population\)",
        build_panel,
        tables,
        {},
        toy.config,
        "all",
    )


@pytest.mark.parametrize(
    "income",
    [{"column": "income"}, {"output": "output_real", "population": "population"}],
)
def test_column_that_is_what_the_panel_computes_may_have_its_name(toy, income):
    names = {
        value: "output" for key, value in income.items() if key in {"column", "output"}
    }
    names |= {income["population"]: "people"} if "population" in income else {}
    tables = toy.read()
    tables["panel"] = tables["panel"].rename(
        columns={old: new for new, old in names.items()}
    )
    toy.config["panel"]["income"] = {**income, "unit": "pesos", "scale": 1}
    built = build_panel(tables, {}, toy.config, "all")
    assert list(built.panel.columns).count("income") == 1
    assert built.panel["income"].notna().all()


@pytest.mark.parametrize(
    "income",
    [
        {"column": "100 * output / people"},
        {"output": "output / 2", "population": "people / 200"},
    ],
)
def test_income_may_be_an_expression_also_of_merged_units(toy, income):
    income |= {"unit": "coins", "scale": 1}
    schemes = {"all": {"B": ["B", "C"]}}
    panel = toy_panel(toy, income=income, unit_schemes=schemes).panel
    data = toy.read()["panel"]
    of_unit = {"A": ["A"], "B": ["B", "C"]}
    for row in panel.itertuples():
        parts = data[data["unit"].isin(of_unit[row.unit]) & data["year"].eq(row.year)]
        expected = 100 * parts["output"].sum() / parts["people"].sum()
        close(row.income, expected, MACHINE)
    assert set(panel.columns).isdisjoint(income.values())


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ("output / folk", r"names 1 column that panel.csv lacks \(folk\)"),
        ("output / unit", "names unit of panel.csv, which holds no figures"),
        ("output ** 2", r"`output \*\* 2` .*is not allowed"),
        ("log(output)", "looks like a logarithm"),
    ],
)
def test_a_wrong_expression_of_income_is_one_line(toy, column, message):
    income = {"column": column, "unit": "coins", "scale": 1}
    fails((PanelError, ConfigError), message, toy_panel, toy, income=income)


def test_figures_are_counted_by_grade_in_the_years_of_the_study(toy):
    spans = (
        "output,A,2000,2001,A,official,BOOK,\n"
        "output,A,2002,2003,B,official,BOOK,\n"
        "output,B C,2000,2003,B,official,BOOK,"
    )
    toy.replace("panel_provenance", "output,all,2000,2003,A,official,BOOK,", spans)
    toy.config["periods"]["P"]["start"] = 2001
    grades = toy_panel(toy, years=[2001, 2003]).grades
    of_output = grades[grades["variable"] == "output"]
    # Three units in three years, of which one figure is of grade A.
    assert of_output["grade"].tolist() == ["A", "B"]
    assert of_output["figures"].tolist() == [1, 8]
    close(of_output["share_pct"], [100 / 9, 800 / 9], MACHINE)
    # Blanked as doubtful, so that no figure of it is in use.
    assert "doubtful" not in set(grades["variable"])
    assert list(grades.columns) == ["variable", "grade", "figures", "share_pct"]

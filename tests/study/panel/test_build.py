"""The whole panel of the shipped study and of small ones: schemes that close, samples, and no trace of row order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields as dataclass_fields
from typing import Any

import numpy as np
import pandas as pd
import pytest

from evenfield.study.config import checked_config
from evenfield.study.errors import ConfigError, PanelError
from evenfield.study.panel.build import LEADING, BuiltPanel, build_panel
from evenfield.study.tables import Field
from tolerances import MACHINE
from toy_study import ToyStudy

FRAMES = [field.name for field in dataclass_fields(BuiltPanel) if field.name != "description"]
Build = Callable[[str], BuiltPanel]


@pytest.fixture(scope="module")
def china(china_tables: dict[str, pd.DataFrame], china_fields: dict[str, Field], china_config: dict[str, Any]) -> Build:
    built = {scheme: build_panel(china_tables, china_fields, china_config, scheme) for scheme in ("31", "30")}
    return built.__getitem__


def test_merging_keeps_national_totals(china: Build) -> None:
    summed = [name for name in china("31").panel if name in {"output_real", "population"} or name.startswith("va_")]
    summed += ["gdp_100m_cny", "gdp_rev5_100m_cny", "pop_resident_10k", "electricity_100m_kwh", "patents_applied"]
    parts = china("31").panel.query("unit in ['CN-SC', 'CN-CQ']").groupby("year")[summed]
    full = parts.count().eq(2)
    both = parts.sum().where(full)
    merged = china("30").panel.query("unit == 'CN-SC'").set_index("year")[summed]
    assert full.sum().min() > 5
    np.testing.assert_allclose(merged.where(full), both, rtol=MACHINE)
    for name in ("output_real", "population"):
        totals = [china(scheme).panel.groupby("year")[name].sum() for scheme in ("31", "30")]
        np.testing.assert_allclose(*totals, rtol=MACHINE)


def test_merging_closes_everywhere(china: Build) -> None:
    wide, narrow = china("31"), china("30")
    units = set(narrow.units["unit"])
    assert set(wide.units["unit"]) - units == {"CN-CQ"}
    for name in ("panel", "periods", "cells", "doses", "first_years"):
        assert set(getattr(narrow, name)["unit"]) == units, name
    assert set(narrow.adjacency["unit_i"]) | set(narrow.adjacency["unit_j"]) <= units
    assert narrow.description["merged"] == {"CN-SC": ["CN-SC", "CN-CQ"]}
    assert (len(wide.panel), len(narrow.panel)) == (31 * 42, 30 * 42)


def test_merged_neighbours_are_the_neighbours_of_the_parts(china: Build) -> None:
    def of(frame: pd.DataFrame, *names: str) -> set[str]:
        i, j = frame["unit_i"], frame["unit_j"]
        return (set(j[i.isin(names)]) | set(i[j.isin(names)])) - set(names)

    assert of(china("30").adjacency, "CN-SC") == of(china("31").adjacency, "CN-SC", "CN-CQ")
    assert len(china("31").adjacency) == 68


def test_merged_doses_add_up(china: Build) -> None:
    def count(scheme: str, *units: str) -> pd.Series:
        doses = china(scheme).doses
        return doses[doses["unit"].isin(units)].groupby(["zone_type", "year"])["zones"].sum()

    pd.testing.assert_series_equal(count("30", "CN-SC"), count("31", "CN-SC", "CN-CQ"))


def test_merged_cells_are_those_of_either_part(china: Build) -> None:
    key = ["taxonomy", "period"]
    parts = china("31").cells.query("unit in ['CN-SC', 'CN-CQ']").groupby(key)[["cluster", "sez"]].max()
    merged = china("30").cells.query("unit == 'CN-SC'").set_index(key)[["cluster", "sez"]]
    pd.testing.assert_frame_equal(merged.sort_index(), parts, check_dtype=False)


def test_merged_output_is_the_sum_of_two_chains_not_a_chain_of_sums(china: Build) -> None:
    panel = china("30").panel.set_index(["unit", "year"]).loc["CN-SC"]
    parts = china("31").panel.query("unit in ['CN-SC', 'CN-CQ']").groupby("year")["output_real"].sum()
    assert panel.loc[2019, "output_real"] == pytest.approx(parts[2019], rel=MACHINE)
    chained = panel.loc[2000, "gdp_100m_cny"] * np.prod(panel.loc[2001:2019, "gdp_index_prev100"] / 100)
    assert panel.loc[2019, "output_real"] != pytest.approx(chained, rel=1e-6)


def test_published_capital_stock_of_old_sichuan_fills_the_gap(china: Build) -> None:
    stock = china("30").panel.query("unit == 'CN-SC'").set_index("year")["capital_stock_100m_cny_2000"]
    assert stock[1978] == 1758.43
    assert china("31").panel.query("unit == 'CN-SC' and year == 1978")["capital_stock_100m_cny_2000"].isna().all()


def test_bases_of_the_shipped_periods(china: Build) -> None:
    basis = {item["period"]: item["basis"] for item in china("31").description["periods"]}
    assert basis == {
        **dict.fromkeys(("P1", "P2"), "proxy"),
        **dict.fromkeys(("P3", "P4", "S1"), "official"),
        **dict.fromkeys(("P2s", "S0"), "spliced"),
    }
    assert china("31").description["basis_years"] == {"official": [1999, 2019], "proxy": [1978, 1998]}


def test_growth_is_blank_in_the_first_year_and_at_the_joint_only(china: Build) -> None:
    panel = china("31").panel
    assert sorted(set(panel.loc[panel["growth_pct"].isna(), "year"])) == [1978, 1999]


def test_sample_leaves_out_units_and_keeps_a_merged_one_whose_part_is_left_out(china: Build) -> None:
    samples = {scheme: china(scheme).description["samples"] for scheme in ("31", "30")}
    assert len(samples["31"]["no_municipalities"]) == 27
    assert len(samples["30"]["no_municipalities"]) == 27
    assert "CN-SC" in samples["30"]["no_municipalities"]
    assert len(samples["30"]["all"]) == 30


def test_official_period_growth_from_the_raw_table(china: Build, china_tables: dict[str, pd.DataFrame]) -> None:
    raw = china_tables["panel"].query("unit == 'CN-GD'").set_index("year")
    chain = np.prod(raw.loc[2010:2019, "gdp_index_prev100"] / 100)
    people = raw.loc[2019, "pop_resident_10k"] / raw.loc[2009, "pop_resident_10k"]
    growth = china("31").periods.query("unit == 'CN-GD' and period == 'P4'")["growth_pct_per_year"].iloc[0]
    assert growth == pytest.approx(100 * np.log(chain / people) / 10, rel=1e-9)


def test_shuffled_rows_build_the_same_panel(
    china: Build, china_tables: dict[str, pd.DataFrame], china_fields: dict[str, Field], china_config: dict[str, Any]
) -> None:
    shuffled = {name: frame.sample(frac=1.0, random_state=7) for name, frame in china_tables.items()}
    again = build_panel(shuffled, china_fields, china_config, "30")
    for name in FRAMES:
        assert getattr(again, name).to_csv(index=False) == getattr(china("30"), name).to_csv(index=False), name
    assert again.description == china("30").description


def toy_panel(toy: ToyStudy, **changes: Any) -> BuiltPanel:
    toy.config["panel"].update(changes)
    return build_panel(toy.read(), {}, toy.config, "all")


def test_study_without_policy_tables_is_built(toy: ToyStudy) -> None:
    toy.config["taxonomy"] = {"primary": "none", "all": ["none"], "national_zones": ["sez"]}
    built = toy_panel(toy)
    assert built.cells["cell"].eq("neither").all()
    assert built.doses.empty and built.first_years.empty
    assert list(built.panel.columns) == [*LEADING, "output", "people", "doubtful"]
    assert built.panel["basis"].eq("official").all()


def test_study_with_published_income_is_built(toy: ToyStudy) -> None:
    built = toy_panel(toy, income={"column": "output", "unit": "pesos"})
    assert built.panel["income"].tolist() == built.panel["output"].tolist()
    assert built.panel["population"].isna().all()
    relative = built.panel.groupby("year")["relative_log_income"].sum()
    assert relative.abs().max() < MACHINE
    assert built.periods["population_growth_per_year"].isna().all()


def test_decennial_study_is_built(toy: ToyStudy) -> None:
    for i, year in enumerate(range(2000, 2004)):
        for j in (1, 2, 3):
            toy.replace("panel", f"{'ABC'[j - 1]},{year},", f"{'ABC'[j - 1]},{1900 + 10 * i},")
    toy.path("panel_provenance").write_text(
        toy.path("panel_provenance").read_text(encoding="utf-8").replace("2000,2003", "1900,1930"), encoding="utf-8"
    )
    toy.replace("panel_provenance", "doubtful,all", "doubtful,all")
    toy.config["periods"] = {"P": {"start": 1900, "end": 1930, "spliced": False, "role": "main"}}
    built = toy_panel(toy, years=[1900, 1930], step=10)
    assert built.description["years"] == [1900, 1910, 1920, 1930]
    growth = built.periods.set_index("unit")["growth_pct_per_year"]
    assert growth["A"] == pytest.approx(100 * np.log(14 / 11) / 30, rel=MACHINE)


def test_unknown_unit_of_a_sample_is_refused(toy: ToyStudy) -> None:
    with pytest.raises(ConfigError, match=r"panel.samples.few leaves out Z; expected units of units.csv"):
        toy_panel(toy, samples={"all": [], "few": ["Z"]})


def test_unknown_income_column_is_refused(toy: ToyStudy) -> None:
    with pytest.raises(PanelError, match=r"names 1 column that panel.csv lacks \(folk\)"):
        toy_panel(toy, income={"output": "output", "population": "folk", "unit": "x", "scale": 1})


def test_column_that_the_panel_computes_is_not_overwritten_in_silence(toy: ToyStudy) -> None:
    tables = toy.read()
    tables["panel"] = tables["panel"].rename(columns={"doubtful": "population"})
    with pytest.raises(PanelError, match=r"panel.csv has 1 column that the panel computes \(population\)"):
        build_panel(tables, {}, toy.config, "all")


@pytest.mark.parametrize(
    "income", [{"column": "income"}, {"output": "output_real", "population": "population", "scale": 1}]
)
def test_column_that_is_what_the_panel_computes_may_have_its_name(toy: ToyStudy, income: dict[str, Any]) -> None:
    names = {value: "output" for key, value in income.items() if key in {"column", "output"}}
    names |= {income["population"]: "people"} if "population" in income else {}
    tables = toy.read()
    tables["panel"] = tables["panel"].rename(columns={old: new for new, old in names.items()})
    toy.config["panel"]["income"] = {**income, "unit": "pesos"}
    built = build_panel(tables, {}, toy.config, "all")
    assert list(built.panel.columns).count("income") == 1
    assert built.panel["income"].notna().all()


def test_toy_config_is_checked(toy: ToyStudy) -> None:
    assert checked_config(toy.config) == toy.config

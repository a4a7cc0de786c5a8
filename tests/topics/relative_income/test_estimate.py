"""Relative income by cell, summaries by cell and period, invariance, and what is
refused.
"""

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from evenfield.shared.estimates import estimates_frame
from evenfield.study.errors import EstimateError
from evenfield.topics.relative_income.estimate import PATHS, estimate
from made_study import (
    one_line,
    order_and_names_do_not_matter,
    topic_study,
)
from tolerances import MACHINE, close
from yaml_text import from_yaml

UNITS = ["A", "B", "C", "D"]
GAP = (
    "estimates.relative_income S: 1 value is missing or infinite (B"
    " growth_pct_per_year)"
)

# Four units in two years and two periods.
TABLES = from_yaml("""
    panel:
      unit: &twice [A, B, C, D, A, B, C, D]
      year: &years [2000, 2000, 2000, 2000, 2010, 2010, 2010, 2010]
      population: [1.0, 3.0, 1.0, 1.0, 1.0, 3.0, 1.0, 1.0]
      basis: [proxy, proxy, proxy, proxy, official, official, official, official]
      relative_log_income: [0.4, 0.2, -0.2, -0.4, 0.3, 0.1, -0.1, -0.3]
      relative_log_income_unweighted: [0.5, 0.3, -0.3, -0.5, 0.2, 0.0, 0.0, -0.2]
    periods:
      unit: *twice
      period: &periods [P1, P1, P1, P1, S, S, S, S]
      start_year: [2005, 2005, 2005, 2005, 2000, 2000, 2000, 2000]
      end_year: 2010
      basis: [official, official, official, official, spliced, spliced, spliced, spliced]
      log_income_start: [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]
      log_income_end: 9.0
      growth_pct_per_year: [8.0, 6.0, 4.0, 2.0, 8.0, 6.0, 4.0, 2.0]
      population_growth_per_year: 0.01
      control_coast: [1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0]
      control_trade: [0.1, 0.2, 0.3, 0.4, .nan, .nan, .nan, .nan]
    cells:
      taxonomy: t
      unit: *twice
      period: *periods
      cell: [both, both, neither, SEZ only, both, both, neither, neither]
    yearly_cells:
      taxonomy: t
      unit: *twice
      year: *years
      cell: [both, both, neither, neither, both, both, neither, SEZ only]
    doses:
      unit: [A, A, B, B, A, B, C, D]
      year: [2000, 2010, 2000, 2010, 2010, 2010, 2010, 2010]
      zone_type: [etdz, etdz, etdz, etdz, undated, undated, undated, undated]
      zones: [1, 3, 0, 2, 0, 0, 0, 0]
    """)


def make_study(section=None, **change):
    tables = {name: pd.DataFrame(columns) for name, columns in TABLES.items()}
    section = {"taxonomies": ["t"]} if section is None else section
    return topic_study(
        "relative_income",
        section,
        tables,
        UNITS,
        changes=change,
        step=10,
        basis_years={"official": [2010, 2010]},
    )


def series(kind, *keys, **change):
    frame = estimate(make_study(**change)).series["series"]
    return frame[frame["kind"].eq(kind)].set_index(list(keys)).sort_index()


def test_paths_count_a_unit_in_the_cell_of_its_year():
    result = series("path", "variable", "cell", "year")
    both = result.loc[(PATHS[0], "both")]
    close(both.loc[2000, "mean"], 0.3, MACHINE)
    close(both.loc[2000, "mean_population_weighted"], (0.4 + 3 * 0.2) / 4, MACHINE)
    assert list(both["n_units"]) == [2, 2]
    assert list(both["basis"]) == ["proxy", "official"]
    close(result.loc[(PATHS[1], "both", 2000), "mean"], 0.4, MACHINE)
    path = series("path", "cell", "year").loc["SEZ only"]
    assert set(path.index) == {2010}
    assert set(path["n_units"]) == {1}
    assert path["sd"].isna().all()
    assert series("path", "variable", "cell", "year").loc[
        (PATHS[0], "neither"), "n_units"
    ].tolist() == [2, 1]


def test_summaries_by_cell_and_period_with_mean_zones():
    result = series("summary", "period", "variable", "cell")
    close(result.loc[("S", "growth_pct_per_year", "neither"), "mean"], 3.0)
    close(result.loc[("S", "growth_pct_per_year", "neither"), "sd"], np.sqrt(2))
    close(result.loc[("P1", "growth_pct_per_year", "all"), "mean"], 5.0)
    assert result.loc[("P1", "growth_pct_per_year", "all"), "n_units"] == 4
    assert ("P1", "control_trade", "all") in result.index
    assert ("S", "control_trade", "all") not in result.index
    result = series("summary", "variable", "period", "cell")
    close(result.loc[("zones_etdz", "S", "both"), "mean"], (2 + 1) / 2)
    close(result.loc[("zones_etdz", "P1", "both"), "mean"], (3 + 2) / 2)
    assert result.loc[("zones_etdz", "P1", "neither"), "mean"] == 0
    assert "zones_undated" not in result.index


def test_means_are_descriptive_rows_without_any_test():
    frame = estimates_frame(estimate(make_study()).estimates)
    assert set(frame["role"]) == {"description"}
    assert frame[["p_value", "std_error", "conf_low"]].isna().all(axis=None)
    row = (
        frame[frame["period"].eq("S") & frame["outcome"].eq("growth_pct_per_year")]
        .set_index("term")
        .loc["both"]
    )
    assert (row["estimate"], row["n_units"]) == (pytest.approx(7.0), 2)
    assert "PROXY output before 2010, joined" in row["warning"]
    assert set(frame["unit_of_measure"]) == {
        "% per year",
        "log points",
        "log per year",
        "zones",
        "",
    }


def test_shuffled_rows_and_renamed_units_change_nothing():
    names = dict(zip(UNITS, "ZYXW", strict=True))
    one, two = order_and_names_do_not_matter(estimate, make_study(), names=names)
    assert_frame_equal(one.series["series"], two.series["series"], rtol=MACHINE)


@pytest.mark.parametrize(
    ("table", "change", "text"),
    [
        (
            "panel",
            lambda f: f.drop(index=2),
            "estimates.relative_income 2000: 2 values are missing",
        ),
        (
            "periods",
            lambda f: f.assign(
                growth_pct_per_year=f["growth_pct_per_year"].where(f.index != 5)
            ),
            GAP,
        ),
        (
            "periods",
            lambda f: f.assign(control_coast=f["control_coast"].where(f.index != 0)),
            "A control_coast",
        ),
    ],
)
def test_refuses_gaps_in_one_line(table, change, text):
    with one_line(EstimateError, text):
        estimate(make_study(**{table: change}))


def in_current_prices(output):
    study = make_study(panel=lambda f: f.assign(gdp=output))
    study.written["panel"]["income"] = {"output": "gdp"}
    frame = estimate(study).series["series"]
    result = frame[frame["variable"].eq("relative_income_current_prices")]
    return result.set_index(["year", "cell"])


def test_income_in_current_prices_is_pooled_by_cell_against_the_whole():
    result = in_current_prices([8.0, 12, 5, 5, 20, 30, 10, 12])
    # In 2000 both: 20 over 4 people; all: 30 over 6. In 2010: 50 over 4; 72 over 6.
    close(result.loc[(2000, "both"), "mean"], np.log(5 / 5))
    close(result.loc[(2000, "neither"), "mean"], np.log(5 / 5))
    close(result.loc[(2010, "both"), "mean"], np.log(12.5 / 12))
    close(result.loc[(2010, "SEZ only"), "mean"], np.log(12 / 12))
    close(result.loc[(2010, "neither"), "mean"], np.log(10 / 12))
    assert result.loc[(2010, "both"), "n_units"] == 2
    assert set(result["basis"]) == {"current prices"}


def test_years_in_which_a_unit_has_no_output_have_no_income_in_current_prices():
    result = in_current_prices([8.0, np.nan, 5, 5, 20, 30, 10, 12])
    assert {year for year, _ in result.index} == {2010}


def test_without_population_no_mean_is_weighted():
    bare = series(
        "path", "variable", "cell", "year", panel=lambda f: f.drop(columns="population")
    )
    assert bare["mean_population_weighted"].isna().all()
    assert bare["mean"].notna().all()

"""Zones in force: from their year until the year before they leave, all and dated only."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evenfield.study.panel.zones import first_years, mapped_zones, zone_doses

YEARS = [1980, 1981, 1982, 1983]
ZONES = pd.DataFrame(
    [
        ("A", "sez", 1980.0, "A", np.nan, 1),
        ("A", "etdz", 1981.0, "C", 1983.0, 0),
        ("A", "etdz", 1982.0, "B", np.nan, 0),
        ("B", "bonded", 1979.0, "A", 1981.0, 0),
        ("B", "sez", np.nan, "", np.nan, 0),
        ("B", "hidz", 1990.0, "A", np.nan, 0),
    ],
    columns=["unit", "type", "year_in_force", "year_quality", "exit_year", "seed"],
)


def dose(column: str, unit: str, kind: str) -> list[int]:
    doses = zone_doses(ZONES, ["A", "B"], YEARS, ["sez", "etdz", "hidz"])
    return doses[doses["unit"].eq(unit) & doses["zone_type"].eq(kind)][column].tolist()


def test_zone_counts_from_its_year_until_the_year_before_its_exit() -> None:
    assert dose("zones", "A", "etdz") == [0, 1, 2, 1]
    assert dose("zones", "B", "bonded") == [1, 0, 0, 0]


def test_dated_doses_leave_out_years_from_memory() -> None:
    assert dose("zones_dated", "A", "etdz") == [0, 0, 1, 1]


def test_zone_without_a_year_or_after_the_panel_never_counts() -> None:
    assert dose("zones", "B", "sez") == dose("zones", "B", "hidz") == [0, 0, 0, 0]


def test_national_zones_and_seed_zones_are_types_of_their_own() -> None:
    assert dose("zones", "A", "state") == [1, 2, 3, 2]
    assert dose("zones", "B", "state") == [0, 0, 0, 0]
    assert dose("zones", "A", "sez_seed") == [1, 1, 1, 1]


def test_every_unit_year_and_type_has_a_row_in_order() -> None:
    doses = zone_doses(ZONES, ["A", "B"], YEARS, ["sez"])
    types = ["bonded", "etdz", "hidz", "sez", "sez_seed", "state"]
    assert doses[["unit", "zone_type", "year"]].to_records(index=False).tolist() == [
        (unit, kind, year) for unit in "AB" for kind in types for year in YEARS
    ]
    assert zone_doses(ZONES.iloc[::-1], ["A", "B"], YEARS, ["sez"]).equals(doses)


def test_first_year_is_missing_where_there_never_was_one() -> None:
    first = first_years(zone_doses(ZONES, ["A", "B"], YEARS, ["sez", "etdz", "hidz"])).set_index(["unit", "zone_type"])
    assert first.loc[("A", "etdz")].tolist() == [1981, 1982]
    assert first.loc[("A", "state")].tolist() == [1980, 1980]
    assert first.loc[("B", "hidz")].isna().all()


def test_study_without_zones_has_headers_only() -> None:
    doses = zone_doses(ZONES.iloc[:0], ["A"], YEARS, ["sez"])
    assert doses.empty and list(doses.columns) == ["unit", "year", "zone_type", "zones", "zones_dated"]
    assert list(first_years(doses).columns) == ["unit", "zone_type", "first_year", "first_year_dated"]


def test_table_without_seed_column_has_no_seed_type() -> None:
    doses = zone_doses(ZONES.drop(columns="seed"), ["A", "B"], YEARS, ["sez"])
    assert "sez_seed" not in set(doses["zone_type"])


def test_zones_move_to_the_merged_unit() -> None:
    moved = mapped_zones(ZONES, {"A": "A", "B": "A"})
    assert moved["unit"].eq("A").all()
    assert zone_doses(moved, ["A"], YEARS, []).query("zone_type == 'bonded'")["zones"].tolist() == [1, 0, 0, 0]

"""Cells: both, cluster only, SEZ only, neither; a dated zone counts from half of a
period on.
"""

import numpy as np
import pandas as pd
import pytest

from evenfield.study.panel.cells import taxonomy_cells
from evenfield.study.panel.zones import first_years, mapped_zones, zone_doses
from evenfield.study.study_config import Period
from yaml_text import from_yaml


def cells(rows, **periods):
    columns = ["unit", "cluster", "sez", "sez_from_year"]
    table = pd.DataFrame(rows, columns=columns).assign(taxonomy="own")
    ends = {"P": (1978, 1991), **periods}.items()
    spans = [Period(name=name, start=start, end=end) for name, (start, end) in ends]
    return taxonomy_cells(table, spans[::-1])


def test_four_cells_in_order_and_a_year_without_a_zone_means_nothing():
    both = [(1, 1), (1, 0), (0, 1), (0, 0)]
    out = cells([(u, *own, np.nan) for u, own in zip("ABCD", both, strict=True)])
    assert out["cell"].tolist() == ["both", "cluster only", "SEZ only", "neither"]
    assert list(zip(out["cluster"], out["sez"], strict=True)) == both
    assert cells([("A", 1, 0, 1900.0)])["cell"].tolist() == ["cluster only"]
    rows = [("B", 0, 1, 1992.0), ("A", 0, 0, np.nan)]
    out = cells(rows, Q=(2001, 2008))
    fault = out[["unit", "period", "sez"]].to_numpy().tolist()
    assert fault == [["A", "P", 0], ["A", "Q", 0], ["B", "P", 0], ["B", "Q", 1]]


@pytest.mark.parametrize(
    ("start", "end", "last"),
    from_yaml("""
    - [1978, 1991, 1984]
    - [1992, 1998, 1995]
    - [2009, 2019, 2014]
    """),
)
def test_dated_zone_counts_if_in_force_for_half_of_the_yearly_steps(start, end, last):
    for year, counts in ((last, 1), (last + 1, 0), (start - 20, 1)):
        found = cells([("A", 0, 1, float(year))], P=(start, end))
        assert found["sez"].tolist() == [counts]


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
    columns="unit type year_in_force year_quality exit_year seed".split(),
).assign(same_as=np.nan)


def dose(column, unit, kind):
    doses = zone_doses(ZONES, ["A", "B"], YEARS, ["sez", "etdz", "hidz"])
    return doses[doses["unit"].eq(unit) & doses["zone_type"].eq(kind)][column].tolist()


def test_zone_counts_from_its_year_until_the_year_before_its_exit():
    assert dose("zones", "A", "etdz") == [0, 1, 2, 1]
    assert dose("zones", "B", "bonded") == [1, 0, 0, 0]
    assert dose("zones_dated", "A", "etdz") == [0, 0, 1, 1]
    assert dose("zones", "B", "sez") == dose("zones", "B", "hidz") == [0, 0, 0, 0]


def test_national_and_seed_zones_are_types_of_their_own_unless_the_column_is_absent():
    assert dose("zones", "A", "state") == [1, 2, 3, 2]
    assert dose("zones", "B", "state") == [0, 0, 0, 0]
    assert dose("zones", "A", "sez_seed") == [1, 1, 1, 1]
    doses = zone_doses(ZONES.drop(columns="seed"), ["A", "B"], YEARS, ["sez"])
    assert "sez_seed" not in set(doses["zone_type"])


def test_every_unit_year_and_type_has_a_row_also_where_units_merge():
    doses = zone_doses(ZONES, ["A", "B"], YEARS, ["sez"])
    types = "bonded etdz hidz sez sez_seed state".split()
    assert doses[["unit", "zone_type", "year"]].to_records(index=False).tolist() == [
        (unit, kind, year) for unit in "AB" for kind in types for year in YEARS
    ]
    assert zone_doses(ZONES.iloc[::-1], ["A", "B"], YEARS, ["sez"]).equals(doses)
    moved = mapped_zones(ZONES, {"A": "A", "B": "A"})
    assert moved["unit"].eq("A").all()
    assert zone_doses(moved, ["A"], YEARS, []).query("zone_type == 'bonded'")[
        "zones"
    ].tolist() == [1, 0, 0, 0]


def test_a_place_with_two_titles_is_counted_under_the_first():
    again = ZONES.head(1).assign(type="new_area", same_as="sez-001")
    booked = mapped_zones(
        pd.concat([ZONES, again], ignore_index=True), {"A": "A", "B": "B"}
    )
    assert len(booked) == len(ZONES)
    assert "new_area" not in set(booked["type"])


def test_first_year_is_missing_where_there_never_was_one_and_without_zones_there_are_headers():
    first = first_years(
        zone_doses(ZONES, ["A", "B"], YEARS, ["sez", "etdz", "hidz"])
    ).set_index(["unit", "zone_type"])
    assert first.loc[("A", "etdz")].tolist() == [1981, 1982]
    assert first.loc[("A", "state")].tolist() == [1980, 1980]
    assert first.loc[("B", "hidz")].isna().all()
    doses = zone_doses(ZONES.iloc[:0], ["A"], YEARS, ["sez"])
    assert doses.empty
    assert list(doses.columns) == "unit year zone_type zones zones_dated".split()
    assert list(first_years(doses).columns) == [
        "unit",
        "zone_type",
        "first_year",
        "first_year_dated",
    ]

"""Figures far off those of the years beside them are named, and no others."""

import numpy as np
import pandas as pd
import pytest

from evenfield.study.jumps import jumps

UNITS = ["a", "b", "c", "d", "e"]
NAMES = {"a": "Alba"}


def panel(change=lambda unit, year, value: value):
    rows = [
        (unit, year, change(unit, year, 12_000.0 * (i + 1) * 1.03 ** (year - 2000)))
        for i, unit in enumerate(UNITS)
        for year in range(2000, 2012)
    ]
    return pd.DataFrame(rows, columns=["unit", "year", "income"])


def one(unit, year, value):
    return value / 1000 if (unit, year) == ("a", 2004) else value


def from_some_year(unit, year, value):
    return value * 1e6 if unit == "b" and year >= 2010 else value


def all_of_them(unit, year, value):
    return value / 1000 if year >= 2008 else value


def boom(unit, year, value):
    return value * 12 if unit == "c" and year >= 2005 else value


def prices(unit, year, value):
    return value * 9.0 ** (year - 2000)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            one,
            "1 figure lies 30 times or more off those of the years beside: Alba 2004",
        ),
        (from_some_year, "b is 1,000,000 times higher from 2010 on"),
        (all_of_them, "figures of all units are 971 times lower from 2008 on"),
        (boom, ""),
        (prices, ""),
    ],
)
def test_figures_of_another_size_are_named(change, said):
    found = jumps(panel(change), NAMES)
    assert len(found) == bool(said)
    assert all(said in sentence for sentence in found)


def test_gaps_and_other_units_hide_nothing():
    table = panel(one)
    table.loc[table["year"].eq(2003) & table["unit"].eq("a"), "income"] = np.nan
    assert "Alba 2004 (13.5061)" in jumps(table, NAMES)[0]

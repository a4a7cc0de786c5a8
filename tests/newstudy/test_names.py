"""Which column names the units of a table."""

import pandas as pd
import pytest

from evenfield.newstudy.names import name_column


@pytest.mark.parametrize(("blank", "found"), [(1, "name"), (2, "")])
def test_one_unit_in_ten_may_have_no_name(blank, found):
    codes = [f"R{number:02d}" for number in range(10)]
    names = [f"Region {letter}" for letter in "ABCDEFGHIJ"]
    names[:blank] = [""] * blank
    once = pd.DataFrame({"unit": codes, "_id": codes, "name": names})
    frame = pd.concat([once.assign(year=year) for year in (2000, 2001)])
    assert name_column(frame) == found


@pytest.mark.parametrize(
    "figures",
    [["-7.5", "8.25", "1e3"], ["1,234.5", "2,345.5", "3,456.5"], ["+1", "+2", "+3"]],
    ids=["as codes are written", "with commas", "with signs"],
)
def test_figures_are_no_names(figures):
    frame = pd.DataFrame(
        {
            "unit": ["A", "B", "C"],
            "_id": ["A", "B", "C"],
            "year": "2000",
            "height": figures,
            "town": ["Alba", "Bari", "Como"],
        }
    )
    assert name_column(frame) == "town"
    assert name_column(frame.drop(columns="town")) == ""

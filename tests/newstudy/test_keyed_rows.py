"""Rows by unit and year: years of any form, and cells that are none."""

import pandas as pd

from evenfield.newstudy.keyed_rows import keyed_rows
from evenfield.study.errors import IngestError
from refusals import fails


def test_a_cell_that_is_no_year_is_refused_at_once():
    frame = pd.DataFrame({"place": ["a", "b"], "when": ["1990", "soon"]})
    fails(
        IngestError,
        r"1 cell that is no year .'soon'",
        keyed_rows,
        frame,
        "place",
        "when",
        "",
        0,
        [],
    )


def test_a_policy_is_in_force_in_the_year_of_its_first_quarter():
    quarters = [
        f"{year}-Q{quarter}" for year in (2000, 2001) for quarter in (1, 2, 3, 4)
    ]
    frame = pd.DataFrame({"quarter": quarters, "unit": "A"})
    frame = frame.assign(park=["0"] * 2 + ["1"] * 6, jobs=[*"12345678"])
    rows = keyed_rows(frame, "unit", "quarter", "", 0, [])
    assert rows["park"].tolist() == ["1", "1"]
    assert rows["jobs"].tolist() == ["2.5", "6.5"]


def test_a_year_with_a_blank_quarter_says_nothing_and_the_others_stay():
    quarters = [
        f"{year}-Q{quarter}" for year in (2000, 2001) for quarter in (1, 2, 3, 4)
    ]
    frame = pd.DataFrame({"quarter": quarters, "unit": "A"})
    frame = frame.assign(park=["", "0", "1", "1", "0", "1", "1", "1"])
    rows = keyed_rows(frame, "unit", "quarter", "", 0, [])
    assert rows["park"].tolist() == ["", "1"]

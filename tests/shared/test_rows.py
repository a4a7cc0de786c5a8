"""Rows of a topic and what it hands back."""

import numpy as np
import pandas as pd
from numpy.testing import assert_array_equal
from pandas.testing import assert_frame_equal

from evenfield.shared.estimates import estimates_frame
from evenfield.shared.rows import Kind, Results, Rows, gathered, stacked

KINDS = {
    "slope": Kind("ols", "x", "coef", "pp"),
    "r2": Kind("ols", "r2", "stat", "share"),
}
SHARED = {"spec_id": "one", "outcome": "y"}


def test_a_row_that_describes_never_decides():
    rows = Rows(KINDS, "primary", "note", **SHARED)
    rows.add("slope", "", "weak", estimate=1.0, std_error=0.5)
    rows.add("r2", estimate=0.3)
    slope, r2 = rows.estimates
    assert (slope.role, r2.role) == ("primary", "description")
    assert (slope.term, slope.unit_of_measure) == ("x", "pp")
    assert slope.warning == "note; weak"
    assert r2.warning == "note"


def test_numbers_of_a_row_win_over_its_kind_and_what_is_shared():
    rows = Rows(KINDS, "primary", **SHARED, period="P")
    rows.add(
        "slope",
        estimate=1.0,
        term="z",
        period="Q",
        role="ladder",
    )
    assert (rows.estimates[0].term, rows.estimates[0].period) == ("z", "Q")
    assert rows.estimates[0].role == "ladder"


def test_an_undefined_row_says_why():
    rows = Rows(KINDS, "primary", "note", **SHARED)
    rows.undefined(["slope", "r2"], "no units", n_obs=3)
    assert all(np.isnan(row.estimate) and row.n_obs == 3 for row in rows.estimates)
    assert rows.estimates[0].warning == "note; not defined: no units"


def test_chunks_of_a_topic_are_joined_without_a_change(tmp_path):
    parts = []
    for name in ("one", "two"):
        rows = Rows(KINDS, "primary", spec_id=name, outcome="y")
        rows.add("slope", estimate=1 / 3, n_treated=4)
        frame = pd.DataFrame({"x": [0.1, np.nan], "name": [name, ""]})
        parts.append(Results(rows.estimates, {"series": frame}, {name: 1}))
        parts[-1].keep(tmp_path / name)
    joined = gathered([tmp_path / "one", tmp_path / "two"])
    rows = [row for part in parts for row in part.estimates]
    assert_frame_equal(estimates_frame(joined.estimates), estimates_frame(rows))
    assert_frame_equal(
        joined.series["series"],
        pd.concat([part.series["series"] for part in parts], ignore_index=True),
    )
    assert joined.fit == {"one": 1, "two": 1}


def test_parts_of_a_series_are_sorted_by_their_labels():
    one = pd.DataFrame({"id": ["b"], "x": [1]})
    two = pd.DataFrame({"id": ["a"], "y": [2]})
    result = stacked([one, two], ["id"], ["x", "y"])
    assert result["id"].tolist() == ["a", "b"]
    assert_array_equal(result[["x", "y"]], [[np.nan, 2], [1, np.nan]])
    assert list(stacked([], ["id"], ["x"]).columns) == ["id", "x"]

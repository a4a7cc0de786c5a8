"""Rows of a sample, words about output, tests as fields."""

import numpy as np
import pandas as pd
import pytest

from evenfield.numerics.ols import t_inference
from evenfield.shared import samples as sp
from evenfield.shared.samples import (
    basis_warning,
    complete,
    sample_rows,
    underpowered,
)
from evenfield.study.errors import EstimateError
from refusals import fails
from yaml_text import from_yaml

FRAME = pd.DataFrame(from_yaml("{unit: [c, a, b], x: [3.0, 1.0, 2.0]}"))


def test_rows_come_in_the_order_of_the_sample_matched_by_id():
    rows = sample_rows(FRAME, ["b", "a"], ["x"], "here")
    assert rows["unit"].tolist() == ["b", "a"]
    assert rows["x"].tolist() == [2, 1]


def test_units_without_a_row_are_named():
    fails(
        EstimateError,
        r"1 value is missing .*\(d x\)",
        sample_rows,
        FRAME,
        ["a", "d"],
        ["x"],
        "here",
    )


def test_the_basis_of_output_in_words():
    assert sp.one_text(pd.Series(["b", None, "a", "", "b"])) == "a+b"
    assert basis_warning("proxy", 1992) == "PROXY output before 1992"
    assert basis_warning("official+proxy", None) == "PROXY output"
    assert basis_warning("spliced", 1992).endswith("joined with official output")
    assert basis_warning("official", 1992) == ""


def test_a_test_is_scaled_with_its_estimate_and_not_its_statistic():
    test = t_inference(0.02, 0.01, 9, 0.9)
    fields = sp.inference_fields(test, 100.0)
    expected = {
        "estimate": 2.0,
        "std_error": 1.0,
        "statistic": 2.0,
        "df": 9.0,
        "p_value": test.p_value,
        "conf_low": 100 * test.conf_low,
        "conf_high": 100 * test.conf_high,
        "conf_level": 0.9,
    }
    assert fields == pytest.approx(expected)


def test_periods_come_in_the_order_of_their_first_and_then_last_years():
    frame = pd.DataFrame(
        [(2000, 2010, "B"), (1990, 2010, "S"), (1990, 2000, "A"), (2000, 2010, "B")],
        columns=["start_year", "end_year", "period"],
    )
    assert sp.periods_of(frame) == ["A", "S", "B"]


def test_a_design_is_underpowered_only_beyond_the_smallest_effect_of_interest():
    assert underpowered(1.0, 1.0, "pp") == ""
    assert "mde 1.1 above sesoi 1 pp" in underpowered(1.1, 1.0, "pp")
    assert underpowered(np.nan, 1.0, "pp") == underpowered(1.0, np.nan, "") == ""


def test_units_without_a_figure_are_dropped_and_named():
    table = pd.DataFrame({"x": [1, np.nan], "y": [1.0, 2.0]}, index=["a", "b"])
    retained, note = complete(table, ["x"])
    assert list(retained.index) == ["a"]
    assert note == "left out, no figures: b"
    assert complete(table, ["y"])[1] == ""

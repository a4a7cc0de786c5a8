"""Yearly values as a matrix: order of units, spans, bases, matching by id."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from evenfield.shared import trajectories as tr
from evenfield.shared.trajectories import grouping, trajectories
from evenfield.study.errors import ConfigError, EstimateError
from made_study import MadeStudy
from refusals import fails
from yaml_text import from_yaml

UNITS = ["a", "b", "c"]
YEARS = [2000, 2002, 2004, 2006]
INCOMES = np.array([[2.0, 3, 4, 9], [1, 2, 3, 5], [2, 1, 7, 5]])
PANEL = pd.DataFrame(
    {
        "unit": np.repeat(UNITS, 4),
        "year": YEARS * 3,
        "log_income": INCOMES.ravel(),
        "people": np.arange(12.0),
        "basis": ["proxy", "proxy", "official", "official"] * 3,
    }
)
SPEC = SimpleNamespace(id="one", unit_scheme="s", sample="all")


def make_study():
    periods = [{"period": "P", "start": 2002, "end": 2006}]
    about = {"samples": {"all": UNITS}, "periods": periods, "step": 2}
    about |= {"basis_years": {"official": [2004, 2006]}}
    return MadeStudy({}, {"panel": PANEL.sample(frac=1, random_state=1)}, **about)


@pytest.fixture
def data():
    return trajectories(PANEL.iloc[::-1], "log_income", UNITS, "here")


def test_units_are_ordered_by_their_values_from_the_first_year_on(data):
    assert data.units == ("b", "c", "a")
    assert_array_equal(data.values, INCOMES[[1, 2, 0]])
    assert data.years.tolist() == YEARS
    assert data.basis == ("proxy", "proxy", "official", "official")
    assert data.evenly_spaced
    assert data.label == "2000-2006"


def test_an_outcome_may_be_an_expression_of_columns():
    doubled = trajectories(PANEL, "log_income + log_income", UNITS, "here")
    assert_array_equal(doubled.values, 2 * INCOMES[[1, 2, 0]])
    fault = "here: `2 \\* wealth` names the column 'wealth'"
    fails(ConfigError, fault, trajectories, PANEL, "2 * wealth", UNITS, "here")


def test_a_window_has_the_richest_of_its_last_year_first_and_holds_both_ends():
    result, info = tr.window(make_study(), SPEC, "P", "here")
    assert result.years.tolist() == [2002, 2004, 2006]
    assert info.step == 2
    assert result.units == ("a", "c", "b")  # b and c end alike: c was ahead in 2004
    assert_array_equal(result.values, INCOMES[[0, 2, 1], 1:])


def test_another_column_is_matched_by_unit_and_year(data):
    people = np.arange(12.0).reshape(3, 4)[[1, 2, 0]]
    assert_array_equal(tr.matched(PANEL, "people", data, "here"), people)


def test_spans_hold_both_ends_and_say_what_their_output_rests_on(data):
    part = data.between(2002, 2004)
    assert part.years.tolist() == [2002, 2004]
    assert part.basis == ("proxy", "official")
    assert part.values.shape == (3, 2)
    assert data.basis_between(2000, 2002) == "proxy"
    assert data.basis_between(2004, 2006) == "official"
    assert data.basis_between(2002, 2004) == "spliced"
    assert [one.label for one in data.segments()] == [
        "2000-2006",
        "2004-2006",
        "2000-2002",
    ]


def test_labels_of_a_span_count_units_and_dates(data):
    info = tr.whole_span(make_study(), SPEC, "here")[1]
    labels, note = tr.span_labels("family", SPEC, data, info)
    assert (labels["n_obs"], labels["n_units"], labels["n_periods"]) == (12, 3, 4)
    assert note == "PROXY output before 2004, joined with official output"


def test_groups_have_codes_in_the_order_of_the_units_asked_for():
    frame = pd.DataFrame({"unit": UNITS, "region": ["y", "x", "y"], "coast": [0, 1, 1]})
    codes, names = grouping(frame, "region", ["c", "b"], "here")
    assert (codes.tolist(), names) == ([1, 0], ["x", "y"])
    codes, names = grouping(frame, "coast", UNITS, "here")
    assert (codes.tolist(), names) == ([0, 1, 1], ["not coast", "coast"])


def test_gaps_are_named():
    gap = PANEL.assign(log_income=PANEL["log_income"].where(PANEL.index != 5))
    fails(
        EstimateError,
        r"1 unit-years \(b 2002\)",
        trajectories,
        gap,
        "log_income",
        UNITS,
        "here",
    )


def test_main_periods_come_in_the_order_of_their_years_without_spans():
    periods = from_yaml("""
        - {period: B, start: 2002, end: 2006, role: main}
        - {period: S, start: 2000, end: 2006, role: span}
        - {period: A, start: 2000, end: 2002}
        """)
    assert tr.main_periods({"periods": periods}) == ["A", "B"]

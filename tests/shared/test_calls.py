"""Where a fit holds a row, as the line of Python that is printed beside a number."""

from types import SimpleNamespace

import pandas as pd
import pytest

from evenfield.shared.calls import NoCallError, asked_of, method_of
from evenfield.shared.estimates import NAN, asking
from evenfield.shared.places import (
    Attribute,
    Coefficient,
    Difference,
    Note,
    NumberOfTerms,
    Ratio,
    RowDifference,
    TableRow,
)
from refusals import fails

FRAME = pd.DataFrame({"inference": "CR1", "term": ["a", "b"], "estimate": [6.0, 2.0]})
FIT = SimpleNamespace(
    params=FRAME.set_index("term")["estimate"],
    notes={"R2": 0.5},
    loglik=-3.0,
    nobs=10,
    tables={"speed": pd.DataFrame({"estimate": [1.5]}, index=["two"])},
    to_frame=lambda *_: FRAME,
)
SAME = {"estimate": "estimate"}


@pytest.mark.parametrize(
    ("place", "number"),
    [
        (NumberOfTerms(), 2),
        (Note(note="R2"), 0.5),
        (Attribute(attribute="loglik"), -3.0),
        (TableRow(table="speed", line="two", columns=SAME), 1.5),
        (Difference(term="a", less="b"), 4.0),
        (Ratio(term="a", per="b"), 3.0),
        (Coefficient(term="b", columns=SAME), 2.0),
    ],
)
def test_the_line_that_is_printed_gives_the_number_of_the_row(place, number):
    printed = eval(place.code, {"fit": FIT})  # as who copies the line does
    estimate = printed["estimate"] if isinstance(printed, pd.Series) else printed
    assert estimate == number == place.numbers(FIT, 0.95)["estimate"]


def test_lines_of_a_result_that_is_a_table_are_subtracted_as_printed():
    table = pd.DataFrame({"estimate": [5.0, 2.0]}, index=["first", "later"])
    place = RowDifference(line="first", less="later")
    printed = eval(place.code, {"fit": table})
    assert printed["estimate"] == place.numbers(table, 0.95)["estimate"] == 3.0


def test_a_row_has_the_inference_that_it_asks_for_whatever_its_labels():
    asked = asking(asking(leads=[1, 2]), inference="CR3")
    row = {"estimator": "panel_fe_wcr33", "asked": asked}
    assert method_of(row) == "CR3"
    assert asked_of(row) == {"inference": "CR3", "leads": [1, 2]}


@pytest.mark.parametrize("row", [{}, {"asked": ""}, {"asked": NAN}])
def test_a_row_that_asks_for_no_inference_is_no_call(row):
    assert asked_of(row) == {}
    fails(NoCallError, "no inference of the library", method_of, row)

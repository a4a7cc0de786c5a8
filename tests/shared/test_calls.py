"""Where a fit holds a row, as the line of Python that is printed beside a number."""

from types import SimpleNamespace

import pandas as pd
import pytest

from evenfield.shared.calls import NoCallError, Place, method_of
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
        (Place(count=True), 2),
        (Place(note="R2"), 0.5),
        (Place(attribute="loglik"), -3.0),
        (Place(table="speed", line="two", columns=SAME), 1.5),
        (Place(term="a", less="b", columns=SAME), 4.0),
        (Place(term="a", per="b", columns=SAME), 3.0),
        (Place(term="b", columns=SAME), 2.0),
    ],
)
def test_the_line_that_is_printed_gives_the_number_of_the_row(place, number):
    printed = eval(place.code, {"fit": FIT})  # as who copies the line does
    estimate = printed["estimate"] if isinstance(printed, pd.Series) else printed
    assert estimate == number == place.numbers(FIT, 0.95)["estimate"]


def test_lines_of_a_result_that_is_a_table_are_subtracted_as_printed():
    table = pd.DataFrame({"estimate": [5.0, 2.0]}, index=["first", "later"])
    place = Place(line="first", less="later")
    printed = eval(place.code, {"fit": table})
    assert printed["estimate"] == place.numbers(table, 0.95)["estimate"] == 3.0


@pytest.mark.parametrize(
    ("estimator", "method"),
    [("ols", "CR3"), ("ols_cr3", "CR3"), ("ols_hc3", "HC3"), ("ols_wcr33", "wild33")],
)
def test_a_row_has_the_inference_that_its_estimator_names(estimator, method):
    methods = ("CR3", "HC3", "wild33")
    row = {"estimator": estimator}
    assert method_of(row, "ols", methods, {"wild33": "wcr33"}) == method


@pytest.mark.parametrize("estimator", ["ols_cr2", "ols_wild33", "nls", "olscr3"])
def test_an_estimator_that_names_no_inference_of_its_specification_is_no_call(
    estimator,
):
    row, methods = {"estimator": estimator}, ("CR3", "wild33")
    words = f"{estimator} is no inference of its specification: CR3, wild33"
    fails(NoCallError, words, method_of, row, "ols", methods, {"wild33": "wcr33"})

"""Rows of a topic of a study that is made in a test, beside the fits of the library."""

from collections import Counter
from importlib import import_module

from evenfield.opened.fits import RowCall
from evenfield.shared.calls import NoCallError, no_call
from evenfield.shared.estimates import estimates_frame
from evenfield.shared.tables.numbers import is_missing


def assert_rows_are_fits(study, topic, estimates):
    """Assert that each row that has an estimate is the fit of the library in all its
    numbers, or is refused; return how many are equal, by estimator and kind of effect.
    """
    module = import_module(f"evenfield.topics.{topic}.call")
    counts = Counter()
    for row in estimates_frame(estimates).to_dict("records"):
        row["topic"] = topic
        if is_missing(row["estimate"]) or no_call(row):
            continue
        try:
            call = module.call(study, row)
        except NoCallError:
            continue
        made = RowCall(name="row", row=row, call=call, folder=".", level=0.95)
        beside = made.compared(made.fit())
        other = beside[~beside["same"].astype(bool)]
        assert (other["why"] != "").all(), f"{row}\n{beside}"
        counts[row["estimator"], row["effect_type"]] += 1
    return counts

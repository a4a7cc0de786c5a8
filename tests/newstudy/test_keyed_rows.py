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
        [],
    )

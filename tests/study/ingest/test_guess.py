"""What is guessed of anyone's table: units and years."""

import pandas as pd

from evenfield.study.errors import EvenfieldError, Faults
from evenfield.study.ingest.guess import _keyed
from refusals import fails


def test_a_cell_that_is_no_year_is_refused_at_once():
    frame = pd.DataFrame({"place": ["a", "b"], "when": ["1990", "soon"]})
    fails(
        EvenfieldError,
        r"1 cell that is no year .'soon'",
        _keyed,
        frame,
        "place",
        "when",
        [],
        Faults(),
    )

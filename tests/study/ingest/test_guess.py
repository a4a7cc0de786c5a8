"""What is guessed of anyone's table: units and years."""

import pandas as pd
import pytest

from evenfield.study.errors import EvenfieldError, Faults
from evenfield.study.ingest.guess import _keyed


def test_a_cell_that_is_no_year_is_refused_at_once():
    frame = pd.DataFrame({"place": ["a", "b"], "when": ["1990", "soon"]})
    with pytest.raises(EvenfieldError, match=r"1 cell that is no year .'soon'"):
        _keyed(frame, "place", "when", [], Faults())

"""Who is named among the paths of all units, what they are held to, and the picture."""

import numpy as np
import pandas as pd
import pytest

from evenfield.shared.study_results import StudyResults
from evenfield.topics.movers.figure_paths import f40
from evenfield.topics.movers.table_movers import average, movers
from evenfield.topics.movers.table_paths import paths

UNITS = [f"u{number:02d}" for number in range(16)]


class MadeResults(StudyResults):
    """Facts of sixteen units in three years, of which one becomes very rich."""

    def __init__(self, units=UNITS):
        super().__init__(
            {
                "study": {"unit_name": "state", "units_name": "states"},
                "panel": {"unit_scheme": "all", "unit_schemes": {"all": {}}},
                "estimates": {},
            }
        )
        rows = [
            {"unit": unit, "year": year, "income": 100.0 * (1 + number)}
            for year in (2000, 2005, 2010)
            for number, unit in enumerate(units)
        ]
        panel = pd.DataFrame(rows)
        rich = panel["unit"].eq(units[0]) & panel["year"].eq(2010)
        panel["income"] = panel["income"].mask(rich, 1e6)
        names = pd.DataFrame({"unit": units, "name": [f"Name {u}" for u in units]})
        self.tables = {"panel": panel, "units": names}
        self.table = lambda name, *_, **__: self.tables[name].copy()
        self.description = lambda *_: {}


def test_the_average_is_that_of_logarithms():
    assert average(pd.Series([1.0, 100.0])) == pytest.approx(10.0)
    results = MadeResults()
    frame = movers(results).set_index("unit")
    # Others fall by a 16th of the rise of the one: not by what its income adds.
    fall = (1e6 / 100.0) ** (-1 / 16) - 1
    assert np.allclose(frame["change"].drop("u00"), fall)


def test_the_richest_the_poorest_and_who_moved_are_named_once():
    frame = paths(MadeResults())
    named = frame[frame["kind"].ne("")].groupby("kind")["unit"].unique()
    assert sorted(named["richest"]) == ["u00", "u14", "u15"]
    assert sorted(named["poorest"]) == ["u01", "u02", "u03"]
    # It rose most, and is among the richest already.
    assert "rose most" not in named
    assert list(named["fell most"]) == ["u13"]


def test_shuffled_rows_name_the_same_units():
    results = MadeResults()
    wanted = paths(results)
    results.tables = {
        k: v.sample(frac=1, random_state=4) for k, v in results.tables.items()
    }
    pd.testing.assert_frame_equal(paths(results), wanted)


@pytest.mark.parametrize("number", [16, 130])
def test_the_picture_names_them_and_shades_where_units_are_many(number):
    results = MadeResults([f"u{number:03d}" for number in range(number)])
    artwork = f40(results)
    axes = artwork.figure.axes[0]
    written = {text.get_text() for text in axes.texts}
    assert {"Name u000", "Name u001"} <= written
    assert len(artwork.data) == 3 * number
    lines = axes.collections[0].get_paths()
    assert len(lines) == (number if number == 16 else 1)
    assert ("four fifths" in artwork.drawn) == (number == 130)
    assert "Richest: Name u000" in artwork.alt

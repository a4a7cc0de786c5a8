"""Who is named among the paths of all units, what they are held to, and the picture."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.markers import CARETLEFT, CARETRIGHT

from evenfield.topics.movers.figure import LONGEST, f28
from evenfield.topics.movers.figure_paths import _of_two_kinds, f40, short_names
from evenfield.topics.movers.table_movers import average, movers
from evenfield.topics.movers.table_paths import paths
from made_study import of_units, unit_names, yearly
from section_cases import MadeResults

UNITS = unit_names(16, "u")


def tables_of(units=UNITS):
    """Tables of units in three years, of which the first becomes very rich."""
    income = 100.0 * np.arange(1, len(units) + 1)[:, None]
    panel = yearly(units, [2000, 2005, 2010], income=income)
    rich = panel["unit"].eq(units[0]) & panel["year"].eq(2010)
    panel["income"] = panel["income"].mask(rich, 1e6)
    names = of_units(units, name=[f"Name {u}" for u in units])
    return {"panel": panel, "units": names}


def results_of(tables):
    return MadeResults("movers", tables=tables)


def test_the_average_is_that_of_logarithms():
    assert average(pd.Series([1.0, 100.0])) == pytest.approx(10.0)
    frame = movers(results_of(tables_of())).set_index("unit")
    # Others fall by a 16th of the rise of the one: not by what its income adds.
    fall = (1e6 / 100.0) ** (-1 / 16) - 1
    assert np.allclose(frame["change"].drop("u00"), fall)


def test_the_richest_the_poorest_and_who_moved_are_named_once():
    frame = paths(results_of(tables_of()))
    named = frame[frame["kind"].ne("")].groupby("kind")["unit"].unique()
    assert sorted(named["richest"]) == ["u00", "u14", "u15"]
    assert sorted(named["poorest"]) == ["u01", "u02", "u03"]
    # It rose most, and is among the richest already.
    assert "rose most" not in named
    assert list(named["fell most"]) == ["u13"]


def test_shuffled_rows_name_the_same_units():
    tables = tables_of()
    mixed = {k: v.sample(frac=1, random_state=4) for k, v in tables.items()}
    wanted = paths(results_of(tables))
    pd.testing.assert_frame_equal(paths(results_of(mixed)), wanted)


@pytest.mark.parametrize("number", [16, 130])
def test_the_picture_names_them_and_shades_where_units_are_many(number):
    artwork = f40(results_of(tables_of([f"u{i:03d}" for i in range(number)])))
    axes = artwork.figure.axes[0]
    written = {text.get_text() for text in axes.texts}
    assert {"Name u000", "Name u001"} <= written
    assert len(artwork.data) == 3 * number
    lines = axes.collections[0].get_paths()
    assert len(lines) == (number if number == 16 else 1)
    assert ("four fifths" in artwork.drawn) == (number == 130)
    assert "Richest: Name u000" in artwork.alt


def test_the_picture_says_who_of_the_richest_and_poorest_moved_most_too():
    artwork = f40(results_of(tables_of()))
    assert "these rose most, too: Name u00." in artwork.drawn
    still = tables_of()
    still["panel"]["income"] = still["panel"]["income"].clip(upper=1600.0)
    drawn = f40(results_of(still)).drawn
    assert "these rose most, too: Name u00." in drawn
    assert "these fell most, too: " in drawn


def test_a_long_name_ends_before_its_comma_where_no_other_does_the_same():
    tables = tables_of()
    tables["units"]["name"] = [
        "Ingolstadt, Kreisfreie Stadt",
        "Leipzig, Stadt",
        "Rosenheim, Kreisfreiie Stadt",
        "Rosenheim, Landkreis in Bayern",
        *(f"Landkreis {n}" for n in range(12)),
    ]
    axes = f40(results_of(tables)).figure.axes[0]
    written = {text.get_text() for text in axes.texts}
    assert {"Ingolstadt", "Leipzig, Stadt"} <= written
    assert {
        "Rosenheim, Kreisfreiie\u2026",
        "Rosenheim, Landkreis in\u2026",
    } <= written


def test_a_move_too_short_for_an_arrow_is_a_tip_that_points_the_right_way():
    tables = tables_of()
    panel = tables["panel"]
    panel["income"] = 100.0 * panel["unit"].str[1:].astype(float).add(1)
    last = panel["year"].eq(2010)
    for unit, factor in (("u05", 0.99), ("u07", 1.2)):
        panel.loc[last & panel["unit"].eq(unit), "income"] *= factor
    artwork = f28(results_of(tables))
    axes = artwork.figure.axes[0]
    tips = {
        row.unit: next(
            line.get_marker()
            for line in axes.lines
            if list(line.get_ydata()) == [place]
            and line.get_marker() in (CARETLEFT, CARETRIGHT, "o")
        )
        for place, row in enumerate(artwork.data.itertuples())
    }
    assert tips["u07"] == "o"  # and an arrow
    assert tips["u05"] == CARETLEFT


def test_a_long_name_fits_beside_its_row_and_a_cut_one_ends_no_sentence():
    name = "Autonomous Region in the Far North-East of the Great Eastern Islands"
    short = short_names([name, "Utah"], LONGEST)
    assert len(short[name]) <= LONGEST
    assert short["Utah"] == "Utah"
    rows = [("a", name, 2000, 1.0, "richest")]
    named = pd.DataFrame(rows, columns=["unit", "name", "year", "ratio", "kind"])
    moved = pd.DataFrame(
        {
            "unit": ["a", "b", "c", "d"],
            "name": [name, "B", "C", "D"],
            "change": [0.5, 0.1, -0.1, -0.2],
            "ratio_end": [2.0, 1.0, 0.9, 0.5],
        }
    )
    said = _of_two_kinds(named, moved)
    assert said.endswith(f"{name}.")

"""Figures in lines below each other: which column has the units."""

from itertools import product

import pandas as pd
import pytest

from evenfield.newstudy.layouts import series_in_lines


@pytest.mark.parametrize(("place", "unit"), [(4, "area"), (5, "source")])
def test_four_columns_are_tried_as_units_and_not_a_fifth(place, unit):
    rows = product(["north", "south"], ["1990", "1991"], ["output", "people"])
    frame = pd.DataFrame(rows, columns=["area", "year", "what"])
    frame = frame.assign(figure=[str(10 + i) for i in range(len(frame))])
    # Columns with one text: as units they need area and series to tell rows apart.
    others = ["source", "table", "edition", "sheet"]
    frame = frame.assign(**dict.fromkeys(others, "same"))
    candidates = [*others[: place - 1], "area", *others[place - 1 :]]
    series = series_in_lines(frame, "year", candidates)
    assert series.unit == unit
    assert list(series.columns) == (["what"] if unit == "area" else ["area", "what"])

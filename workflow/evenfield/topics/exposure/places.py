"""Where the units are: checked coordinates for spatial inference."""

from __future__ import annotations

import pandas as pd

from evenfield.study.errors import EstimateError, first_examples


def checked_places(units: pd.DataFrame) -> pd.DataFrame:
    """Return the coordinates of the units, sorted by unit."""
    place = units.set_index("unit").sort_index()[["lat", "lon"]].astype(float)
    blank = [str(unit) for unit in place.index[place.isna().any(axis=1)]]
    if blank:
        raise EstimateError(f"{len(blank)} units have no coordinates ({first_examples(blank)})",
                            "lat and lon of every unit for spatial inference", "fill them in units.csv")  # fmt: skip
    return place

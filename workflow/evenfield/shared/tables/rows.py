"""Rows of frames as plain mappings, for code that prints and draws one row at a time."""

from __future__ import annotations

from typing import Any

import pandas as pd

Row = dict[str, Any]
# Columns of the estimates' series that hold text, also where a study leaves them blank.
TEXT = (
    "basis", "block", "cell", "contrast", "confidence", "design", "flag", "grade", "kind", "label", "licence", "name",
    "output_basis", "place", "industry", "sample_id", "source", "spec_id", "taxonomy", "term", "treatment_def",
    "unit_high", "unit_low", "unit_of_measure", "units", "variable", "vintage", "w_id", "weights", "zone_type",
)  # fmt: skip


def records(frame: pd.DataFrame) -> list[Row]:
    """Return the rows of a frame as mappings from column to value."""
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def only(frame: pd.DataFrame, **wanted: Any) -> pd.DataFrame:
    """Return the rows whose columns hold the wanted values."""
    for name, value in wanted.items():
        frame = frame[frame[name].eq(value)]
    return frame


def pick(frame: pd.DataFrame, **wanted: Any) -> Row:
    """Return the first row whose columns hold the wanted values."""
    found = records(only(frame, **wanted).head(1))
    return found[0] if found else {}

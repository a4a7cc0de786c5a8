"""Spans of provenance: which figures of the panel each covers, and how many are of each
grade.
"""

import numpy as np
import pandas as pd

ALL_UNITS = "all"


def span_masks(panel: pd.DataFrame, spans: pd.DataFrame) -> list[np.ndarray]:
    """Mark the rows of the panel that each span of provenance covers; shape (N,)."""
    year = panel["year"].to_numpy()
    unit = panel["unit"]
    masks = []
    for span in spans.itertuples(index=False):
        inside = (year >= span.first_year) & (year <= span.last_year)
        named = (
            np.ones(len(panel), bool)
            if span.units == ALL_UNITS
            else unit.isin(str(span.units).split()).to_numpy()
        )
        masks.append(inside & named)
    return masks


def figures_by_grade(panel: pd.DataFrame, spans: pd.DataFrame) -> pd.DataFrame:
    """Count the figures of every variable by grade, and their share of its figures in
    percent: a row a variable and grade.
    """
    rows = []
    for span, mask in zip(
        spans.to_dict("records"), span_masks(panel, spans), strict=True
    ):
        variable = span["variable"]
        figures = (
            int(panel.loc[mask, variable].notna().sum()) if variable in panel else 0
        )
        rows.append({"variable": variable, "grade": span["grade"], "figures": figures})
    found = pd.DataFrame(rows, columns=["variable", "grade", "figures"])
    groups = found.groupby(["variable", "grade"], as_index=False)
    counts: pd.DataFrame = groups["figures"].sum().query("figures > 0")
    counts = counts.reset_index(drop=True)
    whole = counts.groupby("variable")["figures"].transform("sum")
    return counts.assign(share_pct=100 * counts["figures"] / whole)

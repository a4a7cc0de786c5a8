"""Neighbours from outlines."""

from collections.abc import Sequence

import pandas as pd
import shapely

from compiled.readers import csv_bytes


def neighbours(
    units: Sequence[str], shapes: Sequence[shapely.Geometry], degrees: float
) -> bytes:
    """Return adjacency.csv: pairs of units whose outlines come as near as some degrees."""
    outlines = shapely.make_valid(list(shapes))
    found = shapely.STRtree(outlines).query(
        outlines, predicate="dwithin", distance=degrees
    )
    pairs = {tuple(sorted((units[i], units[j]))) for i, j in found.T if i != j}
    return csv_bytes(pd.DataFrame(sorted(pairs), columns=["unit_i", "unit_j"]))

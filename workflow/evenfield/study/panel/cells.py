"""Taxonomy cells: which units are both, cluster only, SEZ only or neither, in which
period.
"""

import numpy as np
import pandas as pd

from evenfield.study.study_config import Period

BOTH = "both"
CLUSTER_ONLY = "cluster only"
SEZ_ONLY = "SEZ only"
NEITHER = "neither"


def taxonomy_cells(taxonomies: pd.DataFrame, periods: list[Period]) -> pd.DataFrame:
    """Place every unit in a cell, for every taxonomy and period."""
    cells = _cells(taxonomies, periods)
    cells.insert(2, "period", np.repeat([p.name for p in periods], len(taxonomies)))
    return cells.sort_values(["taxonomy", "unit", "period"], ignore_index=True)


def yearly_cells(taxonomies: pd.DataFrame, years: list[int]) -> pd.DataFrame:
    """Place every unit in a cell, for every taxonomy and year: a dated zone counts from
    its year on.
    """
    # A period of one year: its halfway point is the year itself.
    cells = _cells(taxonomies, [Period(start=year, end=year) for year in years])
    cells.insert(2, "year", np.repeat(years, len(taxonomies)))
    return cells.sort_values(["taxonomy", "unit", "year"], ignore_index=True)


def _cells(taxonomies: pd.DataFrame, periods: list[Period]) -> pd.DataFrame:
    """Place every unit in a cell, all rows of the first period before those of the
    next.
    """
    # ASSUME: a dated zone counts in a period if it was in force for at least half of
    # the period's yearly steps.
    halfway = np.repeat([(p.start + p.end) / 2.0 for p in periods], len(taxonomies))
    rows = np.tile(np.arange(len(taxonomies)), len(periods))
    taxonomies = taxonomies.iloc[rows].reset_index(drop=True)
    start = taxonomies["sez_from_year"]
    # A zone without a year (NaN) counts in every period.
    sez = taxonomies["sez"].eq(1) & (start.isna() | (start <= halfway))
    cluster = taxonomies["cluster"].eq(1)
    cell = np.select(
        [cluster & sez, cluster, sez], [BOTH, CLUSTER_ONLY, SEZ_ONLY], NEITHER
    )
    return pd.DataFrame(
        {
            "taxonomy": taxonomies["taxonomy"],
            "unit": taxonomies["unit"],
            "cluster": cluster.astype(int),
            "sez": sez.astype(int),
            "cell": cell,
        }
    )

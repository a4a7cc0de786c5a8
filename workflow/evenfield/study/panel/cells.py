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
    parts = [_in_period(taxonomies, period) for period in periods]
    return pd.concat(parts).sort_values(
        ["taxonomy", "unit", "period"], ignore_index=True
    )


def yearly_cells(taxonomies: pd.DataFrame, years: list[int]) -> pd.DataFrame:
    """Place every unit in a cell, for every taxonomy and year: a dated zone counts from
    its year on.
    """
    parts = [
        # A period of one year: its halfway point is the year itself.
        _in_period(taxonomies, Period(start=year, end=year)).assign(year=year)
        for year in years
    ]
    columns = ["taxonomy", "unit", "year", "cluster", "sez", "cell"]
    return pd.concat(parts)[columns].sort_values(columns[:3], ignore_index=True)


def _in_period(taxonomies: pd.DataFrame, period: Period) -> pd.DataFrame:
    # ASSUME: a dated zone counts in a period if it was in force for at least half of
    # the period's yearly steps.
    halfway = (period.start + period.end) / 2.0
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
            "period": period.name,
            "cluster": cluster.astype(int),
            "sez": sez.astype(int),
            "cell": cell,
        }
    )

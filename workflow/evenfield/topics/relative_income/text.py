"""What the section on relative income prints: how rich each group was at first and at
last, and how fast it grew.

Code, because its path is at the prices that a study has, and whether groups changed
is asked of all years.
"""

import pandas as pd

from evenfield.shared.sections import Shown, cell, shown
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import (
    CELL_WORDS,
    CELLS,
    Row,
    is_missing,
    only,
    pick,
    records,
)
from evenfield.study.tables import UNDATED_SUFFIX

SERIES = "estimates/relative_income/series.csv"
CURRENT = "relative_income_current_prices"
GROWTH = "growth_pct_per_year"


def section(results: StudyResults) -> Row:
    """Return income over the average at both ends and growth of each group in the
    longest period.
    """
    paths = main_paths(results)
    # Where it is described, whoever ever had a zone in every year: the same units.
    undated = f"{results.taxonomy}{UNDATED_SUFFIX}"
    is_described = paths["taxonomy"].eq(undated).any()
    taxonomy = undated if is_described else results.taxonomy
    paths = only(paths, taxonomy=taxonomy)
    labels = {"treatment_def": taxonomy, "unit_scheme": results.main}
    rows = results.estimates(**labels, outcome=GROWTH)
    periods = [
        name for name in results.shown("span", "main") if name in set(rows["period"])
    ]
    if not periods or paths.empty:
        return {}
    rows = only(rows, period=periods[0])
    groups = []
    for name in CELLS:
        path = records(only(paths, cell=name).sort_values("year"))
        if path:
            groups.append(
                {
                    "id": name.replace(" ", "_"),
                    "label": CELL_WORDS[name].format_map(results.words),
                    "ends": _ends(path),
                    "growth": shown(pick(rows, term=name), "0.0", "% a year"),
                }
            )
    return {
        "groups": groups,
        "same": is_described,
        "moved": paths.groupby("cell")["n_units"].nunique().gt(1).any(),
        "period": results.period(periods[0]),
    }


def main_paths(results: StudyResults) -> pd.DataFrame:
    """Return paths at current prices, which need no deflator and no proxy, or of real
    income where a study has none.
    """
    paths = only(results.series(), kind="path", unit_scheme=results.main)
    current = paths["variable"].eq(CURRENT).any()
    return only(paths, variable=CURRENT if current else "relative_log_income")


def _ends(path: list[Row]) -> list[Row]:
    """Return income in percent of the average and the members in the first and the last
    year of a group.
    """
    ends = [path[0], path[-1]] if len(path) > 1 else path
    return [
        {
            "id": f"{row['year']:.0f}",
            "percent": _over_average(row),
            "members": cell(row["n_units"], "0", SERIES),
        }
        for row in ends
    ]


def _over_average(row: Row) -> Shown | None:
    if is_missing(row["mean"]):
        return None
    mean = {"estimate": row["mean"]}
    return Shown(mean, "+0", "%", percent=True, source=SERIES)

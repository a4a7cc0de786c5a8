"""Whether the average that classes are cut by moved: code, because it asks the panel."""

import numpy as np
import pandas as pd

from evenfield.shared.sections import cell
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import Row

MEANS = ("mean", "population_mean")  # of incomes
DRIFT = 0.1  # log points between mean and median that a few units can bring about


def named_units(results: StudyResults, said: Row) -> Row:
    """Return the mean over the income of the unit in the middle at both ends of the
    period, if that moved so much that classes moved against most units.
    """
    del said
    spec = results.primary()
    # A few rich units pull means of incomes, not the mean of logarithms or the median.
    relative_to = spec.get("relative_to", "mean")
    if relative_to not in MEANS:
        return {"pulled": None}
    period = results.config.periods[spec["period"]]
    panel = results.table("panel")
    ends = [period.start, period.end]
    income = _at(ends, panel, "income")
    means = income.mean()
    if relative_to == "population_mean":
        people = _at(ends, panel, "population").where(income.notna())
        means = (income * people).sum() / people.sum()
    ratios = (means / income.median()).to_numpy(float)
    if not np.abs(np.diff(np.log(ratios))).max() > DRIFT:
        return {"pulled": None}
    source = f"panel/{results.main}/panel.csv"
    stood = [cell(ratio, "0", source, "%", times=100) for ratio in ratios]
    return {
        "pulled": {
            "first": str(period.start),
            "last": str(period.end),
            "start": stood[0],
            "end": stood[1],
        }
    }


def _at(years: list[int], panel: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return a column of the panel, a row a unit and a column a year."""
    return panel.pivot(index="unit", columns="year", values=column).reindex(
        columns=years
    )

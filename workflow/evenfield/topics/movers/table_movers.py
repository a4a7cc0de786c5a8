"""Income of each unit against the average of all, in the first and the last year."""

import numpy as np
import pandas as pd

from evenfield.shared.study_results import StudyResults

NAMED = 5  # units at each end
DIGITS = 12
FEWEST = 4  # units of which some can be said to have risen


def movers(results: StudyResults) -> pd.DataFrame:
    """Return the units that have an income in both years with their ratios to the mean
    and their ranks, the one that rose most first.
    """
    panel = results.table("panel")
    income = panel.pivot(index="unit", columns="year", values="income")
    income = income.dropna(axis=1, how="all")
    # Where no unit has an income the table has no row.
    years = [income.columns.min(), income.columns.max()] if len(income.columns) else []
    ends = income.reindex(columns=years or [0, 1]).dropna()
    ends.columns = pd.Index(["start", "end"])
    names = results.table("units").set_index("unit")["name"]
    frame = pd.DataFrame({"name": names.reindex(ends.index)})
    for end in ("start", "end"):
        frame[f"ratio_{end}"] = ends[end] / average(ends[end])
        frame[f"rank_{end}"] = ends[end].rank(ascending=False, method="min")
    change = frame["ratio_end"] / frame["ratio_start"] - 1
    frame["change"] = change.round(DIGITS)  # logarithms taken back leave a last bit
    frame["year_start"] = income.columns.min()
    frame["year_end"] = income.columns.max()
    frame = frame.reset_index()
    order = frame.assign(fall=-frame["change"]).sort_values(["fall", "unit"])
    return order.drop(columns="fall").reset_index(drop=True)


def average(income: pd.Series) -> float:
    """Return the average that incomes are held to: the mean of their logarithms, taken
    back to an income.
    """
    # ASSUME: every unit counts alike. Of incomes themselves a few rich units would pull
    # the mean, and all others would fall when these rise.
    return float(np.exp(np.log(income).mean()))


def both_ends(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the units that rose most and those that fell most, the most first."""
    number = min(NAMED, len(frame) // 2)
    rose = frame[frame["change"].gt(0)][:number]
    fell = frame[frame["change"].lt(0)][::-1][:number]
    return rose, fell

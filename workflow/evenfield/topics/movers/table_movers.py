"""Income of each unit against the average of all, in the first and the last year."""

import pandas as pd

from evenfield.shared.facts import Facts

NAMED = 5  # units at each end
FEWEST = 4  # units of which some can be said to have risen


def movers(facts: Facts) -> pd.DataFrame:
    """Return the units that have an income in both years with their ratios to the mean
    and their ranks, the one that rose most first.
    """
    panel = facts.table("panel")
    income = panel.pivot(index="unit", columns="year", values="income")
    income = income.dropna(axis=1, how="all")
    ends = income[[income.columns.min(), income.columns.max()]].dropna()
    ends.columns = pd.Index(["start", "end"])
    names = facts.table("units").set_index("unit")["name"]
    frame = pd.DataFrame({"name": names.reindex(ends.index)})
    for end in ("start", "end"):
        # ASSUME: every unit counts alike in the average that the others are held to.
        frame[f"ratio_{end}"] = ends[end] / ends[end].mean()
        frame[f"rank_{end}"] = ends[end].rank(ascending=False, method="min")
    frame["change"] = frame["ratio_end"] / frame["ratio_start"] - 1
    frame["year_start"] = income.columns.min()
    frame["year_end"] = income.columns.max()
    frame = frame.reset_index()
    order = frame.assign(fall=-frame["change"]).sort_values(["fall", "unit"])
    return order.drop(columns="fall").reset_index(drop=True)


def both_ends(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the units that rose most and those that fell most, the most first."""
    number = min(NAMED, len(frame) // 2)
    rose = frame[frame["change"].gt(0)][:number]
    fell = frame[frame["change"].lt(0)][::-1][:number]
    return rose, fell

"""Income of every unit against the average of its year, and the units that a reader asks
for first: the richest, the poorest, those that rose and fell most.
"""

import pandas as pd

from evenfield.shared.study_results import StudyResults
from evenfield.topics.movers.table_movers import average, movers

NAMED = 3  # units of each kind
# In the order of the key; a unit of two kinds is of the first.
KINDS = ("richest", "poorest", "rose most", "fell most")


def paths(results: StudyResults) -> pd.DataFrame:
    """Return unit, name, year and ratio to the mean of the year, with the kind of each
    unit that is named, blank for others.
    """
    panel = results.table("panel").dropna(subset=["income"])
    means = panel.groupby("year")["income"].agg(average)
    names = results.table("units").set_index("unit")["name"]
    frame = pd.DataFrame(
        {
            "unit": panel["unit"],
            "name": names.reindex(panel["unit"]).to_numpy(),
            "year": panel["year"].astype(int),
            "ratio": panel["income"] / panel["year"].map(means),
        }
    )
    frame["kind"] = frame["unit"].map(_kinds(movers(results))).fillna("")
    return frame.sort_values(["unit", "year"], ignore_index=True)


def first_of_each_kind(moved: pd.DataFrame) -> dict[str, list[str]]:
    """Return the first units of each kind, a unit of two kinds in both; fewer of each
    where units are few.
    """
    number = min(NAMED, len(moved) // len(KINDS))
    by_level = moved.sort_values(["ratio_end", "unit"])["unit"].tolist()
    rose = moved.loc[moved["change"].gt(0), "unit"].tolist()
    fell = moved.loc[moved["change"].lt(0), "unit"].tolist()[::-1]
    chosen = (by_level[::-1], by_level, rose, fell)
    return {kind: units[:number] for kind, units in zip(KINDS, chosen, strict=True)}


def _kinds(moved: pd.DataFrame) -> dict[str, str]:
    """Return the kind of each unit that is named."""
    kinds: dict[str, str] = {}
    for kind, units in first_of_each_kind(moved).items():
        for unit in units:
            kinds.setdefault(unit, kind)
    return kinds

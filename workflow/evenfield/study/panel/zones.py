"""Zones in force: doses by type and year with and without remembered dates, and first
years.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

# Types made here beside those of zones.csv: national zones, and those of the paper.
NATIONAL = "state"
SEED = "sez_seed"


def zone_doses(
    zones: pd.DataFrame, units: list[str], years: list[int], national: list[str]
) -> pd.DataFrame:
    """Count the zones in force by unit, year and type."""
    types = _typed(zones, national)
    # Every type, unit and year has a row: no zone is a zero and not a blank.
    grid = pd.MultiIndex.from_product(
        [sorted(types), units, years], names=["zone_type", "unit", "year"]
    )
    rows = grid.to_frame(index=False)
    for column, only_dated in {"zones": False, "zones_dated": True}.items():
        counts = [
            _in_force(part, units, years, dated=only_dated)
            for _, part in sorted(types.items())
        ]
        rows[column] = (
            np.concatenate([c.ravel() for c in counts])
            if counts
            else np.array([], dtype=int)
        )
    return rows[["unit", "year", "zone_type", "zones", "zones_dated"]].sort_values(
        ["unit", "zone_type", "year"], ignore_index=True
    )


def _typed(zones: pd.DataFrame, national: list[str]) -> dict[str, pd.DataFrame]:
    if zones.empty:
        return {}
    types = {str(name): part for name, part in zones.groupby("type")}
    # A study none of whose types is called national means all of them.
    types[NATIONAL] = (
        zones[zones["type"].isin(national)] if set(national) & set(types) else zones
    )
    if "seed" in zones and zones["seed"].eq(1).any():
        types[SEED] = zones[zones["seed"].eq(1)]
    return types


def _in_force(
    zones: pd.DataFrame, units: list[str], years: list[int], *, dated: bool
) -> np.ndarray:
    # A zone whose year is unknown is in force in no year.
    chosen = zones[zones["year_in_force"].notna()]
    # Qualities A and B count as dated; other years come from memory.
    chosen = chosen[chosen["year_quality"].isin(["A", "B"])] if dated else chosen
    row_of_unit = {unit: i for i, unit in enumerate(units)}
    starts = chosen["year_in_force"].to_numpy(float)
    # ``exit_year`` is the first year without the zone; a blank never comes.
    ends = chosen["exit_year"].astype(float).fillna(np.inf).to_numpy()
    grid = np.asarray(years)
    on = (starts[:, None] <= grid) & (grid < ends[:, None])
    counts = np.zeros((len(units), len(years)), dtype=int)
    # A unit with several zones stands here several times; ``+=`` would add only one.
    np.add.at(counts, chosen["unit"].map(row_of_unit).to_numpy(int), on.astype(int))
    return counts


def first_years(doses: pd.DataFrame) -> pd.DataFrame:
    """Return the first year in which each unit had a zone of each type."""
    key = ["unit", "zone_type"]
    out = doses[key].drop_duplicates(ignore_index=True)
    for column, name in {
        "zones": "first_year",
        "zones_dated": "first_year_dated",
    }.items():
        first = (
            doses[doses[column] > 0]
            .groupby(key)["year"]
            .min()
            .rename(name)
            .reset_index()
        )
        out = out.merge(first, on=key, how="left")
    return out


def mapped_zones(zones: pd.DataFrame, mapping: Mapping[str, str]) -> pd.DataFrame:
    """Book zones to the unit that their unit belongs to, a place that stands twice
    once.
    """
    # ASSUME: a zone that is the same place as another (same_as) is counted under the
    # other's type only.
    once = zones["same_as"].isna() | zones["same_as"].eq("")
    return zones[once].assign(unit=zones["unit"].map(mapping))

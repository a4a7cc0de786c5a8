"""Who could be a control, year by year, once national zones spread."""

from __future__ import annotations

import numpy as np
import pandas as pd

from evenfield.numerics.power import event_study_mde
from evenfield.topics.design.estimate_inputs import DesignInputs, DesignSpec, series_row

ANY_ZONE = "state"
YEARLY_SD = 3.0
HORIZONS = (1, 3, 5, 7)
Rows = list[dict[str, object]]


def first_zone_years(data: DesignInputs, column: str = "first_year") -> pd.Series:
    """Return the year of each unit's first national-level zone of any kind."""
    table = data.first_years[data.first_years["zone_type"] == ANY_ZONE].set_index("unit")[column]
    return table.astype(float).reindex(data.names)


def support_rows(data: DesignInputs) -> Rows:
    """Count treated units, units not yet treated and far controls in every year."""
    first = first_zone_years(data)
    if not first.notna().any():
        return []
    adjacent, dated = _adjacency(data), first_zone_years(data, "first_year_dated")
    years = data.description["years"]
    return [row for year in range(int(min(years)), int(max(years)) + 1)
            for row in _support(year, first, dated, adjacent)]  # fmt: skip


def _support(year: int, first: pd.Series, dated: pd.Series, adjacent: np.ndarray | None) -> Rows:
    treated = (first <= year).to_numpy()
    groups = {"treated": treated, "treated_dated": (dated <= year).to_numpy(), "not_yet_treated": ~treated}
    if adjacent is not None:
        groups["far_controls"] = ~treated & ~(adjacent[:, treated].any(axis=1))
    return [
        series_row("support", year=year, term=term, value=float(member.sum()), unit_of_measure="units",
                   units=" ".join(first.index[member]))
        for term, member in groups.items()
    ]  # fmt: skip


def _adjacency(data: DesignInputs) -> np.ndarray | None:
    borders = [w for _, w in sorted(data.weights.items()) if w.spec.get("kind") == "contiguity"]
    return borders[0].aligned(data.names) > 0 if borders else None


def event_rows(data: DesignInputs, spec: DesignSpec) -> Rows:
    """Ask what a comparison of each cohort with the units not yet treated could show."""
    first = first_zone_years(data)
    last = int(max(data.description["years"]))
    cohorts = [int(year) for year in sorted(first.dropna().unique())]
    pairs = [(cohort, years) for cohort in cohorts for years in HORIZONS if cohort + years <= last]
    rows = [_event(first, cohort, years, spec) for cohort, years in pairs]
    return [row for row in rows if row]


def _event(first: pd.Series, cohort: int, years: int, spec: DesignSpec) -> dict[str, object]:
    n_treated = int((first == cohort).sum())
    n_controls = int((~(first <= cohort + years)).sum())
    if n_controls < 1 or n_treated + n_controls < 3:
        return {}
    # ASSUME: a unit's log income drifts as a random walk with shocks of 3 per cent a year in event-study MDEs.
    mde = event_study_mde(n_treated, n_controls, years, YEARLY_SD, spec.power, spec.level)
    return series_row("event_study", year=cohort, term=f"{years} years", value=mde, unit_of_measure="per cent",
                      note=f"{n_treated} treated, {n_controls} not yet treated")  # fmt: skip

"""Relative income of each cell, year by year."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from evenfield.shared.estimates import NAN
from evenfield.shared.samples import one_text, sample_rows
from evenfield.shared.settings import SchemeInfo
from evenfield.study.errors import EstimateError, first_examples

ALL_UNITS = "all"
PATH_VARIABLES = ("relative_log_income", "relative_log_income_unweighted")
PROFILE_SERIES = (
    "kind", "unit_scheme", "taxonomy", "cell", "variable", "period", "year", "basis", "n_units", "mean", "sd",
    "mean_population_weighted",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ProfileSpec:
    """A taxonomy whose cells are profiled."""

    taxonomy: str  # name of the taxonomy


def cells_of(cells: pd.DataFrame, taxonomy: str, period: str, units: Sequence[str]) -> pd.Series:
    """Return the cell of each unit in one period."""
    chosen = cells[(cells["taxonomy"] == taxonomy) & (cells["period"] == period)]
    missing = sorted(set(units) - set(chosen["unit"]))
    twice = sorted(chosen.loc[chosen["unit"].duplicated(), "unit"].unique())
    if missing or twice:
        raise EstimateError(
            f"taxonomy {taxonomy} {period}: {len(missing) + len(twice)} units have no cell or two "
            f"({first_examples(missing + twice)})",
            "one cell for each unit and period",
            "correct the taxonomy's file",
        )
    return chosen.set_index("unit")["cell"].reindex(list(units))


def last_period(periods: pd.DataFrame) -> str:
    """Return the period that ends last, the shortest of them if several do."""
    unique = periods[["end_year", "start_year", "period"]].drop_duplicates()
    return str(unique.sort_values(["end_year", "start_year", "period"])["period"].iloc[-1])


def relative_paths(
    panel: pd.DataFrame, periods: pd.DataFrame, cells: pd.DataFrame, spec: ProfileSpec, scheme: SchemeInfo
) -> pd.DataFrame:
    """Average relative log income over the units of each cell, year by year."""
    units = scheme.samples[ALL_UNITS]
    # ASSUME: a unit keeps over all years the cell it has in the last period, so that a path never jumps
    # because a unit changes its cell.
    placed = cells_of(cells, spec.taxonomy, last_period(periods), units)
    parts = []
    for year, rows in panel[panel["unit"].isin(units)].groupby("year", sort=True):
        full = sample_rows(rows, units, PATH_VARIABLES, f"estimates.profile {spec.taxonomy} {year}")
        full = full.assign(cell=full["unit"].map(placed), year=year)
        parts += [_path_means(full, variable) for variable in PATH_VARIABLES]
    return labelled(pd.concat(parts), "path", spec, scheme)


def _path_means(rows: pd.DataFrame, variable: str) -> pd.DataFrame:
    population = rows["population"] if "population" in rows else pd.Series(NAN, index=rows.index)
    both = rows.assign(total=population, product=population * rows[variable])
    grouped = both.groupby("cell", sort=True)
    out = grouped[variable].agg(n_units="size", mean="mean", sd="std")
    total = grouped[["product", "total"]].sum(min_count=1)
    out["mean_population_weighted"] = total["product"] / total["total"]
    return out.reset_index().assign(
        variable=variable, period="", year=rows["year"].iloc[0], basis=one_text(rows["basis"])
    )


def labelled(frame: pd.DataFrame, kind: str, spec: ProfileSpec, scheme: SchemeInfo) -> pd.DataFrame:
    """Arrange rows of one kind as part of the series."""
    full = frame.assign(kind=kind, unit_scheme=scheme.name, taxonomy=spec.taxonomy)
    full = full.reindex(columns=list(PROFILE_SERIES))
    floats = dict.fromkeys(("mean", "sd", "mean_population_weighted"), float)
    return full.astype({"year": "Int64", **floats})

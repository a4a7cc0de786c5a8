"""Relative income by cell over time, and summary statistics by cell and period: description only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from evenfield.shared.estimates import Estimate
from evenfield.shared.samples import basis_warning, one_text, periods_of, sample_rows
from evenfield.shared.settings import SchemeInfo, check_keys, check_names
from evenfield.study.errors import EstimateError
from evenfield.study.files import content_hash
from evenfield.topics.relative_income.estimate_paths import ALL_UNITS, ProfileSpec, cells_of, labelled, relative_paths

PROFILE_KEYS = ("taxonomies",)
CONTROL, ZONES = "control_", "zones_"
REQUIRED = ("growth_pct_per_year", "log_income_start")
OPTIONAL = ("population_growth_per_year",)
UNITS_OF_MEASURE = {
    "growth_pct_per_year": "% per year",
    "log_income_start": "log points",
    "population_growth_per_year": "log per year",
}


@dataclass(frozen=True)
class ProfileResults:
    """Descriptive rows, drawable series and a summary of the profile family."""

    estimates: list[Estimate]
    series: pd.DataFrame
    fit: dict[str, Any] = field(default_factory=dict)


def parse_profile_specs(section: Any, cells: Mapping[str, pd.DataFrame]) -> tuple[ProfileSpec, ...]:
    """Read ``estimates.profile`` of the config."""
    check_keys(section, PROFILE_KEYS, "estimates.profile")
    known = sorted({str(name) for frame in cells.values() for name in frame["taxonomy"].unique()})
    chosen = section.get("taxonomies", known)
    if isinstance(chosen, str):
        raise EstimateError(f"estimates.profile.taxonomies holds the text '{chosen}'", "a list of taxonomies",
                            "put it in brackets")  # fmt: skip
    check_names(chosen, known, "estimates.profile.taxonomies")
    return tuple(ProfileSpec(name) for name in chosen)


def estimate_profile(
    panels: Mapping[str, pd.DataFrame],
    periods: Mapping[str, pd.DataFrame],
    cells: Mapping[str, pd.DataFrame],
    doses: Mapping[str, pd.DataFrame],
    *,
    schemes: Mapping[str, SchemeInfo],
    specs: Sequence[ProfileSpec],
) -> ProfileResults:
    """Describe relative income by cell and year, and growth and its companions by cell and period."""
    parts, estimates = [], []
    for name, scheme in sorted(schemes.items()):
        for spec in specs:
            summary, rows = summarise_periods(periods[name], cells[name], doses[name], spec, scheme)
            parts += [relative_paths(panels[name], periods[name], cells[name], spec, scheme), summary]
            estimates += rows
    keys = ["kind", "unit_scheme", "taxonomy", "variable", "period", "year", "cell"]
    series = pd.concat(parts).sort_values(keys, ignore_index=True)
    fit = {"taxonomies": [spec.taxonomy for spec in specs], "unit_schemes": sorted(schemes)}
    return ProfileResults(estimates, series, fit)


def summarise_periods(
    periods: pd.DataFrame, cells: pd.DataFrame, doses: pd.DataFrame, spec: ProfileSpec, scheme: SchemeInfo
) -> tuple[pd.DataFrame, list[Estimate]]:
    """Summarise growth, start income, population growth, zones and controls by cell and period."""
    parts, estimates = [], []
    for period in periods_of(periods):
        rows, variables = _period_variables(periods[periods["period"] == period], doses, period, scheme)
        rows["cell"] = rows["unit"].map(cells_of(cells, spec.taxonomy, period, list(rows["unit"])))
        both = pd.concat([rows, rows.assign(cell=ALL_UNITS)])
        for variable in variables:
            means = both.groupby("cell", sort=True)[variable].agg(n_units="size", mean="mean", sd="std").reset_index()
            labels = _labels(rows, variable, spec, scheme)
            parts.append(means.assign(variable=variable, period=period, basis=labels["output_basis"]))
            estimates += _mean_rows(means, {**labels, "period": period})
    return labelled(pd.concat(parts), "summary", spec, scheme), estimates


def _period_variables(
    periods: pd.DataFrame, doses: pd.DataFrame, period: str, scheme: SchemeInfo
) -> tuple[pd.DataFrame, list[str]]:
    units = scheme.samples[ALL_UNITS]
    extra = [*OPTIONAL, *(name for name in periods.columns if name.startswith(CONTROL))]
    # ASSUME: a variable that is blank for every unit does not exist in the period and is left out of its
    # table.
    present = [name for name in extra if name in periods and not periods[name].isna().all()]
    variables = [*REQUIRED, *present]
    rows = sample_rows(periods, units, variables, f"estimates.profile {period}")
    zones = _mean_zones(doses, int(rows["start_year"].iloc[0]), int(rows["end_year"].iloc[0]), units)
    full = rows[["unit", "basis", *variables]].merge(zones, on="unit", how="left", validate="one_to_one")
    return full, [*variables, *zones.columns.drop("unit")]


def _mean_zones(doses: pd.DataFrame, start: int, end: int, units: Sequence[str]) -> pd.DataFrame:
    # ASSUME: a type of zone that is never in force has no dated zone, and is left out instead of shown as zero; a
    # unit without a row for a type had none.
    dated = doses.groupby("zone_type")["zones"].transform("max") > 0
    inside = doses[dated & doses["year"].between(start, end)]
    mean = inside.pivot_table(index="unit", columns="zone_type", values="zones", aggfunc="mean")
    full = mean.reindex(list(units)).fillna(0.0).rename_axis("unit").rename_axis(None, axis=1)
    return full.add_prefix(ZONES).reset_index()


def _mean_rows(means: pd.DataFrame, labels: Mapping[str, Any]) -> list[Estimate]:
    return [
        Estimate(
            **labels,
            term=str(row["cell"]),
            estimate=float(row["mean"]),
            n_obs=int(row["n_units"]),
            n_units=int(row["n_units"]),
        )
        for row in means.to_dict("records")
    ]


def _labels(rows: pd.DataFrame, variable: str, spec: ProfileSpec, scheme: SchemeInfo) -> dict[str, Any]:
    basis = one_text(rows["basis"])
    return {
        "family": "profile",
        "role": "description",
        "estimator": "mean",
        "spec_id": spec.taxonomy,
        "outcome": variable,
        "effect_type": "stat",
        "unit_scheme": scheme.name,
        "treatment_def": spec.taxonomy,
        "unit_of_measure": _unit_of_measure(variable),
        "output_basis": basis,
        "data_hash": content_hash(rows[["unit", "cell", variable]]),
        "warning": basis_warning(basis, scheme.first_official),
    }


def _unit_of_measure(variable: str) -> str:
    if variable.startswith(ZONES):
        return "zones"
    return UNITS_OF_MEASURE.get(variable, "")

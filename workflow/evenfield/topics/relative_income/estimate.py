"""Relative income by cell over time, and summary statistics by cell and period:
description only.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from pydantic import Field

from evenfield.shared.estimates import NAN, Estimate
from evenfield.shared.rows import Kind, Results, Rows
from evenfield.shared.samples import (
    basis_warning,
    one_text,
    periods_of,
    sample_rows,
    sample_units,
)
from evenfield.shared.settings import SchemeInfo, scheme_infos
from evenfield.shared.spec import Spec, read
from evenfield.study.errors import EstimateError, first_examples
from evenfield.study.study import Study
from evenfield.study.table_files import content_hash

KINDS = {"mean": Kind("mean", "all", "stat", "")}
PATHS = ("relative_log_income", "relative_log_income_unweighted")
CURRENT = "relative_income_current_prices"
MEASURES = {"growth_pct_per_year": "% per year", "log_income_start": "log points"}
OPTIONAL = "population_growth_per_year"
SERIES = (
    "kind unit_scheme taxonomy cell variable period year basis n_units mean "
    "sd mean_population_weighted"
).split()
KEY = "kind unit_scheme taxonomy variable period year cell".split()


class RelativeIncomeSpec(Spec):
    """Taxonomies whose cells are described."""

    taxonomies: list[str] = Field(
        [], description="Taxonomies whose cells are described; all of them by default."
    )


Section = RelativeIncomeSpec


def check_data(study: Study, _: Section, __: Section) -> None:
    """Refuse what the panel cannot carry, before anything is estimated."""
    for info in scheme_infos(study.descriptions.values()).values():
        _years(study, info)


def estimate(study: Study) -> Results:
    """Describe relative income by cell and year, and growth and its companions by cell
    and period.
    """
    out = Results()
    parts = []
    known = {
        str(name)
        for scheme in study.schemes
        for name in study.table("cells", scheme)["taxonomy"]
    }
    taxonomies = read(Section, study.config, "relative_income").taxonomies or sorted(
        known
    )
    infos = scheme_infos(study.descriptions.values())
    for scheme, info in sorted(infos.items()):
        years = _years(study, info)
        periods = periods_of(study.table("periods", scheme))
        measured = {period: _variables(study, period, info) for period in periods}
        for taxonomy in taxonomies:
            parts.append(
                _paths(study, taxonomy, scheme, years).assign(
                    unit_scheme=scheme, taxonomy=taxonomy
                )
            )
            for period in periods:
                rows, summary = _summary(
                    study, taxonomy, period, info, *measured[period]
                )
                out.estimates += rows
                parts.append(summary.assign(unit_scheme=scheme, taxonomy=taxonomy))
    series = (
        pd.concat(parts).reindex(columns=SERIES).sort_values(KEY, ignore_index=True)
    )
    floats = dict.fromkeys(("mean", "sd", "mean_population_weighted"), float)
    out.series["series"] = series.astype({"year": "Int64", **floats})
    out.fit = {"taxonomies": taxonomies, "unit_schemes": sorted(infos)}
    return out


def _cells(
    cells: pd.DataFrame, taxonomy: str, when: Any, units: Sequence[str]
) -> pd.Series:
    """Return the cell of each unit in a period or year."""
    chosen = cells[
        cells["taxonomy"].eq(taxonomy)
        & cells["period" if "period" in cells else "year"].eq(when)
    ]
    wrong = sorted({*units} - {*chosen["unit"]}) + sorted(
        set(chosen.loc[chosen["unit"].duplicated(), "unit"])
    )
    if wrong:
        fault = (
            f"taxonomy {taxonomy} {when}: {len(wrong)} units have no cell or two"
            f" ({first_examples(wrong)})"
        )
        raise EstimateError(
            fault,
            "one cell for each unit and period or year",
            "correct the taxonomy's file",
        )
    return chosen.set_index("unit")["cell"]


def _paths(
    study: Study, taxonomy: str, scheme: str, years: Mapping[Any, pd.DataFrame]
) -> pd.DataFrame:
    cells = study.table("yearly_cells", scheme)
    cells = cells[cells["taxonomy"].eq(taxonomy)]
    # ASSUME: a unit is in the cell of its zones in force that year; one without dates
    # keeps it over all years.
    placed = [
        rows["unit"].map(_cells(cells, taxonomy, year, list(rows["unit"])))
        for year, rows in years.items()
    ]
    rows = pd.concat(years.values(), ignore_index=True).assign(
        cell=pd.concat(placed, ignore_index=True)
    )
    basis = {year: one_text(one["basis"]) for year, one in years.items()}
    output = study.config.get("panel", {}).get("income", {}).get("output", "")
    parts = []
    for variable in PATHS:
        grouped = rows.assign(product=rows["weight"] * rows[variable]).groupby(
            ["year", "cell"], sort=True
        )
        means = grouped[variable].agg(n_units="size", mean="mean", sd="std")
        total = grouped[["product", "weight"]].sum(min_count=1)
        means["mean_population_weighted"] = total["product"] / total["weight"]
        parts.append(
            means.reset_index().assign(
                variable=variable, basis=lambda frame: frame["year"].map(basis)
            )
        )
    if output in rows:
        full = rows[
            np.isfinite(rows[output].astype(float))
            .groupby(rows["year"])
            .transform("all")
        ]
        sums = (
            full.assign(n_units=1)
            .groupby(["year", "cell"], sort=True)[["n_units", output, "weight"]]
            .sum()
        )
        whole = sums.groupby(level="year").transform("sum")
        pooled = sums.assign(
            mean=np.log(
                sums[output] / sums["weight"] / (whole[output] / whole["weight"])
            )
        )
        parts.append(
            pooled[["n_units", "mean"]]
            .reset_index()
            .assign(variable=CURRENT, basis="current prices")
        )
    return pd.concat(parts).assign(kind="path", period="")


def _years(study: Study, info: SchemeInfo) -> dict[Any, pd.DataFrame]:
    """Return the complete rows of each year."""
    panel = study.table("panel", info.name, ("basis",))
    out = {}
    units = sample_units(info, "all", "estimates.relative_income")
    for year, frame in panel[panel["unit"].isin(units)].groupby("year", sort=True):
        rows = sample_rows(frame, units, PATHS, f"estimates.relative_income {year}")
        out[year] = rows.assign(year=year, weight=rows.get("population", NAN))
    return out


def _summary(
    study: Study,
    taxonomy: str,
    period: str,
    info: SchemeInfo,
    data: pd.DataFrame,
    variables: Mapping[str, str],
) -> tuple[list[Estimate], pd.DataFrame]:
    cells = _cells(
        study.table("cells", info.name), taxonomy, period, list(data["unit"])
    )
    data = data.assign(cell=data["unit"].map(cells))
    basis = one_text(data["basis"])
    summaries = []
    parts = []
    both = pd.concat([data, data.assign(cell="all")])
    shared = {
        "family": "relative_income",
        "spec_id": taxonomy,
        "unit_scheme": info.name,
        "treatment_def": taxonomy,
        "period": period,
        "output_basis": basis,
    }
    grouped = both.groupby("cell", sort=True)[list(variables)]
    n_units = grouped.size()
    means = grouped.mean()
    sds = grouped.std()
    for variable, unit in variables.items():
        summary = pd.DataFrame(
            {"n_units": n_units, "mean": means[variable], "sd": sds[variable]}
        ).reset_index()
        parts.append(summary.assign(variable=variable))
        hashed = content_hash(data[["unit", "cell", variable]])
        own = {**shared, "outcome": variable, "data_hash": hashed}
        rows = Rows(
            KINDS, "description", basis_warning(basis, info.first_official), **own
        )
        for cell, n, mean in zip(
            summary["cell"], summary["n_units"], summary["mean"], strict=True
        ):
            rows.add(
                "mean",
                term=cell,
                estimate=float(mean),
                n_obs=int(n),
                n_units=int(n),
                unit_of_measure=unit,
            )
        summaries += rows.estimates
    return summaries, pd.concat(parts).assign(
        kind="summary", period=period, basis=basis
    )


def _variables(
    study: Study, period: str, info: SchemeInfo
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return the variables of a period and their units of measure."""
    frame, doses = (study.table(name, info.name) for name in ("periods", "doses"))
    where = f"estimates.relative_income {period}"
    units = sample_units(info, "all", where)
    frame = frame[frame["period"].eq(period)]
    extra = {OPTIONAL: "log per year"} | {
        str(name): "" for name in frame if str(name).startswith("control_")
    }
    # ASSUME: a variable that is blank for every unit does not exist in the period and
    # is left out of its table.
    present = {
        name: unit
        for name, unit in extra.items()
        if name in frame and frame[name].notna().any()
    }
    variables = MEASURES | present
    rows = sample_rows(frame, units, list(variables), where)
    # ASSUME: a type of zone that is never in force has no dated zone, and is left out
    # instead of shown as zero; a unit without a row for a type had none.
    dated = doses.groupby("zone_type")["zones"].transform("max") > 0
    inside = doses[
        dated
        & doses["year"].between(rows["start_year"].iloc[0], rows["end_year"].iloc[0])
    ]
    zones = inside.pivot_table(
        index="unit", columns="zone_type", values="zones", aggfunc="mean"
    )
    zones = zones.reindex(list(units)).fillna(0.0).add_prefix("zones_")
    return rows.join(zones, on="unit"), variables | dict.fromkeys(
        map(str, zones.columns), "zones"
    )

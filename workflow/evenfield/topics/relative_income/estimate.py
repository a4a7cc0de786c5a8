"""Relative income by cell over time, and summary statistics by cell and period:
description only.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from evenfield.numerics.at_work import told
from evenfield.shared.estimates import NAN
from evenfield.shared.rows import Kind, Results, Rows
from evenfield.shared.samples import basis_warning, one_text, periods_of, sample_rows
from evenfield.shared.settings import SchemeInfo, scheme_infos
from evenfield.shared.spec import Spec, read
from evenfield.shared.tables.rows import only
from evenfield.study.study import Study
from evenfield.study.study_config import TaxonomyName
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

    taxonomies: list[TaxonomyName] = []
    """Taxonomies whose cells are described; all of them by default."""


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
    taxonomies = read(Section, study.config, "relative_income").taxonomies
    if not taxonomies:
        tables = study.each("cells").values()
        taxonomies = sorted(set().union(*(table["taxonomy"] for table in tables)))
    # Merged units have other cells, so every unit scheme is described.
    infos = scheme_infos(study.descriptions.values())
    for scheme, info in sorted(infos.items()):
        years = _years(study, info)
        periods = periods_of(study.table("periods", scheme))
        # Zones and controls of a period are the same for every taxonomy.
        measured = {
            period: variables_of_period(study, period, info) for period in periods
        }
        for taxonomy in told(taxonomies, "taxonomies"):
            frames = [_paths(study, taxonomy, scheme, years)]
            for period, variables in measured.items():
                rows, summary = _summary(study, taxonomy, period, info, *variables)
                out.estimates += rows.estimates
                frames.append(summary)
            labels = {"unit_scheme": scheme, "taxonomy": taxonomy}
            parts += [frame.assign(**labels) for frame in frames]
    series = pd.concat(parts).reindex(columns=SERIES)
    series = series.sort_values(KEY, ignore_index=True)
    floats = dict.fromkeys(("mean", "sd", "mean_population_weighted"), float)
    out.series["series"] = series.astype({"year": "Int64", **floats})
    out.fit = {"taxonomies": taxonomies, "unit_schemes": sorted(infos)}
    return out


def with_cells(data: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """Add the cell of each unit."""
    return data.assign(cell=data["unit"].map(cells.set_index("unit")["cell"]))


def _paths(
    study: Study, taxonomy: str, scheme: str, years: Mapping[object, pd.DataFrame]
) -> pd.DataFrame:
    cells = only(study.table("yearly_cells", scheme), taxonomy=taxonomy)
    # ASSUME: a unit is in the cell of its zones in force that year; one without dates
    # keeps it over all years.
    placed = [with_cells(data, only(cells, year=year)) for year, data in years.items()]
    rows = pd.concat(placed, ignore_index=True)
    basis = rows.groupby("year")["basis"].agg(one_text)
    parts = []
    for variable in PATHS:
        # sum pop_j r_j / sum pop_j over the units of the cell.
        product = rows["weight"] * rows[variable]
        grouped = rows.assign(product=product).groupby(["year", "cell"])
        means = grouped[variable].agg(
            n_units="size",
            mean="mean",
            sd="std",
        )
        # Without people there is no weighted mean: the sum of nothing stays blank.
        total = grouped[["product", "weight"]].sum(min_count=1)
        means["mean_population_weighted"] = total["product"] / total["weight"]
        frame = pd.DataFrame(means).reset_index()
        parts.append(frame.assign(variable=variable, basis=frame["year"].map(basis)))
    income = getattr(study.config.panel, "income", None)
    output = (income.output if income else None) or ""
    if output in rows:
        parts.append(_current_prices(rows, output))
    return pd.concat(parts).assign(kind="path", period="")


def _current_prices(rows: pd.DataFrame, output: str) -> pd.DataFrame:
    """Return log output per person of a cell over that of all units, a ratio that needs
    no deflator, in the years in which every unit has output.
    """
    # False for blank and for infinite figures: a total without a unit is no total.
    known = rows[output].astype(float).abs().lt(np.inf)
    full = rows[known.groupby(rows["year"]).transform("all")].assign(n_units=1)
    sums = full.groupby(["year", "cell"])[["n_units", output, "weight"]].sum()
    nation = sums.groupby(level="year").transform("sum")
    per_head = sums[output] / sums["weight"]
    # (Y_c / pop_c) / (Y / pop) at prices of the year, which cancel.
    ratio = per_head / (nation[output] / nation["weight"])
    pooled: pd.DataFrame = sums[["n_units"]].assign(mean=np.log(ratio)).reset_index()
    return pooled.assign(variable=CURRENT, basis="current prices")


def _years(study: Study, info: SchemeInfo) -> dict[Any, pd.DataFrame]:
    """Return the complete rows of each year."""
    panel = study.table("panel", info.name)
    where = "estimates.relative_income"
    units = info.samples["all"]
    out = {}
    for year, frame in panel[panel["unit"].isin(units)].groupby("year"):
        rows = sample_rows(frame, units, PATHS, f"{where} {year}")
        # Without population the weights are blank, and so are the weighted means.
        out[year] = rows.assign(year=year, weight=rows.get("population", NAN))
    return out


def _summary(
    study: Study,
    taxonomy: str,
    period: str,
    info: SchemeInfo,
    data: pd.DataFrame,
    variables: Mapping[str, str],
) -> tuple[Rows, pd.DataFrame]:
    """Return means and standard deviations of the variables by cell and over all."""
    cells = study.table("cells", info.name)
    data = with_cells(data, only(cells, taxonomy=taxonomy, period=period))
    basis = one_text(data["basis"])
    rows = Rows(
        KINDS,
        "description",
        basis_warning(basis, info.first_official),
        family="relative_income",
        spec_id=taxonomy,
        unit_scheme=info.name,
        treatment_def=taxonomy,
        period=period,
        output_basis=basis,
    )
    # All units are one more cell, so that the nation stands beside the groups.
    both = pd.concat([data, data.assign(cell="all")])
    grouped = both.groupby("cell")[list(variables)]
    n_units = grouped.size()
    means = grouped.mean()
    sds = grouped.std()
    parts = []
    for variable, unit in variables.items():
        columns = {
            "n_units": n_units,
            "mean": means[variable],
            "sd": sds[variable],
        }
        parts.append(pd.DataFrame(columns).reset_index().assign(variable=variable))
        data_hash = content_hash(data[["unit", "cell", variable]])
        summary = zip(n_units.index, n_units, means[variable], strict=True)
        for cell, n, mean in summary:
            rows.add(
                "mean",
                outcome=variable,
                term=cell,
                estimate=float(mean),
                n_obs=int(n),
                n_units=int(n),
                unit_of_measure=unit,
                data_hash=data_hash,
            )
    return rows, pd.concat(parts).assign(
        kind="summary",
        period=period,
        basis=basis,
    )


def variables_of_period(
    study: Study, period: str, info: SchemeInfo
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return the variables of a period and their units of measure."""
    where = f"estimates.relative_income {period}"
    units = info.samples["all"]
    frame = only(study.table("periods", info.name), period=period)
    # ASSUME: a variable that is blank for every unit does not exist in the period and
    # is left out of its table.
    present = frame.columns[frame.notna().any()].astype(str)
    variables = dict(MEASURES)
    if OPTIONAL in present:
        variables[OPTIONAL] = "log per year"
    variables |= {name: "" for name in present if name.startswith("control_")}
    rows = sample_rows(frame, units, list(variables), where)
    # ASSUME: a type of zone that is never in force has no dated zone, and is left out
    # instead of shown as zero; a unit without a row for a type had none.
    doses = study.table("doses", info.name)
    dated = doses.groupby("zone_type")["zones"].transform("max") > 0
    first, last = rows[["start_year", "end_year"]].iloc[0]
    inside = doses[dated & doses["year"].between(first, last)]
    zones = inside.pivot_table(
        index="unit", columns="zone_type", values="zones", aggfunc="mean"
    )
    zones = zones.reindex(list(units)).fillna(0.0).add_prefix("zones_")
    variables |= dict.fromkeys(map(str, zones.columns), "zones")
    return rows.join(zones, on="unit"), variables

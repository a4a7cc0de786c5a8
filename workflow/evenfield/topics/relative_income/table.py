"""T3: means and standard deviations by cell and period."""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from evenfield.shared.facts import Facts
from evenfield.shared.tables.notes import DESCRIPTIVE, period_with_basis
from evenfield.shared.tables.numbers import fixed, is_missing, significant, with_error
from evenfield.shared.tables.rows import Row, only, pick
from evenfield.shared.tables.table import Column, Short, Table, right
from evenfield.shared.tables.units import CELLS
from evenfield.study.errors import ArtifactError

NAMES = {
    "growth_pct_per_year": "growth, % a year",
    "log_income_start": "log income in the first year",
    "population_growth_per_year": "population growth, log a year",
    "zones_state": "national zones",
    "zones_sez": "SEZs",
    "zones_etdz": "ETDZs",
    "zones_hidz": "science parks (HIDZ)",
    "zones_ftz": "free-trade zones",
    "zones_new_area": "new areas",
}
DIGITS = {
    "growth_pct_per_year": 2,
    "log_income_start": 2,
    "population_growth_per_year": 4,
}
DIGITS |= {name: 1 for name in NAMES if name.startswith("zones_")}


def t3(facts: Facts) -> Table:
    """Return one row for each variable and period, one column for each cell."""
    taxonomy = facts.config["taxonomy"]["primary"]
    shown = facts.shown("main")
    summary = only(
        facts.series(), kind="summary", taxonomy=taxonomy, unit_scheme=facts.main
    )
    summary = summary[summary["period"].isin(shown)]
    if summary.empty:
        remedy = "add the taxonomy to estimates.relative_income.taxonomies"
        raise ArtifactError(
            f"no summary of taxonomy {taxonomy}", "one in topic relative_income", remedy
        )
    cells = [cell for cell in ("all", *CELLS) if cell in set(summary["cell"])]
    cells = ["all"] if cells == ["all", "neither"] else cells
    names = NAMES | {
        f"control_{name}": item["label"]
        for name, item in facts.config["controls"].items()
    }
    rows = [
        row
        for period in shown
        for row in _rows(facts, only(summary, period=period), period, cells, names)
    ]
    note = facts.note(
        f"Mean (standard deviation across {facts.words['units_name']}) by group of the"
        " main list; zones: mean number in force over the period.",
        DESCRIPTIVE,
        seed=False,
    )
    columns = [
        right(cell, f"mean {cell}", f"sd {cell}", "digits", show=_mean_sd)
        for cell in cells
    ]
    columns = [Column(names=("label",), header="Variable"), *columns]
    short = Short(
        lambda row: row["variable"] in ("growth_pct_per_year", "log_income_start")
    )
    frame = pd.DataFrame(rows)
    return Table(
        id="T3",
        note=note,
        columns=tuple(columns),
        frame=frame,
        group="group",
        short=short,
    )


TABLES = {"T3": t3}


def _rows(
    facts: Facts,
    series: pd.DataFrame,
    period: str,
    cells: list[str],
    names: Mapping[str, str],
) -> Iterator[Row]:
    if series.empty:
        return
    basis = series["basis"].iloc[0]
    shared = {
        "period": period,
        "basis": basis,
        "group": period_with_basis(period, basis, facts.config["periods"]),
    }
    counts = {f"mean {cell}": pick(series, cell=cell).get("n_units") for cell in cells}
    blank = {f"sd {cell}": None for cell in cells}
    yield {
        **shared,
        "variable": "units",
        "label": "number of units",
        "digits": 0,
        **counts,
        **blank,
    }
    for variable in [name for name in names if name in set(series["variable"])]:
        by_cell = {cell: pick(series, variable=variable, cell=cell) for cell in cells}
        values = {
            f"{stat} {cell}": row.get(stat)
            for cell, row in by_cell.items()
            for stat in ("mean", "sd")
        }
        yield {
            **shared,
            "variable": variable,
            "label": names[variable],
            "digits": DIGITS.get(variable),
            **values,
        }


def _mean_sd(mean: Any, sd: Any, digits: Any) -> str:
    if is_missing(digits):
        return (
            significant(mean)
            if is_missing(sd)
            else f"{significant(mean)} ({significant(sd)})"
        )
    return (
        fixed(mean, int(digits))
        if is_missing(sd)
        else with_error(mean, sd, int(digits))
    )

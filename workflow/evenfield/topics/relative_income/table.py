"""T3: means and standard deviations by cell and period."""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from evenfield.shared.samples import control_columns
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import (
    DESCRIPTIVE,
    Row,
    Short,
    Table,
    cells_in,
    is_missing,
    left,
    nothing_to_show,
    only,
    pick,
    right,
    significant,
    with_error,
)

# Printed names in the order of rows, and decimals; the controls of the config follow.
VARIABLES: dict[str, tuple[str, int | None]] = {
    "growth_pct_per_year": ("growth, % a year", 2),
    "log_income_start": ("log income in the first year", 2),
    "population_growth_per_year": ("population growth, log a year", 4),
    "zones_state": ("national zones", 1),
    "zones_sez": ("SEZs", 1),
    "zones_etdz": ("ETDZs", 1),
    "zones_hidz": ("science parks (HIDZ)", 1),
    "zones_ftz": ("free-trade zones", 1),
    "zones_new_area": ("new areas", 1),
}
SHORT = ("growth_pct_per_year", "log_income_start")


NOTE = """
Mean (standard deviation across {results.words[units_name]}) by group of the main list; zones:
mean number in force over the period.
"""


def t3(results: StudyResults) -> Table:
    """Return one row for each variable and period, one column for each cell."""
    taxonomy = results.config.taxonomy.primary
    shown = results.shown("main")
    series = results.series()
    wanted = {"taxonomy": taxonomy, "unit_scheme": results.main}
    summary = only(series, kind="summary", **wanted)
    summary = summary[summary["period"].isin(shown)]
    if summary.empty:
        raise nothing_to_show(f"summary of taxonomy {taxonomy}")
    cells = cells_in(summary["cell"])
    # A study without groups has one column.
    cells = ["all"] if cells == ["neither"] else ["all", *cells]
    variables = dict(VARIABLES)
    present = summary["variable"].unique()
    for name, item in results.config.controls.items():
        for column in control_columns(present, name):
            group = column.partition("=")[2]
            label = f"{item.label}: {group}" if group else item.label
            variables[column] = (label, None)
    rows: list[Row] = []
    for period in shown:
        rows += _rows(results, only(summary, period=period), cells, variables)
    columns = [left("Variable", "label")]
    for cell in cells:
        columns.append(right(cell, f"mean {cell}", f"sd {cell}", "digits", show=_mean))
    note = results.note(NOTE, DESCRIPTIVE, seed=False)
    short = Short(lambda row: row["variable"] in SHORT)
    return Table.of(columns, rows, note, short)


TABLES = {"T3": t3}


def _rows(
    results: StudyResults,
    series: pd.DataFrame,
    cells: list[str],
    variables: Mapping[str, tuple[str, int | None]],
) -> Iterator[Row]:
    if series.empty:
        return
    first = pick(series)
    shared = {
        "period": first["period"],
        "basis": first["basis"],
        "group": results.period(first["period"], first["basis"]),
    }
    counts = {f"mean {cell}": pick(series, cell=cell).get("n_units") for cell in cells}
    blank = {f"sd {cell}": None for cell in cells}
    # The number of units opens each period: a mean of two is no mean of many.
    units = {"variable": "units", "label": "number of units", "digits": 0}
    yield shared | units | counts | blank
    present = set(series["variable"])
    for variable, (label, digits) in variables.items():
        if variable not in present:
            continue
        row = shared | {"variable": variable, "label": label, "digits": digits}
        for cell in cells:
            summary = pick(series, variable=variable, cell=cell)
            row[f"mean {cell}"] = summary.get("mean")
            row[f"sd {cell}"] = summary.get("sd")
        yield row


def _mean(mean: object, sd: object, digits: Any) -> str:
    """Write a mean with its standard deviation; a control has digits by its size."""
    if not is_missing(digits):
        return with_error(mean, sd, int(digits))
    deviation = "" if is_missing(sd) else f" ({significant(sd)})"
    return f"{significant(mean)}{deviation}"

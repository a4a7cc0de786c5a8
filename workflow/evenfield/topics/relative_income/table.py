"""T3: means and standard deviations by cell and period."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from evenfield.shared.tables.notes import DESCRIPTIVE, basis_note, origin_note, period_with_basis, sample_note
from evenfield.shared.tables.numbers import Formatter, fixed, is_missing, places, significant, with_error
from evenfield.shared.tables.rows import Row, only, pick
from evenfield.shared.tables.table import Column, Table
from evenfield.shared.tables.units import CELLS
from evenfield.study.errors import ArtifactError

NAMES = {
    "growth_pct_per_year": "growth, % a year",
    "log_income_start": "log income in the first year",
    "population_growth_per_year": "population growth, log a year",
    "zones_state": "state zones (SEZ, ETDZ, HIDZ)",
    "zones_sez": "SEZs",
    "zones_etdz": "ETDZs",
    "zones_hidz": "science parks (HIDZ)",
    "zones_ftz": "free-trade zones",
    "zones_new_area": "new areas",
}
COUNT = "units"


def tabulate_summary(
    series: pd.DataFrame,
    description: Mapping[str, Any],
    *,
    taxonomy: str,
    shown: Sequence[str],
    periods: Mapping[str, Any],
    controls: Mapping[str, Any],
    study: Mapping[str, Any],
) -> Table:
    """Arrange summary statistics with one column per cell."""
    mine = only(series, kind="summary", taxonomy=taxonomy, unit_scheme=description["unit_scheme"])
    mine = mine[mine["period"].isin(list(shown))]
    if mine.empty:
        raise ArtifactError(f"no summary of taxonomy {taxonomy}", "one in the profile family",
                            "add the taxonomy to estimates.profile.taxonomies")  # fmt: skip
    cells = _cells(mine)
    names = {**NAMES, **{f"control_{name}": item["label"] for name, item in controls.items()}}
    rows = [row for period in shown for row in _rows(mine[mine["period"].eq(period)], period, cells, names, periods)]
    note = (
        sample_note(description, study),
        f"Mean (standard deviation across {study['units_name']}) by cell of taxonomy {taxonomy}; zones: mean number in "
        "force over the period.",
        basis_note(description),
        DESCRIPTIVE,
        origin_note(description),
    )
    columns = [Column(names=(f"mean {cell}", f"sd {cell}", "digits"), header=cell, align="right", show=_mean_sd)
               for cell in cells]  # fmt: skip
    first = Column(names=("label",), header="Variable")
    return Table(id="T3", title="Summary statistics by cell and period", note=note, columns=(first, *columns),
                 frame=pd.DataFrame(rows), group="group")  # fmt: skip


def _cells(series: pd.DataFrame) -> list[str]:
    found = [cell for cell in ("all", *CELLS) if cell in set(series["cell"])]
    return ["all"] if found == ["all", "neither"] else found


def _rows(
    series: pd.DataFrame, period: str, cells: Sequence[str], names: Mapping[str, str], periods: Mapping[str, Any]
) -> Iterable[Row]:
    if series.empty:
        return
    shared = {"period": period, "basis": series["basis"].iloc[0],
              "group": period_with_basis(period, series["basis"].iloc[0], periods)}  # fmt: skip
    counts = {f"mean {cell}": pick(series, cell=cell).get("n_units") for cell in cells}
    blank = {f"sd {cell}": None for cell in cells}
    yield {**shared, "variable": COUNT, "label": "number of units", "digits": 0, **counts, **blank}
    for variable in [name for name in names if name in set(series["variable"])]:
        found = {cell: pick(series, variable=variable, cell=cell) for cell in cells}
        values = {f"{stat} {cell}": row.get(stat) for cell, row in found.items() for stat in ("mean", "sd")}
        yield {**shared, "variable": variable, "label": names[variable], "digits": _digits(variable), **values}


def _digits(variable: str) -> int | None:
    if variable.startswith("zones_"):
        return 1
    return {"growth_pct_per_year": 2, "log_income_start": 2, "population_growth_per_year": 4}.get(variable)


def _mean_sd(mean: Any, sd: Any, digits: Any) -> str:
    if is_missing(digits):
        return f"{significant(mean)} ({significant(sd)})" if not is_missing(sd) else significant(mean)
    show: Formatter = places(with_error, int(digits))
    return show(mean, sd) if not is_missing(sd) else fixed(mean, int(digits))

"""Outcomes of a study as the config names them: a column, or one over another, and its mean over a window of years."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evenfield.study.errors import first_examples

BLANK = "no figure is left after the checks of the ingest floor"


@dataclass(frozen=True, slots=True)
class Measure:
    """An outcome by unit and year."""

    id: str  # name in the estimates
    column: str  # column of the panel
    over: str = ""  # column it is divided by; empty for none
    log: bool = False  # whether the natural logarithm is taken
    label: str = ""  # as printed
    unit: str = ""
    sign: int = 1  # predicted sign of the comparison, 1 or -1

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the panel that it needs."""
        return tuple(name for name in (self.column, self.over) if name)


@dataclass(frozen=True, slots=True)
class WindowMean:
    """Means over a window of years, or the reason why there are none."""

    values: pd.Series  # by unit; empty where there are none
    years: tuple[int, ...]  # years that enter
    note: str = ""  # why the window is shorter than asked for, or why there is no mean


def parse_measure(item: Mapping[str, Any]) -> Measure:
    """Read an outcome from the config."""
    label = item.get("label") or str(item["id"]).replace("_", " ")
    return Measure(item["id"], item["column"], item.get("over", ""), bool(item.get("log", False)), label,
                   item.get("unit", ""), int(item.get("sign", 1)))  # fmt: skip


def missing_reason(panel: pd.DataFrame, measure: Measure) -> str:
    """Say why the panel cannot carry an outcome."""
    absent = [name for name in measure.columns if name not in panel]
    if absent:
        return f"panel.csv has no column {first_examples(absent)}"
    blank = [name for name in measure.columns if panel[name].isna().all()]
    return f"column {first_examples(blank)} is blank: {BLANK}" if blank else ""


def yearly_table(panel: pd.DataFrame, measure: Measure) -> pd.DataFrame:
    """Return an outcome by unit (rows, sorted) and year (columns, sorted)."""
    wide = {name: panel.pivot(index="unit", columns="year", values=name).sort_index().astype(float)
            for name in measure.columns}  # fmt: skip
    values = wide[measure.column].to_numpy(float)
    if measure.over:
        below = wide[measure.over].to_numpy(float)
        values = np.divide(values, below, out=np.full(values.shape, np.nan), where=below != 0)
    if measure.log:
        values = np.log(values, out=np.full(values.shape, np.nan), where=values > 0)
    frame = wide[measure.column]
    return pd.DataFrame(values, index=frame.index, columns=frame.columns)


def with_figures(tables: list[pd.DataFrame]) -> tuple[list[pd.DataFrame], str]:
    """Leave out units that have not a single figure, and name them."""
    # ASSUME: a unit without a single figure of a variable is left out of its comparisons, groups and totals alike.
    kept = np.logical_and.reduce([table.notna().any(axis=1).to_numpy(bool) for table in tables])
    absent = [str(unit) for unit in tables[0].index[~kept]]
    note = f"without {first_examples(absent)}, no figures" if absent and kept.any() else ""
    return [table[kept] for table in tables], note


def window_mean(table: pd.DataFrame, start: int, end: int) -> WindowMean:
    """Average an outcome over the years of a window in which every unit has it."""
    asked = [year for year in table.columns.to_numpy(int).tolist() if start <= year <= end]
    inside = table.reindex(columns=asked)
    # ASSUME: a window is cut to the years that all units have; nothing is interpolated.
    full = inside.notna().all(axis=0).to_numpy(bool)
    years = tuple(year for year, kept in zip(asked, full, strict=True) if kept)
    if not years or table.empty:
        return WindowMean(pd.Series(dtype=float), (), f"no year from {start} to {end} has figures of every unit")
    cut = f"{len(years)} of {len(asked)} years have figures of every unit ({_span(years)})"
    return WindowMean(inside[list(years)].mean(axis=1), years, "" if len(years) == len(asked) else cut)


def _span(years: tuple[int, ...]) -> str:
    return f"{years[0]} to {years[-1]}" if len(years) > 1 else str(years[0])

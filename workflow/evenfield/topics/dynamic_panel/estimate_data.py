"""Balanced windows of levels for the dynamic panel: which dates, which order of units, which basis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evenfield.shared.samples import basis_warning, sample_units
from evenfield.shared.settings import PROXY, SPLICED, SchemeInfo
from evenfield.study.errors import EstimateError, first_examples
from evenfield.study.files import content_hash
from evenfield.topics.dynamic_panel.estimate_spec import DynamicSpec


@dataclass(frozen=True)
class Window:
    """One specification in one period."""

    spec: DynamicSpec  # the specification
    period: Mapping[str, Any]  # entry of the study's description: ``period``, ``label``, ``start``, ``end``
    wide: pd.DataFrame
    step: int  # years between two observations
    basis: str  # output basis and its warning
    note: str

    @property
    def levels(self) -> np.ndarray:
        """Log income on the grid of the specification, anchored on the last year, shape (N, T + 1)."""
        return self.grid(0)

    @property
    def years(self) -> list[int]:
        """Dates of the grid."""
        return self._dates(0)

    def _dates(self, offset: int) -> list[int]:
        last = int(self.wide.columns[-1]) - offset * self.step
        return sorted(range(last, int(self.period["start"]) - 1, -self.spec.span))

    @property
    def offsets(self) -> range:
        """Other anchors: observations that the grid is moved back by."""
        return range(1, self.spec.span // self.step)

    def grid(self, offset: int) -> np.ndarray:
        """Return log income on a grid that ends some observations before the last year; shape (N, T + 1)."""
        return self.wide[self._dates(offset)].to_numpy(float)

    @property
    def draw_id(self) -> str:
        """Name of the random stream of the draws of units."""
        spec = self.spec
        return f"dynamic:{spec.id}:{spec.unit_scheme}:{spec.sample}:{self.period['period']}:units"

    @property
    def data_hash(self) -> str:
        """Hash of the levels, matched by unit."""
        return content_hash(self.wide.rename(columns=str).rename_axis("unit").reset_index())


def windows(
    panel: pd.DataFrame, periods: Sequence[Mapping[str, Any]], spec: DynamicSpec, scheme: SchemeInfo
) -> list[Window]:
    """Cut the windows of one specification out of the panel."""
    units = sample_units(scheme, spec.sample, f"estimates.dynamic.{spec.id}")
    rows = panel[panel["unit"].isin(units)]
    _check_once(rows, spec)
    wide = rows.pivot(index="unit", columns="year", values="log_income").reindex(list(units))
    chosen = [item for item in periods if not spec.periods or item["period"] in spec.periods]
    ordered = sorted(chosen, key=lambda item: (item["start"], item["end"], str(item["period"])))
    return [_window(wide, rows, item, spec, scheme) for item in ordered]


def _check_once(rows: pd.DataFrame, spec: DynamicSpec) -> None:
    twice = rows[rows.duplicated(["unit", "year"])]
    if len(twice):
        shown = sorted(f"{unit} {year}" for unit, year in zip(twice["unit"], twice["year"], strict=True))
        raise EstimateError(f"estimates.dynamic.{spec.id}: {len(shown)} rows appear twice ({first_examples(shown)})",
                            "one row for each unit and year", "remove the duplicates")  # fmt: skip


def _window(
    wide: pd.DataFrame, rows: pd.DataFrame, period: Mapping[str, Any], spec: DynamicSpec, scheme: SchemeInfo
) -> Window:
    years = list(range(int(period["start"]), int(period["end"]) + 1, scheme.step))
    part = wide.reindex(columns=years)
    gaps = [f"{part.index[i]} {years[j]}" for i, j in np.argwhere(~np.isfinite(part.to_numpy(float)))]
    if gaps:
        raise EstimateError(
            f"estimates.dynamic.{spec.id} {period['period']}: {len(gaps)} incomes are missing or infinite "
            f"({first_examples(gaps)})",
            "a balanced panel: one income for every unit and year of the period",
            "supply it, leave the unit out with a sample, or shorten the period in config.yaml",
        )
    basis = _basis(rows[rows["year"].isin(years)])
    return Window(spec, period, _ordered(part), scheme.step, basis, basis_warning(basis, scheme.first_official))


def _ordered(part: pd.DataFrame) -> pd.DataFrame:
    """Sort units by their levels, then by name: draws must not depend on what units are called."""
    columns = list(part.columns)
    named = part.assign(_name=part.index.to_numpy(str))
    return named.sort_values([*columns, "_name"]).drop(columns="_name")


def _basis(rows: pd.DataFrame) -> str:
    found = sorted({str(value) for value in rows["basis"].dropna()}) if "basis" in rows else []
    return SPLICED if PROXY in found and len(found) > 1 else "+".join(found)

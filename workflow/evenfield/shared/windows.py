"""Balanced windows of the panel: units by years, in an order that the names of the units cannot move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evenfield.shared.samples import basis_warning, sample_units
from evenfield.shared.settings import OFFICIAL, PROXY, SPLICED, SchemeInfo, check_names
from evenfield.study.errors import EstimateError, first_examples
from evenfield.study.files import content_hash
from evenfield.study.spatial_weights import SpatialWeights, row_standardised


@dataclass(frozen=True, slots=True)
class Span:
    """First and last year of a period of the config."""

    name: str
    start: int
    end: int


@dataclass(frozen=True)
class Window:
    """One column of the panel over the years of a span."""

    span: Span  # period
    frame: pd.DataFrame
    step: int  # years between two columns
    basis: str  # output basis of the years
    note: str  # warning that belongs to every row from this window
    data_hash: str  # hash of the values used

    @property
    def units(self) -> list[str]:
        """Unit ids in the order of the rows."""
        return [str(unit) for unit in self.frame.index]

    @property
    def years(self) -> list[int]:
        """Years in the order of the columns."""
        return [int(year) for year in self.frame.columns]

    @property
    def values(self) -> np.ndarray:
        """The numbers, shape (N, T)."""
        return self.frame.to_numpy(dtype=float)


def spans_of(description: Mapping[str, Any]) -> dict[str, Span]:
    """Read the periods of a unit scheme."""
    rows = description["periods"]
    return {str(row["period"]): Span(str(row["period"]), int(row["start"]), int(row["end"])) for row in rows}


def span_named(spans: Mapping[str, Span], name: str, where: str) -> Span:
    """Return a period by its name."""
    check_names([name], spans, where)
    return spans[name]


def panel_window(panel: pd.DataFrame, column: str, span: Span, scheme: SchemeInfo, sample: str, where: str) -> Window:
    """Return a column of the panel over a span, complete and matched by unit id."""
    check_names([column], panel.columns, where)
    units = list(sample_units(scheme, sample, where))
    years = list(range(span.start, span.end + 1, scheme.step))
    chosen = panel[panel["unit"].isin(units) & panel["year"].isin(years)]
    twice = chosen[chosen.duplicated(["unit", "year"])]
    if len(twice):
        cells = [f"{unit} {year}" for unit, year in zip(twice["unit"], twice["year"], strict=True)]
        raise EstimateError(f"{where}: {len(cells)} rows appear twice ({first_examples(cells)})",
                            "one row for each unit and year", "remove the duplicates")  # fmt: skip
    wide = chosen.pivot(index="unit", columns="year", values=column).reindex(index=units, columns=years).astype(float)
    _check_gaps(wide, column, where)
    basis = _basis(chosen)
    hashed = content_hash(wide.rename_axis("unit").reset_index().rename(columns=str))
    return Window(span, _by_value(wide), scheme.step, basis, basis_warning(basis, scheme.first_official), hashed)


def matched(panel: pd.DataFrame, column: str, like: Window, where: str) -> np.ndarray:
    """Return another column in the rows and years of a window; shape (N, T)."""
    check_names([column], panel.columns, where)
    wide = panel.pivot(index="unit", columns="year", values=column).reindex(index=like.units, columns=like.years)
    _check_gaps(wide, column, where)
    return wide.to_numpy(dtype=float)


def _check_gaps(wide: pd.DataFrame, column: str, where: str) -> None:
    bad = ~np.isfinite(wide.to_numpy(dtype=float))
    gaps = [f"{wide.index[i]} {wide.columns[j]}" for i, j in np.argwhere(bad)]
    if gaps:
        raise EstimateError(f"{where}: {column} is missing for {len(gaps)} unit-years ({first_examples(gaps)})",
                            "a number for every unit of the sample in every year of the period",
                            "supply it, shorten the period, or leave the unit out with a sample")  # fmt: skip


def _by_value(wide: pd.DataFrame) -> pd.DataFrame:
    keys = [wide.index.to_numpy(dtype=str), *(wide[year].to_numpy() for year in wide.columns)]
    return wide.iloc[np.lexsort(keys)[::-1]]


def _basis(rows: pd.DataFrame) -> str:
    found = {str(value) for value in rows["basis"].dropna() if str(value)} if "basis" in rows else set()
    return SPLICED if found == {OFFICIAL, PROXY} else "+".join(sorted(found))


def grouping(values: Mapping[str, Any], units: Sequence[str], name: str, where: str) -> tuple[np.ndarray, list[str]]:
    """Return codes of a grouping in the order of some units; shape (N,)."""
    missing = [unit for unit in units if unit not in values or str(values[unit]) in {"", "nan"}]
    if missing:
        raise EstimateError(f"{where}: {len(missing)} units have no {name} ({first_examples(missing)})",
                            "a group for every unit of the sample", "supply it or drop the grouping")  # fmt: skip
    texts = [str(values[unit]) for unit in units]
    found = sorted(set(texts))
    codes = np.array([found.index(text) for text in texts], dtype=int)
    yes_no = {"0": f"not {name}", "1": name} if set(found) <= {"0", "1"} else {}
    return codes, [yes_no.get(text, text) for text in found]


def weights_among(
    weights: Mapping[str, SpatialWeights], name: str, units: Sequence[str], where: str
) -> tuple[np.ndarray, str]:
    """Return named weights among some units, in their order; shape (N, N)."""
    check_names([name], weights, f"{where}.weights")
    chosen = weights[name]
    place = {unit: i for i, unit in enumerate(chosen.units)}
    check_names(units, place, f"{where}.weights")
    order = [place[unit] for unit in units]
    matrix = row_standardised(chosen.matrix[np.ix_(order, order)])
    # ASSUME: in a smaller sample, weights to units outside it are dropped and the others scaled up to sum to one.
    cut = len(units) < len(chosen.units)
    return matrix, f"{name} cut to {len(units)} units and row-standardised again" if cut else ""

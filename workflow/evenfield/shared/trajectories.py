"""Yearly values of the units of a sample as one matrix, in an order that depends on
neither rows nor names.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import compress
from operator import itemgetter
from typing import Any

import numpy as np
import pandas as pd

from evenfield.numerics.arrays import order_by_value
from evenfield.shared.samples import basis_warning
from evenfield.shared.settings import PROXY, SPLICED, SchemeInfo, scheme_info
from evenfield.study.errors import EstimateError, counted, first_examples
from evenfield.study.expressions import check_columns, evaluate
from evenfield.study.files import Record
from evenfield.study.study import Study
from evenfield.study.table_files import content_hash


@dataclass(frozen=True)
class Trajectories:
    """One variable of N units at T dates."""

    units: tuple[str, ...]  # rows
    years: np.ndarray  # (T,) columns, rising
    values: np.ndarray  # (N, T) finite values
    basis: tuple[str, ...]  # output basis of each date

    @property
    def label(self) -> str:
        """First and last year, for the field ``period``."""
        return f"{self.years[0]}-{self.years[-1]}"

    @property
    def evenly_spaced(self) -> bool:
        """Whether all dates are equally far apart."""
        return bool(len(set(np.diff(self.years).tolist())) <= 1)

    @property
    def data_hash(self) -> str:
        """Hash of units, years and values."""
        frame = pd.DataFrame(self.values, columns=[str(year) for year in self.years])
        return content_hash(frame.assign(unit=self.units))

    def between(self, first: int, last: int) -> Trajectories:
        """Return the dates from ``first`` to ``last``, both included."""
        inside = (self.years >= first) & (self.years <= last)
        return replace(
            self,
            years=self.years[inside],
            values=self.values[:, inside],
            basis=tuple(compress(self.basis, inside)),
        )

    def basis_between(self, first: int, last: int) -> str:
        """Return the output basis of a span: that of its dates, or ``spliced`` where
        proxy meets official output.
        """
        names = set(self.between(first, last).basis)
        if len(names) > 1 and PROXY in names:
            return SPLICED
        return "+".join(sorted(filter(None, names)))

    def long(self, name: str) -> pd.DataFrame:
        """Return a row a unit and date, the values under a name."""
        return pd.DataFrame(
            {
                "unit": np.repeat(self.units, len(self.years)),
                "year": np.tile(self.years, len(self.units)),
                name: self.values.ravel(),
            }
        )

    def segments(self) -> list[Trajectories]:
        """Return the whole span and, where the output basis changes, the dates of each
        basis.
        """
        segments = [self]
        names = sorted(set(self.basis))
        for name in names if len(names) > 1 else []:
            own = self.years[np.array(self.basis) == name]
            segment = self.between(own[0], own[-1])
            # A basis whose dates lie among those of another is no segment.
            if set(segment.basis) == {name}:
                segments.append(segment)
        return segments


def trajectories(
    panel: pd.DataFrame,
    column: str,
    units: Sequence[str],
    where: str,
    years: list[int] | None = None,
) -> Trajectories:
    """Arrange one column of the panel, or an expression of its columns, in all years
    that have it or in ``years``.

    Units are ordered by their values from the first year on.
    """
    if column not in panel:
        check_columns(column, panel.columns, where)
        panel = panel.assign(**{column: evaluate(column, panel)})
    chosen = panel[panel["unit"].isin(list(units))]
    if years is not None:
        chosen = chosen[chosen["year"].isin(years)]
    wide = chosen.pivot(
        index="unit",
        columns="year",
        values=column,
    ).astype(float)
    wide = wide.reindex(sorted(units), columns=years).sort_index(axis=1)
    if years is None:  # a year that no unit has is no gap then
        wide = wide.dropna(axis=1, how="all")
    _check_complete(wide, column, where)
    wide = wide.iloc[order_by_value(wide.to_numpy())]
    bases = defaultdict[int, set[str]](set)
    known = chosen[chosen["basis"].notna()]
    for year, name in zip(known["year"].tolist(), known["basis"].tolist(), strict=True):
        bases[year].add(str(name))
    return Trajectories(
        units=tuple(map(str, wide.index)),
        years=wide.columns.to_numpy(int),
        values=wide.to_numpy(),
        basis=tuple("+".join(sorted(bases[int(year)] - {""})) for year in wide.columns),
    )


def whole_span(
    study: Study, spec: Any, where: str, column: str = "log_income"
) -> tuple[Trajectories, SchemeInfo]:
    """Return a column of the panel for the units of a sample, in all years that have
    it.
    """
    info = scheme_info(study.description(spec.unit_scheme))
    panel = study.table("panel", spec.unit_scheme)
    units = info.samples[spec.sample]
    return trajectories(panel, column, units, where), info


def window(
    study: Study, spec: Any, period: str, where: str
) -> tuple[Trajectories, SchemeInfo]:
    """Return log incomes of a sample in a period of the config, units from the highest
    last income down.
    """
    described = study.description(spec.unit_scheme)
    info = scheme_info(described)
    spans = {str(item["period"]): item for item in described["periods"]}
    span = spans[period]
    years = list(range(int(span["start"]), int(span["end"]) + 1, info.step))
    panel = study.table("panel", spec.unit_scheme)
    units = info.samples[spec.sample]
    data = trajectories(panel, "log_income", units, where, years)
    # The last income counts first, names only between equal paths.
    order = np.lexsort((np.array(data.units), *data.values.T))[::-1]
    return aligned(data, [data.units[i] for i in order]), info


def matched(
    panel: pd.DataFrame, column: str, like: Trajectories, where: str
) -> np.ndarray:
    """Return another column in the units and years of some trajectories; shape (N, T)."""
    other = trajectories(panel, column, like.units, where, like.years.tolist())
    return aligned(other, like.units).values


def grouping(
    frame: pd.DataFrame, column: str, units: Sequence[str], where: str
) -> tuple[np.ndarray, list[str]]:
    """Return codes of a grouping in the order of some units, and the names of its
    groups; shape (N,).
    """
    values = frame.set_index("unit")[column].reindex(list(units)).fillna("").astype(str)
    missing = [str(unit) for unit in values.index[values.eq("")]]
    if missing:
        raise EstimateError(
            f"{where}: {counted(len(missing), 'unit has', 'units have')} no {column}"
            f" ({first_examples(missing)})",
            "a group for every unit of the sample",
            "supply it or drop the grouping",
        )
    names, codes = np.unique(values.to_numpy(str), return_inverse=True)
    groups = names.tolist()
    if {*groups} <= {"0", "1"}:  # a mark of some units
        groups = [{"0": f"not {column}", "1": column}[text] for text in groups]
    return codes, groups


def _check_complete(wide: pd.DataFrame, column: str, where: str) -> None:
    holes = np.argwhere(~np.isfinite(wide.to_numpy(float)))
    gaps = [f"{wide.index[unit]} {wide.columns[year]}" for unit, year in holes]
    if gaps or wide.shape[1] == 0:
        raise EstimateError(
            f"{where}: {column} is missing or infinite for {len(gaps)} unit-years"
            f" ({first_examples(gaps)})",
            "a value for every unit of the sample in every year of the panel",
            "shorten panel.years or leave the unit out with a sample",
        )


def aligned(other: Trajectories, units: Sequence[str]) -> Trajectories:
    """Return another variable of the same sample with its units in a given order."""
    row_of_unit = {unit: i for i, unit in enumerate(other.units)}
    return replace(
        other,
        units=tuple(units),
        values=other.values[[row_of_unit[unit] for unit in units]],
    )


def span_labels(
    family: str, spec: Any, data: Trajectories, scheme: SchemeInfo
) -> tuple[dict[str, Any], str]:
    """Return the labels that all rows about a span share, and the warning about its
    output.
    """
    basis = data.basis_between(int(data.years[0]), int(data.years[-1]))
    labels = {
        "family": family,
        "spec_id": spec.id,
        "sample_id": spec.sample,
        "unit_scheme": spec.unit_scheme,
        "period": data.label,
        "n_obs": data.values.size,
        "n_units": len(data.units),
        "n_periods": len(data.years),
        "output_basis": basis,
        "data_hash": data.data_hash,
    }
    return labels, basis_warning(basis, scheme.first_official)


def main_periods(description: Record) -> list[str]:
    """Return the periods that divide the study, in the order of their years."""
    periods = sorted(description["periods"], key=itemgetter("start", "end"))
    return [
        str(item["period"]) for item in periods if item.get("role", "main") == "main"
    ]

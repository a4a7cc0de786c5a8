"""What all group contrasts read: outcomes by unit and year, labels of groups, the empty
row of an estimate.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd

from evenfield.shared.contrasts.changes import change_rows
from evenfield.shared.contrasts.contrasts import contrast_rows
from evenfield.shared.contrasts.designs import GroupContrast
from evenfield.shared.contrasts.geographies import study_geographies
from evenfield.shared.estimates import NAN, Estimate, Fields
from evenfield.shared.samples import UnsupportedError
from evenfield.shared.settings import check_names
from evenfield.shared.study_panel import with_zones
from evenfield.study.errors import first_examples
from evenfield.study.expressions import by_year, columns_of
from evenfield.study.study import Study
from evenfield.topics.group_contrasts.estimate_spec import PeriodSpec, Question

LABELS = ("cluster", "sez")
DIFFERENCE = "cluster - sez"
VALUE = "value"
FAMILY = "estimates.group_contrasts"
Period = Fields
Parts = Iterator[GroupContrast | Estimate]  # of an answer


class Groups:
    """The tables of a study as group contrasts use them."""

    def __init__(self, study: Study, scheme: str = "") -> None:
        config = study.config
        self.study = study
        self.scheme = scheme or study.main
        self.description = study.description(scheme)
        self.units = self.description["units"]
        self.main: list[Period] = [
            item for item in self.description["periods"] if item["role"] == "main"
        ]
        self.primary = config.taxonomy.primary
        self.taxonomies = list(config.taxonomy.all)
        cells = study.table("cells", scheme)
        # Sorted, so that one taxonomy and period is one slice.
        cells = cells.set_index(["taxonomy", "period", "unit"]).sort_index()
        self.cells = cells[[*LABELS, "cell"]].astype(dict.fromkeys(LABELS, float))
        self.tables = {
            "panel": study.table("panel", scheme),
            "periods": study.table("periods", scheme),
        }
        self.where = study.table("units", scheme).set_index("unit")
        self.inference = config.inference
        self.geographies = study_geographies(study, scheme)
        self.left_out: list[dict[str, str]] = []  # of the question that is answered
        # Read by many specifications; made once each.
        self.wide: Callable[..., pd.DataFrame] = cache(self._wide)
        self.ingested: Callable[[str], pd.DataFrame] = cache(study.ingested)
        self.labels: Callable[[str, str], pd.DataFrame] = cache(self._labels)
        self.of_scheme: Callable[[str], Groups] = cache(
            lambda name: self if name == self.scheme else Groups(study, name)
        )

    def leave_out(self, part: str, reason: object) -> None:
        """Note that the data cannot carry a part of a specification."""
        self.left_out.append({"part": part, "reason": str(reason)})

    def periods(self, spec: PeriodSpec) -> list[Period]:
        """Return the periods of a specification, the main ones by default."""
        every = {str(item["period"]): item for item in self.description["periods"]}
        return [every[name] for name in spec.periods] or self.main

    def missing(self, *outcomes: str, table: str = "panel") -> str:
        """Say why the tables cannot carry some outcomes; empty where they can."""
        frame = self.tables[table]
        columns: list[str] = []
        for text in outcomes:
            columns += columns_of(text)
        absent = [name for name in columns if name not in frame]
        if absent:
            return f"{table}.csv has no column {first_examples(absent)}"
        # A column can be there and hold nothing, as one blanked by the checks does.
        blank = [name for name in columns if frame[name].isna().all()]
        if not blank:
            return ""
        column = first_examples(blank)
        return f"column {column} is blank: no figure is left after the checks"

    def require(self, *outcomes: str, table: str = "panel") -> None:
        """Stop where the tables cannot carry some outcomes."""
        reason = self.missing(*outcomes, table=table)
        if reason:
            raise UnsupportedError(reason)

    def _wide(self, outcome: str, table: str = "panel") -> pd.DataFrame:
        """Return an outcome by unit and year, or by unit and period; sorted."""
        frame = self.tables[table].reset_index(drop=True)
        wide = by_year(outcome, frame, "period" if table == "periods" else "year")
        return wide.reindex(self.units).astype(float)

    def mean(
        self, table: pd.DataFrame, period: Period
    ) -> tuple[pd.Series, list[int], str]:
        """Return an outcome in a period by unit, the years that enter and a note;
        columns of ``table`` are years, or periods.
        """
        start = int(period["start"])
        end = int(period["end"])
        # Columns of periods.csv are values of a period already.
        if table.columns.name == "period":
            values = table[str(period["period"])]
            if values.isna().any():
                raise UnsupportedError("not every unit has a figure")
            return values, [start, end], ""
        inside = table[years_within(table, start, end)]
        # ASSUME: a window is cut to the years that all units have; nothing is
        # interpolated.
        years = [int(year) for year in inside.columns[inside.notna().all(axis=0)]]
        if not years or table.empty:
            raise UnsupportedError(
                f"no year from {start} to {end} has figures of every unit"
            )
        note = ""
        if len(years) < inside.shape[1]:
            span = f"{years[0]} to {years[-1]}" if len(years) > 1 else str(years[0])
            count = f"{len(years)} of {inside.shape[1]} years"
            note = f"{count} have figures of every unit ({span})"
        # The same years for all units: a year that only some have would pass for a gap.
        return inside[years].mean(axis=1), years, note

    def dose(self, text: str, period: str) -> tuple[pd.Series, str]:
        """Return a dose in a period by unit with a note: a measure of clusters.csv, or
        a mean over the years.
        """
        clusters = self.ingested("clusters")
        rows = clusters[clusters["measure"].eq(text)]
        measured = rows.set_index("unit")["value"].astype(float)
        if measured.empty:
            self.tables["zones"] = with_zones(self.study, self.scheme)
            self.require(text, table="zones")
            spans = self.description["periods"]
            span = next(item for item in spans if item["period"] == period)
            values, _, note = self.mean(self.wide(text, "zones"), span)
            return values, note
        # A measure of a merged unit is not the mean of its parts.
        if self.description.get("merged") or set(self.units) - set(measured.index):
            raise UnsupportedError(
                f"{text} is not there for every unit, and what merged units have is not"
                " its mean"
            )
        return measured.reindex(self.units), ""

    def members(self, sample: str) -> list[str]:
        """Return the units of a sample."""
        return list(self.description["samples"][sample])

    def period_at(self, year: int) -> str:
        """Return the main period that holds a year, or the last one that began before
        it.
        """
        # A year before all main periods takes the labels of the first one.
        begun = [item for item in self.main if item["start"] <= year] or self.main[:1]
        return str(max(begun, key=lambda item: item["start"])["period"])

    def _labels(self, taxonomy: str, period: str) -> pd.DataFrame:
        """Return cluster, SEZ and cell of every unit in a period."""
        return pd.DataFrame(self.cells.loc[(taxonomy, period), :]).reindex(self.units)

    def given(self, names: Sequence[str]) -> pd.DataFrame:
        """Return columns of the units by unit."""
        check_names(names, self.where.columns, f"{FAMILY}.given")
        return self.where[list(names)].astype(float)

    def row(self, family: str, spec: Question, **fields: object) -> Estimate:
        """Return the row of a specification before it is estimated."""
        sesoi = self.study.config.sesoi.named(getattr(spec, "sesoi", ""))
        shared: Fields = {
            "hypothesis": spec.hypothesis,
            "family": family,
            "role": spec.role,
            "estimator": "ols",
            "spec_id": spec.id,
            "term": "",
            "sample_id": getattr(spec, "sample", "all"),
            "unit_scheme": str(self.description["unit_scheme"]),
            "estimate": NAN,
            "seed": str(self.inference.seed),
            "sesoi": float(sesoi),
            "data_hash": str(self.description["data_hash"]),
        }
        return Estimate(**shared | fields)

    def estimate(self, contrast: GroupContrast) -> list[Estimate]:
        """Estimate a contrast with all its inference, where the units of its scheme
        are.
        """
        scheme = self.of_scheme(contrast.row.unit_scheme)
        return contrast_rows(contrast, scheme.geographies)

    def changed(self, first: GroupContrast, later: GroupContrast) -> list[Estimate]:
        """Return how much a contrast changes from one period to another."""
        scheme = self.of_scheme(first.row.unit_scheme)
        return change_rows(first, later, scheme.geographies)


def compared(
    row: Estimate,
    table: pd.DataFrame,
    outcome: str,
    comparison: str = DIFFERENCE,
    given: Sequence[str] = (),
) -> GroupContrast:
    """Return a comparison of groups: ``cluster``, ``cluster - sez`` or ``cluster given
    sez``.
    """
    term, *other = re.split(" - | given ", comparison)
    # b_term - b_other, or b_term beside the other label, which has no weight then.
    weights = {term: 1.0} | dict.fromkeys(other, -1.0 if " - " in comparison else 0.0)
    return GroupContrast(
        row=replace(row, term=term, contrast=comparison if other else ""),
        table=table,
        outcome=outcome,
        labels=(term, *other),
        controls=tuple(given),
        weights=weights,
    )


def alone(contrast: GroupContrast) -> GroupContrast:
    """Return the coefficient of the first label beside the other as a row of its own."""
    return replace(contrast, row=replace(contrast.row, contrast=""))


def with_figures(*tables: pd.DataFrame) -> tuple[list[pd.DataFrame], str]:
    """Leave out units that have not a single figure, and name them."""
    # ASSUME: a unit without a single figure of a variable is left out of its
    # comparisons, groups and totals alike.
    known = [table.notna().any(axis=1).to_numpy(bool) for table in tables]
    complete = np.logical_and.reduce(known)
    absent = [str(unit) for unit in tables[0].index[~complete]]
    named = absent and complete.any()
    note = f"without {first_examples(absent)}, no figures" if named else ""
    return [table[complete] for table in tables], note


def years_within(wide: pd.DataFrame, first: int, last: int) -> list[int]:
    """Return the years of a table that a span holds."""
    return [int(year) for year in wide.columns.astype(int) if first <= year <= last]

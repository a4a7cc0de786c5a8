"""What all group contrasts read: outcomes by unit and year, labels of groups, the empty
row of an estimate.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from evenfield.shared.contrasts.contrasts import parse_contrast_settings, rows_at
from evenfield.shared.contrasts.geographies import Geographies, joined_links
from evenfield.shared.contrasts.prepared_contrasts import GroupContrast
from evenfield.shared.estimates import NAN, Estimate
from evenfield.shared.expressions import columns_of, evaluate
from evenfield.shared.settings import check_names
from evenfield.shared.study_panel import with_zones
from evenfield.study.errors import EstimateError, first_examples
from evenfield.study.study import Study
from evenfield.topics.group_contrasts.estimate_spec import PeriodSpec, Question

LABELS = ("cluster", "sez")
DIFFERENCE = "cluster - sez"
VALUE = "value"
Period = dict[str, Any]


class Groups:
    """The tables of a study as group contrasts use them."""

    def __init__(self, study: Study, scheme: str = "") -> None:
        config = study.config
        self.description = study.description(scheme)
        self.study, self.scheme = study, scheme or study.main
        self.units, self.sesoi = self.description["units"], config["sesoi"]
        self.primary, self.taxonomies = (
            config["taxonomy"]["primary"],
            list(config["taxonomy"]["all"]),
        )
        cells = (
            study.table("cells", scheme)
            .set_index(["taxonomy", "period", "unit"])
            .sort_index()
        )
        self.cells = cells[[*LABELS, "cell"]].astype(dict.fromkeys(LABELS, float))
        self.tables = {
            "panel": study.table("panel", scheme, ("basis",)),
            "periods": study.table("periods", scheme),
        }
        where = study.table("units", scheme)
        self.where = where.set_index("unit")
        self.links = joined_links(
            study.table("adjacency", scheme), config["weights"]["join"]
        )
        self.settings = s = parse_contrast_settings(config["inference"], study.power)
        self.geographies = Geographies(
            where, self.links, s.permutations, s.seed, s.level
        )
        self.main: list[Period] = [
            item for item in self.description["periods"] if item["role"] == "main"
        ]
        self.wide: Callable[..., pd.DataFrame] = cache(self._wide)
        self.ingested: Callable[[str], pd.DataFrame] = cache(study.ingested)
        self.labels: Callable[[str, str], pd.DataFrame] = cache(self._labels)
        self.of_scheme: Callable[[str], Groups] = cache(
            lambda name: self if name == self.scheme else Groups(study, name)
        )

    def periods(self, spec: PeriodSpec) -> list[Period]:
        """Return the periods of a specification, the main ones by default."""
        every = {str(item["period"]): item for item in self.description["periods"]}
        check_names(
            [*spec.periods, *spec.pooled],
            every,
            f"estimates.group_contrasts: periods of {spec.id}",
        )
        return [every[name] for name in spec.periods] or self.main

    def missing(self, *outcomes: str, table: str = "panel") -> str:
        """Say why the tables cannot carry some outcomes; empty where they can."""
        frame = self.tables[table]
        columns = [name for text in outcomes for name in columns_of(text)]
        if absent := [name for name in columns if name not in frame]:
            return f"{table}.csv has no column {first_examples(absent)}"
        blank = [name for name in columns if frame[name].isna().all()]
        return (
            f"column {first_examples(blank)} is blank: no figure is left after the"
            " checks"
            if blank
            else ""
        )

    def _wide(self, outcome: str, table: str = "panel") -> pd.DataFrame:
        """Return an outcome by unit and year, or by unit and period; sorted."""
        frame = self.tables[table].reset_index(drop=True)
        across = "period" if table == "periods" else "year"
        values = frame[["unit", across]].assign(**{VALUE: evaluate(outcome, frame)})
        return (
            values.pivot(index="unit", columns=across, values=VALUE)
            .reindex(self.units)
            .astype(float)
        )

    def mean(
        self, table: pd.DataFrame, period: Period
    ) -> tuple[pd.Series, list[int], str]:
        """Return an outcome in a period by unit, the years that enter and a note; empty
        where there is no mean.

        Columns of ``table`` are years, or periods.
        """
        start = int(period["start"])
        end = int(period["end"])
        nothing = pd.Series(dtype=float)
        if table.columns.name == "period":
            values = table[str(period["period"])]
            lacks = bool(values.isna().any())
            return (
                (nothing, [], "not every unit has a figure")
                if lacks
                else (values, [start, end], "")
            )
        inside = table[years_within(table, start, end)]
        # ASSUME: a window is cut to the years that all units have; nothing is
        # interpolated.
        years = [int(year) for year in inside.columns[inside.notna().all(axis=0)]]
        if not years or table.empty:
            return (
                nothing,
                [],
                f"no year from {start} to {end} has figures of every unit",
            )
        span = f"{years[0]} to {years[-1]}" if len(years) > 1 else str(years[0])
        note = (
            f"{len(years)} of {inside.shape[1]} years have figures of every unit"
            f" ({span})"
        )
        return (
            inside[years].mean(axis=1),
            years,
            "" if len(years) == inside.shape[1] else note,
        )

    def dose(self, text: str, period: str) -> tuple[pd.Series, str]:
        """Return a dose in a period by unit with a note: a measure of clusters.csv, or
        a mean over the years.
        """
        clusters = self.ingested("clusters")
        measured = (
            clusters[clusters["measure"].eq(text)]
            .set_index("unit")["value"]
            .astype(float)
        )
        if measured.empty:
            self.tables["zones"] = with_zones(self.study, self.scheme)
            if lacks := self.missing(text, table="zones"):
                return measured, lacks
            span = next(
                item for item in self.description["periods"] if item["period"] == period
            )
            values, _, note = self.mean(self.wide(text, "zones"), span)
            return values, note
        if self.description.get("merged") or set(self.units) - set(measured.index):
            return (
                measured[:0],
                (
                    f"{text} is not there for every unit, and what merged units have is"
                    " not its mean"
                ),
            )
        return measured.reindex(self.units), ""

    def members(self, sample: str) -> list[str]:
        """Return the units of a sample."""
        check_names(
            [sample], self.description["samples"], "estimates.group_contrasts.sample"
        )
        return list(self.description["samples"][sample])

    def period_at(self, year: int) -> str:
        """Return the main period that holds a year, or the last one that began before
        it.
        """
        begun = [item for item in self.main if item["start"] <= year] or self.main[:1]
        return str(max(begun, key=lambda item: item["start"])["period"])

    def _labels(self, taxonomy: str, period: str) -> pd.DataFrame:
        """Return cluster, SEZ and cell of every unit in a period."""
        if (taxonomy, period) not in self.cells.index:
            raise EstimateError(
                f"no cells of taxonomy {taxonomy} in period {period}",
                "both in cells.csv",
                "add them to taxonomy.all and periods",
            )
        return pd.DataFrame(self.cells.loc[(taxonomy, period), :]).reindex(self.units)

    def given(self, names: Sequence[str]) -> pd.DataFrame:
        """Return columns of the units by unit."""
        check_names(names, self.where.columns, "estimates.group_contrasts.given")
        return self.where[list(names)].astype(float)

    def row(self, family: str, spec: Question, **fields: Any) -> Estimate:
        """Return the row of a specification before it is estimated."""
        d = self.description
        sesoi = self.sesoi.get(getattr(spec, "sesoi", ""), NAN)
        shared: dict[str, Any] = {
            "hypothesis": spec.hypothesis,
            "role": spec.role,
            "spec_id": spec.id,
        }
        shared |= {
            "unit_scheme": str(d["unit_scheme"]),
            "data_hash": str(d["data_hash"]),
            "sesoi": float(sesoi),
        }
        shared |= {
            "family": family,
            "sample_id": getattr(spec, "sample", "all"),
            "estimator": "ols",
            "term": "",
            "seed": str(self.settings.seed),
            "estimate": NAN,
        }
        return Estimate(**{**shared, **fields})

    def estimate(self, contrast: GroupContrast) -> list[Estimate]:
        """Estimate a contrast with all its inference, where the units of its scheme
        are.
        """
        return rows_at(
            contrast,
            self.of_scheme(contrast.row.unit_scheme).geographies,
            self.settings,
        )


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
    weights = {term: 1.0, **dict.fromkeys(other, -1.0 if " - " in comparison else 0.0)}
    row = replace(row, term=term, contrast=comparison if other else "")
    return GroupContrast(row, table, outcome, (term, *other), tuple(given), weights)


def alone(contrast: GroupContrast) -> GroupContrast:
    """Return the coefficient of the first label beside the other as a row of its own."""
    return replace(contrast, row=replace(contrast.row, contrast=""))


def with_figures(*tables: pd.DataFrame) -> tuple[list[pd.DataFrame], str]:
    """Leave out units that have not a single figure, and name them."""
    # ASSUME: a unit without a single figure of a variable is left out of its
    # comparisons, groups and totals alike.
    complete = np.logical_and.reduce(
        [table.notna().any(axis=1).to_numpy(bool) for table in tables]
    )
    absent = [str(unit) for unit in tables[0].index[~complete]]
    note = (
        f"without {first_examples(absent)}, no figures"
        if absent and complete.any()
        else ""
    )
    return [table[complete] for table in tables], note


def years_within(wide: pd.DataFrame, first: int, last: int) -> list[int]:
    """Return the years of a table that a span holds."""
    return [int(year) for year in wide.columns.astype(int) if first <= year <= last]

"""What the comparisons of cluster and zone regions read, and the rows of one comparison before inference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from evenfield.shared.contrasts.contrasts import ContrastSettings, GroupContrast, contrast_rows, parse_contrast_settings
from evenfield.shared.estimates import Estimate
from evenfield.study.errors import EstimateError, first_examples

LABELS = ("cluster", "sez")
DIFFERENCE = "cluster - sez"
ALL = "all"


@dataclass(frozen=True)
class GroupStudy:
    """Tables and settings that all comparisons of a study share."""

    panel: pd.DataFrame  # ``unit``, ``year``, ``basis``, ``log_income`` and the columns of the data
    cells: pd.DataFrame  # ``taxonomy``, ``unit``, ``period``, ``cluster``, ``sez``, ``cell``
    units: pd.DataFrame  # coordinates by unit; pairs that touch
    links: pd.DataFrame
    description: Mapping[str, Any]  # ``unit_scheme``, ``periods``, ``data_hash`` of the panel
    taxonomy: str  # the main taxonomy
    taxonomies: tuple[str, ...]  # all taxonomies
    samples: Mapping[str, tuple[str, ...]]  # units kept, by sample
    settings: ContrastSettings  # levels, draws, seed

    @property
    def others(self) -> list[str]:
        """The taxonomies beside the main one."""
        return [name for name in self.taxonomies if name != self.taxonomy]

    def lacking(self, columns: Sequence[str]) -> list[str]:
        """Return the columns that the panel does not hold, or holds without a single figure."""
        return [name for name in columns if name not in self.panel or self.panel[name].isna().all()]

    def wide(self, column: str) -> pd.DataFrame:
        """Return a column of the panel as units by years."""
        return self.panel.pivot_table(index="unit", columns="year", values=column, dropna=False).sort_index()

    def period_at(self, year: int) -> str:
        """Return the main period that holds a year, or the last one that began before it."""
        main = [item for item in self.description["periods"] if item["role"] == "main"]
        begun = [item for item in main if item["start"] <= year] or main[:1]
        return str(max(begun, key=lambda item: item["start"])["period"]) if begun else ""

    def unit_column(self, name: str) -> pd.Series:
        """Return a column of the units by unit."""
        if name not in self.units:
            raise EstimateError(f"no control {name}", f"a column of units.csv ({', '.join(map(str, self.units))})",
                                "mend `given` in config.yaml")  # fmt: skip
        return self.units.set_index("unit")[name].astype(float)

    def groups(self, taxonomy: str, year: int) -> pd.DataFrame:
        """Return cluster, SEZ and cell of every unit as they stand in a year."""
        period = self.period_at(year)
        found = self.cells[self.cells["taxonomy"].eq(taxonomy) & self.cells["period"].eq(period)]
        if found.empty:
            raise EstimateError(f"no cells of taxonomy {taxonomy} for {year}", "a taxonomy and a main period of the "
                                "study", "name another one in config.yaml")  # fmt: skip
        return found.set_index("unit").sort_index()[[*LABELS, "cell"]]

    def without(self, table: pd.DataFrame, sample: str) -> pd.DataFrame:
        """Return the rows of a sample."""
        if sample not in self.samples:
            raise EstimateError(f"no sample {sample}", f"one of {', '.join(sorted(self.samples))}",
                                "name it under panel.samples")  # fmt: skip
        return table[table.index.isin(self.samples[sample])]

    def estimate(self, contrasts: Sequence[GroupContrast]) -> list[Estimate]:
        """Estimate contrasts on this study's map."""
        return contrast_rows(contrasts, self.units, self.links, self.settings)


def parse_group_study(
    panel: pd.DataFrame, cells: pd.DataFrame, units: pd.DataFrame, adjacency: pd.DataFrame,
    description: Mapping[str, Any], config: Mapping[str, Any],
) -> GroupStudy:  # fmt: skip
    """Gather what the comparisons share from tables and config."""
    samples = {name: tuple(kept) for name, kept in description["samples"].items()}
    return GroupStudy(
        panel, cells, units, joined_links(adjacency, config["join"]), description, config["taxonomy"]["primary"],
        tuple(config["taxonomy"]["all"]), samples, parse_contrast_settings(config["inference"], config["power"]),
    )  # fmt: skip


def joined_links(adjacency: pd.DataFrame, join: Sequence[Sequence[str]]) -> pd.DataFrame:
    """Add the pairs joined by hand to the pairs that touch."""
    added = pd.DataFrame([list(pair) for pair in join], columns=["unit_i", "unit_j"])
    return pd.concat([adjacency[["unit_i", "unit_j"]], added], ignore_index=True).drop_duplicates()


def complete(table: pd.DataFrame, columns: Sequence[str]) -> tuple[pd.DataFrame, str]:
    """Drop units that lack a figure, and say which."""
    holes = table[list(columns)].isna().any(axis=1)
    names = [str(unit) for unit in table.index[holes]]
    note = f"left out for want of figures: {first_examples(names)}" if names else ""
    return table[~holes], note


def yearly_growth(wide: pd.DataFrame, start: int, end: int) -> pd.Series:
    """Return the average growth between two years, in percentage points (logs times 100) a year."""
    logs = np.log(wide.where(wide > 0).reindex(columns=[start, end]).astype(float))
    change: pd.Series = 100 * (logs[end] - logs[start]) / (end - start)
    return change


def years_within(wide: pd.DataFrame, span: Sequence[int]) -> list[int]:
    """Return the years of a table that a span holds."""
    return [int(year) for year in wide.columns.astype(int) if span[0] <= year <= span[1]]


def difference(
    row: Estimate, table: pd.DataFrame, outcome: str, controls: tuple[str, ...] = ()
) -> GroupContrast:  # fmt: skip
    """Return the comparison of clusters and zones: coefficient of the first minus coefficient of the second."""
    return GroupContrast(row, table, outcome, LABELS, controls, {"cluster": 1.0, "sez": -1.0})


def single(row: Estimate, table: pd.DataFrame, outcome: str, controls: tuple[str, ...] = ()) -> GroupContrast:
    """Return the coefficient of one label, named by the row's term, beside the other label."""
    return GroupContrast(row, table, outcome, LABELS, controls, {row.term: 1.0})

"""T1: which unit is in which cell, when its first zones came, and how many there are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from evenfield.shared.tables.notes import NOT_CAUSAL, origin_note, sample_note
from evenfield.shared.tables.numbers import is_missing, text, whole, year
from evenfield.shared.tables.table import Column, Table
from evenfield.shared.tables.units import CELLS, period_label

FIRST_TYPES = {"sez": "SEZ", "etdz": "ETDZ", "hidz": "science park"}
COUNT_TYPES = {"sez": "SEZ", "etdz": "ETDZ", "hidz": "HIDZ", "ftz": "FTZ", "new_area": "New area"}
UNSURE = "*"


def first_year(all_years: Any, dated: Any) -> str:
    """Write a first year, marked where it rests on memory."""
    if is_missing(all_years) or all_years == dated:
        return year(all_years)
    return f"{year(all_years)}{UNSURE}" + ("" if is_missing(dated) else f" ({year(dated)})")


def tabulate_taxonomy(
    cells: pd.DataFrame,
    taxonomies: pd.DataFrame,
    units: pd.DataFrame,
    first_years: pd.DataFrame,
    doses: pd.DataFrame,
    description: Mapping[str, Any],
    *,
    taxonomy: str,
    period: str,
    periods: Mapping[str, Any],
    study: Mapping[str, Any],
) -> Table:
    """Arrange the taxonomy and the zones of every unit."""
    frame = cells[["unit", "cell", "cluster", "sez"]].merge(units[["unit", "name"]], on="unit", how="left")
    sources = taxonomies[taxonomies["taxonomy"].eq(taxonomy)]
    frame = frame.merge(sources[["unit", "source", "confidence"]], on="unit", how="left")
    frame = _with_first_years(frame, first_years)
    frame, last = _with_counts(frame, doses)
    order = frame["cell"].map({cell: place for place, cell in enumerate(CELLS)})
    frame = frame.assign(order=order).sort_values(["order", "name"], ignore_index=True).drop(columns="order")
    frame["group"] = [f"{cell} ({(frame['cell'] == cell).sum()})" for cell in frame["cell"]]
    note = (
        sample_note(description, study),
        f"Taxonomy {taxonomy}, cells as in {period_label(period, periods)}; C cluster, S SEZ.",
        f"Zones in force in {last}. SEZ special economic zone, ETDZ economic and technological development zone, HIDZ "
        f"high-tech zone (science park), FTZ free-trade zone. {UNSURE} first year rests on a grade C date, in "
        "parentheses the first year with a named source.",
        "Grade: A official document, B scholarly list, C our reading.",
        NOT_CAUSAL,
        origin_note(description),
    )
    title = f"Clusters, zones and science parks by {study['unit_name']}"
    return Table(id="T1", title=title, note=note, columns=_columns(study), frame=frame, group="group")


def _with_first_years(frame: pd.DataFrame, first_years: pd.DataFrame) -> pd.DataFrame:
    for kind in FIRST_TYPES:
        mine = first_years[first_years["zone_type"].eq(kind)].set_index("unit")
        for column in ("first_year", "first_year_dated"):
            frame[f"{column}_{kind}"] = frame["unit"].map(mine[column])
    return frame


def _with_counts(frame: pd.DataFrame, doses: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    last = doses["year"].max() if len(doses) else float("nan")
    latest = doses[doses["year"].eq(last)]
    for kind in COUNT_TYPES:
        mine = latest[latest["zone_type"].eq(kind)].set_index("unit")["zones"]
        frame[f"zones_{kind}"] = frame["unit"].map(mine).fillna(0).astype(int)
    return frame.assign(science_park=(frame["zones_hidz"] > 0).astype(int)), year(last)


def _yes(value: Any) -> str:
    return "yes" if value == 1 else ""


def _columns(study: Mapping[str, Any]) -> tuple[Column, ...]:
    firsts = [Column(names=(f"first_year_{kind}", f"first_year_dated_{kind}"), header=f"First {name}", show=first_year)
              for kind, name in FIRST_TYPES.items()]  # fmt: skip
    counts = [Column(names=(f"zones_{kind}",), header=name, align="right", show=whole)
              for kind, name in COUNT_TYPES.items()]  # fmt: skip
    return (
        Column(names=("name",), header=study["unit_name"].capitalize()),
        Column(names=("cluster",), header="C", show=_yes),
        Column(names=("sez",), header="S", show=_yes),
        Column(names=("science_park",), header="Science park", show=_yes),
        *firsts,
        *counts,
        Column(names=("source", "confidence"), header="Source", show=_source),
    )


def _source(source: Any, confidence: Any) -> str:
    grade = f" ({text(confidence)})" if text(confidence) else ""
    return text(source) + grade

"""T2: where every series comes from, what it covers and what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from evenfield.shared.tables.notes import HASH_LETTERS
from evenfield.shared.tables.numbers import text
from evenfield.shared.tables.rows import Row, records
from evenfield.shared.tables.table import Column, Table
from evenfield.shared.tables.units import count_of

INCOME_KEYS = ("column", "output", "index", "proxy", "population")
CONTROL_KEYS = ("numerator", "denominator", "column")
FACTS = ("vintage", "licence")
USED, OTHER = "Series in use", "Other sources"
COLUMNS = ("group", "series", "first_year", "last_year", "years", "units", "grade", "flag", "cells", "gaps", "source",
           "vintage", "licence")  # fmt: skip


def columns_in_use(panel: Mapping[str, Any], controls: Mapping[str, Any]) -> list[str]:
    """Return the columns of the panel that the config uses."""
    income = [panel["income"][key] for key in INCOME_KEYS if panel["income"].get(key)]
    wanted = [item for item in controls.values() if item["kind"] != "unit"]
    return list(dict.fromkeys(income + [item[key] for item in wanted for key in CONTROL_KEYS if item.get(key)]))


def tabulate_sources(
    panel: pd.DataFrame,
    provenance: pd.DataFrame,
    sources: pd.DataFrame,
    data_hash: str,
    *,
    columns: Iterable[str],
    years: tuple[int, int],
    study: Mapping[str, Any],
) -> Table:
    """Arrange the provenance of the series in use, and the other sources with their licences."""
    wanted = list(columns)
    inside = panel[panel["year"].between(*years)]
    rows = [row for name in wanted for row in _series_rows(name, inside, provenance, years)]
    used = {row["source"] for row in rows}
    rows += _other_rows(sources[~sources["source"].isin(list(used))], provenance)
    facts = {row["source"]: {name: text(row[name]) for name in FACTS} for row in records(sources)}
    frame = pd.DataFrame([{**facts.get(row["source"], {}), **row} for row in rows], columns=list(COLUMNS))
    note = (
        f"{count_of(panel['unit'].nunique(), study)}, {years[0]}\u2013{years[1]}. Gaps: cells of the span without a "
        "figure. Grades: A official series read without change, B linked, estimated or of an older vintage, C proxy or "
        "of unclear origin; grade C figures enter only when config.yaml names their column.",
        "PROXY series stand in for an official series that could not be reached. Full citations: sources.csv; every "
        "other series: panel_provenance.csv.",
        f"Data {data_hash[:HASH_LETTERS]}.",
    )
    return Table(id="T2", title="Data: sources, coverage, grades and gaps", note=note, columns=_columns(), frame=frame,
                 group="group")  # fmt: skip


def _series_rows(name: str, panel: pd.DataFrame, provenance: pd.DataFrame, years: tuple[int, int]) -> Iterable[Row]:
    spans = provenance[provenance["variable"].eq(name)].sort_values(["first_year", "units"], kind="stable")
    for span in records(spans):
        first, last = max(int(span["first_year"]), years[0]), min(int(span["last_year"]), years[1])
        if first > last:
            continue
        named = None if span["units"] == "all" else str(span["units"]).split()
        rows = panel[panel["year"].between(first, last)]
        rows = rows if named is None else rows[rows["unit"].isin(named)]
        yield {
            "group": USED, "series": name, "first_year": first, "last_year": last, "years": _span(first, last),
            "units": "all" if named is None else str(len(named)), "grade": span["grade"], "flag": span["flag"],
            "cells": len(rows), "gaps": int(rows[name].isna().sum()), "source": span["source"],
        }  # fmt: skip


def _other_rows(sources: pd.DataFrame, provenance: pd.DataFrame) -> Iterable[Row]:
    named = sources["source"].isin(list(provenance["source"]))
    for source in sorted(sources.loc[named, "source"]):
        yield _other_row(source, provenance)
    for licence, bare in sources[~named].groupby("licence", sort=True):
        ids = sorted(bare["source"])
        listed = ids[0] if len(ids) == 1 else f"{len(ids)} sources ({ids[0]} to {ids[-1]})"
        yield {"group": OTHER, "series": "zones, clusters, places", "source": listed, "licence": text(licence)}


def _other_row(source: str, provenance: pd.DataFrame) -> Row:
    mine = provenance[provenance["source"].eq(source)]
    number = mine["variable"].nunique()
    first, last = int(mine["first_year"].min()), int(mine["last_year"].max())
    return {
        "group": OTHER, "series": f"{number} further series", "source": source, "first_year": first, "last_year": last,
        "years": _span(first, last), "grade": ", ".join(sorted(set(mine["grade"]))),
    }  # fmt: skip


def _span(first: int, last: int) -> str:
    return f"{first}\u2013{last}" if first != last else f"{first}"


def _gaps(gaps: Any, cells: Any) -> str:
    if text(gaps) == "":
        return ""
    if gaps == cells:
        return "not used"
    return "none" if gaps == 0 else f"{gaps:,.0f} of {cells:,.0f}"


def _flag(flag: Any) -> str:
    return "PROXY" if flag == "proxy" else text(flag)


def _columns() -> tuple[Column, ...]:
    return (
        Column(names=("series",), header="Series"),
        Column(names=("years", "first_year"), header="Years", show=lambda years, _: text(years)),
        Column(names=("units",), header="Units"),
        Column(names=("grade",), header="Grade"),
        Column(names=("flag",), header="Kind", show=_flag),
        Column(names=("gaps", "cells"), header="Gaps", align="right", show=_gaps),
        Column(names=("source",), header="Source"),
        Column(names=("vintage",), header="Vintage", width_cm=3.4),
        Column(names=("licence",), header="Licence", width_cm=2.2),
    )

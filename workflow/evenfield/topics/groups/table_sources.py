"""T2: where every series comes from, what it covers and what is missing."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from evenfield.shared.facts import Facts
from evenfield.shared.tables.notes import HASH_LETTERS
from evenfield.shared.tables.numbers import text
from evenfield.shared.tables.rows import TEXT, Row, records
from evenfield.shared.tables.table import Column, Table, right
from evenfield.shared.tables.units import count_of
from evenfield.study.files import read_json

INCOME_KEYS = ("column", "output", "index", "proxy", "population")
CONTROL_KEYS = ("numerator", "denominator", "column")
USED = "Series in use"
OTHER = "Other sources"
COLUMNS = (
    "group series first_year last_year years units grade flag cells gaps "
    "source vintage licence"
).split()


def t2(facts: Facts) -> Table:
    """Return the provenance of the series in use, and the other sources with their
    licences.
    """
    panel = facts.ingested("panel")
    provenance = facts.ingested("panel_provenance", TEXT)
    sources = facts.ingested("sources", TEXT)
    first, last = facts.config["panel"]["years"]
    inside = panel[panel["year"].between(first, last)]
    rows = [
        row
        for name in _columns_in_use(facts)
        for row in _series_rows(name, inside, provenance, (first, last))
    ]
    rows += _other_rows(
        sources[~sources["source"].isin([row["source"] for row in rows])], provenance
    )
    source_facts = {
        row["source"]: {name: text(row[name]) for name in ("vintage", "licence")}
        for row in records(sources)
    }
    frame = pd.DataFrame(
        [{**source_facts.get(row["source"], {}), **row} for row in rows],
        columns=COLUMNS,
    )
    data_hash = read_json(facts.root / "ingest" / "description.json")["data_hash"]
    shown = ["PROXY" for row in rows if row.get("flag") == "proxy"]
    note = (
        (
            f"{count_of(panel['unit'].nunique(), facts.words)}, {first}\u2013{last}."
            " Gaps: cells of the span without a figure. Grades: A official series read"
            " without change, B linked, estimated or of an older vintage, C proxy or"
            " of unclear origin; grade C figures enter only when config.yaml names"
            " their column."
        ),
        *(
            ("PROXY series stand in for an official series that could not be reached.",)
            if "PROXY" in shown
            else ()
        ),
        "Full citations: sources.csv; every other series: panel_provenance.csv.",
        f"Data {data_hash[:HASH_LETTERS]}.",
    )
    columns = (
        Column(names=("series",), header="Series"),
        Column(
            names=("years", "first_year"),
            header="Years",
            show=lambda years, _: text(years),
        ),
        Column(names=("units",), header="Units"),
        Column(names=("grade",), header="Grade"),
        Column(
            names=("flag",),
            header="Kind",
            show=lambda flag: "PROXY" if flag == "proxy" else text(flag),
        ),
        right("Gaps", "gaps", "cells", show=_gaps),
        Column(names=("source",), header="Source"),
        Column(names=("vintage",), header="Vintage", width_cm=3.4),
        Column(names=("licence",), header="Licence", width_cm=2.2),
    )
    return Table(id="T2", note=note, columns=columns, frame=frame, group="group")


def _columns_in_use(facts: Facts) -> list[str]:
    income = facts.config["panel"]["income"]
    named = [
        item for item in facts.config["controls"].values() if item["kind"] != "unit"
    ]
    columns = [income.get(key) for key in INCOME_KEYS] + [
        item.get(key) for item in named for key in CONTROL_KEYS
    ]
    return list(dict.fromkeys(name for name in columns if name))


def _series_rows(
    name: str, panel: pd.DataFrame, provenance: pd.DataFrame, years: tuple[int, int]
) -> Iterable[Row]:
    spans = provenance[provenance["variable"].eq(name)].sort_values(
        ["first_year", "units"], kind="stable"
    )
    for span in records(spans):
        first = max(int(span["first_year"]), years[0])
        last = min(int(span["last_year"]), years[1])
        if first > last:
            continue
        named = None if span["units"] == "all" else str(span["units"]).split()
        rows = panel[panel["year"].between(first, last)]
        rows = rows if named is None else rows[rows["unit"].isin(named)]
        row = {
            "group": USED,
            "series": name,
            "first_year": first,
            "last_year": last,
            "years": _span(first, last),
            "units": "all" if named is None else str(len(named)),
            "cells": len(rows),
        }
        row |= {key: span[key] for key in ("grade", "flag", "source")}
        yield row | {"gaps": int(rows[name].isna().sum())}


def _other_rows(sources: pd.DataFrame, provenance: pd.DataFrame) -> Iterable[Row]:
    named = sources["source"].isin(list(provenance["source"]))
    for source in sorted(sources.loc[named, "source"]):
        source_rows = provenance[provenance["source"].eq(source)]
        first = int(source_rows["first_year"].min())
        last = int(source_rows["last_year"].max())
        span = {"first_year": first, "last_year": last, "years": _span(first, last)}
        series = f"{source_rows['variable'].nunique()} further series"
        grades = ", ".join(sorted(set(source_rows["grade"])))
        yield {
            "group": OTHER,
            "series": series,
            "source": source,
            **span,
            "grade": grades,
        }
    for licence, bare in sources[~named].groupby("licence", sort=True):
        ids = sorted(bare["source"])
        listed = (
            ids[0] if len(ids) == 1 else f"{len(ids)} sources ({ids[0]} to {ids[-1]})"
        )
        yield {
            "group": OTHER,
            "series": "other tables",
            "source": listed,
            "licence": text(licence),
        }


def _span(first: int, last: int) -> str:
    return f"{first}\u2013{last}" if first != last else f"{first}"


def _gaps(gaps: Any, cells: Any) -> str:
    if text(gaps) == "":
        return ""
    if gaps == cells:
        return "not used"
    return "none" if gaps == 0 else f"{gaps:,.0f} of {cells:,.0f}"

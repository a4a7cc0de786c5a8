"""T2: where every series comes from, what it covers and what is missing."""

from collections.abc import Iterable

import pandas as pd

from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import (
    Row,
    Table,
    count_of,
    left,
    only,
    records,
    right,
    text,
)
from evenfield.study.expressions import columns_named
from evenfield.study.files import HASH_LETTERS, read_json

INCOME_KEYS = ("column", "output", "index", "proxy", "population")
COLUMNS = [
    "group",
    "series",
    "first_year",
    "last_year",
    "years",
    "units",
    "grade",
    "flag",
    "cells",
    "gaps",
    "source",
    "vintage",
    "licence",
]


def t2(results: StudyResults) -> Table:
    """Return the provenance of the series in use, and the other sources with their
    licences.
    """
    panel = results.ingested("panel")
    provenance = results.ingested("panel_provenance")
    sources = results.ingested("sources")
    years = results.config.panel.years
    rows: list[Row] = []
    for name in _columns_in_use(results):
        spans = only(provenance, variable=name)
        rows += _series_rows(panel, spans, years)
    # A source is listed once: with its series, or below with the others.
    used = [row["source"] for row in rows]
    rows += _other_rows(sources[~sources["source"].isin(used)], provenance)
    by_source = {row["source"]: row for row in records(sources)}
    for row in rows:
        source = by_source.get(row["source"], {})
        for name in ("vintage", "licence"):
            row.setdefault(name, text(source[name]) if source else None)
    frame = pd.DataFrame(rows, columns=COLUMNS)
    description = read_json(results.root / "ingest" / "description.json")
    proxy = "PROXY series replace an official series that was not available."
    sentences = (
        f"{count_of(panel['unit'].nunique(), results.words)}, {years[0]}\u2013{years[1]}."
        " Gaps: cells of the span without a figure. Grades: A official series read"
        " without change, B linked, estimated or of an older vintage, C proxy or"
        " of unclear origin; grade C figures enter only when the settings of"
        " the study name their column.",
        proxy if frame["flag"].eq("proxy").any() else "",
        "The data package of the study has full citations and every other series.",
        f"Data {description['data_hash'][:HASH_LETTERS]}.",
    )
    columns = (
        left("Series", "series"),
        left("Years", "years", "first_year", show=lambda span, _: text(span)),
        left("Units", "units"),
        left("Grade", "grade"),
        left(
            "Kind", "flag", show=lambda flag: "PROXY" if flag == "proxy" else text(flag)
        ),
        right("Gaps", "gaps", "cells", show=_gaps),
        left("Source", "source"),
        left("Vintage", "vintage", width_cm=3.4),
        left("Licence", "licence", width_cm=2.2),
    )
    return Table.of(columns, frame, filter(None, sentences))


def _columns_in_use(results: StudyResults) -> list[str]:
    income = results.config.panel.income
    written = [getattr(income, key) for key in INCOME_KEYS]
    written += [item.expression for item in results.config.controls.values()]
    known = results.ingested("panel").columns
    columns = [name for text in written for name in columns_named(text, known)]
    return list(dict.fromkeys(columns))


def _series_rows(
    panel: pd.DataFrame, spans: pd.DataFrame, years: tuple[int, int]
) -> Iterable[Row]:
    """Yield one row for each span of a series."""
    for span in records(spans.sort_values(["first_year", "units"], kind="stable")):
        # A series is described within the years of the panel.
        first = max(int(span["first_year"]), years[0])
        last = min(int(span["last_year"]), years[1])
        if first > last:
            continue
        rows = panel[panel["year"].between(first, last)]
        units = span["units"]
        if units != "all":
            named = str(units).split()
            rows = rows[rows["unit"].isin(named)]
            units = str(len(named))
        gaps = rows[str(span["variable"])].isna()
        yield {
            "group": "Series in use",
            "series": span["variable"],
            "first_year": first,
            "last_year": last,
            "years": _span(first, last),
            "units": units,
            "cells": len(rows),
            "grade": span["grade"],
            "flag": span["flag"],
            "source": span["source"],
            "gaps": int(gaps.sum()),
        }


def _other_rows(sources: pd.DataFrame, provenance: pd.DataFrame) -> Iterable[Row]:
    """Yield one row for each further source of the panel, and one for each licence of
    the others.
    """
    named = sources["source"].isin(list(provenance["source"]))
    for source in sorted(sources.loc[named, "source"]):
        series = only(provenance, source=source)
        first = int(series["first_year"].min())
        last = int(series["last_year"].max())
        yield {
            "group": "Other sources",
            "series": f"{series['variable'].nunique()} further series",
            "source": source,
            "first_year": first,
            "last_year": last,
            "years": _span(first, last),
            "grade": ", ".join(sorted(set(series["grade"]))),
        }
    # Sources that no series of the panel names are counted by licence.
    for licence, bare in sources[~named].groupby("licence"):
        ids = sorted(bare["source"])
        listed = f"{len(ids)} sources ({ids[0]} to {ids[-1]})"
        yield {
            "group": "Other sources",
            "series": "other tables",
            "source": ids[0] if len(ids) == 1 else listed,
            "licence": text(licence),
        }


def _span(first: int, last: int) -> str:
    return f"{first}\u2013{last}" if first != last else f"{first}"


def _gaps(gaps: object, cells: object) -> str:
    if text(gaps) == "":
        return ""
    if gaps == cells:
        return "not used"
    return "none" if gaps == 0 else f"{gaps:,.0f} of {cells:,.0f}"

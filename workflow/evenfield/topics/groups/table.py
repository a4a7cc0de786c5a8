"""T1, TG: which unit is in which cell, in which period, when its first zones came, and
how many there are.
"""

from collections.abc import Mapping

import pandas as pd

from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import (
    CELLS,
    NOT_CAUSAL,
    Row,
    Table,
    cells_of,
    count,
    in_words,
    is_missing,
    last_main_period,
    left,
    only,
    records,
    text,
    year,
    zone_types,
)
from evenfield.study.errors import first_examples
from evenfield.topics.groups.table_sources import t2

FIRST_TYPES = {
    "sez": "SEZ",
    "etdz": "ETDZ",
    "hidz": "science park",
}
COUNT_TYPES = {
    "sez": "SEZ",
    "etdz": "ETDZ",
    "hidz": "HIDZ",
    "ftz": "FTZ",
    "new_area": "New area",
}
UNSURE = "*"
NAMED = (
    "SEZ special economic zone, ETDZ economic and technological development zone,"
    " HIDZ high-tech zone (science park), FTZ free-trade zone; a"
)
NOTE = """
Clusters and zones: {taxonomy}; cells as in {period}; C cluster, S SEZ.

Zones in force in {last}. {named} place is counted once. {unsure} first year comes from a
grade C date, in parentheses the first year with a named source.

Grade: A official document, B scholarly list, C our reading.
"""
CELLS_NOTE = """
A zone counts in a period if it was in force for at least half of its years.
"""


def t1(results: StudyResults) -> Table:
    """Return the taxonomy and the zones of every unit."""
    taxonomy = results.taxonomy
    period = last_main_period(results.config.periods)
    cells = cells_of(results.table("cells"), taxonomy, period)
    sources = only(results.ingested("taxonomies"), taxonomy=taxonomy)
    units = results.table("units")
    frame = cells[["unit", "cell", "cluster", "sez"]]
    frame = frame.merge(units[["unit", "name"]], on="unit", how="left")
    named_sources = sources[["unit", "source", "confidence"]]
    frame = frame.merge(named_sources, on="unit", how="left")
    firsts = results.table("first_years")
    doses = results.table("doses")
    first_types = _named(zone_types(doses, FIRST_TYPES, 3), FIRST_TYPES)
    count_types = _named(zone_types(doses, COUNT_TYPES), COUNT_TYPES)
    for kind in first_types:
        years = only(firsts, zone_type=kind).set_index("unit")
        for column in ("first_year", "first_year_dated"):
            frame[f"{column}_{kind}"] = frame["unit"].map(years[column])
    # A study without zones has no last year of them.
    last = doses["year"].max() if len(doses) else None
    for kind in count_types:
        zones = only(doses, year=last, zone_type=kind).set_index("unit")["zones"]
        # A unit without a row has no zone of the type.
        frame[f"zones_{kind}"] = frame["unit"].map(zones).fillna(0).astype(int)
    marks = {"cluster": "C", "sez": "S"}
    named = "A"
    if "hidz" in count_types:
        # The paper sets clusters against zones and science parks.
        frame["science_park"] = (frame["zones_hidz"] > 0).astype(int)
        marks["science_park"] = "Science park"
        named = NAMED
    # Cells in the order of all tables, units by name within.
    frame["cell"] = pd.Categorical(frame["cell"], CELLS)
    frame = frame.sort_values(["cell", "name"], ignore_index=True).astype({"cell": str})
    sizes = frame.groupby("cell")["unit"].transform("size").astype(str)
    frame["group"] = frame["cell"] + " (" + sizes + ")"
    note = results.note(
        NOTE,
        NOT_CAUSAL,
        seed=False,
        basis=False,
        taxonomy=taxonomy,
        period=results.period(period),
        last=year(last),
        named=named,
        unsure=UNSURE,
    )
    columns = [left(results.words["unit_name"].capitalize(), "name")]
    columns += [left(header, name, show=_yes) for name, header in marks.items()]
    for kind, name in first_types.items():
        firsts_of = (f"first_year_{kind}", f"first_year_dated_{kind}")
        columns.append(left(f"First {name}", *firsts_of, show=_first_year))
    columns += [count(name, f"zones_{kind}") for kind, name in count_types.items()]
    columns.append(left("Source", "source", "confidence", show=_source))
    return Table.of(columns, frame, note)


def _named(kinds: list[str], names: Mapping[str, str]) -> dict[str, str]:
    return {kind: names.get(kind, kind.replace("_", " ")) for kind in kinds}


def tg(results: StudyResults) -> Table:
    """Return the names of the units in each cell, one row for each period."""
    cells = results.table("cells")
    names = results.table("units").set_index("unit")["name"]
    rows = []
    for period in results.shown("main", "span"):
        placed = cells_of(cells, results.taxonomy, period)
        row: Row = {"period": results.period(period)}
        # The many that have neither are counted, not named.
        for cell in CELLS[:-1]:
            members = sorted(names[only(placed, cell=cell)["unit"]])
            row[cell] = first_examples(members, 20) or "none"
        rows.append({**row, "neither": int(placed["cell"].eq("neither").sum())})
    sources = only(results.ingested("taxonomies"), taxonomy=results.taxonomy, sez=1)
    dated = sources[
        sources["sez_from_year"].notna() & sources["unit"].isin(names.index)
    ]
    starts = [
        f"{names[row['unit']]} {year(row['sez_from_year'])}" for row in records(dated)
    ]
    # Dates of zones decide the cell of a period; without them it is the same in all.
    zone_dates = "Zones have no dates and count in every period."
    if starts:
        zone_dates = f"Zone from: {in_words(starts)}."
    note = results.note(CELLS_NOTE, zone_dates, NOT_CAUSAL, seed=False, basis=False)
    columns = (
        left("Period", "period"),
        left("Both", "both"),
        left("Cluster only", "cluster only"),
        left("SEZ only", "SEZ only"),
        count("Neither", "neither"),
    )
    return Table.of(columns, rows, note)


TABLES = {
    "T1": t1,
    "T2": t2,
    "TG": tg,
}


def _first_year(all_years: object, dated: object) -> str:
    """Write a first year, marked where it rests on memory."""
    # Where both agree the year has a named source.
    if is_missing(all_years) or all_years == dated:
        return year(all_years)
    sure = "" if is_missing(dated) else f" ({year(dated)})"
    return f"{year(all_years)}{UNSURE}{sure}"


def _yes(value: object) -> str:
    return "yes" if value == 1 else ""


def _source(source: object, confidence: object) -> str:
    return text(source) + (f" ({text(confidence)})" if text(confidence) else "")

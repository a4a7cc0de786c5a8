"""T1, TG: which unit is in which cell, in which period, when its first zones came, and
how many there are.
"""

from typing import Any

import pandas as pd

from evenfield.shared.facts import Facts
from evenfield.shared.tables.notes import NOT_CAUSAL
from evenfield.shared.tables.numbers import is_missing, text, whole, year
from evenfield.shared.tables.rows import TEXT, records
from evenfield.shared.tables.table import Column, Table, right
from evenfield.shared.tables.units import (
    CELLS,
    cells_of,
    in_words,
    last_main_period,
    period_label,
    zone_types,
)
from evenfield.study.errors import first_examples
from evenfield.topics.groups.table_sources import t2

FIRST_TYPES = {"sez": "SEZ", "etdz": "ETDZ", "hidz": "science park"}
COUNT_TYPES = {
    "sez": "SEZ",
    "etdz": "ETDZ",
    "hidz": "HIDZ",
    "ftz": "FTZ",
    "new_area": "New area",
}
UNSURE = "*"


def t1(facts: Facts) -> Table:
    """Return the taxonomy and the zones of every unit."""
    taxonomy = facts.config["taxonomy"]["primary"]
    periods = facts.config["periods"]
    period = last_main_period(periods)
    sources = facts.ingested("taxonomies", TEXT)
    frame = cells_of(facts.table("cells", text=TEXT), taxonomy, period)[
        ["unit", "cell", "cluster", "sez"]
    ]
    frame = frame.merge(
        facts.table("units", text=TEXT)[["unit", "name"]], on="unit", how="left"
    )
    sources = sources.loc[
        sources["taxonomy"].eq(taxonomy), ["unit", "source", "confidence"]
    ]
    frame = frame.merge(sources, on="unit", how="left")
    firsts = facts.table("first_years", text=TEXT)
    doses = facts.table("doses", text=TEXT)
    first_types = {
        kind: FIRST_TYPES.get(kind, kind.replace("_", " "))
        for kind in zone_types(doses, FIRST_TYPES, 3)
    }
    count_types = {
        kind: COUNT_TYPES.get(kind, kind.replace("_", " "))
        for kind in zone_types(doses, COUNT_TYPES)
    }
    for kind in first_types:
        first_years = firsts[firsts["zone_type"].eq(kind)].set_index("unit")
        for column in ("first_year", "first_year_dated"):
            frame[f"{column}_{kind}"] = frame["unit"].map(first_years[column])
    last = doses["year"].max() if len(doses) else float("nan")
    for kind in count_types:
        first_years = doses[
            doses["year"].eq(last) & doses["zone_type"].eq(kind)
        ].set_index("unit")
        frame[f"zones_{kind}"] = (
            frame["unit"].map(first_years["zones"]).fillna(0).astype(int)
        )
    parks = {"science_park": "Science park"} if "hidz" in count_types else {}
    frame = frame.assign(
        **{name: (frame["zones_hidz"] > 0).astype(int) for name in parks}
    )
    named = (
        "SEZ special economic zone, ETDZ economic and technological development zone,"
        " HIDZ high-tech zone (science "
    )
    named = f"{named}park), FTZ free-trade zone; " if parks else ""
    frame["cell"] = pd.Categorical(frame["cell"], CELLS)
    frame = frame.sort_values(["cell", "name"], ignore_index=True).astype({"cell": str})
    frame["group"] = [
        f"{cell} ({(frame['cell'] == cell).sum()})" for cell in frame["cell"]
    ]
    note = facts.note(
        f"Taxonomy {taxonomy}, cells as in {period_label(period, periods)}; C cluster,"
        " S SEZ.",
        f"Zones in force in {year(last)}. {named}{'a' if named else 'A'} place is"
        f" counted once. {UNSURE} first year rests on a grade C date, in parentheses"
        " the first year with a named source.",
        "Grade: A official document, B scholarly list, C our reading.",
        NOT_CAUSAL,
        seed=False,
        basis=False,
    )
    columns = (
        Column(names=("name",), header=facts.words["unit_name"].capitalize()),
        *(
            Column(names=(name,), header=header, show=_yes)
            for name, header in {"cluster": "C", "sez": "S", **parks}.items()
        ),
        *(
            Column(
                names=(f"first_year_{kind}", f"first_year_dated_{kind}"),
                header=f"First {name}",
                show=_first_year,
            )
            for kind, name in first_types.items()
        ),
        *(
            right(name, f"zones_{kind}", show=whole)
            for kind, name in count_types.items()
        ),
        Column(names=("source", "confidence"), header="Source", show=_source),
    )
    return Table(id="T1", note=note, columns=columns, frame=frame, group="group")


def tg(facts: Facts) -> Table:
    """Return the names of the units in each cell, one row for each period."""
    taxonomy = facts.config["taxonomy"]["primary"]
    periods = facts.config["periods"]
    cells = facts.table("cells", text=TEXT)
    names = facts.table("units", text=TEXT).set_index("unit")["name"]
    rows = []
    for period in facts.shown("main", "span"):
        period_cells = cells_of(cells, taxonomy, period)
        held = {
            cell: sorted(names[period_cells.loc[period_cells["cell"].eq(cell), "unit"]])
            for cell in CELLS
        }
        shown = {
            cell: first_examples(units, 20) or "none" for cell, units in held.items()
        }
        rows.append(
            {
                "period": period_label(period, periods),
                **shown,
                "neither": len(held["neither"]),
            }
        )
    sources = facts.ingested("taxonomies", TEXT)
    dated = sources[
        sources["taxonomy"].eq(taxonomy)
        & sources["sez"].eq(1)
        & sources["sez_from_year"].notna()
    ]
    starts = [
        f"{names[row['unit']]} {year(row['sez_from_year'])}"
        for row in records(dated)
        if row["unit"] in names
    ]
    note = facts.note(
        "A zone counts in a period if it was in force for at least half of its years.",
        (
            f"Zone from: {in_words(starts)}."
            if starts
            else "Zones have no dates and count in every period."
        ),
        NOT_CAUSAL,
        seed=False,
        basis=False,
    )
    columns = (
        Column(names=("period",), header="Period"),
        *(
            Column(
                names=(cell,), header=cell.capitalize() if cell != "SEZ only" else cell
            )
            for cell in CELLS[:-1]
        ),
        right("Neither", "neither", show=whole),
    )
    return Table(id="TG", note=note, columns=columns, frame=pd.DataFrame(rows))


TABLES = {"T1": t1, "T2": t2, "TG": tg}


def _first_year(all_years: Any, dated: Any) -> str:
    """Write a first year, marked where it rests on memory."""
    if is_missing(all_years) or all_years == dated:
        return year(all_years)
    return f"{year(all_years)}{UNSURE}" + (
        "" if is_missing(dated) else f" ({year(dated)})"
    )


def _yes(value: Any) -> str:
    return "yes" if value == 1 else ""


def _source(source: Any, confidence: Any) -> str:
    return text(source) + (f" ({text(confidence)})" if text(confidence) else "")

"""T47: growth near each of several lists, within groups and across them; T47b: on them."""

from collections.abc import Iterator

import pandas as pd

from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import (
    Column,
    Row,
    Table,
    count,
    ends,
    left,
    number,
    only,
    pick,
    records,
)
from evenfield.study.study_config import Years
from evenfield.topics.nearby.estimate_spec import ListTable
from evenfield.topics.nearby.table_words import BASE, asked, short_word


def t47(results: StudyResults) -> Table:
    """Return a row for each span, radius and list: growth near it, by itself and less
    growth near the list that all are compared with.
    """
    table = list_table(results)
    rows = []
    for span in table.spans:
        for radius in table.radii:
            group = f"{span[0]}\u2013{span[1]}, within {radius:g} km"
            for name in table.lists:
                cells = near_cells(results, table, name, radius, span)
                rows.append(
                    {"group": group, "label": short_word(results, name)} | cells
                )
    against = short_word(results, table.against) if table.against else ""
    units = results.words["units_name"]
    note = results.note(
        "",
        f"Growth of {units} on no list with one on the list within reach, in points a year,"
        " given the level at the start: above others, and less growth near"
        f" {against}. {_designs(table)}"
        if against
        else f"Growth of {units} on no list with one on the list within reach, in points a"
        f" year, given the level at the start. {_designs(table)}",
        f"{results.level} intervals: CR3 by cluster. Seen from: the smallest lead near the"
        " list that would be seen four times in five. Near: how many have the list within"
        " reach; both: how many have both; same: those of them with such"
        f" {units} alone that are on both.",
        basis=False,
    )
    columns = [left("List", "label", width_cm=3.4)]
    for design in table.designs:
        columns += _columns(results, design, f"Near, {design}")
        if table.against:
            columns += _columns(results, f"{design}_less", f"Less {against}, {design}")
    columns += [
        number("Seen from", "mde", 2),
        count("N", "n_units"),
        count("Near", "n_near"),
    ]
    if table.against:
        columns += [count("Both", "n_both"), count("Same", "n_shared")]
    return Table.of(columns, rows, note)


def t47b(results: StudyResults) -> Table:
    """Return a row for each span and list: growth of the units on it."""
    table = list_table(results)
    rows = []
    for span in table.spans:
        for name in table.lists:
            cells = _cells(results, table, name, span, near=False)
            label = short_word(results, name)
            rows.append({"group": f"{span[0]}\u2013{span[1]}", "label": label} | cells)
    units = results.words["units_name"]
    note = results.note(
        "",
        f"Growth of {units} on the list above others, in points a year, given the level at"
        f" the start and whether they are on the list that all are compared with."
        f" {_designs(table)}",
        f"{results.level} intervals: CR3 by cluster. Seen from: the smallest lead that would"
        " be seen four times in five.",
        basis=False,
    )
    columns = [left("List", "label", width_cm=3.4)]
    for design in table.designs:
        columns += _columns(results, design, f"On it, {design}")
    columns += [
        number("Seen from", "mde", 2),
        count("N", "n_units"),
        count("On it", "n_near"),
    ]
    return Table.of(columns, rows, note)


TABLES_OF_LISTS = {"T47": t47, "T47b": t47b}


def list_table(results: StudyResults) -> ListTable:
    """Return which lists are shown side by side."""
    return ListTable.model_validate(asked(results)["list_table"])


def near_cells(
    results: StudyResults, table: ListTable, name: str, radius: float, span: Years
) -> Row:
    """Return growth near a list by design, and how many units lie near."""
    return _cells(results, table, name, span, near=True, radius=radius)


def _cells(
    results: StudyResults,
    table: ListTable,
    name: str,
    span: Years,
    *,
    near: bool,
    radius: float | None = None,
) -> Row:
    """Return the deciding rows of a list by design; the first one's counts."""
    prefix = "near" if near else "own"
    term = f"{prefix}_{name}"
    cells: Row = {}
    for design, rows in _rows_of(results, table, name, span, radius):
        alone = pick(rows, estimator=BASE, term=term, contrast="")
        cells |= {f"{key}_{design}": alone.get(key) for key in _TAKEN}
        less = f"{term} - {prefix}_{table.against}"
        apart = pick(rows, estimator=BASE, term=term, contrast=less)
        cells |= {f"{key}_{design}_less": apart.get(key) for key in _TAKEN}
        if design == next(iter(table.designs)):
            cells |= {
                "mde": alone.get("mde"),
                "n_units": alone.get("n_units"),
                "n_near": alone.get("n_treated"),
            }
            counts = only(rows, estimator="count")
            by_class = {row["term"]: row["estimate"] for row in records(counts)}
            cells |= {
                "n_both": by_class.get("near_both"),
                "n_shared": by_class.get("near_both_shared"),
            }
    return cells


_TAKEN = ("estimate", "conf_low", "conf_high")


def _rows_of(
    results: StudyResults,
    table: ListTable,
    name: str,
    span: Years,
    radius: float | None,
) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield the rows of a list by design, whichever specification asked them."""
    rows = results.estimates()
    for design, own in table.designs.items():
        lists = [name, table.against] if table.against else [name]
        sample = [table.sample, f"{table.sample}, neither"]
        same = only(
            rows[rows["sample_id"].isin(sample)],
            outcome=table.outcome,
            period=f"{span[0]}-{span[1]}",
            treatment_def="+".join(lists),
            controls_id="+".join(["start", *own.held]),
            fe_id=own.within or "none",
        )
        if radius is not None:
            same = only(same, w_id=f"{radius:g} km")
        yield design, same


def _designs(table: ListTable) -> str:
    """Say among which units each design compares."""
    words = []
    for name, design in table.designs.items():
        text = f"within {design.within}" if design.within else "among all"
        if design.held:
            held = ", ".join(column.replace("_", " ") for column in design.held)
            text += f", {held} held"
        words.append(f"{name}: {text}")
    return f"{'; '.join(words).capitalize()}."


def _columns(results: StudyResults, suffix: str, header: str) -> list[Column]:
    return [
        number(header.replace("_", " "), f"estimate_{suffix}", 2),
        ends(
            f"{results.level} interval", f"conf_low_{suffix}", f"conf_high_{suffix}", 2
        ),
    ]

"""T47: growth near each of several lists, by each design; T47b: growth on them."""

from evenfield.shared.spec import read
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import (
    Column,
    Row,
    Short,
    Table,
    count,
    ends,
    left,
    number,
    pick,
    records,
    text,
)
from evenfield.study.study_config import Years
from evenfield.topics.nearby.estimate_spec import (
    Cell,
    ListTable,
    NearbySpec,
    Section,
)
from evenfield.topics.nearby.table_words import BASE, FAMILY, short_word

TAKEN = ("estimate", "conf_low", "conf_high")


def t47(results: StudyResults) -> Table:
    """Return a row for each span, radius and list: growth near it, by itself and less
    growth near the list that all are compared with.
    """
    section, table = asked_lists(results)
    rows = []
    for span in table.spans:
        for radius in table.radii:
            spec = section.near_spec((table.lists[0], radius, span, _first(table)))
            group = f"{span[0]}\u2013{span[1]}, within {spec.reach}"
            for name in table.lists:
                shared = {"group": group, "label": short_word(results, name)}
                near = near_row(results, section, (name, radius, span))
                behind = counts_near(results, section, (name, radius, span))
                rows.append(shared | near | behind)
    units = results.words["units_name"]
    sentences = [
        f"Growth of {units} with one on the list within reach and not on it themselves,"
        " above that of others, in percentage points a year, controlling for the initial level."
    ]
    counted_words = "Near: how many have the list within reach"
    if table.against:
        against = short_word(results, table.against)
        sentences.append(
            f"Less {against}: less growth near {against}; {units} on either are left out."
        )
        counted_words += (
            f"; both: how many have both; same: those of them with such {units} alone"
            " that are on both"
        )
    note = results.note(
        "",
        " ".join(sentences),
        _designs(results, table),
        f"{_inference(results, section, table)} {counted_words}. Detectable, N and what is"
        f" behind it: of {_first(table)}.",
        basis=False,
    )
    columns = [left("List", "label", width_cm=3.4)]
    for design in table.designs:
        columns += _columns(results, design, f"Near, {design}")
        if table.against:
            columns += _columns(results, f"{design}_less", f"Less {against}, {design}")
    columns += [
        number("Detectable", "mde", 2),
        count("N", "n_units"),
        count("Near", "n_treated"),
    ]
    if table.against:
        columns += [count("Both", "n_both"), count("Same", "n_shared")]
    # The paper prints the first span, which the study puts first, without counts.
    first, last = table.spans[0]
    shown = f"{first}\u2013{last}"
    counts = {"mde", "n_units", "n_treated", "n_both", "n_shared"}
    named = [column.names[0] for column in columns]
    short = Short(
        rows=lambda row: str(row["group"]).startswith(shown),
        columns=tuple(name for name in named if name not in counts),
    )
    return Table.of(columns, rows, note, short)


def t47b(results: StudyResults) -> Table:
    """Return a row for each span and list: growth of the units on it."""
    section, table = asked_lists(results)
    rows = []
    for span in table.spans:
        for name in table.lists:
            shared = {
                "group": f"{span[0]}\u2013{span[1]}",
                "label": short_word(results, name),
            }
            rows.append(shared | _own_row(results, section, (name, span)))
    units = results.words["units_name"]
    held = "the initial level"
    if table.against:
        held += f" and whether they are among {short_word(results, table.against)}"
    note = results.note(
        "",
        f"Growth of {units} on the list above that of others, in percentage points a year,"
        f" controlling for {held}.",
        _designs(results, table),
        f"{_inference(results, section, table)} Detectable, N and on it: of"
        f" {_first(table)}.",
        basis=False,
    )
    columns = [left("List", "label", width_cm=3.4)]
    for design in table.designs:
        columns += _columns(results, design, f"On it, {design}")
    columns += [
        number("Detectable", "mde", 2),
        count("N", "n_units"),
        count("On it", "n_treated"),
    ]
    return Table.of(columns, rows, note)


TABLES_OF_LISTS = {"T47": t47, "T47b": t47b}


def asked_lists(results: StudyResults) -> tuple[Section, ListTable]:
    """Return the section of the config, and which lists it shows side by side."""
    section: Section = read(Section, results.config, FAMILY)
    assert section.list_table is not None
    return section, section.list_table


def near_row(
    results: StudyResults, section: Section, cell: tuple[str, float, Years]
) -> Row:
    """Return growth near a list within a radius over a span, by design."""
    assert section.list_table is not None
    row: Row = {}
    for design in section.list_table.designs:
        spec = section.near_spec((*cell, design))
        row |= _estimates(results, spec, "near", design)
    return row


def counts_near(
    results: StudyResults, section: Section, cell: tuple[str, float, Years]
) -> Row:
    """Return how many units lie near a list and the one that it is compared with, and
    what would be seen, of the first design.
    """
    assert section.list_table is not None
    of_first: Cell = (*cell, _first(section.list_table))
    spec = section.near_spec(of_first)
    counts = records(results.estimates(), spec_id=spec.id, estimator="count")
    by_class = {row["term"]: row["estimate"] for row in counts}
    return _behind(results, spec, "near") | {
        "n_both": by_class.get("near_both"),
        "n_shared": by_class.get("near_both_shared"),
    }


def _own_row(results: StudyResults, section: Section, cell: tuple[str, Years]) -> Row:
    """Return growth on a list over a span by design, and what is behind it."""
    name, span = cell
    table = section.list_table
    assert table is not None
    row: Row = {}
    for design in table.designs:
        # Growth on a list has no radius: that of every one is the same.
        spec = section.own_spec((name, table.radii[0], span, design))
        row |= _estimates(results, spec, "own", design)
        if design == _first(table):
            row |= _behind(results, spec, "own")
    return row


def _estimates(results: StudyResults, spec: NearbySpec, kind: str, design: str) -> Row:
    """Return the deciding row of a list, and of it less the other one, as columns."""
    alone, less = _deciding(results, spec, kind)
    row = {f"{key}_{design}": alone.get(key) for key in TAKEN}
    row |= {f"{key}_{design}_less": less.get(key) for key in TAKEN}
    row[f"reason_{design}"] = text(alone.get("warning"))
    row[f"reason_{design}_less"] = text(less.get("warning"))
    return row


def _behind(results: StudyResults, spec: NearbySpec, kind: str) -> Row:
    """Return what a deciding row would show, and of how many units it is."""
    alone, _ = _deciding(results, spec, kind)
    return {key: alone.get(key) for key in ("mde", "n_units", "n_treated")}


def _deciding(results: StudyResults, spec: NearbySpec, kind: str) -> tuple[Row, Row]:
    """Return the deciding row of the first list, and of it less the second."""
    terms = [f"{kind}_{name}" for name in spec.named]
    wanted = {"spec_id": spec.id, "estimator": BASE, "term": terms[0]}
    alone = pick(results.estimates(), **wanted, contrast="")
    if len(terms) == 1:
        return alone, {}
    return alone, pick(results.estimates(), **wanted, contrast=" - ".join(terms))


def _first(table: ListTable) -> str:
    """Return the name of the first design."""
    return next(iter(table.designs))


def _inference(results: StudyResults, section: Section, table: ListTable) -> str:
    """Say by which method the intervals are, and what is detectable."""
    cell: Cell = (table.lists[0], table.radii[0], table.spans[0], _first(table))
    method = section.near_spec(cell).deciding
    return (
        f"{results.level} intervals: {method}, by cluster where it has them. Detectable:"
        f" the smallest difference found with {results.power:.0%} power."
    )


def _designs(results: StudyResults, table: ListTable) -> str:
    """Say among which units each design compares."""
    words = []
    for name, design in table.designs.items():
        compared = f"within each {design.within}" if design.within else "among all"
        if design.held:
            held = ", ".join(map(results.word, design.held))
            compared += f", {held} held"
        words.append(f"{name}: {compared}")
    joined = "; ".join(words)
    return f"{joined[:1].upper()}{joined[1:]}."


def _columns(results: StudyResults, suffix: str, header: str) -> list[Column]:
    """Return the columns of an estimate with its interval, or why there is none."""
    reason = f"reason_{suffix}"
    low, high = f"conf_low_{suffix}", f"conf_high_{suffix}"
    return [
        number(header.replace("_", " "), f"estimate_{suffix}", 2, reason),
        ends(f"{results.level} interval", low, high, 2),
    ]

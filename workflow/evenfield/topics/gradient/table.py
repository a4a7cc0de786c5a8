"""T4b: where clusters lie."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from evenfield.shared.facts import Facts
from evenfield.shared.tables.headings import heading, nothing_to_show
from evenfield.shared.tables.notes import DESCRIPTIVE
from evenfield.shared.tables.numbers import (
    fixed,
    interval,
    is_missing,
    p_value,
    whole,
    with_decimals,
)
from evenfield.shared.tables.rows import Row, only, records
from evenfield.shared.tables.table import Column, Table, right
from evenfield.shared.tables.warnings import reason

LABELS = {
    ("fisher_exact", "east"): "Share with clusters, East less the rest",
    (
        "latitude_permutation",
        "south_within_east",
    ): "Degrees further South, within the East",
    ("poisson_qml", "east_degrees"): "Log count per degree to the East",
    (
        "poisson_qml",
        "south_degrees_within_east",
    ): "Log count per degree to the South, within the East",
    ("moran", "morans_i"): "Moran's I",
    ("join_count", "links_between"): "Links between two of them",
}
SHORT = {
    key: label
    for key, label in LABELS.items()
    if key[0] in ("fisher_exact", "latitude_permutation")
}
COLUMNS = (
    "estimate",
    "conf_low",
    "conf_high",
    "p_value",
    "p_type",
    "n_units",
    "n_treated",
    "mde",
    "role",
    "spec_id",
)


def t4b(facts: Facts) -> Table:
    """Return the gradients of lists and counts."""
    estimates = facts.estimates()
    specs = facts.ordered(list(estimates["spec_id"]))
    rows = [row for spec in specs for row in _rows(only(estimates, spec_id=spec))]
    if not rows:
        raise nothing_to_show("rows of the gradient family", "gradient", "T4b")
    note = facts.note(
        "East against the rest: Fisher's exact test, two-sided, Newcombe interval."
        f" South within the East: mean latitude of cluster {facts.words['units_name']}"
        " against the others of the East, all placements. Positive means further East"
        " or further South. Counts: Poisson quasi-likelihood, p by permutation of the"
        " counts. Detectable: smallest value that the row's own test would see with"
        f" {facts.power:.0%} power.",
        "Counts are stand-ins measured after the growth they stand beside; a list says"
        " where clusters are named, not how many there are.",
        DESCRIPTIVE,
    )
    columns = (
        Column(names=("label",), header="What"),
        right("Estimate", "estimate", show=with_decimals(fixed, 2), reason="reason"),
        right(
            f"{facts.level} interval",
            "conf_low",
            "conf_high",
            show=with_decimals(interval, 2),
        ),
        right("p", "p_value", show=p_value),
        right("Detectable", "mde", show=with_decimals(fixed, 2)),
        right("Marked, of N", "n_treated", "n_units", show=_held),
    )
    frame = pd.DataFrame(rows)
    return Table(id="T4b", note=note, columns=columns, frame=frame, group="group")


TABLES = {"T4b": t4b}


def _rows(spec_rows: pd.DataFrame) -> Iterable[Row]:
    lists = only(spec_rows, outcome="cluster")
    counts = spec_rows[spec_rows["outcome"].ne("cluster")]
    main = (
        only(lists, role="primary")["treatment_def"].tolist()
        or lists["treatment_def"].tolist()
    )
    for name in dict.fromkeys([*main, *lists["treatment_def"]]):
        shown = LABELS if name == main[0] else SHORT
        yield from _ordered(
            only(lists, treatment_def=name), shown, heading([f"list {name}"])
        )
    for name in dict.fromkeys(counts["outcome"]):
        yield from _ordered(
            only(counts, outcome=name),
            LABELS,
            heading([f"count {name.replace('_', ' ')}"]),
        )


def _ordered(
    spec_rows: pd.DataFrame, shown: Mapping[tuple[str, str], str], group: str
) -> Iterable[Row]:
    for (estimator, term), label in shown.items():
        for row in records(only(spec_rows, estimator=estimator, term=term)):
            why = {"reason": reason(row["warning"])}
            yield {
                "group": group,
                "label": label,
                **why,
                **{name: row[name] for name in COLUMNS},
            }


def _held(treated: Any, units: Any) -> str:
    return (
        whole(units) if is_missing(treated) else f"{whole(treated)} of {whole(units)}"
    )

"""T4b: where clusters lie."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from evenfield.shared.tables.headings import heading, nothing_to_show, ordered_specs
from evenfield.shared.tables.notes import DESCRIPTIVE, basis_note, origin_note, sample_note
from evenfield.shared.tables.numbers import fixed, interval, is_missing, p_value, places, whole
from evenfield.shared.tables.rows import Row, only, records
from evenfield.shared.tables.table import Column, Table
from evenfield.shared.tables.warnings import reason

GRADIENT = "gradient"
LABELS = {
    ("fisher_exact", "east"): "Share with clusters, East less the rest",
    ("latitude_permutation", "south_within_east"): "Degrees further South, within the East",
    ("poisson_qml", "east_degrees"): "Log count per degree to the East",
    ("poisson_qml", "south_degrees_within_east"): "Log count per degree to the South, within the East",
    ("moran", "morans_i"): "Moran's I",
    ("join_count", "links_between"): "Links between two of them",
}
SHORT = ("fisher_exact", "latitude_permutation")
MOST_DECIMALS = 2


def tabulate_gradient(
    estimates: pd.DataFrame,
    description: Mapping[str, Any],
    *,
    specs: Sequence[Mapping[str, Any]],
    inference: Mapping[str, Any],
    power: float,
    study: Mapping[str, Any],
) -> Table:
    """Arrange the gradients of lists and counts."""
    gradients = only(estimates, family=GRADIENT)
    rows: list[Row] = []
    for spec in ordered_specs(list(gradients["spec_id"]), specs):
        rows += _gradient_rows(only(gradients, spec_id=spec))
    if gradients.empty or not rows:
        raise nothing_to_show("rows of the gradient family", "gradient", "T4b")
    note = (
        sample_note(description, study),
        "East against the rest: Fisher's exact test, two-sided, Newcombe interval. South within the East: mean "
        f"latitude of cluster {study['units_name']} against the others of the East, all placements. Positive means "
        "further East or further South. Counts: Poisson quasi-likelihood, p by permutation of the counts. "
        f"Detectable: smallest value that the row's own test would see with {power:.0%} power.",
        "Counts are stand-ins measured after the growth they stand beside; a list says where clusters are named, not "
        "how many there are.",
        basis_note(description),
        DESCRIPTIVE,
        origin_note(description, inference["seed"]),
    )
    return Table(id="T4b", title="Where clusters lie", note=note, columns=_columns(inference), frame=pd.DataFrame(rows),
                 group="group")  # fmt: skip


def _gradient_rows(mine: pd.DataFrame) -> Iterable[Row]:
    lists, counts = only(mine, outcome="cluster"), mine[mine["outcome"].ne("cluster")]
    main = only(lists, role="primary")["treatment_def"].tolist() or lists["treatment_def"].tolist()
    for name in dict.fromkeys([*main, *lists["treatment_def"]]):
        shown = LABELS if name == main[0] else {key: label for key, label in LABELS.items() if key[0] in SHORT}
        yield from _ordered(only(lists, treatment_def=name), shown, heading([f"list {name}"]))
    for name in dict.fromkeys(counts["outcome"]):
        yield from _ordered(only(counts, outcome=name), LABELS, heading([f"count {name.replace('_', ' ')}"]))


def _ordered(mine: pd.DataFrame, shown: Mapping[tuple[str, str], str], group: str) -> Iterable[Row]:
    for (estimator, term), label in shown.items():
        for row in records(only(mine, estimator=estimator, term=term)):
            yield _row(row, group, label)


def _row(row: Row, group: str, label: str) -> Row:
    names = ("estimate", "conf_low", "conf_high", "p_value", "p_type", "n_units", "n_treated", "mde", "role", "spec_id")
    return {"group": group, "label": label, "reason": reason(row["warning"]), **{name: row[name] for name in names}}


def _held(treated: Any, units: Any) -> str:
    return whole(units) if is_missing(treated) else f"{whole(treated)} of {whole(units)}"


def _columns(inference: Mapping[str, Any]) -> tuple[Column, ...]:
    level = f"{inference['conf_level']:.0%}"
    return (
        Column(names=("label",), header="What"),
        Column(names=("estimate",), header="Estimate", align="right", show=places(fixed, MOST_DECIMALS),
               reason="reason"),
        Column(names=("conf_low", "conf_high"), header=f"{level} interval", align="right",
               show=places(interval, MOST_DECIMALS)),
        Column(names=("p_value",), header="p", align="right", show=p_value),
        Column(names=("mde",), header="Detectable", align="right", show=places(fixed, MOST_DECIMALS)),
        Column(names=("n_treated", "n_units"), header="Marked, of N", align="right", show=_held),
    )  # fmt: skip

"""T4b: where clusters lie."""

from collections.abc import Iterator, Sequence

import pandas as pd

from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import (
    DESCRIPTIVE,
    Row,
    Table,
    ends,
    heading,
    is_missing,
    left,
    number,
    only,
    probability,
    reason,
    records,
    right,
    whole,
)

# Estimator, term and label; lists beside the main one show the first two.
LABELS = (
    ("fisher_exact", "east", "Share with clusters, East less the rest"),
    (
        "latitude_permutation",
        "south_within_east",
        "Degrees further South, within the East",
    ),
    ("poisson_qml", "east_degrees", "Log count per degree to the East"),
    (
        "poisson_qml",
        "south_degrees_within_east",
        "Log count per degree to the South, within the East",
    ),
    ("moran", "morans_i", "Moran's I"),
    ("join_count", "links_between", "Links between two of them"),
)
COLUMNS = """
    estimate_id estimate conf_low conf_high p_value p_type n_units n_treated mde role
    spec_id
""".split()
NOTE = """
East against the rest: Fisher's exact test, two-sided, Newcombe interval. South within the
East: mean latitude of cluster {results.words[units_name]} against the others of the East, all
placements. Positive means further East or further South. Counts: Poisson quasi-likelihood, p
by permutation of the counts. Detectable: smallest value that the row's own test would find
with {results.power:.0%} power.

Counts are proxies and were measured after the period of growth; a list says where clusters
are named, not how many there are.
"""


def t4b(results: StudyResults) -> Table:
    """Return the gradients of lists and counts."""
    estimates = results.estimates()
    rows: list[Row] = []
    for spec in results.ordered(estimates):
        rows += _rows(only(estimates, spec_id=spec))
    columns = (
        left("What", "label"),
        number("Estimate", "estimate", 2, "reason"),
        ends(f"{results.level} interval", "conf_low", "conf_high", 2),
        probability("p", "p_value"),
        number("Detectable", "mde", 2),
        right("Marked, of N", "n_treated", "n_units", show=_held),
    )
    return Table.of(columns, rows, results.note(NOTE, DESCRIPTIVE))


TABLES = {"T4b": t4b}


def _rows(spec_rows: pd.DataFrame) -> Iterator[Row]:
    """Yield the rows of the deciding list, of other lists, then of counts."""
    lists = only(spec_rows, outcome="cluster")
    counts = spec_rows[spec_rows["outcome"].ne("cluster")]
    # The deciding list is shown in full, whatever its place in the config.
    primary = lists["role"].eq("primary")
    names = dict.fromkeys([*lists[primary]["treatment_def"], *lists["treatment_def"]])
    shown: Sequence[tuple[str, str, str]] = LABELS
    for name in names:
        yield from _ordered(only(lists, treatment_def=name), shown, f"list {name}")
        shown = LABELS[:2]
    for name in counts["outcome"].unique():
        group = f"count {name.replace('_', ' ')}"
        yield from _ordered(only(counts, outcome=name), LABELS, group)


def _ordered(
    rows: pd.DataFrame, shown: Sequence[tuple[str, str, str]], group: str
) -> Iterator[Row]:
    for estimator, term, label in shown:
        for row in records(rows, estimator=estimator, term=term):
            yield {
                "group": heading([group]),
                "label": label,
                "reason": reason(row["warning"]),
                **{name: row[name] for name in COLUMNS},
            }


def _held(treated: object, units: object) -> str:
    """Write how many of the units are marked; all units where none can be."""
    return (
        whole(units) if is_missing(treated) else f"{whole(treated)} of {whole(units)}"
    )

"""Rows and columns of group contrasts as tables print them: a deciding estimate, what
stands beside it, its range over taxonomies.
"""

from collections.abc import Iterable, Mapping
from operator import itemgetter

import pandas as pd

from evenfield.shared.contrasts.contrasts import ROMANO_WOLF
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import (
    Column,
    Row,
    Short,
    Table,
    by_unit,
    cited,
    fixed,
    interval,
    p_value,
    reason,
    records,
    right,
    whole,
    with_asked,
)
from evenfield.study.files import Record

DIFFERENCE = "cluster - sez"
QUESTION = "spec_id outcome term contrast sample_id unit_scheme period".split()
# A range is over taxonomies; all other rows beside an estimate have its taxonomy.
SAME = [*QUESTION, *"effect_type treatment_def controls_id".split()]
COLUMNS = """
    estimate_id role estimator estimate std_error conf_low conf_high p_value p_type mde sesoi
    n_treated g_star max_leverage_unit unit_of_measure output_basis
""".split()
# Printed p, and the method of inference that it comes from.
BESIDE = {
    "p_free": "randomisation",
    "p_connected": "randomisation_connected",
    "p_several": ROMANO_WOLF,
}
GROUP_NAMES = {"cluster": "clusters", "sez": "zones"}
RANGE_NOTE = """
Permuted: labels reassigned among all units, two-sided p, equal chance for every unit. Connected:
only contiguous groups of as many units are compared. Taxonomies: smallest
and largest estimate over all lists of clusters and zones.
"""
INFERENCE_NOTE = """
{results.level} intervals and p by conditional SCPC (average pairwise correlation of shocks
at most .03); with fewer than four units in a group, p by free permutation of labels and
no interval. Also reported: CR3 with t(G* \u2212 1) and free permutation of whole label rows.
Detectable: smallest effect found with {results.power:.0%} power, from the row's own standard
error and critical value. Of interest: the smallest effect of interest of the study. Where
detectable exceeds of interest the comparison is underpowered: an interval that includes
zero is no evidence of no effect.
"""
# A printed line before it is filled: its deciding estimate, its label and its group.
Line = tuple[Row, str, str]


def comparison_name(row: Record) -> str:
    """Return what a row compares, as printed."""
    if not row["contrast"]:
        return f"{GROUP_NAMES.get(row['term'], row['term'])} against the others"
    text = str(row["contrast"])
    for name, printed in GROUP_NAMES.items():
        text = text.replace(name, printed)
    return text.replace(" - ", " minus ")


def contrast_table(
    estimates: pd.DataFrame,
    lines: Iterable[Line],
    columns: Iterable[Column],
    note: Iterable[str],
    short: Short | None = None,
) -> Table:
    """Print an estimate a line, with CR3, permutations and its range beside it."""
    # Of several rows with one key the first one counts.
    rows = records(with_asked(estimates, "contrast", "inference"))[::-1]
    in_taxonomy = itemgetter("asked_contrast", "asked_inference", *SAME)
    over_taxonomies = itemgetter("estimator", *QUESTION, "effect_type")
    # With few treated units a permutation decides, and does not stand beside itself.
    others = [row for row in rows if row["estimator"] != row["asked_contrast"]]
    beside = {in_taxonomy(row): row for row in others}
    beside |= {over_taxonomies(row): row for row in rows}
    filled = [_filled(beside, *line) for line in lines]
    return Table.of(columns, filled, note, short)


def _filled(
    beside: Mapping[tuple[str, ...], Row], row: Row, label: str, group: str
) -> Row:
    question = [row[name] for name in QUESTION]
    same = [row[name] for name in SAME]
    line: Row = {"group": group, "label": label}
    line |= {name: row[name] for name in (*SAME, *COLUMNS)}
    line |= {"n_units": row["n_units"] or None, "reason": reason(row["warning"])}
    for column, method in BESIDE.items():
        tested = beside.get((row["estimator"], method, *same), {})
        line |= cited(column, tested, "p_value")
    cr3 = beside.get((row["estimator"], "CR3", *same), {})
    line["cr3_estimate_id"] = cr3.get("estimate_id")
    for end in ("low", "high"):
        line[f"cr3_conf_{end}"] = cr3.get(f"conf_{end}")
        extreme = beside.get(("taxonomy_range", *question, f"stat_range_{end}"), {})
        line |= cited(f"range_{end}", extreme)
    return line


def contrast_columns(
    results: StudyResults,
    heading: str,
    unit: str = "",
    method: str = "SCPC",
    **permuted: str,
) -> tuple[Column, ...]:
    """Return the printed columns; rows of one ``unit`` have CR3 beside them, others
    other permutations and their range over taxonomies.
    """
    why = "" if unit else "reason"
    show = _two_places if unit else by_unit
    p_values = {"p_free": "Permutation p" if unit else "p, permuted", **permuted}
    columns = [
        Column(names=("label",), header=heading),
        right(
            unit or "Estimate",
            "estimate",
            "unit_of_measure",
            show=show,
            reason="reason",
        ),
        right(
            f"{method} {results.level} interval",
            "conf_low",
            "conf_high",
            show=interval,
            reason=why,
        ),
        right("p", "p_value", show=p_value, reason=why),
        *(right(head, name, show=p_value) for name, head in p_values.items()),
        right("Detectable", "mde", "unit_of_measure", show=show, reason=why),
        right("Of interest", "sesoi", "unit_of_measure", show=show),
    ]
    if unit:
        cr3 = ("cr3_conf_low", "cr3_conf_high")
        columns.insert(4, right(f"CR3 {results.level} interval", *cr3, show=interval))
        columns.append(right("N", "n_units", show=whole))
    else:
        columns.append(right("Taxonomies", "range_low", "range_high", show=interval))
        columns.append(right("n", "n_treated", show=whole))
    return tuple(columns)


def printed_labels(specs: Iterable[Record]) -> dict[str, str]:
    """Return how specifications or measures are printed, by id."""
    return {
        spec["id"]: str(spec.get("label") or spec["id"].replace("_", " "))
        for spec in specs
    }


def capitalised(text: str) -> str:
    """Return a text with a capital letter."""
    return text[0].upper() + text[1:]


def printed_years(row: Row) -> str:
    """Return the years of a row with an en dash."""
    return str(row["period"]).replace("-", "\u2013")


def _two_places(value: object, _unit: object) -> str:
    return fixed(value)

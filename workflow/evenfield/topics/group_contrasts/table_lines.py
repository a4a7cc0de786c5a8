"""Rows and columns of group contrasts as tables print them: a deciding estimate, what
stands beside it, its range.
"""

from collections.abc import Mapping
from operator import itemgetter
from typing import Any

import pandas as pd

from evenfield.shared.facts import Facts
from evenfield.shared.tables.numbers import (
    by_unit,
    fixed,
    interval,
    p_value,
    whole,
    with_decimals,
)
from evenfield.shared.tables.rows import Row, records
from evenfield.shared.tables.table import Column, right
from evenfield.shared.tables.warnings import reason

KEYS = ("spec_id", "outcome", "term", "contrast", "sample_id", "unit_scheme", "period")
SAME = (*KEYS, "effect_type", "treatment_def", "controls_id")
COLUMNS = (
    *SAME,
    *(
        "role",
        "estimator",
        "estimate",
        "std_error",
        "conf_low",
        "conf_high",
        "p_value",
        "p_type",
        "mde",
        "sesoi",
    ),
    *("n_treated", "g_star", "max_leverage_unit", "unit_of_measure", "output_basis"),
)
BESIDE = {
    "p_free": "permutation",
    "p_connected": "permutation_connected",
    "p_several": "romano_wolf",
}
GROUP_NAMES = {"cluster": "clusters", "sez": "zones"}
RANGE_NOTE = (
    "Permuted: labels moved among all units, two-sided p, equal chance for every unit."
    " Connected: only groups of as many units that hang together on the map are"
    " compared. Taxonomies: smallest and largest estimate over all lists of clusters"
    " and zones."
)


def comparison_name(row: Mapping[str, Any]) -> str:
    """Return what a row compares, as printed."""
    text = str(row["contrast"] or row["term"])
    for name, printed in GROUP_NAMES.items():
        text = text.replace(name, printed)
    return (
        text.replace(" - ", " minus ")
        if row["contrast"]
        else f"{text} against the others"
    )


def rows_beside(estimates: pd.DataFrame) -> dict[tuple[str, ...], Row]:
    """Return rows by estimator and what they estimate, in one taxonomy or over all of
    them; the first of several.
    """
    rows = records(estimates)[::-1]
    range_of = itemgetter("estimator", *KEYS, "effect_type")
    return {itemgetter("estimator", *SAME)(row): row for row in rows} | {
        range_of(row): row for row in rows
    }


def contrast_line(
    beside: Mapping[tuple[str, ...], Row], row: Row, label: str, group: str
) -> Row:
    """Return one printed row: an estimate, CR3 and permutations beside it, its range
    over taxonomies.
    """
    keys, same = ([row[name] for name in names] for names in (KEYS, SAME))
    out = {"group": group, "label": label, **{name: row[name] for name in COLUMNS}}
    out |= {"n_units": row["n_units"] or None, "reason": reason(row["warning"])}
    for short, method in BESIDE.items():
        out[short] = beside.get((f"{row['estimator']}_{method}", *same), {}).get(
            "p_value"
        )
    cr3 = beside.get((f"{row['estimator']}_cr3", *same), {})
    for end in ("low", "high"):
        out[f"cr3_conf_{end}"] = cr3.get(f"conf_{end}")
        out[f"range_{end}"] = beside.get(
            ("taxonomy_range", *keys, f"stat_range_{end}"), {}
        ).get("estimate")
    return out


def contrast_columns(
    facts: Facts,
    heading: str,
    p_columns: Mapping[str, str],
    unit: str = "",
    method: str = "SCPC",
) -> tuple[Column, ...]:
    """Return the printed columns; rows of one ``unit`` have CR3 beside them, others
    their range over taxonomies.
    """
    two = with_decimals(interval, 2)
    why = "" if unit else "reason"
    show = _two_places if unit else by_unit
    cr3 = (
        [
            right(
                f"CR3 {facts.level} interval", "cr3_conf_low", "cr3_conf_high", show=two
            )
        ]
        if unit
        else []
    )
    ranged = [
        right("Taxonomies", "range_low", "range_high", show=two),
        right("n", "n_treated", show=whole),
    ]
    return (
        Column(names=("label",), header=heading),
        right(
            unit or "Estimate",
            "estimate",
            "unit_of_measure",
            show=show,
            reason="reason",
        ),
        right(
            f"{method} {facts.level} interval",
            "conf_low",
            "conf_high",
            show=two,
            reason=why,
        ),
        right("p", "p_value", show=p_value, reason=why),
        *cr3,
        *(right(head, name, show=p_value) for name, head in p_columns.items()),
        right("Detectable", "mde", "unit_of_measure", show=show, reason=why),
        right("Of interest", "sesoi", "unit_of_measure", show=show),
        *([right("N", "n_units", show=whole)] if unit else ranged),
    )


def inference_note(facts: Facts) -> str:
    """Say how intervals, p-values and detectable effects of group contrasts are made."""
    return (
        f"{facts.level} intervals and p by conditional SCPC (average pairwise"
        " correlation of shocks at most .03); with fewer than four units in a group, p"
        " by free permutation of labels and no interval. Beside them CR3 with t(G*"
        " \u2212 1) and free permutation of whole label rows. Detectable: smallest"
        f" effect found with {facts.power:.0%} power, from the row's own standard error"
        " and critical value. Of interest: the smallest effect of interest set in"
        " advance. Where detectable exceeds of interest the comparison is"
        " underpowered: an interval that holds zero is no evidence of no effect."
    )


def _two_places(value: Any, _unit: Any) -> str:
    return fixed(value, 2)

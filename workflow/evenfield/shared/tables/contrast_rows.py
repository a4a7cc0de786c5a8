"""Rows of a group contrast as tables print them: the deciding method, a few rungs of the ladder, the taxonomies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from evenfield.shared.tables.numbers import by_unit, interval, is_missing, p_value, places, whole
from evenfield.shared.tables.rows import Row, pick
from evenfield.shared.tables.table import Column
from evenfield.shared.tables.warnings import reason

KEYS = ("spec_id", "outcome", "term", "contrast", "sample_id", "period")
KEPT = (
    *KEYS, "treatment_def", "estimate", "std_error", "conf_low", "conf_high", "p_value", "p_type", "mde", "sesoi",
    "n_units", "n_treated", "g_star", "max_leverage_unit", "unit_of_measure", "output_basis",
)  # fmt: skip
GROUP_NAMES = {"cluster": "clusters", "sez": "zones"}
LADDER_NOTE = (
    "Permuted: labels moved among all units, two-sided p, equal chance for every unit. Connected: only groups of as "
    "many units that hang together on the map are compared. Taxonomies: smallest and largest estimate over all lists "
    "of clusters and zones."
)


def comparison_name(row: Mapping[str, Any]) -> str:
    """Return what a row compares, as printed."""
    text = str(row["contrast"] or row["term"])
    for name, printed in GROUP_NAMES.items():
        text = text.replace(name, printed)
    return text.replace(" - ", " minus ") if row["contrast"] else f"{text} against the others"


def contrast_line(estimates: pd.DataFrame, row: Row, label: str, group: str) -> Row:
    """Return one printed row: a deciding estimate with permutation p-values and its range over taxonomies."""
    same = {name: row[name] for name in KEYS}
    taxonomy = row["treatment_def"]
    beside = {short: pick(estimates, estimator=f"{row['estimator']}_{method}", treatment_def=taxonomy, **same)
              for short, method in (("p_free", "permutation"), ("p_connected", "permutation_connected"),
                                    ("p_several", "romano_wolf"))}  # fmt: skip
    ends = {name: pick(estimates, estimator="taxonomy_range", effect_type=f"stat_range_{name}", **same)
            for name in ("low", "high")}  # fmt: skip
    return {
        "group": group, "label": label, **{name: row[name] for name in KEPT},
        **{name: found.get("p_value") for name, found in beside.items()},
        **{f"range_{name}": found.get("estimate") for name, found in ends.items()},
        "reason": reason(row["warning"]),
    }  # fmt: skip


def contrast_columns(
    inference: Mapping[str, Any], heading: str, decimals: int, p_columns: Mapping[str, str]
) -> tuple[Column, ...]:
    """Return the printed columns."""
    level = f"{inference['conf_level']:.0%}"
    return (
        Column(names=("label",), header=heading),
        Column(names=("estimate", "unit_of_measure"), header="Estimate", align="right", show=by_unit, reason="reason"),
        Column(names=("conf_low", "conf_high"), header=f"SCPC {level} interval", align="right",
               show=places(interval, decimals), reason="reason"),
        Column(names=("p_value",), header="p", align="right", show=p_value, reason="reason"),
        *(Column(names=(name,), header=head, align="right", show=p_value) for name, head in p_columns.items()),
        Column(names=("mde", "unit_of_measure"), header="Detectable", align="right", show=_known, reason="reason"),
        Column(names=("sesoi", "unit_of_measure"), header="Of interest", align="right", show=_known),
        Column(names=("range_low", "range_high"), header="Taxonomies", align="right", show=places(interval, decimals)),
        Column(names=("n_treated",), header="n", align="right", show=whole),
    )  # fmt: skip


def _known(value: Any, unit: Any) -> str:
    return "" if is_missing(value) else by_unit(value, str(unit))

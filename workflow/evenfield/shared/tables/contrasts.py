"""What tables of group contrasts share: one printed row for one estimate, with the ladder's other answers beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from evenfield.shared.tables.numbers import fixed, interval, p_value, places, whole
from evenfield.shared.tables.rows import Row, only, pick
from evenfield.shared.tables.table import Column
from evenfield.shared.tables.warnings import reason

SAME = ("spec_id", "outcome", "term", "contrast", "effect_type", "sample_id", "period", "treatment_def", "controls_id")
KEPT = (*SAME, "role", "estimator", "estimate", "std_error", "conf_low", "conf_high", "p_value", "mde", "sesoi",
        "n_units", "n_treated", "g_star", "max_leverage_unit", "output_basis", "unit_of_measure")  # fmt: skip
# Decimals wide enough for a tenth of a typical standard error of growth contrasts.
DECIMALS = 2


def contrast_line(row: Row, group: str, label: str, estimates: pd.DataFrame) -> Row:
    """Return one printed row."""
    same = {name: row[name] for name in SAME}
    cr3 = pick(only(estimates, estimator=f"{row['estimator']}_cr3"), **same)
    permutation = pick(only(estimates, estimator=f"{row['estimator']}_permutation"), **same)
    return {
        "group": group, "label": label, **{name: row[name] for name in KEPT}, "reason": reason(row["warning"]),
        "n_units": row["n_units"] or None,
        "cr3_conf_low": cr3.get("conf_low"), "cr3_conf_high": cr3.get("conf_high"),
        "permutation_p": permutation.get("p_value"),
    }  # fmt: skip


def contrast_columns(inference: Mapping[str, Any], unit: str = "pp/yr", method: str = "SCPC") -> tuple[Column, ...]:
    """Return the printed columns."""
    level = f"{inference['conf_level']:.0%}"
    two, brackets = places(fixed, DECIMALS), places(interval, DECIMALS)
    return (
        Column(names=("label",), header="Comparison"),
        Column(names=("estimate",), header=unit, align="right", show=two, reason="reason"),
        Column(names=("conf_low", "conf_high"), header=f"{method} {level} interval", align="right", show=brackets),
        Column(names=("p_value",), header="p", align="right", show=p_value),
        Column(names=("cr3_conf_low", "cr3_conf_high"), header=f"CR3 {level} interval", align="right", show=brackets),
        Column(names=("permutation_p",), header="Permutation p", align="right", show=p_value),
        Column(names=("mde",), header="Detectable", align="right", show=two),
        Column(names=("sesoi",), header="Of interest", align="right", show=two),
        Column(names=("n_units",), header="N", align="right", show=whole),
    )  # fmt: skip


def inference_note(inference: Mapping[str, Any], power: float) -> str:
    """Say how intervals, p-values and detectable effects of group contrasts are made."""
    return (
        f"{inference['conf_level']:.0%} intervals and p by conditional SCPC (average pairwise correlation of shocks "
        "at most .03); with fewer than four units in a group, p by free permutation of labels and no interval. Beside "
        "them CR3 with t(G* \u2212 1) and free permutation of whole label rows. Detectable: smallest effect found with "
        f"{power:.0%} power by the deciding test. Of interest: the smallest effect of interest set in advance. Where "
        "detectable exceeds of interest the comparison is UNDERPOWERED: an interval that holds zero is no evidence of "
        "no effect."
    )

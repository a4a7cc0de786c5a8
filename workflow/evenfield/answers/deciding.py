"""Rows that decide a hypothesis, as tables and figures name them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

from evenfield.shared.tables.notes import basis_mark
from evenfield.shared.tables.numbers import text
from evenfield.shared.tables.table import Column, Table
from evenfield.shared.tables.units import period_label

TEXT = ("hypothesis", "hypothesis_family", "statement", "part", "kind", "hypothesis_verdict", "verdict", "limits",
        "estimate_id", "spec_id", "outcome", "term", "contrast", "sample_id", "treatment_def", "w_id", "estimator",
        "se_type", "p_type", "unit_of_measure", "output_basis", "max_leverage_unit")  # fmt: skip
SAME_ESTIMAND = ("hypothesis", "spec_id", "outcome", "term", "contrast", "period", "sample_id")


def period_text(period: Any, labels: Mapping[str, str]) -> str:
    """Return a period, or a difference or union of periods, as it is printed."""
    return re.sub(r"\w+", lambda found: labels.get(found.group(), found.group()), text(period)).replace("+", " and ")


def row_label(row: Mapping[str, Any], labels: Mapping[str, str]) -> str:
    """Name a deciding row: part, period and what its output rests on."""
    basis = text(row["output_basis"])
    mark = f" {basis_mark(basis)}" if basis in {"proxy", "spliced"} else ""
    parts = [text(row["part"]).replace("_", " "), period_text(row["period"], labels)]
    return f"{', '.join(part for part in parts if part)}{mark}"


def hypothesis_order(frame: pd.DataFrame) -> pd.DataFrame:
    """Sort rows by the number of their hypothesis, keeping the order within."""
    return frame.sort_values("hypothesis", key=lambda names: names.map(_number), kind="stable", ignore_index=True)


def _number(name: str) -> tuple[str, int, str]:
    found = re.fullmatch(r"([A-Z]+)(\d+)(.*)", name)
    return (found[1], int(found[2]), found[3]) if found else (name, 0, "")


def estimand_key(frame: pd.DataFrame) -> pd.Series:
    """Join the columns that two rows of one estimand share."""
    return frame[list(SAME_ESTIMAND)].astype(str).agg("\x1f".join, axis=1)


def table_or_sentence(table: Table, sentence: str) -> Table:
    """Return the table, or one row with a sentence where there is nothing to show yet."""
    if not table.frame.empty:
        return table
    name, empty = table.columns[0].names[0], Column(names=table.columns[1].names[:1], header=table.columns[1].header)
    frame = pd.DataFrame([{**dict.fromkeys(table.frame.columns, ""), name: sentence}])
    return Table(id=table.id, title=table.title, note=table.note, frame=frame,
                 columns=(Column(names=(name,), header=table.columns[0].header, width_cm=12.0), empty))  # fmt: skip


def all_labels(periods: Mapping[str, Any]) -> dict[str, str]:
    """Return the label of every period as it is printed."""
    return {name: period_label(name, periods) for name in periods}

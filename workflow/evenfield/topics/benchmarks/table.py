"""T30: published figures, and the estimates that may stand beside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from evenfield.shared.tables.notes import basis_note, origin_note, period_with_basis
from evenfield.shared.tables.numbers import interval, is_missing, significant, text
from evenfield.shared.tables.rows import Row, pick, records
from evenfield.shared.tables.table import Column, Table
from evenfield.shared.tables.units import in_words
from evenfield.study.errors import ArtifactError

PRINTED = ("seen", "measured")
BESIDE = {"yes": "Comparable", "partly": "Comparable in part", "no": "Not comparable"}
ABSENT = "no estimate of this run has its id"
OURS = ("estimate", "conf_low", "conf_high", "period", "output_basis", "estimator", "spec_id", "family")
UNIT_NAMES = {"pp/yr": "pp a year", "% per year": "% a year"}


def benchmark_rows(benchmarks: pd.DataFrame, estimates: pd.DataFrame, periods: Mapping[str, Any]) -> pd.DataFrame:
    """Set estimates beside the published figures that were verified."""
    shown = benchmarks[benchmarks["tag"].isin(PRINTED)]
    if shown.empty:
        raise ArtifactError("no verified row in benchmarks.csv", f"a tag of {in_words(list(PRINTED))}",
                            "verify a row or remove T30 and F24 from `tables` and `figures`")  # fmt: skip
    rows = pd.DataFrame([_row(row, estimates, periods) for row in records(shown)])
    order = rows["group"].map({name: place for place, name in enumerate(BESIDE.values())})
    return rows.assign(order=order).sort_values(["order", "benchmark"], ignore_index=True).drop(columns="order")


def tabulate_benchmarks(
    benchmarks: pd.DataFrame, estimates: pd.DataFrame, description: Mapping[str, Any], *, periods: Mapping[str, Any]
) -> Table:
    """Arrange published figures and ours."""
    hidden = int((~benchmarks["tag"].isin(PRINTED)).sum())
    note = (
        "Published figures as read in abstracts, page openings and public reports; tables inside the papers were not "
        f"read. {hidden} further figures of benchmarks.csv are from memory: not printed before they are verified.",
        "An estimate of this study stands beside a published figure only where both measure the same thing, at least "
        "in part; the last column says what differs. City, firm and province figures answer different questions: that "
        "they differ is no contradiction.",
        "A positive speed means that incomes converge.",
        basis_note(description),
        origin_note(description),
    )
    return Table(id="T30", title="Published benchmarks", note=note, columns=_columns(),
                 frame=benchmark_rows(benchmarks, estimates, periods), group="group")  # fmt: skip


def _row(row: Row, estimates: pd.DataFrame, periods: Mapping[str, Any]) -> Row:
    wanted = text(row["estimate_id"]) if row["comparable"] != "no" else ""
    ours = pick(estimates, estimate_id=wanted) if wanted else {}
    window = period_with_basis(ours["period"], ours["output_basis"], periods) if ours else ""
    why = "; ".join(part for part in (text(row["why"]), ABSENT if wanted and not ours else "") if part)
    return {"group": BESIDE[str(row["comparable"])], **row, "why": why, "window": window,
            **{name: ours.get(name) for name in OURS}}  # fmt: skip


def _columns() -> tuple[Column, ...]:
    return (
        Column(names=("study",), header="Study", width_cm=3.2),
        Column(names=("sample",), header="Its sample", width_cm=2.8),
        Column(names=("quantity",), header="Quantity", width_cm=2.8),
        Column(names=("value", "value_high", "direction"), header="Published", align="right", show=published),
        Column(names=("unit_of_measure",), header="Unit", show=unit_name),
        Column(names=("estimate",), header="Ours", align="right", show=significant),
        Column(names=("conf_low", "conf_high"), header="95% interval", align="right", show=_range),
        Column(names=("window",), header="Our window"),
        Column(names=("why",), header="What differs", width_cm=4.2),
    )


def published(value: Any, high: Any, direction: Any) -> str:
    """Write a published figure: a number, a range or a direction."""
    if is_missing(value):
        return text(direction)
    return f"{value:g}" if is_missing(high) else f"{value:g} to {high:g}"


def unit_name(unit: Any) -> str:
    """Write the unit of a published figure."""
    return UNIT_NAMES.get(text(unit), text(unit))


def _range(low: Any, high: Any) -> str:
    return "" if is_missing(low) and is_missing(high) else interval(low, high, 2)

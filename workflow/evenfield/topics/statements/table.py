"""T31: claims that the panel can describe but not decide, and those that it cannot carry."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from evenfield.shared.tables.notes import NOT_CAUSAL, basis_note, origin_note, period_with_basis, sample_note
from evenfield.shared.tables.numbers import interval, is_missing, p_value, significant, text, whole
from evenfield.shared.tables.rows import Row, only, records
from evenfield.shared.tables.table import Column, Table
from evenfield.shared.tables.units import period_label
from evenfield.shared.tables.warnings import reason
from evenfield.study.errors import ArtifactError

EXACT = "shares are exact: no test"
FEW = "fewer than four units in a group: permutation only, no interval"
UNDEFINED = "not defined, see the last column"
NO_TEST = "shares are exact"
KEPT = ("spec_id", "estimator", "outcome", "term", "contrast", "period", "sample_id", "estimate", "conf_low",
        "conf_high", "p_value", "p_type", "mde", "sesoi", "n_units", "n_treated", "unit_of_measure",
        "output_basis")  # fmt: skip


def tabulate_exploratory(
    estimates: pd.DataFrame,
    not_carried: pd.DataFrame,
    claims: pd.DataFrame,
    description: Mapping[str, Any],
    *,
    specs: Sequence[Mapping[str, Any]],
    periods: Mapping[str, Any],
    inference: Mapping[str, Any],
    power: float,
    study: Mapping[str, Any],
) -> Table:
    """Arrange the exploratory statements by claim, with what cannot be carried and why."""
    shown = estimates[estimates["role"].eq("exploratory")]
    words = dict(zip(claims["claim_id"], claims["claim"], strict=True)) if len(claims) else {}
    ordered = sorted(specs, key=lambda spec: str(spec["claim"]))
    rows = [row for spec in ordered for row in _spec_rows(spec, shown, not_carried, words, periods)]
    if not rows:
        raise ArtifactError("no exploratory statements", "rows in the exploratory family",
                            "rerun the family or remove T31 from `tables`")  # fmt: skip
    note = (
        sample_note(description, study),
        "Each claim of the source that the data can describe but not decide, with the sign that it predicts (0: too "
        "small to matter). Nothing here decides a claim. No correction is made for looking this often: of every twenty "
        "tested rows one is expected below .05 when nothing is there.",
        f"{inference['conf_level']:.0%} intervals and p by conditional SCPC (average pairwise correlation of shocks at "
        f"most .03) for one row a {study['unit_name']}, by CR3 with t(G* \u2212 1) for panels with unit and year "
        "effects, by permutation of labels where a group has fewer than four units. Equivalence: two one-sided tests. "
        f"Detectable: smallest effect found with {power:.0%} power; above the smallest of interest, the row is "
        "UNDERPOWERED.",
        basis_note(description),
        NOT_CAUSAL,
        origin_note(description, inference["seed"]),
    )
    return Table(id="T31", title="Exploratory statements", note=note, columns=_columns(inference),
                 frame=pd.DataFrame(rows), group="group")  # fmt: skip


def _spec_rows(
    spec: Mapping[str, Any], shown: pd.DataFrame, not_carried: pd.DataFrame, words: Mapping[str, str],
    periods: Mapping[str, Any],
) -> Iterable[Row]:  # fmt: skip
    claim = str(spec["claim"])
    head = {"group": f"{claim}: {words[claim]}" if claim in words else claim, "claim": claim,
            "predicted": {"-": "\u2212"}.get(spec.get("predicted", ""), spec.get("predicted", ""))}  # fmt: skip
    mine = only(shown, spec_id=spec["id"])
    order = {name: i for i, name in enumerate(periods)}
    for row in sorted(
        records(mine), key=lambda row: (row["term"], order.get(row["period"], len(order)), row["estimator"])
    ):
        window = period_with_basis(row["period"], row["output_basis"], periods)
        yield {**head, "label": _label(row, spec), "window": window, **{name: row[name] for name in KEPT},
               "why": _why(row), "remark": _remark(row)}  # fmt: skip
    for row in records(only(not_carried, spec_id=spec["id"])):
        blank = dict.fromkeys(KEPT) | {"spec_id": row["spec_id"]}
        window = period_label(text(row["period"]), periods)
        yield {**head, "label": spec.get("label", "other data needed"), "window": window, **blank,
                "why": "", "remark": f"not carried ({row['reason_code']}): {row['reason']}"}  # fmt: skip


def _label(row: Row, spec: Mapping[str, Any]) -> str:
    name = str(spec.get("label") or f"{row['outcome']}: {text(row['contrast']) or row['term']}")
    lag = re.search(r"_lag(\d+)$", row["term"])
    if lag and int(lag[1]):
        return f"{name}, {lag[1]} year{'s' * (int(lag[1]) > 1)} before"
    if spec["kind"] == "rings":
        near, far = (re.sub(r"ring_(\d+)_(\d+)_km", "\\1\u2013\\2 km", part) for part in row["contrast"].split(" - "))
        return f"{name}: {near} less {far}"
    return f"{name}: equivalence to zero" if row["estimator"] == "equivalence" else name


def _why(row: Row) -> str:
    if is_missing(row["estimate"]):
        return UNDEFINED
    return EXACT if row["estimator"] == "exploratory_accounting" else FEW


def _remark(row: Row) -> str:
    weak = "UNDERPOWERED" if not is_missing(row["mde"]) and row["mde"] > row["sesoi"] else ""
    said = [part for part in reason(row["warning"]).split("; ") if part and not part.startswith(NO_TEST)]
    return "; ".join([*([weak] if weak else []), *said])


def _columns(inference: Mapping[str, Any]) -> tuple[Column, ...]:
    level = f"{inference['conf_level']:.0%}"
    return (
        Column(names=("label",), header="Statement", width_cm=4.6),
        Column(names=("window",), header="Window"),
        Column(names=("predicted",), header="Sign"),
        Column(names=("estimate",), header="Estimate", align="right", show=significant),
        Column(names=("unit_of_measure",), header="Unit", width_cm=2.4),
        Column(names=("conf_low", "conf_high"), header=f"{level} interval", align="right", show=_range, reason="why"),
        Column(names=("p_value",), header="p", align="right", show=p_value, reason="why"),
        Column(names=("mde",), header="Detectable", align="right", show=significant),
        Column(names=("n_treated",), header="Treated", align="right", show=whole),
        Column(names=("remark",), header="Warning", width_cm=3.6),
    )  # fmt: skip


def _range(low: Any, high: Any) -> str:
    if is_missing(low) or is_missing(high):
        return ""
    widest = max(abs(low), abs(high))
    return interval(low, high, 0 if widest >= 100 else 1 if widest >= 10 else 2 if widest >= 1 else 3)

"""T31: claims that the panel can describe but not decide, and those that it cannot carry."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from evenfield.shared.facts import Facts
from evenfield.shared.tables.headings import nothing_to_show
from evenfield.shared.tables.notes import NOT_CAUSAL, period_with_basis
from evenfield.shared.tables.numbers import interval, is_missing, p_value, significant, text, whole
from evenfield.shared.tables.rows import Row, only, records
from evenfield.shared.tables.table import Column, Table, right
from evenfield.shared.tables.units import period_label
from evenfield.shared.tables.warnings import reason

EXACT = "shares are exact: no test"
FEW = "fewer than four units in a group: permutation only, no interval"
UNDEFINED = "not defined, see the last column"
NO_TEST = "shares are exact"
KEPT = ["spec_id", "estimator", "outcome", "term", "contrast", "period", "sample_id", "estimate", "conf_low"]
KEPT += ["conf_high", "p_value", "p_type", "mde", "sesoi", "n_units", "n_treated", "unit_of_measure", "output_basis"]


def t31(facts: Facts) -> Table:
    """Return the statements by claim, with what cannot be carried and why."""
    words = {claim["id"]: claim["claim"] for claim in facts.config["answers"].get("claims", [])}
    shown, refused = facts.estimates(role="exploratory"), facts.series("not_carried", text=("period",))
    ordered = sorted(facts.specs(), key=lambda spec: str(spec["claim"]))
    rows = [row for spec in ordered for row in _spec_rows(facts, spec, shown, refused, words)]
    if not rows:
        raise nothing_to_show("statements", "statements", "T31")
    power = facts.config["estimates"].get("design", {}).get("power", 0.8)
    note = facts.note(
        "Each claim of the source that the data can describe but not decide, with the sign that it predicts (0: too "
        "small to matter). Nothing here decides a claim. No correction is made for looking this often: of every twenty "
        "tested rows one is expected below .05 when nothing is there.",
        f"{facts.level} intervals and p by conditional SCPC (average pairwise correlation of shocks at most .03) for "
        f"one row a {facts.words['unit_name']}, by CR3 with t(G* \u2212 1) for panels with unit and year effects, by "
        "permutation of labels where a group has fewer than four units. Equivalence: two one-sided tests. "
        f"Detectable: smallest effect found with {power:.0%} power; above the smallest of interest, the row is "
        "UNDERPOWERED.",
        NOT_CAUSAL,
    )
    columns = (
        Column(names=("label",), header="Statement", width_cm=4.6),
        Column(names=("window",), header="Window"),
        Column(names=("predicted",), header="Sign"),
        right("Estimate", "estimate", show=significant),
        Column(names=("unit_of_measure",), header="Unit", width_cm=2.4),
        right(f"{facts.level} interval", "conf_low", "conf_high", show=_range, reason="why"),
        right("p", "p_value", show=p_value, reason="why"),
        right("Detectable", "mde", show=significant),
        right("Treated", "n_treated", show=whole),
        Column(names=("remark",), header="Warning", width_cm=3.6),
    )
    title, frame = "Exploratory statements", pd.DataFrame(rows)
    return Table(id="T31", title=title, note=note, columns=columns, frame=frame, group="group")


TABLES = {"T31": t31}


def _spec_rows(
    facts: Facts, spec: Mapping[str, Any], shown: pd.DataFrame, refused: pd.DataFrame, words: Mapping[str, str]
) -> Iterable[Row]:
    claim, predicted, periods = str(spec["claim"]), spec.get("predicted", ""), facts.config["periods"]
    head = {"group": f"{claim}: {words[claim]}" if claim in words else claim, "claim": claim}
    head["predicted"] = "\u2212" if predicted == "-" else predicted
    order = {name: i for i, name in enumerate(periods)}
    mine = records(only(shown, spec_id=spec["id"]))
    for row in sorted(mine, key=lambda row: (row["term"], order.get(row["period"], len(order)), row["estimator"])):
        told = {"label": _label(row, spec), "window": period_with_basis(row["period"], row["output_basis"], periods)}
        yield {**head, **told, **{name: row[name] for name in KEPT}, "why": _why(row), "remark": _remark(row)}
    for row in records(only(refused, spec_id=spec["id"])):
        told = {"label": spec.get("label", "other data needed"), "window": period_label(text(row["period"]), periods)}
        remark = f"not carried ({row['reason_code']}): {row['reason']}"
        yield {**head, **told, **dict.fromkeys(KEPT), "spec_id": row["spec_id"], "why": "", "remark": remark}


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


def _range(low: Any, high: Any) -> str:
    if is_missing(low) or is_missing(high):
        return ""
    widest = max(abs(low), abs(high))
    return interval(low, high, 0 if widest >= 100 else 1 if widest >= 10 else 2 if widest >= 1 else 3)

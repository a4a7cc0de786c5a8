"""T31: facts as observed, and the regressions behind single claims, in the order of the
claims.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from evenfield.shared.facts import Facts
from evenfield.shared.tables.headings import nothing_to_show
from evenfield.shared.tables.notes import NOT_CAUSAL, period_with_basis
from evenfield.shared.tables.numbers import (
    interval,
    is_missing,
    p_value,
    significant,
    text,
    whole,
)
from evenfield.shared.tables.rows import Row, only, records
from evenfield.shared.tables.table import Column, Table, right
from evenfield.shared.tables.units import period_label
from evenfield.shared.tables.warnings import reason

EXACT = "observed in all units: no interval, no test"
FEW = "fewer than four units in a group: permutation only, no interval"
UNDEFINED = "not defined, see the last column"
COLUMNS = [
    "spec_id",
    "estimator",
    "outcome",
    "term",
    "contrast",
    "period",
    "unit_scheme",
    "treatment_def",
    "estimate",
]
COLUMNS += [
    "conf_low",
    "conf_high",
    "p_value",
    "mde",
    "sesoi",
    "n_treated",
    "unit_of_measure",
    "output_basis",
]


def t31(facts: Facts) -> Table:
    """Return the statements by claim, with what cannot be carried and why."""
    words = {
        claim["id"]: claim["claim"]
        for claim in facts.config["answers"].get("claims", [])
    }
    order = {name: number for number, name in enumerate(words)}
    specs = sorted(
        facts.specs(),
        key=lambda spec: (order.get(spec["claim"], len(order)), spec["claim"]),
    )
    shown = facts.estimates()
    refused = facts.series("not_carried", text=("period",))
    rows = [
        row for spec in specs for row in _spec_rows(facts, spec, shown, refused, words)
    ]
    if not rows:
        raise nothing_to_show("statements", "statements", "T31")
    note = facts.note(
        "Facts are observed in all units and carry no interval; a threshold beside the"
        " claim says when they hold.",
        f"The others are regressions: {facts.level} intervals and p by conditional SCPC"
        " (average pairwise correlation of shocks at most .03) for one row a"
        f" {facts.words['unit_name']}, by CR3 with t(G* \u2212 1) for panels with"
        " effects of units and years. No correction is made for looking at several of"
        " them.",
        NOT_CAUSAL,
    )
    columns = (
        Column(names=("label",), header="Statement", width_cm=4.6),
        Column(names=("window",), header="Window"),
        Column(names=("variant",), header="Variant", width_cm=3.0),
        right("Value", "estimate", show=significant),
        Column(names=("unit_of_measure",), header="Unit", width_cm=2.4),
        right(
            f"{facts.level} interval",
            "conf_low",
            "conf_high",
            show=_range,
            reason="why",
        ),
        right("p", "p_value", show=p_value, reason="why"),
        right("Units", "n_treated", show=whole),
        Column(names=("remark",), header="Warning", width_cm=3.6),
    )
    frame = pd.DataFrame(rows)
    return Table(id="T31", note=note, columns=columns, frame=frame, group="group")


TABLES = {"T31": t31}


def _spec_rows(
    facts: Facts,
    spec: Mapping[str, Any],
    shown: pd.DataFrame,
    refused: pd.DataFrame,
    words: Mapping[str, str],
) -> Iterable[Row]:
    claim = str(spec["claim"])
    periods = facts.config["periods"]
    head = {
        "group": f"{claim}: {words[claim]}" if claim in words else claim,
        "claim": claim,
    }
    order = {name: i for i, name in enumerate(periods)}
    spec_rows = records(only(shown, spec_id=spec["id"]))
    for row in sorted(
        spec_rows,
        key=lambda row: (
            order.get(row["period"], len(order)),
            row["period"],
            row["term"],
        ),
    ):
        cells = {
            "label": _label(row, spec),
            "window": period_with_basis(row["period"], row["output_basis"], periods),
        }
        raw_cells = {name: row[name] for name in COLUMNS}
        remarks = {
            "variant": _variant(row, facts),
            "why": _why(row),
            "remark": reason(row["warning"]),
        }
        yield {**head, **cells, **raw_cells, **remarks}
    for row in records(only(refused, spec_id=spec["id"])):
        cells = {
            "label": spec["label"],
            "window": period_label(text(row["period"]), periods),
        }
        remark = f"not carried: {row['reason']}"
        yield {
            **head,
            **cells,
            **dict.fromkeys(COLUMNS),
            "spec_id": row["spec_id"],
            "why": "",
            "remark": remark,
        }


def _label(row: Row, spec: Mapping[str, Any]) -> str:
    lag = re.search(r"_lag(\d+)$", row["term"])
    lag_text = (
        f", {lag[1]} year{'s' * (int(lag[1]) > 1)} before"
        if lag and int(lag[1])
        else ""
    )
    if row["estimator"] == "fact" and isinstance(spec["outcome"], dict):
        lag_text = f" ({row['outcome']})"
    return f"{spec['label']}{lag_text}"


def _variant(row: Row, facts: Facts) -> str:
    usual = {
        "unit_scheme": facts.main,
        "treatment_def": facts.config["taxonomy"]["primary"],
    }
    words = variant_words(facts.config["answers"])
    names = [
        words.get((key, str(row[key])), str(row[key]))
        for key, value in usual.items()
        if row[key] not in ("", value)
    ]
    return ", ".join(names)


def variant_words(answers: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    """Return what the study calls another list or unit scheme in its checks and
    variants, by column and value.
    """
    entries = [*answers.get("hypotheses", {}).values(), *answers.get("claims", [])]
    words: dict[tuple[str, str], str] = {}
    for entry in entries:
        named = {**entry.get("checks", {}), **entry.get("variants", {})}
        for name, change in named.items():
            if len(change) == 1:
                ((key, value),) = change.items()
                words.setdefault((key, str(value)), name)
    return words


def _why(row: Row) -> str:
    if is_missing(row["estimate"]):
        return UNDEFINED
    return EXACT if row["estimator"] == "fact" else FEW


def _range(low: Any, high: Any) -> str:
    if is_missing(low) or is_missing(high):
        return ""
    widest = max(abs(low), abs(high))
    return interval(
        low,
        high,
        0 if widest >= 100 else 1 if widest >= 10 else 2 if widest >= 1 else 3,
    )

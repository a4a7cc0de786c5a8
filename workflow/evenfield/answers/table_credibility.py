"""T25 to T29: how firm the deciding estimates are: inference, multiplicity, power, influence, placebos."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from evenfield.answers.deciding import estimand_key, hypothesis_order, period_text, row_label, table_or_sentence
from evenfield.shared.tables.notes import NOT_CAUSAL
from evenfield.shared.tables.numbers import fixed, interval, is_missing, p_value, places, significant, text, whole
from evenfield.shared.tables.rows import Row, records
from evenfield.shared.tables.table import Column, Table

UNDERPOWERED = (
    "A test that misses zero is no evidence that nothing is there: the design may be UNDERPOWERED (table T27)."
)
NOTHING = "No hypothesis has a deciding row yet."
PLACE = Column(names=("label",), header="Estimate of", width_cm=4.2)
VALUE = Column(names=("estimate",), header="Estimate", align="right", show=significant)
UNIT = Column(names=("unit_of_measure",), header="Unit")


def tabulate_ladder(estimates: pd.DataFrame, rows: pd.DataFrame, labels: Mapping[str, str]) -> Table:
    """Arrange the deciding estimates under every kind of inference that was run, side by side."""
    key = estimand_key(rows) if len(rows) else pd.Series(dtype=str)
    named = {place: f"{row['hypothesis']}: {row_label(row, labels)}{_carried(row)}" for place, row in
             zip(key, records(rows), strict=True)}  # fmt: skip
    ladder = estimates[estimates["hypothesis"].ne("") & estimates["role"].isin(["primary", "ladder"])]
    ladder = ladder[estimand_key(ladder).isin(list(named))] if len(ladder) else ladder
    frame = ladder.assign(
        label=ladder["se_type"].where(ladder["se_type"].ne(""), ladder["estimator"].str.replace("_", " ")),
        group=estimand_key(ladder).map(named) if len(ladder) else "",
        first=ladder["role"].eq("primary"),
    ).sort_values("first", ascending=False, kind="stable")  # fmt: skip
    columns = (
        Column(names=("label",), header="Inference", width_cm=3.6),
        Column(names=("role",), header="Role"),
        VALUE,
        Column(names=("std_error",), header="Standard error", align="right", show=significant),
        Column(names=("conf_low", "conf_high"), header="Interval", align="right", show=_ends),
        Column(names=("p_value",), header="p", align="right", show=p_value),
        Column(names=("df",), header="df", align="right", show=places(fixed, 1)),
        Column(names=("p_type",), header="How p is found", width_cm=4.0),
    )
    note = (
        "One estimate, several ways to judge its error; the primary one stands first. "
        "Few treated units that lie side by side make HC and CR1 intervals too short. In the headings: units in the "
        "smaller of the groups compared, of N; effective number of clusters G*; the unit of largest leverage. Weights, "
        "sample, output basis, data hash and seed of every row stand in results/estimates.csv.",
        UNDERPOWERED,
    )
    kept = hypothesis_order(frame).sort_values("group", key=_in_order(list(named.values())), kind="stable")
    table = Table(id="T25", title="Inference side by side", note=note, columns=columns, group="group",
                  frame=kept.reset_index(drop=True))  # fmt: skip
    return table_or_sentence(table, NOTHING)


def _carried(row: Row) -> str:
    """Return what an estimate rests on: treated units, effective clusters, the unit of largest leverage."""
    treated, most = row.get("n_treated"), str(row.get("max_leverage_unit") or "")
    parts = [
        "" if is_missing(treated) else f"{whole(treated)} of {whole(row['n_units'])}",
        "" if is_missing(row.get("g_star")) else f"G* {fixed(row['g_star'], 1)}",
        f"leverage {most}" if most and most != "nan" else "",
    ]
    told = ", ".join(part for part in parts if part)
    return f" ({told})" if told else ""


def tabulate_multiplicity(rows: pd.DataFrame, content: Mapping[str, Any], labels: Mapping[str, str]) -> Table:
    """Arrange the p-values of deciding rows before and after the adjustment within their family."""
    made, alpha = content["estimates"], content["rule"]["thresholds"]["alpha"]
    frame = _labelled(rows, labels, "hypothesis_family")
    columns = (
        Column(names=("hypothesis",), header="Hypothesis"),
        PLACE,
        Column(names=("p_value",), header="p", align="right", show=p_value),
        Column(names=("joint_p",), header="Romano-Wolf p", align="right", show=p_value),
        Column(names=("p_adjusted",), header="Adjusted p", align="right", show=p_value),
        Column(names=("q_value",), header="q", align="right", show=p_value),
        Column(names=("verdict",), header="Verdict on this row"),
    )
    note = (
        f"{made['all']} estimates were made for this run. Adjusted p: Holm over the deciding rows of a family, which "
        "holds however the tests depend on each other; inside a hypothesis with several outcomes the Romano-Wolf p "
        "enters.",
        f"Of {made['exploratory_tested']} exploratory rows with a p-value {made['exploratory_p_below_alpha']} lie "
        f"below {alpha:g}; after sharpened q-values (Benjamini, Krieger, Yekutieli) "
        f"{made['exploratory_q_below_alpha']}.",
        "A blank p: the row has an interval and no test.",
    )
    table = Table(id="T26", title="How many hypotheses were tested", note=note, columns=columns, frame=frame,
                  group="group")  # fmt: skip
    return table_or_sentence(table, NOTHING)


def tabulate_power(rows: pd.DataFrame, labels: Mapping[str, str]) -> Table:
    """Arrange what each deciding row could see, and what a significant one would be worth."""
    columns = (
        PLACE,
        VALUE,
        Column(names=("std_error",), header="Standard error", align="right", show=significant),
        Column(names=("mde",), header="Detectable", align="right", show=significant),
        Column(names=("sesoi",), header="Of interest", align="right", show=significant),
        UNIT,
        Column(names=("power",), header="Power", align="right", show=places(fixed, 2)),
        Column(names=("wrong_sign",), header="Wrong sign", align="right", show=places(fixed, 2)),
        Column(names=("exaggeration",), header="Exaggeration", align="right", show=places(fixed, 1)),
        Column(names=("verdict",), header="Verdict on this row"),
    )
    note = (
        "Detectable: smallest effect found with the power in the config by the test of that row. Power, wrong sign "
        "(type S) and exaggeration (type M, mean absolute estimate over the effect) are those of a normal test with "
        "that detectable effect, if the true effect were the smallest of interest and the estimate passed the test.",
        UNDERPOWERED,
    )
    table = Table(id="T27", title="What the deciding estimates could see", note=note, columns=columns,
                  frame=_labelled(rows, labels, "hypothesis"), group="group")  # fmt: skip
    return table_or_sentence(table, NOTHING)


def tabulate_influence(estimates: pd.DataFrame, rows: pd.DataFrame, labels: Mapping[str, str]) -> Table:
    """Arrange the range of each deciding estimate when one unit, or a named pair, is left out."""
    there = rows[rows["low"].notna()]
    pairs = estimates[estimates["effect_type"].eq("stat_pair")]
    told = [_pair_text(pairs, row) for row in records(there)]
    columns = (
        PLACE,
        VALUE,
        Column(names=("low", "high"), header="Without one unit", align="right", show=_ends),
        Column(names=("flips",), header="Units that turn the sign", align="right", show=whole),
        Column(names=("max_leverage_unit",), header="Largest leverage"),
        Column(names=("g_star",), header="Effective clusters", align="right", show=places(fixed, 1)),
        Column(names=("pairs",), header="Without a pair", width_cm=4.5),
        UNIT,
    )
    note = (
        "Every unit is left out in turn and the estimate made again; pairs are named in the config. A sign that one "
        "unit can turn keeps a verdict from SUPPORTED.",
        NOT_CAUSAL,
    )
    frame = _labelled(there.assign(pairs=told), labels, "hypothesis")
    table = Table(id="T28", title="Leaving units out", note=note, columns=columns, frame=frame, group="group")
    return table_or_sentence(table, "No deciding row has been made again without each unit yet.")


def tabulate_placebos(estimates: pd.DataFrame, labels: Mapping[str, str]) -> Table:
    """Arrange the placebos: dates, places and outcomes at which nothing should be found."""
    found = estimates[estimates["role"].eq("placebo") & estimates["hypothesis"].ne("")]
    frame = found.assign(
        label=found["estimator"].str.replace("_", " ") + ", " + found["term"].str.replace("_", " "),
        when=[period_text(period, labels) for period in found["period"]],
        group=found["hypothesis"],
    )
    columns = (
        Column(names=("label",), header="Placebo", width_cm=4.5),
        Column(names=("outcome",), header="Outcome"),
        Column(names=("when",), header="Period"),
        VALUE,
        Column(names=("conf_low", "conf_high"), header="Interval", align="right", show=_ends),
        Column(names=("p_value",), header="p", align="right", show=p_value),
        UNIT,
    )
    note = (
        "A placebo looks where the hypothesis says that nothing should show. One that shows something speaks against "
        "reading the deciding estimate as the hypothesis does; a clean one has only its own power.",
    )
    table = Table(id="T29", title="Placebos", note=note, columns=columns, frame=hypothesis_order(frame), group="group")
    return table_or_sentence(table, "No placebo has been run in this study.")


def _labelled(rows: pd.DataFrame, labels: Mapping[str, str], group: str) -> pd.DataFrame:
    frame = rows.assign(label=[row_label(row, labels) for row in records(rows)], group=rows[group].map(_named))
    ordered = hypothesis_order(frame)
    return ordered.sort_values("group", kind="stable", ignore_index=True) if group != "hypothesis" else ordered


def _named(name: str) -> str:
    return f"Family {name}" if name.startswith("F") else name or "no family"


def _pair_text(pairs: pd.DataFrame, row: Mapping[str, Any]) -> str:
    same = ("hypothesis", "spec_id", "outcome", "term", "contrast", "period")
    mine = pairs[(pairs[list(same)] == [text(row[name]) for name in same]).all(axis=1)]
    parts = [f"{found['sample_id'].replace('_', ' ')}: {significant(found['estimate'])}" for found in records(mine)]
    return "; ".join(parts)


def _ends(low: Any, high: Any) -> str:
    if is_missing(low) and is_missing(high):
        return ""
    if is_missing(low) or is_missing(high):
        return interval(low, high)
    return f"[{significant(low)}, {significant(high)}]"


def _in_order(names: list[str]) -> Any:
    return lambda values: values.map({name: place for place, name in enumerate(names)})

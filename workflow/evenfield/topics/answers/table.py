"""T0, T0b and T28: the answer to each claim, claims out of reach, and what leaving units out does to the answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pandas as pd

from evenfield.shared.estimates import read_estimates
from evenfield.shared.facts import Facts
from evenfield.shared.tables.notes import NOT_CAUSAL, basis_mark
from evenfield.shared.tables.numbers import (
    Formatter,
    fixed,
    interval,
    is_missing,
    p_value,
    places,
    significant,
    text,
    whole,
)
from evenfield.shared.tables.rows import records
from evenfield.shared.tables.table import Column, Table, right
from evenfield.shared.tables.units import period_label
from evenfield.study.files import read_json, read_table

CLAIM_TEXT = tuple(
    "claim_id paragraphs claim class reason_codes deciding_data route hypotheses verdict reason estimand decides "
    "estimate_id unit_of_measure output_basis".split()
)
ROW_TEXT = tuple(
    "hypothesis hypothesis_family statement part kind hypothesis_verdict verdict limits estimate_id spec_id outcome "
    "term contrast sample_id treatment_def w_id estimator se_type p_type unit_of_measure output_basis "
    "max_leverage_unit".split()
)
NOT_TESTABLE = "NOT TESTABLE HERE"
HASH_LETTERS = 12


def t0(facts: Facts) -> Table:
    """Return the verdict on each claim with the numbers of the row that decides it."""
    verdicts, content = read_table(facts.root / "verdicts.csv", CLAIM_TEXT), read_json(facts.root / "verdicts.json")
    labels = {name: period_label(name, facts.config["periods"]) for name in facts.config["periods"]}
    frame = verdicts.assign(
        numbers=[_estimate(row) for row in records(verdicts)],
        when=verdicts["period"].map(lambda period: labels.get(period, period)),
        behind=verdicts["hypotheses"].str.replace(" ", ", "),
    )
    columns = (
        Column(names=("claim_id",), header="No."),
        Column(names=("paragraphs",), header="\u00b6", show=lambda text: text.replace(" ", ", ")),
        Column(names=("claim",), header="Claim, in our words", width_cm=4.6),
        Column(names=("class",), header="Class", paper=False),
        Column(names=("behind",), header="Decided by", paper=False),
        Column(names=("verdict",), header="Verdict", width_cm=2.2),
        Column(names=("reason",), header="Reason", width_cm=6.5),
        Column(names=("numbers",), header="Estimate [interval]", width_cm=3.0, paper=False),
        Column(names=("when",), header="Period", paper=False),
        right("p", "p_value", show=p_value, paper=False),
        right("adjusted p", "p_adjusted", show=p_value, paper=False),
        right("Detectable", "mde", show=significant, paper=False),
        right("Of interest", "sesoi", show=significant, paper=False),
        right("Sign share", "share", show=places(fixed, 2), paper=False),
    )
    return Table(id="T0", title="Verdict on each claim", note=_note(content), columns=columns, frame=frame)


def t0b(facts: Facts) -> Table:
    """Return the claims that the panel cannot decide, with the reason and the data that would."""
    verdicts, content = read_table(facts.root / "verdicts.csv", CLAIM_TEXT), read_json(facts.root / "verdicts.json")
    frame = verdicts[verdicts["verdict"].eq(NOT_TESTABLE)]
    why = frame["reason"].str.partition(" What would decide it: ")[0]
    data = frame["deciding_data"].where(
        frame["deciding_data"].ne(""), frame["reason"].str.partition(" What would decide it: ")[2]
    )
    columns = (
        Column(names=("claim_id",), header="No."),
        Column(names=("paragraphs",), header="\u00b6", show=lambda text: text.replace(" ", ", ")),
        Column(names=("claim",), header="Claim, in our words", width_cm=5.5),
        Column(names=("why",), header="Why not here", width_cm=5.0),
        Column(names=("data",), header="What would decide it", width_cm=5.0),
    )
    note = (f"Rule {content['rule']['hash'][:HASH_LETTERS]}. Saying what cannot be decided is a result.",)
    return Table(
        id="T0b",
        title="Claims that these data cannot decide",
        note=note,
        columns=columns,
        frame=frame.assign(why=why, data=data),
    )


def t28(facts: Facts) -> Table:
    """Return the range of each deciding estimate when one unit, or a named pair, is left out."""
    rows, estimates = deciding_rows(facts), read_estimates(facts.root / "estimates.csv")
    there, pairs = rows[rows["low"].notna()], estimates[estimates["effect_type"].eq("stat_pair")]
    frame = there.assign(pairs=[_pair_text(pairs, row) for row in records(there)], group=there["hypothesis"])
    columns: tuple[Column, ...] = (
        Column(names=("label",), header="Estimate of", width_cm=4.2),
        right("Estimate", "estimate", show=significant),
        right("Without one unit", "low", "high", show=_ends),
        right("Units that turn the sign", "flips", show=whole),
        Column(names=("max_leverage_unit",), header="Largest leverage"),
        right("Effective clusters", "g_star", show=places(fixed, 1)),
        Column(names=("pairs",), header="Without a pair", width_cm=4.5),
        Column(names=("unit_of_measure",), header="Unit"),
    )
    note = (
        "Every unit is left out in turn and the estimate made again; pairs are named in the config. A sign that one "
        "unit can turn keeps a verdict from SUPPORTED.",
        NOT_CAUSAL,
    )
    if frame.empty:
        sentence = "No deciding row has been made again without each unit yet."
        frame = pd.DataFrame([{**dict.fromkeys(frame.columns, ""), "label": sentence, "group": "None"}])
        columns = (Column(names=("label",), header="Estimate of", width_cm=12.0), columns[-1])
    return Table(id="T28", title="Leaving units out", note=note, columns=columns, frame=frame, group="group")


TABLES = {"T0": t0, "T0b": t0b, "T28": t28}


def deciding_rows(facts: Facts) -> pd.DataFrame:
    """Return the rows that decide a hypothesis, in the order of the hypotheses, each with a ``label``."""
    rows = read_table(facts.root / "verdict_rows.csv", ROW_TEXT)
    labels = {name: period_label(name, facts.config["periods"]) for name in facts.config["periods"]}
    frame = rows.assign(label=[_row_label(row, labels) for row in records(rows)])
    return frame.sort_values("hypothesis", key=lambda names: names.map(_number), kind="stable", ignore_index=True)


def _row_label(row: Mapping[str, Any], labels: Mapping[str, str]) -> str:
    """Name a deciding row: part, period (or a difference or union of periods) and what its output rests on."""
    period = re.sub(r"\w+", lambda found: labels.get(found.group(), found.group()), text(row["period"]))
    mark = f" {basis_mark(row['output_basis'])}" if row["output_basis"] in {"proxy", "spliced"} else ""
    parts = [text(row["part"]).replace("_", " "), period.replace("+", " and ")]
    return f"{', '.join(part for part in parts if part)}{mark}"


def _number(name: str) -> tuple[str, int, str]:
    found = re.fullmatch(r"([A-Z]+)(\d+)(.*)", name)
    return (found[1], int(found[2]), found[3]) if found else (name, 0, "")


def _estimate(row: Mapping[str, Any]) -> str:
    if is_missing(row["estimate"]):
        return ""
    show: Formatter = significant
    ends = ["unbounded" if is_missing(row[name]) else show(row[name]) for name in ("conf_low", "conf_high")]
    bounds = "" if is_missing(row["conf_low"]) and is_missing(row["conf_high"]) else f" [{ends[0]}, {ends[1]}]"
    mark = " PROXY" if row["output_basis"] in {"proxy", "spliced"} else ""
    return f"{show(row['estimate'])}{bounds} {row['unit_of_measure']}{mark}"


def _note(content: Mapping[str, Any]) -> tuple[str, ...]:
    limits, made = content["rule"]["thresholds"], content["estimates"]
    told = ", ".join(f"{content['counts'][word]} {word}" for word in content["words"] if content["counts"][word])
    return (
        f"{told}.",
        f"A verdict needs the predicted sign, an adjusted p below {limits['alpha']:g}, that sign in at least "
        f"{limits['sign_share']:.0%} of specifications, at most {limits['sign_flips']} units whose deletion turns it, "
        f"and clean placebos; p below {limits['lean']:g} leans. Evidence that was not gathered counts as missing: the "
        "verdict then leans at most. INCONCLUSIVE is not evidence that nothing is there; UNDERPOWERED: the smallest "
        "detectable effect exceeds the smallest of interest.",
        "Numbers are those of the row that decides; claims behind which several hypotheses stand show their parts and "
        "no number. Adjusted p: Holm over the deciding rows of a family of hypotheses. Numbers marked PROXY rest on "
        "proxy output and lean at most.",
        "Class A: testable with this panel; B: described or approached by a proxy (CONSISTENT, MIXED, NOT CONSISTENT); "
        "C: needs other data; D: no statistical claim.",
        NOT_CAUSAL,
        f"{made['all']} estimates were made for this run; rule {content['rule']['hash'][:HASH_LETTERS]}.",
    )


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

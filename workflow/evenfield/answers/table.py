"""T0 and T0b: what the estimates say about each claim, and which claims this panel cannot decide."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from evenfield.shared.tables.notes import NOT_CAUSAL
from evenfield.shared.tables.numbers import Formatter, fixed, is_missing, p_value, places, significant
from evenfield.shared.tables.rows import records
from evenfield.shared.tables.table import Column, Table

TEXT = ("claim_id", "paragraphs", "claim", "class", "reason_codes", "deciding_data", "route", "hypotheses", "verdict",
        "reason", "estimand", "decides", "estimate_id", "unit_of_measure", "output_basis")  # fmt: skip
NOT_TESTABLE = "NOT TESTABLE HERE"
HASH_LETTERS = 12


def tabulate_verdicts(verdicts: pd.DataFrame, content: Mapping[str, Any], labels: Mapping[str, str]) -> Table:
    """Arrange the verdict on each claim with the numbers of the row that decides it."""
    frame = verdicts.assign(
        numbers=[_estimate(row) for row in records(verdicts)],
        when=verdicts["period"].map(lambda period: labels.get(period, period)),
        behind=verdicts["hypotheses"].str.replace(" ", ", "),
    )
    columns = (
        Column(names=("claim_id",), header="No."),
        Column(names=("paragraphs",), header="\u00b6", show=lambda text: text.replace(" ", ", ")),
        Column(names=("claim",), header="Claim, in our words", width_cm=4.6),
        Column(names=("class",), header="Class"),
        Column(names=("behind",), header="Decided by"),
        Column(names=("verdict",), header="Verdict", width_cm=2.2),
        Column(names=("reason",), header="Reason", width_cm=6.5),
        Column(names=("numbers",), header="Estimate [interval]", width_cm=3.0),
        Column(names=("when",), header="Period"),
        Column(names=("p_value",), header="p", align="right", show=p_value),
        Column(names=("p_adjusted",), header="adjusted p", align="right", show=p_value),
        Column(names=("mde",), header="Detectable", align="right", show=significant),
        Column(names=("sesoi",), header="Of interest", align="right", show=significant),
        Column(names=("share",), header="Sign share", align="right", show=places(fixed, 2)),
    )
    return Table(id="T0", title="Verdict on each claim", note=_note(content), columns=columns, frame=frame)


def tabulate_untestable(verdicts: pd.DataFrame, content: Mapping[str, Any]) -> Table:
    """Arrange the claims that the panel cannot decide, with the reason and the data that would."""
    frame = verdicts[verdicts["verdict"].eq(NOT_TESTABLE)]
    why = frame["reason"].str.partition(" What would decide it: ")[0]
    data = frame["deciding_data"].where(frame["deciding_data"].ne(""), frame["reason"].str.partition(
        " What would decide it: ")[2])  # fmt: skip
    columns = (
        Column(names=("claim_id",), header="No."),
        Column(names=("paragraphs",), header="\u00b6", show=lambda text: text.replace(" ", ", ")),
        Column(names=("claim",), header="Claim, in our words", width_cm=5.5),
        Column(names=("why",), header="Why not here", width_cm=5.0),
        Column(names=("data",), header="What would decide it", width_cm=5.0),
    )
    note = (f"Rule {content['rule']['hash'][:HASH_LETTERS]}. Saying what cannot be decided is a result.",)
    return Table(id="T0b", title="Claims that these data cannot decide", note=note, columns=columns,
                 frame=frame.assign(why=why, data=data))  # fmt: skip


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

"""The answers on the page: one row per claim, the estimates behind it one click away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evenfield.report.exhibits import Exhibit
from evenfield.shared.tables.numbers import is_missing, significant
from evenfield.shared.tables.rows import Row, records
from evenfield.shared.words import Findings, number, p, plain, proxy
from evenfield.study.files import read_table

TEXT = tuple(
    "claim_id paragraphs claim class hypotheses hypothesis part period verdict reason hypothesis_verdict limits "
    "unit_of_measure output_basis".split()
)
# What the sign before an answer looks like; a word without one is not an answer about the world.
KINDS = {
    **dict.fromkeys(("SUPPORTED", "CONSISTENT"), "for"),
    **dict.fromkeys(("INCONCLUSIVE", "MIXED"), "open"),
    **dict.fromkeys(("CONTRADICTED", "NOT CONSISTENT"), "against"),
    **{"LEANS SUPPORT": "leans-for", "LEANS AGAINST": "leans-against", "INCONCLUSIVE (UNDERPOWERED)": "weak"},
}


def verdict_table(
    facts: Findings, exhibits: Sequence[Exhibit], evidence: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    """Arrange the answers: words with their counts, then a row for each claim."""
    table = next((item for item in exhibits if item.id == "T0"), None)
    claims, behind = (records(read_table(facts.root / name, TEXT)) for name in ("verdicts.csv", "verdict_rows.csv"))
    if table is None or not claims:
        return {}
    content, anchors = facts.verdicts, {item.id: item.anchor for item in exhibits}
    order = [word for word in content["words"] if content["counts"][word]]
    rows = [
        {
            **claim,
            "rank": order.index(claim["verdict"]),
            "kind": KINDS.get(claim["verdict"], "none"),
            "numbers": _numbers(claim),
            "behind": [_hypothesis(name, behind, evidence, anchors, facts) for name in claim["hypotheses"].split()],
        }
        for claim in claims
    ]
    return {
        "exhibit": table,
        "rows": rows,
        "words": [(word, content["counts"][word]) for word in order],
        "classes": sorted({claim["class"] for claim in claims}),
    }


def _hypothesis(
    name: str, rows: Sequence[Row], evidence: Mapping[str, Sequence[str]], anchors: Mapping[str, str], facts: Findings
) -> dict[str, Any]:
    mine = [row for row in rows if row["hypothesis"] == name]
    links = [(item, anchors[item]) for item in evidence.get(name, ()) if item in anchors]
    told = [
        (f"{plain(row['part'])}, {facts.label(row)}: {_numbers(row)}", row["verdict"], row["limits"]) for row in mine
    ]
    return {"id": name, "verdict": mine[0]["hypothesis_verdict"] if mine else "", "links": links, "rows": told}


def _numbers(row: Row) -> str:
    """Write estimate, interval, unit, p-values and power of the row that decides."""
    if is_missing(row["estimate"]):
        return ""
    parts = [f"{number(row)} {row['unit_of_measure']}{proxy(row)}"]
    parts += [] if is_missing(row["p_value"]) else [p(row)]
    parts += [] if is_missing(row["p_adjusted"]) else [f"adjusted {p(row, 'p_adjusted')}"]
    parts += [] if is_missing(row["mde"]) else [f"detectable {significant(row['mde'])}"]
    parts += [] if is_missing(row["sesoi"]) else [f"of interest {significant(row['sesoi'])}"]
    return "; ".join(parts)

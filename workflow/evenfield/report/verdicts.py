"""The verdict table of the page: one row per claim, the estimates behind it one click away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from evenfield.report.exhibits import Exhibit
from evenfield.report.grids import Grid
from evenfield.report.numbers import p_text
from evenfield.report.rows import Row, number, pick
from evenfield.report.sentences.base import proxy_mark
from evenfield.report.words import value_text

TABLE = "T0"
PRINTED = ("No.", "\u00b6", "Claim, in our words", "Verdict", "Reason")
# Listed in the paper's table of claims that the data cannot decide, or no claims about the world.
ELSEWHERE = ("NOT TESTABLE HERE", "NOT A STATISTICAL CLAIM")
# What the sign before a verdict looks like; a word without one is not a verdict on the world.
KINDS = {
    "SUPPORTED": "for", "LEANS SUPPORT": "leans-for", "INCONCLUSIVE": "open",
    "INCONCLUSIVE (UNDERPOWERED)": "weak", "LEANS AGAINST": "leans-against", "CONTRADICTED": "against",
    "CONSISTENT": "for", "MIXED": "open", "NOT CONSISTENT": "against",
}  # fmt: skip


def verdict_table(
    claims: Sequence[Row], rows: Sequence[Row], content: Mapping[str, Any], exhibits: Sequence[Exhibit],
    evidence: Mapping[str, Sequence[str]], labels: Mapping[str, str],
) -> dict[str, Any]:  # fmt: skip
    """Arrange the verdict table of the page."""
    exhibit = next((item for item in exhibits if item.id == TABLE), None)
    if exhibit is None or exhibit.grid is None or len(exhibit.grid.body) != len(claims):
        return {}
    shown = {item.id: item.anchor for item in exhibits}
    order = [word for word in content["words"] if content["counts"][word]]
    return {
        "exhibit": exhibit,
        "head": exhibit.grid.head[-1],
        "rows": [
            {**_row(claim, exhibit.grid, place), "rank": order.index(claim["verdict"]),
             "behind": _behind(claim, rows, evidence, shown, labels)}
            for place, claim in enumerate(claims)
        ],
        "words": [(word, content["counts"][word]) for word in order],
        "classes": sorted({claim["class"] for claim in claims}),
    }  # fmt: skip


def compact_verdicts(exhibit: Exhibit) -> Exhibit:
    """Return the verdict table as the paper prints it: claims put to the data, with word and reason."""
    if exhibit.id != TABLE or exhibit.grid is None:
        return exhibit
    head = exhibit.grid.head[-1]
    kept = [place for place, cell in enumerate(head) if cell.text in PRINTED]
    word = next(place for place, cell in enumerate(head) if cell.text == "Verdict")
    body = [[row[place] for place in kept] for row in exhibit.grid.body if row[word].text not in ELSEWHERE]
    grid = replace(exhibit.grid, head=[[head[place] for place in kept]], body=body)
    return replace(exhibit, grid=grid) if body else exhibit


def _row(claim: Row, grid: Grid, place: int) -> dict[str, Any]:
    return {"id": claim["claim_id"], "class": claim["class"], "verdict": claim["verdict"],
            "kind": KINDS.get(claim["verdict"], "none"), "cells": grid.body[place]}  # fmt: skip


def _behind(
    claim: Row, rows: Sequence[Row], evidence: Mapping[str, Sequence[str]], shown: Mapping[str, str],
    labels: Mapping[str, str],
) -> list[dict[str, Any]]:  # fmt: skip
    names = [name for name in claim["hypotheses"].split() if pick(rows, hypothesis=name)]
    return [
        {"id": name, "verdict": pick(rows, hypothesis=name)[0]["hypothesis_verdict"],
         "links": [(item, shown[item]) for item in evidence.get(name, ()) if item in shown],
         "rows": [{"text": _estimate_text(row, labels), "verdict": row["verdict"]}
                  for row in pick(rows, hypothesis=name)]}
        for name in names
    ]  # fmt: skip


def _estimate_text(row: Row, labels: Mapping[str, str]) -> str:
    p, adjusted = number(row, "p_value"), number(row, "p_adjusted")
    parts = [
        f"{row['part'].replace('_', ' ')}, {labels.get(row['period'], row['period'])}".rstrip(", ")
        + (f" {proxy_mark(row)}" if proxy_mark(row) else ""),
        value_text(row),
        p_text(p) if p is not None else "",
        f"adjusted {p_text(adjusted)}" if adjusted is not None else "",
        row["limits"],
    ]
    return "; ".join(part for part in parts if part)

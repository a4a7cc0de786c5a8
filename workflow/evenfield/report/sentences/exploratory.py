"""Exploratory statements: how many claims are described, how many rows have the predicted sign, what is not carried."""

from __future__ import annotations

from evenfield.report.numbers import bare, count_word, listing
from evenfield.report.rows import Row, number
from evenfield.report.sentences.base import Facts, Sentence, capital, proxy_mark
from evenfield.report.words import underpowered

SIGNS = {"+": 1.0, "-": -1.0}
SHARES = "percentage points of share"
CLEAR = 0.05


def exploratory_sentences(facts: Facts) -> list[Sentence]:
    """Count what is described, and quote the shares that need no test."""
    rows = [row for row in facts.rows(family="statements", role="exploratory")
            if number(row, "estimate") is not None]  # fmt: skip
    if not rows:
        return []
    return [_count(rows, facts), _signs(rows, facts), *_growth(rows, facts)]


def _count(rows: list[Row], facts: Facts) -> Sentence:
    described = {row["hypothesis"] for row in rows}
    named = {str(spec["claim"]) for spec in facts.specs("statements")}
    without = sorted(named - described)
    text = f"{capital(count_word(len(described)))} claims are described by {len(rows)} rows; none is decided by them."
    if without:
        text += f" {capital(count_word(len(without)))} more cannot be carried by these data: {listing(without)}."
    return Sentence(text, basis=f"{facts.panel_size}, table T31")


def _signs(rows: list[Row], facts: Facts) -> Sentence:
    predicted = {str(spec["id"]): SIGNS.get(spec.get("predicted", ""), 0.0) for spec in facts.specs("statements")}
    tested = [(row, predicted.get(row["spec_id"], 0.0), number(row, "p_value")) for row in rows]
    clear = [(number(row, "estimate") or 0.0) * sign for row, sign, p in tested if sign and p is not None and p < CLEAR]
    total = sum(1 for _, sign, p in tested if sign and p is not None)
    as_said, against = sum(1 for value in clear if value > 0), sum(1 for value in clear if value < 0)
    weak = sum(1 for row in rows if underpowered(row))
    return Sentence(
        f"Of {total} tested rows with a predicted sign, {_have(as_said)} it with p below .05 and {_have(against)} the "
        f"opposite sign with p below .05; about {CLEAR * total:.1f} below .05 are expected when nothing is there. "
        f"Underpowered rows: {weak}; there an interval that holds zero is no evidence of no difference.",
        basis="no correction for looking this often", caution=True,
    )  # fmt: skip


def _have(count: int) -> str:
    return f"{count} {'has' if count == 1 else 'have'}"


def _growth(rows: list[Row], facts: Facts) -> list[Sentence]:
    shares = [row for row in rows if row["unit_of_measure"] == SHARES and row["term"] == "cluster"]
    by_period = {row["period"]: row for row in shares}
    found = [by_period[period] for period in facts.periods() if period in by_period]
    if not found:
        return []
    parts = [f"{bare(number(row, 'estimate') or 0.0, SHARES)} points in {facts.labels[row['period']]}"
             f"{f' ({proxy_mark(row)})' if proxy_mark(row) else ''}" for row in found]  # fmt: skip
    return [Sentence(
        f"The share of the {facts.units} with clusters in national growth of output exceeds their share in population "
        f"by {listing(parts)}.", basis="accounting, no test",
    )]  # fmt: skip

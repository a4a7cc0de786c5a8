"""The urban-rural gap in cluster and zone regions."""

from __future__ import annotations

from evenfield.report.rows import Row, first
from evenfield.report.sentences.base import Facts, Sentence
from evenfield.report.sentences.policy import DIFFERENCE, dashed, deciding_sentence, defined, parts_text, range_sentence


def balance_sentences(facts: Facts) -> list[Sentence]:
    """Give the difference by window, through which income it moves, and its range over lists."""
    rows = facts.rows(family="balance", outcome="gap_growth", contrast=DIFFERENCE, effect_type="coef",
                      estimator="long_difference")  # fmt: skip
    deciding = sorted(defined([row for row in rows if row["role"] == "primary"]), key=lambda row: row["period"])
    sentences: list[Sentence] = []
    for row in deciding:
        opening = ("The yearly change of the urban to rural income ratio (in logs) with clusters minus that with zones "
                   "is")  # fmt: skip
        sentences += [deciding_sentence(row, facts, opening), *_parts(row, facts)]
        same = [other for other in rows if other["period"] == row["period"] and other["spec_id"] == row["spec_id"]]
        sentences += range_sentence(same, "table T21")
    return [*sentences, _within(facts)] if sentences else []


def _within(facts: Facts) -> Sentence:
    return Sentence(f"Inequality within each {facts.unit} is not measured here: the panel holds no incomes of smaller "
                    "places or of households.", caution=True)  # fmt: skip


def _parts(row: Row, facts: Facts) -> list[Sentence]:
    found = [first(facts.rows(family="balance", role="mechanism", outcome=outcome, period=row["period"],
                              spec_id=row["spec_id"])) for outcome in ("urban_growth", "rural_growth")]  # fmt: skip
    known = defined([other for other in found if other is not None])
    if len(known) < 2:
        return []
    return [Sentence(
        f"Its two parts, clusters minus zones: urban income {parts_text(known[0])}, rural income "
        f"{parts_text(known[1])}, percentage points a year.", dashed(row["period"]), "current prices, table T21",
    )]  # fmt: skip

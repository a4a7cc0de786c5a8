"""Relative income by group: descriptive means, never comparisons of like with like."""

from __future__ import annotations

from evenfield.report.numbers import fixed, listing
from evenfield.report.rows import Row, first, number
from evenfield.report.sentences.base import Facts, Sentence, proxy_mark

GROUPS = {"both": "both", "cluster only": "a cluster only", "SEZ only": "a zone only", "neither": "neither"}
GROWTH = "growth_pct_per_year"


def income_sentences(facts: Facts) -> list[Sentence]:
    """Describe average growth of the groups in each main period."""
    sentences = [_growth(facts, period) for period in facts.periods()]
    return [sentence for sentence in sentences if sentence is not None]


def _growth(facts: Facts, period: str) -> Sentence | None:
    rows = facts.rows(family="relative_income", outcome=GROWTH, treatment_def=facts.taxonomy, period=period)
    found = {term: first(rows, term=term) for term in GROUPS}
    shown = [(words, row) for term, words in GROUPS.items() if (row := found[term]) is not None]
    known = [(words, row) for words, row in shown if number(row, "estimate") is not None]
    if len(known) < 2:
        return None
    parts = [f"{_value(row)} with {words} (n\u00a0=\u00a0{row['n_units']})" for words, row in known]
    proxy = proxy_mark(known[0][1])
    return Sentence(f"Income per head grew on average by {listing(parts)}.", facts.labels[period],
                    f"means over {facts.units}, a year, no test", proxy)  # fmt: skip


def _value(row: Row) -> str:
    return f"{fixed(number(row, 'estimate') or 0.0)}%"

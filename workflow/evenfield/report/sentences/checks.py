"""Growth against the clusters and zones of the neighbours: quoted, not judged."""

from __future__ import annotations

from evenfield.report.numbers import fixed, listing, p_text
from evenfield.report.rows import Row, number, pick
from evenfield.report.sentences.base import Facts, Sentence, proxy_mark

ALL = "All periods"


def neighbour_sentences(facts: Facts) -> list[Sentence]:
    """Quote growth against the clusters and zones of the neighbours, for the main periods."""
    rows = facts.rows(family="moran", estimator="bivariate_moran", treatment_def=facts.taxonomy, sample_id="all")
    found = [
        _pair(facts, pick(rows, contrast=name), words) for name, words in (("cluster", "clusters"), ("sez", "zones"))
    ]
    return [sentence for sentence in found if sentence is not None]


def _pair(facts: Facts, rows: list[Row], words: str) -> Sentence | None:
    main = [row for period in facts.periods() for row in pick(rows, period=period)]
    known = [(row, p) for row in main if (p := number(row, "p_value")) is not None]
    if not known:
        return None
    told = [
        f"{fixed(number(row, 'estimate') or 0.0)} in {facts.labels[row['period']]} ({p_text(p)})" for row, p in known
    ]
    mark = "PROXY in part" if any(proxy_mark(row) for row, _ in known) else ""
    return Sentence(f"Growth against the {words} of the neighbours has a bivariate Moran of {listing(told)}: an "
                    f"association that does not hold the own {words} fixed.",
                    ALL, f"{known[0][0]['n_units']} {facts.units}, marks exchanged", mark)  # fmt: skip

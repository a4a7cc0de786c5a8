"""Dependence before any model, changes of speed, neighbours in growth and weak sigma: quoted, not judged."""

from __future__ import annotations

from collections.abc import Sequence

from evenfield.report.numbers import fixed, listing, p_text
from evenfield.report.rows import Row, first, number, pick
from evenfield.report.sentences.base import Facts, Sentence, proxy_mark
from evenfield.report.words import interval_text

SIZE, ALL = 0.05, "All periods"


def preflight_sentences(facts: Facts) -> list[Sentence]:
    """Quote what is left of the dependence between units after year means, and unit roots, for the latest span."""
    rows = [row for row in facts.rows(family="preflight", sample_id="all") if "-" in row["period"]]
    found = [_dependence(facts, _latest(rows, "cdw_plus")), _unit_root(facts, _latest(rows, "cips", "log_income"))]
    return [sentence for sentence in found if sentence is not None]


def _latest(rows: Sequence[Row], estimator: str, outcome: str = "growth") -> Row | None:
    known = [row for row in pick(rows, estimator=estimator, outcome=outcome) if number(row, "p_value") is not None]
    return max(known, key=lambda row: row["period"], default=None)


def _dependence(facts: Facts, row: Row | None) -> Sentence | None:
    if row is None:
        return None
    p = number(row, "p_value") or 0.0
    told = "still move together" if p < SIZE else "are not seen to move together"
    return Sentence(f"Net of the mean of each year, growth rates of {facts.units} {told} (CDw+, {p_text(p)}).",
                    _dash(row["period"]), f"{row['n_units']} {facts.units}", proxy_mark(row))  # fmt: skip


def _unit_root(facts: Facts, row: Row | None) -> Sentence | None:
    if row is None:
        return None
    p = number(row, "p_value") or 0.0
    told = "rejected" if p < SIZE else "not rejected, which does not show that there is one"
    return Sentence(f"A unit root in every {facts.unit}'s income about its trend is {told} (CIPS, {p_text(p)}).",
                    _dash(row["period"]), f"{row['n_units']} {facts.units}", proxy_mark(row))  # fmt: skip


def clock_sentences(facts: Facts) -> list[Sentence]:
    """Quote whether speeds differ between periods, where one break would lie, and the model with neighbours."""
    rows = facts.rows(family="clock", sample_id="all")
    latest = facts.periods()[-1:]
    found = [_equal(facts, first(rows, estimator="period_contrast_wald")), _break(facts, first(rows, term="sup_wald"))]
    found += [_neighbours(facts, pick(rows, estimator="sdm_ml", period=period)) for period in latest]
    return [sentence for sentence in found if sentence is not None]


def _equal(facts: Facts, row: Row | None) -> Sentence | None:
    p = number(row, "p_value") if row else None
    if row is None or p is None:
        return None
    told = "differs between the periods" if p < SIZE else "is not seen to differ between the periods, taken together"
    return Sentence(f"The speed of convergence {told} ({p_text(p)}).", ALL, _bootstrap(facts, row),
                    proxy_mark(row))  # fmt: skip


def _break(facts: Facts, row: Row | None) -> Sentence | None:
    p = number(row, "p_value") if row else None
    if row is None or p is None:
        return None
    when = row["contrast"].removeprefix("break after ")
    return Sentence(f"One break in the slope would lie after {when} ({p_text(p)}, allowing for the search over dates).",
                    ALL, _bootstrap(facts, row), proxy_mark(row))  # fmt: skip


def _bootstrap(facts: Facts, row: Row) -> str:
    return f"{row['n_units']} {facts.units}, bootstrap over {facts.units}"


def _neighbours(facts: Facts, rows: list[Row]) -> Sentence | None:
    row, ratio = first(rows, term="speed"), first(rows, term="likelihood_ratio")
    value, p = (number(item, name) if item else None for item, name in ((row, "estimate"), (ratio, "p_value")))
    if row is None or value is None or p is None:
        return None
    better = "fits better than" if p < SIZE else "fits no better than"
    interval = interval_text(row)
    return Sentence(f"A model with neighbours' income and growth {better} one without ({p_text(p)}); the speed of its "
                    f"total effect is {fixed(value)}% a year{f' ({interval})' if interval else ''}.",
                    facts.labels[row["period"]], f"{row['n_units']} {facts.units}, {row['w_id']} weights",
                    proxy_mark(row))  # fmt: skip


def weak_sigma_sentences(facts: Facts) -> list[Sentence]:
    """Quote the slope of the variance over the latest span of years."""
    row = _latest(facts.rows(family="clock", sample_id="all"), "weak_sigma", "log_income")
    p = number(row, "p_value") if row else None
    if row is None or p is None:
        return []
    told = "falls by more than panels of constant variance do" if p < SIZE else "is not told apart from a constant one"
    basis = f"{row['n_units']} {facts.units}, simulated panels"
    return [Sentence(f"Year by year, the variance of log income {told} ({p_text(p)}, one-sided).",
                     _dash(row["period"]), basis, proxy_mark(row))]  # fmt: skip


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


def _dash(span: str) -> str:
    return span.replace("-", "\u2013")

"""Which grouping of units describes growth best."""

from __future__ import annotations

from evenfield.report.numbers import count_word, fixed, p_text
from evenfield.report.rows import Row, first, number
from evenfield.report.sentences.base import Facts, Sentence, proxy_mark
from evenfield.report.sentences.policy import defined


def taxonomies_sentences(facts: Facts) -> list[Sentence]:
    """Give the gain of four cells over two labels by period, and what it rests on."""
    rows = facts.rows(family="taxonomies", role="primary")
    pairs = [(first(rows, estimator="loo_gain", period=period), first(rows, estimator="bic_gain", period=period))
             for period in facts.periods()]  # fmt: skip
    known = [(gain, bic) for gain, bic in pairs if gain is not None and bic is not None and defined([gain, bic])[1:]]
    if not known:
        return []
    return [_caution(known[0][0], facts), *(_sentence(gain, bic, facts) for gain, bic in known), *_range(facts)]


def _caution(row: Row, facts: Facts) -> Sentence:
    smallest, effective = row.get("n_treated", ""), number(row, "g_star")
    rests = f" (effective number {fixed(effective, 1)})" if effective is not None else ""
    return Sentence(
        f"What four cells add to two labels rests on cells of as few as {smallest} {facts.units}{rests}; a grouping "
        "that does not win here has not been shown to be the wrong one.",
        basis="scores in results/estimates/taxonomies/estimates.csv", caution=True,
    )  # fmt: skip


def _sentence(gain: Row, bic: Row, facts: Facts) -> Sentence:
    saved, points = number(gain, "estimate") or 0.0, number(bic, "estimate") or 0.0
    if saved > 0:
        first_part = f"saves {fixed(100 * saved, 0)}% of the prediction error of the dichotomy"
    else:
        first_part = f"predicts {facts.units} left out worse than the dichotomy, by {fixed(-100 * saved, 0)}%"
    winner = "BIC prefers the four cells" if points > 0 else "BIC prefers the dichotomy"
    wins = saved > 0 and points > 0
    verdict = "" if wins else "; the mixed taxonomy does not win in both"
    return Sentence(
        f"A mean for each of the four cells {first_part} ({_p(gain)}); {winner} by {fixed(abs(points), 1)} points "
        f"({_p(bic)}){verdict}.", facts.labels[gain["period"]], "permutation of labels, one-sided", proxy_mark(gain),
    )  # fmt: skip


def _p(row: Row) -> str:
    value = number(row, "p_value")
    return p_text(value) if value is not None else "no p-value"


def _range(facts: Facts) -> list[Sentence]:
    rows = facts.rows(family="taxonomies", estimator="loo_gain", role=("primary", "robustness"), term="four cells",
                      sample_id="all")  # fmt: skip
    found = defined(rows)
    lists = {row["treatment_def"] for row in found}
    if len(lists) < 2:
        return []
    values = [100 * (number(row, "estimate") or 0.0) for row in found]
    blank = len({row["treatment_def"] for row in rows} - lists)
    rest = f"; {count_word(blank)} lists have a cell too small to be predicted" if blank else ""
    return [Sentence(
        f"Over {count_word(len(lists))} lists and all periods the saving runs from {fixed(min(values), 0)}% to "
        f"{fixed(max(values), 0)}%{rest}.", basis="scores in results/estimates/taxonomies/estimates.csv",
    )]  # fmt: skip

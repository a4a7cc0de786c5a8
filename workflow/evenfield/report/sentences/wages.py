"""Wages, unit labour cost and foreign investment."""

from __future__ import annotations

from evenfield.report.numbers import fixed, p_text
from evenfield.report.rows import Row, first, number
from evenfield.report.sentences.base import Facts, Sentence
from evenfield.report.sentences.policy import DIFFERENCE, dashed, deciding_sentence, defined, parts_text, range_sentence


def wages_sentences(facts: Facts) -> list[Sentence]:
    """Give the difference of elasticities, other answers to the same question, and unit labour cost by window."""
    rows = facts.rows(family="wages", estimator="panel_fe", contrast=DIFFERENCE, effect_type="coef")
    sentences: list[Sentence] = []
    for row in defined([row for row in rows if row["role"] == "primary"]):
        opening = "The wage elasticity of foreign investment a year later with clusters minus that with zones is"
        same = [other for other in rows if other["spec_id"] == row["spec_id"]]
        sentences += [deciding_sentence(row, facts, opening), *_other_answers(row, facts),
                      *range_sentence(same, "table T23")]  # fmt: skip
    return [*sentences, *_costs(facts)]


def _other_answers(row: Row, facts: Facts) -> list[Sentence]:
    wild = first(facts.rows(family="wages", estimator="panel_fe_wcr33", spec_id=row["spec_id"]))
    apart = first(facts.rows(family="wages", estimator="panel_fe", spec_id=f"{row['spec_id']}_group_years"))
    found: list[Sentence] = []
    p_value = number(wild, "p_value") if wild is not None else None
    if p_value is not None:
        found.append(Sentence(f"The wild cluster bootstrap puts the same difference at {p_text(p_value)}; with so few "
                              f"{facts.units} in a group the two can part, and CR3 was chosen in advance.",
                              dashed(row["period"]), "table T23"))  # fmt: skip
    if apart is not None and number(apart, "estimate") is not None:
        found.append(Sentence(
            "Wages rise everywhere, so a group's own trend of investment enters its elasticity. With year effects of "
            f"each group's own, which leave the trend out, the difference is {parts_text(apart)}.",
            dashed(row["period"]), "table T23", caution=True,
        ))  # fmt: skip
    return found


def _costs(facts: Facts) -> list[Sentence]:
    rows = defined(facts.rows(family="wages", outcome="unit_labour_cost_growth", role="mechanism", effect_type="coef"))
    if not rows:
        return []
    parts = [f"{dashed(row['period'])}: {parts_text(row)}" for row in sorted(rows, key=lambda row: row["period"])]
    seen = [mde for row in rows if (mde := number(row, "mde")) is not None]
    reach = f"{fixed(min(seen), 0)} to {fixed(max(seen), 0)}" if seen else ""
    weak = (f" The smallest differences these comparisons could see run from {reach}: a smaller one whose interval "
            "leaves out zero is likely to be overstated.") if seen else ""  # fmt: skip
    return [Sentence(
        f"Unit labour cost growth with clusters minus that with zones, percentage points a year: {'; '.join(parts)}."
        f"{weak} Wages of urban units cover formal employment only.", basis="SCPC intervals, current prices, table T23",
    )]  # fmt: skip

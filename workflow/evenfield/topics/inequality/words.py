"""Inequality between units and between groups of them."""

from evenfield.shared.tables.numbers import fixed
from evenfield.shared.words import Findings, Sentence, listing, plain


def sentences(facts: Findings) -> list[Sentence]:
    """Quote Theil T at the ends of each period, and the largest share between groups at the last one."""
    wanted = {"spec_id": str(facts.primary().get("id", "")), "period": facts.shown("main", "span")}
    rows = facts.rows(estimator="inequality", term="theil_t", contrast="end", **wanted)
    start = facts.rows(estimator="inequality", term="theil_t", contrast="start", **wanted)
    before = {row["period"]: fixed(row["estimate"], 3) for row in start}
    parts = [f"from {before.get(r['period'])} to {fixed(r['estimate'], 3)} in {facts.label(r)}" for r in rows]
    text = f"Theil T of income per head went {listing(parts)}."
    found = [Sentence(text, f"{row['n_units']} {facts.units}, no test") for row in rows[:1]]
    shares = facts.rows(term="between_theil_t", contrast="end", **wanted)
    if shares:
        last = [row for row in shares if row["period"] == shares[-1]["period"]]
        top = max(last, key=lambda row: float(row["estimate"]))
        name = plain(top["treatment_def"]).replace(": ", ", ")
        text = f"At the end of {facts.label(top)} {top['estimate']:.0%} of it lay between the groups of {name},"
        found.append(Sentence(f"{text} the most of any grouping."))
    return found

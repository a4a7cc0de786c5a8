"""Do incomes draw together: the standard deviation of log income at both ends of each period."""

from evenfield.shared.tables.numbers import by_unit
from evenfield.shared.words import Findings, Sentence, listing, p


def sentences(facts: Findings) -> list[Sentence]:
    """Give the standard deviation at the ends of each period with the test of its change."""
    wanted = {"spec_id": str(facts.primary().get("id", "")), "period": facts.shown("main", "span")}
    before = {row["period"]: by_unit(row["estimate"], "log") for row in facts.rows(term="sigma_start", **wanted)}
    test = {row["period"]: f" ({p(row)})" for row in facts.rows(term="sum_of_ends", **wanted)}
    rows = facts.rows(term="sigma_end", **wanted)
    parts = [
        f"from {before[row['period']]} to {by_unit(row['estimate'], 'log')} in {facts.label(row)}"
        + test.get(row["period"], "")
        for row in rows
    ]
    text = f"The standard deviation of log income across {facts.units} went {listing(parts)}."
    return [Sentence(text, facts.basis(rows[0], "p of the change"))] if rows else []

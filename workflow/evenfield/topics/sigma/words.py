"""Do incomes draw together: the standard deviation of log income at both ends of each period."""

from evenfield.shared.tables.numbers import by_unit
from evenfield.shared.words import Findings, Sentence, listing, p


def sentences(facts: Findings) -> list[Sentence]:
    """Give the standard deviation at the ends of each period with the test of its change."""
    spec = str(facts.primary().get("id", ""))
    shown = facts.shown("main", "span")
    ends = [
        {row["period"]: row for row in facts.rows(spec_id=spec, term=term, period=shown)}
        for term in ("sigma_start", "sigma_end", "sum_of_ends")
    ]
    start, end, tests = ends
    parts = [
        f"from {by_unit(start[name]['estimate'], 'log')} to {by_unit(row['estimate'], 'log')} in {facts.label(row)}"
        f"{f' ({p(tests[name])})' if name in tests else ''}"
        for name, row in end.items()
        if name in start
    ]
    if not parts:
        return []
    text = f"The standard deviation of log income across {facts.units} went {listing(parts)}."
    return [Sentence(text, facts.basis(next(iter(end.values())), "p of the change"))]

"""Inequality between units and between groups of them."""

from evenfield.shared.tables.numbers import fixed
from evenfield.shared.words import Findings, Sentence, listing


def sentences(facts: Findings) -> list[Sentence]:
    """Quote Theil T at the ends of each period, and the largest share between groups at the last one."""
    wanted = {"spec_id": str(facts.primary().get("id", "")), "period": facts.shown("main", "span")}
    theil = [
        {row["period"]: row for row in facts.rows(estimator="inequality", term="theil_t", contrast=end, **wanted)}
        for end in ("start", "end")
    ]
    parts = [
        f"from {fixed(theil[0][name]['estimate'], 3)} to {fixed(row['estimate'], 3)} in {facts.label(row)}"
        for name, row in theil[1].items()
        if name in theil[0]
    ]
    if not parts:
        return []
    units = f"{next(iter(theil[1].values()))['n_units']:.0f} {facts.units}, no test"
    found = [Sentence(f"Theil T of income per head went {listing(parts)}.", units)]
    shares = facts.rows(term="between_theil_t", contrast="end", **wanted)
    if shares:
        last = [row for row in shares if row["period"] == shares[-1]["period"]]
        top = max(last, key=lambda row: row["estimate"])
        name = str(top["treatment_def"]).replace(": ", ", ").replace("_", " ")
        found.append(
            Sentence(
                f"At the end of {facts.label(top)} {100 * top['estimate']:.0f}% of it lay between the "
                f"groups of {name}, the most of any grouping."
            )
        )
    return found

"""Growth by group: descriptive means, never comparisons of like with like."""

from evenfield.shared.tables.numbers import fixed
from evenfield.shared.words import Findings, Sentence, listing

GROUPS = {"both": "both", "cluster only": "a cluster only", "SEZ only": "a zone only", "neither": "neither"}


def sentences(facts: Findings) -> list[Sentence]:
    """Describe average growth of the groups in each main period."""
    wanted = {"treatment_def": facts.config["taxonomy"]["primary"], "estimator": "mean"}
    found: list[Sentence] = []
    for period in facts.shown("main"):
        rows = facts.rows(outcome="growth_pct_per_year", period=period, **wanted)
        cells = {row["term"]: f"{fixed(row['estimate'])}% with" for row in rows}
        parts = [f"{cells[cell]} {words}" for cell, words in GROUPS.items() if cell in cells]
        if len(parts) > 1:
            text = f"In {facts.label(rows[0])} income per head grew on average by {listing(parts)}."
            found.append(Sentence(text, "a year, no test"))
    return found

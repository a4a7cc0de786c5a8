"""Growth by group: descriptive means, never comparisons of like with like."""

from evenfield.shared.tables.numbers import fixed
from evenfield.shared.words import Findings, Sentence, listing

GROUPS = {"both": "both", "cluster only": "a cluster only", "SEZ only": "a zone only", "neither": "neither"}


def sentences(facts: Findings) -> list[Sentence]:
    """Describe average growth of the groups in each main period."""
    found: list[Sentence] = []
    for period in facts.shown("main"):
        rows = {
            row["term"]: row
            for row in facts.rows(
                facts.topic,
                "profile",
                outcome="growth_pct_per_year",
                estimator="mean",
                period=period,
                treatment_def=facts.config["taxonomy"]["primary"],
            )
        }
        parts = [
            f"{fixed(rows[term]['estimate'])}% with {words} (n = {rows[term]['n_units']:.0f})"
            for term, words in GROUPS.items()
            if term in rows
        ]
        if len(parts) > 1:
            when = facts.label(next(iter(rows.values())))
            found.append(Sentence(f"In {when} income per head grew on average by {listing(parts)}.", "a year, no test"))
    return found

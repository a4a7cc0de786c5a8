"""Who moves up and down between classes of relative income."""

from evenfield.shared.tables.numbers import fixed
from evenfield.shared.words import Findings, Sentence, number, p


def sentences(facts: Findings) -> list[Sentence]:
    """Quote mobility by step, and the test of the neighbours."""
    rows = {(row["term"], row["contrast"]): row for row in facts.rows(role="primary")}
    found: list[Sentence] = []
    for (term, step), index in rows.items():
        if term == "shorrocks":
            life = rows.get(("half_life", step))
            told = f"a half-life of {fixed(life['estimate'], 0)} years" if life else "no half-life: it does not settle"
            found.append(
                Sentence(
                    f"Between classes of relative income, in steps of {step}, the Shorrocks index of "
                    f"mobility is {number(index)} in {facts.label(index)} and the chain has {told}.",
                    facts.basis(index),
                )
            )
    tests = [row for (term, _), row in rows.items() if term == "q"][:1]
    return found + [
        Sentence(
            f"Transitions that do not depend on the neighbours' class: {p(row)}.",
            facts.basis(row, f"{row['w_id'].replace('_', ' ')} weights"),
        )
        for row in tests
    ]

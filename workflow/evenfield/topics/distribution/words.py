"""Who moves up and down between classes of relative income."""

from evenfield.shared.tables.numbers import fixed
from evenfield.shared.words import Findings, Sentence, number, p, plain


def sentences(facts: Findings) -> list[Sentence]:
    """Quote mobility by step, and the test of the neighbours."""
    rows = {(row["term"], row["contrast"]): row for row in facts.rows(role="primary")}
    found: list[Sentence] = []
    for step in [step for term, step in rows if term == "shorrocks"]:
        index, life = rows["shorrocks", step], rows.get(("half_life", step))
        told = f"a half-life of {fixed(life['estimate'], 0)} years" if life else "no half-life: it does not settle"
        text = f"Mobility between classes of relative income (Shorrocks index, step {step}) is {number(index)} in"
        found.append(Sentence(f"{text} {facts.label(index)}; the chain has {told}.", facts.basis(index)))
    for row in [row for (term, _), row in rows.items() if term == "q"][:1]:
        text = f"Transitions that do not depend on the neighbours' class: {p(row)}."
        found.append(Sentence(text, facts.basis(row, f"{plain(row['w_id'])} weights")))
    return found

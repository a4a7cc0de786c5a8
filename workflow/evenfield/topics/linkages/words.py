"""Backward linkages: is the association with the neighbours' foreign capital stronger where industry was larger."""

from evenfield.shared.words import Findings, Sentence, crossed, number, proxy, weakness

PSI = "neighbours_x_moderator"


def sentences(facts: Findings) -> list[Sentence]:
    """Quote the interaction with its interval and power, and the placebo before the sample."""
    found: list[Sentence] = []
    for row in facts.rows(term=PSI, role="primary", effect_type="coef"):
        moderator = str(row["controls_id"]).partition("+")[0].replace("_", " ")
        text = (
            f"Where {moderator} is one standard deviation higher, the elasticity of income to the neighbours' foreign "
            f"capital differs by {number(row)} in {facts.label(row)}: {crossed([row])}. Foreign enterprises went where "
            "growth was expected: this is an association."
        )
        found += [Sentence(text, facts.basis(row)), *weakness([row])]
    for row in facts.rows(term=PSI, role="placebo", effect_type="coef"):
        text = f"The same interaction with income before the sample, {row['period'].replace('-', chr(0x2013))}{proxy(row)}, is"
        found.append(Sentence(f"{text} {number(row)}: {crossed([row])}.", facts.basis(row, "placebo")))
    return found

"""Backward linkages: is the association with the neighbours' foreign capital stronger where industry was larger."""

from evenfield.shared.words import Findings, Sentence, by_period, plain

PSI = "neighbours_x_moderator"


def sentences(facts: Findings) -> list[Sentence]:
    """Quote the interaction with its interval and power, and the placebo before the sample."""
    found: list[Sentence] = []
    for row in facts.rows(term=PSI, role="primary", effect_type="coef"):
        moderator = plain(str(row["controls_id"]).partition("+")[0])
        opening = f"The change of the elasticity of income to neighbours' foreign capital per s.d. of {moderator}"
        found += by_period(facts, [row], opening, "foreign enterprises went where growth was expected: an association")
    placebo = facts.rows(term=PSI, role="placebo", effect_type="coef")
    return found + by_period(facts, placebo, "The same with income before the sample, a placebo,")

"""How fast incomes converge in the panel."""

from evenfield.shared.words import Findings, Sentence, by_period, listing, number


def sentences(facts: Findings) -> list[Sentence]:
    """Quote the bias-corrected speed between the pooled and the fixed effects estimates."""
    wanted = {"spec_id": str(facts.primary().get("id", "")), "period": facts.shown("span"), "effect_type": "lambda"}
    found = by_period(facts, facts.rows(estimator="bc_fe", **wanted), "The bias-corrected speed of convergence")
    bounds = facts.rows(estimator=("pooled", "fe"), **wanted)
    if found and bounds:
        names = {"pooled": "pooled", "fe": "with fixed effects"}
        told = [f"{number(row)} {names[row['estimator']]} in {facts.label(row)}" for row in bounds]
        found.append(Sentence(f"Uncorrected speeds are, in % a year, {listing(told)}."))
    return found

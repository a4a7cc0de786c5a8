"""Spillovers by group: growth next to clusters minus growth next to zones, and the two parts of "empty boxes"."""

from evenfield.shared.tables.numbers import by_unit
from evenfield.shared.words import Findings, Sentence, by_period, listing, over_choices, plain

DIFFERENCE = "exposure_cluster - exposure_sez"


def sentences(facts: Findings) -> list[Sentence]:
    """Give the difference by period and over all lists and weights, own zones, and equivalence next to zones."""
    spec = facts.primary()
    if not spec:
        return []
    same = {"spec_id": spec["id"], "sample_id": "all", "period": facts.shown("main")}
    mine = {**same, "treatment_def": spec["taxonomy"], "w_id": spec["weights"]}
    what = "Growth next to clusters minus growth next to zones"
    given = f"all neighbours from none to all, {plain(spec['weights'])} weights, given initial income and own holdings"
    found = by_period(facts, facts.rows(contrast=DIFFERENCE, estimator="slx", **mine), what, given)
    every = facts.rows(contrast=DIFFERENCE, estimator="slx", **same)
    found += over_choices(every, what, ("treatment_def", "w_id"), "pairs of a list and weights")
    recentred = facts.rows(contrast=DIFFERENCE, estimator="slx_recentred", **mine)
    if recentred:
        told = listing([f"{by_unit(row['estimate'], 'pp/yr')} in {facts.label(row)}" for row in recentred])
        basis = "lists permuted among coastal and among inland units"
        found.append(Sentence(f"Less the exposure that permuted lists let expect, it is {told}.", basis))
    own = f"Empty boxes need higher growth where the zones are: the coefficient of a {facts.unit}'s own zones"
    found += by_period(facts, facts.rows(term="own_sez", contrast="", estimator="slx", **mine), own)
    tests = facts.rows(estimator="equivalence", effect_type="tost", **mine)
    if tests:
        small = [facts.label(row) for row in tests if max(-row["conf_low"], row["conf_high"]) < row["sesoi"]]
        bound, reach = tests[0]["sesoi"], min(row["mde"] for row in tests)
        text = (
            "And none of it next door: the coefficient of neighbours' zones per standard deviation is shown to be below"
        )
        where = f"{by_unit(bound, 'pp/yr')} percentage points a year in {listing(small) or 'no period'}"
        could = f"; {by_unit(reach, 'pp/yr')} is the narrowest bound that could have been shown."
        found.append(Sentence(f"{text} {where}{could}", "two one-sided SCPC tests", caution=reach > bound))
    return found

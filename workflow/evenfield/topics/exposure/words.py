"""Spillovers by group: growth next to clusters minus growth next to zones, and the two parts of "empty boxes"."""

from evenfield.shared.tables.numbers import by_unit
from evenfield.shared.tables.rows import Row
from evenfield.shared.words import Findings, Sentence, by_period, listing, over_choices, proxy

DIFFERENCE = "exposure_cluster - exposure_sez"


def sentences(facts: Findings) -> list[Sentence]:
    """Give the difference by period, what lists, weights and permuted geography make of it, and own zones."""
    spec = facts.primary()
    if not spec:
        return []
    same = {"spec_id": spec["id"], "sample_id": "all", "period": facts.shown("main")}
    mine = {**same, "treatment_def": spec["taxonomy"], "w_id": spec["weights"]}
    found = by_period(
        facts,
        facts.rows(contrast=DIFFERENCE, estimator="slx", **mine),
        f"Growth next to clusters minus growth next to zones, all neighbours of a {facts.unit} from none to all",
        f"{spec['weights'].replace('_', ' ')} weights, given initial income and what the {facts.unit} itself holds",
    )
    recentred = facts.rows(contrast=DIFFERENCE, estimator="slx_recentred", **mine)
    if recentred:
        told = listing([f"{by_unit(row['estimate'], 'pp/yr')} in {facts.label(row)}" for row in recentred])
        found.append(
            Sentence(
                f"Less the exposure that permuted lists let expect, it is {told}.",
                "lists permuted among coastal and among inland units",
            )
        )
    found += over_choices(
        facts,
        facts.rows(contrast=DIFFERENCE, estimator="slx", **same),
        "pairs of a list and weights",
        ("treatment_def", "w_id"),
    )
    own = facts.rows(term="own_sez", contrast="", estimator="slx", **mine)
    found += by_period(
        facts, own, f"Empty boxes would need higher growth where the zones are: a {facts.unit}'s own zones' coefficient"
    )
    return found + _equivalence(facts, facts.rows(estimator="equivalence", effect_type="tost", **mine))


def _equivalence(facts: Findings, tests: list[Row]) -> list[Sentence]:
    if not tests:
        return []
    small = [f"{facts.label(row)}" for row in tests if abs(row["conf_low"]) < row["sesoi"] > abs(row["conf_high"])]
    row = min(tests, key=lambda row: row["mde"])
    shown = f"in {listing(small)}" if small else "in no period"
    return [
        Sentence(
            f"And none of it next door: the coefficient of neighbours' zones is shown to be smaller than "
            f"{by_unit(row['sesoi'], 'pp/yr')} percentage points a year per standard deviation of exposure {shown}; the "
            f"narrowest bounds that this design could have passed are {by_unit(row['mde'], 'pp/yr')}{proxy(row)}.",
            "two one-sided SCPC tests, 90% intervals",
            caution=row["mde"] > row["sesoi"],
        )
    ]

"""Clusters and zones against the rest: associations between lists drawn up after the fact."""

from evenfield.shared.tables.rows import Row
from evenfield.shared.words import Findings, Sentence, by_period, capital, crossed, listing, number, p, plain, weakness

DIFFERENCE = "cluster - sez"


def sentences(facts: Findings) -> list[Sentence]:
    """Give the primary contrasts of each question: premiums, factor intensity, fading, balance, programmes, wages."""

    def primary(*families: str, **wanted: str) -> list[Row]:
        return facts.rows(*families, role="primary", effect_type="coef", **wanted)

    found: list[Sentence] = []
    for spec, words in (("level", "Log income relative to the average"), ("growth", "Growth given initial income")):
        opening = f"{words}, {facts.units} with clusters minus the others,"
        found += by_period(
            facts, primary("premium", spec_id=spec, term="cluster", contrast="", estimator="ols"), opening
        )
    for row in facts.rows("factor_intensity", effect_type="stat_joint"):
        signs = [item["warning"] for item in facts.rows("factor_intensity", effect_type="stat_right_signs")]
        text = f"Zone {facts.units} above cluster {facts.units} in capital per worker, foreign capital and the like:"
        found.append(Sentence(f"{text} {', '.join(signs)}; joint test {p(row)}.", facts.basis(row)))
        found += weakness(primary("factor_intensity"))
    fading = primary("fading")
    if fading:
        parts = [f"{plain(row['spec_id'])} {number(row)} {row['unit_of_measure']}" for row in fading]
        text = f"Change of the premium of {facts.units} with zones: {listing(parts)}; {crossed(fading)}."
        found += [Sentence(text, facts.basis(fading[0])), *[told for row in fading for told in weakness([row])][:1]]
    for row in facts.rows("fading", role="primary", effect_type="stat_end_level"):
        found.append(Sentence(f"The location quotient of {facts.units} with zones ends at {number(row)}; one is par."))
    opening = "The yearly change of the urban to rural income ratio, clusters minus zones,"
    found += by_period(facts, primary("balance", contrast=DIFFERENCE), opening, "no incomes of households")
    for row in primary("programmes"):
        placebos = facts.rows(row["family"], role="placebo", spec_id=row["spec_id"], effect_type="coef")
        told = listing([f"{number(one)} in {facts.label(one)}" for one in placebos])
        text = f"{capital(plain(row['term']))}: the change of growth in its {facts.units} minus that elsewhere"
        later = f" At placebo dates it is {told}." if told else ""
        proxied = "DESCRIPTIVE" in row["warning"]
        later += " Growth before rests on the PROXY, so paths before cannot be compared." * proxied
        said, *weak = by_period(facts, [row], text)
        found += [Sentence(said.text + later, said.basis, caution=proxied), *weak]
    opening = "The wage elasticity of foreign investment a year later, clusters minus zones,"
    found += by_period(facts, primary("wages", contrast=DIFFERENCE), opening)
    costs = facts.rows("wages", outcome="unit_labour_cost_growth", role="mechanism", effect_type="coef")
    return found + by_period(
        facts, costs, "Growth of unit labour cost, clusters minus zones,", "formal employment only"
    )

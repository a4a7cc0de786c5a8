"""Clusters and zones against the rest: associations between lists drawn up after the fact."""

from evenfield.shared.tables.rows import Row
from evenfield.shared.words import Findings, Sentence, by_period, capital, crossed, listing, number, p, weakness

GROUPS = {"cluster": "clusters", "sez": "zones"}
DIFFERENCE = "cluster - sez"


def sentences(facts: Findings) -> list[Sentence]:
    """Give the primary contrasts of each question: premiums, factor intensity, fading, town and country, and others."""
    return [
        sentence for part in (_premium, _intensity, _fading, _balance, _programmes, _wages) for sentence in part(facts)
    ]


def _primary(facts: Findings, *families: str, **wanted: str) -> list[Row]:
    return facts.rows(*families, role="primary", effect_type="coef", **wanted)


def _named(row: Row) -> str:
    return capital(str(row["spec_id"]).replace("_", " "))


def _premium(facts: Findings) -> list[Sentence]:
    rows = _primary(facts, "premium")
    names = {"level": "log income relative to the average", "growth": "growth given initial income"}
    return [
        sentence
        for spec in dict.fromkeys(row["spec_id"] for row in rows)
        for sentence in by_period(
            facts,
            [row for row in rows if row["spec_id"] == spec],
            f"{capital(names.get(spec, spec))}, {facts.units} with clusters minus the others",
        )
    ]


def _intensity(facts: Findings) -> list[Sentence]:
    joint = facts.rows("factor_intensity", effect_type="stat_joint")
    counts = facts.rows("factor_intensity", effect_type="stat_right_signs")
    text = (
        "In capital per worker, foreign capital and the like, {} for zone regions above cluster regions; joint test {}."
    )
    return [
        *(
            Sentence(text.format(counted["warning"], p(row)), f"{row['n_units']:.0f} {facts.units}")
            for row, counted in zip(joint, counts, strict=False)
        ),
        *weakness(_primary(facts, "factor_intensity") if joint else []),
    ]


def _fading(facts: Findings) -> list[Sentence]:
    rows = _primary(facts, "fading")
    parts = [f"{str(row['spec_id']).replace('_', ' ')} {number(row)} {row['unit_of_measure']}" for row in rows]
    if not rows:
        return []
    text = f"Change of the premium of {facts.units} with zones: {listing(parts)}; {crossed(rows)}."
    ends = [
        f"The location quotient of {facts.units} with zones is {number(row)} at the end; one means as much as output."
        for row in facts.rows("fading", role="primary", effect_type="stat_end_level")
    ]
    weak = [sentence for row in rows for sentence in weakness([row])][:1]
    return [Sentence(text, facts.basis(rows[0])), *map(Sentence, ends), *weak]


def _balance(facts: Findings) -> list[Sentence]:
    rows = _primary(facts, "balance", contrast=DIFFERENCE)
    opening = "The yearly change of the urban to rural income ratio, clusters minus zones"
    within = f"Inequality within each {facts.unit} is not measured: there are no incomes of households in the panel."
    return [*by_period(facts, rows, opening), *([Sentence(within, caution=True)] if rows else [])]


def _programmes(facts: Findings) -> list[Sentence]:
    found: list[Sentence] = []
    for row in _primary(facts, "programmes", "west"):
        placebos = facts.rows(row["family"], role="placebo", spec_id=row["spec_id"], effect_type="coef")
        text = (
            f"{capital(row['term'].replace('_', ' '))}: the change of growth in its {facts.units} minus that elsewhere "
            f"is {number(row)} percentage points a year ({facts.label(row)}); {crossed([row])}."
        )
        if placebos:
            told = listing([f"{number(one)} ({one['period'].replace('-', chr(0x2013))}, {p(one)})" for one in placebos])
            text += f" At placebo dates it is {told}."
        proxied = "DESCRIPTIVE" in row["warning"]
        text += " Growth before rests on the PROXY, so paths before cannot be compared." * proxied
        found += [Sentence(text, facts.basis(row), caution=proxied), *weakness([row])]
    return found


def _wages(facts: Findings) -> list[Sentence]:
    rows = _primary(facts, "wages", contrast=DIFFERENCE)
    opening = "The wage elasticity of foreign investment a year later, clusters minus zones"
    costs = facts.rows("wages", outcome="unit_labour_cost_growth", role="mechanism", effect_type="coef")
    return by_period(facts, rows, opening) + by_period(
        facts, costs, "Growth of unit labour cost, clusters minus zones", "wages of formal employment only"
    )

"""What the design can see: overlap of clusters and zones, and the smallest detectable differences."""

from evenfield.shared.tables.numbers import by_unit
from evenfield.shared.tables.rows import records
from evenfield.shared.words import Findings, Sentence, capital, listing

TESTS = ("mde_scpc_03", "mde_t")
CELLS = {"both": "both a cluster and a zone", "cluster only": "a cluster only", "SEZ only": "a zone only"}
NEIGHBOURS = "neighbours with clusters and neighbours with zones (from none to all)"
CONTRASTS = (
    ("exposures", "exposure_cluster - exposure_sez", "spillover_difference_pp", NEIGHBOURS),
    ("joint", "own_cluster - own_sez", "growth_premium_pp", "an own cluster and an own zone"),
)


def sentences(facts: Findings) -> list[Sentence]:
    """Say who has what, and which differences could be seen."""
    taxonomy, series = facts.config["taxonomy"]["primary"], facts.series()
    cells = {row["term"]: row for row in records(series[series["block"].eq("cells") & series["taxonomy"].eq(taxonomy)])}
    if not cells.keys() >= CELLS.keys():
        return []
    names = facts.table("units").set_index("unit")["name"]
    held = {cell: sorted(names.get(unit, unit) for unit in str(cells[cell]["units"] or "").split()) for cell in CELLS}
    told = [f"with {words}: {len(held[cell])} ({', '.join(held[cell]) or 'none'})" for cell, words in CELLS.items()]
    text = f"{capital(facts.units)} {'; '.join(told)}. Only those with one and not the other tell the two apart."
    found = [Sentence(text, f"taxonomy {taxonomy}", caution=True)]
    wanted = {"treatment_def": taxonomy, "unit_of_measure": "pp/yr", "period": facts.shown("main")}
    for spec, contrast, interest, words in CONTRASTS:
        tests = [facts.rows(spec_id=spec, estimator=test, contrast=contrast, **wanted) for test in TESTS]
        rows = [row for row in next(filter(None, tests), []) if "per s.d." not in row["term"]]
        if rows:
            parts = [f"{by_unit(row['estimate'], 'pp/yr')} in {facts.label(row)}" for row in rows]
            text = f"the difference between {words} could be detected, in {facts.power:.0%} of samples, from"
            basis = facts.basis(rows[0], "percentage points a year, from the spread of raw growth")
            matter = by_unit(facts.config["sesoi"][interest], "pp/yr")
            said = capital(f"{text} {listing(parts)} upwards; {matter} would matter.")
            found.append(Sentence(said, basis, caution=True))
    return found

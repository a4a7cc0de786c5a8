"""What the design can see: overlap of clusters and zones, and the smallest detectable differences."""

from evenfield.shared.tables.numbers import by_unit
from evenfield.shared.tables.rows import records
from evenfield.shared.words import Findings, Sentence, capital, in_unit, listing

TESTS = ("mde_scpc_03", "mde_t")
CELLS = {
    "both": "both a cluster and a zone",
    "cluster only": "only a cluster",
    "SEZ only": "only a zone",
    "neither": "neither",
}
CONTRASTS = (
    (
        "exposures",
        "exposure_cluster - exposure_sez",
        "spillover_difference_pp",
        "the difference between neighbours with clusters and neighbours with zones (from none to all)",
    ),
    ("joint", "own_cluster - own_sez", "growth_premium_pp", "the difference between an own cluster and an own zone"),
)


def sentences(facts: Findings) -> list[Sentence]:
    """Say who has what, and which differences could be seen."""
    found = _overlap(facts)
    for spec, contrast, interest, words in CONTRASTS if found else ():
        rows = [
            row
            for test in TESTS
            for row in facts.rows(
                spec_id=spec,
                contrast=contrast,
                estimator=test,
                unit_of_measure="pp/yr",
                period=facts.shown("main"),
                treatment_def=facts.config["taxonomy"]["primary"],
            )
            if "per s.d." not in row["term"]
        ]
        rows = [row for row in rows if row["estimator"] == rows[0]["estimator"]]
        if rows:
            low, high = (choose(rows, key=lambda row: row["estimate"]) for choose in (min, max))
            sesoi = facts.config["sesoi"][interest]
            found.append(
                Sentence(
                    capital(
                        f"{words} would be detected in {facts.power:.0%} of samples from {by_unit(low['estimate'], 'pp/yr')} "
                        f"({facts.label(low)}) to {in_unit(high['estimate'], 'pp/yr')} ({facts.label(high)}) upwards; "
                        f"{by_unit(sesoi, 'pp/yr')} would matter."
                    ),
                    facts.basis(low, "spread of raw growth"),
                    caution=low["estimate"] > sesoi,
                )
            )
    return found


def _overlap(facts: Findings) -> list[Sentence]:
    series = facts.series()
    cells = series[series["block"].eq("cells") & series["taxonomy"].eq(facts.config["taxonomy"]["primary"])]
    named = dict(zip(facts.table("units")["unit"], facts.table("units")["name"], strict=True))
    rows = {row["term"]: row for row in records(cells.sort_values("period", ascending=False, kind="stable"))}
    if len(rows) < len(CELLS):
        return []
    parts = [
        f"{rows[cell]['value']:.0f} {facts.units if rows[cell]['value'] != 1 else facts.unit} with {words}"
        + (
            f" ({', '.join(sorted(named.get(unit, unit) for unit in str(rows[cell]['units']).split()))})"
            if cell != "neither" and rows[cell]["value"]
            else ""
        )
        for cell, words in CELLS.items()
    ]
    basis = f"taxonomy {facts.config['taxonomy']['primary']}, {rows['both']['note'] or 'all periods'}"
    return [
        Sentence(
            f"There are {listing(parts)}. Only the {facts.units} with one and not the other tell clusters and "
            "zones apart.",
            basis,
            caution=True,
        )
    ]

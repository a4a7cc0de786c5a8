"""Whether neighbours look alike."""

from evenfield.shared.tables.numbers import fixed
from evenfield.shared.words import Findings, Sentence, listing, p, plain


def sentences(facts: Findings) -> list[Sentence]:
    """Quote Moran's I of income in the first and the last year, plain and net of regions; growth beside the marks."""
    rows = facts.rows(estimator="moran", outcome="log_income", spec_id=str(facts.primary().get("id", "")))
    found: list[Sentence] = []
    for name in sorted({row["controls_id"] for row in rows}, key=lambda name: (name != "none", name)):
        mine = sorted((row for row in rows if row["controls_id"] == name), key=lambda row: str(row["period"]))
        ends = [f"{fixed(r['estimate'])} in {facts.label(r)} ({p(r, 'p_adjusted')})" for r in (mine[0], mine[-1])]
        net = "" if name == "none" else f", net of the means of {plain(name)},"
        basis = facts.basis(mine[0], "p adjusted for looking at every year")
        found.append(Sentence(f"Moran's I of income{net} was {listing(ends)}.", basis))
    wanted = {"treatment_def": facts.config["taxonomy"]["primary"], "sample_id": "all", "period": facts.shown("main")}
    for mark, words in (("cluster", "clusters"), ("sez", "zones")):
        pairs = facts.rows(estimator="bivariate_moran", contrast=mark, **wanted)
        told = listing([f"{fixed(row['estimate'])} in {facts.label(row)} ({p(row)})" for row in pairs])
        text = f"Growth and the neighbours' {words} have a bivariate Moran of {told}, own {words} not held fixed."
        found += [Sentence(text, facts.basis(row)) for row in pairs[:1]]
    return found

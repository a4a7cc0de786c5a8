"""Whether neighbours look alike."""

from evenfield.shared.tables.numbers import fixed
from evenfield.shared.words import Findings, Sentence, listing, p


def sentences(facts: Findings) -> list[Sentence]:
    """Quote Moran's I of income in the first and the last year, plain and net of regions; growth beside the marks."""
    spec = str(facts.primary().get("id", ""))
    rows = facts.rows(estimator="moran", outcome="log_income", spec_id=spec)
    found: list[Sentence] = []
    for name in sorted({row["controls_id"] for row in rows}, key=lambda name: (name != "none", name)):
        mine = sorted((row for row in rows if row["controls_id"] == name), key=lambda row: str(row["period"]))
        net = "" if name == "none" else f", net of the means of {name.replace('_', ' ')},"
        told = [
            f"{fixed(row['estimate'])} in {facts.label(row)} ({p(row, 'p_adjusted')})" for row in (mine[0], mine[-1])
        ]
        found.append(
            Sentence(
                f"Moran's I of income{net} was {listing(told)}.",
                facts.basis(mine[0], "p adjusted for looking at every year"),
            )
        )
    for mark, words in (("cluster", "clusters"), ("sez", "zones")):
        pairs = facts.rows(
            estimator="bivariate_moran",
            treatment_def=facts.config["taxonomy"]["primary"],
            contrast=mark,
            sample_id="all",
            period=facts.shown("main"),
        )
        told = [f"{fixed(row['estimate'])} in {facts.label(row)} ({p(row)})" for row in pairs]
        if told:
            found.append(
                Sentence(
                    f"Growth and the neighbours' {words} have a bivariate Moran of {listing(told)}: an "
                    f"association that does not hold the own {words} fixed.",
                    facts.basis(pairs[0]),
                )
            )
    return found

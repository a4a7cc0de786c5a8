"""What a panel model must allow for."""

from evenfield.shared.words import Findings, Sentence, p


def sentences(facts: Findings) -> list[Sentence]:
    """Quote dependence between units net of year means, and the test of unit roots, for the latest span of years."""
    found: list[Sentence] = []
    for estimator, outcome, told in (
        ("cdw_plus", "growth", f"Net of the mean of each year, independence of growth between {facts.units}"),
        ("cips", "log_income", f"A unit root in every {facts.unit}'s income about its trend"),
    ):
        spans = [
            row for row in facts.rows(estimator=estimator, outcome=outcome, sample_id="all") if "-" in row["period"]
        ]
        for row in sorted(spans, key=lambda row: str(row["period"]))[-1:]:
            word = "is rejected" if row["p_value"] < 0.05 else "is not rejected, which does not show that it holds"
            test = estimator.replace("_plus", "+").upper()
            found.append(Sentence(f"{told} {word} in {facts.label(row)} ({test}, {p(row)}).", facts.basis(row)))
    return found

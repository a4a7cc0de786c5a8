"""When the speed of convergence changed."""

from evenfield.shared.words import Findings, Sentence, capital, p


def sentences(facts: Findings) -> list[Sentence]:
    """Say whether speeds differ between periods and where a single break would lie."""
    equal = facts.rows(estimator="period_contrast_wald", sample_id="all")[:1]
    breaks = facts.rows(term="sup_wald", sample_id="all")[:1]
    found = [Sentence(f"Equal speeds of convergence in all periods: {p(row)}.", facts.basis(row)) for row in equal]
    return found + [
        Sentence(f"{capital(str(row['contrast']))} fits best as a single change of speed ({p(row)}).", facts.basis(row))
        for row in breaks
    ]

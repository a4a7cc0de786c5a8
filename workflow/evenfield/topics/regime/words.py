"""Whether speeds of convergence differ with the neighbours' clusters and zones."""

from evenfield.shared.words import Findings, Sentence, by_period

DIFFERENCE = "initial_x_exposure_cluster - initial_x_exposure_sez"


def sentences(facts: Findings) -> list[Sentence]:
    """Give the difference of the two interactions by period."""
    rows = facts.rows(role="primary", estimator="regime", effect_type="coef", contrast=DIFFERENCE)
    return by_period(
        facts,
        rows,
        "The speed of convergence per exposure to neighbours' clusters minus that per exposure to their zones",
    )

"""Two labels or four cells: which grouping of units describes growth best."""

from evenfield.shared.tables.numbers import fixed
from evenfield.shared.words import Findings, Sentence, listing, p


def sentences(facts: Findings) -> list[Sentence]:
    """Give what four cells save of the prediction error of two labels, by period, and what BIC prefers."""
    rows = facts.rows(role="primary", period=facts.shown("main"))
    gain, bic = ({row["period"]: row for row in rows if row["estimator"] == name} for name in ("loo_gain", "bic_gain"))
    both = [(row, bic[name]) for name, row in gain.items() if name in bic]
    if not both:
        return []
    parts = [f"{fixed(100 * row['estimate'], 0)}% in {facts.label(row)} ({p(row)})" for row, _ in both]
    points = [f"{fixed(row['estimate'], 1)} ({p(row)})" for _, row in both]
    text = f"A mean for each of four cells saves of the prediction error of two labels {listing(parts)}; BIC gains are"
    weak = f"Cells hold as few as {both[0][0]['n_treated']:.0f} {facts.units}: not to win is not to be wrong."
    return [Sentence(f"{text} {listing(points)}. {weak}", "permutation of labels, one-sided", caution=True)]

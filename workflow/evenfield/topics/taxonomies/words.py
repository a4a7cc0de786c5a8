"""Two labels or four cells: which grouping of units describes growth best."""

from evenfield.shared.tables.numbers import fixed
from evenfield.shared.words import Findings, Sentence, listing, p


def sentences(facts: Findings) -> list[Sentence]:
    """Give what four cells save of the prediction error of two labels, by period, and what BIC prefers."""
    rows = facts.rows(role="primary", period=facts.shown("main"))
    gain, bic = ({row["period"]: row for row in rows if row["estimator"] == name} for name in ("loo_gain", "bic_gain"))
    parts = [
        f"{fixed(100 * row['estimate'], 0)}% in {facts.label(row)} ({p(row)}; BIC gain {fixed(bic[name]['estimate'], 1)},"
        f" {p(bic[name])})"
        for name, row in gain.items()
        if name in bic
    ]
    if not parts:
        return []
    row = next(iter(gain.values()))
    return [
        Sentence(
            f"A mean for each of four cells saves {listing(parts)} of the prediction error of two labels. That rests on cells "
            f"of as few as {row['n_treated']:.0f} {facts.units}: a grouping that does not win has not been shown to be wrong.",
            "permutation of labels, one-sided",
            caution=True,
        )
    ]

"""What the section on vintages prints: how far one estimate moves with the figures that it
is made from.

Code, because it holds the intervals of all vintages against one another.
"""

from evenfield.shared.sections import shown, side_of_zero
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import Row, only, records, term_name
from evenfield.topics.vintages.table import asked_alone


def section(results: StudyResults) -> Row:
    """Return the smallest and the largest estimate over the vintages by term and span."""
    rows = asked_alone(results.estimates(estimator="ols", effect_type="coef"))
    rows = rows[rows["estimate"].notna()].sort_values(["estimate", "estimate_id"])
    moved = []
    for (spec, term, label, period), own in rows.groupby(
        ["spec_id", "term", "treatment_def", "period"], sort=True
    ):
        if own["outcome"].nunique() < 2:
            continue
        every = records(own)
        sides = {side_of_zero(row) for row in every}
        least, *_, most = every
        moved.append(
            {
                "id": f"{spec}_{term}_{label}_{period}",
                "term": term_name(str(term)),
                "span": str(period).replace("-", "\u2013"),
                "unit": least["unit_of_measure"],
                "low": shown(least, "0.00"),
                "high": shown(most, "0.00"),
                "low_of": least["outcome"],
                "high_of": most["outcome"],
                "agree": len(sides) == 1 and not sides & {"open", "untested"},
                "opposed": {"above", "below"} <= sides,
                "count": shown(
                    least | {"estimate": float(len(only(own, term=term)))}, "0"
                ),
            }
        )
    return {"moved": moved} if moved else {}

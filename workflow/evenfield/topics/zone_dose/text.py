"""What the section on the dose of zones prints: what more zones in force go with, and
whether the outcome moved before.
"""

from evenfield.shared.facts import Facts
from evenfield.shared.sections import finding, shown, visible
from evenfield.shared.tables import Row, pick

DECIDES = "zone_dose_fe"
MOST = 8


def section(facts: Facts) -> Row:
    """Return the coefficient of the dose and the test of later zones by specification."""
    rows = facts.estimates(estimator=DECIDES)
    doses = []
    # The primary specification first; the table holds those that are not named.
    ranked = rows.assign(later=rows["role"].ne("primary")).sort_values(
        "later", kind="stable"
    )
    for spec in ranked["spec_id"].unique()[:MOST]:
        row = pick(rows, spec_id=spec, term="dose")
        before = pick(rows, spec_id=spec, term="dose_leads")
        dose = finding(row, spec.replace("_", " "), "0.000")
        if dose:
            alpha = 1 - facts.config.inference.level
            doses.append(
                {
                    "id": spec,
                    **dose,
                    "outcome": row["outcome"].replace("_", " "),
                    "unit": row["unit_of_measure"],
                    "visible": visible(facts, dose["number"]),
                    "before": shown(before, "0.0"),
                    "early": before.get("p_value", 1.0) <= alpha,
                }
            )
    zones = str(facts.words.get("zones_name", "zones"))
    return {"doses": doses, "zones": zones, "level": facts.level} if doses else {}

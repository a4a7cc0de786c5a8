"""What the section on dynamic panels prints: the speed of each period when all that is
lasting in a unit is taken out.
"""

from evenfield.shared.facts import Facts
from evenfield.shared.sections import finding
from evenfield.shared.tables import Row, pick

DECIDES = "bc_fe"


def section(facts: Facts) -> Row:
    """Return the speeds of the bias-corrected estimator by specification and period."""
    rows = facts.estimates(estimator=DECIDES, effect_type="lambda")
    speeds = []
    for spec in facts.specs():
        for period in facts.shown("span", "main"):
            row = pick(rows, spec_id=spec["id"], period=period)
            label = facts.period(period)
            if (spec["span"] or 1) > 1:
                label += f", every {spec['span']} years"
            speed = finding(row, label, "0.0", "% a year")
            if speed:
                speeds.append({"id": f"{spec['id']}_{period}", **speed})
    return {"speeds": speeds, "level": facts.level} if speeds else {}

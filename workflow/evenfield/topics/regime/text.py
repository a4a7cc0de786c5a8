"""What the section on convergence by regime prints: how much of a gap closes in a year
far from groups and next to them.
"""

from evenfield.shared.facts import Facts
from evenfield.shared.sections import finding, visible
from evenfield.shared.tables import Row, only, pick
from evenfield.topics.regime.table import CLUSTER, DIFFERENCE, SEZ

FORM = "0.00"
UNIT = "percentage points a year"


def section(facts: Facts) -> Row:
    """Return the share of a gap that closes in a year in the longest period of the
    primary specification, and what neighbours with groups add.
    """
    spec = facts.primary()["id"]
    rows = facts.estimates(estimator="regime", effect_type="coef", spec_id=spec)
    periods = [
        name for name in facts.shown("span", "main") if name in set(rows["period"])
    ]
    if not periods:
        return {}
    rows = only(rows, period=periods[0])
    alone = pick(rows, term="initial_income", contrast="")
    near = []
    for term, words in {CLUSTER: "clusters", SEZ: facts.words["zones_name"]}.items():
        slope = finding(pick(rows, term=term, contrast=""), words, FORM, UNIT)
        if slope:
            smallest = visible(facts, slope["number"])
            near.append({"id": term, **slope, "visible": smallest})
    content = {
        "period": facts.period(periods[0]),
        "alone": finding(alone, "alone", FORM, "% a year"),
        "near": near,
        "difference": finding(pick(rows, contrast=DIFFERENCE), "", FORM, UNIT),
        "level": facts.level,
    }
    return content if content["alone"] and near else {}

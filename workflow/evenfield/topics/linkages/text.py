"""What the section on linkages prints: what neighbours' holdings go with where a
capacity is average and where it is higher.
"""

from evenfield.shared.facts import Facts
from evenfield.shared.sections import finding, tested, visible
from evenfield.shared.tables import Row, only, pick, records
from evenfield.topics.linkages.table import BASE, OUTCOMES, PSI, variant

FORM = "0.000"
MOST = 8


def section(facts: Facts) -> Row:
    """Return the coefficients of neighbours in the primary specification, its placebo
    and the interaction of the other specifications.
    """
    section = facts.config.estimates["linkages"]
    estimates = facts.estimates()
    main = facts.primary(question="specs")
    own = only(estimates, spec_id=main["id"])
    base = only(own, estimator=BASE)
    decides = pick(base, term=PSI)
    steeper = finding(decides, "", FORM)
    if not steeper:
        return {}
    placebo = pick(own, estimator=f"{BASE}_placebo_before")
    # Of many specifications the first are named; the table holds all, and those with
    # another moderator.
    same = only(estimates, estimator=BASE, term=PSI, controls_id=decides["controls_id"])
    others = [
        {"id": row["spec_id"], **finding(row, variant(row, decides), FORM)}
        for row in records(same[same["estimate"].notna()])
        if row["spec_id"] != main["id"]
    ]
    alpha = 1 - facts.config.inference.level
    return {
        "intensity": section["intensities"][main["intensity"]]["label"],
        "moderator": section["moderators"][main["moderator"]]["label"],
        "outcome": OUTCOMES.get(decides["outcome"], decides["outcome"]),
        "period": facts.period(decides["period"]),
        "average": finding(pick(base, term="neighbours"), "", FORM),
        "steeper": steeper,
        "visible": visible(facts, steeper["number"]),
        "before": tested(placebo, FORM),
        "years_before": facts.period(placebo.get("period", "")),
        "early": placebo.get("p_value", 1.0) <= alpha,
        "others": others[:MOST],
        "level": facts.level,
    }

"""What the section on synthetic controls prints: how far each unit that got a zone lay
from its likes, and how sure that is.
"""

from evenfield.shared.facts import Facts
from evenfield.shared.sections import effect_size, finding, side_of_zero
from evenfield.shared.tables import Row, pick
from evenfield.topics.synthetic_control.table import BASE

MOST = 8
OUTCOMES = {
    "log_income": "income per head",
    "relative_log_income": "income over the average",
}
EARLIER = f"{BASE}_in_time"


def section(facts: Facts) -> Row:
    """Return the mean gap of the primary cases, of all where none is."""
    specs = facts.specs()
    primary = [spec for spec in specs if spec["role"] == "primary"]
    cases = []
    for spec in (primary or specs)[:MOST]:
        rows = facts.estimates(spec_id=spec["id"], effect_type="coef")
        row = pick(rows, estimator=BASE)
        gap = effect_size(row)
        if gap is None:
            continue
        since, until = spec["effect"]
        outcome = row["outcome"]
        earlier = finding(pick(rows, estimator=EARLIER), "", "0.00")
        cases.append(
            {
                "id": spec["id"],
                "name": facts.name(spec["unit"]),
                "outcome": OUTCOMES.get(outcome, outcome.replace("_", " ")),
                "years": f"{since}\u2013{until}",
                "gap": gap,
                "side": side_of_zero(row),
                "poor": "POOR FIT" in row["warning"],
                "early": bool(earlier) and earlier["side"] in ("above", "below"),
            }
        )
    return {"cases": cases, "level": facts.level} if cases else {}

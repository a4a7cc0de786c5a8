"""What the section on spillovers prints: growth next to clusters and next to zones."""

from evenfield.shared.facts import Facts
from evenfield.shared.sections import shown, side_of_zero, visible
from evenfield.shared.tables import Row, only, pick

TERMS = {"exposure_cluster": "clusters", "exposure_sez": "zones"}
DIFFERENCE = "exposure_cluster - exposure_sez"
FORM = "0.00"
UNIT = "pp a year"


def section(facts: Facts) -> Row:
    """Return the premium of neighbours in the longest period of the primary
    specification.
    """
    spec = facts.primary()
    rows = facts.estimates(spec_id=spec["id"], estimator="slx", sample_id=["all", ""])
    periods = [
        name for name in facts.shown("span", "main") if name in set(rows["period"])
    ]
    if not periods:
        return {}
    rows = only(rows, period=periods[0])
    names = {**TERMS, "exposure_sez": str(facts.words.get("zones_name", "zones"))}
    neighbours = []
    for term, words in names.items():
        row = pick(rows, term=term, contrast="")
        premium = shown(row, FORM, UNIT)
        if premium:
            neighbours.append(
                {
                    "id": term,
                    "words": words,
                    "premium": premium,
                    "side": side_of_zero(row),
                    "visible": visible(facts, premium),
                }
            )
    difference = pick(rows, contrast=DIFFERENCE)
    return {
        "period": facts.period(periods[0]),
        "neighbours": neighbours,
        "difference": shown(difference, FORM, UNIT),
        "difference_side": side_of_zero(difference),
        "zones": names["exposure_sez"],
        "level": facts.level,
    }

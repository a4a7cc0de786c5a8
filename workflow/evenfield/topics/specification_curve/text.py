"""What the section on specification curves prints: where the estimates of a question
lie over all its specifications, and how often they agree by chance.
"""

from evenfield.shared.facts import Facts
from evenfield.shared.sections import shown, tested
from evenfield.shared.tables import Row, only, pick

WHOLE = "all"  # periods together
LEVEL = "relative_log_income"
SHAPES = {
    "own": "with {}",
    "exposure": "with {} next door",
    "regime": "with {} next door, times initial income",
}


def section(facts: Facts) -> Row:
    """Return median and share of the predicted sign of each curve, all periods
    together.
    """
    alpha = 1 - facts.config.inference.level
    names = {"cluster": "clusters", "sez": facts.words["zones_name"]}
    curves = []
    for curve in facts.specs(question="curves"):
        rows = only(facts.estimates(period=WHOLE), spec_id=curve["id"])
        median = pick(rows, effect_type="median")
        share = pick(rows, effect_type="share")
        middle = tested(median, "0.00")
        agree = shown(share, "0", "%", times=100)
        if middle is None or agree is None:
            continue
        sides = [names[part] for part in curve["contrast"].split(" - ")]
        level = LEVEL in curve["outcomes"]
        curves.append(
            {
                "id": curve["id"],
                "outcome": "income" if level else "growth",
                "label": SHAPES[curve["kind"]].format(" less ".join(sides)),
                "unit": "log points" if level else "percentage points a year",
                "median": middle,
                "share": agree,
                "predicted": "more" if curve["predicted"] == "+" else "less",
                "count": shown(median | {"estimate": float(median["n_obs"])}, "0"),
                "clear": median["p_value"] <= alpha,
            }
        )
    return {"curves": curves} if curves else {}

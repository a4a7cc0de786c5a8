"""What the section on taxonomies prints: whether four cells foretell growth better than
two labels, and which grouping errs least.
"""

from evenfield.shared.facts import Facts
from evenfield.shared.sections import tested
from evenfield.shared.tables import Row, only, pick, records

GAIN = "loo_gain"
ERROR = "loo_mse"
CELLS = "four cells"
WORDS = {
    "no groups": "no groups at all",
    "dichotomy": "two labels",
    CELLS: "four cells",
}


def section(facts: Facts) -> Row:
    """Return the gain of four cells over two labels by main period."""
    alpha = 1 - facts.config.inference.level
    spec = facts.primary()["id"]
    rows = facts.estimates(spec_id=spec, treatment_def=facts.taxonomy)
    gains = []
    for period in facts.shown("main"):
        own = only(rows, period=period)
        row = pick(own, estimator=GAIN, term=CELLS)
        gain = tested(row, "0", "%", times=100)
        if gain is None:
            continue
        errors = only(own[own["estimate"].notna()], estimator=ERROR)
        least, *_ = records(errors.sort_values(["estimate", "term"]))
        gains.append(
            {
                "id": period,
                "period": facts.period(period),
                "gain": gain,
                "better": row["estimate"] > 0,
                "clear": row["p_value"] <= alpha,
                "least": WORDS[least["term"]],
            }
        )
    return {"gains": gains} if gains else {}

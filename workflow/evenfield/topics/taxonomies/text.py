"""What the section on taxonomies prints: whether four cells foretell growth better than
two labels, and which grouping errs least.
"""

from typing import Any

from evenfield.shared.facts import Facts
from evenfield.shared.sections import tested
from evenfield.shared.tables.rows import only, pick, records
from evenfield.shared.tables.units import period_label

GAIN = "loo_gain"
ERROR = "loo_mse"
CELLS = "four cells"
WORDS = {
    "no groups": "no groups at all",
    "dichotomy": "two labels",
    CELLS: "four cells",
}


def section(facts: Facts) -> dict[str, Any]:
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
                "period": period_label(period, facts.config.periods),
                "gain": gain,
                "better": row["estimate"] > 0,
                "clear": row["p_value"] <= alpha,
                "least": WORDS[least["term"]],
            }
        )
    return {"gains": gains} if gains else {}

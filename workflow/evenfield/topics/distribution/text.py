"""Whether the average that classes are cut by moved: code, because it asks the panel."""

import numpy as np

from evenfield.shared.sections import cell
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import Row

DRIFT = 0.1  # log points between mean and median that a few units can bring about


def named_units(results: StudyResults, said: Row) -> Row:
    """Return the mean over the income of the unit in the middle at both ends of the
    period, if that moved so much that classes moved against most units.
    """
    del said
    spec = results.primary()
    # A few rich units of few people pull the mean over units alone.
    if spec.get("relative_to", "mean") != "mean":
        return {"pulled": None}
    period = results.config.periods[spec["period"]]
    panel = results.table("panel")
    income = panel.pivot(index="unit", columns="year", values="income")
    ends = income.reindex(columns=[period.start, period.end])
    ratios = (ends.mean() / ends.median()).to_numpy(float)
    if not np.abs(np.diff(np.log(ratios))).max() > DRIFT:
        return {"pulled": None}
    source = f"panel/{results.main}/panel.csv"
    stood = [cell(ratio, "0", source, "%", times=100) for ratio in ratios]
    return {
        "pulled": {
            "first": str(period.start),
            "last": str(period.end),
            "start": stood[0],
            "end": stood[1],
        }
    }

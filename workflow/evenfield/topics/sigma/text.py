"""What the section on dispersion prints: how far apart incomes were at both ends and at
the most, and whether that changed.
"""

from evenfield.shared.facts import Facts
from evenfield.shared.sections import cell, shown, side_of_zero
from evenfield.shared.tables import Row, only, pick, records

SERIES = "estimates/sigma/series.csv"


def section(facts: Facts) -> Row:
    """Return the standard deviation of log income at both ends of the longest period,
    and the years between.
    """
    spec = facts.primary()["id"]
    period = facts.shown("span", "main")[0]
    rows = only(facts.estimates(), spec_id=spec, period=period)
    start = shown(pick(rows, term="sigma_start"), "0.00")
    end = shown(pick(rows, term="sigma_end"), "0.00")
    if start is None or end is None:
        return {}
    path = records(only(facts.series(), spec_id=spec).sort_values("year"))
    top = max(path, key=lambda row: row["sigma"])
    bottom = min(path, key=lambda row: row["sigma"])
    ends = facts.config.periods[period]
    inside = [row for row in (top, bottom) if ends.start < row["year"] < ends.end]
    return {
        "period": facts.period(period),
        "first": str(ends.start),
        "last": str(ends.end),
        "start": start,
        "end": end,
        # One standard deviation above the mean of logs, as an income.
        "start_percent": shown(start.row, "0", "%", percent=True),
        "end_percent": shown(end.row, "0", "%", percent=True),
        # Above zero where the first year was the more unequal one.
        "side": side_of_zero(pick(rows, estimator="sigma_slope_test")),
        "turns": [
            {
                "id": f"{row['year']:.0f}",
                "most": row is top,
                "sigma": cell(row["sigma"], "0.00", SERIES),
            }
            for row in inside
        ],
        "level": facts.level,
    }

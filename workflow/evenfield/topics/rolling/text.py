"""What the section on rolling windows prints: the slowest and the fastest window, and
whether and when the speed broke.
"""

from evenfield.shared.facts import Facts
from evenfield.shared.sections import finding, shown, tested
from evenfield.shared.tables import Row, only, pick, records

FORM = "0.0"
UNIT = "% a year"


def section(facts: Facts) -> Row:
    """Return the windows of the shortest length with the lowest and the highest speed,
    and the break of the speed.
    """
    spec = facts.primary()["id"]
    windows = only(facts.series(), spec_id=spec, kind="window")
    windows = windows[windows["speed"].notna()]
    if len(windows) < 2:
        return {}
    span = int(windows["span"].min())
    path = records(only(windows, span=span).sort_values(["speed", "start_year"]))
    speeds = facts.estimates(spec_id=spec, estimator="rolling_ols", term="speed")

    def window(name: str, row: Row) -> Row:
        period = f"{row['start_year']:.0f}-{row['end_year']:.0f}"
        row = pick(speeds, period=period)
        return {"id": name, **finding(row, facts.period(period), FORM, UNIT)}

    breaks = facts.estimates(spec_id=spec, estimator="slope_break")
    test = pick(breaks, term="sup_wald")
    return {
        "span": str(span),
        "slowest": window("slowest", path[0]),
        "fastest": window("fastest", path[-1]),
        "test": tested(test, FORM),
        "broke": test.get("p_value", 1.0) <= 1 - facts.config.inference.level,
        "year": test.get("contrast", "").removeprefix("break after "),
        "before": shown(pick(breaks, term="speed_before"), FORM, UNIT),
        "after": shown(pick(breaks, term="speed_after"), FORM, UNIT),
        "level": facts.level,
    }

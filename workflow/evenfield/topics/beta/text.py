"""What the section on convergence prints: the speed in each period, with other models,
and who lies farthest from the line.
"""

import pandas as pd

from evenfield.shared.facts import Facts
from evenfield.shared.sections import shown, side_of_zero, visible
from evenfield.shared.tables import Row, in_words, only, pick
from evenfield.topics.beta.table import spec_heading

NAMED = 3  # units at each end
FEWEST = 4 * NAMED  # units of which some can be called far from the line


def section(facts: Facts) -> Row:
    """Return the speeds of the primary specification by period, the longest first, and
    those of all others.
    """
    beta = facts.estimates()
    spec = facts.primary()["id"]
    periods = facts.shown("span", "main")
    speeds = [_speed(facts, beta, spec, period) for period in periods]
    speeds = [speed for speed in speeds if speed]
    if not speeds:
        return {}
    first = speeds[0]
    period = first["id"]
    life = pick(
        beta, spec_id=spec, period=period, estimator="ols", effect_type="half_life"
    )
    others = []
    for other in facts.specs():
        speed = _speed(facts, beta, other["id"], period)
        if other["id"] != spec and speed:
            label = spec_heading(facts, other)
            speed |= {"id": other["id"], "label": label[:1].lower() + label[1:]}
            others.append(speed)
    return {
        **first,
        "level": facts.level,
        "half_life": shown(life, "0", "years"),
        "visible": visible(facts, first["speed"]),
        "periods": speeds[1:],
        "others": others,
        **_outliers(facts, spec, period),
    }


def _speed(facts: Facts, beta: pd.DataFrame, spec: str, period: str) -> Row:
    row = pick(beta, spec_id=spec, period=period, estimator="ols", effect_type="lambda")
    speed = shown(row, "0.0", "% a year")
    if speed is None:
        return {}
    return {
        "id": period,
        "period": facts.period(period),
        "speed": speed,
        "side": side_of_zero(row),
    }


def _outliers(facts: Facts, spec: str, period: str) -> dict[str, str]:
    """Name the units farthest above and below the line."""
    points = only(facts.series(), spec_id=spec, period=period, kind="unit")
    if len(points) < FEWEST:
        return {"fast": "", "slow": ""}
    units = points.sort_values(["residual", "unit"])["unit"]
    return {
        "fast": in_words([facts.name(unit) for unit in units[::-1][:NAMED]]),
        "slow": in_words([facts.name(unit) for unit in units[:NAMED]]),
    }

"""Who lies farthest from the line of convergence: code, because it names them."""

from evenfield.shared.facts import Facts
from evenfield.shared.tables import Row, in_words, only

NAMED = 3  # units at each end
FEWEST = 4 * NAMED  # units of which some can be called far from the line


def named_units(facts: Facts, said: Row) -> Row:
    """Name the units farthest above and below the line in the period that is said."""
    spec = facts.primary()["id"]
    points = only(facts.series(), spec_id=spec, period=said["period_id"], kind="unit")
    if len(points) < FEWEST:
        return {"fast": "", "slow": ""}
    units = points.sort_values(["residual", "unit"])["unit"]
    return {
        "fast": in_words([facts.name(unit) for unit in units[::-1][:NAMED]]),
        "slow": in_words([facts.name(unit) for unit in units[:NAMED]]),
    }

"""What the section on groups of units prints: which have clusters, zones, both or
neither in the last period.
"""

from typing import Any

from evenfield.shared.facts import Facts
from evenfield.shared.sections import cell
from evenfield.shared.tables.rows import TEXT, only
from evenfield.shared.tables.units import (
    CELL_WORDS,
    CELLS,
    cells_of,
    last_main_period,
    period_label,
)
from evenfield.study.errors import first_examples

NAMED = 20


def section(facts: Facts) -> dict[str, Any]:
    """Return the units of each cell, named but for those that have neither."""
    if facts.config.taxonomy.all == ("none",):
        return {}
    periods = facts.config.periods
    period = last_main_period(periods)
    cells = cells_of(facts.table("cells", text=TEXT), facts.taxonomy, period)
    groups = []
    for name in CELLS:
        units = sorted(map(facts.name, only(cells, cell=name)["unit"]))
        if units:
            groups.append(
                {
                    "id": name.replace(" ", "_"),
                    "label": CELL_WORDS[name].format_map(facts.words),
                    "count": cell(len(units), "0", f"panel/{facts.main}/cells.csv"),
                    "names": "" if name == "neither" else first_examples(units, NAMED),
                }
            )
    return {"groups": groups, "period": period_label(period, periods)}

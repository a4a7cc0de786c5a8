"""What the section on groups of units prints: which have clusters, zones, both or
neither in the last period.

Code, because it names the units of each cell, which are no estimates.
"""

from evenfield.shared.facts import Facts
from evenfield.shared.sections import cell
from evenfield.shared.tables import (
    CELL_WORDS,
    CELLS,
    Row,
    cells_of,
    last_main_period,
    only,
)
from evenfield.study.errors import first_examples

NAMED = 20


def section(facts: Facts) -> Row:
    """Return the units of each cell, named but for those that have neither."""
    if facts.config.taxonomy.all == ("none",):
        return {}
    period = last_main_period(facts.config.periods)
    cells = cells_of(facts.table("cells"), facts.taxonomy, period)
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
    return {
        "groups": groups,
        "period": facts.period(period),
        "others": _other_zones(facts, period),
    }


def _other_zones(facts: Facts, period: str) -> str:
    """Name the units that have zones in the last year and are not counted as zoned in the
    period, most of which must have passed with a zone.
    """
    yearly = only(facts.table("yearly_cells"), taxonomy=facts.taxonomy)
    last = only(yearly, year=facts.config.periods[period].end)
    cells = cells_of(facts.table("cells"), facts.taxonomy, period)
    counted = set(cells.loc[cells["sez"].eq(1), "unit"])
    others = last.loc[last["sez"].eq(1) & ~last["unit"].isin(counted), "unit"]
    return first_examples(sorted(map(facts.name, others)), NAMED) if len(others) else ""

"""What the section on groups of units prints: which have clusters, zones, both or
neither in the last period.

Code, because it names the units of each cell, which are no estimates.
"""

from evenfield.shared.sections import cell
from evenfield.shared.study_results import StudyResults
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


def section(results: StudyResults) -> Row:
    """Return the units of each cell, named but for those that have neither."""
    if results.config.taxonomy.all == ("none",):
        return {}
    period = last_main_period(results.config.periods)
    cells = cells_of(results.table("cells"), results.taxonomy, period)
    groups = []
    for name in CELLS:
        units = sorted(map(results.name, only(cells, cell=name)["unit"]))
        if units:
            groups.append(
                {
                    "id": name.replace(" ", "_"),
                    "label": CELL_WORDS[name].format_map(results.words),
                    "count": cell(len(units), "0", f"panel/{results.main}/cells.csv"),
                    "names": "" if name == "neither" else first_examples(units, NAMED),
                }
            )
    return {
        "groups": groups,
        "period": results.period(period),
        "others": _other_zones(results, period),
    }


def _other_zones(results: StudyResults, period: str) -> str:
    """Name the units that have zones in the last year and are not counted as zoned in the
    period, most of which must have passed with a zone.
    """
    yearly = only(results.table("yearly_cells"), taxonomy=results.taxonomy)
    last = only(yearly, year=results.config.periods[period].end)
    cells = cells_of(results.table("cells"), results.taxonomy, period)
    counted = set(cells.loc[cells["sez"].eq(1), "unit"])
    others = last.loc[last["sez"].eq(1) & ~last["unit"].isin(counted), "unit"]
    return (
        first_examples(sorted(map(results.name, others)), NAMED) if len(others) else ""
    )

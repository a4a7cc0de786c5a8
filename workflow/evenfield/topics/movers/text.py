"""What the section on movers prints: which units rose and fell most against the average.

Code, because it names and ranks units of the panel.
"""

from evenfield.shared.sections import cell
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import Row, records
from evenfield.topics.movers.table_movers import FEWEST, both_ends, movers


def section(results: StudyResults) -> Row:
    """Return the units at both ends with their ranks and ratios."""
    frame = movers(results)
    if len(frame) < FEWEST or frame["year_start"].eq(frame["year_end"]).all():
        return {}
    rose, fell = both_ends(frame)
    source = f"panel/{results.main}/panel.csv"
    return {
        "first": str(frame["year_start"].iloc[0]),
        "last": str(frame["year_end"].iloc[0]),
        "rose": [_unit(row, source) for row in records(rose)],
        "fell": [_unit(row, source) for row in records(fell)],
        "compared": cell(len(frame), "0", source),
    }


def _unit(row: Row, source: str) -> Row:
    ratios = {
        end: cell(row[f"ratio_{end}"], "0", source, "%", times=100)
        for end in ("start", "end")
    }
    ranks = {
        f"rank_{end}": cell(row[f"rank_{end}"], "0", source) for end in ("start", "end")
    }
    return {"id": row["unit"], "name": row["name"], **ratios, **ranks}

"""The section that places the map."""

from evenfield.shared.facts import Facts
from evenfield.shared.tables import Row


def section(facts: Facts) -> Row:
    """Return the words of the study's map."""
    return {"units_mapped": facts.words["units_name"]}

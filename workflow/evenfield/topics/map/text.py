"""The section that places the map."""

from typing import Any

from evenfield.shared.facts import Facts


def section(facts: Facts) -> dict[str, Any]:
    """Return the words of the study's map."""
    return {"units_mapped": facts.words["units_name"]}

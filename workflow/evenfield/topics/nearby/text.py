"""What the section on growth nearby prints: near one list against near another, and the
lists themselves.

Code, because the terms of a row are made from the study's lists, one or two.
"""

from evenfield.shared.facts import Facts
from evenfield.shared.sections import shown, side_of_zero, visible
from evenfield.shared.tables import Row
from evenfield.topics.nearby.table_words import (
    deciding,
    finding,
    list_words,
    setting,
)


def section(facts: Facts) -> dict[str, object]:
    """Return the deciding difference of the primary specification, near and own."""
    spec = facts.primary(question="specs")
    rows = facts.estimates()
    near = _found(facts, deciding(rows, spec))
    if not near:
        return {}
    words = list_words(facts, spec)
    first, last = setting(facts, spec, "years")
    return {
        "near": near,
        "own": _found(facts, deciding(rows, spec, near=False)),
        "first": words[0],
        "second": words[1] if words[1:] else "",
        "years": f"{first}\u2013{last}",
        "within": spec.get("within") or "",
        "level": facts.level,
    }


def _found(facts: Facts, row: Row) -> Row:
    """Return a difference, what it found and what it would have shown."""
    number = shown(row, "0.00", "points a year")
    if number is None:
        return {}
    return {
        "number": number,
        "side": side_of_zero(row),
        "finding": finding(row),
        "visible": visible(facts, number),
    }

"""What the section on growth nearby prints: near one list against near another, and the
lists themselves.

Code, because the terms of a row are made from the study's lists, one or two.
"""

from evenfield.shared.sections import shown, side_of_zero, visible
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import Row
from evenfield.topics.nearby.table_words import (
    deciding,
    finding,
    list_words,
    setting,
)


def section(results: StudyResults) -> dict[str, object]:
    """Return the deciding difference of the primary specification, near and own."""
    spec = results.primary(question="specs")
    rows = results.estimates()
    near = _found(results, deciding(rows, spec))
    if not near:
        return {}
    words = list_words(results, spec)
    first, last = setting(results, spec, "years")
    return {
        "near": near,
        "own": _found(results, deciding(rows, spec, near=False)),
        "first": words[0],
        "second": words[1] if words[1:] else "",
        "years": f"{first}\u2013{last}",
        "within": spec.get("within") or "",
        "level": results.level,
    }


def _found(results: StudyResults, row: Row) -> Row:
    """Return a difference, what it found and what it would have shown."""
    number = shown(row, "0.00", "points a year")
    if number is None:
        return {}
    return {
        "number": number,
        "side": side_of_zero(row),
        "finding": finding(row),
        "visible": visible(results, number),
    }

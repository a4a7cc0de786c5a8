"""What the section on growth nearby prints: near one list against near another, and the
lists themselves.

Code, because the terms of a row are made from the study's lists, one or two.
"""

from evenfield.shared.sections import (
    FigureMap,
    MapLayer,
    shown,
    side_of_zero,
    visible,
)
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import Row
from evenfield.topics.nearby.table_members import (
    group_column,
    groups_of_units,
    list_classes,
    list_keys,
    listed_units,
)
from evenfield.topics.nearby.table_words import (
    deciding,
    finding,
    list_words,
    setting,
    short_word,
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


def figure_maps(results: StudyResults) -> dict[str, FigureMap]:
    """Return what a page shows in place of F42: one layer a list, and who is on which."""
    classes = list_classes(results)
    layers = []
    for name, codes in classes.items():
        keys = list_keys(results, str(name), codes)
        # The key of a class is its place among them, from 1.
        places = codes.map({code: place for place, code in enumerate(keys, 1)})
        layers.append(
            MapLayer(
                short_word(results, str(name)),
                {f"l{code}": words for code, words in keys.items()},
                places.to_frame(),
            )
        )
    column = group_column(results)
    listed = FigureMap(
        layers=layers,
        groups=groups_of_units(results),
        group_name=column.replace("_", " "),
        listed=listed_units(results),
    )
    return {"F42": listed}


def _found(results: StudyResults, row: Row) -> Row:
    """Return a difference, what it found and the smallest that is detected."""
    number = shown(row, "0.00", "percentage points a year")
    if number is None:
        return {}
    return {
        "number": number,
        "side": side_of_zero(row),
        "finding": finding(row),
        "visible": visible(results, number),
    }

"""What a section of a report prints: numbers with their form and where they are from, and
what an interval says of zero in one word.

`numbers` of a topic.yaml says them, or a `text.py` where units are named; `section.md`
puts them in sentences.
"""

from typing import Any, NamedTuple

import pandas as pd

from evenfield.numerics.power import smallest_visible
from evenfield.shared.estimates import NAN
from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import Row, is_missing
from evenfield.shared.tables.numbers import (
    decimals_of,
    decimals_to_show_nonzero,
    form_with_decimals,
)

ESTIMATES = "estimates.csv"
LOGARITHM = "log points"


class Shown(NamedTuple):
    """A number of a section: a row of the estimates or a cell of a results table, and
    how it is printed.
    """

    row: Row
    show: str  # such as ``0.0``
    unit: str = ""
    times: float = 1.0  # factor, 100 for a share in percent
    percent: bool = False  # of a row in log points: 100 (exp(x) - 1)
    source: str = ESTIMATES


def shown(
    row: Row, show: str, unit: str = "", *, times: float = 1.0, percent: bool = False
) -> Shown | None:
    """Return a row of the estimates as a section prints it; nothing where the row is
    not there or blank.
    """
    if is_missing(row.get("estimate", NAN)):
        return None
    return Shown(row, show, unit, times, percent)


def cell(
    value: Any, show: str, source: str, unit: str = "", *, times: float = 1.0
) -> Shown | None:
    """Return a number that is read or counted from a table below results/."""
    if is_missing(value):
        return None
    return Shown({"estimate": float(value)}, show, unit, times, source=source)


def tested(row: Row, show: str, unit: str = "", *, times: float = 1.0) -> Shown | None:
    """Return a row as a section prints it with its p; nothing where it has none."""
    if is_missing(row.get("p_value", NAN)):
        return None
    return shown(row, show, unit, times=times)


def effect_size(row: Row) -> Shown | None:
    """Return a row in log points as percent, any other in its own unit."""
    if row.get("unit_of_measure") == LOGARITHM:
        return shown(row, "0.0", "%", percent=True)
    return shown(row, "0.00", f" {row.get('unit_of_measure', '')}")


def visible(results: StudyResults, number: Shown) -> Shown | None:
    """Return the smallest effect that an estimate could show; nothing where an end of
    its interval is open.
    """
    row = number.row
    smallest = row.get("mde", NAN)
    if is_missing(smallest):
        smallest = smallest_visible(
            row.get("conf_low", NAN),
            row.get("conf_high", NAN),
            row.get("std_error", NAN),
            results.power,
            results.config.inference.level,
        )
    if is_missing(smallest):
        return None
    own = {"estimate": smallest, "estimate_id": row.get("estimate_id", "")}
    printed = 100 * smallest if number.percent else number.times * smallest
    decimals = decimals_to_show_nonzero(printed, decimals_of(number.show))
    return number._replace(row=own, show=form_with_decimals(number.show, decimals))


def side_of_zero(row: Row, negligible: float = 0.0) -> str:
    """Say whether an interval lies ``above`` or ``below`` zero or is ``open`` to both
    signs; ``none`` where all of it is no farther from zero than what is negligible,
    ``untested`` where there is no interval.
    """
    low, high = (row.get(end, NAN) for end in ("conf_low", "conf_high"))
    if is_missing(low) and is_missing(high):
        return "untested"
    if -negligible <= low and high <= negligible:
        return "none"
    if not is_missing(low) and low > 0:
        return "above"
    if not is_missing(high) and high < 0:
        return "below"
    return "open"


def is_clear(results: StudyResults, row: Row) -> bool | None:
    """Say whether chance gives a number as far from zero too rarely for the level of the
    intervals; nothing where it was not tested.
    """
    p = row.get("p_value", NAN)
    return None if is_missing(p) else bool(p <= 1 - results.config.inference.level)


class MapLayer(NamedTuple):
    """What the map may colour by: a class of each unit, in each year or once for all."""

    name: str  # of the switch
    keys: dict[str, str]  # words of each class by its style, in the order of the key
    classes: pd.DataFrame  # unit x year, or one column; numbers of keys from 1, else 0


class FigureMap(NamedTuple):
    """What a page shows in place of a figure of places: units told apart by list, and a
    table of those on some list.
    """

    layers: list[MapLayer]  # one a list
    groups: dict[str, str]  # of each unit, such as its province; empty: none
    group_name: str  # what such a group is called
    # unit, name, group, lists, earliest year and what is named, of each that is listed
    listed: list[Row]

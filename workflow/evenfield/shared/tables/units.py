"""Names of units and cells as they are printed."""

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from evenfield.shared.estimates import BETWEEN
from evenfield.study.files import Record
from evenfield.study.study_config import Period

CELLS = ("both", "cluster only", "SEZ only", "neither")
# As sentences print them, with the study's word for zones.
CELL_WORDS = {
    "both": "clusters and {zones_name}",
    "cluster only": "clusters alone",
    "SEZ only": "{zones_name} alone",
    "neither": "neither",
}
POOLED = "+"  # between the periods of a row of several
TOGETHER = ("state", "sez_seed")  # counts over several types
TERM_NAMES = {
    "own_cluster": "own cluster",
    "own_sez": "own SEZ",
    "exposure_cluster": "neighbours' clusters",
    "exposure_sez": "neighbours' SEZs",
    "own_park": "own science parks",
    "own_zone": "own zones",
    "exposure_park": "neighbours' science parks",
    "exposure_zone": "neighbours' zones",
}


def short_name(unit: str) -> str:
    """Return the part of a unit id that labels a point or a tile."""
    return unit.rsplit("-", 1)[-1]


def zone_types(doses: pd.DataFrame, known: Iterable[str], most: int = 5) -> list[str]:
    """Return the known types of zones that a study has, else its commonest ones."""
    present = set(doses["zone_type"])
    types = [kind for kind in known if kind in present]
    if types:
        return types
    last = doses[doses["year"].eq(doses["year"].max())]
    last = last[~last["zone_type"].isin(TOGETHER)]
    zones = last.groupby("zone_type")["zones"].sum()
    return list(zones.sort_values(ascending=False, kind="stable").index[:most])


def count_of(number: int, study: Record) -> str:
    """Write a number of units with the study's noun."""
    return f"{number:,} {study['unit_name'] if number == 1 else study['units_name']}"


def cells_of(cells: pd.DataFrame, taxonomy: str, period: str) -> pd.DataFrame:
    """Return the cell of each unit in one period of one taxonomy."""
    selected = cells[cells["taxonomy"].eq(taxonomy) & cells["period"].eq(period)]
    return selected.sort_values("unit", kind="stable").reset_index(drop=True)


def cells_in(values: Iterable[str]) -> list[str]:
    """Return the cells that occur, in the order of tables and keys."""
    present = set(values)
    return [cell for cell in CELLS if cell in present]


def last_main_period(periods: Mapping[str, Period]) -> str:
    """Return the last main period of the config, the one a map shows."""
    main = shown_periods(periods, ["main"])
    return max(main, key=lambda name: (periods[name].end, name))


def main_periods(periods: Mapping[str, Period], role: str = "main") -> list[str]:
    """Return the main periods of the config, or those of another role, in the order
    written.
    """
    return [name for name, item in periods.items() if item.role == role]


def shown_periods(periods: Mapping[str, Period], roles: Sequence[str]) -> list[str]:
    """Return the periods of some roles, role by role; all where none has such a role."""
    names = []
    for role in roles:
        names += main_periods(periods, role)
    return names or list(periods)


def period_label(period: str, periods: Mapping[str, Period]) -> str:
    """Return a period as it is printed, with an en dash between years, or one year; of
    several periods that are pooled each.
    """
    item = periods.get(period)
    if item is None:
        if POOLED in period:
            return ", ".join(
                period_label(part, periods) for part in period.split(POOLED)
            )
        if BETWEEN in period:  # of a change
            parts = period.split(BETWEEN)
            return BETWEEN.join(period_label(part, periods) for part in parts)
        first, _, last = period.partition("-")
        return first if first == last else period.replace("-", "\u2013")
    # A config is typed with hyphens.
    return item.label.replace("-", "\u2013")


def term_name(term: str) -> str:
    """Return a term or a difference of two terms as it is printed."""
    if term in TERM_NAMES:
        return TERM_NAMES[term]
    # A difference of two terms reads ``own cluster minus own SEZ``.
    plain, per_sd, _ = term.partition(" per s.d.")
    names = [
        TERM_NAMES.get(part, part.replace("_", " ")) for part in plain.split(" - ")
    ]
    return " minus ".join(names) + (", per s.d." if per_sd else "")


def listed(parts: Sequence[str]) -> str:
    """Join parts with commas; with semicolons where a part has a comma itself, as Leipzig,
    Stadt.
    """
    return _between(parts).join(parts)


def in_words(parts: Sequence[str]) -> str:
    """Join parts with commas, or semicolons, and a final "and"."""
    *first, last = parts
    between = _between(parts)
    final = "; and " if between == "; " else " and "
    return f"{between.join(first)}{final}{last}" if first else last


def _between(parts: Sequence[str]) -> str:
    return "; " if any(", " in part for part in parts) else ", "

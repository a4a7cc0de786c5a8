"""What the units are called: which column has their names, without marks of footnotes, and
each name once, with the group or code of those that share it.
"""

from collections.abc import Sequence

import pandas as pd

from evenfield.newstudy.cells import is_missing, numbers_of, of_texts
from evenfield.newstudy.key_columns import known_as
from evenfield.newstudy.unit_names import without_marks
from evenfield.newstudy.words import WORDS
from evenfield.study.errors import counted, first_examples

# Share of units that have a name of their own in a column of names, at least: below a
# header that says name, and below any other.
OWN_UNDER_NAME = 0.5
OWN_UNDER_OTHERS = 0.8
MOST_ODD = 0.1  # share of units whose name is blank or changes over the years


def name_column(frame: pd.DataFrame) -> str:
    """Return the column of the units' names beside ``unit``; blank if there is none.

    Several units may have one name, a few none, or another one from some year on.
    """
    count = frame["unit"].nunique()
    own = dict[str, float]()  # share of units with a name of their own
    for column in frame.columns:
        if column in {"unit", "year", "_id"} or numbers_of(frame[column]) is not None:
            continue
        pairs = frame[["unit", column]].drop_duplicates()
        pairs = pairs[~of_texts(pairs[column], is_missing)]
        odd = count - pairs["unit"].nunique() + pairs["unit"].duplicated().sum()
        if odd <= MOST_ODD * count:
            own[column] = pairs.drop_duplicates("unit")[column].nunique() / count
    texts = list(own)
    words = [name for name in texts if not _are_codes(frame[name])]
    each = [name for name in texts if own[name] == 1]
    # Of columns that repeat names the one that repeats fewest.
    shared = sorted(
        (name for name in words if own[name] < 1), key=lambda name: -own[name]
    )
    usual = known_as("name", [name for name in words if name in each])
    # A unit that has a name already takes no other one but under a usual header.
    if _are_codes(frame["_id"]):
        said = [name for name in shared if own[name] >= OWN_UNDER_NAME]
        usual += [
            *(name for name in said if WORDS.name_header.fullmatch(name.strip())),
            *known_as("name", each),
            *(name for name in words if name in each),
            *(name for name in shared if own[name] >= OWN_UNDER_OTHERS),
        ]
    return next(iter(usual), "")


def _are_codes(cells: pd.Series) -> bool:
    texts = pd.Series(cells.unique())
    return bool(texts.str.fullmatch(WORDS.code.pattern).all())


def names_of(frame: pd.DataFrame, column: str) -> pd.Series:
    """Return the latest name of each unit, without marks, in the order of ``frame``; its
    id as written where it has none.
    """
    order = frame["unit"].drop_duplicates()
    written = frame.drop_duplicates("unit").set_index("unit")["_id"]
    shown = written
    if column:
        latest = frame.sort_values("year", kind="stable").set_index("unit")[column]
        latest = latest[~of_texts(latest, is_missing)]
        latest = latest[~latest.index.duplicated(keep="last")]
        shown = latest.reindex(order).fillna(written)
    return shown.reindex(order).map(without_marks)


def told_apart(
    units: pd.DataFrame, groups: Sequence[str], messages: list[str]
) -> pd.DataFrame:
    """Return units whose names each stand once: a name that several share carries the
    group of words that tells them apart, else their shortest code.

    ``units`` has ``unit``, ``name`` and what describes units; ``groups`` names columns
    of it.
    """
    repeated = units["name"].duplicated(keep=False)
    if not repeated.any():
        return units
    words = [
        name
        for name in groups
        if units[name].ne("").all()
        and numbers_of(units[name]) is None
        and not _are_codes(units[name])
        and units[name].nunique() < len(units)
    ]
    usual = known_as("name", words)
    words.sort(key=lambda name: (name not in usual, units[name].nunique()))
    codes = [name for name in known_as("unit", groups) if units[name].is_unique]
    codes.sort(key=lambda name: units[name].str.len().mean())
    names = units["name"].copy()
    for _, same in units[repeated].groupby("name", sort=False):
        telling = [name for name in [*words, *codes, "unit"] if same[name].is_unique]
        names[same.index] = same["name"] + " (" + same[telling[0]] + ")"
    # A name with its group may be that of another unit.
    again = names.duplicated(keep=False)
    names = names.mask(again, units["name"] + " (" + units["unit"] + ")")
    count = units.loc[repeated, "name"].nunique()
    stands = "stands" if count == 1 else "stand"
    messages.append(
        f"{counted(count, 'name')} {stands} for several units, now distinguished:"
        f" {first_examples(sorted(names[repeated]))}"
    )
    return units.assign(name=names)

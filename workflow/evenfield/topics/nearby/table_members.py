"""Who is on which list by name, for the map of the lists and the table beneath it."""

import pandas as pd

from evenfield.shared.study_results import StudyResults
from evenfield.shared.tables import Row, is_missing, records
from evenfield.topics.nearby.table_words import (
    asked,
    named_lists,
    setting,
    short_word,
)

# Classes of a unit: on neither list, on the first alone, on the second alone, on both.
NEITHER, FIRST, SECOND, BOTH = range(4)
COLUMNS = "unit name list what year".split()


def mapped_lists(results: StudyResults) -> tuple[list[str], str]:
    """Return the lists of a study in the order written, those of the primary
    specification first, and the list that each is shown with; blank where there is none.
    """
    main = list(named_lists(results.primary(question="specs")).values())
    table = asked(results).get("list_table") or {}
    against = table.get("against") or "".join(main[1:])
    ordered = dict.fromkeys([*main, *asked(results)["lists"]])
    return [name for name in ordered if name != against], str(against)


def entries(results: StudyResults) -> pd.DataFrame:
    """Return what puts each unit on a list: unit, its name, list, what is named there
    and the earliest year.
    """
    rows = results.series("members", text=("list", "unit", "what"))
    named = rows.merge(results.table("units")[["unit", "name"]], on="unit")
    return named.sort_values(["list", "unit", "year", "what"])[COLUMNS]


def list_classes(results: StudyResults) -> pd.DataFrame:
    """Return the class of each unit (rows) by list (columns): on neither it nor the
    list it is shown with, on one of them, on both.
    """
    lists, against = mapped_lists(results)
    rows = results.series("members", text=("list", "unit", "what"))
    units = results.table("units")["unit"]
    on_second = units.isin(rows.loc[rows["list"].eq(against), "unit"])
    classes = {}
    for name in lists:
        on_first = units.isin(rows.loc[rows["list"].eq(name), "unit"])
        codes = FIRST * on_first.astype(int) + SECOND * on_second.astype(int)
        classes[name] = codes.to_numpy()
    return pd.DataFrame(classes, index=units)


def list_keys(results: StudyResults, name: str, codes: pd.Series) -> dict[int, str]:
    """Return the words of each class of a list with the number of its units."""
    _, against = mapped_lists(results)
    first = short_word(results, name)
    words = {FIRST: first, NEITHER: "not on it"}
    if against:
        second = short_word(results, against)
        words = {
            FIRST: f"{first} alone",
            SECOND: f"{second} alone",
            BOTH: "both",
            NEITHER: "neither",
        }
    return {
        code: f"{text} ({int((codes == code).sum())})" for code, text in words.items()
    }


def listed_units(results: StudyResults) -> list[Row]:
    """Return the units on some list, by group and name: unit, name, group, lists,
    earliest year, and what is named there with its year.
    """
    rows = entries(results)
    groups = groups_of_units(results)
    lists, against = mapped_lists(results)
    shown = [*lists, against] if against else lists
    named = _named(rows)
    listed = []
    for unit, own in rows.groupby("unit", sort=True):
        on_lists = set(own["list"])
        listed.append(
            {
                "unit": str(unit),
                "name": str(own["name"].iloc[0]),
                "group": groups.get(str(unit), ""),
                "lists": [
                    short_word(results, name) for name in shown if name in on_lists
                ],
                "year": own["year"].min(),
                "what": named.get(str(unit), []),
            }
        )
    return sorted(listed, key=lambda row: (row["group"], row["name"], row["unit"]))


def groups_of_units(results: StudyResults) -> dict[str, str]:
    """Return the group within which the primary specification compares each unit, such
    as its province; nothing where it compares all.
    """
    column = group_column(results)
    units = results.table("units", text=("unit", "name", column))
    if column not in units:
        return {}
    return dict(zip(units["unit"], units[column].astype(str), strict=True))


def group_column(results: StudyResults) -> str:
    """Return the column of units.csv by whose groups the lists are ordered."""
    main = results.primary(question="specs")
    return str(main.get("within") or setting(results, main, "cluster") or "")


def _named(rows: pd.DataFrame) -> dict[str, list[str]]:
    """Return what is named of each unit, each once by its letters with its earliest year,
    the oldest first.
    """
    letters = rows["what"].str.casefold().str.replace(r"[\W_]+", " ", regex=True)
    named = rows.assign(letters=letters)[rows["what"].ne("")]
    in_order = named.sort_values(["unit", "year", "letters", "what"])
    oldest = in_order.drop_duplicates(["unit", "letters"])
    by_unit: dict[str, list[str]] = {}
    for row in records(oldest):
        year = "" if is_missing(row["year"]) else f" ({row['year']:.0f})"
        by_unit.setdefault(str(row["unit"]), []).append(f"{row['what']}{year}")
    return by_unit

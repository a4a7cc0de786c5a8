"""Which columns name the units, what they are called and where they lie.

A column names the units if it stands once in every year; its header only decides
between several such columns.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from shlex import quote

import pandas as pd

from evenfield.newstudy.cells import MISSING, coded, numbers_of, texts_of
from evenfield.newstudy.coordinates import LIMITS, degrees_among
from evenfield.newstudy.dates import dates_of
from evenfield.newstudy.shipped import drawn_names
from evenfield.newstudy.unit_names import without_marks
from evenfield.newstudy.words import LISTS, WORDS
from evenfield.study.errors import IngestError, counted, first_examples
from evenfield.study.tables import NUMERIC

# Headers of codes and names that say nothing of what they name.
NO_UNITS = {
    "unit",
    "label",
    "code",
    "código",
    "codigo",
    "libellé",
    "date",
    "value",
    "nazwa",
    "sheet",
}
MOST_KNOWN = 0.6  # share of texts that are known places, where all are places
MOST_SHARED = 0.2  # share of rows whose unit has the name of another
MERGED = 0.5  # share of blank cells from which a column is taken for merged cells


def known_as(kind: str, names: Iterable[str]) -> list[str]:
    """Return the names that are common ones of a kind of column."""
    form: re.Pattern[str] = getattr(WORDS, f"{kind}_column")
    return [name for name in names if form.fullmatch(name.strip())]


def is_key(frame: pd.DataFrame, name: str, year: str) -> bool:
    """Say whether a column stands once in every year and is nowhere blank."""
    # Cells have no blanks at their ends; of figures most stand once.
    once = texts_of(frame[name]).once
    if not 1 < len(once) <= len(frame) / 2:
        return False
    texts = {text.strip() for text in once}
    # NA can be an id, as of Namibia.
    filled = not any(text.lower() in MISSING - {"na"} for text in texts)
    return (
        filled
        and 1 < len(texts) <= len(frame) / 2
        and not coded(frame, [name, year]).duplicated().any()
    )


def unit_column(frame: pd.DataFrame, year: str, messages: list[str]) -> str:
    """Return the column that names the units; blank if none does."""
    if not frame[year].duplicated().any():  # one row a year: none can be of units
        return ""
    others = [name for name in frame.columns if name != year]
    others = [name for name in others if not _holds_months(frame[name])]
    keys = [name for name in others if is_key(frame, name, year)]
    # Figures may tell rows apart by chance: a column of numbers needs a usual header.
    keys = [
        name
        for name in keys
        if numbers_of(frame[name]) is None or known_as("unit", [name])
    ]
    # Ids of series tell rows apart, too, and name no place.
    keys = [name for name in keys if not WORDS.series_id.fullmatch(name)] or keys
    keys = [name for name in keys if not _no_places(frame, name)] or keys
    if not keys:
        # Whole numbers that each stand once in every year, as ids do and figures hardly.
        counts = [name for name in others if _counts_units(frame, name, year)]
        if len(counts) > 1:
            raise IngestError(
                f"no column is surely that of the units ({first_examples(counts, 6)})",
                "one column of ids or names",
                f"name it, for example with --unit {counts[0]}",
            )
        keys = counts
    if not keys:
        return ""
    same = [
        name
        for name in keys
        if not coded(frame, [name, keys[0]]).drop_duplicates().duplicated(name).any()
    ]
    # Ids have no blanks: of such columns usual headers first, then the shortest texts.
    plain = [
        name
        for name in same
        if not any(
            re.search(r"\s", text.strip()) for text in texts_of(frame[name]).once
        )
    ]
    unit = min(
        known_as("unit", plain) or plain or same,
        key=lambda n: (frame[n].str.len().mean(), same.index(n)),
    )
    too = (
        f" (so do {first_examples([n for n in keys if n != unit])})"
        if len(keys) > 1
        else ""
    )
    messages.append(f"units: column {unit}, each stands once a year{too} (--unit)")
    return unit


def _holds_months(cells: pd.Series) -> bool:
    """Say whether texts are names of months, as JAN or March."""
    texts = (text.strip() for text in texts_of(cells).once)
    return all(WORDS.month_alone.fullmatch(text) for text in texts)


def _counts_units(frame: pd.DataFrame, name: str, year: str) -> bool:
    cells = frame[name].str.strip()
    return bool(
        cells.str.fullmatch(r"\d+(\.0+)?").all()
        and is_key(frame, name, year)
        and cells.value_counts().nunique() == 1
    )


def likely_units(frame: pd.DataFrame, year: str) -> list[str]:
    """Return columns that may name units though their rows stand several times a year:
    usual headers first, then those with most texts.
    """
    texts = [
        name
        for name in frame.columns
        if name != year
        and frame[name].nunique() > 1
        and frame[name].str.strip().ne("").all()
        and not frame[name].str.contains(WORDS.measures).all()
        and (numbers_of(frame[name]) is None or known_as("unit", [name]))
    ]
    # Industries and measures name no place, where another column may.
    texts = [name for name in texts if not _no_places(frame, name)] or texts
    usual = set(known_as("unit", texts)) | set(known_as("name", texts))
    places = {name for name in texts if WORDS.place_column.match(name)}
    return sorted(
        texts,
        key=lambda name: (
            name not in usual,
            name not in places,
            -frame[name].nunique(),
            list(frame).index(name),
        ),
    )


def _no_places(frame: pd.DataFrame, name: str) -> bool:
    """Say whether a header is that of industries or measures, and its cells no places."""
    said = WORDS.no_places.fullmatch(name.strip())
    return said is not None and not _are_places(frame[name])


def _are_places(cells: pd.Series) -> bool:
    """Say whether most texts are names of places that have an outline at hand."""
    texts = {without_marks(text).casefold() for text in cells.unique().tolist()}
    return len(texts & _known_places()) > MOST_KNOWN * len(texts)


@cache
def _known_places() -> frozenset[str]:
    tables = [drawn_names(name) for name in ("countries", "us-states")]
    names = [
        table[name] for table in tables for name in map(str, table) if "name" in name
    ]
    return frozenset(pd.concat(names).str.casefold()) - {""}


def joined_units(
    frame: pd.DataFrame, year: str, messages: list[str]
) -> tuple[pd.DataFrame, str]:
    """Return a table in which two columns of places, such as state and county, together
    name the units, with the new column; as it is, with none, if there are no such two.
    """
    places = [
        name
        for name in frame.columns
        if name != year and WORDS.place_column.fullmatch(name.strip())
    ]
    for i, first in enumerate(places):
        for second in places[i + 1 :]:
            if not frame.duplicated([first, second, year]).any():
                # The larger area comes first.
                pair = sorted([first, second], key=lambda name: frame[name].nunique())
                messages.append(
                    f"units: columns {' and '.join(pair)} together, each pair stands"
                    " once a year (--unit)"
                )
                return with_joined(frame, pair), "+".join(pair)
    return frame, ""


def with_joined(frame: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Return a table with a column that joins others."""
    texts = frame[columns].apply(lambda cells: cells.str.strip())
    return frame.assign(**{"+".join(columns): texts.agg(" ".join, axis=1)})


def with_merged_cells(frame: pd.DataFrame, messages: list[str]) -> pd.DataFrame:
    """Return a table whose places, and what stands left of all other columns, stand in
    every row, where each stood once above the blank cells that it was merged with.
    """
    filled = dict[str, pd.Series]()
    at_left = True
    for name in frame.columns:
        is_place = WORDS.place_column.fullmatch(name.strip())
        if not (at_left or is_place):
            continue
        cells = frame[name]
        blank = cells.eq("")
        # Columns at the left, up to the first that is blank nowhere.
        at_left &= bool(blank.any())
        if blank.iloc[0] or blank.mean() < MERGED:
            continue
        is_year = WORDS.time_column.fullmatch(name.strip())
        if is_place or is_year or numbers_of(cells) is None:
            filled[name] = cells.mask(blank).ffill()
            message = f"blank cells of column {name} filled with the name above them"
            messages.append(message)
    return frame.assign(**filled)


def shared_name_fault(
    frame: pd.DataFrame, year: str, shared: str
) -> IngestError | None:
    """Return the fault of a column in which a few units have the name of another, where
    one more column tells them apart; nothing if that is not so.
    """
    twice = frame.duplicated([shared, year], keep=False)
    if not twice.any() or twice.mean() > MOST_SHARED:
        return None
    others = [
        name
        for name in frame.columns
        if name not in (shared, year)
        and numbers_of(frame[name]) is None
        and frame[name].str.strip().ne("").all()
        and frame.groupby(shared)[name].nunique().max() > 1
    ]
    # Places first, then what has most names, as places have.
    others.sort(
        key=lambda name: (
            WORDS.place_column.fullmatch(name.strip()) is None,
            -frame[name].nunique(),
        )
    )
    for other in others:
        years = frame[twice].groupby([shared, other])[year].agg(["size", "nunique"])
        # Each is a unit of its own, and not a row that was written again.
        once = years["size"].eq(years["nunique"]).all()
        in_all = years["nunique"].ge(frame.loc[twice, year].nunique() / 2).all()
        if once and in_all and years["nunique"].min() > 1:
            held = years.groupby(shared).size()
            named = [f"{name}, {count} of them" for name, count in held.items()]
            return IngestError(
                f"{shared} names several units ({first_examples(named)})",
                "one row per unit and year",
                f"distinguish them with --unit {quote(f'{shared}+{other}')}",
            )
    return None


def no_unit_fault(frame: pd.DataFrame, year: str) -> IngestError:
    """Say why no column names the units."""
    others = [name for name in frame.columns if name != year]
    parts = [name for name in others if WORDS.part_of_year.fullmatch(name.strip())]
    places = [name for name in known_as("unit", others) if name not in parts]
    named = [
        *places,
        *(name for name in known_as("name", others) if name not in places),
    ]
    one = [name for name in named if frame[name].nunique() == 1]
    if one and len(one) == len(named):
        return IngestError(
            f"{one[0]} names one unit alone ({frame[one[0]].iloc[0]})",
            "several units, which a study compares",
            "give a table of several units, or name another column with --unit",
        )
    figures = [
        name
        for name in others
        if numbers_of(frame[name]) is not None
        or _holds_months(frame[name])
        or dates_of(frame[name]) is not None
    ]
    if not named and len({*figures, *parts}) == len(others):
        listed = first_examples(others, 6) or year
        return IngestError(
            f"no column names units ({listed} {'is' if len(others) == 1 else 'are'}"
            " figures or parts of a year)",
            "a column that says of which unit each row is",
            "add it, or name it with --unit; a table of one unit has nothing to compare",
        )
    if places and parts and not frame.duplicated([places[0], year, *parts]).any():
        return IngestError(
            f"the dates of rows stand in several columns ({first_examples([year, *parts])})",
            "one row per unit and year",
            _one_date(frame, year, parts),
        )
    first = next(iter(places), others[0] if others else year)
    again = frame[frame.duplicated([first, year])]
    twice = len(again)
    blank = int(frame[first].str.strip().eq("").sum())
    why = list[str]()
    if twice:
        stands = "stands" if twice == 1 else "stand"
        example = f"{again[first].iloc[0]} {again[year].iloc[0]}".strip()
        why.append(
            f"{counted(twice, 'row')} {stands} twice, as of {example} in rows that differ"
        )
    if blank:
        is_blank = "is" if blank == 1 else "are"
        why.append(f"{counted(blank, 'row')} {is_blank} blank")
    units = counted(frame[first].nunique(), "unit")
    why = why or [f"{units} in {counted(len(frame), 'row')}"]
    return IngestError(
        f"no column names each unit once a year ({first}: {' and '.join(why)})",
        "one row per unit and year",
        "name the column with --unit, or remove what stands twice",
    )


def _one_date(frame: pd.DataFrame, year: str, parts: list[str]) -> str:
    """Return what keeps one date a year: the flags for one that most years have, if there
    is one.
    """
    dates = frame[[year, *parts]].drop_duplicates()
    counts = dates[parts].value_counts()
    if counts.iloc[0] <= frame[year].nunique() / 2:
        return "keep the rows of one date in each year, or give a figure for each year"
    named = zip(parts, counts.index[0], strict=True)
    flags = " ".join(f"--where {quote(f'{name}={value}')}" for name, value in named)
    return f"keep one date a year with {flags}, or give a figure for each year"


def unit_word(*headers: str) -> str:
    """Return what one unit is called by the first header that says so: `state` of
    state_name, `department` of DEPARTAMENTOS.
    """
    english = LISTS["units_in_english"]
    for header in headers:
        text = re.sub(r"^[\d ._-]+", "", header.rpartition("+")[2].lower())
        text = re.sub(r"[ _]?(name|id|code|abbr|no|fips|num)([ _]?\d)?$", "", text)
        place = WORDS.begins_with_place.match(text)
        word = place[1] if place else _one_of_several(text.strip(), english)
        # NUTS 3 Regions
        last = _one_of_several(text.split(" ")[-1], english)
        if not place and WORDS.place_column.fullmatch(last):
            word = last
        word = english.get(word, word)
        # Other words say nothing of what the units are; those of other alphabets have no
        # plural in s.
        is_latin = re.fullmatch("[a-z\u00df-\u024f]{4,}", word)
        is_word = is_latin or word in english.values()
        # Words that are written together, as shapeName, are a program's.
        of_places = place or WORDS.place_column.fullmatch(last)
        is_word = is_word and (of_places or not re.search("[a-z][A-Z]", header))
        # A measure or the number of a row is no place.
        others = (WORDS.series_column, WORDS.of_rows, WORDS.time_column, WORDS.money)
        is_word = is_word and not any(form.fullmatch(word) for form in others)
        if is_word and word not in NO_UNITS:
            return str(word)
    return "unit"


def group_word(header: str) -> str:
    """Return what a column of groups is called in English texts: `province` of provinsi,
    `first-level area` of NAME_1; as it is, if nothing else is known.
    """
    level = WORDS.area_level.fullmatch(header.strip())
    if level:
        return f"{('first', 'second', 'third')[int(level['level']) - 1]}-level area"
    bare = header.strip().lower()
    plain = bare if WORDS.place.fullmatch(bare) else header  # Country
    return str(LISTS["units_in_english"].get(bare, plain))


def _one_of_several(word: str, known: Iterable[str]) -> str:
    """Return the word for one unit, where a header names several."""
    if word in known:
        return word
    for ending, instead in (("ies", "y"), ("es", ""), ("s", "")):
        one = word.removesuffix(ending) + instead
        if word.endswith(ending) and (
            one in known or WORDS.place_column.fullmatch(one)
        ):
            return one
    # firms, but not business or basis
    several = re.fullmatch("[a-z]{3,}[^aeious]s", word)
    return word.removesuffix("s") if several else word


def with_coordinates(
    units: pd.DataFrame, given: Mapping[str, str | None] | None = None
) -> pd.DataFrame:
    """Name columns of degrees ``lat`` and ``lon``; others, as of metres, keep theirs."""
    given = given or {}
    asked = {kind: name for kind in LIMITS if (name := given.get(kind))}
    likely = {
        kind: [asked[kind]] if kind in asked else known_as(kind, units.columns)
        for kind in LIMITS
    }
    degrees = degrees_among(units, likely, asked)
    chosen = {str(cells.name): kind for kind, cells in degrees.items()}
    units = units.assign(**{str(cells.name): cells for cells in degrees.values()})
    # Another column of a name that has a meaning of its own in units.csv.
    others = {
        column: f"{column}_given"
        for column in set(NUMERIC["units"]) & set(units.columns) - set(chosen)
        if numbers_of(units[column]) is None or column in {"lat", "lon"}
    }
    return units.rename(columns={**others, **chosen})

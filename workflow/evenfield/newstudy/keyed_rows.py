"""Rows with the id of their unit and their year: ids without blanks, years of any form,
quarters and months taken together.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pandas as pd

from evenfield.newstudy.cells import number_text, numbers_of, of_texts
from evenfield.newstudy.dates import (
    COUNTED,
    EARLIEST,
    SPANS,
    Dates,
    dates_of,
    day_of,
    of_several_forms,
    periods_as_years,
    periods_of,
    wrong_dates,
)
from evenfield.newstudy.layouts import DATE
from evenfield.newstudy.unit_names import without_marks
from evenfield.study.errors import Faults, IngestError, counted, first_examples

MONTHS = 12
KEYS = ["unit", "year", "_id"]


def keyed_rows(
    frame: pd.DataFrame,
    unit: str,
    year: str,
    years: str,
    part: int,
    messages: list[str],
) -> pd.DataFrame:
    """Return rows with ``unit``, an id without blanks, ``year`` and ``_id``, the name of
    the unit as it is shown; those of one ``part`` of each year, if it is above zero.
    """
    faults = Faults()
    with faults.caught():
        dates = _dates(frame[year], year, years, messages)
    shown = _shown(frame[unit])
    if not faults:
        shown = _in_one_spelling(shown, dates, messages)
    ids = of_texts(shown, lambda text: re.sub(r"\s+", "_", text))
    faults += _wrong_ids(ids, shown, unit)
    faults.refuse()
    if ids.ne(shown).any():
        messages.append("ids of units have _ in place of blanks; the names keep theirs")
    # Another column of these names is not that of the study.
    others = frame.drop(columns=[unit, year])
    others = others.rename(columns={name: _free(name, others) for name in KEYS})
    rows = others.assign(unit=ids, year=dates.years, _id=shown)
    rows, dates = _one_a_month(rows, dates, frame[year], messages)
    _refuse_twice(rows.assign(part=dates.parts))
    if part:
        rows = _of_part(rows, dates, part, shown_header(year), messages)
    elif dates.in_year > 1:
        if rows.duplicated(KEYS[:2]).any():
            rows = _whole_years(rows, dates, year, messages)
        else:
            example = frame[year].iloc[0].strip()
            messages.append(
                f"{shown_header(year)} holds one date a year, as {example}: taken for its year"
            )
    early = rows["year"] < EARLIEST
    if early.any():
        messages.append(f"rows before the year {EARLIEST} left out: {int(early.sum())}")
    return rows[~early].reset_index(drop=True)


def _shown(cells: pd.Series) -> pd.Series:
    """Return units as they are shown: codes without decimals, names without marks of
    footnotes.
    """
    shown = of_texts(cells, str.strip)
    if all(re.fullmatch(r"\d+\.0+", text) for text in shown.unique()):
        shown = shown.str.replace(r"\.0+$", "", regex=True)
    return _without_footnotes(shown)


def _wrong_ids(ids: pd.Series, shown: pd.Series, unit: str) -> Iterator[IngestError]:
    """Yield what is wrong with the ids of units, made of the names that are shown."""
    blank = int(ids.eq("").sum())
    if blank:
        yield IngestError(
            f"{unit} is blank in {counted(blank, 'row')}",
            "a unit in each",
            "fill the cell",
        )
    if ids.nunique() != shown.nunique():
        yield IngestError(
            f"{unit} has names that differ only in blanks",
            "one name for one unit",
            "correct it",
        )


def _refuse_twice(rows: pd.DataFrame) -> None:
    """Refuse rows of one unit, year and part of the year."""
    twice = rows.duplicated(["unit", "year", "part"])
    if twice.any():
        named = [f"{row.unit} {row.year}" for row in rows[twice].itertuples()]
        stands = "stands" if len(named) == 1 else "stand"
        raise IngestError(
            f"{counted(len(named), 'row')} {stands} twice ({first_examples(named)})",
            "one row per unit and year",
            "remove them, or see --unit and --year",
        )


def _one_a_month(
    rows: pd.DataFrame, dates: Dates, cells: pd.Series, messages: list[str]
) -> tuple[pd.DataFrame, Dates]:
    """Return rows with one for each unit and month, the mean of those that a month has on
    several days; as they are where no month has.
    """
    dated = rows.assign(_part=dates.parts, _date=cells.str.strip())
    days = dated.duplicated(["unit", "year", "_part"])
    if not days.any() or dated.duplicated(["unit", "_date"]).any():
        return rows, dates
    messages.append(
        f"{shown_header(str(cells.name))} holds several dates a month: the mean of each"
        " month is taken"
    )
    means = _means(dated.drop(columns="_date"), ["unit", "year", "_part"])
    own = replace(dates, years=means["year"], parts=means["_part"])
    return means.drop(columns="_part"), own


def _of_part(
    rows: pd.DataFrame, dates: Dates, part: int, header: str, messages: list[str]
) -> pd.DataFrame:
    """Return the rows of one half, quarter or month of each year."""
    kept = dates.parts.eq(part)
    if dates.in_year == 1 or not kept.any():
        found = [str(one) for one in sorted(dates.parts.unique()) if one]
        raise IngestError(
            f"--part-of-year {part}, and {header} holds {dates.called}"
            f" {first_examples(found, MONTHS)}".rstrip(),
            "a half, quarter or month that the table has",
            "correct it, or leave it out",
        )
    one = dates.called.removesuffix("s")
    messages.append(
        f"{header} holds {dates.called}: {one} {part} of each year is taken"
        " (--part-of-year)"
    )
    return rows[kept]


def _without_footnotes(shown: pd.Series) -> pd.Series:
    """Return units without marks of footnotes, unless two would be one then."""
    bare = {text: without_marks(text) for text in shown.unique()}
    if len({*bare.values()}) < len(bare):
        return shown
    return shown.map(bare)


def _in_one_spelling(shown: pd.Series, dates: Dates, messages: list[str]) -> pd.Series:
    """Return units under one spelling each where several differ only in capitals, blanks
    or marks of footnotes and never stand at one date: they are one unit.
    """
    bare = of_texts(shown, without_marks)
    key = of_texts(bare, _caseless)
    rows = pd.DataFrame({"key": key, "shown": shown, "bare": bare})
    rows = rows.assign(year=dates.years, part=dates.parts)
    spellings = rows.drop_duplicates(["key", "shown"])
    several = set(spellings.loc[spellings["key"].duplicated(), "key"])
    several -= set(rows.loc[rows.duplicated(["key", "year", "part"]), "key"])
    # Zone (1) and Zone (2) are two, unless there is a Zone that they are notes of.
    unmarked = of_texts(spellings["shown"], _caseless)
    several &= set(unmarked)
    if not several:
        return shown
    examples = [
        " and ".join(spellings.loc[spellings["key"].eq(one), "shown"])
        for one in sorted(several)
    ]
    messages.append(f"taken for one unit: {first_examples(examples)}")
    first = rows.drop_duplicates("key").set_index("key")["bare"]
    return shown.mask(key.isin(several), key.map(first))


def _caseless(text: str) -> str:
    # Joiners are part of writing in some scripts, and told apart by nobody.
    return " ".join(re.sub("[\u200c\u200d]", "", text.casefold()).split())


def _free(name: str, frame: pd.DataFrame) -> str:
    """Return a name for another column of this name that no column has."""
    name = f"{name}_given"
    while name in frame:
        name += "_"
    return name


def _dates(cells: pd.Series, year: str, years: str, messages: list[str]) -> Dates:
    dates = dates_of(cells, year)
    if dates is None:
        periods = periods_of(cells, year)
        if periods is not None:
            dated = periods_as_years(periods, years, year)
            messages.append(
                f"{year} counts periods: {periods.min()} is {dated.min()}, and"
                f" {periods.max()} is {dated.max()}"
            )
            return Dates("years", dated, dated * 0, 1)
        where = shown_header(year)
        if fault := of_several_forms(cells, where):
            raise fault
        wrong = wrong_dates(cells)
        is_wrong = "is" if wrong.size == 1 else "are"
        raise IngestError(
            f"{where} has {counted(wrong.size, 'cell')} that {is_wrong} no year"
            f" ('{wrong.iloc[0]}')",
            "years",
            "correct it",
        )
    if dates.form == COUNTED:
        first = f"{cells.iloc[0]} is {day_of(cells[:1]).iloc[0]:%Y-%m-%d}"
        messages.append(f"{year} counts days as spreadsheets do: {first}")
    if dates.form == SPANS:
        first = f"{cells.iloc[0].strip()} is {dates.years.iloc[0]}"
        messages.append(f"spans of several years, named after their last one: {first}")
    if dates.form == "fiscal years":
        first = f"{cells.iloc[0].strip()} is {dates.years.iloc[0]}"
        messages.append(f"fiscal years, named after the year they begin in: {first}")
    return dates


def shown_header(year: str) -> str:
    """Return what messages call the column of years; of a wide table it has no name."""
    return "the header" if year == DATE else year


def _whole_years(
    rows: pd.DataFrame, dates: Dates, year: str, messages: list[str]
) -> pd.DataFrame:
    """Take the mean of the quarters or months of each year that has all of them; of what
    is 0 or 1 the highest.
    """
    # ASSUME: a year's figure is the mean of its quarters or months, as of a rate or a
    # stock; sums of flows differ from it by one factor, which relative income ignores.
    keys = ["unit", "year"]
    # Of months a table may have the ends of quarters or of half years alone.
    parts = sorted(dates.parts.unique())
    apart = dates.in_year / len(parts)
    evenly = all(later - earlier == apart for earlier, later in pairwise(parts))
    in_year = len(parts) if evenly else dates.in_year
    # Some offices number quarters as if they were months: 2010/01 to 2010/04.
    if parts == [1, 2, 3, 4] and dates.in_year == MONTHS and rows["year"].nunique() > 1:
        in_year = len(parts)
        messages.append(
            f"{shown_header(year)} numbers quarters 01 to 04, as {rows['year'].iloc[0]}/01"
        )
    groups = rows.groupby(keys, sort=False)
    whole = groups["_id"].transform("size").eq(in_year)
    form = dates.called
    # The part that most years have, for an example.
    counts = rows["year"].groupby(dates.parts).nunique()
    keep_one = f"keep one {form.removesuffix('s')} of each year, for example with"
    keep_one += f" --part-of-year {counts.idxmax()} ({counts.max()} years)"
    if not whole.any():
        found = sorted(dates.parts.unique())
        raise IngestError(
            f"{shown_header(year)} holds {form} and no whole year (dates of"
            f" {form.removesuffix('s')} {first_examples(list(map(str, found)), 12)})",
            f"{in_year} rows for a unit and year, or one",
            f"{keep_one}, or give a figure for each year",
        )
    kept = rows[whole]
    if kept["year"].nunique() == 1 and rows["year"].nunique() > 1:
        raise IngestError(
            f"{shown_header(year)} holds {form} and one whole year alone"
            f" ({kept['year'].iloc[0]})",
            f"two years or more with all {in_year}",
            f"{keep_one}, or give more years",
        )
    others = int((~whole).sum())
    rest = f" ({counted(others, 'row')} of other years left out)" if others else ""
    messages.append(
        f"{shown_header(year)} holds {form}: the mean of the {in_year} of each whole year is taken"
        f"{rest}"
    )
    return _means(kept, keys)


def _means(kept: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Return one row for each value of the keys: the mean of figures, the highest of what
    is 0 or 1, the first of texts.
    """
    out = kept.drop_duplicates(keys).set_index(keys)
    for name in kept.columns.difference([*KEYS, *keys], sort=False):
        numbers = numbers_of(kept[name])
        if numbers is not None:
            parts_of_years = kept[keys].assign(value=numbers).groupby(keys)["value"]
            # ASSUME: what is 0 or 1, as a policy in force, is 1 in a year in which it is 1
            # at all.
            is_flag = numbers.dropna().isin([0, 1]).all()
            values = parts_of_years.max() if is_flag else parts_of_years.mean()
            # A blank part would make the mean one of the others.
            blank = kept[keys].assign(value=numbers.isna()).groupby(keys)["value"].any()
            out[name] = [number_text(value) for value in values.mask(blank)[out.index]]
    return out.reset_index()
